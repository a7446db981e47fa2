/*
 * berth-ledger: the helper that writes ledgers. It is linked with SQLite; berth is not.
 *
 *     berth-ledger claim DATABASE     the wanted claims as a claims image on standard input
 *     berth-ledger unclaim DATABASE   names and ports on standard input, a line each
 *     berth-ledger log DATABASE N     the newest N lines of the audit trail
 *     berth-ledger repair DATABASE    the image from the database again
 *
 * With --translated before that its messages are in the language of the environment; what it writes
 * is English.
 *
 * The answer is a claims image on standard output: an outcome and a message (ledger/ledger.h), the
 * claims concerned, the lines of the audit trail. Exit status 0 whenever there is an answer.
 */
#include "base/arena.h"
#include "base/fd.h"
#include "base/lang.h"
#include "ledger-helper/holder.h"
#include "ledger/claims-image.h"
#include "ledger/ledger.h"
#include "ledger/publish.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { INPUT_MOST = 4 << 20, LOG_MOST = 1000000 };

/* One run. */
struct run {
	struct ledger_place place;
	struct ledger_writer writer;
	struct arena arena;
	struct ledger_result result;
	struct claim *wanted; /* of claim */
	const char **words;   /* of unclaim */
	size_t n;
	int64_t n_log;
	unsigned int wait_ms; /* for whoever has a lock */
};

/* The user by name; behind sudo the one who typed it. */
static const char *name_user(struct arena *arena)
{
	const struct passwd *who = getpwuid(getuid());
	const char *sudo = getuid() == 0 ? secure_getenv("SUDO_USER") : NULL;

	if (sudo && claim_text_is_good(sudo) && strlen(sudo) < 64 && strcmp(sudo, "root") != 0)
		return arena_printf(arena, "%s (sudo)", sudo);
	if (who && who->pw_name && claim_text_is_good(who->pw_name))
		return arena_strdup(arena, who->pw_name);
	return arena_printf(arena, "uid %lu", (unsigned long)getuid());
}

static int fill_writer(struct run *run)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -errno;
	run->writer = (struct ledger_writer){
		.uid = (int64_t)getuid(),
		.user = name_user(&run->arena),
		.now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
	};
	return run->writer.user ? 0 : -ENOMEM;
}

/* Standard input, bounded; in the arena, terminated, aligned for an image. */
static int read_input(struct run *run, char **out, size_t *n_out)
{
	char *bytes = arena_alloc(&run->arena, INPUT_MOST + 1);
	long n = bytes ? fd_read(STDIN_FILENO, bytes, INPUT_MOST) : -ENOMEM;

	if (n < 0)
		return (int)n;
	if (n == INPUT_MOST)
		return -EFBIG;
	*out = bytes;
	*n_out = (size_t)n;
	return 0;
}

static int read_wanted(struct run *run)
{
	const char *reason = NULL;
	struct claims_image image;
	char *bytes = NULL;
	size_t n = 0;
	int r = read_input(run, &bytes, &n);

	if (r == 0)
		r = claims_image_open_memory(&image, bytes, n, CLAIM_LEVEL_LEDGER, &reason);
	if (r < 0)
		return r;
	run->n = claims_image_n(&image);
	run->wanted = arena_calloc(&run->arena, run->n, sizeof(*run->wanted));
	for (uint32_t i = 0; run->wanted && r == 0 && i < run->n; i++)
		r = claims_image_get(&image, i, &run->wanted[i]);
	return run->wanted ? r : -ENOMEM; /* the strings stay where they were read */
}

static int read_words(struct run *run)
{
	size_t n = 0, capacity = 0;
	char *rest = NULL, *word;
	int r = read_input(run, &rest, &n);

	while (r == 0 && (word = strsep(&rest, "\n")) != NULL) {
		const char **slot;

		if (!*word)
			continue;
		slot = ARENA_PUSH(&run->arena, run->words, run->n, capacity);
		if (!slot)
			return -ENOMEM;
		*slot = word;
	}
	return r;
}

static int change_claim(void *context, struct store *store)
{
	struct run *run = context;
	int r = ledger_claim(store, run->wanted, run->n, &run->writer, &run->arena, &run->result);

	return r < 0 ? r : run->result.n_entries == 0;
}

static int change_unclaim(void *context, struct store *store)
{
	struct run *run = context;
	int r = ledger_unclaim(store, run->words, run->n, &run->writer, &run->arena, &run->result);

	return r < 0 ? r : run->result.n_entries == 0;
}

static int read_log(void *context, struct store *store)
{
	struct run *run = context;
	int r = ledger_log(store, run->n_log, &run->arena, &run->result);

	return r < 0 ? r : 1;
}

static const char *describe_step(enum publish_step step)
{
	switch (step) {
	case PUBLISH_LOCK:
	case PUBLISH_MARK:
		return _("cannot write beside it");
	case PUBLISH_OPEN:
		return _("cannot be opened");
	case PUBLISH_CHANGE:
		return _("cannot be read or changed");
	case PUBLISH_IMAGE:
		return _("its claims cannot be written out");
	case PUBLISH_COMMIT:
		return _("the change cannot be made");
	case PUBLISH_PLACE:
		return _("the change is made, but not yet seen by readers");
	}
	return "failed";
}

