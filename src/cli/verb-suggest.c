/* berth suggest [NAME]: a good port, the same for the same checkout. */
#include "act/pick.h"
#include "act/stake.h"
#include "base/lang.h"
#include "base/repository.h"
#include "cli/ledger-answer.h"
#include "cli/own-claims.h"
#include "ledger/claims.h"
#include "live/gaps.h"
#include "live/lease-names.h"
#include "registry/browser-ports.h"
#include "render/text-suggest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CLAIM_ROUNDS = 16 };

/* Everything for one suggestion. */
struct task {
	struct cli *c;
	struct suggest_wish wish;
	struct suggest_world world;
	struct answer_sources from;
	struct live_snapshot live;
	struct repository repository;
	char scope[CLAIM_TEXT_MOST + 1];
	struct port_set leased_tcp, leased_udp, refused, snatched;
	struct suggest_place *kept; /* claimed for it already */
	size_t n_kept;
	struct suggest_choice choice;
	bool is_wide;
	const char *ledger; /* that was written to; NULL = none */
};

static int read_number(const char *option, const char *text, uint16_t *out)
{
	uint64_t value = 1;

	if (text && (str_parse_u64(text, strlen(text), SUGGEST_MOST, &value) < 0 || value == 0))
		return cli_fail(EXIT_USAGE, "--%s takes a number from 1 to %d, not \"%.60s\"",
				option, SUGGEST_MOST, text);
	*out = (uint16_t)value;
	return 0;
}

static int read_range(const char *text, struct suggest_wish *wish)
{
	char error[CLAIM_ERROR_SIZE];
	transport_set transports = 0;

	wish->first = SUGGEST_FIRST;
	wish->last = SUGGEST_LAST;
	if (!text)
		return 0;
	if (claim_ports_parse(text, &wish->first, &wish->last, &transports, error) < 0)
		return cli_fail(EXIT_USAGE, "--range: %s", error);
	wish->is_asked = true;
	if (transports)
		return cli_fail(EXIT_USAGE, "--range takes ports such as 8000-8999; -t and -u "
					    "choose the transport");
	return 0;
}

static int check_name(const struct options *o)
{
	const char *name = o->n_words > 0 ? o->words[0] : NULL;

	if (o->n_words > 1)
		return cli_fail(EXIT_USAGE, "berth suggest takes one name, and \"%.60s\" is "
					    "another", o->words[1]);
	if (name && (!*name || strlen(name) > CLAIM_TEXT_MOST))
		return cli_fail(EXIT_USAGE, "a name has 1 to %d bytes", CLAIM_TEXT_MOST);
	if (!o->wants_claim)
		return 0;
	if (!name)
		return cli_fail(EXIT_USAGE, "--claim needs a name: berth suggest api --claim");
	if (o->replay)
		return cli_fail(EXIT_USAGE, "--claim does not go with --replay: a recording may be "
					    "of another machine");
	if (claim_name_check(name) == CLAIM_NAME_BAD)
		return cli_fail(EXIT_USAGE, "\"%.80s\" is no name for a claim: letters, digits and "
					    "single hyphens inside, at least one letter (RFC 6335)",
				name);
	return 0;
}

/* Claims of this checkout are told by their scope: its path, or a number for it where the path
 * cannot be one. */
static int find_checkout(struct task *t)
{
	const struct options *o = t->c->options;
	struct repository *rep = &t->repository;
	int r = repository_find(o->stable_for, o->stable_for != NULL, rep);

	if (r < 0 && o->stable_for)
		return cli_fail(EXIT_USAGE, "--stable-for %s: %s", o->stable_for, lang_error(r));
	if (r < 0)
		return cli_fail(EXIT_SYSTEM, "the working directory: %s; --stable-for DIRECTORY "
					     "names another", lang_error(r));
	if (claim_text_is_good(rep->checkout))
		snprintf(t->scope, sizeof(t->scope), "%s", rep->checkout);
	else
		snprintf(t->scope, sizeof(t->scope), "checkout-%016llx",
			 (unsigned long long)suggest_seed(NULL, rep->checkout, NULL));
	t->wish.name = o->n_words > 0 ? o->words[0] : NULL;
	t->wish.scope = t->scope;
	t->wish.seed = suggest_seed(*rep->identity ? rep->identity : NULL, rep->checkout,
				    t->wish.name);
	return 0;
}

static int read_wish(struct task *t)
{
	const struct options *o = t->c->options;
	struct suggest_wish *wish = &t->wish;
	int r = check_name(o);

	if (r == 0)
		r = read_number("block", o->block, &wish->block);
	if (r == 0)
		r = read_number("count", o->count, &wish->count);
	if (r == 0)
		r = read_range(o->range, wish);
	if (r != 0)
		return r;
	wish->want_tcp = o->want_tcp || !o->want_udp;
	wish->want_udp = o->want_udp;
	wish->for_browser = o->for_browser;
	return find_checkout(t);
}

