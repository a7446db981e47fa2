#include "registry/diff.h"

#include "base/str.h"
#include "registry/iana.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A row while it looks for its like. */
struct item {
	struct registry_row row;
	uint32_t id;
	bool is_done;
};

struct side {
	const struct registry *registry;
	struct item *items;
	size_t n;
	bool is_exact;
};

/* What is being compared. */
struct work {
	struct side before, after;
	struct arena *arena;
	struct str a, b; /* two cells */
	struct diff *out;
};

static const char *text(const char *maybe)
{
	return maybe ? maybe : "";
}

/* The order of groups: ports, protocol; names without a port are a group each. */
static int compare_groups(const struct registry_row *x, const struct registry_row *y)
{
	int a = x->has_protocol ? (int)x->protocol : -1;
	int b = y->has_protocol ? (int)y->protocol : -1;

	if (x->has_ports != y->has_ports)
		return x->has_ports ? -1 : 1;
	if (x->first != y->first)
		return x->first - y->first;
	if (x->last != y->last)
		return x->last - y->last;
	if (a != b)
		return a - b;
	return x->has_ports ? 0 : strcmp(text(x->name), text(y->name));
}

static int compare_items(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;
	int order = compare_groups(&a->row, &b->row);

	return order != 0 ? order : a->id < b->id ? -1 : a->id > b->id;
}

static int gather(struct side *side, const struct registry *r, struct arena *arena)
{
	*side = (struct side){.registry = r, .n = registry_n_rows(r)};
	side->is_exact = registry_source(r).is_exact;
	side->items = arena_calloc(arena, side->n, sizeof(*side->items));
	if (!side->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < side->n; i++) {
		side->items[i].id = i;
		if (registry_row(r, i, &side->items[i].row) < 0)
			return -ENOMEM;
	}
	if (side->n > 0)
		qsort(side->items, side->n, sizeof(*side->items), compare_items);
	return 0;
}

static bool is_detail(enum iana_column column)
{
	return column > IANA_DESCRIPTION;
}

/* Whether a cell differs, as exactly as both sides know it. */
static bool is_cell_changed(struct work *w, const struct item *old, const struct item *new,
			    enum iana_column column)
{
	bool is_exact = w->before.is_exact && w->after.is_exact;

	if (is_detail(column) && (!old->row.details_as_of || !new->row.details_as_of))
		return false;
	str_clear(&w->a);
	str_clear(&w->b);
	if (is_exact) {
		iana_cell(w->before.registry, old->id, &old->row, column, &w->a);
		iana_cell(w->after.registry, new->id, &new->row, column, &w->b);
	} else {
		iana_cell_of_row(&old->row, column, &w->a);
		iana_cell_of_row(&new->row, column, &w->b);
	}
	return strcmp(str_text(&w->a), str_text(&w->b)) != 0;
}

static int add(struct work *w, enum history_kind kind, const struct item *old,
	       const struct item *new, uint32_t columns)
{
	struct diff *d = w->out;
	struct diff_change *change = ARENA_PUSH(w->arena, d->changes, d->n, d->capacity);

	if (!change)
		return -ENOMEM;
	*change = (struct diff_change){
		.kind = kind,
		.old_row = old ? old->id : DIFF_NO_ROW,
		.new_row = new ? new->id : DIFF_NO_ROW,
		.columns = columns,
	};
	d->counts[kind]++;
	return 0;
}

/* Two rows of the same ports and protocol belong together: what differs? */
static int pair(struct work *w, struct item *old, struct item *new)
{
	const uint32_t dates = 1U << IANA_REGISTERED | 1U << IANA_MODIFIED;
	bool is_same_name = strcmp(text(old->row.name), text(new->row.name)) == 0;
	enum history_kind kind = HISTORY_EDITED;
	uint32_t columns = 0;

	old->is_done = new->is_done = true;
	for (unsigned int i = 0; i < N_IANA_COLUMNS; i++) {
		if (is_cell_changed(w, old, new, (enum iana_column)i))
			columns |= 1U << i;
	}
	if (w->a.has_failed || w->b.has_failed)
		return -ENOMEM;
	if (!is_same_name) {
		w->out->n_rows_added++;
		w->out->n_rows_removed++;
		kind = old->row.name && new->row.name ? HISTORY_RENAMED : HISTORY_STATUS;
	} else if (old->row.status != new->row.status) {
		kind = HISTORY_STATUS;
	} else if (columns & dates) {
		kind = HISTORY_RE_DATED;
	} else if (columns == 0) {
		return 0;
	}
	return add(w, kind, old, new, columns);
}

/* The first of `n` items that is not done and has a name, or has none. */
static struct item *next_open(struct item *items, size_t n, bool is_named)
{
	for (size_t i = 0; i < n; i++) {
		if (!items[i].is_done && (items[i].row.name != NULL) == is_named)
			return &items[i];
	}
	return NULL;
}

