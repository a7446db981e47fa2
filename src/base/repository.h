/*
 * Repository: which checkout of which repository a directory belongs to, read from git's own files;
 * no program is run.
 *
 * A checkout is the nearest directory, from the given one upward, that holds `.git`: a directory,
 * or (a linked worktree, a submodule) a file that names one. Its repository is told from others by
 * the url of the remote "origin" in the configuration that its worktrees share; without one, by the
 * path of the directory that they share. Formats: gitrepository-layout(5), git-config(1); includes
 * of a configuration are not followed. Whatever is malformed or too large counts as absent.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

enum { REPOSITORY_PATH_SIZE = 4096, REPOSITORY_CONFIG_MOST = 1024 * 1024 };

struct repository {
	char checkout[REPOSITORY_PATH_SIZE]; /* real path; of no repository: the directory's own */
	char identity[REPOSITORY_PATH_SIZE]; /* "github.com/acme/shop", or a path; "" = in none */
};

/*
 * Find out about `directory` (NULL: the working one). With `is_exact` it is itself the checkout,
 * wherever in a repository it lies. Returns 0, or a negative errno when there is no such directory
 * or its path is too long.
 */
int repository_find(const char *directory, bool is_exact,
		    struct repository *out) BERTH_MUST_CHECK;

/*
 * Pure parts.
 *
 * The url of the remote "origin" in a configuration of `n` bytes. Returns false when there is none,
 * or it does not fit.
 */
bool repository_origin(const char *config, size_t n, char *url, size_t size);

/*
 * One spelling for all urls of one repository, without what differs between its users: scheme,
 * user, password, port, trailing "/" and ".git"; the host in lower case:
 * "git@GitHub.com:acme/shop.git", "https://token@github.com/acme/shop" are "github.com/acme/shop".
 * A path stays one. False when it does not fit or nothing is left.
 */
bool repository_normalise(const char *url, char *out, size_t size);
