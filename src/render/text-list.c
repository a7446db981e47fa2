/* Texts of many things: ports in a table, the listeners of this machine, finds, ranges. */
#include "render/text-list.h"

#include "base/lang.h"
#include "render/text-parts.h"

#include "render/text-answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The main owner's name, and how many others there are: "nginx +2". */
static const char *describe_owners(const struct answer_listener *l, struct arena *arena)
{
	const struct answer_owner *o = answer_main_owner(l);
	const char *name = o ? o->label ? o->label : "?" : "?";

	if (l->n_owners > 1)
		return arena_printf(arena, "%s +%zu", name, l->n_owners - 1);
	return arena_strdup(arena, name);
}

static bool is_quiet(struct verdict v)
{
	return v.word == VERDICT_VACANT || v.word == VERDICT_DARK || v.word == VERDICT_UNKNOWN;
}

static struct verdict heavier(const struct answer *a)
{
	if (a->has_transport)
		return a->transport == TRANSPORT_UDP ? a->udp : a->tcp;
	return a->udp.word > a->tcp.word ? a->udp : a->tcp;
}

/* The port's names: its own, then IANA's. */
static const char *describe_names(const struct answer *a, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < a->n_claims; i++) {
		if (strcmp(a->claims[i].state, "expired") != 0 && text)
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "",
					    a->claims[i].name);
	}
	if (!text || *text)
		return text;

	for (size_t i = 0; i < a->n_assignments; i++) {
		const char *name = a->assignments[i].name;
		bool is_repeated = !name || a->assignments[i].alias_of;

		for (size_t k = 0; k < i && !is_repeated; k++)
			is_repeated = a->assignments[k].name &&
				      strcmp(a->assignments[k].name, name) == 0;
		if (!is_repeated)
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", name);
		if (!text)
			return NULL;
	}
	if (!*text && a->n_known_uses > 0)
		return arena_printf(arena, "(%s%s)", a->known_uses[0].software,
				    a->n_known_uses > 1 ? ", ..." : "");
	return text;
}

static const char *describe_residents(const struct answer *a, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < a->n_listeners && text; i++) {
		const struct answer_listener *l = &a->listeners[i];
		bool is_repeated = false;

		for (size_t k = 0; k < i; k++)
			is_repeated = is_repeated ||
				      (a->listeners[k].n_owners && l->n_owners &&
				       a->listeners[k].owners[0].pid == l->owners[0].pid &&
				       strcmp(a->listeners[k].protocol, l->protocol) == 0 &&
				       a->listeners[k].is_here == l->is_here);
		if (is_repeated)
			continue;
		text = arena_printf(arena, l->is_here ? "%s%s%s (%s%s)" : _("%s%s%s (%s, in %s)"),
				    text, *text ? ", " : "", describe_owners(l, arena), l->protocol,
				    l->is_here ? "" : l->ns.name);
	}
	for (size_t i = 0; i < a->n_published && text; i++) {
		const struct answer_published *p = &a->published[i];

		text = arena_printf(arena, _("%s%s%s (%s, published)"), text, *text ? ", " : "",
				    p->n_owners && p->owners[0].label ? p->owners[0].label
				    : p->container		     ? p->container : p->by,
				    p->protocol);
	}
	return text;
}

enum { PORT_COLUMNS = 4 };

/* One row for a port, or for a run of ports that say nothing. */
static bool fill_port_row(const struct answer *const *run, size_t n, struct text_cell *row,
			  struct arena *arena)
{
	const struct answer *a = run[0];
	struct live_span span = {a->port, run[n - 1]->port};
	char ports[TEXT_SPAN_SIZE];
	struct verdict v = heavier(a);

	row[0] = (struct text_cell){arena_strdup(arena, text_span(&span, ports)), TEXT_STRONG};
	row[1] = (struct text_cell){verdict_word_name(v.word), text_verdict_tone(v.word)};
	row[2] = (struct text_cell){describe_names(a, arena), TEXT_PLAIN};
	row[3] = (struct text_cell){describe_residents(a, arena),
				    is_quiet(v) ? TEXT_FAINT : TEXT_PLAIN};
	return !arena_failed(arena);
}

