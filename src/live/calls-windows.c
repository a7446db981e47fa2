#include "live/calls-windows.h"

#include "base/wide-windows.h"
#include "live/hcn-windows.h"
#include "live/reservation-windows.h"
#include "live/user-windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#include <ws2ipdef.h>

#include <iphlpapi.h>
#include <tlhelp32.h>

_Static_assert(sizeof(struct iphlp_tcp4) == sizeof(MIB_TCPROW_OWNER_MODULE), "its layout");
_Static_assert(sizeof(struct iphlp_tcp6) == sizeof(MIB_TCP6ROW_OWNER_MODULE), "its layout");
_Static_assert(sizeof(struct iphlp_udp4) == sizeof(MIB_UDPROW_OWNER_MODULE), "its layout");
_Static_assert(sizeof(struct iphlp_udp6) == sizeof(MIB_UDP6ROW_OWNER_MODULE), "its layout");
_Static_assert(offsetof(struct iphlp_tcp6, pid) ==
		       offsetof(MIB_TCP6ROW_OWNER_MODULE, dwOwningPid), "its layout");
_Static_assert(offsetof(struct iphlp_udp6, module) ==
		       offsetof(MIB_UDP6ROW_OWNER_MODULE, OwningModuleInfo), "its layout");
_Static_assert(offsetof(struct iphlp_udp4, module) ==
		       offsetof(MIB_UDPROW_OWNER_MODULE, OwningModuleInfo), "its layout");
_Static_assert(offsetof(MIB_TCPTABLE_OWNER_MODULE, table) == IPHLP_FIRST_ROW, "its layout");

