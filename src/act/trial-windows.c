/*
 * A trial bind on Windows: as a server that wants the port for itself alone, with
 * SO_EXCLUSIVEADDRUSE. Without, a bind may succeed beside a socket that is there, even take its
 * datagrams; with SO_REUSEADDR it may always. So neither is ever tried.
 */
#include "act/trial.h"

#include "act/place.h"
#include "base/channel.h"
#include "base/winsock-windows.h"

#include <errno.h>

static int set_option(int fd, int level, int name, BOOL value)
{
	return setsockopt((SOCKET)fd, level, name, (const char *)&value, sizeof(value)) == 0
		       ? 0
		       : winsock_errno(WSAGetLastError());
}

/* IPV6_V6ONLY is set by default here. */
static int set_options(const struct trial_request *q, int fd)
{
	int error = set_option(fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, TRUE);

	if (error == 0 && q->address.family == ADDRESS_IPV6 &&
	    (q->is_v6only || q->is_dual_stack || address_is_v4_mapped(&q->address)))
		error = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, q->is_v6only);
	return error;
}

static struct trial_result try_once(const struct trial_request *q)
{
	const bool is_stream = transport_port_space(q->transport) == TRANSPORT_TCP;
	struct trial_result result = {.step = TRIAL_SOCKET};
	union place place;
	int size = place_fill(&q->address, q->port, &place);
	int fd = channel_socket(place.any.sa_family, is_stream ? SOCK_STREAM : SOCK_DGRAM);

	if (fd < 0) {
		result.error = errno;
		return result;
	}
	result.step = TRIAL_OPTIONS;
	result.error = set_options(q, fd);
	if (result.error == 0) {
		result.step = TRIAL_BIND;
		if (bind((SOCKET)fd, &place.any, size) != 0)
			result.error = winsock_errno(WSAGetLastError());
	}
	channel_close(fd);
	return result;
}

const bool trial_is_reuse_safe = false;

int trial_bind(const struct trial_request *request, struct trial_result *result)
{
	const enum transport space = transport_port_space(request->transport);

	if ((space != TRANSPORT_TCP && space != TRANSPORT_UDP) || request->port == 0 ||
	    request->has_reuse_address || request->device)
		return -EOPNOTSUPP;
	if (request->has_uid)
		return -EPERM;
	if (request->netns != 0)
		return -ENOENT;
	*result = try_once(request);
	return 0;
}
