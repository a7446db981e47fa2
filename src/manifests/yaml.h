/*
 * YAML: a document of libyaml, asked by keys. libyaml follows aliases; merge keys (<<) are followed
 * here.
 */
#pragma once

#include "manifests/readers.h"

#include <yaml.h>

/* One document and what may still be spent on it: each look at a node costs a step. */
struct yaml {
	yaml_document_t document;
	unsigned int steps;
	struct report *out;
	const struct reader_variables *variables;
};

enum { YAML_STEPS_MOST = 200000 };

/* The value of a key of a mapping, or of one that is merged into it; NULL = there is none. */
yaml_node_t *yaml_get(struct yaml *y, yaml_node_t *mapping, const char *key);

/* The node of that number; NULL when there is none or too much was asked for. */
yaml_node_t *yaml_node(struct yaml *y, int number);

/* The text of a scalar; NULL = it is none, or holds a NUL byte. */
const char *yaml_text(const yaml_node_t *node);

struct report_at yaml_at(const yaml_node_t *node);

/* The ports of a compose file, of a Kubernetes object. */
void yaml_compose(struct yaml *y, yaml_node_t *root);
void yaml_kubernetes(struct yaml *y, yaml_node_t *root);
