/*
 * The page of the map: the picture, its legend, and the same as text. What map.js looks for is
 * listed at its head: ids and data-... here are a promise to it, and to tests.
 */
#include "web/page-map.h"

#include "registry/registry.h"
#include "web/assets.h"
#include "web/page-parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NOW_MOST = 120, NOW_BYTES_MOST = 12 * 1024, NOW_LINE_MOST = 400, SWATCH_SIZE = 24 };

/* The map while its page is written. */
struct view {
	struct sheet s;
	const struct map *map;
	const struct answer_here *here; /* NULL: nothing is known of this machine */
	size_t n_now, n_now_left;       /* of the list of what listens: so far, and not on it */
	size_t now_begin;               /* the byte of the page where it begins */
};

static const enum word layer_words[N_MAP_FLAGS] = {
	[MAP_ASSIGNED] = WORD_MAP_LAYER_ASSIGNED,   [MAP_KNOWN] = WORD_MAP_LAYER_KNOWN,
	[MAP_CLAIMED] = WORD_MAP_LAYER_CLAIMED,     [MAP_RESERVED] = WORD_MAP_LAYER_RESERVED,
	[MAP_EPHEMERAL] = WORD_MAP_LAYER_EPHEMERAL, [MAP_KEPT] = WORD_MAP_LAYER_KEPT,
	[MAP_BLOCKED] = WORD_MAP_LAYER_BLOCKED,     [MAP_LISTENING] = WORD_MAP_LAYER_LISTENING,
	[MAP_EXPOSED] = WORD_MAP_LAYER_EXPOSED,     [MAP_CONFLICT] = WORD_MAP_LAYER_CONFLICT,
};

/* What only a look at this machine, or its owner's claims, can tell. */
static bool is_of_world(enum map_flag flag)
{
	return flag == MAP_ASSIGNED || flag == MAP_KNOWN || flag == MAP_RESERVED ||
	       flag == MAP_BLOCKED;
}

void page_map_words(enum page_language language, const char *footer, struct map_words *out)
{
	*out = (struct map_words){
		.language = words_language_code(language),
		.title = words_text(language, WORD_MAP_TITLE),
		.description = words_text(language, WORD_MAP_DESCRIPTION),
		.ranges = {words_text(language, WORD_MAP_RANGE_SYSTEM),
			   words_text(language, WORD_MAP_RANGE_USER),
			   words_text(language, WORD_MAP_RANGE_DYNAMIC)},
		.vacant = words_text(language, WORD_MAP_VACANT),
		.footer = footer,
		.thousands = language == PAGE_GERMAN ? '.' : ',',
	};
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++)
		out->layers[flag] = words_text(language, layer_words[flag]);
}

/* Where the script finds things; a static atlas has files and nothing that changes. */
static void put_places(struct view *v)
{
	const struct page *p = v->s.p;
	struct html *h = &v->s.h;
	bool is_german = p->language == PAGE_GERMAN;

	html_attribute(h, "data-port", p->is_static ? "ports/"
				       : is_german  ? "/de/ports/"
						    : "/ports/");
	html_attribute(h, "data-rows-suffix", ".json");
	if (p->is_static) {
		html_attribute(h, "data-suffix", ".html");
		if (p->ports) {
			html_attribute_number(h, "data-first", p->ports->first);
			html_attribute_number(h, "data-last", p->ports->last);
		}
		html_attribute(h, "data-rows", is_german ? "../map/" : "map/");
		html_attribute(h, "data-index", is_german ? "../search/" : "search/");
		return;
	}
	html_attribute(h, "data-rows", "/map/row/");
	html_attribute(h, "data-layers", "/map.json");
	html_attribute(h, "data-events", "/events");
	html_attribute(h, "data-find", "/api/v1/find?q=");
}

/* A word for the script, which shows nothing that is not among them. */
static void put_word(struct view *v, const char *key, enum word w)
{
	struct html *h = &v->s.h;

	html_open(h, "li");
	html_attribute(h, "data-word", key);
	sheet_say(&v->s, w);
	html_close(h, "li");
}

static void put_words(struct view *v)
{
	struct html *h = &v->s.h;

	html_open_with(h, "ul", "id=\"map-words\" hidden");
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++)
		put_word(v, map_flag_name((enum map_flag)flag), layer_words[flag]);
	put_word(v, "vacant", WORD_MAP_VACANT);
	put_word(v, "dynamic", WORD_MAP_DYNAMIC);
	put_word(v, "quiet", WORD_MAP_QUIET);
	put_word(v, "label", WORD_MAP_LABEL);
	if (v->s.p->ports)
		put_word(v, "pageless", WORD_MAP_PAGELESS);
	html_close(h, "ul");
}

