/* Claims images: what is written is read; what was not written by berth is refused. */
#include "helpers/tiny-claims.h"

#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void there_and_back(void **state)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	char text[CLAIM_PORTS_SIZE], address[ADDRESS_TEXT_SIZE];
	const char *reason = NULL;
	struct ledger_entry entry;
	struct claims_image c;
	uint32_t cursor = 0;
	struct claim one;

	(void)state;
	tiny_claims_make(&bytes);
	assert_int_equal(claims_image_open_memory(&c, bytes.bytes, bytes.length,
						  CLAIM_LEVEL_SYSTEM, &reason), 0);
	assert_int_equal(claims_image_n(&c), 4);
	assert_int_equal(claims_image_head(&c).generation, 2);
	assert_string_equal(claims_image_head(&c).message, "well done");
	assert_int_equal(claims_image_get(&c, 0, &one), 0);
	assert_string_equal(one.name, "db");
	assert_string_equal(one.source, "system ledger");
	assert_string_equal(one.scope, "host7");
	assert_string_equal(one.until, "2026-12-31");
	assert_string_equal(address_format(&one.address, address), "127.0.0.1");
	assert_null(one.program);
	assert_true(claims_image_next(&c, 8080, 8080, &cursor, &one));
	assert_true(one.is_retired);
	assert_true(claims_image_next(&c, 8080, 8080, &cursor, &one));
	assert_string_equal(one.program, "nginx,caddy");
	assert_false(one.has_address);
	assert_false(claims_image_next(&c, 8080, 8080, &cursor, &one));
	assert_int_equal(claims_image_get(&c, 3, &one), 0);
	assert_string_equal(claim_ports_format(&one, text), "9000-9010/tcp,udp");
	assert_string_equal(address_format(&one.address, address), "fe80::1%2");
	assert_int_equal(claims_image_get(&c, 4, &one), -ENOENT);
	assert_int_equal(claims_image_entry(&c, 1, &entry), 0);
	assert_string_equal(entry.user, "bob (sudo)");
	assert_int_equal(entry.uid, 0);
	claims_image_close(&c);
}

static void nothing_is_an_image_too(void **state)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	const struct claims_head head = {.identity = 1};
	const char *reason = NULL;
	struct claims_image c;
	uint32_t cursor = 0;
	struct claim one;

	(void)state;
	assert_int_equal(claims_image_write(&head, NULL, 0, NULL, 0, &bytes), 0);
	assert_int_equal(claims_image_open_memory(&c, bytes.bytes, bytes.length,
						  CLAIM_LEVEL_LEDGER, &reason), 0);
	assert_int_equal(claims_image_n(&c), 0);
	assert_false(claims_image_next(&c, 0, 65535, &cursor, &one));
	assert_false(claims_image_next(&c, 0, 65535, &cursor, &one));
	claims_image_close(&c);
}

static void impossible_claims_are_not_written(void **state)
{
	struct claim good = {.name = "a", .protocols = 1, .first = 1, .last = 2,
			     .since = "2026-01-01"};
	const struct claims_head head = {0};
	BERTH_CLEANUP(str_fini) struct str out = {0};
	struct claim bad[6];

	(void)state;
	assert_int_equal(claims_image_write(&head, &good, 1, NULL, 0, &out), 0);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		bad[i] = good;
	bad[0].name = NULL;
	bad[1].protocols = 0;
	bad[2].first = 3;
	bad[3].since = NULL;
	bad[4].until = "tomorrow";
	bad[5].protocols = TRANSPORT_BIT(TRANSPORT_MPTCP);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(claims_image_write(&head, &bad[i], 1, NULL, 0, &out), -EINVAL);
}

/* Every byte of the image changed, one at a time: refused, or the checksum is a lie. */
static void every_damaged_byte_is_noticed(void **state)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	struct claims_image c;

	(void)state;
	tiny_claims_make(&bytes);
	for (size_t i = 0; i < bytes.length; i++) {
		const char *reason = NULL;

		bytes.bytes[i] = (char)(bytes.bytes[i] ^ 0x10);
		assert_true(claims_image_open_memory(&c, bytes.bytes, bytes.length,
						     CLAIM_LEVEL_LEDGER, &reason) < 0);
		assert_non_null(reason);
		bytes.bytes[i] = (char)(bytes.bytes[i] ^ 0x10);
	}
	for (size_t n = 0; n < bytes.length; n++) {
		const char *reason = NULL;

		assert_true(claims_image_open_memory(&c, bytes.bytes, n, CLAIM_LEVEL_LEDGER,
						     &reason) < 0);
	}
}

/* A file counts only when nobody else can have written it. */
static void files_of_others_are_refused(void **state)
{
	char directory[] = "/tmp/berth-claims-XXXXXX", path[64];
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	const char *reason = NULL;
	struct replace replace;
	struct claims_image c;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/claims.image", directory);
	tiny_claims_make(&bytes);
	assert_int_equal(replace_begin(&replace, path, NULL, NULL), 0);
	assert_int_equal(replace_commit(&replace, bytes.bytes, bytes.length,
					image_seal(bytes.bytes)), 0);
	replace_fini(&replace);
	assert_int_equal(claims_image_open(&c, path, CLAIM_LEVEL_LEDGER, &reason), 0);
	assert_true(c.image.is_sealed);
	tiny_claims_walk(&c);
	claims_image_close(&c);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(claims_image_open(&c, path, CLAIM_LEVEL_LEDGER, &reason), -EPERM);
	assert_int_equal(chmod(path, 0644), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(claims_image_open(&c, path, CLAIM_LEVEL_LEDGER, &reason), -EPERM);
	}
	assert_int_equal(truncate(path, (off_t)CLAIMS_IMAGE_MOST + 1), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(claims_image_open(&c, path, CLAIM_LEVEL_LEDGER, &reason), -EFBIG);
	assert_int_equal(claims_image_open(&c, directory, CLAIM_LEVEL_LEDGER, &reason), -EINVAL);
	unlink(path);
	snprintf(path, sizeof(path), "%s/claims.image.lock", directory);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(nothing_is_an_image_too),
		cmocka_unit_test(impossible_claims_are_not_written),
		cmocka_unit_test(every_damaged_byte_is_noticed),
		cmocka_unit_test(files_of_others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
