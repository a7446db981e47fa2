#include "cli/lease-pool.h"

#include "act/lease.h"
#include "base/lang.h"
#include "cli/own-claims.h"

static int open_registry(struct cli *c)
{
	return c->has_registry ? 0 : cli_open_registry(c);
}

int lease_pool(struct cli *c, const struct live_span *spans, size_t n_spans, const char *name,
	       struct lease_ports *out)
{
	struct answer_sources from = {.today = NULL};
	struct live_rules rules;
	struct lease_candidates_request request = {.spans = spans, .n_spans = n_spans,
						   .name = name, .rules = &rules,
						   .seed = lease_seed()};
	bool has_gaps = c->own != NULL; /* said already */
	int r = n_spans > 0 ? 0 : open_registry(c);

	if (r == 0)
		r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, &from);
	if (r != 0)
		return r;
	for (size_t i = 0; !has_gaps && i < from.n_claim_gaps; i++) {
		if (!from.claim_gaps[i].is_aside)
			cli_warn("claims %s: %s", from.claim_gaps[i].where, from.claim_gaps[i].why);
	}
	lease_rules(&c->arena, &rules);
	request.registry = &c->registry;
	request.claims = from.claims;
	request.today = from.today;
	if (lease_candidates(&request, &c->arena, out) < 0)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (out->is_ephemeral && !c->options->is_quiet)
		cli_warn("every port of the pool is in the kernel's ephemeral range %u-%u: "
			 "connections may take them",
			 rules.ephemeral.first, rules.ephemeral.last);
	return 0;
}

static void put_count(struct str *out, size_t n, const char *what)
{
	if (n > 0)
		str_printf(out, "%s%zu %s", out->length > 0 ? ", " : "", n, what);
}

void lease_pool_describe(const struct lease_ports *pool, const struct lease_misses *misses,
			 struct str *out)
{
	put_count(out, misses->n_leased, _("leased"));
	put_count(out, misses->n_bound, _("bound by somebody"));
	put_count(out, misses->n_denied, _("privileged"));
	put_count(out, pool->n_claimed, _("claimed under another name"));
	if (out->length == 0)
		str_append(out, _("there are none"));
}
