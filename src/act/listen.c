#include "act/listen.h"

#include "act/attempt.h"
#include "act/listen-parts.h"
#include "act/wire.h"
#include "base/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	MOST_SOCKETS = LISTEN_MOST_PORTS * 4,
	AT_ONCE = 64,             /* connections or datagrams of one socket before the next */
	LEAST_HELD = 4,
	DESCRIPTORS_FOR_LOOKS = 96,
	READ_SIZE = 65536,        /* the largest datagram */
	MOST_READ = 16,           /* reads of one connection before the next */
};

/* A socket that is listened on. */
struct quiet {
	int fd;
	enum transport transport;
	struct address address;
	uint16_t port;
};

/* A connection that is held. */
struct held {
	int fd; /* -1 = free */
	const struct quiet *at;
	live_time time;
	int64_t begun_ms, last_ms;
	struct address local;
	struct peer peer;
	uint64_t n_bytes;
	size_t n_kept;
	unsigned char bytes[OPENER_MOST];
};

struct listener {
	const struct listen_request *request;
	struct quiet quiet[MOST_SOCKETS];
	size_t n_quiet;
	struct held *held; /* most_held of them */
	size_t most_held, n_held;
	struct peers peers;
	struct listen_totals *totals;
	struct wire_wait *fds;
	struct held **polled; /* the connection of fds[i], NULL for others */
	unsigned char *buffer; /* READ_SIZE bytes */
	int64_t now_ms;
};

/* --- opening --------------------------------------------------------------------------------- */

/* Whether an address cannot be had because its family cannot. */
static bool is_missing_family(int error)
{
	return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL || error == -EPROTONOSUPPORT;
}

static int add_quiet(struct listener *l, enum transport transport, const struct address *a,
		     uint16_t port, struct listen_trouble *trouble)
{
	struct quiet *q = &l->quiet[l->n_quiet];
	int r;

	*q = (struct quiet){.fd = -1, .transport = transport, .address = *a, .port = port};
	r = wire_listen(transport, a, port, &q->fd);
	if (r == 0) {
		l->n_quiet++;
		return 0;
	}
	if (l->request->is_either_enough && is_missing_family(r))
		return 0;
	*trouble = (struct listen_trouble){.transport = transport, .address = *a, .port = port};
	return r;
}

static int add_port(struct listener *l, const struct listen_port *port,
		    struct listen_trouble *trouble)
{
	const struct listen_request *q = l->request;
	size_t before = l->n_quiet;
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->n_on; i++) {
		if (port->want_tcp)
			r = add_quiet(l, TRANSPORT_TCP, &q->on[i], port->port, trouble);
		if (r == 0 && port->want_udp)
			r = add_quiet(l, TRANSPORT_UDP, &q->on[i], port->port, trouble);
	}
	if (r == 0 && l->n_quiet == before) {
		*trouble = (struct listen_trouble){.address = q->on[0], .port = port->port};
		r = -EADDRNOTAVAIL;
	}
	return r;
}

/* Descriptors for connections: what the limit leaves when looks have theirs. */
static size_t most_held(const struct listener *l)
{
	uint64_t most = wire_most(), used = l->n_quiet + DESCRIPTORS_FOR_LOOKS;

	if (most <= used + LEAST_HELD)
		return LEAST_HELD;
	return (size_t)MIN_OF(most - used, (uint64_t)LISTEN_MOST_HELD);
}

struct listener *listen_close(struct listener *l)
{
	if (!l)
		return NULL;
	for (size_t i = 0; i < l->n_quiet; i++)
		channel_close(l->quiet[i].fd);
	for (size_t i = 0; l->held && i < l->most_held; i++)
		channel_close(l->held[i].fd);
	peers_close(&l->peers);
	free(l->held);
	free(l->fds);
	free(l->polled);
	free(l->buffer);
	free(l);
	return NULL;
}