static void put_button(struct view *v, const char *id, const char *sign, enum word w)
{
	struct html *h = &v->s.h;

	html_open_with(h, "button", "type=\"button\"");
	html_attribute(h, "id", id);
	html_attribute(h, "aria-label", sheet_word(&v->s, w));
	html_attribute(h, "title", sheet_word(&v->s, w));
	html_words(h, sign);
	html_close(h, "button");
}

static void put_bar(struct view *v)
{
	struct html *h = &v->s.h;

	html_open_class(h, "div", "map-bar");
	html_open_with(h, "form", "id=\"map-form\" method=\"get\"");
	html_url(h, "action", sheet_url(v->s.p, "search"));
	html_open_with(h, "label", "for=\"map-q\"");
	sheet_say(&v->s, WORD_MAP_FIND);
	html_close(h, "label");
	html_open_with(h, "input", "id=\"map-q\" name=\"q\" type=\"search\" maxlength=\"200\" "
				   "autocomplete=\"off\" size=\"16\"");
	html_open_with(h, "button", "type=\"submit\"");
	sheet_say(&v->s, WORD_MAP_GO);
	html_close(h, "button");
	html_close(h, "form");
	html_open_with(h, "div", "id=\"map-tools\" role=\"group\" hidden");
	html_attribute(h, "aria-label", sheet_word(&v->s, WORD_MAP_TOOLS));
	put_button(v, "map-out", "\342\210\222", WORD_MAP_OUT);
	put_button(v, "map-in", "+", WORD_MAP_IN);
	put_button(v, "map-whole", sheet_word(&v->s, WORD_MAP_WHOLE), WORD_MAP_WHOLE);
	html_close(h, "div");
	html_close(h, "div");
}

static int put_picture(struct view *v)
{
	struct html *h = &v->s.h;
	struct map_words words;
	struct map_svg svg = {.map = v->map, .words = &words};
	int r;

	page_map_words(v->s.p->language, "", &words);
	html_open_with(h, "div", "id=\"map-view\"");
	html_markup(h, "\n");
	r = map_write_svg(&svg, h->out); /* no foreign text is in it: it needs no escaping */
	html_close(h, "div");
	html_open_with(h, "p", "id=\"map-info\"");
	html_open_with(h, "span", "class=\"map-hint\"");
	sheet_say(&v->s, WORD_MAP_HINT);
	html_close(h, "span");
	html_close(h, "p");
	html_markup(h, "<p id=\"map-say\" class=\"unseen\" role=\"status\"></p>");
	html_open_with(h, "p", "id=\"map-keys\" class=\"unseen\"");
	sheet_say(&v->s, WORD_MAP_KEYS);
	html_close(h, "p");
	return r;
}

static void put_key_row(struct view *v, enum map_flag flag)
{
	struct html *h = &v->s.h;

	html_open(h, "li");
	html_open_with(h, "svg", "viewBox=\"0 0 24 24\" aria-hidden=\"true\"");
	html_markup(h, "");
	map_write_swatch(flag, h->out);
	html_close(h, "svg");
	html_open(h, "span");
	sheet_say(&v->s, layer_words[flag]);
	html_close(h, "span");
	html_open(h, "b");
	html_attribute(h, "data-count", map_flag_name(flag));
	html_number(h, v->map->counts[flag]);
	html_close(h, "b");
	html_close(h, "li");
}

static bool is_in_key(const struct view *v, enum map_flag flag)
{
	bool is_rare = flag == MAP_KEPT || flag == MAP_CONFLICT;

	if (flag == MAP_EXPOSED || (is_rare && v->map->counts[flag] == 0))
		return false;
	return is_of_world(flag) || (v->map->could_look && !v->s.p->is_static);
}

static void put_key(struct view *v)
{
	struct html *h = &v->s.h;

	html_open_class(h, "ul", "map-key");
	html_attribute(h, "aria-label", sheet_word(&v->s, WORD_MAP_KEY));
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++) {
		if (is_in_key(v, (enum map_flag)flag))
			put_key_row(v, (enum map_flag)flag);
	}
	html_close(h, "ul");
	if (!v->map->could_look)
		return;
	html_open_with(h, "p", "id=\"map-dark\"");
	SAY_MANY(&v->s, WORD_MAP_DARK, (long long)v->map->n_dark,
		 NUMBER("n", (long long)v->map->n_dark));
	html_close(h, "p");
}

static const char *label_of(const struct answer_listener *l)
{
	const struct answer_owner *owner = answer_main_owner(l);

	return !owner ? NULL : owner->label ? owner->label : owner->program;
}

/* Who has the number: the weightiest name of any kind. */
static const char *name_of(const struct answer_listener *l)
{
	return l->n_names > 0 ? l->names[0].name : NULL;
}

