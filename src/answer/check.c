#include "answer/check.h"

#include "answer/check-parts.h"
#include "base/lang.h"
#include "base/str.h"
#include "ledger/collisions.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct live_span check_default_ephemeral(void)
{
	return (struct live_span){32768, 60999}; /* net/ipv4: ip_local_port_range */
}

struct answer_place check_place_of(const struct check *k, const struct claims_tree_claim *c)
{
	return (struct answer_place){claims_tree_path(k->given->tree, c->file), c->line,
				     c->column};
}

static struct answer_finding *add(struct check *k, enum check_kind kind, struct answer_place at,
				  const char *message)
{
	struct answer_finding *f = ARENA_PUSH(k->arena, k->findings, k->n, k->capacity);

	if (!f)
		return NULL;
	*f = (struct answer_finding){
		.id = check_kinds[kind].name,
		.severity = check_severity_name(check_kinds[kind].severity),
		.at = at,
		.message = message ? message : "",
		.kind = kind,
	};
	return f;
}

static char *BERTH_PRINTF(2, 0) print(struct arena *arena, const char *fmt, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, args);
	return arena_strdup(arena, text);
}

struct answer_finding *check_add(struct check *k, enum check_kind kind, struct answer_place at,
				 const char *fmt, ...)
{
	va_list args;
	char *message;

	va_start(args, fmt);
	message = print(k->arena, fmt, args);
	va_end(args);
	return add(k, kind, at, message);
}

struct answer_finding *check_add_claim(struct check *k, enum check_kind kind,
				       const struct claims_tree_claim *c, const char *fmt, ...)
{
	char text[1024], ports[CLAIM_PORTS_SIZE], address[ADDRESS_TEXT_SIZE];
	struct answer_finding *f;
	va_list args;
	int n = snprintf(text, sizeof(text), "%s %s%s%s ", c->claim.name,
			 c->claim.has_address ? address_format(&c->claim.address, address) : "",
			 c->claim.has_address ? " " : "", claim_ports_format(&c->claim, ports));

	va_start(args, fmt);
	if (n > 0 && (size_t)n < sizeof(text))
		vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
	va_end(args);
	f = add(k, kind, check_place_of(k, c), arena_strdup(k->arena, text));
	if (!f)
		return NULL;
	f->claim = c->claim.name;
	f->has_ports = true;
	f->ports = (struct live_span){c->claim.first, c->claim.last};
	return f;
}

void check_relate(struct check *k, struct answer_finding *f, const struct claims_tree_claim *other)
{
	struct answer_place *place = f ? arena_alloc(k->arena, sizeof(*place)) : NULL;

	if (!place)
		return;
	*place = check_place_of(k, other);
	f->related = place;
}

const char *check_describe(const struct check *k, const struct claim *c)
{
	const char *ports = claim_describe_ports(c, k->arena);
	const char *text = arena_printf(k->arena, "%s %s", c->name, ports ? ports : "?");

	return text ? text : "?";
}

const char *check_escape(const struct check *k, const char *text)
{
	struct str safe = {0};
	const char *out;

	if (!text)
		return NULL;
	str_append_escaped(&safe, text, false);
	out = arena_strndup(k->arena, str_text(&safe), 200);
	str_fini(&safe);
	return out ? out : "?";
}

static enum check_kind kind_of_fault(enum claims_fault_kind kind)
{
	switch (kind) {
	case CLAIMS_FAULT_SYNTAX:
		return CHECK_SYNTAX;
	case CLAIMS_FAULT_NAME_LONG:
		return CHECK_LONG_NAME;
	case CLAIMS_FAULT_DATES:
		return CHECK_DATES;
	case CLAIMS_FAULT_INCLUDE:
		return CHECK_INCLUDE;
	case CLAIMS_FAULT_CYCLE:
		return CHECK_INCLUDE_CYCLE;
	}
	return CHECK_SYNTAX;
}

static void check_faults(struct check *k)
{
	const struct claims_tree *tree = k->given->tree;

	for (size_t i = 0; i < tree->n_faults; i++) {
		const struct claims_fault *f = &tree->faults[i];
		const struct answer_place at = {claims_tree_path(tree, f->file),
						f->line ? (answer_number)f->line : ANSWER_NULL,
						f->line ? (answer_number)f->column : ANSWER_NULL};

		add(k, kind_of_fault(f->kind), at, _(f->text));
	}
	for (size_t i = 0; i < k->given->n_troubles; i++)
		add(k, CHECK_UNREADABLE, k->given->troubles[i].at, k->given->troubles[i].text);
}

/* Claims on their way through the search for collisions. */
struct contest {
	const struct claims_tree_claim **entries;
	const struct claim **claims; /* of the same */
	size_t n;
};

/* Sorted by these and not by claims: those lie about in memory. */
struct sort_key {
	uint64_t key;
	const struct claims_tree_claim *entry;
};

