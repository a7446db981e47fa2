/* berth why PORT...: would bind(2) succeed, and why not. */
#include "act/trial.h"
#include "answer/why.h"
#include "cli/cli.h"
#include "cli/own-claims.h"
#include "query/query.h"
#include "render/text-why.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SCREENS = 4, MOST_TRIALS = 256 };

/* All questions of one command line. */
struct inquiry {
	struct cli *c;
	struct query *queries;
	struct why_candidate wanted; /* but for transport, port, user and privilege */
	struct live_place place;
	struct live_snapshot live;
	struct answer_sources from;
	struct cli_list list;
	size_t n_ports, n_shown, n_gaps;
	bool is_refused;       /* one of them would not bind */
	bool has_looked_again;
};

/* --- what is asked --------------------------------------------------------------------------- */

static int refuse_address(const char *text)
{
	return cli_fail(EXIT_USAGE, "--address takes an IPv4 or IPv6 address, not \"%.60s\"",
			text);
}

/* "fe80::1%eth0": the zone becomes the device, as the kernel sees it. */
static int take_zone(struct inquiry *q, const char *text, char *host, size_t size)
{
	const char *percent = strchr(text, '%');
	size_t n = percent ? (size_t)(percent - text) : strlen(text);
	const char *zone = percent ? percent + 1 : NULL;

	if (n >= size)
		return refuse_address(text);
	memcpy(host, text, n);
	host[n] = '\0';
	if (!zone)
		return 0;
	if (strspn(zone, "0123456789") == strlen(zone))
		return cli_fail(EXIT_USAGE, "give the zone of \"%.60s\" by the name of its device",
				text);
	zone = arena_strdup(&q->c->arena, zone);
	if (!zone)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (q->wanted.device && strcmp(q->wanted.device, zone) != 0)
		return cli_fail(EXIT_USAGE, "--device and the zone of --address differ");
	q->wanted.device = zone;
	return 0;
}

static int take_address(struct inquiry *q)
{
	const struct options *o = q->c->options;
	const bool is_v6 = (o->want_v6 && !o->want_v4) || o->is_v6only;
	const char *text = o->address ? o->address : is_v6 ? "::" : "0.0.0.0";
	size_t n = strlen(text);
	char host[80], plain[80];
	int r;

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']' && n < sizeof(plain)) {
		memcpy(plain, text + 1, n - 2);
		plain[n - 2] = '\0';
		text = plain;
	}
	r = take_zone(q, text, host, sizeof(host));
	if (r != 0)
		return r;
	if (address_parse(host, &q->wanted.address) < 0)
		return refuse_address(text);
	q->wanted.is_v6only = o->is_v6only;
	return 0;
}

/* What bind(2) would refuse whoever is there is no question. */
static int check_address(const struct inquiry *q)
{
	const struct options *o = q->c->options;
	const struct address *a = &q->wanted.address;
	const bool is_v6 = a->family == ADDRESS_IPV6;

	if (o->want_v4 != o->want_v6 && is_v6 != o->want_v6)
		return cli_fail(EXIT_USAGE, "--address is not of the family that was asked for");
	if (o->is_v6only && (!is_v6 || address_is_v4_mapped(a)))
		return cli_fail(EXIT_USAGE, "--v6only goes with an IPv6 address");
	if (is_v6 && address_is_link_local(a) && !q->wanted.device)
		return cli_fail(EXIT_USAGE, "a link-local address needs its device: "
					    "--address fe80::1%%eth0, or --device");
	return 0;
}

static int take_options(struct inquiry *q)
{
	const struct options *o = q->c->options;
	int r;

	if (o->scope == LIVE_SCOPE_ALL && o->netns)
		return cli_fail(EXIT_USAGE, "berth why asks about one network namespace");
	q->wanted.device = o->device;
	q->wanted.has_reuse_address = o->is_reuseaddr;
	q->wanted.has_reuse_port = o->is_reuseport;
	r = take_address(q);
	if (r == 0)
		r = check_address(q);
	q->place = (struct live_place){.address = q->wanted.address, .device = q->wanted.device};
	return r;
}

static enum transport transport_of(const struct inquiry *q, const struct query *what)
{
	const struct options *o = q->c->options;

	if (what->has_transport)
		return what->transport;
	return o->want_udp && !o->want_tcp ? TRANSPORT_UDP : TRANSPORT_TCP;
}

