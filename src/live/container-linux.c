#include "live/container-linux.h"

#include "base/fd.h"
#include "base/lang.h"
#include "base/str.h"
#include "live/container-api-linux.h"
#include "live/container-state.h"
#include "live/proc-linux.h"
#include "live/proxy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_STATE = 4 * 1024 * 1024, MOST_STORAGE = 32 * 1024 * 1024, ID_LENGTH = 64 };
enum { MOST_ARGUMENTS = 16 * 1024 };

void containers_add(struct container_list *l, const char *id, struct container_trace trace)
{
	struct live_container *slot;
	struct container_trace *beside;

	if (!id)
		return;
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->items[i].id, id) == 0) {
			if (l->traces[i].monitor == 0)
				l->traces[i].monitor = trace.monitor;
			if (l->traces[i].uid == 0)
				l->traces[i].uid = trace.uid;
			return;
		}
	}
	beside = ARENA_PUSH(l->arena, l->traces, l->n_traces, l->traces_capacity);
	slot = beside ? ARENA_PUSH(l->arena, l->items, l->n, l->capacity) : NULL;
	if (!slot)
		return;
	*beside = trace;
	slot->id = id;
}

void containers_add_process(struct container_list *l, const struct live_process *p)
{
	struct container_trace trace = {.uid = p->uid};

	if (p->program && strcmp(p->program, "conmon") == 0) {
		trace.monitor = p->pid;
		containers_add(l, proxy_option(p->command, "-c", "--cid"), trace);
		return;
	}
	for (size_t i = 0; i < p->n_parents && trace.monitor == 0; i++) {
		if (p->parents[i].program && strcmp(p->parents[i].program, "conmon") == 0)
			trace.monitor = p->parents[i].pid;
	}
	containers_add(l, p->container, trace);
}

/* Ids become parts of paths. */
static bool is_id(const char *id)
{
	return strlen(id) == ID_LENGTH && strspn(id, "0123456789abcdef") == ID_LENGTH;
}

/* --- state files ----------------------------------------------------------------------------- */

typedef bool (*read_fn)(const char *bytes, size_t n, struct arena *arena,
			struct live_container *out);

static bool read_state(struct container_list *l, const char *path, read_fn read,
		       struct live_container *c)
{
	char *bytes = NULL;
	size_t n = 0;
	bool is_read;

	if (fd_slurp_at(AT_FDCWD, path, MOST_STATE, &bytes, &n) < 0)
		return false;
	is_read = read(bytes, n, l->arena, c);
	free(bytes);
	return is_read;
}

/* All containers of a storage stand in one file, which is read once. */
static bool read_storage(struct container_list *l, const char *path, struct live_container *c)
{
	char *bytes = NULL;
	size_t n = 0;

	if (!l->storage_path || strcmp(l->storage_path, path) != 0) {
		l->storage_path = arena_strdup(l->arena, path);
		l->storage = NULL;
		l->n_storage = 0;
		if (fd_slurp_at(AT_FDCWD, path, MOST_STORAGE, &bytes, &n) == 0) {
			l->storage = arena_strndup(l->arena, bytes, n);
			l->n_storage = l->storage ? strlen(l->storage) : 0;
			free(bytes);
		}
	}
	return l->storage && strstr(l->storage, c->id) &&
	       container_state_storage(l->storage, l->n_storage, l->arena, c);
}

static bool read_docker(struct container_list *l, struct live_container *c)
{
	char path[160];

	snprintf(path, sizeof(path), "/var/lib/docker/containers/%s/config.v2.json", c->id);
	return read_state(l, path, container_state_docker, c);
}

/* "BUNDLE/../../containers.json", and the one of short-lived containers beside it. */
static bool read_storage_of(struct container_list *l, const char *directory,
			    struct live_container *c)
{
	static const char *const names[] = {"containers.json", "volatile-containers.json"};
	char path[1024];

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		if (read_storage(l, path, c))
			return true;
	}
	return false;
}

