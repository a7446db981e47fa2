#include "live/hcn-windows.h"

#include "base/wide-windows.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(sizeof(struct hcn_entry) == sizeof(HCN_PORT_RANGE_ENTRY), "its layout");
_Static_assert(offsetof(struct hcn_entry, owner) ==
		       offsetof(HCN_PORT_RANGE_ENTRY, OwningPartitionId), "its layout");
_Static_assert(offsetof(struct hcn_entry, protocol) == offsetof(HCN_PORT_RANGE_ENTRY, Protocol),
	       "its layout");
_Static_assert(offsetof(struct hcn_entry, first_port) ==
		       offsetof(HCN_PORT_RANGE_ENTRY, StartingPort), "its layout");
_Static_assert(offsetof(struct hcn_entry, last_port) == offsetof(HCN_PORT_RANGE_ENTRY, EndingPort),
	       "its layout");
_Static_assert(sizeof(struct hcn_guid) == sizeof(GUID), "its layout");
_Static_assert((int)HCN_TCP == (int)HCN_PORT_PROTOCOL_TCP &&
		       (int)HCN_UDP == (int)HCN_PORT_PROTOCOL_UDP &&
		       (int)HCN_BOTH == (int)HCN_PORT_PROTOCOL_BOTH, "its words");

enum { LIMIT_MS = 2000 };

/* What two threads share: whoever lets go last frees it. */
struct asking {
	volatile LONG n_users;
	struct hcn_library library;
	struct str bytes;
	int result;
};

static int is_service_running(void)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service = NULL;
	SERVICE_STATUS status = {0};
	DWORD error = 0;

	if (manager)
		service = OpenServiceW(manager, L"hns", SERVICE_QUERY_STATUS);
	if (!service || !QueryServiceStatus(service, &status))
		error = GetLastError();
	if (service)
		CloseServiceHandle(service);
	if (manager)
		CloseServiceHandle(manager);
	if (error == ERROR_SERVICE_DOES_NOT_EXIST)
		return 0;
	return error ? -wide_errno(error) : status.dwCurrentState == SERVICE_RUNNING;
}

int hcn_load(struct hcn_library *out)
{
	const HMODULE library =
		LoadLibraryExW(L"computenetwork.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	union {
		FARPROC found;
		HRESULT(WINAPI *call)(ULONG *n, HCN_PORT_RANGE_ENTRY **entries);
	} enumerate = {NULL};
	union {
		FARPROC found;
		VOID(WINAPI *call)(HCN_PORT_RANGE_ENTRY *entries);
	} release = {NULL};

	if (library) {
		enumerate.found =
			GetProcAddress(library, "HcnEnumerateGuestNetworkPortReservations");
		release.found = GetProcAddress(library, "HcnFreeGuestNetworkPortReservations");
	}
	if (!enumerate.found || !release.found)
		return -ENODEV;
	*out = (struct hcn_library){is_service_running, enumerate.call, release.call, LIMIT_MS};
	return 0;
}

static int errno_of(HRESULT result)
{
	return HRESULT_FACILITY(result) == FACILITY_WIN32
		       ? wide_errno((uint32_t)HRESULT_CODE(result))
		       : EIO;
}

/* Whether all that memory is there, to be read. */
static bool is_readable(const void *bytes, size_t size)
{
	const DWORD hidden = PAGE_NOACCESS | PAGE_GUARD | PAGE_EXECUTE;
	const char *at = bytes;
	MEMORY_BASIC_INFORMATION m;
	size_t here;

	while (VirtualQuery(at, &m, sizeof(m)) == sizeof(m) && m.State == MEM_COMMIT &&
	       !(m.Protect & hidden)) {
		here = (size_t)((const char *)m.BaseAddress + m.RegionSize - at);
		if (here >= size)
			return true;
		at += here;
		size -= here;
	}
	return false;
}

/* The count is the library's word only: it may say more than there is. */
static int copy(const HCN_PORT_RANGE_ENTRY *entries, size_t n, struct str *out)
{
	if (n == 0)
		return 0;
	if (n > HCN_MOST_ENTRIES)
		return -EFBIG;
	if (!entries || !is_readable(entries, n * sizeof(*entries)))
		return -EBADMSG;
	str_append_bytes(out, entries, n * sizeof(*entries));
	return out->has_failed ? -ENOMEM : 0;
}

static int enumerate(const struct hcn_library *library, struct str *out)
{
	HCN_PORT_RANGE_ENTRY *entries = NULL;
	ULONG n = 0;
	HRESULT result = library->enumerate(&n, &entries);
	int r;

	if (FAILED(result)) {
		r = -errno_of(result);
		return r == -ENODEV ? -EIO : r;
	}
	r = copy(entries, n, out);
	if (entries)
		library->release(entries);
	return r;
}

static void let_go(struct asking *a)
{
	if (InterlockedDecrement(&a->n_users) > 0)
		return;
	str_fini(&a->bytes);
	free(a);
}

static DWORD WINAPI run(void *argument)
{
	struct asking *a = argument;

	a->result = enumerate(&a->library, &a->bytes);
	let_go(a);
	return 0;
}

int hcn_ask(const struct hcn_library *library, struct str *out)
{
	int r = library->is_service_running();
	struct asking *a;
	HANDLE thread;

	if (r <= 0)
		return r < 0 ? r : -ENODEV;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	*a = (struct asking){.n_users = 2, .library = *library, .bytes = {0}};
	thread = CreateThread(NULL, 0, run, a, 0, NULL);
	if (!thread) {
		r = -wide_errno(GetLastError());
		a->n_users = 1;
	} else if (WaitForSingleObject(thread, library->limit_ms) != WAIT_OBJECT_0) {
		r = -ETIMEDOUT;
	} else {
		r = a->result;
		if (r == 0)
			str_append_bytes(out, a->bytes.bytes, a->bytes.length);
	}
	if (thread)
		CloseHandle(thread);
	let_go(a);
	return r == 0 && out->has_failed ? -ENOMEM : r;
}
