#include "cli/launch.h"

#include "base/command-line.h"
#include "base/wide-windows.h"

#include <errno.h>
#include <stdlib.h>
#include <windows.h>

enum { ROOM = 32768 /* the longest path, and the longest command line, there can be */ };

/* Where the program is, ".exe" added where it has no ending. Fresh heap memory. */
static int find_program(const char *name, wchar_t **out)
{
	wchar_t *wide = wide_from_utf8(name), *path = malloc(ROOM * sizeof(*path));
	DWORD n = 0;

	if (wide && path)
		n = SearchPathW(NULL, wide, L".exe", ROOM, path, NULL);
	free(wide);
	if (n > 0 && n < ROOM) {
		*out = path;
		return 0;
	}
	free(path);
	return wide && path ? -ENOENT : -ENOMEM;
}

/* Batch files are run by cmd.exe, which reads the words in a way of its own: nothing that could be
 * put around them makes every word safe. */
static bool is_batch(const wchar_t *path)
{
	const wchar_t *dot = wcsrchr(path, L'.');

	return dot && (_wcsicmp(dot, L".bat") == 0 || _wcsicmp(dot, L".cmd") == 0);
}

static int write_line(const char *const *command, wchar_t **out)
{
	struct str line = {0};

	for (; *command; command++)
		command_line_put(&line, *command);
	*out = line.has_failed ? NULL : wide_from_utf8(str_text(&line));
	str_fini(&line);
	if (*out && wcslen(*out) >= ROOM) {
		free(*out);
		return -E2BIG;
	}
	return *out ? 0 : -ENOMEM;
}

static BOOL WINAPI leave_it(DWORD event)
{
	return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

static int run(const wchar_t *path, wchar_t *line, int *code)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	PROCESS_INFORMATION child;
	DWORD status = 0, error = 0;

	SetConsoleCtrlHandler(leave_it, TRUE);
	if (!CreateProcessW(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child)) {
		error = GetLastError();
		SetConsoleCtrlHandler(leave_it, FALSE);
		return error == ERROR_BAD_EXE_FORMAT ? -ENOEXEC : -wide_errno(error);
	}
	CloseHandle(child.hThread);
	WaitForSingleObject(child.hProcess, INFINITE);
	if (!GetExitCodeProcess(child.hProcess, &status))
		error = GetLastError();
	CloseHandle(child.hProcess);
	if (error)
		return -wide_errno(error);
	*code = (int)status;
	return 0;
}

int launch(const char *const *command, int *code)
{
	wchar_t *path = NULL, *line = NULL;
	int r = find_program(command[0], &path);

	if (r == 0 && is_batch(path))
		r = -ENOEXEC;
	if (r == 0)
		r = write_line(command, &line);
	if (r == 0)
		r = run(path, line, code);
	free(path);
	if (line)
		free(line);
	return r;
}
