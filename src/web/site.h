/*
 * Site: a directory of many files that takes the place of another one at once.
 *
 * Everything is written into a new directory beside the old one (.NAME.berth-new), which then takes
 * its name by one renameat2(2): whoever opens a file of it finds the old site or the new one, and a
 * run that is interrupted leaves the old one. Nothing is replaced but an empty directory, or one
 * with the marker that sites have (.berth-atlas). What somebody else put there (at its top: .git,
 * CNAME) moves on into the new one.
 *
 * A directory that has to stay itself (something is mounted there, somebody's working directory,
 * the parent takes no new names) gets its new contents in .berth-new inside it, which are then
 * exchanged name by name.
 *
 * One run at a time: the new directory is locked (flock) while it is written. Files are not
 * fsynced: after a crash of the machine a run begins anew.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SITE_NAME_MOST = 255, SITE_ERROR_SIZE = 512 };

/* A site that is being made. */
struct site {
	int parent;  /* the directory in which it is; -1 = none */
	int fd;      /* the new directory; -1 = none */
	int old;     /* the one to be replaced; -1 = there is none */
	bool is_inside; /* the new one is in the old one, which stays */
	char name[SITE_NAME_MOST + 1];
	char name_new[SITE_NAME_MOST + 1], name_old[SITE_NAME_MOST + 1];
	const char *const *own; /* names at the top that sites may have, NULL-terminated */
};

/*
 * Begin a site at `path`, whose parent has to be there. `own` are the names at its top that are
 * berth's (borrowed): no other name is ever removed. Returns 0; 1 with a line in `error`
 * (SITE_ERROR_SIZE bytes): refused, there is something else; or a negative errno with a line.
 */
int site_begin(struct site *out, const char *path, const char *const *own,
	       char *error) BERTH_MUST_CHECK;

/* Make a directory in the new site and open it. Its descriptor, or a negative errno. */
int site_make_directory(const struct site *s, const char *path) BERTH_MUST_CHECK;

/* Write a new file whole, relative to a directory of the site. 0 or a negative errno. Several
 * threads may do so at once. */
int site_write(int directory, const char *name, const void *bytes, size_t n) BERTH_MUST_CHECK;

/* Let the new site take the place, and remove the old one. 0 or a negative errno with a line in
 * `error`; the old site is then still in its place, or the line says what is not. */
int site_commit(struct site *s, char *error) BERTH_MUST_CHECK;

/* Remove what was not committed, and let go. */
void site_fini(struct site *s);
