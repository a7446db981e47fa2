/* The pages of the atlas: what stands on them, for ports of every kind, in both languages. */
#include "helpers/atlas-page.h"

#include "base/lang.h"
#include "helpers/html-check.h"
#include "web/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE_MOST = 50000 };

static struct registry registry;

static const char quiet[] = "berth-world 1\nat 2026-08-17T09:30:00Z\n"
			    "rules ephemeral=32768-60999 unprivileged=1024\n"
			    "namespace 4026531840 here\n";

static const char permify[] =
	"berth-world 1\nat 2026-08-17T09:30:00Z\n"
	"rules ephemeral=32768-60999 unprivileged=1024\nnamespace 4026531840 here\n"
	"process 812 program=permify path=/usr/bin/permify uid=998 user=permify "
	"command=permify,serve\n"
	"socket tcp listener [::]:3476 dual queue=129/128 inode=20411 owners=812:7\n";

static void make(const struct atlas_page *asked, int expected, struct str *out)
{
	char why[HTML_CHECK_WHY] = "";

	str_clear(out);
	assert_int_equal(atlas_page_make(asked, out), expected);
	if (html_check(out->bytes, out->length, why) != 0)
		fail_msg("%s: %s", asked->what, why);
	if (strchr(str_text(out), '`')) /* a mark of words.def that became no <code> */
		fail_msg("%s: %.40s", asked->what, strchr(str_text(out), '`'));
}

static struct atlas_page ask(const char *world, const char *what)
{
	return (struct atlas_page){.registry = &registry, .world = world,
				   .n_world = world ? strlen(world) : 0, .what = what};
}

static void assert_has(const struct str *page, const char *text)
{
	if (!strstr(str_text(page), text))
		fail_msg("not there: %s", text);
}

static void assert_lacks(const struct str *page, const char *text)
{
	if (strstr(str_text(page), text))
		fail_msg("there: %s", text);
}

/* Every kind of port: its title, and the sentence that says what it is. */
static void test_kinds(void **state)
{
	static const struct {
		const char *what, *title, *line;
	} cases[] = {
		{"/ports/3476", "<title>Port 3476: nppmp</title>", "NVIDIA Mgmt Protocol"},
		{"/ports/443", "<title>Port 443: https</title>", "http protocol over TLS/SSL"},
		{"/ports/0", "<title>Port 0: reserved</title>", "gets some other port"},
		{"/ports/4", "<title>Port 4: unassigned</title>", "assigned it to nobody"},
		{"/ports/6001", "<title>Port 6001: x11</title>", "6000\xe2\x80\x93" "6063"},
		{"/ports/2", "<title>Port 2: ", "compressnet"},
		{"/ports/50000", "<title>Port 50000: dynamic</title>", "are never assigned"},
		{"/ports/65535", "<title>Port 65535: dynamic</title>", "are never assigned"},
		{"/ports/49151", "<title>Port 49151: reserved</title>", "keeps this number back"},
		{"/ports/80", "<title>Port 80: http</title>", "www-http"},
		{"/ports/22", "<title>Port 22: ssh</title>", "rfc-editor.org/rfc/rfc4251"},
		{"/ports/5173", "<title>Port 5173: Vite</title>", "by default all the same"},
	};
	struct str page = {0};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct atlas_page asked = ask(quiet, cases[i].what);

		make(&asked, 0, &page);
		assert_has(&page, cases[i].title);
		assert_has(&page, cases[i].line);
		assert_has(&page, "Nothing listens");
		assert_true(page.length < PAGE_MOST);
	}
	str_fini(&page);
}

