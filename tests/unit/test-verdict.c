#include "answer/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Who has a port, in words: the parts of a case are chosen from these. */
static const struct verdict_claim claim_by_name[] = {{.name = "permify"}};
static const struct verdict_claim claim_for_program[] = {
	{.name = "billing", .program = "billingd"}};
static const struct verdict_claim claim_retired[] = {
	{.name = "billing", .program = "billingd", .is_retired = true}};
static const char *const assigned_ssh[] = {"ssh", NULL};
static const char *const assigned_other[] = {"wap-wsp", NULL};
static const char *const assigned_mysql[] = {"mysql", NULL};
static const struct verdict_use use_elastic[] = {
	{.programs = "elasticsearch;org.elasticsearch.bootstrap.Elasticsearch",
	 .is_current = true}};
static const struct verdict_use use_maria[] = {
	{.programs = "mariadbd,mysqld", .service = "mysql", .is_current = true}};
static const struct verdict_use use_ended[] = {{.programs = "nvidia-docker-plugin"}};

static const char *const nobody[] = {NULL};
static const char *const sshd[] = {"sshd", NULL};
static const char *const elastic[] = {"org.elasticsearch.bootstrap.Elasticsearch", "Elasticsearch",
				      NULL};
static const char *const mariadbd[] = {"mariadbd", NULL};
static const char *const permify[] = {"permify", NULL};
static const char *const billingd[] = {"billingd", NULL};
static const char *const plugin[] = {"nvidia-docker-plugin", NULL};
static const char *const unseen[] = {NULL};
static const char *const nginx[] = {"nginx", NULL};

struct row {
	const char *what;
	const struct verdict_claim *claim;
	const char *const *assigned;
	const struct verdict_use *use;
	const char *const *here; /* `nobody` = no listener; `unseen` = one whose owner is hidden */
	enum verdict_word word;
	enum verdict_basis basis;
};

/* Every combination of who has it (nothing, use, assignment, claim) and who is here. */
static const struct row rows[] = {
	{"nothing, nobody", NULL, NULL, NULL, nobody, VERDICT_VACANT, BASIS_NONE},
	{"nothing, hidden", NULL, NULL, NULL, unseen, VERDICT_UNCLAIMED, BASIS_NONE},
	{"nothing, nginx", NULL, NULL, NULL, nginx, VERDICT_UNCLAIMED, BASIS_NONE},
	{"use, nobody", NULL, NULL, use_elastic, nobody, VERDICT_DARK, BASIS_KNOWN_USE},
	{"use, its program", NULL, NULL, use_elastic, elastic, VERDICT_CUSTOMARY, BASIS_KNOWN_USE},
	{"use, another", NULL, NULL, use_elastic, nginx, VERDICT_OCCUPIED, BASIS_KNOWN_USE},
	{"use, hidden", NULL, NULL, use_elastic, unseen, VERDICT_OCCUPIED, BASIS_KNOWN_USE},
	{"ended use, nobody", NULL, NULL, use_ended, nobody, VERDICT_VACANT, BASIS_NONE},
	{"ended use, its program", NULL, NULL, use_ended, plugin, VERDICT_CUSTOMARY,
	 BASIS_KNOWN_USE},
	{"ended use, another", NULL, NULL, use_ended, nginx, VERDICT_UNCLAIMED, BASIS_NONE},
	{"assignment, nobody", NULL, assigned_ssh, NULL, nobody, VERDICT_DARK, BASIS_ASSIGNMENT},
	{"assignment, its daemon", NULL, assigned_ssh, NULL, sshd, VERDICT_AS_CLAIMED,
	 BASIS_ASSIGNMENT},
	{"assignment, another", NULL, assigned_ssh, NULL, nginx, VERDICT_OCCUPIED,
	 BASIS_ASSIGNMENT},
	{"assignment, hidden", NULL, assigned_ssh, NULL, unseen, VERDICT_OCCUPIED,
	 BASIS_ASSIGNMENT},
	{"assignment, a use that implements it", NULL, assigned_mysql, use_maria, mariadbd,
	 VERDICT_AS_CLAIMED, BASIS_ASSIGNMENT},
	{"a use that implements it, on another assignment", NULL, assigned_other, use_maria,
	 mariadbd, VERDICT_CUSTOMARY, BASIS_KNOWN_USE},
	{"assignment and use, nobody", NULL, assigned_other, use_elastic, nobody, VERDICT_DARK,
	 BASIS_ASSIGNMENT},
	{"assignment and use, the user", NULL, assigned_other, use_elastic, elastic,
	 VERDICT_CUSTOMARY, BASIS_KNOWN_USE},
	{"assignment and use, another", NULL, assigned_other, use_elastic, nginx, VERDICT_OCCUPIED,
	 BASIS_ASSIGNMENT},
	{"assignment and use, hidden", NULL, assigned_other, use_elastic, unseen, VERDICT_OCCUPIED,
	 BASIS_ASSIGNMENT},
	{"claim, nobody", claim_by_name, NULL, NULL, nobody, VERDICT_DARK, BASIS_CLAIM},
	{"claim by name, its program", claim_by_name, NULL, NULL, permify, VERDICT_AS_CLAIMED,
	 BASIS_CLAIM},
	{"claim by name, another", claim_by_name, NULL, NULL, nginx, VERDICT_OCCUPIED, BASIS_CLAIM},
	{"claim by name, hidden", claim_by_name, NULL, NULL, unseen, VERDICT_OCCUPIED, BASIS_CLAIM},
	{"claim for a program, nobody", claim_for_program, NULL, NULL, nobody, VERDICT_DARK,
	 BASIS_CLAIM},
	{"claim for a program, the right one", claim_for_program, NULL, NULL, billingd,
	 VERDICT_AS_CLAIMED, BASIS_CLAIM},
	{"claim for a program, the wrong one", claim_for_program, NULL, NULL, nginx,
	 VERDICT_CONFLICT, BASIS_CLAIM},
	{"claim for a program, hidden", claim_for_program, NULL, NULL, unseen, VERDICT_OCCUPIED,
	 BASIS_CLAIM},
	{"retired, nobody", claim_retired, NULL, NULL, nobody, VERDICT_DARK, BASIS_CLAIM},
	{"retired, the one it was made for", claim_retired, NULL, NULL, billingd, VERDICT_CONFLICT,
	 BASIS_CLAIM},
	{"retired, hidden", claim_retired, NULL, NULL, unseen, VERDICT_CONFLICT, BASIS_CLAIM},
	{"claim and assignment, nobody", claim_for_program, assigned_ssh, NULL, nobody,
	 VERDICT_DARK, BASIS_CLAIM},
	{"claim and assignment, the assignee", claim_for_program, assigned_ssh, NULL, sshd,
	 VERDICT_CONFLICT, BASIS_CLAIM},
	{"claim and use, the user", claim_for_program, NULL, use_elastic, elastic, VERDICT_CONFLICT,
	 BASIS_CLAIM},
	{"claim, assignment and use, the claimant", claim_for_program, assigned_other, use_elastic,
	 billingd, VERDICT_AS_CLAIMED, BASIS_CLAIM},
};

