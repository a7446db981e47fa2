/* What started a process, told in a line. */
#include "answer/lineage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *program, *unit, *container, *login;
	const char *parents[12]; /* the last one is process 1, unless it begins with ':' */
	const char *expected;    /* "bash < tmux | a session of alice"; NULL = nothing to tell */
};

static const struct row rows[] = {
	/* what the unit tells already */
	{"nginx", "nginx.service", NULL, NULL, {"systemd"}, NULL},
	{"nginx", "nginx.service", NULL, NULL, {"nginx", "systemd"}, NULL},
	{"httpd", NULL, NULL, NULL, {"init"}, NULL},
	{"systemd", "init.scope", NULL, NULL, {NULL}, NULL},
	{"nginx", NULL, "4f1a", NULL, {"nginx", "containerd-shim", "systemd"}, NULL},
	{"nginx", NULL, "4f1a", NULL, {"conmon", "systemd"}, NULL},
	/* and what it does not */
	{"node", "app.service", NULL, NULL, {"sh", "systemd"}, "sh |"},
	{"node", NULL, "4f1a", NULL, {"sh", "tini", "containerd-shim-runc-v2", "systemd"},
	 "sh < tini |"},
	{"docker-proxy", "docker.service", NULL, NULL, {"dockerd", "systemd"}, "dockerd |"},
	{"node", "session-3.scope", NULL, "alice", {"bash", "sshd", "sshd", "sshd", "systemd"},
	 "bash | an ssh login of alice"},
	{"node", "session-3.scope", NULL, NULL, {"bash", "sshd-session", "sshd", "systemd"},
	 "bash | an ssh login"},
	{"sshd", "session-3.scope", NULL, "alice", {"sshd", "sshd", "systemd"},
	 "| an ssh login of alice"},
	{"python3.11", "cron.service", NULL, NULL, {"sh", "cron", "cron", "systemd"},
	 "sh | a cron job"},
	{"backup", "atd.service", NULL, NULL, {"sh", "atd", "systemd"}, "sh | an at job"},
	{"node", "session-1.scope", NULL, "alice", {"bash", "login", "systemd"},
	 "bash | a login of alice"},
	{"node", "session-1.scope", NULL, "alice", {"systemd"}, "| a login session of alice"},
	{"node", "vte-spawn-1.scope", NULL, "alice", {"bash", "tmux", ":systemd", "systemd"},
	 "bash < tmux < systemd --user | a session of alice"},
	{"node", "web.service", NULL, "alice", {":systemd", "systemd"},
	 "systemd --user | a session of alice"},
	{"mysqld", NULL, NULL, NULL, {"mysqld", "sudo", "sudo", "bash", "bash", "screen", "init"},
	 "sudo < bash < screen |"},
	{"python3.11", "session-2.scope", NULL, "alice", {"zsh", "login", "systemd"},
	 "zsh | a login of alice"},
	{"python3.11", "session-2.scope", NULL, "alice", {"fish", "screen", "systemd"},
	 "fish < screen | a login session of alice"},
	{"node", "tmux-spawn-8.scope", NULL, "alice", {"npm", "bash", "tmux: server", ":systemd",
	 "systemd"}, "npm < bash < tmux: server < systemd --user | a session of alice"},
	{"mail", "cron.service", NULL, NULL, {"sh", "crond", "systemd"}, "sh | a cron job"},
	{"redis-server", NULL, "4f1a", NULL, {"docker-entrypoint.sh", "docker-init",
	 "containerd-shim-runc-v2", "systemd"}, "docker-entrypoint.sh < docker-init |"},
	{"redis-server", NULL, "4f1a", NULL, {"sh", "conmon", "systemd"}, "sh |"},
	/* bounded, but its origin is still told */
	{"p", NULL, NULL, NULL, {"a", "b", "c", "d", "e", "f", "g", "h", "cron", "systemd"},
	 "a < b < c < d < e < f < ... | a cron job"},
	{"p", NULL, NULL, "al", {"a", "b", "c", "d", "e", "f", "g", "h", ":systemd", "systemd"},
	 "a < b < c < d < e < f < ... < systemd --user | a session of al"},
	/* another system's manager is not a user's */
	{"web", "x.scope", NULL, NULL, {":systemd", "systemd"}, "systemd |"},
	{NULL, NULL, NULL, NULL, {"sh", ":"}, "sh |"},
};

static const char *tell(const struct lineage *l, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; l->steps[i]; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", i > 0 ? "< " : "", l->steps[i]),
		n += (size_t)snprintf(text + n, size - n, " ");
	snprintf(text + n, size - n, "|%s%s", l->origin ? " " : "", l->origin ? l->origin : "");
	return text;
}

static void check_row(const struct row *r, struct arena *arena)
{
	struct live_parent parents[N_ELEMENTS(r->parents)] = {0};
	struct live_process p = {.program = r->program, .unit = r->unit,
				 .container = r->container, .login = r->login,
				 .parents = parents};
	struct lineage lineage;
	char text[512];

	while (r->parents[p.n_parents]) {
		const char *name = r->parents[p.n_parents];
		bool is_last = !r->parents[p.n_parents + 1];

		parents[p.n_parents].program = *name != ':' ? name : name[1] ? name + 1 : NULL;
		parents[p.n_parents].pid = is_last && *name != ':' ? 1 : 100;
		p.n_parents++;
	}
	if (!lineage_of(&p, arena, &lineage)) {
		if (r->expected)
			fail_msg("%s: nothing instead of \"%s\"", r->program, r->expected);
		return;
	}
	tell(&lineage, text, sizeof(text));
	if (!r->expected || strcmp(text, r->expected) != 0)
		fail_msg("%s: \"%s\" is not \"%s\"", r->program, text,
			 r->expected ? r->expected : "nothing");
}

static void test_rows(void **state BERTH_UNUSED)
{
	struct arena arena = {0};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		check_row(&rows[i], &arena);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
