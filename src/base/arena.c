#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 16 * 1024, LARGEST_BLOCK = 1024 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of data[] */
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

void arena_fini(struct arena *a)
{
	if (!a)
		return;
	for (struct arena_block *block = a->newest; block;) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
	arena_init(a);
}

static struct arena_block *add_block(struct arena *a, size_t need)
{
	size_t size = a->newest ? MIN_OF(a->newest->size * 2, LARGEST_BLOCK) : FIRST_BLOCK;
	struct arena_block *block;

	size = MAX_OF(size, need);
	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = calloc(1, sizeof(*block) + size); /* zeros of the kernel's are for nothing */
	if (!block)
		return NULL;
	block->older = a->newest;
	block->size = size;
	block->used = 0;
	a->newest = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = a->newest;
	void *memory;

	if (size > SIZE_MAX - align) {
		a->has_failed = true;
		return NULL;
	}
	size = MAX_OF(size, 1);
	size = (size + align - 1) & ~(align - 1);
	if (!block || block->size - block->used < size)
		block = add_block(a, size);
	if (!block) {
		a->has_failed = true;
		return NULL;
	}
	memory = block->data + block->used;
	block->used += size;
	a->n_bytes += size;
	return memory;
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total)) {
		a->has_failed = true;
		return NULL;
	}
	return arena_alloc(a, total);
}

void *arena_grow(struct arena *a, const void *old, size_t n_old, size_t n_new, size_t size)
{
	void *grown = arena_calloc(a, n_new, size);

	if (grown && old && n_old > 0)
		memcpy(grown, old, MIN_OF(n_old, n_new) * size);
	return grown;
}

void *arena_push_grow(struct arena *a, const void *old, size_t n, size_t *capacity, size_t size)
{
	size_t wider = *capacity ? *capacity : 4;
	void *grown = NULL;

	if (!__builtin_mul_overflow(wider, 2, &wider))
		grown = arena_grow(a, old, n, wider, size);
	*capacity = grown ? wider : 0;
	return grown;
}

char *arena_strndup(struct arena *a, const char *text, size_t n)
{
	size_t length;
	char *copy;

	if (!text)
		return NULL;
	length = strnlen(text, n);
	copy = arena_alloc(a, length + 1);
	return copy ? memcpy(copy, text, length) : NULL;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return text ? arena_strndup(a, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args, again;
	char *text = NULL;
	int length;

	va_start(args, fmt);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, args);
	if (length >= 0)
		text = arena_alloc(a, (size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, fmt, again);
	va_end(again);
	va_end(args);
	return text;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){
		.block = a->newest,
		.used = a->newest ? a->newest->used : 0,
		.n_bytes = a->n_bytes,
	};
}

void arena_reset(struct arena *a, struct arena_mark mark)
{
	while (a->newest && a->newest != mark.block) {
		struct arena_block *older = a->newest->older;

		free(a->newest);
		a->newest = older;
	}
	if (a->newest) { /* what is given out next has to be zero again */
		memset(a->newest->data + mark.used, 0, a->newest->used - mark.used);
		a->newest->used = mark.used;
	}
	a->n_bytes = mark.n_bytes;
}

bool arena_failed(const struct arena *a)
{
	return a->has_failed;
}
