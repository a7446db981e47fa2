#include "registry/known-uses.h"

#include "registry/format.h"

#include <errno.h>
#include <string.h>

uint32_t known_use_count(const struct registry *r)
{
	return r->uses.n;
}

/* What every known use has; only a damaged image lacks it. */
static const char *needed(const struct registry *r, uint32_t offset)
{
	const char *text = image_string(&r->strings, offset);

	return text ? text : "";
}

int known_use_get(const struct registry *r, uint32_t id, struct known_use *out)
{
	const struct format_use *use = IMAGE_AT(struct format_use, &r->uses, id);

	if (!use)
		return -ENOENT;
	*out = (struct known_use){
		.software = needed(r, use->software),
		.purpose = image_string(&r->strings, use->purpose),
		.since = image_string(&r->strings, use->since),
		.until = image_string(&r->strings, use->until),
		.programs = image_string(&r->strings, use->programs),
		.platform = image_string(&r->strings, use->platform),
		.service = image_string(&r->strings, use->service),
		.grade = needed(r, use->grade),
		.evidence = needed(r, use->evidence),
		.quote = image_string(&r->strings, use->quote),
		.first = use->first,
		.last = use->last,
		.protocol = use->protocol < N_REGISTRY_TRANSPORTS ? (enum transport)use->protocol
								  : TRANSPORT_TCP,
	};
	return 0;
}

/* TCP for MPTCP, UDP for UDP-Lite: known uses name the protocols of the registry only. */
static enum transport to_registry_protocol(enum transport t)
{
	return t == TRANSPORT_UDPLITE ? TRANSPORT_UDP : transport_port_space(t);
}

/* The first entry of the index by number that is not below `port`. */
static uint32_t find_port(const struct registry *r, uint16_t port)
{
	const struct format_use_port *entries = r->use_ports.items;
	uint32_t low = 0, high = r->use_ports.n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (entries[middle].port < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool known_use_next(const struct registry *r, uint16_t port, enum transport t, uint32_t *cursor,
		    struct known_use *out, uint32_t *id)
{
	const struct format_use_port *entry;

	if (*cursor == 0) /* 0 = not started; else 1 more than the next entry to look at */
		*cursor = find_port(r, port) + 1;
	t = to_registry_protocol(t);
	while ((entry = IMAGE_AT(struct format_use_port, &r->use_ports, *cursor - 1)) &&
	       entry->port == port) {
		++*cursor;
		if (known_use_get(r, entry->use, out) == 0 && out->protocol == t) {
			if (id)
				*id = entry->use;
			return true;
		}
	}
	return false;
}

static const char *program_at(const struct registry *r, uint32_t i)
{
	const struct format_use_program *entry =
		IMAGE_AT(struct format_use_program, &r->use_programs, i);
	const char *program = entry ? image_string(&r->strings, entry->program) : NULL;

	return program ? program : "";
}

static uint32_t find_program(const struct registry *r, const char *program)
{
	uint32_t low = 0, high = r->use_programs.n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(program_at(r, middle), program) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool known_use_next_of_program(const struct registry *r, const char *program, uint32_t *cursor,
			       struct known_use *out, uint32_t *id)
{
	const struct format_use_program *entry;

	if (!*program)
		return false;
	if (*cursor == 0)
		*cursor = find_program(r, program) + 1;
	entry = IMAGE_AT(struct format_use_program, &r->use_programs, *cursor - 1);
	if (!entry || strcmp(program_at(r, *cursor - 1), program) != 0 ||
	    known_use_get(r, entry->use, out) < 0)
		return false;
	++*cursor;
	if (id)
		*id = entry->use;
	return true;
}

bool known_use_has_program(const struct known_use *use, const char *program)
{
	const char *rest = use->programs;
	size_t length = strlen(program);
	struct registry_piece piece;

	while (registry_item(&rest, &piece)) {
		if (piece.n == length && memcmp(piece.text, program, length) == 0)
			return true;
	}
	return false;
}