static void put_resident(struct view *v, uint16_t port, const char *name, const char *who)
{
	struct html *h = &v->s.h;

	html_open(h, "li");
	sheet_port(&v->s, port);
	if (name) {
		html_char(h, ' ');
		sheet_name(&v->s, name);
	}
	if (who) {
		html_words(h, " \302\267 ");
		sheet_name(&v->s, who);
	}
	html_close(h, "li");
}

/* A line of the list, while it has room; counted when it has none. */
static void add_resident(struct view *v, uint16_t port, const char *name, const char *who)
{
	const size_t budget = sheet_narrow(&v->s, NOW_LINE_MOST);

	if (v->n_now < NOW_MOST && v->s.h.out->length - v->now_begin < NOW_BYTES_MOST)
		put_resident(v, port, name, who);
	else
		v->n_now_left++;
	v->n_now++;
	sheet_widen(&v->s, budget);
}

/* One line a port, whatever the number of its sockets. */
static void put_residents(struct view *v)
{
	const struct answer_here *here = v->here;
	struct html *h = &v->s.h;
	int32_t before = -1;

	html_open_with(h, "ul", "id=\"map-now\"");
	v->now_begin = h->out->length;
	for (size_t i = 0; i < here->n_listeners; i++) {
		const struct answer_listener *l = &here->listeners[i];

		if (!l->is_here || strcmp(l->role, "listener") != 0 || l->port == before)
			continue;
		add_resident(v, l->port, name_of(l), label_of(l));
		before = l->port;
	}
	for (size_t i = 0; i < here->n_published; i++)
		add_resident(v, here->published[i].port, here->published[i].container,
			     here->published[i].by);
	html_close(h, "ul");
	html_open_with(h, "p", "id=\"map-now-more\"");
	html_attribute_words(h, "data-more", sheet_word(&v->s, WORD_MORE_MANY));
	html_attribute_words(h, "data-here", sheet_url(v->s.p, "here"));
	sheet_more(&v->s, v->n_now_left, sheet_url(v->s.p, "here"));
	html_close(h, "p");
}

static void put_now(struct view *v)
{
	SHEET_SECTION(&v->s, "now", WORD_MAP_NOW);
	if (!v->map->could_look)
		SHEET_IN(&v->s, "p", WORD_MAP_NOW_BLIND);
	else if (v->map->counts[MAP_LISTENING] == 0)
		SHEET_IN(&v->s, "p", WORD_MAP_NOW_NONE);
	if (v->here)
		put_residents(v);
	html_close(&v->s.h, "section");
}

static void put_heading(struct view *v, const char *text)
{
	html_open_with(&v->s.h, "th", "scope=\"col\"");
	html_words(&v->s.h, text);
	html_close(&v->s.h, "th");
}

static void put_cell(struct view *v, uint32_t n)
{
	html_open(&v->s.h, "td");
	html_number(&v->s.h, n);
	html_close(&v->s.h, "td");
}

static void put_head_row(struct view *v, enum word first)
{
	struct html *h = &v->s.h;

	html_open(h, "thead");
	html_open(h, "tr");
	put_heading(v, sheet_word(&v->s, first));
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++) {
		if (is_in_key(v, (enum map_flag)flag))
			put_heading(v, sheet_word(&v->s, layer_words[flag]));
	}
	html_close(h, "tr");
	html_close(h, "thead");
}

static void put_counts(struct view *v, const uint32_t *counts)
{
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++) {
		if (is_in_key(v, (enum map_flag)flag))
			put_cell(v, counts[flag]);
	}
	html_close(&v->s.h, "tr");
}

static void put_ranges(struct view *v)
{
	static const enum word names[] = {WORD_MAP_RANGE_SYSTEM, WORD_MAP_RANGE_USER,
					  WORD_MAP_RANGE_DYNAMIC};
	struct html *h = &v->s.h;

	html_open_with(h, "table", "id=\"map-ranges\" class=\"map-table\"");
	put_head_row(v, WORD_MAP_RANGE);
	html_open(h, "tbody");
	for (unsigned int range = 0; range <= N_REGISTRY_RANGES; range++) {
		bool is_sum = range == N_REGISTRY_RANGES;

		html_open(h, "tr");
		html_open_with(h, "th", "scope=\"row\"");
		sheet_say(&v->s, is_sum ? WORD_MAP_ALL : names[range]);
		if (!is_sum) {
			struct live_span span;

			registry_range_bounds((enum registry_range)range, &span.first, &span.last);
			html_char(h, ' ');
			sheet_span(&v->s, span);
		}
		html_close(h, "th");
		put_counts(v, is_sum ? v->map->counts : v->map->by_range[range]);
	}
	html_close(h, "tbody");
	html_close(h, "table");
}

/* The ports of a row; the first that has a page is where that leads. */
static void put_row_ports(struct view *v, uint16_t first)
{
	const struct live_span span = {first, (uint16_t)(first + MAP_SIDE - 1)};
	const uint16_t port = sheet_first_port(v->s.p, span);
	struct html *h = &v->s.h;

	sheet_open_port(&v->s, port);
	html_number(h, first);
	sheet_close_port(&v->s, port);
	html_words(h, "\342\200\223");
	html_number(h, span.last);
}

