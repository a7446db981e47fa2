#include "cli/terminal.h"

#include "base/environment.h"
#include "base/fd.h"
#include "base/lang.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal terminal_look(void)
{
	const char *term = environment_get("TERM");
	struct terminal t = {.is_terminal = isatty(STDOUT_FILENO) != 0};
	struct winsize size = {0};

	setlocale(LC_CTYPE, "");
	t.can_colour = t.is_terminal && term && *term && strcmp(term, "dumb") != 0;
	t.is_utf8 = lang_is_translated() || strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (t.is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		t.columns = size.ws_col;
	return t;
}

size_t terminal_progress_columns(void)
{
	const char *term = environment_get("TERM");
	struct winsize size = {0};

	if (!isatty(STDERR_FILENO) || !term || !*term || strcmp(term, "dumb") == 0 ||
	    tcgetpgrp(STDERR_FILENO) != getpgrp())
		return 0;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col;
	return 80;
}

int terminal_write(int fd, const char *bytes, size_t n)
{
	return fd_write(fd, bytes, n);
}
