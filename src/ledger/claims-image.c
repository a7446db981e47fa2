#include "ledger/claims-image.h"

#include "base/lang.h"
#include "ledger/claims-format.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(struct claims_format_head) == 32, "the head is a file format");
_Static_assert(sizeof(struct claims_format_row) == 56, "the rows are a file format");
_Static_assert(sizeof(struct claims_format_entry) == 48, "the entries are a file format");

static const char *string(const struct claims_image *c, uint32_t offset)
{
	return image_string(&c->strings, offset);
}

static int find_sections(struct claims_image *c)
{
	if (image_find(&c->image, CLAIMS_HEAD, sizeof(struct claims_format_head), &c->head) < 0 ||
	    image_find(&c->image, CLAIMS_ROWS, sizeof(struct claims_format_row), &c->rows) < 0 ||
	    image_find(&c->image, CLAIMS_ENTRIES, sizeof(struct claims_format_entry),
		       &c->entries) < 0 ||
	    image_find_strings(&c->image, &c->strings) < 0 || c->head.n != 1)
		return -EILSEQ;
	return 0;
}

/* Take over the attached `image`; it is closed when its sections are not those of claims. */
static int open_image(struct claims_image *out, struct image image, unsigned int level,
		      bool is_checked, const char **reason)
{
	struct claims_image c = {.image = image, .level = level};
	int error = find_sections(&c);

	if (error == 0 && is_checked)
		error = claims_image_validate(&c);
	if (error < 0) {
		*reason = N_("damaged: its contents do not fit together");
		image_close(&image);
		return error;
	}
	*out = c;
	return 0;
}

int claims_image_open(struct claims_image *out, const char *path, unsigned int level,
		      const char **reason)
{
	struct image image;
	int error = image_open(&image, path, CLAIMS_IMAGE_MOST, CLAIMS_KIND, CLAIMS_KIND_VERSION,
			       reason);

	return error < 0 ? error : open_image(out, image, level, !image.is_sealed, reason);
}

int claims_image_open_memory(struct claims_image *out, const void *bytes, size_t size,
			     unsigned int level, const char **reason)
{
	struct image image;
	int error = image_attach(&image, bytes, size, CLAIMS_KIND, CLAIMS_KIND_VERSION, reason);

	if (error == 0)
		error = image_verify(&image, reason);
	return error < 0 ? error : open_image(out, image, level, true, reason);
}

void claims_image_close(struct claims_image *c)
{
	if (!c)
		return;
	image_close(&c->image);
	*c = (struct claims_image){0};
}

struct claims_head claims_image_head(const struct claims_image *c)
{
	const struct claims_format_head *head = IMAGE_AT(struct claims_format_head, &c->head, 0);

	if (!head)
		return (struct claims_head){0};
	return (struct claims_head){
		.identity = head->identity,
		.generation = head->generation,
		.written_ns = head->written_ns,
		.outcome = head->outcome,
		.message = string(c, head->message),
	};
}

uint32_t claims_image_n(const struct claims_image *c)
{
	return c->rows.n;
}

static const char *source_of(unsigned int level)
{
	return level == CLAIM_LEVEL_SYSTEM ? N_("system ledger") : "ledger";
}

static bool is_good_row(const struct claims_format_row *row)
{
	return row->first <= row->last && row->protocols != 0 &&
	       (row->protocols & ~CLAIMS_PROTOCOLS) == 0 && (row->flags & ~CLAIMS_FLAGS) == 0 &&
	       (row->flags & (CLAIMS_HAS_IPV4 | CLAIMS_HAS_IPV6)) !=
		       (CLAIMS_HAS_IPV4 | CLAIMS_HAS_IPV6);
}