void text_answers(struct text *t, const struct answer *const *answers, size_t n)
{
	static const struct text_column columns[PORT_COLUMNS] = {
		{.head = N_("PORT")},
		{.head = N_("VERDICT")},
		{.head = N_("CLAIMED AS"), .least = 16},
		{.head = N_("HERE"), .least = 16}};
	struct arena arena;
	struct text_cell *cells;
	size_t n_rows = 0;

	arena_init(&arena);
	cells = arena_calloc(&arena, n * PORT_COLUMNS, sizeof(*cells));
	for (size_t i = 0, k; cells && i < n; i = k) {
		for (k = i + 1;
		     k < n && answer_is_empty(answers[i]) && answer_is_empty(answers[k]) &&
		     answers[k]->port == answers[k - 1]->port + 1;
		     k++)
			continue;
		if (!fill_port_row(answers + i, k - i, cells + n_rows * PORT_COLUMNS, &arena))
			break;
		n_rows++;
	}
	if (arena_failed(&arena))
		t->out->has_failed = true;
	else
		text_table(t, "", 0, columns, cells, n_rows, PORT_COLUMNS);
	arena_fini(&arena);
	if (n > 0)
		text_gaps(t, answers[0]->gaps, answers[0]->n_gaps, 10);
}

/* Where a listener belongs: its container, else its unit (a socket unit before the service that it
 * starts); foreign namespaces by name. */
static const char *describe_place(const struct answer_listener *l, struct arena *arena)
{
	const struct answer_owner *o = answer_main_owner(l);
	const char *container = o && o->container ? o->container : l->container;
	const char *unit = o && o->unit && !l->activates ? o->unit : l->unit;

	if (!l->is_here)
		return arena_printf(arena, l->ns.container ? _("in container %s") : _("in %s"),
				    l->ns.name);
	if (container)
		return arena_printf(arena, _("container %s"), container);
	return o && strcmp(o->method, "kernel") == 0 ? _("the kernel") : unit;
}

static const char *describe_address(const struct answer_listener *l, struct arena *arena)
{
	const char *device = l->interface ? l->interface : "";
	const char *at = l->interface && !strchr(l->address, '%') ? "%" : "";

	if (strcmp(l->exposure, "all") == 0)
		return "*";
	if (!*at)
		device = "";
	return arena_printf(arena, strcmp(l->family, "ipv6") == 0 ? "[%s]%s%s" : "%s%s%s",
			    l->address, at, device);
}

static const char *describe_user(const struct answer_listener *l, struct arena *arena)
{
	const struct answer_owner *o = answer_main_owner(l);
	const char *user = o ? o->user : l->user;
	answer_number uid = o ? o->uid : l->uid;

	return user || uid < 0 ? user : arena_printf(arena, "%lld", (long long)uid);
}

/* The heaviest name that the port has. */
static const char *describe_name(const struct answer_listener *l, struct arena *arena)
{
	if (l->n_names == 0)
		return NULL;
	if (strcmp(l->names[0].source, "known") == 0)
		return arena_printf(arena, "(%s)", l->names[0].name);
	return l->names[0].name;
}

enum { HERE_COLUMNS = 8 };

static void fill_here_row(const struct answer_listener *l, struct text_cell *row,
			  struct arena *arena)
{
	const char *verdict = l->verdict			 ? l->verdict
			      : !l->is_here			 ? _("not here")
			      : strcmp(l->role, "listener") == 0 ? "-"
								 : _("maybe client");
	enum text_tone tone = l->verdict ? text_verdict_tone(l->judged.word) : TEXT_FAINT;
	const struct answer_owner *o = answer_main_owner(l);
	bool is_full = answer_is_queue_full(l);

	if (is_full && tone != TEXT_ALARM)
		tone = TEXT_NOTE;
	row[0] =
		(struct text_cell){arena_printf(arena, "%u/%s", l->port, l->protocol), TEXT_STRONG};
	row[1] = (struct text_cell){describe_address(l, arena),
				    strcmp(l->exposure, "loopback") == 0 ? TEXT_FAINT : TEXT_PLAIN};
	row[2] =
		(struct text_cell){describe_owners(l, arena), l->n_owners ? TEXT_PLAIN : TEXT_NOTE};
	row[3] = (struct text_cell){
		o && o->pid >= 0 ? arena_printf(arena, "%lld", (long long)o->pid) : NULL,
		TEXT_PLAIN};
	row[4] = (struct text_cell){describe_user(l, arena), TEXT_PLAIN};
	row[5] = (struct text_cell){describe_name(l, arena), TEXT_PLAIN};
	row[6] = (struct text_cell){
		is_full ? arena_printf(arena, _("%s, full"), verdict) : verdict, tone};
	row[7] = (struct text_cell){describe_place(l, arena), TEXT_FAINT};
}

