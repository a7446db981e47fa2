/*
 * Known uses: software whose own documentation or source uses a port by default, with evidence and
 * dates. Not assignments: IANA knows nothing of them, and a number alone proves nothing about who
 * listens. They live in the registry image; data/known-uses.tsv is their source.
 */
#pragma once

#include "registry/registry.h"

/* One known use. Strings are NULL where nothing is known; all are borrowed from the image. */
struct known_use {
	const char *software; /* as its authors write it: "Permify" */
	const char *purpose;  /* "HTTP API" */
	const char *since;    /* date of the first release or commit with it */
	const char *until;    /* date of the last one; NULL = none known */
	const char *programs; /* names of its executables, separated by ';', see registry_item() */
	const char *platform; /* where it is so; NULL = everywhere */
	const char *grade;    /* "primary", "secondary", "unverified" */
	const char *evidence; /* package@version:path or owner/name:path@commit */
	const char *quote;    /* the words there that say so */
	const char *service;  /* the registered service it implements on this port; NULL = none */
	uint16_t first, last; /* both included */
	enum transport protocol;
};

/* Known uses are numbered 0 .. known_use_count() - 1, in the order of their table. */
uint32_t known_use_count(const struct registry *r);

/* The known use of that number. Returns 0, or -ENOENT when there is none. */
int known_use_get(const struct registry *r, uint32_t id, struct known_use *out) BERTH_MUST_CHECK;

/*
 * Walk the known uses of (port, protocol): start with `*cursor` = 0; each call fills `*out`, and
 * `*id` unless NULL, and returns true; false after the last. UDP-Lite and MPTCP have none of their
 * own and are walked as UDP and TCP.
 */
bool known_use_next(const struct registry *r, uint16_t port, enum transport t, uint32_t *cursor,
		    struct known_use *out, uint32_t *id);

/* The same for the known uses of a program, whatever the port. Names of programs have a case. */
bool known_use_next_of_program(const struct registry *r, const char *program, uint32_t *cursor,
			       struct known_use *out, uint32_t *id);

/* Whether a known use has this program among its own. */
bool known_use_has_program(const struct known_use *use, const char *program);
