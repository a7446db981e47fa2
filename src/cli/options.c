#include "cli/options.h"

#include "answer/verdict.h"
#include "base/lang.h"
#include "base/str.h"
#include "cli/system.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FOR(verb) (1U << VERB_##verb)
#define ANY ((1U << N_VERBS) - 1)
#define RECORDS                                                                                    \
	(FOR(ANSWER) | FOR(HERE) | FOR(FIND) | FOR(RANGES) | FOR(EXPORT) | FOR(UPDATE) |           \
	 FOR(WHY) | FOR(EVICT) | FOR(WAIT) | FOR(LISTEN) | FOR(CLAIM) | FOR(UNCLAIM) |             \
	 FOR(CLAIMS) | FOR(CHECK) | FOR(SUGGEST) | FOR(LEASES) | FOR(ATLAS))
#define LOOKS (FOR(ANSWER) | FOR(HERE) | FOR(RANGES) | FOR(REPORT) | FOR(WHY))

const struct verb_row verb_rows[N_VERBS] = {
#define VERB(id, name, arguments, summary) {VERB_##id, name, arguments, summary},
#include "cli/verbs.def"
#undef VERB
};

const struct option_row option_rows[N_OPTIONS] = {
#define OPTION(id, name, letter, argument, verbs, text)                                            \
	{OPTION_##id, name, letter, argument, verbs, text},
#include "cli/options.def"
#undef OPTION
};

/* The state of a parse. */
struct parse {
	struct options *o;
	char *error;
	char **argv;
	int argc, next;            /* the argument to be looked at */
	bool seen[N_OPTIONS];
	bool has_verb, is_over;    /* a verb was named; "--" was met */
	size_t n_before;           /* words before a command */
};

static int BERTH_PRINTF(2, 3) refuse(struct parse *p, const char *fmt, ...)
{
	struct str safe = {0};
	va_list args;
	char line[OPTIONS_ERROR_SIZE];

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	str_append_escaped(&safe, line, false);
	snprintf(p->error, OPTIONS_ERROR_SIZE, "%s", str_text(&safe));
	str_fini(&safe);
	return -EINVAL;
}

/* There is room: one word for each argument ("--" leaves one free), and one for what --help makes
 * of a verb. */
static int add_word(struct parse *p, const char *word)
{
	p->o->words[p->o->n_words++] = word;
	return 0;
}

static int choose(struct parse *p, const struct option_row *row, const char *value, int *out)
{
	const char *rest = row->argument ? row->argument : "";

	for (int i = 0; *rest; i++) {
		size_t n = strcspn(rest, "|");

		if (strlen(value) == n && strncmp(value, rest, n) == 0) {
			*out = i;
			return 0;
		}
		rest += n;
		rest += *rest == '|';
	}
	return refuse(p, _("--%s takes %s, not \"%.60s\""), row->name, row->argument, value);
}

/* lsof's [46][protocol][@host][:ports]: the part that means a local port number. */
static int take_lsof(struct parse *p, const struct option_row *row BERTH_UNUSED,
		     const char *value)
{
	struct options *o = p->o;
	const char *rest = value;

	if (*rest == '4' && !strchr("0123456789", rest[1])) {
		o->want_v4 = true;
		rest++;
	} else if (*rest == '6' && (rest[1] == ':' || !strchr("0123456789", rest[1]))) {
		o->want_v6 = true;
		rest++;
	}
	if (strncasecmp(rest, "tcp", 3) == 0 && (!rest[3] || rest[3] == ':')) {
		o->want_tcp = true;
		rest += 3;
	} else if (strncasecmp(rest, "udp", 3) == 0 && (!rest[3] || rest[3] == ':')) {
		o->want_udp = true;
		rest += 3;
	}
	if (!*rest)
		return 0;
	if (strchr(rest, '@'))
		return refuse(
			p, _("-i with a host is not understood; berth HOST:PORT connects to one"));
	return add_word(p, rest);
}

static int take_width(struct parse *p, const struct option_row *row BERTH_UNUSED,
		      const char *value)
{
	uint64_t width;

	if (str_parse_u64(value, strlen(value), 10000, &width) < 0)
		return refuse(p, _("--width takes a number of columns, not \"%.60s\""), value);
	p->o->has_width = true;
	p->o->width = (size_t)width;
	return 0;
}

static int take_format(struct parse *p, const struct option_row *row,
		       const char *value BERTH_UNUSED)
{
	enum output_format format = row->id == OPTION_JSON    ? FORMAT_JSON
				    : row->id == OPTION_JSONL ? FORMAT_JSONL
							      : FORMAT_CSV;

	if (p->o->format != FORMAT_TEXT && p->o->format != format)
		return refuse(p, _("--json, --jsonl and --csv exclude each other"));
	p->o->format = format;
	return 0;
}

static int take_verdict(struct parse *p, const struct option_row *row BERTH_UNUSED,
			const char *value)
{
	enum verdict_word word;

	if (verdict_word_parse(value, &word) < 0 || word == VERDICT_VACANT || word == VERDICT_DARK)
		return refuse(p, _("--verdict takes as-claimed, customary, unclaimed, occupied, "
				 "conflict or unknown, not \"%.60s\""), value);
	return 0;
}

static int take_uid(struct parse *p, const struct option_row *row BERTH_UNUSED,
		    const char *value)
{
	uint64_t uid;

	if (str_parse_u64(value, strlen(value), UINT32_MAX - 1, &uid) < 0)
		return refuse(p, _("--uid takes the number of a user, not \"%.60s\""), value);
	p->o->has_uid = true;
	p->o->uid = (uint32_t)uid;
	return 0;
}

static int take_netns(struct parse *p, const struct option_row *row BERTH_UNUSED,
		      const char *value)
{
	p->o->scope = strcmp(value, "all") == 0    ? LIVE_SCOPE_ALL
		      : strcmp(value, "here") == 0 ? LIVE_SCOPE_HERE
						   : LIVE_SCOPE_NAMED;
	return 0;
}

static int take_colour(struct parse *p, const struct option_row *row, const char *value)
{
	int choice = 0, r = choose(p, row, value, &choice);

	p->o->colour = (enum when)choice;
	return r;
}

static int take_owners(struct parse *p, const struct option_row *row, const char *value)
{
	int choice = 0, r = choose(p, row, value, &choice);

	p->o->want_all_owners = choice == 1;
	return r;
}

static int take_place(struct parse *p, const struct option_row *row, const char *value)
{
	int choice = 0, r = choose(p, row, value, &choice);

	p->o->is_to_file = choice == 0;
	p->o->is_to_ledger = choice == 1;
	return r;
}

static int take_check_format(struct parse *p, const struct option_row *row, const char *value)
{
	int choice = 0, r = choose(p, row, value, &choice);

	p->o->check_format = (enum check_format)choice;
	return r;
}

static int take_fail_on(struct parse *p, const struct option_row *row, const char *value)
{
	int choice = 0, r = choose(p, row, value, &choice);

	if (r == 0 && check_severity_parse(value, &p->o->fail_on) < 0)
		return -EINVAL;
	return r;
}

static int take_hold(struct parse *p, const struct option_row *row, const char *value)
{
	int choice = 0, r = choose(p, row, value, &choice);

	p->o->hold = (enum hold_choice)choice;
	return r;
}

static int take_listen(struct parse *p, const struct option_row *row, const char *value)
{
	if (!*value)
		return refuse(p, "--listen takes %s, not nothing", row->argument);
	if (p->o->n_listen == OPTIONS_LISTEN_MOST)
		return refuse(p, "--listen can be given %d times", OPTIONS_LISTEN_MOST);
	p->o->listen[p->o->n_listen++] = value;
	return 0;
}

static int take_host(struct parse *p, const struct option_row *row BERTH_UNUSED,
		     const char *value)
{
	size_t n = strlen(value);

	/* A name as it stands in a URL, without a port: what Host is compared with. */
	if (n == 0 || n > 253 ||
	    strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._[]:") !=
		    n)
		return refuse(p, "--host takes a host's name, not \"%.60s\"", value);
	if (p->o->n_hosts == OPTIONS_HOSTS_MOST)
		return refuse(p, "--host can be given %d times", OPTIONS_HOSTS_MOST);
	p->o->hosts[p->o->n_hosts++] = value;
	return 0;
}

/* "time=30"; the numbers are the helper's to judge by, and digits are all that reaches it. */
static int take_limit(struct parse *p, const struct option_row *row, const char *value)
{
	static const char *const all[] = {"--limit-connections", "--limit-per-address",
					  "--limit-time", "--limit-head", "--limit-streams"};
	size_t n = strcspn(value, "=");
	uint64_t number;

	for (size_t i = 0; i < N_ELEMENTS(all) && p->o->n_limits < OPTIONS_LIMITS_MOST; i++) {
		const char *name = all[i] + strlen("--limit-");

		if (strlen(name) != n || strncmp(name, value, n) != 0 || !value[n] ||
		    str_parse_u64(value + n + 1, strlen(value + n + 1), UINT16_MAX, &number) < 0)
			continue;
		p->o->limits[p->o->n_limits++] = (struct options_limit){all[i], value + n + 1};
		return 0;
	}
	return refuse(p, "--limit takes %s with a number up to 65535, not \"%.60s\"", row->argument,
		      value);
}

/* What becomes of an option. */
static const struct fate {
	enum {
		FATE_FORGOTTEN, /* an option without a row below: tests/unit/test-options.c */
		FATE_NOTHING,   /* seen is enough */
		FATE_FLAG,      /* sets the bool at `offset` of struct options */
		FATE_TEXT,      /* keeps its argument, not empty, in the const char * there */
		FATE_MEANING,   /* only `take` knows */
	} kind;
	size_t offset;
	/* Also with FATE_TEXT, or NULL: 0 or -EINVAL after refuse(). */
	int (*take)(struct parse *p, const struct option_row *row, const char *value);
} fates[N_OPTIONS] = {
#define NOTHING {FATE_NOTHING, 0, NULL}
#define FLAG(member) {FATE_FLAG, offsetof(struct options, member), NULL}
#define TEXT(member) {FATE_TEXT, offsetof(struct options, member), NULL}
#define CHECKED_TEXT(member, take) {FATE_TEXT, offsetof(struct options, member), take}
#define MEANING(take) {FATE_MEANING, 0, take}
	[OPTION_QUIET] = FLAG(is_quiet),
	[OPTION_VERBOSE] = FLAG(is_verbose),
	[OPTION_STRICT] = FLAG(is_strict),
	[OPTION_TCP] = FLAG(want_tcp),
	[OPTION_UDP] = FLAG(want_udp),
	[OPTION_IPV4] = FLAG(want_v4),
	[OPTION_IPV6] = FLAG(want_v6),
	[OPTION_PEERS] = FLAG(want_peers),
	[OPTION_ALL] = FLAG(want_all),
	[OPTION_EXPOSED] = FLAG(is_exposed),
	[OPTION_FORCE] = FLAG(is_forced),
	[OPTION_LOG] = FLAG(wants_log),
	[OPTION_FMT] = FLAG(wants_fmt),
	[OPTION_WRITE] = FLAG(wants_write),
	[OPTION_SYSCTL] = FLAG(wants_sysctl),
	[OPTION_LIVE] = FLAG(wants_live),
	[OPTION_BROWSER] = FLAG(for_browser),
	[OPTION_EXPLAIN] = FLAG(wants_reasons),
	[OPTION_STAKE] = FLAG(wants_claim),
	[OPTION_YES] = FLAG(is_sure),
	[OPTION_DRY_RUN] = FLAG(is_dry_run),
	[OPTION_STOP] = FLAG(wants_stop),
	[OPTION_TIME_WAIT] = FLAG(wants_time_wait),
	[OPTION_REUSEADDR] = FLAG(is_reuseaddr),
	[OPTION_REUSEPORT] = FLAG(is_reuseport),
	[OPTION_V6ONLY] = FLAG(is_v6only),
	[OPTION_NO_TRIAL] = FLAG(has_no_trial),
	[OPTION_ANY_ONE] = FLAG(is_any),
	[OPTION_ACCEPTING] = FLAG(is_accepting),
	[OPTION_PROGRAM] = TEXT(program),
	[OPTION_USER] = TEXT(user),
	[OPTION_CONTAINER] = TEXT(container),
	[OPTION_UNIT] = TEXT(unit),
	[OPTION_REGISTRY] = TEXT(registry),
	[OPTION_REPLAY] = TEXT(replay),
	[OPTION_LEDGER] = TEXT(ledger),
	[OPTION_ADDRESS] = TEXT(address),
	[OPTION_OWNER] = TEXT(owner),
	[OPTION_SCOPE] = TEXT(claim_scope),
	[OPTION_UNTIL] = TEXT(until),
	[OPTION_REASON] = TEXT(reason),
	[OPTION_FROM] = TEXT(from),
	[OPTION_CACERT] = TEXT(cacert),
	[OPTION_GRACE] = TEXT(grace),
	[OPTION_DEVICE] = TEXT(device),
	[OPTION_TIMEOUT] = TEXT(timeout),
	[OPTION_HTTP] = TEXT(http),
	[OPTION_BY] = TEXT(by),
	[OPTION_ON] = TEXT(on),
	[OPTION_FOR_TIME] = TEXT(for_time),
	[OPTION_MAX] = TEXT(max),
	[OPTION_ENV] = TEXT(env),
	[OPTION_BLOCK] = TEXT(block),
	[OPTION_COUNT] = TEXT(count),
	[OPTION_RANGE] = TEXT(range),
	[OPTION_MAP] = TEXT(map),
	[OPTION_NO_LIVE] = FLAG(has_no_live),
	[OPTION_LANGUAGES] = TEXT(languages),
	[OPTION_URL] = TEXT(url),
	[OPTION_STABLE_FOR] = TEXT(stable_for),
	[OPTION_NETNS] = CHECKED_TEXT(netns, take_netns),
	[OPTION_VERDICT] = CHECKED_TEXT(verdict, take_verdict),
	[OPTION_JSON] = MEANING(take_format),
	[OPTION_JSONL] = MEANING(take_format),
	[OPTION_CSV] = MEANING(take_format),
	[OPTION_COLOR] = MEANING(take_colour),
	[OPTION_OWNERS] = MEANING(take_owners),
	[OPTION_HOLD] = MEANING(take_hold),
	[OPTION_TO] = MEANING(take_place),
	[OPTION_FORMAT] = MEANING(take_check_format),
	[OPTION_FAIL_ON] = MEANING(take_fail_on),
	[OPTION_UID] = MEANING(take_uid),
	[OPTION_WIDTH] = MEANING(take_width),
	[OPTION_SERVE_LISTEN] = MEANING(take_listen),
	[OPTION_HOST] = MEANING(take_host),
	[OPTION_LIMIT] = MEANING(take_limit),
	[OPTION_LSOF_I] = MEANING(take_lsof),
	[OPTION_HELP] = NOTHING,
	[OPTION_VERSION] = NOTHING,
	[OPTION_SS_L] = NOTHING,
	[OPTION_SS_N] = NOTHING,
	[OPTION_SS_P] = NOTHING,
	[OPTION_LSOF_P] = NOTHING,
#undef NOTHING
#undef FLAG
#undef TEXT
#undef CHECKED_TEXT
#undef MEANING
};

/* `value` is "" for an option that takes none. */
static int take(struct parse *p, const struct option_row *row, const char *value)
{
	const struct fate *fate = &fates[row->id];
	char *member = (char *)p->o + fate->offset;

	p->seen[row->id] = true;
	switch (fate->kind) {
	case FATE_FORGOTTEN:
		return refuse(p, _("--%s is forgotten in this build"), row->name);
	case FATE_FLAG:
		*(bool *)member = true;
		break;
	case FATE_TEXT:
		if (!*value)
			return refuse(p, _("--%s takes %s, not nothing"), row->name, row->argument);
		memcpy(member, &value, sizeof(value));
		break;
	case FATE_NOTHING:
	case FATE_MEANING:
		break;
	}
	return fate->take ? fate->take(p, row, value) : 0;
}

static int parse_long(struct parse *p, const char *arg)
{
	const char *name = arg + 2, *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);
	const char *near = NULL;
	unsigned int nearest = 3;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];
		char given[64];

		if (n > 0 && strlen(row->name) == n && strncmp(row->name, name, n) == 0) {
			if (!row->argument)
				return equals ? refuse(p, _("--%s takes no value"), row->name)
					      : take(p, row, "");
			if (equals)
				return take(p, row, equals + 1);
			if (p->next >= p->argc)
				return refuse(p, _("--%s takes %s"), row->name, row->argument);
			return take(p, row, p->argv[p->next++]);
		}
		snprintf(given, sizeof(given), "%.*s", (int)MIN_OF(n, 63), name);
		if (row->text && str_distance(given, row->name, nearest) < nearest) {
			nearest = str_distance(given, row->name, nearest);
			near = row->name;
		}
	}
	if (near)
		return refuse(p, _("there is no option %.60s; did you mean --%s?"), arg, near);
	return refuse(p, _("there is no option %.60s (berth help lists them)"), arg);
}

