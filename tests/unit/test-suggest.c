/*
 * A good port: a row for each reason, over the built-in registry and worlds in the words of a
 * recording; and what is promised of the choice as a whole.
 */
#include "answer/suggest.h"
#include "base/str.h"
#include "ledger/claims.h"
#include "live/lease-names.h"
#include "live/recording.h"
#include "registry/known-uses.h"
#include "registry/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TODAY "2026-08-17"
#define WINDOWS "system windows\nrules unprivileged=0 "
#define RULES "rules ephemeral=32768-60999 unprivileged=1024 reserved=40000-40009\n"
#define TCP TRANSPORT_BIT(TRANSPORT_TCP)
#define UDP TRANSPORT_BIT(TRANSPORT_UDP)

static struct registry registry;

/* What a row of a table has around it; all lives in the arena. */
struct scene {
	struct arena arena;
	struct live_snapshot live;
	struct claims claims;
	struct port_set leased_tcp, leased_udp, refused, snatched;
	struct suggest_world world;
	struct suggest_wish wish;
};

static void set_up(struct scene *s, const char *there, const struct claim *claims, size_t n)
{
	struct recording recording;
	char error[RECORDING_ERROR_SIZE];
	struct str text = {0};

	*s = (struct scene){.wish = {.want_tcp = true, .first = SUGGEST_FIRST,
				     .last = SUGGEST_LAST, .block = 1, .count = 1}};
	arena_init(&s->arena);
	str_append(&text, "berth-world 1\nnamespace 1 here\nnamespace 2\n");
	if (!strstr(there, "rules "))
		str_append(&text, RULES);
	str_append(&text, there);
	if (recording_read(str_text(&text), text.length, "row", &s->arena, &recording, error) != 0)
		fail_msg("%s", error);
	str_fini(&text);
	s->live = recording.snapshot;
	claims_init(&s->claims, &s->arena);
	for (size_t i = 0; i < n; i++)
		assert_true(claims_add(&s->claims, &claims[i]));
	assert_true(claims_finish(&s->claims));
	s->world = (struct suggest_world){
		.registry = &registry,
		.live = &s->live,
		.claims = &s->claims,
		.today = TODAY,
		.leased_tcp = &s->leased_tcp,
		.leased_udp = &s->leased_udp,
		.refused = &s->refused,
		.snatched = &s->snatched,
	};
}

static void tear_down(struct scene *s)
{
	arena_fini(&s->arena);
}

/* "bound! twin-taken:4": the reasons of a port, what forbids it, what they cost. */
static const char *judge(struct scene *s, uint16_t port)
{
	const char *text = "";
	struct suggest_place place;

	assert_true(suggest_judge(&s->world, &s->wish, port, port, &s->arena, &place));
	for (size_t i = 0; i < place.n_reasons; i++) {
		const struct suggest_reason *r = &place.reasons[i];

		assert_int_equal(port, r->port);
		assert_non_null(r->text);
		text = arena_printf(&s->arena, "%s%s%s", text, *text ? " " : "",
				    suggest_why_name(r->why));
		if (suggest_forbids(r->why))
			text = arena_printf(&s->arena, "%s!", text);
		if (r->cost > 0)
			text = arena_printf(&s->arena, "%s:%u", text, r->cost);
	}
	/* The sum alone says the same. */
	assert_int_equal(place.is_forbidden ? UINT32_MAX : place.cost,
			 suggest_cost_of(&s->world, &s->wish, port, port, NULL));
	return text;
}

struct row {
	uint16_t port;
	const char *there; /* lines of a recording, or "" */
	const char *wish;  /* "tcp", "udp", "both", then " browser", " range=A-B" */
	const char *said;
};

#define LISTEN(address, port) "socket tcp listener " address ":" port " cookie=1 inode=1\n"