/* Clauses of the summary; the last is put when another comes (with a ";") or the end. */
struct clauses {
	enum text_tone tone;
	char last[200];
};

static void put_clause(struct text *t, struct clauses *c, const char *end)
{
	text_putf(t, c->tone, 1, "%s%s", c->last, end);
}

static void add_clause(struct text *t, struct clauses *c, enum text_tone tone, size_t n,
		       const char *what)
{
	if (n == 0)
		return;
	put_clause(t, c, ";");
	c->tone = tone;
	snprintf(c->last, sizeof(c->last), "%zu %s", n, what);
}

static void put_here_summary(struct text *t, const struct answer_here *h, size_t n_shown,
			     size_t n_dropped)
{
	size_t n_unowned = 0, n_foreign = 0, n_full = 0;
	struct clauses c = {.tone = TEXT_FAINT};
	char namespaces[TEXT_NAMESPACES_SIZE];

	for (size_t i = 0; i < h->n_listeners; i++) {
		n_unowned += h->listeners[i].n_owners == 0;
		n_foreign += !h->listeners[i].is_here;
		n_full += answer_is_queue_full(&h->listeners[i]);
	}
	if (n_shown > 0)
		text_blank(t);
	text_begin(t, "", 0);
	if (h->checked.namespaces == 0 && n_shown == 0)
		snprintf(c.last, sizeof(c.last), _("could not look for listeners"));
	else
		snprintf(c.last, sizeof(c.last),
			 lang_plural("%zu listener%s", "%zu listeners%s", n_shown), n_shown,
			 text_namespaces(&h->checked, true, namespaces));
	add_clause(t, &c, TEXT_FAINT, n_foreign, _("of them not reachable from here"));
	add_clause(t, &c, TEXT_NOTE, n_unowned, _("without a visible owner"));
	add_clause(t, &c, TEXT_NOTE, n_full,
		   _("full: so many connections wait to be accepted that more get no answer"));
	add_clause(t, &c, TEXT_FAINT, h->n_listeners - n_shown,
		   _("that may be UDP clients left out (--all)"));
	add_clause(t, &c, TEXT_FAINT, n_dropped,
		   n_dropped == 1 ? _("column left out (--width 0)")
				  : _("columns left out (--width 0)"));
	put_clause(t, &c, "");
	text_end(t);
}

static void put_here_published(struct text *t, const struct answer_here *h)
{
	if (h->n_published == 0)
		return;
	text_blank(t);
	for (size_t i = 0; i < h->n_published; i++) {
		const struct answer_published *p = &h->published[i];

		text_begin(t, i == 0 ? _("published") : "", 10);
		text_published(t, p);
		if (p->n_owners > 0 && p->owners[0].label)
			text_putf(t, TEXT_PLAIN, 2, "%s (%lld)", p->owners[0].label,
				  (long long)p->owners[0].pid);
		text_put(t, text_verdict_tone(p->judged.word), 2,
			 verdict_word_name(p->judged.word));
		text_end(t);
	}
}

static void put_here_holders(struct text *t, const struct answer_here *h)
{
	if (h->n_holders == 0)
		return;
	text_blank(t);
	for (size_t i = 0; i < h->n_holders; i++) {
		const struct answer_holder *o = &h->holders[i];

		text_begin(t, i == 0 ? _("held") : "", 10);
		text_putf(t, TEXT_STRONG, 0, "%u/%s", o->port, o->protocol);
		text_putf(t, TEXT_PLAIN, 2, "%lld %s on %s", (long long)o->count, o->kind,
			  o->address);
		if (o->owner && o->owner->label)
			text_putf(t, TEXT_PLAIN, 2, "%s (%lld)", o->owner->label,
				  (long long)o->owner->pid);
		if (o->seconds_left >= 0)
			text_putf(t, TEXT_FAINT, 2, "%lld s left", (long long)o->seconds_left);
		text_end(t);
	}
}

