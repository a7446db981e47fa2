/*
 * Container API: what a running Docker or Podman says of a container that no file names.
 *
 * A socket is spoken to only if it belongs to root or to the user who runs the container, and if a
 * process other than systemd has it: connecting to a socket that waits for systemd would start a
 * service. One question for a container (GET /containers/ID/json, the same with both), never more
 * than 100 ms for all of them together, what listening processes are searched included.
 */
#pragma once

#include "live/gaps.h"
#include "live/live.h"

enum { CONTAINER_API_MS = 100 };

/* The conversations of one look. */
struct container_api;

/* The 100 ms begin with the first question. NULL when out of memory. */
struct container_api *container_api_open(struct arena *arena, struct gaps *gaps);

/* Always NULL. container_api_close(NULL) is fine. */
struct container_api *container_api_close(struct container_api *a);

/*
 * Ask for the name and the image of `c`, whose id is 64 hexadecimal digits; `uid` runs it (0 =
 * root, or not known). Whatever keeps it from being told becomes a gap "container name".
 */
void container_api_ask(struct container_api *a, uint32_t uid, struct live_container *c);
