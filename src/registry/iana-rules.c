#include "registry/iana-rules.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A letter, digit or underscore; bytes above ASCII count as letters. */
static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (c & 0x80);
}

static bool begins_without_case(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* `text` begins with `prefix`, without case, and the word ends there. */
static bool begins_with_word(const char *text, const char *prefix)
{
	return begins_without_case(text, prefix) && !is_word(text[strlen(prefix)]);
}

enum registry_status iana_rules_status(const char *description, bool *is_unread)
{
	static const struct {
		const char *text;
		enum { WHOLE, WORD, BEGIN } how;
		enum registry_status status;
	} rules[] = {
		{"unassigned", WORD, REGISTRY_UNASSIGNED},
		{"(unassigned", WORD, REGISTRY_UNASSIGNED},
		{"possibly used by", BEGIN, REGISTRY_UNASSIGNED},
		{"reserved", WORD, REGISTRY_RESERVED},
		{"iana reserved", WORD, REGISTRY_RESERVED},
		{"de-registered", WHOLE, REGISTRY_DE_ASSIGNED},
		{"deregistered", WHOLE, REGISTRY_DE_ASSIGNED},
		{"removed", WHOLE, REGISTRY_DE_ASSIGNED},
		{"deprecated", WHOLE, REGISTRY_DE_ASSIGNED},
		{"de-commissioned port", BEGIN, REGISTRY_DE_ASSIGNED},
		{"de-comissioned port", BEGIN, REGISTRY_DE_ASSIGNED},
		{"decommissioned port", BEGIN, REGISTRY_DE_ASSIGNED},
		{"decomissioned port", BEGIN, REGISTRY_DE_ASSIGNED},
		{"any private ", BEGIN, REGISTRY_ASSIGNED},
	};

	for (size_t i = 0; i < N_ELEMENTS(rules); i++) {
		const char *text = rules[i].text;
		bool fits = rules[i].how == WHOLE  ? strcasecmp(description, text) == 0
			    : rules[i].how == WORD ? begins_with_word(description, text)
						   : begins_without_case(description, text);

		if (fits)
			return rules[i].status;
	}
	*is_unread = true;
	return REGISTRY_RESERVED;
}

bool iana_rules_is_date(const char *text, bool *is_full)
{
	static const char shape[] = "dddd-dd-dd";
	size_t n = strlen(text);

	if (n != 7 && n != 10)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i])
			return false;
	}
	if (is_full)
		*is_full = n == 10;
	return true;
}

/* The length of a domain of at least two labels at `text`, or 0. */
static size_t span_domain(const char *text)
{
	size_t length = 0, n_labels = 0;

	for (size_t i = 0;; n_labels++) {
		size_t begin = i;

		while (is_word(text[i]) || text[i] == '-')
			i++;
		if (i == begin)
			break;
		length = n_labels > 0 ? i : 0;
		if (text[i] != '.') {
			n_labels++;
			break;
		}
		i++;
	}
	return length;
}

static bool is_local(char c)
{
	return is_word(c) || c == '.' || c == '+' || c == '-';
}

/* `text` without addresses (user&host), whitespace folded again. NULL when out of memory. */
static const char *without_addresses(const char *text, struct arena *arena)
{
	char *out = arena_strdup(arena, text);
	size_t n = 0;

	if (!out || !strpbrk(text, "&@"))
		return out;
	for (const char *c = text; *c;) {
		const char *sign = c + (*c == '<');
		size_t n_host;

		while (is_local(*sign))
			sign++;
		n_host = (*sign == '&' || *sign == '@') && sign > c + (*c == '<')
				 ? span_domain(sign + 1)
				 : 0;
		if (n_host > 0) {
			c = sign + 1 + n_host;
			c += *c == '>';
			continue;
		}
		do
			out[n++] = *c++;
		while (c < sign);
	}
	iana_fold(out, n);
	return out;
}

/* Take the next text in brackets; `*rest` moves behind it. */
static bool next_bracket(const char **rest, struct registry_piece *out)
{
	const char *begin = strchr(*rest, '['), *end = begin ? strchr(begin, ']') : NULL;

	if (!end)
		return false;
	*out = (struct registry_piece){begin + 1, (size_t)(end - begin) - 1};
	*rest = end + 1;
	return true;
}

/* The length of `Dave_Mills_2` without what only tells two entries apart. */
static size_t trim_counter(struct registry_piece person)
{
	size_t n = person.n;

	while (n > 0 && is_digit(person.text[n - 1]))
		n--;
	return n < person.n && n > 0 && person.text[n - 1] == '_' ? n - 1 : person.n;
}

