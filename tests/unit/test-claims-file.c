/* Claims files: lines, faults, the canonical form, paths of includes, collisions of many. */
#include "ledger/claims-file.h"
#include "ledger/claims-tree.h"
#include "ledger/collisions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The only line of `text`, and its first fault (kind -1 = none). */
static struct claims_line read_line(const char *text, struct arena *arena, int *kind,
				    unsigned int *column)
{
	struct claims_reader r;
	struct claims_line line;

	claims_reader_init(&r, text, strlen(text), arena);
	assert_true(claims_reader_next(&r, &line));
	*kind = r.n_faults ? (int)r.faults[0].kind : -1;
	*column = r.n_faults ? r.faults[0].column : 0;
	return line;
}

static void reads_every_part(void **state)
{
	struct arena arena = {0};
	unsigned int column;
	int kind;
	struct claims_line l = read_line("web 8000-8010/tcp,udp ::1 owner=\"a \\\"b\\\" # c\" "
					 "scope=prod since=2026-01-01 until=2026-12-31 "
					 "program=nginx retired # why not\r\n",
					 &arena, &kind, &column);

	(void)state;
	assert_int_equal(kind, -1);
	assert_int_equal(l.kind, CLAIMS_LINE_CLAIM);
	assert_string_equal(l.claim.name, "web");
	assert_int_equal(l.claim.first, 8000);
	assert_int_equal(l.claim.last, 8010);
	assert_int_equal(l.claim.protocols, TRANSPORT_BIT(TRANSPORT_TCP) |
						    TRANSPORT_BIT(TRANSPORT_UDP));
	assert_true(l.claim.has_address);
	assert_string_equal(l.claim.owner, "a \"b\" # c");
	assert_string_equal(l.claim.scope, "prod");
	assert_string_equal(l.claim.since, "2026-01-01");
	assert_string_equal(l.claim.until, "2026-12-31");
	assert_string_equal(l.claim.program, "nginx");
	assert_string_equal(l.claim.reason, "why not");
	assert_true(l.claim.is_retired);
	assert_int_equal(l.column, 1);
	assert_int_equal(l.ports_column, 5);
	arena_fini(&arena);
}

