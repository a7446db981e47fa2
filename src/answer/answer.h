/*
 * Answer: one record that joins the three stories of a port: who claimed it, who lives there, do
 * the two agree.
 *
 * The structs here are what every face shows: JSON keys, CSV columns, text and schema are rows of
 * fields.def over these members. Everything lives in one arena. NULL or a negative number is null;
 * lists are never absent. Strings may hold foreign bytes: the writers escape them.
 */
#pragma once

#include "answer/verdict.h"
#include "base/arena.h"
#include "live/live.h"
#include "query/query.h"

#include <stdbool.h>
#include <stdint.h>

struct registry;
struct claim;
struct claims;
struct ledger_entry;

/* A number that may be null: negative = null. */
typedef int64_t answer_number;
#define ANSWER_NULL ((answer_number)-1)

/* Which registry answered, and for what dates its columns are good. */
struct answer_registry {
	const char *source;        /* "iana" */
	const char *names_as_of;   /* names and statuses */
	const char *details_as_of; /* people, dates, references, notes */
	bool built_in;
};

/* Who had a number before. */
struct answer_former {
	const char *name;    /* service name or claimant */
	const char *listed;  /* last date on which the registry is known to have listed it */
	const char *removed; /* when it was removed or de-assigned */
};

/* What changed about a number, or a row, between two versions of the registry. */
struct answer_change {
	const char *date;        /* when it happened, as the registry dates it; NULL: it does not */
	const char *kind;        /* added, removed, renamed, status, re-dated, edited */
	const char *protocol;    /* NULL: the row names none and stands for all */
	bool has_ports;
	struct live_span ports;
	const char *name_before, *name_after;
	const char *status_before, *status_after; /* NULL: there was no row */
	const char *seen_before; /* date of the newest registry seen without it */
	const char *seen_after;  /* date of the oldest registry seen with it */
};

/* What an update did. */
struct answer_update {
	const char *result; /* updated, unchanged */
	const char *image;  /* the file that was written */
	const char *from;   /* where the table came from */
	struct answer_registry before, after;
	answer_number rows_before, rows_after;
	answer_number rows_added, rows_removed; /* their name, ports or protocol are new, gone */
	answer_number added, removed, renamed, status, re_dated, edited; /* changes by kind */
	const struct answer_change *changes;
	size_t n_changes;
};

/* One row of the registry that covers the port (or, in `export`, any row). */
struct answer_assignment {
	const char *protocol;     /* NULL: the row names no protocol and stands for all */
	const char *status;       /* assigned, reserved, unassigned, de-assigned, dynamic */
	const char *name;
	const char *alias_of;     /* the name it stands for; NULL = not an alias */
	const char *description;
	bool has_ports;           /* false: a name without a port (DNS-SD), as find shows */
	struct live_span ports;
	const char *assignee, *contact, *organization;
	const char *registered, *modified; /* the registry's own precision: 2002-04 */
	const char *const *references;     /* NULL-terminated; never NULL */
	const char *unauthorized_use;
	const char *note;
	answer_number service_code;
	bool is_widespread;       /* "unassigned but widespread use" */
	const struct answer_former *former; /* who had it before */
	size_t n_former;
	const char *details_as_of;/* date of the columns assignee .. former; NULL = as the names */
	const char *source;       /* "iana"; a field of exported rows only */
};

/* Software that uses the port by default. */
struct answer_use {
	const char *software, *purpose, *protocol;
	struct live_span ports;
	const char *since, *until;
	const char *evidence;
	const char *grade; /* primary, secondary, unverified */
	const char *platform; /* NULL = any */
	const char *service;  /* registered name that it implements here; NULL = none */
	const char *const *programs;
};

/* Somebody's own claim. */
struct answer_claim {
	const char *name;
	const char *const *protocols;
	struct live_span ports;
	const char *address, *owner, *scope, *since, *until, *source;
	const char *program, *reason;
	const char *state; /* active, expired, retired */
};

/* A line of a ledger's audit trail. */
struct answer_entry {
	answer_number number;
	live_time at;
	const char *user;
	answer_number uid;
	const char *action; /* claim, renew, unclaim, expire */
	const char *name, *ports, *detail;
};

/* What writing to a ledger came to. */
struct answer_ledger {
	const char *result;  /* claimed, unclaimed, unchanged, taken, not-found */
	const char *message; /* why not; NULL = done */
	const char *ledger;  /* the file */
	const struct answer_claim *claims;
	size_t n_claims;
	const struct answer_entry *log;
	size_t n_log;
	bool is_file;        /* not a field: `ledger` is a claims file */
};

