/*
 * Fuzz target: replies of sock_diag. The first byte chooses the question, the rest is the reply.
 * Whatever is handed out must answer the question.
 */
#include "live/diag-linux.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { SEQUENCE = 7 };

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static bool is_in(const struct diag_query *q, uint16_t port)
{
	return port >= q->first_port && port <= q->last_port;
}

static void take(const struct diag_row *row, void *context)
{
	const struct diag_query *q = context;
	const struct live_socket *s = &row->socket;

	demand(s->transport == q->transport);
	demand(s->state <= LIVE_TIME_WAIT);
	demand(is_in(q, s->local_port) ||
	       (q->is_remote_too && s->has_remote && is_in(q, s->remote_port)));
	demand(s->local.family == ADDRESS_IPV4 ? q->want_v4
					       : q->want_v6 || (q->want_v4 && s->is_dual_stack));
	demand(s->has_remote == (s->state == LIVE_CONNECTION || s->state == LIVE_TIME_WAIT));
	demand(s->inode != 0 || !s->has_uid);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const enum transport transports[] = {TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_UDPLITE,
						    TRANSPORT_MPTCP};
	uint8_t choice = n > 0 ? bytes[0] : 0;
	struct diag_query q = {
		.transport = transports[choice & 3],
		.want_v4 = !(choice & 4),
		.want_v6 = !(choice & 8),
		.states = choice & 16 ? DIAG_LISTEN | DIAG_CLOSE : 0x3fff,
		.first_port = choice & 32 ? 80 : 0,
		.last_port = choice & 32 ? 80 : UINT16_MAX,
		.is_remote_too = choice & 64,
	};
	void *aligned;
	int r;

	n -= n > 0;
	/* Aligned as the kernel's replies are, and exact: a sanitizer sees what is behind. */
	aligned = malloc(n ? n : 1);
	demand(aligned != NULL);
	if (n > 0)
		memcpy(aligned, bytes + 1, n);
	r = diag_parse(aligned, n, &q, SEQUENCE, 0, take, &q);
	demand(r <= 1 && r > -4096);
	free(aligned);
	return 0;
}
