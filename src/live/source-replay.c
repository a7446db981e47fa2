/*
 * The replay source: answers from a recording as if it were the running system.
 */
#include "live/source.h"

#include "base/fd.h"
#include "base/str.h"
#include "live/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct replay {
	struct source source; /* first: what callers hold */
	char *bytes;          /* the recording; read anew into the arena of every look */
	size_t n;
	char *path;
};

static void free_replay(struct replay *r)
{
	if (!r)
		return;
	free(r->bytes);
	free(r->path);
	free(r);
}

static void free_replayp(struct replay **r)
{
	free_replay(*r);
}

static int look(struct source *s, const struct live_request *request, struct arena *arena,
		struct live_snapshot *out)
{
	const struct replay *replay = (const struct replay *)s;
	char error[RECORDING_ERROR_SIZE];
	struct recording recording;
	int r = recording_read(replay->bytes, replay->n, replay->path, arena, &recording, error);

	return r < 0 ? r : recording_select(&recording, request, arena, out);
}

static void close_replay(struct source *s)
{
	free_replay((struct replay *)s);
}

/* Read the file, and read it as a recording once, so that its errors come early. */
static int load(struct replay *replay, char *error)
{
	struct arena scratch = {0};
	struct recording recording;
	struct str name = {0};
	int r = fd_slurp(replay->path, RECORDING_FILE_MAX, &replay->bytes, &replay->n);

	if (r == 0) {
		r = recording_read(replay->bytes, replay->n, replay->path, &scratch, &recording,
				   error);
		arena_fini(&scratch);
	}
	if (r < 0 && r != -EBADMSG) {
		str_append_escaped(&name, replay->path, true);
		snprintf(error, RECORDING_ERROR_SIZE, "%.150s: %s", str_text(&name), strerror(-r));
		str_fini(&name);
	}
	return r;
}

int source_open_replay(const char *path, struct source **out, char *error)
{
	static const struct source_ops ops = {.look = look, .close = close_replay};
	BERTH_CLEANUP(free_replayp) struct replay *replay = calloc(1, sizeof(*replay));
	struct replay *opened;
	int r;

	error[0] = '\0';
	if (!replay)
		return -ENOMEM;
	replay->source.ops = &ops;
	replay->path = strdup(path);
	if (!replay->path)
		return -ENOMEM; /* NOLINT(clang-analyzer-unix.Malloc): freed by its cleanup */
	r = load(replay, error);
	if (r < 0)
		return r;
	opened = HAND_OVER(replay);
	*out = &opened->source;
	return 0;
}
