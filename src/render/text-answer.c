#include "render/text-answer.h"

#include "render/text-change.h"
#include "render/writer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { INDENT = 10 };

const char *text_date(const char *date, char *out)
{
	static const char *const months[] = {"January", "February", "March", "April", "May",
					     "June", "July", "August", "September", "October",
					     "November", "December"};
	uint64_t month = 0;

	snprintf(out, TEXT_DATE_SIZE, "%s", date);
	if (strlen(date) == 7 && date[4] == '-' &&
	    str_parse_u64(date + 5, 2, N_ELEMENTS(months), &month) == 0 && month > 0)
		snprintf(out, TEXT_DATE_SIZE, "%s %.4s", months[month - 1], date);
	return out;
}

const char *text_span(const struct live_span *span, char *out)
{
	snprintf(out, TEXT_SPAN_SIZE, span->first == span->last ? "%u" : "%u-%u", span->first,
		 span->last);
	return out;
}

enum text_tone text_verdict_tone(enum verdict_word w)
{
	switch (w) {
	case VERDICT_VACANT:
	case VERDICT_DARK:
		return TEXT_QUIET;
	case VERDICT_AS_CLAIMED:
	case VERDICT_CUSTOMARY:
		return TEXT_GOOD;
	case VERDICT_UNCLAIMED:
	case VERDICT_OCCUPIED:
	case VERDICT_UNKNOWN:
		return TEXT_NOTE;
	case VERDICT_CONFLICT:
		return TEXT_ALARM;
	}
	return TEXT_PLAIN;
}

static const char *describe_range(const char *range)
{
	if (strcmp(range, "system") == 0)
		return "well-known port (system range, 0-1023)";
	if (strcmp(range, "user") == 0)
		return "registered port (user range, 1024-49151)";
	return "ephemeral port (dynamic range, 49152-65535)";
}

/* The rest of the sentence that begins with a verdict; `who` is the listener it stands on. */
static const char *describe_verdict(const struct answer *a, struct verdict v)
{
	bool is_held = a->n_holders > 0;

	switch (v.word) {
	case VERDICT_VACANT:
		return is_held ? "nobody claims it; nobody listens, yet it is held"
			       : "nobody claims it, and quiet here";
	case VERDICT_DARK:
		if (is_held)
			return "claimed; nobody listens, yet it is held";
		return v.basis == BASIS_KNOWN_USE ? "some software uses it, and quiet here"
						  : "claimed, and quiet here";
	case VERDICT_AS_CLAIMED:
		return "%s is here, as registered";
	case VERDICT_CUSTOMARY:
		return "%s is here, and known to use it";
	case VERDICT_UNCLAIMED:
		return "nobody claims it, and %s is here";
	case VERDICT_OCCUPIED:
		return "%s is here; nothing tells whether it is the claimant";
	case VERDICT_CONFLICT:
		return "it is your claim, and %s is here";
	case VERDICT_UNKNOWN:
		return "could not look";
	}
	return "";
}

static bool is_quiet(struct verdict v)
{
	return v.word == VERDICT_VACANT || v.word == VERDICT_DARK || v.word == VERDICT_UNKNOWN;
}

/* The program on which a verdict stands. */
static const char *find_resident(const struct answer *a, struct verdict v, bool is_udp)
{
	for (size_t i = 0; i < a->n_listeners; i++) {
		const struct answer_listener *l = &a->listeners[i];
		bool counts = l->is_here && strcmp(l->role, "listener") == 0 &&
			      (strcmp(l->protocol, "udp") == 0) == is_udp;

		if (counts && l->judged.word == v.word && l->n_owners > 0 && l->owners[0].label)
			return l->owners[0].label;
	}
	return "somebody";
}

static void append_sentence(struct str *line, const struct answer *a, struct verdict v, bool is_udp)
{
	const char *rest = describe_verdict(a, v), *slot = strstr(rest, "%s");

	str_printf(line, "%s: ", verdict_word_name(v.word));
	if (!slot) {
		str_append(line, rest);
		return;
	}
	str_append_bytes(line, rest, (size_t)(slot - rest));
	str_append(line, find_resident(a, v, is_udp));
	str_append(line, slot + 2);
}

