/* Who lives on a port now: listeners with their owners, what is published, what holds the port. */
#include "web/page-port.h"

#include <stdio.h>
#include <string.h>

/* What is shown of each list; the rest is counted, and is to be had elsewhere. */
enum { MOST_LISTENERS = 24, MOST_OWNERS = 8, MOST_PUBLISHED = 16, MOST_HOLDERS = 16,
       MOST_PEERS = 8, MOST_ARGUMENTS = 40, MOST_COMMAND = 400 };

/* The bytes of a list after which nothing is added to it: together they keep a page small. */
enum { LISTENERS_BYTES = 9000, PUBLISHED_BYTES = 3000, HOLDERS_BYTES = 3000, PEERS_BYTES = 1500,
       OWNERS_BYTES = 3500 };

/* The bytes that foreign text of one of these becomes. */
enum { OWNER_MOST = 1200, COMMAND_MOST = 600, LINE_MOST = 400 };

static bool is_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Where everything that a list of this port leaves out can be had. */
static const char *rest_of(const struct sheet *s, uint16_t port)
{
	return arena_printf(s->p->arena, "/api/v1/ports/%u", port);
}

/* "and 5 more" of a list that is longer than what is shown; nothing when it is not. */
static void put_more(struct sheet *s, const char *element, size_t n, size_t shown,
		     const char *url)
{
	if (n <= shown)
		return;
	if (*element == 'l')
		html_open_class(&s->h, "li", "more");
	else
		html_open_class(&s->h, "p", "more");
	sheet_more(s, n - shown, url);
	if (*element == 'l')
		html_close(&s->h, "li");
	else
		html_close(&s->h, "p");
}

/* Another fact about the same thing, set apart by the style. */
static void begin_bit(struct sheet *s)
{
	html_char(&s->h, ' ');
	html_open_class(&s->h, "span", "bit");
}

static void end_bit(struct sheet *s)
{
	html_close(&s->h, "span");
}

static void put_command(struct sheet *s, const char *const *command)
{
	struct html *h = &s->h;
	size_t n = 0, length = 0, budget;

	if (!command || !command[0])
		return;
	budget = sheet_narrow(s, MIN_OF(h->budget, (size_t)COMMAND_MOST));
	html_open_class(h, "code", "command");
	for (; n < MOST_ARGUMENTS && command[n] && length < MOST_COMMAND; n++) {
		if (n > 0)
			html_char(h, ' ');
		html_text(h, command[n]);
		length += strnlen(command[n], MOST_COMMAND) + 1;
	}
	if (command[n])
		html_words(h, " \xe2\x80\xa6");
	html_close(h, "code");
	sheet_widen(s, budget);
}

/* What started it, where that is more than its unit tells. */
static void put_lineage(struct sheet *s, const struct answer_owner *o)
{
	struct html *h = &s->h;

	if (!(o->lineage && o->lineage[0]) && !o->origin)
		return;
	html_open_class(h, "p", "lineage");
	if (o->lineage && o->lineage[0]) {
		sheet_say(s, WORD_STARTED_BY);
		for (size_t i = 0; i < MOST_OWNERS && o->lineage[i]; i++) {
			html_words(h, i == 0 ? " " : " \xe2\x86\x90 ");
			sheet_name(s, o->lineage[i]);
		}
		if (o->origin)
			html_markup(h, ", ");
	}
	if (o->origin)
		SAY(s, WORD_STARTED_IN, TEXT("origin", o->origin));
	html_close(h, "p");
}

static void put_user(struct sheet *s, const struct answer_owner *o)
{
	if (!o->user && o->uid < 0)
		return;
	begin_bit(s);
	if (o->user)
		SAY(s, WORD_OF_USER, TEXT("user", o->user));
	else
		SAY(s, WORD_OF_UID, NUMBER("uid", o->uid));
	end_bit(s);
}