static int look(struct task *t)
{
	struct live_request request = cli_request(t->c);

	request.transports = TRANSPORT_ALL; /* the other one is a twin */
	request.first_port = t->wish.first;
	request.last_port = t->wish.last;
	request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS;
	request.scope = LIVE_SCOPE_HERE;
	return cli_look(t->c, &request, &t->c->arena, &t->live);
}

static int add_gap(struct task *t, const char *where, const char *why, bool is_aside)
{
	size_t n = t->from.n_claim_gaps;
	struct answer_gap *gaps = arena_calloc(&t->c->arena, n + 1, sizeof(*gaps));

	if (!gaps)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (n > 0)
		memcpy(gaps, t->from.claim_gaps, n * sizeof(*gaps));
	gaps[n] = (struct answer_gap){"leases", where, why ? why : "?", NULL, is_aside};
	t->from.claim_gaps = gaps;
	t->from.n_claim_gaps++;
	return 0;
}

static int read_leases(struct task *t)
{
	char text[80];
	int r;

	if (t->c->options->replay)
		return add_gap(t, _("of this machine"), _("a recording holds none"), true);
	r = lease_names_read(&t->leased_tcp, &t->leased_udp);
	if (r == -ENOTSUP) /* nobody has any there */
		return 0;
	if (r == 0)
		return 0;
	gaps_errno_text(-r, text, sizeof(text));
	return add_gap(t, "/proc/net/unix", arena_strdup(&t->c->arena, text), false);
}

static int gather(struct task *t)
{
	int r = cli_open_registry(t->c);

	if (r == 0)
		r = own_claims_gather(t->c, 0, UINT16_MAX, &t->c->arena, &t->from);
	if (r == 0)
		r = look(t);
	if (r == 0)
		r = read_leases(t);
	t->from.registry = &t->c->registry;
	t->from.live = &t->live;
	t->world = (struct suggest_world){
		.registry = &t->c->registry,
		.live = &t->live,
		.claims = t->from.claims,
		.today = t->from.today,
		.leased_tcp = &t->leased_tcp,
		.leased_udp = &t->leased_udp,
		.snatched = &t->snatched,
	};
	return r;
}

static bool is_opened_by_browsers(const struct claim *one)
{
	for (uint32_t port = one->first; port <= one->last; port++) {
		if (registry_is_browser_blocked((uint16_t)port))
			return false;
	}
	return true;
}

/* What is claimed for this name and checkout comes first, whoever is there now: it never moves. */
static int find_kept(struct task *t)
{
	const struct claim *one;
	size_t cursor = 0;

	t->kept = arena_calloc(&t->c->arena, t->wish.count, sizeof(*t->kept));
	if (!t->kept)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	while (t->wish.name && t->n_kept < t->wish.count &&
	       (one = claims_next_named(t->world.claims, t->wish.name, &cursor))) {
		struct suggest_place *place = &t->kept[t->n_kept];

		if (!suggest_is_own(&t->world, &t->wish, one) ||
		    (t->wish.for_browser && !is_opened_by_browsers(one)))
			continue;
		if (!suggest_judge(&t->world, &t->wish, one->first, one->last, &t->c->arena, place))
			return cli_fail(EXIT_SYSTEM, "out of memory");
		place->is_kept = true;
		t->n_kept++;
	}
	return 0;
}

/* Choose what is not kept. */
static int choose_in_range(struct task *t)
{
	struct suggest_wish wish = t->wish;
	bool is_tried = !t->c->options->replay;

	t->choice = (struct suggest_choice){.start = wish.first};
	wish.count = (uint16_t)(wish.count - t->n_kept);
	wish.name = NULL; /* its claims are taken, too */
	if (wish.count == 0)
		return 0;
	if (pick(&t->world, &wish, is_tried, &t->refused, &t->c->arena, &t->choice) < 0)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	return 0;
}

/* The same; in all of the ports when the usual range has not enough left. */
static int choose(struct task *t)
{
	int r = choose_in_range(t);

	if (r != 0 || t->n_kept + t->choice.n == t->wish.count || t->c->options->range ||
	    t->is_wide)
		return r;
	t->is_wide = true;
	t->wish.first = SUGGEST_WIDE_FIRST;
	t->wish.last = SUGGEST_WIDE_LAST;
	r = look(t);
	return r != 0 ? r : choose_in_range(t);
}

static void fill_claim(const struct task *t, const struct suggest_place *place,
		       struct claim *out)
{
	*out = (struct claim){
		.name = t->wish.name,
		.protocols = (t->wish.want_tcp ? TRANSPORT_BIT(TRANSPORT_TCP) : 0) |
			     (t->wish.want_udp ? TRANSPORT_BIT(TRANSPORT_UDP) : 0),
		.first = place->first,
		.last = place->last,
		.scope = t->scope,
		.since = t->from.today,
		.source = "asked for",
		.level = CLAIM_LEVEL_LEDGER,
	};
}