struct answer_namespace {
	answer_number id;
	const char *name;
	const char *container;
};

/* Connections that wait to be accepted. The kernel keeps one more than the limit, then drops. */
struct answer_backlog {
	answer_number queued, limit;
};

struct answer_parent {
	answer_number pid;
	const char *program;
};

struct answer_owner {
	answer_number pid;
	answer_number fd;
	const char *method;
	const char *program, *path;
	bool path_deleted;
	const char *const *command; /* NULL = not known */
	const char *directory;
	const char *user;
	answer_number uid;
	live_time started;
	const char *unit, *container;
	const struct answer_parent *parents;
	size_t n_parents;
	const char *label;          /* not a field: the name for people ("uvicorn") */
	const char *container_id;   /* not a field */
	const char *const *lineage; /* not a field: what started it, NULL-terminated; NULL = nothing
	                               that its unit and container do not tell */
	const char *origin;         /* not a field: "an ssh login of alice"; NULL likewise */
};

struct answer_name {
	const char *source; /* claim, iana, known */
	const char *name;
};

/* A socket that takes what arrives. */
struct answer_listener {
	const char *protocol, *family, *address;
	uint16_t port;
	bool dual_stack;
	const char *interface;
	const char *exposure;
	const char *role;           /* listener, maybe-client */
	const struct answer_backlog *backlog; /* NULL = it has no queue */
	answer_number inode;
	const char *cookie;
	const char *user;
	answer_number uid;
	struct answer_namespace ns;
	const char *owners_search;
	const struct answer_owner *owners;
	size_t n_owners;
	const struct answer_name *names; /* `here`: who has the port */
	size_t n_names;
	const char *verdict;        /* `here`: the verdict on this listener */
	const char *unit;           /* in which it was made; a socket unit if systemd made it */
	const char *activates;      /* the service that this socket unit starts */
	const char *container;      /* not a field: of the socket's own cgroup */
	const char *container_id, *ns_container_id; /* not fields */
	const struct live_socket *socket; /* not a field */
	struct verdict judged;            /* not a field */
	bool is_here;                     /* not a field: of berth's own namespace */
};

/* A host port that NAT or a proxy leads elsewhere. */
struct answer_published {
	const char *protocol, *address;
	uint16_t port;
	const char *to_address;   /* an address, or a name where the way ends out of sight */
	answer_number to_port;
	const char *by, *container, *listener_cookie;
	struct live_span ports;   /* all host ports of the same entry */
	const char *note;         /* conditions, for people; NULL = none */
	const struct answer_owner *owners; /* not fields: of the listener behind it ... */
	size_t n_owners;
	const char *container_id; /* ... */
	struct live_span to_ports; /* where `ports` lead, one by one or all to one; 0-0 = unknown */
	bool is_to_here;          /* ... it leads to another port of the same namespace */
	bool is_loopback;         /* ... only at a loopback address */
	enum transport transport;
	struct verdict judged;
};

/* One socket as an example of a group. */
struct answer_sample {
	const char *address;
	answer_number port;
	const char *peer_address;
	answer_number peer_port;
	answer_number inode;
	answer_number seconds_left;
};

/* Sockets that hold the port without listening, grouped by kind, owner and local address. */
struct answer_holder {
	const char *kind; /* bound-only, connection, time-wait */
	const char *protocol, *address;
	const struct answer_owner *owner;
	answer_number count;
	answer_number seconds_left; /* the longest of the group */
	const struct answer_sample *samples;
	size_t n_samples;
	uint16_t port;
};

struct answer_peer {
	const char *address;
	const struct answer_owner *owner;
	answer_number count;
};

struct answer_connections {
	answer_number local;  /* connected sockets whose local port is this one */
	answer_number remote; /* those whose remote port is */
	const struct answer_peer *peers;
	size_t n_peers;
};

struct answer_bind_one {
	const char *judged, *cause;
};

struct answer_bind {
	struct answer_bind_one tcp, udp;
};

struct answer_verdict {
	const char *word, *basis;
};

struct answer_verdicts {
	struct answer_verdict tcp, udp;
};

struct answer_gap {
	const char *what, *where, *why, *fix;
	bool is_aside; /* not a field: the same for every answer of this run, said once below */
};

struct answer_checked {
	live_time at;
	answer_number namespaces;
	enum live_system system; /* not a field: which one was looked at */
};

