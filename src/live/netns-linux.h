/*
 * Netns: every network namespace within reach, once.
 *
 * Those with processes are told apart without any privilege by the inode of /proc/PID/net/stat,
 * which differs from namespace to namespace; those without processes come from the nsfs mounts of
 * /proc/self/mountinfo (/run/netns among them). A namespace is entered only by a private,
 * short-lived thread.
 */
#pragma once

#include "live/gaps.h"
#include "live/live.h"

/* One namespace. */
struct netns {
	struct live_namespace ns; /* the first member; id 0 = not known */
	uint64_t fingerprint;     /* inode of its /proc/PID/net/stat; 0 = not known */
	const char *path;         /* where it is mounted; NULL = nowhere */
	uint32_t pid, other_pid;  /* the first and the last process met in it; 0 = none */
	bool is_looked_into;
};

/* The namespaces found; berth's own is the first. Everything lives in `arena`. */
struct netns_list {
	struct arena *arena;
	struct gaps *gaps;
	struct netns *items;
	size_t n, capacity;
	const char *cgroup_mount; /* where cgroup2 is mounted, met on the way; NULL = nowhere */
	const char *hidepid;      /* the hidepid option of /proc; NULL = none */
};

/*
 * Fill `l` (`{.arena, .gaps}` set) with the namespaces that `request` asks for. With
 * LIVE_SCOPE_NAMED and no such namespace the list is empty and a gap says so. Returns 0 or -ENOMEM.
 */
int netns_find(struct netns_list *l, const struct live_request *request) BERTH_MUST_CHECK;

/*
 * Takes one namespace. `error` 0: the calling thread is in it; else the negative errno that kept it
 * out.
 */
typedef void (*netns_fn)(struct netns *n, int error, void *context);

/* A descriptor of the namespace, to be closed, or a negative errno; -ESTALE: it has ended. */
int netns_open(const struct netns *n) BERTH_MUST_CHECK;

/* A descriptor of the namespace of that id, by its processes and mounts, to be closed. -ENOENT:
 * none within reach; another negative errno: it may not be opened. */
int netns_open_id(uint64_t id) BERTH_MUST_CHECK;

/* Call `each` for every namespace but berth's own, in a thread that enters one after the other. */
void netns_visit(struct netns_list *l, netns_fn each, void *context);
