/*
 * A trial bind on Windows: as a server that wants the port for itself alone, with
 * SO_EXCLUSIVEADDRUSE. Without, a bind may succeed beside a socket that is there, even take its
 * datagrams; with SO_REUSEADDR it may always. So neither is ever tried.
 */
#include "act/trial.h"

#include "base/channel.h"
#include "base/winsock-windows.h"

#include <errno.h>
#include <string.h>
#include <winsock2.h>

#include <ws2tcpip.h>

static int fill_address(const struct trial_request *q, struct sockaddr_storage *to)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(q->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(q->port),
				  .sin6_scope_id = q->address.scope_id};

	memset(to, 0, sizeof(*to));
	if (q->address.family == ADDRESS_IPV4) {
		memcpy(&v4.sin_addr, q->address.bytes, sizeof(v4.sin_addr));
		memcpy(to, &v4, sizeof(v4));
		return (int)sizeof(v4);
	}
	memcpy(&v6.sin6_addr, q->address.bytes, sizeof(v6.sin6_addr));
	memcpy(to, &v6, sizeof(v6));
	return (int)sizeof(v6);
}

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
	struct sockaddr_storage address;
	int size = fill_address(q, &address);
	int fd = channel_socket(address.ss_family, is_stream ? SOCK_STREAM : SOCK_DGRAM);

	if (fd < 0) {
		result.error = errno;
		return result;
	}
	result.step = TRIAL_OPTIONS;
	result.error = set_options(q, fd);
	if (result.error == 0) {
		result.step = TRIAL_BIND;
		if (bind((SOCKET)fd, (const struct sockaddr *)&address, size) != 0)
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
