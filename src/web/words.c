#include "web/words.h"

#include "base/lang.h"

#include <stdlib.h>
#include <string.h>

static const char *const english[N_WORDS] = {
#define WORD(name, text) text,
#define WORDS(name, one, many) one, many,
#include "web/words.def"
#undef WORD
#undef WORDS
};

/* What records say, sorted. */
static const char *const record_texts[] = {
#define RECORD(text) text,
#include "web/words-record.def"
#undef RECORD
};

enum { N_RECORD_TEXTS = N_ELEMENTS(record_texts) };

/* Written by words_begin() alone. */
static const char *translated_records[N_PAGE_LANGUAGES][N_RECORD_TEXTS];
static const char *translated[N_PAGE_LANGUAGES][N_WORDS];

static const struct {
	const char *code, *name;
} languages[N_PAGE_LANGUAGES] = {
	[PAGE_ENGLISH] = {"en", "English"},
	[PAGE_GERMAN] = {"de", "Deutsch"},
};

void words_begin(void)
{
	for (size_t i = 0; i < N_WORDS; i++)
		translated[PAGE_ENGLISH][i] = english[i];
	lang_resolve("berth-atlas", languages[PAGE_GERMAN].code, english, translated[PAGE_GERMAN],
		     N_WORDS);
	lang_resolve("berth", languages[PAGE_GERMAN].code, record_texts,
		     translated_records[PAGE_GERMAN], N_RECORD_TEXTS);
}

const char *words_text(enum page_language language, enum word w)
{
	const char *text = translated[language][w];

	return text ? text : english[w];
}

const char *words_plural(enum page_language language, enum word one, long long n)
{
	/* One rule for all languages there are; another one needs its own. */
	return words_text(language, n == 1 ? one : one + 1);
}

static int compare_texts(const void *wanted, const void *entry)
{
	return strcmp(wanted, *(const char *const *)entry);
}

const char *words_translate(enum page_language language, const char *text)
{
	const char *const *found = NULL;

	if (text && translated_records[language][0])
		found = bsearch(text, record_texts, N_RECORD_TEXTS, sizeof(*record_texts),
				compare_texts);
	return found ? translated_records[language][found - record_texts] : text;
}

const char *words_language_code(enum page_language language)
{
	return languages[language].code;
}

const char *words_language_name(enum page_language language)
{
	return languages[language].name;
}
