#include "render/text-why.h"

#include "base/lang.h"
#include "render/text-answer.h"
#include "render/text-parts.h"

#include <stdio.h>
#include <string.h>

/* "0.0.0.0:8080/tcp", "[::1]:53/udp". */
static const char *describe_place(const struct answer_why *w, char *out, size_t size)
{
	const bool is_v6 = strchr(w->address, ':') != NULL;

	snprintf(out, size, is_v6 ? "[%s]:%u/%s" : "%s:%u/%s", w->address, w->port, w->protocol);
	return out;
}

/* The words of strerror(3), the same in every locale and on every system. */
static const char *describe_errno(const char *name)
{
	static const struct {
		const char *name, *text;
	} words[] = {
		{"EADDRINUSE", N_("address already in use")},
		{"EADDRNOTAVAIL", N_("not an address of this machine")},
		{"EACCES", N_("permission denied")},
		{"EPERM", N_("operation not permitted")},
		{"ENODEV", N_("no such device")},
		{"EAFNOSUPPORT", N_("address family not supported")},
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(name, words[i].name) == 0)
			return _(words[i].text);
	}
	return NULL;
}

/* "bind would fail: address already in use (EADDRINUSE)". */
static const char *describe_outcome(const struct answer_why *w, char *out, size_t size)
{
	const char *said = w->tried ? w->tried->bind : w->judged.bind;
	const char *words = describe_errno(said);

	if (w->would_bind)
		snprintf(out, size, _("bind would succeed%s"), w->tried ? "" : _(", not tried"));
	else if (strcmp(said, "unknown") == 0)
		snprintf(out, size, _("not known whether bind would succeed"));
	else if (words)
		snprintf(out, size, _("bind would fail: %s (%s)%s"), words, said,
			 w->tried ? "" : _(", not tried"));
	else
		snprintf(out, size, _("bind would fail: %s%s"), said,
			 w->tried ? "" : _(", not tried"));
	return out;
}

static enum text_tone tone_of(const struct answer_why *w)
{
	const char *said = w->tried ? w->tried->bind : w->judged.bind;

	if (w->would_bind)
		return TEXT_GOOD;
	return strcmp(said, "unknown") == 0 ? TEXT_NOTE : TEXT_ALARM;
}

static void put_headline(struct text *t, const struct answer_why *w)
{
	char place[96], outcome[128];

	text_begin(t, "", 0);
	text_put(t, TEXT_STRONG, 0, describe_place(w, place, sizeof(place)));
	text_put(t, tone_of(w), 3, describe_outcome(w, outcome, sizeof(outcome)));
	text_end(t);
	text_blank(t);
}

static void put_cause(struct text *t, const struct answer_why *w)
{
	if (!w->cause)
		return;
	text_begin(t, _("cause"), TEXT_INDENT);
	text_put(t, TEXT_STRONG, 0, w->cause);
	if (w->sentence) {
		text_put(t, TEXT_PLAIN, 0, ":");
		text_say(t, TEXT_PLAIN, 1, w->sentence);
	}
	text_end(t);
}

static const char *describe_kind(const struct answer_why_holder *h)
{
	if (strcmp(h->kind, "listener") == 0)
		return strcmp(h->protocol, "udp") == 0 ? _("receives on") : _("listens on");
	if (strcmp(h->kind, "bound-only") == 0)
		return _("bound, not listening, on");
	if (strcmp(h->kind, "time-wait") == 0)
		return _("in TIME_WAIT on");
	if (strcmp(h->kind, "fin-wait-2") == 0)
		return _("in FIN_WAIT2 on");
	return h->count == 1 ? _("connection on") : _("connections on");
}

static const char *describe_blocking(const struct answer_why_holder *h)
{
	if (strcmp(h->blocks, "no") == 0)
		return _("not in the way");
	return strcmp(h->blocks, "yes") == 0 ? _("in the way") : _("perhaps in the way");
}

static void put_flags(struct text *t, const struct answer_why_holder *h)
{
	const bool has_address = h->reuse_address && strcmp(h->reuse_address, "yes") == 0;
	const bool has_port = h->reuse_port && strcmp(h->reuse_port, "yes") == 0;

	if (has_address || has_port)
		text_putf(t, TEXT_FAINT, 3, "with %s%s%s", has_address ? "SO_REUSEADDR" : "",
			  has_address && has_port ? ", " : "", has_port ? "SO_REUSEPORT" : "");
}

