#include "render/text-answer.h"

#include "answer/reading.h"
#include "base/lang.h"
#include "render/text-change.h"
#include "render/text-parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *text_date(const char *date, char *out)
{
	static const char *const months[] = {N_("January"), N_("February"), N_("March"),
					     N_("April"),   N_("May"),	    N_("June"),
					     N_("July"),    N_("August"),   N_("September"),
					     N_("October"), N_("November"), N_("December")};
	uint64_t month = 0;

	snprintf(out, TEXT_DATE_SIZE, "%s", date);
	if (strlen(date) == 7 && date[4] == '-' &&
	    str_parse_u64(date + 5, 2, N_ELEMENTS(months), &month) == 0 && month > 0)
		snprintf(out, TEXT_DATE_SIZE, "%s %.4s", _(months[month - 1]), date);
	return out;
}

const char *text_span(const struct live_span *span, char *out)
{
	snprintf(out, TEXT_SPAN_SIZE, span->first == span->last ? "%u" : "%u-%u", span->first,
		 span->last);
	return out;
}

const char *text_namespaces(const struct answer_checked *checked, bool is_in, char *out)
{
	const unsigned long long n = (unsigned long long)checked->namespaces;

	out[0] = '\0';
	if (checked->system == LIVE_LINUX)
		snprintf(out, TEXT_NAMESPACES_SIZE,
			 is_in ? lang_plural(" in %lld network namespace",
					     " in %lld network namespaces", n)
			       : lang_plural("; %lld network namespace",
					     "; %lld network namespaces", n),
			 (long long)checked->namespaces);
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
		return _("well-known port (system range, 0-1023)");
	if (strcmp(range, "user") == 0)
		return _("registered port (user range, 1024-49151)");
	return _("ephemeral port (dynamic range, 49152-65535)");
}

/* The rest of the sentence that begins with a verdict; `who` is the listener it stands on. */
static const char *describe_verdict(const struct answer *a, struct verdict v)
{
	bool is_held = a->n_holders > 0;

	switch (v.word) {
	case VERDICT_VACANT:
		return is_held ? _("nobody claims it; nobody listens, yet it is held")
			       : _("nobody claims it, and quiet here");
	case VERDICT_DARK:
		if (is_held)
			return _("claimed; nobody listens, yet it is held");
		return v.basis == BASIS_KNOWN_USE ? _("some software uses it, and quiet here")
						  : _("claimed, and quiet here");
	case VERDICT_AS_CLAIMED:
		return v.basis == BASIS_CLAIM ? _("%s is here, as claimed")
					      : _("%s is here, as registered");
	case VERDICT_CUSTOMARY:
		return _("%s is here, and known to use it");
	case VERDICT_UNCLAIMED:
		return _("nobody claims it, and %s is here");
	case VERDICT_OCCUPIED:
		return _("%s is here; nothing tells whether it is the claimant");
	case VERDICT_CONFLICT:
		return _("it is your claim, and %s is here");
	case VERDICT_UNKNOWN:
		return _("could not look");
	}
	return "";
}

static bool is_quiet(struct verdict v)
{
	return v.word == VERDICT_VACANT || v.word == VERDICT_DARK || v.word == VERDICT_UNKNOWN;
}

