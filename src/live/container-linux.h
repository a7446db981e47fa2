/*
 * Containers: what is known of them by their ids: name, image, runtime.
 *
 * From the arguments of their monitors (conmon), which everybody may read, and from the state
 * files of Docker, Podman, CRI-O and containerd. Their API sockets are never spoken to: connecting
 * to one may start its service, and the files say the same.
 */
#pragma once

#include "live/live.h"

/* Containers under construction; `{.arena = a}` is an empty list. */
struct container_list {
	struct arena *arena;
	struct live_container *items;
	size_t n, capacity;
	uint32_t *monitors; /* beside `items`: the process that watches it; 0 = not known */
	size_t n_monitors, monitors_capacity;
	const char *storage_path; /* of the last containers.json that was read ... */
	const char *storage;      /* ... and its bytes; NULL = could not be read */
	size_t n_storage;
};

/* Add a container by its id, once; NULL = none. `monitor`: pid of its conmon; 0 = not known. */
void containers_add(struct container_list *l, const char *id, uint32_t monitor);

/* The same for the container of a process, whose parents may know the monitor. */
void containers_add_process(struct container_list *l, const struct live_process *p);

/* Fill in what is known, and sort by id. Gaps are not made: a container without name has its id. */
void containers_read(struct container_list *l);

/* Whether the state files call the container of that id so. */
bool containers_is_named(struct arena *arena, const char *id, const char *name);
