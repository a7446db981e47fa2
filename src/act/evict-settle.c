/* What becomes of one owner: a signal, its unit, its container, or a refusal. */
#include "act/evict-parts.h"

#include "act/spare.h"
#include "live/proxy.h"

#include <string.h>

static bool is_equal(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool evict_is_unit(const char *unit, const char *suffix)
{
	size_t n = unit ? strlen(unit) : 0, n_suffix = strlen(suffix);

	return n > n_suffix && strcmp(unit + n - n_suffix, suffix) == 0;
}

static void refuse(struct evict_step *step, enum evict_why why, bool is_blocking)
{
	step->action = EVICT_REFUSE;
	step->why = why;
	step->is_blocking = is_blocking;
}

/* --- units ----------------------------------------------------------------------------------- */

/* The manager of one user's services, which is not the system's. */
static bool is_manager(uint32_t pid, const char *program)
{
	return pid != 1 && is_equal(program, "systemd");
}

static bool is_below_manager(const struct live_process *p)
{
	for (size_t i = 0; i < p->n_parents; i++) {
		if (is_manager(p->parents[i].pid, p->parents[i].program))
			return true;
	}
	return is_manager(p->pid, p->program);
}

/*
 * Whether systemd may be asked to stop the service that the process belongs to. It has to come from
 * systemd by an unbroken line; that the line runs through the unit's main process is asked of
 * systemd itself before anything is stopped.
 */
static bool is_service_stoppable(const struct evict_making *m, const struct live_process *p,
				 bool *is_of_user)
{
	if (!evict_is_unit(p->unit, ".service") || spare_unit(p->unit) || p->n_parents == 0)
		return false;
	*is_of_user = is_below_manager(p);
	if (*is_of_user)
		return p->uid == m->request->self.uid && !p->container;
	return p->parents[p->n_parents - 1].pid == 1;
}

/* --- containers ------------------------------------------------------------------------------ */

/* The container to which a port or a socket leads, by what is known of published ports. */
static const char *find_published(const struct evict_making *m, const struct live_socket *s)
{
	const char *container = NULL;

	for (size_t i = 0; i < m->live->n_published; i++) {
		const struct live_published *p = &m->live->published[i];

		if (p->transport != transport_port_space(s->transport) || !p->container ||
		    s->local_port < p->ports.first || s->local_port > p->ports.last)
			continue;
		if (p->via != 0 && p->via == s->cookie)
			return p->container;
		container = container && !is_equal(container, p->container) ? "" : p->container;
	}
	return container && *container ? container : NULL; /* "": several, and none is meant */
}

static const char *find_container(const struct evict_making *m, const struct evict_step *step)
{
	const struct live_process *p = step->process;
	const char *container = NULL;

	if (is_equal(p->program, "conmon"))
		container = proxy_option(p->command, "-c", "--cid");
	for (size_t i = 0; !container && i < step->n_sockets; i++)
		container = find_published(m, step->sockets[i]);
	return container;
}

/* Which runtime to ask: what its state says, else what the proxy belongs to. */
static const char *find_runtime(const struct evict_making *m, const char *container,
				const char *program)
{
	const struct live_container *c = live_snapshot_container(m->live, container);

	if (c && c->runtime)
		return c->runtime;
	if (is_equal(program, "docker-proxy") || is_equal(program, "dockerd"))
		return "docker";
	if (is_equal(program, "conmon") || is_equal(program, "rootlessport"))
		return "podman";
	return NULL;
}

static bool is_runtime_known(const char *runtime)
{
	return is_equal(runtime, "podman") || is_equal(runtime, "docker");
}

/* A port that something passes on to a container: that container is to be stopped, or nothing. */
static void settle_container(const struct evict_making *m, struct evict_step *step,
			     const char *container, const char *program)
{
	step->container = container;
	step->runtime = find_runtime(m, container, program);
	if (!is_runtime_known(step->runtime)) {
		refuse(step, EVICT_WHY_RUNTIME, true);
	} else if (m->request->may_stop) {
		step->action = EVICT_STOP_CONTAINER;
	} else {
		refuse(step, EVICT_WHY_ASK_CONTAINER, true);
		step->can_stop = true;
	}
}

static void settle_unit(const struct evict_making *m, struct evict_step *step, const char *unit,
			bool is_of_user)
{
	step->unit = unit;
	step->is_unit_of_user = is_of_user;
	if (m->request->may_stop) {
		step->action = EVICT_STOP_UNIT;
	} else {
		refuse(step, EVICT_WHY_ASK_UNIT, true);
		step->can_stop = true;
	}
}

static void settle_proxy(const struct evict_making *m, struct evict_step *step)
{
	const char *container = find_container(m, step);
	bool is_of_user = false;

	if (container && is_service_stoppable(m, step->process, &is_of_user))
		settle_unit(m, step, step->process->unit, is_of_user);
	else if (container)
		settle_container(m, step, container, step->process->program);
	else
		refuse(step, EVICT_WHY_PROXY, true);
	if (container)
		step->container = container;
}

/* --- processes ------------------------------------------------------------------------------- */

/* systemd holds a socket for its unit: process 1, or the manager of a user. */
static bool settle_manager(const struct evict_making *m, struct evict_step *step)
{
	const struct live_process *p = step->process;
	const char *unit = step->sockets[0]->unit;
	bool is_of_user = is_manager(p->pid, p->program);

	if (p->pid != 1 && !is_of_user)
		return false;
	if (evict_is_unit(unit, ".socket") && !spare_unit(unit) &&
	    is_equal(p->program, "systemd") && (!is_of_user || p->uid == m->request->self.uid))
		settle_unit(m, step, unit, is_of_user);
	else if (evict_is_unit(unit, ".socket"))
		refuse(step, EVICT_WHY_PROTECTED, true);
	else
		refuse(step, p->pid == 1 ? EVICT_WHY_INIT : EVICT_WHY_PROTECTED, true);
	if (evict_is_unit(unit, ".socket"))
		step->unit = unit;
	return true;
}

static bool is_ancestor(const struct evict_self *self, uint32_t pid)
{
	for (size_t i = 0; i < self->n_ancestors; i++) {
		if (self->ancestors[i] == pid)
			return true;
	}
	return false;
}

static bool is_login(const struct evict_self *self, const struct evict_step *step)
{
	bool is_port = false;

	for (size_t i = 0; i < step->n_sockets; i++)
		is_port |= self->ssh_port != 0 && step->sockets[i]->local_port == self->ssh_port;
	return is_port && spare_login(step->process->program);
}

/* A daemon of the system's own, or the process that a unit which is never stopped consists of. */
static bool is_protected(const struct live_process *p)
{
	bool is_top = p->n_parents == 0 || (p->n_parents == 1 && p->parents[0].pid == 1);

	if (p->container)
		return false;
	if (spare_program(p->program))
		return true;
	return is_top && evict_is_unit(p->unit, ".service") && spare_unit(p->unit);
}

/* Unconnected UDP sockets in the ephemeral range, where nobody said that UDP is meant. */
static bool is_maybe_client(const struct evict_making *m, const struct evict_step *step)
{
	const struct live_rules *rules = &m->live->rules;

	for (size_t i = 0; i < step->n_sockets; i++) {
		const struct live_socket *s = step->sockets[i];
		bool is_named = false;

		for (size_t k = 0; k < m->request->n_asks; k++)
			is_named |= m->request->asks[k].port == s->local_port &&
				    m->request->asks[k].has_transport;
		if (transport_port_space(s->transport) == TRANSPORT_TCP || is_named ||
		    !rules->has_ephemeral || s->local_port < rules->ephemeral.first ||
		    s->local_port > rules->ephemeral.last)
			return false;
	}
	return true;
}

static void settle_ordinary(const struct evict_making *m, struct evict_step *step)
{
	const struct evict_self *self = &m->request->self;
	const struct live_process *p = step->process;
	bool is_of_user = false;
	bool has_unit = is_service_stoppable(m, p, &is_of_user);
	const char *runtime = p->container ? find_runtime(m, p->container, NULL) : NULL;
	bool has_container = is_runtime_known(runtime);

	step->runtime = runtime;
	step->can_stop = has_unit || has_container;
	if (m->request->may_stop && has_unit) {
		settle_unit(m, step, p->unit, is_of_user);
		return;
	}
	if (m->request->may_stop && has_container) {
		settle_container(m, step, p->container, NULL);
		return;
	}
	if (is_maybe_client(m, step))
		refuse(step, EVICT_WHY_MAYBE_CLIENT, false);
	else if (self->may_signal && !self->may_signal(p->pid, self->context))
		refuse(step, EVICT_WHY_PERMISSION, true);
	else
		step->action = EVICT_SIGNAL;
}

/*
 * Windows: a service is stopped, never ended, and only where its process has no other: what else
 * would go with it cannot be asked for by name.
 */
static void settle_windows(const struct evict_making *m, struct evict_step *step)
{
	const struct live_process *p = step->process;
	/* Without a unit its services were not told. */
	bool is_protected = p->unit ? strchr(p->unit, ',') || spare_windows_service(p->unit)
				    : is_equal(p->program, "svchost.exe");

	if (is_protected || spare_windows_program(p->program))
		refuse(step, EVICT_WHY_PROTECTED, true);
	else if (p->unit)
		settle_unit(m, step, p->unit, false);
	else
		settle_ordinary(m, step);
}

void evict_settle_process(const struct evict_making *m, struct evict_step *step)
{
	const struct live_process *p = step->process;

	step->unit = p->unit;
	step->container = p->container;
	if (is_ancestor(&m->request->self, p->pid) && p->pid != 1)
		refuse(step, EVICT_WHY_ANCESTOR, true);
	else if (settle_manager(m, step))
		return;
	else if (is_login(&m->request->self, step))
		refuse(step, EVICT_WHY_LOGIN, true);
	else if (m->live->system == LIVE_WINDOWS)
		settle_windows(m, step);
	else if (!p->container && (spare_proxy(p->program) || (spare_program(p->program) &&
							       find_container(m, step))))
		settle_proxy(m, step);
	else if (is_protected(p) ||
		 (m->live->system == LIVE_MACOS && spare_macos(p->path, p->program)))
		refuse(step, EVICT_WHY_PROTECTED, true);
	else
		settle_ordinary(m, step);
}

void evict_settle_unowned(struct evict_step *step)
{
	const struct live_socket *s = step->sockets[0];

	step->unit = s->unit;
	step->container = s->container;
	for (size_t i = 0; i < s->n_owners; i++) {
		if (s->owners[i].method == LIVE_BY_KERNEL) {
			refuse(step, EVICT_WHY_KERNEL, true);
			return;
		}
	}
	refuse(step, EVICT_WHY_UNSEEN, true);
}

void evict_settle_published(const struct evict_making *m, struct evict_step *step)
{
	if (step->published->container)
		settle_container(m, step, step->published->container, step->published->by);
	else
		refuse(step, EVICT_WHY_RULES, true);
}