/* 100 ns since 1601, where berth counts from 1970. */
static live_time time_of(FILETIME t)
{
	const int64_t epoch = 116444736000000000;
	int64_t ticks = (int64_t)((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime);
	int64_t ns;

	if (ticks <= 0 || __builtin_mul_overflow(ticks - epoch, (int64_t)100, &ns))
		return LIVE_TIME_NONE;
	return ns;
}

static live_time now(void)
{
	FILETIME t;

	GetSystemTimePreciseAsFileTime(&t);
	return time_of(t);
}

static DWORD ask_table(enum iphlp_table t, void *buffer, DWORD *size)
{
	ULONG family = iphlp_is_v6(t) ? AF_INET6 : AF_INET;

	if (iphlp_transport(t) == TRANSPORT_TCP)
		return GetExtendedTcpTable(buffer, size, FALSE, family, TCP_TABLE_OWNER_MODULE_ALL,
					   0);
	return GetExtendedUdpTable(buffer, size, FALSE, family, UDP_TABLE_OWNER_MODULE, 0);
}

/* The table may grow between telling its size and giving it. */
static int table(enum iphlp_table t, struct str *out)
{
	enum { TRIES = 8, LARGEST = 256 << 20 };
	DWORD size = 16 * 1024, error = ERROR_INSUFFICIENT_BUFFER;

	for (int i = 0; i < TRIES && error == ERROR_INSUFFICIENT_BUFFER; i++) {
		DWORD room = size + size / 8;

		if (room > (DWORD)LARGEST)
			return -EFBIG;
		str_clear(out);
		str_pad(out, '\0', room);
		if (out->has_failed)
			return -ENOMEM;
		size = room;
		error = ask_table(t, out->bytes, &size);
	}
	return error == NO_ERROR ? 0 : -wide_errno(error);
}

static const char *copy_wide(const wchar_t *wide, struct arena *arena)
{
	char *text = wide_to_utf8(wide);
	const char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

static int processes(struct arena *arena, struct windows_process **out, size_t *n)
{
	HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
	struct windows_process *list = NULL;
	size_t capacity = 0, have = 0;

	if (snapshot == INVALID_HANDLE_VALUE)
		return -wide_errno(GetLastError());
	for (BOOL is_there = Process32FirstW(snapshot, &entry); is_there;
	     is_there = Process32NextW(snapshot, &entry)) {
		struct windows_process *p = ARENA_PUSH(arena, list, have, capacity);

		if (!p)
			break;
		entry.szExeFile[N_ELEMENTS(entry.szExeFile) - 1] = L'\0';
		*p = (struct windows_process){
			.pid = entry.th32ProcessID,
			.parent_pid = entry.th32ParentProcessID,
			.program = copy_wide(entry.szExeFile, arena),
		};
	}
	CloseHandle(snapshot);
	if (arena_failed(arena))
		return -ENOMEM;
	*out = list;
	*n = have;
	return 0;
}

static int details(uint32_t pid, struct arena *arena, struct windows_details *out)
{
	enum { ROOM = 32768 }; /* the longest path there can be */
	HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
	wchar_t *path = malloc(ROOM * sizeof(*path));
	FILETIME started, ended, in_kernel, in_user;
	DWORD n = ROOM, error = GetLastError();

	if (!process || !path) {
		free(path);
		if (process)
			CloseHandle(process);
		return process ? -ENOMEM : -wide_errno(error);
	}
	if (QueryFullProcessImageNameW(process, 0, path, &n))
		out->path = copy_wide(path, arena);
	if (GetProcessTimes(process, &started, &ended, &in_kernel, &in_user))
		out->started = time_of(started);
	out->user = user_of_process(process, arena);
	free(path);
	CloseHandle(process);
	return 0;
}

/* Fill `out` from what EnumServicesStatusEx() gave. */
static void take_services(const ENUM_SERVICE_STATUS_PROCESSW *entries, DWORD n_entries,
			  struct arena *arena, struct windows_service *out, size_t *n)
{
	*n = 0;
	for (DWORD i = 0; i < n_entries; i++) {
		const ENUM_SERVICE_STATUS_PROCESSW *e = &entries[i];

		if (e->ServiceStatusProcess.dwProcessId == 0)
			continue;
		out[*n].pid = e->ServiceStatusProcess.dwProcessId;
		out[*n].name = copy_wide(e->lpServiceName, arena);
		++*n;
	}
}

static DWORD enumerate(SC_HANDLE manager, void **bytes, DWORD *n)
{
	enum { TRIES = 8 };
	DWORD size = 64 * 1024, error = ERROR_MORE_DATA;

	for (int i = 0; i < TRIES && error == ERROR_MORE_DATA; i++) {
		DWORD more = 0, resume = 0;

		free(*bytes);
		*bytes = malloc(size);
		if (!*bytes)
			return ERROR_OUTOFMEMORY;
		error = EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32,
					      SERVICE_ACTIVE, *bytes, size, &more, n, &resume, NULL)
				? 0
				: GetLastError();
		size += more + 4096;
	}
	return error;
}

static int services(struct arena *arena, struct windows_service **out, size_t *n)
{
	SC_HANDLE manager =
		OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
	struct windows_service *list;
	void *bytes = NULL;
	DWORD count = 0, error = manager ? 0 : GetLastError();
	int r = 0;

	if (error == 0)
		error = enumerate(manager, &bytes, &count);
	if (error == 0) {
		list = arena_calloc(arena, count, sizeof(*list));
		if (list)
			take_services(bytes, count, arena, list, n);
		if (arena_failed(arena))
			r = -ENOMEM;
		else
			*out = list;
	}
	free(bytes);
	if (manager)
		CloseServiceHandle(manager);
	return error ? -wide_errno(error) : r;
}

static DWORD ask_module(enum iphlp_table t, void *row, void *buffer, DWORD *size)
{
	const TCPIP_OWNER_MODULE_INFO_CLASS basic = TCPIP_OWNER_MODULE_INFO_BASIC;

	switch (t) {
	case IPHLP_TCP4:
		return GetOwnerModuleFromTcpEntry(row, basic, buffer, size);
	case IPHLP_TCP6:
		return GetOwnerModuleFromTcp6Entry(row, basic, buffer, size);
	case IPHLP_UDP4:
		return GetOwnerModuleFromUdpEntry(row, basic, buffer, size);
	case IPHLP_UDP6:
		return GetOwnerModuleFromUdp6Entry(row, basic, buffer, size);
	}
	return ERROR_NOT_SUPPORTED;
}

static int service_of(enum iphlp_table t, const void *row, struct arena *arena, const char **out)
{
	union {
		TCPIP_OWNER_MODULE_BASIC_INFO info;
		char room[4096];
	} answer;
	union {
		MIB_TCP6ROW_OWNER_MODULE largest;
		char bytes[sizeof(MIB_TCP6ROW_OWNER_MODULE)];
	} copy = {0};
	DWORD size = sizeof(answer), error;

	memcpy(copy.bytes, row, iphlp_row_size(t));
	error = ask_module(t, copy.bytes, &answer, &size);
	if (error != NO_ERROR)
		return -wide_errno(error);
	if (!answer.info.pModuleName || !*answer.info.pModuleName)
		return -ENOENT;
	*out = copy_wide(answer.info.pModuleName, arena);
	return *out ? 0 : -ENOMEM;
}

/* By its name: not every Windows has it, nor has Wine. */
static uint32_t compartment(void)
{
	union {
		FARPROC found;
		NET_IF_COMPARTMENT_ID(WINAPI *call)(void);
	} current = {.found = GetProcAddress(GetModuleHandleW(L"iphlpapi.dll"),
					     "GetCurrentThreadCompartmentId")};

	return current.found ? current.call() : 0;
}

/* Who has hung once is not waited for again. */
static int guests(struct str *out)
{
	static bool has_hung;
	struct hcn_library library;
	int r = has_hung ? -ETIMEDOUT : hcn_load(&library);

	if (r == 0)
		r = hcn_ask(&library, out);
	has_hung = r == -ETIMEDOUT;
	return r;
}

static int reserved(enum transport space, uint16_t port)
{
	const reservation_fn look_up = reservation_find(space);

	return look_up ? reservation_ask(look_up, port) : -ENODEV;
}

const struct windows_calls calls_windows = {
	.now = now,
	.table = table,
	.processes = processes,
	.details = details,
	.services = services,
	.service_of = service_of,
	.compartment = compartment,
	.guests = guests,
	.reserved = reserved,
};
