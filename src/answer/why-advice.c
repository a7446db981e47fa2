#include "answer/why-advice.h"

#include "answer/answer-parts.h"
#include "base/lang.h"
#include "registry/browser-ports.h"
#include "registry/registry.h"

#include <string.h>

enum { MOST_WORDS = 12, RULES_FROM = 6008, CHECKED_ON = 6018 };

static bool is_datagram(const struct why_advice *a)
{
	return transport_port_space(a->question->candidate->transport) != TRANSPORT_TCP;
}

/* "[::1]:80", "127.0.0.1:80". */
static const char *place(struct arena *arena, const struct address *address, uint16_t port)
{
	char text[ADDRESS_TEXT_SIZE];
	const bool is_v6 = address->family == ADDRESS_IPV6;

	address_format(address, text);
	return arena_printf(arena, is_v6 ? "[%s]:%u" : "%s:%u", text, port);
}

/* --- the blocker ----------------------------------------------------------------------------- */

static const struct answer_why_holder *blocker_of(const struct why_advice *a)
{
	return a->judgement->blocker && a->why->n_holders > 0 ? &a->why->holders[0] : NULL;
}

/* The owner to be named: a service before the systemd that made its socket. */
static const struct answer_owner *owner_of(const struct answer_why_holder *h)
{
	if (!h || h->n_owners == 0)
		return NULL;
	for (size_t i = 0; i < h->n_owners && h->socket->activates; i++) {
		if (h->owners[i].program && strcmp(h->owners[i].program, "systemd") != 0)
			return &h->owners[i];
	}
	return &h->owners[0];
}

/* "nginx (pid 812)", "the kernel: nfsd", "somebody (user 1000)". */
static const char *name_of(const struct why_advice *a, const struct answer_why_holder *h)
{
	const struct answer_owner *o = owner_of(h);
	const char *label = o ? (o->label ? o->label : o->program) : NULL;

	if (o && o->pid == 1 && h->unit)
		return arena_printf(a->arena, _("systemd for %s"), h->unit);
	if (o && o->pid >= 0)
		return arena_printf(a->arena, "%s (pid %lld)", label ? label : "?",
				    (long long)o->pid);
	if (o)
		return arena_printf(a->arena, _("the kernel: %s"), label ? label : "?");
	if (h && h->user)
		return arena_printf(a->arena, _("a process of %s"), h->user);
	if (h && h->uid >= 0)
		return arena_printf(a->arena, _("a process of user %lld"), (long long)h->uid);
	return _("somebody");
}

/* --- the sentence ---------------------------------------------------------------------------- */

static const char *sentence_of_listener(const struct why_advice *a, const char *who,
					const char *where)
{
	if (a->cause == WHY_EXACT_LISTENER)
		return arena_printf(a->arena, "%s %s %s", who,
				    is_datagram(a) ? _("receives on") : _("listens on"), where);
	if (a->cause == WHY_WILDCARD_OVERLAP)
		return arena_printf(
			a->arena, _("%s %s %s, which overlaps %s"), who,
			is_datagram(a) ? _("receives on") : _("listens on"), where,
			place(a->arena, &a->question->candidate->address, a->why->port));
	if (a->cause == WHY_DUAL_STACK_OVERLAP)
		return a->judgement->blocker->local.family == ADDRESS_IPV6
			       ? arena_printf(a->arena,
					      _("%s has %s, an IPv6 socket that takes IPv4 too"),
					      who, where)
			       : arena_printf(a->arena,
					      _("%s has %s, and [::] without IPV6_V6ONLY wants "
						"IPv4 too"),
					      who, where);
	if (a->cause == WHY_REUSEPORT_OTHER_USER)
		return arena_printf(a->arena,
				    _("%s shares %s by SO_REUSEPORT, but only with its own user"),
				    who, where);
	if (a->cause == WHY_INHERITED)
		return arena_printf(a->arena,
				    _("%s holds the listener %s that it inherited; the server that "
				      "made it is gone"),
				    who, where);
	if (a->cause == WHY_PUBLISHED)
		return arena_printf(
			a->arena, _("%s is published by container %s; %s holds it"), where,
			a->judgement->published && a->judgement->published->container
				? answer_container(a->from, a->judgement->published->container,
						   a->arena)
				: _("of another namespace"),
			who);
	return NULL;
}

