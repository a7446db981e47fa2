/* What several pages say alike: verdicts, gaps, the dates of the registry. */
#include "web/page-parts.h"

#include <string.h>

void sheet_verdict(struct sheet *s, enum verdict_word w)
{
	static const struct {
		const char *name;
		enum word shown;
	} words[] = {
		[VERDICT_VACANT] = {"vacant", WORD_VERDICT_VACANT},
		[VERDICT_DARK] = {"dark", WORD_VERDICT_DARK},
		[VERDICT_AS_CLAIMED] = {"as-claimed", WORD_VERDICT_AS_CLAIMED},
		[VERDICT_CUSTOMARY] = {"customary", WORD_VERDICT_CUSTOMARY},
		[VERDICT_UNCLAIMED] = {"unclaimed", WORD_VERDICT_UNCLAIMED},
		[VERDICT_OCCUPIED] = {"occupied", WORD_VERDICT_OCCUPIED},
		[VERDICT_CONFLICT] = {"conflict", WORD_VERDICT_CONFLICT},
		[VERDICT_UNKNOWN] = {"unknown", WORD_VERDICT_UNKNOWN},
	};

	html_open_class(&s->h, "span", "verdict");
	html_attribute_words(&s->h, "data-verdict", words[w].name);
	sheet_say(s, words[w].shown);
	html_close(&s->h, "span");
}

/* Whether that text is a word of the pages in English, without its marks. */
static bool is_word(const char *text, enum word w)
{
	const char *word = words_text(PAGE_ENGLISH, w);

	for (; *word; word++) {
		if (*word != '`' && *word != *text++)
			return false;
	}
	return *text == '\0';
}

/* What a gap says: the atlas' own words, those of records, or a text of somebody else. */
static void put_gap_text(struct sheet *s, const char *text)
{
	static const enum word own[] = {WORD_GAP_OWNERS, WORD_GAP_EVERY_PROCESS, WORD_GAP_TOKEN,
					WORD_GAP_TOKEN_FIX, WORD_GAP_SOCKETS, WORD_GAP_MACHINE,
					WORD_GAP_LOOK, WORD_GAP_NEWEST_LOOK, WORD_GAP_ASK_AGAIN};

	for (size_t i = 0; i < N_ELEMENTS(own); i++) {
		if (is_word(text, own[i])) {
			sheet_say(s, own[i]);
			return;
		}
	}
	html_text(&s->h, words_translate(s->p->language, text));
}

static void put_gap(struct sheet *s, const struct answer_gap *gap)
{
	struct html *h = &s->h;

	html_open(h, "li");
	html_open(h, "b");
	put_gap_text(s, gap->what);
	html_close(h, "b");
	html_char(h, ' ');
	html_open(h, "bdi");
	put_gap_text(s, gap->where);
	html_close(h, "bdi");
	html_markup(h, ": ");
	put_gap_text(s, gap->why);
	if (gap->fix) {
		html_markup(h, " (");
		put_gap_text(s, gap->fix);
		html_char(h, ')');
	}
	html_close(h, "li");
}

void sheet_more(struct sheet *s, size_t n, const char *url)
{
	struct html *h = &s->h;

	if (n == 0)
		return;
	if (url) {
		html_open(h, "a");
		html_url(h, "href", url);
	}
	SAY_MANY(s, WORD_MORE, (long long)n, NUMBER("n", (long long)n));
	if (url)
		html_close(h, "a");
}

size_t sheet_narrow(struct sheet *s, size_t most)
{
	const size_t budget = s->h.budget;

	s->h.budget = most;
	return budget;
}

void sheet_widen(struct sheet *s, size_t budget)
{
	s->h.budget = budget;
}

static void put_gaps(struct sheet *s, const struct answer_gap *gaps, size_t n, const char *rest)
{
	enum { MOST = 12, MOST_BYTES = 2000 };
	const size_t budget = sheet_narrow(s, MOST_BYTES);
	struct html *h = &s->h;

	html_open(h, "ul");
	for (size_t i = 0; i < MIN_OF(n, (size_t)MOST); i++)
		put_gap(s, &gaps[i]);
	html_close(h, "ul");
	sheet_widen(s, budget);
	if (n <= MOST)
		return;
	html_open(h, "p");
	sheet_more(s, n - MOST, rest);
	html_close(h, "p");
}

void sheet_gaps(struct sheet *s, const struct answer_gap *gaps, size_t n, const char *rest)
{
	if (n == 0)
		return;
	html_open_class(&s->h, "section", "gaps");
	SHEET_IN(s, "h2", WORD_GAPS);
	put_gaps(s, gaps, n, rest);
	html_close(&s->h, "section");
}

void sheet_gaps_below(struct sheet *s, const struct answer_gap *gaps, size_t n, const char *rest)
{
	if (n == 0)
		return;
	html_open_class(&s->h, "div", "gaps");
	SHEET_IN(s, "h3", WORD_GAPS);
	put_gaps(s, gaps, n, rest);
	html_close(&s->h, "div");
}

void sheet_registry(struct sheet *s, const struct answer_registry *r)
{
	if (!r->names_as_of)
		return;
	if (r->details_as_of && strcmp(r->names_as_of, r->details_as_of) != 0)
		SAY(s, WORD_REGISTRY_TWO_DATES, DATE("names", r->names_as_of),
		    DATE("details", r->details_as_of));
	else
		SAY(s, WORD_REGISTRY_DATE, DATE("names", r->names_as_of));
	html_char(&s->h, ' ');
	sheet_say(s, r->built_in ? WORD_REGISTRY_BUILT_IN : WORD_REGISTRY_UPDATED);
}
