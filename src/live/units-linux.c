#include "live/units-linux.h"

#include "base/fd.h"
#include "base/lang.h"
#include "base/str.h"
#include "live/units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_NAMES = 4096, MOST_DROPINS = 256, MOST_PREFIXES = 16 };

/* systemd.unit(5), the load paths; what comes first wins. */
static const char *const system_path[] = {
	"/etc/systemd/system.control",   "/run/systemd/system.control",
	"/run/systemd/transient",        "/run/systemd/generator.early",
	"/etc/systemd/system",           "/etc/systemd/system.attached",
	"/run/systemd/system",           "/run/systemd/system.attached",
	"/run/systemd/generator",        "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",       "/lib/systemd/system",
	"/run/systemd/generator.late",   NULL,
};

/* A user's: what is in the home directory and below /run/user is left out, because any user could
 * make root read there; its units are known by their control groups only. */
static const char *const user_path[] = {
	"/etc/systemd/user",     "/run/systemd/user", "/usr/local/lib/systemd/user",
	"/usr/lib/systemd/user", NULL,
};

/* A manager and the unit files as it sees them. */
struct manager {
	uint32_t pid; /* 0 = this system's own, which may not be looked at */
	int root;     /* its root directory; -1 = out of reach */
	bool is_user; /* systemd --user */
	const char *const *path;
	struct unit_socket **units; /* read so far; NULL elements: not there */
	size_t n_units, units_capacity;
	bool is_listed; /* `units` holds all of them */
};

struct units {
	struct arena *arena;
	struct gaps *gaps;
	struct manager **managers;
	size_t n_managers, managers_capacity;
};

struct units *units_open(struct arena *arena, struct gaps *gaps)
{
	struct units *u = arena_alloc(arena, sizeof(*u));

	if (u) {
		u->arena = arena;
		u->gaps = gaps;
	}
	return u;
}

struct units *units_close(struct units *u)
{
	for (size_t i = 0; u && i < u->n_managers; i++)
		fd_close(u->managers[i]->root);
	return NULL;
}

bool units_is_manager(const struct live_process *p)
{
	return p->program && strcmp(p->program, "systemd") == 0;
}

/* --- files below a root ---------------------------------------------------------------------- */

/* Open `path` as a process would whose root is `root`: links never lead out of it (Linux 5.6). */
static int open_below(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK |
						  O_NOCTTY),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* An ordinary file of at most UNITS_FILE_MAX bytes, to be freed. Returns 0; 1: it is empty or a
 * device, which masks a unit; a negative errno. */
static int slurp(int root, const char *path, char **out, size_t *n, char *real, size_t real_size)
{
	BERTH_CLEANUP(fd_closep) int fd = open_below(root, path, 0);
	char link[32], *bytes;
	struct stat st;
	ssize_t length;
	long have;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, real, real_size - 1);
	real[length > 0 ? length : 0] = '\0';
	if (st.st_size > UNITS_FILE_MAX)
		return -EFBIG;
	bytes = malloc(UNITS_FILE_MAX);
	have = bytes ? fd_read(fd, bytes, UNITS_FILE_MAX) : -ENOMEM;
	if (have < 0) {
		free(bytes);
		return (int)have;
	}
	*out = bytes;
	*n = (size_t)have;
	return 0;
}

/* Calls `each` with the names in a directory. */
static void each_entry(int root, const char *path,
		       void (*each)(const char *name, void *context), void *context)
{
	int fd = open_below(root, path, O_DIRECTORY);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		fd_close(fd);
		return;
	}
	for (size_t n = 0; n < 16 * MOST_NAMES && (entry = readdir(dir)) != NULL; n++)
		each(entry->d_name, context);
	closedir(dir);
}

/* --- one unit -------------------------------------------------------------------------------- */

/* Takes the text of a file; false when out of memory. */
typedef bool (*read_fn)(void *unit, const char *text, size_t n);

/* What is being read: a unit by its name, with the reader of its kind. */
struct loading {
	struct units *u;
	const struct manager *m;
	const char *name;
	read_fn read;
	void *unit;
};

