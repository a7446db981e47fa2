/* berth listen PORT...: a quiet listener that records who knocks. */
#include "cli/cli.h"

#include "act/listen.h"
#include "base/duration.h"
#include "base/lang.h"
#include "cli/interrupt.h"
#include "cli/system.h"
#include "cli/taken.h"
#include "query/query.h"
#include "render/text-wait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One run, and how it is shown. */
struct session {
	struct cli *c;
	struct listen_request request;
	struct listen_port ports[LISTEN_MOST_PORTS];
	struct cli_list list;
};

/* --- what was asked -------------------------------------------------------------------------- */

static int take_port(struct session *s, const struct query *q, uint16_t port)
{
	const struct options *o = s->c->options;
	struct listen_port *p = &s->ports[s->request.n_ports];
	enum transport transport = q->has_transport ? q->transport : TRANSPORT_TCP;

	if (port == 0)
		return cli_fail(EXIT_USAGE, "0 is no port to listen on");
	if (s->request.n_ports == LISTEN_MOST_PORTS)
		return cli_fail(EXIT_USAGE, "at most %d ports can be listened on at once",
				LISTEN_MOST_PORTS);
	if (transport != TRANSPORT_TCP && transport != TRANSPORT_UDP)
		return cli_fail(EXIT_USAGE, "only tcp and udp can be listened on, not %s",
				transport_name(transport));
	p->port = port;
	p->want_tcp = q->has_transport ? transport == TRANSPORT_TCP : o->want_tcp || !o->want_udp;
	p->want_udp = q->has_transport ? transport == TRANSPORT_UDP : o->want_udp || !o->want_tcp;
	s->request.n_ports++;
	return 0;
}

static int parse_ports(struct session *s)
{
	const struct options *o = s->c->options;
	int r = 0;

	if (o->n_words == 0)
		return cli_fail(EXIT_USAGE, "berth listen takes a PORT to listen on");
	for (size_t i = 0; r == 0 && i < o->n_words; i++) {
		char error[QUERY_ERROR_SIZE];
		struct query q;

		if (query_parse(o->words[i], &q, error) < 0)
			return cli_fail(EXIT_USAGE, "%s", error);
		if (q.kind != QUERY_PORT && q.kind != QUERY_RANGE)
			return cli_fail(EXIT_USAGE, "\"%.60s\" is not a PORT (the address goes to "
						    "--on)", o->words[i]);
		for (uint32_t port = q.first; r == 0 && port <= q.last; port++)
			r = take_port(s, &q, (uint16_t)port);
	}
	s->request.ports = s->ports;
	return r;
}

static int parse_addresses(struct session *s)
{
	const struct options *o = s->c->options;
	const struct address v4 = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
	const struct address v6 = {.family = ADDRESS_IPV6, .bytes = {[15] = 1}};
	const struct address all_v4 = {.family = ADDRESS_IPV4}, all_v6 = {.family = ADDRESS_IPV6};
	struct listen_request *q = &s->request;
	bool is_all = o->on && strcmp(o->on, "all") == 0;

	if (o->on && !is_all) {
		if (address_parse(o->on, &q->on[0]) < 0)
			return cli_fail(EXIT_USAGE, "--on takes a numeric address, or all, not "
						    "\"%.60s\"", o->on);
		q->n_on = 1;
		return 0;
	}
	if (o->want_v4 || !o->want_v6)
		q->on[q->n_on++] = is_all ? all_v4 : v4;
	if (o->want_v6 || !o->want_v4)
		q->on[q->n_on++] = is_all ? all_v6 : v6;
	q->is_either_enough = q->n_on == 2;
	return 0;
}

static int parse_end(struct session *s)
{
	const struct options *o = s->c->options;
	int r;

	s->request.for_ms = -1;
	r = o->for_time ? duration_parse(o->for_time, &s->request.for_ms) : 0;
	if (r < 0 || (o->for_time && s->request.for_ms == 0))
		return cli_fail(EXIT_USAGE,
				"--for takes a time like 10m, 30s or 2h%s, not "
				"\"%.60s\"",
				r == -ERANGE ? _(" up to a year") : "", o->for_time);
	if (o->max && (str_parse_u64(o->max, strlen(o->max), UINT32_MAX, &s->request.max) < 0 ||
		       s->request.max == 0))
		return cli_fail(EXIT_USAGE, "--max takes a number of knocks, not \"%.60s\"",
				o->max);
	return 0;
}

/* --- what could not be bound ----------------------------------------------------------------- */

static int fail_taken(struct cli *c, const struct listen_trouble *t, const char *place)
{
	const char *holder = taken_by(c, t->transport, t->port);

	return cli_fail(EXIT_SYSTEM, "%s is taken%s%s: berth why %u/%s tells more", place,
			holder ? _(" by ") : "", holder ? holder : "", t->port,
			transport_name(t->transport));
}

