#include "answer/why.h"

#include <errno.h>
#include <string.h>

static const char *const cause_names[N_WHY_CAUSES] = {
	[WHY_EXACT_LISTENER] = "exact-listener",
	[WHY_WILDCARD_OVERLAP] = "wildcard-overlap",
	[WHY_DUAL_STACK_OVERLAP] = "dual-stack-overlap",
	[WHY_BOUND_ONLY] = "bound-only",
	[WHY_DEAD_SERVER] = "dead-server",
	[WHY_TIME_WAIT] = "time-wait",
	[WHY_FIN_WAIT_2] = "fin-wait-2",
	[WHY_EPHEMERAL_CLIENT] = "ephemeral-client",
	[WHY_REUSEPORT_OTHER_USER] = "reuseport-other-user",
	[WHY_INHERITED] = "inherited",
	[WHY_CLASH_AT_LISTEN] = "clash-at-listen",
	[WHY_PRIVILEGED] = "privileged-port",
	[WHY_ADDRESS_NOT_LOCAL] = "address-not-local",
	[WHY_NO_SUCH_DEVICE] = "no-such-device",
	[WHY_POLICY] = "policy",
	[WHY_PUBLISHED] = "published",
	[WHY_CAUSE_UNKNOWN] = "unknown",
};

const char *why_cause_name(enum why_cause c)
{
	return (size_t)c < N_WHY_CAUSES ? cause_names[c] : NULL;
}

const char *why_errno_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{0, "ok"},
		{EADDRINUSE, "EADDRINUSE"},
		{EADDRNOTAVAIL, "EADDRNOTAVAIL"},
		{EACCES, "EACCES"},
		{EPERM, "EPERM"},
		{ENODEV, "ENODEV"},
		{EINVAL, "EINVAL"},
		{EAFNOSUPPORT, "EAFNOSUPPORT"},
		{EPROTONOSUPPORT, "EPROTONOSUPPORT"},
		{ENOBUFS, "ENOBUFS"},
		{ENOMEM, "ENOMEM"},
		{EMFILE, "EMFILE"},
		{ENFILE, "ENFILE"},
		{EIO, "EIO"},
	};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if (names[i].error == error)
			return names[i].name;
	}
	return "unknown";
}

const char *why_word_name(enum why_word w)
{
	switch (w) {
	case WHY_UNKNOWN:
		return "unknown";
	case WHY_OK:
		return "ok";
	case WHY_IN_USE:
		return "EADDRINUSE";
	case WHY_NOT_LOCAL:
		return "EADDRNOTAVAIL";
	case WHY_DENIED:
		return "EACCES";
	case WHY_NO_DEVICE:
		return "ENODEV";
	}
	return "unknown";
}

struct why_candidate why_plain(const struct live_snapshot *live, enum transport transport,
			       enum address_family family, uint16_t port)
{
	return (struct why_candidate){
		.transport = transport,
		.address = {.family = family},
		.port = port,
		.has_uid = live->rules.has_uid,
		.uid = live->rules.uid,
		.may_bind_privileged = live->rules.may_bind_privileged,
	};
}

/* --- three-valued logic ---------------------------------------------------------------------- */

static enum maybe from_bool(bool b)
{
	return b ? MAYBE_YES : MAYBE_NO;
}

static enum maybe both(enum maybe a, enum maybe b)
{
	if (a == MAYBE_NO || b == MAYBE_NO)
		return MAYBE_NO;
	return a == MAYBE_YES && b == MAYBE_YES ? MAYBE_YES : MAYBE_UNKNOWN;
}

static enum maybe negate(enum maybe a)
{
	return a == MAYBE_UNKNOWN ? MAYBE_UNKNOWN : from_bool(a == MAYBE_NO);
}

static enum maybe either(enum maybe a, enum maybe b)
{
	return negate(both(negate(a), negate(b)));
}

/* --- one socket ------------------------------------------------------------------------------ */

