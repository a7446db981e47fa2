#include "render/writer.h"

#include "base/instant.h"

#include <string.h>

char *writer_format_time(live_time at, char *text)
{
	const live_time second = 1000000000;
	live_time fraction = (at % second + second) % second;

	return instant_format(at < INT64_MIN + second ? at : at - fraction, text);
}

static struct writer_json *self(struct writer *w)
{
	return (struct writer_json *)(void *)w;
}

static void break_line(struct writer_json *j)
{
	if (!j->is_pretty)
		return;
	str_append_char(j->base.out, '\n');
	str_pad(j->base.out, ' ', (size_t)j->depth * 2);
}

/* The comma and the line break before a key or a list element. */
static void separate(struct writer_json *j)
{
	if (j->has_key) {
		j->has_key = false;
		return;
	}
	if (j->depth == 0)
		return;
	if (!j->is_empty[j->depth])
		str_append_char(j->base.out, ',');
	j->is_empty[j->depth] = false;
	break_line(j);
}

static void open_level(struct writer *w, char bracket)
{
	struct writer_json *j = self(w);

	separate(j);
	str_append_char(w->out, bracket);
	if (j->depth + 1 < N_ELEMENTS(j->is_empty))
		j->depth++;
	else
		w->out->has_failed = true;
	j->is_empty[j->depth] = true;
}

static void close_level(struct writer *w, char bracket)
{
	struct writer_json *j = self(w);
	bool was_empty = j->is_empty[j->depth];

	if (j->depth > 0)
		j->depth--;
	if (!was_empty)
		break_line(j);
	str_append_char(w->out, bracket);
}

static void begin_object(struct writer *w)
{
	open_level(w, '{');
}

static void end_object(struct writer *w)
{
	close_level(w, '}');
}

static void begin_list(struct writer *w)
{
	open_level(w, '[');
}

static void end_list(struct writer *w)
{
	close_level(w, ']');
}

static void append_code_point(struct str *out, uint32_t c, const char *bytes, size_t n)
{
	if (c == '"' || c == '\\') {
		str_append_char(out, '\\');
		str_append_char(out, (char)c);
	} else if (c == '\n') {
		str_append(out, "\\n");
	} else if (c == '\t') {
		str_append(out, "\\t");
	} else if (c == '\r') {
		str_append(out, "\\r");
	} else if (str_is_unsafe(c) && c > 0xffff) {
		str_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			   0xdc00 + ((c - 0x10000) & 0x3ff));
	} else if (str_is_unsafe(c)) {
		str_printf(out, "\\u%04x", c);
	} else {
		str_append_bytes(out, bytes, n);
	}
}

/* A string; bytes that are not UTF-8 are shown as \xNN (the record then says "lossy"). */
static void append_string(struct str *out, const char *bytes)
{
	size_t left = strlen(bytes), plain = 0;

	str_append_char(out, '"');
	while (left > 0) {
		uint32_t c = 0;
		size_t n;

		while (plain < left && bytes[plain] >= ' ' && bytes[plain] < 0x7f &&
		       bytes[plain] != '"' && bytes[plain] != '\\')
			plain++;
		str_append_bytes(out, bytes, plain);
		bytes += plain;
		left -= plain;
		plain = 0;
		if (left == 0)
			break;
		n = str_utf8_decode(bytes, left, &c);
		if (n == 0)
			str_printf(out, "\\\\x%02x", (unsigned char)*bytes);
		else
			append_code_point(out, c, bytes, n);
		n = MAX_OF(n, 1);
		bytes += n;
		left -= n;
	}
	str_append_char(out, '"');
}

static void write_key(struct writer *w, const char *key)
{
	struct writer_json *j = self(w);

	separate(j);
	append_string(w->out, key);
	str_append(w->out, j->is_pretty ? ": " : ":");
	j->has_key = true;
}

static void write_text(struct writer *w, const char *bytes)
{
	separate(self(w));
	append_string(w->out, bytes);
}

static void write_number(struct writer *w, int64_t value)
{
	separate(self(w));
	str_printf(w->out, "%lld", (long long)value);
}

static void write_span(struct writer *w, int64_t first, int64_t last)
{
	separate(self(w));
	str_printf(w->out, self(w)->is_pretty ? "[%lld, %lld]" : "[%lld,%lld]", (long long)first,
		   (long long)last);
}

static void write_boolean(struct writer *w, bool value)
{
	separate(self(w));
	str_append(w->out, value ? "true" : "false");
}

static void write_time(struct writer *w, live_time value)
{
	char text[WRITER_TIME_SIZE];

	write_text(w, writer_format_time(value, text));
}

static void write_null(struct writer *w)
{
	separate(self(w));
	str_append(w->out, "null");
}

void writer_json_init(struct writer_json *w, struct str *out, bool is_pretty)
{
	static const struct writer_ops ops = {
		.begin_object = begin_object,
		.end_object = end_object,
		.begin_list = begin_list,
		.end_list = end_list,
		.key = write_key,
		.text = write_text,
		.number = write_number,
		.span = write_span,
		.boolean = write_boolean,
		.time = write_time,
		.null = write_null,
	};

	*w = (struct writer_json){.base = {.ops = &ops, .out = out}, .is_pretty = is_pretty};
}
