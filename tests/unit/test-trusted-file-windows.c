/* Who may have written an image, on Windows. Works in the current directory. */
#include "base/fd.h"
#include "base/trusted-file.h"
#include "registry/format.h"
#include "registry/registry.h"
#include "helpers/tiny-registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <cmocka.h>

static const char path[] = "trusted.image";

static void write_file(const void *bytes, size_t n)
{
	int fd;

	fd_remove(path);
	fd = fd_create(path);
	assert_true(fd >= 0);
	assert_int_equal(fd_write(fd, bytes, n), 0);
	assert_int_equal(fd_sync(fd), 0);
	fd_close(fd);
}

/* Give the file an access list in Windows' own notation. */
static void set_list(const wchar_t *text)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	BOOL is_present, is_default;
	PACL list = NULL;
	wchar_t name[] = L"trusted.image";

	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1,
									 &descriptor, NULL));
	assert_true(GetSecurityDescriptorDacl(descriptor, &is_present, &list, &is_default));
	assert_int_equal(SetNamedSecurityInfoW(name, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
					       NULL, NULL, list, NULL),
			 0);
	LocalFree(descriptor);
}

static int open_registry(void)
{
	const char *reason = NULL;
	struct registry r = {0};
	int error = registry_open_file(&r, path, &reason);

	if (error < 0)
		assert_non_null(reason);
	registry_close(&r);
	return error;
}

static void test_contents(void **state)
{
	BERTH_CLEANUP(str_fini) struct str good = {0};
	struct trusted_file file;
	const char *reason = NULL;

	(void)state;
	tiny_registry_make(&good);
	fd_remove(path);
	assert_int_equal(open_registry(), -ENOENT);
	assert_true(trusted_file_open(&file, ".", 100, &reason) < 0);
	write_file("", 0);
	assert_int_equal(open_registry(), -ENODATA);
	write_file("no image at all, just a text", 28);
	assert_int_equal(open_registry(), -ENOEXEC);
	write_file(good.bytes, good.length - 8);
	assert_int_equal(open_registry(), -ENODATA);
	write_file(good.bytes, good.length);
	assert_int_equal(open_registry(), 0);
	assert_int_equal(trusted_file_open(&file, path, good.length - 1, &reason), -EFBIG);
	fd_remove(path);
}

/* Only its owner (OW: who runs the test), administrators (BA) and the system (SY) may write. */
static void test_access(void **state)
{
	static const struct {
		const wchar_t *list;
		int error;
	} cases[] = {
		{L"D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)", 0},
		{L"D:P(A;;FA;;;BA)(A;;FA;;;OW)(A;;FR;;;WD)", 0},
		{L"D:P(A;;FA;;;OW)(A;;FA;;;WD)", -EPERM},
		{L"D:P(A;;FA;;;OW)(A;;FW;;;WD)(A;;FR;;;WD)", -EPERM},
	};
	BERTH_CLEANUP(str_fini) struct str good = {0};

	(void)state;
	tiny_registry_make(&good);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		int error;

		write_file(good.bytes, good.length);
		set_list(cases[i].list);
		error = open_registry();
		if (error != cases[i].error)
			fail_msg("case %u: %d", (unsigned int)i, error);
	}
	fd_remove(path);
}

static void test_name_may_go(void **state)
{
	BERTH_CLEANUP(str_fini) struct str good = {0};
	const char *reason = NULL;
	struct registry r;

	(void)state;
	tiny_registry_make(&good);
	write_file(good.bytes, good.length);
	assert_int_equal(registry_open_file(&r, path, &reason), 0);
	fd_remove(path);
	assert_int_equal(fd_open(path), -ENOENT); /* it is read, not held */
	assert_string_equal(registry_name(&r, 3476, TRANSPORT_TCP), "nppmp");
	registry_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_name_may_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
