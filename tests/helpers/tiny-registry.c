#include "helpers/tiny-registry.h"

#include "base/arena.h"
#include "registry/builder.h"
#include "registry/diff.h"
#include "registry/etc-services.h"
#include "registry/search.h"

#include <stdlib.h>
#include <string.h>

#define PORTS(a, b) .has_ports = true, .first = (a), .last = (b)
#define TCP .has_protocol = true, .protocol = TRANSPORT_TCP
#define UDP .has_protocol = true, .protocol = TRANSPORT_UDP
#define DCCP .has_protocol = true, .protocol = TRANSPORT_DCCP
#define DATES .names_as_of = "2026-08", .details_as_of = "2015-07-24"

static const struct registry_row tiny_rows[] = {
	{PORTS(0, 0), TCP, .status = REGISTRY_RESERVED, .description = "Reserved", DATES},
	{PORTS(2, 2), TCP, .status = REGISTRY_RESERVED,
	 .former = "old|2015-07-24|2025-02-13;|2001-01-01"},
	{.name = "http",
	 PORTS(80, 80),
	 TCP,
	 .description = "World Wide Web",
	 .references = "RFC1;RFC2",
	 .rank = 1,
	 DATES},
	{.name = "WWW", PORTS(80, 80), TCP, .alias_of = "http", .rank = 2, DATES},
	{PORTS(585, 585), .status = REGISTRY_DE_ASSIGNED, .description = "De-registered"},
	{.name = "cell",
	 PORTS(3000, 3000),
	 UDP,
	 .status = REGISTRY_UNASSIGNED,
	 .is_widespread = true},
	{.name = "nppmp",
	 PORTS(3476, 3476),
	 TCP,
	 .assignee = "A Person",
	 .contact = "A Person",
	 .organization = "An Organization",
	 .registered = "2002-04",
	 .modified = "2003-01-02",
	 .unauthorized_use = "used by others",
	 .note = "a note",
	 DATES},
	{.name = "wide", PORTS(4200, 4299), .description = "without protocol"},
	{.name = "x11", PORTS(6000, 6063), TCP, .description = "X Window System"},
	{PORTS(7748, 7776), .status = REGISTRY_UNASSIGNED, .description = "Unassigned"},
	{.name = "inetfs", PORTS(7775, 7775), TCP},
	{.name = "with blank", PORTS(8000, 8000), TCP},
	{.name = "ltp", PORTS(9000, 9000), DCCP, .has_service_code = true, .service_code = 7107696},
	{.name = "http", TCP, .description = "a name only"},
};

static const struct known_use tiny_uses[] = {
	{.software = "Tool",
	 .purpose = "HTTP API",
	 .since = "2015-12",
	 .until = "2017-03",
	 .programs = "tool;toold",
	 .platform = "linux",
	 .grade = "primary",
	 .evidence = "a/b:c@1",
	 .quote = "localhost:3476",
	 .service = "nppmp",
	 .first = 3476,
	 .last = 3476,
	 .protocol = TRANSPORT_TCP},
	{.software = "Other",
	 .programs = "tool",
	 .grade = "unverified",
	 .evidence = "said so",
	 .first = 3470,
	 .last = 3480,
	 .protocol = TRANSPORT_UDP},
};

static const struct history_entry tiny_history[] = {
	{HISTORY_RENAMED, "2018-11-05", "2014-07-09", "2018-12-01", "older", "nppmp", 3476, 3476,
	 true, TRANSPORT_TCP, REGISTRY_ASSIGNED, REGISTRY_ASSIGNED},
	{HISTORY_STATUS, "2025-02-13", "2022-07-18", "2026-08", "old", NULL, 2, 2, true,
	 TRANSPORT_TCP, REGISTRY_ASSIGNED, REGISTRY_RESERVED},
	{HISTORY_ADDED, NULL, "2014-07-09", "2018-12-01", NULL, "wide", 3400, 4299, false,
	 TRANSPORT_TCP, REGISTRY_NONE, REGISTRY_ASSIGNED},
	{HISTORY_RE_DATED, "2020-01-01", "2018-12-01", "2022-07-18", "nppmp", "nppmp", 3476, 3476,
	 true, TRANSPORT_TCP, REGISTRY_ASSIGNED, REGISTRY_ASSIGNED},
};

