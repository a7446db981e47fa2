/* Methods, canonical paths, the token, languages: what is settled before a handler is called. */
#include "web/server-parts.h"

#include <stdio.h>
#include <string.h>

#define LANGUAGE_COOKIE "berth-language"

static bool starts_german(const char *target)
{
	return strncasecmp(target, "/de", 3) == 0 &&
	       (!target[3] || target[3] == '/' || target[3] == '?');
}

/* The language that a reader without a prefix in the path wants. */
static enum page_language wanted_language(const struct server_request *request)
{
	size_t n = 0;
	const char *cookie = http_text_cookie(request->cookie, LANGUAGE_COOKIE, &n);

	if (cookie && n == 2 && memcmp(cookie, "de", 2) == 0)
		return PAGE_GERMAN;
	if (cookie && n == 2 && memcmp(cookie, "en", 2) == 0)
		return PAGE_ENGLISH;
	return http_text_prefers_german(request->accept_language) ? PAGE_GERMAN : PAGE_ENGLISH;
}

void server_guess_language(struct server_turn *t)
{
	t->match.language = starts_german(t->request->target) ? PAGE_GERMAN
							      : wanted_language(t->request);
	t->match.id = strncmp(t->request->target, "/api/", 5) == 0 ? ROUTE_API_FIND : ROUTE_PORTS;
}

static const char *allowed(const struct route *route)
{
	if (route->methods == ROUTE_POST)
		return "POST, OPTIONS";
	return route->methods & ROUTE_POST ? "GET, HEAD, POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

static struct response *check_method(struct server_turn *t)
{
	const struct route *route = &routes[t->match.id];
	struct response *r = NULL;
	bool is_there = false;

	switch (t->request->method) {
	case SERVER_METHOD_GET:
	case SERVER_METHOD_HEAD:
		is_there = route->methods & ROUTE_GET;
		break;
	case SERVER_METHOD_POST:
		is_there = route->methods & ROUTE_POST;
		break;
	case SERVER_METHOD_OPTIONS:
		r = response_new(204, NULL);
		if (r)
			response_add(r, "Allow", allowed(route));
		return r ? response_finish(r, RESPONSE_KEEP_NOTHING) : NULL;
	case SERVER_METHOD_OTHER:
		break;
	}
	if (is_there)
		return NULL;
	return server_error_because(t, 405, allowed(route));
}

/* A page with the query that was asked for, in the language of the turn. */
static struct response *redirect_here(struct server_turn *t, unsigned int status,
				      enum page_language language, bool has_query)
{
	struct str location = {0};
	struct response *r = NULL;

	route_path(&t->match, language, &location);
	if (has_query && t->n_query > 0) {
		str_append_char(&location, '?');
		str_append_bytes(&location, t->query, t->n_query);
	}
	if (!location.has_failed)
		r = server_redirect(status, str_text(&location));
	str_fini(&location);
	return r;
}

static bool is_canonical(const struct server_turn *t, size_t n_path)
{
	struct str path = {0};
	bool is_equal;

	route_path(&t->match, t->match.language, &path);
	is_equal = path.length == n_path &&
		   memcmp(str_text(&path), t->request->target, n_path) == 0;
	str_fini(&path);
	return is_equal;
}

static struct response *with_cookie(struct response *r, const char *cookie)
{
	if (r)
		response_add(r, "Set-Cookie", cookie);
	if (r && r->has_failed) {
		response_release(r);
		return NULL;
	}
	return r;
}

/* "?token=...": taken once and changed into a cookie, so that it stands in no address for long. */
static struct response *take_token(struct server_turn *t)
{
	char value[HTTP_TEXT_VALUE_MOST], name[GUARD_COOKIE_SIZE], cookie[256];
	int r = server_parameter(t, "token", value);

	if (r <= 0)
		return r < 0 ? server_error(t, 400) : NULL;
	if (!link_is_token(t->server->options.link, value, strlen(value)))
		return server_error(t, 403);
	snprintf(cookie, sizeof(cookie), "%s=%.*s; Path=/; HttpOnly; SameSite=Strict",
		 guard_cookie_name(t->request, name), ATLAS_TOKEN_SIZE, value);
	return with_cookie(redirect_here(t, 303, t->match.language, false), cookie);
}

/* What else is asked for comes along: "q=ssh" of "q=ssh&lang=de". False when out of memory. */
static bool drop_language(struct server_turn *t)
{
	struct str rest = {0};
	const char *end = t->query + t->n_query, *kept = NULL;

	for (const char *at = t->query; at < end;) {
		const char *next = memchr(at, '&', (size_t)(end - at));
		const size_t n = (size_t)((next ? next : end) - at);

		if (n > 0 && (n < 5 || memcmp(at, "lang=", 5) != 0)) {
			if (rest.length > 0)
				str_append_char(&rest, '&');
			str_append_bytes(&rest, at, n);
		}
		at += n + 1;
	}
	if (!rest.has_failed)
		kept = arena_strdup(t->arena, str_text(&rest));
	if (kept) {
		t->query = kept;
		t->n_query = rest.length;
	}
	str_fini(&rest);
	return kept != NULL;
}

/* "?lang=de": a reader's choice, kept in a cookie. */
static struct response *take_language(struct server_turn *t)
{
	char value[HTTP_TEXT_VALUE_MOST], cookie[96];
	int r = server_parameter(t, "lang", value);
	bool is_german = strcmp(value, "de") == 0;

	if (r <= 0)
		return r < 0 ? server_error(t, 400) : NULL;
	if (!is_german && strcmp(value, "en") != 0)
		return server_error(t, 400);
	if (!drop_language(t))
		return NULL;
	snprintf(cookie, sizeof(cookie),
		 LANGUAGE_COOKIE "=%s; Path=/; Max-Age=31536000; SameSite=Lax",
		 is_german ? "de" : "en");
	return with_cookie(redirect_here(t, 303, is_german ? PAGE_GERMAN : PAGE_ENGLISH, true),
			   cookie);
}

static struct response *check_page(struct server_turn *t)
{
	struct response *r = take_token(t);

	if (!r)
		r = take_language(t);
	if (r || t->match.language == PAGE_GERMAN ||
	    wanted_language(t->request) == PAGE_ENGLISH)
		return r;
	r = redirect_here(t, 302, PAGE_GERMAN, true);
	if (r)
		response_add(r, "Vary", "Cookie, Accept-Language");
	return r;
}

struct response *server_check(struct server_turn *t, size_t n_path)
{
	bool is_post = t->request->method == SERVER_METHOD_POST;
	struct str path = {0};
	struct response *r = check_method(t);

	if (r)
		return r;
	route_plain_path(&t->match, &path);
	t->path = arena_strdup(t->arena, str_text(&path));
	str_fini(&path);
	if (!t->path)
		return server_error(t, 503);
	if (!is_canonical(t, n_path))
		return redirect_here(t, is_post ? 308 : 301, t->match.language, true);
	if (is_post && !guard_may_change(&t->server->guard, t->request))
		return server_error(t, 403);
	return !is_post && routes[t->match.id].kind == ROUTE_PAGE ? check_page(t) : NULL;
}
