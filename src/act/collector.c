#include "act/collector.h"

#include "act/atlas-pipe.h"
#include "act/collector-claims.h"
#include "act/collector-faces.h"
#include "act/collector-look.h"
#include "act/privilege.h"
#include "live/recording.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IN_SIZE = ATLAS_HEADER_SIZE + ATLAS_REQUEST_MOST, FACES_EVERY_MS = 1000 };

/* Everything of one run. */
struct collector {
	const struct collector_options *options;
	struct kept kept;
	uint32_t generation;
	bool is_watched, wants_everything;
	int64_t look_due_ms;
	uint16_t ports[ATLAS_LOOKS_MOST]; /* that wait for their look, in their order */
	size_t n_ports;
	bool is_held_back;        /* a frame waits in `in`: there is no room for what it asks */
	struct faces *faces;
	bool faces_differ;        /* from what was written and sent */
	int64_t faces_due_ms, claims_due_ms;
	struct arena claims_arena;
	struct answer_sources claims; /* gathered last */
	bool has_claims;
	char in[IN_SIZE];
	size_t n_in;
	struct str out;           /* frames on their way */
	size_t n_sent;            /* bytes of `out` that are gone */
};

static int64_t clock_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int collector_draw_token(char token[COLLECTOR_TOKEN_SIZE])
{
	unsigned char random[ATLAS_TOKEN_SIZE / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return errno ? -errno : -EIO;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(token + 2 * i, 3, "%02x", random[i]);
	return 0;
}

static bool has_unsent(const struct collector *c)
{
	return c->n_sent < c->out.length;
}

/* --- what is sent ---------------------------------------------------------------------------- */

static int put(struct collector *c, enum atlas_kind kind, uint32_t argument, const char *bytes,
	       size_t n)
{
	const struct atlas_frame frame = {kind, argument, bytes, n};

	if (!has_unsent(c)) {
		str_clear(&c->out);
		c->n_sent = 0;
	}
	atlas_frame_write(&frame, &c->out);
	return c->out.has_failed ? -ENOMEM : 0;
}

static int flush(struct collector *c)
{
	while (has_unsent(c)) {
		ssize_t n = send(c->options->pipe_fd, c->out.bytes + c->n_sent,
				 c->out.length - c->n_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
		c->n_sent += (size_t)n;
	}
	str_fini(&c->out); /* a large one is seldom followed by another */
	c->n_sent = 0;
	return 0;
}

/* The gaps of a snapshot with those of the claims, and one more (may be NULL). */
static bool add_gaps(const struct collector *c, const struct live_gap *one,
		     struct live_snapshot *s, struct arena *arena)
{
	size_t n = s->n_gaps;
	struct live_gap *gaps = arena_grow(arena, s->gaps, n, n + c->claims.n_claim_gaps + 1,
					   sizeof(*gaps));

	if (!gaps)
		return false;
	for (size_t i = 0; i < c->claims.n_claim_gaps; i++) {
		const struct answer_gap *gap = &c->claims.claim_gaps[i];

		gaps[n++] = (struct live_gap){gap->is_aside ? ATLAS_CLAIMS_ASIDE : "claims",
					      gap->where, gap->why, gap->fix, 0};
	}
	if (one)
		gaps[n++] = *one;
	s->gaps = gaps;
	s->n_gaps = n;
	return true;
}

/* Sockets beyond `most` are left out: connections before all others. */
static bool cut_sockets(struct live_snapshot *s, size_t most, struct arena *arena)
{
	struct live_socket *kept = arena_calloc(arena, most, sizeof(*kept));
	size_t n_first = 0, n = 0;

	if (!kept)
		return false;
	for (size_t i = 0; i < s->n_sockets; i++)
		n_first += s->sockets[i].state == LIVE_LISTENER;
	n_first = MIN_OF(n_first, most);
	for (size_t i = 0, n_rest = most - n_first; i < s->n_sockets; i++) {
		size_t *room = s->sockets[i].state == LIVE_LISTENER ? &n_first : &n_rest;

		if (*room == 0)
			continue;
		(*room)--;
		kept[n++] = s->sockets[i];
	}
	s->sockets = kept;
	s->n_sockets = n;
	return true;
}

/* Arguments of the owners' commands are left out: the largest part of a large recording. */
static bool cut_commands(struct live_snapshot *s, struct arena *arena)
{
	struct live_socket *sockets =
		arena_grow(arena, s->sockets, s->n_sockets, s->n_sockets, sizeof(*sockets));

	for (size_t i = 0; sockets && i < s->n_sockets; i++) {
		struct live_owner *owners = arena_grow(arena, sockets[i].owners,
						       sockets[i].n_owners, sockets[i].n_owners,
						       sizeof(*owners));

		for (size_t k = 0; owners && k < sockets[i].n_owners; k++) {
			struct live_process *p =
				owners[k].process
					? arena_grow(arena, owners[k].process, 1, 1, sizeof(*p))
					: NULL;

			if (!p)
				continue;
			p->is_command_cut = p->is_command_cut || p->command;
			p->command = NULL;
			owners[k].process = p;
		}
		sockets[i].owners = owners;
	}
	s->sockets = sockets;
	return !arena_failed(arena);
}

/* Write a recording that fits into a frame; what had to be left out is a gap. */
static int write_recording(const struct collector *c, const struct live_snapshot *snapshot,
			   const char *where, struct arena *arena, struct str *out)
{
	size_t most = COLLECTOR_SOCKETS_MOST;
	int r = -EFBIG;

	for (int round = 0; r == -EFBIG && round < 3; round++, most /= 16) {
		struct live_snapshot s = *snapshot;
		bool is_cut = s.n_sockets > most;
		const struct live_gap gap = {
			"sockets", where,
			round == 0 ? arena_printf(arena, "more than %zu sockets; no more are shown",
						  most)
				   : "too much to show; sockets and commands are left out",
			NULL, 0};

		if (!gap.why || (is_cut && !cut_sockets(&s, most, arena)) ||
		    (round > 0 && !cut_commands(&s, arena)) ||
		    !add_gaps(c, is_cut || round > 0 ? &gap : NULL, &s, arena))
			return -ENOMEM;
		str_clear(out);
		r = recording_write(&s, (struct recording_options){0}, out);
		if (r == 0 && out->length > ATLAS_PAYLOAD_MOST)
			r = -EFBIG;
	}
	return r == 0 && out->has_failed ? -ENOMEM : r;
}

static int put_recording(struct collector *c, enum atlas_kind kind, uint32_t argument,
			 const struct live_snapshot *s, const char *where)
{
	struct str bytes = {0};
	struct arena arena;
	int r;

	arena_init(&arena);
	r = write_recording(c, s, where, &arena, &bytes);
	if (r == 0)
		r = put(c, kind, argument, str_text(&bytes), bytes.length);
	str_fini(&bytes);
	arena_fini(&arena);
	return r;
}

static int put_here(struct collector *c)
{
	return put_recording(c, ATLAS_HERE, c->generation, &c->kept.snapshot, "all ports");
}

static int put_faces(struct collector *c)
{
	struct str text = {0};
	int r;

	faces_format(c->faces, &text);
	r = text.has_failed ? -ENOMEM
			    : put(c, ATLAS_FACES, 0, str_text(&text), text.length);
	str_fini(&text);
	return r;
}

/* --- claims ---------------------------------------------------------------------------------- */

static int gather_claims(struct collector *c)
{
	struct answer_sources found = {0};
	struct str payloads[ATLAS_N_CLAIMS] = {{0}};
	struct arena arena;
	int r;

	arena_init(&arena);
	r = c->options->host.gather(c->options->host.context, &arena, &found);
	if (r == 0)
		r = atlas_claims_write(found.claims, payloads);
	for (unsigned int i = 0; r == 0 && i < ATLAS_N_CLAIMS; i++)
		r = put(c, ATLAS_CLAIMS, atlas_claims_argument(i), str_text(&payloads[i]),
			payloads[i].length);
	for (unsigned int i = 0; i < ATLAS_N_CLAIMS; i++)
		str_fini(&payloads[i]);
	if (r < 0) {
		arena_fini(&arena);
		return r;
	}
	arena_fini(&c->claims_arena);
	c->claims_arena = arena;
	c->claims = found;
	c->has_claims = true;
	return 0;
}

/* What is claimed may have changed: before each look, but not too often. Sets `*has_changed` when
 * the gaps that travel with recordings may differ. */
static int refresh_claims(struct collector *c, bool *has_changed)
{
	int64_t now = clock_ms();

	*has_changed = false;
	if (c->has_claims && now < c->claims_due_ms)
		return 0;
	c->claims_due_ms = now + COLLECTOR_CLAIMS_MS;
	if (c->has_claims && !c->options->host.has_news(c->options->host.context))
		return 0;
	*has_changed = true;
	return gather_claims(c);
}

static int stake(struct collector *c, const struct atlas_frame *frame)
{
	struct str reply = {0};
	int r = c->options->host.stake(c->options->host.context, frame->bytes, frame->n, &reply);

	if (r == 0)
		r = reply.has_failed ? -ENOMEM
				     : put(c, ATLAS_STAKED, frame->argument, str_text(&reply),
					   reply.length);
	str_fini(&reply);
	c->claims_due_ms = 0;
	return r;
}

/* --- looks ----------------------------------------------------------------------------------- */

static int look_everywhere(struct collector *c)
{
	struct live_request request = c->options->request;
	char time[ATLAS_TIME_SIZE];
	bool has_news;
	int r = refresh_claims(c, &has_news);

	request.want = LIVE_WANT_LISTENERS;
	if (r == 0)
		r = kept_look(&c->kept, c->options->source, &request, clock_ms);
	c->look_due_ms = clock_ms() + COLLECTOR_EVERY_MS;
	if (r < 0)
		return r;
	c->wants_everything = false;
	if (r == KEPT_CHANGED || has_news) {
		c->generation++;
		return put_here(c);
	}
	if (r == KEPT_QUEUES)
		return put_here(c);
	atlas_time_write(c->kept.snapshot.at, time);
	return put(c, ATLAS_SAME, c->generation, time, sizeof(time));
}

static int look_at_port(struct collector *c, uint16_t port)
{
	struct live_request request = c->options->request;
	struct live_snapshot s;
	struct arena arena;
	char where[32];
	bool has_news;
	int r = refresh_claims(c, &has_news);

	if (r < 0)
		return r;
	if (has_news)
		c->wants_everything = true; /* its recording has the gaps of claims, too */
	request.first_port = request.last_port = port;
	request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS | LIVE_WANT_CONNECTIONS;
	request.flags = LIVE_FLAGS_FEW;
	snprintf(where, sizeof(where), "port %u", port);
	arena_init(&arena);
	r = source_look(c->options->source, &request, &arena, &s);
	if (r == 0)
		r = put_recording(c, ATLAS_PORT, port, &s, where);
	arena_fini(&arena);
	return r;
}

static int look_at_next_port(struct collector *c)
{
	uint16_t port = c->ports[0];

	c->n_ports--;
	memmove(c->ports, c->ports + 1, c->n_ports * sizeof(*c->ports));
	return look_at_port(c, port);
}

/* --- what is asked --------------------------------------------------------------------------- */

/* 1: there is no room for one more. */
static int queue_port(struct collector *c, uint32_t port)
{
	if (port == ATLAS_EVERYTHING) {
		c->wants_everything = true;
		return 0;
	}
	if (port > UINT16_MAX)
		return -EPROTO;
	for (size_t i = 0; i < c->n_ports; i++) {
		if (c->ports[i] == port)
			return 0;
	}
	if (c->n_ports == ATLAS_LOOKS_MOST)
		return 1;
	c->ports[c->n_ports++] = (uint16_t)port;
	return 0;
}

static int take_watch(struct collector *c, uint32_t argument)
{
	if (argument > 1)
		return -EPROTO;
	/* The one who comes wants to see something at once. */
	if (argument == 1 && !c->is_watched)
		c->look_due_ms = 0;
	c->is_watched = argument == 1;
	return 0;
}

static int take_face(struct collector *c, uint32_t argument)
{
	if (argument / 4 > UINT16_MAX ||
	    !faces_count(c->faces, (uint16_t)(argument / 4), argument % 4))
		return -EPROTO;
	if (!c->faces_differ)
		c->faces_due_ms = clock_ms() + FACES_EVERY_MS;
	c->faces_differ = true;
	return 0;
}

/* 0: taken; 1: there is no room for it yet; or a negative errno. */
static int take_frame(struct collector *c, const struct atlas_frame *frame)
{
	if (frame->kind != ATLAS_STAKE && frame->n != 0)
		return -EPROTO;
	switch (frame->kind) {
	case ATLAS_WATCH:
		return take_watch(c, frame->argument);
	case ATLAS_LOOK:
		return queue_port(c, frame->argument);
	case ATLAS_STAKE:
		return has_unsent(c) ? 1 : stake(c, frame);
	case ATLAS_FACE:
		return take_face(c, frame->argument);
	case ATLAS_HELLO:
	case ATLAS_CLAIMS:
	case ATLAS_HERE:
	case ATLAS_PORT:
	case ATLAS_STAKED:
	case ATLAS_FACES:
	case ATLAS_SAME:
		break; /* those are ours to send */
	}
	return -EPROTO;
}

/* Take the frames that are there, until one has to wait. */
static int take_frames(struct collector *c)
{
	struct atlas_frame frame;
	size_t used, at = 0;
	int r = 0;

	c->is_held_back = false;
	while (r == 0) {
		r = atlas_frame_read(c->in + at, c->n_in - at, ATLAS_REQUEST_MOST, &frame, &used);
		if (r <= 0)
			break;
		r = take_frame(c, &frame);
		if (r == 0)
			at += used;
		else
			c->is_held_back = r > 0;
	}
	c->n_in -= at;
	memmove(c->in, c->in + at, c->n_in);
	return MIN_OF(r, 0);
}

static int receive(struct collector *c)
{
	ssize_t n = read(c->options->pipe_fd, c->in + c->n_in, sizeof(c->in) - c->n_in);

	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0
		       : errno == ECONNRESET		 ? -EPIPE
							 : -errno;
	c->n_in += (size_t)n;
	return take_frames(c);
}

/* --- the loop -------------------------------------------------------------------------------- */

/* Keep the counts; a disk that is full takes nothing from who counts. */
static int settle_faces(struct collector *c)
{
	c->faces_differ = false;
	if (c->options->faces_path && faces_write(c->faces, c->options->faces_path) < 0)
		errno = 0; /* they are in memory still, and tried again with the next */
	return put_faces(c);
}

/* One piece of work, when something is due and the front has taken what came before. */
static int work(struct collector *c)
{
	if (has_unsent(c))
		return 0;
	if (c->wants_everything || (c->is_watched && clock_ms() >= c->look_due_ms))
		return look_everywhere(c);
	if (c->n_ports > 0)
		return look_at_next_port(c);
	if (c->faces_differ && clock_ms() >= c->faces_due_ms)
		return settle_faces(c);
	return 0;
}

/* How long nothing is due; -1 = until somebody says something. */
static int time_left(const struct collector *c)
{
	int64_t due = INT64_MAX, left;

	if (has_unsent(c))
		return -1;
	if (c->n_ports > 0 || c->wants_everything)
		return 0;
	if (c->is_watched)
		due = c->look_due_ms;
	if (c->faces_differ)
		due = MIN_OF(due, c->faces_due_ms);
	if (due == INT64_MAX)
		return -1;
	left = due - clock_ms();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* 1: told to stop. */
static int step(struct collector *c)
{
	struct pollfd fds[2] = {
		{.fd = c->options->stop_fd, .events = POLLIN},
		{.fd = c->options->pipe_fd},
	};
	int r;

	fds[1].events = (short)((c->is_held_back ? 0 : POLLIN) | (has_unsent(c) ? POLLOUT : 0));
	r = poll(fds, 2, time_left(c));
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		return 1;
	r = 0;
	if (fds[1].revents & POLLIN)
		r = receive(c);
	else if (fds[1].revents & (POLLHUP | POLLERR))
		r = -EPIPE;
	if (r == 0)
		r = flush(c);
	if (r == 0)
		r = work(c);
	if (r == 0)
		r = flush(c);
	if (r == 0 && c->is_held_back)
		r = take_frames(c);
	return r;
}

static int begin(struct collector *c, const char *token)
{
	const struct collector_options *o = c->options;
	unsigned int flags = (o->is_replay ? ATLAS_IS_REPLAY : 0) |
			     (o->request.scope == LIVE_SCOPE_NAMED ? ATLAS_IS_NAMED : 0) |
			     (!o->is_replay && privilege_sees_others() ? ATLAS_IS_PRIVILEGED : 0);
	int r = put(c, ATLAS_HELLO, flags, token, ATLAS_TOKEN_SIZE);

	if (r == 0 && o->faces_path && faces_read(c->faces, o->faces_path) < 0)
		errno = 0; /* they begin at none */
	if (r == 0)
		r = put_faces(c);
	if (r == 0)
		r = gather_claims(c);
	c->claims_due_ms = clock_ms() + COLLECTOR_CLAIMS_MS;
	c->wants_everything = true; /* the first page is to have something to show */
	return r;
}

int collector_run(const struct collector_options *options, const char *token)
{
	struct collector *c = calloc(1, sizeof(*c));
	int r = -ENOMEM;

	if (!c)
		return -ENOMEM;
	c->options = options;
	c->faces = calloc(1, sizeof(*c->faces));
	if (c->faces)
		r = begin(c, token);
	while (r == 0)
		r = step(c);
	if (c->faces_differ && options->faces_path && c->faces &&
	    faces_write(c->faces, options->faces_path) < 0)
		errno = 0; /* there is nobody to be told any more */
	kept_fini(&c->kept);
	arena_fini(&c->claims_arena);
	str_fini(&c->out);
	free(c->faces);
	free(c);
	return MIN_OF(r, 0);
}