static void faults_have_their_place(void **state)
{
	static const struct {
		const char *text;
		int kind;
		unsigned int column;
	} rows[] = {
		{"web 8080/tcp", -1, 0},
		{"\xef\xbb\xbfweb 8080/tcp", -1, 0},
		{"include x", -1, 0},
		{"web", CLAIMS_FAULT_SYNTAX, 4},
		{"web 8080", CLAIMS_FAULT_SYNTAX, 5},
		{"web 0/tcp", CLAIMS_FAULT_SYNTAX, 5},
		{"web 65536/tcp", CLAIMS_FAULT_SYNTAX, 5},
		{"web 9-8/tcp", CLAIMS_FAULT_SYNTAX, 5},
		{"web 80/tcp,tcp", CLAIMS_FAULT_SYNTAX, 5},
		{"web 80/mptcp", CLAIMS_FAULT_SYNTAX, 5},
		{"web 80/", CLAIMS_FAULT_SYNTAX, 5},
		{"-web 80/tcp", CLAIMS_FAULT_SYNTAX, 1},
		{"w\xc3\xa4\x62 80/tcp", CLAIMS_FAULT_SYNTAX, 1},
		{"web 80/tcp localhost", CLAIMS_FAULT_SYNTAX, 12},
		{"web 80/tcp 127.0.0.1 ::1", CLAIMS_FAULT_SYNTAX, 22},
		{"web 80/tcp colour=red", CLAIMS_FAULT_SYNTAX, 12},
		{"web 80/tcp owner=a owner=b", CLAIMS_FAULT_SYNTAX, 20},
		{"web 80/tcp owner=", CLAIMS_FAULT_SYNTAX, 18},
		{"web 80/tcp owner=\"a", CLAIMS_FAULT_SYNTAX, 18},
		{"web 80/tcp owner=\"a\"b", CLAIMS_FAULT_SYNTAX, 21},
		{"web 80/tcp owner=a\"b", CLAIMS_FAULT_SYNTAX, 18},
		{"web 80/tcp until=2026-02-29", CLAIMS_FAULT_SYNTAX, 18},
		{"web 80/tcp owner=\xc3\xa4 x=1", CLAIMS_FAULT_SYNTAX, 20},
		{"web 80/tcp retired retired", CLAIMS_FAULT_SYNTAX, 20},
		{"  web 80/tcp since=2026-02-02 until=2026-02-01", CLAIMS_FAULT_DATES, 3},
		{"a-name-of-16-chr 80/tcp", CLAIMS_FAULT_NAME_LONG, 1},
		{"include", CLAIMS_FAULT_SYNTAX, 8},
		{"include a b", CLAIMS_FAULT_SYNTAX, 11},
		{"include \"\"", CLAIMS_FAULT_SYNTAX, 9},
		{"web 80/tcp # a\033[31m", CLAIMS_FAULT_SYNTAX, 15},
		{"web 80/tcp # \xe2\x80\xae", CLAIMS_FAULT_SYNTAX, 14},
		{"web 80/tcp # \xff", CLAIMS_FAULT_SYNTAX, 14},
		{"# \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb joined", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct arena arena = {0};
		unsigned int column;
		int kind;

		read_line(rows[i].text, &arena, &kind, &column);
		if (kind != rows[i].kind || column != rows[i].column)
			fail_msg("%s: fault %d at %u", rows[i].text, kind, column);
		arena_fini(&arena);
	}
}

static void what_is_no_text_ends_the_file(void **state)
{
	static const char bytes[] = "a 1/tcp\nb\0b\nc 2/tcp\n";
	struct claims_reader r;
	struct claims_line line;
	struct arena arena = {0};
	unsigned int n = 0;

	(void)state;
	claims_reader_init(&r, bytes, sizeof(bytes) - 1, &arena);
	while (claims_reader_next(&r, &line))
		n++;
	assert_int_equal(n, 2);
	assert_true(r.is_no_text);
	assert_int_equal(r.n_faults, 1);
	assert_int_equal(r.faults[0].line, 2);
	assert_int_equal(r.faults[0].column, 2);
	arena_fini(&arena);
}

static void long_lines_and_many_faults_are_bounded(void **state)
{
	struct str text = {0};
	struct claims_reader r;
	struct claims_line line;
	struct arena arena = {0};
	unsigned int n = 0;

	(void)state;
	str_pad(&text, 'x', CLAIMS_FILE_LINE_MOST + 1);
	for (int i = 0; i < 1000; i++)
		str_append(&text, "\nx");
	claims_reader_init(&r, str_text(&text), text.length, &arena);
	while (claims_reader_next(&r, &line))
		n++;
	assert_int_equal(n, 1001);
	assert_int_equal(r.n_faults, CLAIMS_FILE_FAULTS_MOST);
	assert_int_equal(r.faults[0].line, 1);
	str_fini(&text);
	arena_fini(&arena);
}

static void is_written_canonically(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{"", ""},
		{"\n\n", ""},
		{"b 2/tcp\na 1/udp,tcp", "a               1/tcp,udp\nb               2/tcp\n"},
		{"# top  \n\n\n\nweb   80/tcp   #why\n\n",
		 "# top\n\nweb             80/tcp  # why\n"},
		{"b 2/tcp\n# x\na 1/tcp\n", "b               2/tcp\n# x\na               1/tcp\n"},
		{"b 2/tcp\n\na 1/tcp\n", "b               2/tcp\n\na               1/tcp\n"},
		{"include  \"a b\" #x\n", "include \"a b\"  # x\n"},
		{"w 80/tcp until=2027-01-01 [::1] owner=\"x\" retired\r\n",
		 "w               80/tcp          ::1 owner=x until=2027-01-01 retired\n"},
		{"w 80/tcp #\n", "w               80/tcp\n"},
		{"\xef\xbb\xbfw 80/tcp\n", "w               80/tcp\n"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct str out = {0};

		assert_true(claims_file_format(rows[i].text, strlen(rows[i].text), &out));
		assert_string_equal(str_text(&out), rows[i].canonical);
		str_fini(&out);
	}
}

static void faults_are_not_formatted(void **state)
{
	static const char *const rows[] = {"web", "a 1/tcp\n\xff\n", "a 1/tcp x=y"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct str out = {0};

		assert_false(claims_file_format(rows[i], strlen(rows[i]), &out));
		str_fini(&out);
	}
}

/* A small generator of its own: the same files in every run. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

static const char *pick(uint32_t *seed, const char *const *words, size_t n)
{
	return words[next_random(seed) % n];
}

static void add_random_line(struct str *out, uint32_t *seed)
{
	static const char *const kinds[] = {"claim", "claim", "claim", "comment", "blank",
					    "include"};
	static const char *const addresses[] = {"", " 127.0.0.1", " ::1", " 0.0.0.0", " [::]"};
	static const char *const extras[] = {
		"", " owner=x", " owner=\"a # \\\"b\\\\\"", " retired", " until=2027-01-01",
		" program=nginx scope=a,b",
	};
	static const char *const comments[] = {"", "#", " # why", "  ##  much ", "\t#\tx", " #\""};
	static const char *const ends[] = {"\n", "\r\n", "\n\n", " \n", "\t\n"};
	const char *kind = pick(seed, kinds, N_ELEMENTS(kinds));
	uint32_t first = 1 + next_random(seed) % 65000;

	if (strcmp(kind, "claim") == 0) {
		str_printf(out, "n%u\t %u-%u/%s%s%s", next_random(seed) % 50, first,
			   first + next_random(seed) % 500,
			   next_random(seed) % 2 ? "tcp" : "udp,tcp",
			   pick(seed, addresses, N_ELEMENTS(addresses)),
			   pick(seed, extras, N_ELEMENTS(extras)));
		str_append(out, pick(seed, comments, N_ELEMENTS(comments)));
	} else if (strcmp(kind, "comment") == 0) {
		str_append(out, pick(seed, comments, N_ELEMENTS(comments)));
	} else if (strcmp(kind, "include") == 0) {
		str_append(out, "include \"some file\"");
	}
	str_append(out, pick(seed, ends, N_ELEMENTS(ends)));
}

/* Everything that a file says, in an order that its canonical form keeps: a sum over its lines. */
static uint64_t digest(const char *bytes, size_t n)
{
	struct claims_reader r;
	struct claims_line line;
	struct arena arena = {0};
	uint64_t sum = 0;

	claims_reader_init(&r, bytes, n, &arena);
	while (claims_reader_next(&r, &line)) {
		struct str one = {0};

		assert_int_not_equal(line.kind, CLAIMS_LINE_BAD);
		if (line.kind == CLAIMS_LINE_CLAIM)
			claims_file_write(&one, &line.claim, line.comment);
		else if (line.kind == CLAIMS_LINE_INCLUDE)
			str_append(&one, line.include);
		else
			str_append_bytes(&one, line.comment.text, line.comment.n);
		sum += one.length ? str_hash(str_text(&one), one.length) : 0;
		str_fini(&one);
	}
	arena_fini(&arena);
	return sum;
}

static void formatting_loses_nothing_and_is_idempotent(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct str text = {0}, once = {0}, twice = {0};
		uint32_t n = next_random(&seed) % 40;

		for (uint32_t k = 0; k < n; k++)
			add_random_line(&text, &seed);
		assert_true(claims_file_format(str_text(&text), text.length, &once));
		assert_true(claims_file_format(str_text(&once), once.length, &twice));
		assert_string_equal(str_text(&once), str_text(&twice));
		assert_int_equal(digest(str_text(&text), text.length),
				 digest(str_text(&once), once.length));
		str_fini(&text);
		str_fini(&once);
		str_fini(&twice);
	}
}