/* What a word of the question matched to get here. */
struct answer_match {
	const char *kind; /* service, claim, program, pid, unit, container */
	const char *value;
};

/* One explicit connection to another host. */
struct answer_remote {
	const char *host, *address;
	const char *result; /* open, refused, timed-out, unreachable, unresolved, failed */
	const char *error;  /* the system's own words; NULL = open */
	answer_number milliseconds;
};

/* The answer for one port. */
struct answer {
	uint16_t port;
	const char *range; /* system, user, dynamic */
	struct answer_registry registry;
	const struct answer_assignment *assignments;
	size_t n_assignments;
	const struct answer_use *known_uses;
	size_t n_known_uses;
	const struct answer_claim *claims;
	size_t n_claims;
	const struct answer_listener *listeners;
	size_t n_listeners;
	const struct answer_published *published;
	size_t n_published;
	const struct answer_holder *holders;
	size_t n_holders;
	struct answer_connections connections;
	const char *const *policies;
	const struct answer_bind *bind; /* NULL: not judged */
	struct answer_verdicts verdicts;
	const struct answer_gap *gaps;
	size_t n_gaps;
	struct answer_checked checked;
	const struct answer_match *matched;
	size_t n_matched;
	const struct answer_remote *remote; /* NULL: nothing was connected to */
	const struct answer_change *history; /* of the registration, the oldest first */
	size_t n_history;

	struct verdict tcp, udp; /* not fields: the verdicts as values */
	bool has_transport;      /* not a field: only one transport was asked about ... */
	enum transport transport;/* ... this one */
};

/* Every listener of this machine. */
struct answer_here {
	const struct answer_listener *listeners;
	size_t n_listeners;
	const struct answer_published *published;
	size_t n_published;
	const struct answer_holder *holders;   /* only with --all */
	size_t n_holders;
	const struct answer_gap *gaps;
	size_t n_gaps;
	struct answer_checked checked;
	size_t n_maybe_clients; /* not a field */
};

/* One range of RFC 6335 and what stands in it. */
struct answer_range {
	const char *name; /* system, user, dynamic */
	struct live_span ports;
	const char *registration; /* who may register there, and how */
	answer_number n_ports, n_named, n_documented, n_known, n_listening;
};

struct answer_span {
	answer_number first, last;
};

/* What the kernel and browsers say about port numbers. */
struct answer_kernel {
	const struct answer_span *ephemeral; /* NULL = could not be read */
	answer_number unprivileged_start;
	const struct answer_span *reserved;
	const struct answer_span *excluded_tcp, *excluded_udp; /* nobody may bind them */
	const struct answer_span *guest_tcp, *guest_udp;       /* reserved for guests */
	size_t n_reserved, n_excluded_tcp, n_excluded_udp, n_guest_tcp, n_guest_udp;
	const char *browser_blocked_as_of;
	const struct answer_span *browser_blocked;
	size_t n_browser_blocked;
};

struct answer_ranges {
	struct answer_registry registry;
	const struct answer_range *ranges;
	size_t n_ranges;
	struct answer_kernel kernel;
	const struct answer_gap *gaps;
	size_t n_gaps;
	struct answer_checked checked;
};

/* One thing that a search found: a claim, an assignment or a known use, the others are NULL. */
struct answer_found {
	const char *kind; /* claim, assignment, known-use */
	const char *rank; /* exact, prefix, word, rest: how well the worst word fits */
	const struct answer_assignment *assignment;
	const struct answer_use *known_use;
	const struct answer_claim *claim;
};

/* One socket of an eviction. */
struct answer_evict_socket {
	const char *kind; /* listener, bound-only, connection, time-wait */
	const char *protocol, *address;
	uint16_t port;
	const char *interface;
	const char *peer_address;
	answer_number peer_port;
	answer_number inode;
	const char *cookie;
	const char *namespace;
};

/* One step of an eviction: what is to be done, and what became of it. */
struct answer_evict_step {
	const char *action; /* signal, stop-unit, stop-container, destroy, refuse */
	answer_number pid;
	const char *program, *user;
	const char *unit, *container;
	const struct answer_evict_socket *sockets;
	size_t n_sockets;
	const struct answer_evict_socket *also_serves;
	size_t n_also_serves;
	const struct answer_parent *parents;
	size_t n_parents;
	const char *published_by; /* what leads the port elsewhere; NULL = nothing does, and then */
	bool has_published;       /* there are no ... */
	struct live_span published_ports; /* ... host ports */
	const char *published_protocol;
	const char *reason;
	bool is_blocking;
	const char *outcome; /* NULL: not carried out */
	bool is_signalled;
	const char *error;
	const char *container_id;     /* not a field */
	const char *label;            /* not a field: the name for people */
	const char *const *command;   /* not a field */
	const char *const *lineage;   /* not a field */
	const char *origin;           /* not a field */
};

