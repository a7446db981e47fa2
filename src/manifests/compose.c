/* Compose files (compose-spec): the ports of their services. */
#include "manifests/yaml.h"

#include <string.h>

enum { TEXT_SIZE = 256 };

/* The end of "${...", where braces may stand inside one another. */
static const char *find_brace(const char *at)
{
	unsigned int depth = 1;

	for (; *at; at++) {
		if (at[0] == '$' && at[1] == '{')
			depth++;
		else if (*at == '}' && --depth == 0)
			return at;
	}
	return NULL;
}

static size_t name_length(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && (*at == '_' || (*at >= '0' && *at <= '9') ||
			    ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z')))
		at++;
	return (size_t)(at - start);
}

/*
 * What stands for "NAME", "NAME:-DEFAULT", "NAME-DEFAULT" and their like: the variable of .env, or
 * the default. False: only the environment knows.
 */
static bool find_value(const struct reader_variables *v, const char *at, const char *end,
		       const char **value, size_t *n)
{
	size_t n_name = name_length(at, end);
	const char *rest = at + n_name;
	bool is_set = n_name > 0 && readers_variable(v, at, n_name, value, n);
	bool has_colon = rest < end && *rest == ':';

	rest += has_colon;
	if (is_set && !(has_colon && *n == 0) && (rest == end || *rest != '+'))
		return true;
	if (rest == end || *rest != '-')
		return false;
	*value = rest + 1;
	*n = (size_t)(end - rest - 1);
	return true;
}

/* The variable that begins at `*text` (behind its $), which moves on behind it. */
static bool take_variable(const struct reader_variables *v, const char **text, const char *end,
			  const char **value, size_t *n)
{
	const char *close;
	size_t length;

	if (*text < end && **text == '{') {
		close = find_brace(*text + 1);
		if (!close || close >= end || !find_value(v, *text + 1, close, value, n))
			return false;
		*text = close + 1;
		return true;
	}
	length = name_length(*text, end);
	if (length == 0 || !readers_variable(v, *text, length, value, n))
		return false;
	*text += length;
	return true;
}

/* Put values in the place of variables. False when one has none, or it gets too long. */
/* NOLINTNEXTLINE(misc-no-recursion): `depth` bounds it */
static bool expand(const struct reader_variables *v, const char *text, size_t n,
		   unsigned int depth, char *out, size_t *length)
{
	const char *end = text + n;

	while (text < end) {
		const char *value;
		size_t n_value;

		if (*text != '$') {
			if (*length + 1 >= TEXT_SIZE)
				return false;
			out[(*length)++] = *text++;
			continue;
		}
		text++;
		if (depth == 0 || !take_variable(v, &text, end, &value, &n_value) ||
		    !expand(v, value, n_value, depth - 1, out, length))
			return false;
	}
	return true;
}

/* The text of a scalar with values for its variables; NULL after a gap. */
static const char *read_text(struct yaml *y, const yaml_node_t *node, char *out)
{
	const char *text = yaml_text(node);
	size_t length = 0;

	if (!text)
		return NULL;
	if (!expand(y->variables, text, strlen(text), 8, out, &length)) {
		report_gap(y->out, yaml_at(node), "it hangs on a variable that has no value here");
		return NULL;
	}
	out[length] = '\0';
	return out;
}

static void say_odd(struct yaml *y, const yaml_node_t *node)
{
	report_gap(y->out, yaml_at(node), "not a port as compose files have them");
}

/* "[HOST:]CONTAINER[/PROTOCOL]", HOST = "[ADDRESS:][PORTS]". */
static void read_short(struct yaml *y, yaml_node_t *node, const char *service)
{
	char text[TEXT_SIZE];
	struct report_port port = {.kind = "published", .name = service, .at = yaml_at(node),
				   .protocols = "tcp"};
	char *slash, *container, *host, *number;

	if (!read_text(y, node, text))
		return;
	slash = strrchr(text, '/');
	if (slash) {
		*slash = '\0';
		port.protocols = slash + 1;
	}
	container = strrchr(text, ':');
	if (!container) { /* the host's port is drawn when it starts */
		port.kind = "inside";
		if (readers_span(text, strlen(text), &port.first, &port.last))
			report_port(y->out, &port);
		else
			say_odd(y, node);
		return;
	}
	*container = '\0';
	host = text;
	number = strrchr(host, ':');
	if (number) {
		*number++ = '\0';
		port.address = host;
	} else {
		number = host;
	}
	if (!*number && port.address)
		return; /* ADDRESS::CONTAINER: drawn, too */
	if (readers_span(number, strlen(number), &port.first, &port.last))
		report_port(y->out, &port);
	else
		say_odd(y, node);
}

static void read_long(struct yaml *y, yaml_node_t *node, const char *service)
{
	yaml_node_t *published = yaml_get(y, node, "published");
	yaml_node_t *target = yaml_get(y, node, "target");
	const char *protocol = yaml_text(yaml_get(y, node, "protocol"));
	yaml_node_t *host = yaml_get(y, node, "host_ip"), *which = published ? published : target;
	char text[TEXT_SIZE], address[TEXT_SIZE];
	struct report_port port = {
		.kind = published ? "published" : "inside",
		.name = service,
		.protocols = protocol ? protocol : "tcp",
	};

	if (!which || !read_text(y, which, text) || (host && !read_text(y, host, address)))
		return;
	port.address = host && *address ? address : NULL;
	port.at = yaml_at(which);
	if (readers_span(text, strlen(text), &port.first, &port.last))
		report_port(y->out, &port);
	else
		say_odd(y, which);
}

static void read_expose(struct yaml *y, yaml_node_t *node, const char *service)
{
	char text[TEXT_SIZE];
	struct report_port port = {.kind = "inside", .name = service, .at = yaml_at(node),
				   .protocols = "tcp"};
	char *slash;

	if (!read_text(y, node, text))
		return;
	slash = strrchr(text, '/');
	if (slash) {
		*slash = '\0';
		port.protocols = slash + 1;
	}
	if (readers_span(text, strlen(text), &port.first, &port.last))
		report_port(y->out, &port);
}

static void read_service(struct yaml *y, yaml_node_t *service, const char *name)
{
	yaml_node_t *ports = yaml_get(y, service, "ports");
	yaml_node_t *expose = yaml_get(y, service, "expose");

	for (yaml_node_item_t *i = ports && ports->type == YAML_SEQUENCE_NODE
					   ? ports->data.sequence.items.start
					   : NULL;
	     i && i < ports->data.sequence.items.top; i++) {
		yaml_node_t *port = yaml_node(y, *i);

		if (port && port->type == YAML_MAPPING_NODE)
			read_long(y, port, name);
		else if (port)
			read_short(y, port, name);
	}
	for (yaml_node_item_t *i = expose && expose->type == YAML_SEQUENCE_NODE
					   ? expose->data.sequence.items.start
					   : NULL;
	     i && i < expose->data.sequence.items.top; i++) {
		yaml_node_t *port = yaml_node(y, *i);

		if (port)
			read_expose(y, port, name);
	}
}

void yaml_compose(struct yaml *y, yaml_node_t *root)
{
	yaml_node_t *services = yaml_get(y, root, "services");

	if (!services || services->type != YAML_MAPPING_NODE)
		return;
	for (yaml_node_pair_t *p = services->data.mapping.pairs.start;
	     p < services->data.mapping.pairs.top; p++) {
		const char *name = yaml_text(yaml_node(y, p->key));
		yaml_node_t *service = yaml_node(y, p->value);

		if (name && service)
			read_service(y, service, name);
	}
}
