/*
 * Options: the command line as values. The tables are verbs.def and options.def.
 */
#pragma once

#include "answer/check-kinds.h"
#include "base/attr.h"
#include "live/live.h"

#include <stdbool.h>

/* VERB_ANSWER, VERB_HERE, ... in the order of verbs.def. */
enum verb_id {
#define VERB(id, name, arguments, summary) VERB_##id,
#include "cli/verbs.def"
#undef VERB
	N_VERBS,
};

/* OPTION_JSON, ... in the order of options.def. */
enum option_id {
#define OPTION(id, name, letter, argument, verbs, text) OPTION_##id,
#include "cli/options.def"
#undef OPTION
	N_OPTIONS,
};

struct verb_row {
	enum verb_id id;
	const char *name, *arguments, *summary;
};

struct option_row {
	enum option_id id;
	const char *name;     /* "" = only a letter */
	char letter;          /* 0 = none */
	const char *argument; /* NULL = takes none */
	unsigned int verbs;   /* bit (1 << verb) */
	const char *text;     /* NULL = accepted and ignored */
};

extern const struct verb_row verb_rows[N_VERBS];
extern const struct option_row option_rows[N_OPTIONS];

enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_JSONL, FORMAT_CSV };
enum hold_choice { HOLD_REUSE, HOLD_NONE, HOLD_FD };
enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

enum { OPTIONS_LISTEN_MOST = 8, OPTIONS_HOSTS_MOST = 16, OPTIONS_LIMITS_MOST = 8 };

/* Everything the command line said. Strings are borrowed from argv. */
struct options {
	enum verb_id verb;
	bool is_bare;              /* nothing at all was asked: `berth` */
	enum output_format format;
	enum when colour;
	bool has_width;
	size_t width;              /* 0 = do not wrap */
	bool is_quiet, is_verbose, is_strict;
	bool want_tcp, want_udp, want_v4, want_v6; /* as given; none given = all */
	enum live_scope scope;
	const char *netns;
	bool want_all_owners, want_peers, want_all;
	bool is_exposed;
	const char *program, *user, *container, *unit, *verdict; /* filters; NULL = any */
	const char *registry, *replay;
	const char *from, *cacert; /* update; NULL = IANA, the system's certificates */
	bool is_forced;
	bool is_sure, is_dry_run, wants_stop, wants_time_wait; /* evict */
	const char *grace;         /* a duration; NULL = the usual one */
	const char *address, *device; /* why, claim; NULL = the wildcard, any */
	bool is_reuseaddr, is_reuseport, is_v6only, has_no_trial;
	bool has_uid;
	uint32_t uid;
	const char *timeout, *http, *until, *by; /* wait, claim; NULL = as usual */
	bool is_any, is_accepting;
	const char *on, *for_time, *max; /* listen; NULL = loopback, no end */
	const char *env;           /* lease; NULL = no file */
	enum hold_choice hold;
	const char **command; /* what stands behind "--" of a verb that runs it; NULL = nothing,
	                         otherwise part of `words`, and not counted in `n_words` */
	const char *ledger;        /* NULL = the user's own, and the system's */
	const char *owner, *claim_scope, *reason; /* claim; NULL = not said */
	bool wants_log;
	bool is_to_file, is_to_ledger;     /* claim; neither = to the file where there is one */
	bool wants_fmt, wants_write, wants_sysctl; /* claims */
	bool wants_live;                   /* check */
	enum check_severity fail_on;
	enum check_format { CHECK_TEXT, CHECK_SARIF, CHECK_GITHUB } check_format;
	const char *listen[OPTIONS_LISTEN_MOST], *hosts[OPTIONS_HOSTS_MOST]; /* serve */
	size_t n_listen, n_hosts;
	struct options_limit {
		const char *option; /* as the helper has it: "--limit-time" */
		const char *number;
	} limits[OPTIONS_LIMITS_MOST]; /* serve */
	size_t n_limits;
	const char *block, *count, *range, *stable_for; /* suggest; NULL = as usual */
	bool for_browser, wants_reasons, wants_claim;
	const char *map, *languages, *url; /* atlas; NULL = no picture, all languages, not said */
	bool has_no_live;
	const char **words;        /* what is not an option; heap, NULL-terminated */
	size_t n_words;
};

enum { OPTIONS_ERROR_SIZE = 512 };

/*
 * Read the command line. Returns 0, or -EINVAL with one clear line in `error`
 * (OPTIONS_ERROR_SIZE bytes). `out` must be given to options_fini() in either case.
 */
int options_parse(int argc, char **argv, struct options *out, char *error) BERTH_MUST_CHECK;

/* Whether the command line gives a verb a command to run ("wait 80 -- CMD"), well-formed or not:
 * then berth's own failures have exit codes of their own. */
bool options_run_command(int argc, char **argv);
void options_fini(struct options *o);

/* Whether what will be printed is a format for programs: English whatever the language. */
bool options_is_for_programs(const struct options *o);

/* Whether a filter of `here` is set: then "no row" is the answer no. */
bool options_has_filter(const struct options *o);