static int check_query(const struct inquiry *q, const struct query *what)
{
	const enum transport t = transport_of(q, what);

	if (what->kind != QUERY_PORT && what->kind != QUERY_RANGE)
		return cli_fail(EXIT_USAGE, "berth why takes ports, not \"%.80s\"", what->text);
	if (what->first == 0)
		return cli_fail(EXIT_USAGE, "port 0 is no port: bind(2) takes it as \"any\"");
	if (t == TRANSPORT_SCTP || t == TRANSPORT_DCCP)
		return cli_fail(EXIT_USAGE, "berth why judges tcp and udp, not %s",
				transport_name(t));
	if (t != TRANSPORT_UDP && t != TRANSPORT_UDPLITE && q->wanted.address.bytes[0] == 0xff &&
	    q->wanted.address.family == ADDRESS_IPV6)
		return cli_fail(EXIT_USAGE, "TCP cannot be bound to a multicast address of IPv6");
	return 0;
}

static int take_words(struct inquiry *q)
{
	const struct options *o = q->c->options;

	if (o->n_words == 0)
		return cli_fail(EXIT_USAGE, "berth why takes a port: berth why 8080");
	q->queries = arena_calloc(&q->c->arena, o->n_words, sizeof(*q->queries));
	if (!q->queries)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	for (size_t i = 0; i < o->n_words; i++) {
		struct query *what = &q->queries[i];
		char error[QUERY_ERROR_SIZE];
		int r;

		if (query_parse(o->words[i], what, error) < 0)
			return cli_fail(EXIT_USAGE, "%s", error);
		r = check_query(q, what);
		if (r != 0)
			return r;
		q->n_ports += (size_t)(what->last - what->first) + 1;
	}
	return 0;
}

/* --- the look -------------------------------------------------------------------------------- */

/* One look for all words. */
static int look(struct inquiry *q)
{
	struct live_request r = cli_request(q->c);
	int error;

	r.first_port = UINT16_MAX;
	r.last_port = 0;
	r.transports = 0;
	for (size_t i = 0; q->queries && i < q->c->options->n_words; i++) {
		const struct query *what = &q->queries[i];
		const enum transport t = transport_of(q, what);

		r.first_port = MIN_OF(r.first_port, what->first);
		r.last_port = MAX_OF(r.last_port, what->last);
		r.transports |= TRANSPORT_BIT(t) | TRANSPORT_BIT(transport_port_space(t));
		if (transport_port_space(t) == TRANSPORT_TCP)
			r.transports |= TRANSPORT_BIT(TRANSPORT_MPTCP);
	}
	if (r.scope == LIVE_SCOPE_ALL)
		r.scope = LIVE_SCOPE_HERE; /* nobody elsewhere is in the way */
	r.want_v4 = r.want_v6 = true; /* one may be in the way of the other */
	r.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS;
	r.want_all_owners = true;
	r.flags = LIVE_FLAGS_ALL;
	r.place = &q->place;
	error = cli_look(q->c, &r, &q->c->arena, &q->live);
	if (error != 0)
		return error;
	q->from = (struct answer_sources){.registry = &q->c->registry,
					  .live = &q->live,
					  .counts_every_namespace =
						  q->c->options->scope == LIVE_SCOPE_NAMED};
	if (!q->c->options->is_quiet || q->c->options->is_strict)
		error = own_claims_gather(q->c, 0, UINT16_MAX, &q->c->arena, &q->from);
	if (error != 0)
		return error;
	return answer_index(&q->from, &q->c->arena) ? 0 : cli_fail(EXIT_SYSTEM, "out of memory");
}

/* Who the server runs as. */
static void take_user(struct inquiry *q)
{
	const struct options *o = q->c->options;
	const struct live_rules *rules = &q->live.rules;

	q->wanted.has_uid = o->has_uid || rules->has_uid;
	q->wanted.uid = o->has_uid ? o->uid : rules->uid;
	if (!o->has_uid || (rules->has_uid && o->uid == rules->uid))
		q->wanted.may_bind_privileged = rules->may_bind_privileged;
	else
		q->wanted.may_bind_privileged = o->uid == 0 ? MAYBE_UNKNOWN : MAYBE_NO;
}

/* --- a port ---------------------------------------------------------------------------------- */

static struct answer_trial try_it(const struct inquiry *q, const struct why_candidate *c)
{
	const struct options *o = q->c->options;
	const bool is_stream = transport_port_space(c->transport) == TRANSPORT_TCP;
	const struct trial_request request = {
		.transport = c->transport,
		.address = c->address,
		.port = c->port,
		.has_reuse_address = c->has_reuse_address,
		.is_v6only = c->is_v6only,
		.device = c->device,
		.netns = o->scope == LIVE_SCOPE_NAMED && q->live.n_namespaces == 1 &&
					 !q->live.namespaces[0].is_here
				 ? q->live.namespaces[0].id
				 : 0,
		.has_uid = o->has_uid,
		.uid = o->uid,
	};
	struct trial_result result;

