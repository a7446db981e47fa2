#include "answer/identify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *program;
	const char *command[8];
	const char *names; /* what it may be called, separated by blanks */
};

static const struct row rows[] = {
	{"sshd", {"sshd: /usr/sbin/sshd -D [listener]"}, "sshd"},
	{"nginx", {"nginx: master process /usr/sbin/nginx"}, "nginx"},
	{"postgres", {"/usr/lib/postgresql/15/bin/postgres", "-D", "/var"}, "postgres"},
	{"permify", {"permify", "serve"}, "permify"},
	{"permify.exe", {"C:\\permify.exe"}, "permify"},
	{"python3.11", {"python3", "-m", "uvicorn", "app:app", "--port", "8000"}, "uvicorn"},
	{"python3", {"/usr/bin/python3", "/usr/bin/flask", "run"}, "flask"},
	{"python3.11", {"python3", "-u", "-W", "ignore", "manage.py", "runserver"}, "manage"},
	{"python3", {"python3", "-m", "http.server"}, "http.server"},
	{"python3", {"python3", "-c", "import flask"}, ""},
	{"python3", {"python3", "-"}, ""},
	{"python3", {"python3"}, ""},
	{"python3", {"python3", "-m"}, ""},
	{"python3", {"python3", "/srv/app/__main__.py"}, "app"},
	{"python3.11", {"gunicorn: master [app]"}, "gunicorn"},
	{"python3.11", {"/usr/bin/python3", "/usr/bin/gunicorn", "app:app"}, "gunicorn"},
	{"node", {"node", "/home/a/app/node_modules/.bin/vite"}, "vite"},
	{"node", {"node", "/a/node_modules/vite/bin/vite.js", "--host"}, "vite"},
	{"node", {"node", "/a/node_modules/@angular/cli/bin/ng.js", "serve"}, "@angular/cli ng"},
	{"node", {"node", "/a/node_modules/x/node_modules/y/run.js"}, "y run"},
	{"node", {"node", "--require", "dotenv", "--inspect", "server.js"}, "server"},
	{"nodejs", {"node", "-e", "require('vite')"}, ""},
	{"node", {"next-server (v14.2)"}, "next-server"},
	{"node", {"kibana", ""}, "kibana"},
	{"node", {"node"}, ""},
	{"bash", {"-bash"}, ""},
	{"ruby3.1", {"puma 5.6.5 (tcp://0.0.0.0:3000) [app]"}, "puma"},
	{"ruby", {"ruby", "bin/rails", "server"}, "rails"},
	{"java",
	 {"/usr/bin/java", "-Xmx1g", "-cp", "/a:/b", "org.elasticsearch.bootstrap.Elasticsearch"},
	 "org.elasticsearch.bootstrap.Elasticsearch Elasticsearch"},
	{"java", {"java", "-jar", "/usr/share/java/jenkins.war", "--httpPort=8080"}, "jenkins"},
	{"java", {"java", "-Dx=y", "-jar", "app-1.2.3.jar"}, "app-1.2.3 app"},
	{"java", {"java", "-cp"}, ""},
	{"perl", {"perl", "-w", "/usr/sbin/munin-node"}, "munin-node"},
	{"php8.2", {"php", "-S", "localhost:8000", "router.php"}, "router"},
	{"bash", {"bash", "/opt/run.sh"}, "run"},
	{"bash", {"bash", "-c", "exec nginx"}, ""},
	{"dotnet", {"dotnet", "/srv/web.dll"}, "web"},
	{"busybox", {"httpd", "-f"}, "httpd"},
	{"busybox", {"busybox", "httpd", "-f"}, "httpd"},
	{"busybox", {"/bin/busybox"}, "busybox"},
	{"nginx", {NULL}, "nginx"},
	{"python3", {NULL}, ""},
	{NULL, {"whoever"}, ""},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct live_process p = {.program = rows[i].program,
					       .command =
						       rows[i].command[0] ? rows[i].command : NULL};
		struct arena arena = {0};
		const char *const *names = identify_process(&p, &arena);
		char joined[512] = "";

		assert_non_null(names);
		for (size_t k = 0; names[k]; k++)
			snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s%s",
				 k ? " " : "", names[k]);
		if (strcmp(joined, rows[i].names) != 0)
			fail_msg("row %zu (%s): \"%s\", expected \"%s\"", i,
				 rows[i].program ? rows[i].program : "-", joined, rows[i].names);
		arena_fini(&arena);
	}
}

/* Hostile argument vectors: nothing is read past their end, nothing grows without bound. */
static void test_hostile(void **state)
{
	static char huge[70000];
	const char *command[] = {"python3", huge, NULL};
	const char *empty[] = {"", NULL};
	struct live_process p = {.program = "python3", .command = command};
	struct arena arena = {0};

	(void)state;
	memset(huge, 'a', sizeof(huge) - 1);
	assert_null(identify_process(&p, &arena)[0]);
	memset(huge, '/', sizeof(huge) - 1);
	assert_non_null(identify_process(&p, &arena));
	huge[0] = '-';
	assert_null(identify_process(&p, &arena)[0]);
	p.command = empty;
	assert_null(identify_process(&p, &arena)[0]);
	assert_string_equal(identify_label(&p, &arena), "python3");
	p.program = "busybox";
	assert_non_null(identify_process(&p, &arena));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