static const struct row rows[] = {
	/* nothing speaks against it */
	{13000 + 345, "", "tcp", ""},
	/* what forbids */
	{0, "", "tcp range=0-10", "zero! assigned:1000 round:10"},
	{1023, "", "tcp range=1-2000", "privileged! assigned:1000"},
	{13345, "rules unprivileged=13346\n", "tcp", "privileged!"},
	{13345, LISTEN("0.0.0.0", "13345"), "tcp", "bound!"},
	{13345, LISTEN("127.0.0.1", "13345"), "tcp", "bound!"},
	{13345, LISTEN("[::1]", "13345"), "tcp", "bound!"},
	{13345, LISTEN("[::]", "13345"), "both", "bound!"},
	{13345, "socket mptcp listener 0.0.0.0:13345 cookie=1\n", "tcp", "bound!"},
	{13345, "socket tcp bound 0.0.0.0:13345 cookie=1 inode=1\n", "tcp", "bound!"},
	{13345, "socket tcp connection 10.0.0.1:13345 10.0.0.2:9 stage=established inode=1\n",
	 "tcp", "bound!"},
	{13345, "socket udp listener 0.0.0.0:13345 cookie=1 inode=1\n", "udp", "bound!"},
	{13345, "socket udp connection 10.0.0.1:13345 10.0.0.2:9 inode=1\n", "udp", "bound!"},
	{13345, "socket udplite listener 0.0.0.0:13345 cookie=1\n", "udp", "bound!"},
	{13345, "published tcp 13340-13350 by=nftables\n", "tcp", "published!"},
	{13345, "published udp 13345 by=nftables\n", "tcp", ""},
	{33345, "", "tcp range=30000-35000", "ephemeral! pool:250"},
	{60999, "", "tcp range=60000-65535", "ephemeral!"},
	{61000 + 1, "", "tcp range=60000-65535", ""},
	{6667, "", "tcp browser range=6000-7000",
	 "browser-blocked! assigned:1000 customary:80"},
	{10080, "", "tcp browser", "browser-blocked! assigned:1000"},
	{10080, "", "tcp", "assigned:1000"},
	{13345, WINDOWS "excluded-tcp=13300-13399\n", "tcp", "excluded!"},
	{13345, WINDOWS "excluded-tcp=13300-13399\n", "udp", ""},
	{13345, WINDOWS "excluded-udp=13345\n", "both", "excluded!"},
	{13345, WINDOWS "reserved=13300-13399\n", "tcp", ""},
	{13345, WINDOWS "guest-tcp=13345\n", "tcp", "excluded!"},
	{13345, WINDOWS "guest-tcp=13345\n", "udp", ""},
	{13345, WINDOWS "guest-udp=13300-13399\n", "both", "excluded!"},
	{13345, WINDOWS "excluded-tcp=13345 guest-tcp=13345\n", "both", "excluded!"},
	/* what does not */
	{40005, "", "tcp range=30000-45000", ""},                  /* reserved by the kernel */
	{13345, "rules unprivileged=0 reserved=13345\n", "tcp", ""},
	{13345, "rules unprivileged=1024\n", "tcp", ""},           /* the range is not known */
	{45201, "", "tcp range=45200-45300", "ephemeral"},         /* asked for: said only */
	{13345, "rules ephemeral=1024-65535\n", "tcp", "ephemeral!"}, /* not asked for */
	{13345, "rules ephemeral=1024-65535\n", "tcp range=13000-13999", "ephemeral"},
	{13345, LISTEN("0.0.0.0", "13344"), "tcp", ""},
	{13345, "socket tcp listener 0.0.0.0:13345 ns=2 cookie=1\n", "tcp", ""},
	{13345, "socket tcp connection 10.0.0.1:40000 10.0.0.2:13345 stage=established\n", "tcp",
	 ""},
	{13345, "socket tcp time-wait 10.0.0.1:13345 10.0.0.2:9 expires=41000\n", "tcp", "closing"},
	{13345,
	 "socket tcp connection 10.0.0.1:13345 10.0.0.2:9 stage=fin-wait-2 remnant expires=9\n",
	 "tcp", "closing"},
	{13345, "socket sctp listener 0.0.0.0:13345 cookie=1\n", "tcp", ""},
	/* what costs */
	{3476, "", "tcp", "assigned:1000 customary:80"},
	{49151, "", "tcp", "ephemeral! assigned:1000"},            /* reserved */
	{9006, "", "tcp", "assigned:1000"},                        /* de-commissioned */
	{4502, "", "tcp", "assigned:1000"},                        /* for sctp alone */
	{5000, "", "tcp", "assigned:1000 customary-system:160 round:10"},
	{7000, "", "tcp", "assigned:1000 customary-system:160 round:10"},
	{6660, "", "tcp", "unauthorized-use:500 near-assigned:30"},
	{15678, "", "tcp", "pool:250"},
	{24001, "", "tcp", "assigned:1000 pool:250"},
	{31234, "", "tcp", "pool:250"},
	{34667, "", "tcp range=34667-34667", "ephemeral pool:250"},
	{13402, "", "tcp", "near-assigned:30"},                    /* 13400 is doip-data */
	{13403, "", "tcp", "near-assigned:30"},
	{13404, "", "tcp", ""},
	{13500, "", "tcp", "round:10"},
	{13345, "socket udp listener 0.0.0.0:13345 cookie=1 inode=1\n", "tcp", "twin-taken:4"},
	{13345, LISTEN("0.0.0.0", "13345"), "udp", "twin-taken:4"},
	{13345, "socket udp listener 0.0.0.0:13345 cookie=1\n", "both", "bound!"},
};

