#include "registry/builder.h"

#include "base/arena.h"
#include "base/image-writer.h"
#include "registry/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	N_PORTS = 65536,
	MAX_ENTRIES = 4 * 1024 * 1024, /* rows x ports of one protocol, before equal lists join */
	MAX_INDEX = 65535,             /* what the uint16_t of the index hold */
	N_TOPS = N_REGISTRY_TRANSPORTS * FORMAT_PAGES,
};

struct registry_builder {
	struct arena arena; /* everything below but the writer's own */
	struct image_writer writer;
	struct format_head head;
	struct format_row *rows;
	size_t n_rows, rows_capacity;
	struct format_raw *raw;
	size_t n_raw, raw_capacity;
	struct format_history *history;
	size_t n_history, history_capacity;
	struct format_use *uses;
	size_t n_uses, uses_capacity;
	const char **use_programs; /* of each use, for its index */
	size_t n_use_programs, use_programs_capacity;
	uint16_t *tops, *pages;
	size_t n_pages, pages_capacity;
	uint32_t *lists, *entries;
	size_t n_lists, lists_capacity, n_entries, entries_capacity;
	uint32_t *list_slots, *page_slots; /* hash tables while the index is made: number + 1 */
};

enum { N_SLOTS = 256 * 1024 }; /* of each of both; a power of two, over twice MAX_INDEX */

struct registry_builder *registry_builder_new(void)
{
	return calloc(1, sizeof(struct registry_builder));
}

struct registry_builder *registry_builder_free(struct registry_builder *b)
{
	if (b) {
		arena_fini(&b->arena);
		image_writer_fini(&b->writer);
		free(b);
	}
	return NULL;
}

void registry_builder_source(struct registry_builder *b, const struct registry_source *source)
{
	b->head.source = image_writer_string(&b->writer, source->source);
	b->head.names_as_of = image_writer_string(&b->writer, source->names_as_of);
	b->head.details_as_of = image_writer_string(&b->writer, source->details_as_of);
	b->head.url = image_writer_string(&b->writer, source->url);
	b->head.etag = image_writer_string(&b->writer, source->etag);
	b->head.is_exact = source->is_exact;
}

static bool is_registry_protocol(enum transport t)
{
	return (unsigned int)t < (unsigned int)N_REGISTRY_TRANSPORTS;
}

int registry_builder_row(struct registry_builder *b, const struct registry_row *row)
{
	struct image_writer *w = &b->writer;
	struct format_row *out;
	int flags = (row->has_ports ? FORMAT_HAS_PORTS : 0) |
		    (row->has_service_code ? FORMAT_HAS_SERVICE_CODE : 0) |
		    (row->is_widespread ? FORMAT_IS_WIDESPREAD : 0);

	if (row->first > row->last || (!row->has_ports && row->last != 0) ||
	    row->status > REGISTRY_DE_ASSIGNED ||
	    (row->has_protocol && !is_registry_protocol(row->protocol)))
		return -EINVAL;
	out = ARENA_PUSH(&b->arena, b->rows, b->n_rows, b->rows_capacity);
	if (!out)
		return -ENOMEM;
	*out = (struct format_row){
		.name = image_writer_string(w, row->name),
		.description = image_writer_string(w, row->description),
		.assignee = image_writer_string(w, row->assignee),
		.contact = image_writer_string(w, row->contact),
		.organization = image_writer_string(w, row->organization),
		.registered = image_writer_string(w, row->registered),
		.modified = image_writer_string(w, row->modified),
		.references = image_writer_string(w, row->references),
		.unauthorized_use = image_writer_string(w, row->unauthorized_use),
		.alias_of = image_writer_string(w, row->alias_of),
		.former = image_writer_string(w, row->former),
		.note = image_writer_string(w, row->note),
		.names_as_of = image_writer_string(w, row->names_as_of),
		.details_as_of = image_writer_string(w, row->details_as_of),
		.service_code = row->has_service_code ? row->service_code : 0,
		.first = row->first,
		.last = row->last,
		.protocol = (uint8_t)(row->has_protocol ? (unsigned int)row->protocol
							: FORMAT_ANY_PROTOCOL),
		.status = (uint8_t)row->status,
		.flags = (uint8_t)flags,
		.rank = row->rank,
	};
	return w->has_failed ? -ENOMEM : 0;
}