void text_here(struct text *t, const struct answer_here *h, bool hides_maybe_clients)
{
	static const struct text_column columns[HERE_COLUMNS] = {
		{.head = N_("PORT")},
		{.head = N_("ADDRESS"), .least = 12},
		{.head = N_("PROGRAM"), .least = 10},
		{.head = "PID", .drop = 3},
		{.head = N_("USER"), .drop = 1},
		{.head = N_("CLAIMED AS"), .least = 8},
		{.head = N_("VERDICT")},
		{.head = N_("WHERE"), .drop = 2},
	};
	struct arena arena;
	struct text_cell *cells;
	size_t n_rows = 0, n_dropped = 0;

	arena_init(&arena);
	cells = arena_calloc(&arena, h->n_listeners * HERE_COLUMNS, sizeof(*cells));
	for (size_t i = 0; cells && i < h->n_listeners; i++) {
		if (hides_maybe_clients && strcmp(h->listeners[i].role, "maybe-client") == 0)
			continue;
		fill_here_row(&h->listeners[i], cells + n_rows++ * HERE_COLUMNS, &arena);
	}
	if (arena_failed(&arena))
		t->out->has_failed = true;
	else if (n_rows > 0)
		n_dropped = text_table(t, "", 0, columns, cells, n_rows, HERE_COLUMNS);
	arena_fini(&arena);
	put_here_published(t, h);
	put_here_holders(t, h);
	put_here_summary(t, h, n_rows, n_dropped);
	text_gaps(t, h->gaps, h->n_gaps, 10);
}

static const char *describe_port(const struct answer_found *f, struct arena *arena)
{
	const struct live_span *ports = f->claim	? &f->claim->ports
					: f->assignment ? &f->assignment->ports
							: &f->known_use->ports;
	const char *protocol = f->claim	       ? f->claim->protocols[0]
			       : f->assignment ? f->assignment->protocol
					       : f->known_use->protocol;
	char span[TEXT_SPAN_SIZE];

	if (f->claim && f->claim->protocols[0] && f->claim->protocols[1])
		return arena_printf(arena, "%s/%s,...", text_span(ports, span), protocol);

	if (f->assignment && !f->assignment->has_ports)
		return protocol ? arena_printf(arena, "-/%s", protocol) : "-";
	return protocol ? arena_printf(arena, "%s/%s", text_span(ports, span), protocol)
			: arena_strdup(arena, text_span(ports, span));
}

enum { FOUND_COLUMNS = 4 };

static void fill_found_row(const struct answer_found *f, struct text_cell *row, struct arena *arena)
{
	const struct answer_assignment *as = f->assignment;

	row[0] = (struct text_cell){describe_port(f, arena), TEXT_STRONG};
	if (f->claim) {
		row[1] = (struct text_cell){f->claim->name, TEXT_GOOD};
		row[2] = (struct text_cell){f->claim->reason, TEXT_PLAIN};
		row[3] = (struct text_cell){
			f->claim->owner ? arena_printf(arena, _("own claim, %s"), f->claim->owner)
					: _("own claim"),
			TEXT_FAINT};
		return;
	}
	if (!as) {
		row[1] = (struct text_cell){f->known_use->software, TEXT_GOOD};
		row[2] = (struct text_cell){f->known_use->purpose, TEXT_PLAIN};
		row[3] = (struct text_cell){_("known use"), TEXT_FAINT};
		return;
	}
	row[1] = (struct text_cell){as->name ? as->name : as->status,
				    as->name ? TEXT_PLAIN : TEXT_FAINT};
	row[2] = (struct text_cell){as->description, TEXT_PLAIN};
	row[3] = (struct text_cell){as->alias_of
					    ? arena_printf(arena, _("alias of %s"), as->alias_of)
				    : as->contact ? as->contact
						  : as->assignee,
				    TEXT_FAINT};
}

void text_found(struct text *t, const struct answer_found *found, size_t n)
{
	static const struct text_column columns[FOUND_COLUMNS] = {
		{.least = 0}, {.least = 16}, {.least = 24}, {.drop = 1}};
	struct arena arena;
	struct text_cell *cells;

	arena_init(&arena);
	cells = arena_calloc(&arena, n * FOUND_COLUMNS, sizeof(*cells));
	for (size_t i = 0; cells && i < n; i++)
		fill_found_row(&found[i], cells + i * FOUND_COLUMNS, &arena);
	if (arena_failed(&arena))
		t->out->has_failed = true;
	else
		text_table(t, "", 0, columns, cells, n, FOUND_COLUMNS);
	arena_fini(&arena);
}

