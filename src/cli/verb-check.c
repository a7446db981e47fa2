/* berth check [FILE...]: do claims agree with each other, the world, manifests, this machine? */
#include "act/manifests.h"
#include "base/lang.h"
#include "cli/cli.h"
#include "cli/own-claims.h"
#include "ledger/claims-tree.h"
#include "render/check-formats.h"
#include "render/text-check.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* One run. */
struct run {
	struct cli *c;
	struct claims_tree tree;
	struct check_case given;
	struct check_trouble *troubles;
	const char **words;        /* manifests that were named */
	size_t n_words;
	const char **directories;  /* in which manifests are looked for */
	size_t n_directories;
	struct manifests manifests;
	struct answer_gap gaps[64];
	size_t n_gaps;
	char today[CLAIM_DATE_SIZE];
};

static void add_gap(struct run *run, struct answer_gap gap)
{
	if (run->n_gaps < N_ELEMENTS(run->gaps))
		run->gaps[run->n_gaps++] = gap;
}

/* Files that were named are read whoever owns them; what cannot be read is a finding. */
static int name_file(struct run *run, const char *path)
{
	const char *reason = NULL;
	int r = claims_tree_name(&run->tree, path, &reason);

	if (r == -ENOMEM)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (r < 0)
		run->troubles[run->given.n_troubles++] = (struct check_trouble){
			{path, ANSWER_NULL, ANSWER_NULL},
			reason ? _(reason) : _("it cannot be opened"),
		};
	return 0;
}

static int find_claims(struct run *run)
{
	char path[CHECKOUT_PATH_SIZE];
	const char *reason = NULL;
	int r = claims_tree_find(&run->tree, path, &reason);

	if (r == -ENOENT)
		return cli_fail(EXIT_USAGE,
				"there is no %s here or above; berth check FILE "
				"names one",
				CLAIMS_TREE_NAME);
	if (r < 0)
		return cli_fail(EXIT_USAGE, "%s: %s", path, reason ? _(reason) : lang_error(r));
	return 0;
}

static int read_claims(struct run *run)
{
	const struct options *o = run->c->options;
	int r = 0;

	claims_tree_init(&run->tree, &run->c->arena);
	run->troubles = arena_calloc(&run->c->arena, o->n_words + 1, sizeof(*run->troubles));
	run->words = arena_calloc(&run->c->arena, o->n_words + 1, sizeof(*run->words));
	if (!run->troubles || !run->words)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	for (size_t i = 0; r == 0 && i < o->n_words; i++) {
		if (manifests_is_one(o->words[i]))
			run->words[run->n_words++] = o->words[i];
		else
			r = name_file(run, o->words[i]);
	}
	if (r == 0 && run->n_words == o->n_words)
		r = find_claims(run);
	if (r == 0 && !claims_tree_read(&run->tree))
		r = cli_fail(EXIT_SYSTEM, "out of memory");
	run->given.troubles = run->troubles;
	return r;
}

/* The directory of the claims file that was found, and of those below it that it includes. */
static bool choose_directories(struct run *run)
{
	const struct claims_tree *tree = &run->tree;
	size_t n_first = strlen(tree->files[0].path) - strlen(CLAIMS_TREE_NAME);

	run->directories = arena_calloc(&run->c->arena, CLAIMS_TREE_FILES_MOST,
					sizeof(*run->directories));
	for (unsigned int i = 0; run->directories && i < tree->n_files; i++) {
		const char *path = tree->files[i].path, *slash = strrchr(path, '/');

		if (i > 0 && (strncmp(path, tree->files[0].path, n_first) != 0 ||
			      strncmp(path + n_first, "../", 3) == 0 || !slash ||
			      strcmp(slash + 1, CLAIMS_TREE_NAME) != 0))
			continue;
		run->directories[run->n_directories++] =
			slash ? arena_strndup(&run->c->arena, path, (size_t)(slash - path)) : "";
	}
	return run->directories && !arena_failed(&run->c->arena);
}

/* What was said of manifests joins the rest. */
static bool take_manifests(struct run *run)
{
	struct manifests *m = &run->manifests;
	size_t n = run->given.n_troubles;
	struct check_trouble *troubles = arena_calloc(&run->c->arena, n + m->n_troubles,
						      sizeof(*troubles));

	if (!troubles)
		return false;
	if (n > 0)
		memcpy(troubles, run->given.troubles, n * sizeof(*troubles));
	if (m->n_troubles > 0)
		memcpy(troubles + n, m->troubles, m->n_troubles * sizeof(*troubles));
	run->given.troubles = troubles;
	run->given.n_troubles = n + m->n_troubles;
	run->given.manifests = m->paths;
	run->given.n_manifests = m->n_paths;
	run->given.places = m->places;
	run->given.n_places = m->n_places;
	for (size_t i = 0; i < m->n_gaps; i++)
		add_gap(run, m->gaps[i]);
	return true;
}

