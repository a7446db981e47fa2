/* What is to be said of one port. */
#include "answer/suggest.h"

#include "answer/why.h"
#include "base/lang.h"
#include "base/str.h"
#include "ledger/claims.h"
#include "query/ip-text.h"
#include "registry/browser-ports.h"
#include "registry/known-uses.h"
#include "registry/registry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NEAR = 3 };

static const struct {
	const char *name;
	uint32_t cost;
} whys[N_SUGGEST_WHYS] = {
	[SUGGEST_ZERO] = {"zero", 0},
	[SUGGEST_PRIVILEGED] = {"privileged", 0},
	[SUGGEST_CLAIMED] = {"claimed", 0},
	[SUGGEST_LEASED] = {"leased", 0},
	[SUGGEST_BOUND] = {"bound", 0},
	[SUGGEST_PUBLISHED] = {"published", 0},
	[SUGGEST_REFUSED] = {"refused", 0},
	[SUGGEST_EPHEMERAL] = {"ephemeral", 0},
	[SUGGEST_EXCLUDED] = {"excluded", 0},
	[SUGGEST_BROWSER] = {"browser-blocked", 0},
	[SUGGEST_ASSIGNED] = {"assigned", 1000},
	[SUGGEST_UNAUTHORIZED] = {"unauthorized-use", 500},
	[SUGGEST_POOL] = {"pool", 250},
	[SUGGEST_CUSTOMARY_SYSTEM] = {"customary-system", 160},
	[SUGGEST_CUSTOMARY] = {"customary", 80},
	[SUGGEST_NEAR] = {"near-assigned", 30},
	[SUGGEST_ROUND] = {"round", 10},
	[SUGGEST_TWIN] = {"twin-taken", 4},
	[SUGGEST_ASKED] = {"ephemeral", 0},
	[SUGGEST_CLOSING] = {"closing", 0},
};

/* Ranges from which others draw at random. */
static const struct {
	uint16_t first, last;
	const char *text;
} pools[] = {
	{15000, 24999, N_("portserver's pool, 15000-24999")},
	{20000, 32000, N_("Nomad's dynamic ports, 20000-32000")},
	{30000, 32767, N_("NodePorts of Kubernetes, 30000-32767")},
	{33000, 35000, N_("DDEV's router, 33000-35000")},
};

/* A judgement under way. */
struct judge {
	const struct suggest_world *world;
	const struct suggest_wish *wish;
	struct arena *arena; /* NULL: the sum alone is wanted */
	struct suggest_reason *reasons;
	size_t n, capacity;
	uint32_t cost;
	bool is_forbidden;
	bool has_twin;          /* said of this port already: it costs once */
	enum suggest_why first; /* what forbids it first */
	uint16_t port;
};

bool suggest_forbids(enum suggest_why why)
{
	return why <= SUGGEST_BROWSER;
}

const char *suggest_why_name(enum suggest_why why)
{
	return whys[why].name;
}

uint32_t suggest_why_cost(enum suggest_why why)
{
	return whys[why].cost;
}

static void BERTH_PRINTF(3, 4) add(struct judge *j, enum suggest_why why, const char *fmt, ...)
{
	struct suggest_reason *reason;
	char text[512];
	va_list args;

	if (why == SUGGEST_TWIN) {
		if (j->has_twin)
			return;
		j->has_twin = true;
	}
	if (suggest_forbids(why) && !j->is_forbidden) {
		j->is_forbidden = true;
		j->first = why;
	}
	j->cost += whys[why].cost;
	if (!j->arena)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	reason = ARENA_PUSH(j->arena, j->reasons, j->n, j->capacity);
	if (reason)
		*reason = (struct suggest_reason){j->port, why, whys[why].cost,
						  arena_strdup(j->arena, text)};
}

static bool is_in(const struct live_span *spans, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++) {
		if (port >= spans[i].first && port <= spans[i].last)
			return true;
	}
	return false;
}