static const struct option_row *find_letter(char letter)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (option_rows[i].letter == letter)
			return &option_rows[i];
	}
	return NULL;
}

/* lsof takes -i alone or with a value in the same or in the next word. */
static int parse_lsof_value(struct parse *p, const struct option_row *row, const char *rest)
{
	const char *next = p->next < p->argc ? p->argv[p->next] : NULL;

	if (*rest)
		return take(p, row, rest);
	if (next && next[0] != '-') {
		p->next++;
		return take(p, row, next);
	}
	return take(p, row, "");
}

static int parse_short(struct parse *p, const char *arg)
{
	if (strspn(arg + 1, "0123456789") == strlen(arg + 1) &&
	    !(arg[2] == '\0' && find_letter(arg[1])))
		return refuse(p, _("\"%.60s\" is not a port: ports are 0 to 65535"), arg);
	for (const char *c = arg + 1; *c; c++) {
		const struct option_row *row = find_letter(*c);
		int r;

		if (!row)
			return refuse(p, _("there is no option -%c (berth help lists them)"), *c);
		if (row->argument)
			return parse_lsof_value(p, row, c + 1);
		r = take(p, row, "");
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_word(struct parse *p, const char *arg)
{
	if (!p->is_over && !p->has_verb && p->o->n_words == 0) {
		for (size_t i = 1; i < N_VERBS; i++) {
			if (strcmp(arg, verb_rows[i].name) != 0)
				continue;
			if (!system_has_verb(verb_rows[i].id))
				return refuse(p, _("berth %s is not there on %s"), arg,
					      system_name);
			p->o->verb = verb_rows[i].id;
			p->has_verb = true;
			return 0;
		}
	}
	return add_word(p, arg);
}

/* A word for wait, a day for claim: which is known when the verb is. */
static int check_until(struct parse *p)
{
	const char *until = p->o->until;

	if (p->o->verb != VERB_WAIT || !until || strcmp(until, "free") == 0 ||
	    strcmp(until, "unlistened") == 0)
		return 0;
	return refuse(p, _("--until takes free|unlistened, not \"%.60s\""), until);
}

/* Each option must be one of the verb that was named. */
static int check_options(struct parse *p)
{
	const struct verb_row *verb = &verb_rows[p->o->verb];

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];

		if (!p->seen[i] || row->verbs & 1U << verb->id)
			continue;
		if (row->letter)
			return refuse(p, _("-%c (--%s) does not go with berth %s"), row->letter,
				      row->name, *verb->name ? verb->name : "WHAT");
		return refuse(p, _("--%s does not go with berth %s"), row->name,
			      *verb->name ? verb->name : "WHAT");
	}
	return check_until(p);
}