static void put_holder(struct text *t, const char *label, const struct answer_why_holder *h)
{
	text_begin(t, label, TEXT_INDENT);
	if (h->count > 1 || strcmp(h->kind, "listener") != 0)
		text_putf(t, TEXT_PLAIN, 0, "%lld", (long long)h->count);
	text_put(t, TEXT_PLAIN, t->is_fresh ? 0 : 1, describe_kind(h));
	text_putf(t, TEXT_STRONG, 1, strchr(h->address, ':') ? "[%s]:%u" : "%s:%u", h->address,
		  h->port);
	if (h->dual_stack)
		text_put(t, TEXT_PLAIN, 1, _("(IPv4 too)"));
	if (h->interface)
		text_putf(t, TEXT_PLAIN, 1, "on device %s", h->interface);
	if (h->seconds_left >= 0)
		text_putf(t, TEXT_PLAIN, 3, "%lld s left", (long long)h->seconds_left);
	put_flags(t, h);
	text_put(t, strcmp(h->blocks, "no") == 0 ? TEXT_FAINT : TEXT_NOTE, 3, describe_blocking(h));
	text_end(t);
	for (size_t i = 0; i < h->n_owners; i++)
		text_owner(t, &h->owners[i]);
	if (h->n_owners == 0 && h->uid >= 0) {
		text_begin(t, "", TEXT_INDENT + 2);
		text_put(t, TEXT_NOTE, 0, _("owner not seen"));
		if (h->user)
			text_putf(t, TEXT_PLAIN, 3, "made by user %s", h->user);
		else
			text_putf(t, TEXT_PLAIN, 3, "made by user %lld", (long long)h->uid);
		text_end(t);
	}
}

/* A word as a shell reads it. */
static void append_word(struct str *line, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_=./:,@+%";

	if (line->length > 0)
		str_append_char(line, ' ');
	if (*word && strspn(word, plain) == strlen(word)) {
		str_append(line, word);
		return;
	}
	str_append_char(line, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_append(line, "'\\''");
		else
			str_append_char(line, *word);
	}
	str_append_char(line, '\'');
}

static void put_fix(struct text *t, const char *label, const struct answer_fix *f)
{
	struct str line = {0};

	text_begin(t, label, TEXT_INDENT);
	text_say(t, TEXT_PLAIN, 0, f->text);
	text_end(t);
	for (const char *const *word = f->command; *word; word++)
		append_word(&line, *word);
	if (line.length > 0) {
		text_begin(t, "", TEXT_INDENT + 2);
		text_put(t, TEXT_STRONG, 0, str_text(&line));
		text_end(t);
	}
	t->out->has_failed = t->out->has_failed || line.has_failed;
	str_fini(&line);
}

void text_why(struct text *t, const struct answer_why *w)
{
	put_headline(t, w);
	put_cause(t, w);
	for (size_t i = 0; i < w->n_holders; i++)
		put_holder(t, i == 0 ? _("held") : "", &w->holders[i]);
	for (size_t i = 0; i < w->n_fixes; i++)
		put_fix(t, i == 0 ? _("way out") : "", &w->fixes[i]);
	for (const char *const *line = w->warnings; *line; line++) {
		text_begin(t, line == w->warnings ? _("note") : "", TEXT_INDENT);
		text_say(t, TEXT_PLAIN, 0, *line);
		text_end(t);
	}
	text_gaps(t, w->gaps, w->n_gaps, TEXT_INDENT);
}

void text_why_line(struct text *t, const struct answer_why *w)
{
	char place[96], outcome[128];

	text_begin(t, "", 0);
	text_put(t, TEXT_STRONG, 0, describe_place(w, place, sizeof(place)));
	t->indent = TEXT_INDENT;
	text_put(t, tone_of(w), 2, describe_outcome(w, outcome, sizeof(outcome)));
	if (w->cause)
		text_putf(t, TEXT_PLAIN, 2, "%s", w->cause);
	if (w->sentence)
		text_say(t, TEXT_FAINT, 2, w->sentence);
	text_end(t);
}
