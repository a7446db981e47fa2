/* Pages, errors and redirects: what every kind of answer is wrapped in. */
#include "web/server-parts.h"

#include "render/writer.h"

#include <string.h>

int server_parameter(const struct server_turn *t, const char *key, char *out)
{
	return http_text_value(t->query, t->n_query, key, out);
}

bool server_is_program(const struct server_turn *t)
{
	return strncmp(routes[t->match.id].path, "/api/", 5) == 0 ||
	       http_text_wants_json(t->request->accept);
}

struct response *server_redirect(unsigned int status, const char *location)
{
	struct response *r = response_new(status, NULL);

	if (!r)
		return NULL;
	response_add(r, "Location", location);
	return response_finish(r, RESPONSE_KEEP_NOTHING);
}

struct response *server_finish(struct server_turn *t, struct response *r)
{
	bool is_full = t->visit->sight == PAGE_SIGHT_FULL;

	if (routes[t->match.id].kind == ROUTE_DATA)
		response_add(r, "Vary", "Cookie, Authorization");
	else
		response_add(r, "Vary", "Cookie, Authorization, Accept-Language");
	if (r->status >= 400)
		return response_finish(r, RESPONSE_KEEP_NOTHING);
	return response_finish(r, is_full ? RESPONSE_KEEP_OWN : RESPONSE_KEEP_CHECKED);
}

static struct page page_of(struct server_turn *t, struct response *r)
{
	return (struct page){
		.language = t->match.language,
		.sight = t->visit->sight,
		.may_change = t->visit->is_trusted,
		.path = t->path,
		.from = t->from,
		.arena = t->arena,
		.out = &r->body,
	};
}

static struct response *new_page(struct server_turn *t, unsigned int status)
{
	struct response *r = response_new(status, "text/html; charset=utf-8");

	if (r)
		response_add(r, "Content-Language", t->match.language == PAGE_GERMAN ? "de" : "en");
	return r;
}

/* A number of a query, from 1; 1 where there is none. */
static unsigned int read_count(const struct server_turn *t, const char *key)
{
	char value[HTTP_TEXT_VALUE_MOST];
	uint64_t n;

	if (server_parameter(t, key, value) <= 0 ||
	    str_parse_u64(value, strlen(value), 1000000, &n) < 0)
		return 1;
	return n > 0 ? (unsigned int)n : 1;
}

/* A text of a query that lives as long as the turn; NULL = it is not there. */
static const char *read_text(const struct server_turn *t, const char *key)
{
	char value[HTTP_TEXT_VALUE_MOST];

	return server_parameter(t, key, value) > 0 ? arena_strdup(t->arena, value) : NULL;
}

/* What of its lists is asked for. */
static struct page_wish read_wish(const struct server_turn *t)
{
	const char *port = read_text(t, "port");
	struct page_wish wish = {
		.words = read_text(t, "q"),
		.sort = read_text(t, "sort"),
		.page = read_count(t, "page"),
		.conflicts = read_count(t, "conflicts"),
	};

	wish.has_port = port && http_text_port(port, &wish.port) == 0;
	return wish;
}

/* A page whose function needs nothing but itself. */
static struct response *make_page(struct server_turn *t, int (*write)(const struct page *p))
{
	struct response *r = new_page(t, 200);
	const struct page_wish wish = read_wish(t);
	struct page page;

	if (!r)
		return NULL;
	page = page_of(t, r);
	page.wish = &wish;
	if (write(&page) < 0) {
		response_release(r);
		return NULL;
	}
	return server_finish(t, r);
}

static struct response *make_port_page(struct server_turn *t,
				       int (*write)(const struct page *p, uint16_t port))
{
	struct response *r = new_page(t, 200);
	uint32_t faces[3];
	struct page page;

	if (!r)
		return NULL;
	link_faces(t->server->options.link, t->match.port, faces);
	page = page_of(t, r);
	page.faces = faces;
	if (write(&page, t->match.port) < 0) {
		response_release(r);
		return NULL;
	}
	return server_finish(t, r);
}

struct response *server_map(struct server_turn *t)
{
	return make_page(t, page_map);
}

struct response *server_port(struct server_turn *t)
{
	return make_port_page(t, page_port);
}

