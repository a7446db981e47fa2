/* Repositories: urls and configurations as git writes them, and as it does not. */
#include "base/repository.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_urls(void **state)
{
	static const struct {
		const char *url, *same;
	} rows[] = {
		{"https://github.com/acme/shop.git", "github.com/acme/shop"},
		{"https://github.com/acme/shop/", "github.com/acme/shop"},
		{"https://user:secret@GitHub.com/acme/shop", "github.com/acme/shop"},
		{"https://a@b@github.com/acme/shop", "github.com/acme/shop"},
		{"git@github.com:acme/shop.git", "github.com/acme/shop"},
		{"github.com:acme/shop", "github.com/acme/shop"},
		{"git@github.com:/acme/shop", "github.com/acme/shop"},
		{"ssh://git@github.com:2222/acme/shop.git", "github.com/acme/shop"},
		{"ssh://git@[::1]:2222/acme/shop.git", "[::1]/acme/shop"},
		{"ssh://[::1]/acme/shop.git", "[::1]/acme/shop"},
		{"git://host/~user/x.git/", "host/~user/x"},
		{"/srv/git/shop.git", "/srv/git/shop"},
		{"file:///srv/git/shop.git", "/srv/git/shop"},
		{"../shop", "../shop"},
		{"./a:b", "./a:b"},
		{"https://host/Acme/Shop", "host/Acme/Shop"}, /* a path has a case */
		{"https://", NULL},
		{"https:///path", NULL},
		{"https://host", NULL},
		{"host:", NULL},
		{"", NULL},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_good = repository_normalise(rows[i].url, out, sizeof(out));

		assert_int_equal(rows[i].same != NULL, is_good);
		if (is_good)
			assert_string_equal(rows[i].same, out);
	}
	assert_false(repository_normalise("https://host/a-path-that-is-longer", out, 12));
}

static void test_configurations(void **state)
{
	static const struct {
		const char *config, *url;
	} rows[] = {
		{"[core]\n\tbare = false\n[remote \"origin\"]\n\turl = a:b\n\tfetch = +x\n", "a:b"},
		{"[Remote \"origin\"]\nURL=a:b", "a:b"},
		{"[remote  \"origin\"]\r\n\turl = a:b\r\n", "a:b"},
		{"[remote \"origin\"]\n\tfetch = x\n\turl = \"a b\" # c\n", "a b"},
		{"[remote \"origin\"]\n\turl = a:b ; c\n", "a:b"},
		{"[remote \"origin\"]\n\turl = a\\\\b\n", "a\\b"},
		{"[remote \"origin\"]\n\turlx = 1\n\turl = a:b\n", "a:b"},
		{"[remote \"upstream\"]\n\turl = x\n[remote \"origin\"]\n\turl = a:b\n", "a:b"},
		{"[remote \"origin\"]\n[remote \"upstream\"]\n\turl = x\n", NULL},
		{"[remote \"Origin\"]\n\turl = x\n", NULL}, /* that name has a case */
		{"[remote \"origin\"]\n\turl =\n", NULL},
		{"[remote \"origin\"]\n\turl\n", NULL},
		{"[remote", NULL},
		{"[remote \"origin\"", NULL},
		{"url = x\n", NULL},
		{"", NULL},
	};
	char url[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_good = repository_origin(rows[i].config, strlen(rows[i].config), url,
						 sizeof(url));

		if (is_good != (rows[i].url != NULL))
			fail_msg("row %zu", i);
		if (is_good)
			assert_string_equal(rows[i].url, url);
	}
	assert_false(repository_origin("[remote \"origin\"]\nurl=a\0b", 25, url, sizeof(url)));
	assert_false(repository_origin("[remote \"origin\"]\nurl=abcdefgh", 30, url, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_urls),
					   cmocka_unit_test(test_configurations)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
