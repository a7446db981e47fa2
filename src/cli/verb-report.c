/* berth report FILE: a scrubbed recording of this machine's sockets. */
#include "base/fd.h"
#include "base/lang.h"
#include "cli/cli.h"
#include "live/recording.h"

#include <errno.h>
#include <string.h>

/* A new file, never an existing one: a typing error must not cost anybody a file. */
static int save(struct cli *c, const char *path, const struct str *text)
{
	BERTH_CLEANUP(fd_closep) int fd = -1;
	int r;

	if (strcmp(path, "-") == 0) {
		str_append_bytes(&c->out, str_text(text), text->length);
		return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
	}
	fd = fd_create(path);
	if (fd < 0)
		return cli_fail(fd == -EEXIST ? EXIT_USAGE : EXIT_SYSTEM, "%s: %s", path,
				lang_error(fd));
	r = fd_write(fd, str_text(text), text->length);
	if (r == 0)
		r = fd_sync(fd);
	if (r == 0)
		return 0;
	/* Windows removes no file that is open; and it is not closed again at the end. */
	fd = fd_close(fd); /* NOLINT(clang-analyzer-deadcode.DeadStores) */
	fd_remove(path);
	return cli_fail(EXIT_SYSTEM, "%s: %s", path, lang_error(r));
}

static int record(struct cli *c, struct str *out, struct live_snapshot *live)
{
	struct live_request request = cli_request(c);
	struct live_snapshot scrubbed;
	struct recording_options options = {
		.comment = "Made by berth report: no arguments, no environment, no directories;\n"
			   "users' names, container ids and public addresses are replaced.",
	};
	int r;

	request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS | LIVE_WANT_CONNECTIONS;
	request.flags = LIVE_FLAGS_ALL;
	request.want_all_owners = true;
	request.want_all_namespaces_holders = true;
	request.want_peer_owners = true;
	r = cli_look(c, &request, &c->arena, live);
	if (r != 0)
		return r;
	r = recording_scrub(live, &c->arena, &scrubbed);
	if (r == 0)
		r = recording_write(&scrubbed, options, out);
	return r < 0 ? cli_fail(EXIT_SYSTEM, "cannot make the recording: %s", lang_error(r)) : 0;
}

int verb_report(struct cli *c)
{
	struct str text = {0};
	struct live_snapshot live;
	int r;

	if (c->options->n_words != 1)
		return cli_fail(EXIT_USAGE,
				"berth report takes one file to write (- for standard output)");
	lang_end(); /* what is recorded is read anywhere */
	r = record(c, &text, &live);
	lang_begin();
	if (r == 0)
		r = save(c, c->options->words[0], &text);
	str_fini(&text);
	if (r != 0)
		return r;
	if (!c->options->is_quiet && strcmp(c->options->words[0], "-") != 0)
		cli_warn("wrote %s: %zu sockets; read it before you send it", c->options->words[0],
			 live.n_sockets);
	return cli_strict(c, live.n_gaps, EXIT_ANSWERED);
}
