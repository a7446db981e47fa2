/*
 * Claims tree: the claims files that hold together. The first is found above the working directory,
 * or named; each may include others of the same repository.
 *
 * A file is read once, whoever includes it. Its level is the length of the shortest way to it: the
 * first file has 0. A claim that says the same as one of a nearer file (the same name, ports that
 * collide) gives way to it. At most CLAIMS_TREE_FILES_MOST files and CLAIMS_TREE_BYTES_MOST bytes
 * are read; what cannot be read, and includes that lead round in a circle, are faults.
 */
#pragma once

#include "ledger/checkout.h"
#include "ledger/claims-file.h"
#include "ledger/claims.h"

#define CLAIMS_TREE_NAME "ports.claims"

enum {
	CLAIMS_TREE_FILES_MOST = 16,
	CLAIMS_TREE_BYTES_MOST = 16 << 20,
};

/* One file of the tree. */
struct claims_tree_file {
	const char *path;    /* as seen from the working directory, or as it was named */
	const char *place;   /* in the checkout, normalised */
	unsigned int level;
	unsigned int first_file;    /* number of the first file, in whose checkout it lies */
	uint64_t device, inode;
	char *bytes;         /* heap; what is read from it points here and into the arena */
	size_t n_bytes;
	uint32_t includes;   /* the files that it includes: bit (1 << number) */
	bool is_any_owner;
};

/* One claim and where it stands. */
struct claims_tree_claim {
	struct claim claim;       /* `source` is NULL: see claims_tree_source() */
	unsigned int file, line, column, ports_column;
};

/* `{0}` is an empty one; fill it with claims_tree_init(). */
struct claims_tree {
	struct arena *arena;
	struct claims_tree_file files[CLAIMS_TREE_FILES_MOST];
	unsigned int n_files;
	struct claims_tree_claim *claims;
	size_t n_claims, claims_capacity;
	struct claims_fault *faults;
	size_t n_faults, faults_capacity;
	size_t n_bytes;
	struct checkout checkout;    /* of the first file `checkout_of`, while reading */
	unsigned int checkout_of;
};

void claims_tree_init(struct claims_tree *t, struct arena *arena);
void claims_tree_fini(struct claims_tree *t);

/* Add the file that is found upward. Returns 0; -ENOENT: there is none; or another negative errno
 * with its path in `path` (CHECKOUT_PATH_SIZE) and fixed words in `*reason`. */
int claims_tree_find(struct claims_tree *t, char *path, const char **reason) BERTH_MUST_CHECK;

/* Add a file that was named. As claims_tree_find(). */
int claims_tree_name(struct claims_tree *t, const char *path, const char **reason) BERTH_MUST_CHECK;

/* Read all files and what they include. False when out of memory. */
bool claims_tree_read(struct claims_tree *t);

/* "svc/ports.claims:12" in the arena; NULL when out of memory. */
const char *claims_tree_source(const struct claims_tree *t, const struct claims_tree_claim *c,
			       struct arena *arena);

/* The path of a fault's file. */
const char *claims_tree_path(const struct claims_tree *t, unsigned int file);

/* Add the claims with a port of first..last to `out`, but for those that give way to a nearer
 * file's. False when out of memory. */
bool claims_tree_gather(const struct claims_tree *t, uint16_t first, uint16_t last,
			struct claims *out);

/*
 * The path `include` of a file that lies in `directory` ("a/b", "" = the root), normalised into
 * `out` (CHECKOUT_PATH_SIZE). Returns 0, or -EXDEV when it leads out of the root, -ENAMETOOLONG.
 */
int claims_tree_join(const char *directory, const char *include, char *out) BERTH_MUST_CHECK;