/* The sections in the order of the story. */
static void test_order(void **state)
{
	static const char *const ids[] = {"id=\"main\"", "class=\"crumbs\"", "<h1>",
					  "class=\"line\"", "id=\"verdict\"", "id=\"claimed\"",
					  "id=\"known\"", "id=\"live\"", "id=\"rules\"",
					  "id=\"bind\"", "id=\"near\"",
					  "id=\"elsewhere\"", "id=\"matters\"", "id=\"sources\"",
					  "id=\"faces\""};
	struct atlas_page asked = ask(permify, "/ports/3476");
	struct str page = {0};
	const char *at;

	(void)state;
	make(&asked, 0, &page);
	at = str_text(&page);
	for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
		at = strstr(at, ids[i]);
		if (!at)
			fail_msg("%s is not there, or too early", ids[i]);
	}
	str_fini(&page);
}

static void test_live(void **state)
{
	struct atlas_page asked = ask(permify, "/ports/3476");
	struct str page = {0};

	(void)state;
	make(&asked, 0, &page);
	assert_has(&page, "<b><bdi>permify</bdi></b>");
	assert_has(&page, "data-verdict=\"customary\"");
	assert_has(&page, "every address, IPv4 and IPv6");
	assert_has(&page, "Queue full: 129 connections wait (backlog 128)");
	assert_has(&page, "<code>EADDRINUSE</code>");
	assert_has(&page, "data-live=\"/ports/3476/live\"");
	asked.language = PAGE_GERMAN;
	make(&asked, 0, &page);
	assert_has(&page, "<html lang=\"de\">");
	assert_has(&page, "data-live=\"/de/ports/3476/live\"");
	assert_has(&page, "<a href=\"/de/ports/3477\"");
	str_fini(&page);
}

/* The parts that are had again are parts of the document. */
static void test_live_part(void **state)
{
	struct atlas_page asked = ask(permify, "/ports/3476/live");
	struct str part = {0};

	(void)state;
	make(&asked, 0, &part);
	assert_true(str_starts_with(str_text(&part), "<div id=\"verdict\""));
	assert_has(&part, "<section id=\"live\"");
	assert_has(&part, "<section id=\"bind\"");
	assert_has(&part, "<p id=\"seen\"");
	assert_lacks(&part, "<html");
	asked.what = "/here/rows";
	make(&asked, 0, &part);
	assert_true(str_starts_with(str_text(&part), "<thead id=\"here-heads\">"));
	assert_lacks(&part, "<table");
	str_fini(&part);
}

static void test_static(void **state)
{
	struct atlas_page asked = ask(NULL, "/ports/3476");
	struct str page = {0};

	(void)state;
	asked.is_static = true;
	make(&asked, 0, &page);
	assert_has(&page, "type <code>berth 3476</code>");
	assert_has(&page, "<code>berth why 3476</code>");
	assert_has(&page, "href=\"../ports/3477.html\"");
	assert_has(&page, "href=\"../assets/berth.css\"");
	assert_has(&page, "hreflang=\"de\" href=\"../de/ports/3476.html\"");
	assert_lacks(&page, "href=\"/");
	assert_lacks(&page, "data-live");
	assert_lacks(&page, "id=\"faces\"");
	assert_lacks(&page, "id=\"seen\"");
	asked.language = PAGE_GERMAN;
	make(&asked, 0, &page);
	assert_has(&page, "href=\"../../assets/berth.css\"");
	assert_has(&page, "hreflang=\"en\" href=\"../../ports/3476.html\"");
	assert_has(&page, "href=\"../ports/3477.html\"");
	str_fini(&page);
}

static void test_faces(void **state)
{
	static const uint32_t faces[3] = {41, 7, 3};
	struct atlas_page asked = ask(quiet, "/ports/80");
	struct str page = {0};

	(void)state;
	asked.faces = faces;
	make(&asked, 0, &page);
	assert_lacks(&page, "/ports/80/face"); /* who is refused is not asked */
	assert_has(&page, "Was this page helpful?");
	asked.is_full = true;
	make(&asked, 0, &page);
	assert_has(&page, "method=\"post\" action=\"/ports/80/face\"");
	assert_has(&page, "name=\"face\" value=\"yes\"");
	assert_has(&page, "value=\"soso\"");
	assert_has(&page, "<span class=\"count\">41</span>");
	str_fini(&page);
}

