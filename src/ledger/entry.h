/*
 * Entry: one line of a ledger's audit trail. Entries are only ever added.
 */
#pragma once

#include <stdint.h>

/* Who did what, and when. Strings are borrowed. */
struct ledger_entry {
	int64_t number;     /* 1, 2, 3, ... in the order of the writes, whatever the clock said */
	int64_t at_ns;      /* when, by the writer's clock: nanoseconds since 1970 */
	int64_t uid;        /* of the process */
	const char *user;   /* who it was, "alice" or "alice (sudo)"; never NULL */
	const char *action; /* claim, renew, unclaim, expire */
	const char *name;   /* of the claim */
	const char *ports;  /* "8080/tcp", "127.0.0.1 8080/tcp" */
	const char *detail; /* owner, last day and so on, for people; NULL = nothing */
};
