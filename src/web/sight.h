/*
 * Sight: what of a snapshot may be shown to a reader whom nobody vouches for. Pure.
 *
 * Taken by an ordinary user, a snapshot is what everybody on this machine can see, but for working
 * directories: those of his own processes are told to him alone. Taken with privilege it is reduced
 * to what sock_diag tells everybody: the sockets of berth's own namespace with their addresses,
 * states, queues, inodes, cookies and the users who made them. No owners, units, containers,
 * commands, directories and parents, no flags read from descriptors, no other namespaces, no
 * published ports; and a gap says so.
 */
#pragma once

#include "live/live.h"

/* The gap's words. */
extern const char sight_gap_why[];

/*
 * A reduced copy of `s` in `arena`; strings and lists that are shown stay those of `s`. `is_named`:
 * one namespace was asked for by name, and counts as berth's own. Returns 0 or -ENOMEM.
 */
int sight_reduce(const struct live_snapshot *s, bool is_privileged, bool is_named,
		 struct arena *arena, struct live_snapshot *out) BERTH_MUST_CHECK;