/* The transport whose verdict weighs more stands first; both when they differ and both matter. */
static struct verdict compose_headline(const struct answer *a, struct str *line)
{
	bool is_udp = a->has_transport ? a->transport == TRANSPORT_UDP : a->udp.word > a->tcp.word;
	struct verdict first = is_udp ? a->udp : a->tcp, second = is_udp ? a->tcp : a->udp;

	if (a->has_transport || first.word == second.word || is_quiet(first)) {
		append_sentence(line, a, first, is_udp);
		return first;
	}
	str_append(line, is_udp ? "udp " : "tcp ");
	if (is_quiet(second))
		append_sentence(line, a, first, is_udp);
	else
		str_printf(line, "%s, %s %s", verdict_word_name(first.word), is_udp ? "tcp" : "udp",
			   verdict_word_name(second.word));
	return first;
}

static void put_headline(struct text *t, const struct answer *a)
{
	struct str line = {0};
	struct verdict shown = compose_headline(a, &line);
	char port[16];

	snprintf(port, sizeof(port), a->has_transport ? "%u/%s" : "%u", a->port,
		 transport_name(a->transport));
	text_begin(t, "", 0);
	text_put(t, TEXT_STRONG, 0, port);
	t->indent = INDENT;
	text_put(t, TEXT_PLAIN, t->column < INDENT ? INDENT - t->column : 1,
		 describe_range(a->range));
	if (!text_align_right(t, text_width(t, str_text(&line)))) {
		text_end(t);
		text_begin(t, "", INDENT);
	}
	text_put(t, text_verdict_tone(shown.word), 0, str_text(&line));
	t->out->has_failed = t->out->has_failed || line.has_failed;
	str_fini(&line);
	text_end(t);
	text_blank(t);
}

static void put_matches(struct text *t, const struct answer *a)
{
	if (a->n_matched == 0)
		return;
	text_begin(t, "matched", INDENT);
	for (size_t i = 0; i < a->n_matched; i++)
		text_putf(t, TEXT_PLAIN, 3, "%s %s", a->matched[i].kind, a->matched[i].value);
	text_end(t);
}

static bool is_text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Rows that say the same of several transports are one line for people. */
static bool is_same_assignment(const struct answer_assignment *a, const struct answer_assignment *b)
{
	return is_text_equal(a->status, b->status) && is_text_equal(a->name, b->name) &&
	       is_text_equal(a->alias_of, b->alias_of) &&
	       is_text_equal(a->description, b->description) &&
	       a->ports.first == b->ports.first && a->ports.last == b->ports.last &&
	       is_text_equal(a->assignee, b->assignee) && is_text_equal(a->contact, b->contact) &&
	       is_text_equal(a->registered, b->registered) &&
	       is_text_equal(a->modified, b->modified) && is_text_equal(a->note, b->note) &&
	       is_text_equal(a->unauthorized_use, b->unauthorized_use);
}

static void put_protocols(struct text *t, const struct answer *a, size_t first)
{
	for (size_t i = first; i < a->n_assignments; i++) {
		if (!is_same_assignment(&a->assignments[i], &a->assignments[first]))
			continue;
		text_put(t, TEXT_PLAIN, i == first ? 3 : 1,
			 a->assignments[i].protocol ? a->assignments[i].protocol : "any protocol");
	}
}

static void put_people(struct text *t, const struct answer_assignment *as)
{
	const char *person = as->contact ? as->contact : as->assignee;

	if (as->assignee && as->contact && strcmp(as->assignee, as->contact) != 0)
		text_putf(t, TEXT_PLAIN, 1, "assigned to %s,", as->assignee);
	if (person && as->organization)
		text_putf(t, TEXT_PLAIN, 1, "contact %s (%s)", person, as->organization);
	else if (person)
		text_putf(t, TEXT_PLAIN, 1, "contact %s", person);
	else if (as->organization)
		text_putf(t, TEXT_PLAIN, 1, "%s", as->organization);
}

static void put_note(struct text *t, const char *lead, const char *note)
{
	if (!note)
		return;
	text_end(t);
	text_begin(t, "", INDENT);
	text_put(t, TEXT_FAINT, 0, lead);
	text_say(t, TEXT_PLAIN, 1, note);
}

