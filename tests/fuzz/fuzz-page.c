/*
 * Fuzz target: pages over any world. The first line of the input asks: a byte of flags (1 German, 2
 * static, 4 full sight, 8 filtered by what a name has, 16 the second pages of lists, 128 sorted),
 * then a path as helpers/atlas-page.h has it; the rest is the world, or a claims file where the
 * path is /claims. What is made must be well-formed and below 50 kB, whatever the names in it.
 */
#include "base/lang.h"
#include "helpers/atlas-page.h"
#include "helpers/html-check.h"
#include "web/words.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_MOST = 300, GERMAN = 1, STATIC = 2, FULL = 4, FILTERED = 8, SECOND = 16,
       SORTED = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char empty_world[] = "berth-world 1\nat 2026-08-17T09:30:00Z\n"
				  "namespace 4026531840 here\n";

static const struct registry *the_registry(void)
{
	static struct registry registry;
	static bool is_open;
	const char *reason;

	if (!is_open && registry_open_builtin(&registry, &reason) < 0)
		abort();
	if (!is_open)
		words_begin();
	is_open = true;
	return &registry;
}

static void check_page(const struct atlas_page *asked)
{
	char why[HTML_CHECK_WHY];
	struct str out = {0};

	if (atlas_page_make(asked, &out) >= 0) {
		if (html_check(str_text(&out), out.length, why) != 0)
			abort();
		if (out.length >= 50000)
			abort();
	}
	str_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *line_end = n > 0 ? memchr(bytes, '\n', n) : NULL;
	struct atlas_page asked = {.registry = the_registry()};
	struct page_wish wish = {.page = 1, .conflicts = 1};
	struct str path = {0}, rest = {0};

	if (!line_end || line_end == (const char *)bytes ||
	    line_end - (const char *)bytes > PATH_MOST)
		return 0;
	str_append_bytes(&path, bytes + 1, (size_t)(line_end - (const char *)bytes - 1));
	str_append_bytes(&rest, line_end + 1, n - (size_t)(line_end + 1 - (const char *)bytes));
	asked.what = str_text(&path);
	if (strcmp(asked.what, "/") == 0) /* its picture has elements that are not HTML's */
		goto out;
	asked.language = bytes[0] & GERMAN ? PAGE_GERMAN : PAGE_ENGLISH;
	asked.is_static = bytes[0] & STATIC;
	asked.is_full = bytes[0] & FULL;
	asked.wish = &wish;
	if (bytes[0] & FILTERED)
		wish.words = "a -<";
	if (bytes[0] & SECOND)
		wish.page = wish.conflicts = 2;
	if (bytes[0] & SORTED)
		wish.sort = "-program";
	if (strcmp(asked.what, "/claims") == 0) {
		asked.world = empty_world;
		asked.n_world = strlen(empty_world);
		asked.claims = str_text(&rest);
	} else {
		asked.world = str_text(&rest);
		asked.n_world = rest.length;
	}
	check_page(&asked);
out:
	str_fini(&path);
	str_fini(&rest);
	return 0;
}
