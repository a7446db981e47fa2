/* The range of a port and its rules; what would happen if you bind it. */
#include "web/page-port.h"

#include "registry/browser-ports.h"

#include <stdio.h>
#include <string.h>

static bool has_policy(const struct answer *a, const char *policy)
{
	for (const char *const *p = a->policies; *p; p++) {
		if (strcmp(*p, policy) == 0)
			return true;
	}
	return false;
}

static void put_range(struct sheet *s, const struct answer *a)
{
	static const char rfc[] = "https://www.rfc-editor.org/rfc/rfc6335";
	enum word w = WORD_RANGE_DYNAMIC;

	if (strcmp(a->range, "system") == 0)
		w = WORD_RANGE_SYSTEM;
	else if (strcmp(a->range, "user") == 0)
		w = WORD_RANGE_USER;
	html_open(&s->h, "p");
	SAY(s, w, LINK("rfc", "RFC 6335", rfc));
	html_close(&s->h, "p");
}

/* What the kernel that was looked at says. */
static void put_kernel(struct sheet *s, const struct answer *a)
{
	const struct live_rules *rules = &s->p->from->live->rules;
	struct html *h = &s->h;

	if (rules->has_ephemeral) {
		html_open(h, "li");
		SAY(s, has_policy(a, "ephemeral") ? WORD_RULE_EPHEMERAL : WORD_RULE_NOT_EPHEMERAL,
		    NUMBER("first", rules->ephemeral.first),
		    NUMBER("last", rules->ephemeral.last));
		html_close(h, "li");
	}
	if (has_policy(a, "reserved-by-kernel"))
		SHEET_IN(s, "li", WORD_RULE_RESERVED);
	if (has_policy(a, "privileged")) {
		SHEET_IN(s, "li", a->checked.system == LIVE_MACOS ? WORD_RULE_PRIVILEGED_MACOS
								  : WORD_RULE_PRIVILEGED);
	} else if (rules->has_privileged) {
		html_open(h, "li");
		SAY(s, WORD_RULE_UNPRIVILEGED, NUMBER("first", rules->unprivileged_start));
		html_close(h, "li");
	}
}

/* What kernels do unless told otherwise, where none was asked. */
static void put_usual(struct sheet *s, const struct answer *a)
{
	if (a->port < 1024)
		SHEET_IN(s, "li", WORD_USUAL_PRIVILEGED);
	if (a->port >= 32768 && a->port <= 60999)
		SHEET_IN(s, "li", WORD_USUAL_EPHEMERAL);
	if (a->port >= 49152)
		SHEET_IN(s, "li", WORD_USUAL_EPHEMERAL_ELSEWHERE);
}

void port_rules(struct sheet *s, const struct answer *a)
{
	const bool is_blocked = registry_is_browser_blocked(a->port);
	const struct live_rules *rules = &s->p->from->live->rules;
	const bool has_kernel = !s->p->is_static && (rules->has_ephemeral || rules->has_privileged);
	const bool is_usual = !has_kernel && (a->port < 1024 || a->port >= 32768);
	struct html *h = &s->h;

	SHEET_SECTION(s, "rules", WORD_RULES_TITLE);
	put_range(s, a);
	if (has_kernel || is_usual || is_blocked) {
		html_open_class(h, "ul", "rules");
		if (has_kernel)
			put_kernel(s, a);
		else
			put_usual(s, a);
		if (is_blocked) {
			html_open(h, "li");
			SAY(s, WORD_RULE_BROWSERS,
			    DATE("date", registry_browser_blocked_as_of()));
			html_close(h, "li");
		}
		html_close(h, "ul");
	}
	html_close(h, "section");
}

static const struct {
	const char *cause;
	enum word word;
} causes[] = {
	{"exact-listener", WORD_CAUSE_EXACT_LISTENER},
	{"wildcard-overlap", WORD_CAUSE_WILDCARD},
	{"dual-stack-overlap", WORD_CAUSE_DUAL_STACK},
	{"bound-only", WORD_CAUSE_BOUND_ONLY},
	{"dead-server", WORD_CAUSE_DEAD_SERVER},
	{"time-wait", WORD_CAUSE_TIME_WAIT},
	{"fin-wait-2", WORD_CAUSE_FIN_WAIT_2},
	{"ephemeral-client", WORD_CAUSE_EPHEMERAL_CLIENT},
	{"reuseport-other-user", WORD_CAUSE_REUSEPORT},
	{"inherited", WORD_CAUSE_INHERITED},
	{"clash-at-listen", WORD_CAUSE_CLASH_AT_LISTEN},
	{"privileged-port", WORD_CAUSE_PRIVILEGED},
	{"address-not-local", WORD_CAUSE_NOT_LOCAL},
	{"no-such-device", WORD_CAUSE_NO_DEVICE},
	{"policy", WORD_CAUSE_POLICY},
	{"published", WORD_CAUSE_PUBLISHED},
};

static void put_cause(struct sheet *s, const char *cause)
{
	for (size_t i = 0; cause && i < N_ELEMENTS(causes); i++) {
		if (strcmp(cause, causes[i].cause) != 0)
			continue;
		html_char(&s->h, ' ');
		sheet_say(s, causes[i].word);
	}
}

static void put_bind(struct sheet *s, const char *protocol, const struct answer_bind_one *b)
{
	struct html *h = &s->h;
	const bool is_ok = strcmp(b->judged, "ok") == 0;
	const bool is_unknown = strcmp(b->judged, "unknown") == 0;

	html_open_class(h, "p", "bind");
	html_attribute_words(h, "data-judged", is_ok ? "ok" : is_unknown ? "unknown" : "no");
	html_open_class(h, "span", "protocol");
	html_words(h, protocol);
	html_close(h, "span");
	html_char(h, ' ');
	if (is_ok)
		sheet_say(s, WORD_BIND_OK);
	else if (is_unknown)
		sheet_say(s, WORD_BIND_UNKNOWN);
	else
		SAY(s, WORD_BIND_FAILS, CODE("errno", b->judged));
	put_cause(s, b->cause);
	html_close(h, "p");
}

static bool is_same_bind(const struct answer_bind_one *a, const struct answer_bind_one *b)
{
	return strcmp(a->judged, b->judged) == 0 &&
	       strcmp(a->cause ? a->cause : "", b->cause ? b->cause : "") == 0;
}

static void put_judged(struct sheet *s, const struct answer *a)
{
	if (is_same_bind(&a->bind->tcp, &a->bind->udp)) {
		put_bind(s, "tcp, udp", &a->bind->tcp);
	} else {
		put_bind(s, "tcp", &a->bind->tcp);
		put_bind(s, "udp", &a->bind->udp);
	}
	SHEET_IN(s, "p", WORD_BIND_HOW);
}

void port_bind(struct sheet *s, const struct answer *a)
{
	struct html *h = &s->h;
	char command[32];

	snprintf(command, sizeof(command), "berth why %u", a->port);
	SHEET_SECTION(s, "bind", WORD_BIND_TITLE);
	if (a->port == 0) {
		SHEET_IN(s, "p", WORD_BIND_ZERO);
	} else if (s->p->is_static) {
		html_open(h, "p");
		SAY(s, WORD_BIND_STATIC, CODE("command", command));
		html_close(h, "p");
	} else if (a->bind && a->checked.system == LIVE_LINUX) {
		put_judged(s, a);
		html_open(h, "p");
		SAY(s, WORD_BIND_MORE, CODE("command", command));
		html_close(h, "p");
	} else {
		SHEET_IN(s, "p", WORD_BIND_NOT_JUDGED);
	}
	html_close(h, "section");
}
