/*
 * registry-lookup: what one look-up costs, beside getservbyport_r(3).
 *
 *     registry-lookup [ROUNDS]
 *
 * The C library reads /etc/services for each call. To compare like with like, the full list (what
 * `berth export services` writes) is mounted over it, seen by this process only; where that is not
 * permitted the file of the system is used, and the heading says which. Prints nanoseconds per
 * call: least, median and greatest of the rounds (default 21).
 */
#include "base/arena.h"
#include "base/str.h"
#include "registry/etc-services.h"
#include "registry/known-uses.h"
#include "registry/search.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { N_PORTS = 4096, MAX_ROUNDS = 1001 };

static struct registry registry;
static uint16_t ports[N_PORTS]; /* one half have a name, the other half anything */
static volatile uint64_t kept;  /* so that no call can be left out */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void choose_ports(void)
{
	uint32_t random = 3476;

	for (size_t i = 0; i < N_PORTS; i++) {
		do {
			random = random * 1664525U + 1013904223U;
			ports[i] = (uint16_t)(random >> 16);
		} while (i % 2 && !registry_name(&registry, ports[i], TRANSPORT_TCP));
	}
}

static void do_lookup(size_t i)
{
	kept += registry_lookup(&registry, ports[i], TRANSPORT_TCP).n;
}

static void do_lookup_row(size_t i)
{
	struct registry_rows rows = registry_lookup(&registry, ports[i], TRANSPORT_TCP);
	struct registry_row row;

	if (rows.n > 0 && registry_row(&registry, rows.ids[0], &row) == 0)
		kept += row.first;
}

static void do_status(size_t i)
{
	kept += registry_status(&registry, ports[i], TRANSPORT_UDP);
}

static void do_known_use(size_t i)
{
	uint32_t cursor = 0;
	struct known_use use;

	kept += known_use_next(&registry, ports[i], TRANSPORT_TCP, &cursor, &use, NULL);
}

static void do_name(size_t i)
{
	uint32_t name = (uint32_t)(i * 2654435761U) % registry_n_names(&registry);

	kept += registry_by_name(&registry, registry_name_at(&registry, name, NULL)).n;
}

static void do_open(size_t i)
{
	const char *reason;
	struct registry r;

	(void)i;
	kept += (uint64_t)registry_open_builtin(&r, &reason);
}

static void do_search(size_t i)
{
	static const char *const words[] = {"nvidia", "http"};
	BERTH_CLEANUP(arena_fini) struct arena arena = {0};
	struct search_hits hits;

	if (search_find(&registry, words + i % 2, 1, &arena, &hits) == 0)
		kept += hits.n;
}

static void do_getservbyport(size_t i)
{
	struct servent entry, *found = NULL;
	char buffer[4096];

	getservbyport_r(htons(ports[i]), "tcp", &entry, buffer, sizeof(buffer), &found);
	kept += found != NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Time `n` calls, `n_rounds` times; returns the median. */
static double measure(const char *what, void (*call)(size_t), size_t n, size_t n_rounds)
{
	double rounds[MAX_ROUNDS];

	for (size_t round = 0; round < n_rounds; round++) {
		double begin = now();

		for (size_t i = 0; i < n; i++)
			call(i % N_PORTS);
		rounds[round] = (now() - begin) / (double)n;
	}
	qsort(rounds, n_rounds, sizeof(rounds[0]), compare);
	printf("%-44s %10.1f %10.1f %10.1f\n", what, rounds[0], rounds[n_rounds / 2],
	       rounds[n_rounds - 1]);
	return rounds[n_rounds / 2];
}

static int append(void *context, const char *text, size_t n)
{
	return write(*(int *)context, text, n) == (ssize_t)n ? 0 : -1;
}

/* Mount the full list over /etc/services in a namespace of our own. */
static bool use_full_list(void)
{
	char path[] = "/tmp/berth-bench-services-XXXXXX";
	int fd = mkstemp(path);
	struct etc_services_counts counts;
	bool is_mounted;

	if (fd < 0)
		return false;
	is_mounted = etc_services_write(&registry, append, &fd, &counts) == 0 &&
		     fchmod(fd, 0644) == 0 &&
		     (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
		     mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		     mount(path, "/etc/services", NULL, MS_BIND, NULL) == 0;
	close(fd);
	unlink(path);
	return is_mounted;
}

int main(int argc, char **argv)
{
	size_t n_rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 21;
	const char *reason = "";
	double ours, theirs;

	if (n_rounds < 1 || n_rounds > MAX_ROUNDS ||
	    registry_open_builtin(&registry, &reason) < 0) {
		fprintf(stderr, "registry-lookup: bad number of rounds, or a registry %s\n",
			reason);
		return EXIT_FAILURE;
	}
	choose_ports();
	printf("%-44s %10s %10s %10s\n", "nanoseconds per call", "least", "median", "greatest");
	ours = measure("look-up by port", do_lookup, 1000000, n_rounds);
	measure("look-up by port, first row filled in", do_lookup_row, 1000000, n_rounds);
	measure("status of a port", do_status, 1000000, n_rounds);
	measure("known use of a port", do_known_use, 1000000, n_rounds);
	measure("look-up by name", do_name, 200000, n_rounds);
	measure("open the built-in registry", do_open, 100000, n_rounds);
	measure("search of one word", do_search, 20, n_rounds);
	theirs = measure(use_full_list() ? "getservbyport_r, full list"
					 : "getservbyport_r, system's list",
			 do_getservbyport, 200, n_rounds);
	printf("getservbyport_r / look-up by port: %.0f\n", theirs / ours);
	return EXIT_SUCCESS;
}
