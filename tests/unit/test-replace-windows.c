/* A file is replaced whole or not at all, on Windows. Works in the current directory. */
#include "base/fd.h"
#include "base/replace.h"
#include "base/wide-windows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <cmocka.h>

/* A name of its own, with a directory that is not there yet and a letter that is not ASCII. */
static char path[512];

static int make_place(void **state)
{
	static unsigned int n;

	(void)state;
	snprintf(path, sizeof(path), "test-%lu-%u/\xc3\xbc/image", GetCurrentProcessId(), n++);
	return 0;
}

static void write_with(const char *text)
{
	struct replace r;

	assert_int_equal(replace_begin(&r, path, NULL, NULL), 0);
	assert_int_equal(replace_commit(&r, text, strlen(text), 0), 0);
	replace_fini(&r);
}

static void assert_holds(const char *text)
{
	char *bytes = NULL;
	size_t n = 0;

	assert_int_equal(fd_slurp(path, 1000, &bytes, &n), 0);
	assert_string_equal(bytes, text);
	free(bytes);
}

static void test_replace(void **state)
{
	(void)state;
	write_with("one");
	assert_holds("one");
	write_with("two, which is longer");
	assert_holds("two, which is longer");
}

static void test_leftovers(void **state)
{
	char name_new[600];
	int fd;

	(void)state;
	write_with("one");
	snprintf(name_new, sizeof(name_new), "%s.new", path);
	fd = fd_create(name_new); /* of a writer that died */
	assert_true(fd >= 0);
	fd_close(fd);
	assert_int_equal(fd_create(name_new), -EEXIST);
	write_with("two");
	assert_holds("two");
	assert_int_equal(fd_open(name_new), -ENOENT);
}

static void note_waiting(void *context)
{
	/* The first writer lets go now, or the second would wait for ever. */
	replace_fini(context);
}

static void test_one_writer_at_a_time(void **state)
{
	struct replace first, second;

	(void)state;
	assert_int_equal(replace_begin(&first, path, NULL, NULL), 0);
	assert_int_equal(replace_begin(&second, path, note_waiting, &first), 0);
	assert_true(second.has_waited);
	replace_fini(&second);
}

static void test_impatient_writer(void **state)
{
	struct replace first, second;

	(void)state;
	assert_int_equal(replace_begin(&first, path, NULL, NULL), 0);
	assert_int_equal(replace_begin_within(&second, path, 20, NULL, NULL), -ETIMEDOUT);
	assert_int_equal(replace_prepare(&first, "one", 3, 0), 0);
	replace_fini(&first); /* prepared and not placed: nothing happened */
	assert_int_equal(fd_open(path), -ENOENT);
	write_with("two");
	assert_holds("two");
}

static void test_refused(void **state)
{
	struct replace r;
	uint64_t size;

	(void)state;
	assert_true(replace_begin(&r, "no<such>name?/x", NULL, NULL) < 0);
	write_with("one");
	path[strlen(path) - 6] = '\0'; /* its directory */
	assert_true(fd_open_file(path, &size) < 0);
	assert_int_equal(replace_begin(&r, path, NULL, NULL), 0);
	assert_true(replace_commit(&r, "x", 1, 0) < 0); /* a directory is in the way */
	replace_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replace, make_place, NULL),
		cmocka_unit_test_setup_teardown(test_leftovers, make_place, NULL),
		cmocka_unit_test_setup_teardown(test_one_writer_at_a_time, make_place, NULL),
		cmocka_unit_test_setup_teardown(test_impatient_writer, make_place, NULL),
		cmocka_unit_test_setup_teardown(test_refused, make_place, NULL),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
