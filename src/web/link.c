#include "web/link.h"

#include "base/channel.h"
#include "base/fd.h"
#include "web/link-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DAY_CHECK_MS = 30 * 1000, READ_AT_ONCE = 256 * 1024 };

int64_t link_clock_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void link_today(char text[CLAIM_DATE_SIZE])
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	claim_date_format((int64_t)now.tv_sec * 1000000000, text);
}

void link_tell(const struct link *l, enum link_change what)
{
	if (l->options.changed)
		l->options.changed(l->options.context, what);
}

/* --- what is sent; under the lock ------------------------------------------------------------ */

int link_put(struct link *l, enum atlas_kind kind, uint32_t argument, const char *bytes,
	       size_t n)
{
	const struct atlas_frame frame = {kind, argument, bytes, n};
	bool was_empty = l->out.length == 0;

	if (l->is_lost)
		return -EPIPE;
	if (l->out.has_failed)
		return -ENOMEM;
	atlas_frame_write(&frame, &l->out);
	if (was_empty)
		channel_ring(l->wake[1]);
	return l->out.has_failed ? -ENOMEM : 0;
}

/* --- the pipe -------------------------------------------------------------------------------- */

/* Room for READ_AT_ONCE more; what a large frame took is given back when little is left of it. */
static int make_room(struct link *l)
{
	size_t wanted = l->n_in + READ_AT_ONCE, most = l->in_capacity;
	char *in;

	if (wanted > most)
		wanted = MAX_OF(wanted, MIN_OF(2 * most, (size_t)ATLAS_PAYLOAD_MOST * 2));
	else if (most <= 4 * (size_t)READ_AT_ONCE || wanted > most / 4)
		return 0;
	in = realloc(l->in, wanted);
	if (!in)
		return -ENOMEM;
	l->in = in;
	l->in_capacity = wanted;
	return 0;
}

static int receive(struct link *l)
{
	ssize_t n;
	int r = make_room(l);

	if (r < 0)
		return r;
	n = read(l->fd, l->in + l->n_in, l->in_capacity - l->n_in);
	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	l->n_in += (size_t)n;
	return link_take_frames(l);
}

static int send_out(struct link *l)
{
	ssize_t n = 0;
	int r = 0;

	pthread_mutex_lock(&l->lock);
	if (l->out.length > 0)
		n = send(l->fd, l->out.bytes, l->out.length, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		r = -errno;
	if (n > 0) {
		l->out.length -= (size_t)n;
		memmove(l->out.bytes, l->out.bytes + n, l->out.length);
	}
	if (l->out.has_failed)
		r = -ENOMEM;
	pthread_mutex_unlock(&l->lock);
	return r;
}

/* --- the thread ------------------------------------------------------------------------------ */

/* When the next patience is over. */
static int time_left(struct link *l, int64_t day_due, bool *has_out)
{
	int64_t due = day_due, left;

	pthread_mutex_lock(&l->lock);
	*has_out = l->out.length > 0;
	for (size_t i = 0; i < l->n_waiters; i++)
		due = MIN_OF(due, l->waiters[i].until_ms);
	for (size_t i = 0; i < LINK_STAKES_MOST; i++) {
		if (l->stakings[i].id != 0)
			due = MIN_OF(due, l->stakings[i].until_ms);
	}
	pthread_mutex_unlock(&l->lock);
	left = due - link_clock_ms();
	return left < 0 ? 0 : (int)MIN_OF(left, (int64_t)INT_MAX);
}

static int check_day(struct link *l, int64_t *due)
{
	char day[CLAIM_DATE_SIZE];

	if (link_clock_ms() < *due)
		return 0;
	*due = link_clock_ms() + DAY_CHECK_MS;
	link_today(day);
	return strcmp(day, l->claims->today) != 0 ? link_renew_claims(l) : 0;
}

static int step(struct link *l, int64_t *day_due)
{
	bool has_out;
	int timeout = time_left(l, *day_due, &has_out), r = 0;
	struct pollfd fds[2] = {
		{.fd = l->fd, .events = (short)(POLLIN | (has_out ? POLLOUT : 0))},
		{.fd = l->wake[0], .events = POLLIN},
	};
	char bytes[64];

	if (poll(fds, 2, timeout) < 0 && errno != EINTR)
		return -errno;
	if (fds[1].revents & POLLIN)
		(void)!read(l->wake[0], bytes, sizeof(bytes));
	if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
		r = receive(l);
	if (r == 0)
		r = send_out(l);
	if (r == 0)
		r = link_give_up_waiting(l);
	if (r == 0)
		r = check_day(l, day_due);
	return r;
}

static bool is_closing(struct link *l)
{
	bool is;

	pthread_mutex_lock(&l->lock);
	is = l->is_closing;
	pthread_mutex_unlock(&l->lock);
	return is;
}

static void *run(void *context)
{
	struct link *l = context;
	int64_t day_due = link_clock_ms() + DAY_CHECK_MS;
	int r = link_take_frames(l); /* what came behind the hello */

	while (r == 0 && !is_closing(l))
		r = step(l, &day_due);
	pthread_mutex_lock(&l->lock);
	l->is_lost = true;
	pthread_mutex_unlock(&l->lock);
	if (r < 0 && link_give_up_waiting(l) == 0)
		link_tell(l, LINK_LOST);
	return NULL;
}

/* --- begin and end --------------------------------------------------------------------------- */

/* Everybody who waits is told that nothing comes. */
static void dismiss_all(struct link *l)
{
	while (l->n_waiters > 0) {
		struct link_waiter w = l->waiters[--l->n_waiters];

		w.arrived(w.context, NULL);
	}
	link_fail_stakings(l, INT64_MAX);
}

static void free_link(struct link *l)
{
	for (size_t i = 0; i < LINK_PORTS_MOST; i++)
		link_empty_place(l, &l->places[i]);
	link_empty_place(l, &l->here);
	link_claims_release(l->claims);
	for (size_t i = 0; i < ATLAS_N_CLAIMS; i++)
		str_fini(&l->payloads[i]);
	str_fini(&l->out);
	channel_close(l->wake[0]);
	channel_close(l->wake[1]);
	pthread_mutex_destroy(&l->lock);
	free(l->faces);
	free(l->in);
	free(l);
}

/* Wait for the first frame. */
static int greet(struct link *l, unsigned int wait_ms)
{
	int64_t until = link_clock_ms() + wait_ms;
	struct atlas_frame frame;
	size_t used;
	int r;

	while ((r = atlas_frame_read(l->in, l->n_in, ATLAS_PAYLOAD_MOST, &frame, &used)) == 0) {
		struct pollfd pipe = {.fd = l->fd, .events = POLLIN};
		int64_t left = until - link_clock_ms();
		ssize_t n;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&pipe, 1, (int)MIN_OF(left, (int64_t)INT_MAX)) <= 0)
			continue;
		r = make_room(l);
		if (r < 0)
			return r;
		n = read(l->fd, l->in + l->n_in, l->in_capacity - l->n_in);
		if (n == 0)
			return -EPIPE;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		l->n_in += n > 0 ? (size_t)n : 0;
	}
	if (r < 0 || frame.kind != ATLAS_HELLO || frame.n != ATLAS_TOKEN_SIZE)
		return -EPROTO;
	memcpy(l->token, frame.bytes, ATLAS_TOKEN_SIZE);
	l->nature.is_privileged = frame.argument & ATLAS_IS_PRIVILEGED;
	l->nature.is_named = frame.argument & ATLAS_IS_NAMED;
	l->is_replay = frame.argument & ATLAS_IS_REPLAY;
	l->n_in -= used;
	memmove(l->in, l->in + used, l->n_in);
	return 0;
}

