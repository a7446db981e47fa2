#include "answer/verdict.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

static const char *const word_names[] = {
	[VERDICT_VACANT] = "vacant",         [VERDICT_DARK] = "dark",
	[VERDICT_AS_CLAIMED] = "as-claimed", [VERDICT_CUSTOMARY] = "customary",
	[VERDICT_UNCLAIMED] = "unclaimed",   [VERDICT_OCCUPIED] = "occupied",
	[VERDICT_CONFLICT] = "conflict",     [VERDICT_UNKNOWN] = "unknown",
};

const char *verdict_word_name(enum verdict_word w)
{
	return (size_t)w < N_ELEMENTS(word_names) ? word_names[w] : "?";
}

int verdict_word_parse(const char *name, enum verdict_word *out)
{
	for (unsigned int i = 0; i < N_ELEMENTS(word_names); i++) {
		if (strcmp(name, word_names[i]) == 0) {
			*out = (enum verdict_word)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *verdict_basis_name(enum verdict_basis b)
{
	static const char *const names[] = {NULL, "claim", "assignment", "known-use"};

	return (size_t)b < N_ELEMENTS(names) ? names[b] : NULL;
}

bool verdict_list_has(const char *list, const char *program)
{
	size_t n_program = strlen(program);

	while (list && *list) {
		size_t n = strcspn(list, ",;");

		if (n == n_program && n > 0 && strncasecmp(list, program, n) == 0)
			return true;
		list += n;
		list += *list != 0;
	}
	return false;
}

static bool is_one_of(const char *const *names, const char *name)
{
	for (; names && *names; names++) {
		if (str_casecmp(*names, name) == 0)
			return true;
	}
	return false;
}

/* "ssh" is served by a program of that very name or by its daemon, "sshd". */
static bool is_called_after(const char *program, const char *service)
{
	size_t n = strlen(service);

	return n > 0 && strncasecmp(program, service, n) == 0 &&
	       (!program[n] || ((program[n] == 'd' || program[n] == 'D') && !program[n + 1]));
}

static bool is_claimant(const struct verdict_claim *claim, const struct verdict_resident *r)
{
	for (const char *const *name = claim->is_retired ? NULL : r->names; name && *name; name++) {
		if (claim->program ? verdict_list_has(claim->program, *name)
				   : is_called_after(*name, claim->name))
			return true;
	}
	return false;
}

static bool is_assignee(const struct verdict_case *c, const struct verdict_resident *r)
{
	for (const char *const *name = r->names; name && *name; name++) {
		for (const char *const *service = c->assigned; service && *service; service++) {
			if (is_called_after(*name, *service))
				return true;
		}
		for (unsigned int i = 0; i < c->n_uses; i++) {
			if (c->uses[i].service && is_one_of(c->assigned, c->uses[i].service) &&
			    verdict_list_has(c->uses[i].programs, *name))
				return true;
		}
	}
	return false;
}

static bool is_customary(const struct verdict_case *c, const struct verdict_resident *r)
{
	for (const char *const *name = r->names; name && *name; name++) {
		for (unsigned int i = 0; i < c->n_uses; i++) {
			if (verdict_list_has(c->uses[i].programs, *name))
				return true;
		}
	}
	return false;
}

/* The heaviest reason why somebody has the port. */
static enum verdict_basis basis_of(const struct verdict_case *c)
{
	if (c->n_claims > 0)
		return BASIS_CLAIM;
	if (c->assigned && c->assigned[0])
		return BASIS_ASSIGNMENT;
	for (unsigned int i = 0; i < c->n_uses; i++) {
		if (c->uses[i].is_current)
			return BASIS_KNOWN_USE;
	}
	return BASIS_NONE;
}

/* A port that is claimed is judged by its claims; nothing of the world outweighs them. */
static struct verdict judge_claimed(const struct verdict_case *c, const struct verdict_resident *r)
{
	bool is_told = r->names && r->names[0];

	for (unsigned int i = 0; i < c->n_claims; i++) {
		if (is_claimant(&c->claims[i], r))
			return (struct verdict){VERDICT_AS_CLAIMED, BASIS_CLAIM};
	}
	for (unsigned int i = 0; i < c->n_claims; i++) {
		if (c->claims[i].is_retired || (is_told && c->claims[i].program))
			return (struct verdict){VERDICT_CONFLICT, BASIS_CLAIM};
	}
	return (struct verdict){VERDICT_OCCUPIED, BASIS_CLAIM};
}

struct verdict verdict_of_resident(const struct verdict_case *c, const struct verdict_resident *r)
{
	enum verdict_basis basis = basis_of(c);

	if (basis == BASIS_CLAIM)
		return judge_claimed(c, r);
	if (is_assignee(c, r))
		return (struct verdict){VERDICT_AS_CLAIMED, BASIS_ASSIGNMENT};
	if (is_customary(c, r))
		return (struct verdict){VERDICT_CUSTOMARY, BASIS_KNOWN_USE};
	if (basis == BASIS_NONE)
		return (struct verdict){VERDICT_UNCLAIMED, BASIS_NONE};
	return (struct verdict){VERDICT_OCCUPIED, basis};
}

struct verdict verdict_of_port(const struct verdict_case *c)
{
	struct verdict heaviest = {VERDICT_DARK, basis_of(c)};

	if (c->n_residents == 0) {
		if (!c->could_look)
			heaviest.word = VERDICT_UNKNOWN;
		else if (heaviest.basis == BASIS_NONE)
			heaviest.word = VERDICT_VACANT;
		return heaviest;
	}
	for (unsigned int i = 0; i < c->n_residents; i++) {
		struct verdict one = verdict_of_resident(c, &c->residents[i]);

		if (i == 0 || one.word > heaviest.word)
			heaviest = one;
	}
	return heaviest;
}
