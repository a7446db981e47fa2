/*
 * The HTTP front without sockets: a request as text, of which the server sees the pieces.
 *
 *     GET /ports/80?lang=de          method and target, on the first line; a blank between
 *     host: localhost:8080           headers, a line each; what is not known is passed over
 *     !late !none !unix !peer        how the link answers; who asks
 *                                    an empty line, then the body
 */
#include "helpers/fake-link.h"
#include "helpers/tiny-registry.h"
#include "web/events.h"
#include "web/http-text.h"
#include "web/route.h"
#include "web/server.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { PORT = 8080, PEER_UID = 4321 };

static const char world[] =
	"berth-world 1\n"
	"at 2026-08-17T09:30:00Z\n"
	"namespace 4026531840 here\n"
	"process 812 program=<b>&\"' path=/usr/sbin/sshd uid=0 user=root\n"
	"socket tcp listener 0.0.0.0:80 queue=9/8 inode=20411 cookie=5 owners=812:3\n"
	"published tcp 8081 by=nftables to=10.0.0.2 ports=80\n"
	"gap what=owner where=tcp\\s0.0.0.0:80 why=permission\\sdenied\n";

/* Made once; the server keeps answers between requests, as it does for strangers. */
static struct {
	struct str image;
	struct registry registry;
	struct link *link;
	struct events *events;
	struct server *server;
} all;

static void set_up(void)
{
	static const char *const hosts[] = {"ports.example.org", NULL};
	const char *reason;

	tiny_registry_make(&all.image);
	if (registry_open_memory(&all.registry, all.image.bytes, all.image.length, true,
				 &reason) < 0)
		abort();
	all.link = fake_link_new(&all.registry, world);
	all.events = events_new(all.link, 4);
	all.server = server_new(&(struct server_options){.link = all.link,
							 .events = all.events,
							 .registry = &all.registry,
							 .hosts = hosts,
							 .version = "1"});
	if (!all.events || !all.server)
		abort();
}

static void wake(struct server_visit *visit)
{
	(void)visit;
}

static enum server_method method_of(const char *word)
{
	static const char *const words[] = {"GET", "HEAD", "POST", "OPTIONS"};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(word, words[i]) == 0)
			return (enum server_method)i;
	}
	return SERVER_METHOD_OTHER;
}

static void take_header(char *line, struct server_request *request)
{
	char *value = strstr(line, ": ");
	const struct {
		const char *name;
		const char **member;
	} known[] = {
		{"host", &request->host},
		{"origin", &request->origin},
		{"sec-fetch-site", &request->fetch_site},
		{"cookie", &request->cookie},
		{"authorization", &request->authorization},
		{"accept", &request->accept},
		{"accept-language", &request->accept_language},
		{"if-none-match", &request->if_none_match},
		{"content-type", &request->content_type},
		{"last-event-id", &request->last_event_id},
	};

	request->is_unix = request->is_unix || strcmp(line, "!unix") == 0;
	if (strcmp(line, "!peer") == 0) {
		request->has_peer = true;
		request->peer_uid = PEER_UID;
	}
	if (!value)
		return;
	*value = '\0';
	for (size_t i = 0; i < N_ELEMENTS(known); i++) {
		if (strcmp(line, known[i].name) == 0)
			*known[i].member = value + 2;
	}
}

static void check_headers(const struct response *r)
{
	const char *location = response_header(r, "Location");

	for (size_t i = 0; i < r->n_headers; i++) {
		for (const char *c = r->headers[i].value; *c; c++) {
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				abort();
		}
	}
	/* Nobody is ever sent to another host. */
	if (location && (location[0] != '/' || location[1] == '/' || location[1] == '\\'))
		abort();
	if ((r->status >= 301 && r->status <= 308 && r->status != 304) != (location != NULL))
		abort();
}

/* What only the token gives, only the token gives. */
static void check_rights(const struct server_request *request, const struct response *r,
			 bool has_token)
{
	const char *keep = response_header(r, "Cache-Control");
	bool is_change = request->method == SERVER_METHOD_POST && r->status < 400 &&
			 r->status != 301 && r->status != 308;

	if (!keep || (!has_token && (strstr(keep, "private") || is_change)))
		abort();
	if (!has_token && response_header(r, "Set-Cookie") &&
	    strstr(response_header(r, "Set-Cookie"), "token"))
		abort();
	if (r->status == 200 && r->has_failed)
		abort();
}

static void visit(struct server_visit *v, bool has_token, bool has_view)
{
	struct response *r = NULL;
	enum server_step step = server_visit(all.server, v, &r);

	if (step == SERVER_WAITS) {
		if (r || (fake_link_arrive(all.link, has_view) == 0 &&
			  !fake_link_settle(all.link, LEDGER_COLLIDES, "taken")))
			abort();
		step = server_visit(all.server, v, &r);
	}
	if (step == SERVER_WAITS || !r || r->status < 200 || r->status > 503)
		abort();
	check_headers(r);
	check_rights(&v->request, r, has_token);
	server_leave(v);
	response_release(r);
}

static void check_parsers(const char *text)
{
	char value[HTTP_TEXT_VALUE_MOST];
	struct http_text_host host;
	struct route_match match;
	struct str path = {0};
	size_t n;

	(void)http_text_prefers_german(text);
	(void)http_text_has_tag(text, "\"0123456789abcdef\"");
	(void)http_text_cookie(text, "t", &n);
	if (http_text_value(text, strlen(text), "q", value) > 0 &&
	    strlen(value) >= HTTP_TEXT_VALUE_MOST)
		abort();
	if (http_text_origin_parse(text, &host) == 0 && !host.name[0])
		abort();
	if (route_find(text, strlen(text), &match) == 0) {
		/* The right way to write a path is found, and is its own right way. */
		struct route_match again;
		struct str once = {0};

		route_path(&match, match.language, &path);
		if (route_find(str_text(&path), path.length, &again) < 0 || again.id != match.id)
			abort();
		route_path(&again, again.language, &once);
		if (strcmp(str_text(&path), str_text(&once)) != 0)
			abort();
		str_fini(&once);
	}
	str_fini(&path);
}

static void ask(char *text, size_t n)
{
	struct server_visit v = {.request = {.listen_port = PORT, .host = "localhost:8080"},
				 .wake = wake};
	bool has_token = memmem(text, n, fake_link_token, ATLAS_TOKEN_SIZE) != NULL;
	bool is_late = strstr(text, "!late") || strstr(text, "!none");
	char *line, *rest = text, *end = text + n;
	bool has_view = !strstr(text, "!none");

	line = strsep(&rest, "\n");
	v.request.target = strchr(line, ' ') ? strchr(line, ' ') + 1 : "";
	line[strcspn(line, " ")] = '\0';
	v.request.method = method_of(line);
	check_parsers(v.request.target);
	while ((line = strsep(&rest, "\n")) != NULL && *line)
		take_header(line, &v.request);
	if (v.request.method == SERVER_METHOD_POST) {
		v.request.body = rest ? rest : "";
		v.request.n_body = rest ? (size_t)(end - rest) : 0;
		if (v.request.n_body > SERVER_BODY_MOST)
			v.request.n_body = SERVER_BODY_MOST;
	}
	fake_link_set(all.link, is_late ? FAKE_LINK_LATE : FAKE_LINK_READY);
	visit(&v, has_token, has_view);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = malloc(n + 1);

	if (!text)
		return 0;
	if (!all.server)
		set_up();
	if (n > 0)
		memcpy(text, bytes, n);
	text[n] = '\0';
	ask(text, n);
	free(text);
	return 0;
}