int registry_builder_raw(struct registry_builder *b, enum iana_column column, const char *text)
{
	const struct format_raw *before = b->n_raw > 0 ? &b->raw[b->n_raw - 1] : NULL;
	struct format_raw entry = {.row = (uint32_t)b->n_rows - 1, .column = (uint32_t)column};
	struct format_raw *out;

	if (b->n_rows == 0 || (unsigned int)column >= (unsigned int)N_IANA_COLUMNS ||
	    (before && before->row == entry.row && before->column >= entry.column))
		return -EINVAL;
	entry.text = image_writer_string(&b->writer, text);
	out = ARENA_PUSH(&b->arena, b->raw, b->n_raw, b->raw_capacity);
	if (!out)
		return -ENOMEM;
	*out = entry;
	return b->writer.has_failed ? -ENOMEM : 0;
}

int registry_builder_history(struct registry_builder *b, const struct history_entry *entry)
{
	struct image_writer *w = &b->writer;
	struct format_history *out;

	if (entry->first > entry->last || entry->status_before > REGISTRY_NONE ||
	    entry->status_after > REGISTRY_NONE ||
	    (unsigned int)entry->kind >= (unsigned int)N_HISTORY_KINDS ||
	    (entry->has_protocol && !is_registry_protocol(entry->protocol)))
		return -EINVAL;
	out = ARENA_PUSH(&b->arena, b->history, b->n_history, b->history_capacity);
	if (!out)
		return -ENOMEM;
	*out = (struct format_history){
		.date = image_writer_string(w, entry->date),
		.seen_before = image_writer_string(w, entry->seen_before),
		.seen_after = image_writer_string(w, entry->seen_after),
		.name_before = image_writer_string(w, entry->name_before),
		.name_after = image_writer_string(w, entry->name_after),
		.first = entry->first,
		.last = entry->last,
		.protocol = (uint8_t)(entry->has_protocol ? (unsigned int)entry->protocol
							  : FORMAT_ANY_PROTOCOL),
		.kind = (uint8_t)entry->kind,
		.status_before = (uint8_t)entry->status_before,
		.status_after = (uint8_t)entry->status_after,
	};
	return w->has_failed ? -ENOMEM : 0;
}

int registry_builder_use(struct registry_builder *b, const struct known_use *use)
{
	struct image_writer *w = &b->writer;
	const char **programs;
	struct format_use *out;

	if (use->first > use->last || !is_registry_protocol(use->protocol))
		return -EINVAL;
	programs =
		ARENA_PUSH(&b->arena, b->use_programs, b->n_use_programs, b->use_programs_capacity);
	out = ARENA_PUSH(&b->arena, b->uses, b->n_uses, b->uses_capacity);
	if (!programs || !out)
		return -ENOMEM;
	*programs = arena_strdup(&b->arena, use->programs);
	*out = (struct format_use){
		.software = image_writer_string(w, use->software),
		.purpose = image_writer_string(w, use->purpose),
		.since = image_writer_string(w, use->since),
		.until = image_writer_string(w, use->until),
		.programs = image_writer_string(w, use->programs),
		.platform = image_writer_string(w, use->platform),
		.grade = image_writer_string(w, use->grade),
		.evidence = image_writer_string(w, use->evidence),
		.quote = image_writer_string(w, use->quote),
		.service = image_writer_string(w, use->service),
		.first = use->first,
		.last = use->last,
		.protocol = (uint8_t)use->protocol,
	};
	return w->has_failed ? -ENOMEM : 0;
}

/* The step of the precedence rule (registry.h) that a row belongs to. */
static int step_of(const struct format_row *row)
{
	if (row->name == 0)
		return 6;
	if (row->alias_of != 0)
		return 5;
	if (row->flags & FORMAT_IS_WIDESPREAD)
		return 4;
	if (row->protocol == FORMAT_ANY_PROTOCOL)
		return 3;
	return row->first != row->last ? 2 : 1;
}

