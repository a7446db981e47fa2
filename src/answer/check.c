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

/* "api 10.0.0.1 8080/tcp ", which begins what is said of a claim. Its length. */
static size_t put_claim(const struct claim *c, char *text, size_t size)
{
	char ports[CLAIM_PORTS_SIZE], address[ADDRESS_TEXT_SIZE];
	const char *const words[] = {
		c->name,
		c->has_address ? address_format(&c->address, address) : "",
		claim_ports_format(c, ports),
	};
	size_t used = 0;

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		size_t n = strlen(words[i]);

		if (n == 0 || n >= size - used - 1)
			continue; /* a name has at most 63 bytes */
		memcpy(text + used, words[i], n);
		text[used + n] = ' ';
		used += n + 1;
	}
	text[used] = '\0';
	return used;
}

struct answer_finding *check_add_claim(struct check *k, enum check_kind kind,
				       const struct claims_tree_claim *c, const char *fmt, ...)
{
	char text[1024];
	size_t n = put_claim(&c->claim, text, sizeof(text));
	struct answer_finding *f;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, args);
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

/* Sorted by these and not by claims: those lie about in memory. */
struct sort_key {
	uint64_t key;
	const struct claims_tree_claim *entry;
};

/* Claims on their way through the search for collisions. */
struct contest {
	const struct claims_tree_claim *all; /* those of the tree, as they were read */
	const struct claims_tree_claim **entries;
	const struct claim **claims; /* of the same */
	struct sort_key *keys;       /* by which they were sorted last */
	bool *is_out;                /* by place in `all`: expired, or gives way to its like */
	size_t n;
};

/* By the key; those with the same one stay in the order in which they are. A pass for each
 * eleven bits of the key by which there is something to sort; `other` has room for as many. Returns
 * where they are at the end. */
static struct sort_key *sort_keys(struct sort_key *keys, struct sort_key *other, size_t n)
{
	enum { DIGIT_BITS = 11, N_DIGITS = 1 << DIGIT_BITS };
	size_t starts[N_DIGITS];

	for (unsigned int shift = 0; shift < 64 && n > 1; shift += DIGIT_BITS) {
		struct sort_key *sorted = other;
		size_t at = 0;

		memset(starts, 0, sizeof(starts));
		for (size_t i = 0; i < n; i++)
			starts[keys[i].key >> shift & (N_DIGITS - 1)]++;
		if (starts[keys[0].key >> shift & (N_DIGITS - 1)] == n)
			continue;
		for (size_t i = 0; i < N_DIGITS; i++) {
			size_t count = starts[i];

			starts[i] = at;
			at += count;
		}
		for (size_t i = 0; i < n; i++)
			sorted[starts[keys[i].key >> shift & (N_DIGITS - 1)]++] = keys[i];
		other = keys;
		keys = sorted;
	}
	return keys;
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

/* List what is still in, by a key; those with the same one as they were read. False when out of
 * memory. */
static bool sort_entries(struct check *k, struct contest *c,
			 uint64_t (*key_of)(const struct claim *c))
{
	size_t n_all = k->given->tree->n_claims;
	struct sort_key *keys = arena_calloc(k->arena, n_all + 1, 2 * sizeof(*keys));

	if (!keys)
		return false;
	c->n = 0;
	for (size_t i = 0; i < n_all; i++) {
		if (!c->is_out[i])
			keys[c->n++] = (struct sort_key){key_of(&c->all[i].claim), &c->all[i]};
	}
	c->keys = sort_keys(keys, keys + n_all, c->n);
	for (size_t i = 0; i < c->n; i++)
		c->entries[i] = c->keys[i].entry;
	return true;
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

/* The claims of one name among themselves, entries `i` to `end`. */
static bool settle_name(struct check *k, struct contest *c, size_t i, size_t end)
{
	const struct claims_tree_claim **entries = c->entries + i;
	const int32_t *found;
	size_t n = end - i;

	if (n < 2)
		return true;
	qsort(entries, n, sizeof(*entries), compare_by_ports);
	for (size_t j = 0; j < n; j++)
		c->claims[j] = &entries[j]->claim;
	found = collisions_find(c->claims, n, k->arena);
	for (size_t j = 0; found && j < n; j++) {
		const struct claims_tree_claim *a = entries[j], *b = a;

		if (found[j] >= 0)
			b = entries[found[j]];
		if (a == b || c->is_out[b - c->all])
			continue;
		blame_twin(k, a, b);
		if (is_newer(a, b) && a->claim.level != b->claim.level)
			c->is_out[b - c->all] = true;
		else
			c->is_out[a - c->all] = true;
	}
	return found != NULL;
}

/* Names that differ are seldom looked at: they lie about in memory. */
static bool has_same_name(const struct sort_key *a, const struct sort_key *b)
{
	return a->key == b->key && str_casecmp(a->entry->claim.name, b->entry->claim.name) == 0;
}

static bool settle_names(struct check *k, struct contest *c)
{
	if (!sort_entries(k, c, key_of_name))
		return false;
	for (size_t i = 0, end; i < c->n; i = end) {
		for (end = i + 1; end < c->n && has_same_name(&c->keys[i], &c->keys[end]);)
			end++;
		if (!settle_name(k, c, i, end))
			return false;
	}
	return true;
}

static bool check_collisions(struct check *k)
{
	const struct claims_tree *tree = k->given->tree;
	struct contest c = {
		.all = tree->claims,
		.entries = arena_calloc(k->arena, tree->n_claims + 1, sizeof(*c.entries)),
		.claims = arena_calloc(k->arena, tree->n_claims + 1, sizeof(*c.claims)),
		.is_out = arena_calloc(k->arena, tree->n_claims + 1, sizeof(*c.is_out)),
	};
	const int32_t *found;

	if (!c.entries || !c.claims || !c.is_out)
		return false;
	for (size_t i = 0; i < tree->n_claims; i++)
		c.is_out[i] = claim_state(&c.all[i].claim, k->given->today) == CLAIM_EXPIRED;
	if (!settle_names(k, &c) || !sort_entries(k, &c, key_of_ports))
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
