/*
 * Readers: the ports that stand in one manifest. Pure: bytes in, lines of a report out. Every
 * reader is bounded by the size of its file (READERS_FILE_MOST) and a number of steps, whatever
 * anchors and merge keys refer to.
 */
#pragma once

#include "manifests/report.h"

enum { READERS_FILE_MOST = 1 << 20 };

/* What a file is by its name. */
enum reader_kind {
	READER_NONE,    /* no manifest */
	READER_COMPOSE, /* compose.yaml, docker-compose.override.yml */
	READER_YAML,    /* other YAML: Kubernetes or compose by what stands in it, or neither */
	READER_SOCKET,  /* foo.socket */
	READER_DOTENV,  /* .env, .env.local, web.env */
};

/* The kind of a file by the last part of its path. */
enum reader_kind readers_kind(const char *path);

/* The .env beside a compose file: what its variables are; `bytes` NULL = there is none. */
struct reader_variables {
	const char *bytes;
	size_t n;
};

/* The value of a variable, as it stands but for quotes; of several the last. False: not set. */
bool readers_variable(const struct reader_variables *v, const char *name, size_t n_name,
		      const char **value, size_t *n_value);

/* Read one file; `path` gives a socket unit its name. `is_named`: what cannot be read is a fault,
 * not a gap. */
void readers_read(enum reader_kind kind, const char *path, bool is_named, const char *bytes,
		  size_t n, const struct reader_variables *variables, struct report *out);

/* The readers themselves. */
void readers_yaml(bool is_compose, bool is_named, const char *bytes, size_t n,
		  const struct reader_variables *variables, struct report *out);
void readers_socket(const char *path, const char *bytes, size_t n, struct report *out);
void readers_dotenv(const char *bytes, size_t n, struct report *out);

/* "8080" or "8000-8010" of `n` bytes, 1 to 65535. */
bool readers_span(const char *text, size_t n, uint16_t *first, uint16_t *last);
