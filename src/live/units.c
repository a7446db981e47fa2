#include "live/units.h"

#include "base/str.h"

#include <string.h>

enum { LONGEST_NAME = 255, LONGEST_VALUE = 4096 };

/* A piece of text that is not terminated. */
struct piece {
	const char *at;
	size_t n;
};

/* Takes one assignment; false ends the reading (out of memory). */
typedef bool (*assign_fn)(void *unit, struct piece key, struct piece value);

/* --- lines ----------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct piece trim(struct piece p)
{
	while (p.n > 0 && is_blank(p.at[0])) {
		p.at++;
		p.n--;
	}
	while (p.n > 0 && is_blank(p.at[p.n - 1]))
		p.n--;
	return p;
}

static bool is_equal(struct piece p, const char *word)
{
	return p.n == strlen(word) && memcmp(p.at, word, p.n) == 0;
}

static struct piece take_line(const char **at, const char *end)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	struct piece line = {*at, (size_t)((stop ? stop : end) - *at)};

	*at = stop ? stop + 1 : end;
	return line;
}

/* A line with those that continue it, a blank between them, in `buffer`. Comments between are
 * skipped, as systemd does. False: longer than the buffer, to be left out. */
static bool join_lines(struct piece line, const char **at, const char *end, char *buffer,
		       struct piece *out)
{
	size_t n = 0;
	bool fits = true;

	for (;;) {
		bool goes_on = line.n > 0 && line.at[line.n - 1] == '\\';
		size_t length = line.n - goes_on;

		fits = fits && n + length + 1 < LONGEST_VALUE;
		if (fits) {
			memcpy(buffer + n, line.at, length);
			n += length;
			buffer[n++] = ' ';
		}
		if (!goes_on || *at == end)
			break;
		do {
			line = take_line(at, end);
		} while (*at < end && trim(line).n > 0 &&
			 (*trim(line).at == '#' || *trim(line).at == ';'));
	}
	*out = trim((struct piece){buffer, n});
	return fits;
}

/* Every assignment of one section, in order. */
static bool read_section(const char *text, size_t n, const char *section, assign_fn assign,
			 void *unit)
{
	const char *at = text, *end = text + n;
	char buffer[LONGEST_VALUE];
	bool is_inside = false;

	while (at < end) {
		struct piece line = trim(take_line(&at, end)), joined;
		const char *equals;

		if (line.n == 0 || *line.at == '#' || *line.at == ';')
			continue;
		if (*line.at == '[') {
			is_inside = line.n == strlen(section) + 2 && line.at[line.n - 1] == ']' &&
				    memcmp(line.at + 1, section, line.n - 2) == 0;
			continue;
		}
		if (!join_lines(line, &at, end, buffer, &joined) || !is_inside)
			continue;
		equals = memchr(joined.at, '=', joined.n);
		if (!equals || memchr(joined.at, '\0', joined.n))
			continue;
		if (!assign(unit, trim((struct piece){joined.at, (size_t)(equals - joined.at)}),
			    trim((struct piece){equals + 1, joined.n - 1 -
							    (size_t)(equals - joined.at)})))
			return false;
	}
	return true;
}

/* --- names and specifiers -------------------------------------------------------------------- */

bool unit_is_name(const char *name, const char *suffix)
{
	size_t n = strlen(name), length = strlen(suffix);

	if (n <= length || n > LONGEST_NAME || strcmp(name + n - length, suffix) != 0 ||
	    name[n - length - 1] == '@' || *name == '.' || *name == '@')
		return false;
	for (size_t i = 0; i < n; i++) {
		bool is_plain = (name[i] >= '0' && name[i] <= '9') ||
				(name[i] >= 'a' && name[i] <= 'z') ||
				(name[i] >= 'A' && name[i] <= 'Z') || strchr(":-_.\\@", name[i]);

		if (!is_plain)
			return false;
	}
	return true;
}

