#include "act/update-source.h"

#include "act/helper.h"
#include "base/fd.h"
#include "base/lang.h"
#include "registry/iana.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the helper says before the table: "berth-update 1", then lines of a key and a value, then an
 * empty line. See src/update/main.c. */
#define GREETING "berth-update 1\n"

enum { HEAD_ROOM = 64 * 1024 };

static enum update_got BERTH_PRINTF(3, 4)
fail(struct update_table *out, enum update_got got, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(out->error, sizeof(out->error), fmt, args);
	va_end(args);
	return got;
}

bool update_source_is_url(const char *from)
{
	size_t n = strspn(from, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"+.-");

	return n > 0 && strncmp(from + n, "://", 3) == 0;
}

/* Copy a value that fits; one that does not is as good as none. */
static void copy_value(char *out, size_t size, const char *value, size_t n)
{
	if (n < size) {
		memcpy(out, value, n);
		out[n] = '\0';
	}
}

/* One line of the head. */
static void take_line(struct update_table *out, const char *line, size_t n, enum update_got *got)
{
	static const struct {
		const char *text;
		enum update_got got;
	} results[] = {
		{"result table", UPDATE_GOT_TABLE},
		{"result unchanged", UPDATE_GOT_UNCHANGED},
		{"result refused", UPDATE_GOT_REFUSED},
		{"result failed", UPDATE_GOT_FAILED},
	};

	for (size_t i = 0; i < N_ELEMENTS(results); i++) {
		if (n == strlen(results[i].text) && memcmp(line, results[i].text, n) == 0)
			*got = results[i].got;
	}
	if (n > 5 && memcmp(line, "etag ", 5) == 0)
		copy_value(out->etag, sizeof(out->etag), line + 5, n - 5);
	if (n > 8 && memcmp(line, "updated ", 8) == 0)
		copy_value(out->updated, sizeof(out->updated), line + 8, n - 8);
	if (n > 6 && memcmp(line, "error ", 6) == 0)
		copy_value(out->error, sizeof(out->error), line + 6, n - 6);
}

enum update_got update_source_read_answer(struct update_table *out)
{
	const char *bytes = str_text(&out->bytes), *end = bytes + out->bytes.length;
	const char *line = bytes + strlen(GREETING);
	enum update_got got = UPDATE_GOT_FAILED;

	if (strncmp(bytes, GREETING, strlen(GREETING)) != 0)
		return fail(out, UPDATE_GOT_FAILED, _("berth-update gave no answer"));
	for (;;) {
		const char *feed = memchr(line, '\n', (size_t)(end - line));

		if (!feed)
			return fail(out, UPDATE_GOT_FAILED, _("berth-update gave half an answer"));
		if (feed == line)
			break;
		take_line(out, line, (size_t)(feed - line), &got);
		line = feed + 1;
	}
	out->bytes.length = (size_t)(end - line - 1);
	memmove(out->bytes.bytes, line + 1, out->bytes.length + 1);
	return got;
}

static enum update_got ask_helper(const char *const *arguments, int input_fd,
				  struct update_table *out)
{
	struct helper_end end = {0};
	enum update_got got;
	int r = helper_run("berth-update", arguments, input_fd, IANA_MAX_FILE + HEAD_ROOM,
			   &out->bytes, &end);

	if (r == -ENOENT)
		return fail(out, UPDATE_GOT_FAILED,
			    _("XML and URLs need the program berth-update, which this build lacks "
			      "(it wants libcurl and expat); --from FILE.csv works without"));
	if (r < 0)
		return fail(out, UPDATE_GOT_FAILED, "berth-update: %s", lang_error(r));
	if (end.signal != 0)
		return fail(out, UPDATE_GOT_FAILED, _("berth-update was ended by signal %d"),
			    end.signal);
	got = update_source_read_answer(out);
	if ((got == UPDATE_GOT_REFUSED || got == UPDATE_GOT_FAILED) && !*out->error)
		return fail(out, got, _("berth-update failed without a word"));
	return got;
}

/* A table that is not fit: say whose, where the helper did not. */
static enum update_got name_source(const char *from, enum update_got got, struct update_table *out)
{
	char error[UPDATE_ERROR_SIZE];

	if (got != UPDATE_GOT_REFUSED || strncmp(out->error, from, strlen(from)) == 0)
		return got;
	memcpy(error, out->error, sizeof(error));
	return fail(out, got, "%s: %s", from, error);
}

/* Whether the file is XML: its first byte that is no white space (or mark) is '<'. */
static bool is_xml(const char *bytes, size_t n)
{
	size_t i = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < n && strchr(" \t\r\n", bytes[i]) && bytes[i])
		i++;
	return i < n && bytes[i] == '<';
}

static int read_all(int fd, struct str *out)
{
	char *part = malloc(HEAD_ROOM);
	long n = part ? 0 : -ENOMEM;

	while (n >= 0 && (n = fd_read(fd, part, HEAD_ROOM)) > 0) {
		str_append_bytes(out, part, (size_t)n);
		if (out->has_failed)
			n = -ENOMEM;
		else if (out->length > IANA_MAX_FILE)
			n = -EFBIG;
	}
	free(part);
	return n < 0 ? (int)n : 0;
}

static enum update_got read_file(int fd, const char *path, struct update_table *out)
{
	static const char *const arguments[] = {"xml", NULL};
	char head[256];
	long n = fd_read(fd, head, sizeof(head));
	int r = fd_rewind(fd);

	if (n > 0 && r == 0 && is_xml(head, (size_t)n))
		return name_source(path, ask_helper(arguments, fd, out), out);
	if (r == 0)
		r = read_all(fd, &out->bytes);
	if (r == -EFBIG)
		return fail(out, UPDATE_GOT_REFUSED, _("%s: larger than %zu MB"), path,
			    IANA_MAX_FILE >> 20);
	return r < 0 ? fail(out, UPDATE_GOT_FAILED, "%s: %s", path, lang_error(r))
		     : UPDATE_GOT_TABLE;
}

static enum update_got get_file(const char *path, struct update_table *out)
{
	uint64_t size = 0;
	int fd = fd_open_file(path, &size);
	enum update_got got;

	if (fd == -EINVAL)
		return fail(out, UPDATE_GOT_REFUSED, _("%s: not a regular file"), path);
	if (fd < 0)
		return fail(out, UPDATE_GOT_REFUSED, "%s: %s", path, lang_error(fd));
	if (size > IANA_MAX_FILE)
		got = fail(out, UPDATE_GOT_REFUSED, _("%s: larger than %zu MB"), path,
			   IANA_MAX_FILE >> 20);
	else
		got = read_file(fd, path, out);
	fd_close(fd);
	return got;
}

enum update_got update_source_get(const char *from, const char *etag, const char *cacert,
				  struct update_table *out)
{
	const char *arguments[] = {"fetch", from, etag ? etag : "", cacert ? cacert : "", NULL};

	*out = (struct update_table){0};
	if (!update_source_is_url(from))
		return get_file(from, out);
	if (strncmp(from, "https://", 8) != 0)
		return fail(out, UPDATE_GOT_REFUSED,
			    _("%s: only https:// is fetched; a file is given by its name"), from);
	return name_source(from, ask_helper(arguments, -1, out), out);
}
