#include "base/lang.h"

#include "base/catalog.h"
#include "base/environment.h"
#include "base/fd.h"
#include "base/self.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 4 << 20, MOST_NAME = 32, MAX_PATH = 4096, MOST_TRIED = 8 };

/* The command line's; read by every thread once it is there. */
static struct catalog spoken;
static bool has_spoken;

static bool is_english(const char *name, size_t length)
{
	return length >= 2 && memcmp(name, "en", 2) == 0 && (length == 2 || name[2] == '_');
}

/* "C", "C.UTF-8", "POSIX": no language at all. */
static bool is_plain(const char *locale)
{
	return strcmp(locale, "POSIX") == 0 ||
	       (locale[0] == 'C' && (locale[1] == '\0' || locale[1] == '.'));
}

static const char *variable(const char *name)
{
	const char *value = environment_get(name);

	return value && *value ? value : NULL;
}

/* "de_DE.ISO-8859-1": whoever asks for another way to write characters cannot read ours. */
static bool has_other_characters(const char *locale)
{
	const char *dot = strchr(locale, '.');

	return dot && str_casecmp(dot, ".UTF-8") != 0 && str_casecmp(dot, ".utf8") != 0;
}

/* The languages that are asked for, a list with colons; NULL = English. */
static const char *wanted(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *locale = NULL, *list;

	for (size_t i = 0; i < N_ELEMENTS(names) && !locale; i++)
		locale = variable(names[i]);
	if (!locale || is_plain(locale) || has_other_characters(locale))
		return NULL;
	list = variable("LANGUAGE");
	return list ? list : locale;
}

/* Open the catalog of a domain at one place. The bytes are never freed. */
static bool open_at(const char *path, struct catalog *out)
{
	char *bytes = NULL;
	size_t size = 0;

	if (fd_slurp(path, MOST_BYTES, &bytes, &size) < 0)
		return false;
	if (catalog_open(bytes, size, out) == 0)
		return true;
	free(bytes);
	return false;
}

/* In `folder` seen from `start`, a path that ends with a slash. */
static bool open_in(const char *start, const char *folder, const char *domain, const char *name,
		    struct catalog *out)
{
	char path[MAX_PATH];
	int length = snprintf(path, sizeof(path), "%s%s/%s/LC_MESSAGES/%s.mo", start, folder, name,
			      domain);

	return length > 0 && length < MAX_PATH && open_at(path, out);
}

/* `name` holds letters and underscores only: no variable leads out of these places. */
static bool open_catalog(const char *domain, const char *name, struct catalog *out)
{
	static const char prefix[] = "berth-"; /* berth-atlas is made in po/atlas */
	char self[MAX_PATH], built[MOST_NAME + sizeof("../po/")];
	char *slash;

	if (self_path(self, sizeof(self)) == 0 && (slash = strrchr(self, '/'))) {
		slash[1] = '\0';
		(void)!snprintf(built, sizeof(built), "../po/%s",
				domain + (str_starts_with(domain, prefix) ? strlen(prefix) : 0));
		if (open_in(self, built, domain, name, out) ||
		    open_in(self, "../share/locale", domain, name, out) ||
		    open_in(self, "../../share/locale", domain, name, out))
			return true;
	}
	return open_in(BERTH_LOCALEDIR, "", domain, name, out);
}

/* One language of a list: de_AT.UTF-8@euro is looked for as de_AT, then as de. */
static bool open_language(const char *domain, const char *word, size_t n, struct catalog *out)
{
	char name[MOST_NAME];
	size_t length = 0;

	while (length < n && word[length] != '.' && word[length] != '@')
		length++;
	if (length < 2 || length >= sizeof(name))
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = word[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'))
			return false;
		name[i] = c;
	}
	name[length] = '\0';
	if (open_catalog(domain, name, out))
		return true;
	if (!strchr(name, '_'))
		return false;
	*strchr(name, '_') = '\0';
	return open_catalog(domain, name, out);
}

void lang_begin(void)
{
	const char *list = spoken.bytes ? NULL : wanted();

	has_spoken = spoken.bytes != NULL;
	for (int i = 0; list && *list && i < MOST_TRIED; i++) {
		size_t n = strcspn(list, ":");

		if (is_english(list, n) || (n == 1 && *list == 'C'))
			return;
		has_spoken = open_language("berth", list, n, &spoken);
		if (has_spoken)
			return;
		list += n + (list[n] == ':');
	}
}

void lang_end(void)
{
	has_spoken = false;
}

bool lang_is_translated(void)
{
	return has_spoken;
}

const char *lang_text(const char *text)
{
	const char *found = has_spoken && *text ? catalog_text(&spoken, text) : NULL;

	return found ? found : text;
}

const char *lang_plural(const char *one, const char *many, unsigned long long n)
{
	const char *found = has_spoken ? catalog_plural(&spoken, one, n) : NULL;

	return found ? found : n == 1 ? one : many;
}

const char *lang_error(int error)
{
	return lang_text(strerror(abs(error)));
}

/* A catalog whose texts are used for ever. */
struct resolved {
	struct resolved *next;
	struct catalog catalog;
};

static struct resolved *all_resolved;

void lang_resolve(const char *domain, const char *language, const char *const *msgids,
		  const char **out, size_t n)
{
	struct resolved *one = calloc(1, sizeof(*one));
	bool is_there =
		one && open_language(domain, language, strlen(language), &one->catalog);

	for (size_t i = 0; i < n; i++) {
		const char *found = NULL;

		if (is_there && *msgids[i])
			found = catalog_any(&one->catalog, msgids[i]);

		out[i] = found ? found : msgids[i];
	}
	if (is_there) {
		one->next = all_resolved;
		all_resolved = one;
	} else {
		free(one);
	}
}
