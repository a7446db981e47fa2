/*
 * Recording: a snapshot as a text file, made for people to read, to diff and to write by hand.
 *
 * `berth report` writes one, source-replay answers from one, tests/worlds/ is full of them. What
 * a snapshot holds survives writing and reading unchanged; an unchanged snapshot gives the same
 * bytes again.
 *
 * The format, version 1
 *
 *     berth-world 1
 *     # a listener and its process
 *     at 2026-08-17T09:30:00Z
 *     rules ephemeral=32768-60999 unprivileged=1024 reserved=8080,9000-9010
 *     namespace 4026531840 here
 *     process 812 program=postgres path=/usr/lib/postgresql/15/bin/postgres uid=105 user=postgres
 *     socket tcp listener 127.0.0.1:5432 queue=0/244 inode=20411 owners=812:7
 *     gap what=owner where=tcp\s0.0.0.0:22 why=permission\sdenied fix=run\sas\sroot
 *
 * UTF-8, one record a line, in any order; the first line is fixed. Words are separated by spaces
 * or tabs. Empty lines and lines that begin with '#' are comments. A record is its kind, its
 * positional words, then `key=value` fields and flags (bare words) in any order, each at most
 * once. A field that is left out is not known, none, or zero; `key=` is an empty value.
 *
 * In a value \s \t \n \r \\ are space, tab, line feed, carriage return and backslash, \xNN is any
 * byte but NUL. Bytes that are not UTF-8 and characters that str_is_unsafe() names must be written
 * so. In lists, elements are separated by commas, a comma of an element is \x2c, and \e is a list
 * of one empty element (an empty value is a list without elements).
 *
 *     at INSTANT                 when the look began: RFC 3339 in UTC
 *     system linux|macos|windows|other     what was looked at; default linux
 *     could-look yes|no          no: not even berth's own namespace could be read; default yes
 *     rules                      at most one
 *         ephemeral=FIRST-LAST  unprivileged=N  reserved=PORT,FIRST-LAST,...
 *         excluded-tcp=  excluded-udp=PORT,FIRST-LAST,...   nobody may bind them (Windows)
 *         guest-tcp=  guest-udp=PORT,FIRST-LAST,...         reserved for guests (Windows)
 *         v6only-default=yes|no                  bindv6only
 *         may-bind-privileged=yes|no  uid=N      who looked
 *         kernel=N               6018 is Linux 6.18
 *     namespace ID               a network namespace, by its inode
 *         here                   flag: berth's own; at most one
 *         name=TEXT              default: "here" with the flag, otherwise "net:[ID]"
 *         container=ID
 *         text                   flag: read through /proc/PID/net instead of sock_diag
 *     process PID
 *         program= path= directory= user= unit= container= login=TEXT
 *         deleted                flag: the executable is gone
 *         command=ARG,ARG,...    the argument vector
 *         cut                    flag: the vector was longer than what was read
 *         uid=N
 *         started=INSTANT
 *         parents=PID:PROGRAM,...   its parent first; a parent without known name is PID alone
 *     socket TRANSPORT STATE LOCAL [REMOTE]
 *                                the words of transport_name() and live_state_name(), then
 *                                ADDRESS:PORT; IPv6 in brackets with its numeric zone:
 *                                127.0.0.1:22  [::]:80  [fe80::1%2]:546
 *         dual                   flag: a wildcard of IPv6 that takes IPv4 too
 *         ns=ID                  its namespace; default: the one that is here
 *         interface=NAME
 *         queue=QUEUED/LIMIT
 *         inode= cookie= uid= cgroup=N   (expires=MILLISECONDS of TIME_WAIT, of FIN_WAIT_2)
 *         stage=WORD             of a TCP connection: a word of live_stage_name()
 *         remnant                flag: nobody's any more, the kernel keeps the two addresses
 *         v6only= reuse-address= reuse-port=yes|no    flags of the socket
 *         user= unit= container=TEXT     of its maker and of its cgroup
 *         activates=TEXT                 the service that its socket unit starts ...
 *         starts=ARG,ARG,...             ... and that service's command
 *         owners=OWNER,...       PID:FD, PID:FD:METHOD, PID::METHOD (not a descriptor) or
 *                                kernel:NAME. METHOD is a word of live_method_name(), default fd.
 *                                A + before an owner: see recording_select().
 *         search=none|cgroup|all how far owners were searched; default: none for time-wait,
 *                                otherwise all
 *     published TRANSPORT PORT|FIRST-LAST
 *         by=TEXT                what publishes it; has to be there
 *         at=ADDRESS             only at this address of the host
 *         to=ADDRESS to-name=TEXT ports=PORT|FIRST-LAST     where it leads
 *         here                   flag: to another port of the same namespace
 *         container=ID           the one it leads to
 *         note=TEXT              conditions, for people
 *         via= listener=N        cookies of the host's socket that takes part, of the one behind
 *     container ID               what is known of a container: name= image= runtime=TEXT
 *     gap what=TEXT where=TEXT why=TEXT [fix=TEXT] [similar=N]
 */
#pragma once

#include "live/live.h"

struct str;

/* Bounds of what is read and written; more is refused with a clear line. */
enum {
	RECORDING_FILE_MAX = 64 * 1024 * 1024, /* bytes */
	RECORDING_LINE_MAX = 1024 * 1024,      /* bytes; 64 KiB of arguments, all escaped, fit */
	RECORDING_NAMESPACES_MAX = 10000,
	RECORDING_PROCESSES_MAX = 500000,
	RECORDING_SOCKETS_MAX = 500000,
	RECORDING_PUBLISHED_MAX = 100000,
	RECORDING_CONTAINERS_MAX = 100000,
	RECORDING_GAPS_MAX = 100000,
	RECORDING_ITEMS_MAX = 4000000, /* elements of all lists together */
};

