/* The claims against the world: registry, known uses, kernel, browsers. */
#include "answer/check-parts.h"

#include "base/lang.h"
#include "base/str.h"
#include "ledger/claims.h"
#include "registry/browser-ports.h"
#include "registry/known-uses.h"
#include "registry/registry.h"

#include <string.h>
#include <strings.h>

/* Every port of a claim is asked for up to so many; beyond, only how many there are. */
enum { ASK_MOST = 64 };

/* How many ports up to each have an assignment, made when a wide claim asks. */
struct counts {
	bool is_made[N_REGISTRY_TRANSPORTS];
	uint32_t *assigned[N_REGISTRY_TRANSPORTS]; /* 65537 of them: below port i */
};

static bool is_word(const char *text, size_t n, const char *word)
{
	return strlen(word) == n && strncasecmp(text, word, n) == 0;
}

static bool has_word(const char *text, const char *separators, const char *const *words, size_t n)
{
	while (text && *text) {
		size_t length = strcspn(text, separators);

		for (size_t i = 0; i < n; i++) {
			if (is_word(text, length, words[i]))
				return true;
		}
		text += length;
		text += *text != '\0';
	}
	return false;
}

bool check_is_http(const struct claim *c)
{
	static const char *const names[] = {"http", "https", "www", "web"};

	return has_word(c->name, "-", names, N_ELEMENTS(names)) ||
	       has_word(c->scope, ", ", names, 2);
}

static bool is_dynamic(uint16_t port)
{
	return registry_range_of(port) == REGISTRY_PRIVATE;
}

/* Whether the claim is for this very software, or for a service that it implements. */
static bool is_own_use(const struct claim *c, const struct known_use *use)
{
	struct registry_piece item;
	const char *rest = use->programs;

	if (str_casecmp(c->name, use->software) == 0 ||
	    (use->service && str_casecmp(c->name, use->service) == 0))
		return true;
	while (registry_item(&rest, &item)) {
		char program[64];

		if (item.n >= sizeof(program))
			continue;
		memcpy(program, item.text, item.n);
		program[item.n] = '\0';
		if (str_casecmp(c->name, program) == 0 ||
		    (c->program && verdict_list_has(c->program, program)))
			return true;
	}
	return false;
}

/* Whether the claim's own software is known to use the port as that registered service. */
static bool is_known_as(const struct registry *r, const struct claim *c, uint16_t port,
			enum transport t, const char *service)
{
	struct known_use use;
	uint32_t cursor = 0;

	while (known_use_next(r, port, t, &cursor, &use, NULL)) {
		if (use.service && str_casecmp(use.service, service) == 0 && is_own_use(c, &use))
			return true;
	}
	return false;
}

/* Whether a row's name is what the claim is: by name, program, software, or as one for HTTP. */
static bool is_own_name(const struct registry *r, const struct claim *c, uint16_t port,
			enum transport t, const char *name)
{
	return str_casecmp(name, c->name) == 0 ||
	       (c->program && verdict_list_has(c->program, name)) ||
	       (str_starts_with(name, "http") && check_is_http(c)) ||
	       is_known_as(r, c, port, t, name);
}

/* The name assigned to (port, transport) when it is somebody else's; NULL = nobody's, its own. */
static const char *find_assignee(const struct registry *r, const struct claim *c, uint16_t port,
				 enum transport t)
{
	struct registry_rows rows = registry_lookup(r, port, t);
	const char *first = NULL;

	for (uint32_t i = 0; i < rows.n; i++) {
		struct registry_row row;

		if (registry_row(r, rows.ids[i], &row) < 0 || !row.name ||
		    row.status != REGISTRY_ASSIGNED)
			continue;
		if (is_own_name(r, c, port, t, row.name))
			return NULL;
		if (!first && !row.is_widespread)
			first = row.name;
	}
	return first;
}

static uint32_t count_assigned(struct check *k, struct counts *counts, enum transport t,
			       uint16_t first, uint16_t last)
{
	uint32_t *sums;

	if (!counts->is_made[t]) {
		counts->is_made[t] = true;
		sums = arena_calloc(k->arena, 65537, sizeof(*sums));
		for (uint32_t port = 0; sums && port < 65536; port++)
			sums[port + 1] = sums[port] +
					 (registry_status(k->given->registry, (uint16_t)port, t) ==
					  REGISTRY_ASSIGNED);
		counts->assigned[t] = sums;
	}
	sums = counts->assigned[t];
	return sums ? sums[last + 1U] - sums[first] : 0;
}

static void say_assigned(struct check *k, const struct claims_tree_claim *c, uint32_t n,
			 uint16_t port, enum transport t, const char *name)
{
	if (c->claim.first == c->claim.last)
		check_add_claim(k, CHECK_ASSIGNED, c, _("is assigned by IANA to %s (%u/%s)"), name,
				port, transport_name(t));
	else if (name)
		check_add_claim(
			k, CHECK_ASSIGNED, c,
			_("covers %u ports that IANA has assigned, the first to %s (%u/%s)"), n,
			name, port, transport_name(t));
	else
		check_add_claim(k, CHECK_ASSIGNED, c, _("covers %u ports that IANA has assigned"),
				n);
}

