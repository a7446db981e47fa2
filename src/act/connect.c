#include "act/connect.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for a started connection. Returns 0 or a positive errno. */
static int finish(int fd, int64_t deadline)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int error = 0;

	for (;;) {
		int64_t left = deadline - now_ms();
		int r = poll(&wait, 1, left > 0 ? (int)left : 0);

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

/* Try one address. Returns 0 or a positive errno. */
static int try_address(const struct addrinfo *info, int64_t deadline)
{
	BERTH_CLEANUP(fd_closep) int fd = socket(info->ai_family, SOCK_STREAM, 0);

	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return errno;
	if (connect(fd, info->ai_addr, info->ai_addrlen) == 0)
		return 0;
	return errno == EINPROGRESS ? finish(fd, deadline) : errno;
}

static const char *result_of(int error)
{
	switch (error) {
	case 0:
		return "open";
	case ECONNREFUSED:
		return "refused";
	case ETIMEDOUT:
		return "timed-out";
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EADDRNOTAVAIL:
		return "unreachable";
	default:
		return "failed";
	}
}

static const char *format_info(const struct addrinfo *info, struct arena *arena)
{
	char text[NI_MAXHOST];

	if (getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof(text), NULL, 0,
			NI_NUMERICHOST) != 0)
		return NULL;
	return arena_strdup(arena, text);
}

const struct answer_remote *connect_once(const char *host, uint16_t port, int timeout_ms,
					 struct arena *arena)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_NUMERICSERV};
	struct answer_remote *out = arena_alloc(arena, sizeof(*out));
	struct addrinfo *found = NULL;
	int64_t start;
	char service[8];
	int error = 0, r;

	if (!out)
		return NULL;
	snprintf(service, sizeof(service), "%u", port);
	*out = (struct answer_remote){.host = arena_strdup(arena, host),
				      .result = "unresolved",
				      .milliseconds = ANSWER_NULL};
	r = getaddrinfo(host, service, &hints, &found);
	if (r != 0) {
		out->error = arena_strdup(arena, gai_strerror(r));
		return out;
	}
	start = now_ms();
	for (const struct addrinfo *info = found; info; info = info->ai_next) {
		out->address = format_info(info, arena);
		error = try_address(info, start + timeout_ms);
		if (error == 0)
			break;
	}
	freeaddrinfo(found);
	out->milliseconds = now_ms() - start;
	out->result = result_of(error);
	out->error = error ? arena_strdup(arena, strerror(error)) : NULL;
	return out;
}
