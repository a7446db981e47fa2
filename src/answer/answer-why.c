/* The answer to `berth why` as a record. */
#include "answer/answer-parts.h"

#include "answer/why-advice.h"
#include "answer/why.h"
#include "base/lang.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- holders --------------------------------------------------------------------------------- */

/* A socket on the port with what it is sorted by. */
struct entry {
	const struct live_socket *socket;
	enum maybe blocks;
};

/* An order of answers that puts what is in the way first. */
static int rank(enum maybe m)
{
	switch (m) {
	case MAYBE_YES:
		return 0;
	case MAYBE_UNKNOWN:
		return 1;
	case MAYBE_NO:
		return 2;
	}
	return 3;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static uint32_t owner_pid(const struct live_socket *s)
{
	return s->n_owners > 0 && s->owners[0].process ? s->owners[0].process->pid : 0;
}

static bool is_fin_wait_2(const struct live_socket *s)
{
	return s->state == LIVE_CONNECTION && s->stage == LIVE_FIN_WAIT_2 && s->inode == 0;
}

/* 0 = alike: they make one record. */
static int compare_kinds(const struct entry *a, const struct entry *b)
{
	const struct live_socket *x = a->socket, *y = b->socket;
	int r = rank(a->blocks) - rank(b->blocks);

	if (r == 0)
		r = compare_numbers(x->state, y->state);
	if (r == 0)
		r = compare_numbers(is_fin_wait_2(x), is_fin_wait_2(y));
	if (r == 0)
		r = compare_numbers(x->transport, y->transport);
	if (r == 0)
		r = compare_numbers(x->local.family, y->local.family);
	if (r == 0)
		r = memcmp(x->local.bytes, y->local.bytes, sizeof(x->local.bytes));
	if (r == 0)
		r = compare_texts(x->interface, y->interface);
	if (r == 0)
		r = compare_numbers(owner_pid(x), owner_pid(y));
	if (r == 0)
		r = compare_numbers(x->reuse_address * 16U + x->reuse_port * 4U + x->v6only,
				    y->reuse_address * 16U + y->reuse_port * 4U + y->v6only);
	/* Two listeners are two, however alike. */
	if (r == 0 && x->state != LIVE_CONNECTION && x->state != LIVE_TIME_WAIT)
		r = compare_numbers(x->cookie, y->cookie);
	return r;
}

static int compare_entries(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	int r = compare_kinds(a, b);

	return r ? r : live_socket_compare(a->socket, b->socket);
}

static const char *kind_of(const struct live_socket *s)
{
	switch (s->state) {
	case LIVE_LISTENER:
		return "listener";
	case LIVE_BOUND:
		return "bound-only";
	case LIVE_CONNECTION:
		return is_fin_wait_2(s) ? "fin-wait-2" : "connection";
	case LIVE_TIME_WAIT:
		return "time-wait";
	}
	return "?";
}

static const char *maybe_name(enum maybe m)
{
	return m == MAYBE_UNKNOWN ? NULL : m == MAYBE_YES ? "yes" : "no";
}

static answer_number seconds_left(const struct live_socket *s)
{
	const bool is_kept = s->state == LIVE_TIME_WAIT || is_fin_wait_2(s);

	return is_kept && s->expires_ms > 0 ? (s->expires_ms + 999) / 1000 : ANSWER_NULL;
}

static void fill_holder(const struct answer_sources *from, const struct entry *e,
			struct answer_why_holder *out, struct arena *arena)
{
	const struct live_socket *s = e->socket;

	*out = (struct answer_why_holder){
		.kind = kind_of(s),
		.blocks = e->blocks == MAYBE_UNKNOWN ? "unknown" : maybe_name(e->blocks),
		.protocol = transport_name(s->transport),
		.address = answer_address(&s->local, arena),
		.port = s->local_port,
		.dual_stack = s->is_dual_stack,
		.interface = s->interface,
		.seconds_left = ANSWER_NULL,
		.reuse_address = maybe_name(s->reuse_address),
		.reuse_port = maybe_name(s->reuse_port),
		.user = s->user,
		.uid = s->has_uid ? (answer_number)s->uid : ANSWER_NULL,
		.unit = s->unit,
		.container = answer_container(from, s->container, arena),
		.owners = answer_owners(from, s, arena),
		.n_owners = s->n_owners,
		.socket = s,
	};
}

/* The record of what blocks stands first. */
static void put_first(struct answer_why_holder *holders, size_t n, const struct entry *entries,
		      size_t n_entries, const struct live_socket *blocker)
{
	const struct entry *found = NULL;

	for (size_t i = 0; blocker && i < n_entries && !found; i++)
		found = entries[i].socket == blocker ? &entries[i] : NULL;
	for (size_t i = 1; found && i < n; i++) {
		const struct entry e = {.socket = holders[i].socket, .blocks = found->blocks};
		struct answer_why_holder moved = holders[i];

		if (strcmp(holders[i].blocks, holders[0].blocks) != 0 || compare_kinds(&e, found))
			continue;
		memmove(holders + 1, holders, i * sizeof(*holders));
		holders[0] = moved;
		return;
	}
}

static bool fill_holders(const struct answer_sources *from, const struct why_candidate *c,
			 const struct why_judgement *j, struct answer_why *out, struct arena *arena)
{
	size_t first, n = live_snapshot_find(from->live, c->port, &first), n_entries = 0;
	struct entry *entries = arena_calloc(arena, n, sizeof(*entries));
	struct answer_why_holder *holders = arena_calloc(arena, n, sizeof(*holders));

	if (!entries || !holders)
		return false;
	for (size_t i = first; i < first + n; i++) {
		const struct live_socket *s = &from->live->sockets[i];

		if (why_concerns(from->live, c, s))
			entries[n_entries++] = (struct entry){s, why_blocks(from->live, c, s)};
	}
	if (n_entries > 0)
		qsort(entries, n_entries, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < n_entries; i++) {
		struct answer_why_holder *h = &holders[out->n_holders];

		if (i == 0 || compare_kinds(&entries[i - 1], &entries[i]) != 0) {
			fill_holder(from, &entries[i], h, arena);
			out->n_holders++;
		} else {
			h--;
		}
		h->count++;
		h->seconds_left = MAX_OF(h->seconds_left, seconds_left(entries[i].socket));
	}
	put_first(holders, out->n_holders, entries, n_entries, j->blocker);
	out->holders = holders;
	return !arena_failed(arena);
}

/* --- the trial ------------------------------------------------------------------------------- */

/* What a trial makes of the cause: the kernel has the last word. */
static enum why_cause settle_cause(const struct why_judgement *j, const struct answer_trial *t,
				   const struct live_snapshot *live, const struct why_candidate *c)
{
	if (!t->is_made || (t->error != 0 && j->bind != WHY_OK && j->bind != WHY_UNKNOWN &&
			    strcmp(why_errno_name(t->error), why_word_name(j->bind)) == 0))
		return j->cause;
	switch (t->error) {
	case 0:
		return WHY_NO_CAUSE;
	case EADDRINUSE:
		return j->blocker || why_is_guests(live, c) ? j->cause : WHY_CAUSE_UNKNOWN;
	case EADDRNOTAVAIL:
		return WHY_ADDRESS_NOT_LOCAL;
	case ENODEV:
		return WHY_NO_SUCH_DEVICE;
	case EACCES:
		/* No port needs a privilege there: whoever has it wants it for itself alone; or
		 * nobody has it. */
		if (live->system == LIVE_WINDOWS)
			return why_has_socket(live, c) ? WHY_CAUSE_UNKNOWN : WHY_POLICY;
		/* macOS, whose rules are not judged, has that limit too. */
		return j->cause == WHY_PRIVILEGED || (live->system == LIVE_MACOS &&
						      c->port < why_unprivileged_start(live))
			       ? WHY_PRIVILEGED
			       : WHY_POLICY;
	case EPERM:
		return WHY_POLICY;
	default: /* not our enum: memory, descriptors, a missing protocol */
		return WHY_CAUSE_UNKNOWN;
	}
}

static const struct answer_why_tried *tried_of(const struct answer_trial *t, struct arena *arena)
{
	struct answer_why_tried *tried = t->is_made ? arena_alloc(arena, sizeof(*tried)) : NULL;

	if (tried)
		tried->bind = why_errno_name(t->error);
	return tried;
}

/* --- gaps ------------------------------------------------------------------------------------ */

/* Why it is not known of `s` whether it is in the way. */
static struct answer_gap gap_of(const struct live_socket *s, struct arena *arena)
{
	char text[ADDRESS_TEXT_SIZE];
	const bool is_v6 = s->local.family == ADDRESS_IPV6;
	const bool is_nobodys = s->inode == 0;

	return (struct answer_gap){
		.what = "flags",
		.where = arena_printf(arena, is_v6 ? "%s [%s]:%u" : "%s %s:%u",
				      transport_name(s->transport), address_format(&s->local, text),
				      s->local_port),
		.why = is_nobodys ? _("a socket that no process has: nobody can ask for its "
				      "SO_REUSEADDR, SO_REUSEPORT and IPV6_V6ONLY")
		       : s->reuse_address == MAYBE_UNKNOWN
			       ? _("its SO_REUSEADDR, SO_REUSEPORT and IPV6_V6ONLY may not be read")
			       : _("whose it is cannot be told for certain"),
		.fix = is_nobodys || s->reuse_address != MAYBE_UNKNOWN ? NULL : _("run as root"),
	};
}

/* An owner's gap is of a socket on another port, which shared the look. */
static bool is_elsewhere(const struct answer_gap *g, uint16_t port)
{
	const char *colon = strrchr(g->where, ':');
	const size_t n = colon ? strspn(colon + 1, "0123456789") : 0;
	uint64_t value;

	return strcmp(g->what, "owner") == 0 && n > 0 &&
	       str_parse_u64(colon + 1, n, UINT16_MAX, &value) == 0 && value != port;
}

static bool fill_gaps(const struct answer_sources *from, struct answer_why *out,
		      struct arena *arena)
{
	struct answer_gap *gaps;
	size_t n = 0;

	if (!answer_fill_gaps(from, &out->gaps, &out->n_gaps, arena))
		return false;
	gaps = arena_calloc(arena, out->n_gaps + out->n_holders + 1, sizeof(*gaps));
	if (!gaps)
		return false;
	if (from->live->system != LIVE_LINUX && strcmp(out->judged.bind, "unknown") == 0)
		gaps[n++] =
			(struct answer_gap){"judgement", "bind(2)",
					    _("berth knows the rules of Linux only"), NULL, false};
	for (size_t i = 0; i < out->n_holders && from->live->system == LIVE_LINUX &&
			   strcmp(out->judged.bind, "unknown") == 0; i++) {
		if (strcmp(out->holders[i].blocks, "unknown") == 0)
			gaps[n++] = gap_of(out->holders[i].socket, arena);
	}
	for (size_t i = 0; i < out->n_gaps; i++) {
		if (!is_elsewhere(&out->gaps[i], out->port))
			gaps[n++] = out->gaps[i];
	}
	out->gaps = gaps;
	out->n_gaps = n;
	return !arena_failed(arena);
}

/* --- the whole ------------------------------------------------------------------------------- */

const struct answer_why *answer_why(const struct answer_sources *from,
				    const struct answer_why_question *q, struct arena *arena)
{
	const struct why_candidate *c = q->candidate;
	const struct why_judgement j = why_judge(from->live, c);
	struct answer_why *w = arena_alloc(arena, sizeof(*w));
	struct why_advice advice = {.from = from, .question = q, .judgement = &j, .why = w,
				    .arena = arena};

	if (!w)
		return NULL;
	advice.cause = settle_cause(&j, &q->trial, from->live, c);
	*w = (struct answer_why){
		.port = c->port,
		.protocol = transport_name(c->transport),
		.address = answer_address(&c->address, arena),
		.judged = {why_word_name(j.bind), j.has_listen ? why_word_name(j.listen) : NULL},
		.tried = tried_of(&q->trial, arena),
		.cause = why_cause_name(advice.cause),
		.would_bind = q->trial.is_made ? q->trial.error == 0 : j.bind == WHY_OK,
	};
	w->is_disputed = w->tried && j.bind != WHY_UNKNOWN &&
			 strcmp(w->judged.bind, w->tried->bind) != 0;
	if (!fill_holders(from, c, &j, w, arena) || !fill_gaps(from, w, arena))
		return NULL;
	w->sentence = why_sentence(&advice);
	w->warnings = why_warnings(&advice);
	if (!w->warnings || !why_fixes(&advice, &w->fixes, &w->n_fixes))
		return NULL;
	return w;
}
