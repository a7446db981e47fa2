/*
 * The faces that people read: one port on one screen, many ports in a table, the listeners of this
 * machine, what a search found, the ranges.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/*
 * What stands once below everything: how old the registry is, and what was not read for any of it.
 */
void text_footer(struct text *t, const struct answer_registry *registry,
		 const struct answer_gap *gaps, size_t n_gaps);

/* The whole answer for one port, but for the footer. */
void text_answer(struct text *t, const struct answer *a);

/* Many ports, a line each, without the footer; neighbours that say nothing share one. */
void text_answers(struct text *t, const struct answer *const *answers, size_t n);

/* Listeners as a table; `hides_maybe_clients` leaves out UDP sockets that may be clients. */
void text_here(struct text *t, const struct answer_here *h, bool hides_maybe_clients);

/* Gaps, below whatever has them: `gaps   owner of pid 7: permission denied (run as root)`. */
void text_gaps(struct text *t, const struct answer_gap *gaps, size_t n, size_t indent);

/* "April 2002" from "2002-04"; anything else as it is. `out` has TEXT_DATE_SIZE bytes. */
enum { TEXT_DATE_SIZE = 64 };
const char *text_date(const char *date, char *out);

/* "3476" or "8000-8010". `out` has TEXT_SPAN_SIZE bytes. */
enum { TEXT_SPAN_SIZE = 16 };
const char *text_span(const struct live_span *span, char *out);

/*
 * " in 3 network namespaces" or "; 3 network namespaces": where it was looked; "" on a system that
 * has none of them.
 * `out` has TEXT_NAMESPACES_SIZE bytes.
 */
enum { TEXT_NAMESPACES_SIZE = 64 };
const char *text_namespaces(const struct answer_checked *checked, bool is_in, char *out);

/* The tone of a verdict. */
enum text_tone text_verdict_tone(enum verdict_word w);