static void take_wish(const char *text, struct suggest_wish *wish)
{
	unsigned int first, last;
	const char *range = strstr(text, "range=");

	wish->want_tcp = !str_starts_with(text, "udp");
	wish->want_udp = !str_starts_with(text, "tcp");
	wish->for_browser = strstr(text, " browser") != NULL;
	wish->is_asked = range != NULL;
	if (range && sscanf(range, "range=%u-%u", &first, &last) == 2) {
		wish->first = (uint16_t)first;
		wish->last = (uint16_t)last;
	}
}

static void test_reasons(void **state)
{
	unsigned int n_wrong = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct scene s;
		const char *said;

		set_up(&s, rows[i].there, NULL, 0);
		take_wish(rows[i].wish, &s.wish);
		said = judge(&s, rows[i].port);
		if (strcmp(said, rows[i].said) != 0)
			print_error("row %zu: %u %s: \"%s\", not \"%s\"\n%s\n", i, rows[i].port,
				    rows[i].wish, said, rows[i].said, rows[i].there);
		n_wrong += strcmp(said, rows[i].said) != 0;
		tear_down(&s);
	}
	assert_int_equal(0, n_wrong);
}

static void test_claims(void **state)
{
	static const struct claim claims[] = {
		{.name = "web", .protocols = TCP, .first = 13345, .last = 13346, .since = TODAY},
		{.name = "old", .protocols = TCP, .first = 13347, .last = 13347, .since = TODAY,
		 .is_retired = true},
		{.name = "past", .protocols = TCP, .first = 13348, .last = 13348, .since = TODAY,
		 .until = "2026-08-16"},
		{.name = "dns", .protocols = UDP, .first = 13349, .last = 13349, .since = TODAY},
		{.name = "api", .protocols = TCP, .first = 13350, .last = 13350, .since = TODAY,
		 .scope = "/src/a"},
		{.name = "sig", .protocols = TRANSPORT_BIT(TRANSPORT_SCTP), .first = 13351,
		 .last = 13351, .since = TODAY},
	};
	static const struct {
		uint16_t port;
		const char *name, *scope, *said;
	} cases[] = {
		{13345, NULL, NULL, "claimed!"},
		{13346, NULL, NULL, "claimed!"},
		{13347, NULL, NULL, "claimed!"},
		{13348, NULL, NULL, ""},
		{13349, NULL, NULL, "twin-taken:4"},
		{13350, NULL, NULL, "claimed!"},
		{13350, "api", "/src/a", ""},
		{13350, "API", "/src/a", ""},
		{13350, "api", "/src/b", "claimed!"},
		{13350, "web", "/src/a", "claimed!"},
		{13351, NULL, NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct scene s;

		set_up(&s, "", claims, N_ELEMENTS(claims));
		s.wish.name = cases[i].name;
		s.wish.scope = cases[i].scope;
		assert_string_equal(cases[i].said, judge(&s, cases[i].port));
		tear_down(&s);
	}
}

/* Leases, what a trial refused, what was claimed meanwhile; a twin costs once, however it is
 * taken. */
static void test_sets(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, LISTEN("0.0.0.0", "13350"), NULL, 0);
	port_set_add(&s.leased_tcp, 13345);
	port_set_add(&s.leased_udp, 13346);
	port_set_add(&s.leased_tcp, 13350);
	port_set_add(&s.refused, 13347);
	port_set_add(&s.snatched, 13348);
	assert_string_equal("leased!", judge(&s, 13345));
	assert_string_equal("twin-taken:4", judge(&s, 13346));
	assert_string_equal("refused!", judge(&s, 13347));
	assert_string_equal("claimed!", judge(&s, 13348));
	s.wish.want_tcp = false;
	s.wish.want_udp = true;
	assert_string_equal("leased!", judge(&s, 13346));
	assert_string_equal("twin-taken:4", judge(&s, 13350));
	tear_down(&s);
}

