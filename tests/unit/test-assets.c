/* The files that pages load: found, typed, named by their bytes, and nothing from elsewhere. */
#include "web/assets.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return strcmp(dot, ".js") == 0	  ? "text/javascript; charset=utf-8"
	       : strcmp(dot, ".css") == 0 ? "text/css; charset=utf-8"
					  : "image/svg+xml";
}

static void test_table(void **state)
{
	size_t n;
	const struct asset *all = assets_all(&n);

	(void)state;
	assert_true(n >= 9);
	for (size_t i = 0; i < n; i++) {
		char etag[32];

		assert_ptr_equal(assets_find(all[i].name), &all[i]);
		assert_true(i == 0 || strcmp(all[i - 1].name, all[i].name) < 0);
		assert_int_equal(strspn(all[i].name, "abcdefghijklmnopqrstuvwxyz-."),
				 strlen(all[i].name));
		assert_string_equal(all[i].type, type_of(all[i].name));
		assert_int_equal(strlen(all[i].bytes), all[i].n);
		snprintf(etag, sizeof(etag), "\"%016llx\"",
			 (unsigned long long)str_hash(all[i].bytes, all[i].n));
		assert_string_equal(all[i].etag, etag);
		assert_int_equal(strlen(all[i].version), 8);
		assert_int_equal(strncmp(all[i].etag + 1, all[i].version, 8), 0);
		assert_true(str_is_utf8(all[i].bytes));
	}
	assert_null(assets_find("nothing.js"));
	assert_null(assets_find(""));
	assert_null(assets_find("../page.c"));
}

/* What would load something from elsewhere, or run text as a program. */
static void test_stays_here(void **state)
{
	static const char *const never[] = {"https:", "@import", "url(", "eval(", "new Function",
					    "document.write", "innerHTML +=", "//cdn"};
	size_t n;
	const struct asset *all = assets_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(never) / sizeof(*never); k++) {
			if (strstr(all[i].bytes, never[k]))
				fail_msg("%s has %s", all[i].name, never[k]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_stays_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
