/*
 * Fuzz target: Windows' tables of sockets, its guests' reservations, its text. The first byte
 * chooses; what is left is a table, reservations, or text.
 */
#include "base/utf16.h"
#include "live/hcn.h"
#include "live/iphlp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void try_table(enum iphlp_table t, const uint8_t *bytes, size_t n)
{
	uint8_t *table = malloc(n ? n : 1); /* exactly as large: reading behind it is seen */
	struct iphlp_row row;
	bool is_cut = false;
	size_t n_rows;

	demand(table != NULL);
	memcpy(table, bytes, n);
	n_rows = iphlp_count(t, table, n, &is_cut);
	demand(n_rows == 0 || IPHLP_FIRST_ROW + n_rows * iphlp_row_size(t) <= n);
	for (size_t i = 0; i < n_rows; i++) {
		const struct live_socket *s = &row.socket;

		if (iphlp_decode(t, table, i, &row) != 0)
			continue;
		demand(s->local_port != 0 && s->transport == iphlp_transport(t));
		demand((s->local.family == ADDRESS_IPV6) == iphlp_is_v6(t));
		demand(s->has_remote ==
		       (s->state == LIVE_CONNECTION || s->state == LIVE_TIME_WAIT));
		demand((const uint8_t *)row.raw >= table && (const uint8_t *)row.raw < table + n);
	}
	free(table);
}

static void check_spans(const struct live_spans *s)
{
	for (size_t i = 0; i < s->n; i++) {
		demand(s->items[i].first > 0 && s->items[i].first <= s->items[i].last);
		demand(i == 0 || s->items[i].first > s->items[i - 1].last + 1);
	}
}

static void try_guests(const uint8_t *bytes, size_t n)
{
	uint8_t *entries = malloc(n ? n : 1);
	struct live_spans tcp, udp;
	struct arena arena;

	demand(entries != NULL);
	memcpy(entries, bytes, n);
	arena_init(&arena);
	if (hcn_decode(entries, n, &arena, &tcp, &udp) == 0) {
		demand(n % sizeof(struct hcn_entry) == 0);
		check_spans(&tcp);
		check_spans(&udp);
	}
	arena_fini(&arena);
	free(entries);
}

/* Units that come back from UTF-8 as they were, up to the first 0. */
static void try_units(const uint8_t *bytes, size_t n)
{
	uint16_t *units = calloc(n / 2 + 1, sizeof(*units)), *again;
	char *text;
	size_t i = 0;

	demand(units != NULL);
	memcpy(units, bytes, n / 2 * 2);
	text = utf16_to_utf8(units, n / 2);
	demand(text != NULL);
	again = utf16_from_utf8(text);
	demand(again != NULL);
	while (units[i] && again[i] == units[i])
		i++;
	demand(units[i] == again[i]);
	free(units);
	free(text);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return 0;
	if (bytes[0] < N_IPHLP_TABLES)
		try_table((enum iphlp_table)bytes[0], bytes + 1, n - 1);
	else if (bytes[0] == 'G')
		try_guests(bytes + 1, n - 1);
	else
		try_units(bytes + 1, n - 1);
	return 0;
}