/* Each cost outweighs all smaller ones together. */
static void test_costs(void **state)
{
	uint32_t sum = 0;

	(void)state;
	for (int why = SUGGEST_TWIN; why >= SUGGEST_ASSIGNED; why--) {
		assert_true(suggest_why_cost((enum suggest_why)why) > sum ||
			    why == SUGGEST_CUSTOMARY_SYSTEM);
		if (why != SUGGEST_CUSTOMARY_SYSTEM) /* one of the two */
			sum += suggest_why_cost(why == SUGGEST_CUSTOMARY ? SUGGEST_CUSTOMARY_SYSTEM
									 : (enum suggest_why)why);
	}
	assert_int_equal(2 * suggest_why_cost(SUGGEST_CUSTOMARY),
			 suggest_why_cost(SUGGEST_CUSTOMARY_SYSTEM));
}

static struct suggest_choice choose(struct scene *s)
{
	struct suggest_choice choice;

	assert_true(suggest_choose(&s->world, &s->wish, &s->arena, &choice));
	return choice;
}

/* Most of the usual range costs nothing, and every start is drawn from there. */
static void test_pool(void **state)
{
	unsigned int n_free = 0;
	struct scene s;

	(void)state;
	set_up(&s, "", NULL, 0);
	for (uint32_t port = SUGGEST_FIRST; port <= SUGGEST_LAST; port++)
		n_free += suggest_cost_of(&s.world, &s.wish, (uint16_t)port, (uint16_t)port,
					  NULL) == 0;
	assert_in_range(n_free, 2000, 2590);
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct suggest_choice c;

		s.wish.seed = seed;
		c = choose(&s);
		assert_int_equal(1, c.n);
		assert_int_equal(c.start, c.places[0].first);
		assert_int_equal(0, c.places[0].cost);
		assert_int_equal(0, c.n_passed);
		assert_non_null(c.runner_up);
	}
	tear_down(&s);
}

/* Ports that everybody picks have a known use (d10's list, but 8443, which IANA assigns). */
static void test_popular(void **state)
{
	static const uint16_t popular[] = {3000, 3001, 4000, 4200, 5000, 5173, 7000,
					   8000, 8080, 8081, 8888, 9000, 9090};
	struct scene s;

	(void)state;
	set_up(&s, "", NULL, 0);
	for (size_t i = 0; i < N_ELEMENTS(popular); i++)
		assert_non_null(strstr(judge(&s, popular[i]), "customary"));
	tear_down(&s);
}

/* The same seed gets the same port; what takes it moves only those who had it, forward. */
static void test_stable(void **state)
{
	struct suggest_choice first, again;
	char there[96];
	struct scene s;
	uint16_t port, next;

	(void)state;
	set_up(&s, "", NULL, 0);
	s.wish.seed = suggest_seed("github.com/acme/shop", "/src/shop", "api");
	first = choose(&s);
	port = first.places[0].first;
	next = first.runner_up->first;
	assert_int_equal(port, choose(&s).places[0].first);
	assert_int_equal(port + 1, next);
	tear_down(&s);

	snprintf(there, sizeof(there), "socket tcp bound 0.0.0.0:%u cookie=1 inode=1\n", port);
	set_up(&s, there, NULL, 0);
	s.wish.seed = suggest_seed("github.com/acme/shop", "/src/shop", "api");
	again = choose(&s);
	assert_int_equal(port, again.start);
	assert_int_equal(next, again.places[0].first);
	assert_int_equal(1, again.n_passed);
	assert_int_equal(port, again.passed[0].first);
	assert_true(again.passed[0].is_forbidden);
	tear_down(&s);
}

