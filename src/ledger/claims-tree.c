#include "ledger/claims-tree.h"

#include "base/fd.h"
#include "base/lang.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void claims_tree_init(struct claims_tree *t, struct arena *arena)
{
	*t = (struct claims_tree){.arena = arena, .checkout = {.fd = -1}};
}

void claims_tree_fini(struct claims_tree *t)
{
	for (unsigned int i = 0; i < t->n_files; i++)
		free(t->files[i].bytes);
	checkout_close(&t->checkout);
	t->n_files = 0;
}

static void add_fault(struct claims_tree *t, struct claims_fault fault)
{
	struct claims_fault *slot =
		ARENA_PUSH(t->arena, t->faults, t->n_faults, t->faults_capacity);

	if (slot)
		*slot = fault;
}

/* Read what was opened, within what is left of the bytes. */
static int read_file(struct claims_tree *t, const struct checkout_file *opened,
		     struct claims_tree_file *out, const char **reason)
{
	size_t left = (size_t)CLAIMS_TREE_BYTES_MOST - t->n_bytes;
	int r;

	if (opened->size > left) {
		fd_close(opened->fd);
		*reason = N_("larger than the 16 MB that claims files may have together");
		return -EFBIG;
	}
	r = fd_slurp_open(opened->fd, left, &out->bytes, &out->n_bytes);
	if (r < 0)
		*reason = r == -EFBIG
				  ? N_("larger than the 16 MB that claims files may have together")
				  : N_("it cannot be read");
	else
		t->n_bytes += out->n_bytes;
	return r;
}

/* Number of the file when it was opened before; n_files = it was not. */
static unsigned int find_file(const struct claims_tree *t, const struct checkout_file *opened)
{
	unsigned int i = 0;

	while (i < t->n_files && (t->files[i].device != opened->device ||
				  t->files[i].inode != opened->inode))
		i++;
	return i;
}

/* Take a file that was opened, unless it is there already. Returns its number or a refusal. */
static int add_file(struct claims_tree *t, const struct checkout_file *opened,
		    struct claims_tree_file file, const char **reason)
{
	unsigned int number = find_file(t, opened);
	int r;

	if (number < t->n_files) {
		fd_close(opened->fd);
		return (int)number;
	}
	if (number == CLAIMS_TREE_FILES_MOST) {
		fd_close(opened->fd);
		*reason = N_("more than 16 files");
		return -EMFILE;
	}
	file.device = opened->device;
	file.inode = opened->inode;
	r = read_file(t, opened, &file, reason);
	if (r < 0)
		return r;
	t->files[t->n_files++] = file;
	return (int)number;
}

static int add_first(struct claims_tree *t, const char *path, bool is_any_owner,
		     const struct checkout_file *opened, const char **reason)
{
	struct claims_tree_file file = {
		.path = arena_strdup(t->arena, path),
		.first_file = t->n_files,
		.is_any_owner = is_any_owner,
	};
	int r = add_file(t, opened, file, reason);

	return r < 0 ? r : 0;
}

int claims_tree_find(struct claims_tree *t, char *path, const char **reason)
{
	struct checkout_file opened;
	int r = checkout_find(CLAIMS_TREE_NAME, path, &opened, reason);

	return r < 0 ? r : add_first(t, path, false, &opened, reason);
}

int claims_tree_name(struct claims_tree *t, const char *path, const char **reason)
{
	struct checkout_file opened;
	int r = checkout_open_named(path, &opened, reason);

	return r < 0 ? r : add_first(t, path, true, &opened, reason);
}

/* Append one step to a path; ".." takes one away, or stays where `keeps_up` and none is left. */
static int step(char *out, const char *name, size_t n, bool keeps_up)
{
	char *slash = strrchr(out, '/');
	const char *last = slash ? slash + 1 : out;
	size_t length = strlen(out);

	if (n == 0 || (n == 1 && name[0] == '.'))
		return 0;
	if (n == 2 && name[0] == '.' && name[1] == '.') {
		if (length > 0 && strcmp(last, "..") != 0) {
			out[slash ? slash - out : 0] = '\0';
			return 0;
		}
		if (!keeps_up)
			return -EXDEV;
	}
	if (length + n + 2 > CHECKOUT_PATH_SIZE)
		return -ENAMETOOLONG;
	if (length > 0)
		out[length++] = '/';
	memcpy(out + length, name, n);
	out[length + n] = '\0';
	return 0;
}