static void check_assigned(struct check *k, struct counts *counts,
			   const struct claims_tree_claim *entry)
{
	const struct claim *c = &entry->claim;
	const char *name = NULL;
	enum transport transport = TRANSPORT_TCP;
	uint16_t at = 0;
	uint32_t n = 0;

	for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		if (!(c->protocols & TRANSPORT_BIT(t)) || is_dynamic(c->first))
			continue;
		if (c->last - c->first >= ASK_MOST) {
			n += count_assigned(k, counts, (enum transport)t, c->first, c->last);
			continue;
		}
		for (uint32_t port = c->first; port <= c->last; port++) {
			const char *other = find_assignee(k->given->registry, c, (uint16_t)port,
							  (enum transport)t);

			n += other != NULL;
			if (!other || name)
				continue;
			name = other;
			at = (uint16_t)port;
			transport = (enum transport)t;
		}
	}
	if (n > 0)
		say_assigned(k, entry, n, at, transport, name);
}

/* One note for a claim: the first software that uses one of its ports, and how many more do. */
static void check_customary(struct check *k, const struct claims_tree_claim *entry)
{
	const struct claim *c = &entry->claim;
	struct known_use first = {.software = NULL};
	uint16_t at = 0;
	unsigned int n = 0;

	if (c->last - c->first >= ASK_MOST)
		return; /* a range that wide is nobody's default */
	for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		for (uint32_t port = c->first;
		     (c->protocols & TRANSPORT_BIT(t)) && port <= c->last; port++) {
			struct known_use use;
			uint32_t cursor = 0;

			while (known_use_next(k->given->registry, (uint16_t)port, (enum transport)t,
					      &cursor, &use, NULL)) {
				if (is_own_use(c, &use))
					return;
				if (use.until)
					continue;
				if (n++ == 0) {
					first = use;
					at = (uint16_t)port;
				}
			}
		}
	}
	if (n == 1)
		check_add_claim(k, CHECK_CUSTOMARY, entry, _("is the default of %s (%u/%s)"),
				first.software, at, transport_name(first.protocol));
	else if (n > 1)
		check_add_claim(k, CHECK_CUSTOMARY, entry,
				_("is the default of %s (%u/%s) and %u more"), first.software, at,
				transport_name(first.protocol), n - 1);
}

/* Whether all of the claim that lies in the ephemeral range is kept out of it. */
static bool is_reserved(const struct check_case *given, uint32_t first, uint32_t last)
{
	for (bool has_moved = true; has_moved && first <= last;) {
		has_moved = false;
		for (size_t i = 0; i < given->n_reserved; i++) {
			const struct live_span *s = &given->reserved[i];

			if (s->first <= first && first <= s->last) {
				first = s->last + 1U;
				has_moved = true;
			}
		}
	}
	return first > last;
}

static void check_ephemeral(struct check *k, const struct claims_tree_claim *c)
{
	const struct live_span range = k->given->ephemeral;
	uint16_t first = MAX_OF(c->claim.first, range.first);
	uint16_t last = MIN_OF(c->claim.last, range.last);

	if (first > last || is_reserved(k->given, first, last))
		return;
	check_add_claim(k, CHECK_EPHEMERAL, c,
			_("lies in the ephemeral range %u-%u (%s): an outgoing connection may take "
			"it; berth claims --sysctl keeps it out"), range.first, range.last,
			k->given->is_own_range ? _("of this machine") : _("Linux's default"));
}

static void check_browser(struct check *k, const struct claims_tree_claim *c)
{
	size_t n;
	const uint16_t *blocked = registry_browser_blocked(&n);

	if (!(c->claim.protocols & TRANSPORT_BIT(TRANSPORT_TCP)) || !check_is_http(&c->claim))
		return;
	for (size_t i = 0; i < n; i++) {
		if (blocked[i] < c->claim.first || blocked[i] > c->claim.last)
			continue;
		check_add_claim(k, CHECK_BROWSER_BLOCKED, c,
				_("is for HTTP, and browsers refuse to open %u (list of %s)"),
				blocked[i], registry_browser_blocked_as_of());
		return;
	}
}

void check_world(struct check *k)
{
	const struct claims_tree *tree = k->given->tree;
	struct counts counts = {.is_made = {false}};

	for (size_t i = 0; i < tree->n_claims && !arena_failed(k->arena); i++) {
		const struct claims_tree_claim *c = &tree->claims[i];

		if (claim_state(&c->claim, k->given->today) != CLAIM_ACTIVE)
			continue;
		check_assigned(k, &counts, c);
		check_customary(k, c);
		check_ephemeral(k, c);
		check_browser(k, c);
	}
}
