/*
 * berth-manifests: the ports that stand in manifests, for `berth check`, as a program of its own:
 * berth is not linked with libyaml.
 *
 * Standard input: words ended by NUL, "file", PATH or "below", DIRECTORY. Of a directory all
 * manifests below it are read: no hidden directories, no node_modules, no other file systems, no
 * symbolic links, and nothing below a directory with a ports.claims of its own. Standard output: a
 * report (manifests/report.h). It writes nothing and runs nothing.
 */
#include "base/fd.h"
#include "manifests/readers.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT_MOST = 64 * 1024, ENTRIES_MOST = 100000, FILES_MOST = 5000, DEPTH_MOST = 16 };

#define BYTES_MOST ((size_t)256 << 20)

/* One run. */
struct run {
	struct report report;
	unsigned int n_entries, n_files;
	size_t n_bytes;
};

static const char *explain(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return "there is no such file";
	case -EACCES:
		return "permission denied";
	case -EFBIG:
		return "larger than the 1 MB that a manifest may have";
	case -EINVAL:
		return "not a regular file";
	default:
		return "it cannot be read";
	}
}

static int slurp(const char *path, bool is_named, char **bytes, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
				    (is_named ? 0 : O_NOFOLLOW));
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fd_close(fd);
		return -EINVAL;
	}
	return fd_slurp_open(fd, READERS_FILE_MOST, bytes, n);
}

/* The .env beside a compose file: compose takes its variables from there. */
static void read_beside(struct run *run, const char *path, struct reader_variables *out)
{
	const char *slash = strrchr(path, '/');
	char beside[4096], *bytes = NULL;
	int n = snprintf(beside, sizeof(beside), "%.*s.env", slash ? (int)(slash - path) + 1 : 0,
			 path);

	if (n < 0 || (size_t)n >= sizeof(beside) || slurp(beside, false, &bytes, &out->n) < 0)
		return;
	out->bytes = bytes;
	run->n_bytes += out->n;
}

static void read_manifest(struct run *run, const char *path, bool is_named)
{
	enum reader_kind kind = readers_kind(path);
	const struct report_at whole = {0, 0};
	struct reader_variables variables = {.bytes = NULL};
	char *bytes = NULL;
	size_t n = 0;
	int r;

	if (kind == READER_NONE && is_named)
		kind = READER_YAML;
	if (kind == READER_NONE || run->n_files == FILES_MOST || run->n_bytes > BYTES_MOST)
		return;
	run->n_files++;
	r = slurp(path, is_named, &bytes, &n);
	report_file(&run->report, path);
	if (r == 0 && (kind == READER_COMPOSE || kind == READER_YAML))
		read_beside(run, path, &variables);
	if (r == 0)
		readers_read(kind, path, is_named, bytes, n, &variables, &run->report);
	else if (is_named)
		report_fault(&run->report, whole, explain(r));
	else
		report_gap(&run->report, whole, explain(r));
	if (run->n_files == FILES_MOST)
		report_gap(&run->report, whole, "more manifests than are looked at");
	run->n_bytes += n;
	free(bytes);
	free((void *)variables.bytes);
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool has_own_claims(const FTSENT *entry)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/ports.claims", entry->fts_accpath);

	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

static bool is_passed_over(const FTSENT *entry)
{
	return entry->fts_level > 0 &&
	       (entry->fts_name[0] == '.' || strcmp(entry->fts_name, "node_modules") == 0 ||
		entry->fts_level > DEPTH_MOST || has_own_claims(entry));
}

static void walk(struct run *run, char *directory)
{
	char *const paths[] = {directory, NULL};
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, compare_names);
	FTSENT *entry;

	while (fts && (entry = fts_read(fts)) != NULL) {
		const char *path = entry->fts_path;

		if (++run->n_entries > ENTRIES_MOST) {
			report_file(&run->report, directory);
			report_gap(&run->report, (struct report_at){0, 0},
				   "more files than are looked at");
			break;
		}
		if (entry->fts_info == FTS_D && is_passed_over(entry))
			fts_set(fts, entry, FTS_SKIP);
		if (entry->fts_info != FTS_F)
			continue;
		read_manifest(run, strncmp(path, "./", 2) == 0 ? path + 2 : path, false);
	}
	if (fts)
		fts_close(fts);
}

static bool write_all(const char *bytes, size_t n)
{
	return fd_write(STDOUT_FILENO, bytes, n) == 0;
}

static int serve(struct run *run, char *input, size_t n)
{
	char *end = input + n;

	for (char *word = input; word < end;) {
		char *path = word + strlen(word) + 1;

		if (path >= end)
			return -EINVAL;
		if (strcmp(word, "file") == 0)
			read_manifest(run, path, true);
		else if (strcmp(word, "below") == 0)
			walk(run, path);
		else
			return -EINVAL;
		word = path + strlen(path) + 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct run run = {.n_files = 0};
	char *input = calloc(1, INPUT_MOST + 1);
	long n = input ? fd_read(STDIN_FILENO, input, INPUT_MOST) : -ENOMEM;
	bool is_said;

	if (argc != 1 || n <= 0) {
		fprintf(stderr, "%s is run by `berth check`\n",
			argc > 0 ? argv[0] : "berth-manifests");
		free(input);
		return 2;
	}
	report_begin(&run.report);
	if (serve(&run, input, (size_t)n) < 0) {
		str_fini(&run.report.out);
		free(input);
		return 2;
	}
	report_end(&run.report);
	is_said = !run.report.out.has_failed &&
		  write_all(str_text(&run.report.out), run.report.out.length);
	str_fini(&run.report.out);
	free(input);
	return is_said ? EXIT_SUCCESS : EXIT_FAILURE;
}
