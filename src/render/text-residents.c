/* Who lives on a port: listeners with their owners, connections, holders, for people. */
#include "render/text-parts.h"

#include "base/lang.h"
#include "render/text-answer.h"
#include "render/writer.h"

#include <stdio.h>
#include <string.h>

static bool is_text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* "*:3476", "127.0.0.1:3476", "[::1]:3476". */
static const char *describe_address(const struct answer_listener *l, char *out, size_t size)
{
	bool is_v6 = strcmp(l->family, "ipv6") == 0;

	if (strcmp(l->exposure, "all") == 0)
		snprintf(out, size, "*:%u", l->port);
	else
		snprintf(out, size, is_v6 ? "[%s]:%u" : "%s:%u", l->address, l->port);
	return out;
}

static const char *describe_exposure(const struct answer_listener *l)
{
	static const struct {
		const char *exposure, *text;
	} words[] = {
		{"loopback", N_("this machine only")},
		{"link", N_("the local link")},
		{"interface", N_("one address")},
		{"all-v4", N_("every IPv4 address")},
		{"all-v6", N_("every IPv6 address, not IPv4")},
		{"all", N_("every address, IPv4 and IPv6")},
	};

	if (l->interface)
		return _("one device");
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(l->exposure, words[i].exposure) == 0)
			return _(words[i].text);
	}
	return l->exposure;
}

/* What a terminal shows of a command line without -v: some run over dozens of lines. */
enum { COMMAND_LINES = 3, COMMAND_LEAST = 60 };

/* The beginning of an argument, `room` bytes at most, and where the rest can be seen. */
static void put_cut(struct text *t, const char *argument, size_t room)
{
	int n = (int)strnlen(argument, room);

	while (n > 0 && ((unsigned char)argument[n] & 0xc0) == 0x80)
		n--;
	text_putf(t, TEXT_FAINT, 1, "%.*s%s", n, argument,
		  t->style->is_utf8 ? "\xe2\x80\xa6" : "...");
	text_put(t, TEXT_FAINT, 1, _("(all of it: -v)"));
}

void text_command(struct text *t, const char *const *command)
{
	size_t room = COMMAND_LINES * MAX_OF(t->style->columns, COMMAND_LEAST);

	if (!command || !command[0])
		return;
	if (t->style->columns == 0 || t->style->is_verbose)
		room = SIZE_MAX;
	text_end(t);
	text_begin(t, "", TEXT_INDENT + 2);
	for (const char *const *arg = command; *arg; arg++) {
		size_t width = text_width(t, *arg) + 1;

		if (width > room) {
			put_cut(t, *arg, room);
			return;
		}
		text_put(t, TEXT_FAINT, 1, *arg);
		room -= width;
	}
}

/* "nginx (pid 812)", "the kernel: vxlan vx0". */
static void put_name(struct text *t, enum text_tone tone, size_t gap, const struct answer_owner *o)
{
	const char *label = o->label ? o->label : "?";

	if (o->pid < 0)
		text_putf(t, tone, gap, "the kernel: %s", label);
	else
		text_putf(t, tone, gap, "%s (pid %lld)", label, (long long)o->pid);
}

static const char *arrow(const struct text *t)
{
	return t->style->is_utf8 ? "\xe2\x86\x90 " : "<- ";
}

/* What started it, where that is more than its unit tells. */
static void put_lineage(struct text *t, const struct answer_owner *o)
{
	if ((!o->lineage && !o->origin) || t->style->is_verbose)
		return;
	text_end(t);
	text_begin(t, "", TEXT_INDENT + 2);
	text_put(t, TEXT_FAINT, 0, _("started"));
	if (o->lineage && o->lineage[0])
		text_put(t, TEXT_FAINT, 1, _("by"));
	for (size_t i = 0; o->lineage && o->lineage[i]; i++)
		text_putf(t, TEXT_FAINT, 1, "%s%s", i == 0 ? "" : arrow(t), o->lineage[i]);
	if (o->origin)
		text_putf(t, TEXT_FAINT, 1, "in %s", o->origin);
}

