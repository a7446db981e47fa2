/*
 * Page parts: what the pages have in common. A sheet is a page while it is written: its layout,
 * its words with their places filled, its links.
 */
#pragma once

#include "web/html.h"
#include "web/page.h"
#include "web/words.h"

/* Bytes of foreign text on a page about one thing, and on one that lists many. */
enum { SHEET_BUDGET = 14 * 1024, SHEET_BUDGET_LIST = 1024 * 1024 };

/* Which entry of the main navigation a page is. */
enum sheet_place { SHEET_ELSEWHERE, SHEET_MAP, SHEET_HERE, SHEET_CLAIMS, SHEET_RANGES };

/* A page while it is written. */
struct sheet {
	const struct page *p;
	struct html h;
	char root[24]; /* before a path inside this language: "/", "/de/", "../" */
};

/* What stands in a page's head. */
struct sheet_head {
	const char *title;       /* text, not markup */
	const char *description; /* one sentence; NULL = none */
	const char *script;      /* name of an asset beside that of every page; NULL = none */
	const char *style;       /* likewise */
	const char *query;       /* of a search or list, for its twin: "q=ssh&"; NULL = none */
	enum sheet_place place;
	bool is_nameless;        /* not to be indexed, no alternates: an error, a search */
	bool is_wide;            /* the main part takes the width of the window: map, tables */
};

/* Begin a sheet for a whole page: everything up to the inside of <main>. */
void sheet_begin(struct sheet *s, const struct page *p, const struct sheet_head *head,
		 size_t budget);

/* End what sheet_begin() began, with the footer. 0 or -ENOMEM. */
int sheet_end(struct sheet *s) BERTH_MUST_CHECK;

/* A sheet for a part alone, and its end. */
void sheet_begin_part(struct sheet *s, const struct page *p, size_t budget);
int sheet_end_part(struct sheet *s) BERTH_MUST_CHECK;

/* The path of breadcrumbs above the title: "Ports / Port 3476". `url` NULL = text only. */
void sheet_crumbs(struct sheet *s, const char *parent, const char *url, const char *here);

/* What fills a place of a text. */
enum slot_kind {
	SLOT_NUMBER,
	SLOT_TEXT,  /* foreign, isolated from the direction of what surrounds it */
	SLOT_CODE,  /* the same in <code> */
	SLOT_STRONG,
	SLOT_WORDS, /* of words_text() */
	SLOT_DATE,  /* a date of the registry: 2002-04, 2015-07-24 */
	SLOT_PORT,  /* a number that leads to the page of that port */
	SLOT_LINK,  /* `text` that leads to `url` */
};

/* One place. */
struct slot {
	const char *name; /* "port" for {port} */
	enum slot_kind kind;
	const char *text;
	long long number;
	const char *url;
};

#define NUMBER(name, n) {name, SLOT_NUMBER, NULL, (n), NULL}
#define TEXT(name, t) {name, SLOT_TEXT, (t), 0, NULL}
#define CODE(name, t) {name, SLOT_CODE, (t), 0, NULL}
#define STRONG(name, t) {name, SLOT_STRONG, (t), 0, NULL}
#define OWN(name, t) {name, SLOT_WORDS, (t), 0, NULL}
#define DATE(name, t) {name, SLOT_DATE, (t), 0, NULL}
#define PORT(name, n) {name, SLOT_PORT, NULL, (n), NULL}
#define LINK(name, t, u) {name, SLOT_LINK, (t), 0, (u)}

/*
 * A text as it stands; in an element of its own, a literal. What stands between backquotes in a
 * text is a command and becomes <code>; only in words of berth's own, never in what fills a place.
 */
void sheet_say(struct sheet *s, enum word w);
#define SHEET_IN(s, element, w)                                                                    \
	do {                                                                                       \
		html_open(&(s)->h, element);                                                       \
		sheet_say((s), (w));                                                               \
		html_close(&(s)->h, element);                                                      \
	} while (0)

/* A text with its places filled: SAY(s, WORD_X, NUMBER("port", 3476), TEXT("name", name)). */
void sheet_fill(struct sheet *s, const char *text, const struct slot *slots, size_t n);
#define SAY(s, w, ...)                                                                             \
	sheet_fill((s), words_text((s)->p->language, (w)), (const struct slot[]){__VA_ARGS__},     \
		   N_ELEMENTS(((const struct slot[]){__VA_ARGS__})))