static void append_sentence(struct str *line, const struct answer *a, struct verdict v, bool is_udp)
{
	const char *rest = describe_verdict(a, v), *slot = strstr(rest, "%s");
	const char *who = reading_resident(a, v, is_udp);

	str_printf(line, "%s: ", verdict_word_name(v.word));
	if (!slot) {
		str_append(line, rest);
		return;
	}
	str_append_bytes(line, rest, (size_t)(slot - rest));
	str_append(line, who ? who : _("somebody"));
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
	t->indent = TEXT_INDENT;
	text_put(t, TEXT_PLAIN, t->column < TEXT_INDENT ? TEXT_INDENT - t->column : 1,
		 describe_range(a->range));
	if (!text_align_right(t, text_width(t, str_text(&line)))) {
		text_end(t);
		text_begin(t, "", TEXT_INDENT);
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
	text_begin(t, _("matched"), TEXT_INDENT);
	for (size_t i = 0; i < a->n_matched; i++)
		text_putf(t, TEXT_PLAIN, 3, "%s %s", a->matched[i].kind, a->matched[i].value);
	text_end(t);
}

static const char *describe_policy(const char *policy, enum live_system system)
{
	/* The kernel of macOS asks only for a bind to one address (in_pcbbind() of XNU). */
	static const char macos_privileged[] = N_(
		"privileged: binding one address of it needs root, binding all of them does not");
	/* LookupPersistentTcpPortReservation() and its brother for UDP. */
	static const char windows_reserved[] =
		N_("reserved for good, for tcp or udp: Windows gives it to nobody unasked");

	static const struct {
		const char *policy, *text;
	} words[] = {
		{"ephemeral",
		 N_("in the kernel's ephemeral range: an outgoing connection may take it")},
		{"reserved-by-kernel",
		 N_("kept out of the ephemeral range (ip_local_reserved_ports)")},
		{"privileged", N_("privileged: binding it needs root or CAP_NET_BIND_SERVICE")},
		{"excluded-tcp",
		 N_("in an excluded port range: Windows lets no program bind it for tcp")},
		{"excluded-udp",
		 N_("in an excluded port range: Windows lets no program bind it for udp")},
		{"guest-tcp", N_("reserved for a guest (WSL or Hyper-V), for tcp")},
		{"guest-udp", N_("reserved for a guest (WSL or Hyper-V), for udp")},
		{"browser-blocked", N_("browsers refuse HTTP to it")},
	};

	if (system == LIVE_MACOS && strcmp(policy, "privileged") == 0)
		return _(macos_privileged);
	if (system == LIVE_WINDOWS && strcmp(policy, "reserved-by-kernel") == 0)
		return _(windows_reserved);
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(policy, words[i].policy) == 0)
			return _(words[i].text);
	}
	return policy;
}

/* "would succeed", "would fail: EADDRINUSE, exact-listener", "not known: time-wait". */
static void describe_bind(const struct answer_bind_one *b, char *out, size_t size)
{
	const bool has_cause = b->cause && strcmp(b->cause, "unknown") != 0;
	const char *cause = has_cause ? b->cause : "";

	if (strcmp(b->judged, "ok") == 0)
		snprintf(out, size, _("would succeed"));
	else if (strcmp(b->judged, "unknown") == 0)
		snprintf(out, size, _("not known%s%s"), has_cause ? _(": hangs on ") : "", cause);
	else
		snprintf(out, size, _("would fail: %s%s%s"), b->judged, has_cause ? ", " : "",
			 cause);
}

static void put_bind_one(struct text *t, const char *transport, const struct answer_bind_one *b,
			 const char *after)
{
	char words[128];

	describe_bind(b, words, sizeof(words));
	if (transport)
		text_put(t, TEXT_PLAIN, t->is_fresh ? 0 : 1, transport);
	text_putf(t, strcmp(b->judged, "ok") == 0 ? TEXT_GOOD : TEXT_NOTE, t->is_fresh ? 0 : 1,
		  "%s%s", words, after);
}

static bool is_same_bind(const struct answer_bind_one *a, const struct answer_bind_one *b)
{
	return strcmp(a->judged, b->judged) == 0 &&
	       strcmp(a->cause ? a->cause : "", b->cause ? b->cause : "") == 0;
}

/* Or at least a cause is known on which it hangs. */
static bool is_judged(const struct answer_bind_one *b)
{
	return strcmp(b->judged, "unknown") != 0 || (b->cause && strcmp(b->cause, "unknown") != 0);
}

static void put_bind(struct text *t, const struct answer *a)
{
	const bool is_udp = a->has_transport && a->transport != TRANSPORT_TCP;

	if (!a->bind)
		return;
	text_begin(t, "bind", TEXT_INDENT);
	if (a->checked.system != LIVE_LINUX && (is_udp || !is_judged(&a->bind->tcp)) &&
	    ((a->has_transport && !is_udp) || !is_judged(&a->bind->udp))) {
		text_say(t, TEXT_FAINT, 0, _("not judged: the rules were checked on Linux only"));
		text_end(t);
		return;
	}
	if (a->has_transport || is_same_bind(&a->bind->tcp, &a->bind->udp)) {
		put_bind_one(t, NULL, is_udp ? &a->bind->udp : &a->bind->tcp, "");
	} else {
		put_bind_one(t, "tcp", &a->bind->tcp, ";");
		put_bind_one(t, "udp", &a->bind->udp, "");
	}
	if (strcmp(a->bind->tcp.judged, "ok") != 0 && !is_udp)
		text_putf(t, TEXT_FAINT, 3, "(berth why %u)", a->port);
	text_end(t);
}

