/*
 * Check: do claims agree with each other, with the world, with what manifests say, with this
 * machine? Everything is given; nothing is looked at here.
 *
 * Kinds of findings are rows of check.def.
 */
#pragma once

#include "answer/answer.h"
#include "ledger/claims-tree.h"

enum check_severity { CHECK_NOTE, CHECK_WARNING, CHECK_ERROR };

enum check_kind {
#define FINDING(id, name, severity, text) CHECK_##id,
#include "answer/check.def"
#undef FINDING
	N_CHECK_KINDS,
};

struct check_kind_row {
	const char *name;
	enum check_severity severity;
	const char *text;
};

extern const struct check_kind_row check_kinds[N_CHECK_KINDS];

const char *check_severity_name(enum check_severity s); /* "note", "warning", "error" */
/* The severity of that name. Returns 0 or -EINVAL. */
int check_severity_parse(const char *name, enum check_severity *out) BERTH_MUST_CHECK;

/* A place in a file. */
struct answer_place {
	const char *file;
	answer_number line, column; /* from 1, ANSWER_NULL = the whole file; in characters */
};

/* One thing that was found. */
struct answer_finding {
	const char *id, *severity; /* as in check.def */
	struct answer_place at;    /* not of a file ("" as its name): of this machine */
	const char *message;
	const char *claim;         /* the name of the claim; NULL = there is none */
	bool has_ports;
	struct live_span ports;
	const struct answer_place *related; /* the other claim; NULL = none */
	enum check_kind kind;               /* not a field */
};

/* What a check came to. */
struct answer_check {
	const char *const *files;  /* claims files, then manifests; NULL-terminated */
	answer_number n_claims;
	answer_number errors, warnings, notes;
	const struct answer_finding *findings; /* by file, line, column */
	size_t n_findings;
	const struct answer_gap *gaps;
	size_t n_gaps;
	bool is_bad_input; /* not a field: a file could not be read */
};

/* How a manifest names a port. */
enum check_place_kind {
	CHECK_PLACE_PUBLISHED, /* compose: a port of the host */
	CHECK_PLACE_HOST,      /* Kubernetes: hostPort, hostNetwork */
	CHECK_PLACE_NODE,      /* Kubernetes: nodePort */
	CHECK_PLACE_SOCKET,    /* a systemd socket unit */
	CHECK_PLACE_VARIABLE,  /* .env */
	CHECK_PLACE_INSIDE,    /* in a container's own namespace */
};
enum { N_CHECK_PLACE_KINDS = CHECK_PLACE_INSIDE + 1 };

/* A port that stands in a manifest. Strings may hold foreign bytes. */
struct check_place {
	enum check_place_kind kind;
	const char *name;          /* of the service, workload, unit or variable; NULL = none */
	transport_set protocols;   /* 0 = it does not say */
	uint16_t first, last;
	bool has_address;
	struct address address;
	struct answer_place at;
};

/* A manifest that could not be read, or not wholly. */
struct check_trouble {
	struct answer_place at;
	const char *text;
};

/* Everything that is known. */
struct check_case {
	const struct claims_tree *tree;
	const char *today;
	const struct registry *registry;
	struct live_span ephemeral;       /* the kernel's, or Linux's default */
	bool is_own_range;                /* it was read from this machine */
	const struct live_span *reserved; /* kept out of it; n of them */
	size_t n_reserved;
	const char *const *manifests;     /* their paths, n of them */
	size_t n_manifests;
	const struct check_place *places;
	size_t n_places;
	const struct check_trouble *troubles;
	size_t n_troubles;
	const struct answer_here *here;   /* NULL = this machine does not matter */
	const struct claims *all;         /* then: the claims of files and ledgers */
	const struct answer_gap *gaps;
	size_t n_gaps;
};

/* Linux's own ephemeral range, where nobody changed it. */
struct live_span check_default_ephemeral(void);

/* Judge. NULL when out of memory. */
const struct answer_check *check_judge(const struct check_case *c, struct arena *arena);

/*
 * Whether a claim is for HTTP: a part of its name between hyphens is http, https, www or web, or its
 * scope has the word http or https (words are separated by commas).
 */
bool check_is_http(const struct claim *c);