/* What became of one address. */
struct answer_evict_result {
	const char *protocol, *address;
	uint16_t port;
	const char *interface;
	const char *result; /* free, held */
	const char *tried;  /* ok, an errno's name; NULL: no bind was tried */
	answer_number seconds_left;
	const char *reason;
	answer_number pid; /* who has it now */
	const char *program;
	const struct answer_parent *parents;
	size_t n_parents;
	bool is_new;
};

/* A port that is to be freed. */
struct answer_evict_port {
	uint16_t port;
	const char *protocol; /* NULL: tcp and udp */
};

/* An eviction. */
struct answer_evict {
	const struct answer_evict_port *ports; /* the asked ones */
	size_t n_ports;
	bool is_dry_run;
	bool is_of_windows;  /* for its words */
	const char *outcome; /* nothing-there, planned, refused, declined, freed, held,
	                        interrupted */
	const struct answer_evict_step *steps;
	size_t n_steps;
	const struct answer_evict_result *results;
	size_t n_results;
	const struct answer_gap *gaps;
	size_t n_gaps;
	struct answer_checked checked;
};

/* What was said to bind(2) and listen(2): ok, an errno's name, unknown. */
struct answer_why_judged {
	const char *bind;
	const char *listen; /* NULL: none follows, bind(2) fails or it is UDP */
};

struct answer_why_tried {
	const char *bind;
};

/* Sockets on the port, alike: in the way or not. */
struct answer_why_holder {
	const char *kind;     /* listener, bound-only, connection, time-wait, fin-wait-2 */
	const char *blocks;   /* yes, no, unknown */
	const char *protocol, *address;
	uint16_t port;
	bool dual_stack;
	const char *interface;
	answer_number count;
	answer_number seconds_left;            /* of the last one */
	const char *reuse_address, *reuse_port; /* yes, no; NULL = not known */
	const char *user;
	answer_number uid;
	const char *unit, *container;
	const struct answer_owner *owners;
	size_t n_owners;
	const struct live_socket *socket;      /* not a field: the first of them */
};

/* A way out: what to do, and a command that does it; empty: it is to be done in the program. */
struct answer_fix {
	const char *text;
	const char *const *command;
};

/* Would bind(2) succeed, and why not. */
struct answer_why {
	uint16_t port;
	const char *protocol, *address;
	struct answer_why_judged judged;
	const struct answer_why_tried *tried; /* NULL: no trial was made */
	const char *cause;                    /* NULL: it would succeed */
	const struct answer_why_holder *holders; /* what is in the way first */
	size_t n_holders;
	const struct answer_fix *fixes;
	size_t n_fixes;
	const char *const *warnings;
	const struct answer_gap *gaps;
	size_t n_gaps;

	bool would_bind;       /* not a field: as far as is known */
	bool is_disputed;      /* not a field: a trial says otherwise than the judgement */
	const char *sentence;  /* not a field: the cause, for people; NULL without one */
};

/* What a trial bind said, if one was made. */
struct answer_trial {
	bool is_made;
	int error; /* 0 = it was bound */
};

/* What is asked of answer_why(). */
struct why_candidate;
struct answer_why_question {
	const struct why_candidate *candidate;
	struct answer_trial trial;
	const char *netns;     /* as it was asked for; NULL = berth's own */
};

/* One port that was waited for. */
struct answer_wait_target {
	const char *target;   /* as it was given */
	const char *host;     /* NULL: any address of this host */
	uint16_t port;
	const char *protocol; /* tcp, udp */
	bool met;
	answer_number elapsed_ms;  /* until it was met */
	const char *address;       /* where it was found; NULL: nowhere, or nothing to find */
	answer_number http_status; /* the last one that came */
	const char *program;       /* who listens; NULL: nobody, not known, not looked up */
	answer_number pid;
	const char *proxy;         /* what takes connections there for somebody else */
	const char *seen;          /* what was seen instead, or beside it; for people; NULL =
	                              nothing worth a word */
	bool was_so;               /* nobody was there from the beginning; for people */
};

