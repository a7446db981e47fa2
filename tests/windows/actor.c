/*
 * actor: a program of Windows for berth to act upon. Its first word is its part:
 *
 *     quiet              a console program: nothing asks it to end
 *     window             has a window, and ends when that is closed (WM_CLOSE)
 *     stubborn           has a window that does not close
 *     install NAME FILE  make the service NAME of this program and start it; FILE is for its words
 *     install-deaf ...   one that takes no STOP
 *     remove NAME        take it away again; it was stopped before, or its process ended
 *     press FILE PROGRAM WORD...
 *                        run a program on this console, what it says into FILE; when there is a
 *                        file FILE.go, press Ctrl-C, which everybody on the console is told of;
 *                        FILE ends with "exit STATUS", in hexadecimal digits
 *
 *     show FILE PROGRAM WORD...
 *                        run a program on this console, and write into FILE what is to be seen
 *                        there when it has ended, and "exit STATUS"
 *
 * The first three, and a service, hold a UDP port of 127.0.0.1 that was used (wine tells whose it
 * is only then) and say "PID PORT"; they end when standard input does (a service has none). When
 * they end as they were asked to, they say "asked".
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
	    !CreateWindowExW(0, L"actor", L"actor", WS_OVERLAPPEDWINDOW | WS_VISIBLE, 0, 0,
			     200, 100, NULL, NULL, NULL, NULL))
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

static int take_away(const char *name)
{
	SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service = OpenServiceA(manager, name, DELETE);

	int r = service && DeleteService(service) ? 0 : 1;

	CloseServiceHandle(service);
	CloseServiceHandle(manager);
	return r;
}

static int install(const char *name, const char *file, const char *part)
{
	SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS), service;
	char path[MAX_PATH], command[3 * MAX_PATH];

	take_away(name); /* of a test that was broken off */
	GetModuleFileNameA(NULL, path, sizeof(path));
	snprintf(command, sizeof(command), "\"%s\" %s \"%s\"", path, part, file);
	service = CreateServiceA(manager, name, name, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
				 SERVICE_DEMAND_START, SERVICE_ERROR_IGNORE, command, NULL, NULL,
				 NULL, NULL, NULL);
	if (!service || !StartServiceA(service, 0, NULL))
		fail("CreateService, StartService");
	return 0;
}

/* --- an interrupt ---------------------------------------------------------------------------- */

static BOOL WINAPI ignore(DWORD event)
{
	return event == CTRL_C_EVENT;
}

static HANDLE open_file(const char *name)
{
	SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};

	return CreateFileA(name, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
			   CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
}

/* Start a program on this console; its standard output and error may be a file instead. */
static HANDLE run(char **command, HANDLE file)
{
	STARTUPINFOA startup = {.cb = sizeof(startup), .dwFlags = file ? STARTF_USESTDHANDLES : 0};
	PROCESS_INFORMATION child;
	char line[2048] = "";

	for (; *command; command++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "\"%s\" ", *command);
	startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
	startup.hStdOutput = startup.hStdError = file;
	SetConsoleCtrlHandler(ignore, TRUE);
	if (file == INVALID_HANDLE_VALUE ||
	    !CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child))
		fail("CreateProcess");
	return child.hProcess;
}

static void write_end(HANDLE process, HANDLE file)
{
	DWORD status = 0, n;
	char said[32];

	WaitForSingleObject(process, INFINITE);
	GetExitCodeProcess(process, &status);
	snprintf(said, sizeof(said), "exit %lx\n", status);
	WriteFile(file, said, (DWORD)strlen(said), &n, NULL);
}

static int press(const char *name, char **command)
{
	HANDLE file = open_file(name), process = run(command, file);
	char go[MAX_PATH];

	snprintf(go, sizeof(go), "%s.go", name);
	while (GetFileAttributesA(go) == INVALID_FILE_ATTRIBUTES &&
	       WaitForSingleObject(process, 20) == WAIT_TIMEOUT)
		continue;
	if (!GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0))
		fail("GenerateConsoleCtrlEvent");
	write_end(process, file);
	return 0;
}

/* The rows of the console up to the one with the cursor, as UTF-8. */
static void write_screen(HANDLE file)
{
	HANDLE console = GetStdHandle(STD_OUTPUT_HANDLE);
	CONSOLE_SCREEN_BUFFER_INFO info;
	wchar_t row[512];
	char text[3 * 512 + 1];
	DWORD n, done;

	if (!GetConsoleScreenBufferInfo(console, &info))
		fail("GetConsoleScreenBufferInfo");
	for (COORD at = {0, 0}; at.Y <= info.dwCursorPosition.Y; at.Y++) {
		n = info.dwSize.X < 512 ? (DWORD)info.dwSize.X : 512;
		ReadConsoleOutputCharacterW(console, row, n, at, &n);
		while (n > 0 && (row[n - 1] == L' ' || row[n - 1] == 0))
			n--;
		n = (DWORD)WideCharToMultiByte(CP_UTF8, 0, row, (int)n, text, sizeof(text) - 1,
					       NULL, NULL);
		text[n++] = '\n';
		WriteFile(file, text, n, &done, NULL);
	}
}

static int show(const char *name, char **command)
{
	HANDLE process = run(command, NULL), file = open_file(name);

	WaitForSingleObject(process, INFINITE);
	write_screen(file);
	write_end(process, file);
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
	if (strcmp(part, "press") == 0 && argc > 3)
		return press(argv[2], argv + 3);
	if (strcmp(part, "show") == 0 && argc > 3)
		return show(argv[2], argv + 3);
	if (strcmp(part, "quiet") != 0)
		return EXIT_FAILURE;
	hold_port();
	while (getchar() != EOF)
		continue;
	return 0;
}
