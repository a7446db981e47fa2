/* The functions of the GNU C library that berth brings along, and Windows' errors as errnos. */
#include "base/wide-windows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <cmocka.h>

static void test_memory(void **state)
{
	static const char text[] = "abcabd";

	(void)state;
	assert_ptr_equal(memmem(text, 6, "abd", 3), text + 3);
	assert_ptr_equal(memmem(text, 6, "", 0), text);
	assert_null(memmem(text, 5, "abd", 3));
	assert_null(memmem(text, 2, "abc", 3));
	assert_ptr_equal(memrchr(text, 'b', 6), text + 4);
	assert_ptr_equal(memrchr(text, 'b', 4), text + 1);
	assert_null(memrchr(text, 'x', 6));
}

static void test_text(void **state)
{
	char words[] = "a,,b", *rest = words, *copy = strndup("abc", 2);

	(void)state;
	assert_string_equal(copy, "ab");
	free(copy);
	assert_string_equal(strsep(&rest, ","), "a");
	assert_string_equal(strsep(&rest, ","), "");
	assert_string_equal(strsep(&rest, ","), "b");
	assert_null(strsep(&rest, ","));
}

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(wcwidth('a'), 1);
	assert_int_equal(wcwidth(0xe9), 1);
	assert_int_equal(wcwidth(0x301), 0);   /* combining acute accent */
	assert_int_equal(wcwidth(0x200b), 0);  /* zero width space */
	assert_int_equal(wcwidth(0x4e2d), 2);  /* a Chinese character */
	assert_int_equal(wcwidth(0xac00), 2);  /* a Korean one */
	assert_int_equal(wcwidth(0x1f6a2), 2); /* a ship */
	assert_int_equal(wcwidth(0x20ac), 1);
	assert_int_equal(wcwidth(7), -1);
	assert_int_equal(wcwidth(0x9f), -1);
}

static void test_environment(void **state)
{
	const char *value;

	(void)state;
	assert_int_equal(_wputenv(L"BERTH_TEST=gr\u00fc\u00df"), 0);
	value = secure_getenv("BERTH_TEST");
	assert_string_equal(value, "gr\xc3\xbc\xc3\x9f");
	assert_ptr_equal(secure_getenv("BERTH_TEST"), value);
	assert_null(secure_getenv("BERTH_TEST_NOT_THERE"));
}

static void test_errors(void **state)
{
	(void)state;
	assert_int_equal(wide_errno(ERROR_FILE_NOT_FOUND), ENOENT);
	assert_int_equal(wide_errno(ERROR_ACCESS_DENIED), EACCES);
	assert_int_equal(wide_errno(ERROR_DISK_FULL), ENOSPC);
	assert_int_equal(wide_errno(0xdeadbeef), EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),	    cmocka_unit_test(test_text),
		cmocka_unit_test(test_columns),	    cmocka_unit_test(test_environment),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
