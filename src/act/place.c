#include "act/place.h"

#include "base/attr.h"

#include <string.h>

socklen_t place_fill(const struct address *a, uint16_t port, union place *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == ADDRESS_IPV4) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		memcpy(&out->v4.sin_addr, a->bytes, 4);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	out->v6.sin6_scope_id = a->scope_id;
	memcpy(&out->v6.sin6_addr, a->bytes, 16);
	return sizeof(out->v6);
}

bool place_read(const union place *place, struct address *a, uint16_t *port)
{
	struct address read = {.family = ADDRESS_IPV4};

	if (place->any.sa_family == AF_INET) {
		memcpy(read.bytes, &place->v4.sin_addr, 4);
		*port = ntohs(place->v4.sin_port);
	} else if (place->any.sa_family == AF_INET6) {
		read.family = ADDRESS_IPV6;
		memcpy(read.bytes, &place->v6.sin6_addr, 16);
		if (address_is_link_local(&read))
			read.scope_id = place->v6.sin6_scope_id;
		*port = ntohs(place->v6.sin6_port);
	} else {
		return false;
	}
	*a = read;
	return true;
}

bool place_read_bytes(const void *bytes, size_t n, struct address *a)
{
	union place place = {0};
	uint16_t port;

	memcpy(&place, bytes, MIN_OF(n, sizeof(place)));
	return place_read(&place, a, &port);
}
