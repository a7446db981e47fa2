/* What is no page: assets, the map's data, events, and a few words for machines. */
#include "web/server-parts.h"

#include "web/assets.h"
#include "render/map.h"
#include "web/events.h"
#include "web/metrics.h"
#include "web/page-map.h"

#include <stdio.h>
#include <string.h>

static struct response *give_asset(struct server_turn *t, const char *name)
{
	const struct asset *asset = assets_find(name);
	char version[HTTP_TEXT_VALUE_MOST];
	struct response *r;
	bool is_this;

	if (!asset)
		return server_error(t, 404);
	is_this = server_parameter(t, "v", version) > 0 && strcmp(version, asset->version) == 0;
	r = response_new(200, asset->type);
	if (!r)
		return NULL;
	r->constant = asset->bytes;
	r->n_constant = asset->n;
	snprintf(r->tag, sizeof(r->tag), "%s", asset->etag);
	return response_finish(r, is_this ? RESPONSE_KEEP_LONG : RESPONSE_KEEP_CHECKED);
}

struct response *server_asset(struct server_turn *t)
{
	return give_asset(t, t->match.word);
}

struct response *server_favicon(struct server_turn *t)
{
	return give_asset(t, "favicon.svg");
}

static struct map *fill_map(struct server_turn *t)
{
	struct map *map = arena_alloc(t->arena, sizeof(*map));

	return map && map_fill(t->from, t->arena, map) == 0 ? map : NULL;
}

/* An answer that is `type`, finished when `r` says that it could be written. */
static struct response *finish_written(struct server_turn *t, struct response *response, int r)
{
	if (r == 0)
		return server_finish(t, response);
	response_release(response);
	return NULL;
}

struct response *server_map_cells(struct server_turn *t)
{
	struct response *r = response_new(200, "application/json");
	const struct map *map = r ? fill_map(t) : NULL;

	return r ? finish_written(t, r, map ? map_write_layers(map, &r->body) : -1) : NULL;
}

/* "13.json" */
static bool read_row(const char *word, uint16_t *row)
{
	char number[4];
	size_t n = strspn(word, "0123456789");

	if (n == 0 || n >= sizeof(number) || strcmp(word + n, ".json") != 0 ||
	    (word[0] == '0' && n > 1))
		return false;
	memcpy(number, word, n);
	number[n] = '\0';
	return http_text_port(number, row) == 0 && *row < MAP_SIDE;
}

struct response *server_map_row(struct server_turn *t)
{
	struct response *r;
	const struct map *map;
	uint16_t row;

	if (!read_row(t->match.word, &row))
		return server_error(t, 404);
	r = response_new(200, "application/json");
	map = r ? fill_map(t) : NULL;
	return r ? finish_written(t, r,
				  map ? map_write_row(t->from, map, row, t->arena, &r->body) : -1)
		 : NULL;
}

/* "names as of 2026-08-17", to stand below the picture. */
static int write_picture(struct server_turn *t, struct str *out)
{
	const struct answer_registry registry = answer_registry(t->from->registry);
	const struct map *map = fill_map(t);
	const char *footer = arena_printf(t->arena, "IANA, %s", registry.names_as_of);
	struct map_words words;
	const struct map_svg svg = {.map = map, .words = &words, .is_alone = true};

	if (!map || !footer)
		return -1;
	page_map_words(PAGE_ENGLISH, footer, &words);
	return map_write_svg(&svg, out);
}

struct response *server_map_picture(struct server_turn *t)
{
	struct response *r = response_new(200, "image/svg+xml");

	if (r) /* a picture that stands alone has its style inside */
		response_add(r, "Content-Security-Policy",
			     "default-src 'none'; style-src 'unsafe-inline'; "
			     "frame-ancestors 'none'");
	return r ? finish_written(t, r, write_picture(t, &r->body)) : NULL;
}

struct response *server_events(struct server_turn *t)
{
	struct response *r = response_new(200, "text/event-stream; charset=utf-8");

	if (!r)
		return NULL;
	response_add(r, "X-Accel-Buffering", "no");
	t->streams = t->request->method == SERVER_METHOD_GET;
	return response_finish(r, RESPONSE_KEEP_NOTHING);
}

static struct response *say(const char *type, const char *text)
{
	struct response *r = response_new(200, type);

	if (!r)
		return NULL;
	str_append(&r->body, text);
	return response_finish(r, RESPONSE_KEEP_CHECKED);
}

struct response *server_robots(struct server_turn *t)
{
	(void)t;
	return say("text/plain; charset=utf-8", "User-agent: *\nDisallow: /\n");
}

struct response *server_health(struct server_turn *t)
{
	(void)t;
	return say("text/plain; charset=utf-8", "ok\n");
}

struct response *server_metrics(struct server_turn *t)
{
	struct response *r = response_new(
		200, "application/openmetrics-text; version=1.0.0; charset=utf-8");
	const struct metrics_state state = {
		.from = t->from,
		.counts = &t->server->counts,
		.n_streams = events_n_readers(t->server->options.events),
		.version = t->server->options.version,
	};

	return r ? finish_written(t, r, metrics_write(&state, t->arena, &r->body)) : NULL;
}
