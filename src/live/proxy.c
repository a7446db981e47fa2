#include "live/proxy.h"

#include "base/lang.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_WORD = 1024 };

/* --- words ----------------------------------------------------------------------------------- */

static bool is_word(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool is_port(const char *text, size_t n, uint16_t *out)
{
	uint64_t port = 0;

	if (str_parse_u64(text, n, UINT16_MAX, &port) < 0 || port == 0)
		return false;
	*out = (uint16_t)port;
	return true;
}

const char *proxy_option(const char *const *command, const char *name, const char *long_name)
{
	for (size_t i = 1; command && command[0] && command[i]; i++) {
		const char *word = command[i];
		size_t n = long_name ? strlen(long_name) : 0;

		if (is_word(word, name) || is_word(word, long_name))
			return command[i + 1];
		if (n > 0 && strncmp(word, long_name, n) == 0 && word[n] == '=')
			return word + n + 1;
	}
	return NULL;
}

/* A flag in the manner of Go: -name V, --name V, -name=V, --name=V. */
static const char *go_flag(const char *const *command, const char *name)
{
	for (size_t i = 1; command[0] && command[i]; i++) {
		const char *word = command[i] + (command[i][0] == '-');
		size_t n = strlen(name);

		word += *word == '-';
		if (command[i][0] != '-' || strncmp(word, name, n) != 0)
			continue;
		if (word[n] == '=')
			return word + n + 1;
		if (word[n] == '\0')
			return command[i + 1];
	}
	return NULL;
}

/* "10.0.0.2" is an address, anything else a name of something. "*" and "" are neither. */
static void set_target(struct live_published *out, const char *host, bool is_elsewhere)
{
	struct address a;

	if (!host || !*host)
		return;
	if (!is_elsewhere && address_parse(host, &a) == 0) {
		out->has_to = true;
		out->to = a;
		return;
	}
	out->to_name = host;
}

static void set_port(struct live_published *out, uint16_t port)
{
	out->to_ports = (struct live_span){port, port};
}

/* --- programs -------------------------------------------------------------------------------- */

static bool read_docker(const struct live_process *p, const struct live_socket *s,
			struct arena *arena BERTH_UNUSED, struct live_published *out)
{
	const char *proto = go_flag(p->command, "proto"), *to = go_flag(p->command, "container-ip");
	const char *host_port = go_flag(p->command, "host-port");
	const char *port = go_flag(p->command, "container-port");
	uint16_t at, number;

	if (!host_port || !port || !to || !is_port(host_port, strlen(host_port), &at) ||
	    at != s->local_port || !is_port(port, strlen(port), &number) ||
	    (proto && !is_word(proto, transport_name(transport_port_space(s->transport)))))
		return false;
	set_target(out, to, false);
	set_port(out, number);
	return true;
}

/* Conmon only keeps the number: rules of the kernel lead it into the container. */
static bool read_conmon(const struct live_process *p, const struct live_socket *s BERTH_UNUSED,
			struct arena *arena BERTH_UNUSED, struct live_published *out)
{
	out->container = proxy_option(p->command, "-c", "--cid");
	return out->container != NULL;
}

/* Its ports come by another way than the arguments. */
static bool read_rootlessport(const struct live_process *p BERTH_UNUSED,
			      const struct live_socket *s BERTH_UNUSED,
			      struct arena *arena BERTH_UNUSED,
			      struct live_published *out BERTH_UNUSED)
{
	return true;
}

/* slirp4netns [OPTION]... PID|PATH [TAP]; what it listens on was asked for through its socket. */
static bool read_slirp(const struct live_process *p, const struct live_socket *s BERTH_UNUSED,
		       struct arena *arena, struct live_published *out)
{
	size_t n = 0;

	while (p->command[n])
		n++;
	for (size_t i = n; i > 1 && i + 2 > n; i--) {
		const char *word = p->command[i - 1];
		uint64_t pid;

		if (str_parse_u64(word, strlen(word), UINT32_MAX, &pid) == 0)
			out->note = arena_printf(arena, "network of pid %s", word);
		else if (word[0] == '/')
			out->note = arena_printf(arena, "network %s", word);
	}
	return true;
}

/* One of pasta's ports, "80", "8080:80", "8000-8010:80-90": whether it has `port`, and where to. */
static bool read_pasta_ports(const char *spec, size_t n, uint16_t port, uint16_t *to)
{
	const char *colon = memchr(spec, ':', n);
	size_t n_host = colon ? (size_t)(colon - spec) : n;
	const char *dash = memchr(spec, '-', n_host);
	size_t n_first = dash ? (size_t)(dash - spec) : n_host;
	uint16_t first, last, target;

	if (!is_port(spec, n_first, &first))
		return false;
	last = first;
	if (dash && !is_port(dash + 1, n_host - n_first - 1, &last))
		return false;
	if (port < first || port > last)
		return false;
	*to = port;
	if (!colon)
		return true;
	n -= n_host + 1;
	dash = memchr(colon + 1, '-', n);
	if (!is_port(colon + 1, dash ? (size_t)(dash - colon - 1) : n, &target))
		return false;
	*to = (uint16_t)(target + (port - first));
	return true;
}

/* The value of -t or -u: "[ADDRESS/]PORTS,PORTS,~PORTS". */
static bool read_pasta_spec(const char *spec, uint16_t port, uint16_t *to)
{
	const char *slash = strrchr(spec, '/');

	for (spec = slash ? slash + 1 : spec; *spec;) {
		size_t n = strcspn(spec, ",");

		if (*spec != '~' && read_pasta_ports(spec, n, port, to))
			return true;
		spec += n;
		spec += *spec == ',';
	}
	return false;
}

/* One program with two names: pasta serves a network namespace, passt a virtual machine. Both have
 * the same options. */
static bool is_passt(const struct live_process *p)
{
	const char *slash = p->command[0] ? strrchr(p->command[0], '/') : NULL;
	const char *name = slash ? slash + 1 : p->command[0];

	return name && strncmp(name, "passt", 5) == 0;
}

static bool read_pasta(const struct live_process *p, const struct live_socket *s,
		       struct arena *arena BERTH_UNUSED, struct live_published *out)
{
	bool is_tcp = transport_port_space(s->transport) == TRANSPORT_TCP;
	const char *long_name = is_tcp ? "--tcp-ports" : "--udp-ports";
	const char *name = is_tcp ? "-t" : "-u";
	uint16_t to;

	if (is_passt(p))
		out->by = "passt";
	for (size_t i = 0; p->command[i]; i++) {
		const char *spec = proxy_option(p->command + i, name, long_name);

		if (spec && read_pasta_spec(spec, s->local_port, &to)) {
			set_port(out, to);
			return true;
		}
	}
	set_port(out, s->local_port); /* "auto" and "all": the same number */
	return true;
}

/* The next piece of "[::1]:80:host:80", without its brackets. */
static char *next_piece(char **rest)
{
	char *piece = *rest, *end;

	if (!piece)
		return NULL;
	if (*piece == '[' && (end = strchr(piece, ']')) != NULL) {
		*end++ = '\0';
		*rest = *end == ':' ? end + 1 : NULL;
		return piece + 1;
	}
	end = strchr(piece, ':');
	*rest = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return piece;
}

/* "[BIND:]PORT:HOST:HOSTPORT" for this very port. */
static bool read_forward(const char *spec, const struct live_socket *s, struct arena *arena,
			 struct live_published *out)
{
	char *copy = arena_strndup(arena, spec, MOST_WORD), *pieces[5] = {0};
	uint16_t port, to;
	size_t n = 0;

	while (copy && n < N_ELEMENTS(pieces) && (pieces[n] = next_piece(&copy)) != NULL)
		n++;
	if (n != 3 && n != 4)
		return false;
	if (!is_port(pieces[n - 3], strlen(pieces[n - 3]), &port) || port != s->local_port ||
	    !is_port(pieces[n - 1], strlen(pieces[n - 1]), &to))
		return false;
	set_target(out, pieces[n - 2], true);
	set_port(out, to);
	return true;
}

/* Of a cluster of ssh's letters ("-NfL"), the one that takes a value; 0 = none does. */
static char ssh_letter(const char *word, const char **value)
{
	for (const char *c = word + 1; *c; c++) {
		if (strchr("BbcDEeFIiJLlmOopQRSWw", *c)) {
			*value = c + 1;
			return *c;
		}
	}
	return '\0';
}

static bool read_ssh(const struct live_process *p, const struct live_socket *s,
		     struct arena *arena, struct live_published *out)
{
	const char *destination = NULL;
	bool is_found = false;

	for (size_t i = 1; p->command[0] && p->command[i] && !destination; i++) {
		const char *word = p->command[i], *value = "";
		char letter;

		if (word[0] != '-' || !word[1]) {
			destination = word;
			break;
		}
		letter = ssh_letter(word, &value);
		if (letter && !*value) {
			value = p->command[++i];
			if (!value)
				break;
		}
		if (letter == 'L' && !is_found)
			is_found = read_forward(value, s, arena, out);
	}
	if (is_found && destination)
		out->note = arena_printf(arena, _("through %.200s"), destination);
	return is_found;
}

/* Whether a flag of kubectl takes the next word as its value. */
static bool takes_value(const char *flag)
{
	static const char *const bare[] = {"--insecure-skip-tls-verify", "--match-server-version",
					   "--warnings-as-errors", "--disable-compression", "-h",
					   "--help"};

	if (strchr(flag, '='))
		return false;
	for (size_t i = 0; i < N_ELEMENTS(bare); i++) {
		if (strcmp(flag, bare[i]) == 0)
			return false;
	}
	/* -nNAME has its value with it, -n has it behind. */
	return flag[1] == '-' || flag[2] == '\0';
}

/* kubectl port-forward [FLAGS] TYPE/NAME [LOCAL:]REMOTE... */
static bool read_kubectl(const struct live_process *p, const struct live_socket *s,
			 struct arena *arena, struct live_published *out)
{
	const char *resource = NULL;
	bool is_forward = false;

	for (size_t i = 1; p->command[0] && p->command[i]; i++) {
		const char *word = p->command[i], *colon = strchr(word, ':');
		size_t n = colon ? (size_t)(colon - word) : strlen(word);
		uint16_t local = s->local_port, remote;

		if (word[0] == '-') {
			if (takes_value(word) && !p->command[++i])
				break;
			continue;
		}
		if (!is_forward) {
			is_forward = is_word(word, "port-forward");
		} else if (!resource) {
			resource = word;
		} else if ((n == 0 || (is_port(word, n, &local) && local == s->local_port)) &&
			   is_port(colon ? colon + 1 : word,
				   colon ? strlen(colon + 1) : n, &remote)) {
			out->to_name = resource;
			set_port(out, remote);
			resource = proxy_option(p->command, "-n", "--namespace");
			if (resource)
				out->note = arena_printf(arena, _("in Kubernetes namespace %.100s"),
							 resource);
			return true;
		}
	}
	return false;
}

/* "TCP4-LISTEN:8080,fork": whether it is this listener's address. */
static bool is_socat_listener(const char *word, const struct live_socket *s)
{
	static const char *const tcp[] = {"TCP-LISTEN:", "TCP4-LISTEN:", "TCP6-LISTEN:", "TCP-L:",
					  "TCP4-L:", "TCP6-L:"};
	static const char *const udp[] = {"UDP-LISTEN:", "UDP4-LISTEN:", "UDP6-LISTEN:", "UDP-L:",
					  "UDP4-RECVFROM:", "UDP6-RECVFROM:", "UDP-RECVFROM:"};
	bool is_tcp = transport_port_space(s->transport) == TRANSPORT_TCP;
	const char *const *words = is_tcp ? tcp : udp;
	size_t n_words = is_tcp ? N_ELEMENTS(tcp) : N_ELEMENTS(udp);
	uint16_t port;

	for (size_t i = 0; i < n_words; i++) {
		size_t n = strlen(words[i]);

		if (strncasecmp(word, words[i], n) == 0)
			return is_port(word + n, strcspn(word + n, ","), &port) &&
			       port == s->local_port;
	}
	return false;
}

/* "TCP:10.0.0.2:80,nodelay". */
static bool read_socat_target(const char *word, struct arena *arena, struct live_published *out)
{
	static const char *const kinds[] = {"TCP:", "TCP4:", "TCP6:", "TCP-CONNECT:",
					    "TCP4-CONNECT:", "TCP6-CONNECT:", "UDP:", "UDP4:",
					    "UDP6:", "UDP-CONNECT:", "UDP-SENDTO:"};

	for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
		size_t n = strlen(kinds[i]);
		char *rest, *host;
		uint16_t port;

		if (strncasecmp(word, kinds[i], n) != 0)
			continue;
		rest = arena_strndup(arena, word + n, MIN_OF(strcspn(word + n, ","), MOST_WORD));
		host = next_piece(&rest);
		if (!host || !rest || !is_port(rest, strlen(rest), &port))
			return false;
		set_target(out, host, false);
		set_port(out, port);
		return true;
	}
	return false;
}