static int begin(struct link *l, unsigned int wait_ms)
{
	char day[CLAIM_DATE_SIZE];
	int flags, r;

	if (channel_pipe(l->wake, true) < 0)
		return -errno;
	flags = fcntl(l->fd, F_GETFL);
	if (flags < 0 || fcntl(l->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	l->faces = calloc((size_t)UINT16_MAX + 1, sizeof(*l->faces));
	if (!l->faces)
		return -ENOMEM;
	link_today(day);
	r = link_claims_read(l->payloads, day, &l->claims);
	if (r == 0)
		r = greet(l, wait_ms);
	return r < 0 ? r : -pthread_create(&l->thread, NULL, run, l);
}

int link_open(int fd, unsigned int wait_ms, const struct link_options *options, struct link **out)
{
	struct link *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->fd = fd;
	l->wake[0] = l->wake[1] = -1;
	l->options = *options;
	l->here.port = LINK_ALL;
	for (size_t i = 0; i < LINK_PORTS_MOST; i++)
		l->places[i].port = LINK_ALL;
	r = -pthread_mutex_init(&l->lock, NULL);
	if (r < 0) {
		free(l);
		return r;
	}
	r = begin(l, wait_ms);
	if (r < 0) {
		free_link(l);
		return r;
	}
	*out = l;
	return 0;
}

struct link *link_close(struct link *l)
{
	if (!l)
		return NULL;
	pthread_mutex_lock(&l->lock);
	l->is_closing = true;
	pthread_mutex_unlock(&l->lock);
	channel_ring(l->wake[1]);
	pthread_join(l->thread, NULL);
	dismiss_all(l);
	fd_close(l->fd);
	free_link(l);
	return NULL;
}

/* --- what it is ------------------------------------------------------------------------------ */

bool link_is_privileged(const struct link *l)
{
	return l->nature.is_privileged;
}

bool link_is_replay(const struct link *l)
{
	return l->is_replay;
}

bool link_is_token(const struct link *l, const char *bytes, size_t n)
{
	unsigned int differs = n != ATLAS_TOKEN_SIZE;

	for (size_t i = 0; i < ATLAS_TOKEN_SIZE; i++)
		differs |= (unsigned char)l->token[i] ^ (unsigned char)(i < n ? bytes[i] : 0);
	return differs == 0;
}

bool link_is_lost(struct link *l)
{
	bool is;

	pthread_mutex_lock(&l->lock);
	is = l->is_lost;
	pthread_mutex_unlock(&l->lock);
	return is;
}
