/*
 * Ending processes and stopping services on Windows: the real calls, on programs that are there for
 * it (tests/windows/actor.c, beside this one).
 */
#include "act/end.h"
#include "act/stop.h"
#include "base/arena.h"
#include "live/calls-windows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60000, ENDED_BY_BERTH = 1 };

/* A part that is being played. */
struct actor {
	HANDLE process, input, output;
	struct live_process p;
};

static char folder[MAX_PATH];

/* "C:\...\tests\" of this very program. */
static int find_folder(void **state)
{
	char *end;

	(void)state;
	GetModuleFileNameA(NULL, folder, sizeof(folder));
	end = strrchr(folder, '\\');
	if (end)
		end[1] = '\0';
	return end ? 0 : -1;
}

static void read_line(HANDLE from, char *line, size_t size)
{
	size_t n = 0;
	DWORD got;

	while (n < size - 1 && ReadFile(from, line + n, 1, &got, NULL) && got == 1 &&
	       line[n] != '\n')
		n += line[n] != '\r';
	line[n] = '\0';
}

/* Start the program with these words, its standard input and output as pipes. */
static void start(const char *words, struct actor *a)
{
	SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
	STARTUPINFOA startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
	PROCESS_INFORMATION child;
	char line[MAX_PATH + 1024];

	snprintf(line, sizeof(line), "\"%sactor.exe\" %s", folder, words);
	assert_true(CreatePipe(&startup.hStdInput, &a->input, &inherited, 0));
	assert_true(CreatePipe(&a->output, &startup.hStdOutput, &inherited, 0));
	SetHandleInformation(a->input, HANDLE_FLAG_INHERIT, 0);
	SetHandleInformation(a->output, HANDLE_FLAG_INHERIT, 0);
	startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
	assert_true(CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child));
	CloseHandle(child.hThread);
	CloseHandle(startup.hStdInput);
	CloseHandle(startup.hStdOutput);
	a->process = child.hProcess;
	a->p = (struct live_process){.pid = child.dwProcessId, .started = LIVE_TIME_NONE};
}

/* The process as a look tells it. */
static void tell(struct live_process *p)
{
	struct windows_details details = {.started = LIVE_TIME_NONE};
	struct arena arena = {0};

	assert_int_equal(calls_windows.details(p->pid, &arena, &details), 0);
	assert_true(details.started != LIVE_TIME_NONE);
	p->started = details.started;
	arena_fini(&arena);
}

/* Until it has said whose and which its port is. */
static void await(struct actor *a)
{
	char line[64];
	unsigned int pid = 0, port = 0;

	read_line(a->output, line, sizeof(line));
	assert_int_equal(sscanf(line, "%u %u", &pid, &port), 2);
	assert_int_equal(pid, a->p.pid);
	tell(&a->p);
}

/* What it ended with. */
static DWORD finish(struct actor *a)
{
	DWORD status = 0;

	CloseHandle(a->input);
	assert_int_equal(WaitForSingleObject(a->process, PATIENCE_MS), WAIT_OBJECT_0);
	assert_true(GetExitCodeProcess(a->process, &status));
	CloseHandle(a->output);
	CloseHandle(a->process);
	return status;
}

static bool has_display(void)
{
	if (!getenv("BERTH_NO_DISPLAY"))
		return true;
	print_message("left out: no display, so no windows (Debian: xvfb)\n");
	return false;
}

static void test_a_window_is_asked_to_close(void **state)
{
	struct actor a;
	char line[64];
	int handle;

	(void)state;
	if (!has_display())
		return;
	start("window", &a);
	await(&a);
	handle = end_hold(&a.p);
	assert_true(handle >= 0);
	assert_false(end_has_ended(handle));
	assert_int_equal(end_send(handle, &a.p, END_ASK), 0);
	end_wait(&handle, 1, PATIENCE_MS);
	assert_true(end_has_ended(handle));
	assert_int_equal(end_send(handle, &a.p, END_ASK), -ESRCH);
	read_line(a.output, line, sizeof(line));
	assert_string_equal(line, "asked");
	assert_int_equal(end_release(handle), -1);
	assert_int_equal(finish(&a), 0);
}

static void test_a_window_that_stays_is_ended_by_force(void **state)
{
	struct actor a;
	int handle;

	(void)state;
	if (!has_display())
		return;
	start("stubborn", &a);
	await(&a);
	handle = end_hold(&a.p);
	assert_int_equal(end_send(handle, &a.p, END_ASK), 0);
	end_wait(&handle, 1, 300);
	assert_false(end_has_ended(handle));
	assert_int_equal(end_send(handle, &a.p, END_FORCE), 0);
	end_wait(&handle, 1, PATIENCE_MS);
	assert_true(end_has_ended(handle));
	end_release(handle);
	assert_int_equal(finish(&a), ENDED_BY_BERTH);
}

static void test_without_a_window_nothing_asks(void **state)
{
	struct actor a, other;
	int handles[2];

	(void)state;
	start("quiet", &a);
	await(&a);
	start("quiet", &other);
	await(&other);
	handles[0] = end_hold(&a.p);
	handles[1] = end_hold(&other.p);
	assert_int_equal(end_send(handles[0], &a.p, END_ASK), -EOPNOTSUPP);
	end_wait(handles, 2, 100);
	assert_false(end_has_ended(handles[0]));
	assert_int_equal(end_send(handles[1], &other.p, END_FORCE), 0);
	end_wait(handles, 2, PATIENCE_MS); /* for either */
	assert_true(end_has_ended(handles[1]));
	assert_false(end_has_ended(handles[0]));
	end_release(handles[0]);
	end_release(handles[1]);
	assert_int_equal(finish(&other), ENDED_BY_BERTH);
	assert_int_equal(finish(&a), 0); /* its input ended, nobody touched it */
}

