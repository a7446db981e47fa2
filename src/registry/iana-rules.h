/*
 * IANA rules: what the cells of IANA's registry mean. This is the one place where the rules stand;
 * tools/make-baseline has them in Python for the built-in table, and tests/registry/exactness.py
 * compares the two on every row of every file.
 *
 * Status. A row with a name is assigned; when its note says that IANA records an "unassigned but
 * widespread use" it is unassigned and widespread. A row without a name tells its status in the
 * description, without case:
 *
 *     begins with unassigned, (unassigned, "possibly used by"        unassigned
 *     begins with reserved, iana reserved                            reserved
 *     de-registered, removed, deprecated (all of it), or begins
 *     with de-commissioned port (any of its spellings)               de-assigned
 *     begins with "any private" and a word                           assigned
 *     anything else: not free, nobody's                              reserved, and `is_unread`
 *
 * Alias: the note says `This entry is an alias to "NAME"` or `This is a duplicate of the "NAME"`.
 *
 * Former claimants, each `name|last date listed|date removed`: `[was NAME]` in the description;
 * in the note `Formerly was NAME`, `Previously assigned to application below NAME` (once),
 * `previously NAME` behind `De-assigned on DATE,`, and every other `removed DATE`,
 * `de-assigned on DATE`.
 *
 * People: `[Gilbert_Yeung][Dave_Mills_2]` are Gilbert Yeung and Dave Mills; the digit only tells
 * two entries apart. Where the source resolves people (XML), their names are taken as they are.
 *
 * References: documents in brackets. `[1]` is a footnote of IANA's page, `[n/a]` none, and what
 * holds an address is a letter: no documents.
 *
 * Addresses of people (user&host, as IANA writes them, or user@host) are taken out of notes and
 * reports of unauthorized use.
 *
 * Dates are YYYY-MM-DD or YYYY-MM; anything else is no date.
 */
#pragma once

#include "base/arena.h"
#include "registry/iana.h"

/* A record and what it means. Texts live in the arena that was given. */
struct iana_meaning {
	struct registry_row row; /* without rank, names_as_of and details_as_of */
	bool is_unread;          /* the description of a row without name is a new one */
};

/*
 * Read a record. Returns 0; -EBADMSG with `*error` filled when it cannot be a row: a port that is
 * no number or above 65535, a range that runs backwards, a protocol that the registry does not
 * have; -ENOMEM.
 */
int iana_rules_read(const struct iana_record *record, struct arena *arena,
		    struct iana_meaning *out, struct iana_error *error) BERTH_MUST_CHECK;

/* The status that a description tells; `*is_unread` becomes true when no rule knows it. */
enum registry_status iana_rules_status(const char *description, bool *is_unread);

/* Whether a text is a date in one of IANA's two precisions; `*is_full` (may be NULL): with a day.
 * */
bool iana_rules_is_date(const char *text, bool *is_full);
