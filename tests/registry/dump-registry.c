/*
 * dump-registry: prints what berth's registry holds and answers, for
 * tests/registry/compare-iana.py.
 *
 *     dump-registry rows       every row, in the columns of data/iana/assignments.tsv
 *     dump-registry lookups    PORT PROTOCOL STATUS NAMES for all 65,536 x 4, TAB separated
 *     dump-registry services   services(5) lines; what they cannot hold on standard error
 *     dump-registry find WORD...     what a search gives, one hit a line
 *     dump-registry near WORD        suggestions
 */
#include "base/arena.h"
#include "base/str.h"
#include "registry/etc-services.h"
#include "registry/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_cell(const char *text, char end)
{
	printf("%s%c", text ? text : "", end);
}

static void print_number(bool is_there, uint32_t number)
{
	if (is_there)
		printf("%u", (unsigned int)number);
	putchar('\t');
}

static void print_row(const struct registry_row *row)
{
	print_cell(row->name, '\t');
	print_number(row->has_ports, row->first);
	print_number(row->has_ports, row->last);
	print_cell(row->has_protocol ? transport_name(row->protocol) : "", '\t');
	print_cell(registry_status_name(row->status), '\t');
	print_cell(row->description, '\t');
	print_cell(row->assignee, '\t');
	print_cell(row->contact, '\t');
	print_cell(row->organization, '\t');
	print_cell(row->registered, '\t');
	print_cell(row->modified, '\t');
	print_cell(row->references, '\t');
	print_number(row->has_service_code, row->service_code);
	print_cell(row->unauthorized_use, '\t');
	print_cell(row->alias_of, '\t');
	print_cell(row->is_widespread ? "yes" : "", '\t');
	print_cell(row->former, '\t');
	print_cell(row->note, '\t');
	print_number(row->rank != 0, row->rank);
	print_cell(row->names_as_of, '\t');
	print_cell(row->details_as_of, '\n');
}

static int print_rows(const struct registry *r)
{
	puts("name\tfirst\tlast\tprotocol\tstatus\tdescription\tassignee\tcontact\torganization\t"
	     "registered\tmodified\treferences\tservice_code\tunauthorized_use\talias_of\t"
	     "widespread\tformer\tnote\trank\tnames_as_of\tdetails_as_of");
	for (uint32_t i = 0; i < registry_n_rows(r); i++) {
		struct registry_row row;

		if (registry_row(r, i, &row) < 0)
			return EXIT_FAILURE;
		print_row(&row);
	}
	return EXIT_SUCCESS;
}

static int print_lookup(const struct registry *r, uint16_t port, enum transport t)
{
	struct registry_rows rows = registry_lookup(r, port, t);

	printf("%u\t%s\t%s\t", (unsigned int)port, transport_name(t),
	       registry_status_name(registry_status(r, port, t)));
	for (uint32_t i = 0, n = 0; i < rows.n; i++) {
		struct registry_row row;

		if (registry_row(r, rows.ids[i], &row) < 0)
			return EXIT_FAILURE;
		if (row.name)
			printf("%s%s", n++ ? ";" : "", row.name);
	}
	putchar('\n');
	return EXIT_SUCCESS;
}

static int print_lookups(const struct registry *r)
{
	int status = EXIT_SUCCESS;

	for (uint32_t port = 0; port <= UINT16_MAX && status == EXIT_SUCCESS; port++) {
		for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS && status == EXIT_SUCCESS; t++)
			status = print_lookup(r, (uint16_t)port, (enum transport)t);
	}
	return status;
}

static int write_out(void *context, const char *text, size_t n)
{
	(void)context;
	return fwrite(text, 1, n, stdout) == n ? 0 : -5;
}

static int print_services(const struct registry *r)
{
	struct etc_services_counts counts;

	if (etc_services_write(r, write_out, NULL, &counts) < 0)
		return EXIT_FAILURE;
	fprintf(stderr, "%u lines, %u names; left out: %u names that do not fit, %u without port\n",
		counts.n_lines, counts.n_names, counts.n_unfit, counts.n_portless);
	return EXIT_SUCCESS;
}

static void print_hit(const struct registry *r, const struct search_hit *hit)
{
	struct known_use use;
	struct registry_row row;

	if (hit->is_use && known_use_get(r, hit->id, &use) == 0)
		printf("%d use\t%u\t%s\t%s\n", (int)hit->rank, (unsigned int)use.first,
		       use.software, use.purpose ? use.purpose : "");
	else if (!hit->is_use && registry_row(r, hit->id, &row) == 0)
		printf("%d row\t%u\t%s\t%s\n", (int)hit->rank, (unsigned int)row.first,
		       row.name ? row.name : "", row.description ? row.description : "");
}

static int print_found(const struct registry *r, const char *const *words, size_t n_words)
{
	BERTH_CLEANUP(arena_fini) struct arena arena = {0};
	struct search_hits hits;

	if (search_find(r, words, n_words, &arena, &hits) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < hits.n; i++)
		print_hit(r, &hits.hits[i]);
	return EXIT_SUCCESS;
}

static int print_near(const struct registry *r, const char *word)
{
	struct search_suggestions near;

	search_suggest(r, word, &near);
	for (size_t i = 0; i < near.n; i++)
		puts(near.names[i]);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *reason = "", *what = argc > 1 ? argv[1] : "";
	struct registry r;
	int status = EXIT_FAILURE;

	if (registry_open_builtin(&r, &reason) < 0) {
		fprintf(stderr, "dump-registry: the built-in registry is %s\n", reason);
		return EXIT_FAILURE;
	}
	if (strcmp(what, "rows") == 0)
		status = print_rows(&r);
	else if (strcmp(what, "lookups") == 0)
		status = print_lookups(&r);
	else if (strcmp(what, "services") == 0)
		status = print_services(&r);
	else if (strcmp(what, "find") == 0 && argc > 2)
		status = print_found(&r, (const char *const *)argv + 2, (size_t)argc - 2);
	else if (strcmp(what, "near") == 0 && argc > 2)
		status = print_near(&r, argv[2]);
	registry_close(&r);
	return status;
}