static void put_references(struct text *t, const struct answer_assignment *as)
{
	if (!as->name)
		return;
	text_end(t);
	text_begin(t, "", INDENT);
	if (!as->details_as_of && !as->references[0] && !as->contact && !as->registered) {
		text_say(t, TEXT_FAINT, 0, "people, dates and documents of this row are not known here");
		return;
	}
	if (!as->references[0]) {
		text_say(t, TEXT_FAINT, 0, "the registry cites no document for it");
		return;
	}
	text_put(t, TEXT_FAINT, 0, "document");
	for (const char *const *ref = as->references; *ref; ref++)
		text_put(t, TEXT_PLAIN, 1, *ref);
}

/* Aliases and other lesser rows take one line; the name that counts gets its details. */
static void put_assignment(struct text *t, const struct answer *a, size_t i)
{
	const struct answer_assignment *as = &a->assignments[i];
	bool is_assigned = strcmp(as->status, "assigned") == 0;
	char date[TEXT_DATE_SIZE], span[TEXT_SPAN_SIZE];

	if (as->name)
		text_put(t, is_assigned ? TEXT_STRONG : TEXT_PLAIN, 0, as->name);
	else
		text_put(t, TEXT_FAINT, 0, as->status);
	if (as->alias_of)
		text_putf(t, TEXT_FAINT, 1, "(alias of %s)", as->alias_of);
	if (as->name && !is_assigned && !as->is_widespread)
		text_putf(t, TEXT_FAINT, 1, "(%s)", as->status);
	if (as->is_widespread)
		text_put(t, TEXT_NOTE, 1, "(unassigned, but in widespread use)");
	if (as->description && *as->description && strcasecmp(as->description, as->status) != 0)
		text_putf(t, TEXT_PLAIN, 2, t->style->is_utf8 ? "\xe2\x80\x9c%s\xe2\x80\x9d" : "\"%s\"",
			  as->description);
	if (as->ports.first != as->ports.last)
		text_putf(t, TEXT_PLAIN, 3, "ports %s", text_span(&as->ports, span));
	put_protocols(t, a, i);
	if (as->alias_of)
		return;
	text_put(t, TEXT_PLAIN, 3, "IANA");
	if (as->registered)
		text_putf(t, TEXT_PLAIN, 0, ", %s", text_date(as->registered, date));
	if (as->modified)
		text_putf(t, TEXT_PLAIN, 0, ", changed %s", text_date(as->modified, date));
	if (as->contact || as->assignee || as->organization) {
		text_put(t, TEXT_PLAIN, 0, ",");
		put_people(t, as);
	}
	put_references(t, as);
	put_note(t, "used without assignment:", as->unauthorized_use);
	if (t->style->is_verbose || !as->note || !str_starts_with(as->note, "Defined TXT keys"))
		put_note(t, "note:", as->note);
}

static void put_claimed(struct text *t, const struct answer *a)
{
	const char *label = "claimed";

	for (size_t i = 0; i < a->n_assignments; i++) {
		bool is_repeated = false;

		for (size_t k = 0; k < i; k++)
			is_repeated = is_repeated ||
				      is_same_assignment(&a->assignments[i], &a->assignments[k]);
		if (is_repeated)
			continue;
		text_begin(t, label, INDENT);
		put_assignment(t, a, i);
		text_end(t);
		label = "";
	}
	if (a->n_assignments > 0)
		return;
	text_begin(t, label, INDENT);
	text_say(t, TEXT_PLAIN, 0,
		 strcmp(a->range, "dynamic") == 0
			 ? "by nobody: the registry has no row for 49152-65535; RFC 6335 keeps "
			   "these ports for dynamic use and never assigns them"
			 : "by nobody: the registry has no row for it");
	text_end(t);
}

