/*
 * Scrub: stand-ins for what a stranger must not learn from a recording.
 *
 * First everything that will be replaced is learnt, then scrub_settle() gives out stand-ins, then
 * texts and addresses are replaced: the same by the same everywhere. What becomes of what is
 * written in recording.h at recording_scrub(). Running out of memory shows in the arena.
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"

/* An ordinary user and how a unit's name may spell it ('-' as "\x2d"). */
struct scrub_user {
	const char *label; /* "user1000" */
	const char *name;
	const char *escaped; /* NULL = the same as `name` */
};

/* How an address is replaced. */
enum scrub_kind {
	SCRUB_KEPT,         /* not at all */
	SCRUB_PUBLIC_V4,    /* 192.0.2.N ... */
	SCRUB_GLOBAL_V6,    /* 2001:db8::N */
	SCRUB_UNIQUE_LOCAL, /* fd00::N */
	SCRUB_LINK_LOCAL,   /* fe80::N */
	SCRUB_MULTICAST_V6, /* ff1e::N */
};

enum { SCRUB_N_KINDS = SCRUB_MULTICAST_V6 + 1 };

/* Zero-initialise it, set `arena` and, where it is not Linux, `system`. */
struct scrub {
	struct arena *arena;
	enum live_system system; /* whose numbers of users are ordinary */
	struct scrub_user *users;
	size_t n_users, users_capacity;
	uint32_t n_unnumbered; /* users without a uid so far */
	struct address *addresses; /* those to be replaced; sorted and unique once settled */
	size_t n_addresses, addresses_capacity;
	size_t first_of_kind[SCRUB_N_KINDS]; /* where each kind begins in `addresses` */
};

/*
 * Remember a user's name; system users and NULL are ignored. The name is borrowed. Without a uid
 * (LIVE_UID_NONE) it is an account of Windows: all but those of the system itself are ordinary, and
 * the part behind "HOST\" is remembered too.
 */
void scrub_learn_user(struct scrub *s, uint32_t uid, const char *name);

/* Remember an address, or every address in a text (NULL is fine). */
void scrub_learn_address(struct scrub *s, const struct address *a);
void scrub_learn_text(struct scrub *s, const char *text);

/* Nothing is learnt after this; the functions below need it. */
void scrub_settle(struct scrub *s);

/* The stand-in of an address that was learnt; any other is returned unchanged. */
struct address scrub_address(const struct scrub *s, const struct address *a);

/* "user1000" for an ordinary user ("user1", ... without a uid); the name itself for a system user;
 * NULL stays NULL. */
const char *scrub_user(const struct scrub *s, uint32_t uid, const char *name);

/* A text with its addresses, user names, paths and long hex numbers replaced; NULL stays NULL. */
const char *scrub_text(const struct scrub *s, const char *text);

/* A path to an executable; NULL stays NULL. */
const char *scrub_path(const struct scrub *s, const char *path);

/* A container's id, shortened; a name is treated as a text. NULL stays NULL. */
const char *scrub_container(const struct scrub *s, const char *container);
