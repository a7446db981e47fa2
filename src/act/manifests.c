#include "act/manifests.h"

#include "act/helper.h"
#include "base/lang.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { OUTPUT_MOST = 9 << 20, FIELDS = 9, GAPS_MOST = 20 };

/* The report on its way into records. */
struct reading {
	struct arena *arena;
	struct manifests *out;
	const char *file; /* the one that is spoken of */
	bool is_ended;
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && strcasecmp(text + n - n_end, end) == 0;
}

bool manifests_is_one(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return ends_with(name, ".yml") || ends_with(name, ".yaml") || ends_with(name, ".socket") ||
	       ends_with(name, ".env") || strncmp(name, ".env.", 5) == 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A field without its escapes, in place. False: it is not well-formed. */
static bool unescape(char *field)
{
	char *to = field;

	for (; *field; field++) {
		int high, low;

		if (*field != '%') {
			*to++ = *field;
			continue;
		}
		high = hex(field[1]);
		low = high >= 0 ? hex(field[2]) : -1;
		if (low < 0 || high * 16 + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		field += 2;
	}
	*to = '\0';
	return true;
}

static bool read_number(const char *field, uint64_t most, uint64_t *out)
{
	return str_parse_u64(field, strlen(field), most, out) == 0;
}

static bool read_at(const struct reading *r, const char *line, const char *column,
		    struct answer_place *out)
{
	uint64_t at_line, at_column;

	if (!r->file || !read_number(line, UINT32_MAX, &at_line) ||
	    !read_number(column, UINT32_MAX, &at_column))
		return false;
	*out = (struct answer_place){r->file, at_line ? (answer_number)at_line : ANSWER_NULL,
				     at_line ? (answer_number)at_column : ANSWER_NULL};
	return true;
}

static bool read_kind(const char *word, enum check_place_kind *out)
{
	static const char *const words[N_CHECK_PLACE_KINDS] = {
		[CHECK_PLACE_PUBLISHED] = "published", [CHECK_PLACE_HOST] = "host",
		[CHECK_PLACE_NODE] = "node",           [CHECK_PLACE_SOCKET] = "socket",
		[CHECK_PLACE_VARIABLE] = "variable",   [CHECK_PLACE_INSIDE] = "inside",
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*out = (enum check_place_kind)i;
			return true;
		}
	}
	return false;
}

/* What a manifest calls a transport is foreign: an unknown one is not said. */
static transport_set read_protocols(const char *text)
{
	enum transport t;

	return transport_parse(text, &t) == 0 && t <= TRANSPORT_DCCP ? TRANSPORT_BIT(t) : 0;
}

static bool take_gap(struct reading *r, const struct answer_place *at, const char *why)
{
	struct answer_gap *slot;

	if (r->out->n_gaps >= GAPS_MOST)
		return true;
	slot = ARENA_PUSH(r->arena, r->out->gaps, r->out->n_gaps, r->out->gaps_capacity);
	if (!slot)
		return false;
	*slot = (struct answer_gap){
		.what = "manifest",
		.where = at->line > 0 ? arena_printf(r->arena, "%s:%lld", at->file,
						     (long long)at->line)
				      : at->file,
		.why = arena_strdup(r->arena, why),
	};
	return true;
}

static bool take_trouble(struct reading *r, struct answer_place at, const char *text)
{
	struct check_trouble *slot = ARENA_PUSH(r->arena, r->out->troubles, r->out->n_troubles,
						r->out->troubles_capacity);

	if (!slot)
		return false;
	*slot = (struct check_trouble){at, arena_strdup(r->arena, text)};
	return true;
}

/* port KIND NAME FIRST LAST PROTOCOLS ADDRESS LINE COLUMN */
static bool take_port(struct reading *r, char **f)
{
	struct check_place place = {.name = NULL}, *slot;
	uint64_t first, last;

	if (!read_kind(f[1], &place.kind) || !read_number(f[3], UINT16_MAX, &first) ||
	    !read_number(f[4], UINT16_MAX, &last) || first == 0 || last < first ||
	    !read_at(r, f[7], f[8], &place.at))
		return false;
	place.name = *f[2] ? arena_strdup(r->arena, f[2]) : NULL;
	place.first = (uint16_t)first;
	place.last = (uint16_t)last;
	place.protocols = read_protocols(f[5]);
	place.has_address = *f[6] && address_parse(f[6], &place.address) == 0;
	if (*f[6] && !place.has_address)
		return take_gap(r, &place.at, _("its address is none that is known here"));
	slot = ARENA_PUSH(r->arena, r->out->places, r->out->n_places, r->out->places_capacity);
	if (slot)
		*slot = place;
	return slot != NULL;
}

static bool take_file(struct reading *r, const char *path)
{
	const char **slot = ARENA_PUSH(r->arena, r->out->paths, r->out->n_paths,
				       r->out->paths_capacity);

	r->file = arena_strdup(r->arena, path);
	if (slot)
		*slot = r->file;
	return slot && r->file;
}

static bool take_line(struct reading *r, char **f, size_t n)
{
	struct answer_place at;

	if (r->is_ended)
		return false;
	if (strcmp(f[0], "end") == 0) {
		r->is_ended = n == 1;
		return r->is_ended;
	}
	if (strcmp(f[0], "file") == 0)
		return n == 2 && take_file(r, f[1]);
	if (strcmp(f[0], "port") == 0)
		return n == FIELDS && take_port(r, f);
	if (n != 4 || !read_at(r, f[1], f[2], &at))
		return false;
	if (strcmp(f[0], "fault") == 0)
		return take_trouble(r, at, f[3]);
	return strcmp(f[0], "gap") == 0 && take_gap(r, &at, f[3]);
}

static bool read_line(struct reading *r, char *line)
{
	char *fields[FIELDS];
	size_t n = 0;

	for (char *at = line; at; n++) {
		char *tab = strchr(at, '\t');

		if (n == FIELDS)
			return false;
		if (tab)
			*tab++ = '\0';
		fields[n] = at;
		if (!unescape(at))
			return false;
		at = tab;
	}
	return take_line(r, fields, n);
}

static int read_report(struct reading *r, char *text, size_t n)
{
	static const char head[] = "berth-manifests 1\n";
	char *at = text + sizeof(head) - 1;

	if (n < sizeof(head) - 1 || memcmp(text, head, sizeof(head) - 1) != 0 || strlen(text) != n)
		return -EPROTO;
	while (*at) {
		char *end = strchr(at, '\n');

		if (!end)
			return -EPROTO;
		*end = '\0';
		if (!read_line(r, at))
			return arena_failed(r->arena) ? -ENOMEM : -EPROTO;
		at = end + 1;
	}
	return r->is_ended ? 0 : -EPROTO;
}

static void add_words(struct str *input, const char *word, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		str_append(input, word);
		str_append_char(input, '\0');
		str_append(input, *paths[i] ? paths[i] : ".");
		str_append_char(input, '\0');
	}
}

int manifests_read(const struct manifests_request *request, struct arena *arena,
		   struct manifests *out)
{
	static const char *const no_arguments[] = {NULL};
	struct reading reading = {.arena = arena, .out = out};
	struct str input = {0}, text = {0};
	struct helper_end end;
	int r;

	*out = (struct manifests){.n_paths = 0};
	add_words(&input, "file", request->files, request->n_files);
	add_words(&input, "below", request->directories, request->n_directories);
	r = input.has_failed ? -ENOMEM
			     : helper_run_on("berth-manifests", no_arguments, str_text(&input),
					     input.length, OUTPUT_MOST, &text, &end);
	if (r == 0 && end.signal != 0)
		r = -EPROTO;
	if (r == 0)
		r = text.bytes ? read_report(&reading, text.bytes, text.length) : -EPROTO;
	str_fini(&input);
	str_fini(&text);
	return r;
}