/* With -v: every parent with its number. */
static void put_parents(struct text *t, const struct answer_owner *o)
{
	if (o->n_parents == 0 || !t->style->is_verbose)
		return;
	text_end(t);
	text_begin(t, "", TEXT_INDENT + 2);
	text_put(t, TEXT_FAINT, 0, _("started by"));
	for (size_t i = 0; i < o->n_parents; i++)
		text_putf(t, TEXT_FAINT, 1, "%s%s (%lld)",
			  i == 0 ? "" : arrow(t),
			  o->parents[i].program ? o->parents[i].program : "?",
			  (long long)o->parents[i].pid);
}

void text_owner(struct text *t, const struct answer_owner *o)
{
	char time[WRITER_TIME_SIZE];

	text_begin(t, "", TEXT_INDENT + 2);
	if (strcmp(o->method, "kernel") == 0)
		text_put(t, TEXT_PLAIN, 0, _("the kernel:"));
	text_put(t, TEXT_STRONG, t->is_fresh ? 0 : 1,
		 o->label ? o->label : o->program ? o->program : "?");
	if (o->label && o->program && strcmp(o->label, o->program) != 0)
		text_putf(t, TEXT_PLAIN, 1, "(run by %s)", o->program);
	if (o->pid >= 0)
		text_putf(t, TEXT_PLAIN, 3, "pid %lld", (long long)o->pid);
	if (o->user)
		text_putf(t, TEXT_PLAIN, 3, "user %s", o->user);
	else if (o->uid >= 0)
		text_putf(t, TEXT_PLAIN, 3, "uid %lld", (long long)o->uid);
	if (o->unit && !(o->container_id && strstr(o->unit, o->container_id)))
		text_put(t, TEXT_PLAIN, 3, o->unit);
	if (o->container)
		text_putf(t, TEXT_PLAIN, 3, "container %s", o->container);
	if (o->started != LIVE_TIME_NONE)
		text_putf(t, TEXT_PLAIN, 3, "since %s", writer_format_time(o->started, time));
	if (o->path_deleted)
		text_put(t, TEXT_NOTE, 3, _("its executable was deleted or replaced"));
	if (strcmp(o->method, "fd") != 0 && strcmp(o->method, "kernel") != 0)
		text_putf(t, TEXT_FAINT, 3, "found by its %s", _(o->method));
	text_command(t, o->command);
	put_lineage(t, o);
	put_parents(t, o);
	text_end(t);
}

static void put_unowned(struct text *t, const struct answer_listener *l)
{
	text_begin(t, "", TEXT_INDENT + 2);
	text_put(t, TEXT_NOTE, 0, _("owner not seen"));
	if (l->user)
		text_putf(t, TEXT_PLAIN, 3, "made by user %s", l->user);
	else if (l->uid >= 0)
		text_putf(t, TEXT_PLAIN, 3, "made by uid %lld", (long long)l->uid);
	if (l->unit)
		text_putf(t, TEXT_PLAIN, 3, "in %s", l->unit);
	if (l->container)
		text_putf(t, TEXT_PLAIN, 3, "in container %s", l->container);
	text_end(t);
}

/* What waits to be accepted; with -v also that nothing does. */
static void put_backlog(struct text *t, const struct answer_listener *l)
{
	long long queued = l->backlog ? (long long)l->backlog->queued : 0;
	bool is_full;

	if (!l->backlog || (queued == 0 && !t->style->is_verbose))
		return;
	if (queued == 0) {
		text_putf(t, TEXT_FAINT, 3, "backlog %lld", (long long)l->backlog->limit);
		return;
	}
	is_full = answer_is_queue_full(l);
	text_putf(t, is_full ? TEXT_NOTE : TEXT_PLAIN, 3,
		  is_full ? lang_plural("queue full: %lld connection waits to be accepted "
					"(backlog %lld), more get no answer",
					"queue full: %lld connections wait to be accepted "
					"(backlog %lld), more get no answer",
					(unsigned long long)queued)
			  : lang_plural("%lld connection waits to be accepted (backlog %lld)",
					"%lld connections wait to be accepted (backlog %lld)",
					(unsigned long long)queued),
		  queued, (long long)l->backlog->limit);
}