/* `berth` alone, or with nothing but options, is `berth here`. */
static void settle_verb(struct parse *p)
{
	struct options *o = p->o;

	if (p->seen[OPTION_VERSION])
		o->verb = VERB_VERSION;
	if (p->seen[OPTION_HELP]) {
		if (p->has_verb && o->verb != VERB_HELP) {
			o->n_words = 0;
			if (add_word(p, verb_rows[o->verb].name) < 0)
				o->n_words = 0;
		}
		o->verb = VERB_HELP;
		return;
	}
	if (o->verb != VERB_ANSWER || o->n_words > 0)
		return;
	o->verb = VERB_HERE;
	o->is_bare = true;
}

static bool takes_command(enum verb_id verb)
{
	return verb == VERB_WAIT || verb == VERB_LEASE;
}

bool options_run_command(int argc, char **argv)
{
	bool has_verb = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return has_verb;
		for (size_t v = 1; v < N_VERBS; v++)
			has_verb |= takes_command(verb_rows[v].id) &&
				    strcmp(argv[i], verb_rows[v].name) == 0;
	}
	return false;
}

/* The command is no word of the question; a NULL stands between the two. */
static void end_command(struct parse *p)
{
	if (p->o->command)
		p->o->n_words = p->n_before;
}

/* Behind "--" everything is a word; of a verb that runs a command, a word of that. */
static int begin_rest(struct parse *p)
{
	p->is_over = true;
	if (p->has_verb && takes_command(p->o->verb)) {
		p->o->command = p->o->words + p->o->n_words + 1;
		p->n_before = p->o->n_words++;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *out, char *error)
{
	struct parse p = {.o = out, .error = error, .argv = argv, .argc = argc, .next = 1};

	*out = (struct options){.verb = VERB_ANSWER, .fail_on = CHECK_ERROR};
	out->words = calloc((size_t)argc + 2, sizeof(*out->words));
	if (!out->words)
		return refuse(&p, _("out of memory"));
	while (p.next < argc) {
		const char *arg = argv[p.next++];
		int r;

		if (p.is_over || arg[0] != '-' || !arg[1])
			r = parse_word(&p, arg);
		else if (strcmp(arg, "--") == 0)
			r = begin_rest(&p);
		else if (arg[1] == '-')
			r = parse_long(&p, arg);
		else
			r = parse_short(&p, arg);
		if (r < 0)
			return r;
	}
	end_command(&p);
	settle_verb(&p);
	/* --help and --version beside other options ask for nothing else. */
	if (out->verb == VERB_HELP || p.seen[OPTION_VERSION])
		return 0;
	return check_options(&p);
}

void options_fini(struct options *o)
{
	free(o->words);
	o->words = NULL;
	o->n_words = 0;
}

bool options_is_for_programs(const struct options *o)
{
	return o->format != FORMAT_TEXT || o->check_format != CHECK_TEXT;
}

bool options_has_filter(const struct options *o)
{
	return o->is_exposed || o->program || o->user || o->container || o->unit || o->verdict;
}
