#include "base/arena.h"
#include "registry/browser-ports.h"
#include "registry/builder.h"
#include "registry/etc-services.h"
#include "registry/known-uses.h"
#include "registry/registry.h"
#include "helpers/tiny-registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct registry builtin;

static int open_builtin(void **state)
{
	const char *reason = NULL;

	(void)state;
	return registry_open_builtin(&builtin, &reason);
}

static int close_builtin(void **state)
{
	(void)state;
	registry_close(&builtin);
	return 0;
}

static const char *text(const char *s)
{
	return s ? s : "-";
}

/* The rows of (port, protocol) as "name[=alias_of][~] ...", nameless ones by their status. */
static void describe(uint16_t port, enum transport t, struct str *out)
{
	struct registry_rows rows = registry_lookup(&builtin, port, t);

	for (uint32_t i = 0; i < rows.n; i++) {
		struct registry_row row;

		assert_int_equal(registry_row(&builtin, rows.ids[i], &row), 0);
		str_printf(out, "%s%s%s%s%s", i ? " " : "", row.name ? row.name : "(",
			   row.name ? "" : registry_status_name(row.status), row.name ? "" : ")",
			   row.is_widespread ? "~" : "");
		if (row.alias_of)
			str_printf(out, "=%s", row.alias_of);
	}
}

/* The quirks of the registry: everything that a number can be, and in which order. */
struct quirk {
	uint16_t port;
	enum transport t;
	enum registry_status status;
	const char *rows;
};

