#include "registry/registry.h"

#include "registry/format.h"
#include "registry/history.h"
#include "registry/iana.h"

#include <errno.h>
#include <string.h>

/* A reference to a string that may be null. */
static bool is_string(const struct registry *r, uint32_t offset)
{
	return offset < r->strings.n;
}

static bool is_slice(const struct image_array *array, uint32_t first, uint32_t n)
{
	return first <= array->n && n <= array->n - first;
}

static bool has_good_row(const struct registry *r, const struct format_row *row)
{
	const uint32_t strings[] = {row->name,        row->description,  row->assignee,
				    row->contact,     row->organization, row->registered,
				    row->modified,    row->references,   row->unauthorized_use,
				    row->alias_of,    row->former,       row->note,
				    row->names_as_of, row->details_as_of};

	for (size_t i = 0; i < N_ELEMENTS(strings); i++) {
		if (!is_string(r, strings[i]))
			return false;
	}
	if (!(row->flags & FORMAT_HAS_PORTS) && (row->first != 0 || row->last != 0))
		return false;
	return row->first <= row->last && row->protocol <= FORMAT_ANY_PROTOCOL &&
	       row->status <= REGISTRY_DE_ASSIGNED && (row->flags & ~FORMAT_FLAGS) == 0;
}

static bool has_good_rows(const struct registry *r)
{
	const struct format_head *head = r->head.items;

	if (!is_string(r, head->source) || !is_string(r, head->names_as_of) ||
	    !is_string(r, head->details_as_of) || !is_string(r, head->url) ||
	    !is_string(r, head->etag) || head->is_exact > 1)
		return false;
	for (uint32_t i = 0; i < r->rows.n; i++) {
		if (!has_good_row(r, IMAGE_AT(struct format_row, &r->rows, i)))
			return false;
	}
	return true;
}

/* Every number of `array` is below `limit`. */
static bool is_below_u16(const struct image_array *array, uint32_t limit)
{
	const uint16_t *items = array->items;

	for (uint32_t i = 0; i < array->n; i++) {
		if (items[i] >= limit)
			return false;
	}
	return true;
}

static bool is_below_u32(const struct image_array *array, uint32_t limit)
{
	const uint32_t *items = array->items;

	for (uint32_t i = 0; i < array->n; i++) {
		if (items[i] >= limit)
			return false;
	}
	return true;
}

static bool has_good_index(const struct registry *r)
{
	const uint32_t *lists = r->lists.items;

	if (r->tops.n != N_REGISTRY_TRANSPORTS * FORMAT_PAGES || r->pages.n % FORMAT_PAGE != 0 ||
	    r->lists.n == 0)
		return false;
	if (!is_below_u16(&r->tops, r->pages.n / FORMAT_PAGE) ||
	    !is_below_u16(&r->pages, r->lists.n - 1) || !is_below_u32(&r->entries, r->rows.n))
		return false;
	for (uint32_t i = 1; i < r->lists.n; i++) {
		if (lists[i] < lists[i - 1])
			return false;
	}
	return lists[0] == 0 && lists[r->lists.n - 1] == r->entries.n;
}

static bool has_good_names(const struct registry *r)
{
	/* A free slot must be left, or looking for what is not there would visit them all. */
	if (r->names.n > r->name_slots.n / 4 * 3 || !is_below_u32(&r->name_slots, r->names.n + 1) ||
	    !is_below_u32(&r->name_rows, r->rows.n))
		return false;
	for (uint32_t i = 0; i < r->names.n; i++) {
		const struct format_name *name = IMAGE_AT(struct format_name, &r->names, i);

		if (name->name == 0 || !is_string(r, name->name) ||
		    !is_slice(&r->name_rows, name->first, name->n))
			return false;
	}
	return true;
}

static bool has_good_use(const struct registry *r, const struct format_use *use)
{
	const uint32_t strings[] = {use->software, use->purpose,  use->since, use->until,
				    use->programs, use->platform, use->grade, use->evidence,
				    use->quote,    use->service};

	for (size_t i = 0; i < N_ELEMENTS(strings); i++) {
		if (!is_string(r, strings[i]))
			return false;
	}
	return use->first <= use->last && use->protocol < N_REGISTRY_TRANSPORTS;
}

static bool has_good_uses(const struct registry *r)
{
	const struct format_use_port *ports = r->use_ports.items;
	const struct format_use_program *programs = r->use_programs.items;
	const char *before = "";

	for (uint32_t i = 0; i < r->uses.n; i++) {
		if (!has_good_use(r, IMAGE_AT(struct format_use, &r->uses, i)))
			return false;
	}
	for (uint32_t i = 0; i < r->use_ports.n; i++) {
		if (ports[i].use >= r->uses.n || (i > 0 && ports[i].port < ports[i - 1].port))
			return false;
	}
	for (uint32_t i = 0; i < r->use_programs.n; i++) {
		const char *program = image_string(&r->strings, programs[i].program);

		if (!program || programs[i].use >= r->uses.n || strcmp(before, program) > 0)
			return false;
		before = program;
	}
	return true;
}

static bool has_good_raw(const struct registry *r)
{
	const struct format_raw *raw = r->raw.items;

	for (uint32_t i = 0; i < r->raw.n; i++) {
		if (raw[i].row >= r->rows.n || raw[i].column >= N_IANA_COLUMNS ||
		    !is_string(r, raw[i].text))
			return false;
		if (i > 0 && (raw[i].row < raw[i - 1].row ||
			      (raw[i].row == raw[i - 1].row && raw[i].column <= raw[i - 1].column)))
			return false;
	}
	return true;
}

static bool has_good_history(const struct registry *r)
{
	const struct format_history *h = r->history.items;
	uint16_t first = 0, reach = 0;

	for (uint32_t i = 0; i < r->history.n; i++) {
		reach = MAX_OF(reach, h[i].last);
		if (h[i].first > h[i].last || h[i].first < first || h[i].reach != reach ||
		    h[i].protocol > FORMAT_ANY_PROTOCOL || h[i].kind >= N_HISTORY_KINDS ||
		    h[i].status_before > REGISTRY_NONE || h[i].status_after > REGISTRY_NONE)
			return false;
		if (!is_string(r, h[i].date) || !is_string(r, h[i].seen_before) ||
		    !is_string(r, h[i].seen_after) || !is_string(r, h[i].name_before) ||
		    !is_string(r, h[i].name_after))
			return false;
		first = h[i].first;
	}
	return true;
}

int registry_validate(const struct registry *r)
{
	bool is_good = has_good_rows(r) && has_good_index(r) && has_good_names(r) &&
		       has_good_uses(r) && has_good_raw(r) && has_good_history(r);

	return is_good ? 0 : -EILSEQ;
}