static void put_place(struct sheet *s, const struct answer_owner *o)
{
	if (o->unit && !(o->container_id && strstr(o->unit, o->container_id))) {
		begin_bit(s);
		sheet_name(s, o->unit);
		end_bit(s);
	}
	if (o->container) {
		begin_bit(s);
		SAY(s, WORD_OF_CONTAINER, TEXT("container", o->container));
		end_bit(s);
	}
	if (o->started != LIVE_TIME_NONE) {
		begin_bit(s);
		sheet_say(s, WORD_SINCE);
		html_char(&s->h, ' ');
		sheet_time(s, o->started);
		end_bit(s);
	}
}

static void put_method(struct sheet *s, const struct answer_owner *o)
{
	enum word how;

	if (strcmp(o->method, "thread") == 0)
		how = WORD_FOUND_THREAD;
	else if (strcmp(o->method, "io_uring") == 0)
		how = WORD_FOUND_IO_URING;
	else if (strcmp(o->method, "cgroup") == 0)
		how = WORD_FOUND_CGROUP;
	else
		return;
	begin_bit(s);
	sheet_say(s, how);
	end_bit(s);
}

void port_owner(struct sheet *s, const struct answer_owner *o)
{
	const char *name = o->label ? o->label : o->program ? o->program : "?";
	const size_t budget = sheet_narrow(s, OWNER_MOST);
	struct html *h = &s->h;

	if (strcmp(o->method, "kernel") == 0) {
		sheet_say(s, WORD_KERNEL);
		html_char(h, ' ');
	}
	html_open(h, "b");
	sheet_name(s, name);
	html_close(h, "b");
	if (o->label && o->program && strcmp(o->label, o->program) != 0) {
		html_char(h, ' ');
		SAY(s, WORD_RUN_BY, TEXT("program", o->program));
	}
	if (o->pid >= 0) {
		begin_bit(s);
		SAY(s, WORD_PID, NUMBER("pid", o->pid));
		end_bit(s);
	}
	put_user(s, o);
	put_place(s, o);
	if (o->path_deleted) {
		begin_bit(s);
		sheet_say(s, WORD_PATH_DELETED);
		end_bit(s);
	}
	put_method(s, o);
	put_command(s, o->command);
	put_lineage(s, o);
	sheet_widen(s, budget);
}

void port_address(struct sheet *s, const struct answer_listener *l)
{
	const bool is_v6 = strcmp(l->family, "ipv6") == 0;
	struct html *h = &s->h;

	html_open_class(h, "code", "address");
	if (strcmp(l->exposure, "all") == 0) {
		html_char(h, '*');
	} else {
		if (is_v6)
			html_char(h, '[');
		html_text(h, l->address);
		if (is_v6)
			html_char(h, ']');
	}
	html_char(h, ':');
	html_number(h, l->port);
	html_close(h, "code");
}

void port_exposure(struct sheet *s, const struct answer_listener *l)
{
	static const struct {
		const char *exposure;
		enum word word;
	} words[] = {
		{"loopback", WORD_REACH_LOOPBACK}, {"link", WORD_REACH_LINK},
		{"interface", WORD_REACH_ADDRESS}, {"all-v4", WORD_REACH_V4},
		{"all-v6", WORD_REACH_V6},         {"all", WORD_REACH_ALL},
	};

	html_open_class(&s->h, "span", "reach");
	html_attribute_words(&s->h, "data-exposure", l->exposure);
	if (l->interface)
		SAY(s, WORD_REACH_DEVICE, TEXT("device", l->interface));
	for (size_t i = 0; i < N_ELEMENTS(words) && !l->interface; i++) {
		if (strcmp(l->exposure, words[i].exposure) == 0)
			sheet_say(s, words[i].word);
	}
	html_close(&s->h, "span");
}