static const struct quirk quirks[] = {
	/* one name, several names, aliases and duplicates */
	{3476, TRANSPORT_TCP, REGISTRY_ASSIGNED, "nppmp"},
	{3476, TRANSPORT_UDP, REGISTRY_ASSIGNED, "nppmp"},
	{80, TRANSPORT_TCP, REGISTRY_ASSIGNED, "http www=http www-http=http"},
	{80, TRANSPORT_SCTP, REGISTRY_ASSIGNED, "http"},
	{42, TRANSPORT_UDP, REGISTRY_ASSIGNED, "name nameserver"},
	{3478, TRANSPORT_UDP, REGISTRY_ASSIGNED, "stun turn stun-behavior"},
	{5349, TRANSPORT_TCP, REGISTRY_ASSIGNED, "stuns turns stun-behaviors"},
	{5349, TRANSPORT_UDP, REGISTRY_ASSIGNED, "stuns turns stun-behaviors"},
	{210, TRANSPORT_TCP, REGISTRY_ASSIGNED, "z39-50 z39.50=z39-50"},
	{63, TRANSPORT_TCP, REGISTRY_ASSIGNED, "whoispp whois++=whoispp"},
	{66, TRANSPORT_TCP, REGISTRY_ASSIGNED, "sql-net sql*net=sql-net"},
	{2222, TRANSPORT_UDP, REGISTRY_ASSIGNED, "EtherNet-IP-1 EtherNet/IP-1=EtherNet-IP-1"},
	{1953, TRANSPORT_TCP, REGISTRY_ASSIGNED, "rapidbase"},
	/* corrections: what port-numbers cannot hold, and which name comes first */
	{465, TRANSPORT_TCP, REGISTRY_ASSIGNED, "submissions urd"},
	{465, TRANSPORT_UDP, REGISTRY_ASSIGNED, "igmpv3lite"},
	{631, TRANSPORT_TCP, REGISTRY_ASSIGNED, "ipp ipps"},
	{631, TRANSPORT_UDP, REGISTRY_ASSIGNED, "ipp"},
	{2049, TRANSPORT_TCP, REGISTRY_ASSIGNED, "nfs shilp"},
	{1701, TRANSPORT_UDP, REGISTRY_ASSIGNED, "l2tp l2f"},
	/* unassigned but widespread use */
	{3000, TRANSPORT_TCP, REGISTRY_ASSIGNED, "hbci remoteware-cl~"},
	{888, TRANSPORT_TCP, REGISTRY_ASSIGNED, "accessbuilder cddbp~"},
	{351, TRANSPORT_UDP, REGISTRY_ASSIGNED, "matip-type-b bhoetty~"},
	/* protocols differ */
	{514, TRANSPORT_TCP, REGISTRY_ASSIGNED, "shell"},
	{514, TRANSPORT_UDP, REGISTRY_ASSIGNED, "syslog"},
	{513, TRANSPORT_TCP, REGISTRY_ASSIGNED, "login"},
	{513, TRANSPORT_UDP, REGISTRY_ASSIGNED, "who"},
	{6697, TRANSPORT_UDP, REGISTRY_RESERVED, "(reserved)"},
	{27017, TRANSPORT_TCP, REGISTRY_ASSIGNED, "mongodb"},
	{27017, TRANSPORT_UDP, REGISTRY_RESERVED, "(reserved)"},
	{5316, TRANSPORT_TCP, REGISTRY_ASSIGNED, "hpbladems"},
	{5316, TRANSPORT_UDP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{6701, TRANSPORT_SCTP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{44323, TRANSPORT_UDP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{80, TRANSPORT_DCCP, REGISTRY_NONE, ""},
	/* transports that share another's numbers */
	{514, TRANSPORT_UDPLITE, REGISTRY_ASSIGNED, "syslog"},
	{514, TRANSPORT_MPTCP, REGISTRY_ASSIGNED, "shell"},
	/* ranges with a name */
	{6000, TRANSPORT_TCP, REGISTRY_ASSIGNED, "x11"},
	{6001, TRANSPORT_TCP, REGISTRY_ASSIGNED, "x11"},
	{6063, TRANSPORT_UDP, REGISTRY_ASSIGNED, "x11"},
	{6064, TRANSPORT_TCP, REGISTRY_ASSIGNED, "ndl-ahp-svc"},
	{6001, TRANSPORT_SCTP, REGISTRY_NONE, ""},
	{6667, TRANSPORT_TCP, REGISTRY_ASSIGNED, "ircu"},
	{6667, TRANSPORT_UDP, REGISTRY_RESERVED, "(reserved)"},
	/* names without a protocol count for all */
	{4200, TRANSPORT_TCP, REGISTRY_ASSIGNED, "vrml-multi-use"},
	{4299, TRANSPORT_DCCP, REGISTRY_ASSIGNED, "vrml-multi-use"},
	{3322, TRANSPORT_UDP, REGISTRY_ASSIGNED, "active-net"},
	{7300, TRANSPORT_SCTP, REGISTRY_ASSIGNED, "swx"},
	{27000, TRANSPORT_TCP, REGISTRY_ASSIGNED, "flex-lm"},
	/* a named row inside an Unassigned range wins, on its own protocols */
	{7775, TRANSPORT_TCP, REGISTRY_ASSIGNED, "inetfs (unassigned)"},
	{7775, TRANSPORT_SCTP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{7774, TRANSPORT_TCP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{7997, TRANSPORT_TCP, REGISTRY_ASSIGNED, "pushns (unassigned)"},
	/* states in free text */
	{0, TRANSPORT_TCP, REGISTRY_RESERVED, "(reserved)"},
	{1023, TRANSPORT_UDP, REGISTRY_RESERVED, "(reserved)"},
	{1024, TRANSPORT_TCP, REGISTRY_RESERVED, "(reserved)"},
	{49151, TRANSPORT_TCP, REGISTRY_RESERVED, "(reserved)"},
	{1109, TRANSPORT_TCP, REGISTRY_RESERVED, "(reserved)"},
	{585, TRANSPORT_TCP, REGISTRY_DE_ASSIGNED, "(de-assigned)"},
	{3403, TRANSPORT_UDP, REGISTRY_DE_ASSIGNED, "(de-assigned)"},
	{659, TRANSPORT_TCP, REGISTRY_DE_ASSIGNED, "(de-assigned)"},
	{1028, TRANSPORT_TCP, REGISTRY_DE_ASSIGNED, "(de-assigned)"},
	{1783, TRANSPORT_TCP, REGISTRY_DE_ASSIGNED, "(de-assigned)"},
	{9006, TRANSPORT_TCP, REGISTRY_DE_ASSIGNED, "(de-assigned)"},
	{15, TRANSPORT_TCP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{114, TRANSPORT_TCP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{1008, TRANSPORT_UDP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{2925, TRANSPORT_TCP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{24, TRANSPORT_TCP, REGISTRY_ASSIGNED, "(assigned)"}, /* any private mail system */
	{2, TRANSPORT_TCP, REGISTRY_RESERVED, "(reserved)"},  /* compressnet until 2025 */
	{3, TRANSPORT_UDP, REGISTRY_RESERVED, "(reserved)"},
	{8010, TRANSPORT_TCP, REGISTRY_RESERVED, "(reserved)"},
	{8011, TRANSPORT_TCP, REGISTRY_UNASSIGNED, "(unassigned)"},
	/* newer than 2015: assigned, renamed, ranges cut */
	{5319, TRANSPORT_UDP, REGISTRY_ASSIGNED, "roughtime"},
	{4480, TRANSPORT_TCP, REGISTRY_ASSIGNED, "agtp"},
	{4479, TRANSPORT_TCP, REGISTRY_UNASSIGNED, "(unassigned)"},
	{2371, TRANSPORT_TCP, REGISTRY_ASSIGNED, "rda"},
	{1980, TRANSPORT_UDP, REGISTRY_ASSIGNED, "panquest-xact"},
	{7123, TRANSPORT_UDP, REGISTRY_ASSIGNED, "snif"},
	{5543, TRANSPORT_TCP, REGISTRY_ASSIGNED, "qftest-lic-mcp"},
	/* for experiments, on all four protocols */
	{1021, TRANSPORT_DCCP, REGISTRY_ASSIGNED, "exp1"},
	{1022, TRANSPORT_SCTP, REGISTRY_ASSIGNED, "exp2"},
	/* no row, and why */
	{49152, TRANSPORT_TCP, REGISTRY_DYNAMIC, ""},
	{65535, TRANSPORT_DCCP, REGISTRY_DYNAMIC, ""},
};

static void test_quirks(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(quirks); i++) {
		const struct quirk *q = &quirks[i];
		BERTH_CLEANUP(str_fini) struct str rows = {0};
		enum registry_status status = registry_status(&builtin, q->port, q->t);

		describe(q->port, q->t, &rows);
		if (strcmp(str_text(&rows), q->rows) != 0 || status != q->status)
			fail_msg("%u/%s: %s, %s; want %s, %s", (unsigned int)q->port,
				 transport_name(q->t), registry_status_name(status),
				 str_text(&rows), registry_status_name(q->status), q->rows);
	}
}

/* The first row of (port, protocol). */
static struct registry_row row_of(uint16_t port, enum transport t, uint32_t i)
{
	struct registry_rows rows = registry_lookup(&builtin, port, t);
	struct registry_row row = {0};

	assert_true(rows.n > i);
	assert_int_equal(registry_row(&builtin, rows.ids[i], &row), 0);
	return row;
}

static void test_fields_of_3476(void **state)
{
	struct registry_row row = row_of(3476, TRANSPORT_TCP, 0);

	(void)state;
	assert_string_equal(row.description, "NVIDIA Mgmt Protocol");
	assert_string_equal(row.assignee, "Gilbert Yeung");
	assert_string_equal(row.contact, "Gilbert Yeung");
	assert_string_equal(row.organization, "NVIDIA");
	assert_string_equal(row.registered, "2002-04");
	assert_null(row.modified);
	assert_null(row.references);
	assert_null(row.unauthorized_use);
	assert_null(row.note);
	assert_string_equal(row.names_as_of, "2026-08");
	assert_string_equal(row.details_as_of, "2015-07-24");
	assert_int_equal(row.first, 3476);
	assert_int_equal(row.last, 3476);
	assert_true(row.has_ports && row.has_protocol && !row.has_service_code);
}

static void test_fields(void **state)
{
	struct registry_row row;

	(void)state;
	row = row_of(5316, TRANSPORT_TCP, 0); /* modified before it was registered */
	assert_string_equal(row.registered, "2011-05-23");
	assert_string_equal(row.modified, "2011-05-16");
	row = row_of(2371, TRANSPORT_TCP, 0); /* renamed: nothing of the former claimant is shown */
	assert_null(row.assignee);
	assert_null(row.registered);
	assert_null(row.details_as_of);
	assert_string_equal(row.former, "hp-rda|2015-07-24|");
	row = row_of(5000, TRANSPORT_TCP, 0); /* a name without a description */
	assert_string_equal(row.name, "commplex-main");
	assert_null(row.description);
	row = row_of(7012, TRANSPORT_TCP, 0); /* speaks of another port */
	assert_string_equal(row.unauthorized_use, "Known Unauthorized Use on 7011");
	row = row_of(6001, TRANSPORT_TCP, 0);
	assert_int_equal(row.first, 6000);
	assert_int_equal(row.last, 6063);
	row = row_of(4200, TRANSPORT_TCP, 0);
	assert_false(row.has_protocol);
	row = row_of(9, TRANSPORT_DCCP, 0);
	assert_true(row.has_service_code);
	assert_int_equal(row.service_code, 1145656131);
	row = row_of(585, TRANSPORT_TCP, 0);
	assert_string_equal(row.description, "De-registered");
	row = row_of(80, TRANSPORT_TCP, 2);
	assert_string_equal(row.assignee, "Tim Berners Lee");
	row = row_of(2888, TRANSPORT_TCP, 0); /* several people would be separated by ", " */
	assert_non_null(row.name);
	assert_int_equal(registry_row(&builtin, registry_n_rows(&builtin), &row), -ENOENT);
}

static void test_former_claimants(void **state)
{
	struct registry_row row = row_of(2, TRANSPORT_TCP, 0);
	const char *rest = row.former;
	struct registry_piece item;
	struct registry_former f;

	(void)state;
	assert_true(registry_item(&rest, &item));
	f = registry_former(item);
	assert_int_equal(f.name.n, 11);
	assert_memory_equal(f.name.text, "compressnet", 11);
	assert_int_equal(f.listed.n, 10);
	assert_memory_equal(f.listed.text, "2015-07-24", 10);
	assert_int_equal(f.removed.n, 10);
	assert_memory_equal(f.removed.text, "2025-02-13", 10);
	assert_false(registry_item(&rest, &item));
	rest = NULL;
	assert_false(registry_item(&rest, &item));
	rest = ";;a;";
	assert_true(registry_item(&rest, &item));
	assert_int_equal(item.n, 1);
	assert_false(registry_item(&rest, &item));
	f = registry_former((struct registry_piece){"x|y", 1});
	assert_int_equal(f.name.n, 1);
	assert_int_equal(f.listed.n + f.removed.n, 0);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		uint32_t n;
		int first; /* port of the first row; -1 = none */
	} cases[] = {
		{"nppmp", 2, 3476},         {"NPPMP", 2, 3476},    {"http", 3, 80},
		{"www-http", 2, 80},        {"http-alt", 6, 591},  {"x11", 2, 6000},
		{"X11", 2, 6000},           {"z39.50", 2, 210},    {"914c/g", 2, 211},
		{"ethernet/ip-1", 2, 2222}, {"flex-lm", 1, 27000}, {"vrml-multi-use", 1, 4200},
		{"remoteware-cl", 2, 3000}, {"exp1", 4, 1021},     {"rdp", 2, -1},
		{"airplay", 2, -1},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct registry_rows rows = registry_by_name(&builtin, cases[i].name);
		struct registry_row row;

		if (rows.n != cases[i].n)
			fail_msg("%s: %u rows", cases[i].name, (unsigned int)rows.n);
		assert_int_equal(registry_row(&builtin, rows.ids[0], &row), 0);
		assert_int_equal(row.has_ports ? row.first : -1, cases[i].first);
	}
	assert_int_equal(registry_by_name(&builtin, "").n, 0);
	assert_int_equal(registry_by_name(&builtin, "no-such-name").n, 0);
	assert_int_equal(registry_by_name(&builtin, "hp-rda").n, 0);
	assert_int_equal(registry_by_name(&builtin, "compressnet").n, 0);
}

static void test_every_name_is_found(void **state)
{
	uint32_t n_rows = 0, n_named = 0;

	(void)state;
	for (uint32_t i = 0; i < registry_n_names(&builtin); i++) {
		struct registry_rows rows, found;
		const char *name = registry_name_at(&builtin, i, &rows);

		assert_non_null(name);
		found = registry_by_name(&builtin, name);
		assert_ptr_equal(found.ids, rows.ids);
		n_rows += rows.n;
	}
	for (uint32_t i = 0; i < registry_n_rows(&builtin); i++) {
		struct registry_row row;

		assert_int_equal(registry_row(&builtin, i, &row), 0);
		n_named += row.name != NULL;
	}
	assert_int_equal(n_rows, n_named);
	assert_null(registry_name_at(&builtin, registry_n_names(&builtin), NULL));
}

/* The precedence rule as a list of questions; the builder has it in another form. */
static int rule(const struct registry_row *row)
{
	if (!row->name)
		return 6;
	if (row->alias_of)
		return 5;
	if (row->is_widespread)
		return 4;
	if (!row->has_protocol)
		return 3;
	return row->first == row->last ? 1 : 2;
}

static bool is_in_order(const struct registry_row *a, const struct registry_row *b)
{
	if (rule(a) != rule(b))
		return rule(a) < rule(b);
	if (a->last - a->first != b->last - b->first)
		return a->last - a->first < b->last - b->first;
	if (a->has_protocol != b->has_protocol)
		return a->has_protocol;
	return a->rank <= b->rank;
}

/* All 65,536 x 4: exactly the rows that a walk over the table finds, and in the right order. */
static void test_every_port(void **state)
{
	uint32_t(*n_rows)[N_REGISTRY_TRANSPORTS] = calloc(65536, sizeof(*n_rows));
	size_t n_wrong = 0;

	(void)state;
	assert_non_null(n_rows);
	for (uint32_t i = 0; i < registry_n_rows(&builtin); i++) {
		struct registry_row row;

		assert_int_equal(registry_row(&builtin, i, &row), 0);
		for (uint32_t port = row.first; row.has_ports && port <= row.last; port++) {
			for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++)
				n_rows[port][t] +=
					!row.has_protocol || (unsigned int)row.protocol == t;
		}
	}
	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
			struct registry_rows rows =
				registry_lookup(&builtin, (uint16_t)port, (enum transport)t);
			struct registry_row row = {0}, before = {0};

			n_wrong += rows.n != n_rows[port][t];
			for (uint32_t i = 0; i < rows.n; i++, before = row) {
				n_wrong += registry_row(&builtin, rows.ids[i], &row) != 0;
				n_wrong += !row.has_ports || port < row.first || port > row.last;
				n_wrong += row.has_protocol && (unsigned int)row.protocol != t;
				n_wrong += i > 0 && (rows.ids[i] == rows.ids[i - 1] ||
						     !is_in_order(&before, &row));
			}
		}
	}
	free(n_rows);
	assert_int_equal(n_wrong, 0);
}

static void test_ranges(void **state)
{
	static const struct {
		uint16_t port;
		enum registry_range range;
	} cases[] = {
		{0, REGISTRY_SYSTEM},   {1023, REGISTRY_SYSTEM},   {1024, REGISTRY_USER},
		{49151, REGISTRY_USER}, {49152, REGISTRY_PRIVATE}, {65535, REGISTRY_PRIVATE},
	};
	struct registry_counts c;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		uint16_t first, last;

		assert_int_equal(registry_range_of(cases[i].port), cases[i].range);
		registry_range_bounds(cases[i].range, &first, &last);
		assert_true(cases[i].port >= first && cases[i].port <= last);
	}
	c = registry_counts(&builtin, REGISTRY_SYSTEM);
	assert_int_equal(c.n_ports, 1024);
	assert_int_equal(c.n_named, 686);
	c = registry_counts(&builtin, REGISTRY_USER);
	assert_int_equal(c.n_ports, 48128);
	assert_int_equal(c.n_named, 5664);
	assert_true(c.n_documented > 0 && c.n_documented < c.n_named);
	c = registry_counts(&builtin, REGISTRY_PRIVATE);
	assert_int_equal(c.n_ports, 16384);
	assert_int_equal(c.n_named, 0);
	assert_string_equal(registry_range_name(REGISTRY_PRIVATE), "dynamic");
}

/* The built-in image passes the checks that a file has to pass. */
static void test_builtin_is_whole(void **state)
{
	struct registry_source source = registry_source(&builtin);
	const char *reason = NULL;

	(void)state;
	assert_int_equal(image_verify(&builtin.image, &reason), 0);
	assert_int_equal(registry_validate(&builtin), 0);
	assert_true(source.is_built_in);
	assert_string_equal(source.source, "iana");
	assert_string_equal(source.names_as_of, "2026-08");
	assert_string_equal(source.details_as_of, "2015-07-24");
}

static void test_known_uses(void **state)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	const char *reason = NULL;
	uint32_t cursor = 0, id = 9;
	struct known_use use;
	struct registry r;

	(void)state;
	tiny_registry_make(&bytes);
	assert_int_equal(registry_open_memory(&r, bytes.bytes, bytes.length, true, &reason), 0);
	assert_int_equal(known_use_count(&r), 2);
	assert_true(known_use_next(&r, 3476, TRANSPORT_MPTCP, &cursor, &use, &id));
	assert_int_equal(id, 0);
	assert_string_equal(use.software, "Tool");
	assert_string_equal(use.until, "2017-03");
	assert_string_equal(use.service, "nppmp");
	assert_true(known_use_has_program(&use, "toold"));
	assert_false(known_use_has_program(&use, "too"));
	assert_false(known_use_next(&r, 3476, TRANSPORT_TCP, &cursor, &use, &id));
	cursor = 0;
	assert_true(known_use_next(&r, 3476, TRANSPORT_UDPLITE, &cursor, &use, NULL));
	assert_string_equal(use.software, "Other");
	assert_null(use.purpose);
	assert_int_equal(use.first, 3470);
	for (uint32_t port = 3469; port <= 3481; port++) {
		cursor = 0;
		assert_int_equal(
			known_use_next(&r, (uint16_t)port, TRANSPORT_UDP, &cursor, &use, NULL),
			port >= 3470 && port <= 3480);
	}
	cursor = 0;
	assert_false(known_use_next(&r, 3476, TRANSPORT_SCTP, &cursor, &use, NULL));
	cursor = 0;
	assert_true(known_use_next_of_program(&r, "tool", &cursor, &use, &id));
	assert_int_equal(id, 0);
	assert_true(known_use_next_of_program(&r, "tool", &cursor, &use, &id));
	assert_int_equal(id, 1);
	assert_false(known_use_next_of_program(&r, "tool", &cursor, &use, &id));
	cursor = 0;
	assert_false(known_use_next_of_program(&r, "Tool", &cursor, &use, &id));
	assert_false(known_use_next_of_program(&r, "", &cursor, &use, &id));
	assert_int_equal(registry_counts(&r, REGISTRY_USER).n_known, 11);
	registry_close(&r);
}

/* What the built-in table of known uses must at least know. */
static void test_builtin_known_uses(void **state)
{
	static const struct {
		uint16_t port;
		const char *program;
	} cases[] = {
		{3476, "nvidia-docker-plugin"}, {3476, "permify"}, {22, "sshd"},
		{9090, "prometheus"},           {5173, "vite"},
	};
	struct known_use use;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		bool is_by_port = false, is_by_program = false;

		for (uint32_t at = 0;
		     known_use_next(&builtin, cases[i].port, TRANSPORT_TCP, &at, &use, NULL);)
			is_by_port |= known_use_has_program(&use, cases[i].program);
		for (uint32_t at = 0;
		     known_use_next_of_program(&builtin, cases[i].program, &at, &use, NULL);)
			is_by_program |= use.first <= cases[i].port && cases[i].port <= use.last;
		if (!is_by_port || !is_by_program)
			fail_msg("%u: %s is not known", (unsigned int)cases[i].port,
				 cases[i].program);
	}
	assert_true(registry_counts(&builtin, REGISTRY_USER).n_known >= 60);
}

static void test_builder_refuses(void **state)
{
	static const struct registry_row rows[] = {
		{.has_ports = true, .first = 2, .last = 1},
		{.has_ports = false, .first = 0, .last = 1},
		{.has_ports = true, .status = REGISTRY_DYNAMIC},
		{.has_ports = true, .has_protocol = true, .protocol = TRANSPORT_UDPLITE},
	};
	static const struct known_use uses[] = {
		{.first = 2, .last = 1},
		{.protocol = TRANSPORT_MPTCP},
	};
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	struct registry_builder *b = registry_builder_new();
	const char *reason = NULL;
	struct registry r;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(registry_builder_row(b, &rows[i]), -EINVAL);
	for (size_t i = 0; i < N_ELEMENTS(uses); i++)
		assert_int_equal(registry_builder_use(b, &uses[i]), -EINVAL);
	assert_int_equal(registry_builder_finish(b, &bytes), 0); /* an empty registry is one */
	assert_null(registry_builder_free(b));
	assert_int_equal(registry_open_memory(&r, bytes.bytes, bytes.length, true, &reason), 0);
	assert_int_equal(registry_lookup(&r, 80, TRANSPORT_TCP).n, 0);
	assert_int_equal(registry_status(&r, 80, TRANSPORT_TCP), REGISTRY_NONE);
	assert_int_equal(registry_by_name(&r, "http").n, 0);
	tiny_registry_walk(&r, 1);
	registry_close(&r);
	assert_null(registry_builder_free(NULL));
}

/* Rows that all overlap: refused, not built for ever. */
static void test_builder_is_bounded(void **state)
{
	const struct registry_row row = {.has_ports = true, .first = 0, .last = 65535};
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	struct registry_builder *b = registry_builder_new();

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(registry_builder_row(b, &row), 0);
	assert_int_equal(registry_builder_finish(b, &bytes), -EOVERFLOW);
	registry_builder_free(b);
}

static void test_browser_ports(void **state)
{
	static const uint16_t blocked[] = {0, 1, 22, 79, 6000, 6566, 6669, 10080, 4190, 989};
	static const uint16_t open_ports[] = {2,    80,   443,   3476,  8080,
					      6001, 6670, 10079, 10081, 65535};
	uint32_t n_blocked = 0;
	size_t n;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(blocked); i++)
		assert_true(registry_is_browser_blocked(blocked[i]));
	for (size_t i = 0; i < N_ELEMENTS(open_ports); i++)
		assert_false(registry_is_browser_blocked(open_ports[i]));
	for (uint32_t port = 0; port <= UINT16_MAX; port++)
		n_blocked += registry_is_browser_blocked((uint16_t)port);
	registry_browser_blocked(&n);
	assert_int_equal(n, 83);
	assert_int_equal(n_blocked, 83);
	assert_string_equal(registry_browser_blocked_as_of(), "2026-07-02");
}

