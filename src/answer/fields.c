#include "answer/fields.h"

#include "answer/answer.h"
#include "answer/check.h"

/* How the rows of fields.def become tables. `r` is the record the row stands in. */
#define RECORD(r, struct_type)                                                                     \
	typedef struct_type r##_struct;                                                            \
	static const struct field r##_fields[] = {
#define END(r, schema_name, text)                                                                  \
	}                                                                                          \
	;                                                                                          \
	extern const struct field_record record_##r;                                               \
	const struct field_record record_##r = {                                                   \
		.name = #r,                                                                        \
		.size = sizeof(r##_struct),                                                        \
		.fields = r##_fields,                                                              \
		.n_fields = N_ELEMENTS(r##_fields),                                                \
		.schema = (schema_name),                                                           \
		.doc = (text),                                                                     \
	};

#define ROW(r, k, t, m, d) .key = (k), .type = (t), .offset = offsetof(r##_struct, m), .doc = (d)

#define TEXT(r, k, m, d) {ROW(r, k, FIELD_TEXT, m, d)},
#define TEXT_N(r, k, m, d) {ROW(r, k, FIELD_TEXT, m, d), .is_nullable = true},
#define WORD(r, k, m, w, d) {ROW(r, k, FIELD_WORD, m, d), .words = (w)},
#define WORD_N(r, k, m, w, d) {ROW(r, k, FIELD_WORD, m, d), .words = (w), .is_nullable = true},
#define BOOL(r, k, m, d) {ROW(r, k, FIELD_BOOL, m, d)},
#define PORT(r, k, m, d) {ROW(r, k, FIELD_PORT, m, d)},
#define NUMBER(r, k, m, d) {ROW(r, k, FIELD_NUMBER, m, d)},
#define NUMBER_N(r, k, m, d) {ROW(r, k, FIELD_NUMBER, m, d), .is_nullable = true},
#define TIME_N(r, k, m, d) {ROW(r, k, FIELD_TIME, m, d), .is_nullable = true},
#define SPAN(r, k, m, d) {ROW(r, k, FIELD_SPAN, m, d)},
#define SPAN_IF(r, k, m, guard, d)                                                                 \
	{ROW(r, k, FIELD_SPAN, m, d), .is_nullable = true,                                         \
	 .guard_offset = offsetof(r##_struct, guard)},
#define TEXTS(r, k, m, d) {ROW(r, k, FIELD_TEXTS, m, d)},
#define TEXTS_N(r, k, m, d) {ROW(r, k, FIELD_TEXTS, m, d), .is_nullable = true},
#define OBJECT(r, k, m, sub, d) {ROW(r, k, FIELD_OBJECT, m, d), .record = &record_##sub},
#define OBJECT_PTR(r, k, m, sub, d)                                                                \
	{ROW(r, k, FIELD_OBJECT, m, d), .is_nullable = true, .is_pointer = true,                   \
	 .record = &record_##sub},
#define OBJECTS(r, k, m, n, sub, d)                                                                \
	{ROW(r, k, FIELD_OBJECTS, m, d), .count_offset = offsetof(r##_struct, n),                  \
	 .record = &record_##sub},

#include "answer/fields.def"
