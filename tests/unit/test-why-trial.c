/* What a trial bind makes of the cause, on each system: the word, the sentence, the ways out. */
#include "answer/answer.h"
#include "answer/why.h"
#include "base/str.h"
#include "live/recording.h"
#include "registry/registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WINDOWS "system windows\nrules unprivileged=0\n"
#define GUESTS "system windows\nrules unprivileged=0 guest-tcp=8010-8015\n"
#define MACOS "system macos\nrules unprivileged=1024\n"
#define LINUX "rules unprivileged=1024 may-bind-privileged=yes v6only-default=no\n"

struct row {
	const char *there;
	const char *address;
	uint16_t port;
	int error; /* what the trial said */
	const char *cause;
	const char *said;    /* in the sentence */
	const char *command; /* in one of the fixes; NULL: there is none */
};

static const struct row rows[] = {
	/* The complaint: nothing listens, and bind is refused all the same. */
	{WINDOWS, "0.0.0.0", 8010, EACCES, "policy", "nobody is seen on it",
	 "netsh int ipv4 show excludedportrange tcp"},
	{WINDOWS, "::1", 8010, EACCES, "policy", "excluded port range",
	 "netsh int ipv4 add excludedportrange protocol=tcp startport=8010 numberofports=1"},
	{WINDOWS, "0.0.0.0", 80, EACCES, "policy", "without listening", "net stop winnat"},
	{WINDOWS, "0.0.0.0", 8010, EACCES, "policy", "for itself alone", "netstat -anoq"},
	{"system windows\nrules unprivileged=0 excluded-tcp=8000-8099\n", "0.0.0.0", 8010, EACCES,
	 "policy", "it lies in an excluded port range", "net start winnat"},
	/* Reserved for a guest: Windows refuses it in either way. */
	{GUESTS, "0.0.0.0", 8010, EADDRINUSE, "policy", "reserved for a guest", "wsl --shutdown"},
	{GUESTS, "::1", 8010, EACCES, "policy", "reserved for a guest",
	 "netsh int ipv4 show excludedportrange tcp"},
	{GUESTS, "0.0.0.0", 8010, 0, NULL, NULL, NULL}, /* shared with it */
	{GUESTS, "0.0.0.0", 8020, EADDRINUSE, "unknown", "checked on Linux only", NULL},
	{GUESTS "socket tcp listener 127.0.0.1:8010\n", "0.0.0.0", 8010, EADDRINUSE, "unknown",
	 "checked on Linux only", NULL},
	{GUESTS "socket tcp listener 127.0.0.1:8010\n", "0.0.0.0", 8010, EACCES, "unknown",
	 "SO_EXCLUSIVEADDRUSE", NULL},
	{"system windows\nrules unprivileged=0 excluded-tcp=8000-8099 guest-tcp=8010\n", "0.0.0.0",
	 8010, EACCES, "policy", "it lies in an excluded port range", "net start winnat"},
	{"system macos\nrules unprivileged=0 guest-tcp=8010\n", "0.0.0.0", 8010, EADDRINUSE,
	 "unknown", "checked on Linux only", NULL},
	/* A socket that is there explains it as well. */
	{WINDOWS "socket tcp listener 127.0.0.1:8010\n", "0.0.0.0", 8010, EACCES, "unknown",
	 "SO_EXCLUSIVEADDRUSE", NULL},
	{WINDOWS "socket udp listener 127.0.0.1:8010\n", "0.0.0.0", 8010, EACCES, "policy",
	 "nobody is seen on it", "net stop winnat"},
	{WINDOWS "socket tcp listener 0.0.0.0:8010\n", "0.0.0.0", 8010, EADDRINUSE, "unknown",
	 "checked on Linux only", NULL},
	/* The kernel has the last word: somebody gave the range back. */
	{"system windows\nrules unprivileged=0 excluded-tcp=8000-8099\n", "0.0.0.0", 8010, 0,
	 NULL, NULL, NULL},
	{WINDOWS, "192.0.2.1", 8010, EADDRNOTAVAIL, "address-not-local", "192.0.2.1", "ipconfig"},
	{MACOS, "127.0.0.1", 80, EACCES, "privileged-port", "all addresses of it do not", NULL},
	{MACOS, "127.0.0.1", 8010, EPERM, "policy", "sandbox", NULL},
	{MACOS, "127.0.0.1", 8010, EACCES, "policy", "sandbox", NULL},
	{LINUX, "127.0.0.1", 8010, EACCES, "policy", "Landlock", "bpftool cgroup tree"},
};

static void read_world(const char *there, struct arena *arena, struct live_snapshot *out)
{
	struct recording recording;
	char error[RECORDING_ERROR_SIZE];
	struct str text = {0};

	str_printf(&text, "berth-world 1\nnamespace 1 here\n%s", there);
	if (recording_read(str_text(&text), text.length, "row", arena, &recording, error) != 0)
		fail_msg("%s", error);
	str_fini(&text);
	*out = recording.snapshot;
}

/* Whether one of the fixes is that command. */
static bool has_fix(const struct answer_why *w, const char *command)
{
	for (size_t i = 0; i < w->n_fixes; i++) {
		struct str line = {0};
		bool is_it;

		for (const char *const *word = w->fixes[i].command; *word; word++)
			str_printf(&line, "%s%s", line.length ? " " : "", *word);
		is_it = strcmp(str_text(&line), command) == 0;
		str_fini(&line);
		if (is_it)
			return true;
	}
	return false;
}

static void check_row(const struct row *row, const struct registry *reg)
{
	struct arena arena = {0};
	struct live_snapshot live;
	struct why_candidate c;
	struct answer_sources from = {.registry = reg, .live = &live, .saw_all_holders = true};
	struct answer_why_question q = {.candidate = &c,
					.trial = {.is_made = true, .error = row->error}};
	const struct answer_why *w;

	read_world(row->there, &arena, &live);
	c = why_plain(&live, TRANSPORT_TCP, ADDRESS_IPV4, row->port);
	assert_int_equal(address_parse(row->address, &c.address), 0);
	assert_true(answer_index(&from, &arena));
	w = answer_why(&from, &q, &arena);
	assert_non_null(w);
	assert_int_equal(w->would_bind, row->error == 0);
	if (!row->cause) {
		assert_null(w->cause);
		assert_int_equal(w->n_fixes, 0);
	} else {
		assert_string_equal(w->cause, row->cause);
		if (!strstr(w->sentence, row->said))
			fail_msg("%s", w->sentence);
		if (row->command && !has_fix(w, row->command))
			fail_msg("no %s", row->command);
		/* Nothing of Linux is told elsewhere. */
		if (live.system != LIVE_LINUX)
			assert_false(has_fix(w, "bpftool cgroup tree"));
	}
	arena_fini(&arena);
}

static void test_rows(void **state)
{
	struct registry reg;
	const char *reason;

	(void)state;
	assert_int_equal(registry_open_builtin(&reg, &reason), 0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		check_row(&rows[i], &reg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
