/* The parts of an answer that come from claims of one's own. */
#include "answer/answer-parts.h"

#include "base/str.h"
#include "ledger/claims.h"
#include "ledger/entry.h"

#include <string.h>
#include <strings.h>

static const char *const *list_protocols(transport_set protocols, struct arena *arena)
{
	const char **list = arena_calloc(arena, N_TRANSPORTS + 1, sizeof(*list));
	size_t n = 0;

	for (unsigned int t = 0; list && t < N_TRANSPORTS; t++) {
		if (protocols & TRANSPORT_BIT(t))
			list[n++] = transport_name((enum transport)t);
	}
	return list;
}

bool answer_fill_claim(const struct claim *c, const char *today, struct answer_claim *out,
		       struct arena *arena)
{
	*out = (struct answer_claim){
		.name = c->name,
		.protocols = list_protocols(c->protocols, arena),
		.ports = {c->first, c->last},
		.address = c->has_address ? answer_address(&c->address, arena) : NULL,
		.owner = c->owner,
		.scope = c->scope,
		.since = c->since,
		.until = c->until,
		.source = c->source,
		.program = c->program,
		.reason = c->reason,
		.state = claim_state_name(claim_state(c, today)),
	};
	return !arena_failed(arena);
}

static bool is_wanted(const struct claim *c, const struct answer_options *options)
{
	for (unsigned int t = 0; t < N_TRANSPORTS; t++) {
		if ((c->protocols & TRANSPORT_BIT(t)) && answer_wants(options, (enum transport)t))
			return true;
	}
	return false;
}

bool answer_fill_claims(const struct answer_sources *from, uint16_t port,
			const struct answer_options *options, struct answer *out,
			struct arena *arena)
{
	struct answer_claim *claims = NULL;
	const struct claim *one;
	size_t n = 0, capacity = 0, cursor = 0;

	while (from->claims && (one = claims_next(from->claims, port, &cursor)) != NULL) {
		struct answer_claim *slot;

		if (!is_wanted(one, options))
			continue;
		slot = ARENA_PUSH(arena, claims, n, capacity);
		if (!slot || !answer_fill_claim(one, from->today, slot, arena))
			return false;
	}
	out->claims = claims;
	out->n_claims = n;
	return true;
}

bool answer_fill_case_claims(const struct answer_sources *from, uint16_t port,
			     enum transport space, struct answer_case *out, size_t *capacity,
			     struct arena *arena)
{
	struct verdict_claim *claims = NULL;
	const struct claim **own = NULL, *one;
	size_t n = 0, n_own = 0, room = 0, own_room = 0, cursor = 0;

	while (from->claims && (one = claims_next(from->claims, port, &cursor)) != NULL) {
		struct verdict_claim *slot;
		const struct claim **own_slot;

		if (claim_state(one, from->today) == CLAIM_EXPIRED ||
		    !claim_covers(one, port, space, NULL))
			continue;
		slot = ARENA_PUSH(arena, claims, n, room);
		own_slot = ARENA_PUSH(arena, own, n_own, own_room);
		if (!slot || !own_slot ||
		    !answer_case_add_name(out, capacity, "claim", one->name, arena))
			return false;
		*slot = (struct verdict_claim){one->name, one->program, one->is_retired};
		*own_slot = one;
		out->has_address = out->has_address || one->has_address;
	}
	out->world.claims = claims;
	out->world.n_claims = (unsigned int)n;
	out->own = own;
	return true;
}

bool answer_case_at(const struct answer_case *c, const struct address *address,
		    struct answer_case *out, struct arena *arena)
{
	struct verdict_claim *claims;
	struct answer_name *names;
	unsigned int n = 0;

	*out = *c;
	if (!c->has_address)
		return true;
	claims = arena_calloc(arena, c->world.n_claims, sizeof(*claims));
	names = arena_calloc(arena, c->n_names, sizeof(*names));
	if (!claims || !names)
		return false;
	/* The names of the claims stand first, in their order. */
	for (unsigned int i = 0; i < c->world.n_claims; i++) {
		const struct claim *own = c->own[i];

		if (!claim_covers(own, own->first, claim_any_transport(own), address))
			continue;
		claims[n] = c->world.claims[i];
		names[n++] = c->names[i];
	}
	for (size_t i = c->world.n_claims; i < c->n_names; i++)
		names[n + i - c->world.n_claims] = c->names[i];
	out->world.claims = claims;
	out->world.n_claims = n;
	out->names = names;
	out->n_names = c->n_names - c->world.n_claims + n;
	return true;
}

const struct answer_claim *answer_claims(const struct claims *claims, const char *today,
					 struct arena *arena)
{
	struct answer_claim *out = arena_calloc(arena, claims->n, sizeof(*out));

	for (size_t i = 0; out && i < claims->n; i++) {
		if (!answer_fill_claim(&claims->items[i], today, &out[i], arena))
			return NULL;
	}
	return out;
}

void answer_fill_entry(const struct ledger_entry *entry, struct answer_entry *out)
{
	*out = (struct answer_entry){
		.number = entry->number,
		.at = entry->at_ns,
		.user = entry->user,
		.uid = entry->uid,
		.action = entry->action,
		.name = entry->name,
		.ports = entry->ports,
		.detail = entry->detail,
	};
}

static bool contains(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; text && *text; text++) {
		if (strncasecmp(text, word, n) == 0)
			return true;
	}
	return false;
}

/* How well one word fits a claim: 0 its name, 1 the beginning of it, 2 inside it, 3 elsewhere; 4
 * not at all. */
static unsigned int rank_word(const struct claim *c, const char *word)
{
	const char *const texts[] = {c->owner, c->scope, c->program, c->reason};

	if (str_casecmp(c->name, word) == 0)
		return 0;
	if (strncasecmp(c->name, word, strlen(word)) == 0)
		return 1;
	if (contains(c->name, word))
		return 2;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		if (contains(texts[i], word))
			return 3;
	}
	return 4;
}

static const char *rank_claim(const struct claim *c, const char *const *words, size_t n)
{
	static const char *const names[] = {"exact", "prefix", "word", "rest"};
	unsigned int worst = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned int rank = rank_word(c, words[i]);

		worst = MAX_OF(worst, rank);
	}
	return worst < N_ELEMENTS(names) ? names[worst] : NULL;
}

bool answer_find_claims(const struct claims *claims, const char *today, const char *const *words,
			size_t n_words, const struct answer_found **found, size_t *n,
			struct arena *arena)
{
	struct answer_found *all = NULL;
	size_t n_all = 0, capacity = 0;

	for (size_t i = 0; i < claims->n; i++) {
		const char *rank = rank_claim(&claims->items[i], words, n_words);
		struct answer_claim *claim;
		struct answer_found *slot;

		if (!rank)
			continue;
		slot = ARENA_PUSH(arena, all, n_all, capacity);
		claim = arena_alloc(arena, sizeof(*claim));
		if (!slot || !claim ||
		    !answer_fill_claim(&claims->items[i], today, claim, arena))
			return false;
		*slot = (struct answer_found){.kind = "claim", .rank = rank, .claim = claim};
	}
	for (size_t i = 0; i < *n; i++) {
		struct answer_found *slot = ARENA_PUSH(arena, all, n_all, capacity);

		if (!slot)
			return false;
		*slot = (*found)[i];
	}
	*found = all;
	*n = n_all;
	return true;
}
