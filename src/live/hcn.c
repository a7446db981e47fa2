#include "live/hcn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct hcn_entry) == 64, "its layout");
_Static_assert(offsetof(struct hcn_entry, priority) == 40, "its layout");
_Static_assert(offsetof(struct hcn_entry, first_port) == 60, "its layout");

enum { N_PORTS = 65536 };

/* How many reservations begin at a port, less those that ended before it. */
struct steps {
	int32_t tcp[N_PORTS + 1], udp[N_PORTS + 1];
};

/* Whether it stands for one guest: Microsoft's "Make your own integration services" names those
 * that do not. */
static bool is_guest(const struct hcn_guid *owner)
{
	static const struct hcn_guid others[] = {
		{0}, /* HV_GUID_WILDCARD */
		{0xffffffff, 0xffff, 0xffff, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		/* HV_GUID_CHILDREN, _LOOPBACK, _PARENT */
		{0x90db8b89, 0x0d35, 0x4f79, {0x8c, 0xe9, 0x49, 0xea, 0x0a, 0xc8, 0xb7, 0xcd}},
		{0xe0e16197, 0xdd56, 0x4a10, {0x91, 0x95, 0x5e, 0xe7, 0xa1, 0x55, 0xa8, 0x38}},
		{0xa42e7cda, 0xd03f, 0x480c, {0x9c, 0xc2, 0xa4, 0xde, 0x20, 0xab, 0xb8, 0x78}},
	};

	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		if (memcmp(owner, &others[i], sizeof(*owner)) == 0)
			return false;
	}
	return true;
}

static void add_step(int32_t *steps, const struct hcn_entry *e)
{
	steps[e->first_port]++;
	steps[e->last_port + 1]--;
}

static int add_entries(const char *bytes, size_t n, struct steps *steps)
{
	struct hcn_entry e;

	for (size_t i = 0; i < n; i++) {
		memcpy(&e, bytes + i * sizeof(e), sizeof(e));
		if (!is_guest(&e.owner))
			continue;
		if (e.protocol < HCN_TCP || e.protocol > HCN_BOTH || e.first_port > e.last_port)
			return -EBADMSG;
		if (e.protocol & HCN_TCP)
			add_step(steps->tcp, &e);
		if (e.protocol & HCN_UDP)
			add_step(steps->udp, &e);
	}
	return 0;
}

static struct live_spans spans_of(const int32_t *steps, struct arena *arena)
{
	struct live_span *spans = NULL;
	size_t n = 0, capacity = 0;
	int64_t depth = steps[0];
	bool was_in = false;

	for (unsigned int port = 1; port < N_PORTS; port++) {
		struct live_span *slot;

		depth += steps[port];
		if (depth > 0 && was_in) {
			spans[n - 1].last = (uint16_t)port;
		} else if (depth > 0) {
			slot = ARENA_PUSH(arena, spans, n, capacity);
			if (!slot)
				break;
			*slot = (struct live_span){(uint16_t)port, (uint16_t)port};
		}
		was_in = depth > 0;
	}
	return (struct live_spans){spans, n};
}

int hcn_decode(const void *bytes, size_t n_bytes, struct arena *arena, struct live_spans *tcp,
	       struct live_spans *udp)
{
	const size_t n = n_bytes / sizeof(struct hcn_entry);
	struct live_spans found[2];
	struct steps *steps;
	int r;

	if (n_bytes % sizeof(struct hcn_entry) != 0)
		return -EBADMSG;
	if (n > HCN_MOST_ENTRIES)
		return -EFBIG;
	steps = calloc(1, sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	r = add_entries(bytes, n, steps);
	if (r == 0) {
		found[0] = spans_of(steps->tcp, arena);
		found[1] = spans_of(steps->udp, arena);
		if (arena_failed(arena))
			r = -ENOMEM;
	}
	free(steps);
	if (r == 0) {
		*tcp = found[0];
		*udp = found[1];
	}
	return r;
}
