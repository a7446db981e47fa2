#include "busy-host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "berth-bench-"
#define SUFFIX ".slice"

enum { PATIENCE_MS = 5000, NAP_MS = 10, MOST_LINES = 65536 };

/* Where the cgroup2 tree is mounted ("/sys/fs/cgroup", or "…/unified" where v1 has the first). */
static int find_mount(char *out, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], point[256], type[64];
	int r = -ENOENT;

	if (!f)
		return -errno;
	for (int i = 0; r == -ENOENT && i < MOST_LINES && fgets(line, sizeof(line), f); i++) {
		const char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*d %*d %*s %*s %255s", point) != 1 ||
		    sscanf(dash, " - %63s", type) != 1 || strcmp(type, "cgroup2") != 0)
			continue;
		r = strlen(point) < size && !strchr(point, '\\') ? 0 : -ENAMETOOLONG;
		if (r == 0)
			memcpy(out, point, strlen(point) + 1);
	}
	fclose(f);
	return r;
}

static void group_name(char *out, size_t size, uint32_t index)
{
	snprintf(out, size, "s%05u.service", index);
}

/* Remove the groups below an open directory, and close it. */
static void empty_out(int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_type == DT_DIR && entry->d_name[0] == 's')
			(void)!unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

/* "berth-bench-812.slice" of a process that is gone. */
static bool is_left_over(const char *name)
{
	char *end;
	long pid;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	pid = strtol(name + strlen(PREFIX), &end, 10);
	return pid > 0 && strcmp(end, SUFFIX) == 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

void cgroup_sweep(void)
{
	char mount[256];
	struct dirent *entry;
	DIR *dir = find_mount(mount, sizeof(mount)) == 0 ? opendir(mount) : NULL;

	while (dir && (entry = readdir(dir)) != NULL) {
		int fd;

		if (!is_left_over(entry->d_name))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			empty_out(fd);
		(void)!unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

int cgroup_make(struct cgroup_dir *dir, uint32_t n)
{
	char mount[256], name[32];
	int r = find_mount(mount, sizeof(mount));

	if (r < 0)
		return r;
	snprintf(dir->path, sizeof(dir->path), "%s/" PREFIX "%d" SUFFIX, mount, (int)getpid());
	if (mkdir(dir->path, 0755) < 0)
		return -errno;
	dir->is_made = true;
	dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0)
		return -errno;
	for (; dir->n_groups < n; dir->n_groups++) {
		group_name(name, sizeof(name), dir->n_groups);
		if (mkdirat(dir->fd, name, 0755) < 0)
			return -errno;
	}
	return 0;
}

int cgroup_open(const struct cgroup_dir *dir, uint32_t index)
{
	char name[32];
	int fd;

	group_name(name, sizeof(name), index % dir->n_groups);
	fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_remove(struct cgroup_dir *dir)
{
	const struct timespec nap = {.tv_nsec = NAP_MS * 1000000L};

	if (!dir->is_made)
		return 0;
	if (dir->fd >= 0)
		close(dir->fd);
	for (int waited = 0; waited <= PATIENCE_MS; waited += NAP_MS) {
		int fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0)
			empty_out(fd);
		if (rmdir(dir->path) == 0 || errno == ENOENT) {
			dir->is_made = false;
			return 0;
		}
		nanosleep(&nap, NULL);
	}
	return -EBUSY;
}
