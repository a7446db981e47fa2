/* busy-host: the parts that its files share. The program's --help is its manual. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	MOST_PROCESSES = 20000,
	MOST_NAMESPACES = 1000,
	MOST_LISTENERS = 500000,
	MOST_CONNECTIONS = 200000,
	MOST_DESCRIPTORS = 2000000,
	MOST_PORTS = 20000, /* listeners in one namespace */
	MOST_LIFE_S = 3600,
	FIRST_PORT = 10000,
};

/* What was asked for. */
struct size {
	uint32_t n_processes;
	uint32_t n_descriptors; /* of all processes together */
	uint32_t n_listeners;   /* TCP sockets in LISTEN, over all namespaces */
	uint32_t n_connections; /* both ends are on this host: two descriptors each */
	uint32_t n_namespaces;
};

struct listener {
	uint32_t process;   /* whose it is */
	uint32_t n_clients; /* connections to accept */
	uint16_t port;
	bool is_v6, is_loopback;
};

/* Who opens what; made before the first fork, so that every process knows all of it. */
struct plan {
	struct size size;
	struct listener *listeners;
	/* Connection i leads to listener i % n_listeners; process clients[i] opens it. */
	uint32_t *clients;
	uint32_t *needed; /* descriptors that each process needs before it is filled up */
};

/* Where a process stands when it starts. */
struct post {
	const struct plan *plan;
	uint32_t process;
	bool is_init; /* pid 1 of its PID namespace: mounts /proc */
	int netns;    /* a namespace to enter */
	int report;   /* written when a stage is done */
	int go;       /* end of file: every listener is there */
};

/* What a process writes to its parent when a stage is done, or failed. */
struct report {
	uint32_t process;
	int32_t pid; /* in its own PID namespace */
	int32_t error;
	char what[32];
};

/* The namespace of a process: namespaces own neighbouring processes. */
uint32_t plan_namespace(const struct plan *plan, uint32_t process);

/* Descriptors that a process has in the end. */
uint32_t plan_share(const struct plan *plan, uint32_t process);

/* Fill `*plan` for plan->size. Returns 0, -ENOMEM, or 1 with the reason in `why`. */
int plan_make(struct plan *plan, char *why, size_t why_size);

void plan_free(struct plan *plan);

/* The life of one process: makes its sockets, fills up its descriptors, waits to be killed. */
void worker_run(const struct post *post) __attribute__((noreturn));

/* A directory below the cgroup2 mount, "berth-bench-PID.slice"; it is there when is_made. */
struct cgroup_dir {
	char path[512];
	int fd;
	uint32_t n_groups;
	bool is_made;
};

/* Remove what killed busy hosts have left behind. */
void cgroup_sweep(void);

/* Make the directory with `n` groups below it. Returns 0 or a negative errno. */
int cgroup_make(struct cgroup_dir *dir, uint32_t n);

/* Open the group that process `index` belongs to; a negative errno on failure. */
int cgroup_open(const struct cgroup_dir *dir, uint32_t index);

/* Remove all of it; waits up to five seconds for the last process to go. Returns 0 or -errno. */
int cgroup_remove(struct cgroup_dir *dir);
