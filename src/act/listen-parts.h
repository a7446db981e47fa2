/*
 * Parts of the quiet listener, shared by listen.c and listen-peers.c. For these only.
 */
#pragma once

#include "act/listen.h"
#include "act/opener.h"
#include "act/wait-look.h"

/* Who the far end of a knock is. */
struct peer {
	struct address address;
	uint16_t port;
	char program[64], user[64]; /* cut to fit; "" = not known */
	int64_t pid, uid;           /* negative = not known */
};

/* What it takes to know. */
struct peers {
	struct source *source;     /* NULL = nobody is looked up */
	struct arena arena;        /* for one look */
	struct arena addresses_arena;
	struct wait_addresses own; /* of this host */
	int64_t credit_us;         /* how long looks may still take */
	int64_t credited_ms;       /* until when it has been credited */
	uint64_t n_unasked;
	struct address *seen;      /* LISTEN_MOST_PEERS slots, a hash table */
	bool *is_used;
	size_t n_seen;
	bool has_more;
};

/* Returns 0 or -ENOMEM. peers_close() in either case. */
int peers_open(struct peers *p, struct source *source) BERTH_MUST_CHECK;
void peers_close(struct peers *p);

/* Count an address. */
void peers_count(struct peers *p, const struct address *a);

/* Find out who has the other end, which was heard of at `local`; fills what can be known. */
void peers_ask(struct peers *p, enum transport transport, const struct address *local,
	       struct peer *out);
