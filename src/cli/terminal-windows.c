#include "cli/terminal.h"

#include "base/fd.h"
#include "base/utf16.h"
#include "base/wide-windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static HANDLE handle_of(int fd)
{
	return GetStdHandle(fd == 1 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
}

static bool is_console(HANDLE handle)
{
	DWORD mode;

	return handle && handle != INVALID_HANDLE_VALUE && GetConsoleMode(handle, &mode);
}

/* Whether a console shows what it should have read, although it took the mode: wine's does. What it
 * shows of this is taken back. */
static bool shows_sequences(HANDLE console)
{
	static const wchar_t reset[] = L"\x1b[0m";
	const DWORD n = N_ELEMENTS(reset) - 1;
	CONSOLE_SCREEN_BUFFER_INFO before, after;
	DWORD done;

	if (!GetConsoleScreenBufferInfo(console, &before) ||
	    !WriteConsoleW(console, reset, n, &done, NULL) ||
	    !GetConsoleScreenBufferInfo(console, &after))
		return true;
	if (before.dwCursorPosition.X == after.dwCursorPosition.X &&
	    before.dwCursorPosition.Y == after.dwCursorPosition.Y)
		return false;
	FillConsoleOutputCharacterW(console, L' ', n, before.dwCursorPosition, &done);
	SetConsoleCursorPosition(console, before.dwCursorPosition);
	return true;
}

/* Since Windows 10 (1511) a console reads escape sequences when it is told to. */
static bool enable_colour(HANDLE handle)
{
	DWORD mode;

	if (!GetConsoleMode(handle, &mode))
		return false;
	if (mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING)
		return true;
	return SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) &&
	       !shows_sequences(handle);
}

/* There is no locale to ask; but who says C in a POSIX system's way gets ASCII here too. */
static bool wants_ascii(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		const char *value = secure_getenv(names[i]);

		if (value && *value)
			return strcmp(value, "C") == 0 || strcmp(value, "POSIX") == 0;
	}
	return false;
}

struct terminal terminal_look(void)
{
	HANDLE out = handle_of(1);
	struct terminal t = {.is_terminal = is_console(out), .is_utf8 = !wants_ascii()};
	CONSOLE_SCREEN_BUFFER_INFO info;

	if (!t.is_terminal)
		return t;
	t.can_colour = enable_colour(out);
	/* What is to be seen, not the buffer behind it. A full last column would wrap. */
	if (GetConsoleScreenBufferInfo(out, &info) && info.srWindow.Right > info.srWindow.Left)
		t.columns = (size_t)(info.srWindow.Right - info.srWindow.Left);
	return t;
}

size_t terminal_progress_columns(void)
{
	CONSOLE_SCREEN_BUFFER_INFO info;
	HANDLE err = handle_of(2);

	if (!is_console(err) || !enable_colour(err))
		return 0;
	if (GetConsoleScreenBufferInfo(err, &info) && info.srWindow.Right > info.srWindow.Left)
		return (size_t)(info.srWindow.Right - info.srWindow.Left) + 1;
	return 80;
}

/* A console takes characters. In parts: old ones refuse more than 64 KiB at once. */
static int write_console(HANDLE console, const char *bytes, size_t n)
{
	enum { PART = 8192 };
	char *text = malloc(n + 1);
	uint16_t *units = NULL;
	size_t left = 0;
	int r = 0;

	if (text) {
		memcpy(text, bytes, n);
		text[n] = '\0';
		units = utf16_from_utf8(text);
	}
	free(text);
	if (!units)
		return -ENOMEM;
	while (units[left])
		left++;
	for (const uint16_t *at = units; r == 0 && left > 0;) {
		DWORD part = (DWORD)MIN_OF(left, (size_t)PART), done = 0;

		if (part < left && (at[part - 1] & 0xfc00) == 0xd800)
			part--; /* not between the halves of a pair */
		if (!WriteConsoleW(console, at, part, &done, NULL) || done == 0)
			r = -wide_errno(GetLastError());
		at += done;
		left -= done;
	}
	free(units);
	return r;
}

int terminal_write(int fd, const char *bytes, size_t n)
{
	HANDLE handle = handle_of(fd);

	return is_console(handle) ? write_console(handle, bytes, n) : fd_write(fd, bytes, n);
}