static bool is_datagram(const struct why_candidate *c)
{
	return transport_port_space(c->transport) != TRANSPORT_TCP;
}

static bool is_in_question(const struct live_snapshot *live, const struct live_socket *s)
{
	return s->ns->is_here || live->n_namespaces == 1;
}

bool why_concerns(const struct live_snapshot *live, const struct why_candidate *c,
		  const struct live_socket *s)
{
	return s->local_port == c->port && is_in_question(live, s) &&
	       transport_port_space(s->transport) == transport_port_space(c->transport);
}

bool why_has_socket(const struct live_snapshot *live, const struct why_candidate *c)
{
	size_t first, n = live_snapshot_find(live, c->port, &first);

	for (size_t i = first; i < first + n; i++) {
		if (why_concerns(live, c, &live->sockets[i]))
			return true;
	}
	return false;
}

/* Half of a handshake: it is in no table of bound ports. */
static bool is_request(const struct live_socket *s)
{
	return s->stage == LIVE_SYN_RECEIVED && s->inode == 0;
}

static bool is_remnant(const struct live_socket *s)
{
	return s->is_remnant || s->state == LIVE_TIME_WAIT;
}

/* Waits to be accepted: it is its listener's still, flags and user and all. */
static bool is_unaccepted(const struct live_socket *s)
{
	return s->state == LIVE_CONNECTION && s->inode == 0 &&
	       (s->stage == LIVE_ESTABLISHED || s->stage == LIVE_CLOSE_WAIT);
}

/* Whether `listener` may be the one that took the connection `s`. */
static bool is_parent(const struct live_socket *listener, const struct live_socket *s)
{
	const struct overlap_end of_listener = live_socket_end(listener);
	const struct overlap_end of_child = {
		.address = s->local, .v6only = MAYBE_YES, .device = s->interface};

	return listener->state == LIVE_LISTENER && listener->local_port == s->local_port &&
	       listener->ns == s->ns && listener->transport != TRANSPORT_UDP &&
	       overlap_judge(&of_child, &of_listener, false, NULL) == MAYBE_YES;
}

/* The socket whose flags and user are those of `s`. */
static const struct live_socket *flags_of(const struct live_snapshot *live,
					  const struct live_socket *s)
{
	size_t first, n;

	if (!is_unaccepted(s))
		return s;
	n = live_snapshot_find(live, s->local_port, &first);
	for (size_t i = first; i < first + n; i++) {
		if (is_parent(&live->sockets[i], s))
			return &live->sockets[i];
	}
	return s;
}

static enum maybe has_same_user(const struct why_candidate *c, const struct live_socket *s)
{
	return c->has_uid && s->has_uid ? from_bool(c->uid == s->uid) : MAYBE_UNKNOWN;
}

/* SO_REUSEADDR on both sides lets the candidate in. */
static enum maybe shares_address(const struct why_candidate *c, const struct live_socket *s,
				 const struct live_socket *flags)
{
	const bool is_open = is_datagram(c) || s->state != LIVE_LISTENER;

	return both(from_bool(c->has_reuse_address && is_open), flags->reuse_address);
}

/* SO_REUSEPORT on both sides does. */
static enum maybe shares_port(const struct why_candidate *c, const struct live_socket *s,
			      const struct live_socket *flags)
{
	const enum maybe user = is_remnant(s) ? MAYBE_YES : has_same_user(c, flags);

	return both(from_bool(c->has_reuse_port), both(flags->reuse_port, user));
}

/* IPV6_V6ONLY of the candidate: who does not set it has the system's default. */
static enum maybe v6only_of(const struct live_snapshot *live, const struct why_candidate *c)
{
	return c->is_v6only ? MAYBE_YES : live->rules.has_v6only_default;
}

