#include "registry/registry.h"

#include "base/lang.h"
#include "base/str.h"
#include "registry/format.h"

#include <errno.h>
#include <string.h>

static const char *string(const struct registry *r, uint32_t offset)
{
	return image_string(&r->strings, offset);
}

/* Find every section. All but the two of known uses' indexes may not be empty of structure. */
static int find_sections(struct registry *r)
{
	const struct {
		uint32_t id;
		size_t element_size;
		struct image_array *array;
	} wanted[] = {
		{FORMAT_HEAD, sizeof(struct format_head), &r->head},
		{FORMAT_ROWS, sizeof(struct format_row), &r->rows},
		{FORMAT_TOPS, sizeof(uint16_t), &r->tops},
		{FORMAT_PAGE_ITEMS, sizeof(uint16_t), &r->pages},
		{FORMAT_LISTS, sizeof(uint32_t), &r->lists},
		{FORMAT_ENTRIES, sizeof(uint32_t), &r->entries},
		{FORMAT_NAME_SLOTS, sizeof(uint32_t), &r->name_slots},
		{FORMAT_NAMES, sizeof(struct format_name), &r->names},
		{FORMAT_NAME_ROWS, sizeof(uint32_t), &r->name_rows},
		{FORMAT_USES, sizeof(struct format_use), &r->uses},
		{FORMAT_USE_PORTS, sizeof(struct format_use_port), &r->use_ports},
		{FORMAT_USE_PROGRAMS, sizeof(struct format_use_program), &r->use_programs},
		{FORMAT_RAW, sizeof(struct format_raw), &r->raw},
		{FORMAT_HISTORY, sizeof(struct format_history), &r->history},
	};

	for (size_t i = 0; i < N_ELEMENTS(wanted); i++) {
		if (image_find(&r->image, wanted[i].id, wanted[i].element_size, wanted[i].array) <
		    0)
			return -EILSEQ;
	}
	if (image_find_strings(&r->image, &r->strings) < 0 || r->head.n != 1)
		return -EILSEQ;
	if (r->name_slots.n & (r->name_slots.n - 1)) /* a power of two, or none */
		return -EILSEQ;
	return 0;
}

/* Take over the attached `image`; it is closed when its sections are not those of a registry. */
static int open_image(struct registry *out, struct image image, bool is_checked,
		      const char **reason)
{
	struct registry r = {.image = image};
	int error = find_sections(&r);

	if (error == 0 && is_checked)
		error = registry_validate(&r);
	if (error < 0) {
		*reason = N_("damaged: its contents do not fit together");
		image_close(&image);
		return error;
	}
	*out = r;
	return 0;
}

int registry_open_memory(struct registry *out, const void *bytes, size_t size, bool is_checked,
			 const char **reason)
{
	struct image image;
	int error = image_attach(&image, bytes, size, REGISTRY_KIND, REGISTRY_KIND_VERSION, reason);

	if (error == 0 && is_checked)
		error = image_verify(&image, reason);
	if (error < 0)
		return error;
	return open_image(out, image, is_checked, reason);
}

int registry_open_file(struct registry *out, const char *path, const char **reason)
{
	struct image image;
	int error = image_open(&image, path, REGISTRY_MAX_SIZE, REGISTRY_KIND,
			       REGISTRY_KIND_VERSION, reason);

	if (error < 0)
		return error;
	return open_image(out, image, !image.is_sealed, reason);
}

void registry_close(struct registry *r)
{
	if (!r)
		return;
	image_close(&r->image);
	*r = (struct registry){0};
}

/* `n` elements of `array` from `first` on, or none when they are not all there. */
static struct registry_rows slice(const struct image_array *array, uint32_t first, uint32_t n)
{
	if (n == 0 || first > array->n || n > array->n - first)
		return (struct registry_rows){NULL, 0};
	return (struct registry_rows){(const uint32_t *)array->items + first, n};
}