static int pair_equal_names(struct work *w, struct item *old, size_t n_old, struct item *new,
			    size_t n_new)
{
	for (size_t i = 0; i < n_old; i++) {
		for (size_t j = 0; j < n_new && !old[i].is_done; j++) {
			if (new[j].is_done ||
			    strcmp(text(old[i].row.name), text(new[j].row.name)) != 0)
				continue;
			if (pair(w, &old[i], &new[j]) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* Rows of the same ports and protocol on both sides. */
static int compare_group(struct work *w, struct item *old, size_t n_old, struct item *new,
			 size_t n_new)
{
	static const bool passes[][2] = {{true, true}, {true, false}, {false, true}};
	int r = pair_equal_names(w, old, n_old, new, n_new);

	for (size_t pass = 0; pass < N_ELEMENTS(passes); pass++) {
		struct item *a = next_open(old, n_old, passes[pass][0]);
		struct item *b = next_open(new, n_new, passes[pass][1]);

		while (r == 0 && a && b) {
			r = pair(w, a, b);
			a = next_open(old, n_old, passes[pass][0]);
			b = next_open(new, n_new, passes[pass][1]);
		}
	}
	for (size_t i = 0; r == 0 && i < n_old; i++) {
		if (old[i].is_done)
			continue;
		w->out->n_rows_removed++;
		r = add(w, HISTORY_REMOVED, &old[i], NULL, 0);
	}
	for (size_t i = 0; r == 0 && i < n_new; i++) {
		if (new[i].is_done)
			continue;
		w->out->n_rows_added++;
		r = add(w, HISTORY_ADDED, NULL, &new[i], 0);
	}
	return r;
}

/* How many items from `at` on are of the group of `row`. */
static size_t span_group(const struct side *side, size_t at, const struct registry_row *row)
{
	size_t n = 0;

	while (at + n < side->n && compare_groups(&side->items[at + n].row, row) == 0)
		n++;
	return n;
}

static int compare_all(struct work *w)
{
	struct side *x = &w->before, *y = &w->after;
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < x->n || j < y->n)) {
		const struct registry_row *first;
		size_t n_old, n_new;

		if (j == y->n ||
		    (i < x->n && compare_groups(&x->items[i].row, &y->items[j].row) <= 0))
			first = &x->items[i].row;
		else
			first = &y->items[j].row;
		n_old = span_group(x, i, first);
		n_new = span_group(y, j, first);
		r = compare_group(w, x->items + i, n_old, y->items + j, n_new);
		i += n_old;
		j += n_new;
	}
	return r;
}

int diff_registries(const struct registry *before, const struct registry *after,
		    struct arena *arena, struct diff *out)
{
	BERTH_CLEANUP(arena_fini) struct arena scratch = {0};
	struct diff result = {0};
	struct work w = {.arena = arena, .out = &result};
	int r = gather(&w.before, before, &scratch);

	if (r == 0)
		r = gather(&w.after, after, &scratch);
	if (r == 0)
		r = compare_all(&w);
	str_fini(&w.a);
	str_fini(&w.b);
	if (r == 0)
		*out = result;
	return r;
}

/* The row of a change, or an empty one. */
static struct registry_row row_of(const struct registry *r, uint32_t id)
{
	struct registry_row row = {0};

	if (id == DIFF_NO_ROW || registry_row(r, id, &row) < 0)
		return (struct registry_row){.status = REGISTRY_NONE};
	return row;
}

bool diff_is_filler(const struct registry *before, const struct registry *after,
		    const struct diff_change *change)
{
	if (change->kind == HISTORY_ADDED)
		return row_of(after, change->new_row).name == NULL;
	if (change->kind == HISTORY_REMOVED)
		return row_of(before, change->old_row).name == NULL;
	return false;
}

bool diff_is_history(const struct registry *before, const struct registry *after,
		     const struct diff_change *change)
{
	struct registry_row old = row_of(before, change->old_row);
	struct registry_row new = row_of(after, change->new_row);

	if (!(old.has_ports || new.has_ports) || change->kind == HISTORY_EDITED)
		return false;
	return old.name || new.name || (change->kind == HISTORY_STATUS);
}

/* The last date of a removal that a row's texts tell. Dates of the list stand at the end of an
 * entry and so are not terminated by themselves: give them back only where they end the list. */
static const char *find_removal(const struct registry_row *row)
{
	const char *last = row->former ? strrchr(row->former, '|') : NULL;

	return last && last[1] ? last + 1 : NULL;
}

/* When it happened, as the registry dates it. */
static const char *find_date(const struct registry_row *old, const struct registry_row *new)
{
	const char *removal = old->name && !new->name ? find_removal(new) : NULL;

	if (removal)
		return removal;
	if (new->modified && strcmp(text(old->modified), new->modified) != 0)
		return new->modified;
	if (new->registered && strcmp(text(old->registered), new->registered) != 0)
		return new->registered;
	return NULL;
}

void diff_entry(const struct registry *before, const struct registry *after,
		const struct diff_change *change, struct history_entry *out)
{
	struct registry_row old = row_of(before, change->old_row);
	struct registry_row new = row_of(after, change->new_row);
	const struct registry_row *row = change->new_row == DIFF_NO_ROW ? &old : &new;
	const char *was_good = old.names_as_of, *is_good = new.names_as_of;
	struct registry_source source_before = registry_source(before);
	struct registry_source source_after = registry_source(after);

	if (change->kind == HISTORY_RE_DATED || change->kind == HISTORY_EDITED) {
		was_good = old.details_as_of;
		is_good = new.details_as_of;
	}
	*out = (struct history_entry){
		.kind = change->kind,
		.date = change->new_row == DIFF_NO_ROW ? NULL : find_date(&old, &new),
		.seen_before = was_good ? was_good : source_before.names_as_of,
		.seen_after = is_good ? is_good : source_after.names_as_of,
		.name_before = old.name,
		.name_after = new.name,
		.first = row->first,
		.last = row->last,
		.has_protocol = row->has_protocol,
		.protocol = row->protocol,
		.status_before = old.status,
		.status_after = new.status,
	};
	if (change->kind == HISTORY_ADDED && row->has_ports && row->has_protocol)
		out->status_before = registry_status(before, row->first, row->protocol);
	if (change->kind == HISTORY_REMOVED && row->has_ports && row->has_protocol)
		out->status_after = registry_status(after, row->first, row->protocol);
	if (out->status_before > REGISTRY_NONE)
		out->status_before = REGISTRY_NONE;
}
