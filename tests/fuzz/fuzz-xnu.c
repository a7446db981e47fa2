/*
 * Fuzz target: what the kernel of macOS tells. The first byte chooses the structure.
 */
#include "base/arena.h"
#include "live/xnu-process.h"
#include "live/xnu-socket.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void check_socket(const struct live_socket *s)
{
	demand(s->local_port != 0);
	demand(s->transport == TRANSPORT_TCP || s->transport == TRANSPORT_UDP);
	demand(s->has_remote == (s->state == LIVE_CONNECTION || s->state == LIVE_TIME_WAIT));
	demand(!s->is_dual_stack ||
	       (s->local.family == ADDRESS_IPV6 && address_is_wildcard(&s->local)));
	demand(!s->has_queue || s->state == LIVE_LISTENER);
	demand(s->has_uid || s->uid == 0);
}

static void take(struct live_socket *s, void *context)
{
	size_t *n = context;

	check_socket(s);
	++*n;
}

static void try_list(const uint8_t *bytes, size_t n, enum transport t)
{
	size_t n_taken = 0;

	(void)!xnu_socket_decode_list(bytes, n, t, take, &n_taken);
	demand(n_taken <= n / 260);
}

static void try_descriptor(const uint8_t *bytes, size_t n)
{
	struct live_socket s;

	if (xnu_socket_decode(bytes, n, &s) == 0)
		check_socket(&s);
}

static void try_process(const uint8_t *bytes, size_t n)
{
	struct xnu_process p;

	if (xnu_process_decode(bytes, n, &p) == 0)
		demand(strnlen(p.name, sizeof(p.name)) < sizeof(p.name));
	if (xnu_process_decode_short(bytes, n, &p) == 0)
		demand(strnlen(p.name, sizeof(p.name)) < sizeof(p.name));
}

static void try_arguments(const uint8_t *bytes, size_t n, size_t limit)
{
	struct arena arena = {0};
	struct xnu_arguments a;
	size_t total = 0;

	if (xnu_process_decode_arguments(&arena, bytes, n, limit, &a) == 0) {
		for (size_t i = 0; a.command && a.command[i]; i++)
			total += strlen(a.command[i]);
		demand(total <= limit && total <= n);
		demand(!a.label || (a.label[0] && strcmp(a.label, "0") != 0));
	}
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint8_t *copy;

	if (n < 1)
		return 0;
	copy = malloc(n - 1 ? n - 1 : 1); /* of its own, so that one byte too far is seen */
	demand(copy != NULL);
	memcpy(copy, bytes + 1, n - 1);
	switch (bytes[0] % 6) {
	case 0:
		try_descriptor(copy, n - 1);
		break;
	case 1:
		try_list(copy, n - 1, TRANSPORT_TCP);
		break;
	case 2:
		try_list(copy, n - 1, TRANSPORT_UDP);
		break;
	case 3:
		try_process(copy, n - 1);
		break;
	case 4:
		try_arguments(copy, n - 1, 65536);
		break;
	case 5:
		try_arguments(copy, n - 1, 16);
		break;
	}
	free(copy);
	return 0;
}
