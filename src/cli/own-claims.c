#include "cli/own-claims.h"

#include "act/stake.h"
#include "base/places.h"
#include "ledger/claims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_LEDGERS = 2, MOST_GAPS = 2 * MOST_LEDGERS + 1 };

/* What is open for one run of berth. */
struct own_claims {
	struct claims_image images[MOST_LEDGERS];
	size_t n_images;
	struct answer_gap gaps[MOST_GAPS];
	size_t n_gaps;
	char today[CLAIM_DATE_SIZE];
	struct ledger_place place; /* the one that is being opened */
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
	return place->level == CLAIM_LEVEL_SYSTEM ? "of the system's ledger" : "of the ledger";
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
		       : "its last change was interrupted and is not published",
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
			"its last change was interrupted and is not published",
			"berth claims as root");
	r = claims_image_open(image, own->place.image, own->place.level, &reason);
	if (r < 0 && may_settle && r != -EPROTONOSUPPORT && r != -EACCES && settle(c, true))
		r = claims_image_open(image, own->place.image, own->place.level, &reason);
	if (r == 0)
		own->n_images++;
	else if (!is_absent(r) && !is_foreign_home(c, r))
		add_gap(own, where_of(c, &own->place), reason,
			r == -EPROTONOSUPPORT ? "a newer berth" : NULL);
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
	if (c->options->replay) {
		add_gap(own, "of your own", "a recording holds none", "--ledger FILE");
		own->gaps[own->n_gaps - 1].is_aside = true;
		return 0;
	}
	if (ledger_place_own(&own->place) == 0)
		open_ledger(c, true);
	if (!places_has_only_system() && ledger_place_system(&own->place) == 0)
		open_ledger(c, false);
	return 0;
}

static int open_once(struct cli *c)
{
	struct timespec now = {0};
	int r;

	if (c->own)
		return 0;
	c->own = calloc(1, sizeof(*c->own));
	if (!c->own)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return cli_fail(EXIT_SYSTEM, "there is no clock: %s", strerror(errno));
	claim_date_format((int64_t)now.tv_sec * 1000000000, c->own->today);
	r = open_ledgers(c);
	return r;
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

const char *own_claims_file(struct cli *c BERTH_UNUSED)
{
	return NULL; /* this version of berth knows ledgers only */
}

const struct answer_gap *own_claims_gaps(const struct cli *c, size_t *n)
{
	*n = c->own ? c->own->n_gaps : 0;
	return c->own ? c->own->gaps : NULL;
}

void own_claims_fini(struct cli *c)
{
	for (size_t i = 0; c->own && i < c->own->n_images; i++)
		claims_image_close(&c->own->images[i]);
	free(c->own);
	c->own = NULL;
}