static struct verdict_case build(const struct row *row, const struct verdict_resident *resident)
{
	return (struct verdict_case){
		.could_look = true,
		.claims = row->claim,
		.n_claims = row->claim != NULL,
		.assigned = row->assigned,
		.uses = row->use,
		.n_uses = row->use != NULL,
		.residents = resident,
		.n_residents = row->here != nobody,
	};
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct verdict_resident resident = {.names = rows[i].here};
		const struct verdict_case c = build(&rows[i], &resident);
		struct verdict v = verdict_of_port(&c);

		if (v.word != rows[i].word || v.basis != rows[i].basis)
			fail_msg("%s: %s, basis %d", rows[i].what, verdict_word_name(v.word),
				 v.basis);
	}
}

/* Without a look the word is unknown, whoever has the port. */
static void test_blind(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct verdict_case c = build(&rows[i], NULL);

		c.n_residents = 0;
		c.could_look = false;
		assert_int_equal(verdict_of_port(&c).word, VERDICT_UNKNOWN);
	}
}

/* With several listeners the weightiest word wins, in any order. */
static void test_weight(void **state)
{
	static const char *const *const residents[] = {elastic, nginx, unseen};
	const struct row row = {.assigned = assigned_other, .use = use_elastic};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(residents); i++) {
		for (size_t k = 0; k < N_ELEMENTS(residents); k++) {
			const struct verdict_resident two[] = {{residents[i]}, {residents[k]}};
			struct verdict_case c = build(&row, two);
			bool is_both_customary = i == 0 && k == 0;

			c.n_residents = 2;
			assert_int_equal(verdict_of_port(&c).word, is_both_customary
									   ? VERDICT_CUSTOMARY
									   : VERDICT_OCCUPIED);
		}
	}
	assert_true(VERDICT_CONFLICT > VERDICT_OCCUPIED);
	assert_true(VERDICT_OCCUPIED > VERDICT_UNCLAIMED);
	assert_true(VERDICT_UNCLAIMED > VERDICT_CUSTOMARY);
	assert_true(VERDICT_CUSTOMARY > VERDICT_AS_CLAIMED);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned int w = VERDICT_VACANT; w <= VERDICT_UNKNOWN; w++) {
		enum verdict_word back;

		assert_int_equal(verdict_word_parse(verdict_word_name((enum verdict_word)w), &back),
				 0);
		assert_int_equal(back, w);
	}
	enum verdict_word untouched = VERDICT_DARK;

	assert_true(verdict_word_parse("bogus", &untouched) < 0);
	assert_int_equal(untouched, VERDICT_DARK);
	assert_null(verdict_basis_name(BASIS_NONE));
	assert_string_equal(verdict_basis_name(BASIS_KNOWN_USE), "known-use");
}

static void test_lists(void **state)
{
	(void)state;
	assert_true(verdict_list_has("a,b;c", "a"));
	assert_true(verdict_list_has("a,b;c", "B"));
	assert_true(verdict_list_has("a,b;c", "c"));
	assert_false(verdict_list_has("a,b;c", ""));
	assert_false(verdict_list_has("ab", "a"));
	assert_false(verdict_list_has("a", "ab"));
	assert_false(verdict_list_has("", "a"));
	assert_false(verdict_list_has(NULL, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_blind),
		cmocka_unit_test(test_weight), cmocka_unit_test(test_names),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
