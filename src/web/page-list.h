/*
 * Page list: tables that are too long for one page. Which of their rows a reader wants, in which
 * order, and which of those stand on the page that is asked for: at most LIST_ROWS_MOST rows, and
 * no more than LIST_BYTES_MOST bytes, so that every page stays below 50 kB whatever is in them.
 *
 * Filter and order go by what a reader sees: the text of a row as it is written, in the language of
 * the page. Both are applied to the whole list; pages are cut from what is left. The same list
 * gives the same pages, and every row stands on one of them.
 */
#pragma once

#include "web/page-parts.h"

enum {
	LIST_ROWS_MOST = 80,
	LIST_BYTES_MOST = 37000, /* of the rows of a page; a single row may be longer */
	LIST_COLUMNS_MOST = 8,
	LIST_WORDS_MOST = 100,       /* bytes of a filter that count */
	LIST_CELL_MOST = 400,        /* bytes that foreign text becomes in a cell, list_cell() */
};

/* Writes row `i` of what `context` holds: <tr>, or an <li>. It may be called several times for a
 * row, with another sheet. */
typedef void list_row(struct sheet *s, const void *context, size_t i);

/* A list, and what is wanted of it. */
struct list_of {
	list_row *row;
	const void *context;
	size_t n;
	const char *words;    /* of a filter: a row has all of them, none of "-word"; NULL = any */
	int column;           /* order by this one; -1 = as the rows come */
	bool is_down;
	unsigned int page;    /* from 1; behind the last one: the last one */
	size_t most_bytes;    /* 0 = LIST_BYTES_MOST */
};

/* What is on the page. */
struct list {
	const uint32_t *order; /* the rows that passed, `n` of them; in the page's arena */
	size_t n, n_all;
	size_t first, last;    /* order[first] to order[last - 1] stand on the page */
	unsigned int page;     /* which one it is, from 1 */
};

/* Returns 0 or -ENOMEM. */
int list_find(const struct page *p, const struct list_of *of, struct list *out) BERTH_MUST_CHECK;

/* Write the rows of the page. */
void list_put(struct sheet *s, const struct list_of *of, const struct list *l);

/* "Rows 81 to 160 of 412", with what passed the filter; as text, without an element. */
void list_say(struct sheet *s, const struct list *l);

/*
 * Links to the page before and the one after, in a <nav> with the id `id` (a literal's text);
 * without other pages an empty one. `path` is the page's without a leading slash; `query` is what
 * else is in its address, percent-encoded and ending with '&' ("" = nothing); `key` is the
 * parameter for the number of the page.
 */
void list_links(struct sheet *s, const struct list *l, const char *id, const char *path,
		const char *query, const char *key);

/* The address of a page of a list; the first page's has no number. Lives in the arena. */
const char *list_url(const struct page *p, const char *path, const char *query, const char *key,
		     unsigned int page);

/* Begin a cell of a row, a <td>: foreign text in it is cut at LIST_CELL_MOST bytes, so that a name
 * of a megabyte neither fills the page nor takes the room of the other cells. */
void list_cell(struct sheet *s);