/* What a wait came to. */
struct answer_wait {
	const char *until; /* listens, accepts, answers, unlistened, free */
	bool any;
	const char *by;
	const char *http_path;
	answer_number http_status; /* the one that was asked for; null: any 2xx */
	bool met;
	answer_number timeout_ms;  /* null: none */
	answer_number elapsed_ms;
	const struct answer_wait_target *targets;
	size_t n_targets;
	const struct answer_gap *gaps;
	size_t n_gaps;
};

/* The far end of a knock. */
struct answer_knocker {
	const char *address;
	uint16_t port;
	const char *program; /* NULL: of another host or namespace, not known, not looked up */
	answer_number pid;
	const char *user;
	answer_number uid;
};

/* One connection or datagram that reached a quiet listener. */
struct answer_knock {
	live_time at;
	const char *protocol, *address; /* tcp, udp; where it arrived */
	uint16_t port;
	struct answer_knocker peer;
	const char *opener;  /* what the first bytes are: "tls", "http", "ssh"; NULL = not known */
	const char *name;    /* whom they ask for: SNI, Host, a name in DNS; NULL = nobody */
	const char *request; /* what they ask: "GET /", "SSH-2.0-OpenSSH_9.2"; NULL = nothing */
	answer_number bytes; /* how many came; of a connection until it was closed */
	const char *data;    /* the first of them, escaped */
	bool cut;            /* there were more than `data` holds */
	const char *ended;   /* closed, reset, kept, silent, displaced, datagram */
};

/* One thing that is to be said of a port that was looked at. */
struct answer_suggest_reason {
	uint16_t port;
	const char *reason;   /* "bound", "near-assigned": the words of answer/suggest.h */
	bool rejects;
	answer_number cost;   /* null of what rejects */
	const char *text;
};

/* A port, or neighbouring ones, that could be taken. */
struct answer_suggest_place {
	uint16_t port;        /* the first */
	struct live_span ports;
	bool claimed;         /* for this name and checkout */
	answer_number cost;   /* of all its ports; null: it is rejected */
	const struct answer_suggest_reason *reasons;
	size_t n_reasons;
};

/* A suggestion. */
struct answer_suggest {
	const char *result;   /* suggested, claimed, nothing */
	const char *message;  /* why nothing; NULL otherwise */
	const char *name;     /* NULL: for none */
	const char *repository; /* NULL: in none */
	const char *checkout;
	const char *const *protocols;
	struct live_span range;
	uint16_t start;       /* where the search began */
	bool tried;           /* bind(2) was tried on what is suggested */
	const struct answer_suggest_place *suggestions;
	size_t n_suggestions;
	const struct answer_suggest_place *runner_up;
	const struct answer_suggest_place *passed;
	size_t n_passed;
	answer_number n_more; /* passed over and not listed */
	const char *ledger;   /* the file that was written to; NULL: none */
	struct answer_registry registry;
	const struct answer_gap *gaps;
	size_t n_gaps;
	struct answer_checked checked;
	bool is_wide;         /* not a field: the usual range had nothing left */
};

/* A process that keeps a lease. */
struct answer_lease_holder {
	answer_number pid;
	const char *program;
};

/* A leased port. */
struct answer_lease {
	uint16_t port;
	const char *const *protocols; /* tcp, udp */
	const char *name;             /* NULL: none was given, or not known */
	const char *kind;             /* command, portserver, unknown */
	live_time since;
	answer_number pid;            /* the process it is for, as the lease says */
	const char *user;             /* who made it */
	answer_number uid;
	const struct answer_owner *owner; /* that process; NULL: gone, or not to be seen */
	const struct answer_lease_holder *holders;
	size_t n_holders;
};

/* All of them. */
struct answer_leases {
	const struct answer_lease *leases;
	size_t n_leases;
	const struct answer_gap *gaps;
	size_t n_gaps;
	struct answer_checked checked;
};

/* What was written of the atlas. */
struct answer_atlas {
	struct answer_registry registry;
	const char *directory;     /* NULL: no pages were asked for */
	answer_number pages;       /* of ports; ANSWER_NULL likewise, as the next two */
	answer_number files, bytes;
	const char *map;           /* NULL: no picture was asked for */
};

/* How much goes into an answer beyond the ordinary. */
struct answer_options {
	bool want_all_peers;  /* every peer of connections, not the 8 most frequent */
	bool has_transport;   /* only this transport's rows */
	enum transport transport;
};

