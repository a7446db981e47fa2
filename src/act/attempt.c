#include "act/attempt.h"

#include "act/wire.h"
#include "base/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t attempt_now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fail(struct attempt *a, int error)
{
	a->error = error;
	a->state = ATTEMPT_FAILED;
	a->fd = channel_close(a->fd);
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
	if (wire_own_end(a->fd, &a->from, &a->from_port) < 0)
		a->from_port = 0;
	a->state = a->request.length > 0 ? ATTEMPT_ASKING : ATTEMPT_CONNECTED;
}

void attempt_begin(struct attempt *a, const struct address *to, uint16_t port, const char *host,
		   const char *path, int64_t give_up_ms)
{
	int r = -ENOMEM;

	*a = (struct attempt){.fd = -1, .to = *to, .port = port, .give_up_ms = give_up_ms};
	str_init(&a->request);
	if (path)
		write_request(a, host, path);
	if (!a->request.has_failed)
		r = wire_connect(to, port, &a->fd);
	if (r < 0)
		fail(a, -r);
	else if (r == 0)
		go_on_connected(a);
	else
		a->state = ATTEMPT_CONNECTING;
}

short attempt_events(const struct attempt *a)
{
	switch (a->state) {
	case ATTEMPT_CONNECTING:
		return WIRE_WRITE;
	case ATTEMPT_CONNECTED:
		return a->has_ended ? 0 : WIRE_READ;
	case ATTEMPT_ASKING:
		return a->n_sent < a->request.length ? WIRE_WRITE | WIRE_READ : WIRE_READ;
	case ATTEMPT_NONE:
	case ATTEMPT_ANSWERED:
	case ATTEMPT_FAILED:
		break;
	}
	return 0;
}

static void finish_connecting(struct attempt *a)
{
	int r = wire_result(a->fd);

	if (r < 0)
		fail(a, -r);
	else
		go_on_connected(a);
}

/* An end of stream means that somebody has had the connection; a reset that nobody will. */
static void watch_connected(struct attempt *a)
{
	char byte[256];
	long n = wire_receive(a->fd, byte, sizeof(byte));

	if (n == 0)
		a->has_ended = true;
	else if (n < 0 && n != -EAGAIN)
		fail(a, (int)-n);
}

static void send_request(struct attempt *a)
{
	long n = wire_send(a->fd, a->request.bytes + a->n_sent, a->request.length - a->n_sent);

	if (n > 0)
		a->n_sent += (size_t)n;
	else if (n < 0 && n != -EAGAIN)
		fail(a, (int)-n);
}

static void read_reply(struct attempt *a)
{
	long n;
	int r;

	if (!a->reply)
		a->reply = malloc(HTTP_REPLY_MOST);
	if (!a->reply) {
		fail(a, ENOMEM);
		return;
	}
	n = wire_receive(a->fd, a->reply + a->n_reply, HTTP_REPLY_MOST - a->n_reply);
	if (n < 0) {
		if (n != -EAGAIN)
			fail(a, (int)-n);
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
	if (a->state == ATTEMPT_CONNECTING && revents)
		finish_connecting(a);
	else if (a->state == ATTEMPT_CONNECTED && revents && !a->has_ended)
		watch_connected(a);
	if (a->state == ATTEMPT_ASKING && a->n_sent < a->request.length)
		send_request(a);
	if (a->state == ATTEMPT_ASKING && revents & (WIRE_READ | WIRE_TROUBLE))
		read_reply(a);
	if ((a->state == ATTEMPT_CONNECTING || a->state == ATTEMPT_ASKING) &&
	    now_ms >= a->give_up_ms)
		fail(a, ETIMEDOUT);
}

void attempt_end(struct attempt *a)
{
	a->fd = channel_close(a->fd);
	free(a->reply);
	str_fini(&a->request);
	*a = (struct attempt){.fd = -1};
}
