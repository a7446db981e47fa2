/*
 * Parts of the screen for one port, in the order in which they stand on it.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* The column at which the content of a screen begins, right of its labels. */
enum { TEXT_INDENT = 10 };

/* `claimed`: the rows of the registry; rows that say the same of several transports are one. */
void text_claimed(struct text *t, const struct answer *a);

/* `known`: software that uses the port by default, with a short name for the evidence. */
void text_known(struct text *t, const struct answer *a);

/*
 * `published` and `here`: what leads the port elsewhere; listeners and their owners, connections
 * and their far ends.
 */
void text_residents(struct text *t, const struct answer *a);

/* A process in lines of its own: who it is, what it runs, what started it. */
void text_owner(struct text *t, const struct answer_owner *o);

/* A command line, below the line that was begun; on a terminal without -v only its beginning. NULL
 * or empty: nothing. */
void text_command(struct text *t, const char *const *command);

/* One published port, in the line that was begun: "8080/tcp -> 10.88.0.2:80 (container web) by". */
void text_published(struct text *t, const struct answer_published *p);

/* `held`: what holds the port without listening. */
void text_holders(struct text *t, const struct answer *a);
