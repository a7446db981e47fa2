/* The claims against this machine. */
#include "answer/check-parts.h"

#include "base/lang.h"
#include "ledger/claims.h"

#include <string.h>

static bool is_answered(const struct check *k, const struct claim *c)
{
	const struct answer_here *here = k->given->here;

	for (size_t i = 0; i < here->n_listeners; i++) {
		const struct answer_listener *l = &here->listeners[i];

		if (l->is_here && l->socket &&
		    claim_covers(c, l->port, l->socket->transport, &l->socket->local))
			return true;
	}
	for (size_t i = 0; i < here->n_published; i++) {
		const struct answer_published *p = &here->published[i];
		uint16_t port = MAX_OF(c->first, p->ports.first); /* the first of both, if any */

		if (port <= p->ports.last && claim_covers(c, port, p->transport, NULL))
			return true;
	}
	return false;
}

static void check_dark(struct check *k)
{
	const struct claims_tree *tree = k->given->tree;

	for (size_t i = 0; i < tree->n_claims; i++) {
		const struct claims_tree_claim *c = &tree->claims[i];

		if (claim_state(&c->claim, k->given->today) == CLAIM_ACTIVE &&
		    !is_answered(k, &c->claim))
			check_add_claim(k, CHECK_DARK, c, _("is dark: nobody listens here"));
	}
}

/* The claim of a file that a listener stands against; NULL = it is none of a file. */
static const struct claims_tree_claim *find_claim(const struct check *k, uint16_t port,
						   enum transport t, const struct address *address)
{
	const struct claims_tree *tree = k->given->tree;

	for (size_t i = 0; i < tree->n_claims; i++) {
		if (claim_state(&tree->claims[i].claim, k->given->today) != CLAIM_EXPIRED &&
		    claim_covers(&tree->claims[i].claim, port, t, address))
			return &tree->claims[i];
	}
	return NULL;
}

static const char *describe_owner(const struct check *k, const struct answer_listener *l)
{
	const struct answer_owner *o = answer_main_owner(l);
	const char *program = o ? check_escape(k, o->label ? o->label : o->program) : NULL;
	const char *text = program;

	if (program && o->pid >= 0)
		text = arena_printf(k->arena, "%s (pid %lld)", program, (long long)o->pid);
	return text ? text : _("somebody");
}

static void judge_listener(struct check *k, const struct answer_listener *l)
{
	const struct answer_place here = {"", ANSWER_NULL, ANSWER_NULL};
	const struct claims_tree_claim *c;
	struct answer_finding *f;

	if (l->judged.word == VERDICT_CONFLICT) {
		c = find_claim(k, l->port, l->socket->transport, &l->socket->local);
		if (c)
			check_add_claim(k, CHECK_CONFLICT, c,
					_("conflicts with %s, which listens on "
					  "%s:%u here"),
					describe_owner(k, l), l->address, l->port);
		return;
	}
	if (l->judged.word != VERDICT_UNCLAIMED)
		return;
	f = check_add(k, CHECK_UNCLAIMED_LISTENER, here, _("%s listens on %s %s:%u, and nobody has "
							 "claimed that"), describe_owner(k, l),
		      l->protocol, l->address, l->port);
	if (f) {
		f->has_ports = true;
		f->ports = (struct live_span){l->port, l->port};
	}
}

void check_live(struct check *k)
{
	const struct answer_here *here = k->given->here;

	check_dark(k);
	for (size_t i = 0; i < here->n_listeners; i++) {
		if (here->listeners[i].is_here && here->listeners[i].socket &&
		    here->listeners[i].verdict)
			judge_listener(k, &here->listeners[i]);
	}
}
