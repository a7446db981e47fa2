/* berth lease [NAME[=RANGE]...] -- CMD: CMD with ports that no other lease gets. */
#include "act/lease.h"
#include "act/leases.h"
#include "answer/why.h"
#include "base/lang.h"
#include "cli/lease-pool.h"
#include "cli/own-claims.h"
#include "render/text-why.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One run. */
struct session {
	struct cli *c;
	struct lease_wish wishes[LEASE_MOST];
	struct lease leases[LEASE_MOST];
	size_t n, n_leased;
	struct lease_run run;
};

#define refuse(...) cli_fail(EXIT_FAILED, __VA_ARGS__)

/* --- what was asked -------------------------------------------------------------------------- */

static int take_wish(struct session *s, const char *text)
{
	char error[LEASE_ERROR_SIZE], mine[LEASE_VARIABLE_SIZE], other[LEASE_VARIABLE_SIZE];
	struct lease_wish *wish = &s->wishes[s->n];

	if (s->n == LEASE_MOST)
		return refuse(_("at most %d ports can be leased at once"), LEASE_MOST);
	if (lease_wish_parse(text, wish, error) < 0)
		return refuse("%s", error);
	lease_variable(wish->name, mine);
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(lease_variable(s->wishes[i].name, other), mine) == 0)
			return refuse(_("%s and %s would both be called %s"), s->wishes[i].name,
				      wish->name, mine);
	}
	s->n++;
	return 0;
}

static int take_address(struct session *s)
{
	const struct options *o = s->c->options;

	s->run.on = (struct address){.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
	if (!o->on)
		return 0;
	if (o->hold != HOLD_FD)
		return refuse(
			_("--on goes with --hold fd: otherwise CMD chooses where it listens"));
	if (strcmp(o->on, "all") == 0) {
		s->run.on = (struct address){.family = ADDRESS_IPV6};
		s->run.is_dual = true;
		return 0;
	}
	if (address_parse(o->on, &s->run.on) < 0)
		return refuse(_("--on takes a numeric address, or all, not \"%.60s\""), o->on);
	return 0;
}

static int parse(struct session *s)
{
	static const enum lease_hold holds[] = {
		[HOLD_REUSE] = LEASE_HOLD_REUSE,
		[HOLD_NONE] = LEASE_HOLD_NONE,
		[HOLD_FD] = LEASE_HOLD_FD,
	};
	const struct options *o = s->c->options;
	int r = take_address(s);

	for (size_t i = 0; r == 0 && i < o->n_words; i++)
		r = take_wish(s, o->words[i]);
	if (r != 0)
		return r;
	if (!o->command || !o->command[0])
		return refuse(_("berth lease takes a command behind --: berth lease web -- CMD"));
	if (s->n == 0)
		s->wishes[s->n++] = (struct lease_wish){.n_spans = 0};
	s->run.wishes = s->wishes;
	s->run.leases = s->leases;
	s->run.n = s->n;
	s->run.command = o->command;
	s->run.hold = holds[o->hold];
	return 0;
}

/* --- ports ----------------------------------------------------------------------------------- */

static int fail_to_lease(const struct lease_wish *wish, const struct lease_ports *pool,
			 const struct lease_misses *misses)
{
	struct str why = {0};
	int code;

	lease_pool_describe(pool, misses, &why);
	if (pool->n == 1 && misses->n_bound == 1)
		str_printf(&why, _("; berth why %u says by whom"), pool->ports[0]);
	code = refuse(_("no port is left%s%s: %s"), wish->name[0] ? _(" for ") : "", wish->name,
		      str_text(&why));
	str_fini(&why);
	return code;
}

static int lease_one(struct session *s, const struct lease_wish *wish)
{
	struct lease_ports pool;
	struct lease_misses misses = {0};
	size_t cursor = 0;
	int r = lease_pool(s->c, wish->spans, wish->n_spans, wish->name, &pool);

	if (r != 0)
		return EXIT_FAILED;
	r = lease_take(&pool, &cursor, s->run.hold, &s->leases[s->n_leased], &misses);
	if (r == 1)
		return fail_to_lease(wish, &pool, &misses);
	if (r == -ENOTSUP)
		return refuse(_("this system has no leases (they are made of Linux's abstract unix "
			      "names)"));
	if (r < 0)
		return refuse(_("cannot lease a port: %s"), lang_error(r));
	s->n_leased++;
	return 0;
}

static int write_env(struct session *s)
{
	const char *path = s->c->options->env;
	int r = path ? lease_write_env(path, s->wishes, s->leases, s->n) : 0;

	if (r == -EINVAL || r == -EFBIG)
		return refuse(_("%s is no environment file: not text, or over %d KiB"), path,
			      LEASE_ENV_MOST / 1024);
	return r < 0 ? refuse(_("cannot write %s: %s"), path, lang_error(r)) : 0;
}

static int lease_all(struct session *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = lease_one(s, &s->wishes[i]);
	if (r == 0)
		r = write_env(s);
	for (size_t i = 0; r == 0 && s->c->options->is_verbose && i < s->n; i++) {
		char name[LEASE_VARIABLE_SIZE];

		cli_warn("%s=%u", lease_variable(s->wishes[i].name, name), s->leases[i].port);
	}
	return r;
}

/* --- afterwards ------------------------------------------------------------------------------ */

/* What a server that sets SO_REUSEADDR would be told: remnants of the command's own connections are
 * no news. */
static const struct answer_why *judge(struct session *s, const struct live_snapshot *live,
				      uint16_t port, enum address_family family)
{
	struct answer_sources from = {.registry = &s->c->registry, .live = live};
	struct why_candidate candidate = why_plain(live, TRANSPORT_TCP, family, port);
	const struct answer_why_question question = {.candidate = &candidate};

	candidate.has_reuse_address = true;
	candidate.is_v6only = family == ADDRESS_IPV6;
	if (!answer_index(&from, &s->c->arena))
		return NULL;
	return answer_why(&from, &question, &s->c->arena);
}

/* Whether all that has the port belongs to the lease: a child of the command that went on. */
static bool is_own(const struct answer_why *w, const uint32_t *pids, size_t n_pids)
{
	const struct answer_why_holder *h = w->n_holders > 0 ? &w->holders[0] : NULL;

	for (size_t i = 0; h && i < h->n_owners; i++) {
		for (size_t p = 0; p < n_pids; p++) {
			if (h->owners[i].pid == (answer_number)pids[p])
				return true;
		}
	}
	return false;
}

static void tell_taken(struct session *s, const struct lease *l, const struct live_snapshot *live)
{
	static const enum address_family families[] = {ADDRESS_IPV4, ADDRESS_IPV6};
	uint32_t pids[64];
	size_t n_pids = leases_holders(l->port, pids, N_ELEMENTS(pids));

	for (size_t i = 0; i < N_ELEMENTS(families); i++) {
		const struct answer_why *w = judge(s, live, l->port, families[i]);

		if (!w || w->would_bind || !w->cause || is_own(w, pids, n_pids))
			continue;
		cli_warn("%u was leased, and is taken: %s: %s", l->port, w->cause,
			 w->sentence ? w->sentence : "");
		return;
	}
}

/* The command failed: perhaps because somebody who asks nobody took the port. */
static void explain(struct session *s)
{
	struct arena *arena = &s->c->arena;

	if (!s->c->has_registry && cli_open_registry(s->c) != 0)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct live_request request = live_request_default();
		const struct lease *l = &s->leases[i];
		struct live_snapshot live;

		request.first_port = request.last_port = l->port;
		request.scope = LIVE_SCOPE_HERE;
		request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS;
		request.want_all_owners = true;
		request.flags = LIVE_FLAGS_ALL;
		if (cli_look(s->c, &request, arena, &live) != 0)
			return;
		tell_taken(s, l, &live);
	}
}