static void judge_rules(struct judge *j)
{
	const struct live_snapshot *live = j->world->live;
	const struct live_rules *rules = live ? &live->rules : NULL;
	const struct live_span *e = rules && rules->has_ephemeral ? &rules->ephemeral : NULL;
	bool is_reserved = rules && is_in(rules->reserved, rules->n_reserved, j->port);

	if (j->port == 0)
		add(j, SUGGEST_ZERO, _("port 0 means any port"));
	else if (live && j->port < why_unprivileged_start(live))
		add(j, SUGGEST_PRIVILEGED, _("privileged: below %u"),
		    (unsigned int)why_unprivileged_start(live));
	if (rules && ((j->wish->want_tcp && live_is_excluded(rules, TRANSPORT_TCP, j->port)) ||
		      (j->wish->want_udp && live_is_excluded(rules, TRANSPORT_UDP, j->port))))
		add(j, SUGGEST_EXCLUDED, _("excluded: Windows lets nobody bind it"));
	else if (rules && ((j->wish->want_tcp && live_is_guests(rules, TRANSPORT_TCP, j->port)) ||
			   (j->wish->want_udp && live_is_guests(rules, TRANSPORT_UDP, j->port))))
		add(j, SUGGEST_EXCLUDED, _("excluded: reserved for a guest (WSL or Hyper-V)"));
	if (!e || !is_in(e, 1, j->port) || is_reserved)
		return;
	if (j->wish->is_asked && j->wish->first >= e->first && j->wish->last <= e->last)
		add(j, SUGGEST_ASKED, _("ephemeral, as asked: an outgoing connection may take it "
				      "(%u-%u)"), e->first, e->last);
	else
		add(j, SUGGEST_EPHEMERAL,
		    _("ephemeral: an outgoing connection may take it (%u-%u)"), e->first, e->last);
}

/* Whether a claim is of a transport that is wanted, or (`is_twin`) of the other one. */
static bool concerns(const struct judge *j, const struct claim *one, bool is_twin)
{
	const struct suggest_wish *w = j->wish;
	bool tcp = one->protocols & TRANSPORT_BIT(TRANSPORT_TCP);
	bool udp = one->protocols & TRANSPORT_BIT(TRANSPORT_UDP);

	return (tcp && w->want_tcp != is_twin) || (udp && w->want_udp != is_twin);
}

bool suggest_is_own(const struct suggest_world *world, const struct suggest_wish *wish,
		    const struct claim *one)
{
	transport_set wanted = (wish->want_tcp ? TRANSPORT_BIT(TRANSPORT_TCP) : 0) |
			       (wish->want_udp ? TRANSPORT_BIT(TRANSPORT_UDP) : 0);

	return wish->name && wish->scope && one->scope && strcmp(one->scope, wish->scope) == 0 &&
	       str_casecmp(one->name, wish->name) == 0 && (one->protocols & wanted) == wanted &&
	       one->last - one->first + 1 == wish->block && one->first >= wish->first &&
	       one->last <= wish->last && !one->has_address &&
	       claim_state(one, world->today) == CLAIM_ACTIVE;
}

static void judge_claims(struct judge *j)
{
	const struct claim *one, *twin = NULL;
	char ports[CLAIM_PORTS_SIZE];
	size_t cursor = 0;

	if (port_set_has(j->world->snatched, j->port))
		add(j, SUGGEST_CLAIMED, _("claimed a moment ago"));
	if (!j->world->claims)
		return;
	while ((one = claims_next(j->world->claims, j->port, &cursor))) {
		enum claim_state state = claim_state(one, j->world->today);

		if (state == CLAIM_EXPIRED || suggest_is_own(j->world, j->wish, one))
			continue;
		if (concerns(j, one, false)) {
			add(j, SUGGEST_CLAIMED, "%s: %s %s (%s)",
			    state == CLAIM_RETIRED ? "retired" : "claimed", one->name,
			    claim_ports_format(one, ports),
			    one->source ? one->source : _("a claim"));
			return;
		}
		if (concerns(j, one, true))
			twin = one;
	}
	if (twin)
		add(j, SUGGEST_TWIN, _("its twin is claimed: %s %s"), twin->name,
		    claim_ports_format(twin, ports));
}

static void judge_leases(struct judge *j)
{
	const struct suggest_wish *w = j->wish;
	bool tcp = port_set_has(j->world->leased_tcp, j->port);
	bool udp = port_set_has(j->world->leased_udp, j->port);

	if ((tcp && w->want_tcp) || (udp && w->want_udp))
		add(j, SUGGEST_LEASED, _("on lease (%s)"), tcp && w->want_tcp ? "tcp" : "udp");
	else if (tcp || udp)
		add(j, SUGGEST_TWIN, _("its twin is on lease (%s)"), tcp ? "tcp" : "udp");
}