static enum maybe overlaps(const struct live_snapshot *live, const struct why_candidate *c,
			   const struct live_socket *s, enum overlap_kind *kind)
{
	const struct overlap_end wanted = {.address = c->address,
					   .v6only = v6only_of(live, c),
					   .device = c->device};
	struct overlap_end there = live_socket_end(s);
	enum maybe result;

	/* Text tables tell neither devices nor IPV6_V6ONLY. */
	if (s->ns->is_read_as_text && s->local.family == ADDRESS_IPV6 && s->is_dual_stack)
		there.v6only = MAYBE_UNKNOWN;
	result = overlap_judge(&wanted, &there, is_datagram(c), kind);
	/* A VRF has port spaces of its own; text tables tell no devices. */
	if (result == MAYBE_YES &&
	    ((live->site.has_vrf != MAYBE_NO && !c->device != !s->interface) ||
	     (s->ns->is_read_as_text && c->device)))
		return MAYBE_UNKNOWN;
	return result;
}

enum maybe why_blocks(const struct live_snapshot *live, const struct why_candidate *c,
		      const struct live_socket *s)
{
	const struct live_socket *flags = flags_of(live, s);

	if (!why_concerns(live, c, s) || is_request(s))
		return MAYBE_NO;
	if (live->system != LIVE_LINUX)
		return MAYBE_UNKNOWN;
	return both(overlaps(live, c, s, NULL),
		    negate(either(shares_address(c, s, flags), shares_port(c, s, flags))));
}

/* --- causes ---------------------------------------------------------------------------------- */

static const struct live_published *published_through(const struct live_snapshot *live,
						      const struct live_socket *s)
{
	for (size_t i = 0; i < live->n_published && s->cookie != 0; i++) {
		if (live->published[i].via == s->cookie)
			return &live->published[i];
	}
	return NULL;
}

static bool is_ephemeral(const struct live_rules *rules, uint16_t port)
{
	return rules->has_ephemeral && port >= rules->ephemeral.first &&
	       port <= rules->ephemeral.last;
}

/* Programs that never make a socket that listens: one they have was left to them. */
static bool is_heir(const struct live_process *p)
{
	static const char *const programs[] = {
		"sleep", "cat", "tail", "tee", "less", "more", "sh", "dash", "bash", "ash", "zsh",
		"fish", "env", "timeout", "nohup", "setsid", "xargs", "watch", "su", "sudo",
		"grep", "sed", "awk", "make", "tar", "gzip", "cp", "find", "sort", "xterm",
	};

	for (size_t i = 0; p && p->program && i < N_ELEMENTS(programs); i++) {
		if (strcmp(p->program, programs[i]) == 0)
			return true;
	}
	return false;
}

/* Whether only heirs have the socket. */
static bool is_inherited(const struct live_socket *s)
{
	for (size_t i = 0; i < s->n_owners; i++) {
		if (!is_heir(s->owners[i].process))
			return false;
	}
	return s->n_owners > 0;
}

static enum why_cause cause_of_listener(const struct live_snapshot *live,
					const struct why_candidate *c, const struct live_socket *s)
{
	enum overlap_kind kind = OVERLAP_SAME;

	if (c->has_reuse_port && s->reuse_port == MAYBE_YES && has_same_user(c, s) == MAYBE_NO)
		return WHY_REUSEPORT_OTHER_USER;
	if (published_through(live, s))
		return WHY_PUBLISHED;
	if (is_inherited(s))
		return WHY_INHERITED;
	(void)overlaps(live, c, s, &kind);
	switch (kind) {
	case OVERLAP_SAME:
		return WHY_EXACT_LISTENER;
	case OVERLAP_WILDCARD:
		return WHY_WILDCARD_OVERLAP;
	case OVERLAP_DUAL_STACK:
		return WHY_DUAL_STACK_OVERLAP;
	}
	return WHY_CAUSE_UNKNOWN;
}