/* A server that binds without SO_REUSEADDR cannot have a port that is held. */
static void advise(const struct session *s)
{
	for (size_t i = 0; s->run.hold == LEASE_HOLD_REUSE && i < s->n; i++) {
		if (s->leases[i].is_heard)
			continue;
		cli_warn("nobody listened on %u while it was held; if \"address in use\" was the "
			 "trouble, CMD binds without SO_REUSEADDR: berth lease --hold none",
			 s->leases[i].port);
		return;
	}
}

static int finish(struct session *s, const struct lease_end *end)
{
	const char *program = s->c->options->command[0];

	if (end->exec_error != 0)
		return cli_fail(end->exec_error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN,
				"cannot run %s: %s", program, lang_error(end->exec_error));
	if (end->status != 0 && !end->was_killed && !s->c->options->is_quiet) {
		advise(s);
		for (size_t i = 0; i < s->n; i++)
			lease_unhold(&s->leases[i]);
		explain(s);
	}
	return end->status;
}

int verb_lease(struct cli *c)
{
	struct session s = {.c = c};
	struct lease_end end;
	int r = parse(&s);

	if (r == 0)
		r = lease_all(&s);
	if (r == 0) {
		int error = lease_run(&s.run, &c->arena, &end);

		r = error < 0 ? refuse(_("cannot run the command: %s"), lang_error(error))
			      : finish(&s, &end);
	}
	for (size_t i = 0; i < s.n_leased; i++)
		lease_drop(&s.leases[i]);
	return r;
}
