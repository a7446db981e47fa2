#include "query/transport.h"

#include "base/str.h"

#include <errno.h>

static const char *const names[N_TRANSPORTS] = {"tcp", "udp", "sctp", "dccp", "udplite", "mptcp"};

const char *transport_name(enum transport t)
{
	return (unsigned int)t < N_TRANSPORTS ? names[t] : "?";
}

int transport_parse(const char *name, enum transport *out)
{
	for (unsigned int i = 0; i < N_TRANSPORTS; i++) {
		if (str_casecmp(name, names[i]) == 0) {
			*out = (enum transport)i;
			return 0;
		}
	}
	return -EINVAL;
}

enum transport transport_port_space(enum transport t)
{
	return t == TRANSPORT_MPTCP ? TRANSPORT_TCP : t;
}
