/*
 * History: what berth saw change about a number, kept in the registry image. Every update adds the
 * differences (registry/diff.h) between the registry that was there and the one that replaces it.
 */
#pragma once

#include "registry/registry.h"

enum history_kind {
	HISTORY_ADDED,    /* a row with a name appeared, where there was none of these ports */
	HISTORY_REMOVED,  /* a row with a name is gone */
	HISTORY_RENAMED,  /* another name for the same ports and protocol */
	HISTORY_STATUS,   /* another status: assigned, reserved...; names tell the rest */
	HISTORY_RE_DATED, /* the same row with another date of registration or modification */
	HISTORY_EDITED,   /* the same row with other people, documents, texts: not kept in images */
};
enum { N_HISTORY_KINDS = 6 };

/* One change. Texts are borrowed from the image; NULL where nothing is known. */
struct history_entry {
	enum history_kind kind;
	const char *date;        /* when it happened, as the registry dates it; NULL: it does not */
	const char *seen_before; /* date of the newest registry seen without the change */
	const char *seen_after;  /* date of the oldest registry seen with it */
	const char *name_before; /* service names; NULL: none */
	const char *name_after;
	uint16_t first, last;
	bool has_protocol; /* false: the row names none and stands for all */
	enum transport protocol;
	enum registry_status status_before, status_after; /* REGISTRY_NONE: there was no row */
};

/* Entries are numbered 0 .. history_count() - 1, sorted by first port. */
uint32_t history_count(const struct registry *r);

/* The entry of that number. Returns 0, or -ENOENT when there is none. */
int history_get(const struct registry *r, uint32_t id, struct history_entry *out) BERTH_MUST_CHECK;

/* Walk the entries that cover a port, the newest update last: start with `*cursor` = 0; each call
 * fills `*out` and returns true; false after the last. */
bool history_next(const struct registry *r, uint16_t port, uint32_t *cursor,
		  struct history_entry *out);

/* "added", "removed", "renamed", "status", "re-dated", "edited": the words of every output. */
const char *history_kind_name(enum history_kind kind);
