/*
 * Manifests: the ports that stand in compose files, Kubernetes manifests, socket units and .env
 * files, as the helper berth-manifests found them.
 */
#pragma once

#include "answer/check.h"

/* Whether a file is taken for a manifest, by its name, and not for a claims file. */
bool manifests_is_one(const char *path);

/* What is asked for. */
struct manifests_request {
	const char *const *files;       /* named */
	size_t n_files;
	const char *const *directories; /* all below them is read; "" = the working directory */
	size_t n_directories;
};

/* What was found; in the arena. */
struct manifests {
	const char **paths;
	size_t n_paths, paths_capacity;
	struct check_place *places;
	size_t n_places, places_capacity;
	struct check_trouble *troubles;
	size_t n_troubles, troubles_capacity;
	struct answer_gap *gaps;
	size_t n_gaps, gaps_capacity;
};

/*
 * Ask the helper. Returns 0; -ENOENT: it is not installed; -EPROTO: it died or spoke otherwise;
 * -EFBIG: too many files at once; or another negative errno.
 */
int manifests_read(const struct manifests_request *request, struct arena *arena,
		   struct manifests *out) BERTH_MUST_CHECK;
