/*
 * Owner: who holds a socket: the descriptor table of every process, and its file ports (descriptors
 * on their way through a Mach message, which launchd keeps too).
 */
#pragma once

#include "live/gaps.h"
#include "live/process-darwin.h"
#include "live/socket-list.h"

/* What the search works with. */
struct owner_search {
	const struct live_request *request;
	struct arena *arena;
	struct gaps *gaps;
	struct processes *processes;
	/* Of the one namespace; sockets that only a process showed get it. */
	const struct live_namespace *ns;
	/* Transports whose list could not be read: sockets of theirs come from processes alone. */
	transport_set without_list;
	uint32_t n_denied; /* set by owner_find(): processes that berth may not look into */
};

/* Whether owners of `s` are searched at all: it can have one, and its kind was asked for. */
bool owner_is_wanted(const struct live_request *request, const struct live_socket *s);

/*
 * Fill `owners`, `n_owners` and `owners_search` of the sockets of `list`, and append those that
 * only processes show (`without_list`). Returns 0 or a negative errno (-ENOMEM, or why processes
 * cannot be listed).
 */
int owner_find(struct owner_search *s, struct socket_list *list) BERTH_MUST_CHECK;

/* Add the gaps of sockets without an owner, and of sockets that launchd holds for its jobs. */
void owner_explain(const struct owner_search *s, const struct socket_list *list);
