/*
 * Faces: how the pages of ports were judged, counted in a small file.
 *
 * Lines "PORT YES SOSO NO", sorted by port, at most one a port; a line that is none is passed over.
 * The file is replaced whole. Counts stop at FACES_COUNT_MOST.
 */
#pragma once

#include "act/atlas-pipe.h"

enum {
	FACES_PORTS = 65536,
	FACES_COUNT_MOST = 1000000000,
	FACES_FILE_MOST = 4 * 1024 * 1024, /* bytes that are read */
};

/* What is counted; 768 KiB: on the heap. */
struct faces {
	uint32_t counts[FACES_PORTS][3]; /* by enum atlas_face */
};

/* Count one. False: there is no such face. */
bool faces_count(struct faces *f, uint16_t port, unsigned int face);

/* Add what `n` bytes of the file say. */
void faces_parse(struct faces *f, const char *bytes, size_t n);

/* Append it as it is kept. */
void faces_format(const struct faces *f, struct str *out);

/* Read the file; none is none. Returns 0 or a negative errno. */
int faces_read(struct faces *f, const char *path) BERTH_MUST_CHECK;

/* Replace the file. Returns 0 or a negative errno. */
int faces_write(const struct faces *f, const char *path) BERTH_MUST_CHECK;
