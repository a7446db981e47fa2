#include "answer/fields.h"
#include "render/render.h"

#include <stdio.h>
#include <string.h>

/* {"type": "x"} or, for what may be null, {"type": ["x", "null"]}. */
static void write_type(const struct field *f, const char *type, struct writer *w)
{
	w->ops->key(w, "type");
	if (!f->is_nullable) {
		w->ops->text(w, type);
		return;
	}
	w->ops->begin_list(w);
	w->ops->text(w, type);
	w->ops->text(w, "null");
	w->ops->end_list(w);
}

static void write_pair(struct writer *w, const char *key, const char *value)
{
	w->ops->key(w, key);
	w->ops->text(w, value);
}

static void write_bounds(struct writer *w, int64_t least, int64_t most)
{
	w->ops->key(w, "minimum");
	w->ops->number(w, least);
	if (most < 0)
		return;
	w->ops->key(w, "maximum");
	w->ops->number(w, most);
}

static void write_words(const struct field *f, struct writer *w)
{
	const char *words = f->words;

	w->ops->key(w, "enum");
	w->ops->begin_list(w);
	while (*words) {
		char word[64];
		size_t n = strcspn(words, "|");

		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		w->ops->text(w, word);
		words += n;
		words += *words == '|';
	}
	if (f->is_nullable)
		w->ops->null(w);
	w->ops->end_list(w);
}

/* Ports as [first, last]. */
static void write_span(const struct field *f, struct writer *w)
{
	write_type(f, "array", w);
	w->ops->key(w, "items");
	w->ops->begin_object(w);
	write_pair(w, "type", "integer");
	write_bounds(w, 0, UINT16_MAX);
	w->ops->end_object(w);
	w->ops->key(w, "minItems");
	w->ops->number(w, 2);
	w->ops->key(w, "maxItems");
	w->ops->number(w, 2);
}

static void write_ref(const struct field_record *record, struct writer *w)
{
	char ref[80];

	snprintf(ref, sizeof(ref), "#/$defs/%s", record->name);
	write_pair(w, "$ref", ref);
}

static void write_object_ref(const struct field *f, struct writer *w)
{
	if (!f->is_nullable) {
		write_ref(f->record, w);
		return;
	}
	w->ops->key(w, "anyOf");
	w->ops->begin_list(w);
	w->ops->begin_object(w);
	write_ref(f->record, w);
	w->ops->end_object(w);
	w->ops->begin_object(w);
	write_pair(w, "type", "null");
	w->ops->end_object(w);
	w->ops->end_list(w);
}

static void write_items(const struct field *f, struct writer *w)
{
	write_type(f, "array", w);
	w->ops->key(w, "items");
	w->ops->begin_object(w);
	if (f->record)
		write_ref(f->record, w);
	else
		write_pair(w, "type", "string");
	w->ops->end_object(w);
}

static void write_field(const struct field *f, struct writer *w)
{
	w->ops->key(w, f->key);
	w->ops->begin_object(w);
	write_pair(w, "description", f->doc);
	switch (f->type) {
	case FIELD_TEXT:
		write_type(f, "string", w);
		break;
	case FIELD_WORD:
		write_words(f, w);
		break;
	case FIELD_BOOL:
		write_type(f, "boolean", w);
		break;
	case FIELD_PORT:
		write_type(f, "integer", w);
		write_bounds(w, 0, UINT16_MAX);
		break;
	case FIELD_NUMBER:
		write_type(f, "integer", w);
		write_bounds(w, 0, -1);
		break;
	case FIELD_TIME:
		write_type(f, "string", w);
		write_pair(w, "format", "date-time");
		break;
	case FIELD_SPAN:
		write_span(f, w);
		break;
	case FIELD_TEXTS:
	case FIELD_OBJECTS:
		write_items(f, w);
		break;
	case FIELD_OBJECT:
		write_object_ref(f, w);
		break;
	}
	w->ops->end_object(w);
}

/* The members of a record's own schema object. */
static void write_body(const struct field_record *record, struct writer *w)
{
	write_pair(w, "description", record->doc);
	write_pair(w, "type", "object");
	w->ops->key(w, "properties");
	w->ops->begin_object(w);
	if (record->schema) {
		w->ops->key(w, "schema");
		w->ops->begin_object(w);
		write_pair(w, "const", record->schema);
		w->ops->end_object(w);
	}
	for (size_t i = 0; i < record->n_fields; i++)
		write_field(&record->fields[i], w);
	w->ops->key(w, "type");
	w->ops->begin_object(w);
	write_pair(w, "description", "In JSON lines only: what this line is.");
	write_pair(w, "type", "string");
	w->ops->end_object(w);
	w->ops->key(w, "lossy");
	w->ops->begin_object(w);
	write_pair(w, "description", "Some bytes are not UTF-8 and are shown as \\xNN.");
	w->ops->key(w, "const");
	w->ops->boolean(w, true);
	w->ops->end_object(w);
	w->ops->end_object(w);
	w->ops->key(w, "required");
	w->ops->begin_list(w);
	if (record->schema)
		w->ops->text(w, "schema");
	for (size_t i = 0; i < record->n_fields; i++)
		w->ops->text(w, record->fields[i].key);
	w->ops->end_list(w);
	w->ops->key(w, "additionalProperties");
	w->ops->boolean(w, false);
}

enum { MOST_RECORDS = 64 };

/* Every record below `record`, each once, in the order of its first mention. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as records nest */
static void collect(const struct field_record *record, const struct field_record **found, size_t *n)
{
	for (size_t i = 0; i < record->n_fields; i++) {
		const struct field_record *sub = record->fields[i].record;
		bool is_known = sub == NULL;

		for (size_t k = 0; k < *n; k++)
			is_known = is_known || found[k] == sub;
		if (is_known || *n == MOST_RECORDS)
			continue;
		found[(*n)++] = sub;
		collect(sub, found, n);
	}
}

void render_schema(const struct field_record *record, struct str *out)
{
	const struct field_record *found[MOST_RECORDS];
	struct writer_json json;
	struct writer *w = &json.base;
	size_t n = 0;

	writer_json_init(&json, out, true);
	collect(record, found, &n);
	w->ops->begin_object(w);
	write_pair(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	write_pair(w, "title", record->schema ? record->schema : record->name);
	write_body(record, w);
	w->ops->key(w, "$defs");
	w->ops->begin_object(w);
	for (size_t i = 0; i < n; i++) {
		w->ops->key(w, found[i]->name);
		w->ops->begin_object(w);
		write_body(found[i], w);
		w->ops->end_object(w);
	}
	w->ops->end_object(w);
	w->ops->end_object(w);
	str_append_char(out, '\n');
}
