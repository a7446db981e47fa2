/*
 * Ask: a question at the terminal, and what an interrupt means from then on.
 *
 * The terminal is read as it is, line by line; nothing about it is changed, so there is nothing to
 * restore.
 */
#pragma once

#include "base/attr.h"

#include <signal.h>
#include <stdbool.h>

struct ask;

enum { ASK_LINE = 64 };

/* The terminal of this process, else standard input and error when both are terminals; NULL: there
 * is nobody to ask. */
struct ask *ask_open(void);
void ask_close(struct ask *a);

/* Write there. Lines of ours: foreign bytes in them are escaped already. NULL `a` = nothing. */
void ask_say(struct ask *a, const char *text);

/* Ask; true for "y" or "yes", false for anything else, the end of input, or an interrupt. What is
 * formatted in is escaped. */
bool ask_yes(struct ask *a, const char *fmt, ...) BERTH_PRINTF(2, 3);

/* Whether somebody watches standard error at a terminal: then progress is worth a line. */
bool ask_is_watched(void);

/*
 * From now on SIGINT, SIGTERM and SIGHUP only set `ask_interrupted`, once each: the second of a
 * kind ends berth as usual. ask_reraise() ends it by the first that came.
 */
extern volatile sig_atomic_t ask_interrupted;
void ask_catch(void);
bool ask_was_interrupted(void);
void ask_reraise(void);

/* For ask_yes(): one line of an answer, without its end, in `line` (ASK_LINE bytes). False at the
 * end of input and when interrupted. */
bool ask_read_line(struct ask *a, char *line);
