#include "web/guard.h"

#include "query/address.h"
#include "web/http-text.h"

#include <stdio.h>
#include <string.h>

static bool is_port_ours(const struct server_request *request, const struct http_text_host *host)
{
	if (request->is_unix)
		return true;
	return (host->has_port ? host->port : 80) == request->listen_port;
}

/* Names that nobody can make lead here. */
static bool is_own_name(const struct server_request *request, const struct http_text_host *host)
{
	static const char below[] = ".localhost";
	size_t n = strlen(host->name);
	struct address address, local;

	if (address_parse(host->name, &address) == 0) {
		address = address_unmapped(&address);
		if (request->local)
			local = address_unmapped(request->local);
		return address_is_loopback(&address) ||
		       (request->local && address_is_equal(&address, &local));
	}
	return strcmp(host->name, "localhost") == 0 ||
	       (n > sizeof(below) - 1 && strcmp(host->name + n - (sizeof(below) - 1), below) == 0);
}

/* A name that was given: without a port it is good with any. */
static bool is_given(const struct guard *g, const struct http_text_host *host)
{
	for (const char *const *name = g->hosts; name && *name; name++) {
		struct http_text_host given;

		if (http_text_host_parse(*name, strlen(*name), &given) == 0 &&
		    strcmp(given.name, host->name) == 0 &&
		    (!given.has_port || given.port == (host->has_port ? host->port : 80)))
			return true;
	}
	return false;
}

enum guard_verdict guard_host(const struct guard *g, const struct server_request *request)
{
	struct http_text_host host;

	if (!request->host || request->is_ambiguous ||
	    http_text_host_parse(request->host, strlen(request->host), &host) < 0)
		return GUARD_NO_HOST;
	if (is_given(g, &host) || (is_own_name(request, &host) && is_port_ours(request, &host)))
		return GUARD_FINE;
	return GUARD_WRONG_HOST;
}

char *guard_cookie_name(const struct server_request *request, char *name)
{
	snprintf(name, GUARD_COOKIE_SIZE, "berth-token-%u", request->listen_port);
	return name;
}

static bool has_cookie(const struct guard *g, const struct server_request *request)
{
	char name[GUARD_COOKIE_SIZE];
	size_t n = 0;
	const char *value =
		http_text_cookie(request->cookie, guard_cookie_name(request, name), &n);

	return value && link_is_token(g->link, value, n);
}

static bool has_bearer(const struct guard *g, const struct server_request *request)
{
	const char *value = request->authorization;

	if (!value || strncasecmp(value, "Bearer ", 7) != 0)
		return false;
	value += 7 + strspn(value + 7, " ");
	return link_is_token(g->link, value, strlen(value));
}

static bool is_peer_trusted(const struct guard *g, const struct server_request *request)
{
	return request->is_unix && request->has_peer &&
	       (request->peer_uid == 0 || request->peer_uid == g->uid);
}

bool guard_is_trusted(const struct guard *g, const struct server_request *request)
{
	return is_peer_trusted(g, request) || has_bearer(g, request) || has_cookie(g, request);
}

enum page_sight guard_sight(const struct guard *g, const struct server_request *request)
{
	return link_is_replay(g->link) || guard_is_trusted(g, request) ? PAGE_SIGHT_FULL
								       : PAGE_SIGHT_PUBLIC;
}

/* The page that sent it is one of ours: its origin is what this request calls us. */
static bool is_origin_ours(const struct server_request *request)
{
	struct http_text_host origin, host;

	if (http_text_origin_parse(request->origin, &origin) < 0 ||
	    http_text_host_parse(request->host, strlen(request->host), &host) < 0 ||
	    strcmp(origin.name, host.name) != 0)
		return false;
	if (host.has_port)
		return origin.port == host.port;
	return origin.port == 80 || origin.port == 443;
}

bool guard_may_change(const struct guard *g, const struct server_request *request)
{
	bool is_foreign = request->fetch_site && strcmp(request->fetch_site, "same-origin") != 0;

	if (is_foreign || (request->origin && !is_origin_ours(request)))
		return false;
	if (is_peer_trusted(g, request) || has_bearer(g, request))
		return true;
	return has_cookie(g, request) && (request->origin || request->fetch_site);
}
