/*
 * berth: who claimed a port, who lives there now, do the two agree.
 *
 * A map of the tree, in the order in which a question walks through it. Arrows between folders go
 * one way: base <- query <- { registry | live | ledger } <- answer <- { render | act } <- cli.
 *
 *     base/      knows nothing of ports
 *         attr arena fd str          attributes; memory that dies together; files; bytes as text
 *         array environment channel  arrays that grow; variables to be believed; sockets, pipes
 *         command-line winsock-windows   words in one text, as Windows has it; its sockets' errors
 *         instant duration replace replace-parts   RFC 3339; "30s"; a file is replaced whole or not
 *         places trusted-file        where berth writes; what nobody else can have written
 *         repository                 which checkout of which repository, from git's own files
 *         utf16 wide-windows libc-windows   a system's text and libc, made the same
 *         lang lang-catalog lang-none catalog plural   text in the language of its reader
 *         self                       where the running program lies
 *         image image-writer         one read-only file format: registry and claims
 *     query/     1. what was asked
 *         transport address query    tcp and udp; addresses, exposure; "5432/tcp", "pid:7"
 *         port-set                   which of the 65,536
 *         ip-text overlap            addresses as text; do two of them collide
 *     registry/  2a. what the world claims
 *         format builder validate    how it lies in an image; made; checked before use
 *         registry builtin -elf -coff search   by port and name; the one linked in; by words
 *         known-uses browser-ports   software and its default ports; what browsers refuse
 *         etc-services               as lines of services(5)
 *         choose history diff        the newest of built-in and updated; what changed; what differs
 *         iana iana-csv iana-xml     IANA's own cells, and the readers of both its formats
 *         iana-rules iana-table      what the cells mean; the whole table on its way into an image
 *     live/      2b. what runs now
 *         live source gaps           the records; the seam to a system; what could not be seen
 *         source-linux source-darwin source-none   the systems
 *         xnu-layout xnu-socket xnu-process   what the kernel of macOS tells, decoded
 *         windows iphlp              what Windows tells together; its socket tables, decoded
 *         calls-windows user-windows the real calls; names of accounts
 *         hcn hcn-windows reservation-windows   ports reserved for guests: decoded, asked; for good
 *         sysctl process account layout       macOS: asked; the mirrors beside Apple's headers
 *         diag table rules           sockets by sock_diag, by /proc/net text; the kernel's rules
 *         netns mounts               network namespaces, and where one may be bind-mounted
 *         owner fdscan held cgroup   who holds a socket; descriptor tables; by cgroup
 *         site sockopts              what bind(2) checks about a place; flags of sockets
 *         lease-names                which ports processes have on lease
 *         kernel                     which ports the kernel's own drivers use
 *         proc proc-parse passwd cgroup-path   processes, their users, units and containers
 *         published nat addresses    host ports that lead elsewhere, and what is behind them
 *         nat-decode -expr -xt -box -rules   rules of nf_tables, walked with ports for a packet
 *         proxy container container-state json-scan   what arguments and state files tell
 *         container-api              what a runtime says of the rest
 *         units                      systemd's socket units: what the files say, where they are
 *         socket-list number-map     what a look gathers
 *         source-replay recording -fields -value -read -write -select   a recorded world
 *         scrub recording-scrub      nothing private in it
 *     ledger/    2c. what we promised
 *         claim claims entry         one claim, judged without looking; all of them; an audit line
 *         claims-format -image -writer   how a ledger is published; read; written
 *         claims-file -canonical     claims as lines of text; written as they should be
 *         claims-tree checkout       files that include others; where they lie, whom to believe
 *         collisions                 which claims of many want the same
 *         place ledger publish       its files; the rules; how a change reaches every reader
 *         store store-memory store-sqlite   where it is kept
 *     answer/    3. one record
 *         answer fields              the record; what it looks like from outside, a row a field
 *         answer-parts -world -claims -live -published -lists -history   its parts, from each
 *         verdict identify match     one word; names of a process; from a word to ports
 *         check -kinds -parts -world -places -live   do claims agree with all of that
 *         lineage                    what started a process
 *         reading                    what text and pages ask of a record alike
 *         why answer-why why-advice  would bind(2) succeed; as a record; the ways out
 *         suggest -judge answer-suggest   a good port, one port weighed, as a record
 *     render/    4. its faces
 *         render writer schema       the only walk; what every face is told; its JSON Schema
 *         writer-json writer-csv     the faces for programs
 *         text text-answer -parts -claimed -residents -list -change -why -evict   for people
 *         text-check check-formats   what a check found; as SARIF, as GitHub's annotations
 *         text-suggest text-leases   a good port, and why; leases
 *         map map-svg map-data       all ports at once: as cells, a picture, JSON for its script
 *         text-wait text-claims      what a wait came to; a knock; claims of one's own
 *     act/       5. what berth does
 *         connect dial               one connection; made
 *         atlas-pipe                 what the two processes of the atlas say to each other
 *         collector -look -claims -faces   the one that looks; cheaply; claims; judgements of pages
 *         doors privilege            the sockets it is served at; does berth see what others do not
 *         helper                     berth's own programs, in libexec; where it is
 *         helper-find -start-posix -close   those that go on running; what they do not get
 *         manifests                  the ports that stand in manifests, by a helper
 *         stake-file                 a claims file gets another line, or its canonical form
 *         stake                      a ledger is written to, by a helper
 *         update update-source       a newer registry takes the old one's place; where it is from
 *         trial -windows -none       one bind(2), made and taken back at once; no such system
 *         place                      an address, as a system's calls take it
 *         pick                       a suggestion that was tried
 *         evict evict-settle evict-reason -parts   what frees a port, as a plan; why or why not
 *         spare                      what is never ended for a port's sake
 *         evict-run evict-prove evict-record   carried out; proved by a bind; told
 *         end end-poll stop          processes by identity; systemctl, podman and docker
 *         wait -target -free -seen   until a port listens, answers, is free: clock, one port, words
 *         wait-parts wait-look wait-linux wait-windows -none   what they share; the system's tables
 *         wait-watch wait-watcher -linux -none   look-ups repeated while it sleeps
 *         wait-question-linux        a look-up as the kernel wants it
 *         attempt http-reply resolve one connection that never blocks; its status; names, aside
 *         wire aside                 a system's sockets, in words of none; a thread of its own
 *         listen -parts -peers       a quiet listener; who its visitors are
 *         opener -table -tls -http -dns   what the first bytes of a conversation are
 *         lease-text lease-candidates   names of leases, placeholders; which ports, in which order
 *         lease lease-env lease-run lease-none   ports that no other gets; written; CMD with them
 *         leases leases-none         who has which
 *         portserver portserver-none clients   the same for portpicker's clients
 *     update/    the helper berth-update, which has libcurl and expat: main fetch etag
 *     ledger-helper/  the helper berth-ledger, which has SQLite: main holder
 *     manifests/ the helper berth-manifests, which has libyaml: main report
 *         readers lines yaml compose kubernetes   a reader for each kind of file
 *     web/       the other entrance, the helper berth-atlas (libmicrohttpd)
 *         page words                 the pages as bytes; everything they say, in two languages
 *         html page-parts page-said  the typed writer; what pages have in common
 *         page-port page-claimed page-live page-rules page-near page-check   one port, by sections
 *         page-find page-here page-claims page-ranges page-map page-service   the other pages
 *         page-list                  long tables, a page at a time
 *         assets                     the files that they load
 *         link -parts -take -ask -view   its end of the pipe: what came, as views
 *         sight                      what of it a stranger sees
 *         sandbox -seccomp -none     what it gives up before it reads a byte
 *         http-text route guard      pieces of a request; what it is about; who may see and change
 *         response response-cache    an answer before it is sent; those that were made last
 *         server -parts -check -pages -data -actions   from a request to its answer
 *         api metrics events         records as JSON; for monitoring; what changes, as it changes
 *         http -parts -send -peers   sockets: libmicrohttpd around all that
 *         serve main                 the helper's two ways to run
 *         export export-main -parts -search -sitemap   the atlas as files, by several threads
 *         site                       a directory that takes another one's place at once
 *     cli/       the entrance: options cli nearest ask interrupt, a file a verb: verb-<name>
 *         lease-pool                 which ports a lease may be of
 *         serve-claims taken         claims for the atlas, and made by it; who has a port
 *         claims-edit                claims files written canonically; the line for sysctl
 *         own-claims ledger-answer   what is claimed here; what a write to a ledger came to
 *         entry terminal launch      what a system hands main(); what it shows text on; a command
 *         system absent-windows absent-serve   which verbs a system lacks
 */