/* Precedence. Pointers into one array, so that the order of the table decides the rest. */
static int compare_rows(const void *a, const void *b)
{
	const struct format_row *x = *(const struct format_row *const *)a;
	const struct format_row *y = *(const struct format_row *const *)b;
	int width_x = x->last - x->first, width_y = y->last - y->first;

	if (step_of(x) != step_of(y))
		return step_of(x) - step_of(y);
	if (width_x != width_y)
		return width_x - width_y;
	if ((x->protocol == FORMAT_ANY_PROTOCOL) != (y->protocol == FORMAT_ANY_PROTOCOL))
		return x->protocol == FORMAT_ANY_PROTOCOL ? 1 : -1;
	if (x->rank != y->rank)
		return x->rank - y->rank;
	return x < y ? -1 : x > y;
}

static bool counts_for(const struct format_row *row, unsigned int protocol)
{
	return (row->flags & FORMAT_HAS_PORTS) &&
	       (row->protocol == protocol || row->protocol == FORMAT_ANY_PROTOCOL);
}

/* The rows of every port of one protocol, in precedence: those of `port` are
 * rows[first[port] .. first[port + 1]]. */
struct coverage {
	uint32_t *first, *rows;
};

static int cover_ports(struct registry_builder *b, const struct format_row *const *sorted,
		       unsigned int protocol, struct coverage *out)
{
	uint32_t *first = arena_calloc(&b->arena, N_PORTS + 2, sizeof(*first));
	size_t total = 0;
	uint32_t *rows;

	if (!first)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_rows; i++) {
		for (uint32_t port = sorted[i]->first;
		     counts_for(sorted[i], protocol) && port <= sorted[i]->last; port++)
			first[port + 2]++; /* shifted twice: filling moves each start to its end */
		total += counts_for(sorted[i], protocol)
				 ? (size_t)(sorted[i]->last - sorted[i]->first + 1)
				 : 0;
		if (total > MAX_ENTRIES)
			return -EOVERFLOW;
	}
	for (uint32_t port = 2; port < N_PORTS + 2; port++)
		first[port] += first[port - 1];
	rows = arena_calloc(&b->arena, total, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_rows; i++) {
		for (uint32_t port = sorted[i]->first;
		     counts_for(sorted[i], protocol) && port <= sorted[i]->last; port++)
			rows[first[port + 1]++] = (uint32_t)(sorted[i] - b->rows);
	}
	*out = (struct coverage){first, rows};
	return 0;
}

/* The number of the list with these rows, new or already there; negative errno. */
static int intern_list(struct registry_builder *b, const uint32_t *rows, uint32_t n)
{
	uint64_t at = str_hash(rows, n * sizeof(*rows));
	uint32_t *slot, *end;

	for (;; at++) {
		slot = &b->list_slots[at & (N_SLOTS - 1)];
		if (*slot == 0)
			break;
		if (b->lists[*slot] - b->lists[*slot - 1] == n &&
		    (n == 0 ||
		     memcmp(b->entries + b->lists[*slot - 1], rows, n * sizeof(*rows)) == 0))
			return (int)*slot - 1;
	}
	if (b->n_lists > MAX_INDEX)
		return -EOVERFLOW;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t *entry =
			ARENA_PUSH(&b->arena, b->entries, b->n_entries, b->entries_capacity);

		if (!entry)
			return -ENOMEM;
		*entry = rows[i];
	}
	end = ARENA_PUSH(&b->arena, b->lists, b->n_lists, b->lists_capacity);
	if (!end)
		return -ENOMEM;
	*end = (uint32_t)b->n_entries;
	*slot = (uint32_t)b->n_lists - 1; /* lists[0] is the start of list 0: number + 1 */
	return (int)*slot - 1;
}