static int compare_keys(const void *pa, const void *pb)
{
	const struct sort_key *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->entry > b->entry) - (a->entry < b->entry); /* as they were read */
}

static uint64_t key_of_name(const struct claim *c)
{
	uint64_t key = 0xcbf29ce484222325U;

	for (const char *at = c->name; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		byte |= byte >= 'A' && byte <= 'Z' ? 0x20 : 0; /* names have no case */
		key = (key ^ byte) * 0x100000001b3U;
	}
	return key;
}

static uint64_t key_of_ports(const struct claim *c)
{
	return c->first;
}

/* Sort the entries by a key, and list their claims. False when out of memory. */
static bool sort_entries(struct check *k, struct contest *c,
			 uint64_t (*key_of)(const struct claim *c))
{
	struct sort_key *keys = arena_calloc(k->arena, c->n, sizeof(*keys));

	for (size_t i = 0; keys && i < c->n; i++)
		keys[i] = (struct sort_key){key_of(&c->entries[i]->claim), c->entries[i]};
	if (keys && c->n > 1)
		qsort(keys, c->n, sizeof(*keys), compare_keys);
	for (size_t i = 0; keys && i < c->n; i++)
		c->entries[i] = keys[i].entry;
	return keys != NULL;
}

/* Of two claims, the one to blame first: the nearer file's, then the one read later. */
static bool is_newer(const struct claims_tree_claim *a, const struct claims_tree_claim *b)
{
	if (a->claim.level != b->claim.level)
		return a->claim.level < b->claim.level;
	return a > b;
}

static void blame_twin(struct check *k, const struct claims_tree_claim *a,
		       const struct claims_tree_claim *b)
{
	bool is_one_level = a->claim.level == b->claim.level;
	const struct claims_tree_claim *later = is_newer(a, b) ? a : b, *first = later == a ? b : a;
	const struct claims_tree_claim *at = is_one_level ? later : first;
	const struct claims_tree_claim *other = is_one_level ? first : later;
	struct answer_finding *f;

	if (is_one_level)
		f = check_add_claim(k, CHECK_DUPLICATE, at, _("is claimed twice: %s (%s:%u)"),
				    check_describe(k, &other->claim),
				    claims_tree_path(k->given->tree, other->file), other->line);
	else
		f = check_add_claim(k, CHECK_RESTATED, at, _("gives way to what %s:%u says"),
				    claims_tree_path(k->given->tree, other->file), other->line);
	check_relate(k, f, other);
}

static void blame_rival(struct check *k, const struct claims_tree_claim *a,
			const struct claims_tree_claim *b)
{
	const struct claims_tree_claim *at = is_newer(a, b) ? a : b, *other = at == a ? b : a;
	struct answer_finding *f;

	if (at->claim.is_retired && other->claim.is_retired)
		return; /* both keep the ports from being used */
	if (at->claim.is_retired || other->claim.is_retired) {
		if (at->claim.is_retired) {
			at = other;
			other = at == a ? b : a;
		}
		f = check_add_claim(k, CHECK_RETIRED, at, _("was retired: %s (%s:%u)"),
				    check_describe(k, &other->claim),
				    claims_tree_path(k->given->tree, other->file), other->line);
	} else {
		f = check_add_claim(k, CHECK_COLLISION, at, _("collides with %s%s%s (%s:%u)"),
				    check_describe(k, &other->claim),
				    other->claim.owner ? _(", of ") : "",
				    other->claim.owner ? other->claim.owner : "",
				    claims_tree_path(k->given->tree, other->file), other->line);
	}
	check_relate(k, f, other);
}

/* By first port; a name seldom has more than a few claims. */
static int compare_by_ports(const void *pa, const void *pb)
{
	const struct claims_tree_claim *a = *(const struct claims_tree_claim *const *)pa;
	const struct claims_tree_claim *b = *(const struct claims_tree_claim *const *)pb;

	if (a->claim.first != b->claim.first)
		return a->claim.first < b->claim.first ? -1 : 1;
	return (a > b) - (a < b);
}

/* The claims of one name among themselves. What gives way is taken out (NULL). */
static bool settle_name(struct check *k, const struct claims_tree_claim **entries,
			const struct claim **claims, size_t n)
{
	const int32_t *found;

	if (n < 2)
		return true;
	qsort(entries, n, sizeof(*entries), compare_by_ports);
	for (size_t i = 0; i < n; i++)
		claims[i] = &entries[i]->claim;
	found = collisions_find(claims, n, k->arena);
	for (size_t i = 0; found && i < n; i++) {
		size_t other = found[i] < 0 ? i : (size_t)found[i];

		if (other == i || !entries[other])
			continue;
		blame_twin(k, entries[i], entries[other]);
		if (is_newer(entries[i], entries[other]) &&
		    entries[i]->claim.level != entries[other]->claim.level)
			entries[other] = NULL;
		else
			entries[i] = NULL;
	}
	return found != NULL;
}