static const char *left(const struct why_advice *a)
{
	const struct answer_why_holder *h = blocker_of(a);

	return h && h->seconds_left >= 0 ? arena_printf(a->arena, _(", for %lld s more"),
							(long long)h->seconds_left)
					 : "";
}

/* EACCES, and no socket is seen that has the port. */
static const char *sentence_of_windows(const struct why_advice *a)
{
	if (live_is_excluded(&a->from->live->rules, a->question->candidate->transport,
			     a->why->port))
		return _("nobody has it, and Windows lets nobody bind it: it lies in an excluded "
			 "port range");
	if (why_is_guests(a->from->live, a->question->candidate))
		return _("nobody here has it, and it is reserved for a guest (WSL or Hyper-V)");
	return _("nobody is seen on it, and Windows refuses it all the same: it lies in an "
		 "excluded port range, or a program has bound it for itself alone without "
		 "listening");
}

static const char *sentence_of_other(const struct why_advice *a, const char *who, const char *where)
{
	const struct why_candidate *c = a->question->candidate;

	if (a->cause == WHY_BOUND_ONLY)
		return arena_printf(a->arena, _("%s has bound %s without listening"), who, where);
	if (a->cause == WHY_DEAD_SERVER)
		return arena_printf(
			a->arena, _("%s keeps a connection on %s; the server that took it is gone"),
			who, where);
	if (a->cause == WHY_TIME_WAIT)
		return arena_printf(a->arena, _("closed connections linger in TIME_WAIT on %s%s"),
				    where, left(a));
	if (a->cause == WHY_FIN_WAIT_2)
		return arena_printf(a->arena,
				    _("connections closed only at this end linger in FIN_WAIT2 on "
				      "%s%s"),
				    where, left(a));
	if (a->cause == WHY_EPHEMERAL_CLIENT)
		return arena_printf(a->arena,
				    _("an outgoing connection of %s took the port as its own, %s"),
				    who, where);
	if (a->cause == WHY_CLASH_AT_LISTEN)
		return arena_printf(a->arena, _("%s listens on %s meanwhile"), who, where);
	if (a->cause == WHY_PRIVILEGED && a->from->live->system == LIVE_MACOS)
		return arena_printf(a->arena,
				    _("one address of a port below %u takes root, all addresses of "
				      "it do not"),
				    why_unprivileged_start(a->from->live));
	if (a->cause == WHY_PRIVILEGED)
		return arena_printf(a->arena, _("ports below %u take root or CAP_NET_BIND_SERVICE"),
				    why_unprivileged_start(a->from->live));
	if (a->cause == WHY_ADDRESS_NOT_LOCAL)
		return arena_printf(a->arena, _("no interface here has the address %s"),
				    a->why->address);
	if (a->cause == WHY_NO_SUCH_DEVICE)
		return arena_printf(a->arena, _("there is no device %s"), c->device);
	if (a->cause == WHY_POLICY && a->from->live->system == LIVE_WINDOWS)
		return sentence_of_windows(a);
	if (a->cause == WHY_POLICY && a->from->live->system != LIVE_LINUX)
		return _("a policy forbids it: a sandbox, or a program that guards the system");
	if (a->cause == WHY_POLICY)
		return _("a policy forbids it: a security module, Landlock, or BPF of a cgroup");
	if (a->cause == WHY_CAUSE_UNKNOWN && a->from->live->system == LIVE_WINDOWS &&
	    a->why->tried && strcmp(a->why->tried->bind, "EACCES") == 0)
		return _("another program has it for itself alone (SO_EXCLUSIVEADDRUSE), or it is "
			 "in an excluded port range");
	if (a->cause == WHY_CAUSE_UNKNOWN && a->from->live->system != LIVE_LINUX)
		return _("the rules for bind(2) were checked on Linux only");
	if (a->cause == WHY_CAUSE_UNKNOWN)
		return a->why->tried ? _("what stands in the way was not seen")
				     : _("what is on the port could not be seen, or not whole");
	return NULL;
}

