#include "registry/iana-xml.h"

#include "base/arena.h"
#include "registry/iana-rules.h"

#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMESPACE "http://www.iana.org/assignments"

enum { MAX_DEPTH = 32, MAX_PEOPLE = 256 * 1024, CHUNK = 1 << 20 };

/* A person, as far as it is kept. */
struct person {
	const char *id, *name, *organization, *domain;
};

/* A record before its people are known. */
struct record {
	const char *cells[N_IANA_COLUMNS];
	unsigned int line;
};

/* Where the reader is. */
enum place { OUTSIDE, IN_REGISTRY, IN_RECORD, IN_PEOPLE, IN_PERSON };

struct reader {
	XML_Parser parser;
	struct arena arena;
	struct iana_error *error;
	int result; /* why the parser was stopped; 0 = it was not */
	char *updated;

	struct record *records;
	size_t n_records, records_capacity;
	struct person *people;
	size_t n_people, people_capacity;

	enum place place;
	unsigned int depth, place_depth; /* of the element at hand; of that which made the place */
	bool is_assignee;                /* inside <assignee> */
	bool has_assignee;
	struct str cells[N_IANA_COLUMNS]; /* of the record at hand */
	struct str text;                  /* of the direct child at hand */
	struct str reference;             /* the text inside an <xref> */
	unsigned int reference_depth;     /* 0 = not inside one */
	struct str target, type;          /* of that <xref> */
	bool is_direct;                   /* it is a child of the record or of <assignee> */
	unsigned int line;
	struct person person;
};

static void stop(struct reader *r, int result)
{
	if (r->result == 0) {
		r->result = result;
		XML_StopParser(r->parser, XML_FALSE);
	}
}

static void refuse(struct reader *r, const char *what)
{
	if (r->result == 0)
		stop(r, iana_refuse(r->error, (unsigned int)XML_GetCurrentLineNumber(r->parser),
				    "%s", what));
}

static const char *attribute(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2) {
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	}
	return "";
}

/* The name of an element of IANA's namespace; "" for every other. */
static const char *local_name(const char *name)
{
	size_t n = strlen(NAMESPACE);

	return strncmp(name, NAMESPACE, n) == 0 && name[n] == ' ' ? name + n + 1 : "";
}

static void begin_record(struct reader *r, const char **attributes)
{
	if (r->n_records == IANA_MAX_ROWS) {
		refuse(r, "too many records");
		return;
	}
	for (size_t i = 0; i < N_IANA_COLUMNS; i++)
		str_clear(&r->cells[i]);
	r->line = (unsigned int)XML_GetCurrentLineNumber(r->parser);
	r->has_assignee = false;
	str_append(&r->cells[IANA_REGISTERED], attribute(attributes, "date"));
	str_append(&r->cells[IANA_MODIFIED], attribute(attributes, "updated"));
}

static void begin_reference(struct reader *r, const char **attributes)
{
	bool is_child = r->depth == r->place_depth + 1;

	if (r->reference_depth != 0)
		return;
	r->reference_depth = r->depth;
	r->is_direct = is_child || (r->is_assignee && r->depth == r->place_depth + 2);
	str_clear(&r->reference);
	str_clear(&r->target);
	str_clear(&r->type);
	str_append(&r->target, attribute(attributes, "data"));
	str_append(&r->type, attribute(attributes, "type"));
}

static void begin_in_record(struct reader *r, const char *name, const char **attributes)
{
	if (r->depth == r->place_depth + 1) {
		str_clear(&r->text);
		r->is_assignee = strcmp(name, "assignee") == 0;
		r->has_assignee = r->has_assignee || r->is_assignee;
	}
	if (strcmp(name, "record") == 0)
		refuse(r, "a record inside a record");
	else if (strcmp(name, "xref") == 0)
		begin_reference(r, attributes);
	else if (strcmp(name, "br") == 0 || strcmp(name, "paragraph") == 0)
		str_append_char(r->reference_depth ? &r->reference : &r->text, '\n');
}

static void enter(struct reader *r, enum place place)
{
	r->place = place;
	r->place_depth = r->depth;
}

static void begin_person(struct reader *r, const char **attributes)
{
	if (r->n_people == MAX_PEOPLE) {
		refuse(r, "too many people");
		return;
	}
	r->person = (struct person){.id = arena_strdup(&r->arena, attribute(attributes, "id"))};
}