void port_backlog(struct sheet *s, const struct answer_listener *l)
{
	const long long queued = l->backlog ? (long long)l->backlog->queued : 0;
	const long long limit = l->backlog ? (long long)l->backlog->limit : 0;

	if (queued <= 0)
		return;
	if (answer_is_queue_full(l)) {
		html_open_class(&s->h, "span", "queue full");
		SAY_MANY(s, WORD_QUEUE_FULL, queued, NUMBER("n", queued), NUMBER("limit", limit));
	} else {
		html_open_class(&s->h, "span", "queue");
		SAY_MANY(s, WORD_QUEUE, queued, NUMBER("n", queued), NUMBER("limit", limit));
	}
	html_close(&s->h, "span");
}

static void put_listener(struct sheet *s, const struct answer_listener *l)
{
	const size_t budget = sheet_narrow(s, LINE_MOST);
	struct html *h = &s->h;

	html_open_class(h, "p", "where");
	html_open_class(h, "span", "protocol");
	html_words(h, l->protocol);
	html_close(h, "span");
	html_char(h, ' ');
	port_address(s, l);
	html_char(h, ' ');
	port_exposure(s, l);
	if (l->is_here && strcmp(l->role, "listener") == 0) {
		html_char(h, ' ');
		sheet_verdict(s, l->judged.word);
	}
	if (!l->is_here) {
		begin_bit(s);
		SAY(s, WORD_ELSEWHERE_NAMESPACE, TEXT("name", l->ns.name), NUMBER("port", l->port));
		end_bit(s);
	}
	if (strcmp(l->role, "maybe-client") == 0) {
		begin_bit(s);
		sheet_say(s, WORD_MAYBE_CLIENT);
		end_bit(s);
	}
	html_char(h, ' ');
	port_backlog(s, l);
	html_close(h, "p");
	sheet_widen(s, budget);
}

static void put_unowned(struct sheet *s, const struct answer_listener *l)
{
	struct html *h = &s->h;

	html_open_class(h, "li", "unowned");
	SHEET_IN(s, "b", s->p->sight == PAGE_SIGHT_FULL ? WORD_OWNER_UNSEEN : WORD_OWNER_HIDDEN);
	if (l->user || l->uid >= 0) {
		begin_bit(s);
		if (l->user)
			SAY(s, WORD_MADE_BY_USER, TEXT("user", l->user));
		else
			SAY(s, WORD_MADE_BY_UID, NUMBER("uid", l->uid));
		end_bit(s);
	}
	if (l->unit) {
		begin_bit(s);
		SAY(s, WORD_MADE_IN, TEXT("unit", l->unit));
		end_bit(s);
	}
	if (l->container) {
		begin_bit(s);
		SAY(s, WORD_OF_CONTAINER, TEXT("container", l->container));
		end_bit(s);
	}
	html_close(h, "li");
}

/* Which socket unit it was made for, and what that unit starts. */
static void put_activation(struct sheet *s, const struct answer_listener *l)
{
	const size_t n = l->activates ? strlen(l->activates) : 0;
	bool is_held = l->n_owners == 0;

	for (size_t i = 0; i < l->n_owners; i++)
		is_held |= l->owners[i].program && strcmp(l->owners[i].program, "systemd") == 0;
	if (n == 0 || !l->unit)
		return;
	html_open_class(&s->h, "p", "activation");
	SAY(s, is_held ? WORD_ACTIVATION_HELD : WORD_ACTIVATION_MADE, STRONG("unit", l->unit),
	    STRONG("service", l->activates));
	if (n > 9 && strcmp(l->activates + n - 9, "@.service") == 0) {
		html_char(&s->h, ' ');
		sheet_say(s, WORD_ACTIVATION_EACH);
	}
	html_close(&s->h, "p");
}

