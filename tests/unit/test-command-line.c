/* base/command-line: words as Microsoft's C library takes them apart again. */
#include "base/command-line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *words[4];
	const char *line;
} cases[] = {
	{{"berth"}, "berth"},
	{{"a", "b", "c"}, "a b c"},
	{{""}, "\"\""},
	{{"a", "", "b"}, "a \"\" b"},
	{{"C:\\Program Files\\x.exe"}, "\"C:\\Program Files\\x.exe\""},
	{{"a\"b"}, "\"a\\\"b\""},
	{{"a\\b"}, "a\\b"},
	{{"a\\"}, "a\\"},
	{{"a b\\"}, "\"a b\\\\\""},
	{{"a b\\\\"}, "\"a b\\\\\\\\\""},
	{{"a\\\"b"}, "\"a\\\\\\\"b\""},
	{{"\""}, "\"\\\"\""},
	{{"a\tb", "c\nd"}, "\"a\tb\" \"c\nd\""},
	{{"gr\xc3\xbc\xc3\x9f\x65"}, "gr\xc3\xbc\xc3\x9f\x65"},
	{{"\"a b\" & whoami"}, "\"\\\"a b\\\" & whoami\""},
};

static void test_table(void **state BERTH_UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct str line = {0};

		for (size_t k = 0; cases[i].words[k]; k++)
			command_line_put(&line, cases[i].words[k]);
		assert_string_equal(str_text(&line), cases[i].line);
		str_fini(&line);
	}
}

/* How the library takes a line apart, by its documentation. */
static void take_apart(const char *line, char words[4][64], size_t *n)
{
	bool is_quoted = false, has_word = false;
	size_t length = 0, n_backslashes = 0;

	*n = 0;
	for (;; line++) {
		if (*line == '\\') {
			n_backslashes++;
			has_word = true;
			continue;
		}
		for (size_t i = 0; i < (*line == '"' ? n_backslashes / 2 : n_backslashes); i++)
			words[*n][length++] = '\\';
		if (*line == '"' && n_backslashes % 2 == 1) {
			words[*n][length++] = '"';
		} else if (*line == '"') {
			is_quoted = !is_quoted;
			has_word = true;
		} else if (!*line || (*line == ' ' && !is_quoted)) {
			words[*n][length] = '\0';
			*n += has_word;
			has_word = false;
			length = 0;
		} else {
			words[*n][length++] = *line;
			has_word = true;
		}
		n_backslashes = 0;
		if (!*line)
			return;
	}
}

/* Every word of up to six of the letters that matter comes back. */
static void test_comes_back(void **state BERTH_UNUSED)
{
	static const char letters[] = {'a', ' ', '"', '\\'};
	enum { LONGEST = 6 };

	for (size_t length = 0; length <= LONGEST; length++) {
		for (uint32_t which = 0; which < 1U << (2 * length); which++) {
			char word[LONGEST + 1] = "", words[4][64];
			struct str line = {0};
			size_t n;

			for (size_t i = 0; i < length; i++)
				word[i] = letters[which >> (2 * i) & 3];
			command_line_put(&line, "first");
			command_line_put(&line, word);
			command_line_put(&line, "last");
			take_apart(str_text(&line), words, &n);
			assert_int_equal(n, 3);
			assert_string_equal(words[0], "first");
			assert_string_equal(words[1], word);
			assert_string_equal(words[2], "last");
			str_fini(&line);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
