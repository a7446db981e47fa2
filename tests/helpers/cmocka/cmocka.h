/*
 * The part of cmocka's interface that berth's unit tests use, for builds of another system: Debian
 * has cmocka for itself only. Same names, same report; an assertion that fails ends its test.
 */
#pragma once

#include "base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct CMUnitTest {
	const char *name;
	void (*test)(void **state);
	int (*setup)(void **state);
	int (*teardown)(void **state);
	void *initial_state;
};

static jmp_buf cmocka_small_end;
enum { CMOCKA_SMALL_SKIPPED = 2 };

static inline void __attribute__((noreturn)) BERTH_PRINTF(3, 4)
cmocka_small_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("[  ERROR   ] --- ");
	vprintf(fmt, args);
	printf("\n[   LINE   ] --- %s:%d: error: Failure!\n", file, line);
	va_end(args);
	longjmp(cmocka_small_end, 1);
}

static inline void cmocka_small_equal(uint64_t a, uint64_t b, int wants_equal, const char *file,
				      int line)
{
	if ((a == b) != wants_equal)
		cmocka_small_fail(file, line, "0x%llx %s 0x%llx", (unsigned long long)a,
				  wants_equal ? "!=" : "==", (unsigned long long)b);
}

static inline void cmocka_small_string(const char *a, const char *b, const char *file, int line)
{
	if (!a || !b || strcmp(a, b) != 0)
		cmocka_small_fail(file, line, "\"%s\" != \"%s\"", a ? a : "(null)",
				  b ? b : "(null)");
}

#define cmocka_unit_test(f) {#f, f, NULL, NULL, NULL}
#define cmocka_unit_test_setup(f, s) {#f, f, s, NULL, NULL}
#define cmocka_unit_test_setup_teardown(f, s, t) {#f, f, s, t, NULL}
#define skip() longjmp(cmocka_small_end, CMOCKA_SMALL_SKIPPED)
#define print_message(...) printf(__VA_ARGS__)
#define print_error(...) printf(__VA_ARGS__)
#define fail_msg(...) cmocka_small_fail(__FILE__, __LINE__, __VA_ARGS__)
#define assert_true(c)                                                                             \
	do {                                                                                       \
		if (!(c))                                                                          \
			fail_msg("%s", #c);                                                        \
	} while (0)
#define assert_false(c) assert_true(!(c))
#define assert_null(p) assert_true((p) == NULL)
#define assert_non_null(p) assert_true((p) != NULL)
#define assert_ptr_equal(a, b) assert_true((const void *)(a) == (const void *)(b))
/* Through a signed type, as wide as any: -1 is -1, whatever its width. */
#define assert_int_equal(a, b)                                                                     \
	cmocka_small_equal((uint64_t)(a), (uint64_t)(b), 1, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                                                 \
	cmocka_small_equal((uint64_t)(a), (uint64_t)(b), 0, __FILE__, __LINE__)
#define assert_in_range(a, least, most)                                                            \
	assert_true((uint64_t)(a) >= (uint64_t)(least) && (uint64_t)(a) <= (uint64_t)(most))
#define assert_ptr_not_equal(a, b) assert_true((const void *)(a) != (const void *)(b))
#define assert_string_not_equal(a, b) assert_true(strcmp((a), (b)) != 0)
#define assert_string_equal(a, b) cmocka_small_string(a, b, __FILE__, __LINE__)
#define assert_memory_equal(a, b, n) assert_true(memcmp(a, b, n) == 0)

static inline int cmocka_small_run(const struct CMUnitTest *t)
{
	static void *state;
	static int has_failed, is_skipped;

	state = t->initial_state;
	has_failed = is_skipped = 0;
	printf("[ RUN      ] %s\n", t->name);
	if (t->setup && t->setup(&state) != 0)
		has_failed = 1;
	if (!has_failed) {
		switch (setjmp(cmocka_small_end)) {
		case 0:
			t->test(&state);
			break;
		case CMOCKA_SMALL_SKIPPED:
			is_skipped = 1;
			break;
		default: /* not our enum: what setjmp() gives back */
			has_failed = 1;
		}
	}
	if (t->teardown && t->teardown(&state) != 0)
		has_failed = 1;
	printf("[  %s ] %s\n", has_failed ? "FAILED " : is_skipped ? "SKIPPED" : "     OK",
	       t->name);
	fflush(stdout);
	return has_failed;
}

static inline int cmocka_small_group(const struct CMUnitTest *tests, size_t n,
				     int (*setup)(void **state), int (*teardown)(void **state))
{
	static size_t n_failed;
	void *state = NULL;

	n_failed = 0;
	if (setup && setup(&state) != 0) {
		printf("[  FAILED  ] %u test(s)\n", (unsigned int)n);
		return (int)n;
	}
	printf("[==========] Running %u test(s).\n", (unsigned int)n);
	for (size_t i = 0; i < n; i++)
		n_failed += (size_t)cmocka_small_run(&tests[i]);
	if (teardown && teardown(&state) != 0)
		n_failed++;
	printf("[==========] %u test(s) run.\n[  PASSED  ] %u test(s).\n", (unsigned int)n,
	       (unsigned int)(n - n_failed));
	if (n_failed > 0)
		printf("[  FAILED  ] %u test(s)\n", (unsigned int)n_failed);
	return (int)n_failed;
}

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
	cmocka_small_group(tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)
