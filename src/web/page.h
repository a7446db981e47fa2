/*
 * Page: the pages of the atlas as bytes. From sources and a request to one HTML document, written
 * through the typed writer of web/html.h; nothing here knows HTTP, sockets or threads.
 *
 * The same functions make the pages of `berth serve` (which look) and those of `berth atlas` (which
 * are files and look at nothing). All of them may run in several threads at once, after
 * words_begin().
 *
 * What pages expect around them, German ones below /de:
 *
 *     /ports/N/live      page_port_live(): #verdict, #live, #seen, #bind; #live has it as data-live
 *     /ports/N/face      POST face=yes|soso|no, from the form #faces
 *     /here/rows         page_here_rows(): #here-heads #here-rows #here-pages #here-shown
 *                        #here-summary #here-seen; #here has it as data-rows. Both take
 *                        q=WORDS sort=COLUMN port=N page=N
 *     /claims            q=WORDS page=N conflicts=N; POST name ports owner program until reason,
 *                        from the form of #stake
 *     /services/NAME     (percent-encoded) page=N   /search?q=WORDS page=N
 *     /assets/NAME?v=VERSION
 *     /events            what changes, for both; in data-events
 *
 * No page needs a script, holds one, or a style; <button class="copy" data-copy="ID" hidden> waits
 * for one that shows it and copies the text of #ID. Files link to each other relatively
 * ("../ports/80.html"); English ones lie at the root of the atlas, German ones in de/.
 */
#pragma once

#include "answer/answer.h"
#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* The languages of the pages. English has no prefix in paths, German has "/de". */
enum page_language { PAGE_ENGLISH, PAGE_GERMAN };

enum { N_PAGE_LANGUAGES = 2 };

/* How much of other users' processes the reader may see. */
enum page_sight {
	PAGE_SIGHT_PUBLIC, /* what anybody on this machine sees: the snapshot has been reduced */
	PAGE_SIGHT_FULL,   /* everything that the collector sees */
};

/* What of a list a reader wants to see; what is malformed is as if it were not said. */
struct page_wish {
	const char *words; /* only rows with them; foreign bytes; NULL = all */
	const char *sort;  /* a column's name, "-" before it for the other way; foreign or NULL */
	bool has_port;     /* only what is about one port */
	uint16_t port;
	unsigned int page, conflicts; /* which page of the list, and of a second one; from 1 */
};

/* A request for one page. */
struct page {
	enum page_language language;
	enum page_sight sight;
	bool may_change;   /* claims and faces are taken from the reader: the page offers forms */
	bool is_static;    /* a file of `berth atlas`: relative links with ".html", not live */
	unsigned int languages; /* of a static atlas: 1 << language for each it has; 0 = all */
	const struct live_span *ports; /* of a static atlas: which ports have pages; NULL = all */
	const char *path;  /* of this page without its language ("/ports/3476"), for hreflang */
	/*
	 * What is known; indexed by answer_index(). For pages about a port the snapshot covers that
	 * port with holders and connections; for all others it has every listener. For static pages
	 * it is one with could_look false.
	 */
	const struct answer_sources *from;
	const uint32_t *faces; /* of a port page: how it was judged so far, by enum atlas_face */
	const struct page_wish *wish; /* of a page with lists; NULL = their beginnings */
	const char *message;   /* of page_error(): one more line, foreign bytes; NULL = none */
	struct arena *arena;   /* for what lives as long as the making of this page */
	struct str *out;       /* the document is appended */
};

/*
 * Each returns 0 or -ENOMEM. Their parts that change while somebody looks at them can be had alone
 * (page_port_live, page_here_rows): elements that replace those of the same id in the document.
 */
int page_port(const struct page *p, uint16_t port) BERTH_MUST_CHECK;
int page_port_live(const struct page *p, uint16_t port) BERTH_MUST_CHECK;
int page_here(const struct page *p) BERTH_MUST_CHECK;
int page_here_rows(const struct page *p) BERTH_MUST_CHECK;
int page_claims(const struct page *p) BERTH_MUST_CHECK;
int page_ranges(const struct page *p) BERTH_MUST_CHECK;
int page_map(const struct page *p) BERTH_MUST_CHECK;

/* Everything of the registry, of known uses and claims with that name. 1: nothing has it, and the
 * page says so with what it could have meant (HTTP 404). */
int page_service(const struct page *p, const char *name) BERTH_MUST_CHECK;

/* What `berth find` finds; `typed` is foreign bytes of any kind; empty: only the form. */
int page_search(const struct page *p, const char *typed) BERTH_MUST_CHECK;

/* A page for an error of HTTP: 400, 403, 404, 405, 413, 429, 500, 503. */
int page_error(const struct page *p, unsigned int status) BERTH_MUST_CHECK;