struct response *server_port_live(struct server_turn *t)
{
	return make_port_page(t, page_port_live);
}

struct response *server_ranges(struct server_turn *t)
{
	return make_page(t, page_ranges);
}

struct response *server_here(struct server_turn *t)
{
	return make_page(t, page_here);
}

struct response *server_here_rows(struct server_turn *t)
{
	return make_page(t, page_here_rows);
}

struct response *server_claims_page(struct server_turn *t)
{
	return make_page(t, page_claims);
}

struct response *server_service(struct server_turn *t)
{
	struct response *r = new_page(t, 200);
	const struct page_wish wish = read_wish(t);
	struct page page;
	int found;

	if (!r)
		return NULL;
	page = page_of(t, r);
	page.wish = &wish;
	found = page_service(&page, t->match.word);
	if (found < 0) {
		response_release(r);
		return NULL;
	}
	r->status = found > 0 ? 404 : 200;
	return server_finish(t, r);
}

struct response *server_search(struct server_turn *t)
{
	const struct page_wish wish = read_wish(t);
	char words[HTTP_TEXT_VALUE_MOST];
	struct response *r;
	struct page page;

	if (server_parameter(t, "q", words) < 0)
		return server_error(t, 400);
	r = new_page(t, 200);
	if (!r)
		return NULL;
	page = page_of(t, r);
	page.wish = &wish;
	if (page_search(&page, words) < 0) {
		response_release(r);
		return NULL;
	}
	return server_finish(t, r);
}

struct response *server_ports(struct server_turn *t)
{
	return server_redirect(301, t->match.language == PAGE_GERMAN ? "/de/" : "/");
}

/* Sources for a page that shows nothing of this machine. */
static const struct answer_sources *nothing_seen(struct server_turn *t)
{
	struct answer_sources *from = arena_alloc(t->arena, sizeof(*from));
	struct live_snapshot *live = arena_alloc(t->arena, sizeof(*live));

	if (!from || !live)
		return NULL;
	live->at = LIVE_TIME_NONE;
	from->registry = t->server->options.registry;
	from->live = live;
	from->today = "";
	return answer_index(from, t->arena) ? from : NULL;
}

static const char *error_words(unsigned int status)
{
	static const struct {
		unsigned int status;
		const char *words;
	} all[] = {
		{400, "the request is malformed"},
		{403, "this needs the token that berth serve printed"},
		{404, "there is nothing of that name"},
		{405, "this method is not for this path"},
		{409, "somebody has it already"},
		{413, "the request is too long"},
		{429, "too many at one time; try again"},
		{500, "the server has failed"},
		{503, "the collector does not answer; try again"},
	};

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		if (all[i].status == status)
			return all[i].words;
	}
	return "the request cannot be answered";
}

static void write_json_error(unsigned int status, const char *message, struct str *out)
{
	struct writer_json json;
	struct writer *w = &json.base;

	writer_json_init(&json, out, false);
	w->ops->begin_object(w);
	w->ops->key(w, "schema");
	w->ops->text(w, "berth.error/1");
	w->ops->key(w, "status");
	w->ops->number(w, status);
	w->ops->key(w, "message");
	w->ops->text(w, message);
	w->ops->end_object(w);
	str_append_char(out, '\n');
}

struct response *server_error_because(struct server_turn *t, unsigned int status,
				      const char *message)
{
	bool is_program = server_is_program(t);
	struct response *r = is_program ? response_new(status, "application/json")
					: new_page(t, status);
	struct page page;

	if (!r)
		return NULL;
	if (status == 405)
		response_add(r, "Allow", message);
	if (status == 503 || status == 429)
		response_add(r, "Retry-After", "1");
	if (is_program) {
		write_json_error(status, message && status != 405 ? message : error_words(status),
				 &r->body);
		return server_finish(t, r);
	}
	page = page_of(t, r);
	page.from = nothing_seen(t);
	page.message = status == 405 ? NULL : message;
	if (!page.from || page_error(&page, status) < 0) {
		response_release(r);
		return NULL;
	}
	return server_finish(t, r);
}

struct response *server_error(struct server_turn *t, unsigned int status)
{
	return server_error_because(t, status, NULL);
}
