#include "live/lease-names.h"

#include "base/str.h"

#include <string.h>

/* "13002" up to the end of the line, or nothing. */
static void take(const char *digits, size_t n, struct port_set *out)
{
	uint64_t port;

	if (str_parse_u64(digits, n, UINT16_MAX, &port) == 0)
		port_set_add(out, (uint16_t)port);
}

/* A path is the last column, and may hold anything but a line feed: a name counts only where the
 * kernel's own columns end, behind the inode. */
static const char *find_path(const char *line, const char *end)
{
	enum { COLUMNS = 7 };

	for (int i = 0; i < COLUMNS; i++) {
		while (line < end && *line == ' ')
			line++;
		while (line < end && *line != ' ')
			line++;
	}
	return line < end ? line + 1 : end;
}

void lease_names_parse(const char *text, size_t n, struct port_set *tcp, struct port_set *udp)
{
	static const char tcp_name[] = "@" LEASE_NAMES_LOCK "tcp/";
	static const char udp_name[] = "@" LEASE_NAMES_LOCK "udp/";
	const char *end = text + n;
	size_t n_name = strlen(tcp_name);

	for (const char *line = text; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const char *path;

		stop = stop ? stop : end;
		path = find_path(line, stop);
		if ((size_t)(stop - path) > n_name) {
			const char *digits = path + n_name;

			if (memcmp(path, tcp_name, n_name) == 0)
				take(digits, (size_t)(stop - digits), tcp);
			else if (memcmp(path, udp_name, n_name) == 0)
				take(digits, (size_t)(stop - digits), udp);
		}
		line = stop + 1;
	}
}
