/*
 * Doors: the sockets at which the atlas is served: TCP, a unix socket, or what systemd passed.
 */
#pragma once

#include "query/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { DOORS_MOST = 8, DOORS_PATH_SIZE = 108 };

enum door_kind {
	DOOR_TCP,
	DOOR_UNIX,
	DOOR_OTHER, /* passed, and neither of them */
};

struct door {
	int fd;
	enum door_kind kind;
	bool is_own;                /* made here, not passed */
	struct address address;     /* DOOR_TCP */
	uint16_t port;
	char path[DOORS_PATH_SIZE]; /* DOOR_UNIX; "@NAME" in the abstract namespace */
	uint64_t device, inode;     /* what was made at the path */
};

/* `{0}` is none. */
struct doors {
	struct door items[DOORS_MOST];
	size_t n;
};

/*
 * Listen at an address (port 0: any free one, which is then in the door). A wildcard of IPv6 is of
 * IPv6 only. Returns 0; -E2BIG: more than DOORS_MOST; or what the system said: -EADDRINUSE, ...
 */
int doors_open_tcp(struct doors *d, const struct address *address,
		   uint16_t port) BERTH_MUST_CHECK;

/*
 * Listen at `path`, mode 0666: whoever may reach the directory may ask, as anybody may who reaches
 * a port; who asks is told by the socket. A socket at which nobody answers any more goes out of the
 * way. Returns as above; -EADDRINUSE: somebody answers there; -ENOTSOCK: something else is there;
 * -ENAMETOOLONG.
 */
int doors_open_unix(struct doors *d, const char *path) BERTH_MUST_CHECK;

/*
 * A socket at the path of `place`, `size` bytes of it, at which nobody answers any more is removed.
 * Returns 0 (nothing is there now), -EADDRINUSE: somebody answers; -ENOTSOCK: something else is
 * there; or what the system said.
 */
int doors_clear_path(const struct sockaddr_un *place, socklen_t size) BERTH_MUST_CHECK;

/*
 * Take what systemd passed (LISTEN_FDS, LISTEN_PID: sd_listen_fds(3)), and unset the variables.
 * Returns 0; -ENOENT: nothing was passed to this process; -ENOTSOCK: one of them is no stream
 * socket that listens; -E2BIG.
 */
int doors_take_given(struct doors *d) BERTH_MUST_CHECK;

/* Close them; paths that were made here are removed, if they are still the same. */
void doors_close(struct doors *d);

/* Tell systemd, where it wants to know (NOTIFY_SOCKET: sd_notify(3)): "READY=1". */
void doors_notify(const char *state);