static enum why_cause cause_of_connection(const struct live_snapshot *live,
					  const struct live_socket *s)
{
	if (s->stage == LIVE_FIN_WAIT_2 && s->inode == 0)
		return WHY_FIN_WAIT_2;
	if (s->stage == LIVE_SYN_SENT || is_ephemeral(&live->rules, s->local_port))
		return WHY_EPHEMERAL_CLIENT;
	return transport_port_space(s->transport) == TRANSPORT_TCP ? WHY_DEAD_SERVER
								    : WHY_BOUND_ONLY;
}

static enum why_cause cause_of(const struct live_snapshot *live, const struct why_candidate *c,
			       const struct live_socket *s)
{
	switch (s->state) {
	case LIVE_LISTENER:
		return cause_of_listener(live, c, s);
	case LIVE_BOUND:
		return WHY_BOUND_ONLY;
	case LIVE_CONNECTION:
		return cause_of_connection(live, s);
	case LIVE_TIME_WAIT:
		return WHY_TIME_WAIT;
	}
	return WHY_CAUSE_UNKNOWN;
}

/* What has to go first weighs most: listeners, of the very address before others; then what
 * somebody has; then what the kernel keeps, the longest wait first. */
static unsigned int weight_of(const struct live_snapshot *live, const struct why_candidate *c,
			      const struct live_socket *s)
{
	enum overlap_kind kind = OVERLAP_SAME;

	(void)overlaps(live, c, s, &kind);
	switch (s->state) {
	case LIVE_LISTENER:
		return 60 - (unsigned int)kind;
	case LIVE_BOUND:
		return 50;
	case LIVE_CONNECTION:
		return s->inode != 0 ? 40 : is_remnant(s) ? 20 : 30;
	case LIVE_TIME_WAIT:
		return 10;
	}
	return 0;
}

static bool is_weightier(const struct live_snapshot *live, const struct why_candidate *c,
			 const struct live_socket *a, const struct live_socket *b)
{
	const unsigned int of_a = weight_of(live, c, a);
	const unsigned int of_b = b ? weight_of(live, c, b) : 0;

	return !b || of_a > of_b || (of_a == of_b && a->expires_ms > b->expires_ms);
}

/* --- all sockets ----------------------------------------------------------------------------- */

/* What the sockets on the port amount to. */
struct tally {
	const struct live_socket *certain, *possible; /* the weightiest in the way, perhaps so */
	bool is_firm;         /* one in the way whatever TCP remembers of SO_REUSEPORT */
	bool is_v4_in_way, is_v6_in_way; /* by a socket of one family only */
	bool shares_port;     /* UDP: one ends the kernel's search, or may */
};

static bool is_dual_wildcard(const struct live_snapshot *live, const struct why_candidate *c)
{
	return c->address.family == ADDRESS_IPV6 && address_is_wildcard(&c->address) &&
	       v6only_of(live, c) != MAYBE_YES;
}

/* In the way of every socket that could have made TCP remember: see the title of why.h. */
static bool is_firm(const struct why_candidate *c, const struct live_socket *s)
{
	/* ::ffff:0.0.0.0 counts as 0.0.0.0, but does not meet the IPv4 half of an IPv6 socket. */
	if (c->address.family == ADDRESS_IPV4 && s->local.family == ADDRESS_IPV6 &&
	    !address_is_wildcard(&s->local))
		return false;
	if (s->interface)
		return false;
	/* An accepted socket may be of another user than the listener that TCP remembers. */
	if (s->state == LIVE_CONNECTION && s->reuse_port != MAYBE_NO)
		return false;
	return s->state == LIVE_LISTENER || s->reuse_address == MAYBE_NO;
}