static bool read_path(const struct loading *l, const char *path)
{
	char *text = NULL, real[4096];
	size_t n = 0;
	bool is_read = false;

	if (slurp(l->m->root, path, &text, &n, real, sizeof(real)) == 0)
		is_read = l->read(l->unit, text, n);
	free(text);
	return is_read;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The unit's own file, by its name or by that of its template. Returns 0; 1: masked, or only a
 * second name of another unit; -ENOENT. */
static int read_main(const struct loading *l, const char *name)
{
	for (const char *const *dir = l->m->path; *dir; dir++) {
		char path[512], real[4096];
		char *text = NULL;
		size_t n = 0;
		int r;

		snprintf(path, sizeof(path), "%s/%s", *dir, name);
		r = slurp(l->m->root, path, &text, &n, real, sizeof(real));
		if (r == 0) {
			const char *template = unit_template_of(l->name, l->u->arena);
			const char *base = base_name(real);
			bool is_alias = strcmp(base, l->name) != 0 &&
					!(template && strcmp(base, template) == 0);

			r = is_alias || !l->read(l->unit, text, n);
		}
		free(text);
		if (r != -ENOENT && r != -ENOTDIR)
			return r;
	}
	return -ENOENT;
}

struct dropins {
	struct arena *arena;
	const char *directory;
	struct dropin {
		const char *name, *path;
	} items[MOST_DROPINS];
	size_t n;
};

static void take_dropin(const char *name, void *context)
{
	struct dropins *d = context;
	size_t n = strlen(name);

	if (n <= 5 || strcmp(name + n - 5, ".conf") != 0 || *name == '.')
		return;
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->items[i].name, name) == 0)
			return; /* one of that name came first, and wins */
	}
	if (d->n == MOST_DROPINS)
		return;
	d->items[d->n].name = arena_strdup(d->arena, name);
	d->items[d->n].path = arena_printf(d->arena, "%s/%s", d->directory, name);
	if (d->items[d->n].name && d->items[d->n].path)
		d->n++;
}

static int compare_dropins(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

static void find_dropins(const struct loading *l, const char *directory, struct dropins *d)
{
	for (const char *const *dir = l->m->path; *dir; dir++) {
		d->directory = arena_printf(l->u->arena, "%s/%s.d", *dir, directory);
		if (d->directory)
			each_entry(l->m->root, d->directory, take_dropin, d);
	}
}

/* NAME.d, those of its template, then foo-.socket.d of foo-bar.socket, then socket.d. */
static bool read_dropins(const struct loading *l)
{
	struct dropins d = {.arena = l->u->arena};
	const char *template = unit_template_of(l->name, l->u->arena);
	const char *dot = strrchr(l->name, '.');
	size_t n_prefixes = 0;
	bool is_read = true;

	find_dropins(l, l->name, &d);
	if (template)
		find_dropins(l, template, &d);
	for (const char *at = dot; at > l->name && n_prefixes < MOST_PREFIXES; at--) {
		const char *prefix;

		if (at[-1] != '-' || at == dot)
			continue;
		prefix = arena_printf(l->u->arena, "%.*s%s", (int)(at - l->name), l->name, dot);
		if (prefix)
			find_dropins(l, prefix, &d);
		n_prefixes++;
	}
	if (dot)
		find_dropins(l, dot + 1, &d);
	qsort(d.items, d.n, sizeof(d.items[0]), compare_dropins);
	for (size_t i = 0; i < d.n; i++)
		is_read = read_path(l, d.items[i].path) && is_read;
	return is_read;
}

static int load(const struct loading *l)
{
	const char *template = unit_template_of(l->name, l->u->arena);
	int r = read_main(l, l->name);

	if (r == -ENOENT && template)
		r = read_main(l, template);
	if (r == 0)
		read_dropins(l);
	return r;
}

static bool read_socket(void *unit, const char *text, size_t n)
{
	return unit_read_socket(unit, text, n);
}

static bool read_service(void *unit, const char *text, size_t n)
{
	return unit_read_service(unit, text, n);
}

/* --- one manager ----------------------------------------------------------------------------- */

/* A socket unit by its name, read once; NULL when it is not there, masked or another's alias. */
static const struct unit_socket *find_unit(struct units *u, struct manager *m, const char *name)
{
	struct unit_socket *unit, **slot;
	struct loading l = {.u = u, .m = m, .read = read_socket};

	for (size_t i = 0; i < m->n_units; i++) {
		if (strcmp(m->units[i]->name, name) == 0)
			return m->units[i]->arena ? m->units[i] : NULL;
	}
	unit = arena_alloc(u->arena, sizeof(*unit));
	slot = ARENA_PUSH(u->arena, m->units, m->n_units, m->units_capacity);
	if (!unit || !slot)
		return NULL;
	*slot = unit;
	unit->name = name;
	unit->arena = u->arena;
	l.name = name;
	l.unit = unit;
	if (load(&l) != 0)
		unit->arena = NULL; /* remembered as not there */
	return unit->arena ? unit : NULL;
}

struct listing {
	struct units *u;
	struct manager *m;
	const char *directory;
	const char **names;
	size_t n, capacity;
	bool is_inner; /* in a directory of links: NAME.wants */
};

static void take_name(const char *name, void *context)
{
	struct listing *l = context;
	const char **slot;
	size_t n = strlen(name);

	if (!l->is_inner && ((n > 6 && strcmp(name + n - 6, ".wants") == 0) ||
			     (n > 9 && strcmp(name + n - 9, ".requires") == 0))) {
		struct listing inner = *l;
		const char *path = arena_printf(l->u->arena, "%s/%s", l->directory, name);

		inner.is_inner = true;
		if (path)
			each_entry(l->m->root, path, take_name, &inner);
		l->names = inner.names;
		l->n = inner.n;
		l->capacity = inner.capacity;
		return;
	}
	if (!unit_is_name(name, ".socket") || l->n == MOST_NAMES)
		return;
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->names[i], name) == 0)
			return;
	}
	slot = ARENA_PUSH(l->u->arena, l->names, l->n, l->capacity);
	if (slot)
		*slot = arena_strdup(l->u->arena, name);
	if (slot && !*slot)
		l->n--;
}