static int read_manifests(struct run *run)
{
	struct manifests_request request = {.files = run->words, .n_files = run->n_words};
	int r;

	if (run->c->options->n_words == 0 && !choose_directories(run))
		return cli_fail(EXIT_SYSTEM, "out of memory");
	request.directories = run->directories;
	request.n_directories = run->n_directories;
	if (request.n_files + request.n_directories == 0)
		return 0;
	r = manifests_read(&request, &run->c->arena, &run->manifests);
	if (r == -ENOENT && run->n_words == 0) {
		add_gap(run, (struct answer_gap){"manifests", _("below the claims file"),
						 _("the helper berth-manifests is not installed"),
						 NULL, false});
		return 0;
	}
	if (r == -ENOENT)
		return cli_fail(EXIT_SYSTEM, "the helper berth-manifests is not installed: this "
					     "build of berth reads no manifests");
	if (r == -EFBIG)
		return cli_fail(EXIT_USAGE, "too many files at once");
	if (r == -EPROTO)
		return cli_fail(EXIT_SYSTEM, "the helper berth-manifests ended without an answer");
	if (r < 0)
		return cli_fail(EXIT_SYSTEM, "cannot ask the helper berth-manifests: %s",
				lang_error(r));
	return take_manifests(run) ? 0 : cli_fail(EXIT_SYSTEM, "out of memory");
}

static int read_day(struct run *run)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return cli_fail(EXIT_SYSTEM, "there is no clock");
	claim_date_format((int64_t)now.tv_sec * 1000000000, run->today);
	return 0;
}

/* What runs here, and the claims of ledgers beside those of the files. */
static int look(struct run *run, struct live_snapshot *live, struct answer_sources *from)
{
	struct cli *c = run->c;
	struct live_request request = cli_request(c);
	const struct answer_here *here;
	int r = own_claims_use(c, &run->tree);

	if (r == 0)
		r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, from);
	if (r == 0)
		r = cli_look(c, &request, &c->arena, live);
	if (r != 0)
		return r;
	here = answer_index(from, &c->arena) ? answer_here(from, &c->arena) : NULL;
	if (!here)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	run->given.here = here;
	run->given.all = from->claims;
	for (size_t i = 0; i < here->n_gaps; i++)
		add_gap(run, here->gaps[i]);
	if (live->rules.has_ephemeral) {
		run->given.ephemeral = live->rules.ephemeral;
		run->given.is_own_range = true;
	}
	run->given.reserved = live->rules.reserved;
	run->given.n_reserved = live->rules.has_reserved ? live->rules.n_reserved : 0;
	return 0;
}

static int write_json(struct cli *c, const struct answer_check *check)
{
	struct writer_json json;
	struct cli_list list;
	int r = 0;

	if (c->options->format == FORMAT_JSON) {
		writer_json_init(&json, &c->out, true);
		render_record(&record_check, check, NULL, &json.base);
		str_append_char(&c->out, '\n');
		return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
	}
	cli_list_begin(&list, c);
	for (size_t i = 0; i < check->n_findings && r == 0; i++)
		r = cli_list_add(&list, &record_finding, &check->findings[i], "finding");
	for (size_t i = 0; i < check->n_gaps && r == 0; i++)
		r = cli_list_add(&list, &record_gap, &check->gaps[i], "gap");
	return r ? r : cli_list_end(&list);
}

static int show(struct cli *c, const struct answer_check *check)
{
	struct text text;

	if (c->options->is_quiet)
		return 0;
	if (c->options->format != FORMAT_TEXT)
		return write_json(c, check);
	switch (c->options->check_format) {
	case CHECK_TEXT:
		text_init(&text, &c->out, &c->style);
		text_check(&text, check);
		break;
	case CHECK_SARIF:
		check_sarif(check, BERTH_VERSION, &c->out);
		break;
	case CHECK_GITHUB:
		check_github(check, &c->out);
		break;
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
}

static int exit_code(const struct cli *c, const struct answer_check *check)
{
	answer_number n = check->errors;

	if (check->is_bad_input)
		return EXIT_USAGE;
	if (c->options->fail_on <= CHECK_WARNING)
		n += check->warnings;
	if (c->options->fail_on == CHECK_NOTE)
		n += check->notes;
	return n > 0 ? EXIT_NO : cli_strict(c, check->n_gaps, EXIT_ANSWERED);
}

static int judge(struct run *run)
{
	struct cli *c = run->c;
	struct live_snapshot live;
	struct answer_sources from = {.registry = &c->registry, .live = &live};
	const struct answer_check *check;
	int r = c->options->wants_live ? look(run, &live, &from) : 0;

	if (r != 0)
		return r;
	run->given.gaps = run->gaps;
	run->given.n_gaps = run->n_gaps;
	check = check_judge(&run->given, &c->arena);
	if (!check)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	r = show(c, check);
	return r ? r : exit_code(c, check);
}

int verb_check(struct cli *c)
{
	struct run run = {.c = c};
	int r;

	if (c->options->check_format != CHECK_TEXT && c->options->format != FORMAT_TEXT)
		return cli_fail(EXIT_USAGE, "--format and --json, --jsonl exclude each other");
	run.given = (struct check_case){
		.tree = &run.tree,
		.today = run.today,
		.registry = &c->registry,
		.ephemeral = check_default_ephemeral(),
	};
	r = cli_open_registry(c);
	if (r == 0)
		r = read_day(&run);
	if (r == 0)
		r = read_claims(&run);
	if (r == 0)
		r = read_manifests(&run);
	if (r == 0)
		r = judge(&run);
	claims_tree_fini(&run.tree);
	return r;
}