/* Listeners of the same processes are listed together, above them. */
static bool has_same_owners(const struct answer_listener *a, const struct answer_listener *b)
{
	if (a->n_owners != b->n_owners || a->is_here != b->is_here || a->uid != b->uid ||
	    !is_equal(a->unit, b->unit) || !is_equal(a->activates, b->activates))
		return false;
	for (size_t i = 0; i < a->n_owners; i++) {
		if (a->owners[i].pid != b->owners[i].pid ||
		    !is_equal(a->owners[i].program, b->owners[i].program) ||
		    strcmp(a->owners[i].method, b->owners[i].method) != 0)
			return false;
	}
	return true;
}

/* Whether a list that began at that byte of the page has its share of it. */
static bool is_full(const struct sheet *s, size_t begin, size_t most)
{
	return s->h.out->length - begin >= most;
}

static void put_owners(struct sheet *s, const struct answer_listener *l)
{
	const size_t begin = s->h.out->length;
	struct html *h = &s->h;
	size_t i = 0;

	html_open_class(h, "ul", "owners");
	for (; i < MIN_OF(l->n_owners, (size_t)MOST_OWNERS) && !is_full(s, begin, OWNERS_BYTES);
	     i++) {
		html_open(h, "li");
		port_owner(s, &l->owners[i]);
		html_close(h, "li");
	}
	put_more(s, "li", l->n_owners, i, rest_of(s, l->port));
	if (l->n_owners == 0)
		put_unowned(s, l);
	html_close(h, "ul");
	put_activation(s, l);
}

static void put_listeners(struct sheet *s, const struct answer *a)
{
	const size_t n = MIN_OF(a->n_listeners, (size_t)MOST_LISTENERS);
	const size_t begin = s->h.out->length;
	struct html *h = &s->h;
	bool is_last = true;
	size_t i = 0;

	for (; i < n && !(is_last && is_full(s, begin, LISTENERS_BYTES)); i++) {
		if (is_last)
			html_open_class(h, "div", "resident");
		put_listener(s, &a->listeners[i]);
		is_last = i + 1 == n || is_full(s, begin, LISTENERS_BYTES) ||
			  !has_same_owners(&a->listeners[i], &a->listeners[i + 1]);
		if (!is_last)
			continue;
		put_owners(s, &a->listeners[i]);
		html_close(h, "div");
	}
	put_more(s, "p", a->n_listeners, i,
		 arena_printf(s->p->arena, "%shere?port=%u", s->root, a->port));
}

/* "10.88.0.2:80", "[fd00::2]:80", "pod/web, port 80". */
static void put_target(struct sheet *s, const struct answer_published *p)
{
	const char *to = p->to_address;
	struct html *h = &s->h;
	const bool is_v6 = to && strchr(to, ':') && !strchr(to, '/');

	html_open_class(h, "code", "address");
	if (is_v6)
		html_char(h, '[');
	html_text(h, to ? to : p->is_to_here ? "" : "?");
	if (is_v6)
		html_char(h, ']');
	if (p->to_port >= 0) {
		html_char(h, ':');
		sheet_span(s, p->to_ports);
	}
	html_close(h, "code");
	if (p->is_to_here && !to) {
		html_char(h, ' ');
		sheet_say(s, WORD_PUBLISHED_TO_HERE);
	}
}

void port_published(struct sheet *s, const struct answer_published *p)
{
	struct html *h = &s->h;

	html_open_class(h, "span", "protocol");
	html_words(h, p->protocol);
	html_close(h, "span");
	html_char(h, ' ');
	html_open_class(h, "code", "address");
	if (p->address)
		html_text(h, p->address);
	else
		html_char(h, '*');
	html_char(h, ':');
	sheet_span(s, p->ports);
	html_close(h, "code");
	html_words(h, " \xe2\x86\x92 ");
	put_target(s, p);
	if (p->container) {
		begin_bit(s);
		SAY(s, WORD_OF_CONTAINER, TEXT("container", p->container));
		end_bit(s);
	}
	begin_bit(s);
	SAY(s, WORD_PUBLISHED_BY, TEXT("by", p->by));
	end_bit(s);
	if (p->note) {
		begin_bit(s);
		sheet_name(s, words_translate(s->p->language, p->note));
		end_bit(s);
	}
}

