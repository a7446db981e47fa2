#include "render/text-wait.h"

#include "base/instant.h"
#include "base/lang.h"
#include "render/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void text_put_duration(struct str *out, int64_t ms)
{
	if (ms < 1000)
		str_printf(out, "%" PRId64 " ms", ms);
	else if (ms < 60 * 1000 && ms % 1000 < 100)
		str_printf(out, "%" PRId64 " s", ms / 1000);
	else if (ms < 60 * 1000)
		str_printf(out, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
	else if (ms % 60000 < 1000)
		str_printf(out, "%" PRId64 " min", ms / 60000);
	else
		str_printf(out, "%" PRId64 " min %" PRId64 " s", ms / 60000, ms % 60000 / 1000);
}

/* `was_so`: nothing had to be waited for. */
static const char *words_for(const char *until, bool was_so)
{
	static const struct {
		const char *until, *words, *words_at_once;
	} words[] = {
		{"listens", N_("listens"), N_("listens")},
		{"accepts", N_("accepts connections"), N_("accepts connections")},
		{"answers", N_("answers"), N_("answers")},
		{"unlistened", N_("nobody listens any more"), N_("nobody listens")},
		{"free", N_("can be bound again"), N_("is free")},
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(words[i].until, until) == 0)
			return _(was_so ? words[i].words_at_once : words[i].words);
	}
	return until;
}

static void put_met(struct text *t, const struct answer_wait *w,
		    const struct answer_wait_target *target)
{
	struct str took = {0};

	text_put(t, TEXT_GOOD, 1, words_for(w->until, target->was_so));
	if (target->was_so)
		return;
	if (strcmp(w->until, "answers") == 0 && target->http_status >= 0)
		text_putf(t, TEXT_PLAIN, 1, "HTTP %lld", (long long)target->http_status);
	if (target->address)
		text_putf(t, TEXT_PLAIN, 1, "on %s", target->address);
	if (target->program)
		text_putf(t, TEXT_PLAIN, 1, "(%s, pid %lld)", target->program,
			  (long long)target->pid);
	text_put_duration(&took, target->elapsed_ms);
	text_putf(t, TEXT_FAINT, 1, "after %s", str_text(&took));
	str_fini(&took);
}

void text_wait(struct text *t, const struct answer_wait *w)
{
	for (size_t i = 0; i < w->n_targets; i++) {
		const struct answer_wait_target *target = &w->targets[i];

		if (!target->met && w->met)
			continue;
		text_begin(t, "", 0);
		text_putf(t, TEXT_STRONG, 0, "%s", target->target);
		t->indent = MIN_OF(t->column + 1, 12);
		if (target->met)
			put_met(t, w, target);
		if (target->seen) {
			if (target->met)
				text_put(t, TEXT_PLAIN, 0, ";");
			text_say(t, target->met ? TEXT_NOTE : TEXT_PLAIN, 1, target->seen);
		}
		text_end(t);
	}
}

/* --- knocks ---------------------------------------------------------------------------------- */

/* "127.0.0.1:8080", "[::1]:8080". */
static void put_end(struct text *t, enum text_tone tone, size_t gap, const char *address,
		    uint16_t port)
{
	bool is_v6 = strchr(address, ':') != NULL;

	text_putf(t, tone, gap, "%s%s%s:%u", is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
}

static void put_peer(struct text *t, const struct answer_knocker *p)
{
	put_end(t, TEXT_PLAIN, 1, p->address, p->port);
	if (p->program && p->user)
		text_putf(t, TEXT_STRONG, 1, "%s (pid %lld, %s)", p->program, (long long)p->pid,
			  p->user);
	else if (p->program)
		text_putf(t, TEXT_STRONG, 1, "%s (pid %lld)", p->program, (long long)p->pid);
	else if (p->user)
		text_putf(t, TEXT_PLAIN, 1, "a process of %s", p->user);
}

static const char *words_for_end(const struct answer_knock *k)
{
	if (strcmp(k->ended, "reset") == 0)
		return _("reset by the peer");
	if (strcmp(k->ended, "displaced") == 0)
		return _("let go to make room");
	return k->bytes > 0 ? NULL : strcmp(k->ended, "silent") == 0 ? _("said nothing, and stayed")
								       : _("said nothing");
}

void text_knock(struct text *t, const struct answer_knock *k)
{
	char at[WRITER_TIME_SIZE];
	const char *ended = words_for_end(k);

	instant_format(k->at - k->at % 1000000000, at);
	text_begin(t, "", 0);
	t->indent = 12;
	text_put(t, TEXT_FAINT, 0, at);
	text_put(t, TEXT_PLAIN, 2, k->protocol);
	put_end(t, TEXT_PLAIN, 1, k->address, k->port);
	text_put(t, TEXT_LABEL, 1, _("from"));
	put_peer(t, &k->peer);
	if (k->opener)
		text_put(t, TEXT_NOTE, 2, k->opener);
	if (k->request)
		text_putf(t, TEXT_PLAIN, 1, "%s", k->request);
	if (k->name)
		text_putf(t, TEXT_PLAIN, 1, "for %s", k->name);
	if (k->bytes > 0)
		text_putf(t, TEXT_FAINT, 2,
			  lang_plural("%lld byte", "%lld bytes", (unsigned long long)k->bytes),
			  (long long)k->bytes);
	if (k->bytes > 0 && !k->opener && !t->style->is_verbose)
		text_putf(t, TEXT_PLAIN, 1, "%.32s%s", k->data, strlen(k->data) > 32 ? "..." : "");
	if (ended)
		text_put(t, TEXT_FAINT, 2, ended);
	text_end(t);
	if (!t->style->is_verbose || k->bytes == 0)
		return;
	text_begin(t, "", 12);
	text_say(t, TEXT_PLAIN, 0, k->data);
	if (k->cut)
		text_put(t, TEXT_FAINT, 0, "...");
	text_end(t);
}
