/* berth claim NAME PORT...: a claim in the claims file above, or in the ledger. */
#include "base/duration.h"
#include "cli/claims-edit.h"
#include "cli/ledger-answer.h"
#include "cli/own-claims.h"
#include "ledger/claims-tree.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Everything that is wanted. */
struct wish {
	struct claim *claims;
	size_t n;
	char today[CLAIM_DATE_SIZE], until[CLAIM_DATE_SIZE];
	int64_t now_ns;
};

static int read_clock(struct wish *wish)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return cli_fail(EXIT_SYSTEM, "there is no clock");
	wish->now_ns = (int64_t)now.tv_sec * 1000000000;
	claim_date_format(wish->now_ns, wish->today);
	return 0;
}

/* A day, or how long from now: "2026-12-31", "90d". */
static int read_until(const struct cli *c, struct wish *wish)
{
	const char *text = c->options->until;
	int64_t ms = 0;

	if (claim_date_is_good(text)) {
		snprintf(wish->until, sizeof(wish->until), "%s", text);
	} else {
		size_t n = strlen(text);

		if (n == 0 || (text[n - 1] >= '0' && text[n - 1] <= '9') ||
		    duration_parse(text, &ms) < 0)
			return cli_fail(EXIT_USAGE, "--until takes a day, YYYY-MM-DD, or how long "
						    "from now, such as 90d, not \"%.60s\"", text);
		claim_date_format(wish->now_ns + ms * 1000000, wish->until);
	}
	if (strcmp(wish->until, wish->today) < 0)
		return cli_fail(EXIT_USAGE, "--until %s is over already: today is %s (UTC)",
				wish->until, wish->today);
	return 0;
}

static int check_text(const char *option, const char *text)
{
	if (!text || claim_text_is_good(text))
		return 0;
	return cli_fail(EXIT_USAGE, "--%s takes one line of at most %d bytes of UTF-8, not "
				    "\"%.60s\"", option, CLAIM_TEXT_MOST, text);
}

static int check_options(const struct cli *c, struct wish *wish)
{
	const struct options *o = c->options;
	int r = check_text("owner", o->owner);

	if (r == 0)
		r = check_text("scope", o->claim_scope);
	if (r == 0)
		r = check_text("program", o->program);
	if (r == 0)
		r = check_text("reason", o->reason);
	if (r == 0 && o->until)
		r = read_until(c, wish);
	return r;
}

static int check_name(const char *name)
{
	switch (claim_name_check(name)) {
	case CLAIM_NAME_GOOD:
		return 0;
	case CLAIM_NAME_WIDE:
		cli_warn("\"%s\" is longer than the %d characters of a service name (RFC 6335)",
			 name, CLAIM_NAME_LONG);
		return 0;
	case CLAIM_NAME_BAD:
		break;
	}
	return cli_fail(EXIT_USAGE, "\"%.80s\" is no name for a claim: letters, digits and single "
				    "hyphens inside, at least one letter (RFC 6335)", name);
}

static int fill_claim(const struct cli *c, const struct wish *wish, const char *ports,
		      struct claim *out)
{
	const struct options *o = c->options;
	char error[CLAIM_ERROR_SIZE];

	*out = (struct claim){
		.name = o->words[0],
		.has_address = o->address != NULL,
		.owner = o->owner,
		.scope = o->claim_scope,
		.since = wish->today,
		.until = o->until ? wish->until : NULL,
		.program = o->program,
		.reason = o->reason,
		.source = "asked for",
		.level = CLAIM_LEVEL_LEDGER,
	};
	if (claim_ports_parse(ports, &out->first, &out->last, &out->protocols, error) < 0)
		return cli_fail(EXIT_USAGE, "%s", error);
	if (out->protocols == 0)
		out->protocols = TRANSPORT_BIT(TRANSPORT_TCP);
	if (out->first == 0)
		return cli_fail(EXIT_USAGE, "port 0 cannot be claimed: to bind it means any port");
	if (o->address && address_parse(o->address, &out->address) < 0)
		return cli_fail(EXIT_USAGE, "--address takes a numeric address, not \"%.60s\"",
				o->address);
	return 0;
}

static int read_wish(struct cli *c, struct wish *wish)
{
	const struct options *o = c->options;
	int r;

	if (o->n_words < 2)
		return cli_fail(EXIT_USAGE, "berth claim takes a name and ports: "
					    "berth claim web 8080 8443/tcp");
	r = check_name(o->words[0]);
	if (r == 0)
		r = read_clock(wish);
	if (r == 0)
		r = check_options(c, wish);
	wish->n = o->n_words - 1;
	wish->claims = arena_calloc(&c->arena, wish->n, sizeof(*wish->claims));
	if (r == 0 && !wish->claims)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	for (size_t i = 0; r == 0 && i < wish->n; i++)
		r = fill_claim(c, wish, o->words[i + 1], &wish->claims[i]);
	for (size_t i = 1; r == 0 && i < wish->n; i++) {
		for (size_t k = 0; r == 0 && k < i; k++) {
			if (claim_collides(&wish->claims[i], &wish->claims[k]))
				r = cli_fail(EXIT_USAGE, "%s is asked for twice", o->words[i + 1]);
		}
	}
	return r;
}

/* NULL = nothing is in the way. */
static const char *find_collision(struct cli *c, const struct wish *wish,
				  const struct claims *claims, unsigned int own_level)
{
	const char *found = NULL;

	for (size_t i = 0; i < wish->n && !found; i++)
		found = own_claims_in_the_way(claims, &wish->claims[i], wish->today, own_level,
					      &c->arena);
	return found;
}

/* A claims file that is not believed, say: the claim goes elsewhere then. */
static void warn_of_gaps(const struct answer_sources *from)
{
	for (size_t i = 0; i < from->n_claim_gaps; i++)
		cli_warn("claims %s: %s", from->claim_gaps[i].where, from->claim_gaps[i].why);
}

/* The claims file that is to be written to; NULL = the ledger is. */
static const char *choose_file(const struct cli *c)
{
	const struct claims_tree *files = own_claims_files(c);

	if (!files || c->options->is_to_ledger ||
	    (c->options->ledger && !c->options->is_to_file))
		return NULL;
	return files->files[0].path;
}

int verb_claim(struct cli *c)
{
	struct answer_sources others = {.today = NULL};
	struct ledger_place place;
	struct wish wish = {.n = 0};
	struct stake_reply reply;
	const char *collision, *file;
	int r = read_wish(c, &wish);

	if (r == 0)
		r = own_claims_place(c, &place);
	if (r == 0)
		r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, &others);
	if (r != 0)
		return r;
	file = choose_file(c);
	if (!file && c->options->is_to_file)
		return cli_fail(EXIT_USAGE, "there is no %s here or above to write to",
				CLAIMS_TREE_NAME);
	if (!file && !c->options->is_to_ledger && !c->options->ledger)
		warn_of_gaps(&others);
	collision = find_collision(c, &wish, others.claims, file ? 0 : place.level);
	if (collision)
		return ledger_answer_taken(c, &place, collision);
	if (file)
		return claims_edit_append(c, file, wish.claims, wish.n, wish.today);
	r = stake_claim(&place, wish.claims, wish.n, &reply);
	if (r < 0)
		return ledger_answer_fail(r);
	r = ledger_answer_show(c, &place, &reply, "claimed");
	stake_fini(&reply);
	return r;
}
