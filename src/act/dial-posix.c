#include "act/dial.h"

#include "act/place.h"

#include <errno.h>
#include <netdb.h>

int dial_resolve(const char *host, struct arena *arena, struct dial_names *out)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct dial_names names = {0};
	struct addrinfo *found = NULL;
	struct address *addresses = NULL;
	size_t capacity = 0;
	int r = getaddrinfo(host, NULL, &hints, &found);

	if (r != 0) {
		names.error = arena_strdup(arena, gai_strerror(r));
		*out = names;
		return names.error ? 0 : -ENOMEM;
	}
	for (const struct addrinfo *info = found; info; info = info->ai_next) {
		struct address address, *slot;

		if (!place_read_bytes(info->ai_addr, info->ai_addrlen, &address))
			continue;
		slot = ARENA_PUSH(arena, addresses, names.n, capacity);
		if (slot)
			*slot = address;
		else
			r = -ENOMEM;
	}
	freeaddrinfo(found);
	names.addresses = addresses;
	if (r == 0)
		*out = names;
	return r;
}