/* Whoever claimed one of them a moment ago has it; which one is not said, so none of them is tried
 * again. */
static void give_way(struct task *t)
{
	for (size_t i = 0; i < t->choice.n; i++) {
		const struct suggest_place *p = &t->choice.places[i];

		for (uint32_t port = p->first; port <= p->last; port++)
			port_set_add(&t->snatched, (uint16_t)port);
	}
}

static int report_failure(const struct stake_reply *reply)
{
	switch (reply->outcome) {
	case LEDGER_DONE:
		return 0;
	case LEDGER_COLLIDES:
		return EXIT_NO;
	case LEDGER_NOT_FOUND:
	case LEDGER_REFUSED:
		return cli_fail(EXIT_USAGE, "%s", reply->message);
	case LEDGER_FAILED:
		break;
	}
	return cli_fail(EXIT_SYSTEM, "%s", reply->message);
}

/* Claim what was chosen. Returns 0, EXIT_NO when somebody was quicker, or an exit code after saying
 * why. */
static int stake(struct task *t, const struct ledger_place *place)
{
	struct claim *claims = arena_calloc(&t->c->arena, t->choice.n, sizeof(*claims));
	struct suggest_place *places = arena_calloc(&t->c->arena, t->choice.n, sizeof(*places));
	struct stake_reply reply;
	int r;

	if (!claims || !places)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	for (size_t i = 0; i < t->choice.n; i++) {
		fill_claim(t, &t->choice.places[i], &claims[i]);
		places[i] = t->choice.places[i];
		places[i].is_kept = true;
	}
	r = stake_claim(place, claims, t->choice.n, &reply);
	if (r < 0)
		return ledger_answer_fail(r);
	r = report_failure(&reply);
	stake_fini(&reply);
	if (r == 0) {
		t->choice.places = places;
		t->ledger = arena_strdup(&t->c->arena, place->database);
	}
	return r;
}

/* Choose, and with --claim claim; again when somebody was quicker. */
static int settle(struct task *t)
{
	struct ledger_place place;
	int r = find_kept(t);

	if (r == 0)
		r = choose(t);
	if (r != 0 || !t->c->options->wants_claim)
		return r;
	r = own_claims_place(t->c, &place);
	for (int i = 0; r == 0 && i < CLAIM_ROUNDS; i++) {
		if (t->choice.n == 0 || t->n_kept + t->choice.n < t->wish.count)
			return 0;
		r = stake(t, &place);
		if (r != EXIT_NO)
			return r;
		give_way(t);
		r = choose(t);
	}
	return r != 0 ? r : cli_fail(EXIT_NO, "others claim ports faster than they can be chosen");
}

static void write_record(struct task *t, const struct answer_suggest *record)
{
	struct cli *c = t->c;
	bool is_lines = c->options->format == FORMAT_JSONL;
	struct writer_json json;
	struct text text;

	if (c->options->format != FORMAT_TEXT) {
		writer_json_init(&json, &c->out, !is_lines);
		render_record(&record_suggest, record, is_lines ? "suggest" : NULL, &json.base);
		str_append_char(&c->out, '\n');
	} else if (c->style.columns == 0 && !c->options->wants_reasons) {
		text_suggest_numbers(&c->out, record);
	} else if (record->n_suggestions > 0 || c->options->wants_reasons) {
		text_init(&text, &c->out, &c->style);
		text_suggest(&text, record, c->options->wants_reasons);
	}
}

static int show(struct task *t)
{
	struct cli *c = t->c;
	struct answer_suggest *record = answer_suggest(&t->from, &t->wish, &t->choice, t->kept,
						       t->n_kept, &c->arena);
	bool is_found;

	if (!record)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	record->name = t->wish.name;
	record->repository = *t->repository.identity ? t->repository.identity : NULL;
	record->checkout = t->repository.checkout;
	record->tried = !c->options->replay && t->choice.n > 0;
	record->ledger = t->ledger;
	record->is_wide = t->is_wide;
	is_found = record->n_suggestions > 0;
	if (!c->options->is_quiet) {
		write_record(t, record);
		if (cli_flush(c) < 0)
			return EXIT_SYSTEM;
		if (!is_found)
			return cli_fail(EXIT_NO, "%s", record->message);
	}
	return is_found ? cli_strict(c, record->n_gaps, EXIT_ANSWERED) : EXIT_NO;
}

int verb_suggest(struct cli *c)
{
	struct task *t = arena_alloc(&c->arena, sizeof(*t));
	int r;

	if (!t)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	t->c = c;
	r = read_wish(t);
	if (r == 0)
		r = gather(t);
	if (r == 0)
		r = settle(t);
	return r != 0 ? r : show(t);
}