static bool settle_names(struct check *k, struct contest *c)
{
	size_t kept = 0;

	if (!sort_entries(k, c, key_of_name))
		return false;
	for (size_t i = 0, end; i < c->n; i = end) {
		for (end = i + 1; end < c->n && str_casecmp(c->entries[end]->claim.name,
							    c->entries[i]->claim.name) == 0;)
			end++;
		if (!settle_name(k, c->entries + i, c->claims, end - i))
			return false;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->entries[i])
			c->entries[kept++] = c->entries[i];
	}
	c->n = kept;
	return true;
}

static bool check_collisions(struct check *k)
{
	const struct claims_tree *tree = k->given->tree;
	struct contest c = {
		.entries = arena_calloc(k->arena, tree->n_claims + 1, sizeof(*c.entries)),
		.claims = arena_calloc(k->arena, tree->n_claims + 1, sizeof(*c.claims)),
	};
	const int32_t *found;

	if (!c.entries || !c.claims)
		return false;
	for (size_t i = 0; i < tree->n_claims; i++) {
		if (claim_state(&tree->claims[i].claim, k->given->today) != CLAIM_EXPIRED)
			c.entries[c.n++] = &tree->claims[i];
	}
	if (!settle_names(k, &c))
		return false;
	if (!sort_entries(k, &c, key_of_ports))
		return false;
	for (size_t i = 0; i < c.n; i++)
		c.claims[i] = &c.entries[i]->claim;
	found = collisions_find(c.claims, c.n, k->arena);
	for (size_t i = 0; found && i < c.n; i++) {
		if (found[i] >= 0)
			blame_rival(k, c.entries[i], c.entries[found[i]]);
	}
	return found != NULL;
}

static void check_expired(struct check *k)
{
	const struct claims_tree *tree = k->given->tree;

	for (size_t i = 0; i < tree->n_claims; i++) {
		if (claim_state(&tree->claims[i].claim, k->given->today) == CLAIM_EXPIRED)
			check_add_claim(k, CHECK_EXPIRED, &tree->claims[i],
					_("expired: its last day was %s"),
					tree->claims[i].claim.until);
	}
}

static int compare_findings(const void *pa, const void *pb)
{
	const struct answer_finding *a = pa, *b = pb;
	int r = a->at.file == b->at.file ? 0 : strcmp(a->at.file, b->at.file);

	if (r == 0)
		r = (a->at.line > b->at.line) - (a->at.line < b->at.line);
	if (r == 0)
		r = (a->at.column > b->at.column) - (a->at.column < b->at.column);
	if (r == 0)
		r = (int)a->kind - (int)b->kind;
	return r ? r : strcmp(a->message, b->message);
}

static const char *const *list_files(const struct check *k)
{
	const struct claims_tree *tree = k->given->tree;
	const char **list = arena_calloc(k->arena, tree->n_files + k->given->n_manifests + 1,
					 sizeof(*list));
	size_t n = 0;

	for (unsigned int i = 0; list && i < tree->n_files; i++)
		list[n++] = tree->files[i].path;
	for (size_t i = 0; list && i < k->given->n_manifests; i++)
		list[n++] = k->given->manifests[i];
	return list;
}

static void count(struct answer_check *out)
{
	for (size_t i = 0; i < out->n_findings; i++) {
		enum check_kind kind = out->findings[i].kind;

		switch (check_kinds[kind].severity) {
		case CHECK_NOTE:
			out->notes++;
			break;
		case CHECK_WARNING:
			out->warnings++;
			break;
		case CHECK_ERROR:
			out->errors++;
			break;
		}
		out->is_bad_input = out->is_bad_input || kind == CHECK_SYNTAX ||
				    kind == CHECK_INCLUDE || kind == CHECK_INCLUDE_CYCLE ||
				    kind == CHECK_UNREADABLE;
	}
}

const struct answer_check *check_judge(const struct check_case *c, struct arena *arena)
{
	struct check k = {.given = c, .arena = arena};
	struct answer_check *out = arena_alloc(arena, sizeof(*out));

	if (!out)
		return NULL;
	check_faults(&k);
	if (!check_collisions(&k))
		return NULL;
	check_expired(&k);
	check_world(&k);
	check_places(&k);
	if (c->here)
		check_live(&k);
	if (k.n > 1)
		qsort(k.findings, k.n, sizeof(*k.findings), compare_findings);
	*out = (struct answer_check){
		.files = list_files(&k),
		.n_claims = (answer_number)c->tree->n_claims,
		.findings = k.findings,
		.n_findings = k.n,
		.gaps = c->gaps,
		.n_gaps = c->n_gaps,
	};
	count(out);
	return arena_failed(arena) ? NULL : out;
}
