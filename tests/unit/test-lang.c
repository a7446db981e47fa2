/* The catalog that lies in the build tree; built without gettext's tools there is none. */
#include "base/lang.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char detail[] = "more detail", einzelheiten[] = "mehr Einzelheiten";

static int set_locale(void **state)
{
	(void)state;
	unsetenv("LANGUAGE");
	return setenv("LC_ALL", "de_DE.UTF-8", 1);
}

static bool has_catalog(void)
{
	return access("../po/berth/de/LC_MESSAGES/berth.mo", R_OK) == 0 ||
	       access("po/berth/de/LC_MESSAGES/berth.mo", R_OK) == 0;
}

/* As a program of several languages does: each text of a table, plurals by both their forms. */
static void test_resolve(void **state)
{
	static const char *const ids[] = {detail, "%zu address", "%zu addresses", "no such text",
					  ""};
	const char *german[N_ELEMENTS(ids)], *french[N_ELEMENTS(ids)];

	(void)state;
	lang_resolve("berth", "fr", ids, french, N_ELEMENTS(ids));
	for (size_t i = 0; i < N_ELEMENTS(ids); i++)
		assert_ptr_equal(french[i], ids[i]);
	lang_resolve("berth", "de", ids, german, N_ELEMENTS(ids));
	if (has_catalog()) {
		assert_string_equal(german[0], einzelheiten);
		assert_string_equal(german[1], "%zu Adresse");
		assert_string_equal(german[2], "%zu Adressen");
	}
	assert_ptr_equal(german[3], ids[3]);
	assert_ptr_equal(german[4], ids[4]);
}

/* It is not spoken before lang_begin() nor after lang_end(), and again after the next. */
static void test_begin_and_end(void **state)
{
	(void)state;
	assert_string_equal(_(detail), detail);
	lang_begin();
	if (!has_catalog()) {
		assert_false(lang_is_translated());
		skip();
	}
	assert_true(lang_is_translated());
	assert_string_equal(_(detail), einzelheiten);
	assert_string_equal(_(""), "");
	assert_string_equal(lang_plural("%zu address", "%zu addresses", 1), "%zu Adresse");
	assert_string_equal(lang_plural("%zu address", "%zu addresses", 0), "%zu Adressen");
	assert_string_equal(lang_error(-2), "Datei oder Verzeichnis nicht gefunden");
	lang_end();
	assert_false(lang_is_translated());
	assert_string_equal(_(detail), detail);
	assert_string_equal(lang_plural("one", "many", 1), "one");
	lang_begin();
	assert_string_equal(_(detail), einzelheiten);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_resolve, set_locale),
		cmocka_unit_test_setup(test_begin_and_end, set_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
