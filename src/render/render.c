#include "render/render.h"

#include "answer/answer.h"

#include <string.h>

static const void *member(const void *data, size_t offset)
{
	return (const char *)data + offset;
}

static const char *text_of(const struct field *f, const void *data)
{
	return *(const char *const *)member(data, f->offset);
}

static const char *const *texts_of(const struct field *f, const void *data)
{
	return *(const char *const *const *)member(data, f->offset);
}

static const void *object_of(const struct field *f, const void *data)
{
	return f->is_pointer ? *(const void *const *)member(data, f->offset)
			     : member(data, f->offset);
}

static bool is_span_absent(const struct field *f, const void *data)
{
	return f->guard_offset && !*(const bool *)member(data, f->guard_offset);
}

static bool is_text_lossy(const char *text)
{
	return text && !str_is_utf8(text);
}

/* Whether one of the record's own strings (not those of records inside it) is not UTF-8. */
static bool is_lossy(const struct field_record *record, const void *data)
{
	for (size_t i = 0; i < record->n_fields; i++) {
		const struct field *f = &record->fields[i];

		if (f->type == FIELD_TEXT && is_text_lossy(text_of(f, data)))
			return true;
		if (f->type != FIELD_TEXTS)
			continue;
		for (const char *const *t = texts_of(f, data); t && *t; t++) {
			if (is_text_lossy(*t))
				return true;
		}
	}
	return false;
}

static void walk_object(const struct field_record *record, const void *data, const char *type,
			struct writer *w);

static void walk_texts(const struct field *f, const void *data, struct writer *w)
{
	const char *const *texts = texts_of(f, data);

	if (!texts && f->is_nullable) {
		w->ops->null(w);
		return;
	}
	w->ops->begin_list(w);
	for (; texts && *texts; texts++)
		w->ops->text(w, *texts);
	w->ops->end_list(w);
}