static int make_room(struct listener *l)
{
	size_t most = MOST_SOCKETS + LISTEN_MOST_HELD + 1;

	l->most_held = most_held(l);
	l->held = calloc(l->most_held, sizeof(*l->held));
	l->fds = calloc(most, sizeof(*l->fds));
	l->polled = calloc(most, sizeof(*l->polled));
	l->buffer = malloc(READ_SIZE);
	for (size_t i = 0; l->held && i < l->most_held; i++)
		l->held[i].fd = -1;
	return l->held && l->fds && l->polled && l->buffer ? 0 : -ENOMEM;
}

int listen_open(const struct listen_request *request, struct listener **out,
		struct listen_trouble *trouble)
{
	struct listener *l = calloc(1, sizeof(*l));
	int r = 0;

	*trouble = (struct listen_trouble){0};
	if (!l)
		return -ENOMEM;
	l->request = request;
	for (size_t i = 0; r == 0 && i < request->n_ports; i++)
		r = add_port(l, &request->ports[i], trouble);
	if (r == 0)
		r = make_room(l);
	if (r < 0) {
		listen_close(l);
		return r;
	}
	*out = l;
	return 0;
}

bool listen_has_address(const struct listener *l, size_t i)
{
	for (size_t k = 0; k < l->n_quiet; k++) {
		if (address_is_equal(&l->quiet[k].address, &l->request->on[i]))
			return true;
	}
	return false;
}

/* --- knocks ---------------------------------------------------------------------------------- */

static void count_kind(struct listen_totals *t, const char *opener)
{
	for (size_t i = 0; i < t->n_kinds; i++) {
		if (strcmp(t->kinds[i].opener, opener) == 0) {
			t->kinds[i].n++;
			return;
		}
	}
	if (t->n_kinds == LISTEN_MOST_KINDS)
		return;
	t->kinds[t->n_kinds].opener = opener;
	t->kinds[t->n_kinds++].n = 1;
}

static uint64_t count_all(const struct listen_totals *t)
{
	return t->n_tcp + t->n_udp;
}

static void count(struct listener *l, const struct held *h, const struct opener *o, bool is_stream)
{
	struct listen_totals *t = l->totals;

	if (is_stream)
		t->n_tcp++;
	else
		t->n_udp++;
	t->n_without_bytes += h->n_bytes == 0;
	if (o->protocol)
		count_kind(t, o->protocol);
	peers_count(&l->peers, &h->peer.address);
	t->has_reached_max = l->request->max > 0 && count_all(t) >= l->request->max;
}

/* Hand a knock over. Returns what knock() says. */
static int tell(struct listener *l, const struct held *h, const char *ended)
{
	bool is_stream = h->at->transport == TRANSPORT_TCP;
	char data[LISTEN_MOST_SHOWN * 4 + 1];
	char local[ADDRESS_TEXT_SIZE], peer[ADDRESS_TEXT_SIZE];
	struct opener opener;
	size_t shown = MIN_OF(h->n_kept, LISTEN_MOST_SHOWN);
	struct answer_knock k;

	opener_read(h->bytes, h->n_kept, !is_stream, &opener);
	opener_escape(h->bytes, shown, data, sizeof(data));
	k = (struct answer_knock){
		.at = h->time,
		.protocol = transport_name(h->at->transport),
		.address = address_format(&h->local, local),
		.port = h->at->port,
		.peer = {
			.address = address_format(&h->peer.address, peer),
			.port = h->peer.port,
			.program = *h->peer.program ? h->peer.program : NULL,
			.pid = h->peer.pid,
			.user = *h->peer.user ? h->peer.user : NULL,
			.uid = h->peer.uid,
		},
		.opener = opener.protocol,
		.name = *opener.name ? opener.name : NULL,
		.request = *opener.request ? opener.request : NULL,
		.bytes = (answer_number)h->n_bytes,
		.data = data,
		.cut = h->n_bytes > shown,
		.ended = ended,
	};
	count(l, h, &opener, is_stream);
	return l->request->knock(l->request->context, &k);
}

static int let_go(struct listener *l, struct held *h, const char *ended)
{
	int r;

	h->fd = channel_close(h->fd);
	l->n_held--;
	r = l->totals->has_reached_max ? 0 : tell(l, h, ended);
	return r;
}

