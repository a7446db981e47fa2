#include "cli/ask.h"

#include "base/lang.h"
#include "base/str.h"
#include "cli/terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { LINE = 64 };

struct ask {
	HANDLE in;
};

volatile sig_atomic_t ask_interrupted;

static bool is_console(HANDLE handle)
{
	DWORD mode;

	return handle && handle != INVALID_HANDLE_VALUE && GetConsoleMode(handle, &mode);
}

bool ask_is_watched(void)
{
	return is_console(GetStdHandle(STD_ERROR_HANDLE));
}

struct ask *ask_open(void)
{
	HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
	struct ask *a = NULL;

	if (is_console(in) && ask_is_watched())
		a = calloc(1, sizeof(*a));
	if (a)
		a->in = in;
	return a;
}

void ask_close(struct ask *a)
{
	free(a);
}

void ask_say(struct ask *a, const char *text)
{
	if (a)
		(void)!terminal_write(2, text, strlen(text));
}

/* One line, of which what is not ASCII is no answer. */
static bool read_line(struct ask *a, char *line)
{
	wchar_t wide[LINE];
	DWORD n = 0;

	if (!ReadConsoleW(a->in, wide, LINE - 1, &n, NULL) || n == 0 || ask_interrupted)
		return false;
	while (n > 0 && (wide[n - 1] == L'\n' || wide[n - 1] == L'\r'))
		n--;
	for (DWORD i = 0; i < n; i++)
		line[i] = wide[i] < 0x7f ? (char)wide[i] : '?';
	line[n] = '\0';
	return true;
}

bool ask_yes(struct ask *a, const char *fmt, ...)
{
	struct str safe = {0};
	char line[LINE], question[512];
	va_list args;
	bool has_answer;

	if (!a || ask_interrupted)
		return false;
	va_start(args, fmt);
	vsnprintf(question, sizeof(question), fmt, args);
	va_end(args);
	str_append_escaped(&safe, question, false);
	ask_say(a, str_text(&safe));
	str_fini(&safe);
	has_answer = read_line(a, line);
	if (!has_answer)
		ask_say(a, "\n");
	return has_answer && (str_casecmp(line, "y") == 0 || str_casecmp(line, "yes") == 0 ||
			      str_casecmp(line, _("y")) == 0 || str_casecmp(line, _("yes")) == 0);
}

/* The second of its kind ends berth as usual. */
static BOOL WINAPI take(DWORD event)
{
	if (ask_interrupted || (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT))
		return FALSE;
	ask_interrupted = SIGINT;
	return TRUE;
}

void ask_catch(void)
{
	SetConsoleCtrlHandler(take, TRUE);
}

bool ask_was_interrupted(void)
{
	return ask_interrupted != 0;
}

void ask_reraise(void)
{
	SetConsoleCtrlHandler(take, FALSE);
	ExitProcess(STATUS_CONTROL_C_EXIT);
}