static const char claims_text[] = "web 8080/tcp owner=shop # the front door\n"
				  "api 8080-8090/tcp owner=alice until=2027-01-31\n"
				  "permify 3476/tcp program=other\n"
				  "gone 9999/tcp until=2020-01-01\n";

static void test_claims(void **state)
{
	struct atlas_page asked = ask(permify, "/claims");
	struct str page = {0};

	(void)state;
	make(&asked, 0, &page);
	assert_has(&page, "There are none");
	asked.claims = claims_text;
	make(&asked, 0, &page);
	assert_has(&page, "wants the same as");
	assert_has(&page, "is claimed as <b><bdi>permify</bdi></b>, and <b><bdi>permify</bdi></b>");
	assert_has(&page, "31 January 2027");
	assert_has(&page, "expired");
	assert_lacks(&page, "method=\"post\"");
	asked.is_full = true;
	make(&asked, 0, &page);
	assert_has(&page, "method=\"post\" action=\"/claims\"");
	asked.what = "/ports/3476";
	make(&asked, 0, &page);
	assert_has(&page, "data-verdict=\"conflict\"");
	assert_has(&page, "own claim");
	str_fini(&page);
}

static void test_services(void **state)
{
	struct atlas_page asked = ask(quiet, "/services/http-alt");
	struct str page = {0};

	(void)state;
	make(&asked, 0, &page);
	assert_has(&page, "href=\"/ports/8008\"");
	assert_has(&page, "href=\"/ports/8080\"");
	asked.what = "/services/HTTP-ALT";
	make(&asked, 0, &page);
	asked.what = "/services/ngimx";
	make(&asked, 1, &page);
	assert_has(&page, "Nothing is called that");
	assert_has(&page, "Did you mean");
	asked.what = "/services/<script>alert(1)</script>\"'";
	make(&asked, 1, &page);
	assert_has(&page, "&lt;script&gt;alert(1)&lt;/script&gt;");
	str_fini(&page);
}

static void test_search(void **state)
{
	struct atlas_page asked = ask(quiet, "/search");
	struct str page = {0};
	char pasted[32];

	(void)state;
	make(&asked, 0, &page);
	assert_has(&page, "All of them have to be there");
	asked.what = "/search?ssh";
	make(&asked, 0, &page);
	assert_has(&page, "Called so");
	assert_has(&page, "href=\"/services/ssh\"");
	asked.what = "/search?3476";
	make(&asked, 0, &page);
	assert_has(&page, "Go to port <a href=\"/ports/3476\">3476</a>");
	asked.what = "/search?\"><script>\xff\xe2\x80\xae";
	make(&asked, 0, &page);
	assert_has(&page, "Nothing found");
	assert_has(&page, "value=\"&quot;&gt;&lt;script&gt;\xef\xbf\xbd\"");
	/* Marks that came along with what was pasted: seen by nobody, and not looked for. */
	snprintf(pasted, sizeof(pasted), "/search?\xe2\x80%cssh\xe2\x80%c", 0xae, 0xac);
	asked.what = pasted;
	make(&asked, 0, &page);
	assert_has(&page, "value=\"ssh\"");
	assert_has(&page, "<title>Search: ssh</title>");
	assert_has(&page, "Called so");
	str_fini(&page);
}

static void test_lists(void **state)
{
	static const char *const paths[] = {"/here", "/ranges", "/error/404", "/error/500"};
	struct str page = {0};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		struct atlas_page asked = ask(permify, paths[i]);

		make(&asked, 0, &page);
		asked.language = PAGE_GERMAN;
		make(&asked, 0, &page);
		assert_has(&page, "<html lang=\"de\">");
	}
	str_fini(&page);
}