/* Every socket unit that the manager could know. */
static void list_units(struct units *u, struct manager *m)
{
	struct listing l = {.u = u, .m = m};

	if (m->is_listed)
		return;
	m->is_listed = true;
	for (const char *const *dir = m->path; *dir; dir++) {
		l.directory = *dir;
		each_entry(m->root, *dir, take_name, &l);
	}
	for (size_t i = 0; i < l.n; i++)
		(void)!find_unit(u, m, l.names[i]);
}

/* The one unit that listens there; NULL when there is none or more than one. */
static const struct unit_socket *find_by_address(struct units *u, struct manager *m,
						 const struct live_socket *s)
{
	const struct unit_socket *found = NULL;

	list_units(u, m);
	for (size_t i = 0; i < m->n_units; i++) {
		if (!m->units[i]->arena || !unit_is_listening(m->units[i], s))
			continue;
		if (found)
			return NULL;
		found = m->units[i];
	}
	return found;
}

static bool is_user_manager(const struct live_process *p)
{
	for (const char *const *arg = p->command; arg && *arg; arg++) {
		if (strcmp(*arg, "--user") == 0)
			return true;
	}
	return false;
}

static struct manager *find_manager(struct units *u, const struct live_process *p)
{
	uint32_t pid = p ? p->pid : 0;
	struct manager *m, **slot;
	char path[40] = "/";

	for (size_t i = 0; i < u->n_managers; i++) {
		if (u->managers[i]->pid == pid)
			return u->managers[i];
	}
	m = arena_alloc(u->arena, sizeof(*m));
	slot = ARENA_PUSH(u->arena, u->managers, u->n_managers, u->managers_capacity);
	if (!m || !slot) {
		u->n_managers -= slot != NULL;
		return NULL;
	}
	*slot = m;
	m->pid = pid;
	m->is_user = p && is_user_manager(p);
	m->path = m->is_user ? user_path : system_path;
	if (p)
		snprintf(path, sizeof(path), "/proc/%u/root", pid);
	m->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return m;
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool has_suffix(const char *text, const char *suffix)
{
	size_t n = strlen(text), length = strlen(suffix);

	return n > length && strcmp(text + n - length, suffix) == 0;
}

static void explain_gap(struct units *u, const struct live_socket *s, const char *why,
			const char *fix)
{
	char address[ADDRESS_TEXT_SIZE], where[128];
	bool is_v6 = s->local.family == ADDRESS_IPV6;

	snprintf(where, sizeof(where), "%s %s%s%s:%u", transport_name(s->transport),
		 is_v6 ? "[" : "", address_format(&s->local, address), is_v6 ? "]" : "",
		 s->local_port);
	gaps_add(u->gaps, "unit", where, why, fix);
}

static void set_service(struct units *u, const struct manager *m, const struct unit_socket *unit,
			struct live_socket *s)
{
	struct unit_service service = {.arena = u->arena};
	struct loading l = {.u = u, .m = m, .read = read_service, .unit = &service};

	s->activates = unit_service_of(unit);
	if (!s->activates)
		return;
	service.name = s->activates;
	l.name = s->activates;
	if (load(&l) == 0)
		s->starts = service.command;
}

bool units_explain(struct units *u, const struct live_process *manager, struct live_socket *s)
{
	bool is_known = s->unit && has_suffix(s->unit, ".socket");
	struct manager *m = NULL;
	const struct unit_socket *unit = NULL;

	/* What a service made itself and handed to systemd for safekeeping has no socket unit. */
	if (!is_known && s->unit && strcmp(s->unit, "init.scope") != 0)
		return false;
	m = find_manager(u, manager);
	if (!m)
		return false;
	if (m->root < 0) {
		explain_gap(u, s, N_("systemd holds it; its unit files may not be read"),
			    geteuid() == 0 ? N_("run with CAP_SYS_PTRACE") : N_("run as root"));
		return false;
	}
	if (is_known)
		unit = find_unit(u, m, s->unit);
	else if (!m->is_user)
		unit = find_by_address(u, m, s);
	if (unit) {
		s->unit = unit->name;
		set_service(u, m, unit, s);
	} else if (!is_known && manager) {
		explain_gap(u, s, N_("systemd holds it, and not exactly one socket unit on disk "
				  "listens there"), NULL);
	}
	return unit != NULL;
}