static void test_another_start_is_another_process(void **state)
{
	struct actor a;
	live_time started;

	(void)state;
	start("quiet", &a);
	await(&a);
	started = a.p.started;
	a.p.started = started + 100;
	assert_int_equal(end_hold(&a.p), -ESRCH);
	a.p.started = LIVE_TIME_NONE;
	assert_int_equal(end_hold(&a.p), -ENODATA);
	a.p.started = started;
	assert_int_equal(finish(&a), 0);
	assert_int_equal(end_hold(&a.p), -ESRCH);
}

static void test_who_asks(void **state)
{
	struct arena arena = {0};
	struct evict_self self;

	(void)state;
	assert_int_equal(end_self(&arena, &self), 0);
	assert_true(self.n_ancestors >= 1);
	assert_int_equal(self.ancestors[0], GetCurrentProcessId());
	assert_true(self.may_signal(GetCurrentProcessId(), self.context));
	arena_fini(&arena);
}

/* --- services -------------------------------------------------------------------------------- */

/* Run it to its end. */
static void play(const char *words)
{
	struct actor a;

	start(words, &a);
	assert_int_equal(finish(&a), 0);
}

/* The process that the service manager names for a service. */
static uint32_t pid_of(const char *service)
{
	struct windows_service *list = NULL;
	struct arena arena = {0};
	uint32_t pid = 0;
	size_t n = 0;

	assert_int_equal(calls_windows.services(&arena, &list, &n), 0);
	for (size_t i = 0; i < n; i++)
		pid = strcmp(list[i].name, service) == 0 ? list[i].pid : pid;
	arena_fini(&arena);
	return pid;
}

static void path_of(const char *service, char *path, size_t size)
{
	char place[MAX_PATH];

	assert_true(GetTempPathA(sizeof(place), place) > 0);
	snprintf(path, size, "%s%s.txt", place, service);
}

/* Make and start one; returns its process. */
static uint32_t install(const char *service, const char *how)
{
	char path[2 * MAX_PATH], words[3 * MAX_PATH];

	path_of(service, path, sizeof(path));
	snprintf(words, sizeof(words), "%s %s \"%s\"", how, service, path);
	play(words);
	for (int ms = 0; ms < PATIENCE_MS && pid_of(service) == 0; ms += 50)
		Sleep(50);
	return pid_of(service);
}

/* What it said; gone afterwards. */
static void read_words(const char *service, char *said, size_t size)
{
	char path[2 * MAX_PATH], words[128];
	FILE *file;
	size_t n;

	path_of(service, path, sizeof(path));
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(said, 1, size - 1, file);
	said[n] = '\0';
	fclose(file);
	remove(path);
	snprintf(words, sizeof(words), "remove %s", service);
	play(words);
}

static void test_a_service_is_stopped(void **state)
{
	const char service[] = "berth-test-ends";
	struct live_process p = {.pid = install(service, "install")};
	struct live_process other = {.pid = GetCurrentProcessId()};
	char error[STOP_ERROR_SIZE] = "", said[256];
	int handle;

	(void)state;
	assert_true(p.pid != 0);
	tell(&p);
	handle = end_hold(&p);
	assert_true(handle >= 0);
	assert_int_equal(stop_check_unit(service, false, &p, error), 0);
	assert_int_equal(stop_check_unit(service, false, &other, error), -ESRCH);
	assert_non_null(strstr(error, "is not the process of service berth-test-ends"));
	assert_int_equal(stop_unit(service, false, error), 0);
	end_wait(&handle, 1, PATIENCE_MS);
	assert_true(end_has_ended(handle));
	end_release(handle);
	assert_int_equal(stop_unit(service, false, error), 0); /* it is not there: done */
	assert_int_equal(stop_check_unit(service, false, &p, error), -ESRCH);
	read_words(service, said, sizeof(said));
	assert_non_null(strstr(said, "\nasked\n"));
}

static void test_a_service_that_takes_no_stop(void **state)
{
	const char service[] = "berth-test-stays";
	struct live_process p = {.pid = install(service, "install-deaf")};
	char error[STOP_ERROR_SIZE] = "", said[256];
	int handle;

	(void)state;
	assert_true(p.pid != 0);
	tell(&p);
	handle = end_hold(&p);
	assert_int_equal(stop_unit(service, false, error), -EIO);
	assert_non_null(strstr(error, "service berth-test-stays: cannot be stopped"));
	assert_false(end_has_ended(handle));
	assert_int_equal(end_send(handle, &p, END_ASK), -EOPNOTSUPP);
	assert_int_equal(end_send(handle, &p, END_FORCE), 0);
	end_wait(&handle, 1, PATIENCE_MS);
	assert_true(end_has_ended(handle));
	end_release(handle);
	read_words(service, said, sizeof(said));
	assert_null(strstr(said, "asked"));
}

static void test_no_such_service(void **state)
{
	char error[STOP_ERROR_SIZE] = "";

	(void)state;
	assert_int_equal(stop_unit("berth-test-nobody", false, error), -EIO);
	assert_non_null(strstr(error, "berth-test-nobody: cannot be opened"));
	assert_int_equal(stop_container("docker", "x", error), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_window_is_asked_to_close),
		cmocka_unit_test(test_a_window_that_stays_is_ended_by_force),
		cmocka_unit_test(test_without_a_window_nothing_asks),
		cmocka_unit_test(test_another_start_is_another_process),
		cmocka_unit_test(test_who_asks),
		cmocka_unit_test(test_a_service_is_stopped),
		cmocka_unit_test(test_a_service_that_takes_no_stop),
		cmocka_unit_test(test_no_such_service),
	};

	return cmocka_run_group_tests(tests, find_folder, NULL);
}
