/*
 * Terminal: what standard output is, and how bytes get there.
 *
 * Everything that berth writes is UTF-8 (or ASCII) with line feeds, the same on every system. A
 * console of Windows gets it as wide characters, whatever its code page, and shows lines as lines;
 * a pipe or a file gets the bytes.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

struct terminal {
	bool is_terminal;
	size_t columns;   /* 0 = not known */
	bool can_colour;  /* it understands escape sequences */
	bool is_utf8;     /* more than ASCII may be written */
};

/* Look at standard output, and make it ready: Windows' console learns escape sequences. Where the
 * system has locales this sets the one for characters. */
struct terminal terminal_look(void);

/* Standard error, for a line that is written again and again in its place: its columns (80 where
 * they are not known); 0 = no such line: it is no terminal, one that does not understand to clear a
 * line, or another program's at the moment. */
size_t terminal_progress_columns(void);

/* Write all of it to standard output (1) or standard error (2). Returns 0 or a negative errno. */
int terminal_write(int fd, const char *bytes, size_t n) BERTH_MUST_CHECK;
