/*
 * mkpage [--de] [--static] [--full] [--faces] [--world FILE] [--claims FILE] [--page N]
 *        [--words WORDS] [--sort COLUMN] WHAT
 *
 * Writes one page of the atlas to stdout, from a recorded world; WHAT as helpers/atlas-page.h has
 * it. "all FIRST LAST" instead makes the static pages of those ports and tells how large they are
 * and how long one took; with --write it writes them too, each ended by a NUL.
 */
#include "base/arena.h"
#include "base/lang.h"
#include "helpers/atlas-page.h"
#include "web/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int fail(const char *why)
{
	fprintf(stderr, "mkpage: %s\n", why);
	return 2;
}

static bool read_all(const char *path, struct str *out)
{
	FILE *f = fopen(path, "rb");
	char buffer[65536];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0)
		str_append_bytes(out, buffer, n);
	fclose(f);
	return !out->has_failed;
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Pages of static atlases one after the other, as an export makes them: separated by a NUL. */
static int make_all(const struct atlas_page *asked, unsigned int first, unsigned int last,
		    bool is_written)
{
	static const struct live_snapshot nothing = {.at = LIVE_TIME_NONE};
	struct answer_sources from = {.registry = asked->registry, .live = &nothing,
				      .today = "2026-08-17"};
	struct arena arena;
	struct str out = {0};
	size_t total = 0, most = 0;
	double begin = now_us();
	char path[32];

	arena_init(&arena);
	if (!answer_index(&from, &arena))
		return fail("out of memory");
	for (unsigned int port = first; port <= last; port++) {
		const struct arena_mark mark = arena_mark(&arena);
		const struct page p = {.language = asked->language, .is_static = true,
				       .path = path, .from = &from, .arena = &arena, .out = &out};

		snprintf(path, sizeof(path), "/ports/%u", port);
		str_clear(&out);
		if (page_port(&p, (uint16_t)port) != 0)
			return fail("a page failed");
		arena_reset(&arena, mark);
		total += out.length;
		most = MAX_OF(most, out.length);
		if (is_written)
			fwrite(out.bytes, 1, out.length + 1, stdout);
	}
	fprintf(stderr, "%u pages: mean %zu bytes, largest %zu, %.1f us each\n", last - first + 1,
		total / (last - first + 1), most, (now_us() - begin) / (last - first + 1));
	arena_fini(&arena);
	str_fini(&out);
	return 0;
}

static int write_page(struct atlas_page *asked, const char *world, const char *claims)
{
	struct str bytes = {0}, own = {0}, out = {0};
	int r;

	if (world && !read_all(world, &bytes))
		return fail("the world cannot be read");
	if (claims && !read_all(claims, &own))
		return fail("the claims cannot be read");
	asked->world = world ? str_text(&bytes) : NULL;
	asked->n_world = bytes.length;
	asked->claims = claims ? str_text(&own) : NULL;
	r = atlas_page_make(asked, &out);
	if (r >= 0 && fwrite(str_text(&out), 1, out.length, stdout) != out.length)
		r = -EIO;
	str_fini(&bytes);
	str_fini(&own);
	str_fini(&out);
	return r < 0 ? fail(strerror(-r)) : r;
}

int main(int argc, char **argv)
{
	static const uint32_t faces[3] = {12, 3, 1};
	struct atlas_page asked = {.language = PAGE_ENGLISH};
	const char *world = NULL, *claims = NULL, *reason;
	struct page_wish wish = {.page = 1, .conflicts = 1};
	bool is_written = false;
	struct registry registry;
	int i;

	lang_begin();
	words_begin();
	if (registry_open_builtin(&registry, &reason) < 0)
		return fail(reason);
	asked.registry = &registry;
	asked.wish = &wish;
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--de") == 0)
			asked.language = PAGE_GERMAN;
		else if (strcmp(argv[i], "--static") == 0)
			asked.is_static = true;
		else if (strcmp(argv[i], "--full") == 0)
			asked.is_full = true;
		else if (strcmp(argv[i], "--faces") == 0)
			asked.faces = faces;
		else if (strcmp(argv[i], "--write") == 0)
			is_written = true;
		else if (strcmp(argv[i], "--page") == 0 && i + 1 < argc)
			wish.page = (unsigned int)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--words") == 0 && i + 1 < argc)
			wish.words = argv[++i];
		else if (strcmp(argv[i], "--sort") == 0 && i + 1 < argc)
			wish.sort = argv[++i];
		else if (strcmp(argv[i], "--world") == 0 && i + 1 < argc)
			world = argv[++i];
		else if (strcmp(argv[i], "--claims") == 0 && i + 1 < argc)
			claims = argv[++i];
		else
			return fail("an option is unknown");
	}
	if (i + 3 == argc && strcmp(argv[i], "all") == 0)
		return make_all(&asked, (unsigned int)strtoul(argv[i + 1], NULL, 10),
				(unsigned int)strtoul(argv[i + 2], NULL, 10), is_written);
	if (i + 1 != argc)
		return fail("which page?");
	asked.what = argv[i];
	return write_page(&asked, world, claims);
}
