/*
 * Export parts: what the files of the export share.
 */
#pragma once

#include "web/export.h"
#include "web/site.h"

#include <stdatomic.h>

/* An export while it runs. Threads share it; what changes is atomic. */
struct export {
	const struct export_request *request;
	struct answer_sources from;
	struct live_snapshot nothing; /* a look that did not happen */
	struct arena arena;
	struct site site;
	unsigned int languages;       /* as in struct page */
	struct live_span span;        /* of the ports that have pages ... */
	const struct live_span *only; /* ... as in struct page: NULL = all have */
	int top[N_PAGE_LANGUAGES], ports[N_PAGE_LANGUAGES], services[N_PAGE_LANGUAGES]; /* -1 */
	atomic_uint next;             /* the next piece of work */
	atomic_int failed;            /* the first negative errno */
	atomic_ullong n_files, n_bytes;
};

/* The name of that number (registry_name_at()) if its page is wanted: it has one of the ports, or
 * all pages are. NULL = it is not. */
const char *export_service(const struct export_request *q, uint32_t i);

/* Write a file and count it. 0 or a negative errno. */
int export_put(struct export *e, int directory, const char *name,
	       const struct str *text) BERTH_MUST_CHECK;

/* Write search/N.json and search/index.json. 0 or a negative errno. */
int export_search(struct export *e, int directory) BERTH_MUST_CHECK;

/* Write robots.txt and, with a base URL, the sitemaps. 0 or a negative errno. */
int export_sitemap(struct export *e) BERTH_MUST_CHECK;