/* The number of the page with these lists, new or already there; negative errno. */
static int intern_page(struct registry_builder *b, const uint16_t page[FORMAT_PAGE])
{
	uint64_t at = str_hash(page, FORMAT_PAGE * sizeof(*page));
	uint32_t *slot;

	for (;; at++) {
		slot = &b->page_slots[at & (N_SLOTS - 1)];
		if (*slot == 0)
			break;
		if (memcmp(b->pages + (size_t)(*slot - 1) * FORMAT_PAGE, page,
			   FORMAT_PAGE * sizeof(*page)) == 0)
			return (int)*slot - 1;
	}
	for (size_t i = 0; i < FORMAT_PAGE; i++) {
		uint16_t *item = ARENA_PUSH(&b->arena, b->pages, b->n_pages, b->pages_capacity);

		if (!item)
			return -ENOMEM;
		*item = page[i];
	}
	*slot = (uint32_t)(b->n_pages / FORMAT_PAGE);
	return (int)*slot - 1;
}

static int index_protocol(struct registry_builder *b, const struct format_row *const *sorted,
			  unsigned int protocol)
{
	struct coverage c;
	int r = cover_ports(b, sorted, protocol, &c);

	if (r < 0)
		return r;
	for (uint32_t top = 0; top < FORMAT_PAGES; top++) {
		uint16_t page[FORMAT_PAGE];

		for (uint32_t i = 0; i < FORMAT_PAGE; i++) {
			uint32_t port = top * FORMAT_PAGE + i;
			int list = intern_list(b, c.rows + c.first[port],
					       c.first[port + 1] - c.first[port]);

			if (list < 0)
				return list;
			page[i] = (uint16_t)list;
		}
		r = intern_page(b, page);
		if (r < 0)
			return r;
		b->tops[protocol * FORMAT_PAGES + top] = (uint16_t)r;
	}
	return 0;
}

static int index_ports(struct registry_builder *b)
{
	const struct format_row **sorted = arena_calloc(&b->arena, b->n_rows, sizeof(*sorted));
	uint32_t *start = ARENA_PUSH(&b->arena, b->lists, b->n_lists, b->lists_capacity);
	int r;

	b->list_slots = arena_calloc(&b->arena, N_SLOTS, sizeof(*b->list_slots));
	b->page_slots = arena_calloc(&b->arena, N_SLOTS, sizeof(*b->page_slots));
	b->tops = arena_calloc(&b->arena, N_TOPS, sizeof(*b->tops));
	if (!sorted || !start || !b->list_slots || !b->page_slots || !b->tops)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_rows; i++)
		sorted[i] = &b->rows[i];
	if (b->n_rows > 0)
		qsort(sorted, b->n_rows, sizeof(*sorted), compare_rows);
	r = intern_list(b, NULL, 0); /* list 0 is the empty one */
	for (unsigned int protocol = 0; r >= 0 && protocol < N_REGISTRY_TRANSPORTS; protocol++)
		r = index_protocol(b, sorted, protocol);
	return r < 0 ? r : 0;
}

/* A row's name while the index by name is made. */
struct named {
	const char *name;
	uint32_t offset, row;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = str_casecmp(x->name, y->name);

	return order != 0 ? order : x->row < y->row ? -1 : x->row > y->row;
}

/* The sections of the index by name. */
struct name_index {
	uint32_t *slots, *rows;
	struct format_name *names;
	size_t n_slots, n_rows, n_names;
};

static void fill_name_slots(struct name_index *index, const struct named *named)
{
	for (uint32_t i = 0; i < index->n_names; i++) {
		uint32_t at = format_name_hash(named[index->names[i].first].name);

		while (index->slots[at & (index->n_slots - 1)] != 0)
			at++;
		index->slots[at & (index->n_slots - 1)] = i + 1;
	}
}