static void put_published(struct sheet *s, const struct answer *a)
{
	const size_t begin = s->h.out->length;
	struct html *h = &s->h;
	size_t i = 0;

	for (; i < MIN_OF(a->n_published, (size_t)MOST_PUBLISHED) &&
	       !is_full(s, begin, PUBLISHED_BYTES); i++) {
		const struct answer_published *p = &a->published[i];
		const size_t budget = sheet_narrow(s, OWNER_MOST);

		html_open_class(h, "div", "resident");
		html_open_class(h, "p", "where");
		port_published(s, p);
		html_char(h, ' ');
		sheet_verdict(s, p->judged.word);
		html_close(h, "p");
		html_open_class(h, "ul", "owners");
		for (size_t k = 0; k < MIN_OF(p->n_owners, (size_t)MOST_OWNERS); k++) {
			html_open(h, "li");
			port_owner(s, &p->owners[k]);
			html_close(h, "li");
		}
		put_more(s, "li", p->n_owners, MIN_OF(p->n_owners, (size_t)MOST_OWNERS),
			 rest_of(s, a->port));
		if (p->n_owners == 0)
			SHEET_IN(s, "li", WORD_PUBLISHED_UNSEEN);
		html_close(h, "ul");
		html_close(h, "div");
		sheet_widen(s, budget);
	}
	put_more(s, "p", a->n_published, i,
		 arena_printf(s->p->arena, "%shere?port=%u", s->root, a->port));
}

static void put_holders(struct sheet *s, const struct answer *a)
{
	const size_t begin = s->h.out->length;
	struct html *h = &s->h;
	size_t i = 0;

	if (a->n_holders == 0)
		return;
	SHEET_IN(s, "h3", WORD_HOLDERS_TITLE);
	html_open_class(h, "ul", "plain");
	for (; i < MIN_OF(a->n_holders, (size_t)MOST_HOLDERS) &&
	       !is_full(s, begin, HOLDERS_BYTES); i++) {
		const struct answer_holder *o = &a->holders[i];
		enum word kind = WORD_HOLDER_CONNECTION;

		if (strcmp(o->kind, "bound-only") == 0)
			kind = WORD_HOLDER_BOUND;
		else if (strcmp(o->kind, "time-wait") == 0)
			kind = WORD_HOLDER_TIME_WAIT;
		html_open(h, "li");
		SAY_MANY(s, kind, o->count, NUMBER("n", o->count), TEXT("protocol", o->protocol),
			 CODE("address", o->address));
		if (o->owner) {
			html_markup(h, ": ");
			port_owner(s, o->owner);
		}
		if (o->seconds_left >= 0) {
			begin_bit(s);
			SAY(s, WORD_SECONDS_LEFT, NUMBER("n", o->seconds_left));
			end_bit(s);
		}
		html_close(h, "li");
	}
	put_more(s, "li", a->n_holders, i, rest_of(s, a->port));
	html_close(h, "ul");
}

static void put_peer(struct sheet *s, const struct answer_peer *peer)
{
	const size_t budget = sheet_narrow(s, LINE_MOST);
	struct html *h = &s->h;

	html_open(h, "li");
	SAY_MANY(s, WORD_PEER, peer->count, NUMBER("n", peer->count),
		 CODE("address", peer->address));
	if (peer->owner && peer->owner->label) {
		html_markup(h, ": ");
		sheet_name(s, peer->owner->label);
		if (peer->owner->pid >= 0) {
			begin_bit(s);
			SAY(s, WORD_PID, NUMBER("pid", peer->owner->pid));
			end_bit(s);
		}
	}
	html_close(h, "li");
	sheet_widen(s, budget);
}