static void walk_span(const struct field *f, const void *data, struct writer *w)
{
	const struct live_span *span = member(data, f->offset);

	if (is_span_absent(f, data)) {
		w->ops->null(w);
		return;
	}
	w->ops->span(w, span->first, span->last);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as records nest */
static void walk_objects(const struct field *f, const void *data, struct writer *w)
{
	const char *items = *(const char *const *)member(data, f->offset);
	size_t n = *(const size_t *)member(data, f->count_offset);

	w->ops->begin_list(w);
	for (size_t i = 0; i < n; i++)
		walk_object(f->record, items + i * f->record->size, NULL, w);
	w->ops->end_list(w);
}

static void walk_number(int64_t value, struct writer *w)
{
	if (value < 0)
		w->ops->null(w);
	else
		w->ops->number(w, value);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as records nest */
static void walk_value(const struct field *f, const void *data, struct writer *w)
{
	const char *text;
	const void *object;
	live_time at;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_WORD:
		text = text_of(f, data);
		if (text)
			w->ops->text(w, text);
		else
			w->ops->null(w);
		return;
	case FIELD_BOOL:
		w->ops->boolean(w, *(const bool *)member(data, f->offset));
		return;
	case FIELD_PORT:
		w->ops->number(w, *(const uint16_t *)member(data, f->offset));
		return;
	case FIELD_NUMBER:
		walk_number(*(const answer_number *)member(data, f->offset), w);
		return;
	case FIELD_TIME:
		at = *(const live_time *)member(data, f->offset);
		if (at == LIVE_TIME_NONE)
			w->ops->null(w);
		else
			w->ops->time(w, at);
		return;
	case FIELD_SPAN:
		walk_span(f, data, w);
		return;
	case FIELD_TEXTS:
		walk_texts(f, data, w);
		return;
	case FIELD_OBJECT:
		object = object_of(f, data);
		if (object)
			walk_object(f->record, object, NULL, w);
		else
			w->ops->null(w);
		return;
	case FIELD_OBJECTS:
		walk_objects(f, data, w);
		return;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as records nest */
static void walk_object(const struct field_record *record, const void *data, const char *type,
			struct writer *w)
{
	w->ops->begin_object(w);
	if (type) {
		w->ops->key(w, "type");
		w->ops->text(w, type);
	}
	if (record->schema) {
		w->ops->key(w, "schema");
		w->ops->text(w, record->schema);
	}
	for (size_t i = 0; i < record->n_fields; i++) {
		w->ops->key(w, record->fields[i].key);
		walk_value(&record->fields[i], data, w);
	}
	if (is_lossy(record, data)) {
		w->ops->key(w, "lossy");
		w->ops->boolean(w, true);
	}
	w->ops->end_object(w);
}

void render_record(const struct field_record *record, const void *data, const char *type,
		   struct writer *w)
{
	walk_object(record, data, type, w);
}

/* A cell under construction: the entries of nested lists, joined. */
static void cell_value(const struct field *f, const void *data, struct str *cell)
{
	const struct live_span *span;
	char time[WRITER_TIME_SIZE];
	const char *text;
	int64_t number;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_WORD:
		text = text_of(f, data);
		str_append(cell, text ? text : "");
		return;
	case FIELD_BOOL:
		str_append(cell, *(const bool *)member(data, f->offset) ? "true" : "false");
		return;
	case FIELD_PORT:
		str_printf(cell, "%u", *(const uint16_t *)member(data, f->offset));
		return;
	case FIELD_NUMBER:
		number = *(const answer_number *)member(data, f->offset);
		if (number >= 0)
			str_printf(cell, "%lld", (long long)number);
		return;
	case FIELD_TIME:
		number = *(const live_time *)member(data, f->offset);
		if (number != LIVE_TIME_NONE)
			str_append(cell, writer_format_time(number, time));
		return;
	case FIELD_SPAN:
		span = member(data, f->offset);
		if (is_span_absent(f, data))
			return;
		str_printf(cell, span->first == span->last ? "%u" : "%u-%u", span->first,
			   span->last);
		return;
	case FIELD_TEXTS:
		for (const char *const *t = texts_of(f, data); t && *t; t++) {
			if (t != texts_of(f, data))
				str_append_char(cell, ' ');
			str_append(cell, *t);
		}
		return;
	case FIELD_OBJECT:
	case FIELD_OBJECTS:
		return;
	}
}

/* The objects behind a column: one embedded, none behind a null pointer, or a counted array. */
static const char *objects_of(const struct field *f, const void *data, size_t *n)
{
	if (f->type == FIELD_OBJECTS) {
		*n = *(const size_t *)member(data, f->count_offset);
		return *(const char *const *)member(data, f->offset);
	}
	*n = object_of(f, data) != NULL;
	return object_of(f, data);
}

static void csv_nested(const struct field *f, const void *data, struct writer_csv *w)
{
	const struct field_record *sub = f->record;

	for (size_t i = 0; i < sub->n_fields; i++) {
		const struct field *inner = &sub->fields[i];
		struct str cell = {0};
		size_t n = 0;

		if (inner->type == FIELD_OBJECT || inner->type == FIELD_OBJECTS)
			continue;
		if (w->is_header) {
			str_printf(&cell, "%s.%s", f->key, inner->key);
		} else {
			const char *items = objects_of(f, data, &n);

			for (size_t k = 0; k < n; k++) {
				if (k > 0)
					str_append_char(&cell, ';');
				cell_value(inner, items + k * sub->size, &cell);
			}
		}
		writer_csv_cell(w, str_text(&cell));
		w->base.out->has_failed = w->base.out->has_failed || cell.has_failed;
		str_fini(&cell);
	}
}

static void csv_walk(const struct field_record *record, const void *data, struct writer_csv *w)
{
	for (size_t i = 0; i < record->n_fields; i++) {
		const struct field *f = &record->fields[i];
		struct str cell = {0};

		if (f->type == FIELD_OBJECT || f->type == FIELD_OBJECTS) {
			csv_nested(f, data, w);
			continue;
		}
		if (w->is_header)
			str_append(&cell, f->key);
		else
			cell_value(f, data, &cell);
		writer_csv_cell(w, str_text(&cell));
		w->base.out->has_failed = w->base.out->has_failed || cell.has_failed;
		str_fini(&cell);
	}
	writer_csv_end_row(w);
}

void render_csv_header(const struct field_record *record, struct writer_csv *w)
{
	w->is_header = true;
	csv_walk(record, NULL, w);
	w->is_header = false;
}

void render_csv_row(const struct field_record *record, const void *data, struct writer_csv *w)
{
	csv_walk(record, data, w);
}