static bool read_podman(struct container_list *l, struct live_container *c)
{
	static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs"};
	char directory[96];

	for (size_t i = 0; i < N_ELEMENTS(drivers); i++) {
		snprintf(directory, sizeof(directory), "/var/lib/containers/storage/%s-containers",
			 drivers[i]);
		if (read_storage_of(l, directory, c))
			return true;
	}
	return false;
}

static bool read_crio(struct container_list *l, struct live_container *c)
{
	char path[192];

	snprintf(path, sizeof(path),
		 "/run/containers/storage/overlay-containers/%s/userdata/config.json", c->id);
	return read_state(l, path, container_state_bundle, c);
}

/* Each of containerd's own namespaces has its bundles. */
static bool read_containerd(struct container_list *l, struct live_container *c)
{
	static const char root[] = "/run/containerd/io.containerd.runtime.v2.task";
	DIR *dir = opendir(root);
	struct dirent *entry;
	bool is_read = false;
	char path[512];

	while (dir && !is_read && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%.200s/%s/config.json", root, entry->d_name,
			 c->id);
		is_read = read_state(l, path, container_state_bundle, c);
	}
	if (dir)
		closedir(dir);
	return is_read;
}

/* --- monitors -------------------------------------------------------------------------------- */

/* conmon ... -c ID ... -n NAME ... -b BUNDLE; what it says of another container is not used. */
static void ask_monitor(struct container_list *l, uint32_t monitor, struct live_container *c)
{
	char path[32], bytes[MOST_ARGUMENTS], bundle[1024];
	const char *const *command;
	const char *id, *at;
	char *slash;
	long n;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", monitor);
	n = monitor ? fd_read_file_at(AT_FDCWD, path, bytes, sizeof(bytes), NULL) : 0;
	command = n > 0 ? proc_split_command(l->arena, bytes, (size_t)n) : NULL;
	id = command ? proxy_option(command, "-c", "--cid") : NULL;
	if (!id || strcmp(id, c->id) != 0)
		return;
	at = proxy_option(command, "-b", "--bundle");
	if (at && at[0] == '/' && strlen(at) < sizeof(bundle)) {
		snprintf(bundle, sizeof(bundle), "%s", at);
		for (int i = 0; i < 2 && (slash = strrchr(bundle, '/')) != NULL; i++)
			*slash = '\0';
		(void)!read_storage_of(l, bundle, c);
	}
	if (!c->name)
		c->name = proxy_option(command, "-n", "--name");
}

/* Who runs it: the monitor's user; without one that of a process of the container, whose numbers
 * may be those of a user namespace. */
static uint32_t user_of(const struct container_trace *trace)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", trace->monitor);
	return trace->monitor && stat(path, &st) == 0 ? st.st_uid : trace->uid;
}

/* Files told nothing about some of them. */
static void ask_runtimes(struct container_list *l, struct gaps *gaps)
{
	struct container_api *api = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct live_container *c = &l->items[i];

		if (c->name || !is_id(c->id))
			continue;
		if (!api)
			api = container_api_open(l->arena, gaps);
		if (!api) {
			gaps_add_errno(gaps, N_("container name"), "containers", ENOMEM);
			return;
		}
		container_api_ask(api, user_of(&l->traces[i]), c);
	}
	container_api_close(api);
}

static int compare(const void *a, const void *b)
{
	return live_container_compare(a, b);
}

void containers_read(struct container_list *l, struct gaps *gaps)
{
	for (size_t i = 0; i < l->n; i++) {
		struct live_container *c = &l->items[i];

		if (!is_id(c->id))
			continue;
		ask_monitor(l, l->traces[i].monitor, c);
		if (!c->image)
			(void)!(read_docker(l, c) || read_podman(l, c) || read_containerd(l, c) ||
				read_crio(l, c));
	}
	if (gaps)
		ask_runtimes(l, gaps);
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(*l->items), compare);
}

bool containers_is_named(struct arena *arena, const char *id, const char *name)
{
	struct container_list l = {.arena = arena};

	containers_add(&l, id, (struct container_trace){0});
	containers_read(&l, NULL);
	return l.n > 0 && l.items[0].name && strcmp(l.items[0].name, name) == 0;
}
