/* What only the database promises: versions, foreign and damaged files, locks, what its schema
 * refuses. Files are looked at byte by byte where they must stay untouched. */
#include "base/fd.h"
#include "ledger/store-sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/berth-sqlite-XXXXXX";
static char path[64];

static int clean(void **state)
{
	char journal[80];

	(void)state;
	snprintf(journal, sizeof(journal), "%s-journal", path);
	unlink(journal);
	rmdir(path);
	unlink(path);
	return 0;
}

static int open_it(struct store **out)
{
	return store_open_sqlite(path, 50, out);
}

/* A ledger with one claim. */
static void make_ledger(void)
{
	struct claim c = {.name = "web", .protocols = 1, .first = 80, .last = 80,
			  .since = "2026-01-01"};
	struct store *s = NULL;
	int64_t id;

	assert_int_equal(open_it(&s), 0);
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_insert(s, &c, &id), 0);
	assert_int_equal(store_commit(s), 0);
	store_close(s);
}

/* Run SQL as another program would. Returns SQLite's code. */
static int run_sql(const char *sql)
{
	sqlite3 *db = NULL;
	int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return code;
}

static void expect_untouched(int error)
{
	char *before = NULL, *after = NULL;
	size_t n_before = 0, n_after = 0;
	struct store *s = NULL;

	assert_int_equal(fd_slurp_at(AT_FDCWD, path, 1 << 20, &before, &n_before), 0);
	assert_int_equal(open_it(&s), error);
	assert_null(s);
	assert_int_equal(fd_slurp_at(AT_FDCWD, path, 1 << 20, &after, &n_after), 0);
	assert_int_equal(n_before, n_after);
	assert_memory_equal(before, after, n_before);
	free(before);
	free(after);
}

static void a_newer_version_is_left_alone(void **state)
{
	(void)state;
	make_ledger();
	assert_int_equal(run_sql("PRAGMA user_version = 2"), SQLITE_OK);
	expect_untouched(-EPROTONOSUPPORT);
}

static void what_is_no_ledger_is_left_alone(void **state)
{
	FILE *file;

	(void)state;
	assert_int_equal(run_sql("CREATE TABLE shop (id); PRAGMA user_version = 1"), SQLITE_OK);
	expect_untouched(-EBADMSG);
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("web 8080/tcp\n", file);
	assert_int_equal(fclose(file), 0);
	expect_untouched(-EBADMSG);
}

static void what_is_no_file_is_refused(void **state)
{
	struct store *s = NULL;

	(void)state;
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(open_it(&s), -EISDIR);
	rmdir(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(open_it(&s), -EBADMSG);
	unlink(path);
	assert_int_equal(store_open_sqlite("/proc/nowhere/claims.db", 50, &s), -ENOENT);
}

static void a_damaged_file_is_noticed(void **state)
{
	struct store *s = NULL;
	char junk[4096];
	int fd;

	(void)state;
	make_ledger();
	memset(junk, 0x5a, sizeof(junk));
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, sizeof(junk) - 100, 100), sizeof(junk) - 100);
	assert_int_equal(close(fd), 0);
	assert_int_equal(open_it(&s), -EBADMSG);
}

static void it_is_its_owners_alone(void **state)
{
	struct store *s = NULL;
	struct stat st;

	(void)state;
	make_ledger();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(open_it(&s), -EPERM);
}

/* From the form of version 1 to a later one, with everything kept; half a step leaves nothing. */
static void older_ones_are_brought_forward(void **state)
{
	const char *steps[3];
	unsigned int n = 0;
	struct store *s = NULL;
	struct store_state now;

	(void)state;
	make_ledger();
	steps[0] = store_sqlite_steps(&n)[0];
	assert_int_equal(n, 1);
	steps[1] = "ALTER TABLE claim ADD COLUMN colour TEXT";
	steps[2] = "UPDATE claim SET colour = 'red'; UPDATE nothing SET at = all";
	assert_true(store_open_sqlite_as(path, 50, steps, 3, &s) < 0);
	assert_int_not_equal(run_sql("SELECT colour FROM claim"), SQLITE_OK);
	assert_int_equal(store_open_sqlite_as(path, 50, steps, 2, &s), 0);
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_state(s, &now), 0);
	assert_int_equal(now.generation, 1);
	store_close(s);
	assert_int_equal(run_sql("SELECT colour FROM claim"), SQLITE_OK);
	expect_untouched(-EPROTONOSUPPORT); /* this version knows one step */
}

