#include "cli/ask.h"

#include "cli/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

struct ask {
	HANDLE in;
};

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

/* What is not ASCII in it is no answer. */
bool ask_read_line(struct ask *a, char *line)
{
	wchar_t wide[ASK_LINE];
	DWORD n = 0;

	if (!ReadConsoleW(a->in, wide, ASK_LINE - 1, &n, NULL) || n == 0 || ask_interrupted)
		return false;
	while (n > 0 && (wide[n - 1] == L'\n' || wide[n - 1] == L'\r'))
		n--;
	for (DWORD i = 0; i < n; i++)
		line[i] = wide[i] < 0x7f ? (char)wide[i] : '?';
	line[n] = '\0';
	return true;
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

void ask_reraise(void)
{
	SetConsoleCtrlHandler(take, FALSE);
	ExitProcess(STATUS_CONTROL_C_EXIT);
}
