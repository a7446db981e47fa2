#include "act/collector-claims.h"

#include "ledger/claims-file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_MOST = 2048 };

static const uint32_t arguments[ATLAS_N_CLAIMS] = {ATLAS_CLAIMS_FILES, CLAIM_LEVEL_LEDGER,
						   CLAIM_LEVEL_SYSTEM};

uint32_t atlas_claims_argument(unsigned int i)
{
	return arguments[i];
}

static unsigned int number_of(const struct claim *c)
{
	return c->level < CLAIM_LEVEL_FILES ? 0 : c->level == CLAIM_LEVEL_LEDGER ? 1 : 2;
}

/* A source is a path and a line. */
static void write_source(const struct claim *c, struct str *out)
{
	struct str source = {0};

	str_append_escaped(&source, c->source ? c->source : "", false);
	if (source.length > SOURCE_MOST)
		str_append(out, "(a long path)");
	else
		str_append(out, str_text(&source));
	out->has_failed |= source.has_failed;
	str_fini(&source);
}

static void write_file_claim(const struct claim *c, struct str *out)
{
	struct str reason = {0};

	str_printf(out, "# %u ", c->level);
	write_source(c, out);
	str_append_char(out, '\n');
	if (c->reason)
		str_printf(&reason, "# %s", c->reason);
	claims_file_write(out, c, (struct claims_piece){str_text(&reason), reason.length});
	str_append_char(out, '\n');
	out->has_failed |= reason.has_failed;
	str_fini(&reason);
}

static int write_image(const struct claims *claims, unsigned int number, struct str *out)
{
	struct claim *chosen = calloc(claims->n ? claims->n : 1, sizeof(*chosen));
	const struct claims_head head = {0};
	size_t n = 0;
	int r = 0;

	if (!chosen)
		return -ENOMEM;
	for (size_t i = 0; i < claims->n; i++) {
		if (number_of(&claims->items[i]) == number)
			chosen[n++] = claims->items[i];
	}
	if (n > 0)
		r = claims_image_write(&head, chosen, n, NULL, 0, out);
	free(chosen);
	return r == -EOVERFLOW ? -EFBIG : r;
}

int atlas_claims_write(const struct claims *claims, struct str out[ATLAS_N_CLAIMS])
{
	int r = 0;

	for (size_t i = 0; i < claims->n; i++) {
		if (number_of(&claims->items[i]) == 0)
			write_file_claim(&claims->items[i], &out[0]);
	}
	for (unsigned int i = 1; r == 0 && i < ATLAS_N_CLAIMS; i++)
		r = write_image(claims, i, &out[i]);
	for (unsigned int i = 0; r == 0 && i < ATLAS_N_CLAIMS; i++)
		r = out[i].has_failed ? -ENOMEM : out[i].length > ATLAS_PAYLOAD_MOST ? -EFBIG : 0;
	return r;
}

/* "# LEVEL SOURCE" */
static int read_source(const struct claims_line *line, struct arena *arena, unsigned int *level,
		       const char **source)
{
	const char *text = line->comment.text, *end = text + line->comment.n, *digits;
	uint64_t value;

	if (line->comment.n < 4 || text[0] != '#' || text[1] != ' ')
		return -EPROTO;
	digits = text + 2;
	for (text = digits; text < end && *text != ' ';)
		text++;
	if (str_parse_u64(digits, (size_t)(text - digits), CLAIM_LEVEL_FILES - 1, &value) < 0)
		return -EPROTO;
	*source = arena_strndup(arena, text + (text < end), (size_t)(end - text) - (text < end));
	*level = (unsigned int)value;
	return *source ? 0 : -ENOMEM;
}

static int read_files(const char *bytes, size_t n, struct arena *arena, struct claims *out)
{
	struct claims_reader reader;
	struct claims_line line;
	const char *source = NULL;
	unsigned int level = 0;
	size_t n_claims = 0;
	int r = 0;

	claims_reader_init(&reader, bytes, n, arena);
	while (r == 0 && claims_reader_next(&reader, &line)) {
		if (line.kind == CLAIMS_LINE_COMMENT) {
			r = read_source(&line, arena, &level, &source);
			continue;
		}
		if (line.kind != CLAIMS_LINE_CLAIM || !source ||
		    ++n_claims > CLAIMS_FILE_CLAIMS_MOST)
			return -EPROTO;
		line.claim.level = level;
		line.claim.source = source;
		source = NULL;
		r = claims_add(out, &line.claim) ? 0 : -ENOMEM;
	}
	if (r == 0 && arena_failed(arena))
		r = -ENOMEM;
	return r == 0 && reader.is_no_text ? -EPROTO : r;
}

int atlas_claims_read(uint32_t argument, const char *bytes, size_t n, struct arena *arena,
		      struct claims *out)
{
	struct claims_image image;
	const char *reason;
	struct claim one;

	if (n == 0)
		return 0;
	if (argument == ATLAS_CLAIMS_FILES)
		return read_files(bytes, n, arena, out);
	if (claims_image_open_memory(&image, bytes, n, argument, &reason) < 0)
		return -EPROTO;
	for (uint32_t i = 0; i < claims_image_n(&image); i++) {
		if (claims_image_get(&image, i, &one) < 0)
			return -EPROTO;
		if (!claims_add(out, &one))
			return -ENOMEM;
	}
	return 0; /* closing it would only forget where it is: its strings are borrowed */
}
