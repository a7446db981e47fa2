#include "act/update.h"

#include "base/lang.h"
#include "base/replace.h"
#include "registry/builder.h"
#include "registry/iana-table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int fail(struct update_result *u, enum update_outcome outcome, const char *fmt, ...)
	BERTH_PRINTF(3, 4);

static int fail(struct update_result *u, enum update_outcome outcome, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(u->message, sizeof(u->message), fmt, args);
	va_end(args);
	u->outcome = outcome;
	return -1;
}

static const char *text(const char *maybe)
{
	return maybe ? maybe : "";
}

/* The registry that is there: the image, or the built-in one. */
static void open_before(const struct update_request *request, struct update_result *u)
{
	const char *reason = NULL;
	int r = registry_open_file(&u->old_image, request->target, &reason);

	u->has_replaced_built_in = r < 0;
	u->before = r < 0 ? *request->built_in : u->old_image;
	if (r < 0 && r != -ENOENT)
		snprintf(u->warning, sizeof(u->warning),
			 _("%s: cannot be used (%s), so the built-in registry is what is compared"),
			 request->target, _(reason));
}

/* Rows without a port. */
static size_t count_portless(const struct registry *r)
{
	struct registry_row row;
	size_t n = 0;

	for (uint32_t i = registry_n_rows(r); i-- > 0 && registry_row(r, i, &row) == 0;) {
		if (row.has_ports)
			break; /* they stand last */
		n++;
	}
	return n;
}

static bool has_shrunk(size_t before, size_t after)
{
	return after * 10 < before * 9;
}

/* Whether the table may replace what is there. */
static int check_table(const struct update_request *request, const struct iana_table *t,
		       const char *from, const char *as_of, struct update_result *u)
{
	struct registry_source before = registry_source(&u->before);
	size_t old_portless = count_portless(&u->before);
	size_t old_ports = registry_n_rows(&u->before) - old_portless;
	size_t new_ports = t->n_rows - t->n_portless;

	if (!*as_of)
		return fail(u, UPDATE_REFUSED,
			    _("%s: no row has a date, so it cannot be told how old it is"), from);
	if (!t->has_top)
		return fail(u, UPDATE_REFUSED,
			    _("%s: no row for port 49151, where IANA's rows end: cut short?"),
			    from);
	if (request->is_forced)
		return 0;
	if (strcmp(as_of, text(before.names_as_of)) < 0)
		return fail(
			u, UPDATE_REFUSED,
			_("%s: of %s, older than the registry of %s that is there; --force takes "
			  "it all the same"),
			from, as_of, text(before.names_as_of));
	if (has_shrunk(old_ports, new_ports))
		return fail(u, UPDATE_REFUSED,
			    _("%s: %zu rows with a port where %zu are there: more than 10 %% "
			      "fewer; --force takes it all the same"),
			    from, new_ports, old_ports);
	if (has_shrunk(old_portless, t->n_portless))
		return fail(u, UPDATE_REFUSED,
			    _("%s: %zu names without a port where %zu are there: more than 10 %% "
			      "fewer; --force takes it all the same"),
			    from, t->n_portless, old_portless);
	return 0;
}

/* A piece of a list as a string of its own. */
static const char *copy_piece(struct registry_piece piece, struct arena *arena)
{
	return piece.n > 0 ? arena_strndup(arena, piece.text, piece.n) : NULL;
}

/* What the built-in table says of earlier claimants is history; IANA's own texts, which give no
 * date on which a name was still listed, come again with the new table. */
static int add_former(const struct registry_row *row, struct registry_builder *b,
		      struct arena *arena)
{
	const char *list = row->former;
	struct registry_piece item;
	int r = 0;

	while (r == 0 && row->has_ports && registry_item(&list, &item)) {
		struct registry_former former = registry_former(item);
		struct history_entry entry = {
			.kind = row->name ? HISTORY_RENAMED : HISTORY_STATUS,
			.date = copy_piece(former.removed, arena),
			.seen_before = copy_piece(former.listed, arena),
			.seen_after = row->names_as_of,
			.name_before = copy_piece(former.name, arena),
			.name_after = row->name,
			.first = row->first,
			.last = row->last,
			.has_protocol = row->has_protocol,
			.protocol = row->protocol,
			.status_before = REGISTRY_ASSIGNED,
			.status_after = row->status,
		};

		if (entry.seen_before && entry.name_before)
			r = registry_builder_history(b, &entry);
	}
	return r;
}

/* The history of the old registry, as far as it lies before the new one's date. */
static int carry_history(const struct registry *before, const char *as_of,
			 struct registry_builder *b, struct arena *arena)
{
	struct history_entry entry;
	struct registry_row row;
	int r = 0;

	for (uint32_t i = 0; r == 0 && history_get(before, i, &entry) == 0; i++) {
		if (strcmp(text(entry.seen_after), as_of) <= 0)
			r = registry_builder_history(b, &entry);
	}
	for (uint32_t i = 0; r == 0 && registry_row(before, i, &row) == 0; i++) {
		if (row.former && strcmp(text(row.names_as_of), as_of) <= 0)
			r = add_former(&row, b, arena);
	}
	return r;
}

static int add_changes(const struct update_result *u, const struct registry *after,
		       struct registry_builder *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->diff.n; i++) {
		const struct diff_change *change = &u->diff.changes[i];
		struct history_entry entry;

		if (!diff_is_history(&u->before, after, change))
			continue;
		diff_entry(&u->before, after, change, &entry);
		r = registry_builder_history(b, &entry);
	}
	return r;
}