static int join(const char *directory, size_t n_directory, const char *include, bool keeps_up,
		char *out)
{
	const char *const parts[] = {directory, include};
	const size_t sizes[] = {n_directory, strlen(include)};

	out[0] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		const char *at = parts[i], *end = at + sizes[i];

		while (at < end) {
			const char *slash = memchr(at, '/', (size_t)(end - at));
			size_t n = (size_t)((slash ? slash : end) - at);
			int r = step(out, at, n, keeps_up);

			if (r < 0)
				return r;
			at += n + (slash != NULL);
		}
	}
	return 0;
}

int claims_tree_join(const char *directory, const char *include, char *out)
{
	return include[0] == '/' ? -EXDEV
				 : join(directory, strlen(directory), include, false, out);
}

static size_t directory_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

/* How people are to see the file that `file` includes. */
static const char *show_path(const struct claims_tree *t, const struct claims_tree_file *file,
			     const char *include)
{
	char path[CHECKOUT_PATH_SIZE];

	if (join(file->path, directory_length(file->path), include, true, path) < 0)
		return arena_strdup(t->arena, include);
	return arena_printf(t->arena, "%s%s", file->path[0] == '/' ? "/" : "", path);
}

/* The checkout of the file's first file, opened when it is needed. */
static int enter_checkout(struct claims_tree *t, struct claims_tree_file *file)
{
	struct claims_tree_file *first = &t->files[file->first_file];
	char place[CHECKOUT_PATH_SIZE];
	const char *slash;
	int r;

	if (t->checkout.fd >= 0 && t->checkout_of == file->first_file)
		return 0;
	checkout_close(&t->checkout);
	r = checkout_open(first->path, &t->checkout);
	if (r < 0)
		return r;
	t->checkout_of = file->first_file;
	slash = strrchr(first->path, '/');
	r = claims_tree_join(t->checkout.place, slash ? slash + 1 : first->path, place);
	if (r == 0)
		first->place = arena_strdup(t->arena, place);
	return r < 0 ? r : first->place ? 0 : -ENOMEM;
}

static int open_include(struct claims_tree *t, unsigned int number, const char *include,
			const char **reason)
{
	struct claims_tree_file *file = &t->files[number];
	struct checkout_file opened;
	char directory[CHECKOUT_PATH_SIZE], place[CHECKOUT_PATH_SIZE];
	int r = enter_checkout(t, file);

	*reason = r < 0 ? N_("includes cannot be followed from here") : NULL;
	if (r < 0)
		return r;
	memcpy(directory, file->place, strlen(file->place) + 1);
	directory[directory_length(file->place)] = '\0';
	r = claims_tree_join(directory, include, place);
	if (r < 0 || !place[0]) {
		*reason = r == -ENAMETOOLONG ? N_("the path is too long")
					     : N_("includes stay inside the repository");
		return -EXDEV;
	}
	r = checkout_open_inside(&t->checkout, place, file->is_any_owner, &opened, reason);
	if (r < 0)
		return r;
	return add_file(t, &opened,
			(struct claims_tree_file){
				.path = show_path(t, file, include),
				.place = arena_strdup(t->arena, place),
				.level = file->level + 1,
				.first_file = file->first_file,
				.is_any_owner = file->is_any_owner,
			},
			reason);
}

/* The files that can be reached from a file over includes. */
static uint32_t reach(const struct claims_tree *t, unsigned int from)
{
	uint32_t seen = t->files[from].includes, before;

	do {
		before = seen;
		for (unsigned int i = 0; i < t->n_files; i++) {
			if (seen & 1U << i)
				seen |= t->files[i].includes;
		}
	} while (seen != before);
	return seen;
}

static void follow(struct claims_tree *t, unsigned int number, const struct claims_line *line,
		   unsigned int line_number)
{
	const char *reason = NULL;
	int r = open_include(t, number, line->include, &reason);

	if (r < 0) {
		add_fault(t, (struct claims_fault){CLAIMS_FAULT_INCLUDE, number, line_number,
						   line->column, reason});
		return;
	}
	t->files[number].includes |= 1U << r;
	if (r == (int)number || reach(t, (unsigned int)r) & 1U << number)
		add_fault(t, (struct claims_fault){CLAIMS_FAULT_CYCLE, number, line_number,
						   line->column,
						   N_("the files include each other in "
						      "a circle")});
}