/* "tcp 0.0.0.0:80, nginx (pid 7)" */
static void describe_socket(const struct live_socket *s, char *out, size_t size)
{
	const struct live_owner *o = s->n_owners > 0 ? &s->owners[0] : NULL;
	char address[ADDRESS_TEXT_SIZE], who[160] = "";
	bool is_v6 = s->local.family == ADDRESS_IPV6;

	address_format(&s->local, address);
	if (o && o->process)
		snprintf(who, sizeof(who), ", %.100s (pid %u)",
			 o->process->program ? o->process->program : _("a process"),
			 (unsigned int)o->process->pid);
	else if (o && o->kernel)
		snprintf(who, sizeof(who), ", %.100s", o->kernel);
	snprintf(out, size, "%s %s%s%s:%u%s%s", transport_name(s->transport), is_v6 ? "[" : "",
		 address, is_v6 ? "]" : "", s->local_port,
		 s->state == LIVE_BOUND	       ? _(", bound only")
		 : s->state == LIVE_CONNECTION ? _(", a connection")
					       : "",
		 who);
}

static bool is_udp(enum transport t)
{
	return t == TRANSPORT_UDP || t == TRANSPORT_UDPLITE;
}

static bool is_tcp(enum transport t)
{
	return t == TRANSPORT_TCP || t == TRANSPORT_MPTCP;
}

/* The weightiest socket is named: a listener before what is only bound before connections. */
static void judge_sockets(struct judge *j)
{
	const struct live_snapshot *live = j->world->live;
	const struct live_socket *taken = NULL, *twin = NULL, *closing = NULL;
	size_t first, n = live_snapshot_find(live, j->port, &first);
	char text[320];

	for (size_t i = first; i < first + n; i++) {
		const struct live_socket *s = &live->sockets[i];
		bool is_wanted = (is_tcp(s->transport) && j->wish->want_tcp) ||
				 (is_udp(s->transport) && j->wish->want_udp);
		const struct live_socket **kind = is_wanted ? &taken : &twin;

		if (!s->ns->is_here || (!is_tcp(s->transport) && !is_udp(s->transport)))
			continue;
		if (s->is_remnant || s->state == LIVE_TIME_WAIT)
			kind = is_wanted ? &closing : NULL;
		if (kind && (!*kind || s->state < (*kind)->state))
			*kind = s;
	}
	if (taken) {
		describe_socket(taken, text, sizeof(text));
		add(j, SUGGEST_BOUND, _("in use: %s"), text);
	}
	if (twin) {
		describe_socket(twin, text, sizeof(text));
		add(j, SUGGEST_TWIN, _("its twin is in use: %s"), text);
	}
	if (closing && !taken)
		add(j, SUGGEST_CLOSING,
		    _("closed connections keep it for %u s from servers without "
		      "SO_REUSEADDR"),
		    (closing->expires_ms + 999) / 1000);
}

static void judge_published(struct judge *j)
{
	const struct live_snapshot *live = j->world->live;

	for (size_t i = 0; i < live->n_published; i++) {
		const struct live_published *p = &live->published[i];
		bool is_wanted = (is_tcp(p->transport) && j->wish->want_tcp) ||
				 (is_udp(p->transport) && j->wish->want_udp);

		if (!is_wanted || j->port < p->ports.first || j->port > p->ports.last)
			continue;
		add(j, SUGGEST_PUBLISHED, _("published: %s leads it elsewhere"), p->by);
		return;
	}
}

/* The row by which IANA lists the port for any protocol. */
static bool find_listed(const struct registry *reg, uint16_t port, struct registry_row *row,
			enum transport *transport)
{
	for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		enum registry_status status = registry_status(reg, port, (enum transport)t);
		struct registry_rows rows;

		if (status != REGISTRY_ASSIGNED && status != REGISTRY_RESERVED &&
		    status != REGISTRY_DE_ASSIGNED)
			continue;
		rows = registry_lookup(reg, port, (enum transport)t);
		*transport = (enum transport)t;
		return rows.n > 0 && registry_row(reg, rows.ids[0], row) == 0;
	}
	return false;
}

static void judge_near(struct judge *j)
{
	for (int d = 1; d <= NEAR; d++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			int port = j->port + sign * d;
			struct registry_row row;
			enum transport t;

			if (port < 0 || port > UINT16_MAX ||
			    !find_listed(j->world->registry, (uint16_t)port, &row, &t))
				continue;
			add(j, SUGGEST_NEAR, _("only %d from %d, which IANA lists%s%s"), d, port,
			    row.name ? _(" as ") : "", row.name ? row.name : "");
			return;
		}
	}
}

