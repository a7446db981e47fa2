/*
 * Builder: makes a registry image from rows and known uses. The build uses it for the registry that
 * is linked in, an update for the file it writes.
 *
 * The order of the rows is kept: they should come sorted by first port, those without a port last.
 * The precedence of registry.h is worked out here, once, and not at look-up.
 */
#pragma once

#include "base/str.h"
#include "registry/history.h"
#include "registry/iana.h"
#include "registry/known-uses.h"
#include "registry/registry.h"

struct registry_builder;

/* NULL when out of memory. registry_builder_free(NULL) returns NULL. */
struct registry_builder *registry_builder_new(void) BERTH_MUST_CHECK;
struct registry_builder *registry_builder_free(struct registry_builder *b);

/* What the image will say of itself; texts are copied. */
void registry_builder_source(struct registry_builder *b, const struct registry_source *source);

/*
 * Add a row; its texts are copied, "" counts as NULL. Returns 0, -EINVAL for a row that cannot be
 * (first > last, no ports but numbers, a status that rows do not have), -ENOMEM.
 */
int registry_builder_row(struct registry_builder *b,
			 const struct registry_row *row) BERTH_MUST_CHECK;

/* Keep a cell of the row that was added last as IANA wrote it, because its fields cannot say it.
 * The columns of a row must come in ascending order. Returns 0, -EINVAL or -ENOMEM. */
int registry_builder_raw(struct registry_builder *b, enum iana_column column,
			 const char *text) BERTH_MUST_CHECK;

/* Add an entry of history; any order. -EINVAL: first > last, or values that an entry cannot have.
 * */
int registry_builder_history(struct registry_builder *b,
			     const struct history_entry *entry) BERTH_MUST_CHECK;

/* Add a known use, in the same way. -EINVAL: first > last, or a protocol without assignments. */
int registry_builder_use(struct registry_builder *b, const struct known_use *use) BERTH_MUST_CHECK;

/*
 * Write the image into `out` (cleared first). Returns 0, -ENOMEM, or -EOVERFLOW when the rows are
 * more than an index holds: 65,535 different lists, pages or known uses, or absurdly many overlaps.
 * The builder can only be freed afterwards.
 */
int registry_builder_finish(struct registry_builder *b, struct str *out) BERTH_MUST_CHECK;