static int fail_to_open(struct cli *c, int error, const struct listen_trouble *t)
{
	char address[ADDRESS_TEXT_SIZE], place[ADDRESS_TEXT_SIZE + 24];
	bool is_v6 = t->address.family == ADDRESS_IPV6;

	address_format(&t->address, address);
	snprintf(place, sizeof(place), "%s%s%s:%u/%s", is_v6 ? "[" : "", address, is_v6 ? "]" : "",
		 t->port, transport_name(t->transport));
	if (t->port == 0)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (error == -EADDRINUSE)
		return fail_taken(c, t, place);
	if (error == -EACCES)
		return cli_fail(EXIT_SYSTEM, "%s %s: berth why %u/%s tells more", place,
				system_bind_denied, t->port, transport_name(t->transport));
	if (error == -EADDRNOTAVAIL)
		return cli_fail(EXIT_SYSTEM, "%s is no address of this host", address);
	return cli_fail(EXIT_SYSTEM, "cannot listen on %s: %s", place, lang_error(error));
}

/* --- what is shown --------------------------------------------------------------------------- */

static int show_knock(void *context, const struct answer_knock *k)
{
	struct session *s = context;
	struct cli *c = s->c;
	struct text text;

	if (c->options->is_quiet)
		return 0;
	if (c->options->format == FORMAT_TEXT) {
		text_init(&text, &c->out, &c->style);
		text_knock(&text, k);
	} else if (cli_list_add(&s->list, &record_knock, k, "knock") != 0) {
		return -EIO;
	}
	return cli_flush(c) < 0 ? -EIO : 0;
}

static void say_begun(const struct session *s, const struct listener *l)
{
	const struct listen_request *q = &s->request;
	struct str line = {0};

	for (size_t i = 0; i < q->n_on; i++) {
		char address[ADDRESS_TEXT_SIZE];

		if (!listen_has_address(l, i))
			continue;
		address_format(&q->on[i], address);
		str_printf(&line, "%s%s%s%s", line.length > 0 ? _(" and ") : "",
			   q->on[i].family == ADDRESS_IPV6 ? "[" : "", address,
			   q->on[i].family == ADDRESS_IPV6 ? "]" : "");
	}
	str_append(&line, _(", port"));
	for (size_t i = 0; i < q->n_ports; i++) {
		const struct listen_port *p = &q->ports[i];

		str_printf(&line, "%s %u%s", i > 0 ? "," : "", p->port,
			   p->want_tcp && p->want_udp ? " (tcp, udp)"
			   : p->want_tcp	      ? "/tcp"
						      : "/udp");
	}
	cli_warn("listening quietly on %s%s", str_text(&line),
		 q->for_ms < 0 && q->max == 0 ? _("; Ctrl-C ends it") : "");
	str_fini(&line);
}

static void put_count(struct str *line, uint64_t n, const char *what)
{
	if (n > 0)
		str_printf(line, "; %" PRIu64 " %s", n, what);
}

/* On standard error: standard output has the knocks and nothing else. */
static void say_totals(const struct listen_totals *t)
{
	uint64_t n = t->n_tcp + t->n_udp;
	struct str line = {0}, took = {0};
	char peers[64];

	text_put_duration(&took, t->elapsed_ms);
	snprintf(peers, sizeof(peers),
		 t->has_more_peers ? lang_plural("more than %zu address", "more than %zu addresses",
						 t->n_peers)
				   : lang_plural("%zu address", "%zu addresses", t->n_peers),
		 t->n_peers);
	if (n == 0)
		str_printf(&line, _("nobody knocked in %s"), str_text(&took));
	else
		str_printf(&line,
			   lang_plural("%llu knock (%llu tcp, %llu udp) from %s in %s",
				       "%llu knocks (%llu tcp, %llu udp) from %s in %s", n),
			   (unsigned long long)n, (unsigned long long)t->n_tcp,
			   (unsigned long long)t->n_udp, peers, str_text(&took));
	str_fini(&took);
	for (size_t i = 0; i < t->n_kinds; i++)
		str_printf(&line, "%s %" PRIu64 " %s", i == 0 ? ":" : ",", t->kinds[i].n,
			   t->kinds[i].opener);
	put_count(&line, t->n_without_bytes, _("without a byte"));
	put_count(&line, t->n_displaced, _("let go early to make room"));
	put_count(&line, t->n_unasked, _("whose program was not looked up (too many at once)"));
	cli_warn("%s", str_text(&line));
	str_fini(&line);
}

static int run(struct session *s, struct listener *l)
{
	struct cli *c = s->c;
	struct listen_totals totals;
	int r;

	if (!c->options->is_quiet)
		say_begun(s, l);
	if (c->options->format != FORMAT_TEXT)
		cli_list_begin(&s->list, c);
	r = listen_run(l, c->source, &totals);
	if (!c->options->is_quiet && !c->has_written_error)
		say_totals(&totals);
	if (c->options->format != FORMAT_TEXT && cli_list_end(&s->list) != 0)
		return EXIT_SYSTEM;
	if (r < 0 && !c->has_written_error)
		return cli_fail(EXIT_SYSTEM, "cannot go on listening: %s", lang_error(r));
	return r < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}

int verb_listen(struct cli *c)
{
	struct session s = {.c = c};
	struct listen_trouble trouble;
	struct listener *l = NULL;
	int r = parse_ports(&s);

	if (r == 0)
		r = parse_addresses(&s);
	if (r == 0)
		r = parse_end(&s);
	if (r == 0)
		r = cli_open_source(c);
	if (r != 0)
		return r;
	s.request.knock = show_knock;
	s.request.context = &s;
	s.request.stop_fd = interrupt_catch();
	r = listen_open(&s.request, &l, &trouble);
	r = r < 0 ? fail_to_open(c, r, &trouble) : run(&s, l);
	listen_close(l);
	return r;
}