static void put_listener(struct text *t, const char *label, const struct answer_listener *l)
{
	char address[96];

	text_begin(t, label, TEXT_INDENT);
	text_putf(t, TEXT_PLAIN, 0, "%s", l->protocol);
	text_put(t, TEXT_STRONG, 1, describe_address(l, address, sizeof(address)));
	text_putf(t, TEXT_PLAIN, 3, "%s", describe_exposure(l));
	if (l->interface)
		text_putf(t, TEXT_PLAIN, 1, "%s", l->interface);
	if (!l->is_here)
		text_putf(t, TEXT_NOTE, 3, "in namespace %s, not reachable from here as %u",
			  l->ns.name, l->port);
	if (strcmp(l->role, "maybe-client") == 0)
		text_put(t, TEXT_FAINT, 3, _("may be a client's own port"));
	if (l->is_here && strcmp(l->role, "listener") == 0)
		text_put(t, text_verdict_tone(l->judged.word), 3,
			 verdict_word_name(l->judged.word));
	put_backlog(t, l);
	text_end(t);
}

/* Which socket unit it was made for, and what that unit starts. */
static void put_activation(struct text *t, const struct answer_listener *l)
{
	size_t n = l->activates ? strlen(l->activates) : 0;
	bool is_held = l->n_owners == 0;

	for (size_t i = 0; i < l->n_owners; i++)
		is_held |= l->owners[i].program && strcmp(l->owners[i].program, "systemd") == 0;
	if (n == 0 || !l->unit)
		return;
	text_begin(t, "", TEXT_INDENT + 2);
	text_putf(t, TEXT_PLAIN, 0, "%s for %s,", is_held ? _("held by systemd") : _("made"),
		  l->unit);
	text_putf(t, TEXT_PLAIN, 1, "which starts %s", l->activates);
	if (n > 9 && strcmp(l->activates + n - 9, "@.service") == 0)
		text_put(t, TEXT_PLAIN, 1, _("for each connection"));
	text_end(t);
}

static void put_owners(struct text *t, const struct answer_listener *l)
{
	for (size_t i = 0; i < l->n_owners; i++)
		text_owner(t, &l->owners[i]);
	if (l->n_owners == 0)
		put_unowned(t, l);
	put_activation(t, l);
}

/* Listeners of the same processes are listed together, above them. */
static bool has_same_owners(const struct answer_listener *a, const struct answer_listener *b)
{
	if (a->n_owners != b->n_owners || a->is_here != b->is_here || a->uid != b->uid ||
	    !is_text_equal(a->unit, b->unit) || !is_text_equal(a->activates, b->activates))
		return false;
	for (size_t i = 0; i < a->n_owners; i++) {
		if (a->owners[i].pid != b->owners[i].pid ||
		    !is_text_equal(a->owners[i].program, b->owners[i].program) ||
		    strcmp(a->owners[i].method, b->owners[i].method) != 0)
			return false;
	}
	return true;
}

static void put_connections(struct text *t, const struct answer *a)
{
	const struct answer_connections *c = &a->connections;

	if (c->local + c->remote == 0) {
		text_putf(t, TEXT_PLAIN, 1, "no connection to or from %u", a->port);
		return;
	}
	if (c->local > 0)
		text_putf(t, TEXT_PLAIN, 1,
			  lang_plural("%lld connection on local port %u",
				      "%lld connections on local port %u",
				      (unsigned long long)c->local),
			  (long long)c->local, a->port);
	if (c->remote > 0)
		text_putf(t, TEXT_PLAIN, 1, "%s%lld to remote port %u",
			  c->local > 0 ? _("and ") : "", (long long)c->remote, a->port);
}

static void put_peers(struct text *t, const struct answer *a)
{
	for (size_t i = 0; i < a->connections.n_peers; i++) {
		const struct answer_peer *p = &a->connections.peers[i];

		text_begin(t, "", TEXT_INDENT + 2);
		text_putf(t, TEXT_FAINT, 0, "%lld with %s", (long long)p->count, p->address);
		if (p->owner && p->owner->label) {
			text_put(t, TEXT_FAINT, 1, _("by"));
			put_name(t, TEXT_FAINT, 1, p->owner);
		}
		text_end(t);
	}
}

static void put_quiet(struct text *t, const struct answer *a, bool could_look)
{
	char namespaces[TEXT_NAMESPACES_SIZE];

	text_begin(t, _("here"), TEXT_INDENT);
	if (!could_look) {
		text_say(t, TEXT_NOTE, 0, _("could not look; see the gaps"));
		text_end(t);
		return;
	}
	text_putf(t, TEXT_PLAIN, 0,
		  a->n_published > 0 ? _("no socket listens") : _("nothing listens"));
	text_putf(t, TEXT_FAINT, 1, "(%s; IPv4, IPv6%s);",
		  a->has_transport ? transport_name(a->transport) : "tcp, udp",
		  text_namespaces(&a->checked, false, namespaces));
	put_connections(t, a);
	text_end(t);
	put_peers(t, a);
}