const char *why_sentence(const struct why_advice *a)
{
	const struct live_socket *s = a->judgement->blocker;
	const char *who = name_of(a, blocker_of(a));
	const char *where = s ? place(a->arena, &s->local, s->local_port) : "";
	const char *text = s ? sentence_of_listener(a, who, where) : NULL;

	return text ? text : sentence_of_other(a, who, where);
}

/* --- ways out -------------------------------------------------------------------------------- */

/* Fixes under construction. */
struct fixes {
	const struct why_advice *advice;
	struct answer_fix *items;
	size_t n, capacity;
	bool has_failed;
};

/* Add one; the words end with a NULL, and there may be none. */
static void add(struct fixes *f, const char *text, const char *const *words)
{
	struct arena *arena = f->advice->arena;
	struct answer_fix *fix = ARENA_PUSH(arena, f->items, f->n, f->capacity);
	const char **command = arena_calloc(arena, MOST_WORDS + 1, sizeof(*command));

	if (!fix || !command || !text) {
		f->has_failed = true;
		return;
	}
	for (size_t i = 0; i < MOST_WORDS && words && words[i]; i++)
		command[i] = words[i];
	*fix = (struct answer_fix){.text = text, .command = command};
}

#define ADD(f, text, ...) add((f), (text), (const char *const[]){__VA_ARGS__, NULL})

/* "8080", "8080/udp". */
static const char *what(const struct why_advice *a)
{
	return arena_printf(a->arena, is_datagram(a) ? "%u/%s" : "%u", a->why->port,
			    a->why->protocol);
}

/* Whether the question names an address that is not the one taken without --address. */
static bool has_address(const struct why_candidate *c)
{
	return !address_is_wildcard(&c->address) || c->address.family != ADDRESS_IPV4;
}

