/*
 * Cli: what every verb works with, and how it reports. Only here and below is anything printed.
 */
#pragma once

#include "answer/answer.h"
#include "cli/options.h"
#include "live/source.h"
#include "registry/registry.h"
#include "render/render.h"
#include "render/text.h"

/* Exit codes of the contract. */
enum cli_exit {
	EXIT_ANSWERED = 0, /* answered, or done */
	EXIT_NO = 1,       /* the answer is no */
	EXIT_USAGE = 2,    /* bad usage or bad input file */
	EXIT_GAPS = 3,     /* answered with gaps, under --strict; -q: could not look */
	EXIT_SYSTEM = 4,   /* I/O, kernel, store */
	/* With a command to run these are berth's own failures, as with env(1), timeout(1). */
	EXIT_TIMED_OUT = 124,
	EXIT_FAILED = 125,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

struct own_claims;

/* One run of berth. */
struct cli {
	const struct options *options;
	struct text_style style;
	struct str out;            /* what is still to be written to standard output */
	bool has_written_error;    /* standard output failed: said once */
	bool has_registry;         /* `registry` is open */
	struct registry registry;
	struct source *source;     /* NULL until cli_look() */
	struct own_claims *own;    /* NULL until own_claims_gather() */
	struct arena arena;        /* lives as long as the run */
};

/* A verb. Returns an exit code. */
typedef int cli_verb(struct cli *c);

cli_verb verb_answer, verb_here, verb_find, verb_ranges, verb_export, verb_update, verb_report,
	verb_evict, verb_why, verb_wait, verb_listen, verb_claim, verb_claims, verb_unclaim,
	verb_check, verb_suggest, verb_lease, verb_leases, verb_portserver, verb_atlas,
	verb_serve,
	verb_help, verb_version;

/* Settle the style from options, terminal and locale. */
void cli_init(struct cli *c, const struct options *o);
void cli_fini(struct cli *c);

/* "berth: ..." on standard error, one line, escaped. Returns `code`. */
int cli_fail(enum cli_exit code, const char *fmt, ...) BERTH_PRINTF(2, 3);

/* The same as a warning: the run goes on. */
void cli_warn(const char *fmt, ...) BERTH_PRINTF(1, 2);

/* Write out what has gathered in `c->out`. Returns 0 or a negative errno (said on stderr). */
int cli_flush(struct cli *c) BERTH_MUST_CHECK;

/* The registry that was asked for by --registry or BERTH_REGISTRY; NULL = none was. */
const char *cli_registry_path(const struct cli *c);

/* Open the registry that is to answer: the one that was asked for ("built-in" is the built-in one),
 * else the newest of the built-in and the updated ones. Returns 0 or an exit code after saying
 * why. */
int cli_open_registry(struct cli *c) BERTH_MUST_CHECK;

/* Open the source that is to answer, unless it is open. Returns 0 or an exit code after saying
 * why. */
int cli_open_source(struct cli *c) BERTH_MUST_CHECK;

/* The request that the options ask for, on all ports. */
struct live_request cli_request(const struct cli *c);

/* Look; opens the source first. Returns 0 or an exit code after saying why. */
int cli_look(struct cli *c, const struct live_request *request, struct arena *arena,
	     struct live_snapshot *out) BERTH_MUST_CHECK;

/* Refuse words where a verb takes none. Returns 0 or an exit code. */
int cli_take_no_words(const struct cli *c) BERTH_MUST_CHECK;

/*
 * Structured output of a list of records: with --json an array, with --jsonl a line each. Call
 * begin, add for every record, end. Each returns 0 or an exit code.
 */
struct cli_list {
	struct cli *c;
	bool is_empty;
};
void cli_list_begin(struct cli_list *l, struct cli *c);
int cli_list_add(struct cli_list *l, const struct field_record *record, const void *data,
		 const char *type) BERTH_MUST_CHECK;
int cli_list_end(struct cli_list *l) BERTH_MUST_CHECK;

/* The exit code of an answer with or without gaps, under --strict or not. */
int cli_strict(const struct cli *c, size_t n_gaps, int code);