#include "base/lang.h"
#include "cli/cli.h"
#include "cli/entry.h"

static int run(struct cli *c)
{
	static cli_verb *const verbs[N_VERBS] = {
		[VERB_ANSWER] = verb_answer, [VERB_HERE] = verb_here,
		[VERB_WHY] = verb_why,       [VERB_FIND] = verb_find,
		    [VERB_RANGES] = verb_ranges,
		[VERB_EXPORT] = verb_export, [VERB_UPDATE] = verb_update,
		[VERB_REPORT] = verb_report, [VERB_HELP] = verb_help,
		[VERB_VERSION] = verb_version, [VERB_EVICT] = verb_evict,
		[VERB_WAIT] = verb_wait, [VERB_LISTEN] = verb_listen,
		[VERB_CLAIM] = verb_claim, [VERB_UNCLAIM] = verb_unclaim,
		[VERB_LEASE] = verb_lease, [VERB_LEASES] = verb_leases,
		[VERB_PORTSERVER] = verb_portserver,
		[VERB_SERVE] = verb_serve,
		[VERB_CLAIMS] = verb_claims, [VERB_CHECK] = verb_check,
		[VERB_SUGGEST] = verb_suggest, [VERB_ATLAS] = verb_atlas,
	};

	return verbs[c->options->verb](c);
}

int main(int argc, char **argv)
{
	char error[OPTIONS_ERROR_SIZE];
	const char *refusal;
	struct options options;
	struct cli cli;
	int code;

	refusal = entry_prepare(&argc, &argv);
	if (refusal)
		return cli_fail(EXIT_USAGE, "%s", refusal);
	if (options_parse(argc, argv, &options, error) < 0) {
		options_fini(&options);
		return cli_fail(options_run_command(argc, argv) ? EXIT_FAILED : EXIT_USAGE, "%s",
				error);
	}
	if (options_is_for_programs(&options))
		lang_end();
	cli_init(&cli, &options);
	code = run(&cli);
	cli_fini(&cli);
	options_fini(&options);
	return code;
}
