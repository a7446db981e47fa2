#include "registry/etc-services.h"

#include "base/str.h"

#include <errno.h>

enum { PIECE = 16 * 1024 }; /* the sink is called about once for so many bytes */

bool etc_services_fits(const char *name)
{
	for (const char *c = name; *c; c++) {
		if (*c <= ' ' || *c > '~' || *c == '#')
			return false;
	}
	return *name != '\0';
}

/* The description as a comment: whatever a text holds, it stays on its line. */
static void append_comment(struct str *line, const char *description)
{
	if (!description)
		return;
	str_append(line, "\t# ");
	str_append_escaped(line, description, false);
}

/* The line of (port, protocol), or nothing when there is no name for it. */
static void append_line(const struct registry *r, uint16_t port, enum transport t, struct str *text,
			struct etc_services_counts *counts)
{
	struct registry_rows rows = registry_lookup(r, port, t);
	const char *description = NULL;
	uint32_t n_names = 0;

	for (uint32_t i = 0; i < rows.n; i++) {
		struct registry_row row;

		if (registry_row(r, rows.ids[i], &row) < 0 || !row.name)
			continue;
		if (!etc_services_fits(row.name)) {
			counts->n_unfit++;
			continue;
		}
		if (n_names == 0) {
			str_printf(text, "%s\t%u/%s", row.name, (unsigned int)port,
				   transport_name(t));
			description = row.description;
		} else {
			str_printf(text, "%s%s", n_names == 1 ? "\t" : " ", row.name);
		}
		n_names++;
	}
	if (n_names == 0)
		return;
	append_comment(text, description);
	str_append_char(text, '\n');
	counts->n_lines++;
	counts->n_names += n_names;
}

static uint32_t count_portless(const struct registry *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < registry_n_rows(r); i++) {
		struct registry_row row;

		n += registry_row(r, i, &row) == 0 && row.name && !row.has_ports;
	}
	return n;
}

static int flush(struct str *text, etc_services_sink *sink, void *context)
{
	int error;

	if (text->has_failed)
		return -ENOMEM;
	error = text->length > 0 ? sink(context, text->bytes, text->length) : 0;
	str_clear(text);
	return error;
}

int etc_services_write(const struct registry *r, etc_services_sink *sink, void *context,
		       struct etc_services_counts *out)
{
	BERTH_CLEANUP(str_fini) struct str text = {0};
	struct etc_services_counts counts = {0};
	int error = 0;

	for (uint32_t port = 0; port <= UINT16_MAX && error == 0; port++) {
		for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++)
			append_line(r, (uint16_t)port, (enum transport)t, &text, &counts);
		if (text.length >= PIECE || text.has_failed)
			error = flush(&text, sink, context);
	}
	if (error == 0)
		error = flush(&text, sink, context);
	if (error < 0)
		return error;
	counts.n_portless = count_portless(r);
	*out = counts;
	return 0;
}
