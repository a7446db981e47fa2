#include "render/check-formats.h"

#include "render/writer.h"

#include <stdio.h>
#include <string.h>

/* Short names for the calls of one writer. */
static void begin(struct writer *w)
{
	w->ops->begin_object(w);
}

static void end(struct writer *w)
{
	w->ops->end_object(w);
}

static void open_object(struct writer *w, const char *key)
{
	w->ops->key(w, key);
	w->ops->begin_object(w);
}

static void open_list(struct writer *w, const char *key)
{
	w->ops->key(w, key);
	w->ops->begin_list(w);
}

static void put(struct writer *w, const char *key, const char *text)
{
	w->ops->key(w, key);
	w->ops->text(w, text);
}

static void put_number(struct writer *w, const char *key, int64_t value)
{
	w->ops->key(w, key);
	w->ops->number(w, value);
}

static void put_message(struct writer *w, const char *key, const char *text)
{
	open_object(w, key);
	put(w, "text", text);
	end(w);
}

static void put_rules(struct writer *w)
{
	open_list(w, "rules");
	for (unsigned int i = 0; i < N_CHECK_KINDS; i++) {
		begin(w);
		put(w, "id", check_kinds[i].name);
		put_message(w, "shortDescription", check_kinds[i].text);
		open_object(w, "defaultConfiguration");
		put(w, "level", check_severity_name(check_kinds[i].severity));
		end(w);
		end(w);
	}
	w->ops->end_list(w);
}

/* A path as a relative URI reference (RFC 3986). */
static void put_uri(struct writer *w, const char *path)
{
	struct str uri = {0};

	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				(c >= '0' && c <= '9') || strchr("-._~/@+,=", c);

		if (is_plain)
			str_append_char(&uri, (char)c);
		else
			str_printf(&uri, "%%%02X", c);
	}
	open_object(w, "artifactLocation");
	put(w, "uri", str_text(&uri));
	end(w);
	str_fini(&uri);
}

static void put_location(struct writer *w, const struct answer_place *at)
{
	begin(w);
	open_object(w, "physicalLocation");
	put_uri(w, at->file);
	if (at->line > 0) {
		open_object(w, "region");
		put_number(w, "startLine", at->line);
		if (at->column > 0)
			put_number(w, "startColumn", at->column);
		end(w);
	}
	end(w);
	end(w);
}

static void put_result(struct writer *w, const struct answer_finding *f)
{
	begin(w);
	put(w, "ruleId", f->id);
	put_number(w, "ruleIndex", f->kind);
	put(w, "level", f->severity);
	put_message(w, "message", f->message);
	open_list(w, "locations");
	if (*f->at.file)
		put_location(w, &f->at);
	w->ops->end_list(w);
	if (f->related) {
		open_list(w, "relatedLocations");
		put_location(w, f->related);
		w->ops->end_list(w);
	}
	end(w);
}

void check_sarif(const struct answer_check *check, const char *version, struct str *out)
{
	struct writer_json json;
	struct writer *w = &json.base;

	writer_json_init(&json, out, true);
	begin(w);
	put(w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	put(w, "version", "2.1.0");
	open_list(w, "runs");
	begin(w);
	open_object(w, "tool");
	open_object(w, "driver");
	put(w, "name", "berth");
	put(w, "version", version);
	put_rules(w);
	end(w);
	end(w);
	put(w, "columnKind", "unicodeCodePoints");
	open_list(w, "results");
	for (size_t i = 0; i < check->n_findings; i++)
		put_result(w, &check->findings[i]);
	w->ops->end_list(w);
	end(w);
	w->ops->end_list(w);
	end(w);
	str_append_char(out, '\n');
}

/* What workflow commands want escaped; in properties also what ends one. */
static void append_github(struct str *out, const char *text, bool is_property)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ',')))
			str_printf(out, "%%%02X", c);
		else
			str_append_char(out, (char)c);
	}
}

void check_github(const struct answer_check *check, struct str *out)
{
	for (size_t i = 0; i < check->n_findings; i++) {
		const struct answer_finding *f = &check->findings[i];
		struct str message = {0};

		str_append(out, strcmp(f->severity, "note") == 0 ? "::notice " : "::");
		if (strcmp(f->severity, "note") != 0)
			str_printf(out, "%s ", f->severity);
		if (*f->at.file) {
			str_append(out, "file=");
			append_github(out, f->at.file, true);
			str_append_char(out, ',');
		}
		if (f->at.line > 0)
			str_printf(out, "line=%lld,", (long long)f->at.line);
		if (f->at.line > 0 && f->at.column > 0)
			str_printf(out, "col=%lld,", (long long)f->at.column);
		str_printf(out, "title=berth %s::", f->id);
		str_append_escaped(&message, f->message, false);
		append_github(out, str_text(&message), false);
		str_append_char(out, '\n');
		str_fini(&message);
	}
}
