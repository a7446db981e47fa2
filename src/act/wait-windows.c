/*
 * IP helper: there is no point look-up, only whole tables. They are read anew when the last ones
 * are older than a hundred times what it took to read them, so that the tables of a busy machine
 * cost no more than a hundredth of a core either.
 *
 * Windows tells neither which connections wait to be accepted nor how many.
 */
#include "act/wait-look.h"

#include "act/place.h"
#include "base/lang.h"
#include "base/wide-windows.h"
#include "live/calls-windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winsock2.h>

#include <ws2tcpip.h>

#include <iphlpapi.h>

enum { TIMES_ITS_COST = 100, MOST_AGE_US = 500 * 1000 };

struct wait_look {
	struct str tables[N_IPHLP_TABLES];
	int64_t fresh_until_us[N_IPHLP_TABLES];
};

static int64_t now_us(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Read a table, unless it is fresh. Returns 0 or a negative errno. */
static int refresh(struct wait_look *l, enum iphlp_table t, bool is_urgent)
{
	int64_t begun = now_us(), cost;
	int r;

	if (!is_urgent && begun < l->fresh_until_us[t])
		return 0;
	r = calls_windows.table(t, &l->tables[t]);
	if (r < 0) {
		str_clear(&l->tables[t]);
		return r;
	}
	cost = now_us() - begun;
	l->fresh_until_us[t] = begun + MIN_OF(cost * TIMES_ITS_COST, (int64_t)MOST_AGE_US);
	return 0;
}

int wait_look_open(struct wait_look **out)
{
	struct wait_look *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	for (size_t i = 0; i < N_IPHLP_TABLES; i++)
		str_init(&l->tables[i]);
	if (refresh(l, IPHLP_TCP4, true) < 0) {
		wait_look_close(l);
		return -ENOTSUP;
	}
	*out = l;
	return 0;
}

struct wait_look *wait_look_close(struct wait_look *l)
{
	if (!l)
		return NULL;
	for (size_t i = 0; i < N_IPHLP_TABLES; i++)
		str_fini(&l->tables[i]);
	free(l);
	return NULL;
}

const char *wait_look_unseen(const struct wait_look *l BERTH_UNUSED, enum wait_unseen what)
{
	return what == WAIT_UNSEEN_BOUND
		       ? _("Windows does not show every socket that is bound and does not listen")
		       : _("Windows does not show whether a process has accepted a connection");
}

bool wait_look_shares_cookies(const struct wait_look *l BERTH_UNUSED)
{
	return false;
}

/* --- points ---------------------------------------------------------------------------------- */

/* When the socket of a row was made. */
static int64_t created_of(enum iphlp_table t, const void *raw)
{
	static const size_t offsets[N_IPHLP_TABLES] = {
		[IPHLP_TCP4] = offsetof(struct iphlp_tcp4, created),
		[IPHLP_TCP6] = offsetof(struct iphlp_tcp6, created),
		[IPHLP_UDP4] = offsetof(struct iphlp_udp4, created),
		[IPHLP_UDP6] = offsetof(struct iphlp_udp6, created),
	};
	int64_t created;

	memcpy(&created, (const char *)raw + offsets[t], sizeof(created));
	return created;
}

/* Windows has no cookies: what tells one listener from the next, never 0. */
static uint64_t cookie_of(enum iphlp_table t, const struct iphlp_row *row)
{
	struct {
		struct address at;
		int64_t created;
		uint32_t pid, zero;
	} who;

	memset(&who, 0, sizeof(who)); /* what is between its members, too */
	who.at.family = row->socket.local.family;
	who.at.scope_id = row->socket.local.scope_id;
	memcpy(who.at.bytes, row->socket.local.bytes, sizeof(who.at.bytes));
	who.created = created_of(t, row->raw);
	who.pid = row->pid;
	return (uint64_t)str_hash(&who, sizeof(who)) | 1;
}

static enum iphlp_table table_of(enum transport transport, bool is_v6)
{
	if (transport == TRANSPORT_TCP)
		return is_v6 ? IPHLP_TCP6 : IPHLP_TCP4;
	return is_v6 ? IPHLP_UDP6 : IPHLP_UDP4;
}

/* How well a listener fits: 2 the address itself, 1 all addresses, 0 not at all. */
static int fit(const struct iphlp_row *row, const struct wait_point *p)
{
	if (row->socket.state != LIVE_LISTENER || row->socket.local_port != p->port)
		return 0;
	if (address_is_equal(&row->socket.local, &p->local))
		return 2;
	return address_is_wildcard(&row->socket.local) ? 1 : 0;
}

static int look_at(struct wait_look *l, struct wait_point *p)
{
	enum iphlp_table t = table_of(p->transport, p->local.family == ADDRESS_IPV6);
	const struct str *table = &l->tables[t];
	int best = 0, r = refresh(l, t, false);
	bool is_cut;
	size_t n;

	if (r < 0)
		return r;
	p->is_there = false;
	n = iphlp_count(t, table->bytes, table->length, &is_cut);
	for (size_t i = 0; i < n; i++) {
		struct iphlp_row row;

		if (iphlp_decode(t, table->bytes, i, &row) != 0 || fit(&row, p) <= best)
			continue;
		best = fit(&row, p);
		p->is_there = true;
		p->found = row.socket.local;
		p->cookie = cookie_of(t, &row);
		p->queued = p->limit = 0;
	}
	return 0;
}

int wait_look_points(struct wait_look *l, struct wait_point *points, size_t n)
{
	int r = 0;

	if (n > WAIT_MOST_POINTS)
		return -E2BIG;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = look_at(l, &points[i]);
	return r;
}

bool wait_look_ends_of(const struct live_socket *s BERTH_UNUSED,
		       struct wait_ends *out BERTH_UNUSED)
{
	return false;
}

int wait_look_exists(struct wait_look *l BERTH_UNUSED, const struct live_socket *s BERTH_UNUSED)
{
	return -ENOTSUP; /* a dump costs no more */
}

int wait_look_server_end(struct wait_look *l BERTH_UNUSED,
			 const struct address *server BERTH_UNUSED,
			 uint16_t server_port BERTH_UNUSED,
			 const struct address *client BERTH_UNUSED,
			 uint16_t client_port BERTH_UNUSED, enum wait_server_end *out)
{
	*out = WAIT_END_NONE;
	return 0;
}

/* --- dumps ----------------------------------------------------------------------------------- */

/* The rows of one table with the port, behind `*n_rows` others. */
static int add_rows(struct wait_look *l, enum iphlp_table t, uint16_t port, bool all,
		    struct arena *arena, struct live_socket **rows, size_t *n_rows,
		    size_t *capacity)
{
	static const struct live_namespace here = {.name = "here", .is_here = true};
	const struct str *table = &l->tables[t];
	int r = refresh(l, t, true);
	bool is_cut;
	size_t n = r < 0 ? 0 : iphlp_count(t, table->bytes, table->length, &is_cut);

	for (size_t i = 0; i < n; i++) {
		struct live_socket *slot;
		struct iphlp_row row;

		if (iphlp_decode(t, table->bytes, i, &row) != 0 || row.socket.local_port != port ||
		    !(all || row.socket.state == LIVE_LISTENER))
			continue;
		slot = ARENA_PUSH(arena, *rows, *n_rows, *capacity);
		if (!slot)
			return -ENOMEM;
		*slot = row.socket;
		slot->ns = &here;
		slot->cookie = cookie_of(t, &row);
	}
	return r;
}

static int dump(struct wait_look *l, enum transport transport, uint16_t port, bool all,
		struct arena *arena, struct wait_rows *out)
{
	struct live_socket *rows = NULL;
	size_t n = 0, capacity = 0;
	int r = add_rows(l, table_of(transport, false), port, all, arena, &rows, &n, &capacity);

	if (r == 0)
		r = add_rows(l, table_of(transport, true), port, all, arena, &rows, &n, &capacity);
	if (r == 0)
		*out = (struct wait_rows){.items = rows, .n = n};
	return r;
}

int wait_look_listeners(struct wait_look *l, enum transport transport, uint16_t port,
			struct arena *arena, struct wait_rows *out)
{
	return dump(l, transport, port, false, arena, out);
}

int wait_look_holders(struct wait_look *l, enum transport transport, uint16_t port,
		      struct arena *arena, struct wait_rows *out)
{
	return dump(l, transport, port, true, arena, out);
}

/* --- addresses ------------------------------------------------------------------------------- */

static int take_adapters(const IP_ADAPTER_ADDRESSES *first, struct arena *arena,
			 struct wait_addresses *out)
{
	struct address *items = NULL;
	size_t n = 0, capacity = 0;

	for (const IP_ADAPTER_ADDRESSES *a = first; a; a = a->Next) {
		for (const IP_ADAPTER_UNICAST_ADDRESS *u = a->FirstUnicastAddress; u;
		     u = u->Next) {
			struct address address, *slot;

			if (!place_read_bytes(u->Address.lpSockaddr,
					      (size_t)u->Address.iSockaddrLength, &address))
				continue;
			slot = ARENA_PUSH(arena, items, n, capacity);
			if (!slot)
				return -ENOMEM;
			*slot = address;
		}
	}
	*out = (struct wait_addresses){.items = items, .n = n};
	return 0;
}

int wait_look_addresses(struct arena *arena, struct wait_addresses *out)
{
	const ULONG flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST |
			    GAA_FLAG_SKIP_DNS_SERVER | GAA_FLAG_SKIP_FRIENDLY_NAME;
	enum { TRIES = 8, LARGEST = 16 << 20 };
	ULONG size = 16 * 1024, error = ERROR_BUFFER_OVERFLOW;
	IP_ADAPTER_ADDRESSES *list = NULL;
	int r;

	for (int i = 0; i < TRIES && error == ERROR_BUFFER_OVERFLOW && size <= LARGEST; i++) {
		free(list);
		list = malloc(size);
		if (!list)
			return -ENOMEM;
		error = GetAdaptersAddresses(AF_UNSPEC, flags, NULL, list, &size);
	}
	*out = (struct wait_addresses){0};
	r = error == NO_ERROR	    ? take_adapters(list, arena, out)
	    : error == ERROR_NO_DATA ? 0
				     : -wide_errno(error);
	free(list);
	return r;
}

bool wait_look_may_have_proxy(void)
{
	return false; /* they are known by their arguments, which are not read here */
}
