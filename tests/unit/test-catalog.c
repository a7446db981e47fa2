#include "base/catalog.h"
#include "base/lang.h"
#include "base/plural.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4096 };

/* Messages as they lie in a file: sorted, with what is inside of each terminated by a NUL. */
struct message {
	const char *id;
	size_t n_id;
	const char *text;
	size_t n_text;
};

#define M(id, text) {id, sizeof(id) - 1, text, sizeof(text) - 1}

static const struct message german[] = {
	M("", "Language: de\nPlural-Forms: nplurals=2; plural=(n != 1);\n"),
	M("%zu port\0%zu ports", "%zu Port\0%zu Ports (viele)"),
	M("empty", ""),
	M("one form\0many forms", "nur eine"),
	M("word", "Wort"),
};

struct file {
	unsigned char bytes[MOST];
	size_t size;
	bool is_swapped;
};

static void put(struct file *f, size_t at, uint32_t value)
{
	if (f->is_swapped)
		value = __builtin_bswap32(value);
	memcpy(f->bytes + at, &value, sizeof(value));
}

static void put_text(struct file *f, size_t at, const char *text, size_t n)
{
	put(f, at, (uint32_t)n);
	put(f, at + 4, (uint32_t)f->size);
	memcpy(f->bytes + f->size, text, n + 1);
	f->size += n + 1;
}

static void make(struct file *f, const struct message *messages, size_t n, bool is_swapped)
{
	memset(f, 0, sizeof(*f));
	f->is_swapped = is_swapped;
	f->size = 28 + n * 16;
	put(f, 0, 0x950412de);
	put(f, 8, (uint32_t)n);
	put(f, 12, 28);
	put(f, 16, (uint32_t)(28 + n * 8));
	for (size_t i = 0; i < n; i++) {
		put_text(f, 28 + i * 8, messages[i].id, messages[i].n_id);
		put_text(f, 28 + n * 8 + i * 8, messages[i].text, messages[i].n_text);
	}
}

static void test_texts(void **state)
{
	struct file f;
	struct catalog c;

	(void)state;
	for (int is_swapped = 0; is_swapped < 2; is_swapped++) {
		make(&f, german, N_ELEMENTS(german), is_swapped);
		assert_int_equal(catalog_open(f.bytes, f.size, &c), 0);
		assert_string_equal(catalog_text(&c, "word"), "Wort");
		assert_null(catalog_text(&c, "wor"));
		assert_null(catalog_text(&c, "words"));
		assert_null(catalog_text(&c, "empty"));
		assert_null(catalog_text(&c, "zzz"));
		assert_string_equal(catalog_plural(&c, "%zu port", 1), "%zu Port");
		assert_string_equal(catalog_plural(&c, "%zu port", 0), "%zu Ports (viele)");
		assert_string_equal(catalog_plural(&c, "%zu port", 7), "%zu Ports (viele)");
		assert_null(catalog_plural(&c, "nothing", 7));
		assert_string_equal(catalog_plural(&c, "one form", 1), "nur eine");
		assert_null(catalog_plural(&c, "one form", 2)); /* fewer than it says */
		assert_string_equal(catalog_any(&c, "word"), "Wort");
		assert_string_equal(catalog_any(&c, "%zu port"), "%zu Port");
		assert_string_equal(catalog_any(&c, "%zu ports"), "%zu Ports (viele)");
		assert_null(catalog_any(&c, "ports"));
	}
}

/* Each number of the header and of the tables spoilt, and every length cut: refused, or read. */
static void test_damage(void **state)
{
	static const uint32_t values[] = {0, 1, 27, 0x7fffffff, 0xfffffff0, 0xffffffff};
	struct file f, g;
	struct catalog c;

	(void)state;
	make(&f, german, N_ELEMENTS(german), false);
	for (size_t at = 0; at < 28 + N_ELEMENTS(german) * 16; at += 4) {
		for (size_t i = 0; i < N_ELEMENTS(values); i++) {
			g = f;
			put(&g, at, values[i]);
			if (catalog_open(g.bytes, g.size, &c) == 0)
				(void)catalog_any(&c, "word");
		}
	}
	for (size_t size = 0; size < f.size; size++) {
		void *exact = malloc(size ? size : 1);

		assert_non_null(exact);
		memcpy(exact, f.bytes, size);
		assert_int_equal(catalog_open(exact, size, &c), -EINVAL);
		free(exact);
	}
}