/* A process that has the database locked; a byte tells when. */
static pid_t lock_elsewhere(void)
{
	int pipe_fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		sqlite3 *db = NULL;

		if (sqlite3_open(path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL) != SQLITE_OK ||
		    write(pipe_fds[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	close(pipe_fds[0]);
	return pid;
}

static void a_lock_is_waited_for_and_told(void **state)
{
	struct store *s = NULL;
	pid_t pid;

	(void)state;
	make_ledger();
	pid = lock_elsewhere();
	assert_int_equal(open_it(&s), -EBUSY);
	assert_null(s);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(open_it(&s), 0); /* the kernel let go of it */
	store_close(s);
}

/* The schema itself, whoever writes: berth's own checks are not the last ones. */
static void the_schema_refuses(void **state)
{
	static const char *const bad[] = {
		"INSERT INTO claim (name, first, last, since) VALUES ('', 1, 1, '2026-01-01')",
		"INSERT INTO claim (name, first, last, since) VALUES ('a', 2, 1, '2026-01-01')",
		"INSERT INTO claim (name, first, last, since) VALUES ('a', 0, 65536, '2026-01-01')",
		"INSERT INTO claim (name, first, last, since) VALUES ('a', 'x', 1, '2026-01-01')",
		"INSERT INTO claim (name, first, last, since) VALUES ('a', 1, 1, 'today')",
		"INSERT INTO claim_protocol VALUES (99, 'tcp')",
		"INSERT INTO claim_protocol VALUES (1, 'ip')",
		"INSERT INTO ledger VALUES (2, 1, 1)",
		"INSERT INTO audit (at_ns, uid, user, action, name, ports) VALUES (1, 1, 'a', "
		"'forge', 'n', 'p')",
		"UPDATE audit SET user = 'somebody else'",
		"DELETE FROM audit",
	};

	(void)state;
	make_ledger();
	assert_int_equal(run_sql("INSERT INTO audit (at_ns, uid, user, action, name, ports) VALUES "
				 "(1, 1, 'a', 'claim', 'n', 'p')"), SQLITE_OK);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		if (run_sql(bad[i]) == SQLITE_OK)
			fail_msg("%s", bad[i]);
	}
	/* A claim that goes takes its transports along. */
	assert_int_equal(run_sql("DELETE FROM claim; CREATE TEMP TABLE t (n CHECK (n = 0)); "
				 "INSERT INTO t SELECT count(*) FROM claim_protocol"), SQLITE_OK);
}

static int visit_nothing(void *context, int64_t id, const struct claim *c)
{
	(void)context;
	(void)id;
	(void)c;
	return 0;
}

/* What another program put there past the constraints is an error, not a claim. */
static void what_was_forced_in_is_refused(void **state)
{
	static const char *const forced[] = {
		"PRAGMA ignore_check_constraints = ON; UPDATE claim SET last = 70000",
		"PRAGMA ignore_check_constraints = ON; UPDATE claim SET since = 'x'",
		"UPDATE claim SET address = 'nowhere'",
		"DELETE FROM claim_protocol",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(forced); i++) {
		struct store *s = NULL;

		clean(state);
		make_ledger();
		assert_int_equal(run_sql(forced[i]), SQLITE_OK);
		assert_int_equal(open_it(&s), 0);
		assert_int_equal(store_begin(s), 0);
		assert_int_equal(store_each(s, visit_nothing, NULL), -EBADMSG);
		store_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_newer_version_is_left_alone, clean),
		cmocka_unit_test_teardown(what_is_no_ledger_is_left_alone, clean),
		cmocka_unit_test_teardown(what_is_no_file_is_refused, clean),
		cmocka_unit_test_teardown(a_damaged_file_is_noticed, clean),
		cmocka_unit_test_teardown(it_is_its_owners_alone, clean),
		cmocka_unit_test_teardown(older_ones_are_brought_forward, clean),
		cmocka_unit_test_teardown(a_lock_is_waited_for_and_told, clean),
		cmocka_unit_test_teardown(the_schema_refuses, clean),
		cmocka_unit_test_teardown(what_was_forced_in_is_refused, clean),
	};
	int failed;

	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/claims.db", directory);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
