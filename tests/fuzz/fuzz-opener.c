/*
 * Fuzz target: the first bytes of strangers, as a stream, as a datagram, and as an HTTP answer.
 */
#include "act/http-reply.h"
#include "act/opener.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

/* Terminated, and nothing in it that a terminal would obey. */
static void check_text(const char *text, size_t size)
{
	const char *end = memchr(text, '\0', size);

	demand(end != NULL);
	for (; text < end; text++)
		demand(*text >= ' ' && *text < 0x7f);
}

static void check(const uint8_t *bytes, size_t n, bool is_datagram)
{
	struct opener o;

	opener_read(bytes, n, is_datagram, &o);
	check_text(o.name, sizeof(o.name));
	check_text(o.request, sizeof(o.request));
	demand(o.protocol || (!*o.name && !*o.request));
	demand(!o.protocol || *o.protocol);
	demand(o.is_complete || (!is_datagram && n < OPENER_MOST));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1); /* of exactly this size: what is read beyond is found */
	char out[64];
	int status = 0, r;

	demand(copy != NULL);
	memcpy(copy, bytes, n);
	check(copy, n, false);
	check(copy, n, true);
	demand(opener_escape(copy, n, out, sizeof(out)) <= n);
	check_text(out, sizeof(out));
	r = http_reply_status((const char *)copy, n, &status);
	demand(r == 1 ? status >= 200 && status <= 599 : status == 0);
	free(copy);
	return 0;
}
