#include "answer/suggest.h"

#include "base/str.h"

#include <string.h>

enum { DRAWS = 64 };

/* Costs that are no cost. */
#define FORBIDDEN UINT32_MAX
#define NOT_YET (UINT32_MAX - 1)

/* A search under way. */
struct search {
	const struct suggest_world *world;
	const struct suggest_wish *wish;
	struct arena *arena;
	uint32_t n_ports, n_bases; /* of the range; at which a block can begin */
	uint32_t start;            /* of the bases */
	uint32_t *costs;           /* of each port of the range */
	bool *is_taken;            /* by a place that was chosen */
};

/* FNV-1a leaves its last bytes in the low bits only: mix them (the finalizer of splitmix64). */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9U;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebU;
	return x ^ x >> 31;
}

uint64_t suggest_seed(const char *repository, const char *checkout, const char *name)
{
	const char *const parts[] = {repository, checkout, name};
	uint64_t seed = 0;

	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		if (parts[i])
			seed ^= str_hash(parts[i], strlen(parts[i]));
		seed = mix(seed + 0x9e3779b97f4a7c15U);
	}
	return seed;
}

static uint16_t port_at(const struct search *s, uint32_t base)
{
	return (uint16_t)(s->wish->first + base);
}

/* A base against which nothing lasting speaks, by the hash; the first draw where there is none. */
static uint32_t draw_start(const struct search *s)
{
	struct live_snapshot rules = {.system = LIVE_LINUX};
	struct suggest_world lasting = {.registry = s->world->registry, .live = &rules};
	uint16_t block = s->wish->block;

	if (s->world->live) {
		rules = *s->world->live;
		rules.n_sockets = rules.n_published = 0;
	} else {
		lasting.live = NULL;
	}
	for (uint64_t i = 0; i < DRAWS; i++) {
		uint32_t base = (uint32_t)(mix(s->wish->seed + i) % s->n_bases), n = 0;

		while (n < block && suggest_cost_of(&lasting, s->wish, port_at(s, base + n),
						    port_at(s, base + n), NULL) == 0)
			n++;
		if (n == block)
			return base;
	}
	return (uint32_t)(mix(s->wish->seed) % s->n_bases);
}

static uint32_t cost_of_port(struct search *s, uint32_t i)
{
	uint16_t port = port_at(s, i);

	if (s->costs[i] == NOT_YET)
		s->costs[i] = suggest_cost_of(s->world, s->wish, port, port, NULL);
	return s->costs[i];
}

/* How many ports of a place, from its first, a search has to step over because the last of them
 * costs something or is taken; 0 = none, the place is free. */
static uint32_t step_over(struct search *s, uint32_t base)
{
	for (uint32_t i = s->wish->block; i > 0; i--) {
		if (s->is_taken[base + i - 1] || cost_of_port(s, base + i - 1) != 0)
			return i;
	}
	return 0;
}

/* The next that costs nothing, from step `*k` on; where there is none, `*k` says so ever after. */
static bool find_free(struct search *s, uint32_t *k, uint32_t *base)
{
	while (*k < s->n_bases) {
		uint32_t over;

		*base = (s->start + *k) % s->n_bases;
		over = step_over(s, *base);
		if (over == 0)
			return true;
		/* Not around the end of the range: blocks begin anew there. */
		*k += MIN_OF(over, s->n_bases - *base);
	}
	return false;
}

/* The first of the cheapest that are left: one walk with the sum of a block at hand. */
static bool find_best(struct search *s, uint32_t *k, uint32_t *base)
{
	uint32_t best = FORBIDDEN, best_step = 0, sum = 0, n_blocked = 0, block = s->wish->block;

	if (find_free(s, k, base))
		return true;
	for (uint32_t i = 0; i < s->n_ports; i++) {
		uint32_t gone = i - block, at = gone + 1, step;

		if (s->is_taken[i] || cost_of_port(s, i) == FORBIDDEN)
			n_blocked++;
		else
			sum += cost_of_port(s, i);
		if (i >= block && (s->is_taken[gone] || s->costs[gone] == FORBIDDEN))
			n_blocked--;
		else if (i >= block)
			sum -= s->costs[gone];
		step = (at + s->n_bases - s->start) % s->n_bases;
		if (i + 1 < block || n_blocked > 0 || sum > best ||
		    (sum == best && step > best_step))
			continue;
		best = sum;
		best_step = step;
		*base = at;
	}
	return best != FORBIDDEN;
}

