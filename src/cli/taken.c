#include "cli/taken.h"

#include "answer/identify.h"
#include "base/lang.h"

static const char *name_holder(struct cli *c, const struct live_snapshot *live,
			       enum transport transport, uint16_t port)
{
	size_t first, n = live_snapshot_find(live, port, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct live_socket *socket = &live->sockets[i];
		const struct live_process *p =
			socket->n_owners > 0 ? socket->owners[0].process : NULL;
		const char *label = p ? identify_label(p, &c->arena) : NULL;

		if (transport_port_space(socket->transport) != transport || !socket->ns->is_here ||
		    socket->state == LIVE_TIME_WAIT)
			continue;
		if (p)
			return arena_printf(&c->arena, _("%s (pid %u)"),
					    label ? label : _("a process"), p->pid);
		return socket->user ? arena_printf(&c->arena, _("a process of %s"), socket->user)
				    : NULL;
	}
	return NULL;
}

const char *taken_by(struct cli *c, enum transport transport, uint16_t port)
{
	struct live_request request = live_request_default();
	struct live_snapshot live;

	request.first_port = request.last_port = port;
	request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS;
	request.scope = LIVE_SCOPE_HERE;
	if (cli_look(c, &request, &c->arena, &live) != 0)
		return NULL;
	return name_holder(c, &live, transport, port);
}