static void must(int result)
{
	if (result != 0)
		abort();
}

void tiny_registry_make(struct str *out)
{
	const struct registry_source source = {
		.source = "tiny",
		.names_as_of = "2026-08",
		.details_as_of = "2015-07-24",
		.url = "https://localhost/",
		.etag = "\"1\"",
		.is_exact = true,
	};
	struct registry_builder *b = registry_builder_new();

	if (!b)
		abort();
	registry_builder_source(b, &source);
	for (size_t i = 0; i < N_ELEMENTS(tiny_rows); i++) {
		must(registry_builder_row(b, &tiny_rows[i]));
		if (!tiny_rows[i].organization)
			continue;
		must(registry_builder_raw(b, IANA_ASSIGNEE, "[A_Person_2]"));
		must(registry_builder_raw(b, IANA_CONTACT, ""));
	}
	for (size_t i = 0; i < N_ELEMENTS(tiny_history); i++)
		must(registry_builder_history(b, &tiny_history[i]));
	for (size_t i = 0; i < N_ELEMENTS(tiny_uses); i++)
		must(registry_builder_use(b, &tiny_uses[i]));
	must(registry_builder_finish(b, out));
	registry_builder_free(b);
}

static uint64_t sum(uint64_t total, const char *text)
{
	return total * 31 + (text ? str_hash(text, strlen(text)) : 1);
}

static uint64_t sum_list(uint64_t total, const char *list)
{
	struct registry_piece piece;

	for (const char *rest = list; registry_item(&rest, &piece);) {
		struct registry_former f = registry_former(piece);

		total = total * 31 + str_hash(f.name.text, f.name.n) +
			str_hash(f.listed.text, f.listed.n) + str_hash(f.removed.text, f.removed.n);
	}
	return total;
}

static uint64_t sum_row(const struct registry *r, uint32_t id)
{
	struct registry_row row;
	uint64_t total = 0;

	if (registry_row(r, id, &row) < 0)
		return 0;
	const char *const texts[] = {
		row.name,        row.description,   row.assignee,
		row.contact,     row.organization,  row.registered,
		row.modified,    row.references,    row.unauthorized_use,
		row.alias_of,    row.former,        row.note,
		row.names_as_of, row.details_as_of, registry_status_name(row.status)};
	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		total = sum(total, texts[i]);
	total = sum_list(sum_list(total, row.former), row.references);
	return row.name ? total + registry_by_name(r, row.name).n : total;
}

static uint64_t sum_use(const struct registry *r, const struct known_use *use)
{
	const char *const texts[] = {use->software, use->purpose,  use->since,
				     use->until,    use->programs, use->platform,
				     use->grade,    use->evidence, use->quote,
				     use->service};
	struct known_use same;
	uint64_t total = 0;
	uint32_t cursor = 0, steps = 0;

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		total = sum(total, texts[i]);
	while (steps++ < 100 && use->programs &&
	       known_use_next_of_program(r, use->programs, &cursor, &same, NULL))
		total++;
	return total;
}

static uint64_t sum_port(const struct registry *r, uint16_t port, enum transport t)
{
	struct registry_rows rows = registry_lookup(r, port, t);
	uint64_t total = (uint64_t)registry_status(r, port, t);
	uint32_t cursor = 0, steps = 0;
	struct known_use use;

	total = sum(total, registry_name(r, port, t));
	for (uint32_t i = 0; i < MIN_OF(rows.n, 8U); i++)
		total = total * 31 + sum_row(r, rows.ids[i]);
	while (steps++ < 100 && known_use_next(r, port, t, &cursor, &use, NULL))
		total++;
	return total;
}

