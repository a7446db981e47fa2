/* berth portserver [@NAME|PATH] [RANGE...]: ports for the clients of portpicker. */
#include "act/portserver.h"
#include "base/environment.h"
#include "base/lang.h"
#include "cli/interrupt.h"
#include "cli/lease-pool.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What portpicker's own server is started with, by convention. */
static const char usual_address[] = "@unittest-portserver";

/* What was asked for. */
struct asked {
	const char *address;
	struct live_span spans[LEASE_MOST_SPANS];
	size_t n_spans;
};

static int take_range(struct asked *a, const char *text)
{
	struct live_span spans[LEASE_MOST_SPANS];
	char error[LEASE_ERROR_SIZE];
	int n = lease_spans_parse(text, spans, error);

	if (n < 0)
		return cli_fail(EXIT_USAGE, "%s", error);
	if (a->n_spans + (size_t)n > LEASE_MOST_SPANS)
		return cli_fail(EXIT_USAGE, "at most %d ranges can be given", LEASE_MOST_SPANS);
	memcpy(a->spans + a->n_spans, spans, (size_t)n * sizeof(*spans));
	a->n_spans += (size_t)n;
	return 0;
}

/* An address begins with '@', or has a '/' in it; a range begins with a digit. */
static int parse(const struct cli *c, struct asked *a)
{
	const char *given = environment_get("PORTSERVER_ADDRESS");
	bool has_address = false;

	a->address = given && *given ? given : usual_address;
	for (size_t i = 0; i < c->options->n_words; i++) {
		const char *word = c->options->words[i];
		int r = 0;

		if (word[0] != '@' && !strchr(word, '/')) {
			r = word[0] >= '0' && word[0] <= '9'
				    ? take_range(a, word)
				    : cli_fail(EXIT_USAGE, "\"%.60s\" is no address (@NAME, or a "
							   "path with a / in it) and no range of "
							   "ports", word);
		} else if (has_address) {
			r = cli_fail(EXIT_USAGE, "berth portserver listens at one address, not "
						 "also at \"%.60s\"", word);
		} else {
			a->address = word;
			has_address = true;
		}
		if (r != 0)
			return r;
	}
	return 0;
}

static void say_status(const struct portserver_counts *n, void *context BERTH_UNUSED)
{
	cli_warn("portserver: %zu of %zu ports leased; served %llu, given back %llu, refused %llu, "
		 "none left %llu, silent %llu, displaced %llu; %d descriptors a lease, room for "
		 "%zu leases",
		 n->n_leases, n->n_ports, (unsigned long long)n->n_served,
		 (unsigned long long)n->n_ended, (unsigned long long)n->n_refused,
		 (unsigned long long)n->n_exhausted, (unsigned long long)n->n_silent,
		 (unsigned long long)n->n_displaced, PORTSERVER_FDS_A_LEASE, n->n_most_leases);
}

static int fail(const char *address, int error)
{
	switch (error) {
	case -EADDRINUSE:
		return cli_fail(EXIT_SYSTEM, "somebody answers at %s already", address);
	case -ENOTSOCK:
		return cli_fail(EXIT_USAGE, "%s is there, and is no socket", address);
	case -EINVAL:
	case -ENAMETOOLONG:
		return cli_fail(EXIT_USAGE, "\"%.120s\" is no address of a unix socket: @NAME or a "
					    "path, at most %d bytes", address, LEASE_ADDRESS_MOST);
	case -ENOSYS:
		return cli_fail(EXIT_SYSTEM, "/proc is not there, or of another PID namespace: it "
					     "tells whose process a port is asked for");
	case -ENOTSUP:
		return cli_fail(EXIT_SYSTEM, "this system has no leases (they are made of Linux's "
					     "abstract unix names)");
	default:
		return cli_fail(EXIT_SYSTEM, "cannot listen at %s: %s", address, lang_error(error));
	}
}

/* Clients find it by this line: eval "$(...)" is not asked for, but works. */
static int say_begun(struct cli *c, const struct asked *a, const struct portserver *s)
{
	struct portserver_counts counts;

	portserver_count(s, &counts);
	if (c->options->is_quiet)
		return 0;
	str_printf(&c->out, "PORTSERVER_ADDRESS=%s\n", a->address);
	if (cli_flush(c) < 0)
		return EXIT_SYSTEM;
	if (counts.n_most_leases < counts.n_ports)
		cli_warn("portserver: the limit of descriptors has room for %zu leases of %zu "
			 "ports", counts.n_most_leases, counts.n_ports);
	return 0;
}

int verb_portserver(struct cli *c)
{
	struct asked asked = {.n_spans = 0};
	struct portserver *server = NULL;
	struct lease_ports pool;
	int r = parse(c, &asked), stop_fd;

	if (r == 0)
		r = lease_pool(c, asked.spans, asked.n_spans, "", &pool);
	if (r != 0)
		return r;
	if (pool.n == 0)
		return cli_fail(EXIT_USAGE, "there is no port to lease: all of them are claimed");
	r = portserver_open(asked.address, &pool, &server);
	if (r < 0)
		return fail(asked.address, r);
	stop_fd = interrupt_catch();
	r = say_begun(c, &asked, server);
	if (r == 0 && stop_fd >= 0)
		r = portserver_run(server, stop_fd, say_status, NULL);
	portserver_close(server);
	interrupt_release(); /* and this is the end, if it was one of those signals */
	if (r < 0 || stop_fd < 0)
		return cli_fail(EXIT_SYSTEM, "the portserver failed: %s",
				lang_error(r < 0 ? r : stop_fd));
	return r;
}
