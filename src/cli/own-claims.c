#include "cli/own-claims.h"

#include "act/stake.h"
#include "base/lang.h"
#include "base/places.h"
#include "ledger/claims-tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_LEDGERS = 2, MOST_GAPS = 2 * MOST_LEDGERS + CLAIMS_TREE_FILES_MOST + 2 };

/* What is open for one run of berth. */
struct own_claims {
	struct claims_image images[MOST_LEDGERS];
	size_t n_images;
	struct answer_gap gaps[MOST_GAPS];
	size_t n_gaps;
	char today[CLAIM_DATE_SIZE];
	struct ledger_place place; /* the one that is being opened */
	const struct claims_tree *files; /* the claims files; NULL = there are none */
	struct claims_tree found;  /* those that were found upward */
	bool is_open;
};

int own_claims_place(const struct cli *c, struct ledger_place *out)
{
	int r = c->options->ledger ? ledger_place_at(c->options->ledger, out)
				   : ledger_place_own(out);

	if (r == -ENOENT)
		return cli_fail(EXIT_USAGE, "no home directory (%s) to keep the ledger in; "
					    "--ledger FILE names a place", places_variables);
	return r < 0 ? cli_fail(EXIT_USAGE, "the path of the ledger is too long") : 0;
}

static void add_gap(struct own_claims *own, const char *where, const char *why, const char *fix)
{
	if (own->n_gaps < MOST_GAPS)
		own->gaps[own->n_gaps++] = (struct answer_gap){"claims", where, why, fix, false};
}

static const char *where_of(const struct cli *c, const struct ledger_place *place)
{
	if (c->options->ledger)
		return c->options->ledger;
	return place->level == CLAIM_LEVEL_SYSTEM ? _("of the system's ledger")
						  : _("of the ledger");
}

/* The image says what the database says, or a gap says that it may not: then false. */
static bool settle(struct cli *c, bool is_missing)
{
	struct own_claims *own = c->own;
	struct stake_reply reply;
	int r = stake_settle(&own->place, is_missing, &reply);

	if (r == 0) {
		stake_fini(&reply);
		return true;
	}
	add_gap(own, where_of(c, &own->place),
		r == 1 ? arena_strdup(&c->arena, reply.message)
		       : _("its last change was interrupted and is not published"),
		own->place.level == CLAIM_LEVEL_SYSTEM ? "berth claims as root" : NULL);
	if (r == 1)
		stake_fini(&reply);
	return false;
}

static bool is_absent(int error)
{
	return error == -ENOENT || error == -ENOTDIR;
}

/* A home directory that is closed to its user (HOME kept by su, say) holds no claims of his. */
static bool is_foreign_home(const struct cli *c, int error)
{
	return error == -EACCES && !c->options->ledger &&
	       c->own->place.level == CLAIM_LEVEL_LEDGER;
}

/* Open the image of own->place. `is_own`: it may be made again. */
static void open_ledger(struct cli *c, bool is_own)
{
	struct own_claims *own = c->own;
	struct claims_image *image = &own->images[own->n_images];
	const char *reason = NULL;
	bool may_settle = is_own && settle(c, false);
	int r;

	if (!is_own && stake_is_unfinished(&own->place))
		add_gap(own, where_of(c, &own->place),
			_("its last change was interrupted and is not published"),
			"berth claims as root");
	r = claims_image_open(image, own->place.image, own->place.level, &reason);
	if (r < 0 && may_settle && r != -EPROTONOSUPPORT && r != -EACCES && settle(c, true))
		r = claims_image_open(image, own->place.image, own->place.level, &reason);
	if (r == 0)
		own->n_images++;
	else if (!is_absent(r) && !is_foreign_home(c, r))
		add_gap(own, where_of(c, &own->place), reason,
			r == -EPROTONOSUPPORT ? _("a newer berth") : NULL);
}

static int open_ledgers(struct cli *c)
{
	struct own_claims *own = c->own;
	int r;

	if (c->options->ledger) {
		r = own_claims_place(c, &own->place);
		if (r != 0)
			return r;
		open_ledger(c, true);
		return 0;
	}
	if (c->options->replay && own->files)
		return 0;
	if (c->options->replay) {
		add_gap(own, _("of your own"), _("a recording holds none"), "--ledger FILE");
		own->gaps[own->n_gaps - 1].is_aside = true;
		return 0;
	}
	if (ledger_place_own(&own->place) == 0)
		open_ledger(c, true);
	if (!places_has_only_system() && ledger_place_system(&own->place) == 0)
		open_ledger(c, false);
	return 0;
}

static bool is_error(const struct claims_fault *f)
{
	return f->kind != CLAIMS_FAULT_NAME_LONG;
}

