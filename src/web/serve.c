#include "web/serve.h"

#include "registry/choose.h"
#include "web/sandbox.h"
#include "web/words.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { HELLO_MS = 10000, TICK_MS = 1000, LAST_ANSWERS_MS = 300 };

/* Everything of one run. */
struct run {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_due, is_lost;
	uint32_t uid; /* before it was given up */
	struct registry registry;
	struct link *link;
	struct events *events;
	struct server *server;
	struct http *http;
};

/* From the link's thread; the first of it come before there is a server. */
static void on_change(void *context, enum link_change what)
{
	struct run *run = context;

	pthread_mutex_lock(&run->lock);
	if (run->events)
		events_changed(run->events, what);
	if (run->server)
		server_changed(run->server, what);
	run->is_due = true;
	run->is_lost = run->is_lost || what == LINK_LOST;
	pthread_cond_signal(&run->changed);
	pthread_mutex_unlock(&run->lock);
}

/* As many connections as may be: one is one descriptor. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int give_up_privileges(bool is_verbose, const char **error)
{
	struct str in_force = {0}, missing = {0};
	int r = sandbox_enter(&(struct sandbox_wish){NULL}, &in_force, &missing);

	if (is_verbose && in_force.length > 0)
		fprintf(stderr, "berth-atlas: %s\n", str_text(&in_force));
	if (missing.length > 0)
		fprintf(stderr, "berth-atlas: not confined as it could be: %s", str_text(&missing));
	if (r < 0)
		*error = "privileges could not be given up";
	str_fini(&in_force);
	str_fini(&missing);
	return r;
}

static int open_link(struct run *run, const struct serve_wish *wish, const char **error)
{
	const struct link_options options = {&run->registry, on_change, run};
	int r = link_open(wish->pipe, HELLO_MS, &options, &run->link);

	if (r < 0)
		*error = "no collector speaks at the other end of the pipe";
	return r;
}

static int start(struct run *run, const struct serve_wish *wish)
{
	struct events *events = events_new(run->link, wish->limit_streams);
	const struct server_options options = {.link = run->link,
					       .events = events,
					       .registry = &run->registry,
					       .hosts = wish->hosts,
					       .version = BERTH_VERSION,
					       .uid = run->uid};
	struct server *server = events ? server_new(&options) : NULL;
	const struct http_options http = {
		.server = server,
		.events = events,
		.limits = {wish->limit_connections, wish->limit_per_address, wish->limit_time_s,
			   wish->limit_head},
		.n_threads = wish->n_threads,
	};

	pthread_mutex_lock(&run->lock);
	run->events = events;
	run->server = server;
	pthread_mutex_unlock(&run->lock);
	run->http = server ? http_new(&http) : NULL;
	return run->http ? 0 : -ENOMEM;
}

static int listen_all(struct run *run, const struct serve_wish *wish, const char **error)
{
	for (size_t i = 0; i < wish->n_listeners; i++) {
		int r = http_listen(run->http, wish->listeners[i]);

		if (r < 0) {
			*error = "a descriptor is no socket that listens";
			return r;
		}
	}
	return 0;
}

/* Wait for the next second, or for something to do. Returns whether the collector is there. */
static bool wait_for_work(struct run *run, int64_t until_ms)
{
	const struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
	bool is_lost;
	int r = 0;

	pthread_mutex_lock(&run->lock);
	while (!run->is_due && !run->is_lost && r == 0 && !events_is_due(run->events))
		r = pthread_cond_timedwait(&run->changed, &run->lock, &until);
	run->is_due = false;
	is_lost = run->is_lost;
	pthread_mutex_unlock(&run->lock);
	return !is_lost;
}

static void work(struct run *run)
{
	int64_t tick_ms = http_now();

	while (wait_for_work(run, tick_ms + TICK_MS)) {
		int64_t now_ms = http_now();

		events_tick(run->events, now_ms);
		if (now_ms - tick_ms < TICK_MS)
			continue;
		http_tick(run->http, now_ms);
		tick_ms = now_ms;
	}
}

/* Who asks now is told that it is over; then everything is given back in order. */
static void stop(struct run *run)
{
	const struct timespec nap = {.tv_nsec = LAST_ANSWERS_MS * 1000000};
	struct events *events = run->events;
	struct server *server = run->server;

	if (run->http) {
		events_end(events);
		(void)nanosleep(&nap, NULL);
	}
	run->http = http_free(run->http);
	pthread_mutex_lock(&run->lock);
	run->events = NULL;
	run->server = NULL;
	pthread_mutex_unlock(&run->lock);
	server_free(server);
	events_free(events);
	run->link = link_close(run->link);
	registry_close(&run->registry);
}

static int init_run(struct run *run)
{
	pthread_condattr_t attributes;
	int r = -pthread_mutex_init(&run->lock, NULL);

	if (r == 0)
		r = -pthread_condattr_init(&attributes);
	if (r == 0)
		r = -pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (r == 0)
		r = -pthread_cond_init(&run->changed, &attributes);
	return r;
}

int serve(const struct serve_wish *wish, const char **error)
{
	struct run run = {.uid = (uint32_t)getuid()};
	int r = init_run(&run);

	if (r == 0)
		r = choose_named(&run.registry, wish->registry, error);
	if (r < 0)
		return r;
	(void)signal(SIGPIPE, SIG_IGN);
	raise_descriptors();
	words_begin();
	r = give_up_privileges(wish->is_verbose, error);
	if (r == 0)
		r = open_link(&run, wish, error);
	if (r == 0)
		r = start(&run, wish);
	if (r == 0)
		r = listen_all(&run, wish, error);
	if (r == 0)
		work(&run);
	stop(&run);
	return r;
}
