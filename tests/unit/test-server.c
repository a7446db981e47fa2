/* Requests and their answers, without a socket: routes, languages, hosts, tokens, waiting. */
#include "web/events.h"
#include "helpers/fake-link.h"
#include "web/server.h"

#include "helpers/tiny-registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PORT = 8080 };

static const char world[] =
	"berth-world 1\n"
	"at 2026-08-17T09:30:00Z\n"
	"rules ephemeral=32768-60999 unprivileged=1024\n"
	"namespace 4026531840 here\n"
	"process 812 program=sshd path=/usr/sbin/sshd uid=0 user=root\n"
	"socket tcp listener 0.0.0.0:22 queue=0/128 inode=20411 cookie=5 owners=812:3\n";

static const char busier_world[] =
	"berth-world 1\n"
	"at 2026-08-17T09:30:05Z\n"
	"rules ephemeral=32768-60999 unprivileged=1024\n"
	"namespace 4026531840 here\n"
	"process 812 program=sshd path=/usr/sbin/sshd uid=0 user=root\n"
	"process 900 program=\"><script> path=/tmp/x uid=0 user=root\n"
	"socket tcp listener 0.0.0.0:22 queue=0/128 inode=20411 cookie=5 owners=812:3\n"
	"socket tcp listener 127.0.0.1:3476 queue=9/8 inode=20412 cookie=6 owners=900:3\n";

struct stage {
	struct str image;
	struct registry registry;
	struct link *link;
	struct events *events;
	struct server *server;
	int n_woken;
};

static struct stage stage;

static int set_up(void **state)
{
	static const char *const hosts[] = {"ports.example.org", "alias.example.org:8443", NULL};
	struct server_options options = {.registry = &stage.registry, .hosts = hosts,
					 .version = "1.2\"3"};
	const char *reason;

	(void)state;
	stage = (struct stage){.n_woken = 0};
	tiny_registry_make(&stage.image);
	if (registry_open_memory(&stage.registry, stage.image.bytes, stage.image.length, true,
				 &reason) < 0)
		return -1;
	stage.link = fake_link_new(&stage.registry, world);
	stage.events = events_new(stage.link, 2);
	options.link = stage.link;
	options.events = stage.events;
	stage.server = server_new(&options);
	return stage.server ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	server_free(stage.server);
	events_free(stage.events);
	assert_int_equal(fake_link_n_views(stage.link), 0);
	fake_link_free(stage.link);
	registry_close(&stage.registry);
	str_fini(&stage.image);
	return 0;
}

static void wake(struct server_visit *visit)
{
	(void)visit;
	stage.n_woken++;
}

static struct server_visit visit_of(enum server_method method, const char *target)
{
	return (struct server_visit){.request = {.method = method, .target = target,
						 .host = "localhost:8080", .listen_port = PORT},
				     .wake = wake};
}

/* Ask, and get the answer, which must not wait. */
static struct response *get(struct server_visit *visit)
{
	struct response *r = NULL;

	assert_int_equal(server_visit(stage.server, visit, &r), SERVER_ANSWERS);
	assert_non_null(r);
	server_leave(visit);
	return r;
}

static unsigned int status_of(struct server_visit visit)
{
	struct response *r = get(&visit);
	unsigned int status = r->status;

	response_release(r);
	return status;
}