static int index_names(struct registry_builder *b, struct name_index *out)
{
	struct name_index index = {.n_slots = 16};
	struct named *named = arena_calloc(&b->arena, b->n_rows, sizeof(*named));

	index.rows = arena_calloc(&b->arena, b->n_rows, sizeof(*index.rows));
	index.names = arena_calloc(&b->arena, b->n_rows, sizeof(*index.names));
	if (!named || !index.rows || !index.names)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->n_rows; i++) {
		uint32_t offset = b->rows[i].name;

		if (offset != 0)
			named[index.n_rows++] =
				(struct named){b->writer.strings.bytes + offset, offset, i};
	}
	if (index.n_rows > 0)
		qsort(named, index.n_rows, sizeof(*named), compare_named);
	for (uint32_t i = 0; i < index.n_rows; i++) {
		if (i == 0 || str_casecmp(named[i].name, named[i - 1].name) != 0)
			index.names[index.n_names++] = (struct format_name){named[i].offset, i, 0};
		index.names[index.n_names - 1].n++;
		index.rows[i] = named[i].row;
	}
	while (index.n_slots < index.n_names * 2)
		index.n_slots *= 2;
	index.slots = arena_calloc(&b->arena, index.n_slots, sizeof(*index.slots));
	if (!index.slots)
		return -ENOMEM;
	fill_name_slots(&index, named);
	*out = index;
	return 0;
}

/* The sections of the indexes of known uses. */
struct use_index {
	struct format_use_port *ports;
	struct format_use_program *programs;
	size_t n_ports, ports_capacity, n_programs, programs_capacity;
};

static int compare_use_ports(const void *a, const void *b)
{
	const struct format_use_port *x = a, *y = b;

	return x->port != y->port ? x->port - y->port : x->use - y->use;
}

static int add_use_programs(struct registry_builder *b, struct use_index *index, uint32_t use)
{
	const char *rest = b->use_programs[use];
	struct registry_piece piece;

	while (registry_item(&rest, &piece)) {
		struct format_use_program *entry = ARENA_PUSH(
			&b->arena, index->programs, index->n_programs, index->programs_capacity);
		char *program = arena_strndup(&b->arena, piece.text, piece.n);

		if (!entry || !program)
			return -ENOMEM;
		*entry = (struct format_use_program){image_writer_string(&b->writer, program), use};
	}
	return 0;
}

/* Few and short: sorted by insertion, since the order is that of strings in the pool. */
static void sort_use_programs(const struct registry_builder *b, struct use_index *index)
{
	const char *pool = b->writer.strings.bytes;

	for (size_t i = 1; i < index->n_programs; i++) {
		struct format_use_program entry = index->programs[i];
		size_t at = i;

		for (; at > 0 &&
		       strcmp(pool + index->programs[at - 1].program, pool + entry.program) > 0;
		     at--)
			index->programs[at] = index->programs[at - 1];
		index->programs[at] = entry;
	}
}

static int index_uses(struct registry_builder *b, struct use_index *out)
{
	struct use_index index = {0};

	if (b->n_uses > MAX_INDEX)
		return -EOVERFLOW;
	for (uint32_t i = 0; i < b->n_uses; i++) {
		for (uint32_t port = b->uses[i].first; port <= b->uses[i].last; port++) {
			struct format_use_port *entry = ARENA_PUSH(
				&b->arena, index.ports, index.n_ports, index.ports_capacity);

			if (!entry)
				return -ENOMEM;
			*entry = (struct format_use_port){(uint16_t)port, (uint16_t)i};
		}
		if (index.n_ports > MAX_ENTRIES)
			return -EOVERFLOW;
		if (add_use_programs(b, &index, i) < 0)
			return -ENOMEM;
	}
	if (index.n_ports > 0)
		qsort(index.ports, index.n_ports, sizeof(*index.ports), compare_use_ports);
	sort_use_programs(b, &index);
	*out = index;
	return 0;
}