int claims_image_get(const struct claims_image *c, uint32_t i, struct claim *out)
{
	const struct claims_format_row *row = IMAGE_AT(struct claims_format_row, &c->rows, i);
	struct claim one;

	if (!row)
		return -ENOENT;
	one = (struct claim){
		.name = string(c, row->name),
		.protocols = row->protocols,
		.first = row->first,
		.last = row->last,
		.has_address = (row->flags & (CLAIMS_HAS_IPV4 | CLAIMS_HAS_IPV6)) != 0,
		.address = {.family = row->flags & CLAIMS_HAS_IPV6 ? ADDRESS_IPV6 : ADDRESS_IPV4,
			    .scope_id = row->address_scope},
		.owner = string(c, row->owner),
		.scope = string(c, row->scope),
		.since = string(c, row->since),
		.until = string(c, row->until),
		.program = string(c, row->program),
		.reason = string(c, row->reason),
		.is_retired = (row->flags & CLAIMS_IS_RETIRED) != 0,
		.source = source_of(c->level),
		.level = c->level,
	};
	if (!is_good_row(row) || !one.name || !one.since)
		return -EILSEQ;
	if (one.has_address)
		memcpy(one.address.bytes, row->address, sizeof(one.address.bytes));
	*out = one;
	return 0;
}

/* The first row that a claim which reaches `port` can be. */
static uint32_t find_reach(const struct claims_image *c, uint16_t port)
{
	const struct claims_format_row *rows = c->rows.items;
	uint32_t low = 0, high = c->rows.n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (rows[middle].reach < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool claims_image_next(const struct claims_image *c, uint16_t first, uint16_t last,
		       uint32_t *cursor, struct claim *out)
{
	const struct claims_format_row *rows = c->rows.items;
	uint32_t i = *cursor ? *cursor : find_reach(c, first);

	for (; i < c->rows.n && rows[i].first <= last; i++) {
		if (rows[i].last < first || claims_image_get(c, i, out) < 0)
			continue;
		*cursor = i + 1;
		return true;
	}
	*cursor = MAX_OF(c->rows.n, 1);
	return false;
}

uint32_t claims_image_n_entries(const struct claims_image *c)
{
	return c->entries.n;
}

int claims_image_entry(const struct claims_image *c, uint32_t i, struct ledger_entry *out)
{
	const struct claims_format_entry *e = IMAGE_AT(struct claims_format_entry, &c->entries, i);
	struct ledger_entry one;

	if (!e)
		return -ENOENT;
	one = (struct ledger_entry){
		.number = e->number,
		.at_ns = e->at_ns,
		.uid = e->uid,
		.user = string(c, e->user),
		.action = string(c, e->action),
		.name = string(c, e->name),
		.ports = string(c, e->ports),
		.detail = string(c, e->detail),
	};
	if (!one.user || !one.action || !one.name || !one.ports)
		return -EILSEQ;
	*out = one;
	return 0;
}

static bool has_good_strings(const struct claims_image *c, const struct claims_format_row *row)
{
	const uint32_t strings[] = {row->name,  row->owner,   row->scope, row->since,
				    row->until, row->program, row->reason};

	for (size_t i = 0; i < N_ELEMENTS(strings); i++) {
		if (strings[i] >= c->strings.n)
			return false;
	}
	return true;
}

static bool has_good_days(const struct claim *one)
{
	return claim_date_is_good(one->since) && (!one->until || claim_date_is_good(one->until));
}

int claims_image_validate(const struct claims_image *c)
{
	const struct claims_format_head *head = IMAGE_AT(struct claims_format_head, &c->head, 0);
	const struct claims_format_row *rows = c->rows.items;
	struct claim before = {0}, one;
	struct ledger_entry entry;
	uint16_t reach = 0;

	if (!head || head->message >= c->strings.n)
		return -EILSEQ;
	for (uint32_t i = 0; i < c->rows.n; i++) {
		reach = MAX_OF(reach, rows[i].last);
		if (!has_good_strings(c, &rows[i]) || rows[i].reach != reach ||
		    claims_image_get(c, i, &one) < 0 || !has_good_days(&one) ||
		    (i > 0 && claim_compare(&before, &one) > 0))
			return -EILSEQ;
		before = one;
	}
	for (uint32_t i = 0; i < c->entries.n; i++) {
		if (claims_image_entry(c, i, &entry) < 0)
			return -EILSEQ;
	}
	return 0;
}
