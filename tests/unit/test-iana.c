#include "registry/iana-csv.h"
#include "registry/iana-rules.h"
#include "registry/iana-table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                       \
	"Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,"                \
	"Registration Date,Modification Date,Reference,Service Code,Unauthorized Use Reported,"    \
	"Assignment Notes\n"
#define OLD_HEAD                                                                                   \
	"Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,"                \
	"Registration Date,Modification Date,Reference,Service Code,Known Unauthorized Uses,"      \
	"Assignment Notes\r\n"

/* Every record as one line: cells separated by '|', records by '\n'. */
static int gather(void *context, const struct iana_record *record)
{
	struct str *out = context;

	for (size_t i = 0; i < N_IANA_COLUMNS; i++)
		str_printf(out, "%s%s", i ? "|" : "", record->cells[i]);
	str_append_char(out, '\n');
	return 0;
}

static void test_csv(void **state)
{
	static const struct {
		const char *text, *records;
	} cases[] = {
		{HEAD, ""},
		{"\xef\xbb\xbf" HEAD "a,1,tcp,b,,,,,,,,\n", "a|1|tcp|b||||||||\n"},
		{OLD_HEAD "a,1,tcp,b,,,,,,,yes,\r\n", "a|1|tcp|b|||||||yes|\n"},
		{HEAD "a,1,tcp,\"one\n\n two\r\nthree\",,,,,,,,\n",
		 "a|1|tcp|one two three||||||||\n"},
		{HEAD "a,1,tcp,\"say \"\"it\"\", now\",,,,,,,,\"\"\n",
		 "a|1|tcp|say \"it\", now||||||||\n"},
		{HEAD " a ,1,tcp,\t b  c ,,,,,,,,\n", "a|1|tcp|b c||||||||\n"},
		{HEAD "a,1,tcp,b,,,,,,,,\nc,2,udp,,,,,,,,,\"x\"\n",
		 "a|1|tcp|b||||||||\nc|2|udp|||||||||x\n"},
		{"Assignment Notes,Service Name,Port Number,Transport Protocol,Description,"
		 "Assignee,Contact,Registration Date,Modification Date,Reference,Service Code,"
		 "Unauthorized Use Reported,New Column\nnote,a,1,tcp,b,,,,,,,,new\n",
		 "a|1|tcp|b||||||||note\n"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		BERTH_CLEANUP(str_fini) struct str out = {0};
		struct iana_error error = {0};
		struct iana_sink sink = {gather, &out};

		assert_int_equal(
			iana_csv_read(cases[i].text, strlen(cases[i].text), &sink, &error), 0);
		assert_string_equal(str_text(&out), cases[i].records);
	}
}

static void test_csv_refuses(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *why;
	} cases[] = {
		{"", 0, "empty"},
		{"\xef\xbb\xbf", 0, "empty"},
		{"Service Name\n", 1, "no column \"Port Number\""},
		{"a,b", 1, "no end"},
		{HEAD "a,1", 2, "no end"},
		{HEAD "a,1,tcp,b,,,,,,,,", 2, "no end"},
		{HEAD "a,1,tcp,b,,,,,,,,\n\n", 3, "1 fields"},
		{HEAD "a,1,tcp,b,,,,,,,,,\n", 2, "13 fields"},
		{HEAD "a,1,tcp,\"b\nc\n", 2, "inside a quoted field"},
		{HEAD "a,1,tcp,b\"c,,,,,,,,\n", 2, "a quote inside"},
		{HEAD "a,1,tcp,\"b\"c,,,,,,,,\n", 2, "behind a closing quote"},
		{HEAD "a,1,tcp,b,,,,,,,,\rd", 2, "carriage return"},
		{HEAD "a,1,tcp,\"b\n\x1b[m\",,,,,,,,\n", 3, "control character (0x1b)"},
		{HEAD "a,1,tcp,\x7f,,,,,,,,\n", 2, "control character (0x7f)"},
		{"Contact," HEAD, 1, "the column \"Contact\" twice"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		BERTH_CLEANUP(str_fini) struct str out = {0};
		struct iana_error error = {0};
		struct iana_sink sink = {gather, &out};

		assert_int_equal(
			iana_csv_read(cases[i].text, strlen(cases[i].text), &sink, &error),
			-EBADMSG);
		assert_non_null(strstr(error.text, cases[i].why));
		assert_int_equal(error.line, cases[i].line);
	}
}

/* Counts records, and stops at the third. */
static int count_three(void *context, const struct iana_record *record)
{
	unsigned int *n = context;

	(void)record;
	return ++*n == 3 ? -EINTR : 0;
}

static void test_csv_limits(void **state)
{
	BERTH_CLEANUP(str_fini) struct str text = {0};
	struct iana_error error = {0};
	unsigned int n = 0;
	struct iana_sink sink = {count_three, &n};

	(void)state;
	str_append(&text, HEAD "a,1,tcp,");
	str_pad(&text, 'x', IANA_MAX_CELL);
	str_append(&text, ",,,,,,,,\n");
	assert_int_equal(iana_csv_read(text.bytes, text.length, &sink, &error), 0);
	str_clear(&text);
	str_append(&text, HEAD "a,1,tcp,");
	str_pad(&text, 'x', IANA_MAX_CELL + 1);
	str_append(&text, ",,,,,,,,\n");
	assert_int_equal(iana_csv_read(text.bytes, text.length, &sink, &error), -EBADMSG);
	str_clear(&text);
	str_append(&text, HEAD);
	for (unsigned int i = 0; i <= IANA_MAX_ROWS; i++)
		str_append(&text, ",,,,,,,,,,,\n");
	assert_int_equal(iana_csv_read(text.bytes, text.length, &sink, &error), -EINTR);
	n = 3;
	assert_int_equal(iana_csv_read(text.bytes, text.length, &sink, &error), -EBADMSG);
	assert_int_equal(error.line, IANA_MAX_ROWS + 2);
}

static void test_status(void **state)
{
	static const struct {
		const char *description;
		enum registry_status status;
		bool is_unread;
	} cases[] = {
		{"Unassigned", REGISTRY_UNASSIGNED, false},
		{"unassigned", REGISTRY_UNASSIGNED, false},
		{"Unassigned [was netstat]", REGISTRY_UNASSIGNED, false},
		{"(unassigned) Possibly assigned", REGISTRY_UNASSIGNED, false},
		{"Possibly used by Sun Solaris????", REGISTRY_UNASSIGNED, false},
		{"Reserved", REGISTRY_RESERVED, false},
		{"Reserved - IANA", REGISTRY_RESERVED, false},
		{"IANA Reserved", REGISTRY_RESERVED, false},
		{"De-registered", REGISTRY_DE_ASSIGNED, false},
		{"Removed", REGISTRY_DE_ASSIGNED, false},
		{"Deprecated", REGISTRY_DE_ASSIGNED, false},
		{"De-Commissioned Port", REGISTRY_DE_ASSIGNED, false},
		{"Decomissioned Port 04/14/00, ms", REGISTRY_DE_ASSIGNED, false},
		{"any private mail system", REGISTRY_ASSIGNED, false},
		{"Unassignedly", REGISTRY_RESERVED, true},
		{"Removed again", REGISTRY_RESERVED, true},
		{"Something new", REGISTRY_RESERVED, true},
		{"", REGISTRY_RESERVED, true},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		bool is_unread = false;

		assert_int_equal(iana_rules_status(cases[i].description, &is_unread),
				 cases[i].status);
		assert_int_equal(is_unread, cases[i].is_unread);
	}
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int precision; /* 0 no date, 1 a month, 2 a day */
	} cases[] = {
		{"2002-04", 1}, {"2025-02-13", 2}, {"2002", 0},	      {"2002-4", 0},
		{"", 0},	{"2002/04", 0},	   {"2025-02-13 ", 0}, {"20a2-04", 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		bool is_full = false;

		assert_int_equal(iana_rules_is_date(cases[i].text, &is_full),
				 cases[i].precision > 0);
		assert_int_equal(is_full, cases[i].precision == 2);
	}
}

/* One cell of a record, and what the rules make of it. */
static void test_meanings(void **state)
{
	static const struct {
		enum iana_column column;
		const char *cell;
		size_t offset; /* of the text in struct registry_row */
		const char *text;
	} cases[] = {
#define ROW(column, cell, member, text)                                                            \
	{column, cell, offsetof(struct registry_row, member), text}
		ROW(IANA_CONTACT, "[Gilbert_Yeung]", contact, "Gilbert Yeung"),
		ROW(IANA_CONTACT, "[Jo_Bloggs_2][_3GPP]", contact, "Jo Bloggs,  3GPP"),
		ROW(IANA_ASSIGNEE, "[IESG]", assignee, "IESG"),
		ROW(IANA_ASSIGNEE, "nobody", assignee, ""),
		ROW(IANA_REFERENCE, "[RFC793][RFC6335]", references, "RFC793;RFC6335"),
		ROW(IANA_REFERENCE, "[1]", references, ""),
		ROW(IANA_REFERENCE, "[n/a][A <a&b.c> 2009]", references, ""),
		ROW(IANA_REGISTERED, "2002-04", registered, "2002-04"),
		ROW(IANA_REGISTERED, "April 2002", registered, ""),
		ROW(IANA_NOTE, "ask <jo&example.org> or ann@example.com.", note, "ask or ."),
		ROW(IANA_NOTE, "AT&T, R&D and a@b", note, "AT&T, R&D and a@b"),
		ROW(IANA_UNAUTHORIZED, "by x.y+z&w-1.example.org", unauthorized_use, "by"),
		ROW(IANA_NOTE, "This entry is an alias to \"http\". Historic.", alias_of, "http"),
		ROW(IANA_NOTE, "This is a duplicate of the \"x\" service", alias_of, "x"),
		ROW(IANA_NOTE, "an alias to \"http\"", alias_of, ""),
		ROW(IANA_DESCRIPTION, "Unassigned [was netstat]", former, "netstat||"),
		ROW(IANA_NOTE, "Formerly was Workstation Solutions", former,
		    "Workstation Solutions||"),
		ROW(IANA_NOTE, "De-assigned on 2025-02-13, previously compressnet by [B]", former,
		    "compressnet||2025-02-13"),
		ROW(IANA_NOTE, "(Removed 2004-2-6)", former, "||2004-02-06"),
		ROW(IANA_NOTE, "unremoved on 2004-02-06; removed on 200-1-1", former, ""),
		ROW(IANA_NOTE, "removed on 2002-04-29. De-Assigned on 2018-04-19", former,
		    "||2002-04-29;||2018-04-19"),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct iana_record record = {.line = 1};
		struct iana_meaning meaning;
		struct iana_error error;
		struct arena arena = {0};
		const char *text;

		for (size_t j = 0; j < N_IANA_CELLS; j++)
			record.cells[j] = j == IANA_NAME ? "name" : "";
		record.cells[cases[i].column] = cases[i].cell;
		assert_int_equal(iana_rules_read(&record, &arena, &meaning, &error), 0);
		memcpy(&text, (const char *)&meaning.row + cases[i].offset, sizeof(text));
		assert_string_equal(text, cases[i].text);
		arena_fini(&arena);
	}
}

/* Rows are sorted by first port, names get ranks, cells that fields cannot say are kept. */
static void test_table(void **state)
{
	static const char text[] = HEAD "only,,tcp,,,,,,,,,\n"
					"b,80,tcp,,,,2001-01-01,,,,,\n"
					"a,80,tcp,,[Jo_2],[Jo],,2020-02-03,,007,,\n"
					"c,9-90,udp,,,,,2021-13,,,,\n";
	BERTH_CLEANUP(str_fini) struct str image = {0}, cell = {0};
	struct registry_builder *b = registry_builder_new();
	struct registry_source source = {.source = "iana", .is_exact = true};
	struct iana_error error = {0};
	const char *reason = NULL;
	struct registry_row row;
	struct iana_table t = {0};
	struct registry r;

	(void)state;
	assert_int_equal(iana_table_read(&t, text, sizeof(text) - 1, &error), 0);
	assert_int_equal(t.n_rows, 4);
	assert_int_equal(t.n_portless, 1);
	assert_false(t.has_top);
	assert_string_equal(t.newest, "2020-02-03");
	registry_builder_source(b, &source);
	assert_int_equal(iana_table_build(&t, "2026-08-17", NULL, b), 0);
	assert_int_equal(registry_builder_finish(b, &image), 0);
	registry_builder_free(b);
	assert_int_equal(registry_open_memory(&r, image.bytes, image.length, true, &reason), 0);
	assert_int_equal(registry_row(&r, 0, &row), 0);
	assert_string_equal(row.name, "c");
	assert_int_equal(registry_row(&r, 1, &row), 0);
	assert_string_equal(row.name, "b");
	assert_int_equal(row.rank, 1);
	assert_int_equal(registry_row(&r, 2, &row), 0);
	assert_int_equal(row.rank, 2);
	assert_int_equal(row.service_code, 7);
	iana_cell(&r, 2, &row, IANA_ASSIGNEE, &cell);
	iana_cell(&r, 2, &row, IANA_CONTACT, &cell);
	iana_cell(&r, 2, &row, IANA_SERVICE_CODE, &cell);
	assert_string_equal(str_text(&cell), "[Jo_2][Jo]007");
	assert_string_equal(registry_name(&r, 80, TRANSPORT_TCP), "b");
	registry_close(&r);
	iana_table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),    cmocka_unit_test(test_csv_refuses),
		cmocka_unit_test(test_csv_limits), cmocka_unit_test(test_status),
		cmocka_unit_test(test_dates),  cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
