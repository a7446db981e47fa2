#include "act/doors.h"

#include "base/environment.h"
#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_GIVEN = 3, BACKLOG = 4096, NOT_MINE = 0111 };

/* --- TCP ------------------------------------------------------------------------------------- */

/* The address as the system writes it. */
static socklen_t fill_inet(const struct address *address, uint16_t port,
			   struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(port),
				  .sin6_scope_id = address->scope_id};

	*out = (struct sockaddr_storage){0};
	if (address->family == ADDRESS_IPV4) {
		memcpy(&v4.sin_addr, address->bytes, sizeof(v4.sin_addr));
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, address->bytes, sizeof(v6.sin6_addr));
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

static bool read_inet(int fd, struct door *door)
{
	struct sockaddr_storage storage = {0};
	socklen_t size = sizeof(storage);
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (getsockname(fd, (struct sockaddr *)&storage, &size) < 0)
		return false;
	if (storage.ss_family == AF_INET) {
		memcpy(&v4, &storage, sizeof(v4));
		door->address = (struct address){.family = ADDRESS_IPV4};
		memcpy(door->address.bytes, &v4.sin_addr, sizeof(v4.sin_addr));
		door->port = ntohs(v4.sin_port);
		return true;
	}
	if (storage.ss_family != AF_INET6)
		return false;
	memcpy(&v6, &storage, sizeof(v6));
	door->address = (struct address){.family = ADDRESS_IPV6, .scope_id = v6.sin6_scope_id};
	memcpy(door->address.bytes, &v6.sin6_addr, sizeof(v6.sin6_addr));
	door->port = ntohs(v6.sin6_port);
	return true;
}

static int listen_at(int fd, const struct address *address, uint16_t port)
{
	const int yes = 1;
	struct sockaddr_storage place;
	socklen_t size = fill_inet(address, port, &place);

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    (address->family == ADDRESS_IPV6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) < 0) ||
	    bind(fd, (const struct sockaddr *)&place, size) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int doors_open_tcp(struct doors *d, const struct address *address, uint16_t port)
{
	struct door door = {.kind = DOOR_TCP, .is_own = true};
	int r, fd;

	if (d->n == DOORS_MOST)
		return -E2BIG;
	fd = socket(address->family == ADDRESS_IPV4 ? AF_INET : AF_INET6,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	door.fd = fd;
	r = listen_at(door.fd, address, port);
	if (r == 0 && !read_inet(door.fd, &door))
		r = -EAFNOSUPPORT;
	if (r < 0) {
		fd_close(door.fd);
		return r;
	}
	d->items[d->n++] = door;
	return 0;
}

/* --- unix ------------------------------------------------------------------------------------ */

int doors_clear_path(const struct sockaddr_un *place, socklen_t size)
{
	BERTH_CLEANUP(fd_closep) int fd = -1;
	struct stat st;

	if (lstat(place->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)place, size) == 0 || errno != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(place->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Nobody can connect between bind(2) and a chmod(2): the mode is right from the beginning. */
static int bind_unix(int fd, const struct sockaddr_un *place)
{
	mode_t before = umask(NOT_MINE);
	int r = bind(fd, (const struct sockaddr *)place, sizeof(*place)) < 0 ? -errno : 0;

	umask(before);
	return r;
}

int doors_open_unix(struct doors *d, const char *path)
{
	struct door door = {.kind = DOOR_UNIX, .is_own = true};
	struct sockaddr_un place = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	struct stat st = {0};
	int r, fd;

	if (d->n == DOORS_MOST)
		return -E2BIG;
	if (n == 0 || n >= sizeof(place.sun_path) || n >= sizeof(door.path))
		return n == 0 ? -EINVAL : -ENAMETOOLONG;
	memcpy(place.sun_path, path, n);
	memcpy(door.path, path, n);
	r = doors_clear_path(&place, sizeof(place));
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	door.fd = fd;
	r = bind_unix(door.fd, &place);
	if (r == 0 && (listen(door.fd, BACKLOG) < 0 || lstat(path, &st) < 0))
		r = -errno;
	if (r < 0) {
		fd_close(door.fd);
		return r;
	}
	door.device = st.st_dev;
	door.inode = st.st_ino;
	d->items[d->n++] = door;
	return 0;
}

/* --- what was passed ------------------------------------------------------------------------- */

static int number_of(const char *name, uint64_t most, uint64_t *out)
{
	const char *text = environment_get(name);

	return text && str_parse_u64(text, strlen(text), most, out) == 0 ? 0 : -ENOENT;
}

static void read_unix(int fd, struct door *door)
{
	struct sockaddr_un place = {0};
	socklen_t size = sizeof(place);

	door->kind = DOOR_OTHER;
	if (getsockname(fd, (struct sockaddr *)&place, &size) < 0 || place.sun_family != AF_UNIX)
		return;
	door->kind = DOOR_UNIX;
	if (place.sun_path[0] == '\0' && size > sizeof(sa_family_t) + 1)
		place.sun_path[0] = '@';
	memcpy(door->path, place.sun_path, sizeof(door->path) - 1);
}

static int take_one(struct doors *d, int fd)
{
	struct door door = {.fd = fd, .kind = DOOR_TCP};
	int is_listening = 0, type = 0, flags;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM)
		return -ENOTSOCK;
	size = sizeof(is_listening);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) < 0 || !is_listening)
		return -ENOTSOCK;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	if (!read_inet(fd, &door))
		read_unix(fd, &door);
	d->items[d->n++] = door;
	return 0;
}

int doors_take_given(struct doors *d)
{
	uint64_t pid = 0, n = 0;
	int r = number_of("LISTEN_PID", INT32_MAX, &pid);

	if (r == 0)
		r = number_of("LISTEN_FDS", 1024, &n);
	/* Whoever is started from here is not meant. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (r < 0 || n == 0 || (pid_t)pid != getpid())
		return -ENOENT;
	if (d->n + n > DOORS_MOST)
		return -E2BIG;
	for (uint64_t i = 0; r == 0 && i < n; i++)
		r = take_one(d, FIRST_GIVEN + (int)i);
	return r;
}

/* --- the end --------------------------------------------------------------------------------- */

void doors_close(struct doors *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct door *door = &d->items[i];
		struct stat st;

		if (door->is_own && door->kind == DOOR_UNIX && lstat(door->path, &st) == 0 &&
		    st.st_dev == door->device && st.st_ino == door->inode)
			unlink(door->path);
		door->fd = fd_close(door->fd);
	}
	d->n = 0;
}

void doors_notify(const char *state)
{
	const char *path = environment_get("NOTIFY_SOCKET");
	struct sockaddr_un place = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;
	BERTH_CLEANUP(fd_closep) int fd = -1;

	if (n < 2 || n >= sizeof(place.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(place.sun_path, path, n);
	if (path[0] == '@')
		place.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && sendto(fd, state, strlen(state), MSG_NOSIGNAL,
			      (const struct sockaddr *)&place,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		errno = 0; /* who does not listen is not told */
}