static void put_range(struct text *t, const struct answer_range *r)
{
	char span[TEXT_SPAN_SIZE];

	text_begin(t, r->name, 10);
	text_putf(t, TEXT_STRONG, 0, "%-11s", text_span(&r->ports, span));
	text_say(t, TEXT_PLAIN, 2, r->registration);
	text_end(t);
	text_begin(t, "", 10);
	text_putf(t, TEXT_PLAIN, 13, "%lld ports:", (long long)r->n_ports);
	text_putf(t, TEXT_PLAIN, 1, "%lld named,", (long long)r->n_named);
	text_putf(t, TEXT_PLAIN, 1, "%lld of them cite a document,", (long long)r->n_documented);
	text_putf(t, TEXT_PLAIN, 1, "%lld with a known use,", (long long)r->n_known);
	text_putf(t, r->n_listening ? TEXT_GOOD : TEXT_PLAIN, 1, "%lld listening here",
		  (long long)r->n_listening);
	text_end(t);
}

static void put_spans(struct text *t, const struct answer_span *spans, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *end = i + 1 < n ? "," : "";

		if (spans[i].first == spans[i].last)
			text_putf(t, TEXT_PLAIN, 1, "%lld%s", (long long)spans[i].first, end);
		else
			text_putf(t, TEXT_PLAIN, 1, "%lld-%lld%s", (long long)spans[i].first,
				  (long long)spans[i].last, end);
	}
}

/* Windows. */
static void put_excluded(struct text *t, const char *protocol, const struct answer_span *spans,
			 size_t n)
{
	if (n == 0)
		return;
	text_begin(t, _("excluded"), 10);
	text_putf(t, TEXT_PLAIN, 0, "nobody may bind these for %s:", protocol);
	put_spans(t, spans, n);
	text_end(t);
}

static void put_guests(struct text *t, const char *protocol, const struct answer_span *spans,
		       size_t n)
{
	if (n == 0)
		return;
	text_begin(t, _("guests"), 10);
	text_putf(t, TEXT_PLAIN, 0, "reserved for WSL or Hyper-V, for %s:", protocol);
	put_spans(t, spans, n);
	text_end(t);
}

static void put_kernel(struct text *t, const struct answer_kernel *k)
{
	text_begin(t, _("kernel"), 10);
	if (k->unprivileged_start == 0)
		text_put(t, TEXT_PLAIN, 0, _("no port needs a privilege to bind;"));
	else if (k->unprivileged_start > 0)
		text_putf(t, TEXT_PLAIN, 0, "ports below %lld need a privilege to bind;",
			  (long long)k->unprivileged_start);
	if (k->ephemeral)
		text_putf(t, TEXT_PLAIN, 1, "outgoing connections take theirs from %lld-%lld;",
			  (long long)k->ephemeral->first, (long long)k->ephemeral->last);
	else
		text_putf(t, TEXT_PLAIN, 1, "which ports outgoing connections take is not known%s",
			  k->n_reserved > 0 ? ";" : "");
	if (k->n_reserved > 0)
		text_put(t, TEXT_PLAIN, 1, _("kept out of that:"));
	else if (k->ephemeral)
		text_put(t, TEXT_PLAIN, 1, _("nothing is kept out of that"));
	put_spans(t, k->reserved, k->n_reserved);
	text_end(t);
	put_excluded(t, "tcp", k->excluded_tcp, k->n_excluded_tcp);
	put_excluded(t, "udp", k->excluded_udp, k->n_excluded_udp);
	put_guests(t, "tcp", k->guest_tcp, k->n_guest_tcp);
	put_guests(t, "udp", k->guest_udp, k->n_guest_udp);
	text_begin(t, _("browsers"), 10);
	text_putf(t, TEXT_PLAIN, 0, "refuse HTTP to these (list of %s):", k->browser_blocked_as_of);
	put_spans(t, k->browser_blocked, k->n_browser_blocked);
	text_end(t);
}

void text_ranges(struct text *t, const struct answer_ranges *r)
{
	for (size_t i = 0; i < r->n_ranges; i++)
		put_range(t, &r->ranges[i]);
	text_blank(t);
	put_kernel(t, &r->kernel);
	text_gaps(t, r->gaps, r->n_gaps, 10);
	text_footer(t, &r->registry, r->gaps, r->n_gaps);
}
