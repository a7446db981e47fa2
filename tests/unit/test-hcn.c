/* What guests of Windows have reserved, decoded: honest answers, and such as nobody should give. */
#include "live/hcn.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define GUEST                                                                                      \
	{                                                                                          \
		0x6f5c0b1e, 0x55a1, 0x4d1f, {0x9a, 0x83, 0x0a, 0x4d, 0x7b, 0x7f, 0x6f, 1}          \
	}
#define LOOPBACK                                                                                   \
	{                                                                                          \
		0xe0e16197, 0xdd56, 0x4a10, {0x91, 0x95, 0x5e, 0xe7, 0xa1, 0x55, 0xa8, 0x38}       \
	}
#define PARENT                                                                                     \
	{                                                                                          \
		0xa42e7cda, 0xd03f, 0x480c, {0x9c, 0xc2, 0xa4, 0xde, 0x20, 0xab, 0xb8, 0x78}       \
	}
#define G(protocol_, first, last)                                                                  \
	{                                                                                          \
		.owner = GUEST, .protocol = protocol_, .first_port = first, .last_port = last      \
	}
#define H(owner_, protocol_, first, last)                                                          \
	{                                                                                          \
		.owner = owner_, .protocol = protocol_, .first_port = first, .last_port = last     \
	}

struct row {
	const char *tcp, *udp; /* the spans; NULL = the errno */
	int error;
	struct hcn_entry entries[6];
	size_t n;
};

static const struct row rows[] = {
	{"", "", 0, {{.protocol = 0}}, 0},
	{"8003", "", 0, {G(HCN_TCP, 8003, 8003)}, 1},
	{"", "8003", 0, {G(HCN_UDP, 8003, 8003)}, 1},
	{"44620-48715", "44620-48715", 0, {G(HCN_BOTH, 44620, 48715)}, 1},
	/* in any order; overlapping, adjacent, equal, one in another, apart */
	{"10-30", "", 0, {G(HCN_TCP, 20, 30), G(HCN_TCP, 10, 25)}, 2},
	{"10-30", "", 0, {G(HCN_TCP, 20, 30), G(HCN_TCP, 10, 19)}, 2},
	{"10-30", "", 0, {G(HCN_TCP, 10, 30), G(HCN_TCP, 10, 30), G(HCN_TCP, 12, 13)}, 3},
	{"10-18,20-30", "", 0, {G(HCN_TCP, 20, 30), G(HCN_TCP, 10, 18)}, 2},
	{"10-19", "20-30", 0, {G(HCN_UDP, 20, 30), G(HCN_TCP, 10, 19)}, 2},
	/* both ends of the numbers; port 0 is none */
	{"1-65535", "65535", 0, {G(HCN_TCP, 0, 65535), G(HCN_UDP, 65535, 65535)}, 2},
	{"", "", 0, {G(HCN_BOTH, 0, 0)}, 1},
	/* the host's own sockets and exclusions, however odd, and those of nobody */
	{"9", "", 0,
	 {H(LOOPBACK, HCN_TCP, 5040, 5040), H(LOOPBACK, 77, 9, 8), H(PARENT, HCN_BOTH, 1, 9),
	  {.protocol = HCN_TCP, .first_port = 7, .last_port = 7}, G(HCN_TCP, 9, 9)}, 5},
	/* nonsense: then nothing of it is believed */
	{NULL, NULL, -EBADMSG, {G(HCN_TCP, 10, 18), G(0, 20, 30)}, 2},
	{NULL, NULL, -EBADMSG, {G(4, 20, 30)}, 1},
	{NULL, NULL, -EBADMSG, {G(UINT32_MAX, 20, 30)}, 1},
	{NULL, NULL, -EBADMSG, {G(HCN_BOTH, 31, 30)}, 1},
	{NULL, NULL, -EBADMSG, {G(HCN_TCP, 65535, 0)}, 1},
};

static void check_spans(const struct live_spans *spans, const char *expected, size_t row)
{
	struct str text = {0};

	for (size_t i = 0; i < spans->n; i++) {
		const struct live_span *s = &spans->items[i];

		str_printf(&text, "%s%u", i > 0 ? "," : "", s->first);
		if (s->last != s->first)
			str_printf(&text, "-%u", s->last);
	}
	if (strcmp(str_text(&text), expected) != 0)
		fail_msg("row %zu: %s, not %s", row, str_text(&text), expected);
	str_fini(&text);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		struct live_spans tcp = {NULL, 99}, udp = {NULL, 98};
		struct arena arena = {0};

		assert_int_equal(hcn_decode(row->entries, row->n * sizeof(*row->entries), &arena,
					    &tcp, &udp), row->error);
		if (row->error == 0) {
			check_spans(&tcp, row->tcp, i);
			check_spans(&udp, row->udp, i);
		} else {
			assert_int_equal(tcp.n, 99); /* untouched */
			assert_int_equal(udp.n, 98);
		}
		arena_fini(&arena);
	}
}

/* At no address that suits it, and cut in each place. */
static void test_bytes(void **state)
{
	static const struct hcn_entry entry = G(HCN_TCP, 1, 2);
	char bytes[2 * sizeof(entry) + 1];
	struct live_spans tcp, udp;
	struct arena arena = {0};

	(void)state;
	memcpy(bytes + 1, &entry, sizeof(entry));
	memcpy(bytes + 1 + sizeof(entry), &entry, sizeof(entry));
	for (size_t n = 0; n <= 2 * sizeof(entry); n++)
		assert_int_equal(hcn_decode(bytes + 1, n, &arena, &tcp, &udp),
				 n % sizeof(entry) == 0 ? 0 : -EBADMSG);
	check_spans(&tcp, "1-2", 0);
	check_spans(&udp, "", 0);
	arena_fini(&arena);
}

/* As many as are read, each of them every port; and one more. */
static void test_many(void **state)
{
	static const struct hcn_entry entry = G(HCN_BOTH, 1, UINT16_MAX);
	struct hcn_entry *entries = malloc((HCN_MOST_ENTRIES + 1) * sizeof(*entries));
	struct live_spans tcp, udp;
	struct arena arena = {0};

	(void)state;
	assert_non_null(entries);
	for (size_t i = 0; i <= HCN_MOST_ENTRIES; i++)
		entries[i] = entry;
	assert_int_equal(hcn_decode(entries, HCN_MOST_ENTRIES * sizeof(entry), &arena, &tcp, &udp),
			 0);
	check_spans(&tcp, "1-65535", 0);
	check_spans(&udp, "1-65535", 0);
	assert_int_equal(hcn_decode(entries, (HCN_MOST_ENTRIES + 1) * sizeof(entry), &arena, &tcp,
				    &udp), -EFBIG);
	/* Every other port: as many spans as there can be. */
	for (size_t i = 0; i < 32768; i++)
		entries[i].first_port = entries[i].last_port = (uint16_t)(2 * i + 1);
	assert_int_equal(hcn_decode(entries, 32768 * sizeof(entry), &arena, &tcp, &udp), 0);
	assert_int_equal(tcp.n, 32768);
	assert_int_equal(udp.items[32767].last, 65535);
	arena_fini(&arena);
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
