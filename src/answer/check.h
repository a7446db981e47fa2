/*
 * Check: do claims agree with each other, with the world, with what manifests say, with this
 * machine? Everything is given; nothing is looked at here.
 */
#pragma once

#include "answer/answer.h"
#include "answer/check-kinds.h"
#include "ledger/claims-tree.h"

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
 * Whether a claim is for HTTP: a part of its name between hyphens is http, https, www or web, or
 * its scope has the word http or https (words are separated by commas).
 */
bool check_is_http(const struct claim *c);