static void check_root(struct reader *r, const char *name, const char **attributes)
{
	if (strcmp(name, "registry") != 0 ||
	    strcmp(attribute(attributes, "id"), "service-names-port-numbers") != 0)
		refuse(r, "not IANA's registry of service names and port numbers");
}

static void XMLCALL on_begin(void *context, const char *full_name, const char **attributes)
{
	struct reader *r = context;
	const char *name = local_name(full_name);

	if (++r->depth > MAX_DEPTH) {
		refuse(r, "elements are nested too deeply");
		return;
	}
	switch (r->place) {
	case OUTSIDE:
		check_root(r, name, attributes);
		enter(r, IN_REGISTRY);
		break;
	case IN_REGISTRY:
		str_clear(&r->text);
		if (r->depth == 2 && strcmp(name, "record") == 0) {
			begin_record(r, attributes);
			enter(r, IN_RECORD);
		} else if (r->depth == 2 && strcmp(name, "people") == 0) {
			enter(r, IN_PEOPLE);
		}
		break;
	case IN_RECORD:
		begin_in_record(r, name, attributes);
		break;
	case IN_PEOPLE:
		if (r->depth == r->place_depth + 1 && strcmp(name, "person") == 0) {
			begin_person(r, attributes);
			enter(r, IN_PERSON);
		}
		break;
	case IN_PERSON:
		str_clear(&r->text);
		break;
	}
}

static void XMLCALL on_text(void *context, const char *bytes, int n)
{
	struct reader *r = context;
	struct str *out = r->reference_depth ? &r->reference : &r->text;

	if (r->place == OUTSIDE || (r->place == IN_REGISTRY && r->depth != 2))
		return;
	if (out->length + (size_t)n > IANA_MAX_CELL) {
		if (r->place != IN_REGISTRY) /* IANA's prose: nothing of it is kept */
			refuse(r, "a text of more than 65536 bytes");
		return;
	}
	str_append_bytes(out, bytes, (size_t)n);
}