#define SAY_MANY(s, w, count, ...)                                                                 \
	sheet_fill((s), words_plural((s)->p->language, (w), (count)),                              \
		   (const struct slot[]){__VA_ARGS__},                                             \
		   N_ELEMENTS(((const struct slot[]){__VA_ARGS__})))

/* The same as plain text in the page's arena, for titles and attributes; "" when out of memory.
 * Dates stay as the registry has them: sheet_date_text(). */
const char *sheet_compose(const struct page *p, const char *text, const struct slot *slots,
			  size_t n);
#define COMPOSE(p, w, ...)                                                                         \
	sheet_compose((p), words_text((p)->language, (w)), (const struct slot[]){__VA_ARGS__},     \
		      N_ELEMENTS(((const struct slot[]){__VA_ARGS__})))

/* <thead> with a column for each word. */
void sheet_heads(struct sheet *s, const enum word *heads, size_t n);

/* The text of a word in the page's language. */
const char *sheet_word(const struct sheet *s, enum word w);

/* <h2 id="..."> with a word; `id` is a literal. */
#define SHEET_SECTION(s, id, w)                                                                    \
	do {                                                                                       \
		html_open_with(&(s)->h, "section",                                                 \
			       "id=\"" id "\" aria-labelledby=\"" id "-h\"");                      \
		html_open_with(&(s)->h, "h2", "id=\"" id "-h\"");                                  \
		sheet_say((s), (w));                                                               \
		html_close(&(s)->h, "h2");                                                         \
	} while (0)

/*
 * What somebody typed, or pasted from somewhere, as it is looked for and shown in the field again:
 * without the marks that turn the direction of writing, which stand in no name and are seen by
 * nobody; other control characters are blanks, bytes that are not UTF-8 are U+FFFD. Lives in the
 * arena; "" for NULL, and when out of memory.
 */
const char *sheet_typed(const struct page *p, const char *text);

/* Foreign text on its own: isolated, escaped. */
void sheet_name(struct sheet *s, const char *text);

/* A date of the registry for people, in <time>. */
void sheet_date(struct sheet *s, const char *date);
/* The same as plain text in the arena. */
const char *sheet_date_text(const struct page *p, const char *date);

/* An instant for people, in UTC, in <time>. */
void sheet_time(struct sheet *s, live_time at);

/* "80", "6000-6063". */
void sheet_span(struct sheet *s, struct live_span span);

/* The URL of a page of this language: `path` without its leading slash ("ports/80", "ranges"; ""
 * for the map). Lives in the arena. */
const char *sheet_url(const struct page *p, const char *path);

/* Whether the atlas has a page of that port: a static one may be of some ports only. */
bool sheet_has_port(const struct page *p, uint16_t port);

/* The first port of a span that has a page; the first of all when none has. */
uint16_t sheet_first_port(const struct page *p, struct live_span span);

/* <a href> to the page of a port, or a <span> when it has none; ended by the second, which is told
 * the same port. */
void sheet_open_port(struct sheet *s, uint16_t port);
void sheet_close_port(struct sheet *s, uint16_t port);

/* A link to the page of a port with its number; without a page the number alone. */
void sheet_port(struct sheet *s, uint16_t port);

/* A service name of the registry: a link to its page, if the atlas has it. */
void sheet_service(struct sheet *s, const char *name);

/* A verdict's word with its sign and colour. */
void sheet_verdict(struct sheet *s, enum verdict_word w);

/*
 * What could not be seen, as a section of the page, and inside one; nothing for none. `rest` is
 * where all of it can be had when it is more than is shown: a URL; NULL = nowhere.
 */
void sheet_gaps(struct sheet *s, const struct answer_gap *gaps, size_t n, const char *rest);
void sheet_gaps_below(struct sheet *s, const struct answer_gap *gaps, size_t n, const char *rest);

/* "and 5 more" of a list that was cut, which leads to `url`; NULL = nowhere. Nothing for 0. */
void sheet_more(struct sheet *s, size_t n, const char *url);

/*
 * Foreign text of a part of the page becomes at most `most` bytes; what is left for the others is
 * returned, to be given to sheet_widen(). So a list of somebody's names takes no room from facts
 * that stand behind it.
 */
size_t sheet_narrow(struct sheet *s, size_t most);
void sheet_widen(struct sheet *s, size_t budget);

/* For which dates the registry is good, and where its data come from. */
void sheet_registry(struct sheet *s, const struct answer_registry *r);