/* Names that were made to break out, in every place that a process or user can fill. */
static void test_hostile(void **state)
{
	static const char world[] =
		"berth-world 1\nat 2026-08-17T09:30:00Z\nnamespace 4026531840 here\n"
		"namespace 7 name=<b>ns container=\"><i>\n"
		"process 31 program=<script>alert(1)</script> path=/x\\x22onmouseover=x uid=0 "
		"user='>\\x22<b> unit=&amp;.service container=\\xe2\\x80\\xaeabc directory=<x> "
		"command=</code><script>,\\xff\\x1b[31m,\\x22 parents=1:<init>\n"
		"socket tcp listener 0.0.0.0:7777 inode=1 interface=<eth> owners=31:1\n"
		"socket tcp listener 0.0.0.0:7777 ns=7 inode=2 user=<u> unit=<unit> container=<c>\n"
		"published tcp 7777 by=<by> to-name=javascript:alert(1) note=\"<note>\n"
		"gap what=<what> where=\"<where> why=<why>&lt; fix=<fix>\n";
	static const char *const paths[] = {"/ports/7777", "/ports/7777/live", "/here", "/claims"};
	struct str page = {0};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		struct atlas_page asked = ask(world, paths[i]);

		asked.is_full = true;
		asked.claims = "web 7777/tcp owner=\"<script>x\" scope=\"'>\" # </bdi><b>\n";
		make(&asked, 0, &page);
		assert_lacks(&page, "<script>alert");
		assert_lacks(&page, "<b>ns");
		assert_lacks(&page, "onmouseover=x\"");
	}
	str_fini(&page);
}

/* A name of almost 1 MB, 400 listeners: pages stay small. */
static void test_huge(void **state)
{
	struct str world = {0}, page = {0};
	struct atlas_page asked;

	(void)state;
	str_append(&world, "berth-world 1\nat 2026-08-17T09:30:00Z\nnamespace 4026531840 here\n"
			   "process 31 uid=0 command=");
	str_pad(&world, '<', 500000);
	str_append(&world, " program=");
	str_pad(&world, '&', 500000);
	str_append(&world, "\n");
	for (unsigned int i = 0; i < 400; i++)
		str_printf(&world, "process %u program=p%u uid=%u command=a,%0900u\n", 100 + i, i,
			   i, i);
	for (unsigned int i = 0; i < 400; i++)
		str_printf(&world, "socket tcp listener 10.0.%u.%u:7777 inode=%u owners=%u:1\n",
			   i / 200, 1 + i % 200, i + 5, i == 3 ? 31 : 100 + i);
	asked = ask(str_text(&world), "/ports/7777");
	make(&asked, 0, &page);
	assert_in_range(page.length, 10000, PAGE_MOST);
	assert_has(&page, "<a href=\"/here?port=7777\">and ");
	str_fini(&world);
	str_fini(&page);
}

/* What a hostile machine has most of: many of everything, with the longest and worst names. */
static void make_crowd(struct str *world, unsigned int n, const char *name)
{
	str_clear(world);
	str_append(world, "berth-world 1\nat 2026-08-17T09:30:00Z\n"
			  "rules ephemeral=32768-60999 unprivileged=1024\n"
			  "namespace 4026531840 here\n");
	for (unsigned int i = 0; i < 8; i++)
		str_printf(world, "namespace %u container=%s%u\n", 9000 + i, name, i);
	for (unsigned int i = 0; i < n; i++)
		str_printf(world,
			   "process %u program=%s%u path=/%s uid=%u user=%s unit=%s.service "
			   "container=%s command=%s,%s,%s parents=1:%s\n",
			   100 + i, name, i, name, 1000 + i % 7, name, name, name, name, name,
			   name, name);
	for (unsigned int i = 0; i < n; i++)
		str_printf(world,
			   "socket tcp listener 10.%u.%u.%u:%u %s queue=129/128 inode=%u "
			   "cookie=%u owners=%u:1,%u:2,%u:3 interface=%s\n",
			   i / 40000, i / 200 % 200, 1 + i % 200, 7000 + i % 3,
			   i % 9 == 8 ? "ns=9003" : "", 5 + i, 100000 + i, 100 + i,
			   100 + (i + 1) % n, 100 + (i + 2) % n, name);
	for (unsigned int i = 0; i < n; i++)
		str_printf(world,
			   "published tcp %u by=%s to-name=%s container=%s note=%s "
			   "listener=%u\n",
			   7000 + i % 3, name, name, name, name, 100000 + i);
	for (unsigned int i = 0; i < n; i++)
		str_printf(world, "socket tcp bound 10.9.%u.%u:7000 inode=%u owners=%u:9\n",
			   i / 200, 1 + i % 200, 50000 + i, 100 + i);
	for (unsigned int i = 0; i < n; i++)
		str_printf(world,
			   "socket tcp connection 10.0.0.1:7000 10.8.%u.%u:%u inode=%u "
			   "owners=%u:9\n",
			   i / 200, 1 + i % 200, 1024 + i, 70000 + i, 100 + i);
	for (unsigned int i = 0; i < 40; i++)
		str_printf(world, "gap what=%s where=%s%u why=%s fix=%s\n", name, name, i, name,
			   name);
}

