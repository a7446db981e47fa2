/*
 * Words: everything that pages say, in their languages. words.def is the list.
 *
 * A text may hold places like {port}: the pages fill them with typed values (page-parts.h), so that
 * a translation may put them in another order. Translations are those of the domain "berth-atlas"
 * (po/atlas); a text without one is English.
 */
#pragma once

#include "web/page.h"

/* The texts. Of WORDS() the form for many follows the form for one: WORD_NAME, WORD_NAME_MANY. */
enum word {
#define WORD(name, text) WORD_##name,
#define WORDS(name, one, many) WORD_##name, WORD_##name##_MANY,
#include "web/words.def"
#undef WORD
#undef WORDS
	N_WORDS,
};

/* Learn the translations. Once, before there are threads and pages. */
void words_begin(void);

/* A text; valid for ever. */
const char *words_text(enum page_language language, enum word w);

/* Of WORDS(): the form for `n`. */
const char *words_plural(enum page_language language, enum word one, long long n);

/* What a record of berth says in English (a gap's "permission denied"), if it is one of the texts
 * of words-record.def; else `text` itself. NULL: NULL. */
const char *words_translate(enum page_language language, const char *text);

/* "en", "de"; "English", "Deutsch". */
const char *words_language_code(enum page_language language);
const char *words_language_name(enum page_language language);