/* A short name for the evidence; the whole of it stands in -v and in JSON. */
static void describe_source(const struct text *t, const char *evidence, char *out, size_t size)
{
	const char *rest = strchr(evidence, ':'), *at;

	snprintf(out, size, "%s", evidence);
	if (t->style->is_verbose || !rest)
		return;
	rest++;
	if (str_starts_with(evidence, "deb:") || str_starts_with(evidence, "npm:")) {
		at = strchr(rest + 1, '@');
		snprintf(out, size, "%s %.*s", evidence[0] == 'd' ? "Debian" : "npm",
			 at ? (int)(at - rest) : 40, rest);
	} else if (str_starts_with(evidence, "github:")) {
		at = strrchr(rest, '@');
		snprintf(out, size, "%.*s %.*s", (int)strcspn(rest, ":@"), rest,
			 at && strlen(at) == 41 ? 7 : 20, at ? at + 1 : "");
	} else if (str_starts_with(rest, "//")) {
		snprintf(out, size, "%.*s", (int)strcspn(rest + 2, "/"), rest + 2);
	}
}

static const char *describe_years(const struct answer_use *use, char *out, size_t size)
{
	const char *doubt = strcmp(use->grade, "unverified") == 0 ? ", unverified" : "";

	if (use->since && use->until)
		snprintf(out, size, "%s to %s%s", use->since, use->until, doubt);
	else if (use->since)
		snprintf(out, size, "since %s%s", use->since, doubt);
	else if (use->until)
		snprintf(out, size, "until %s%s", use->until, doubt);
	else
		snprintf(out, size, "%s", *doubt ? doubt + 2 : "");
	return out;
}

enum { USE_COLUMNS = 5, MOST_USES = 64, USE_TEXT = 64, USE_SOURCE = 160 };

static void put_known(struct text *t, const struct answer *a)
{
	struct text_cell cells[MOST_USES * USE_COLUMNS];
	char years[MOST_USES][USE_TEXT], sources[MOST_USES][USE_SOURCE];
	static const struct text_column columns[USE_COLUMNS] = {{.least = 0}};
	size_t n = MIN_OF(a->n_known_uses, MOST_USES);

	for (size_t i = 0; i < n; i++) {
		const struct answer_use *use = &a->known_uses[i];
		struct text_cell *row = &cells[i * USE_COLUMNS];
		bool is_doubtful = strcmp(use->grade, "unverified") == 0;

		row[0] = (struct text_cell){use->software, TEXT_STRONG};
		row[1] = (struct text_cell){use->purpose, TEXT_PLAIN};
		row[2] = (struct text_cell){use->protocol, TEXT_PLAIN};
		row[3] = (struct text_cell){describe_years(use, years[i], sizeof(years[i])),
					    is_doubtful ? TEXT_NOTE : TEXT_PLAIN};
		describe_source(t, use->evidence, sources[i], USE_SOURCE);
		row[4] = (struct text_cell){sources[i], TEXT_FAINT};
	}
	text_table(t, "known", INDENT, columns, cells, n, USE_COLUMNS);
}

/* "*:3476", "127.0.0.1:3476", "[::1]:3476". */
static const char *describe_address(const struct answer_listener *l, char *out, size_t size)
{
	bool is_v6 = strcmp(l->family, "ipv6") == 0;

	if (strcmp(l->exposure, "all") == 0)
		snprintf(out, size, "*:%u", l->port);
	else
		snprintf(out, size, is_v6 ? "[%s]:%u" : "%s:%u", l->address, l->port);
	return out;
}

static const char *describe_exposure(const struct answer_listener *l)
{
	static const struct {
		const char *exposure, *text;
	} words[] = {
		{"loopback", "this machine only"},      {"link", "the local link"},
		{"interface", "one address"},           {"all-v4", "every IPv4 address"},
		{"all-v6", "every IPv6 address, not IPv4"}, {"all", "every address, IPv4 and IPv6"},
	};

	if (l->interface)
		return "one device";
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(l->exposure, words[i].exposure) == 0)
			return words[i].text;
	}
	return l->exposure;
}

static void put_command(struct text *t, const struct answer_owner *o)
{
	if (!o->command || !o->command[0])
		return;
	text_end(t);
	text_begin(t, "", INDENT + 2);
	for (const char *const *arg = o->command; *arg; arg++)
		text_put(t, TEXT_FAINT, 1, *arg);
}

