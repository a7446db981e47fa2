#include "act/dial.h"

#include "base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int64_t dial_now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool fill_address(const struct sockaddr *from, struct address *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	*out = (struct address){.family = ADDRESS_IPV4};
	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		memcpy(out->bytes, &v4.sin_addr, 4);
		return true;
	}
	if (from->sa_family != AF_INET6)
		return false;
	memcpy(&v6, from, sizeof(v6));
	out->family = ADDRESS_IPV6;
	memcpy(out->bytes, &v6.sin6_addr, 16);
	out->scope_id = v6.sin6_scope_id;
	return true;
}

int dial_resolve(const char *host, struct arena *arena, struct dial_names *out)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct dial_names names = {0};
	struct addrinfo *found = NULL;
	struct address *addresses = NULL;
	size_t capacity = 0;
	int r = getaddrinfo(host, NULL, &hints, &found);

	if (r != 0) {
		names.error = arena_strdup(arena, gai_strerror(r));
		*out = names;
		return names.error ? 0 : -ENOMEM;
	}
	for (const struct addrinfo *info = found; info; info = info->ai_next) {
		struct address address, *slot;

		if (!fill_address(info->ai_addr, &address))
			continue;
		slot = ARENA_PUSH(arena, addresses, names.n, capacity);
		if (slot)
			*slot = address;
		else
			r = -ENOMEM;
	}
	freeaddrinfo(found);
	names.addresses = addresses;
	if (r == 0)
		*out = names;
	return r;
}

/* Wait for a started connection. Returns 0 or a positive errno. */
static int finish(int fd, int64_t deadline)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int error = 0;

	for (;;) {
		int64_t left = deadline - dial_now_ms();
		int r = poll(&wait, 1, left > 0 ? (int)MIN_OF(left, INT32_MAX) : 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return errno;
		if (r == 0)
			return ETIMEDOUT;
		break;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return errno;
	return error;
}

int dial_try(const struct address *a, uint16_t port, int64_t timeout_ms)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(port),
				  .sin6_scope_id = a->scope_id};
	bool is_v4 = a->family == ADDRESS_IPV4;
	const struct sockaddr *to = is_v4 ? (const void *)&v4 : (const void *)&v6;
	int64_t deadline = dial_now_ms() + timeout_ms;
	BERTH_CLEANUP(fd_closep) int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return errno;
	memcpy(&v4.sin_addr, a->bytes, 4);
	memcpy(&v6.sin6_addr, a->bytes, 16);
	if (connect(fd, to, is_v4 ? sizeof(v4) : sizeof(v6)) == 0)
		return 0;
	return errno == EINPROGRESS ? finish(fd, deadline) : errno;
}
