#include "manifests/yaml.h"

#include <string.h>

enum { MERGE_DEPTH = 16, DOCUMENTS_MOST = 1000 };

yaml_node_t *yaml_node(struct yaml *y, int number)
{
	if (y->steps == 0)
		return NULL;
	if (--y->steps == 0)
		report_gap(y->out, (struct report_at){0, 0}, "more in it than is looked at");
	return yaml_document_get_node(&y->document, number);
}

const char *yaml_text(const yaml_node_t *node)
{
	if (!node || node->type != YAML_SCALAR_NODE ||
	    strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
		return NULL;
	return (const char *)node->data.scalar.value;
}

struct report_at yaml_at(const yaml_node_t *node)
{
	return (struct report_at){(unsigned int)node->start_mark.line + 1,
				  (unsigned int)node->start_mark.column + 1};
}

static yaml_node_t *get(struct yaml *y, yaml_node_t *mapping, const char *key, unsigned int depth);

/* The value of "<<": a mapping, or a list of them, the first of which counts. */
/* NOLINTNEXTLINE(misc-no-recursion): MERGE_DEPTH deep */
static yaml_node_t *get_merged(struct yaml *y, yaml_node_t *merged, const char *key,
			       unsigned int depth)
{
	if (!merged || depth == 0)
		return NULL;
	if (merged->type != YAML_SEQUENCE_NODE)
		return get(y, merged, key, depth - 1);
	for (yaml_node_item_t *i = merged->data.sequence.items.start;
	     i < merged->data.sequence.items.top; i++) {
		yaml_node_t *found = get(y, yaml_node(y, *i), key, depth - 1);

		if (found)
			return found;
	}
	return NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion): likewise */
static yaml_node_t *get(struct yaml *y, yaml_node_t *mapping, const char *key, unsigned int depth)
{
	int merged = 0;

	if (!mapping || mapping->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
	     p < mapping->data.mapping.pairs.top; p++) {
		const char *name = yaml_text(yaml_node(y, p->key));

		if (name && strcmp(name, key) == 0)
			return yaml_node(y, p->value);
		if (name && strcmp(name, "<<") == 0)
			merged = p->value;
	}
	return merged ? get_merged(y, yaml_node(y, merged), key, depth) : NULL;
}

yaml_node_t *yaml_get(struct yaml *y, yaml_node_t *mapping, const char *key)
{
	return get(y, mapping, key, MERGE_DEPTH);
}

static void read_document(struct yaml *y, bool is_compose)
{
	yaml_node_t *root = yaml_document_get_root_node(&y->document);
	bool is_object = yaml_get(y, root, "apiVersion") && yaml_get(y, root, "kind");

	if (is_object)
		yaml_kubernetes(y, root);
	else if (is_compose || yaml_get(y, root, "services"))
		yaml_compose(y, root);
}

/* What is no YAML is a fault where it was named or is called compose; a template elsewhere. */
static void say_broken(const yaml_parser_t *parser, bool is_fault, struct report *out)
{
	const struct report_at at = {(unsigned int)parser->problem_mark.line + 1,
				     (unsigned int)parser->problem_mark.column + 1};

	if (is_fault)
		report_fault(out, at, "this is not YAML");
	else
		report_gap(out, at, "this is not YAML; a template, perhaps");
}

void readers_yaml(bool is_compose, bool is_named, const char *bytes, size_t n,
		  const struct reader_variables *variables, struct report *out)
{
	yaml_parser_t parser;
	struct yaml y = {.steps = YAML_STEPS_MOST, .out = out, .variables = variables};

	if (!yaml_parser_initialize(&parser))
		return;
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, n);
	for (unsigned int i = 0; i < DOCUMENTS_MOST; i++) {
		bool is_last;

		if (!yaml_parser_load(&parser, &y.document)) {
			say_broken(&parser, is_compose || is_named, out);
			break;
		}
		is_last = !yaml_document_get_root_node(&y.document);
		if (!is_last)
			read_document(&y, is_compose);
		yaml_document_delete(&y.document);
		if (is_last)
			break;
	}
	yaml_parser_delete(&parser);
}