static int append(void *context, const char *bytes, size_t n)
{
	str_append_bytes(context, bytes, n);
	return 0;
}

static int refuse(void *context, const char *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	(void)n;
	return -ENOSPC;
}

static void test_etc_services_lines(void **state)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0}, lines = {0};
	struct etc_services_counts counts;
	const char *reason = NULL;
	struct registry r;

	(void)state;
	tiny_registry_make(&bytes);
	assert_int_equal(registry_open_memory(&r, bytes.bytes, bytes.length, true, &reason), 0);
	assert_int_equal(etc_services_write(&r, append, &lines, &counts), 0);
	assert_true(str_starts_with(str_text(&lines),
				    "http\t80/tcp\tWWW\t# World Wide Web\ncell\t3000/udp\n"
				    "nppmp\t3476/tcp\nwide\t4200/tcp\t# without protocol\n"));
	assert_non_null(strstr(str_text(&lines), "\nx11\t6063/tcp\t# X Window System\n"));
	assert_non_null(strstr(str_text(&lines), "\nwide\t4299/dccp\t# without protocol\n"));
	assert_null(strstr(str_text(&lines), "blank"));
	assert_int_equal(counts.n_lines, 3 + 400 + 64 + 2);
	assert_int_equal(counts.n_names, counts.n_lines + 1);
	assert_int_equal(counts.n_unfit, 1);
	assert_int_equal(counts.n_portless, 1);
	assert_int_equal(etc_services_write(&r, refuse, NULL, &counts), -ENOSPC);
	registry_close(&r);
}