/* By first port; entries of one port stay in the order in which they were added. */
static int sort_history(struct registry_builder *b)
{
	struct format_history *sorted = arena_calloc(&b->arena, b->n_history, sizeof(*sorted));
	uint32_t *starts = arena_calloc(&b->arena, N_PORTS + 1, sizeof(*starts));
	uint16_t reach = 0;

	if (!sorted || !starts)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_history; i++)
		starts[b->history[i].first + 1]++;
	for (uint32_t port = 1; port <= N_PORTS; port++)
		starts[port] += starts[port - 1];
	for (size_t i = 0; i < b->n_history; i++)
		sorted[starts[b->history[i].first]++] = b->history[i];
	for (size_t i = 0; i < b->n_history; i++) {
		reach = MAX_OF(reach, sorted[i].last);
		sorted[i].reach = reach;
	}
	b->history = sorted;
	return 0;
}

/* Count ports, not rows: a port counts once whatever the protocols. */
static int count_ports(struct registry_builder *b)
{
	enum { IS_NAMED = 1, IS_DOCUMENTED = 2, IS_KNOWN = 4 };
	uint8_t *ports = arena_calloc(&b->arena, N_PORTS, 1);

	if (!ports)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_rows; i++) {
		const struct format_row *row = &b->rows[i];
		uint8_t what = row->name == 0         ? 0
			       : row->references != 0 ? IS_NAMED | IS_DOCUMENTED
						      : IS_NAMED;

		for (uint32_t port = row->first;
		     (row->flags & FORMAT_HAS_PORTS) && port <= row->last; port++)
			ports[port] |= what;
	}
	for (size_t i = 0; i < b->n_uses; i++) {
		for (uint32_t port = b->uses[i].first; port <= b->uses[i].last; port++)
			ports[port] |= IS_KNOWN;
	}
	for (uint32_t port = 0; port < N_PORTS; port++) {
		uint32_t *counts = b->head.counts[registry_range_of((uint16_t)port)];

		counts[0] += (ports[port] & IS_NAMED) != 0;
		counts[1] += (ports[port] & IS_DOCUMENTED) != 0;
		counts[2] += (ports[port] & IS_KNOWN) != 0;
	}
	return 0;
}

int registry_builder_finish(struct registry_builder *b, struct str *out)
{
	struct image_writer *w = &b->writer;
	struct name_index names = {0};
	struct use_index uses = {0};
	int r = index_ports(b);

	if (r == 0)
		r = index_uses(b, &uses);
	if (r == 0)
		r = index_names(b, &names);
	if (r == 0)
		r = count_ports(b);
	if (r == 0)
		r = sort_history(b);
	if (r < 0)
		return r;
	image_writer_section(w, FORMAT_HEAD, sizeof(b->head), &b->head, 1);
	image_writer_section(w, FORMAT_ROWS, sizeof(*b->rows), b->rows, b->n_rows);
	image_writer_section(w, FORMAT_TOPS, sizeof(*b->tops), b->tops, N_TOPS);
	image_writer_section(w, FORMAT_PAGE_ITEMS, sizeof(*b->pages), b->pages, b->n_pages);
	image_writer_section(w, FORMAT_LISTS, sizeof(*b->lists), b->lists, b->n_lists);
	image_writer_section(w, FORMAT_ENTRIES, sizeof(*b->entries), b->entries, b->n_entries);
	image_writer_section(w, FORMAT_NAME_SLOTS, sizeof(*names.slots), names.slots,
			     names.n_slots);
	image_writer_section(w, FORMAT_NAMES, sizeof(*names.names), names.names, names.n_names);
	image_writer_section(w, FORMAT_NAME_ROWS, sizeof(*names.rows), names.rows, names.n_rows);
	image_writer_section(w, FORMAT_USES, sizeof(*b->uses), b->uses, b->n_uses);
	image_writer_section(w, FORMAT_USE_PORTS, sizeof(*uses.ports), uses.ports, uses.n_ports);
	image_writer_section(w, FORMAT_USE_PROGRAMS, sizeof(*uses.programs), uses.programs,
			     uses.n_programs);
	image_writer_section(w, FORMAT_RAW, sizeof(*b->raw), b->raw, b->n_raw);
	image_writer_section(w, FORMAT_HISTORY, sizeof(*b->history), b->history, b->n_history);
	return image_writer_finish(w, REGISTRY_KIND, REGISTRY_KIND_VERSION, out);
}