static int count(void *context, const char *text, size_t n)
{
	*(uint64_t *)context += str_hash(text, n);
	return 0;
}

static uint64_t sum_search(const struct registry *r)
{
	static const char *const words[] = {"http", "e", "a person", "2"};
	struct search_suggestions near;
	uint64_t total = 0;

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		struct arena arena = {0};
		struct search_hits hits;

		if (search_find(r, words + i, 1, &arena, &hits) == 0)
			total = total * 31 + hits.n;
		arena_fini(&arena);
	}
	search_suggest(r, "htto", &near);
	for (size_t i = 0; i < near.n; i++)
		total = sum(total, near.names[i]);
	return total;
}

static uint64_t sum_history(const struct registry *r, uint16_t port)
{
	uint32_t cursor = 0, steps = 0;
	struct history_entry entry;
	uint64_t total = 0;

	while (steps++ < 100 && history_next(r, port, &cursor, &entry)) {
		total = sum(sum(total, entry.name_before), entry.name_after);
		total = sum(sum(total, entry.date), history_kind_name(entry.kind));
		total = sum(total, registry_status_name(entry.status_after));
	}
	return total;
}

static uint64_t sum_cells(const struct registry *r, uint32_t id)
{
	struct registry_row row;
	struct str cell = {0};
	uint64_t total = 0;

	for (unsigned int i = 0; registry_row(r, id, &row) == 0 && i < N_IANA_COLUMNS; i++) {
		str_clear(&cell);
		iana_cell(r, id, &row, (enum iana_column)i, &cell);
		total = sum(total, str_text(&cell));
	}
	str_fini(&cell);
	return total;
}

/* Against itself, row by row: of a damaged registry nothing is known but that it ends. */
static uint64_t sum_diff(const struct registry *r)
{
	struct arena arena = {0};
	struct diff diff = {0};
	uint64_t total = 0;

	if (registry_n_rows(r) <= 512 && diff_registries(r, r, &arena, &diff) == 0) {
		for (size_t i = 0; i < diff.n; i++) {
			struct history_entry entry;

			diff_entry(r, r, &diff.changes[i], &entry);
			total = sum(sum(total, entry.name_before), entry.date);
			total += diff_is_history(r, r, &diff.changes[i]);
		}
	}
	arena_fini(&arena);
	return total;
}

uint64_t tiny_registry_walk(const struct registry *r, uint32_t step)
{
	struct registry_source source = registry_source(r);
	struct etc_services_counts counts;
	uint64_t total = sum(sum(0, source.source), source.names_as_of);
	struct known_use use;

	for (uint32_t i = 0; i < MIN_OF(registry_n_rows(r), 4096U) + 1; i++)
		total = total * 31 + sum_row(r, i) + sum_cells(r, i);
	for (uint32_t i = 0; i < MIN_OF(registry_n_names(r), 4096U) + 1; i++)
		total = sum(total, registry_name_at(r, i, NULL));
	for (uint32_t i = 0; i < MIN_OF(known_use_count(r), 4096U); i++)
		total += known_use_get(r, i, &use) == 0 ? sum_use(r, &use) : 0;
	for (uint32_t port = 0; port <= UINT16_MAX; port += step) {
		for (unsigned int t = 0; t < N_TRANSPORTS; t++)
			total = total * 31 + sum_port(r, (uint16_t)port, (enum transport)t);
		total += sum_history(r, (uint16_t)port);
	}
	for (unsigned int range = 0; range < N_REGISTRY_RANGES; range++)
		total += registry_counts(r, (enum registry_range)range).n_named;
	if (step == 1 && etc_services_write(r, count, &total, &counts) == 0)
		total += counts.n_lines;
	return total + sum_search(r) + sum_diff(r);
}