/* Every line of the full list has the shape that services(5) and the C library want. */
static void test_etc_services_of_all(void **state)
{
	BERTH_CLEANUP(str_fini) struct str lines = {0};
	struct etc_services_counts counts;
	uint32_t n_lines = 0;
	char *rest, *line;

	(void)state;
	assert_int_equal(etc_services_write(&builtin, append, &lines, &counts), 0);
	rest = lines.bytes;
	while ((line = strsep(&rest, "\n")) && *line) {
		char *name = strsep(&line, "\t"), *number = strsep(&line, "/");
		char *protocol = strsep(&line, "\t");
		enum transport t;
		uint64_t port;

		assert_true(etc_services_fits(name));
		assert_int_equal(str_parse_u64(number, strlen(number), UINT16_MAX, &port), 0);
		assert_int_equal(transport_parse(protocol, &t), 0);
		assert_string_equal(text(registry_name(&builtin, (uint16_t)port, t)), name);
		n_lines++;
	}
	assert_int_equal(n_lines, counts.n_lines);
	assert_true(n_lines > 11621);
	assert_int_equal(counts.n_unfit, 0);
	assert_false(etc_services_fits(""));
	assert_false(etc_services_fits("a b"));
	assert_false(etc_services_fits("a#b"));
	assert_true(etc_services_fits("whois++"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quirks),
		cmocka_unit_test(test_fields_of_3476),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_former_claimants),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_every_name_is_found),
		cmocka_unit_test(test_every_port),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_builtin_is_whole),
		cmocka_unit_test(test_known_uses),
		cmocka_unit_test(test_builtin_known_uses),
		cmocka_unit_test(test_builder_refuses),
		cmocka_unit_test(test_builder_is_bounded),
		cmocka_unit_test(test_browser_ports),
		cmocka_unit_test(test_etc_services_lines),
		cmocka_unit_test(test_etc_services_of_all),
	};

	return cmocka_run_group_tests(tests, open_builtin, close_builtin);
}
