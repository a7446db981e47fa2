/*
 * Lang: the language in which people are spoken to.
 *
 * Texts are written in English where they are used, marked by _() or lang_plural(), and looked up
 * in a catalog (base/catalog.h) that po/DOMAIN/LANGUAGE.po became. English needs none. What
 * programs read (JSON, CSV, SARIF, annotations, exports, logs) is English whatever the language.
 *
 * The language is gettext's: the first that is set of LC_ALL, LC_MESSAGES and LANG; where that is
 * not C or POSIX, LANGUAGE (a list: "de_AT:de:en") goes before it. Text is UTF-8; a locale with
 * other characters ("de_DE.ISO-8859-1") gets English. Nothing else of the locale is touched, and it
 * need not be generated on the system. Catalogs lie in po/ beside the build tree's program, in
 * share/locale beside an installed one, or at the compiled place; no variable leads elsewhere. None
 * of this happens with more rights than the caller's (base/environment.h).
 *
 * The build picks lang-catalog.c, or lang-none.c (English) on systems without these variables.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

/* Learn the language, before there are threads. Opens a file unless it is English. After lang_end()
 * it goes on with the same. */
void lang_begin(void);

/* From here on English: what will be written is for programs, or kept. Cheap. */
void lang_end(void);

/* Whether there is a catalog, so that people read UTF-8 whatever libc knows of their locale. */
bool lang_is_translated(void);

/* `text` in that language, or `text`. Valid for ever. */
const char *lang_text(const char *text) __attribute__((format_arg(1)));

/* The form for `n` of `one` ("%zu port") and `many` ("%zu ports"). Valid for ever. */
const char *lang_plural(const char *one, const char *many, unsigned long long n)
	__attribute__((format_arg(1), format_arg(2)));

/* What an errno (positive, or negated) means, for people. */
const char *lang_error(int error);

/*
 * For a program that speaks several languages at once: `out[i]` becomes the translation of
 * `msgids[i]` into `language` ("de") by domain `domain` ("berth-atlas"), or `msgids[i]` itself. A
 * text that is the plural of a message gives the form for 2. All stay valid for ever. Call before
 * there are threads.
 */
void lang_resolve(const char *domain, const char *language, const char *const *msgids,
		  const char **out, size_t n);

#define _(text) lang_text(text)
/* A text that is looked up later, where it is shown. */
#define N_(text) text