/* A command of berth's own, in the namespace that was asked about. */
static void add_own(struct fixes *f, const char *text, const char *verb, const char *option,
		    const char *value)
{
	const char *words[MOST_WORDS] = {"berth", verb, what(f->advice)};
	size_t n = 3;

	if (option)
		words[n++] = option;
	if (value)
		words[n++] = value;
	if (strcmp(verb, "why") == 0 && !value && has_address(f->advice->question->candidate)) {
		words[n++] = "--address";
		words[n++] = f->advice->why->address;
	}
	if (f->advice->question->netns) {
		words[n++] = "--netns";
		words[n++] = f->advice->question->netns;
	}
	add(f, text, words);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = text ? strlen(text) : 0, m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

/* A service that may be stopped by its name: not one that carries others. */
static bool is_stoppable(const char *unit)
{
	static const char *const never[] = {"user@",	  "docker.", "containerd.", "podman.",
					    "kubelet.",   "ssh.",    "sshd.",	    "dbus.",
					    "cron.",	  "getty@",  "systemd-",    "crio.",
					    "dbus-broker"};

	if (!ends_with(unit, ".service"))
		return false;
	for (size_t i = 0; i < N_ELEMENTS(never); i++) {
		if (strncmp(unit, never[i], strlen(never[i])) == 0)
			return false;
	}
	return true;
}

static void add_container(struct fixes *f, const char *id)
{
	struct arena *arena = f->advice->arena;
	const struct live_container *c = live_snapshot_container(f->advice->from->live, id);
	const char *name = answer_container(f->advice->from, id, arena);
	const char *runtime = c && c->runtime ? c->runtime : "";

	if (strcmp(runtime, "docker") != 0 && strcmp(runtime, "podman") != 0)
		return;
	ADD(f, arena_printf(arena, _("stop the container %s"), name), runtime, "stop", name);
}

/* Stop what holds the socket by what it belongs to. */
static void add_stop(struct fixes *f, const struct answer_why_holder *h)
{
	const struct answer_owner *o = owner_of(h);
	struct arena *arena = f->advice->arena;

	if (f->advice->question->netns)
		return; /* its units are not this system's */
	if (o && o->container_id)
		add_container(f, o->container_id);
	else if (h && ends_with(h->unit, ".socket"))
		ADD(f, arena_printf(arena, _("stop %s, for which systemd holds it"), h->unit),
		    "systemctl", "stop", h->unit);
	else if (o && is_stoppable(o->unit) && o->uid >= 0 && !o->container)
		ADD(f, arena_printf(arena, _("stop %s"), o->unit), "systemctl", "stop", o->unit);
}

/* Whether it would succeed with SO_REUSEADDR, as far as is known. */
static enum why_word judge_with_reuse(const struct why_advice *a)
{
	struct why_candidate c = *a->question->candidate;

	c.has_reuse_address = true;
	return why_judge(a->from->live, &c).bind;
}

static void add_reuse(struct fixes *f)
{
	enum why_word word;

	if (f->advice->question->candidate->has_reuse_address || is_datagram(f->advice))
		return;
	word = judge_with_reuse(f->advice);
	if (word == WHY_OK)
		add_own(f, _("set SO_REUSEADDR before bind(2): then it succeeds"), "why",
			"--reuseaddr", NULL);
	else if (word == WHY_UNKNOWN)
		add_own(f, _("set SO_REUSEADDR before bind(2): succeeds if the old server had it"),
			"why", "--reuseaddr", NULL);
}

static void add_wait(struct fixes *f)
{
	if (!f->advice->question->netns) /* it waits in berth's own only */
		add_own(f, _("wait until it is free"), "wait", "--until", "free");
}

static void add_kill(struct fixes *f, const struct answer_why_holder *h)
{
	const struct answer_owner *o = owner_of(h);
	struct arena *arena = f->advice->arena;

	if (o && o->pid > 1)
		ADD(f,
		    arena_printf(arena, _("end %s, which has the connection"),
				 name_of(f->advice, h)),
		    "kill", arena_printf(arena, "%lld", (long long)o->pid));
}

/* Whether only root may signal who holds it. */
static bool is_of_another_user(const struct why_advice *a, const struct answer_why_holder *h)
{
	const struct live_rules *rules = &a->from->live->rules;

	return h && rules->has_uid && rules->uid != 0 && h->uid != (answer_number)rules->uid;
}

static void add_for_listener(struct fixes *f, const struct answer_why_holder *h)
{
	const struct why_advice *a = f->advice;

	if (a->cause == WHY_REUSEPORT_OTHER_USER && h->uid >= 0)
		add(f, arena_printf(a->arena, _("run the server as user %lld"), (long long)h->uid),
		    NULL);
	if (a->cause == WHY_DUAL_STACK_OVERLAP &&
	    a->judgement->blocker->local.family == ADDRESS_IPV4)
		add_own(f, _("set IPV6_V6ONLY, and leave IPv4 to the other"), "why",
			"--address=::", "--v6only");
	if (a->judgement->published && a->judgement->published->container)
		add_container(f, a->judgement->published->container);
	else
		add_stop(f, h);
	if (f->n == 0 || (a->cause != WHY_PUBLISHED && !ends_with(h->unit, ".socket")))
		add_own(f,
			arena_printf(a->arena,
				     is_of_another_user(a, h) ? _("as root: end %s safely")
							      : _("end %s safely"),
				     name_of(a, h)),
			"evict", NULL, NULL);
	add_wait(f);
}

/* The reserved list with this port added, as the kernel takes it. */
static const char *reserved_with(const struct why_advice *a)
{
	const struct live_rules *rules = &a->from->live->rules;
	const char *list = "";

	for (size_t i = 0; i < rules->n_reserved; i++) {
		const struct live_span *s = &rules->reserved[i];

		list = s->first == s->last
			       ? arena_printf(a->arena, "%s%u,", list ? list : "", s->first)
			       : arena_printf(a->arena, "%s%u-%u,", list ? list : "", s->first,
					      s->last);
	}
	return arena_printf(a->arena, "net.ipv4.ip_local_reserved_ports=%s%u", list ? list : "",
			    a->why->port);
}

static void add_for_connection(struct fixes *f, const struct answer_why_holder *h)
{
	const struct why_advice *a = f->advice;
	bool is_reserved = false;

	add_reuse(f);
	add_stop(f, h);
	add_kill(f, h);
	add_wait(f);
	for (size_t i = 0; i < a->from->live->rules.n_reserved; i++)
		is_reserved |= a->why->port >= a->from->live->rules.reserved[i].first &&
			       a->why->port <= a->from->live->rules.reserved[i].last;
	if (a->cause == WHY_EPHEMERAL_CLIENT && !is_reserved)
		ADD(f, _("keep outgoing connections off it from now on"), "sysctl", "-w",
		    reserved_with(a));
}

static void add_for_remnant(struct fixes *f)
{
	const struct why_advice *a = f->advice;

	add_reuse(f);
	add_wait(f);
	if (a->question->netns)
		return;
	if (a->cause == WHY_TIME_WAIT)
		add_own(f, _("as root: make the kernel forget them"), "evict", "--time-wait", NULL);
	else
		ADD(f, _("as root: make the kernel forget them"), "ss", "-K", "-t", "state",
		    "fin-wait-2", "sport", "=", arena_printf(a->arena, ":%u", a->why->port));
}

/* Each system's own way to show its addresses. */
static void add_own_addresses(struct fixes *f)
{
	static const char words[] = N_("use an address of this machine");

	switch (f->advice->from->live->system) {
	case LIVE_LINUX:
		ADD(f, _(words), "ip", "address", "show");
		break;
	case LIVE_WINDOWS:
		ADD(f, _(words), "ipconfig");
		break;
	case LIVE_MACOS:
	case LIVE_OTHER:
		ADD(f, _(words), "ifconfig");
		break;
	}
}

/* A guest gives its ports back when it ends. */
static void add_for_guests(struct fixes *f)
{
	ADD(f, _("see which distributions of WSL run"), "wsl", "--list", "--running");
	ADD(f, _("end WSL with everything that runs in it; a virtual machine keeps its ports until "
		 "it ends"), "wsl", "--shutdown");
}

/* The first two look, the others change something, in this order. */
static void add_for_excluded(struct fixes *f)
{
	const struct why_advice *a = f->advice;
	const bool is_known = live_is_excluded(&a->from->live->rules,
					       a->question->candidate->transport, a->why->port);
	const char *protocol = is_datagram(a) ? "udp" : "tcp";

	ADD(f, _("see the excluded port ranges; those with a * do not forbid it"), "netsh", "int",
	    "ipv4", "show", "excludedportrange", protocol);
	if (!is_known && why_is_guests(a->from->live, a->question->candidate)) {
		add_for_guests(f);
		return;
	}
	if (!is_known)
		ADD(f, _("see sockets that are bound and do not listen"), "netstat", "-anoq");
	ADD(f,
	    _("as administrator: let Hyper-V's NAT give its ranges back; WSL and Docker are "
	      "without a network meanwhile"),
	    "net", "stop", "winnat");
	ADD(f, _("then keep the port out of such ranges for good"), "netsh", "int", "ipv4", "add",
	    "excludedportrange", arena_printf(a->arena, "protocol=%s", protocol),
	    arena_printf(a->arena, "startport=%u", a->why->port), "numberofports=1");
	ADD(f, _("and start it again"), "net", "start", "winnat");
}

static void add_for_place(struct fixes *f)
{
	const struct why_advice *a = f->advice;

	if (a->cause == WHY_PRIVILEGED && a->from->live->system == LIVE_MACOS) {
		add(f, _("run the server as root, or let it bind every address (0.0.0.0, ::)"),
		    NULL);
	} else if (a->cause == WHY_PRIVILEGED) {
		ADD(f, _("as root: let everybody bind from this port on"), "sysctl", "-w",
		    arena_printf(a->arena, "net.ipv4.ip_unprivileged_port_start=%u", a->why->port));
		ADD(f, _("give the server's program the capability"), "setcap",
		    "cap_net_bind_service=+ep", "PROGRAM");
	} else if (a->cause == WHY_ADDRESS_NOT_LOCAL) {
		add_own_addresses(f);
	} else if (a->cause == WHY_NO_SUCH_DEVICE) {
		ADD(f, _("use a device of this machine"), "ip", "link", "show");
	} else if (a->cause == WHY_POLICY && a->from->live->system == LIVE_WINDOWS) {
		add_for_excluded(f);
	} else if (a->cause == WHY_POLICY && a->from->live->system == LIVE_LINUX) {
		ADD(f, _("see which programs are attached to cgroups"), "bpftool", "cgroup",
		    "tree");
		ADD(f, _("see what a security module denied"), "journalctl", "-k", "-g", "denied");
	}
}

bool why_fixes(const struct why_advice *a, const struct answer_fix **out, size_t *n_out)
{
	struct fixes f = {.advice = a};
	const struct answer_why_holder *h = blocker_of(a);

	switch (a->cause) {
	case WHY_EXACT_LISTENER:
	case WHY_WILDCARD_OVERLAP:
	case WHY_DUAL_STACK_OVERLAP:
	case WHY_REUSEPORT_OTHER_USER:
	case WHY_INHERITED:
	case WHY_PUBLISHED:
	case WHY_CLASH_AT_LISTEN:
		add_for_listener(&f, h);
		break;
	case WHY_BOUND_ONLY:
		add_reuse(&f);
		add_for_listener(&f, h);
		break;
	case WHY_DEAD_SERVER:
	case WHY_EPHEMERAL_CLIENT:
		add_for_connection(&f, h);
		break;
	case WHY_TIME_WAIT:
	case WHY_FIN_WAIT_2:
		add_for_remnant(&f);
		break;
	case WHY_PRIVILEGED:
	case WHY_ADDRESS_NOT_LOCAL:
	case WHY_NO_SUCH_DEVICE:
	case WHY_POLICY:
		add_for_place(&f);
		break;
	case WHY_NO_CAUSE:
	case WHY_CAUSE_UNKNOWN:
		break;
	}
	*out = f.items;
	*n_out = f.n;
	return !f.has_failed && !arena_failed(a->arena);
}

/* --- warnings -------------------------------------------------------------------------------- */

/* Lines under construction. */
struct lines {
	const struct why_advice *advice;
	const char **items;
	size_t n, capacity;
};

static void say(struct lines *l, const char *text)
{
	const char **slot = ARENA_PUSH(l->advice->arena, l->items, l->n, l->capacity);

	if (slot)
		*slot = text;
}

static void warn_of_disagreement(struct lines *l)
{
	const struct why_advice *a = l->advice;

	if (a->why->is_disputed)
		say(l, arena_printf(a->arena,
				    _("by what was seen bind(2) would say %s, but a trial said %s: "
				      "something changed in between, or is not to be seen"),
				    a->why->judged.bind, a->why->tried->bind));
}

static void warn_of_policies(struct lines *l)
{
	const struct why_advice *a = l->advice;
	const char *const *p = answer_policies(a->from, a->why->port, a->arena);

	for (; p && *p; p++) {
		if (strcmp(*p, "ephemeral") == 0)
			say(l, _("in the kernel's ephemeral range: an outgoing connection may take "
			       "the port before the server does"));
		if (strcmp(*p, "browser-blocked") == 0)
			say(l, arena_printf(a->arena, _("browsers refuse HTTP to it (as of %s)"),
					    registry_browser_blocked_as_of()));
	}
}

/* Whether a holder that is not in the way is so by a flag, not by its address. */
static bool is_shared(const struct why_advice *a, const struct answer_why_holder *h)
{
	struct why_candidate plain = *a->question->candidate;

	plain.has_reuse_address = plain.has_reuse_port = false;
	return h->socket->state != LIVE_TIME_WAIT &&
	       why_blocks(a->from->live, &plain, h->socket) == MAYBE_YES;
}

/* Others on the port who are not in the way. */
static void warn_of_neighbours(struct lines *l)
{
	const struct why_advice *a = l->advice;

	for (size_t i = 0; i < a->why->n_holders; i++) {
		const struct answer_why_holder *h = &a->why->holders[i];
		const char *where = place(a->arena, &h->socket->local, h->port);

		if (strcmp(h->blocks, "no") != 0)
			continue;
		if (h->reuse_port && strcmp(h->reuse_port, "yes") == 0 &&
		    a->question->candidate->has_reuse_port && is_shared(a, h))
			say(l,
			    arena_printf(a->arena,
					 _("%s has %s, too: by SO_REUSEPORT the kernel deals out "
					   "what arrives between both"),
					 name_of(a, h), where));
		else if (is_datagram(a) && is_shared(a, h))
			say(l, arena_printf(a->arena,
					    _("%s has %s, too: by SO_REUSEADDR only the newest of "
					      "both receives"),
					    name_of(a, h), where));
		else if (h->socket->state == LIVE_LISTENER)
			say(l, arena_printf(a->arena, _("%s has it on another address, %s"),
					    name_of(a, h), where));
		else if (h->socket->state == LIVE_BOUND &&
			 a->question->candidate->has_reuse_address && !is_datagram(a))
			say(l, arena_printf(a->arena,
					    _("%s has bound %s: whoever listens first has it, and "
					      "the other's listen(2) fails"),
					    name_of(a, h), where));
	}
}

static void warn_of_publication(struct lines *l)
{
	const struct why_advice *a = l->advice;
	const struct live_snapshot *live = a->from->live;
	const enum transport space = transport_port_space(a->question->candidate->transport);

	for (size_t i = 0; i < live->n_published && !a->question->netns; i++) {
		const struct live_published *p = &live->published[i];

		if (a->why->port < p->ports.first || a->why->port > p->ports.last || p->via != 0 ||
		    transport_port_space(p->transport) != space)
			continue;
		say(l,
		    arena_printf(a->arena,
				 _("rules of %s lead what arrives there elsewhere%s%s: the server "
				   "would bind and hear nothing of it"),
				 p->by, p->container ? _(", to container ") : "",
				 p->container ? answer_container(a->from, p->container, a->arena)
					      : ""));
	}
}

/* Who has the number by name. */
static void warn_of_names(struct lines *l)
{
	const struct why_advice *a = l->advice;
	struct answer_case c;

	if (!answer_fill_case(a->from, a->why->port, a->question->candidate->transport, &c,
			      a->arena))
		return;
	for (size_t i = 0; i < c.n_names; i++) {
		const char *source = c.names[i].source, *name = c.names[i].name;

		if (strcmp(source, "iana") == 0)
			say(l, arena_printf(a->arena, _("assigned to %s by IANA"), name));
		else if (strcmp(source, "known") == 0)
			say(l, arena_printf(a->arena, _("%s uses it by default"), name));
		else
			say(l, arena_printf(a->arena, _("claimed for %s"), name));
	}
}

static void warn_of_kernel(struct lines *l)
{
	const struct why_advice *a = l->advice;
	const uint32_t kernel = a->from->live->rules.kernel;

	if (kernel != 0 && kernel < RULES_FROM)
		say(l, arena_printf(a->arena,
				    _("the rules were checked on Linux %d.%d; this is %u.%u, and "
				      "some differed before %d.%d"),
				    CHECKED_ON / 1000, CHECKED_ON % 1000, kernel / 1000,
				    kernel % 1000, RULES_FROM / 1000, RULES_FROM % 1000));
}

const char *const *why_warnings(const struct why_advice *a)
{
	struct lines l = {.advice = a};

	warn_of_disagreement(&l);
	warn_of_kernel(&l);
	if (a->why->would_bind) {
		warn_of_neighbours(&l);
		warn_of_publication(&l);
		warn_of_policies(&l);
		warn_of_names(&l);
	}
	say(&l, NULL);
	return arena_failed(a->arena) ? NULL : l.items;
}