/* One gap for each file with faults: the first, and how many more. */
static void add_file_gaps(struct cli *c, const struct claims_tree *tree)
{
	for (unsigned int file = 0; file < tree->n_files; file++) {
		const struct claims_fault *first = NULL;
		unsigned int n = 0;

		for (size_t i = 0; i < tree->n_faults; i++) {
			if (tree->faults[i].file != file || !is_error(&tree->faults[i]))
				continue;
			first = first ? first : &tree->faults[i];
			n++;
		}
		if (!first)
			continue;
		add_gap(c->own,
			arena_printf(&c->arena, _("of %s:%u"), claims_tree_path(tree, file),
				     first->line),
			n == 1 ? _(first->text)
			       : arena_printf(&c->arena, _("%s (and %u more)"), _(first->text),
					      n - 1),
			"berth check");
	}
}

/* The claims file above the working directory, and what it includes. */
static int open_files(struct cli *c)
{
	struct own_claims *own = c->own;
	char path[CHECKOUT_PATH_SIZE];
	const char *reason = NULL;
	int r;

	if (own->files || c->options->replay)
		return 0;
	r = claims_tree_find(&own->found, path, &reason);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		add_gap(own, arena_printf(&c->arena, _("of %s"), path), reason, NULL);
		return 0;
	}
	if (!claims_tree_read(&own->found))
		return cli_fail(EXIT_SYSTEM, "out of memory");
	own->files = &own->found;
	add_file_gaps(c, own->files);
	return 0;
}

static int make(struct cli *c)
{
	if (c->own)
		return 0;
	c->own = calloc(1, sizeof(*c->own));
	if (!c->own)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	claims_tree_init(&c->own->found, &c->arena);
	return 0;
}

int own_claims_use(struct cli *c, const struct claims_tree *files)
{
	int r = make(c);

	if (r == 0)
		c->own->files = files;
	return r;
}

const struct claims_tree *own_claims_files(const struct cli *c)
{
	return c->own ? c->own->files : NULL;
}

static int open_once(struct cli *c)
{
	struct timespec now = {0};
	int r = make(c);

	if (r != 0 || c->own->is_open)
		return r;
	c->own->is_open = true;
	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return cli_fail(EXIT_SYSTEM, "there is no clock: %s", lang_error(errno));
	claim_date_format((int64_t)now.tv_sec * 1000000000, c->own->today);
	r = open_files(c);
	return r ? r : open_ledgers(c);
}

int own_claims_gather(struct cli *c, uint16_t first, uint16_t last, struct arena *arena,
		      struct answer_sources *from)
{
	struct claims *claims = arena_alloc(arena, sizeof(*claims));
	int r = open_once(c);
	bool is_good = claims != NULL;

	if (r != 0)
		return r;
	if (is_good)
		claims_init(claims, arena);
	if (is_good && c->own->files)
		is_good = claims_tree_gather(c->own->files, first, last, claims);
	for (size_t i = 0; is_good && i < c->own->n_images; i++) {
		uint32_t cursor = 0;
		struct claim one;

		while (is_good && claims_image_next(&c->own->images[i], first, last, &cursor, &one))
			is_good = claims_add(claims, &one);
	}
	if (!is_good || !claims_finish(claims))
		return cli_fail(EXIT_SYSTEM, "out of memory");
	from->claims = claims;
	from->today = c->own->today;
	from->claim_gaps = c->own->gaps;
	from->n_claim_gaps = c->own->n_gaps;
	return 0;
}

const struct answer_gap *own_claims_gaps(const struct cli *c, size_t *n)
{
	*n = c->own ? c->own->n_gaps : 0;
	return c->own ? c->own->gaps : NULL;
}

const char *own_claims_in_the_way(const struct claims *claims, const struct claim *wanted,
				  const char *today, unsigned int own_level, struct arena *arena)
{
	const struct claim *one;
	size_t cursor = 0;

	while ((one = claims_next_in(claims, wanted->first, wanted->last, &cursor))) {
		if (one->level != own_level && claim_state(one, today) != CLAIM_EXPIRED &&
		    claim_collides(wanted, one))
			return claim_describe_collision(wanted, one, arena);
	}
	return NULL;
}

size_t own_claims_paths(const struct cli *c, const char **out, size_t most)
{
	size_t n = 0;

	for (unsigned int i = 0; c->own && c->own->files && i < c->own->files->n_files; i++) {
		if (n < most)
			out[n++] = c->own->files->files[i].path;
	}
	return n;
}

void own_claims_fini(struct cli *c)
{
	for (size_t i = 0; c->own && i < c->own->n_images; i++)
		claims_image_close(&c->own->images[i]);
	if (c->own)
		claims_tree_fini(&c->own->found);
	free(c->own);
	c->own = NULL;
}
