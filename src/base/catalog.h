/*
 * Catalog: the translations of one language, in the file that msgfmt(1) makes of a .po file (GNU
 * gettext's .mo, revision 0: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html).
 *
 * Read here and not by libintl, since that translates nothing where a locale is not generated
 * (which is so in most containers), and since its language is one for the whole process. Pure:
 * bytes in, texts out; anything may be in the bytes.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* A catalog that was checked. Everything points into its bytes. */
struct catalog {
	const char *bytes;
	uint32_t size;
	uint32_t n;         /* messages, the header among them, sorted by their text */
	uint32_t ids, texts; /* where the tables of (length, offset) begin */
	bool is_swapped;    /* numbers are in the other byte order */
	const char *plural; /* the expression in n that chooses a form; NULL = n != 1 */
	uint32_t n_forms;
};

/*
 * Check `size` bytes, which live as long as the catalog is used. Every table lies inside, every
 * text is terminated, messages are sorted, the header's Plural-Forms can be computed. Returns 0, or
 * -EINVAL (and `*out` is untouched).
 */
int catalog_open(const void *bytes, size_t size, struct catalog *out) BERTH_MUST_CHECK;

/* The translation of `text`; NULL when there is none. */
const char *catalog_text(const struct catalog *c, const char *text);

/* The form for `n` of the message whose singular is `one`; NULL when there is none. */
const char *catalog_plural(const struct catalog *c, const char *one, unsigned long long n);

/* As catalog_text(), and the form for 2 where `text` is the plural of a message: for all texts of a
 * program at once. It looks at every message then. */
const char *catalog_any(const struct catalog *c, const char *text);