static void put_rules(struct text *t, const struct answer *a)
{
	for (const char *const *p = a->policies; *p; p++) {
		text_begin(t, p == a->policies ? _("rules") : "", TEXT_INDENT);
		text_say(t, TEXT_PLAIN, 0, describe_policy(*p, a->checked.system));
		text_end(t);
	}
}

static void put_remote(struct text *t, const struct answer *a)
{
	const struct answer_remote *r = a->remote;

	if (!r)
		return;
	text_begin(t, _("there"), TEXT_INDENT);
	text_putf(t, TEXT_PLAIN, 0, "%s port %u", r->host, a->port);
	if (r->address && strcmp(r->address, r->host) != 0)
		text_putf(t, TEXT_FAINT, 1, "(%s)", r->address);
	text_putf(t, strcmp(r->result, "open") == 0 ? TEXT_GOOD : TEXT_NOTE, 3, "%s", _(r->result));
	if (r->error)
		text_putf(t, TEXT_FAINT, 3, "%s", r->error);
	if (r->milliseconds >= 0)
		text_putf(t, TEXT_FAINT, 3, "after %lld ms", (long long)r->milliseconds);
	text_end(t);
}

/* Ours are sentences; a single word may be somebody's name, but for berth's own namespace. */
static const char *place_of(const struct answer_gap *gap)
{
	bool is_ours = strchr(gap->where, ' ') || strcmp(gap->where, "here") == 0;

	return is_ours ? _(gap->where) : gap->where;
}

void text_gaps(struct text *t, const struct answer_gap *gaps, size_t n, size_t indent)
{
	const char *label = _("not seen");

	for (size_t i = 0; i < n; i++) {
		if (gaps[i].is_aside)
			continue;
		text_begin(t, label, indent);
		label = "";
		text_putf(t, TEXT_NOTE, 0, "%s", _(gaps[i].what));
		text_putf(t, TEXT_PLAIN, 1, "%s:", place_of(&gaps[i]));
		text_say(t, TEXT_PLAIN, 1, _(gaps[i].why));
		if (gaps[i].fix)
			text_putf(t, TEXT_PLAIN, 1, "(%s)", _(gaps[i].fix));
		text_end(t);
	}
}

static void put_dates(struct text *t, const struct answer_registry *r)
{
	text_begin(t, "", 0);
	if (r->names_as_of && r->details_as_of && strcmp(r->names_as_of, r->details_as_of) != 0)
		text_putf(t, TEXT_FAINT, 0, "names as of %s, people, dates and documents as of %s",
			  r->names_as_of, r->details_as_of);
	else if (r->names_as_of)
		text_putf(t, TEXT_FAINT, 0, "registry as of %s", r->names_as_of);
	text_put(t, TEXT_FAINT, 1,
		 r->built_in ? _("(built in); newer: berth update") : _("(updated)"));
	text_end(t);
}

/* What was not read for any answer of this run is one quiet line below them all. */
static void put_asides(struct text *t, const struct answer_gap *gaps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!gaps[i].is_aside)
			continue;
		text_begin(t, "", 0);
		text_putf(t, TEXT_FAINT, 0, "not read: %s %s: %s", _(gaps[i].what),
			  place_of(&gaps[i]), _(gaps[i].why));
		if (gaps[i].fix)
			text_putf(t, TEXT_FAINT, 1, "(%s)", _(gaps[i].fix));
		text_end(t);
	}
}

void text_footer(struct text *t, const struct answer_registry *registry,
		 const struct answer_gap *gaps, size_t n_gaps)
{
	text_blank(t);
	put_dates(t, registry);
	put_asides(t, gaps, n_gaps);
}

void text_answer(struct text *t, const struct answer *a)
{
	put_headline(t, a);
	put_matches(t, a);
	text_claimed(t, a);
	text_history(t, a, TEXT_INDENT);
	text_known(t, a);
	put_remote(t, a);
	text_residents(t, a);
	text_holders(t, a);
	put_bind(t, a);
	put_rules(t, a);
	text_gaps(t, a->gaps, a->n_gaps, TEXT_INDENT);
}
