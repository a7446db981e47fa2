#include "cli/serve-claims.h"

#include "act/stake.h"
#include "cli/own-claims.h"
#include "ledger/claims-file.h"
#include "ledger/claims-tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { MOST_ABOVE = 64 };

void serve_claims_init(struct serve_claims *s, const struct options *options)
{
	*s = (struct serve_claims){.options = options};
}

void serve_claims_fini(struct serve_claims *s)
{
	if (s->is_open)
		cli_fini(&s->reader);
	s->is_open = false;
}

/* --- whether files differ -------------------------------------------------------------------- */

/* What can be told of a file without reading it. */
static void mix_file(const char *path, uint64_t *hash)
{
	struct {
		uint64_t before, device, inode, size;
		int64_t modified, modified_ns, changed, changed_ns;
	} facts = {.before = *hash};
	struct stat st;

	if (stat(path, &st) == 0) {
		facts.device = st.st_dev;
		facts.inode = st.st_ino;
		facts.size = (uint64_t)st.st_size;
		facts.modified = st.st_mtim.tv_sec;
		facts.modified_ns = st.st_mtim.tv_nsec;
		facts.changed = st.st_ctim.tv_sec;
		facts.changed_ns = st.st_ctim.tv_nsec;
	}
	*hash = str_hash(&facts, sizeof(facts));
}

static void mix_ledger(int found, const struct ledger_place *place, uint64_t *hash)
{
	if (found < 0)
		return;
	mix_file(place->image, hash);
	mix_file(place->mark, hash);
}

/* Every place where a claims file would be found: one may come to be. */
static void mix_above(uint64_t *hash)
{
	struct str up = {0}, path = {0};
	struct stat here, above;
	bool is_root = false;

	str_append(&up, ".");
	for (size_t i = 0; i < MOST_ABOVE && !is_root && !up.has_failed; i++) {
		str_clear(&path);
		str_printf(&path, "%s/%s", str_text(&up), CLAIMS_TREE_NAME);
		mix_file(str_text(&path), hash);
		is_root = stat(str_text(&up), &here) < 0;
		str_append(&up, "/..");
		is_root = is_root || stat(str_text(&up), &above) < 0 ||
			  (here.st_ino == above.st_ino && here.st_dev == above.st_dev);
	}
	str_fini(&up);
	str_fini(&path);
}

static uint64_t look_at_files(const struct serve_claims *s)
{
	const char *paths[CLAIMS_TREE_FILES_MOST];
	struct ledger_place place;
	uint64_t hash = 0;
	size_t n = s->is_open ? own_claims_paths(&s->reader, paths, CLAIMS_TREE_FILES_MOST) : 0;

	if (s->options->ledger) {
		mix_ledger(ledger_place_at(s->options->ledger, &place), &place, &hash);
	} else if (!s->options->replay) {
		mix_ledger(ledger_place_own(&place), &place, &hash);
		mix_ledger(ledger_place_system(&place), &place, &hash);
	}
	for (size_t i = 0; i < n; i++)
		mix_file(paths[i], &hash);
	if (!s->options->replay)
		mix_above(&hash);
	return hash;
}

static bool has_news(void *context)
{
	const struct serve_claims *s = context;

	return look_at_files(s) != s->seen;
}

/* --- gathering ------------------------------------------------------------------------------- */

static int gather(void *context, struct arena *arena, struct answer_sources *from)
{
	struct serve_claims *s = context;
	int r;

	serve_claims_fini(s);
	cli_init(&s->reader, s->options);
	s->is_open = true;
	r = own_claims_gather(&s->reader, 0, UINT16_MAX, arena, from);
	s->seen = look_at_files(s);
	return r == 0 ? 0 : -EIO; /* why has been said */
}

/* --- claiming -------------------------------------------------------------------------------- */

static int answer_with(enum ledger_outcome outcome, const char *message, struct str *out)
{
	const struct claims_head head = {.outcome = outcome, .message = message};

	return claims_image_write(&head, NULL, 0, NULL, 0, out);
}

/* The claim of the one line. NULL, or why there is none. */
static const char *read_claim(const char *text, size_t n, const char *today, struct arena *arena,
			      struct claim *out)
{
	struct claims_reader reader;
	struct claims_line line, more;

	claims_reader_init(&reader, text, n, arena);
	if (!claims_reader_next(&reader, &line) || line.kind == CLAIMS_LINE_BLANK)
		return reader.is_no_text ? "this is no text" : "nothing is claimed: the line is "
							       "empty";
	if (line.kind == CLAIMS_LINE_BAD)
		return reader.n_faults > 0 ? reader.faults[0].text : "the line cannot be read";
	if (line.kind != CLAIMS_LINE_CLAIM)
		return "this is no claim: NAME PORT/PROTOCOL stand first";
	if (claims_reader_next(&reader, &more))
		return "one line is one claim";
	*out = line.claim;
	if (out->is_retired)
		return "a claim does not begin retired";
	if (out->until && strcmp(out->until, today) < 0)
		return "its last day is over already";
	out->since = today;
	out->source = "asked for";
	out->level = CLAIM_LEVEL_LEDGER;
	return NULL;
}

static int place_of(const struct serve_claims *s, struct ledger_place *out)
{
	return s->options->ledger ? ledger_place_at(s->options->ledger, out)
				  : ledger_place_own(out);
}

static int write_claim(const struct ledger_place *place, const struct claim *wanted,
		       struct str *out)
{
	struct stake_reply reply;
	int r = stake_claim(place, wanted, 1, &reply);

	if (r == -ENOENT)
		return answer_with(LEDGER_FAILED, "the helper that writes ledgers is not installed",
				   out);
	if (r < 0)
		return answer_with(LEDGER_FAILED, "the ledger could not be written", out);
	str_append_bytes(out, reply.bytes.bytes, reply.bytes.length);
	stake_fini(&reply);
	return 0;
}

static int stake(void *context, const char *line, size_t n, struct str *out)
{
	struct serve_claims *s = context;
	struct answer_sources others = {0};
	char today[CLAIM_DATE_SIZE];
	struct ledger_place place;
	struct timespec now = {0};
	struct claim wanted;
	struct cli reader;
	const char *refusal;
	int r;

	if (s->options->replay && !s->options->ledger)
		return answer_with(LEDGER_REFUSED, "this is a recording: there is no ledger to "
						   "claim in", out);
	clock_gettime(CLOCK_REALTIME, &now);
	claim_date_format((int64_t)now.tv_sec * 1000000000, today);
	cli_init(&reader, s->options);
	refusal = read_claim(line, n, today, &reader.arena, &wanted);
	if (refusal) {
		r = answer_with(LEDGER_REFUSED, refusal, out);
	} else if (place_of(s, &place) < 0) {
		r = answer_with(LEDGER_FAILED, "there is no place for a ledger", out);
	} else if (own_claims_gather(&reader, 0, UINT16_MAX, &reader.arena, &others) != 0) {
		r = answer_with(LEDGER_FAILED, "the other claims could not be read", out);
	} else {
		refusal = own_claims_in_the_way(others.claims, &wanted, today, place.level,
						&reader.arena);
		r = refusal ? answer_with(LEDGER_COLLIDES, refusal, out)
			    : write_claim(&place, &wanted, out);
	}
	cli_fini(&reader);
	return r;
}

struct collector_host serve_claims_host(struct serve_claims *s)
{
	return (struct collector_host){
		.has_news = has_news, .gather = gather, .stake = stake, .context = s};
}