/* False: no more are taken. */
static bool add_claim(struct claims_tree *t, unsigned int number, const struct claims_line *line,
		      unsigned int line_number)
{
	struct claims_tree_claim *slot;

	if (t->n_claims == CLAIMS_FILE_CLAIMS_MOST) {
		add_fault(t, (struct claims_fault){CLAIMS_FAULT_SYNTAX, number, line_number, 1,
						   N_("more than 250000 claims")});
		return false;
	}
	slot = ARENA_PUSH(t->arena, t->claims, t->n_claims, t->claims_capacity);
	if (!slot)
		return false;
	*slot = (struct claims_tree_claim){line->claim, number, line_number, line->column,
					   line->ports_column};
	slot->claim.level = t->files[number].level;
	return true;
}

/* Room for as many claims as there are lines: better than to double it again and again. */
static void make_room(struct claims_tree *t, const struct claims_tree_file *file)
{
	const char *at = file->bytes, *end = at + file->n_bytes;
	size_t n = t->n_claims + 1;
	void *grown;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL && n <=
	       CLAIMS_FILE_CLAIMS_MOST) {
		at++;
		n++;
	}
	if (n <= t->claims_capacity)
		return;
	grown = arena_grow(t->arena, t->claims, t->n_claims, n, sizeof(*t->claims));
	if (!grown)
		return;
	t->claims = grown;
	t->claims_capacity = n;
}

static void read_one(struct claims_tree *t, unsigned int number)
{
	struct claims_reader reader;
	struct claims_line line;
	bool goes_on = true;

	make_room(t, &t->files[number]);

	claims_reader_init(&reader, t->files[number].bytes, t->files[number].n_bytes, t->arena);
	while (goes_on && claims_reader_next(&reader, &line)) {
		if (line.kind == CLAIMS_LINE_INCLUDE)
			follow(t, number, &line, reader.line);
		else if (line.kind == CLAIMS_LINE_CLAIM)
			goes_on = add_claim(t, number, &line, reader.line);
	}
	for (size_t i = 0; i < reader.n_faults; i++) {
		reader.faults[i].file = number;
		add_fault(t, reader.faults[i]);
	}
}

bool claims_tree_read(struct claims_tree *t)
{
	for (unsigned int i = 0; i < t->n_files; i++) /* it grows while they are read */
		read_one(t, i);
	checkout_close(&t->checkout);
	return !arena_failed(t->arena);
}

const char *claims_tree_path(const struct claims_tree *t, unsigned int file)
{
	return file < t->n_files ? t->files[file].path : "?";
}

const char *claims_tree_source(const struct claims_tree *t, const struct claims_tree_claim *c,
			       struct arena *arena)
{
	return arena_printf(arena, "%s:%u", claims_tree_path(t, c->file), c->line);
}

/* Whether a nearer file says the same. Names that many claims share are not searched to the end. */
static bool gives_way(const struct claims *all, const struct claim *c)
{
	enum { MOST = 256 };
	const struct claim *one;
	size_t cursor = 0;

	for (unsigned int i = 0; i < MOST; i++) {
		one = claims_next_named(all, c->name, &cursor);
		if (!one)
			return false;
		if (one->level < c->level && claim_collides(one, c))
			return true;
	}
	return false;
}

bool claims_tree_gather(const struct claims_tree *t, uint16_t first, uint16_t last,
			struct claims *out)
{
	struct claims all;

	claims_init(&all, out->arena);
	for (size_t i = 0; i < t->n_claims; i++) {
		struct claim one = t->claims[i].claim;

		if (one.last < first || one.first > last)
			continue;
		one.source = claims_tree_source(t, &t->claims[i], out->arena);
		if (!one.source || !claims_add(&all, &one))
			return false;
	}
	if (!claims_finish(&all))
		return false;
	for (size_t i = 0; i < all.n; i++) {
		if (all.items[i].level > 0 && gives_way(&all, &all.items[i]))
			continue;
		if (!claims_add(out, &all.items[i]))
			return false;
	}
	return true;
}