/* Claims of one name, of many, and of one port. */
static void make_claims(struct str *claims, unsigned int n)
{
	str_clear(claims);
	for (unsigned int i = 0; i < n; i++)
		str_printf(claims,
			   "%s%u %u/tcp owner=\"%.180s\" scope=\"%.180s\" program=\"%.180s\" "
			   "# %.190s\n",
			   i % 2 ? "crowd" : "c", i % 2 ? 0 : i, 7000 + i % 50,
			   "<&''><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&>",
			   "<&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&>",
			   "<&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&>",
			   "<&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&>");
}

/* Without the map: its picture, and the table that says the same. */
static size_t size_of(const struct str *page)
{
	const char *text = str_text(page), *picture = strstr(text, "<svg class=\"map-picture\"");
	const char *rows = strstr(text, "<details id=\"map-rows\"");
	size_t n = page->length;

	if (picture)
		n -= (size_t)(strstr(picture, "</svg>") - picture);
	if (rows)
		n -= (size_t)(strstr(rows, "</details>") - rows);
	return n;
}

/* Every page that depends on the machine or on its users stays below 50 kB. */
static void test_small(void **state)
{
	static const char *const paths[] = {"/", "/here", "/here/rows", "/ports/7000",
					    "/ports/7000/live", "/claims", "/search?crowd",
					    "/search?a", "/services/crowd0", "/ranges"};
	static const char long_words[] = "<&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&>"
					 "<&><&><&><&><&><&><&><&><&><&><&><&><&><&><&><&>";
	struct page_wish wishes[] = {
		{.page = 1, .conflicts = 1}, {.page = 2, .conflicts = 3},
		{.page = 9999, .conflicts = 9999},
		{.page = 1, .conflicts = 1, .sort = "-program"},
		{.page = 1, .conflicts = 1, .has_port = true, .port = 7001},
		{.page = 1, .conflicts = 1, .words = long_words},
	};
	struct str world = {0}, claims = {0}, page = {0}, name = {0};

	(void)state;
	make_claims(&claims, 900);
	for (unsigned int round = 0; round < 3; round++) {
		str_clear(&name);
		/* ordinary names, long ones, and such that are six times as long when escaped */
		if (round == 0)
			str_append(&name, "an-ordinary-name");
		else
			str_pad(&name, round == 1 ? 'w' : '\'', 3000);
		make_crowd(&world, round == 0 ? 700 : 60, str_text(&name));
		for (size_t i = 0; i < N_ELEMENTS(paths) * N_ELEMENTS(wishes) * 2; i++) {
			struct atlas_page asked = ask(str_text(&world),
						      paths[i / 2 % N_ELEMENTS(paths)]);

			asked.language = (enum page_language)(i % 2);
			asked.is_full = true;
			asked.claims = str_text(&claims);
			asked.wish = &wishes[i / 2 / N_ELEMENTS(paths)];
			str_clear(&page);
			if (strcmp(asked.what, "/") != 0)
				make(&asked, 0, &page);
			else /* the picture has elements that are not HTML's */
				assert_int_equal(atlas_page_make(&asked, &page), 0);
			if (size_of(&page) >= PAGE_MOST)
				fail_msg("%s (wish %zu, round %u): %zu bytes", asked.what,
					 i / 2 / N_ELEMENTS(paths), round, size_of(&page));
		}
	}
	str_fini(&world);
	str_fini(&claims);
	str_fini(&page);
	str_fini(&name);
}

