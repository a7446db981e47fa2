/*
 * Containers: what is known of them by their ids: name, image, runtime.
 *
 * From the arguments of their monitors (conmon), which everybody may read, and from the state
 * files of Docker, Podman, CRI-O and containerd. What neither tells is asked of a runtime's API
 * socket, if it may be: container-api-linux.h.
 */
#pragma once

#include "live/gaps.h"
#include "live/live.h"

/* Where more can be learnt of a container. */
struct container_trace {
	uint32_t monitor; /* the process that watches it; 0 = not known */
	uint32_t uid;     /* of one of its processes; 0 = root, or not known */
};

/* Containers under construction; `{.arena = a}` is an empty list. */
struct container_list {
	struct arena *arena;
	struct live_container *items;
	size_t n, capacity;
	struct container_trace *traces; /* beside `items` */
	size_t n_traces, traces_capacity;
	const char *storage_path; /* of the last containers.json that was read ... */
	const char *storage;      /* ... and its bytes; NULL = could not be read */
	size_t n_storage;
};

/* Add a container by its id, once; NULL = none. What the trace knows is kept. */
void containers_add(struct container_list *l, const char *id, struct container_trace trace);

/* The same for the container of a process, whose parents may know the monitor. */
void containers_add_process(struct container_list *l, const struct live_process *p);

/*
 * Fill in what is known, and sort by id. With `gaps` a container whose name no file tells is asked
 * for at the API socket of its runtime, and is a gap when that does not tell it either. NULL: it
 * stays without a name.
 */
void containers_read(struct container_list *l, struct gaps *gaps);

/* Whether the state files call the container of that id so. */
bool containers_is_named(struct arena *arena, const char *id, const char *name);
