#include "web/words.h"

#include "base/lang.h"

#include <string.h>

static const char *const english[N_WORDS] = {
#define WORD(name, text) text,
#define WORDS(name, one, many) one, many,
#include "web/words.def"
#undef WORD
#undef WORDS
};

/* Written by words_begin() alone. */
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

const char *words_translate(enum page_language language, const char *text)
{
	for (size_t i = 0; text && language != PAGE_ENGLISH && i < N_WORDS; i++) {
		if (strcmp(english[i], text) == 0)
			return words_text(language, (enum word)i);
	}
	return text;
}

const char *words_language_code(enum page_language language)
{
	return languages[language].code;
}

const char *words_language_name(enum page_language language)
{
	return languages[language].name;
}
