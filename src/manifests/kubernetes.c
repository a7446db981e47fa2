/* Kubernetes objects: containerPort, hostPort, nodePort, wherever they stand in one. */
#include "manifests/yaml.h"

#include <string.h>

enum { DEPTH = 32 };

/* The object that is being walked. */
struct object {
	struct yaml *y;
	const char *name;
};

static bool is_true(const yaml_node_t *node)
{
	const char *text = yaml_text(node);

	return text && (strcmp(text, "true") == 0 || strcmp(text, "True") == 0);
}

static const char *protocol_of(struct yaml *y, yaml_node_t *port)
{
	const char *text = yaml_text(yaml_get(y, port, "protocol"));
	static const struct {
		const char *word, *name;
	} words[] = {{"TCP", "tcp"}, {"UDP", "udp"}, {"SCTP", "sctp"}};

	for (size_t i = 0; text && i < N_ELEMENTS(words); i++) {
		if (strcmp(text, words[i].word) == 0)
			return words[i].name;
	}
	return "tcp";
}

static void say(struct object *o, const char *kind, yaml_node_t *port, yaml_node_t *number)
{
	const char *text = yaml_text(number);
	struct report_port out = {.kind = kind, .name = o->name,
				  .protocols = protocol_of(o->y, port)};

	if (!text)
		return;
	out.at = yaml_at(number);
	if (strcmp(kind, "host") == 0)
		out.address = yaml_text(yaml_get(o->y, port, "hostIP"));
	if (readers_span(text, strlen(text), &out.first, &out.last) && out.first == out.last)
		report_port(o->y->out, &out);
	else if (strcmp(text, "0") != 0)
		report_gap(o->y->out, out.at, "not a port as Kubernetes has them");
}

/* A mapping that may be the entry of a port. */
static void read_port(struct object *o, yaml_node_t *node, bool is_host_network)
{
	yaml_node_t *container = yaml_get(o->y, node, "containerPort");
	yaml_node_t *host = container ? yaml_get(o->y, node, "hostPort") : NULL;
	yaml_node_t *node_port = yaml_get(o->y, node, "nodePort");

	if (host)
		say(o, "host", node, host);
	else if (container)
		say(o, is_host_network ? "host" : "inside", node, container);
	if (node_port && yaml_get(o->y, node, "port"))
		say(o, "node", node, node_port);
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH deep */
static void walk(struct object *o, yaml_node_t *node, bool is_host_network, unsigned int depth)
{
	if (!node || depth == 0)
		return;
	if (node->type == YAML_SEQUENCE_NODE) {
		for (yaml_node_item_t *i = node->data.sequence.items.start;
		     i < node->data.sequence.items.top; i++)
			walk(o, yaml_node(o->y, *i), is_host_network, depth - 1);
		return;
	}
	if (node->type != YAML_MAPPING_NODE)
		return;
	is_host_network = is_host_network || is_true(yaml_get(o->y, node, "hostNetwork"));
	read_port(o, node, is_host_network);
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
	     p < node->data.mapping.pairs.top; p++)
		walk(o, yaml_node(o->y, p->value), is_host_network, depth - 1);
}

void yaml_kubernetes(struct yaml *y, yaml_node_t *root)
{
	yaml_node_t *items = yaml_get(y, root, "items");
	struct object o = {.y = y};

	if (items && items->type == YAML_SEQUENCE_NODE) { /* a List */
		for (yaml_node_item_t *i = items->data.sequence.items.start;
		     i < items->data.sequence.items.top; i++) {
			yaml_node_t *item = yaml_node(y, *i);

			o.name = yaml_text(yaml_get(y, yaml_get(y, item, "metadata"), "name"));
			walk(&o, item, false, DEPTH);
		}
		return;
	}
	o.name = yaml_text(yaml_get(y, yaml_get(y, root, "metadata"), "name"));
	walk(&o, root, false, DEPTH);
}