static live_time wall_clock(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	return (live_time)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void begin(struct listener *l, struct held *h, const struct quiet *at, int fd,
		  const struct peer *from)
{
	memset(h, 0, offsetof(struct held, bytes));
	h->fd = fd;
	h->at = at;
	h->time = wall_clock();
	h->begun_ms = h->last_ms = l->now_ms;
	h->local = at->address;
	h->peer = *from;
	h->peer.pid = h->peer.uid = -1;
}

/* --- connections ----------------------------------------------------------------------------- */

/* Make room by letting go of the connection that has been held longest. */
static int displace(struct listener *l)
{
	struct held *oldest = NULL;

	for (size_t i = 0; i < l->most_held; i++) {
		struct held *h = &l->held[i];

		if (h->fd >= 0 && (!oldest || h->time < oldest->time))
			oldest = h;
	}
	if (!oldest)
		return 0;
	l->totals->n_displaced++;
	return let_go(l, oldest, "displaced");
}

static struct held *find_free(struct listener *l)
{
	for (size_t i = 0; i < l->most_held; i++) {
		if (l->held[i].fd < 0)
			return &l->held[i];
	}
	return NULL;
}

static int hold(struct listener *l, const struct quiet *q, int fd, const struct peer *from)
{
	struct held *h;
	int r = l->n_held == l->most_held ? displace(l) : 0;
	uint16_t port;

	h = find_free(l);
	if (r != 0 || !h) {
		channel_close(fd);
		return r;
	}
	begin(l, h, q, fd, from);
	l->n_held++;
	if (wire_own_end(fd, &h->local, &port) < 0)
		h->local = q->address;
	peers_ask(&l->peers, TRANSPORT_TCP, &h->local, &h->peer);
	return 0;
}

static int accept_some(struct listener *l, const struct quiet *q)
{
	int r = 0;

	for (int i = 0; r == 0 && i < AT_ONCE && !l->totals->has_reached_max; i++) {
		struct peer from = {0};
		int fd = wire_accept(q->fd, &from.address, &from.port);

		if (fd >= 0)
			r = hold(l, q, fd, &from);
		else if (fd == -EMFILE || fd == -ENFILE)
			return l->n_held > 0 ? displace(l) : fd;
		else
			return 0; /* none is left, or one was gone before it could be had */
	}
	return r;
}

/* Read what is there. Returns how it ended, NULL = it goes on. */
static const char *read_some(struct listener *l, struct held *h)
{
	for (int i = 0; i < MOST_READ; i++) {
		long n = wire_receive(h->fd, l->buffer, READ_SIZE);
		size_t kept;

		if (n == 0)
			return "closed";
		if (n < 0)
			return n == -EAGAIN ? NULL : "reset";
		kept = MIN_OF((size_t)n, sizeof(h->bytes) - h->n_kept);
		memcpy(h->bytes + h->n_kept, l->buffer, kept);
		h->n_kept += kept;
		h->n_bytes += (uint64_t)n;
		h->last_ms = l->now_ms;
		if (h->n_kept == sizeof(h->bytes))
			return "kept";
	}
	return NULL;
}

static int step_held(struct listener *l, struct held *h, short revents)
{
	const char *ended = revents ? read_some(l, h) : NULL;

	if (!ended && h->n_bytes > 0 && l->now_ms >= h->last_ms + LISTEN_QUIET_MS)
		ended = "kept";
	if (!ended && l->now_ms >= h->begun_ms + LISTEN_SILENT_MS)
		ended = h->n_bytes > 0 ? "kept" : "silent";
	return ended ? let_go(l, h, ended) : 0;
}

/* When something is due for a connection. */
static int64_t due_ms(const struct held *h)
{
	int64_t end = h->begun_ms + LISTEN_SILENT_MS;

	return h->n_bytes > 0 ? MIN_OF(end, h->last_ms + LISTEN_QUIET_MS) : end;
}

/* --- datagrams ------------------------------------------------------------------------------- */

static int receive_some(struct listener *l, const struct quiet *q)
{
	struct held h;
	int r = 0;

	for (int i = 0; r == 0 && i < AT_ONCE && !l->totals->has_reached_max; i++) {
		struct peer from = {0};
		long n = wire_receive_from(q->fd, l->buffer, READ_SIZE, &from.address, &from.port);

		if (n < 0)
			return 0; /* none is left, or a message about one */
		begin(l, &h, q, -1, &from);
		h.n_bytes = (uint64_t)n;
		h.n_kept = MIN_OF((size_t)n, sizeof(h.bytes));
		memcpy(h.bytes, l->buffer, h.n_kept);
		peers_ask(&l->peers, TRANSPORT_UDP, &h.local, &h.peer);
		r = tell(l, &h, "datagram");
	}
	return r;
}

/* --- the loop -------------------------------------------------------------------------------- */

static size_t gather(struct listener *l, int64_t *wake_ms)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_quiet; i++)
		l->fds[n++] = (struct wire_wait){.fd = l->quiet[i].fd, .events = WIRE_READ};
	for (size_t i = 0; i < l->most_held; i++) {
		struct held *h = &l->held[i];

		if (h->fd < 0)
			continue;
		l->polled[n] = h;
		l->fds[n++] = (struct wire_wait){.fd = h->fd, .events = WIRE_READ};
		*wake_ms = MIN_OF(*wake_ms, due_ms(h));
	}
	l->fds[n++] = (struct wire_wait){.fd = l->request->stop_fd, .events = WIRE_READ};
	return n;
}

