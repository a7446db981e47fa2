/*
 * Parts of an answer, each filled from one of the three sources. For answer/ and act/'s records.
 */
#pragma once

#include "answer/answer.h"

/* One (port, transport space) with everything a verdict on it stands on, ready to judge. */
struct answer_case {
	struct verdict_case world;  /* claims, assigned names, known uses; no residents yet */
	const struct answer_name *names; /* the same for people: claims, IANA's name, known uses */
	size_t n_names;
	const struct claim *const *own; /* the claims of `world`, one by one */
	bool has_address;               /* one of them is limited to an address */
};

/* What a socket is as a holder: "listener", "bound-only", "connection", "time-wait". */
const char *answer_holder_kind(enum live_state state);

/* One more name; `*capacity` starts at 0. False when out of memory. */
bool answer_case_add_name(struct answer_case *c, size_t *capacity, const char *source,
			  const char *name, struct arena *arena);

/* The claims of a case; before anything else is put in. False when out of memory. */
bool answer_fill_case_claims(const struct answer_sources *from, uint16_t port,
			     enum transport space, struct answer_case *out, size_t *capacity,
			     struct arena *arena);

/* The case as it is for a listener at `address`: without claims for other addresses. False when out
 * of memory. */
bool answer_case_at(const struct answer_case *c, const struct address *address,
		    struct answer_case *out, struct arena *arena);

/* The claims that have the port, in the record. */
bool answer_fill_claims(const struct answer_sources *from, uint16_t port,
			const struct answer_options *options, struct answer *out,
			struct arena *arena);

/* What is claimed of (port, transport). False when out of memory. */
bool answer_fill_case(const struct answer_sources *from, uint16_t port, enum transport transport,
		      struct answer_case *out, struct arena *arena);

bool answer_fill_assignments(const struct registry *reg, uint16_t port,
			     const struct answer_options *options, struct answer *out,
			     struct arena *arena);
bool answer_fill_uses(const struct registry *reg, uint16_t port,
		      const struct answer_options *options, struct answer *out,
		      struct arena *arena);

/* One listening socket as a record; the verdict is not yet in it. */
bool answer_fill_listener(const struct answer_sources *from, const struct live_socket *s,
			  struct answer_listener *out, struct arena *arena);

/* Judge a listener by its case: role, verdict and names are set. */
bool answer_judge_listener(const struct answer_sources *from, const struct answer_case *c,
			   struct answer_listener *l, struct arena *arena);

/* Whether a listener counts for the verdict on its port. */
bool answer_listener_counts(const struct answer_listener *l);

/*
 * What its owners may be called, all of them, and the owners of what is behind it when they are
 * proxies; NULL-terminated. NULL when out of memory.
 */
const char *const *answer_resident_names(const struct answer_sources *from,
					 const struct live_socket *s, struct arena *arena);

/* An owner as a record; NULL when out of memory. */
const struct answer_owner *answer_owner(const struct answer_sources *from,
					const struct live_owner *o, struct arena *arena);

/* All owners of a socket. NULL when out of memory. */
const struct answer_owner *answer_owners(const struct answer_sources *from,
					 const struct live_socket *s, struct arena *arena);

/* What a container is called: its name, else the beginning of its id; NULL stays NULL. */
const char *answer_container(const struct answer_sources *from, const char *id,
			     struct arena *arena);

/* An address as text. */
const char *answer_address(const struct address *a, struct arena *arena);

/* Remember the published ports that stand for more than one. False when out of memory. */
bool answer_index_published(struct answer_sources *from, struct arena *arena);

/* The published ports of one port, judged by its cases (TCP's, UDP's). */
bool answer_fill_published(const struct answer_sources *from, uint16_t port,
			   const struct answer_case cases[2], const struct answer_options *options,
			   struct answer *out, struct arena *arena);

/* All of them, each once. */
bool answer_fill_all_published(const struct answer_sources *from, struct answer_here *out,
			       struct arena *arena);

/* Group sockets that hold a port without listening. */
bool answer_fill_holders(const struct answer_sources *from,
			 const struct live_socket *const *sockets, size_t n,
			 const struct answer_holder **out, size_t *n_out, struct arena *arena);

bool answer_fill_connections(const struct answer_sources *from, uint16_t port,
			     const struct answer_options *options, struct answer *out,
			     struct arena *arena);

/* The gaps of the snapshot and of the claims. */
bool answer_fill_gaps(const struct answer_sources *from, const struct answer_gap **out,
		      size_t *n_out, struct arena *arena);

/* The rules that concern a port. NULL when out of memory. */
const char *const *answer_policies(const struct answer_sources *from, uint16_t port,
				   struct arena *arena);

/* A known use of the registry as a record. */
struct known_use;
void answer_fill_use(const struct known_use *use, struct answer_use *out, struct arena *arena);

/* The history of a port; after its assignments. */
bool answer_fill_history(const struct registry *reg, uint16_t port,
			 const struct answer_options *options, struct answer *out,
			 struct arena *arena);

/* Whether a question about one transport wants the rows of `t`. */
bool answer_wants(const struct answer_options *options, enum transport t);

/* When and how far was looked. */
struct answer_checked answer_checked(const struct live_snapshot *live);
