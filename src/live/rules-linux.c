#include "live/rules-linux.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1024 * 1024 };

/* One port number at `*at`, which moves behind it. */
static int take_port(const char **at, uint16_t *out)
{
	size_t n = strspn(*at, "0123456789");
	uint64_t value;
	int r = str_parse_u64(*at, n, UINT16_MAX, &value);

	if (r < 0)
		return -EBADMSG;
	*at += n;
	*out = (uint16_t)value;
	return 0;
}

int rules_parse_range(const char *text, struct live_span *out)
{
	struct live_span span;

	if (take_port(&text, &span.first) < 0)
		return -EBADMSG;
	text += strspn(text, " \t");
	if (take_port(&text, &span.last) < 0 || (*text && *text != '\n') || span.first > span.last)
		return -EBADMSG;
	*out = span;
	return 0;
}

int rules_parse_list(struct arena *arena, const char *text, const struct live_span **out,
		     size_t *n_out)
{
	struct live_span *spans = NULL, *span;
	size_t n = 0, capacity = 0;

	while (*text && *text != '\n') {
		span = ARENA_PUSH(arena, spans, n, capacity);
		if (!span)
			return -ENOMEM;
		if (take_port(&text, &span->first) < 0)
			return -EBADMSG;
		span->last = span->first;
		if (*text == '-') {
			text++;
			if (take_port(&text, &span->last) < 0 || span->last < span->first)
				return -EBADMSG;
		}
		if (*text == ',')
			text++;
		else if (*text && *text != '\n')
			return -EBADMSG;
	}
	*out = spans;
	*n_out = n;
	return 0;
}

void rules_read(struct arena *arena, struct live_rules *out)
{
	char text[64], *list;
	size_t n;
	uint64_t start;

	*out = (struct live_rules){0};
	if (fd_read_file_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", text, sizeof(text),
			    NULL) > 0)
		out->has_ephemeral = rules_parse_range(text, &out->ephemeral) == 0;
	if (fd_read_file_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", text,
			    sizeof(text), NULL) > 0 &&
	    str_parse_u64(text, strcspn(text, "\n"), UINT16_MAX + 1, &start) == 0) {
		out->has_privileged = true;
		out->unprivileged_start = (uint32_t)start;
	}
	if (fd_read_file_at(AT_FDCWD, "/proc/sys/net/ipv6/bindv6only", text, sizeof(text),
			    NULL) > 0)
		out->has_v6only_default = text[0] == '0' ? MAYBE_NO : MAYBE_YES;
	if (fd_slurp_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_reserved_ports", LARGEST, &list,
			&n) == 0) {
		out->has_reserved =
			rules_parse_list(arena, list, &out->reserved, &out->n_reserved) == 0;
		free(list);
	}
}