/* The index of IANA's protocols that serves a transport. */
static uint32_t protocol_of(enum transport t)
{
	switch (t) {
	case TRANSPORT_TCP:
	case TRANSPORT_MPTCP:
		return TRANSPORT_TCP;
	case TRANSPORT_UDP:
	case TRANSPORT_UDPLITE:
		return TRANSPORT_UDP;
	case TRANSPORT_SCTP:
		return TRANSPORT_SCTP;
	case TRANSPORT_DCCP:
		return TRANSPORT_DCCP;
	}
	return FORMAT_ANY_PROTOCOL; /* no such index: an empty answer */
}

struct registry_rows registry_lookup(const struct registry *r, uint16_t port, enum transport t)
{
	const struct registry_rows none = {NULL, 0};
	const uint16_t *page, *list;
	const uint32_t *begin, *end;

	page = IMAGE_AT(uint16_t, &r->tops, protocol_of(t) * FORMAT_PAGES + port / FORMAT_PAGE);
	if (!page)
		return none;
	list = IMAGE_AT(uint16_t, &r->pages, (uint32_t)*page * FORMAT_PAGE + port % FORMAT_PAGE);
	if (!list)
		return none;
	begin = IMAGE_AT(uint32_t, &r->lists, *list);
	end = IMAGE_AT(uint32_t, &r->lists, (uint32_t)*list + 1);
	if (!begin || !end || *end < *begin)
		return none;
	return slice(&r->entries, *begin, *end - *begin);
}

static enum registry_status to_status(uint8_t value)
{
	return value <= REGISTRY_DE_ASSIGNED ? (enum registry_status)value : REGISTRY_NONE;
}

enum registry_status registry_status(const struct registry *r, uint16_t port, enum transport t)
{
	struct registry_rows rows = registry_lookup(r, port, t);
	const struct format_row *first =
		rows.n > 0 ? IMAGE_AT(struct format_row, &r->rows, rows.ids[0]) : NULL;

	if (first)
		return to_status(first->status);
	return registry_range_of(port) == REGISTRY_PRIVATE ? REGISTRY_DYNAMIC : REGISTRY_NONE;
}

const char *registry_name(const struct registry *r, uint16_t port, enum transport t)
{
	struct registry_rows rows = registry_lookup(r, port, t);
	const struct format_row *first =
		rows.n > 0 ? IMAGE_AT(struct format_row, &r->rows, rows.ids[0]) : NULL;

	return first ? string(r, first->name) : NULL;
}

uint32_t format_name_hash(const char *name)
{
	uint32_t hash = 0x811c9dc5U;

	for (const char *c = name; *c; c++) {
		unsigned char byte = (unsigned char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);

		hash = (hash ^ byte) * 0x01000193U;
	}
	return hash ^ hash >> 15;
}

struct registry_rows registry_by_name(const struct registry *r, const char *name)
{
	uint32_t n = r->name_slots.n, at = format_name_hash(name);

	for (uint32_t step = 0; step < n; step++, at++) {
		const uint32_t *slot = IMAGE_AT(uint32_t, &r->name_slots, at & (n - 1));
		struct registry_rows rows;
		const char *found;

		if (!slot || *slot == 0)
			break;
		found = registry_name_at(r, *slot - 1, &rows);
		if (found && str_casecmp(found, name) == 0)
			return rows;
	}
	return (struct registry_rows){NULL, 0};
}

uint32_t registry_n_names(const struct registry *r)
{
	return r->names.n;
}

const char *registry_name_at(const struct registry *r, uint32_t i, struct registry_rows *rows)
{
	const struct format_name *name = IMAGE_AT(struct format_name, &r->names, i);

	if (!name)
		return NULL;
	if (rows)
		*rows = slice(&r->name_rows, name->first, name->n);
	return string(r, name->name);
}

uint32_t registry_n_rows(const struct registry *r)
{
	return r->rows.n;
}