/* The one line for a failure of the system. */
static char *describe_failure(struct run *run, int error, const struct publish_report *report)
{
	const char *database = run->place.database;
	char holder[HOLDER_TEXT_SIZE], lock[PLACE_PATH_SIZE + 8];

	snprintf(lock, sizeof(lock), "%s.lock", run->place.image);
	if (error == -ETIMEDOUT || error == -EBUSY)
		return arena_printf(&run->arena, _("the ledger %s is locked by %s: waited %d s"),
				    database,
				    holder_describe(error == -EBUSY ? database : lock, holder),
				    (int)run->wait_ms / 1000);
	if (error == -EPROTONOSUPPORT)
		return arena_printf(&run->arena, _("the ledger %s was made by a newer version of "
						 "berth; it is left as it is"), database);
	if (error == -EBADMSG)
		return arena_printf(&run->arena, _("%s is not a ledger of berth, or damaged; it is "
						 "left as it is"), database);
	return arena_printf(&run->arena, _("the ledger %s: %s: %s"), database,
			    describe_step(report->step), strerror(-error));
}

static void fail(struct run *run, const char *message)
{
	run->result = (struct ledger_result){
		.outcome = LEDGER_FAILED,
		.message = message ? message : _("out of memory"),
	};
}

static int write_answer(const struct run *run)
{
	const struct claims_head head = {.outcome = run->result.outcome,
					 .message = run->result.message,
					 .written_ns = run->writer.now_ns};
	BERTH_CLEANUP(str_fini) struct str out = {0};
	size_t done = 0;

	if (claims_image_write(&head, run->result.claims, run->result.n, run->result.entries,
			       run->result.n_entries, &out) < 0)
		return EXIT_FAILURE;
	while (done < out.length) {
		ssize_t n = write(STDOUT_FILENO, out.bytes + done, out.length - done);

		if (n < 0 && errno != EINTR)
			return EXIT_FAILURE;
		done += n > 0 ? (size_t)n : 0;
	}
	return EXIT_SUCCESS;
}

/* A ledger that is not there yet holds nothing to read or to give up: it is not made for that. */
static bool is_there(const struct run *run)
{
	return access(run->place.database, F_OK) == 0 || errno != ENOENT;
}

static int perform(struct run *run, const char *what, struct publish_report *report)
{
	bool is_repair = strcmp(what, "repair") == 0;
	int r;

	run->wait_ms = is_repair ? PUBLISH_REPAIR_WAIT_MS : PUBLISH_WAIT_MS;
	if (strcmp(what, "claim") == 0) {
		r = read_wanted(run);
		return r < 0 ? r : publish_run(&run->place, run->wait_ms, run->writer.now_ns,
					       store_open_sqlite, change_claim, run, report);
	}
	if (is_repair)
		return publish_repair(&run->place, run->wait_ms, run->writer.now_ns,
				      store_open_sqlite, report);
	if (strcmp(what, "unclaim") == 0) {
		r = read_words(run);
		if (r == 0 && !is_there(run)) {
			run->result.outcome = LEDGER_NOT_FOUND;
			run->result.message = _("the ledger is empty");
			return 0;
		}
		return r < 0 ? r : publish_run(&run->place, run->wait_ms, run->writer.now_ns,
					       store_open_sqlite, change_unclaim, run, report);
	}
	if (!is_there(run))
		return 0;
	return publish_run(&run->place, run->wait_ms, run->writer.now_ns, store_open_sqlite,
			   read_log, run, report);
}

static bool is_usage_good(int argc, char **argv, struct run *run)
{
	static const char *const words[] = {"claim", "unclaim", "log", "repair"};
	uint64_t n_log = 0;
	bool is_known = false;

	for (size_t i = 0; argc >= 3 && i < N_ELEMENTS(words); i++)
		is_known = is_known || strcmp(argv[1], words[i]) == 0;
	if (!is_known || argc != (strcmp(argv[1], "log") == 0 ? 4 : 3) ||
	    (argc == 4 && str_parse_u64(argv[3], strlen(argv[3]), LOG_MOST, &n_log) < 0))
		return false;
	run->n_log = (int64_t)n_log;
	return ledger_place_at(argv[2], &run->place) == 0;
}

int main(int argc, char **argv)
{
	struct publish_report report = {.step = PUBLISH_LOCK};
	struct run run = {.n = 0};
	int r, status;

	signal(SIGPIPE, SIG_IGN); /* what was begun is brought to its end, whoever listens */
	if (argc > 1 && strcmp(argv[1], "--translated") == 0) {
		lang_begin();
		argv++;
		argc--;
	}
	arena_init(&run.arena);
	if (!is_usage_good(argc, argv, &run)) {
		fprintf(stderr, "usage: berth-ledger claim|unclaim|repair DATABASE; "
				"berth-ledger log DATABASE N (berth starts it)\n");
		arena_fini(&run.arena);
		return EXIT_FAILURE;
	}
	r = fill_writer(&run);
	if (r == 0)
		r = perform(&run, argv[1], &report);
	if (r < 0)
		fail(&run, describe_failure(&run, r, &report));
	status = write_answer(&run);
	arena_fini(&run.arena);
	return status;
}