	if (o->has_no_trial || o->replay || q->n_ports > MOST_TRIALS || c->has_reuse_port ||
	    (!is_stream && c->has_reuse_address) || q->live.n_namespaces == 0)
		return (struct answer_trial){0};
	if (trial_bind(&request, &result) < 0)
		return (struct answer_trial){0};
	return (struct answer_trial){.is_made = true, .error = result.error};
}

static bool is_one_object(const struct inquiry *q)
{
	return q->c->options->n_words == 1 && query_is_one_port(&q->queries[0]);
}

static int show(struct inquiry *q, const struct answer_why *w)
{
	struct cli *c = q->c;
	struct writer_json json;
	struct text text;

	q->is_refused = q->is_refused || !w->would_bind;
	q->n_gaps = MAX_OF(q->n_gaps, w->n_gaps);
	if (c->options->is_quiet)
		return 0;
	if (c->options->format == FORMAT_TEXT) {
		text_init(&text, &c->out, &c->style);
		if (q->n_ports > MOST_SCREENS) {
			text_why_line(&text, w);
			return 0;
		}
		if (q->n_shown++ > 0)
			text_blank(&text);
		text_why(&text, w);
		return 0;
	}
	if (!is_one_object(q) || c->options->format != FORMAT_JSON)
		return cli_list_add(&q->list, &record_why, w, "why");
	writer_json_init(&json, &c->out, true);
	render_record(&record_why, w, NULL, &json.base);
	str_append_char(&c->out, '\n');
	return 0;
}

static const struct answer_why *answer(struct inquiry *q, enum transport transport, uint16_t port)
{
	struct why_candidate candidate = q->wanted;
	struct answer_why_question question = {
		.candidate = &candidate,
		.netns = q->c->options->scope == LIVE_SCOPE_NAMED ? q->c->options->netns : NULL,
	};

	candidate.transport = transport;
	candidate.port = port;
	question.trial = try_it(q, &candidate);
	return answer_why(&q->from, &question, &q->c->arena);
}

/* Where trial and judgement differ something may have changed in between: once more. */
static int ask_port(struct inquiry *q, enum transport transport, uint16_t port)
{
	struct arena_mark mark = arena_mark(&q->c->arena);
	const struct answer_why *w = answer(q, transport, port);
	int r;

	if (w && w->is_disputed && !q->has_looked_again) {
		q->has_looked_again = true;
		r = look(q);
		if (r != 0)
			return r;
		mark = arena_mark(&q->c->arena);
		w = answer(q, transport, port);
	}
	if (!w)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	r = show(q, w);
	arena_reset(&q->c->arena, mark);
	return r;
}

static int ask_all(struct inquiry *q)
{
	for (size_t i = 0; q->queries && i < q->c->options->n_words; i++) {
		const struct query *what = &q->queries[i];

		for (uint32_t port = what->first; port <= what->last; port++) {
			int r = ask_port(q, transport_of(q, what), (uint16_t)port);

			if (r != 0)
				return r;
		}
	}
	return 0;
}

static int finish(struct inquiry *q)
{
	const struct options *o = q->c->options;

	if (o->is_quiet)
		return q->is_refused ? EXIT_NO : cli_strict(q->c, q->n_gaps, EXIT_ANSWERED);
	if (o->format == FORMAT_TEXT || (o->format == FORMAT_JSON && is_one_object(q))) {
		if (cli_flush(q->c) < 0)
			return EXIT_SYSTEM;
	} else if (cli_list_end(&q->list) != 0) {
		return EXIT_SYSTEM;
	}
	return q->is_refused ? EXIT_NO : cli_strict(q->c, q->n_gaps, EXIT_ANSWERED);
}

int verb_why(struct cli *c)
{
	struct inquiry q = {.c = c};
	int r = take_options(&q);

	if (r == 0)
		r = take_words(&q);
	if (r == 0)
		r = cli_open_registry(c);
	if (r == 0)
		r = look(&q);
	if (r != 0)
		return r;
	take_user(&q);
	if (!c->options->is_quiet && c->options->format != FORMAT_TEXT &&
	    !(is_one_object(&q) && c->options->format == FORMAT_JSON))
		cli_list_begin(&q.list, c);
	r = ask_all(&q);
	return r != 0 ? r : finish(&q);
}
