/* The writer of HTML: escaping, bounds, URLs, and that wrong use is found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helpers/html-check.h"
#include "web/html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MB ((size_t)1024 * 1024)

static void assert_text(const char *foreign, const char *expected)
{
	struct str out = {0}, whole = {0};
	struct html h;

	str_printf(&whole, "<p title=\"%s\">%s</p>", expected, expected);
	html_begin(&h, &out, 10000);
	html_open(&h, "p");
	html_attribute(&h, "title", foreign);
	html_text(&h, foreign);
	html_close(&h, "p");
	assert_int_equal(html_finish(&h), 0);
	assert_string_equal(str_text(&out), str_text(&whole));
	str_fini(&whole);
	str_fini(&out);
}

static void test_escaping(void **state)
{
	(void)state;
	assert_text("plain text: 80/tcp", "plain text: 80/tcp");
	assert_text("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
	assert_text("\" onclick=\"x", "&quot; onclick=&quot;x");
	assert_text("' & &amp;", "&#39; &amp; &amp;amp;");
	assert_text("a\tb\nc\rd\x1b[31m\x7f", "a\\tb\\nc\\rd\\x1b[31m\\x7f");
	assert_text("caf\xe9 caf\xc3\xa9", "caf\\xe9 caf\xc3\xa9");
	assert_text("\xc0\xbc\xed\xa0\x80", "\\xc0\\xbc\\xed\\xa0\\x80");
	/* Marks that turn the direction, hidden characters, a C1 control. */
	assert_text("x\xe2\x80\xaegnp.exe", "x\\u{202e}gnp.exe");
	assert_text("\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf\xc2\x85",
		    "\\u{2066}\\u{200b}\\u{feff}\\x85");
	assert_text("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d");
	assert_text("", "");
}

static void test_bounds(void **state)
{
	char *huge = malloc(MB + 1);
	struct str out = {0};
	struct html h;

	(void)state;
	assert_non_null(huge);
	memset(huge, '<', MB);
	huge[MB] = '\0';
	html_begin(&h, &out, 5000);
	html_open(&h, "p");
	html_attribute(&h, "title", huge);
	html_text(&h, huge);
	html_text(&h, huge);
	html_text(&h, huge);
	html_close(&h, "p");
	assert_int_equal(html_finish(&h), 0);
	/* Whole references, an ellipsis for each piece. */
	assert_in_range(out.length, 4980, 5100);
	assert_true(h.budget <= 10);
	str_fini(&out);
	free(huge);
}

/* A piece is cut between characters. */
static void test_cut(void **state)
{
	char text[HTML_TEXT_MOST + 8];
	struct str out = {0};
	char why[HTML_CHECK_WHY];
	struct html h;

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		memset(text, 'a', sizeof(text));
		memcpy(text + HTML_TEXT_MOST - 1 - shift, "\xe2\x82\xac", 3);
		text[sizeof(text) - 1] = '\0';
		html_begin(&h, &out, 10000);
		html_text(&h, text);
		assert_int_equal(html_check(out.bytes, out.length, why), 0);
		str_clear(&out);
	}
	str_fini(&out);
}

static void test_urls(void **state)
{
	static const char *const good[] = {"/ports/80", "ports/80.html", "../a?b=c:d", "#live",
					   "https://www.rfc-editor.org/rfc/rfc6335",
					   "http://localhost:80/", "?q=x", "a/b:c"};
	static const char *const bad[] = {"", "javascript:alert(1)", "JaVaScRiPt:x",
					  "data:text/html,x",
					  "//evil.example/", "/\\evil.example", " javascript:x",
					  "java\nscript:x", "mailto:a@b", "https:evil", "x\"y z",
					  "vbscript:x", "caf\xc3\xa9"};
	char *longest = malloc(HTML_URL_MOST + 2);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++)
		assert_true(html_is_url(good[i]));
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_false(html_is_url(bad[i]));
	assert_non_null(longest);
	memset(longest, 'a', HTML_URL_MOST + 1);
	longest[HTML_URL_MOST + 1] = '\0';
	assert_false(html_is_url(longest));
	assert_true(html_is_url(longest + 1));
	free(longest);
}