/* Seeds are part of the promise: a release that changes them moves everybody's ports. */
static void test_seed(void **state)
{
	struct scene s;

	(void)state;
	assert_true(suggest_seed("a", "b", "c") == suggest_seed("a", "b", "c"));
	assert_true(suggest_seed("a", "b", "c") != suggest_seed("b", "a", "c"));
	assert_true(suggest_seed("a", "b", NULL) != suggest_seed("a", NULL, "b"));
	assert_true(suggest_seed(NULL, "a", "b") != suggest_seed("a", "a", "b"));
	set_up(&s, "", NULL, 0);
	s.wish.seed = suggest_seed("github.com/acme/shop", "/src/shop", "api");
	assert_int_equal(14358, choose(&s).places[0].first);
	tear_down(&s);
}

static void test_cheapest(void **state)
{
	struct suggest_choice c;
	struct scene s;

	(void)state;
	/* 13400 is assigned, and so its neighbours cost; which of them is the hash's to say. */
	set_up(&s, "", NULL, 0);
	s.wish.first = 13400;
	s.wish.last = 13402;
	for (uint64_t seed = 0; seed < 50; seed++) {
		s.wish.seed = seed;
		c = choose(&s);
		assert_in_range(c.places[0].first, 13401, 13402);
		assert_int_equal(30, c.places[0].cost);
		assert_in_range(c.runner_up->first, 13401, 13402);
	}
	tear_down(&s);
}

static void test_block(void **state)
{
	struct suggest_choice c;
	struct scene s;

	(void)state;
	/* Every port of a block is looked at, not its first. */
	set_up(&s, LISTEN("127.0.0.1", "13504") "socket tcp bound 0.0.0.0:13509 cookie=2 inode=2\n",
	       NULL, 0);
	s.wish.first = 13501;
	s.wish.last = 13513;
	s.wish.block = 4;
	for (uint64_t seed = 0; seed < 50; seed++) {
		s.wish.seed = seed;
		c = choose(&s);
		assert_int_equal(1, c.n);
		assert_in_range(c.places[0].first, 13505, 13510);
		assert_true(c.places[0].first == 13505 || c.places[0].first == 13510);
		assert_int_equal(c.places[0].first + 3, c.places[0].last);
		assert_non_null(c.runner_up);
	}
	s.wish.block = 5;
	c = choose(&s);
	assert_int_equal(0, c.n);
	assert_int_equal(2, c.n_forbidden[SUGGEST_BOUND]);
	s.wish.block = 14; /* more than the range has */
	assert_int_equal(0, choose(&s).n);
	tear_down(&s);
}

static void test_count(void **state)
{
	bool seen[16] = {false};
	struct suggest_choice c;
	struct scene s;

	(void)state;
	set_up(&s, "", NULL, 0);
	s.wish.first = 13501;
	s.wish.last = 13510;
	s.wish.count = 3;
	s.wish.block = 3;
	s.wish.seed = 1;
	c = choose(&s);
	for (size_t i = 0; i < c.n; i++) {
		for (uint32_t port = c.places[i].first; port <= c.places[i].last; port++) {
			assert_false(seen[port - 13501]);
			seen[port - 13501] = true;
		}
	}
	s.wish.block = 1;
	s.wish.count = 10;
	c = choose(&s);
	assert_int_equal(10, c.n);
	assert_null(c.runner_up);
	s.wish.count = 11;
	assert_int_equal(10, choose(&s).n);
	tear_down(&s);
}

/* The same as the slow way: every place weighed, the first of the cheapest from the start on. */
static void compare_with_slow_way(struct scene *s)
{
	uint32_t n = (uint32_t)(s->wish.last - s->wish.first + 2 - s->wish.block);
	struct suggest_choice c = choose(s);
	uint32_t best = UINT32_MAX;
	uint16_t at = 0;

	for (uint32_t step = 0; step < n; step++) {
		uint16_t port = (uint16_t)(s->wish.first +
					   ((uint32_t)(c.start - s->wish.first) + step) % n);
		uint32_t cost = suggest_cost_of(&s->world, &s->wish, port,
						(uint16_t)(port + s->wish.block - 1), NULL);

		if (cost < best) {
			best = cost;
			at = port;
		}
	}
	assert_int_equal(best != UINT32_MAX, c.n);
	if (c.n > 0) {
		assert_int_equal(at, c.places[0].first);
		assert_int_equal(best, c.places[0].cost);
	}
}