static void put_parents(struct text *t, const struct answer_owner *o)
{
	if (o->n_parents == 0 || !t->style->is_verbose)
		return;
	text_end(t);
	text_begin(t, "", INDENT + 2);
	text_put(t, TEXT_FAINT, 0, "started by");
	for (size_t i = 0; i < o->n_parents; i++)
		text_putf(t, TEXT_FAINT, 1, "%s%s (%lld)",
			  i == 0 ? "" : t->style->is_utf8 ? "\xe2\x86\x90 " : "<- ",
			  o->parents[i].program ? o->parents[i].program : "?",
			  (long long)o->parents[i].pid);
}

static void put_owner(struct text *t, const struct answer_owner *o)
{
	char time[WRITER_TIME_SIZE];

	text_begin(t, "", INDENT + 2);
	text_put(t, TEXT_STRONG, 0, o->label ? o->label : o->program ? o->program : "?");
	if (o->label && o->program && strcmp(o->label, o->program) != 0)
		text_putf(t, TEXT_PLAIN, 1, "(run by %s)", o->program);
	if (o->pid >= 0)
		text_putf(t, TEXT_PLAIN, 3, "pid %lld", (long long)o->pid);
	if (o->user)
		text_putf(t, TEXT_PLAIN, 3, "user %s", o->user);
	else if (o->uid >= 0)
		text_putf(t, TEXT_PLAIN, 3, "uid %lld", (long long)o->uid);
	if (o->unit && !(o->container && strstr(o->unit, o->container)))
		text_put(t, TEXT_PLAIN, 3, o->unit);
	if (o->container)
		text_putf(t, TEXT_PLAIN, 3, "container %.12s", o->container);
	if (o->started != LIVE_TIME_NONE)
		text_putf(t, TEXT_PLAIN, 3, "since %s", writer_format_time(o->started, time));
	if (o->path_deleted)
		text_put(t, TEXT_NOTE, 3, "its executable was deleted or replaced");
	if (strcmp(o->method, "fd") != 0)
		text_putf(t, TEXT_FAINT, 3, "found by its %s", o->method);
	put_command(t, o);
	put_parents(t, o);
	text_end(t);
}

static void put_unowned(struct text *t, const struct answer_listener *l)
{
	text_begin(t, "", INDENT + 2);
	text_put(t, TEXT_NOTE, 0, "owner not seen");
	if (l->user)
		text_putf(t, TEXT_PLAIN, 3, "made by user %s", l->user);
	else if (l->uid >= 0)
		text_putf(t, TEXT_PLAIN, 3, "made by uid %lld", (long long)l->uid);
	if (l->unit)
		text_putf(t, TEXT_PLAIN, 3, "in %s", l->unit);
	if (l->container)
		text_putf(t, TEXT_PLAIN, 3, "in container %.12s", l->container);
	text_end(t);
}

static void put_listener(struct text *t, const char *label, const struct answer_listener *l)
{
	char address[96];

	text_begin(t, label, INDENT);
	text_putf(t, TEXT_PLAIN, 0, "%s", l->protocol);
	text_put(t, TEXT_STRONG, 1, describe_address(l, address, sizeof(address)));
	text_putf(t, TEXT_PLAIN, 3, "%s", describe_exposure(l));
	if (l->interface)
		text_putf(t, TEXT_PLAIN, 1, "%s", l->interface);
	if (!l->is_here)
		text_putf(t, TEXT_NOTE, 3, "in namespace %s, not reachable from here as %u",
			  l->ns.name, l->port);
	if (strcmp(l->role, "maybe-client") == 0)
		text_put(t, TEXT_FAINT, 3, "may be a client's own port");
	if (l->backlog && l->backlog->queued > 0)
		text_putf(t, l->backlog->queued >= l->backlog->limit ? TEXT_NOTE : TEXT_PLAIN, 3,
			  "%lld of %lld waiting to be accepted", (long long)l->backlog->queued,
			  (long long)l->backlog->limit);
	if (l->is_here && strcmp(l->role, "listener") == 0)
		text_put(t, text_verdict_tone(l->judged.word), 3,
			 verdict_word_name(l->judged.word));
	text_end(t);
}

static void put_owners(struct text *t, const struct answer_listener *l)
{
	for (size_t i = 0; i < l->n_owners; i++)
		put_owner(t, &l->owners[i]);
	if (l->n_owners == 0)
		put_unowned(t, l);
}

