#include "helpers/atlas-page.h"

#include "ledger/claims.h"
#include "ledger/claims-file.h"
#include "live/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool read_claims(const char *text, struct claims *out, struct arena *arena)
{
	struct claims_reader reader;
	struct claims_line line;

	claims_init(out, arena);
	claims_reader_init(&reader, text, strlen(text), arena);
	while (claims_reader_next(&reader, &line)) {
		if (line.kind != CLAIMS_LINE_CLAIM)
			continue;
		line.claim.source = "ports.claims";
		if (!claims_add(out, &line.claim))
			return false;
	}
	return claims_finish(out);
}

static bool is_path(const struct atlas_page *asked, const char *path)
{
	return strcmp(asked->what, path) == 0;
}

static int make_port(const struct page *p, const char *rest)
{
	const size_t digits = strspn(rest, "0123456789");
	uint64_t port;

	if (str_parse_u64(rest, digits, UINT16_MAX, &port) < 0)
		return -ENOENT;
	if (strcmp(rest + digits, "/live") == 0)
		return page_port_live(p, (uint16_t)port);
	return rest[digits] ? -ENOENT : page_port(p, (uint16_t)port);
}

static int make(const struct atlas_page *asked, const struct page *p)
{
	const char *what = asked->what;

	if (str_starts_with(what, "/ports/"))
		return make_port(p, what + strlen("/ports/"));
	if (str_starts_with(what, "/services/"))
		return page_service(p, what + strlen("/services/"));
	if (str_starts_with(what, "/search"))
		return page_search(p, what[7] ? what + 8 : "");
	if (str_starts_with(what, "/error/"))
		return page_error(p, what[7] == '4' && what[9] == '4' ? 404 : 500);
	if (is_path(asked, "/"))
		return page_map(p);
	if (is_path(asked, "/here"))
		return page_here(p);
	if (is_path(asked, "/here/rows"))
		return page_here_rows(p);
	if (is_path(asked, "/claims"))
		return page_claims(p);
	if (is_path(asked, "/ranges"))
		return page_ranges(p);
	return -ENOENT;
}

/* What the snapshot of such a page covers. */
static struct live_request request_for(const struct atlas_page *asked)
{
	struct live_request request = live_request_default();
	uint64_t port;

	request.want = LIVE_WANT_LISTENERS;
	if (!str_starts_with(asked->what, "/ports/"))
		return request;
	request.want |= LIVE_WANT_HOLDERS | LIVE_WANT_CONNECTIONS;
	if (str_parse_u64(asked->what + 7, strspn(asked->what + 7, "0123456789"), UINT16_MAX,
			  &port) == 0)
		request.first_port = request.last_port = (uint16_t)port;
	return request;
}

static int look(const struct atlas_page *asked, struct live_snapshot *out, struct arena *arena)
{
	const struct live_request request = request_for(asked);
	char error[RECORDING_ERROR_SIZE];
	struct recording recording;
	int r;

	*out = (struct live_snapshot){.at = LIVE_TIME_NONE};
	if (!asked->world)
		return 0;
	r = recording_read(asked->world, asked->n_world, "world", arena, &recording, error);
	return r < 0 ? r : recording_select(&recording, &request, arena, out);
}

int atlas_page_make(const struct atlas_page *asked, struct str *out)
{
	struct live_snapshot live;
	struct claims claims;
	struct arena arena;
	struct answer_sources from = {.registry = asked->registry, .live = &live,
				      .today = "2026-08-17",
				      .saw_all_holders = asked->world != NULL};
	struct page p = {.language = asked->language,
			 .sight = asked->is_full ? PAGE_SIGHT_FULL : PAGE_SIGHT_PUBLIC,
			 .may_change = asked->is_full, .is_static = asked->is_static,
			 .path = asked->what, .from = &from,
			 .faces = asked->faces, .wish = asked->wish, .arena = &arena, .out = out};
	int r;

	arena_init(&arena);
	r = look(asked, &live, &arena);
	if (r == 0 && asked->claims) {
		r = read_claims(asked->claims, &claims, &arena) ? 0 : -ENOMEM;
		from.claims = &claims;
	}
	if (r == 0)
		r = answer_index(&from, &arena) ? make(asked, &p) : -ENOMEM;
	arena_fini(&arena);
	return r;
}