static void count(const struct live_snapshot *live, const struct why_candidate *c,
		  const struct live_socket *s, struct tally *t)
{
	const enum maybe is_there = overlaps(live, c, s, NULL);
	const enum maybe is_blocking = why_blocks(live, c, s);

	if (is_datagram(c) && is_there != MAYBE_NO &&
	    both(negate(shares_address(c, s, s)), shares_port(c, s, s)) != MAYBE_NO)
		t->shares_port = true;
	if (is_blocking == MAYBE_UNKNOWN && is_weightier(live, c, s, t->possible))
		t->possible = s;
	if (is_blocking != MAYBE_YES)
		return;
	if (is_weightier(live, c, s, t->certain))
		t->certain = s;
	if (!is_firm(c, s))
		return;
	t->is_firm |= s->is_dual_stack || !is_dual_wildcard(live, c);
	t->is_v4_in_way |= s->local.family == ADDRESS_IPV4 || live_socket_end(s).v6only == MAYBE_NO;
	t->is_v6_in_way |= s->local.family == ADDRESS_IPV6;
}

/* Whether what is in the way is so for certain. */
static bool is_certain(const struct why_candidate *c, const struct tally *t)
{
	if (!t->certain || (is_datagram(c) && t->shares_port))
		return false;
	if (is_datagram(c) || !c->has_reuse_port)
		return true;
	return t->is_firm || (t->is_v4_in_way && t->is_v6_in_way);
}

static struct why_judgement judge_sockets(const struct live_snapshot *live,
					  const struct why_candidate *c)
{
	struct why_judgement j = {.bind = WHY_OK};
	struct tally t = {0};
	size_t first, n = live_snapshot_find(live, c->port, &first);

	for (size_t i = first; i < first + n; i++) {
		if (why_concerns(live, c, &live->sockets[i]))
			count(live, c, &live->sockets[i], &t);
	}
	if (!t.certain && !t.possible)
		return j;
	j.bind = is_certain(c, &t) ? WHY_IN_USE : WHY_UNKNOWN;
	j.blocker = t.certain ? t.certain : t.possible;
	j.cause = cause_of(live, c, j.blocker);
	if (j.cause == WHY_PUBLISHED)
		j.published = published_through(live, j.blocker);
	return j;
}

/* --- the place ------------------------------------------------------------------------------- */

static enum maybe is_local(const struct live_snapshot *live, const struct why_candidate *c)
{
	if (address_is_wildcard(&c->address))
		return MAYBE_YES;
	if (live->site.is_local == MAYBE_UNKNOWN && address_is_loopback(&c->address) && !c->device)
		return MAYBE_YES;
	return live->site.is_local;
}

/* Linux before 4.11 has no such setting, and always that limit. */
uint32_t why_unprivileged_start(const struct live_snapshot *live)
{
	return live->rules.has_privileged ? live->rules.unprivileged_start : 1024;
}

/* Whether the privilege is there, or not needed. */
static enum maybe is_privileged_enough(const struct live_snapshot *live,
				       const struct why_candidate *c)
{
	return c->port >= why_unprivileged_start(live) ? MAYBE_YES : c->may_bind_privileged;
}

/* One thing that bind(2) checks, and what it says. */
struct check {
	enum maybe is_passed;
	enum why_word word;
	enum why_cause cause;
};

/* The namespace that is asked about; NULL = it could not be looked into. */
static const struct live_namespace *namespace_of(const struct live_snapshot *live)
{
	for (size_t i = 0; i < live->n_namespaces; i++) {
		if (live->namespaces[i].is_here || live->n_namespaces == 1)
			return &live->namespaces[i];
	}
	return NULL;
}

/* A gap in the table of this transport, of this namespace: "tcp", "tcp in blue", "blue". */
static bool is_about(const struct live_gap *g, enum transport space,
		     const struct live_namespace *ns)
{
	const char *name = transport_name(space);
	const size_t n = strlen(name);
	const char *const in = " in ";

	if (strcmp(g->what, "sockets") != 0)
		return false;
	if (strncmp(g->where, name, n) != 0)
		return strcmp(g->where, ns->name) == 0;
	/* Without a namespace: of berth's own, or of every one. */
	if (g->where[n] == '\0')
		return true;
	return strncmp(g->where + n, in, strlen(in)) == 0 &&
	       strcmp(g->where + n + strlen(in), ns->name) == 0;
}