/* "10.88.0.2:80", "[fd00::2]:80", ":3128 of this machine", "pod/web, port 80". */
static void describe_target(const struct answer_published *p, char *out, size_t size)
{
	const char *to = p->to_address;
	char port[TEXT_SPAN_SIZE + 1] = ":";

	text_span(&p->to_ports, port + 1);
	if (p->to_port < 0)
		port[0] = '\0';
	if (p->is_to_here && !to && *port)
		snprintf(out, size, _("%s of this machine"), port + 1);
	else if (p->is_to_here && !to)
		snprintf(out, size, "%s", _("of this machine"));
	else if (to)
		snprintf(out, size, strchr(to, ':') && !strchr(to, '/') ? "[%s]%s" : "%s%s", to,
			 port);
	else
		snprintf(out, size, "%s", *port ? port : "?");
}

void text_published(struct text *t, const struct answer_published *p)
{
	const char *arrow = "->";
	char target[320], ports[TEXT_SPAN_SIZE];

	describe_target(p, target, sizeof(target));
	if (p->address)
		text_putf(t, TEXT_STRONG, 0, strchr(p->address, ':') ? "[%s]:%s/%s" : "%s:%s/%s",
			  p->address, text_span(&p->ports, ports), p->protocol);
	else
		text_putf(t, TEXT_STRONG, 0, "%s/%s", text_span(&p->ports, ports), p->protocol);
	text_put(t, TEXT_PLAIN, 1, arrow);
	text_put(t, TEXT_PLAIN, 1, target);
	if (p->container)
		text_putf(t, TEXT_PLAIN, 1, "(container %s)", p->container);
	text_putf(t, TEXT_PLAIN, 1, "by %s", p->by);
	if (p->note)
		text_putf(t, TEXT_NOTE, 0, ", %s", _(p->note));
}

static void put_published(struct text *t, const struct answer *a)
{
	for (size_t i = 0; i < a->n_published; i++) {
		const struct answer_published *p = &a->published[i];

		text_begin(t, i == 0 ? _("published") : "", TEXT_INDENT);
		text_published(t, p);
		text_put(t, text_verdict_tone(p->judged.word), 3,
			 verdict_word_name(p->judged.word));
		text_end(t);
		for (size_t k = 0; k < p->n_owners; k++)
			text_owner(t, &p->owners[k]);
	}
}

void text_residents(struct text *t, const struct answer *a)
{
	const char *label = _("here");

	put_published(t, a);
	if (a->n_listeners == 0) {
		put_quiet(t, a, a->tcp.word != VERDICT_UNKNOWN);
		return;
	}
	for (size_t i = 0; i < a->n_listeners; i++) {
		put_listener(t, label, &a->listeners[i]);
		if (i + 1 == a->n_listeners ||
		    !has_same_owners(&a->listeners[i], &a->listeners[i + 1]))
			put_owners(t, &a->listeners[i]);
		label = "";
	}
	text_begin(t, "", TEXT_INDENT);
	put_connections(t, a);
	text_end(t);
	put_peers(t, a);
}

static void put_holder(struct text *t, const char *label, const struct answer_holder *h)
{
	text_begin(t, label, TEXT_INDENT);
	text_putf(t, TEXT_PLAIN, 0, "%lld %s %s on %s", (long long)h->count, h->protocol,
		  strcmp(h->kind, "bound-only") == 0  ? _("bound but not listening")
		  : strcmp(h->kind, "time-wait") == 0 ? _("in TIME_WAIT")
		  : h->count == 1		      ? _("connection")
						      : _("connections"),
		  h->address);
	if (h->owner)
		put_name(t, TEXT_PLAIN, 3, h->owner);
	if (h->seconds_left >= 0)
		text_putf(t, TEXT_PLAIN, 3, "%lld s left", (long long)h->seconds_left);
	text_end(t);
}

void text_holders(struct text *t, const struct answer *a)
{
	for (size_t i = 0; i < a->n_holders; i++)
		put_holder(t, i == 0 ? _("held") : "", &a->holders[i]);
}
