/*
 * A trial bind on any POSIX system: neither devices nor other namespaces and users. SO_REUSEADDR
 * lets it beside remnants of connections; on BSDs also beside sockets of other addresses, and
 * since it never listens it takes nothing from them.
 */
#include "act/trial.h"

#include "act/place.h"
#include "base/channel.h"

#include <errno.h>

static int set_flag(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? errno : 0;
}

static int set_options(const struct trial_request *q, int fd)
{
	int error = 0;

	if (q->address.family == ADDRESS_IPV6 &&
	    (q->is_v6only || q->is_dual_stack || address_is_v4_mapped(&q->address)))
		error = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, q->is_v6only);
	if (error == 0 && q->has_reuse_address)
		error = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return error;
}

static struct trial_result try_once(const struct trial_request *q)
{
	const bool is_stream = transport_port_space(q->transport) == TRANSPORT_TCP;
	struct trial_result result = {.step = TRIAL_SOCKET};
	union place place;
	socklen_t size = place_fill(&q->address, q->port, &place);
	int fd = channel_socket(place.any.sa_family, is_stream ? SOCK_STREAM : SOCK_DGRAM);

	if (fd < 0) {
		result.error = errno;
		return result;
	}
	result.step = TRIAL_OPTIONS;
	result.error = set_options(q, fd);
	if (result.error == 0) {
		result.step = TRIAL_BIND;
		result.error = bind(fd, &place.any, size) < 0 ? errno : 0;
	}
	channel_close(fd);
	return result;
}

const bool trial_is_reuse_safe = true;

int trial_bind(const struct trial_request *request, struct trial_result *result)
{
	const enum transport space = transport_port_space(request->transport);

	if ((space != TRANSPORT_TCP && space != TRANSPORT_UDP) || request->port == 0 ||
	    (request->has_reuse_address && space != TRANSPORT_TCP) || request->device)
		return -EOPNOTSUPP;
	if (request->has_uid)
		return -EPERM;
	if (request->netns != 0)
		return -ENOENT;
	*result = try_once(request);
	return 0;
}
