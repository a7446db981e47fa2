/*
 * Export: the atlas as files. The pages of `berth serve` without what is live, for every port and
 * service, in some languages; byte for byte the same from the same registry and the same berth.
 *
 *     index.html ranges.html search.html     English at the top,
 *     ports/N.html services/NAME.html
 *     de/...                                 German, the same below
 *     assets/ map/N.json search/N.json       for all languages
 *     robots.txt sitemap.xml sitemap-N.xml   with a base URL only: sitemaps take no other
 *
 * Pages are written by several threads, each file once, with one open, one write, one close.
 */
#pragma once

#include "web/page.h"

struct registry;

enum { EXPORT_ERROR_SIZE = 600 };

/* What is to be written. */
struct export_request {
	const struct registry *registry;
	const char *directory;
	bool languages[N_PAGE_LANGUAGES];
	const char *base_url;        /* "https://ports.example.org/"; NULL: no sitemap, and
	                                robots.txt names none */
	uint16_t first, last;        /* which ports have pages, with their services; 0 and 65535
	                                for all */
	unsigned int n_threads;      /* 0 = as many as there are processors, at most 16 */
	const int *is_interrupted;   /* read atomically between pages; NULL = never */
};

/* What was written. */
struct export_result {
	uint64_t n_port_pages, n_files, n_bytes;
	char error[EXPORT_ERROR_SIZE]; /* one line, unless 0 was returned */
};

/*
 * Write the atlas. Returns 0; 1: refused, `directory` holds something else; -EINTR: interrupted; or
 * another negative errno. What was in the directory before is untouched then.
 */
int export_run(const struct export_request *request, struct export_result *out) BERTH_MUST_CHECK;