/* Count what stands on a page, with each mark of `seen` set for a key that is. */
static size_t read_keys(const struct str *page, bool *seen, size_t n)
{
	static const char mark[] = "<tr data-key=\"";
	const char *at = str_text(page);
	size_t found = 0;

	while ((at = strstr(at, mark)) != NULL) {
		const unsigned long key = strtoul(at + sizeof(mark) - 1, NULL, 10) - 100000;

		assert_true(key < n);
		assert_false(seen[key]); /* a row stands on one page only */
		seen[key] = true;
		found++;
		at++;
	}
	return found;
}

/* Whoever follows "next" comes by every row once, whatever the order and the filter. */
static void test_every_row(void **state)
{
	enum { N = 700 };
	static const struct {
		const char *words, *sort;
		size_t n;
	} cases[] = {{NULL, NULL, N},          {NULL, "-port", N}, {NULL, "program", N},
		     {NULL, "-reach", N},      {"name42", NULL, 11}, {"-name42", "user", N - 11},
		     {"NAME42 7000", NULL, 5}, {"no-such", NULL, 0}};
	struct str world = {0}, page = {0};

	(void)state;
	make_crowd(&world, N, "name");
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct page_wish wish = {.page = 1, .words = cases[i].words,
					 .sort = cases[i].sort};
		struct atlas_page asked = ask(str_text(&world), "/here");
		bool seen[N] = {false}, has_next = true;
		size_t n = 0;

		asked.is_full = true;
		asked.wish = &wish;
		for (; has_next; wish.page++) {
			make(&asked, 0, &page);
			n += read_keys(&page, seen, N);
			has_next = strstr(str_text(&page), "rel=\"next\"") != NULL;
			assert_true(wish.page < 100);
		}
		assert_int_equal(n, cases[i].n);
	}
	str_fini(&world);
	str_fini(&page);
}

/* Rows are sorted as people sort: numbers as numbers, letters without their case. */
static void test_sorted(void **state)
{
	static const char world[] =
		"berth-world 1\nat 2026-08-17T09:30:00Z\nnamespace 4026531840 here\n"
		"process 1 program=node10 uid=0\nprocess 2 program=Apache uid=0\n"
		"process 3 program=node9 uid=0\nprocess 4 program=nginx uid=0\n"
		"socket tcp listener 0.0.0.0:9000 inode=1 cookie=1 owners=1:1\n"
		"socket tcp listener 0.0.0.0:9001 inode=2 cookie=2 owners=2:1\n"
		"socket tcp listener 0.0.0.0:9002 inode=3 cookie=3 owners=3:1\n"
		"socket tcp listener 0.0.0.0:9003 inode=4 cookie=4 owners=4:1\n";
	static const char *const order[] = {"<bdi>Apache<", "<bdi>nginx<", "<bdi>node9<",
					    "<bdi>node10<"};
	struct page_wish wish = {.page = 1, .sort = "program"};
	struct atlas_page asked = ask(world, "/here");
	struct str page = {0};
	const char *at;

	(void)state;
	asked.is_full = true;
	asked.wish = &wish;
	make(&asked, 0, &page);
	at = str_text(&page);
	for (size_t i = 0; i < N_ELEMENTS(order); i++) {
		at = strstr(at, order[i]);
		assert_non_null(at);
	}
	assert_has(&page, "data-sort=\"program\" aria-sort=\"ascending\"");
	assert_has(&page, "href=\"/here?sort=-program\"");
	assert_has(&page, "data-rows=\"/here/rows?sort=program\"");
	str_fini(&page);
}

