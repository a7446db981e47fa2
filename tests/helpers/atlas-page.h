/*
 * Atlas page: one page of the atlas from a recorded world, for tests.
 */
#pragma once

#include "base/str.h"
#include "registry/registry.h"
#include "web/page.h"

#include <stdbool.h>
#include <stdint.h>

/* What is asked. */
struct atlas_page {
	const struct registry *registry;
	const char *world;   /* a recording, `n_world` bytes; NULL = nobody looked */
	size_t n_world;
	const char *claims;  /* a claims file; NULL = none */
	const struct page_wish *wish; /* of lists; NULL = their beginnings */
	const char *what;    /* /, /ports/80, /ports/80/live, /here, /here/rows, /claims, /ranges,
	                        /services/NAME, /search?WORDS, /error/404 */
	enum page_language language;
	bool is_static, is_full;
	const uint32_t *faces;
};

/* Append it to `out`. 0, 1 as the page says; -EBADMSG: no such recording; -ENOENT: no such page. */
int atlas_page_make(const struct atlas_page *asked, struct str *out) BERTH_MUST_CHECK;