static const char *keep(struct arena *arena, struct str *text)
{
	const char *kept = text->has_failed ? NULL : arena_strdup(arena, str_text(text));

	str_fini(text);
	return kept;
}

static const char *read_people(const char *cell, struct arena *arena)
{
	struct registry_piece person;
	struct str out = {0};

	while (next_bracket(&cell, &person)) {
		size_t n = trim_counter(person);

		if (out.length > 0)
			str_append(&out, ", ");
		for (size_t i = 0; i < n; i++)
			str_append_char(&out, person.text[i] == '_' ? ' ' : person.text[i]);
	}
	return keep(arena, &out);
}

static bool is_document(struct registry_piece piece)
{
	if (piece.n == 0 || (piece.n == 1 && *piece.text == '1') ||
	    (piece.n == 3 && memcmp(piece.text, "n/a", 3) == 0))
		return false;
	for (size_t i = 1; i + 1 < piece.n; i++) {
		char c = piece.text[i];

		if ((c == '&' || c == '@') && is_word(piece.text[i - 1]) &&
		    is_word(piece.text[i + 1]))
			return false;
	}
	return true;
}

static const char *read_references(const char *cell, struct arena *arena)
{
	struct registry_piece piece;
	struct str out = {0};

	while (next_bracket(&cell, &piece)) {
		if (!is_document(piece))
			continue;
		if (out.length > 0)
			str_append_char(&out, ';');
		str_append_bytes(&out, piece.text, piece.n);
	}
	return keep(arena, &out);
}

/* The text between `prefix` and the next quote. */
static bool find_quoted(const char *note, const char *prefix, struct registry_piece *out)
{
	const char *found = strstr(note, prefix);
	size_t n = found ? strcspn(found + strlen(prefix), "\"") : 0;

	if (n == 0 || found[strlen(prefix) + n] != '"')
		return false;
	*out = (struct registry_piece){found + strlen(prefix), n};
	return true;
}

static const char *read_alias(const char *note, struct arena *arena)
{
	struct registry_piece name = {"", 0};

	if (!find_quoted(note, "This entry is an alias to \"", &name))
		(void)!find_quoted(note, "This is a duplicate of the \"", &name);
	return arena_strndup(arena, name.text, name.n);
}

static void add_former(struct str *out, const char *name, size_t n, const char *removed)
{
	if (out->length > 0)
		str_append_char(out, ';');
	for (size_t i = 0; i < n; i++) /* the two separators of the list cannot be in a name */
		str_append_char(out, name[i] == ';' || name[i] == '|' ? ' ' : name[i]);
	str_printf(out, "||%s", removed);
}

/* "2004-2-6" as 2004-02-06; returns what stands behind it, NULL when it is no date. */
static const char *read_loose_date(const char *text, char out[11])
{
	unsigned int parts[3] = {0};
	const char *c = text;

	for (size_t i = 0; i < 3; i++) {
		size_t n = 0, most = i == 0 ? 4 : 2;

		for (; n < most && is_digit(*c); n++)
			parts[i] = parts[i] * 10 + (unsigned int)(*c++ - '0');
		if (n == 0 || (i == 0 && n != 4) || (i < 2 && *c++ != '-'))
			return NULL;
	}
	for (size_t i = 0; i < 10; i++) {
		static const unsigned int place[] = {1000, 100, 10, 1};
		unsigned int part = i < 4 ? 0 : i < 7 ? 1 : 2;
		unsigned int digit = i < 4 ? place[i] : i == 5 || i == 8 ? 10 : 1;

		out[i] = i == 4 || i == 7 ? '-' : (char)('0' + parts[part] / digit % 10);
	}
	out[10] = '\0';
	return c;
}

/* "removed on DATE", "De-assigned on DATE, previously NAME": one entry each. */
static void add_removals(struct str *out, const char *note)
{
	static const char *const words[] = {"removed", "de-assigned"};

	for (const char *c = note; *c; c++) {
		for (size_t i = 0; i < N_ELEMENTS(words); i++) {
			const char *rest = c + strlen(words[i]);
			char date[11];

			if (!begins_without_case(c, words[i]) || (c > note && is_word(c[-1])))
				continue;
			rest += begins_without_case(rest, " on") ? 3 : 0;
			rest = *rest == ' ' ? read_loose_date(rest + 1, date) : NULL;
			if (!rest)
				continue;
			rest = begins_without_case(rest, ", previously ") ? rest + 13 : "";
			add_former(out, rest, strcspn(rest, " "), date);
		}
	}
}