static void test_url_left_out(void **state)
{
	struct str out = {0};
	struct html h;

	(void)state;
	html_begin(&h, &out, 100);
	html_open(&h, "a");
	assert_false(html_url(&h, "href", "javascript:alert(1)"));
	html_words(&h, "x");
	html_close(&h, "a");
	html_open(&h, "a");
	assert_true(html_url(&h, "href", "/search?q=a&b='"));
	html_close(&h, "a");
	assert_int_equal(html_finish(&h), 0);
	assert_string_equal(str_text(&out),
			    "<a>x</a><a href=\"/search?q=a&amp;b=&#39;\"></a>");
	str_fini(&out);
}

static void test_percent(void **state)
{
	struct str out = {0};

	(void)state;
	html_append_percent(&out, "EtherNet/IP-1 <a>\xc3\xa9?#&%");
	assert_string_equal(str_text(&out), "EtherNet%2FIP-1%20%3Ca%3E%C3%A9%3F%23%26%25");
	str_fini(&out);
}

static void test_numbers(void **state)
{
	struct str out = {0};
	struct html h;

	(void)state;
	html_begin(&h, &out, 0);
	html_number(&h, 0);
	html_char(&h, ' ');
	html_number(&h, INT64_MAX);
	html_char(&h, ' ');
	html_number(&h, INT64_MIN);
	assert_string_equal(str_text(&out), "0 9223372036854775807 -9223372036854775808");
	str_fini(&out);
}

/* What is wrong makes the document broken, and is not written. */
static void test_misuse(void **state)
{
	struct str out = {0};
	struct html h;

	(void)state;
	html_begin(&h, &out, 100);
	html_open(&h, "p");
	html_close(&h, "b");
	assert_int_equal(html_finish(&h), -EINVAL);

	html_begin(&h, &out, 100);
	html_open(&h, "p");
	assert_int_equal(html_finish(&h), -EINVAL);

	html_begin(&h, &out, 100);
	html_close(&h, "p");
	assert_int_equal(html_finish(&h), -EINVAL);

	html_begin(&h, &out, 100);
	html_words(&h, "x");
	html_attribute(&h, "title", "late");
	assert_int_equal(html_finish(&h), -EINVAL);

	html_begin(&h, &out, 100);
	for (size_t i = 0; i <= HTML_DEPTH_MOST; i++)
		html_open(&h, "div");
	assert_int_equal(html_finish(&h), -EINVAL);

	str_clear(&out);
	html_begin(&h, &out, 100);
	html_open(&h, "p");
	html_attribute(&h, "onclick", "x");
	html_attribute(&h, "style", "x");
	html_attribute(&h, "href", "x");
	html_close(&h, "p");
	assert_int_equal(html_finish(&h), -EINVAL);
	assert_string_equal(str_text(&out), "<p></p>");
	str_fini(&out);
}

/* The checker of the tests finds what it is there for. */
static void test_checker(void **state)
{
	static const char *const bad[] = {
		"<p>", "</p>", "<p></b>", "<p onclick=\"x\"></p>", "<p title=x></p>", "a & b",
		"<iframe></iframe>", "<a href=\"javascript:x\"></a>", "<a href=\"//x\"></a>",
		"a > b", "\xff",
		"<p style=\"x\"></p>", "\x1b", "\xe2\x80\xae", "<p title=\"<\"></p>", "<"};
	char why[HTML_CHECK_WHY];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(html_check(bad[i], strlen(bad[i]), why), -1);
	assert_int_equal(html_check("<p title=\"a&amp;b\" hidden>x<input></p>\n", 39, why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escaping),     cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_cut),	     cmocka_unit_test(test_urls),
		cmocka_unit_test(test_url_left_out), cmocka_unit_test(test_percent),
		cmocka_unit_test(test_numbers),	     cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_checker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
