#include "ledger/claims-file.h"

#include "base/lang.h"

#include <string.h>

/* The words of one line. */
struct scan {
	struct claims_reader *reader;
	const char *line, *next, *end; /* of this line, without its comment */
	struct claims_line *out;
	bool is_bad;
};

void claims_reader_init(struct claims_reader *r, const void *bytes, size_t n, struct arena *arena)
{
	const char *text = bytes;
	size_t skip = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	*r = (struct claims_reader){.next = text + skip, .end = text + n, .arena = arena};
}

void claims_reader_fault(struct claims_reader *r, enum claims_fault_kind kind, unsigned int line,
			 unsigned int column, const char *text)
{
	struct claims_fault *slot;

	if (r->n_faults >= CLAIMS_FILE_FAULTS_MOST)
		return;
	slot = ARENA_PUSH(r->arena, r->faults, r->n_faults, r->capacity);
	if (slot)
		*slot = (struct claims_fault){kind, 0, line, column, text};
}

/* Characters before `at`, counted from 1. */
static unsigned int column_of(const char *line, const char *at)
{
	unsigned int column = 1;

	for (; line < at; line++)
		column += ((unsigned char)*line & 0xc0) != 0x80;
	return column;
}

static void fault(struct scan *s, enum claims_fault_kind kind, const char *at, const char *text)
{
	if (kind != CLAIMS_FAULT_NAME_LONG)
		s->is_bad = true;
	claims_reader_fault(s->reader, kind, s->reader->line, column_of(s->line, at), text);
}

