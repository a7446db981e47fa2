/* Pieces of requests: encodings, cookies, languages, hosts, tags. */
#include "web/http-text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void decodes(void **state)
{
	static const struct {
		const char *in;
		bool is_form;
		const char *out; /* NULL: refused */
	} rows[] = {
		{"", false, ""},          {"abc", false, "abc"},    {"a%20b", false, "a b"},
		{"a+b", false, "a+b"},    {"a+b", true, "a b"},     {"%C3%a4", false, "\xc3\xa4"},
		{"%", false, NULL},       {"%2", false, NULL},      {"%2x", false, NULL},
		{"%00", false, NULL},     {"%25", false, "%"},      {"%2525", false, "%25"},
		{"x%2", true, NULL},      {"%zz", false, NULL},     {"%ff%FE", false, "\xff\xfe"},
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		int r = http_text_decode(rows[i].in, strlen(rows[i].in), rows[i].is_form, out,
					 sizeof(out));

		if (!rows[i].out) {
			assert_int_equal(r, -EINVAL);
			continue;
		}
		assert_int_equal(r, strlen(rows[i].out));
		assert_string_equal(out, rows[i].out);
	}
	assert_int_equal(http_text_decode("123456789012345", 15, false, out, 16), 15);
	assert_int_equal(http_text_decode("1234567890123456", 16, false, out, 16), -ENAMETOOLONG);
}

static void finds_values(void **state)
{
	static const struct {
		const char *text;
		int found;
		const char *value;
	} rows[] = {
		{"", 0, ""},           {"q=ssh", 1, "ssh"},     {"a=1&q=x+y&b", 1, "x y"},
		{"q=", 1, ""},         {"q", 1, ""},            {"qq=1", 0, ""},
		{"%71=1", 1, "1"},     {"q=1&q=2", -EINVAL, ""}, {"q=%", -EINVAL, ""},
		{"z=%0&q=1", -EINVAL, ""}, {"&&q=1&&", 1, "1"}, {"q=a=b", 1, "a=b"},
		{"Q=1", 0, ""},
	};
	char value[HTTP_TEXT_VALUE_MOST], many[200] = "";

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(http_text_value(rows[i].text, strlen(rows[i].text), "q", value),
				 rows[i].found);
		if (rows[i].found >= 0)
			assert_string_equal(value, rows[i].value);
	}
	for (int i = 0; i <= HTTP_TEXT_PAIRS_MOST; i++)
		memcpy(many + 4 * i, "a=1&", 5);
	assert_int_equal(http_text_value(many, strlen(many), "q", value), -EINVAL);
}

static void bounds_values(void **state)
{
	char value[HTTP_TEXT_VALUE_MOST], text[2 * HTTP_TEXT_VALUE_MOST];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "q=", 2);
	assert_int_equal(http_text_value(text, HTTP_TEXT_VALUE_MOST + 1, "q", value), 1);
	assert_int_equal(strlen(value), HTTP_TEXT_VALUE_MOST - 1);
	assert_int_equal(http_text_value(text, HTTP_TEXT_VALUE_MOST + 2, "q", value),
			 -ENAMETOOLONG);
	/* Another key's value may be longer. */
	assert_int_equal(http_text_value(text, sizeof(text), "p", value), 0);
}

