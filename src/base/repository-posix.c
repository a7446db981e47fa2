#include "base/repository.h"

#include "base/fd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POINTER_MOST = 8192 }; /* bytes of a .git file or of "commondir" */

static bool BERTH_PRINTF(2, 3) print_path(char *out, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(out, REPOSITORY_PATH_SIZE, fmt, args);
	va_end(args);
	return n >= 0 && n < REPOSITORY_PATH_SIZE;
}

/* Returns 0 or a negative errno; `out` may be `path`. */
static int make_real(const char *path, char *out)
{
	char *real = realpath(path, NULL);
	int r = real ? 0 : -errno;

	if (real && strlen(real) >= REPOSITORY_PATH_SIZE)
		r = -ENAMETOOLONG;
	if (r == 0)
		memcpy(out, real, strlen(real) + 1);
	free(real);
	return r;
}

/* A regular file only: nothing is waited for. */
static int slurp(const char *path, size_t limit, char **out, size_t *n)
{
	uint64_t size;
	int fd = fd_open_file(path, &size);

	return fd < 0 ? fd : fd_slurp_open(fd, limit, out, n);
}

/* The one line of a small file, behind `prefix`; false when it is none. */
static bool read_pointer(const char *path, const char *prefix, char *out)
{
	char *text = NULL;
	size_t n, n_prefix = strlen(prefix);
	bool is_good = false;

	if (slurp(path, POINTER_MOST, &text, &n) < 0)
		return false;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	if (n > n_prefix && n < REPOSITORY_PATH_SIZE && strlen(text) == n &&
	    memcmp(text, prefix, n_prefix) == 0) {
		memcpy(out, text + n_prefix, n - n_prefix + 1);
		is_good = true;
	}
	free(text);
	return is_good;
}

/* A path as a file in `directory` gives it. */
static bool resolve(const char *directory, const char *given, char *out)
{
	char whole[REPOSITORY_PATH_SIZE];

	if (*given == '/' ? !print_path(whole, "%s", given)
			  : !print_path(whole, "%s/%s", directory, given))
		return false;
	return make_real(whole, out) == 0;
}

/* Whether git would take the directory for its own: each has a HEAD, a worktree's part, too. */
static bool has_head(const char *directory)
{
	char path[REPOSITORY_PATH_SIZE];
	struct stat st;

	return print_path(path, "%s/HEAD", directory) && lstat(path, &st) == 0;
}

/* What the worktrees of `checkout` share, if it is one. */
static bool find_common(const char *checkout, char *common)
{
	char path[REPOSITORY_PATH_SIZE], given[REPOSITORY_PATH_SIZE];
	struct stat st;

	if (!print_path(path, "%s/.git", checkout) || stat(path, &st) < 0)
		return false;
	if (S_ISREG(st.st_mode)) {
		if (!read_pointer(path, "gitdir: ", given) || !resolve(checkout, given, path))
			return false;
	} else if (!S_ISDIR(st.st_mode) || make_real(path, path) < 0) {
		return false;
	}
	if (!has_head(path))
		return false;
	if (print_path(common, "%s/commondir", path) && read_pointer(common, "", given))
		return resolve(path, given, common);
	return print_path(common, "%s", path);
}

static void identify(const char *common, char *identity)
{
	char path[REPOSITORY_PATH_SIZE], url[REPOSITORY_PATH_SIZE];
	char *config = NULL;
	size_t n = 0;
	bool is_named = false;

	if (print_path(path, "%s/config", common) &&
	    slurp(path, REPOSITORY_CONFIG_MOST, &config, &n) == 0)
		is_named = repository_origin(config, n, url, sizeof(url)) &&
			   repository_normalise(url, identity, REPOSITORY_PATH_SIZE);
	free(config);
	if (!is_named)
		memcpy(identity, common, strlen(common) + 1);
}

int repository_find(const char *directory, bool is_exact, struct repository *out)
{
	char above[REPOSITORY_PATH_SIZE], common[REPOSITORY_PATH_SIZE];
	struct stat st;
	int r = make_real(directory ? directory : ".", above);

	if (r == 0 && stat(above, &st) < 0)
		r = -errno;
	if (r < 0)
		return r;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	memcpy(out->checkout, above, strlen(above) + 1);
	out->identity[0] = '\0';
	for (;;) {
		char *slash;

		if (find_common(above, common)) {
			if (!is_exact)
				memcpy(out->checkout, above, strlen(above) + 1);
			identify(common, out->identity);
			return 0;
		}
		slash = strrchr(above, '/');
		if (!slash || !above[1])
			return 0;
		slash[slash == above] = '\0';
	}
}
