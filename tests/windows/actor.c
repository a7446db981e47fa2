/*
 * actor: a program of Windows for berth to act upon. Its first word is its part:
 *
 *     quiet              a console program: nothing asks it to end
 *     window             has a window, and ends when that is closed (WM_CLOSE)
 *     stubborn           has a window that does not close
 *     install NAME FILE  make the service NAME of this program and start it; FILE is for its words
 *     install-deaf ...   one that takes no STOP
 *     remove NAME        take it away again; it was stopped before, or its process ended
 *     send EVENT PROGRAM WORD...   run a program in a process group of its own on this console,
 *                        wait for its first line on standard error, send it the EVENT (c, break),
 *                        print "exit STATUS", 32 bits of hexadecimal digits
 *
 * The first three, and a service, hold a UDP port of 127.0.0.1 that was used (wine tells whose it is
 * only then) and say "PID PORT"; they end when standard input does (a service has none). When they
 * end as they were asked to, they say "asked".
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#include <ws2tcpip.h>

static FILE *words; /* where it speaks */
static bool is_deaf;
static HANDLE stopping;
static SERVICE_STATUS_HANDLE status_handle;

static void fail(const char *what)
{
	fprintf(stderr, "actor: %s: %lu\n", what, GetLastError());
	exit(EXIT_FAILURE);
}

static void say(const char *text)
{
	fprintf(words, "%s\n", text);
	fflush(words);
}

static void hold_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int size = sizeof(at);
	char byte = 'x', text[64];
	WSADATA data;
	SOCKET s;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		fail("WSAStartup");
	s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s == INVALID_SOCKET || bind(s, (struct sockaddr *)&at, size) != 0 ||
	    getsockname(s, (struct sockaddr *)&at, &size) != 0 ||
	    sendto(s, &byte, 1, 0, (struct sockaddr *)&at, size) != 1 || recv(s, &byte, 1, 0) != 1)
		fail("socket");
	snprintf(text, sizeof(text), "%lu %u", GetCurrentProcessId(), ntohs(at.sin_port));
	say(text);
}

/* --- with a window --------------------------------------------------------------------------- */

static LRESULT CALLBACK on_message(HWND window, UINT message, WPARAM w, LPARAM l)
{
	if (message == WM_CLOSE && is_deaf)
		return 0;
	if (message == WM_CLOSE)
		say("asked");
	if (message == WM_DESTROY)
		PostQuitMessage(0);
	return DefWindowProcW(window, message, w, l);
}

static DWORD WINAPI watch_input(void *context)
{
	(void)context;
	while (getchar() != EOF)
		continue;
	ExitProcess(2);
}

static int show_window(void)
{
	const WNDCLASSW kind = {.lpfnWndProc = on_message, .lpszClassName = L"actor"};
	MSG message;

	if (!RegisterClassW(&kind) ||
	    !CreateWindowExW(0, L"actor", L"actor", WS_OVERLAPPEDWINDOW, 0, 0, 200, 100, NULL, NULL,
			     NULL, NULL))
		fail("CreateWindowEx");
	hold_port();
	CreateThread(NULL, 0, watch_input, NULL, 0, NULL);
	while (GetMessageW(&message, NULL, 0, 0) > 0)
		DispatchMessageW(&message);
	return 0;
}

/* --- a service ------------------------------------------------------------------------------- */

static void report(DWORD state)
{
	SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
				 .dwCurrentState = state,
				 .dwControlsAccepted = is_deaf ? 0 : SERVICE_ACCEPT_STOP};

	SetServiceStatus(status_handle, &status);
}

static void WINAPI on_control(DWORD control)
{
	if (control != SERVICE_CONTROL_STOP)
		return;
	say("asked");
	report(SERVICE_STOP_PENDING);
	SetEvent(stopping);
}

static void WINAPI serve(DWORD n, wchar_t **name)
{
	(void)n;
	stopping = CreateEventW(NULL, TRUE, FALSE, NULL);
	status_handle = RegisterServiceCtrlHandlerW(name[0], on_control);
	hold_port();
	report(SERVICE_RUNNING);
	WaitForSingleObject(stopping, INFINITE);
	report(SERVICE_STOPPED);
}

