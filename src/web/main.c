/*
 * berth-atlas: the helper of `berth serve` and `berth atlas`. It is linked with libmicrohttpd;
 * berth is not. Serving, it holds no privilege: what it shows comes through one pipe.
 *
 *     berth-atlas serve --pipe FD --listen FD[,FD...] [--host NAME]... [--registry PATH]
 *                       [--limit-connections N] [--limit-per-address N] [--limit-time SECONDS]
 *                       [--limit-head BYTES] [--limit-streams N] [--threads N] [-v]
 *     berth-atlas export ...       see web/export-main.h
 *
 * Limits: connections at one time (1024) and from one address (512), seconds for a request to come
 * and an answer to be taken (20), bytes of a request's line and headers (16384), streams of events
 * (64); 0 = none, but of bytes and streams. Exit status 0: the collector has ended; 1: it could not
 * serve; 2: bad arguments.
 */
#include "web/serve.h"

#include "base/str.h"
#include "web/export-main.h"

#include <stdio.h>
#include <string.h>

static int complain(const char *what)
{
	fprintf(stderr, "berth-atlas: %s\n", what);
	return 2;
}

static bool read_number(const char *text, uint64_t most, unsigned int *out)
{
	uint64_t n;

	if (str_parse_u64(text, strlen(text), most, &n) < 0)
		return false;
	*out = (unsigned int)n;
	return true;
}

/* "3", "4,5": descriptors that are open already. */
static bool read_descriptors(const char *text, struct serve_wish *wish)
{
	while (*text) {
		size_t n = strcspn(text, ",");
		uint64_t fd;

		if (wish->n_listeners == SERVE_LISTENERS_MOST ||
		    str_parse_u64(text, n, INT16_MAX, &fd) < 0)
			return false;
		wish->listeners[wish->n_listeners++] = (int)fd;
		text += n + (text[n] == ',');
	}
	return wish->n_listeners > 0;
}

static bool read_pipe(const char *text, struct serve_wish *wish)
{
	unsigned int fd = 0;

	if (!read_number(text, INT16_MAX, &fd))
		return false;
	wish->pipe = (int)fd;
	return true;
}

static bool read_option(const char *name, const char *value, struct serve_wish *wish)
{
	const struct {
		const char *name;
		unsigned int *number;
		uint64_t most;
	} numbers[] = {
		{"--limit-connections", &wish->limit_connections, 65535},
		{"--limit-per-address", &wish->limit_per_address, 65535},
		{"--limit-time", &wish->limit_time_s, 86400},
		{"--limit-head", &wish->limit_head, 1 << 20},
		{"--limit-streams", &wish->limit_streams, 4096},
		{"--threads", &wish->n_threads, 64},
	};

	if (strcmp(name, "--pipe") == 0)
		return read_pipe(value, wish);
	if (strcmp(name, "--listen") == 0)
		return read_descriptors(value, wish);
	if (strcmp(name, "--registry") == 0) {
		wish->registry = value;
		return true;
	}
	if (strcmp(name, "--host") == 0 && wish->n_hosts < SERVE_HOSTS_MOST) {
		wish->hosts[wish->n_hosts++] = value;
		return true;
	}
	for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
		if (strcmp(name, numbers[i].name) == 0)
			return read_number(value, numbers[i].most, numbers[i].number);
	}
	return false;
}

static int run_serve(int argc, char **argv)
{
	struct serve_wish wish = {.pipe = -1,
				  .limit_connections = 1024,
				  .limit_per_address = 512,
				  .limit_time_s = 20,
				  .limit_head = 16384,
				  .limit_streams = EVENTS_READERS_MOST,
				  .n_threads = 2};
	const char *error = NULL;

	for (int i = 2; i < argc; i += 2) {
		if (strcmp(argv[i], "-v") == 0) {
			wish.is_verbose = true;
			i--;
			continue;
		}
		if (i + 1 == argc || !read_option(argv[i], argv[i + 1], &wish))
			return complain("serve takes --pipe FD --listen FD[,FD] [--host NAME]... "
					"[--registry PATH] and limits");
	}
	if (wish.pipe < 0 || wish.n_listeners == 0 || wish.n_threads == 0)
		return complain("serve needs --pipe FD and --listen FD");
	if (serve(&wish, &error) == 0)
		return 0;
	complain(error ? error : "it failed");
	return 1;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return run_serve(argc, argv);
	if (argc > 1 && strcmp(argv[1], "export") == 0)
		return export_main(argc - 1, argv + 1);
	return complain("this is a helper of berth serve and berth atlas");
}