static void answers_routes(void **state)
{
	static const struct {
		const char *target;
		unsigned int status;
		const char *location; /* of a redirect */
	} rows[] = {
		{"/", 200, NULL},
		{"/de/", 200, NULL},
		{"/de", 301, "/de/"},
		{"/ports", 301, "/"},
		{"/PORTS", 301, "/ports"},
		{"/ports/3476", 200, NULL},
		{"/de/ports/3476", 200, NULL},
		{"/DE/ports/3476", 301, "/de/ports/3476"},
		{"/ports/0", 200, NULL},
		{"/ports/65535", 200, NULL},
		{"/ports/65536", 404, NULL},
		{"/ports/080", 301, "/ports/80"},
		{"/ports/080?x=1", 301, "/ports/80?x=1"},
		{"/ports/3476/", 301, "/ports/3476"},
		{"/Ports/%33476", 301, "/ports/3476"},
		{"/ports/3476/live", 200, NULL},
		{"/de/ports/3476/live", 200, NULL},
		{"/ports/3476/face", 405, NULL},
		{"/ports/-1", 404, NULL},
		{"/ports/3476/x", 404, NULL},
		{"//evil.example/", 404, NULL},
		{"/%2f%2fevil.example", 404, NULL},
		{"/ports/%", 400, NULL},
		{"/ports/%00", 400, NULL},
		{"", 400, NULL},
		{"*", 400, NULL},
		{"http://localhost/", 400, NULL},
		{"/services/http", 200, NULL},
		{"/services/no-such-thing", 404, NULL},
		{"/services/%3Cscript%3E", 404, NULL},
		{"/services/%3cscript%3e", 301, "/services/%3Cscript%3E"},
		{"/services/", 404, NULL},
		{"/search", 200, NULL},
		{"/search?q=ssh", 200, NULL},
		{"/search?q=%3Cscript%3E", 200, NULL},
		{"/search?q=%", 400, NULL},
		{"/search?q=1&q=2", 400, NULL},
		{"/ranges", 200, NULL},
		{"/here", 200, NULL},
		{"/here/rows", 200, NULL},
		{"/claims", 200, NULL},
		{"/map.json", 200, NULL},
		{"/map/row/0.json", 200, NULL},
		{"/map/row/255.json", 200, NULL},
		{"/map/row/256.json", 404, NULL},
		{"/map/row/00.json", 404, NULL},
		{"/map/row/1", 404, NULL},
		{"/map.svg", 200, NULL},
		{"/assets/favicon.svg", 200, NULL},
		{"/assets/..%2Fpage.c", 404, NULL},
		{"/assets/../page.c", 404, NULL},
		{"/favicon.ico", 200, NULL},
		{"/api/v1/ports/22", 200, NULL},
		{"/api/v1/ports/65536", 404, NULL},
		{"/api/v1/here", 200, NULL},
		{"/api/v1/find?q=ssh", 200, NULL},
		{"/api/v1/find", 400, NULL},
		{"/de/api/v1/here", 404, NULL},
		{"/metrics", 200, NULL},
		{"/robots.txt", 200, NULL},
		{"/healthz", 200, NULL},
		{"/no", 404, NULL},
		{"/a/b/c/d/e/f/g/h", 404, NULL},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct server_visit visit = visit_of(SERVER_METHOD_GET, rows[i].target);
		struct response *r = get(&visit);

		if (r->status != rows[i].status)
			fail_msg("%s: %u", rows[i].target, r->status);
		if (rows[i].location) {
			assert_non_null(response_header(r, "Location"));
			assert_string_equal(response_header(r, "Location"), rows[i].location);
		}
		response_release(r);
	}
}