/* The instance of a name, between '@' and the suffix; n = 0: none. */
static struct piece instance_of(const char *name)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

	if (!at || !dot || dot < at)
		return (struct piece){"", 0};
	return (struct piece){at + 1, (size_t)(dot - at - 1)};
}

static struct piece prefix_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t n = strcspn(name, "@");

	return (struct piece){name, dot && dot < name + n ? (size_t)(dot - name) : n};
}

const char *unit_template_of(const char *name, struct arena *arena)
{
	struct piece instance = instance_of(name);

	if (instance.n == 0)
		return NULL;
	return arena_printf(arena, "%.*s%s", (int)(instance.at - name), name,
			    instance.at + instance.n);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* systemd-escape(1) undone: "-" is "/", "\x2d" is "-". */
static void append_unescaped(struct str *out, struct piece p)
{
	for (size_t i = 0; i < p.n; i++) {
		bool is_code = p.n - i >= 4 && p.at[i] == '\\' && p.at[i + 1] == 'x' &&
			       hex_digit(p.at[i + 2]) >= 0 && hex_digit(p.at[i + 3]) >= 0;
		int code = is_code ? hex_digit(p.at[i + 2]) * 16 + hex_digit(p.at[i + 3]) : 0;

		if (is_code && code > 0) {
			str_append_char(out, (char)code);
			i += 3;
		} else {
			str_append_char(out, p.at[i] == '-' ? '/' : p.at[i]);
		}
	}
}

/* One specifier; false for one that stands for something not known here. */
static bool append_specifier(struct str *out, char specifier, const char *name)
{
	struct piece prefix = prefix_of(name), instance = instance_of(name);

	switch (specifier) {
	case '%':
		str_append_char(out, '%');
		return true;
	case 'n':
		str_append(out, name);
		return true;
	case 'N':
		str_append_bytes(out, name, (size_t)(strrchr(name, '.') - name));
		return true;
	case 'p':
		str_append_bytes(out, prefix.at, prefix.n);
		return true;
	case 'P':
		append_unescaped(out, prefix);
		return true;
	case 'i':
		str_append_bytes(out, instance.at, instance.n);
		return true;
	case 'I':
		append_unescaped(out, instance);
		return true;
	default: /* not our enum: the other letters */
		return false;
	}
}

/* A value with its specifiers replaced, terminated, in `arena`; NULL when that cannot be done. */
static const char *expand(struct piece value, const char *name, struct arena *arena)
{
	struct str text = {0};
	const char *copy = NULL;
	bool is_known = strrchr(name, '.') != NULL;

	for (size_t i = 0; i < value.n && is_known; i++) {
		if (value.at[i] != '%')
			str_append_char(&text, value.at[i]);
		else if (i + 1 == value.n)
			is_known = false;
		else
			is_known = append_specifier(&text, value.at[++i], name);
	}
	if (is_known && !text.has_failed)
		copy = arena_strdup(arena, str_text(&text));
	str_fini(&text);
	return copy;
}

/* --- sockets --------------------------------------------------------------------------------- */

static bool parse_port(const char *text, uint16_t *out)
{
	uint64_t port;

	if (str_parse_u64(text, strlen(text), UINT16_MAX, &port) < 0 || port == 0)
		return false;
	*out = (uint16_t)port;
	return true;
}

/* "7001", "127.0.0.1:7001", "[::1]:7001", "[fe80::1]:7001%eth0". Cuts `text` up. */
static bool parse_listen(char *text, struct unit_listen *out)
{
	char *port, *interface;

	if (parse_port(text, &out->port)) {
		out->is_port_only = true;
		out->address = (struct address){.family = ADDRESS_IPV6};
		return true;
	}
	if (*text == '/' || *text == '@')
		return false;
	port = strrchr(text, ':');
	if (!port)
		return false;
	*port++ = '\0';
	interface = *text == '[' ? strchr(port, '%') : NULL;
	if (interface) {
		*interface++ = '\0';
		out->interface = interface;
	}
	if (address_parse(text, &out->address) < 0 || !parse_port(port, &out->port) ||
	    (out->address.family == ADDRESS_IPV6 && *text != '['))
		return false;
	out->address = address_unmapped(&out->address);
	return true;
}

static bool add_listen(struct unit_socket *u, struct piece value, bool is_stream)
{
	struct unit_listen listen = {.is_stream = is_stream}, *slot;
	const char *text = expand(value, u->name, u->arena);
	char *copy = text ? arena_strdup(u->arena, text) : NULL;

	if (!copy || u->n_listens == UNITS_LISTENS_MAX || !parse_listen(copy, &listen))
		return !arena_failed(u->arena);
	slot = ARENA_PUSH(u->arena, u->listens, u->n_listens, u->listens_capacity);
	if (!slot)
		return false;
	*slot = listen;
	return true;
}

static bool is_true(struct piece value)
{
	static const char *const words[] = {"1", "yes", "y", "true", "t", "on"};
	char text[8];

	if (value.n >= sizeof(text))
		return false;
	memcpy(text, value.at, value.n);
	text[value.n] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (str_casecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

static void assign_protocol(struct unit_socket *u, struct piece value)
{
	static const enum transport known[] = {TRANSPORT_UDPLITE, TRANSPORT_SCTP, TRANSPORT_MPTCP};

	u->has_protocol = false;
	for (size_t i = 0; i < N_ELEMENTS(known); i++) {
		if (is_equal(value, transport_name(known[i]))) {
			u->has_protocol = true;
			u->protocol = known[i];
		}
	}
}

static bool assign_socket(void *unit, struct piece key, struct piece value)
{
	struct unit_socket *u = unit;
	bool is_stream = is_equal(key, "ListenStream");

	if (is_stream || is_equal(key, "ListenDatagram")) {
		if (value.n > 0)
			return add_listen(u, value, is_stream);
		u->n_listens = 0; /* an empty one empties the lists of all kinds */
	} else if (key.n > 6 && memcmp(key.at, "Listen", 6) == 0 && value.n == 0) {
		u->n_listens = 0;
	} else if (is_equal(key, "Service")) {
		u->service = value.n > 0 ? expand(value, u->name, u->arena) : NULL;
	} else if (is_equal(key, "Accept")) {
		u->is_accepting = is_true(value);
	} else if (is_equal(key, "BindIPv6Only")) {
		u->v6only = is_equal(value, "both")	   ? UNIT_V6ONLY_NO
			    : is_equal(value, "ipv6-only") ? UNIT_V6ONLY_YES
							   : UNIT_V6ONLY_SYSTEM;
	} else if (is_equal(key, "BindToDevice")) {
		u->device = value.n > 0 ? expand(value, u->name, u->arena) : NULL;
	} else if (is_equal(key, "SocketProtocol")) {
		assign_protocol(u, value);
	}
	return !arena_failed(u->arena);
}

bool unit_read_socket(struct unit_socket *u, const char *text, size_t n)
{
	return read_section(text, n, "Socket", assign_socket, u);
}

const char *unit_service_of(const struct unit_socket *u)
{
	struct piece prefix = prefix_of(u->name);
	const char *dot = strrchr(u->name, '.');

	if (u->service)
		return unit_is_name(u->service, ".service") ? u->service : NULL;
	if (!dot)
		return NULL;
	if (u->is_accepting)
		return arena_printf(u->arena, "%.*s@.service", (int)prefix.n, prefix.at);
	return arena_printf(u->arena, "%.*s.service", (int)(dot - u->name), u->name);
}

static bool has_transport(const struct unit_socket *u, const struct unit_listen *l,
			  enum transport t)
{
	bool is_datagram = t == TRANSPORT_UDP || t == TRANSPORT_UDPLITE;

	if (l->is_stream == is_datagram)
		return false;
	/* Without MPTCP in the kernel it is plain TCP. */
	if (u->has_protocol && t != u->protocol)
		return u->protocol == TRANSPORT_MPTCP && t == TRANSPORT_TCP;
	return u->has_protocol || t == TRANSPORT_TCP || t == TRANSPORT_UDP;
}

static bool has_address(const struct unit_listen *l, const struct live_socket *s)
{
	struct address local = s->local;

	local.scope_id = 0;
	if (l->is_port_only && local.family == ADDRESS_IPV4)
		return address_is_wildcard(&local);
	return address_is_equal(&l->address, &local);
}

static bool has_device(const struct unit_socket *u, const struct unit_listen *l,
		       const struct live_socket *s)
{
	const char *wanted = u->device ? u->device : l->interface;

	if (!wanted)
		return !s->interface || address_is_link_local(&s->local);
	return s->interface && strcmp(wanted, s->interface) == 0;
}

static bool has_family(const struct unit_socket *u, const struct live_socket *s)
{
	if (s->local.family != ADDRESS_IPV6 || !address_is_wildcard(&s->local) ||
	    s->ns->is_read_as_text || u->v6only == UNIT_V6ONLY_SYSTEM)
		return true;
	return s->is_dual_stack == (u->v6only == UNIT_V6ONLY_NO);
}

bool unit_is_listening(const struct unit_socket *u, const struct live_socket *s)
{
	for (size_t i = 0; i < u->n_listens; i++) {
		const struct unit_listen *l = &u->listens[i];

		if (l->port == s->local_port && has_transport(u, l, s->transport) &&
		    has_address(l, s) && has_device(u, l, s) && has_family(u, s))
			return true;
	}
	return false;
}

/* --- services -------------------------------------------------------------------------------- */

/* One word of a command line, quotes and backslashes undone; `*at` moves behind it. False: no more
 * words, or one that never ends. */
static bool take_word(struct piece *rest, struct str *word)
{
	char quote = 0;
	bool has_begun = false;
	size_t i = 0;

	str_clear(word);
	while (i < rest->n && is_blank(rest->at[i]))
		i++;
	for (; i < rest->n; i++) {
		char c = rest->at[i];

		if (!quote && is_blank(c))
			break;
		has_begun = true;
		if (c == '\\' && i + 1 < rest->n)
			str_append_char(word, rest->at[++i]);
		else if (quote ? c == quote : !word->length && (c == '"' || c == '\''))
			quote = quote ? 0 : c;
		else
			str_append_char(word, c);
	}
	rest->at += i;
	rest->n -= i;
	return has_begun && !quote;
}

/* ExecStart=: the prefixes @ - : + ! are systemd's; with @ the second word is only argv[0]. */
static const char *const *read_command(struct piece value, const char *name, struct arena *arena)
{
	const char **words = arena_calloc(arena, UNITS_WORDS_MAX + 1, sizeof(*words));
	struct str word = {0};
	bool has_argv0 = false, is_second = false;
	size_t n = 0;

	while (value.n > 0 && strchr("@-:+!|", *value.at)) {
		has_argv0 = has_argv0 || *value.at == '@';
		value.at++;
		value.n--;
	}
	while (words && n < UNITS_WORDS_MAX && take_word(&value, &word)) {
		struct piece taken = {str_text(&word), word.length};

		if (n > 0 && strcmp(str_text(&word), ";") == 0)
			break;
		if (has_argv0 && n == 1 && !is_second) {
			is_second = true;
			continue;
		}
		words[n] = expand(taken, name, arena);
		if (!words[n] && n > 0)
			words[n] = arena_strdup(arena, str_text(&word));
		if (!words[n])
			break;
		n++;
	}
	str_fini(&word);
	return n > 0 ? words : NULL;
}

static bool assign_service(void *unit, struct piece key, struct piece value)
{
	struct unit_service *u = unit;

	if (!is_equal(key, "ExecStart"))
		return true;
	if (value.n == 0)
		u->command = NULL;
	else if (!u->command)
		u->command = read_command(value, u->name, u->arena);
	return !arena_failed(u->arena);
}

bool unit_read_service(struct unit_service *u, const char *text, size_t n)
{
	return read_section(text, n, "Service", assign_service, u);
}