static void includes_stay_inside(void **state)
{
	static const struct {
		const char *directory, *include;
		int result;
		const char *path;
	} rows[] = {
		{"", "a", 0, "a"},
		{"svc/a", "../b/ports.claims", 0, "svc/b/ports.claims"},
		{"svc/a", "./../../x", 0, "x"},
		{"svc", "b//c", 0, "svc/b/c"},
		{"svc", "../../x", -EXDEV, NULL},
		{"", "../x", -EXDEV, NULL},
		{"a", "b/../../../a/x", -EXDEV, NULL},
		{"", "/etc/passwd", -EXDEV, NULL},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char path[CHECKOUT_PATH_SIZE] = "";

		assert_int_equal(claims_tree_join(rows[i].directory, rows[i].include, path),
				 rows[i].result);
		if (rows[i].path)
			assert_string_equal(path, rows[i].path);
	}
}

static struct claim random_claim(uint32_t *seed)
{
	static const char *const addresses[] = {
		"127.0.0.1", "127.0.0.2", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1",
		"fe80::1%2", "fe80::1%3", "fe80::1", "::ffff:0.0.0.0", "192.0.2.1",
	};
	uint32_t which = next_random(seed) % (N_ELEMENTS(addresses) + 4);
	struct claim c = {.name = "x", .first = (uint16_t)(next_random(seed) % 60)};

	c.last = (uint16_t)(c.first + next_random(seed) % 6);
	c.protocols = 1 + next_random(seed) % 15;
	c.has_address = which < N_ELEMENTS(addresses);
	if (c.has_address)
		assert_int_equal(address_parse(addresses[which], &c.address), 0);
	return c;
}

static int compare_first(const void *a, const void *b)
{
	return (int)((const struct claim *)a)->first - (int)((const struct claim *)b)->first;
}

static void many_collide_as_each_pair_does(void **state)
{
	enum { N = 24 };
	uint32_t seed = 11;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct claim claims[N];
		const struct claim *list[N];
		struct arena arena = {0};
		const int32_t *found;

		for (size_t i = 0; i < N; i++)
			claims[i] = random_claim(&seed);
		qsort(claims, N, sizeof(*claims), compare_first);
		for (size_t i = 0; i < N; i++)
			list[i] = &claims[i];
		found = collisions_find(list, N, &arena);
		assert_non_null(found);
		for (size_t i = 0; i < N; i++) {
			bool does = false;

			for (size_t k = 0; k < i; k++)
				does = does || claim_collides(&claims[i], &claims[k]);
			assert_int_equal(found[i] >= 0, does);
			assert_true(found[i] < (int32_t)i);
			if (found[i] >= 0)
				assert_true(claim_collides(&claims[i], &claims[found[i]]));
		}
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_part),
		cmocka_unit_test(faults_have_their_place),
		cmocka_unit_test(what_is_no_text_ends_the_file),
		cmocka_unit_test(long_lines_and_many_faults_are_bounded),
		cmocka_unit_test(is_written_canonically),
		cmocka_unit_test(faults_are_not_formatted),
		cmocka_unit_test(formatting_loses_nothing_and_is_idempotent),
		cmocka_unit_test(includes_stay_inside),
		cmocka_unit_test(many_collide_as_each_pair_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