static void put_connections(struct sheet *s, const struct answer *a)
{
	const struct answer_connections *c = &a->connections;
	const size_t begin = s->h.out->length;
	struct html *h = &s->h;
	size_t i = 0;

	html_open_class(h, "p", "connections");
	if (c->local + c->remote == 0)
		SAY(s, WORD_NO_CONNECTION, NUMBER("port", a->port));
	if (c->local > 0)
		SAY_MANY(s, WORD_CONNECTIONS_LOCAL, c->local, NUMBER("n", c->local),
			 NUMBER("port", a->port));
	if (c->local > 0 && c->remote > 0)
		html_char(h, ' ');
	if (c->remote > 0)
		SAY_MANY(s, WORD_CONNECTIONS_REMOTE, c->remote, NUMBER("n", c->remote),
			 NUMBER("port", a->port));
	html_close(h, "p");
	if (c->n_peers == 0)
		return;
	html_open_class(h, "ul", "plain");
	for (; i < MIN_OF(c->n_peers, (size_t)MOST_PEERS) && !is_full(s, begin, PEERS_BYTES); i++)
		put_peer(s, &c->peers[i]);
	put_more(s, "li", c->n_peers, i, rest_of(s, a->port));
	html_close(h, "ul");
}

static void put_quiet(struct sheet *s, const struct answer *a)
{
	const long long n = a->checked.namespaces;

	html_open_class(&s->h, "p", "quiet");
	sheet_say(s, a->n_published > 0 ? WORD_NO_SOCKET : WORD_NOTHING_LISTENS);
	if (a->checked.system == LIVE_LINUX && n > 0) {
		html_char(&s->h, ' ');
		SAY_MANY(s, WORD_LOOKED_IN, n, NUMBER("n", n));
	}
	html_close(&s->h, "p");
}

static void put_seen(struct sheet *s, const struct answer *a)
{
	put_published(s, a);
	if (a->n_listeners > 0)
		put_listeners(s, a);
	else if (a->tcp.word == VERDICT_UNKNOWN)
		SHEET_IN(s, "p", WORD_COULD_NOT_LOOK);
	else
		put_quiet(s, a);
	put_holders(s, a);
	if (a->tcp.word != VERDICT_UNKNOWN)
		put_connections(s, a);
	sheet_gaps_below(s, a->gaps, a->n_gaps, rest_of(s, a->port));
}

/* Apart from what was seen, which may be the same a moment later. */
static void put_when(struct sheet *s, const struct answer *a)
{
	html_open_with(&s->h, "p", "id=\"seen\" class=\"checked\"");
	sheet_say(s, WORD_LOOKED_AT);
	html_char(&s->h, ' ');
	sheet_time(s, a->checked.at);
	html_close(&s->h, "p");
}

/* Where a script has this again, and when it is worth it. */
static void put_sources(struct sheet *s, uint16_t port)
{
	char url[64];

	snprintf(url, sizeof(url), "%sports/%u/live", s->root, port);
	html_attribute_words(&s->h, "data-live", url);
	html_attribute_words(&s->h, "data-events", "/events");
}

void port_live(struct sheet *s, const struct answer *a)
{
	struct html *h = &s->h;
	char command[32];

	html_open_with(h, "section", "id=\"live\" aria-labelledby=\"live-h\"");
	if (!s->p->is_static)
		put_sources(s, a->port);
	html_open_with(h, "h2", "id=\"live-h\"");
	sheet_say(s, WORD_LIVE_TITLE);
	html_close(h, "h2");
	if (s->p->is_static) {
		snprintf(command, sizeof(command), "berth %u", a->port);
		html_open(h, "p");
		SAY(s, WORD_STATIC_LIVE, CODE("command", command));
		html_close(h, "p");
	} else {
		put_seen(s, a);
	}
	html_close(h, "section");
	if (!s->p->is_static)
		put_when(s, a);
}