int registry_row(const struct registry *r, uint32_t id, struct registry_row *out)
{
	const struct format_row *row = IMAGE_AT(struct format_row, &r->rows, id);
	bool has_protocol;

	if (!row)
		return -ENOENT;
	has_protocol = row->protocol < N_REGISTRY_TRANSPORTS;
	*out = (struct registry_row){
		.name = string(r, row->name),
		.description = string(r, row->description),
		.assignee = string(r, row->assignee),
		.contact = string(r, row->contact),
		.organization = string(r, row->organization),
		.registered = string(r, row->registered),
		.modified = string(r, row->modified),
		.references = string(r, row->references),
		.unauthorized_use = string(r, row->unauthorized_use),
		.alias_of = string(r, row->alias_of),
		.former = string(r, row->former),
		.note = string(r, row->note),
		.names_as_of = string(r, row->names_as_of),
		.details_as_of = string(r, row->details_as_of),
		.service_code = row->service_code,
		.first = row->first,
		.last = row->last,
		.has_ports = row->flags & FORMAT_HAS_PORTS,
		.has_protocol = has_protocol,
		.has_service_code = row->flags & FORMAT_HAS_SERVICE_CODE,
		.is_widespread = row->flags & FORMAT_IS_WIDESPREAD,
		.protocol = has_protocol ? (enum transport)row->protocol : TRANSPORT_TCP,
		.status = to_status(row->status),
		.rank = row->rank,
	};
	return 0;
}

struct registry_source registry_source(const struct registry *r)
{
	const struct format_head *head = r->head.items;

	return (struct registry_source){
		.source = string(r, head->source),
		.names_as_of = string(r, head->names_as_of),
		.details_as_of = string(r, head->details_as_of),
		.url = string(r, head->url),
		.etag = string(r, head->etag),
		.is_exact = head->is_exact == 1,
		.is_built_in = r->is_built_in,
	};
}

enum registry_range registry_range_of(uint16_t port)
{
	return port < 1024 ? REGISTRY_SYSTEM : port < 49152 ? REGISTRY_USER : REGISTRY_PRIVATE;
}

void registry_range_bounds(enum registry_range range, uint16_t *first, uint16_t *last)
{
	static const uint16_t bounds[N_REGISTRY_RANGES][2] = {
		[REGISTRY_SYSTEM] = {0, 1023},
		[REGISTRY_USER] = {1024, 49151},
		[REGISTRY_PRIVATE] = {49152, 65535},
	};

	*first = bounds[range][0];
	*last = bounds[range][1];
}

struct registry_counts registry_counts(const struct registry *r, enum registry_range range)
{
	const struct format_head *head = r->head.items;
	uint16_t first, last;

	registry_range_bounds(range, &first, &last);
	return (struct registry_counts){
		.n_ports = (uint32_t)last - first + 1,
		.n_named = head->counts[range][0],
		.n_documented = head->counts[range][1],
		.n_known = head->counts[range][2],
	};
}

const char *registry_status_name(enum registry_status status)
{
	static const char *const names[N_REGISTRY_STATUSES] = {
		[REGISTRY_ASSIGNED] = "assigned",     [REGISTRY_RESERVED] = "reserved",
		[REGISTRY_UNASSIGNED] = "unassigned", [REGISTRY_DE_ASSIGNED] = "de-assigned",
		[REGISTRY_DYNAMIC] = "dynamic",       [REGISTRY_NONE] = "none",
	};

	return names[status];
}

const char *registry_range_name(enum registry_range range)
{
	static const char *const names[N_REGISTRY_RANGES] = {
		[REGISTRY_SYSTEM] = "system",
		[REGISTRY_USER] = "user",
		[REGISTRY_PRIVATE] = "dynamic",
	};

	return names[range];
}

/* The piece up to `separator` or the end; `*rest` moves behind it, NULL after the last. */
static struct registry_piece cut(const char **rest, const char *end, char separator)
{
	const char *text = *rest;
	size_t left = (size_t)(end - text);
	const char *at = memchr(text, separator, left);

	*rest = at ? at + 1 : NULL;
	return (struct registry_piece){text, at ? (size_t)(at - text) : left};
}

bool registry_item(const char **rest, struct registry_piece *out)
{
	while (*rest) {
		*out = cut(rest, *rest + strlen(*rest), ';');
		if (out->n > 0)
			return true;
	}
	return false;
}

struct registry_former registry_former(struct registry_piece item)
{
	const struct registry_piece nothing = {"", 0};
	const char *rest = item.text, *end = item.text + item.n;
	struct registry_former f = {nothing, nothing, nothing};

	f.name = cut(&rest, end, '|');
	if (rest)
		f.listed = cut(&rest, end, '|');
	if (rest)
		f.removed = cut(&rest, end, '|');
	return f;
}
