/*
 * mkregistry: makes the built-in registry from the tables in data/. Run by the build only.
 *
 *     mkregistry ASSIGNMENTS USES BAD-PORTS IMAGE IMAGE-HEADER PORTS-HEADER
 *
 * USES may be missing. IMAGE is linked in by src/registry/builtin.c through IMAGE-HEADER.
 * Equal tables give equal bytes. The formats: data/iana/SOURCE.md and the head of each table.
 */
#include "base/arena.h"
#include "base/fd.h"
#include "base/image.h"
#include "base/str.h"
#include "registry/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TABLE = 64 << 20, MAX_CELLS = 24 };

/* A table that is being read, line by line, in place. */
struct table {
	const char *path;
	char *text; /* the whole file; cells point into it */
	char *next;
	unsigned int line;
	char *cells[MAX_CELLS];
	size_t n_cells;
};

static int complain(const struct table *t, const char *what)
{
	fprintf(stderr, "mkregistry: %s:%u: %s\n", t->path, t->line, what);
	return -EINVAL;
}

static int table_open(struct table *t, const char *path)
{
	size_t n;
	int r;

	*t = (struct table){.path = path};
	r = fd_slurp(path, MAX_TABLE, &t->text, &n);
	if (r < 0) {
		if (r != -ENOENT)
			fprintf(stderr, "mkregistry: %s: %s\n", path, strerror(-r));
		return r;
	}
	t->next = t->text;
	return strlen(t->text) == n ? 0 : complain(t, "a NUL in the table");
}

static void table_close(struct table *t)
{
	free(t->text);
	t->text = NULL;
}

/* Cut the next line that is no comment into its cells. 1 = a line, 0 = the end, < 0 complained. */
static int table_next(struct table *t)
{
	char *line, *end;

	do {
		line = t->next;
		if (!*line)
			return 0;
		t->line++;
		end = strchr(line, '\n');
		if (!end)
			return complain(t, "the last line has no end");
		*end = '\0';
		t->next = end + 1;
	} while (line[0] == '#');
	for (t->n_cells = 0; line; t->n_cells++) {
		if (t->n_cells == MAX_CELLS)
			return complain(t, "too many columns");
		t->cells[t->n_cells] = strsep(&line, "\t");
	}
	return 1;
}

/* The header line must name exactly these columns. */
static int table_expect(struct table *t, const char *const *columns, size_t n)
{
	if (table_next(t) != 1 || t->n_cells != n)
		return complain(t, "not the columns that mkregistry knows");
	for (size_t i = 0; i < n; i++) {
		if (strcmp(t->cells[i], columns[i]) != 0)
			return complain(t, columns[i]);
	}
	return 0;
}

static int parse_number(const struct table *t, const char *cell, uint64_t max, uint64_t *out)
{
	if (str_parse_u64(cell, strlen(cell), max, out) < 0)
		return complain(t, "not a number, or too large");
	return 0;
}

/* The columns of assignments.tsv, in order. */
enum {
	NAME,
	FIRST,
	LAST,
	PROTOCOL,
	STATUS,
	DESCRIPTION,
	ASSIGNEE,
	CONTACT,
	ORGANIZATION,
	REGISTERED,
	MODIFIED,
	REFERENCES,
	SERVICE_CODE,
	UNAUTHORIZED_USE,
	ALIAS_OF,
	WIDESPREAD,
	FORMER,
	NOTE,
	RANK,
	NAMES_AS_OF,
	DETAILS_AS_OF,
	N_COLUMNS
};

static const char *const assignment_columns[N_COLUMNS] = {
	"name", "first", "last", "protocol", "status", "description", "assignee", "contact",
	"organization", "registered", "modified", "references", "service_code", "unauthorized_use",
	"alias_of", "widespread", "former", "note", "rank", "names_as_of", "details_as_of",
};

static int parse_status(const struct table *t, const char *cell, enum registry_status *out)
{
	for (unsigned int i = 0; i <= REGISTRY_DE_ASSIGNED; i++) {
		if (strcmp(cell, registry_status_name((enum registry_status)i)) == 0) {
			*out = (enum registry_status)i;
			return 0;
		}
	}
	return complain(t, "not a status");
}