/* The picture's rows as lines: row-0 .. row-255 are where its links lead. */
static void put_rows(struct view *v)
{
	struct html *h = &v->s.h;

	html_open_with(h, "details", "id=\"map-rows\"");
	SHEET_IN(&v->s, "summary", WORD_MAP_ROWS);
	SHEET_IN(&v->s, "p", WORD_MAP_ROWS_LEAD);
	html_open_with(h, "div", "class=\"scroll\" tabindex=\"0\" role=\"region\"");
	html_attribute_words(h, "aria-label", sheet_word(&v->s, WORD_MAP_ROWS));
	html_open_class(h, "table", "map-table");
	put_head_row(v, WORD_MAP_PORTS);
	html_open(h, "tbody");
	for (uint32_t row = 0; row < MAP_SIDE; row++) {
		uint32_t counts[N_MAP_FLAGS] = {0}, first = row * MAP_SIDE;
		char id[16];

		for (uint32_t port = first; port < first + MAP_SIDE; port++) {
			for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++)
				counts[flag] += (v->map->cells[port] & MAP_BIT(flag)) != 0;
		}
		snprintf(id, sizeof(id), "row-%u", row);
		html_open(h, "tr");
		html_attribute(h, "id", id);
		html_open_with(h, "th", "scope=\"row\"");
		put_row_ports(v, (uint16_t)first);
		html_close(h, "th");
		put_counts(v, counts);
	}
	html_close(h, "tbody");
	html_close(h, "table");
	html_close(h, "div");
	html_close(h, "details");
}

static void put_numbers(struct view *v)
{
	struct html *h = &v->s.h;

	SHEET_SECTION(&v->s, "numbers", WORD_MAP_NUMBERS);
	html_open_with(h, "div", "class=\"scroll\" tabindex=\"0\" role=\"region\"");
	html_attribute(h, "aria-label", sheet_word(&v->s, WORD_MAP_RANGE));
	put_ranges(v);
	html_close(h, "div");
	put_rows(v);
	if (!v->s.p->is_static) {
		html_open(h, "p");
		html_open_with(h, "a", "href=\"/map.svg\"");
		sheet_say(&v->s, WORD_MAP_PICTURE);
		html_close(h, "a");
		html_close(h, "p");
	}
	html_close(h, "section");
}

static void put_lead(struct view *v)
{
	struct html *h = &v->s.h;

	SHEET_IN(&v->s, "h1", WORD_MAP_TITLE);
	html_open_class(h, "p", "lead");
	if (v->map->could_look)
		SAY(&v->s, WORD_MAP_LEAD, PORT("first", 0), PORT("last", 65535),
		    NUMBER("named", v->map->counts[MAP_ASSIGNED]),
		    NUMBER("listening", v->map->counts[MAP_LISTENING]));
	else
		SAY(&v->s, WORD_MAP_LEAD_STATIC, PORT("first", 0), PORT("last", 65535),
		    NUMBER("named", v->map->counts[MAP_ASSIGNED]));
	html_close(h, "p");
}

int page_map(const struct page *p)
{
	struct sheet_head head = {.title = words_text(p->language, WORD_MAP_TITLE),
				  .description = words_text(p->language, WORD_MAP_DESCRIPTION),
				  .script = "map.js", .style = "map.css",
				  .place = SHEET_MAP, .is_wide = true};
	struct map *map = arena_alloc(p->arena, sizeof(*map));
	struct view v = {.map = map};
	struct answer_registry registry = answer_registry(p->from->registry);
	int r = map ? map_fill(p->from, p->arena, map) : -ENOMEM;

	if (r < 0)
		return r;
	if (map->could_look) {
		v.here = answer_here(p->from, p->arena);
		if (!v.here)
			return -ENOMEM;
	}
	sheet_begin(&v.s, p, &head, SHEET_BUDGET_LIST);
	put_lead(&v);
	html_open_class(&v.s.h, "div", "map-layout");
	html_open_with(&v.s.h, "div", "id=\"map\"");
	put_places(&v);
	put_words(&v);
	put_bar(&v);
	r = put_picture(&v);
	html_close(&v.s.h, "div");
	html_open_class(&v.s.h, "div", "map-side");
	put_key(&v);
	if (!p->is_static)
		put_now(&v);
	html_close(&v.s.h, "div");
	html_close(&v.s.h, "div");
	put_numbers(&v);
	if (v.here)
		sheet_gaps(&v.s, v.here->gaps, v.here->n_gaps, "/api/v1/here");
	sheet_registry(&v.s, &registry);
	return r < 0 ? r : sheet_end(&v.s);
}