/* The part of the snapshot that holds the answer was not seen whole. */
static bool is_partial(const struct live_snapshot *live, const struct why_candidate *c)
{
	const struct live_namespace *ns = namespace_of(live);

	for (size_t i = 0; i < live->n_gaps; i++) {
		if (is_about(&live->gaps[i], transport_port_space(c->transport), ns))
			return true;
	}
	return false;
}

static void add_listen(const struct why_candidate *c, struct why_judgement *j)
{
	j->has_listen = !is_datagram(c) && (j->bind == WHY_OK || j->bind == WHY_UNKNOWN);
	j->listen = j->has_listen ? j->bind : WHY_UNKNOWN;
}

bool why_is_guests(const struct live_snapshot *live, const struct why_candidate *c)
{
	return live->system == LIVE_WINDOWS && is_local(live, c) == MAYBE_YES &&
	       live_is_guests(&live->rules, c->transport, c->port) && !why_has_socket(live, c);
}

/* Elsewhere than on Linux. Whoever has a port of an excluded range was let in by a token: what
 * bind(2) says beside that socket is not known, nor what it says of a strange address. */
static struct why_judgement judge_elsewhere(const struct live_snapshot *live,
					    const struct why_candidate *c)
{
	struct why_judgement j = {.cause = WHY_CAUSE_UNKNOWN};

	if (live->system == LIVE_WINDOWS && is_local(live, c) == MAYBE_YES &&
	    live_is_excluded(&live->rules, c->transport, c->port) && !why_has_socket(live, c)) {
		j.bind = WHY_DENIED;
		j.cause = WHY_POLICY;
	} else if (why_is_guests(live, c)) {
		j.cause = WHY_POLICY;
	}
	add_listen(c, &j);
	return j;
}

struct why_judgement why_judge(const struct live_snapshot *live, const struct why_candidate *c)
{
	const struct address plain = address_unmapped(&c->address);
	const bool is_v6 = plain.family == ADDRESS_IPV6 || c->address.family == ADDRESS_IPV6;
	const struct check local = {is_local(live, c), WHY_NOT_LOCAL, WHY_ADDRESS_NOT_LOCAL};
	const struct check privilege = {is_privileged_enough(live, c), WHY_DENIED, WHY_PRIVILEGED};
	const struct check device = {c->device ? live->site.has_device : MAYBE_YES, WHY_NO_DEVICE,
				     WHY_NO_SUCH_DEVICE};
	const struct check checks[] = {device, is_v6 ? privilege : local,
				       is_v6 ? local : privilege};
	struct why_judgement j = {.cause = WHY_CAUSE_UNKNOWN};

	if (live->system != LIVE_LINUX)
		return judge_elsewhere(live, c);
	if (!namespace_of(live) || !live->could_look) {
		add_listen(c, &j);
		return j;
	}
	for (size_t i = 0; i < N_ELEMENTS(checks); i++) {
		if (checks[i].is_passed == MAYBE_YES)
			continue;
		if (checks[i].is_passed == MAYBE_UNKNOWN)
			j = judge_sockets(live, c);
		/* Not known is what it would say; something in the way is known all the same. */
		if (j.bind != WHY_IN_USE)
			j = (struct why_judgement){.cause = checks[i].cause};
		j.bind = checks[i].is_passed == MAYBE_NO ? checks[i].word : WHY_UNKNOWN;
		add_listen(c, &j);
		return j;
	}
	j = judge_sockets(live, c);
	if (j.bind == WHY_OK && is_partial(live, c)) {
		j.bind = WHY_UNKNOWN;
		j.cause = WHY_CAUSE_UNKNOWN;
	}
	add_listen(c, &j);
	return j;
}