static void test_refused(void **state)
{
	static const struct message unsorted[] = {M("b", "B"), M("a", "A")};
	static const struct message twice[] = {M("a", "A"), M("a", "B")};
	static const struct message forms[][1] = {
		{M("", "\nPlural-Forms: nplurals=9; plural=0;\n")},
		{M("", "\nPlural-Forms: nplurals=2; plural=n &;\n")},
		{M("", "\nPlural-Forms: nplurals=2;\nplural=n;\n")},
		{M("", "\nPlural-Forms: plural=n;\n")},
	};
	struct file f;
	struct catalog c;

	(void)state;
	make(&f, unsorted, 2, false);
	assert_int_equal(catalog_open(f.bytes, f.size, &c), -EINVAL);
	make(&f, twice, 2, false);
	assert_int_equal(catalog_open(f.bytes, f.size, &c), -EINVAL);
	for (size_t i = 0; i < N_ELEMENTS(forms); i++) {
		make(&f, forms[i], 1, false);
		if (catalog_open(f.bytes, f.size, &c) != -EINVAL)
			fail_msg("%s is taken", forms[i][0].text);
	}
}

static void test_plural(void **state)
{
	static const char polish[] =
		"(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);";
	static const struct {
		const char *expression;
		unsigned long long n, form;
	} cases[] = {
		{"n != 1", 1, 0}, {"(n != 1);", 5, 1}, {"0", 7, 0}, {"n>1", 1, 0}, {"n>1", 2, 1},
		{polish, 1, 0}, {polish, 3, 1}, {polish, 13, 2}, {polish, 22, 1}, {polish, 25, 2},
		{"n - 1 * 2 + 6 / 3", 5, 5}, {"!n", 0, 1}, {"!(n < 3) == 1\n junk", 3, 1},
	};
	static const char *const bad[] = {
		"", "n n", "(n", "n)", "n ?", "n ? 1", "n ? 1 :", "n +", "m", "n = 1", "1 / 0",
		"n % 0", "99999999999", "((((((((((((((((((((((((((((((((((((n",
		"!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!n",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		unsigned long long form = 99;

		if (plural_compute(cases[i].expression, cases[i].n, &form) != 0 ||
		    form != cases[i].form)
			fail_msg("%s for %llu is %llu", cases[i].expression, cases[i].n, form);
	}
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		unsigned long long form = 99;

		if (plural_compute(bad[i], 1, &form) != -EINVAL || form != 99)
			fail_msg("%s is taken", bad[i]);
	}
}

/* Without a catalog, and for names that are no language, texts stay as they are. */
static void test_english(void **state)
{
	static const char *const ids[] = {"word", ""};
	static const char *const languages[] = {"", "de/../..", "xx", "../de", "d", "C",
						"a_very_long_name_of_no_language_at_all"};
	const char *out[N_ELEMENTS(ids)];

	(void)state;
	assert_string_equal(_("word"), "word");
	assert_string_equal(lang_plural("port", "ports", 1), "port");
	assert_string_equal(lang_plural("port", "ports", 0), "ports");
	for (size_t i = 0; i < N_ELEMENTS(languages); i++) {
		lang_resolve("berth-atlas", languages[i], ids, out, N_ELEMENTS(ids));
		assert_ptr_equal(out[0], ids[0]);
		assert_ptr_equal(out[1], ids[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),  cmocka_unit_test(test_damage),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_plural),
		cmocka_unit_test(test_english),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