/* What answers are made from. Borrowed; must live as long as the answers. */
struct answer_sources {
	const struct registry *registry;
	const struct live_snapshot *live;
	const struct claims *claims; /* of one's own; NULL = none were looked for */
	const char *today;           /* the day that decides which of them have expired */
	const struct answer_gap *claim_gaps; /* which could not be read */
	size_t n_claim_gaps;
	bool saw_all_holders;        /* of both families and transports: bind(2) can be judged */
	bool counts_every_namespace; /* one namespace was asked for by name: its listeners count */
	const struct live_socket *const *by_remote; /* connections by remote port; answer_index() */
	size_t n_by_remote;
	const struct live_published *const *wide; /* those of several ports; answer_index() */
	size_t n_wide;
};

/*
 * Index the snapshot for answer_port() and answer_here(). Once before the first answer. False when
 * out of memory.
 */
bool answer_index(struct answer_sources *from, struct arena *arena);

/*
 * The answer for one port from what was gathered. Returns it in `arena`, or NULL when out of
 * memory. The snapshot must have been taken for a request that covers the port.
 */
const struct answer *answer_port(const struct answer_sources *from, uint16_t port,
				 const struct answer_options *options, struct arena *arena);

/*
 * Whether a server could have the port, and why not. The snapshot must have been taken for a
 * request that covers the port, with holders, all owners and flags. NULL when out of memory.
 */
const struct answer_why *answer_why(const struct answer_sources *from,
				    const struct answer_why_question *q, struct arena *arena);

/*
 * A suggestion as a record: registry, claims, gaps and time of the sources; name, repository,
 * checkout, tried, ledger and is_wide are the caller's to fill in. `kept` are the places that are
 * claimed for the purpose (`n_kept`), which come first. NULL when out of memory.
 */
struct suggest_choice;
struct suggest_place;
struct suggest_wish;
struct answer_suggest *answer_suggest(const struct answer_sources *from,
				      const struct suggest_wish *wish,
				      const struct suggest_choice *choice,
				      const struct suggest_place *kept, size_t n_kept,
				      struct arena *arena);

/* Every listener in the snapshot beside its names and verdict. NULL when out of memory. */
const struct answer_here *answer_here(const struct answer_sources *from, struct arena *arena);

/* The ranges and what is in them. NULL when out of memory. */
const struct answer_ranges *answer_ranges(const struct answer_sources *from, struct arena *arena);

/* What search found, as records, `*n` of them. NULL when out of memory. */
struct search_hits;
const struct answer_found *answer_found(const struct registry *reg, const struct search_hits *hits,
					size_t *n, struct arena *arena);

/* A claim as a record. False when out of memory. */
bool answer_fill_claim(const struct claim *c, const char *today, struct answer_claim *out,
		       struct arena *arena);

/* All of them, as many as there are. NULL when out of memory. */
const struct answer_claim *answer_claims(const struct claims *claims, const char *today,
					 struct arena *arena);

/* A line of an audit trail as a record. */
void answer_fill_entry(const struct ledger_entry *entry, struct answer_entry *out);

/*
 * Put the claims that hold all of `words` (in name, owner, scope, program or reason, without case)
 * before what was found already. False when out of memory.
 */
bool answer_find_claims(const struct claims *claims, const char *today, const char *const *words,
			size_t n_words, const struct answer_found **found, size_t *n,
			struct arena *arena);

/*
 * The owner to name first: the oldest, but of a socket that systemd made for a service rather that
 * service, when it has been started. NULL = none was seen.
 */
const struct answer_owner *answer_main_owner(const struct answer_listener *l);

/*
 * Whether no further connection is taken until its program accepts one: more wait than the limit
 * (Linux, sk_acceptq_is_full). Their SYNs are dropped without an answer.
 */
bool answer_is_queue_full(const struct answer_listener *l);

/* Whether a port says the same as `other` in a list: vacant, nothing registered, nobody there. */
bool answer_is_empty(const struct answer *a);

/* "system", "user", "dynamic" (RFC 6335). */
const char *answer_range_name(uint16_t port);

/* A change of the registry as a record; `has_ports` false: of a name without a port. */
struct history_entry;
void answer_fill_change(const struct history_entry *entry, bool has_ports,
			struct answer_change *out);

/* Which registry answers, and how old it is. */
struct answer_registry answer_registry(const struct registry *reg);

/* A registry row as an assignment record (for find and export). False when out of memory. */
bool answer_fill_assignment(const struct registry *reg, uint32_t row,
			    struct answer_assignment *out, struct arena *arena);