/* Listeners of the same processes are listed together, above them. */
static bool has_same_owners(const struct answer_listener *a, const struct answer_listener *b)
{
	if (a->n_owners != b->n_owners || a->is_here != b->is_here || a->uid != b->uid ||
	    !is_text_equal(a->unit, b->unit))
		return false;
	for (size_t i = 0; i < a->n_owners; i++) {
		if (a->owners[i].pid != b->owners[i].pid ||
		    strcmp(a->owners[i].method, b->owners[i].method) != 0)
			return false;
	}
	return true;
}

static void put_connections(struct text *t, const struct answer *a)
{
	const struct answer_connections *c = &a->connections;

	if (c->local + c->remote == 0) {
		text_putf(t, TEXT_PLAIN, 1, "no connection to or from %u", a->port);
		return;
	}
	if (c->local > 0)
		text_putf(t, TEXT_PLAIN, 1, "%lld connection%s on local port %u",
			  (long long)c->local, c->local == 1 ? "" : "s", a->port);
	if (c->remote > 0)
		text_putf(t, TEXT_PLAIN, 1, "%s%lld to remote port %u",
			  c->local > 0 ? "and " : "", (long long)c->remote, a->port);
}

static void put_peers(struct text *t, const struct answer *a)
{
	for (size_t i = 0; i < a->connections.n_peers; i++) {
		const struct answer_peer *p = &a->connections.peers[i];

		text_begin(t, "", INDENT + 2);
		text_putf(t, TEXT_FAINT, 0, "%lld with %s", (long long)p->count, p->address);
		if (p->owner && p->owner->label)
			text_putf(t, TEXT_FAINT, 1, "by %s (pid %lld)", p->owner->label,
				  (long long)p->owner->pid);
		text_end(t);
	}
}

static void put_quiet(struct text *t, const struct answer *a, bool could_look)
{
	text_begin(t, "here", INDENT);
	if (!could_look) {
		text_say(t, TEXT_NOTE, 0, "could not look; see the gaps");
		text_end(t);
		return;
	}
	text_putf(t, TEXT_PLAIN, 0, "nothing listens");
	text_putf(t, TEXT_FAINT, 1, "(%s; IPv4, IPv6; %lld network namespace%s);",
		  a->has_transport ? transport_name(a->transport) : "tcp, udp",
		  (long long)a->checked.namespaces, a->checked.namespaces == 1 ? "" : "s");
	put_connections(t, a);
	text_end(t);
	put_peers(t, a);
}

static void put_here(struct text *t, const struct answer *a)
{
	const char *label = "here";

	if (a->n_listeners == 0) {
		put_quiet(t, a, a->tcp.word != VERDICT_UNKNOWN);
		return;
	}
	for (size_t i = 0; i < a->n_listeners; i++) {
		put_listener(t, label, &a->listeners[i]);
		if (i + 1 == a->n_listeners ||
		    !has_same_owners(&a->listeners[i], &a->listeners[i + 1]))
			put_owners(t, &a->listeners[i]);
		label = "";
	}
	text_begin(t, "", INDENT);
	put_connections(t, a);
	text_end(t);
	put_peers(t, a);
}

static void put_holder(struct text *t, const char *label, const struct answer_holder *h)
{
	text_begin(t, label, INDENT);
	text_putf(t, TEXT_PLAIN, 0, "%lld %s %s on %s", (long long)h->count, h->protocol,
		  strcmp(h->kind, "bound-only") == 0 ? "bound but not listening"
		  : strcmp(h->kind, "time-wait") == 0 ? "in TIME_WAIT"
						      : h->count == 1 ? "connection" : "connections",
		  h->address);
	if (h->owner)
		text_putf(t, TEXT_PLAIN, 3, "%s (pid %lld)",
			  h->owner->label ? h->owner->label : "?", (long long)h->owner->pid);
	if (h->seconds_left >= 0)
		text_putf(t, TEXT_PLAIN, 3, "%lld s left", (long long)h->seconds_left);
	text_end(t);
}

static void put_holders(struct text *t, const struct answer *a)
{
	for (size_t i = 0; i < a->n_holders; i++)
		put_holder(t, i == 0 ? "held" : "", &a->holders[i]);
}

