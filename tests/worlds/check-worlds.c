/*
 * Every recorded world must be readable, say in a comment what it shows, hold only processes and
 * namespaces that it uses, and come out of reading and writing unchanged. One line a world.
 */
#include "base/fd.h"
#include "base/str.h"
#include "live/recording.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many lines begin with `word`. */
static size_t count_records(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += str_starts_with(line, word);
	}
	return n;
}

static const char *check(const char *text, const char *written, const char *second,
			 const struct live_snapshot *s)
{
	if (!str_starts_with(strchr(text, '\n') + 1, "# "))
		return "no comment says what it shows";
	if (count_records(text, "socket ") != s->n_sockets)
		return "lost a socket";
	if (count_records(text, "process ") != count_records(written, "process "))
		return "has a process without a socket";
	if (strcmp(written, second) != 0)
		return "changes when it is written, read and written again";
	return NULL;
}

static const char *check_world(const char *bytes, size_t n, const char *name, char *error)
{
	const struct recording_options options = {0};
	struct arena arena = {0};
	struct recording first, second;
	struct str once = {0}, twice = {0};
	const char *wrong = error;

	if (recording_read(bytes, n, name, &arena, &first, error) == 0) {
		wrong = "cannot be written and read again";
		if (recording_write(&first.snapshot, options, &once) == 0 &&
		    recording_read(once.bytes, once.length, name, &arena, &second, error) == 0 &&
		    recording_write(&second.snapshot, options, &twice) == 0)
			wrong = check(bytes, str_text(&once), str_text(&twice), &first.snapshot);
	}
	str_fini(&once);
	str_fini(&twice);
	arena_fini(&arena);
	return wrong;
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	char error[RECORDING_ERROR_SIZE];
	int n_good = 0, n_bad = 0;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.'), *wrong = "cannot be read";
		char *bytes = NULL, path[4096];
		size_t n;

		if (!dot || strcmp(dot, ".world") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		if (fd_slurp(path, RECORDING_FILE_MAX, &bytes, &n) == 0)
			wrong = check_world(bytes, n, entry->d_name, error);
		printf("%s: %s\n", entry->d_name, wrong ? wrong : "ok");
		*(wrong ? &n_bad : &n_good) += 1;
		free(bytes);
	}
	if (dir)
		closedir(dir);
	printf("%d worlds, %d wrong\n", n_good + n_bad, n_bad);
	return n_bad == 0 && n_good > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
