/*
 * Command line: words as Windows hands them to a program, in one text. Pure.
 *
 * A program there cuts its command line up itself; nearly all do it as Microsoft's C library does
 * ("Parsing C command-line arguments"): blanks separate, quotes hold together, a backslash counts
 * only before a quote.
 */
#pragma once

#include "base/str.h"

/* Append a word, behind a blank when there is something already. */
void command_line_put(struct str *line, const char *word);