static const char *describe_policy(const char *policy)
{
	static const struct {
		const char *policy, *text;
	} words[] = {
		{"ephemeral", "in the kernel's ephemeral range: an outgoing connection may take it"},
		{"reserved-by-kernel", "kept out of the ephemeral range (ip_local_reserved_ports)"},
		{"privileged", "privileged: binding it needs root or CAP_NET_BIND_SERVICE"},
		{"browser-blocked", "browsers refuse HTTP to it"},
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(policy, words[i].policy) == 0)
			return words[i].text;
	}
	return policy;
}

static void put_rules(struct text *t, const struct answer *a)
{
	for (const char *const *p = a->policies; *p; p++) {
		text_begin(t, p == a->policies ? "rules" : "", INDENT);
		text_say(t, TEXT_PLAIN, 0, describe_policy(*p));
		text_end(t);
	}
}

static void put_remote(struct text *t, const struct answer *a)
{
	const struct answer_remote *r = a->remote;

	if (!r)
		return;
	text_begin(t, "there", INDENT);
	text_putf(t, TEXT_PLAIN, 0, "%s port %u", r->host, a->port);
	if (r->address && strcmp(r->address, r->host) != 0)
		text_putf(t, TEXT_FAINT, 1, "(%s)", r->address);
	text_putf(t, strcmp(r->result, "open") == 0 ? TEXT_GOOD : TEXT_NOTE, 3, "%s", r->result);
	if (r->error)
		text_putf(t, TEXT_FAINT, 3, "%s", r->error);
	if (r->milliseconds >= 0)
		text_putf(t, TEXT_FAINT, 3, "after %lld ms", (long long)r->milliseconds);
	text_end(t);
}

/* What this version cannot read at all is one quiet line, the same under every answer. */
static void put_unbuilt(struct text *t, const struct answer_gap *gaps, size_t n, const char *label,
			size_t indent)
{
	size_t n_shown = 0;

	for (size_t i = 0; i < n; i++) {
		if (!gaps[i].is_unbuilt)
			continue;
		if (n_shown++ == 0)
			text_begin(t, label, indent);
		else
			text_put(t, TEXT_FAINT, 0, ",");
		text_putf(t, TEXT_FAINT, 1, "%s %s", gaps[i].what, gaps[i].where);
	}
	if (n_shown == 0)
		return;
	text_say(t, TEXT_FAINT, 1, "(this version of berth does not read them)");
	text_end(t);
}

void text_gaps(struct text *t, const struct answer_gap *gaps, size_t n, size_t indent)
{
	const char *label = "not seen";

	for (size_t i = 0; i < n; i++) {
		if (gaps[i].is_unbuilt)
			continue;
		text_begin(t, label, indent);
		label = "";
		text_putf(t, TEXT_NOTE, 0, "%s", gaps[i].what);
		text_say(t, TEXT_PLAIN, 1, gaps[i].where);
		text_put(t, TEXT_PLAIN, 0, ":");
		text_say(t, TEXT_PLAIN, 1, gaps[i].why);
		if (gaps[i].fix)
			text_putf(t, TEXT_PLAIN, 1, "(%s)", gaps[i].fix);
		text_end(t);
	}
	put_unbuilt(t, gaps, n, label, indent);
}

static void put_sources(struct text *t, const struct answer *a)
{
	const struct answer_registry *r = &a->registry;

	text_blank(t);
	text_begin(t, "", 0);
	if (r->names_as_of && r->details_as_of && strcmp(r->names_as_of, r->details_as_of) != 0)
		text_putf(t, TEXT_FAINT, 0, "names as of %s, people, dates and documents as of %s",
			  r->names_as_of, r->details_as_of);
	else if (r->names_as_of)
		text_putf(t, TEXT_FAINT, 0, "registry as of %s", r->names_as_of);
	text_put(t, TEXT_FAINT, 1, r->built_in ? "(built in)" : "(updated)");
	text_end(t);
}

void text_answer(struct text *t, const struct answer *a)
{
	put_headline(t, a);
	put_matches(t, a);
	put_claimed(t, a);
	text_history(t, a, INDENT);
	put_known(t, a);
	put_remote(t, a);
	put_here(t, a);
	put_holders(t, a);
	put_rules(t, a);
	text_gaps(t, a->gaps, a->n_gaps, INDENT);
	put_sources(t, a);
}