/* The cells with numbers and words. */
static int parse_assignment(const struct table *t, struct registry_row *row)
{
	uint64_t first = 0, last = 0, rank = 0, code = 0;
	char *const *c = t->cells;
	int r = parse_status(t, c[STATUS], &row->status);

	row->has_ports = *c[FIRST] != '\0';
	row->has_protocol = *c[PROTOCOL] != '\0';
	row->has_service_code = *c[SERVICE_CODE] != '\0';
	row->is_widespread = strcmp(c[WIDESPREAD], "yes") == 0;
	if (r == 0 && row->has_ports)
		r = parse_number(t, c[FIRST], UINT16_MAX, &first);
	if (r == 0 && row->has_ports)
		r = parse_number(t, c[LAST], UINT16_MAX, &last);
	if (r == 0 && *c[RANK])
		r = parse_number(t, c[RANK], UINT8_MAX, &rank);
	if (r == 0 && row->has_service_code)
		r = parse_number(t, c[SERVICE_CODE], UINT32_MAX, &code);
	if (r == 0 && row->has_protocol && transport_parse(c[PROTOCOL], &row->protocol) < 0)
		r = complain(t, "not a protocol");
	row->first = (uint16_t)first;
	row->last = (uint16_t)last;
	row->rank = (uint8_t)rank;
	row->service_code = (uint32_t)code;
	return r;
}

static int read_assignment(const struct table *t, struct registry_builder *b,
			   struct registry_source *source)
{
	char *const *c = t->cells;
	struct registry_row row = {
		.name = c[NAME],
		.description = c[DESCRIPTION],
		.assignee = c[ASSIGNEE],
		.contact = c[CONTACT],
		.organization = c[ORGANIZATION],
		.registered = c[REGISTERED],
		.modified = c[MODIFIED],
		.references = c[REFERENCES],
		.unauthorized_use = c[UNAUTHORIZED_USE],
		.alias_of = c[ALIAS_OF],
		.former = c[FORMER],
		.note = c[NOTE],
		.names_as_of = c[NAMES_AS_OF],
		.details_as_of = c[DETAILS_AS_OF],
	};
	int r;

	if (t->n_cells != N_COLUMNS)
		return complain(t, "not the number of columns of the header");
	r = parse_assignment(t, &row);
	if (r < 0)
		return r;
	if (strcmp(row.names_as_of, source->names_as_of) > 0)
		source->names_as_of = row.names_as_of;
	if (strcmp(row.details_as_of, source->details_as_of) > 0)
		source->details_as_of = row.details_as_of;
	r = registry_builder_row(b, &row);
	return r < 0 ? complain(t, "not a row that the registry can have") : 0;
}

static int read_assignments(const char *path, struct registry_builder *b)
{
	struct registry_source source = {.source = "iana", .names_as_of = "", .details_as_of = ""};
	struct table t;
	int r = table_open(&t, path);

	if (r == -ENOENT)
		fprintf(stderr, "mkregistry: %s: not there\n", path);
	if (r == 0)
		r = table_expect(&t, assignment_columns, N_COLUMNS);
	while (r == 0 && (r = table_next(&t)) == 1)
		r = read_assignment(&t, b, &source);
	if (r == 0)
		registry_builder_source(b, &source);
	table_close(&t);
	return r;
}

/* The columns of known-uses.tsv, in order. */
enum {
	U_PORTS,
	U_PROTOCOL,
	U_SOFTWARE,
	U_PURPOSE,
	U_SINCE,
	U_UNTIL,
	U_PROGRAMS,
	U_PLATFORM,
	U_GRADE,
	U_EVIDENCE,
	U_QUOTE,
	U_SERVICE,
	N_USE_COLUMNS
};

static const char *const use_columns[N_USE_COLUMNS] = {
	"ports",    "protocol", "software", "purpose",  "since", "until",
	"programs", "platform", "grade",    "evidence", "quote", "service",
};

static int parse_ports(const struct table *t, char *cell, struct known_use *use)
{
	uint64_t first, last;
	char *rest = cell;
	const char *begin = strsep(&rest, "-");
	int r = parse_number(t, begin, UINT16_MAX, &first);

	if (r == 0)
		r = parse_number(t, rest ? rest : begin, UINT16_MAX, &last);
	if (r < 0)
		return r;
	use->first = (uint16_t)first;
	use->last = (uint16_t)last;
	return 0;
}

/* One line can name several ports or ranges and several protocols: each pair is a use. */
static int add_uses(const struct table *t, struct registry_builder *b, struct known_use *use)
{
	for (char *ports = t->cells[U_PORTS], *one; (one = strsep(&ports, ","));) {
		char protocols[64];
		int n = snprintf(protocols, sizeof(protocols), "%s", t->cells[U_PROTOCOL]);
		int r = parse_ports(t, one, use);

		if (r < 0)
			return r;
		if (n < 0 || (size_t)n >= sizeof(protocols))
			return complain(t, "not a protocol");
		for (char *rest = protocols, *word; (word = strsep(&rest, ","));) {
			if (transport_parse(word, &use->protocol) < 0)
				return complain(t, "not a protocol");
			if (registry_builder_use(b, use) < 0)
				return complain(t, "not a known use");
		}
	}
	return 0;
}