/* Make an image of the table; with `after` (made of the same table before) it gets its history. */
static int make_image(const struct update_request *request, const struct iana_table *t,
		      const struct registry_source *source, struct update_result *u,
		      const struct registry *after, struct str *out)
{
	struct registry_builder *b = registry_builder_new();
	const char *before = text(registry_source(&u->before).names_as_of);
	bool is_newer = strcmp(before, source->names_as_of) <= 0;
	int r = b ? 0 : -ENOMEM;

	if (r == 0) {
		registry_builder_source(b, source);
		r = iana_table_build(t, source->names_as_of, request->built_in, b);
	}
	if (r == 0 && after)
		r = carry_history(&u->before, source->names_as_of, b, &u->arena);
	if (r == 0 && after && is_newer)
		r = add_changes(u, after, b);
	if (r == 0)
		r = registry_builder_finish(b, out);
	registry_builder_free(b);
	return r;
}

/* The image of the table, its differences and its history, in memory. */
static int compare(const struct update_request *request, const struct iana_table *t,
		   const char *from, const struct registry_source *source,
		   struct update_result *u)
{
	BERTH_CLEANUP(str_fini) struct str draft = {0};
	const char *reason = NULL;
	struct registry after;
	int r = make_image(request, t, source, u, NULL, &draft);

	if (r == 0)
		r = registry_open_memory(&after, draft.bytes, draft.length, true, &reason);
	if (r == 0)
		r = diff_registries(&u->before, &after, &u->arena, &u->diff);
	if (r == 0)
		r = make_image(request, t, source, u, &after, &u->image);
	if (r == 0)
		r = registry_open_memory(&u->after, u->image.bytes, u->image.length, true, &reason);
	if (r < 0)
		return fail(u, r == -ENOMEM ? UPDATE_FAILED : UPDATE_REFUSED,
			    _("%s: cannot be made into a registry: %s"), from,
			    r == -EOVERFLOW ? _("more than an image holds")
			    : reason	    ? _(reason)
					    : lang_error(r));
	return 0;
}

static bool is_same_image(const struct update_result *u)
{
	return !u->has_replaced_built_in && u->before.image.size == u->image.length &&
	       memcmp(u->before.image.header, u->image.bytes, u->image.length) == 0;
}

/* Read, check, compare, and put in place. */
static int take_table(const struct update_request *request, const struct update_table *got,
		      const char *from, struct replace *file, struct update_result *u)
{
	struct registry_source source = {.source = "iana", .is_exact = true};
	struct iana_error error = {0};
	struct iana_table t = {0};
	int r = iana_table_read(&t, str_text(&got->bytes), got->bytes.length, &error);

	if (r == -EBADMSG && error.line > 0)
		r = fail(u, UPDATE_REFUSED, "%s:%u: %s", from, error.line, error.text);
	else if (r == -EBADMSG)
		r = fail(u, UPDATE_REFUSED, "%s: %s", from, error.text);
	else if (r < 0)
		r = fail(u, UPDATE_FAILED, "%s: %s", from, lang_error(r));
	source.names_as_of = source.details_as_of = *got->updated ? got->updated : text(t.newest);
	source.url = update_source_is_url(from) ? from : NULL;
	source.etag = source.url ? got->etag : NULL;
	if (r == 0)
		r = check_table(request, &t, from, source.names_as_of, u);
	if (r == 0)
		r = compare(request, &t, from, &source, u);
	if (r == 0 && t.n_unread > 0)
		snprintf(u->warning, sizeof(u->warning),
			 _("%zu rows without a name say what this berth cannot read, first "
			 "\"%.60s\"; they count as reserved"), t.n_unread, t.unread);
	iana_table_fini(&t);
	if (r < 0 || is_same_image(u)) {
		u->outcome = r < 0 ? u->outcome : UPDATE_SAME;
		return r;
	}
	r = replace_commit(file, u->image.bytes, u->image.length, image_seal(u->image.bytes));
	if (r < 0)
		return fail(u, UPDATE_FAILED, _("%s: cannot be written: %s; the old one stays"),
			    request->target, lang_error(r));
	u->outcome = !u->has_replaced_built_in && u->diff.n == 0 ? UPDATE_SAME : UPDATE_DONE;
	return 0;
}

static void run(const struct update_request *request, struct replace *file,
		struct update_result *u)
{
	const char *from = request->from ? request->from : UPDATE_IANA_URL;
	struct update_table got;
	struct registry_source before;
	const char *etag = NULL;

	open_before(request, u);
	before = registry_source(&u->before);
	if (!request->is_forced && before.url && strcmp(before.url, from) == 0)
		etag = before.etag;
	switch (update_source_get(from, etag, request->cacert, &got)) {
	case UPDATE_GOT_TABLE:
		(void)!take_table(request, &got, from, file, u);
		break;
	case UPDATE_GOT_UNCHANGED:
		u->after = u->before;
		u->outcome = UPDATE_SAME;
		break;
	case UPDATE_GOT_REFUSED:
		fail(u, UPDATE_REFUSED, "%s", got.error);
		break;
	case UPDATE_GOT_FAILED:
		fail(u, UPDATE_FAILED, "%s", got.error);
		break;
	}
	str_fini(&got.bytes);
}

void update_run(const struct update_request *request, struct update_result *out)
{
	struct replace file;
	int r;

	*out = (struct update_result){.outcome = UPDATE_FAILED};
	r = replace_begin(&file, request->target, request->wait, request->context);
	if (r < 0) {
		fail(out, UPDATE_FAILED, _("%s: cannot be written: %s"), request->target,
		     lang_error(r));
		return;
	}
	run(request, &file, out);
	replace_fini(&file);
}

void update_fini(struct update_result *u)
{
	registry_close(&u->old_image);
	str_fini(&u->image);
	arena_fini(&u->arena);
	*u = (struct update_result){.outcome = UPDATE_FAILED};
}