static void test_slow_way(void **state)
{
	static const struct {
		uint16_t first, last;
	} ranges[] = {{13501, 13526}, {8000, 8100},   {13390, 13420},
		      {6650, 6700},   {32750, 32780}, {1020, 1030}};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(ranges); i++) {
		struct scene s;

		set_up(&s, LISTEN("0.0.0.0", "8045") LISTEN("0.0.0.0", "13410")
		       "socket tcp bound 0.0.0.0:13507 cookie=2\n"
		       "socket tcp bound 0.0.0.0:13515 cookie=3\n"
		       "socket tcp bound 0.0.0.0:13524 cookie=4\n", NULL, 0);
		s.wish.first = ranges[i].first;
		s.wish.last = ranges[i].last;
		for (s.wish.seed = 0; s.wish.seed < 40; s.wish.seed++) {
			s.wish.block = (uint16_t)(1 + s.wish.seed % 6);
			compare_with_slow_way(&s);
		}
		tear_down(&s);
	}
}

/* Cheap ones that were passed over for cheaper ones are taken when those are gone. */
static void test_order(void **state)
{
	uint32_t before = 0;
	struct suggest_choice c;
	struct scene s;

	(void)state;
	set_up(&s, "", NULL, 0);
	s.wish.first = 13390;
	s.wish.last = 13520;
	s.wish.count = 131;
	s.wish.seed = 3;
	c = choose(&s);
	assert_int_equal(131, c.n);
	for (size_t i = 0; i < c.n; i++) {
		assert_true(c.places[i].cost >= before);
		before = c.places[i].cost;
	}
	assert_int_equal(1000, before - before % 1000);
	tear_down(&s);
}

static void test_names(void **state)
{
	static const char text[] =
		"Num       RefCount Protocol Flags    Type St Inode Path\n"
		"00: 00000002 00000000 00010000 0001 01 20000 @berth/lease/tcp/13002\n"
		"00: 00000002 00000000 00000000 0002 01 20001 @berth/lease/udp/13003\n"
		"00: 00000002 00000000 00000000 0002 01 20001 @berth/lease/tcp/99999\n"
		"00: 00000002 00000000 00000000 0002 01 20001 @berth/lease/tcp/1300x\n"
		"00: 00000002 00000000 00000000 0002 01 20001 @berth/lease/tcp/\n"
		"00: 00000002 00000000 00000000 0002 01 20001 /tmp/@berth/lease/tcp/7\n"
		"00: 00000003 00000000 00000000 0001 03 20002\n"
		"@berth/lease/tcp/8\n"
		"00: 00000002 00000000 00010000 0001 01 20003 @berth/lease/tcp/13004";
	struct port_set tcp = {{0}}, udp = {{0}};
	unsigned int n_tcp = 0, n_udp = 0;

	(void)state;
	lease_names_parse(text, sizeof(text) - 1, &tcp, &udp);
	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		n_tcp += port_set_has(&tcp, (uint16_t)port);
		n_udp += port_set_has(&udp, (uint16_t)port);
	}
	assert_true(port_set_has(&tcp, 13002) && port_set_has(&tcp, 13004));
	assert_true(port_set_has(&udp, 13003));
	assert_int_equal(2, n_tcp);
	assert_int_equal(1, n_udp);
	assert_false(port_set_has(NULL, 1));
}

static int open_registry(void **state)
{
	const char *reason;

	(void)state;
	return registry_open_builtin(&registry, &reason);
}

static int close_registry(void **state)
{
	(void)state;
	registry_close(&registry);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons), cmocka_unit_test(test_claims),
		cmocka_unit_test(test_sets),	cmocka_unit_test(test_costs),
		cmocka_unit_test(test_pool),	cmocka_unit_test(test_popular),
		cmocka_unit_test(test_stable),	cmocka_unit_test(test_seed),
		cmocka_unit_test(test_cheapest), cmocka_unit_test(test_block),
		cmocka_unit_test(test_count),	cmocka_unit_test(test_order),
		cmocka_unit_test(test_names),	cmocka_unit_test(test_slow_way),
	};

	return cmocka_run_group_tests(tests, open_registry, close_registry);
}