/* Room for the one line that says what is wrong. */
enum { RECORDING_ERROR_SIZE = 256 };

/* A recording as it was read: everything in it lives in the reader's arena. */
struct recording {
	struct live_snapshot snapshot; /* sockets in live_socket_compare() order */
	/*
	 * For each socket of the snapshot: which of its owners only a search of every process
	 * finds (the + of the format), one flag an owner; NULL = none of them.
	 */
	const bool *const *late_owners;
};

/* How to write. */
struct recording_options {
	const char *comment; /* lines to stand below the first one as comments; NULL = none */
	const bool *const *late_owners; /* as in struct recording; NULL = none anywhere */
};

/*
 * Append the recording of `s` to `out`. Processes are known by their pid: of several records with
 * one pid the first owner's is written. Namespaces are known by their id, and those of the sockets
 * have to be in the snapshot's list. Returns 0; -EINVAL: an owner that is neither a process nor
 * the kernel; -EFBIG: more than the bounds above allow; -ENOMEM. On failure `out` holds a part.
 */
int recording_write(const struct live_snapshot *s, struct recording_options options,
		    struct str *out) BERTH_MUST_CHECK;

/*
 * Read a recording of `n` bytes into `arena`. `name` (a file's name, foreign bytes allowed) is for
 * the error. Returns 0; -EBADMSG with "NAME:LINE: what is wrong" in `error` (RECORDING_ERROR_SIZE
 * bytes; foreign bytes in it are escaped and shortened); -ENOMEM.
 */
int recording_read(const char *bytes, size_t n, const char *name, struct arena *arena,
		   struct recording *out, char *error) BERTH_MUST_CHECK;

/*
 * Answer a request from a recording, as the live system would have. New arrays are in `arena`,
 * strings and processes stay the recording's. Returns 0 or -ENOMEM.
 *
 * - Published ports: those that live_request_publishes() lets through, unless one namespace was
 *   asked for that is not berth's own.
 * - Sockets: those of the namespaces in scope that live_request_covers() lets through, and the
 *   listeners behind the published ports.
 * - LIVE_SCOPE_NAMED: a namespace's name or id, "net:[ID]", or a path that ends in its name. A
 *   name that is not there gives no namespace, a gap, and could_look false.
 * - Owners: those marked + are what the search of a socket's cgroup misses. They are left out
 *   unless want_all_owners is set or every owner is so marked (a live look goes on to every process
 *   while a socket has no owner). Whoever asked for all owners gets "all" instead of "cgroup".
 * - Connections that are not holders of the asked ports have owners with want_peer_owners only.
 * - Rules, gaps and could_look are the recording's.
 * - With want_only_sockets: no owners, published ports, containers and rules; gaps stay.
 */
int recording_select(const struct recording *r, const struct live_request *request,
		     struct arena *arena, struct live_snapshot *out) BERTH_MUST_CHECK;

/*
 * A copy of a snapshot, in `arena`, that can be shown to strangers. Returns 0; -EINVAL: a socket in
 * a namespace that the snapshot does not list; -ENOMEM.
 *
 * Taken out:
 * - arguments: of a command only the base name of argv[0] stays, up to its first blank, control
 *   character or one of : @ = , ; (servers write users, peers and databases behind it);
 *   `is_command_cut` then says that there was more. Environments are never recorded at all;
 * - of `starts` of a socket likewise; `login` of a process that runs as another user;
 * - working directories; a gap says so;
 * - directories of paths outside /usr /bin /sbin /lib* /opt /nix /proc, on macOS /System /Library
 *   /Applications: ".../NAME" is left, of executables and of every path inside a gap's text;
 * - user names of ordinary users (uid 1000 and above, but 65534; on macOS 500 and above, but -2):
 *   "userUID" instead, everywhere a name stands as a word of its own: in user fields, units,
 *   container and namespace names, interfaces, directories of paths, command names and gap texts.
 *   A name is known when a process or a socket of the snapshot carries it. Program names stay what
 *   they are.
 *
 * Replaced, the same by the same everywhere in the file, gap texts included:
 * - IPv4 addresses that are public: by 192.0.2.N, 198.51.100.N, 203.0.113.N (RFC 5737), then by
 *   198.18.0.0/15 (RFC 2544); kept are wildcard, loopback, private and shared (RFC 1918, 6598),
 *   link-local and multicast ones;
 * - IPv6 addresses: global ones by 2001:db8::N (RFC 3849), unique local ones by fd00::N, link-local
 *   ones by fe80::N (they can carry a hardware address), multicast beyond ff00::/12 by ff1e::N.
 *   Kept are wildcard, loopback and plain multicast; v4-mapped ones follow the rule for IPv4.
 *   Local addresses are treated like remote ones;
 * - images of containers that name a host or a path: the last part of the path is left;
 * - container ids: their first 12 hex digits; so is every run of 32 or more hex digits in a unit,
 *   a name or a gap's text.
 *
 * Kept: ports, states, counts, uid numbers, names of system users, programs, units, containers,
 * interfaces and namespaces, pids, parents, inodes, cookies, cgroup ids, start times, the time of
 * the look, and what the kernel says about its own port ranges.
 */
int recording_scrub(const struct live_snapshot *s, struct arena *arena,
		    struct live_snapshot *out) BERTH_MUST_CHECK;
