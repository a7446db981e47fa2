#include "act/attempt.h"

#include "base/channel.h"
#include "base/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* A socket address of either family. */
union place {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

int64_t attempt_now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static socklen_t place_of(const struct address *a, uint16_t port, union place *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == ADDRESS_IPV4) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		memcpy(&out->v4.sin_addr, a->bytes, 4);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	out->v6.sin6_scope_id = a->scope_id;
	memcpy(&out->v6.sin6_addr, a->bytes, 16);
	return sizeof(out->v6);
}

static void learn_own_end(struct attempt *a)
{
	union place own = {0};
	socklen_t size = sizeof(own);

	if (getsockname(a->fd, &own.any, &size) < 0)
		return;
	if (own.any.sa_family == AF_INET) {
		a->from = (struct address){.family = ADDRESS_IPV4};
		memcpy(a->from.bytes, &own.v4.sin_addr, 4);
		a->from_port = ntohs(own.v4.sin_port);
	} else {
		a->from = (struct address){.family = ADDRESS_IPV6,
					   .scope_id = own.v6.sin6_scope_id};
		memcpy(a->from.bytes, &own.v6.sin6_addr, 16);
		a->from_port = ntohs(own.v6.sin6_port);
	}
}

static void fail(struct attempt *a, int error)
{
	a->error = error;
	a->state = ATTEMPT_FAILED;
	a->fd = fd_close(a->fd);
}

/* The Host of a request: brackets around what has colons, and always the port. */
static void write_request(struct attempt *a, const char *host, const char *path)
{
	bool has_colon = strchr(host, ':') != NULL;

	str_printf(&a->request,
		   "GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUser-Agent: berth\r\n"
		   "Accept: */*\r\nConnection: close\r\n\r\n",
		   path, has_colon ? "[" : "", host, has_colon ? "]" : "", a->port);
}

static void go_on_connected(struct attempt *a)
{
	learn_own_end(a);
	a->state = a->request.length > 0 ? ATTEMPT_ASKING : ATTEMPT_CONNECTED;
}

void attempt_begin(struct attempt *a, const struct address *to, uint16_t port, const char *host,
		   const char *path, int64_t give_up_ms)
{
	union place place;
	socklen_t size = place_of(to, port, &place);

	*a = (struct attempt){.fd = -1, .to = *to, .port = port, .give_up_ms = give_up_ms};
	str_init(&a->request);
	if (path)
		write_request(a, host, path);
	a->fd = channel_socket(place.any.sa_family, SOCK_STREAM);
	if (a->fd < 0 || a->request.has_failed) {
		fail(a, a->fd < 0 ? errno : ENOMEM);
		return;
	}
	a->state = ATTEMPT_CONNECTING;
	if (connect(a->fd, &place.any, size) == 0)
		go_on_connected(a);
	else if (errno != EINPROGRESS)
		fail(a, errno);
}

short attempt_events(const struct attempt *a)
{
	switch (a->state) {
	case ATTEMPT_CONNECTING:
		return POLLOUT;
	case ATTEMPT_CONNECTED:
		return a->has_ended ? 0 : POLLIN;
	case ATTEMPT_ASKING:
		return a->n_sent < a->request.length ? POLLOUT | POLLIN : POLLIN;
	case ATTEMPT_NONE:
	case ATTEMPT_ANSWERED:
	case ATTEMPT_FAILED:
		break;
	}
	return 0;
}

/* Whether a failed call only means "later". */
static bool is_later(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void finish_connecting(struct attempt *a)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error)
		fail(a, error);
	else
		go_on_connected(a);
}

/* An end of stream means that somebody has had the connection; a reset that nobody will. */
static void watch_connected(struct attempt *a)
{
	char byte[256];
	ssize_t n = recv(a->fd, byte, sizeof(byte), 0);

	if (n == 0)
		a->has_ended = true;
	else if (n < 0 && !is_later(errno))
		fail(a, errno);
}

static void send_request(struct attempt *a)
{
	ssize_t n = send(a->fd, a->request.bytes + a->n_sent, a->request.length - a->n_sent,
			 MSG_NOSIGNAL);

	if (n > 0)
		a->n_sent += (size_t)n;
	else if (n < 0 && !is_later(errno))
		fail(a, errno);
}

static void read_reply(struct attempt *a)
{
	ssize_t n;
	int r;

	if (!a->reply)
		a->reply = malloc(HTTP_REPLY_MOST);
	if (!a->reply) {
		fail(a, ENOMEM);
		return;
	}
	n = recv(a->fd, a->reply + a->n_reply, HTTP_REPLY_MOST - a->n_reply, 0);
	if (n < 0) {
		if (!is_later(errno))
			fail(a, errno);
		return;
	}
	a->n_reply += (size_t)n;
	r = http_reply_status(a->reply, a->n_reply, &a->status);
	if (r == 1)
		a->state = ATTEMPT_ANSWERED;
	else if (r < 0)
		fail(a, EBADMSG);
	else if (n == 0)
		fail(a, a->n_reply ? EBADMSG : ECONNRESET);
}

void attempt_step(struct attempt *a, short revents, int64_t now_ms)
{
	const short trouble = POLLERR | POLLHUP | POLLNVAL;

	if (a->state == ATTEMPT_CONNECTING && revents)
		finish_connecting(a);
	else if (a->state == ATTEMPT_CONNECTED && revents && !a->has_ended)
		watch_connected(a);
	if (a->state == ATTEMPT_ASKING && a->n_sent < a->request.length)
		send_request(a);
	if (a->state == ATTEMPT_ASKING && revents & (POLLIN | trouble))
		read_reply(a);
	if ((a->state == ATTEMPT_CONNECTING || a->state == ATTEMPT_ASKING) &&
	    now_ms >= a->give_up_ms)
		fail(a, ETIMEDOUT);
}

void attempt_end(struct attempt *a)
{
	a->fd = fd_close(a->fd);
	free(a->reply);
	str_fini(&a->request);
	*a = (struct attempt){.fd = -1};
}
