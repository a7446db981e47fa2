/* Writes claims images. */
#include "ledger/claims-image.h"

#include "base/image-writer.h"
#include "ledger/claims-format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* In an image all claims are of one level, whatever they were of before. */
static int compare(const void *pa, const void *pb)
{
	struct claim a = **(const struct claim *const *)pa, b = **(const struct claim *const *)pb;

	a.level = b.level = 0;
	return claim_compare(&a, &b);
}

/* Pointers to the claims, sorted; heap. */
static const struct claim **sort(const struct claim *claims, size_t n)
{
	const struct claim **sorted = calloc(n ? n : 1, sizeof(struct claim *));

	for (size_t i = 0; sorted && i < n; i++)
		sorted[i] = &claims[i];
	if (sorted && n > 1)
		qsort(sorted, n, sizeof(*sorted), compare);
	return sorted;
}

static bool is_possible(const struct claim *c)
{
	return c->name && *c->name && c->since && claim_date_is_good(c->since) &&
	       (!c->until || claim_date_is_good(c->until)) && c->first <= c->last &&
	       c->protocols != 0 && (c->protocols & ~(transport_set)CLAIMS_PROTOCOLS) == 0;
}

static uint8_t flags_of(const struct claim *c)
{
	unsigned int flags = c->is_retired ? CLAIMS_IS_RETIRED : 0;

	if (c->has_address)
		flags |= c->address.family == ADDRESS_IPV6 ? CLAIMS_HAS_IPV6 : CLAIMS_HAS_IPV4;
	return (uint8_t)flags;
}

static struct claims_format_row fill_row(struct image_writer *w, const struct claim *c)
{
	struct claims_format_row row = {
		.name = image_writer_string(w, c->name),
		.owner = image_writer_string(w, c->owner),
		.scope = image_writer_string(w, c->scope),
		.since = image_writer_string(w, c->since),
		.until = image_writer_string(w, c->until),
		.program = image_writer_string(w, c->program),
		.reason = image_writer_string(w, c->reason),
		.first = c->first,
		.last = c->last,
		.protocols = (uint8_t)c->protocols,
		.flags = flags_of(c),
	};

	if (c->has_address) {
		row.address_scope = c->address.scope_id;
		memcpy(row.address, c->address.bytes, sizeof(row.address));
	}
	return row;
}

/* The rows of the claims; heap. NULL with `*error` set. */
static struct claims_format_row *fill_rows(struct image_writer *w, const struct claim *claims,
					   size_t n, int *error)
{
	const struct claim **sorted = sort(claims, n);
	struct claims_format_row *rows = calloc(n ? n : 1, sizeof(*rows));
	uint16_t reach = 0;

	*error = sorted && rows ? 0 : -ENOMEM;
	for (size_t i = 0; *error == 0 && i < n; i++) {
		if (!is_possible(sorted[i])) {
			*error = -EINVAL;
			break;
		}
		rows[i] = fill_row(w, sorted[i]);
		reach = MAX_OF(reach, rows[i].last);
		rows[i].reach = reach;
	}
	free(sorted);
	if (*error == 0)
		return rows;
	free(rows);
	return NULL;
}

static struct claims_format_entry *fill_entries(struct image_writer *w,
						const struct ledger_entry *entries, size_t n)
{
	struct claims_format_entry *out = calloc(n ? n : 1, sizeof(*out));

	for (size_t i = 0; out && i < n; i++)
		out[i] = (struct claims_format_entry){
			.number = entries[i].number,
			.at_ns = entries[i].at_ns,
			.uid = entries[i].uid,
			.user = image_writer_string(w, entries[i].user),
			.action = image_writer_string(w, entries[i].action),
			.name = image_writer_string(w, entries[i].name),
			.ports = image_writer_string(w, entries[i].ports),
			.detail = image_writer_string(w, entries[i].detail),
		};
	return out;
}

int claims_image_write(const struct claims_head *head, const struct claim *claims, size_t n,
		       const struct ledger_entry *entries, size_t n_entries, struct str *out)
{
	struct image_writer w = {0};
	struct claims_format_head format_head = {
		.identity = head->identity,
		.generation = head->generation,
		.written_ns = head->written_ns,
		.outcome = head->outcome,
		.message = image_writer_string(&w, head->message),
	};
	int error = 0;
	struct claims_format_row *rows = fill_rows(&w, claims, n, &error);
	struct claims_format_entry *lines = fill_entries(&w, entries, n_entries);

	if (error == 0 && !lines)
		error = -ENOMEM;
	if (error == 0) {
		image_writer_section(&w, CLAIMS_HEAD, sizeof(format_head), &format_head, 1);
		image_writer_section(&w, CLAIMS_ROWS, sizeof(*rows), rows, n);
		image_writer_section(&w, CLAIMS_ENTRIES, sizeof(*lines), lines, n_entries);
		error = image_writer_finish(&w, CLAIMS_KIND, CLAIMS_KIND_VERSION, out);
	}
	if (error == 0 && out->length > CLAIMS_IMAGE_MOST)
		error = -EOVERFLOW;
	free(rows);
	free(lines);
	image_writer_fini(&w);
	return error;
}