static const char *read_former(const char *description, const char *note, struct arena *arena)
{
	static const char was[] = "[was ", formerly[] = "Formerly was ",
			  below[] = "Previously assigned to application below ";
	const char *found;
	struct str out = {0};

	for (found = description; (found = strstr(found, was)); found++) {
		size_t n = strcspn(found + strlen(was), "]");

		if (n > 0 && found[strlen(was) + n] == ']')
			add_former(&out, found + strlen(was), n, "");
	}
	for (found = note; (found = strstr(found, formerly)); found++) {
		const char *name = found + strlen(formerly);
		size_t n = 0;

		while (*name >= 'A' && *name <= 'Z' && (is_word(name[n]) || name[n] == ' '))
			n++;
		while (n > 0 && name[n - 1] == ' ')
			n--;
		if (n > 1)
			add_former(&out, name, n, "");
	}
	found = strstr(note, below);
	if (found && strcspn(found + strlen(below), " ") > 0)
		add_former(&out, found + strlen(below), strcspn(found + strlen(below), " "), "");
	add_removals(&out, note);
	return keep(arena, &out);
}

/* "3476" or "6000-6063". */
static int read_ports(const char *cell, struct registry_row *row)
{
	size_t n = strcspn(cell, "-");
	uint64_t first, last;

	row->has_ports = *cell != '\0';
	if (!row->has_ports)
		return 0;
	if (str_parse_u64(cell, n, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (cell[n] &&
	    str_parse_u64(cell + n + 1, strlen(cell + n + 1), UINT16_MAX, &last) < 0)
		return -EINVAL;
	row->first = (uint16_t)first;
	row->last = (uint16_t)last;
	return first <= last ? 0 : -EINVAL;
}

static bool read_protocol(const char *cell, struct registry_row *row)
{
	row->has_protocol = *cell != '\0';
	if (!row->has_protocol)
		return true;
	return transport_parse(cell, &row->protocol) == 0 &&
	       (unsigned int)row->protocol < (unsigned int)N_REGISTRY_TRANSPORTS;
}

static const char *read_date(const char *cell, struct arena *arena)
{
	return arena_strdup(arena, iana_rules_is_date(cell, NULL) ? cell : "");
}

static void read_state(const char *note, struct iana_meaning *m)
{
	struct registry_row *row = &m->row;

	row->is_widespread = strstr(note, "unassigned but widespread use") != NULL;
	if (!*row->name)
		row->status = iana_rules_status(row->description, &m->is_unread);
	else
		row->status = row->is_widespread ? REGISTRY_UNASSIGNED : REGISTRY_ASSIGNED;
}

int iana_rules_read(const struct iana_record *record, struct arena *arena,
		    struct iana_meaning *out, struct iana_error *error)
{
	const char *const *c = record->cells;
	const char *contacts = c[IANA_CONTACT_NAMES], *assignees = c[IANA_ASSIGNEE_NAMES];
	struct iana_meaning m = {0};
	struct registry_row *row = &m.row;
	uint64_t code = 0;

	if (read_ports(c[IANA_NUMBER], row) < 0)
		return iana_refuse(error, record->line, "\"%.40s\" is no port and no range",
				   c[IANA_NUMBER]);
	if (!read_protocol(c[IANA_PROTOCOL], row))
		return iana_refuse(error, record->line,
				   "\"%.40s\" is none of tcp, udp, sctp and dccp",
				   c[IANA_PROTOCOL]);
	row->has_service_code = str_parse_u64(c[IANA_SERVICE_CODE], strlen(c[IANA_SERVICE_CODE]),
					      UINT32_MAX, &code) == 0;
	row->service_code = (uint32_t)code;
	row->name = arena_strdup(arena, c[IANA_NAME]);
	row->description = arena_strdup(arena, c[IANA_DESCRIPTION]);
	row->assignee = *assignees ? arena_strdup(arena, assignees)
				   : read_people(c[IANA_ASSIGNEE], arena);
	row->contact = *contacts ? arena_strdup(arena, contacts)
				 : read_people(c[IANA_CONTACT], arena);
	row->organization = arena_strdup(arena, c[IANA_ORGANIZATION]);
	row->registered = read_date(c[IANA_REGISTERED], arena);
	row->modified = read_date(c[IANA_MODIFIED], arena);
	row->references = read_references(c[IANA_REFERENCE], arena);
	row->unauthorized_use = without_addresses(c[IANA_UNAUTHORIZED], arena);
	row->note = without_addresses(c[IANA_NOTE], arena);
	if (!row->note || arena_failed(arena))
		return -ENOMEM;
	row->alias_of = read_alias(row->note, arena);
	row->former = read_former(row->description, row->note, arena);
	read_state(row->note, &m);
	if (arena_failed(arena) || !row->assignee || !row->contact || !row->references ||
	    !row->former)
		return -ENOMEM;
	*out = m;
	return 0;
}