/* All ports, as files, in both languages: well-formed and small. FULL=1: every one of them. */
static void test_all(void **state)
{
	const unsigned int step = getenv("FULL") ? 1 : 61;
	struct str page = {0};
	char path[24];

	(void)state;
	for (unsigned int port = 0; port <= UINT16_MAX; port += step) {
		struct atlas_page asked = ask(NULL, path);

		snprintf(path, sizeof(path), "/ports/%u", port);
		asked.is_static = true;
		for (unsigned int i = 0; i < N_PAGE_LANGUAGES; i++) {
			asked.language = (enum page_language)i;
			make(&asked, 0, &page);
			assert_in_range(page.length, 4000, 20000);
		}
	}
	str_fini(&page);
}

/* How many marks of commands; an odd number would leave an element open. */
static size_t count_marks(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '`';
	return n;
}

/* Every text has the same places and commands in both languages, and German is not English. */
static void test_words(void **state)
{
	size_t n_same = 0;

	(void)state;
	for (unsigned int w = 0; w < N_WORDS; w++) {
		const char *english = words_text(PAGE_ENGLISH, (enum word)w);
		const char *german = words_text(PAGE_GERMAN, (enum word)w);

		n_same += strcmp(english, german) == 0;
		if (count_marks(english) % 2 != 0 || count_marks(english) != count_marks(german))
			fail_msg("%s has other commands in: %s", english, german);
		for (const char *at = strchr(english, '{'); at; at = strchr(at + 1, '{')) {
			char place[32];

			snprintf(place, sizeof(place), "%.*s", (int)strcspn(at, "}") + 1, at);
			if (!strstr(german, place))
				fail_msg("%s is not in: %s", place, german);
		}
	}
	/* What is the same for one and many in English cannot be told apart in German. */
#define WORD(name, text)
#define WORDS(name, one, many)                                                                     \
	if (strcmp(one, many) == 0)                                                                \
		assert_string_equal(words_plural(PAGE_GERMAN, WORD_##name, 1),                     \
				    words_plural(PAGE_GERMAN, WORD_##name, 2));
#include "web/words.def"
#undef WORD
#undef WORDS
	/* Names, units and what both languages share; without catalogs all would be the same. */
	assert_in_range(n_same, 1, N_WORDS / 8);
}

/* What records say is sorted, and German has it. */
static void test_records(void **state)
{
	static const char *const texts[] = {
#define RECORD(text) text,
#include "web/words-record.def"
#undef RECORD
	};
	size_t n_same = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		assert_true(i == 0 || strcmp(texts[i - 1], texts[i]) < 0);
		assert_ptr_equal(words_translate(PAGE_ENGLISH, texts[i]), texts[i]);
		n_same += strcmp(words_translate(PAGE_GERMAN, texts[i]), texts[i]) == 0;
	}
	assert_in_range(n_same, 0, N_ELEMENTS(texts) / 8);
	assert_string_equal(words_translate(PAGE_GERMAN, "not such a text"), "not such a text");
	assert_null(words_translate(PAGE_GERMAN, NULL));
}

static int begin(void **state)
{
	const char *reason;

	(void)state;
	lang_begin();
	words_begin();
	return registry_open_builtin(&registry, &reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),    cmocka_unit_test(test_order),
		cmocka_unit_test(test_live),     cmocka_unit_test(test_live_part),
		cmocka_unit_test(test_static),   cmocka_unit_test(test_faces),
		cmocka_unit_test(test_claims),   cmocka_unit_test(test_services),
		cmocka_unit_test(test_search),   cmocka_unit_test(test_lists),
		cmocka_unit_test(test_hostile),  cmocka_unit_test(test_huge),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_every_row), cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_all),      cmocka_unit_test(test_words),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
