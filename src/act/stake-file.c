#include "act/stake-file.h"

#include "base/str.h"
#include "ledger/claims-tree.h"

#include <errno.h>
#include <string.h>

/* One change of a file. */
struct change {
	const struct claim *wanted;
	size_t n;
	const char *path, *today;
	struct arena *arena;
	struct stake_file *out;
	bool *stands; /* for each that is wanted: it stands there already */
};

static bool is_same_text(const char *a, const char *b)
{
	return !b || (a && strcmp(a, b) == 0);
}

/* Whether a line says all that is wanted. */
static bool says_it(const struct claim *line, const struct claim *wanted)
{
	return str_casecmp(line->name, wanted->name) == 0 && claim_has_same_ports(line, wanted) &&
	       !line->is_retired && is_same_text(line->owner, wanted->owner) &&
	       is_same_text(line->scope, wanted->scope) &&
	       is_same_text(line->program, wanted->program) &&
	       is_same_text(line->until, wanted->until);
}

/* 0, or 1 when the line stands in the way. */
static int compare(struct change *c, const struct claim *line, unsigned int number)
{
	for (size_t i = 0; i < c->n; i++) {
		struct claim other = *line;

		if (claim_state(line, c->today) == CLAIM_EXPIRED ||
		    !claim_collides(line, &c->wanted[i]))
			continue;
		if (says_it(line, &c->wanted[i])) {
			c->stands[i] = true;
			continue;
		}
		other.source = arena_printf(c->arena, "%s:%u", c->path, number);
		c->out->message = claim_describe_collision(&c->wanted[i], &other, c->arena);
		return 1;
	}
	return 0;
}

static int read_lines(struct change *c, const char *bytes, size_t n)
{
	struct claims_reader reader;
	struct claims_line line;

	claims_reader_init(&reader, bytes, n, c->arena);
	while (claims_reader_next(&reader, &line)) {
		if (line.kind == CLAIMS_LINE_BAD)
			return -EBADMSG;
		if (line.kind == CLAIMS_LINE_CLAIM && compare(c, &line.claim, reader.line) != 0)
			return 1;
	}
	return arena_failed(c->arena) ? -ENOMEM : 0;
}

static int hand_over(struct str *text, char **out, size_t *n_out)
{
	if (text->has_failed || !text->bytes) {
		str_fini(text);
		return -ENOMEM;
	}
	*out = text->bytes;
	*n_out = text->length;
	return 0;
}

static int append(void *context, const char *bytes, size_t n, char **out, size_t *n_out)
{
	struct change *c = context;
	bool has_returns = n >= 2 && bytes[n - 2] == '\r' && bytes[n - 1] == '\n';
	const char *line_end = has_returns ? "\r\n" : "\n";
	struct str text = {0};
	int r = read_lines(c, bytes, n);

	if (r != 0)
		return r;
	str_append_bytes(&text, bytes, n);
	if (n > 0 && bytes[n - 1] != '\n')
		str_append(&text, line_end);
	for (size_t i = 0; i < c->n; i++) {
		struct str comment = {0};

		if (c->stands[i])
			continue;
		if (c->wanted[i].reason)
			str_printf(&comment, "# %s", c->wanted[i].reason);
		claims_file_write(&text, &c->wanted[i],
				  (struct claims_piece){str_text(&comment), comment.length});
		str_append(&text, line_end);
		text.has_failed = text.has_failed || comment.has_failed;
		str_fini(&comment);
		c->out->n_added++;
	}
	if (c->out->n_added > 0)
		return hand_over(&text, out, n_out);
	str_fini(&text);
	return 1;
}

int stake_file_claim(const char *path, const struct claim *wanted, size_t n, const char *today,
		     struct arena *arena, struct stake_file *out)
{
	struct change c = {wanted, n, path, today, arena, out,
			   arena_calloc(arena, n, sizeof(*c.stands))};
	int r;

	*out = (struct stake_file){.message = NULL};
	if (!c.stands)
		return -ENOMEM;
	r = checkout_edit(path, CLAIMS_TREE_BYTES_MOST, append, &c);
	return r == 1 && !out->message ? 0 : r;
}

static int format(void *context BERTH_UNUSED, const char *bytes, size_t n, char **out,
		  size_t *n_out)
{
	struct str text = {0};

	if (!claims_file_format(bytes, n, &text)) {
		str_fini(&text);
		return -EBADMSG;
	}
	if (text.length == n && (n == 0 || memcmp(str_text(&text), bytes, n) == 0)) {
		str_fini(&text);
		return 1;
	}
	str_append(&text, ""); /* there are bytes, if none */
	return hand_over(&text, out, n_out);
}

int stake_file_format(const char *path)
{
	return checkout_edit(path, CLAIMS_TREE_BYTES_MOST, format, NULL);
}