static void finds_cookies(void **state)
{
	static const struct {
		const char *header, *value;
	} rows[] = {
		{NULL, NULL},           {"", NULL},           {"t=1", "1"},
		{"a=2; t=1", "1"},      {"a=2;t=1 ;b", "1"},  {"tt=1", NULL},
		{"t=1; t=2", NULL},     {"t", NULL},          {"t=", ""},
		{"xt=1; t=a=b", "a=b"}, {";;; t=1", "1"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		size_t n = 0;
		const char *value = http_text_cookie(rows[i].header, "t", &n);

		assert_int_equal(value != NULL, rows[i].value != NULL);
		if (value) {
			assert_int_equal(n, strlen(rows[i].value));
			assert_memory_equal(value, rows[i].value, n);
		}
	}
}

static void prefers_languages(void **state)
{
	static const struct {
		const char *header;
		bool is_german;
	} rows[] = {
		{NULL, false},
		{"", false},
		{"de", true},
		{"DE-at", true},
		{"en", false},
		{"de, en", true},
		{"en, de", false},
		{"en;q=0.8, de;q=0.9", true},
		{"en;q=0.9,de;q=0.8", false},
		{"fr, de;q=0.2", true},
		{"fr", false},
		{"*", false},
		{"*, en;q=0.1", true}, /* anything rather than English */
		{"de;q=0", false},
		{"de;q=0, *;q=1", false},
		{"de;q=1.000, en;q=0.999", true},
		{"de;q=1.001, en;q=0.1", false},
		{"de;q=x, en;q=0.1", false},
		{"den", false},
		{"de_DE", false},
		{" de ; q=0.5 , en ; q=0.4 ", true},
		{",,,de", true},
		{"de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", true},
		{"en-GB,en;q=0.9,de;q=0.8", false},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		if (http_text_prefers_german(rows[i].header) != rows[i].is_german)
			fail_msg("%s", rows[i].header);
	}
}

static void compares_tags(void **state)
{
	static const struct {
		const char *header;
		bool is_there;
	} rows[] = {
		{NULL, false},       {"", false},          {"\"a\"", true},
		{"W/\"a\"", true},   {"\"b\"", false},     {"\"b\", \"a\"", true},
		{"*", true},         {"* ", true},         {"*x", false},
		{"a", false},        {"\"a", false},       {"\"b\" \"a\"", false},
		{"\"b\",W/\"a\" ", true}, {"\"a\"b", true},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		if (http_text_has_tag(rows[i].header, "\"a\"") != rows[i].is_there)
			fail_msg("%s", rows[i].header);
	}
}

static void reads_hosts(void **state)
{
	static const struct {
		const char *text, *name; /* NULL: refused */
		int port;                /* 0: none */
	} rows[] = {
		{"localhost", "localhost", 0},
		{"LocalHost:80", "localhost", 80},
		{"localhost.", "localhost", 0},
		{"127.0.0.1:65535", "127.0.0.1", 65535},
		{"[::1]", "::1", 0},
		{"[::1]:8080", "::1", 8080},
		{"[::FFFF:127.0.0.1]", "::ffff:127.0.0.1", 0},
		{"", NULL, 0},
		{":80", NULL, 0},
		{"localhost:", NULL, 0},
		{"localhost:0", NULL, 0},
		{"localhost:65536", NULL, 0},
		{"localhost:080000", NULL, 0},
		{"localhost:80:80", NULL, 0},
		{"local host", NULL, 0},
		{"localhost/evil", NULL, 0},
		{"user@localhost", NULL, 0},
		{"[::1", NULL, 0},
		{"[]", NULL, 0},
		{"[::1]x", NULL, 0},
		{"[::1]:", NULL, 0},
		{"[::1%eth0]", NULL, 0},
		{"::1", NULL, 0},
		{"l\xc3\xb6" "calhost", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_text_host host;
		int r = http_text_host_parse(rows[i].text, strlen(rows[i].text), &host);

		if ((r == 0) != (rows[i].name != NULL))
			fail_msg("%s", rows[i].text);
		if (r < 0)
			continue;
		assert_string_equal(host.name, rows[i].name);
		assert_int_equal(host.has_port ? host.port : 0, rows[i].port);
	}
}

static void reads_origins(void **state)
{
	static const struct {
		const char *text;
		int port; /* 0: refused */
	} rows[] = {
		{"http://localhost", 80},      {"https://localhost", 443},
		{"http://localhost:3476", 3476}, {"null", 0},
		{"file://", 0},                {"http://", 0},
		{"http://localhost/", 0},      {"http://localhost@evil", 0},
		{"", 0},                       {"HTTP://localhost", 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_text_host host;
		int r = http_text_origin_parse(rows[i].text, &host);

		if (rows[i].port == 0) {
			assert_int_equal(r, -EINVAL);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(host.port, rows[i].port);
	}
}

static void reads_ports(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint16_t port;
	} rows[] = {
		{"0", 0, 0},         {"80", 0, 80},           {"080", 0, 80},
		{"65535", 0, 65535}, {"65536", -ERANGE, 0},   {"00000000000000000000080", 0, 80},
		{"", -EINVAL, 0},    {"-1", -EINVAL, 0},      {"8 0", -EINVAL, 0},
		{"0x50", -EINVAL, 0}, {"99999999999999999999", -ERANGE, 0}, {"+80", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint16_t port = 0;

		assert_int_equal(http_text_port(rows[i].text, &port), rows[i].r);
		assert_int_equal(port, rows[i].port);
	}
}

static void reads_types(void **state)
{
	(void)state;
	assert_true(http_text_is_type("text/html", "text/html"));
	assert_true(http_text_is_type("Text/HTML; charset=utf-8", "text/html"));
	assert_false(http_text_is_type("text/html5", "text/html"));
	assert_false(http_text_is_type("text", "text/html"));
	assert_false(http_text_is_type(NULL, "text/html"));
	assert_true(http_text_wants_json("application/json"));
	assert_true(http_text_wants_json("application/json, text/html"));
	assert_false(http_text_wants_json("text/html, application/json"));
	assert_false(http_text_wants_json(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),        cmocka_unit_test(finds_values),
		cmocka_unit_test(bounds_values),  cmocka_unit_test(finds_cookies),
		cmocka_unit_test(prefers_languages), cmocka_unit_test(compares_tags),
		cmocka_unit_test(reads_hosts),    cmocka_unit_test(reads_origins),
		cmocka_unit_test(reads_ports),    cmocka_unit_test(reads_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
