#include "live/lease-names.h"

#include "base/fd.h"

#include <fcntl.h>
#include <stdlib.h>

enum { LARGEST = 256 * 1024 * 1024 };

int lease_names_read(struct port_set *tcp, struct port_set *udp)
{
	char *text = NULL;
	size_t n;
	int r = fd_slurp_at(AT_FDCWD, "/proc/net/unix", LARGEST, &text, &n);

	if (r < 0)
		return r;
	lease_names_parse(text, n, tcp, udp);
	free(text);
	return 0;
}