static bool judge(struct search *s, uint32_t base, struct suggest_place *out)
{
	uint16_t first = port_at(s, base);

	return suggest_judge(s->world, s->wish, first, (uint16_t)(first + s->wish->block - 1),
			     s->arena, out);
}

static bool is_among(const struct suggest_choice *c, uint16_t first)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->places[i].first == first)
			return true;
	}
	return c->runner_up && c->runner_up->first == first;
}

/* How far from the start the chosen ones reach. */
static uint32_t reach_of(const struct search *s, const struct suggest_choice *c)
{
	uint32_t reach = 0;

	for (size_t i = 0; i < c->n; i++) {
		uint32_t base = (uint32_t)(c->places[i].first - s->wish->first);

		reach = MAX_OF(reach, (base + s->n_bases - s->start) % s->n_bases);
	}
	return c->n < s->wish->count ? s->n_bases : reach;
}

static bool overlaps_taken(const struct search *s, uint32_t base)
{
	for (uint32_t i = 0; i < s->wish->block; i++) {
		if (s->is_taken[base + i])
			return true;
	}
	return false;
}

/* What was passed over on the way to the last of the chosen ones. */
static bool list_passed(struct search *s, struct suggest_choice *c)
{
	struct suggest_place *passed = arena_calloc(s->arena, SUGGEST_PASSED, sizeof(*passed));
	uint32_t reach = reach_of(s, c);

	if (!passed)
		return false;
	for (uint32_t step = 0; step < reach; step++) {
		uint32_t base = (s->start + step) % s->n_bases;

		if (is_among(c, port_at(s, base)) || overlaps_taken(s, base))
			continue;
		if (c->n_passed == SUGGEST_PASSED)
			c->n_more++;
		else if (!judge(s, base, &passed[c->n_passed++]))
			return false;
	}
	c->passed = passed;
	return true;
}

/* Nothing is left: what forbids the ports? */
static void count_forbidden(struct search *s, struct suggest_choice *c)
{
	for (uint32_t i = 0; i < s->n_ports; i++) {
		enum suggest_why why = SUGGEST_ZERO;
		uint16_t port = port_at(s, i);

		if (cost_of_port(s, i) != FORBIDDEN)
			continue;
		suggest_cost_of(s->world, s->wish, port, port, &why);
		c->n_forbidden[why]++;
	}
}

static bool choose_places(struct search *s, struct suggest_choice *c)
{
	struct suggest_place *places = arena_calloc(s->arena, s->wish->count, sizeof(*places));
	struct suggest_place *next = arena_alloc(s->arena, sizeof(*next));
	uint32_t k = 0, base;

	if (!places || !next)
		return false;
	c->places = places;
	while (c->n < s->wish->count && find_best(s, &k, &base)) {
		if (!judge(s, base, &places[c->n++]))
			return false;
		for (uint32_t i = 0; i < s->wish->block; i++)
			s->is_taken[base + i] = true;
	}
	if (c->n < s->wish->count)
		count_forbidden(s, c);
	else if (find_best(s, &k, &base)) {
		if (!judge(s, base, next))
			return false;
		c->runner_up = next;
	}
	return list_passed(s, c);
}

bool suggest_choose(const struct suggest_world *world, const struct suggest_wish *wish,
		    struct arena *arena, struct suggest_choice *out)
{
	struct suggest_choice choice = {.start = wish->first};
	struct search s = {.world = world, .wish = wish, .arena = arena};

	s.n_ports = (uint32_t)wish->last - wish->first + 1;
	if (wish->block > s.n_ports) {
		*out = choice;
		return true;
	}
	s.n_bases = s.n_ports - wish->block + 1;
	s.costs = arena_calloc(arena, s.n_ports, sizeof(*s.costs));
	s.is_taken = arena_calloc(arena, s.n_ports, sizeof(*s.is_taken));
	if (!s.costs || !s.is_taken)
		return false;
	for (uint32_t i = 0; i < s.n_ports; i++)
		s.costs[i] = NOT_YET;
	s.start = draw_start(&s);
	choice.start = port_at(&s, s.start);
	if (!choose_places(&s, &choice))
		return false;
	*out = choice;
	return true;
}
