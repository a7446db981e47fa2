/*
 * Fuzz target: any bytes as IANA's CSV. What the reader and the rules accept is made into an image,
 * which must open; its cells must be the ones that were read, and a registry that is compared with
 * itself must not differ.
 */
#include "registry/diff.h"
#include "registry/iana-table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cells(const struct iana_table *t, const struct registry *r)
{
	struct str cell = {0};
	struct registry_row row;

	for (uint32_t i = 0; i < t->n_rows; i++) {
		if (registry_row(r, i, &row) < 0)
			abort();
		for (unsigned int column = 0; column < N_IANA_COLUMNS; column++) {
			str_clear(&cell);
			iana_cell(r, i, &row, (enum iana_column)column, &cell);
			if (strcmp(str_text(&cell), t->rows[i].cells[column]) != 0)
				abort();
		}
	}
	str_fini(&cell);
}

static void check_image(const struct iana_table *t, const struct str *image)
{
	const char *reason = NULL;
	struct arena arena = {0};
	struct diff diff;
	struct registry r;

	if (registry_open_memory(&r, image->bytes, image->length, true, &reason) < 0)
		abort();
	check_cells(t, &r);
	if (diff_registries(&r, &r, &arena, &diff) == 0 && diff.n > 0)
		abort();
	arena_fini(&arena);
	registry_close(&r);
}

static int build(const struct iana_table *t, struct str *image)
{
	struct registry_source source = {
		.source = "iana", .names_as_of = "2026-08-17", .is_exact = true};
	struct registry_builder *b = registry_builder_new();
	int r = b ? 0 : -1;

	if (r == 0) {
		registry_builder_source(b, &source);
		r = iana_table_build(t, source.names_as_of, NULL, b);
	}
	if (r == 0)
		r = registry_builder_finish(b, image);
	registry_builder_free(b);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1); /* the exact size: overreads are seen */
	struct iana_error error = {0};
	struct str image = {0};
	struct iana_table t = {0};
	int r;

	if (!bytes)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	r = iana_table_read(&t, bytes, size, &error);
	if (r == -EBADMSG && !*error.text)
		abort();
	free(bytes); /* the table has its own copies */
	if (r == 0 && build(&t, &image) == 0)
		check_image(&t, &image);
	str_fini(&image);
	iana_table_fini(&t);
	return 0;
}