/* Connections first: what they have said counts before somebody new takes their place. */
static int serve(struct listener *l, size_t n)
{
	int r = 0;

	for (size_t i = l->n_quiet; r == 0 && i < n - 1; i++)
		r = step_held(l, l->polled[i], l->fds[i].revents);
	for (size_t i = 0; r == 0 && i < l->n_quiet; i++) {
		if (!l->fds[i].revents)
			continue;
		r = l->quiet[i].transport == TRANSPORT_TCP ? accept_some(l, &l->quiet[i])
							   : receive_some(l, &l->quiet[i]);
	}
	return r;
}

static int loop(struct listener *l, int64_t end_ms)
{
	int r = 0;

	while (r == 0 && !l->totals->has_reached_max && l->now_ms < end_ms) {
		int64_t wake_ms = MIN_OF(end_ms, l->now_ms + 60 * 1000);
		size_t n = gather(l, &wake_ms);
		int ready = wire_wait(l->fds, n, MAX_OF(wake_ms - l->now_ms, 0) * 1000);

		if (ready < 0 && ready != -EINTR)
			return ready;
		l->now_ms = attempt_now_ms();
		if (ready < 0)
			continue;
		if (l->fds[n - 1].revents)
			break;
		r = serve(l, n);
	}
	return r;
}

/* Those still held are told, too: they did knock. */
static int let_all_go(struct listener *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->most_held; i++) {
		struct held *h = &l->held[i];

		if (h->fd >= 0) {
			const char *ended = read_some(l, h);

			r = let_go(l, h, ended ? ended : h->n_bytes > 0 ? "kept" : "silent");
		}
	}
	return r;
}

int listen_run(struct listener *l, struct source *source, struct listen_totals *totals)
{
	int64_t begun_ms = attempt_now_ms();
	int r = peers_open(&l->peers, source);

	*totals = (struct listen_totals){0};
	l->totals = totals;
	l->now_ms = begun_ms;
	if (r == 0)
		r = loop(l, l->request->for_ms < 0 ? INT64_MAX : begun_ms + l->request->for_ms);
	if (r == 0)
		r = let_all_go(l);
	totals->n_unasked = l->peers.n_unasked;
	totals->n_peers = l->peers.n_seen;
	totals->has_more_peers = l->peers.has_more;
	totals->elapsed_ms = attempt_now_ms() - begun_ms;
	return r;
}
