/*
 * Update: replaces the registry image by one made from IANA's newest table.
 *
 * The image that is replaced is the request's `target`; what the new one is compared with is that
 * image, or the built-in registry where there is none (or none that can be read). Under a lock: two
 * updates at once follow one another. Nothing is written before all of this holds:
 *
 *     the table came whole and is well formed           else UPDATE_REFUSED or UPDATE_FAILED
 *     it has a date, and a row for port 49151, the last of IANA's rows (a file cut there is short)
 *     it is not older than what is there                unless forced
 *     rows with a port, and names without one, are not fewer by more than 10 %    unless forced
 *
 * Carried over into the new image: the history that the old one knew up to the new date, and what
 * changes between the two where the new one is newer; of the built-in registry, all known uses
 * (whichever of the two is older: they come with the program), organizations and the ranks of names
 * that it has with a reason.
 */
#pragma once

#include "act/update-source.h"
#include "base/arena.h"
#include "registry/diff.h"
#include "registry/registry.h"

#define UPDATE_IANA_URL                                                                            \
	"https://www.iana.org/assignments/service-names-port-numbers/"                             \
	"service-names-port-numbers.xml"

struct update_request {
	const char *from;   /* a file or https URL; NULL: IANA */
	const char *target; /* the image to write */
	const char *cacert; /* certificates to trust; NULL: the system's */
	bool is_forced;     /* older and shrunk tables are fine, and the ETag does not count */
	const struct registry *built_in;
	void (*wait)(void *context); /* called once when another update is at work; or NULL */
	void *context;
};

enum update_outcome {
	UPDATE_DONE,
	UPDATE_SAME,    /* the table is the one that is there already */
	UPDATE_REFUSED, /* the table is not fit; nothing changed */
	UPDATE_FAILED,  /* the system failed: network, disk, permission; nothing changed */
};

/* What came of it. After DONE and SAME both registries are open; after SAME by ETag `after` is the
 * old one once more. */
struct update_result {
	enum update_outcome outcome;
	char message[UPDATE_ERROR_SIZE]; /* REFUSED, FAILED: one clear line */
	char warning[UPDATE_ERROR_SIZE]; /* "" or one line: the old image could not be read, ... */
	struct registry before, after;
	bool has_replaced_built_in; /* `before` is the built-in one: there was no image */
	struct diff diff;
	/* private */
	struct arena arena;
	struct str image;
	struct registry old_image;
};

/* Do it. `out` must be given to update_fini() in any case. */
void update_run(const struct update_request *request, struct update_result *out);
void update_fini(struct update_result *u);