/* "[RFC6335]": the text of the reference, or else its target; RFCs in capitals. */
static void append_reference(struct reader *r, struct str *out)
{
	bool is_rfc = strcmp(str_text(&r->type), "rfc") == 0;
	bool wants_target = strcmp(str_text(&r->type), "person") == 0 ||
			    strcmp(str_text(&r->type), "note") == 0;
	const char *text = wants_target ? "" : str_text(&r->reference);

	str_append_char(out, '[');
	if (*text || !is_rfc) {
		str_append(out, *text ? text : str_text(&r->target));
	} else {
		for (const char *c = str_text(&r->target); *c; c++)
			str_append_char(out, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
	}
	str_append_char(out, ']');
}

static void end_reference(struct reader *r)
{
	bool is_person = strcmp(str_text(&r->type), "person") == 0;
	struct str *out = !r->is_direct	   ? &r->text
			  : r->is_assignee ? &r->cells[IANA_ASSIGNEE]
			  : is_person	   ? &r->cells[IANA_CONTACT]
					   : &r->cells[IANA_REFERENCE];

	r->reference_depth = 0;
	if (r->reference.length > 0)
		r->reference.length = iana_fold(r->reference.bytes, r->reference.length);
	append_reference(r, out);
	if (out->length > IANA_MAX_CELL)
		refuse(r, "a text of more than 65536 bytes");
}

/* A direct child of a record ends: its text is a cell. */
static void end_cell(struct reader *r, const char *name)
{
	static const struct {
		const char *name;
		enum iana_column column;
	} cells[] = {
		{"name", IANA_NAME},
		{"number", IANA_NUMBER},
		{"protocol", IANA_PROTOCOL},
		{"description", IANA_DESCRIPTION},
		{"sc", IANA_SERVICE_CODE},
		{"unauthorized", IANA_UNAUTHORIZED},
		{"note", IANA_NOTE},
	};

	for (size_t i = 0; i < N_ELEMENTS(cells); i++) {
		struct str *cell = &r->cells[cells[i].column];

		if (strcmp(name, cells[i].name) != 0)
			continue;
		if (cell->length > 0)
			str_append_char(cell, '\n');
		str_append_bytes(cell, str_text(&r->text), r->text.length);
		if (cell->length > IANA_MAX_CELL)
			refuse(r, "a text of more than 65536 bytes");
	}
}

/* A cell as it is kept: folded, in the arena. */
static const char *keep(struct reader *r, struct str *text)
{
	if (text->has_failed)
		return NULL;
	if (text->length == 0)
		return "";
	text->length = iana_fold(text->bytes, text->length);
	return arena_strndup(&r->arena, text->bytes, text->length);
}

static void end_record(struct reader *r)
{
	struct record *out = ARENA_PUSH(&r->arena, r->records, r->n_records, r->records_capacity);

	for (size_t i = 0; out && i < N_IANA_COLUMNS; i++) {
		out->cells[i] = keep(r, &r->cells[i]);
		if (!out->cells[i])
			out = NULL;
	}
	if (!out) {
		stop(r, -ENOMEM);
		return;
	}
	if (!r->has_assignee)
		out->cells[IANA_ASSIGNEE] = out->cells[IANA_CONTACT];
	out->line = r->line;
}

/* "mailto:user&host": the domain, in lower case as written. NULL when there is none. */
static const char *keep_domain(struct reader *r, const char *uri)
{
	const char *sign = strpbrk(uri, "&@");
	size_t n = sign ? strcspn(sign + 1, "?&@ ,;>") : 0;

	if (strncmp(uri, "mailto:", 7) != 0 || n == 0 || !memchr(sign + 1, '.', n))
		return NULL;
	return arena_strndup(&r->arena, sign + 1, n);
}

static void end_in_person(struct reader *r, const char *name)
{
	const char *text = keep(r, &r->text);

	if (!text)
		stop(r, -ENOMEM);
	else if (strcmp(name, "name") == 0)
		r->person.name = text;
	else if (strcmp(name, "org") == 0)
		r->person.organization = text;
	else if (strcmp(name, "uri") == 0 && !r->person.domain)
		r->person.domain = keep_domain(r, text);
}

static void end_person(struct reader *r)
{
	struct person *out = ARENA_PUSH(&r->arena, r->people, r->n_people, r->people_capacity);

	if (!out || !r->person.id) {
		stop(r, -ENOMEM);
		return;
	}
	*out = r->person;
}

static void keep_updated(struct reader *r)
{
	const char *text = keep(r, &r->text);

	if (text && iana_rules_is_date(text, NULL))
		snprintf(r->updated, IANA_XML_DATE_SIZE, "%s", text);
}

static void end_in_record(struct reader *r, const char *name)
{
	if (r->depth == r->reference_depth)
		end_reference(r);
	if (r->depth == r->place_depth) {
		end_record(r);
		enter(r, IN_REGISTRY);
	} else if (r->depth == r->place_depth + 1) {
		end_cell(r, name);
		r->is_assignee = false;
	}
}

static void XMLCALL on_end(void *context, const char *full_name)
{
	struct reader *r = context;
	const char *name = local_name(full_name);

	switch (r->place) {
	case OUTSIDE:
		break;
	case IN_REGISTRY:
		if (r->depth == 2 && strcmp(name, "updated") == 0)
			keep_updated(r);
		break;
	case IN_RECORD:
		end_in_record(r, name);
		break;
	case IN_PEOPLE:
		if (r->depth == r->place_depth)
			enter(r, IN_REGISTRY);
		break;
	case IN_PERSON:
		if (r->depth == r->place_depth) {
			end_person(r);
			r->place = IN_PEOPLE;
			r->place_depth = 2;
		} else if (r->depth == r->place_depth + 1) {
			end_in_person(r, name);
		}
		break;
	}
	r->depth--;
}

static void XMLCALL on_doctype(void *context, const char *name, const char *system,
			       const char *public_id, int has_subset)
{
	(void)name;
	(void)system;
	(void)public_id;
	(void)has_subset;
	refuse(context, "a document type declaration, which IANA's file does not have");
}

static int compare_people(const void *a, const void *b)
{
	return strcmp(((const struct person *)a)->id, ((const struct person *)b)->id);
}

static const struct person *find_person(const struct reader *r, const char *id, size_t n)
{
	size_t low = 0, high = r->n_people;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *here = r->people[middle].id;
		int order = strncmp(here, id, n);

		if (order == 0 && here[n] == '\0')
			return &r->people[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Whether `list` ("a, b") has `item` already. */
static bool has_item(const struct str *list, const char *item)
{
	size_t n = strlen(item);

	for (const char *at = str_text(list); (at = strstr(at, item)); at++) {
		bool begins = at == list->bytes || (at - list->bytes >= 2 && at[-2] == ',');

		if (begins && (at[n] == '\0' || at[n] == ','))
			return true;
	}
	return false;
}

static void append_item(struct str *list, const char *item, size_t n)
{
	if (list->length > 0)
		str_append(list, ", ");
	str_append_bytes(list, item, n);
}

/* Resolve "[Gilbert_Yeung][...]" into names, and the organizations behind them. */
static void resolve(const struct reader *r, const char *cell, struct str *names,
		    struct str *organizations)
{
	while (*cell == '[') {
		size_t n = strcspn(cell + 1, "]");
		const struct person *p = find_person(r, cell + 1, n);
		const char *name = p ? p->name ? p->name : p->organization : NULL;
		const char *organization = p ? p->organization ? p->organization : p->domain : NULL;

		if (name && *name)
			append_item(names, name, strlen(name));
		else
			append_item(names, cell + 1, n);
		if (organizations && organization && *organization &&
		    !has_item(organizations, organization))
			append_item(organizations, organization, strlen(organization));
		cell += n + 1;
		cell += *cell == ']';
	}
}

static int give_records(struct reader *r, const struct iana_sink *sink)
{
	struct str assignees = {0}, contacts = {0}, organizations = {0};
	int result = 0;

	if (r->n_people > 0)
		qsort(r->people, r->n_people, sizeof(*r->people), compare_people);
	for (size_t i = 0; result == 0 && i < r->n_records; i++) {
		const struct record *from = &r->records[i];
		struct iana_record out = {.line = from->line};

		str_clear(&assignees);
		str_clear(&contacts);
		str_clear(&organizations);
		resolve(r, from->cells[IANA_ASSIGNEE], &assignees, &organizations);
		resolve(r, from->cells[IANA_CONTACT], &contacts, NULL);
		memcpy(out.cells, from->cells, sizeof(from->cells));
		out.cells[IANA_ASSIGNEE_NAMES] = str_text(&assignees);
		out.cells[IANA_CONTACT_NAMES] = str_text(&contacts);
		out.cells[IANA_ORGANIZATION] = str_text(&organizations);
		if (assignees.has_failed || contacts.has_failed || organizations.has_failed)
			result = -ENOMEM;
		else
			result = sink->record(sink->context, &out);
	}
	str_fini(&assignees);
	str_fini(&contacts);
	str_fini(&organizations);
	return result;
}

static int parse(struct reader *r, const char *bytes, size_t n)
{
	size_t done = 0;

	do {
		size_t part = MIN_OF(n - done, (size_t)CHUNK);
		bool is_last = done + part == n;
		enum XML_Status status = XML_Parse(r->parser, bytes + done, (int)part, is_last);

		done += part;
		if (r->result != 0)
			return r->result;
		if (status == XML_STATUS_ERROR)
			return iana_refuse(r->error,
					   (unsigned int)XML_GetCurrentLineNumber(r->parser),
					   "%s%s",
					   XML_ErrorString(XML_GetErrorCode(r->parser)),
					   is_last && done == n ? "; cut short?" : "");
	} while (done < n);
	return 0;
}

static void fini(struct reader *r)
{
	for (size_t i = 0; i < N_IANA_COLUMNS; i++)
		str_fini(&r->cells[i]);
	str_fini(&r->text);
	str_fini(&r->reference);
	str_fini(&r->target);
	str_fini(&r->type);
	if (r->parser)
		XML_ParserFree(r->parser);
	arena_fini(&r->arena);
}

int iana_xml_read(const char *bytes, size_t n, const struct iana_sink *sink, char *updated,
		  struct iana_error *error)
{
	struct reader r = {.error = error, .updated = updated};
	int result;

	if (n > IANA_MAX_FILE)
		return iana_refuse(error, 0, "larger than %zu MB", IANA_MAX_FILE >> 20);
	r.parser = XML_ParserCreateNS("UTF-8", ' '); /* whatever the declaration says */
	if (!r.parser)
		return -ENOMEM;
	*updated = '\0';
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_begin, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	result = parse(&r, bytes, n);
	if (result == 0)
		result = give_records(&r, sink);
	fini(&r);
	return result;
}