static bool read_socat(const struct live_process *p, const struct live_socket *s,
		       struct arena *arena, struct live_published *out)
{
	const char *addresses[2] = {0};
	size_t n = 0;

	/* The two addresses are the last two words. */
	while (p->command[n])
		n++;
	if (n < 3)
		return false;
	addresses[0] = p->command[n - 2];
	addresses[1] = p->command[n - 1];
	return is_socat_listener(addresses[0], s) && read_socat_target(addresses[1], arena, out);
}

/* --- the whole ------------------------------------------------------------------------------- */

/* A row for each program; `by` is what it is called in the answer. */
static const struct {
	const char *program, *by;
	bool (*read)(const struct live_process *p, const struct live_socket *s,
		     struct arena *arena, struct live_published *out);
} programs[] = {
	{"docker-proxy", "docker-proxy", read_docker},
	{"rootlesskit-docker-proxy", "docker-proxy", read_docker},
	{"conmon", "conmon", read_conmon},
	{"rootlessport", "rootlessport", read_rootlessport},
	{"slirp4netns", "slirp4netns", read_slirp},
	{"pasta", "pasta", read_pasta},
	{"pasta.avx2", "pasta", read_pasta},
	{"passt", "pasta", read_pasta},
	{"passt.avx2", "pasta", read_pasta},
	{"ssh", "ssh", read_ssh},
	{"kubectl", "kubectl", read_kubectl},
	{"oc", "kubectl", read_kubectl},
	{"socat", "socat", read_socat},
	{"socat1", "socat", read_socat},
};

bool proxy_is_known(const char *name, size_t n)
{
	for (size_t i = 0; i < N_ELEMENTS(programs); i++) {
		if (strncmp(programs[i].program, name, n) == 0)
			return true;
	}
	return false;
}

bool proxy_read(const struct live_process *p, const struct live_socket *s, struct arena *arena,
		struct live_published *out)
{
	if (!p->program || !p->command || s->state != LIVE_LISTENER)
		return false;
	for (size_t i = 0; i < N_ELEMENTS(programs); i++) {
		struct live_published found = {.transport = transport_port_space(s->transport),
					       .ports = {s->local_port, s->local_port},
					       .by = programs[i].by,
					       .via = s->cookie};

		if (strcmp(p->program, programs[i].program) != 0)
			continue;
		if (!address_is_wildcard(&s->local)) {
			found.has_address = true;
			found.address = s->local;
		}
		if (!programs[i].read(p, s, arena, &found))
			return false;
		*out = found;
		return true;
	}
	return false;
}
