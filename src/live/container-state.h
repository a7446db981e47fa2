/*
 * Container state: a container's name and image in the files that its runtime keeps. Pure.
 */
#pragma once

#include "live/json-scan.h"
#include "live/live.h"

/*
 * Each fills what the file (`n` bytes) says of container `out->id` and leaves the rest; texts are
 * in `arena`. Returns whether it says anything.
 */

/* Docker: containers/ID/config.v2.json. */
bool container_state_docker(const char *bytes, size_t n, struct arena *arena,
			    struct live_container *out);

/* Podman, CRI-O: containers.json of containers/storage, all containers in one. */
bool container_state_storage(const char *bytes, size_t n, struct arena *arena,
			     struct live_container *out);

/* Anything by the OCI runtime specification: a bundle's config.json with its annotations. */
bool container_state_bundle(const char *bytes, size_t n, struct arena *arena,
			    struct live_container *out);

/*
 * What the API of Docker or Podman answers to GET /containers/ID/json: `n` bytes of an HTTP reply,
 * to its end. Returns 0 when it names container `out->id` (an image that is known already stays);
 * the HTTP status when that is not 200; -EBADMSG for anything else: another container, a reply in
 * chunks, a name that is none. `*out` is untouched then.
 */
int container_state_reply(const char *bytes, size_t n, struct arena *arena,
			  struct live_container *out) BERTH_MUST_CHECK;
