/* Services, by the service control manager; no program is started. */
#include "act/stop.h"

#include "base/lang.h"
#include "base/wide-windows.h"
#include "live/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

enum { PATIENCE_MS = 30000, STEP_MS = 100 };

static int refuse(char *error, const char *unit, const char *what, DWORD number)
{
	snprintf(error, STOP_ERROR_SIZE, _("service %.100s: %s (Windows error %lu)"), unit, what,
		 (unsigned long)number);
	return number == ERROR_ACCESS_DENIED ? -EPERM : -EIO;
}

static SC_HANDLE open_service(SC_HANDLE manager, const char *unit, DWORD access)
{
	wchar_t *name = wide_from_utf8(unit);
	SC_HANDLE service = name ? OpenServiceW(manager, name, access) : NULL;
	DWORD error = GetLastError();

	free(name);
	SetLastError(error);
	return service;
}

static bool ask_status(SC_HANDLE service, SERVICE_STATUS_PROCESS *out)
{
	DWORD needed = 0;

	return QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)out, sizeof(*out),
				    &needed) != 0;
}

/* Open the manager and a service of it, `use` it, close both. */
static int with_service(const char *unit, DWORD access, char *error,
			int (*use)(SC_HANDLE service, const char *unit, const void *context,
				   char *error),
			const void *context)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service = manager ? open_service(manager, unit, access) : NULL;
	int r;

	if (service)
		r = use(service, unit, context, error);
	else
		r = refuse(error, unit, _("cannot be opened"), GetLastError());
	if (service)
		CloseServiceHandle(service);
	if (manager)
		CloseServiceHandle(manager);
	return r;
}

static int check(SC_HANDLE service, const char *unit, const void *context, char *error)
{
	const struct live_process *p = context;
	SERVICE_STATUS_PROCESS status;

	if (!ask_status(service, &status))
		return refuse(error, unit, _("tells nothing"), GetLastError());
	if (status.dwProcessId == p->pid)
		return 0;
	snprintf(error, STOP_ERROR_SIZE, _("pid %u is not the process of service %.100s"), p->pid,
		 unit);
	return -ESRCH;
}

int stop_check_unit(const char *unit, bool is_of_user BERTH_UNUSED, const struct live_process *p,
		    char *error)
{
	return with_service(unit, SERVICE_QUERY_STATUS, error, check, p);
}

static int stop(SC_HANDLE service, const char *unit, const void *context BERTH_UNUSED, char *error)
{
	SERVICE_STATUS_PROCESS status = {0};
	SERVICE_STATUS told;

	if (!ControlService(service, SERVICE_CONTROL_STOP, &told) &&
	    GetLastError() != ERROR_SERVICE_NOT_ACTIVE)
		return refuse(error, unit, _("cannot be stopped"), GetLastError());
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		if (!ask_status(service, &status))
			return refuse(error, unit, _("tells nothing"), GetLastError());
		if (status.dwCurrentState == SERVICE_STOPPED)
			return 0;
		Sleep(STEP_MS);
	}
	snprintf(error, STOP_ERROR_SIZE, _("service %.100s has not stopped yet"), unit);
	return -ETIMEDOUT;
}

int stop_unit(const char *unit, bool is_of_user BERTH_UNUSED, char *error)
{
	return with_service(unit, SERVICE_STOP | SERVICE_QUERY_STATUS, error, stop, NULL);
}

int stop_container(const char *runtime BERTH_UNUSED, const char *id BERTH_UNUSED, char *error)
{
	snprintf(error, STOP_ERROR_SIZE, _("berth stops no containers on Windows"));
	return -ENOTSUP;
}
