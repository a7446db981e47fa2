/* Why a step of a plan is what it is, in words. */
#include "act/evict-parts.h"

#include "base/lang.h"

#include <string.h>

/* The container's name, else the beginning of its id. */
static const char *name_of(const struct evict_making *m, const char *id)
{
	const struct live_container *c = live_snapshot_container(m->live, id);

	if (!id)
		return "?";
	return c && c->name ? c->name : strlen(id) == 64 ? arena_strndup(m->arena, id, 12) : id;
}

static const char *say_kernel(const struct evict_making *m, const struct evict_step *step)
{
	const struct live_socket *s = step->sockets[0];

	for (size_t i = 0; i < s->n_owners; i++) {
		if (s->owners[i].kernel)
			return arena_printf(m->arena, _("the kernel itself holds it: %s"),
					    s->owners[i].kernel);
	}
	return _("the kernel itself holds it");
}

static const char *say_unseen(const struct evict_making *m)
{
	if (m->live->system == LIVE_WINDOWS)
		return _("its owner cannot be seen");
	return m->request->self.uid == 0 ? _("its owner cannot be seen")
					 : _("its owner cannot be seen: run as root");
}

static const char *say_permission(const struct evict_making *m, const struct evict_step *step)
{
	const struct live_process *p = step->process;

	if (m->live->system == LIVE_WINDOWS)
		return arena_printf(m->arena, _("it is %s's: run as administrator"),
				    p->user ? p->user : _("somebody else"));
	if (p->user)
		return arena_printf(m->arena, _("it is %s's: run as %s%s"), p->user, p->user,
				    p->uid == 0 ? "" : _(" or root"));
	return arena_printf(m->arena, _("it is of uid %u: run as root"), p->uid);
}

static const char *say_protected(const struct evict_making *m, const struct evict_step *step)
{
	if (evict_is_unit(step->unit, ".service") || evict_is_unit(step->unit, ".socket"))
		return arena_printf(m->arena,
				    _("the system stands on it: systemctl stop %s, if you mean it"),
				    step->unit);
	return _("the system stands on it");
}

static const char *say_rules(const struct evict_making *m, const struct evict_step *step)
{
	const struct live_published *p = step->published;
	char text[ADDRESS_TEXT_SIZE];

	if (p->has_to)
		return arena_printf(m->arena, _("rules of %s lead it to %s, of no known container"),
				    p->by, address_format(&p->to, text));
	return arena_printf(m->arena, _("%s leads it to %s, of no known container"), p->by,
			    p->to_name ? p->to_name : _("another place"));
}

static const char *say_ask_container(const struct evict_making *m, const struct evict_step *step)
{
	return arena_printf(m->arena, _("leads to container %s; --stop stops that container"),
			    name_of(m, step->container));
}

static const char *say_namespace(const struct evict_making *m, const struct evict_step *step)
{
	const struct live_namespace *ns = step->sockets[0]->ns;

	return arena_printf(m->arena,
			    _("not this port: in namespace %s (--netns %s means that one)"),
			    ns->name, ns->name);
}

static const char *say_maybe_client(const struct evict_making *m, const struct evict_step *step)
{
	return arena_printf(m->arena, _("may be a client's own port: %u/udp would mean it"),
			    step->sockets[0]->local_port);
}

/* EVICT_REFUSE */
static const char *say_why(const struct evict_making *m, const struct evict_step *step)
{
	switch (step->why) {
	case EVICT_WHY_NONE:
		return NULL;
	case EVICT_WHY_INIT:
		return _("process 1 is never ended");
	case EVICT_WHY_ANCESTOR:
		return _("berth itself was started from it");
	case EVICT_WHY_LOGIN:
		return _("this login came through it");
	case EVICT_WHY_KERNEL:
		return say_kernel(m, step);
	case EVICT_WHY_NAMESPACE:
		return say_namespace(m, step);
	case EVICT_WHY_UNSEEN:
		return say_unseen(m);
	case EVICT_WHY_GUESS:
		return _("only the control group of its socket points to it");
	case EVICT_WHY_PERMISSION:
		return say_permission(m, step);
	case EVICT_WHY_PROTECTED:
		return say_protected(m, step);
	case EVICT_WHY_PROXY:
		return _("it only passes on: end what it passes on to, which berth cannot name");
	case EVICT_WHY_ASK_UNIT:
		return arena_printf(m->arena, _("held for %s; --stop stops that unit"), step->unit);
	case EVICT_WHY_ASK_CONTAINER:
		return say_ask_container(m, step);
	case EVICT_WHY_RUNTIME:
		return arena_printf(m->arena,
				    _("a container of %s: berth stops those of podman "
				      "and docker only"),
				    step->runtime ? step->runtime : _("an unknown runtime"));
	case EVICT_WHY_RULES:
		return say_rules(m, step);
	case EVICT_WHY_MAYBE_CLIENT:
		return say_maybe_client(m, step);
	case EVICT_WHY_CLIENT:
		return _("has a connection there and is no listener: left alone");
	case EVICT_WHY_POINTLESS:
		return _("the port would stay held all the same");
	}
	return NULL;
}

/* EVICT_SIGNAL: what may bring it back. */
static const char *say_signal(const struct evict_making *m, const struct evict_step *step)
{
	if (!step->can_stop)
		return NULL;
	if (evict_is_unit(step->unit, ".service"))
		return arena_printf(m->arena, _("%s may start it again; --stop stops that unit"),
				    step->unit);
	return arena_printf(m->arena, _("container %s may start it again; --stop stops it"),
			    name_of(m, step->container));
}

const char *evict_reason(const struct evict_making *m, const struct evict_step *step)
{
	switch (step->action) {
	case EVICT_SIGNAL:
		return say_signal(m, step);
	case EVICT_STOP_UNIT:
	case EVICT_STOP_CONTAINER:
		return NULL;
	case EVICT_DESTROY:
		return _("the kernel's memory of closed connections");
	case EVICT_REFUSE:
		return say_why(m, step);
	}
	return NULL;
}