static void knows_methods(void **state)
{
	static const struct {
		enum server_method method;
		const char *target;
		unsigned int status;
		const char *allow;
	} rows[] = {
		{SERVER_METHOD_HEAD, "/ports/22", 200, NULL},
		{SERVER_METHOD_OPTIONS, "/ports/22", 204, "GET, HEAD, OPTIONS"},
		{SERVER_METHOD_OPTIONS, "/claims", 204, "GET, HEAD, POST, OPTIONS"},
		{SERVER_METHOD_OPTIONS, "/ports/22/face", 204, "POST, OPTIONS"},
		{SERVER_METHOD_POST, "/ports/22", 405, "GET, HEAD, OPTIONS"},
		{SERVER_METHOD_OTHER, "/ports/22", 405, "GET, HEAD, OPTIONS"},
		{SERVER_METHOD_GET, "/ports/22/face", 405, "POST, OPTIONS"},
		{SERVER_METHOD_OTHER, "/api/v1/here", 405, "GET, HEAD, OPTIONS"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct server_visit visit = visit_of(rows[i].method, rows[i].target);
		struct response *r = get(&visit);

		assert_int_equal(r->status, rows[i].status);
		if (rows[i].allow)
			assert_string_equal(response_header(r, "Allow"), rows[i].allow);
		response_release(r);
	}
}

static void chooses_languages(void **state)
{
	static const struct {
		const char *target, *cookie, *accept;
		unsigned int status;
		const char *location, *language;
	} rows[] = {
		{"/ports/22", NULL, NULL, 200, NULL, "en"},
		{"/ports/22", NULL, "en", 200, NULL, "en"},
		{"/ports/22", NULL, "de", 302, "/de/ports/22", NULL},
		{"/search?q=a%20b", NULL, "de", 302, "/de/search?q=a%20b", NULL},
		{"/ports/22", "berth-language=en", "de", 200, NULL, "en"},
		{"/ports/22", "berth-language=de", "en", 302, "/de/ports/22", NULL},
		{"/ports/22", "berth-language=xx", "de", 302, "/de/ports/22", NULL},
		{"/de/ports/22", "berth-language=en", "en", 200, NULL, "de"},
		{"/de/ports/22?lang=en", NULL, "de", 303, "/ports/22", NULL},
		{"/ports/22?lang=de", NULL, "en", 303, "/de/ports/22", NULL},
		{"/ports/22?lang=fr", NULL, "en", 400, NULL, NULL},
		{"/ports/22/live", NULL, "de", 200, NULL, "en"},
		{"/de/ports/22/live", NULL, "en", 200, NULL, "de"},
		{"/no", NULL, "de", 404, NULL, "de"},
		{"/de/no", NULL, "en", 404, NULL, "de"},
		{"/dex", NULL, "en", 404, NULL, "en"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct server_visit visit = visit_of(SERVER_METHOD_GET, rows[i].target);
		struct response *r;

		visit.request.cookie = rows[i].cookie;
		visit.request.accept_language = rows[i].accept;
		r = get(&visit);
		if (r->status != rows[i].status)
			fail_msg("%s: %u", rows[i].target, r->status);
		if (rows[i].location)
			assert_string_equal(response_header(r, "Location"), rows[i].location);
		if (rows[i].language)
			assert_string_equal(response_header(r, "Content-Language"),
					    rows[i].language);
		if (rows[i].status == 303)
			assert_non_null(strstr(response_header(r, "Set-Cookie"),
					       "berth-language="));
		if (rows[i].status == 302)
			assert_string_equal(response_header(r, "Vary"),
					    "Cookie, Accept-Language");
		response_release(r);
	}
}

static void checks_hosts(void **state)
{
	static const struct {
		const char *host;
		bool is_unix;
		unsigned int status;
	} rows[] = {
		{"localhost:8080", false, 200},       {"LOCALHOST:8080", false, 200},
		{"127.0.0.1:8080", false, 200},       {"127.1.2.3:8080", false, 200},
		{"[::1]:8080", false, 200},           {"berth.localhost:8080", false, 200},
		{"localhost", false, 421},            {"localhost:8081", false, 421},
		{"evil.example:8080", false, 421},    {"localhost.evil.example:8080", false, 421},
		{"evillocalhost:8080", false, 421},   {"192.0.2.1:8080", false, 421},
		{"0.0.0.0:8080", false, 421},         {"[::]:8080", false, 421},
		{"ports.example.org", false, 200},    {"ports.example.org:99", false, 200},
		{"alias.example.org:8443", false, 200}, {"alias.example.org", false, 421},
		{NULL, false, 400},                   {"", false, 400},
		{"local host:8080", false, 400},      {"localhost:8080, evil", false, 400},
		{"localhost", true, 200},             {"localhost:1", true, 200},
		{"evil.example", true, 421},          {"[::ffff:127.0.0.1]:8080", false, 200},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct server_visit visit = visit_of(SERVER_METHOD_GET, "/ports/22");
		unsigned int status;

		visit.request.host = rows[i].host;
		visit.request.is_unix = rows[i].is_unix;
		status = status_of(visit);
		if (status != rows[i].status)
			fail_msg("%s: %u", rows[i].host, status);
	}
	{
		const struct address local = {ADDRESS_IPV4, {192, 0, 2, 1}, 0};
		struct server_visit visit = visit_of(SERVER_METHOD_GET, "/ports/22");

		visit.request.local = &local;
		visit.request.host = "192.0.2.1:8080";
		assert_int_equal(status_of(visit), 200);
		visit.request.host = "192.0.2.2:8080";
		assert_int_equal(status_of(visit), 421);
	}
	{
		struct server_visit visit = visit_of(SERVER_METHOD_GET, "/ports/22");

		visit.request.is_ambiguous = true;
		assert_int_equal(status_of(visit), 400);
	}
}

static void changes_a_token_into_a_cookie(void **state)
{
	struct server_visit visit = visit_of(
		SERVER_METHOD_GET, "/here?token=0123456789abcdef0123456789abcdef");
	struct response *r = get(&visit);
	const char *cookie = response_header(r, "Set-Cookie");

	(void)state;
	assert_int_equal(r->status, 303);
	assert_string_equal(response_header(r, "Location"), "/here");
	assert_string_equal(response_header(r, "Cache-Control"), "no-store");
	assert_non_null(cookie);
	assert_non_null(strstr(cookie, "berth-token-8080=0123456789abcdef0123456789abcdef;"));
	assert_non_null(strstr(cookie, "; HttpOnly"));
	assert_non_null(strstr(cookie, "; SameSite=Strict"));
	response_release(r);
	assert_int_equal(
		status_of(visit_of(SERVER_METHOD_GET,
				   "/?token=0123456789abcdef0123456789abcdeg")), 403);
	assert_int_equal(status_of(visit_of(SERVER_METHOD_GET, "/?token=")), 403);
}

static void keeps_sights_apart(void **state)
{
	static const struct {
		const char *cookie, *authorization;
		bool is_unix;
		uint32_t uid;
		bool is_full;
	} rows[] = {
		{NULL, NULL, false, 0, false},
		{"berth-token-8080=0123456789abcdef0123456789abcdef", NULL, false, 0, true},
		{"berth-token-8081=0123456789abcdef0123456789abcdef", NULL, false, 0, false},
		{"berth-token-8080=0123456789abcdef0123456789abcde", NULL, false, 0, false},
		{"berth-token-8080=", NULL, false, 0, false},
		{NULL, "Bearer 0123456789abcdef0123456789abcdef", false, 0, true},
		{NULL, "bearer  0123456789abcdef0123456789abcdef", false, 0, true},
		{NULL, "Basic 0123456789abcdef0123456789abcdef", false, 0, false},
		{NULL, NULL, true, 0, true},
		{NULL, NULL, true, 12345, false},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct server_visit visit = visit_of(SERVER_METHOD_GET, "/api/v1/ports/22");
		struct response *r;

		visit.request.cookie = rows[i].cookie;
		visit.request.authorization = rows[i].authorization;
		visit.request.is_unix = visit.request.has_peer = rows[i].is_unix;
		visit.request.peer_uid = rows[i].uid;
		r = get(&visit);
		assert_string_equal(response_header(r, "Cache-Control"),
				    rows[i].is_full ? "private, no-cache" : "no-cache");
		response_release(r);
	}
}

static void guards_changes(void **state)
{
	static const char token[] = "berth-token-8080=0123456789abcdef0123456789abcdef";
	static const char bearer[] = "Bearer 0123456789abcdef0123456789abcdef";
	static const struct {
		const char *cookie, *authorization, *origin, *site;
		bool is_root_over_unix;
		unsigned int status;
	} rows[] = {
		{NULL, NULL, "http://localhost:8080", "same-origin", false, 403},
		{token, NULL, "http://localhost:8080", "same-origin", false, 303},
		{token, NULL, "http://localhost:8080", NULL, false, 303},
		{token, NULL, NULL, "same-origin", false, 303},
		{token, NULL, NULL, NULL, false, 403},
		{token, NULL, "null", NULL, false, 403},
		{token, NULL, "http://localhost:8081", "same-origin", false, 403},
		{token, NULL, "http://127.0.0.1:8080", "same-origin", false, 403},
		{token, NULL, "http://evil.example", "cross-site", false, 403},
		{token, NULL, "http://localhost:8080", "same-site", false, 403},
		{token, NULL, "http://localhost:8080", "none", false, 403},
		{NULL, bearer, NULL, NULL, false, 303},
		{NULL, bearer, "http://evil.example", NULL, false, 403},
		{NULL, NULL, NULL, NULL, true, 303},
		{NULL, NULL, "http://evil.example", NULL, true, 403},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct server_visit visit = visit_of(SERVER_METHOD_POST, "/ports/22/face");
		unsigned int status;

		visit.request.cookie = rows[i].cookie;
		visit.request.authorization = rows[i].authorization;
		visit.request.origin = rows[i].origin;
		visit.request.fetch_site = rows[i].site;
		visit.request.is_unix = visit.request.has_peer = rows[i].is_root_over_unix;
		visit.request.content_type = "application/x-www-form-urlencoded";
		visit.request.body = "face=soso";
		visit.request.n_body = strlen(visit.request.body);
		status = status_of(visit);
		if (status != rows[i].status)
			fail_msg("row %zu: %u", i, status);
	}
}

static struct server_visit change_of(const char *target, const char *body)
{
	struct server_visit visit = visit_of(SERVER_METHOD_POST, target);

	visit.request.authorization = "Bearer 0123456789abcdef0123456789abcdef";
	visit.request.content_type = "application/x-www-form-urlencoded";
	visit.request.body = body;
	visit.request.n_body = strlen(body);
	return visit;
}

static void judges_pages(void **state)
{
	struct server_visit visit = change_of("/de/ports/22/face", "face=yes");
	struct response *r = get(&visit);
	uint32_t faces[3];

	(void)state;
	assert_int_equal(r->status, 303);
	assert_string_equal(response_header(r, "Location"), "/de/ports/22");
	response_release(r);
	link_faces(stage.link, 22, faces);
	assert_int_equal(faces[ATLAS_FACE_YES], 1);
	assert_int_equal(status_of(change_of("/ports/22/face", "face=maybe")), 400);
	assert_int_equal(status_of(change_of("/ports/22/face", "")), 400);
	assert_int_equal(status_of(change_of("/ports/22/face", "face=yes&face=no")), 400);
	visit = change_of("/ports/22/face", "face=no");
	visit.request.content_type = "application/json";
	assert_int_equal(status_of(visit), 400);
	visit = change_of("/ports/22/face", "face=no");
	visit.request.accept = "application/json";
	assert_int_equal(status_of(visit), 204);
}

static unsigned int stake(const char *body, enum ledger_outcome outcome, const char *message)
{
	struct server_visit visit = change_of("/claims", body);
	struct response *r = NULL;

	if (server_visit(stage.server, &visit, &r) == SERVER_WAITS) {
		assert_true(fake_link_settle(stage.link, outcome, message));
		assert_int_equal(server_visit(stage.server, &visit, &r), SERVER_ANSWERS);
	}
	server_leave(&visit);
	assert_non_null(r);
	outcome = r->status;
	response_release(r);
	return outcome;
}

static void stakes_claims(void **state)
{
	(void)state;
	assert_int_equal(stake("name=web&ports=8080", LEDGER_DONE, NULL), 303);
	assert_string_equal(fake_link_line(stage.link), "web             8080/tcp");
	assert_int_equal(stake("name=web&ports=8080-8090%2Fudp&owner=a+b&reason=for+%22it%22&"
			       "address=127.0.0.1&until=2027-01-31&scope=&program=nginx",
			       LEDGER_DONE, NULL), 303);
	assert_non_null(strstr(fake_link_line(stage.link), "owner=\"a b\""));
	assert_non_null(strstr(fake_link_line(stage.link), "# for \"it\""));
	assert_int_equal(stake("name=web&ports=8080", LEDGER_COLLIDES, "somebody has it"), 409);
	assert_int_equal(stake("name=web&ports=8080", LEDGER_REFUSED, "no"), 400);
	assert_int_equal(stake("name=web&ports=8080", LEDGER_FAILED, NULL), 503);
}

static void refuses_claims(void **state)
{
	static const char *const bodies[] = {
		"", "name=web", "ports=80", "name=&ports=80", "name=web&ports=0",
		"name=web&ports=65536", "name=web&ports=80+81", "name=we%0Ab&ports=80",
		"name=web&ports=80&owner=a%0Ab", "name=web&ports=80&address=localhost",
		"name=web&ports=80&until=tomorrow", "name=web&ports=80&name=x",
		"name=web&ports=80&reason=%E2%80%AEx", "name=web&ports=80%0Ainclude+%2Fetc",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
		if (stake(bodies[i], LEDGER_DONE, NULL) != 400)
			fail_msg("%s", bodies[i]);
	}
	assert_null(fake_link_line(stage.link));
}

static void says_not_modified(void **state)
{
	static const char *const targets[] = {"/ports/22", "/api/v1/ports/22", "/api/v1/here",
					      "/assets/favicon.svg", "/map.json", "/robots.txt"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(targets); i++) {
		struct server_visit visit = visit_of(SERVER_METHOD_GET, targets[i]);
		struct response *r = get(&visit), *again;
		char tag[RESPONSE_TAG_SIZE];
		size_t n;

		assert_string_equal(response_header(r, "ETag"), r->tag);
		snprintf(tag, sizeof(tag), "%s", r->tag);
		visit.request.if_none_match = tag;
		again = get(&visit);
		assert_int_equal(again->status, 304);
		assert_string_equal(response_header(again, "ETag"), tag);
		(void)response_bytes(again, &n);
		assert_int_equal(n, 0);
		response_release(again);
		visit.request.if_none_match = "\"other\"";
		again = get(&visit);
		assert_int_equal(again->status, 200);
		response_release(again);
		response_release(r);
	}
}

static void keeps_answers_while_they_are_new(void **state)
{
	struct server_visit visit = visit_of(SERVER_METHOD_GET, "/ports/3476");
	struct response *first = get(&visit), *second = get(&visit), *third, *german;

	(void)state;
	assert_ptr_equal(first, second);
	fake_link_change(stage.link, busier_world);
	third = get(&visit);
	assert_ptr_not_equal(first, third);
	assert_string_not_equal(first->tag, third->tag);
	server_changed(stage.server, LINK_FACES);
	visit.request.target = "/de/ports/3476";
	german = get(&visit);
	assert_ptr_not_equal(german, third);
	response_release(first);
	response_release(second);
	response_release(third);
	response_release(german);
}

/* Whatever a process is called, it opens no element. */
static void escapes_names(void **state)
{
	static const char *const targets[] = {"/ports/3476", "/here", "/de/here", "/here/rows",
					      "/search?q=%22%3E%3Cscript%3E",
					      "/services/%22%3E%3Cscript%3E"};

	(void)state;
	fake_link_change(stage.link, busier_world);
	for (size_t i = 0; i < N_ELEMENTS(targets); i++) {
		struct server_visit visit = visit_of(SERVER_METHOD_GET, targets[i]);
		struct response *r = get(&visit);
		size_t n;

		assert_null(strstr(response_bytes(r, &n), "\"><script>"));
		response_release(r);
	}
}

static void waits_for_looks(void **state)
{
	struct server_visit visit = visit_of(SERVER_METHOD_GET, "/ports/22");
	struct response *r = NULL;

	(void)state;
	fake_link_set(stage.link, FAKE_LINK_LATE);
	assert_int_equal(server_visit(stage.server, &visit, &r), SERVER_WAITS);
	assert_null(r);
	assert_int_equal(stage.n_woken, 0);
	assert_int_equal(fake_link_arrive(stage.link, true), 1);
	assert_int_equal(stage.n_woken, 1);
	r = get(&visit);
	assert_int_equal(r->status, 200);
	response_release(r);
}

/* Nothing comes: a page all the same, with a gap, and not kept. */
static void goes_on_without_looks(void **state)
{
	static const char *const targets[] = {"/ports/22", "/here", "/", "/api/v1/ports/22",
					      "/api/v1/here", "/metrics", "/claims", "/ranges"};

	(void)state;
	fake_link_set(stage.link, FAKE_LINK_LATE);
	for (size_t i = 0; i < N_ELEMENTS(targets); i++) {
		struct server_visit visit = visit_of(SERVER_METHOD_GET, targets[i]);
		struct response *r = NULL;
		size_t n;

		assert_int_equal(server_visit(stage.server, &visit, &r), SERVER_WAITS);
		assert_int_equal(fake_link_arrive(stage.link, false), 1);
		r = get(&visit);
		assert_int_equal(r->status, 200);
		if (strncmp(targets[i], "/api/", 5) == 0)
			assert_non_null(strstr(response_bytes(r, &n), "still under way"));
		response_release(r);
	}
}

/* A visit that ends while a view lies in it gives it back. */
static void leaves_nothing_behind(void **state)
{
	struct server_visit visit = visit_of(SERVER_METHOD_GET, "/ports/22");
	struct response *r = NULL;

	(void)state;
	fake_link_set(stage.link, FAKE_LINK_LATE);
	assert_int_equal(server_visit(stage.server, &visit, &r), SERVER_WAITS);
	assert_int_equal(fake_link_arrive(stage.link, true), 1);
	server_leave(&visit);
	assert_int_equal(fake_link_n_views(stage.link), 0);
}

static void ends_with_the_collector(void **state)
{
	(void)state;
	fake_link_lose(stage.link);
	assert_int_equal(status_of(visit_of(SERVER_METHOD_GET, "/ports/22")), 503);
	assert_int_equal(status_of(visit_of(SERVER_METHOD_GET, "/api/v1/here")), 503);
	assert_int_equal(status_of(visit_of(SERVER_METHOD_GET, "/healthz")), 503);
}

static void keeps_assets_long(void **state)
{
	struct server_visit visit = visit_of(SERVER_METHOD_GET, "/assets/favicon.svg");
	struct response *r = get(&visit);
	char target[64];

	(void)state;
	assert_string_equal(response_header(r, "Cache-Control"), "no-cache");
	snprintf(target, sizeof(target), "/assets/favicon.svg?v=%.8s", r->tag + 1);
	response_release(r);
	visit.request.target = target;
	r = get(&visit);
	assert_string_equal(response_header(r, "Cache-Control"),
			    "public, max-age=31536000, immutable");
	response_release(r);
}

static void says_what_protects(void **state)
{
	bool has_policy = false;

	(void)state;
	for (const struct response_security *s = response_security; s->name; s++) {
		if (strcmp(s->name, "Content-Security-Policy") != 0)
			continue;
		has_policy = true;
		assert_true(strncmp(s->value, "default-src 'none';", 19) == 0);
		assert_null(strstr(s->value, "unsafe"));
	}
	assert_true(has_policy);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(answers_routes),     TEST(knows_methods),
		TEST(chooses_languages),  TEST(checks_hosts),
		TEST(changes_a_token_into_a_cookie), TEST(keeps_sights_apart),
		TEST(guards_changes),     TEST(judges_pages),
		TEST(stakes_claims),      TEST(refuses_claims),
		TEST(says_not_modified),  TEST(keeps_answers_while_they_are_new),
		TEST(escapes_names),      TEST(waits_for_looks),
		TEST(goes_on_without_looks), TEST(leaves_nothing_behind),
		TEST(ends_with_the_collector), TEST(keeps_assets_long),
		TEST(says_what_protects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
