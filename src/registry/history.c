#include "registry/history.h"

#include "registry/format.h"

#include <errno.h>

uint32_t history_count(const struct registry *r)
{
	return r->history.n;
}

static enum registry_status to_status(uint8_t value)
{
	return value < N_REGISTRY_STATUSES ? (enum registry_status)value : REGISTRY_NONE;
}

int history_get(const struct registry *r, uint32_t id, struct history_entry *out)
{
	const struct format_history *h = IMAGE_AT(struct format_history, &r->history, id);
	bool has_protocol;

	if (!h)
		return -ENOENT;
	has_protocol = h->protocol < N_REGISTRY_TRANSPORTS;
	*out = (struct history_entry){
		.kind = h->kind < N_HISTORY_KINDS ? (enum history_kind)h->kind : HISTORY_STATUS,
		.date = image_string(&r->strings, h->date),
		.seen_before = image_string(&r->strings, h->seen_before),
		.seen_after = image_string(&r->strings, h->seen_after),
		.name_before = image_string(&r->strings, h->name_before),
		.name_after = image_string(&r->strings, h->name_after),
		.first = h->first,
		.last = h->last,
		.has_protocol = has_protocol,
		.protocol = has_protocol ? (enum transport)h->protocol : TRANSPORT_TCP,
		.status_before = to_status(h->status_before),
		.status_after = to_status(h->status_after),
	};
	return 0;
}

/* The first entry that may cover the port: before it no entry reaches that far. */
static uint32_t find_first(const struct registry *r, uint16_t port)
{
	const struct format_history *h = r->history.items;
	uint32_t low = 0, high = r->history.n;

	while (low < high) { /* `reach` never falls */
		uint32_t middle = low + (high - low) / 2;

		if (h[middle].reach < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool history_next(const struct registry *r, uint16_t port, uint32_t *cursor,
		  struct history_entry *out)
{
	const struct format_history *h;

	if (*cursor == 0) /* 0 = not started; else 1 more than the next entry to look at */
		*cursor = find_first(r, port) + 1;
	while ((h = IMAGE_AT(struct format_history, &r->history, *cursor - 1)) &&
	       h->first <= port) {
		++*cursor;
		if (h->last >= port)
			return history_get(r, *cursor - 2, out) == 0;
	}
	return false;
}

const char *history_kind_name(enum history_kind kind)
{
	static const char *const names[N_HISTORY_KINDS] = {
		[HISTORY_ADDED] = "added",     [HISTORY_REMOVED] = "removed",
		[HISTORY_RENAMED] = "renamed", [HISTORY_STATUS] = "status",
		[HISTORY_RE_DATED] = "re-dated", [HISTORY_EDITED] = "edited",
	};

	return names[kind];
}
