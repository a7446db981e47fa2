/* The claims against what stands in manifests. */
#include "answer/check-parts.h"

#include "base/lang.h"
#include "base/str.h"
#include "ledger/claims.h"

#include <string.h>

/* The claims of a check, sorted by ports. */
static bool make_index(struct check *k, struct claims *set)
{
	const struct claims_tree *tree = k->given->tree;

	claims_init(set, k->arena);
	for (size_t i = 0; i < tree->n_claims; i++) {
		if (!claims_add(set, &tree->claims[i].claim))
			return false;
	}
	return claims_finish(set);
}

/* Where a claim of the index stands: both have the same string as their name. */
static const struct claims_tree_claim *entry_of(const struct check *k, const struct claim *c)
{
	const struct claims_tree *tree = k->given->tree;
	size_t i = 0;

	while (i + 1 < tree->n_claims && tree->claims[i].claim.name != c->name)
		i++;
	return &tree->claims[i];
}

static const char *describe_place(const struct check *k, const struct check_place *p)
{
	static const char *const verbs[N_CHECK_PLACE_KINDS] = {
		[CHECK_PLACE_PUBLISHED] = N_("publishes"), [CHECK_PLACE_HOST] = N_("opens"),
		[CHECK_PLACE_NODE] = N_("opens"),          [CHECK_PLACE_SOCKET] = N_("listens on"),
		[CHECK_PLACE_VARIABLE] = N_("is"),         [CHECK_PLACE_INSIDE] = N_("uses"),
	};
	struct claim as_claim = {.protocols = p->protocols, .first = p->first, .last = p->last,
				 .has_address = p->has_address, .address = p->address};
	const char *ports = claim_describe_ports(&as_claim, k->arena);
	const char *name = check_escape(k, p->name);

	return arena_printf(k->arena, "%s %s %s", name ? name : _("it"), _(verbs[p->kind]),
			    ports ? ports : "?");
}

static enum check_kind kind_of_place(enum check_place_kind kind)
{
	switch (kind) {
	case CHECK_PLACE_PUBLISHED:
	case CHECK_PLACE_HOST:
	case CHECK_PLACE_NODE:
	case CHECK_PLACE_SOCKET:
		return CHECK_UNCLAIMED_PORT;
	case CHECK_PLACE_VARIABLE:
		return CHECK_UNCLAIMED_VARIABLE;
	case CHECK_PLACE_INSIDE:
		return CHECK_UNCLAIMED_INSIDE;
	}
	return CHECK_UNCLAIMED_PORT;
}

static void accuse(struct check *k, enum check_kind kind, const struct check_place *p,
		   const struct claim *c, const char *why)
{
	struct answer_finding *f;
	const struct claims_tree_claim *entry = c ? entry_of(k, c) : NULL;
	const char *what = describe_place(k, p);

	if (c)
		f = check_add(k, kind, p->at, "%s: %s: %s (%s:%u)", what ? what : "?", why,
			      check_describe(k, c), claims_tree_path(k->given->tree, entry->file),
			      entry->line);
	else
		f = check_add(k, kind, p->at, "%s: %s", what ? what : "?", why);
	if (!f)
		return;
	f->has_ports = true;
	f->ports = (struct live_span){p->first, p->last};
	if (c) {
		f->claim = c->name;
		check_relate(k, f, entry);
	}
}

/* What the claims of one port say of a place. */
struct opinion {
	const struct claim *covers;    /* this one allows it */
	const struct claim *elsewhere; /* claimed at a narrower address */
	const struct claim *otherwise; /* for another transport */
	const struct claim *gone;      /* retired, or expired */
	const struct claim *foreign;   /* of another name, while the place has that of a claim */
};

/* Whether every socket at the place's address is one of the claim's. */
static bool has_address_of(const struct claim *c, const struct check_place *p)
{
	if (!c->has_address || p->kind == CHECK_PLACE_VARIABLE || p->kind == CHECK_PLACE_INSIDE)
		return true;
	if (!p->has_address)
		return address_is_wildcard(&c->address);
	return address_is_equal(&c->address, &p->address) || address_is_wildcard(&c->address);
}

static void ask(const struct check *k, const struct claims *set, const struct check_place *p,
		uint16_t port, struct opinion *out)
{
	size_t named = 0, cursor = 0;
	bool is_named = p->name && claims_next_named(set, p->name, &named);
	const struct claim *c;

	*out = (struct opinion){.covers = NULL};
	while ((c = claims_next(set, port, &cursor)) != NULL) {
		if (claim_state(c, k->given->today) != CLAIM_ACTIVE)
			out->gone = out->gone ? out->gone : c;
		else if (p->protocols && (p->protocols & ~c->protocols))
			out->otherwise = out->otherwise ? out->otherwise : c;
		else if (!has_address_of(c, p))
			out->elsewhere = out->elsewhere ? out->elsewhere : c;
		else if (is_named && str_casecmp(c->name, p->name) != 0)
			out->foreign = out->foreign ? out->foreign : c;
		else
			out->covers = c;
	}
}

static void judge_unclaimed(struct check *k, const struct claims *set,
			    const struct check_place *p)
{
	size_t cursor = 0;
	const struct claim *own = p->name ? claims_next_named(set, p->name, &cursor) : NULL;

	if (own && kind_of_place(p->kind) == CHECK_UNCLAIMED_PORT)
		accuse(k, CHECK_CONTRADICTION, p, own, _("its claim is for other ports"));
	else
		accuse(k, kind_of_place(p->kind), p, NULL, _("nobody has claimed that"));
}

static void judge_place(struct check *k, const struct claims *set, const struct check_place *p)
{
	for (uint32_t port = p->first; port <= p->last; port++) {
		struct opinion o;

		ask(k, set, p, (uint16_t)port, &o);
		if (o.covers)
			continue;
		if (o.foreign)
			accuse(k, CHECK_CONTRADICTION, p, o.foreign, _("claimed by another"));
		else if (o.elsewhere)
			accuse(k, CHECK_CONTRADICTION, p, o.elsewhere,
			       _("claimed at one address only"));
		else if (o.otherwise)
			accuse(k, CHECK_CONTRADICTION, p, o.otherwise,
			       _("claimed for another transport"));
		else if (o.gone)
			accuse(k, CHECK_CONTRADICTION, p, o.gone,
			       o.gone->is_retired ? _("retired") : _("the claim has expired"));
		else
			judge_unclaimed(k, set, p);
		return; /* one is enough of a range */
	}
}

void check_places(struct check *k)
{
	struct claims set;

	if (k->given->n_places == 0 || !make_index(k, &set))
		return;
	for (size_t i = 0; i < k->given->n_places && !arena_failed(k->arena); i++)
		judge_place(k, &set, &k->given->places[i]);
}