static void refuse(struct scan *s, const char *at, const char *text)
{
	fault(s, CLAIMS_FAULT_SYNTAX, at, text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Joiners are part of words in several scripts. */
static bool is_joiner(uint32_t code_point)
{
	return code_point == 0x200c || code_point == 0x200d;
}

/* The first character of a line that no text may hold; NULL = none. `*what` says what it is. */
static const char *find_foul(const char *at, const char *end, const char **what)
{
	const char *stop = end - at > CLAIMS_FILE_LINE_MOST ? at + CLAIMS_FILE_LINE_MOST : end;

	while (at < stop) {
		uint32_t code_point;
		size_t n;

		at += str_plain(at, (size_t)(stop - at));
		if (at == stop)
			break;
		if (*at == '\t') {
			at++;
			continue;
		}
		n = str_utf8_decode(at, (size_t)(end - at), &code_point);
		*what = n == 0 ? N_("this is not UTF-8")
			: code_point == 0 ? N_("this is no text: a NUL byte")
					  : N_("a control or invisible character");
		if (n == 0 || (str_is_unsafe(code_point) && !is_joiner(code_point)))
			return at;
		at += n;
	}
	return NULL;
}

/* Where the comment begins: the first # outside quotes; `end` = there is none. */
static const char *find_comment(const char *at, const char *end)
{
	const char *hash = at < end ? memchr(at, '#', (size_t)(end - at)) : NULL;
	bool is_quoted = false;

	if (!hash)
		return end;
	if (!memchr(at, '"', (size_t)(hash - at)))
		return hash;
	for (; at < end; at++) {
		if (is_quoted && *at == '\\' && at + 1 < end)
			at++;
		else if (*at == '"')
			is_quoted = !is_quoted;
		else if (*at == '#' && !is_quoted)
			return at;
	}
	return end;
}

/* The next word as it stands, quotes included. False at the end of the line. */
static bool next_word(struct scan *s, struct claims_piece *out)
{
	bool is_quoted = false;
	const char *at;

	while (s->next < s->end && is_blank(*s->next))
		s->next++;
	if (s->next == s->end)
		return false;
	for (at = s->next; at < s->end && (is_quoted || !is_blank(*at)); at++) {
		if (*at == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && *at == '\\' && at + 1 < s->end)
			at++;
	}
	*out = (struct claims_piece){s->next, (size_t)(at - s->next)};
	s->next = at;
	return true;
}

/* A value with or without quotes around it. NULL after a fault, or when out of memory. */
static const char *read_value(struct scan *s, struct claims_piece word)
{
	const char *end = word.text + word.n;
	char *value, *to;

	if (word.n == 0 || word.text[0] != '"') {
		if (memchr(word.text, '"', word.n)) {
			refuse(s, word.text, N_("a quote inside a word"));
			return NULL;
		}
		return arena_strndup(s->reader->arena, word.text, word.n);
	}
	value = to = arena_alloc(s->reader->arena, word.n);
	if (!value)
		return NULL;
	for (const char *at = word.text + 1; at < end; at++) {
		if (*at == '"') {
			if (at + 1 == end)
				return value;
			refuse(s, at + 1, N_("a blank is missing behind the quote"));
			return NULL;
		}
		if (*at == '\\' && at + 1 < end && (at[1] == '"' || at[1] == '\\'))
			at++;
		*to++ = *at;
	}
	refuse(s, word.text, N_("the quote is not closed"));
	return NULL;
}

/* The words for the faults of ports, in the order in which they are looked for. */
static const char *explain_ports(const char *text)
{
	struct claim c;
	char error[CLAIM_ERROR_SIZE], ports[CLAIM_PORTS_SIZE];
	size_t n = strcspn(text, "/");

	if (!text[n])
		return N_("ports need a transport: 8080/tcp");
	memcpy(ports, text, n);
	ports[n] = '\0';
	if (claim_ports_parse(ports, &c.first, &c.last, &c.protocols, error) < 0)
		return N_("not a port or a range of ports: 0 to 65535, first-last");
	return N_("the transports of a claim are tcp, udp, sctp, dccp, each once");
}

static void read_ports(struct scan *s, struct claims_piece word)
{
	struct claim *c = &s->out->claim;
	char text[CLAIM_PORTS_SIZE], error[CLAIM_ERROR_SIZE];

	s->out->ports_column = column_of(s->line, word.text);
	if (word.n >= sizeof(text)) {
		refuse(s, word.text, N_("not a port or a range of ports: 0 to 65535, first-last"));
		return;
	}
	memcpy(text, word.text, word.n);
	text[word.n] = '\0';
	if (claim_ports_parse(text, &c->first, &c->last, &c->protocols, error) < 0 ||
	    c->protocols == 0)
		refuse(s, word.text, explain_ports(text));
	else if (c->first == 0)
		refuse(s, word.text, N_("port 0 cannot be claimed: to bind it means any port"));
}

static void read_name(struct scan *s, struct claims_piece word)
{
	s->out->column = column_of(s->line, word.text);
	s->out->claim.name = arena_strndup(s->reader->arena, word.text, word.n);
	if (!s->out->claim.name)
		return;
	switch (claim_name_check(s->out->claim.name)) {
	case CLAIM_NAME_GOOD:
		return;
	case CLAIM_NAME_WIDE:
		fault(s, CLAIMS_FAULT_NAME_LONG, word.text,
		      N_("the name is longer than the 15 characters of a service name (RFC 6335)"));
		return;
	case CLAIM_NAME_BAD:
		refuse(s, word.text, N_("not a name: letters, digits and single hyphens inside, at "
				     "least one letter (RFC 6335)"));
		return;
	}
}

static void read_address(struct scan *s, struct claims_piece word)
{
	struct claim *c = &s->out->claim;
	char text[ADDRESS_TEXT_SIZE];

	if (word.n < sizeof(text)) {
		memcpy(text, word.text, word.n);
		text[word.n] = '\0';
	}
	if (word.n >= sizeof(text) || address_parse(text, &c->address) < 0)
		refuse(s, word.text, N_("neither an address, key=value nor retired"));
	else if (c->has_address)
		refuse(s, word.text, N_("a second address"));
	c->has_address = true;
}

/* The member of a key; NULL = there is no such key. */
static const char **find_key(struct claim *c, struct claims_piece key, bool *is_date)
{
	const struct {
		const char *name, **value;
		bool is_date;
	} keys[] = {
		{"owner", &c->owner, false}, {"scope", &c->scope, false},
		{"program", &c->program, false}, {"since", &c->since, true},
		{"until", &c->until, true},
	};

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		if (strlen(keys[i].name) == key.n && memcmp(keys[i].name, key.text, key.n) == 0) {
			*is_date = keys[i].is_date;
			return keys[i].value;
		}
	}
	return NULL;
}

static void read_pair(struct scan *s, struct claims_piece word, const char *equals)
{
	struct claims_piece key = {word.text, (size_t)(equals - word.text)};
	struct claims_piece rest = {equals + 1, word.n - key.n - 1};
	bool is_date = false;
	const char **member = find_key(&s->out->claim, key, &is_date), *value;

	if (!member) {
		refuse(s, word.text, N_("no such key: owner, since, until, scope, program"));
		return;
	}
	if (*member) {
		refuse(s, word.text, N_("the same key twice"));
		return;
	}
	value = read_value(s, rest);
	if (!value)
		return;
	if (is_date && !claim_date_is_good(value))
		refuse(s, rest.text, N_("not a day that exists: YYYY-MM-DD"));
	else if (!is_date && !claim_text_is_good(value))
		refuse(s, rest.text, N_("a value has 1 to 200 bytes"));
	else
		*member = value;
}

static void read_rest(struct scan *s)
{
	struct claim *c = &s->out->claim;
	struct claims_piece word;

	while (!s->is_bad && next_word(s, &word)) {
		const char *equals = memchr(word.text, '=', word.n);

		if (equals) {
			read_pair(s, word, equals);
		} else if (word.n == 7 && memcmp(word.text, "retired", 7) == 0) {
			if (c->is_retired)
				refuse(s, word.text, N_("the same word twice"));
			c->is_retired = true;
		} else {
			read_address(s, word);
		}
	}
	if (!s->is_bad && c->since && c->until && strcmp(c->until, c->since) < 0)
		fault(s, CLAIMS_FAULT_DATES, s->line + strspn(s->line, " \t"),
		      N_("it ends (until) before it begins (since)"));
}

/* What stands behind #, as far as a reason goes. */
static const char *read_reason(struct scan *s)
{
	struct claims_piece c = s->out->comment;
	size_t n;

	while (c.n > 0 && (*c.text == '#' || is_blank(*c.text))) {
		c.text++;
		c.n--;
	}
	n = MIN_OF(c.n, (size_t)CLAIM_TEXT_MOST);
	while (n > 0 && n < c.n && ((unsigned char)c.text[n] & 0xc0) == 0x80)
		n--;
	return n > 0 ? arena_strndup(s->reader->arena, c.text, n) : NULL;
}

static void read_include(struct scan *s)
{
	struct claims_piece word, more;

	s->out->kind = CLAIMS_LINE_INCLUDE;
	if (!next_word(s, &word)) {
		refuse(s, s->end, N_("include takes a path"));
		return;
	}
	s->out->column = column_of(s->line, word.text);
	s->out->include = read_value(s, word);
	if (s->out->include && (!*s->out->include || word.n > CLAIMS_FILE_PATH_MOST))
		refuse(s, word.text, N_("include takes a path of 1 to 1024 bytes"));
	if (!s->is_bad && next_word(s, &more))
		refuse(s, more.text,
		       N_("include takes one path (a path with blanks between quotes)"));
}

static void read_line(struct scan *s)
{
	struct claims_piece word;

	if (!next_word(s, &word)) {
		s->out->kind = s->out->comment.n > 0 ? CLAIMS_LINE_COMMENT : CLAIMS_LINE_BLANK;
		return;
	}
	if (word.n == 7 && memcmp(word.text, "include", 7) == 0) {
		read_include(s);
		return;
	}
	s->out->kind = CLAIMS_LINE_CLAIM;
	read_name(s, word);
	if (s->is_bad)
		return;
	if (!next_word(s, &word)) {
		refuse(s, s->end, N_("a claim needs ports: name 8080/tcp"));
		return;
	}
	read_ports(s, word);
	read_rest(s);
	s->out->claim.reason = read_reason(s);
}

/* Blanks and a carriage return at the end of a line say nothing. */
static const char *trim_end(const char *line, const char *end)
{
	if (end > line && end[-1] == '\r')
		end--;
	while (end > line && is_blank(end[-1]))
		end--;
	return end;
}

bool claims_reader_next(struct claims_reader *r, struct claims_line *out)
{
	struct scan s = {.reader = r, .line = r->next, .out = out};
	const char *foul, *what = NULL, *end;

	if (r->next >= r->end || r->is_no_text || arena_failed(r->arena))
		return false;
	end = memchr(r->next, '\n', (size_t)(r->end - r->next));
	if (!end)
		end = r->end;
	r->next = end < r->end ? end + 1 : end;
	r->line++;
	end = trim_end(s.line, end);
	*out = (struct claims_line){.kind = CLAIMS_LINE_BAD};
	foul = find_foul(s.line, end, &what);
	if (foul) {
		refuse(&s, foul, what);
		r->is_no_text = true; /* one line is enough of it */
		return true;
	}
	if (end - s.line > CLAIMS_FILE_LINE_MOST) {
		claims_reader_fault(r, CLAIMS_FAULT_SYNTAX, r->line, 1,
				    N_("the line is longer than 4096 bytes"));
		return true;
	}
	s.next = s.line;
	s.end = find_comment(s.line, end);
	out->comment = (struct claims_piece){s.end, (size_t)(end - s.end)};
	s.end = trim_end(s.line, s.end);
	read_line(&s);
	if (s.is_bad)
		out->kind = CLAIMS_LINE_BAD;
	return !arena_failed(r->arena);
}
