/* Asking for the reservations of guests: a library that is made up, well-behaved and not. */
#include "live/hcn-windows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int service;
static HRESULT result;
static ULONG n_told;
static HCN_PORT_RANGE_ENTRY *told;
static LONG n_asked, n_released;
static HANDLE hold; /* not NULL: it answers only when this is set */

static int is_service_running(void)
{
	return service;
}

static HRESULT WINAPI enumerate(ULONG *n, HCN_PORT_RANGE_ENTRY **entries)
{
	InterlockedIncrement(&n_asked);
	if (hold)
		WaitForSingleObject(hold, INFINITE);
	if (FAILED(result))
		return result;
	*n = n_told;
	*entries = told;
	return result;
}

static VOID WINAPI release(HCN_PORT_RANGE_ENTRY *entries)
{
	assert_ptr_equal(entries, told);
	InterlockedIncrement(&n_released);
}

static const struct hcn_library library = {is_service_running, enumerate, release, 60000};

static HCN_PORT_RANGE_ENTRY two[] = {
	{.Protocol = HCN_PORT_PROTOCOL_TCP, .StartingPort = 8003, .EndingPort = 8004},
	{.Protocol = HCN_PORT_PROTOCOL_BOTH, .StartingPort = 9000, .EndingPort = 9001},
};

static int ask(struct str *out)
{
	*out = (struct str){0};
	n_asked = n_released = 0;
	return hcn_ask(&library, out);
}

static int start(void **state)
{
	(void)state;
	service = 1;
	result = S_OK;
	n_told = N_ELEMENTS(two);
	told = two;
	hold = NULL;
	return 0;
}

static void test_answers(void **state)
{
	struct str out;

	(void)state;
	assert_int_equal(ask(&out), 0);
	assert_int_equal(out.length, sizeof(two));
	assert_memory_equal(out.bytes, two, sizeof(two));
	assert_int_equal(n_released, 1);
	str_fini(&out);
	n_told = 0;
	assert_int_equal(ask(&out), 0);
	assert_int_equal(out.length, 0);
	assert_int_equal(n_released, 1);
	told = NULL;
	assert_int_equal(ask(&out), 0);
	assert_int_equal(n_released, 0); /* there is nothing to release */
	str_fini(&out);
}

static void test_service(void **state)
{
	struct str out;

	(void)state;
	service = 0;
	assert_int_equal(ask(&out), -ENODEV);
	assert_int_equal(n_asked, 0);
	service = -EACCES;
	assert_int_equal(ask(&out), -EACCES);
	assert_int_equal(n_asked, 0);
}

static void test_failures(void **state)
{
	static const struct {
		HRESULT result;
		int error;
	} failures[] = {
		{E_ACCESSDENIED, -EACCES}, {E_OUTOFMEMORY, -ENOMEM}, {E_FAIL, -EIO},
		{E_NOTIMPL, -EIO},	   {E_UNEXPECTED, -EIO},     {(HRESULT)0x800706ba, -EIO},
	};
	struct str out;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(failures); i++) {
		result = failures[i].result;
		assert_int_equal(ask(&out), failures[i].error);
		assert_int_equal(n_asked, 1);
		assert_int_equal(n_released, 0);
		assert_int_equal(out.length, 0);
		str_fini(&out);
	}
}

/* More than there is, than is read, than there can be; entries nowhere. */
static void test_counts(void **state)
{
	SYSTEM_INFO system;
	struct str out;
	char *pages;

	(void)state;
	GetSystemInfo(&system);
	pages = VirtualAlloc(NULL, 2 * system.dwPageSize, MEM_RESERVE, PAGE_NOACCESS);
	assert_non_null(pages);
	assert_non_null(VirtualAlloc(pages, system.dwPageSize, MEM_COMMIT, PAGE_READWRITE));
	told = (HCN_PORT_RANGE_ENTRY *)pages;
	n_told = system.dwPageSize / sizeof(*told);
	assert_int_equal(ask(&out), 0); /* up to the end */
	assert_int_equal(out.length, system.dwPageSize);
	str_fini(&out);
	n_told++;
	assert_int_equal(ask(&out), -EBADMSG);
	assert_int_equal(n_released, 1);
	assert_int_equal(out.length, 0);
	n_told = HCN_MOST_ENTRIES + 1;
	assert_int_equal(ask(&out), -EFBIG);
	assert_int_equal(n_released, 1);
	n_told = ULONG_MAX;
	assert_int_equal(ask(&out), -EFBIG);
	assert_int_equal(n_released, 1);
	n_told = 1;
	told = NULL;
	assert_int_equal(ask(&out), -EBADMSG);
	assert_int_equal(n_released, 0);
	told = (HCN_PORT_RANGE_ENTRY *)(pages + system.dwPageSize);
	assert_int_equal(ask(&out), -EBADMSG);
	str_fini(&out);
	VirtualFree(pages, 0, MEM_RELEASE);
}

/* It is left behind, and what it says later goes nowhere. */
static void test_hangs(void **state)
{
	struct hcn_library slow = library;
	struct str out = {0};

	(void)state;
	n_asked = n_released = 0;
	slow.limit_ms = 50;
	hold = CreateEventW(NULL, TRUE, FALSE, NULL);
	assert_non_null(hold);
	assert_int_equal(hcn_ask(&slow, &out), -ETIMEDOUT);
	assert_int_equal(out.length, 0);
	assert_int_equal(n_released, 0);
	SetEvent(hold);
	while (InterlockedCompareExchange(&n_released, 0, 0) == 0 && n_asked > 0)
		Sleep(1);
	assert_int_equal(out.length, 0);
	str_fini(&out);
}

/* Wine has no such library; where there is one, both of its calls are found. */
static void test_system(void **state)
{
	struct hcn_library found = {NULL, NULL, NULL, 0};
	int r = hcn_load(&found);

	(void)state;
	if (r == 0)
		assert_true(found.enumerate && found.release && found.is_service_running);
	else
		assert_int_equal(r, -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, start, NULL),
		cmocka_unit_test_setup_teardown(test_service, start, NULL),
		cmocka_unit_test_setup_teardown(test_failures, start, NULL),
		cmocka_unit_test_setup_teardown(test_counts, start, NULL),
		cmocka_unit_test_setup_teardown(test_hangs, start, NULL),
		cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