static int be_service(const char *file)
{
	wchar_t nothing[] = L"";
	const SERVICE_TABLE_ENTRYW table[] = {{nothing, serve}, {NULL, NULL}};

	words = fopen(file, "w");
	return words && StartServiceCtrlDispatcherW(table) ? 0 : 1;
}

static int install(const char *name, const char *file, const char *part)
{
	SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS), service;
	char path[MAX_PATH], command[3 * MAX_PATH];

	GetModuleFileNameA(NULL, path, sizeof(path));
	snprintf(command, sizeof(command), "\"%s\" %s \"%s\"", path, part, file);
	service = CreateServiceA(manager, name, name, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
				 SERVICE_DEMAND_START, SERVICE_ERROR_IGNORE, command, NULL, NULL,
				 NULL, NULL, NULL);
	if (!service || !StartServiceA(service, 0, NULL))
		fail("CreateService, StartService");
	return 0;
}

static int take_away(const char *name)
{
	SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service = OpenServiceA(manager, name, DELETE);

	return service && DeleteService(service) ? 0 : 1;
}

/* --- an interrupt ---------------------------------------------------------------------------- */

static BOOL WINAPI ignore(DWORD event)
{
	return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

/* The first line that comes, and no more of it than that. */
static void await_line(HANDLE from)
{
	char c = 0;
	DWORD n;

	while (c != '\n' && ReadFile(from, &c, 1, &n, NULL) && n == 1)
		putchar(c);
	fflush(stdout);
}

/* Ctrl-C goes to everybody on the console, Ctrl-Break to the one group. */
static int interrupt(const char *event, char **command)
{
	SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
	STARTUPINFOA startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
	const bool is_c = strcmp(event, "c") == 0;
	PROCESS_INFORMATION child;
	char line[2048] = "";
	HANDLE from, to;
	DWORD status = 0;

	for (; *command; command++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "\"%s\" ", *command);
	if (!CreatePipe(&from, &to, &inherited, 0))
		fail("CreatePipe");
	SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0);
	startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
	startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
	startup.hStdError = to;
	SetConsoleCtrlHandler(ignore, TRUE);
	if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, is_c ? 0 : CREATE_NEW_PROCESS_GROUP, NULL,
			    NULL, &startup, &child))
		fail("CreateProcess");
	CloseHandle(to);
	await_line(from);
	if (!GenerateConsoleCtrlEvent(is_c ? CTRL_C_EVENT : CTRL_BREAK_EVENT,
				      is_c ? 0 : child.dwProcessId))
		fail("GenerateConsoleCtrlEvent");
	WaitForSingleObject(child.hProcess, INFINITE);
	GetExitCodeProcess(child.hProcess, &status);
	printf("exit %08lx\n", status);
	return 0;
}

/* --------------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	const char *part = argc > 1 ? argv[1] : "";

	words = stdout;
	is_deaf = strcmp(part, "stubborn") == 0 || strcmp(part, "deaf") == 0;
	if (strcmp(part, "window") == 0 || strcmp(part, "stubborn") == 0)
		return show_window();
	if ((strcmp(part, "service") == 0 || strcmp(part, "deaf") == 0) && argc == 3)
		return be_service(argv[2]);
	if (strcmp(part, "install") == 0 && argc == 4)
		return install(argv[2], argv[3], "service");
	if (strcmp(part, "install-deaf") == 0 && argc == 4)
		return install(argv[2], argv[3], "deaf");
	if (strcmp(part, "remove") == 0 && argc == 3)
		return take_away(argv[2]);
	if (strcmp(part, "send") == 0 && argc > 3)
		return interrupt(argv[2], argv + 3);
	if (strcmp(part, "quiet") != 0)
		return EXIT_FAILURE;
	hold_port();
	while (getchar() != EOF)
		continue;
	return 0;
}