static void judge_unauthorized(struct judge *j)
{
	static const enum transport both[] = {TRANSPORT_TCP, TRANSPORT_UDP};

	for (size_t t = 0; t < N_ELEMENTS(both); t++) {
		struct registry_rows rows = registry_lookup(j->world->registry, j->port, both[t]);

		for (uint32_t i = 0; i < rows.n; i++) {
			struct registry_row row;

			if (registry_row(j->world->registry, rows.ids[i], &row) < 0 ||
			    !row.unauthorized_use)
				continue;
			add(j, SUGGEST_UNAUTHORIZED,
			    _("used without assignment, says IANA: %.200s"), row.unauthorized_use);
			return;
		}
	}
}

/* Software that uses it by default today; that of an operating system weighs double. */
static void judge_uses(struct judge *j)
{
	struct known_use use, found = {.software = NULL};

	for (unsigned int t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
		uint32_t cursor = 0;

		while (known_use_next(j->world->registry, j->port, (enum transport)t, &cursor,
				      &use, NULL)) {
			if (!use.until && (!found.software || (use.platform && !found.platform)))
				found = use;
		}
	}
	if (found.software && found.platform)
		add(j, SUGGEST_CUSTOMARY_SYSTEM, _("%s uses it by default on %s"), found.software,
		    found.platform);
	else if (found.software)
		add(j, SUGGEST_CUSTOMARY, _("%s uses it by default"), found.software);
}

static void judge_world(struct judge *j)
{
	struct registry_row row;
	bool is_listed = false;
	enum transport t;

	if (j->world->registry) {
		is_listed = find_listed(j->world->registry, j->port, &row, &t);
		if (is_listed)
			add(j, SUGGEST_ASSIGNED, "IANA: %s%s%s (%s)",
			    registry_status_name(row.status), row.name ? ", " : "",
			    row.name ? row.name : "", transport_name(t));
		judge_unauthorized(j);
	}
	for (size_t i = 0; i < N_ELEMENTS(pools); i++) {
		if (j->port >= pools[i].first && j->port <= pools[i].last) {
			add(j, SUGGEST_POOL, _("others draw from here: %s"), _(pools[i].text));
			break;
		}
	}
	if (j->world->registry) {
		judge_uses(j);
		if (!is_listed) /* of those that are, most have neighbours: it says nothing */
			judge_near(j);
	}
	if (j->port % 100 == 0)
		add(j, SUGGEST_ROUND, _("ends in 00: what people pick by hand"));
}

static void judge_port(struct judge *j, uint16_t port)
{
	j->port = port;
	j->has_twin = false;
	judge_rules(j);
	judge_claims(j);
	judge_leases(j);
	if (j->world->live) {
		judge_sockets(j);
		judge_published(j);
	}
	if (port_set_has(j->world->refused, j->port))
		add(j, SUGGEST_REFUSED, _("bind(2) was tried and refused it"));
	if (j->wish->for_browser && registry_is_browser_blocked(j->port))
		add(j, SUGGEST_BROWSER, _("browsers refuse it (Fetch, %s)"),
		    registry_browser_blocked_as_of());
	if (!j->arena && j->is_forbidden)
		return;
	judge_world(j);
}

bool suggest_judge(const struct suggest_world *world, const struct suggest_wish *wish,
		   uint16_t first, uint16_t last, struct arena *arena, struct suggest_place *out)
{
	struct judge j = {.world = world, .wish = wish, .arena = arena};

	for (uint32_t port = first; port <= last; port++)
		judge_port(&j, (uint16_t)port);
	*out = (struct suggest_place){
		.first = first,
		.last = last,
		.is_forbidden = j.is_forbidden,
		.cost = j.cost,
		.reasons = j.reasons,
		.n_reasons = j.n,
	};
	return !arena_failed(arena);
}

uint32_t suggest_cost_of(const struct suggest_world *world, const struct suggest_wish *wish,
			 uint16_t first, uint16_t last, enum suggest_why *why)
{
	struct judge j = {.world = world, .wish = wish};

	for (uint32_t port = first; port <= last; port++) {
		judge_port(&j, (uint16_t)port);
		if (j.is_forbidden) {
			if (why)
				*why = j.first;
			return UINT32_MAX;
		}
	}
	return j.cost;
}