static int read_use(const struct table *t, struct registry_builder *b)
{
	char *const *c = t->cells;
	struct known_use use = {
		.software = c[U_SOFTWARE],
		.purpose = c[U_PURPOSE],
		.since = c[U_SINCE],
		.until = c[U_UNTIL],
		.programs = c[U_PROGRAMS],
		.platform = c[U_PLATFORM],
		.grade = c[U_GRADE],
		.evidence = c[U_EVIDENCE],
		.quote = c[U_QUOTE],
		.service = c[U_SERVICE],
	};

	if (t->n_cells != N_USE_COLUMNS)
		return complain(t, "not the number of columns of the header");
	if (!*use.software || !*use.evidence || !*use.grade)
		return complain(t, "a known use needs software, grade and evidence");
	for (char *p = c[U_PROGRAMS]; *p; p++) {
		if (*p == ',' || *p == ' ')
			*p = ';';
	}
	return add_uses(t, b, &use);
}

static int read_uses(const char *path, struct registry_builder *b)
{
	struct table t;
	int r = table_open(&t, path);

	if (r == -ENOENT)
		return 0; /* the registry works without known uses */
	if (r == 0)
		r = table_expect(&t, use_columns, N_USE_COLUMNS);
	while (r == 0 && (r = table_next(&t)) == 1)
		r = read_use(&t, b);
	table_close(&t);
	return r;
}

/* data/bad-ports.tsv as the two macros that src/registry/browser-ports.c wants. */
static int read_bad_ports(const char *path, struct str *out)
{
	static const char *const columns[] = {"port", "added"};
	uint64_t port, before = 0;
	unsigned int n = 0;
	struct table t;
	int r = table_open(&t, path);

	if (r == 0 && (table_next(&t) != 1 || t.n_cells != 2 || strcmp(t.cells[0], "as_of") != 0))
		r = complain(&t, "the first line must be as_of and a date");
	if (r == 0) {
		str_printf(out, "#define BROWSER_PORTS_AS_OF \"%s\"\n#define BROWSER_PORTS",
			   t.cells[1]);
		r = table_expect(&t, columns, N_ELEMENTS(columns));
	}
	while (r == 0 && (r = table_next(&t)) == 1) {
		r = parse_number(&t, t.cells[0], UINT16_MAX, &port);
		if (r == 0 && n > 0 && port <= before)
			r = complain(&t, "the ports are not sorted");
		if (r == 0)
			str_printf(out, "%s%s %u", n ? "," : "", n % 12 == 0 ? " \\\n\t" : "",
				   (unsigned int)port);
		before = port;
		n++;
	}
	str_append_char(out, '\n');
	table_close(&t);
	if (r == 0 && n == 0)
		r = complain(&t, "no ports");
	return r;
}

static int write_file(const char *path, const struct str *bytes)
{
	BERTH_CLEANUP(fd_closep)
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t done = 0;

	while (fd >= 0 && done < bytes->length) {
		ssize_t n = write(fd, bytes->bytes + done, bytes->length - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || done < bytes->length || bytes->has_failed) {
		fprintf(stderr, "mkregistry: %s: %s\n", path, strerror(errno));
		return -EIO;
	}
	return 0;
}

static int make_image(struct registry_builder *b, char **argv, struct str *image,
		      struct str *header)
{
	int r = read_assignments(argv[1], b);

	if (r == 0)
		r = read_uses(argv[2], b);
	if (r < 0)
		return r;
	r = registry_builder_finish(b, image);
	if (r < 0) {
		fprintf(stderr, "mkregistry: %s\n", strerror(-r));
		return r;
	}
	str_printf(
		header,
		"#define REGISTRY_IMAGE_PATH \"%s\"\n#define REGISTRY_IMAGE_CHECKSUM 0x%016llx\n",
		argv[4], (unsigned long long)image_checksum(image->bytes, image->length));
	return 0;
}

int main(int argc, char **argv)
{
	struct registry_builder *b = registry_builder_new();
	BERTH_CLEANUP(str_fini) struct str image = {0}, image_header = {0}, ports_header = {0};
	int r = -EINVAL;

	if (argc != 7)
		fprintf(stderr, "usage: mkregistry ASSIGNMENTS USES BAD-PORTS IMAGE IMAGE-HEADER "
				"PORTS-HEADER\n");
	else if (b)
		r = make_image(b, argv, &image, &image_header);
	if (r == 0)
		r = read_bad_ports(argv[3], &ports_header);
	if (r == 0)
		r = write_file(argv[4], &image);
	if (r == 0)
		r = write_file(argv[5], &image_header);
	if (r == 0)
		r = write_file(argv[6], &ports_header);
	registry_builder_free(b);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
