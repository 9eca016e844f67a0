#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_SIZE ((size_t)64 << 10)
/* Blocks grow up to this. From here on they come from the system, zero and untouched until they are used. */
#define BLOCK_LARGE ((size_t)4 << 20)
#define ALIGNMENT 16

struct arena_block {
	struct arena_block *next;
	size_t size;			/* of data */
	_Alignas(ALIGNMENT) uint8_t data[];
};

struct arena arena_new(size_t limit)
{
	return (struct arena){ .limit = limit };
}

struct arena arena_fixed(void *memory, size_t len)
{
	return (struct arena){ .at = memory, .end = (uint8_t *)memory + len,
			       .limit = len, .fixed = true };
}

void arena_free(struct arena *a)
{
	struct arena_block *next;

	if (!a)
		return;
	for (struct arena_block *block = a->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	*a = (struct arena){ .limit = a->limit };
}

static void use_block(struct arena *a, struct arena_block *block, bool is_clean)
{
	a->at = block->data;
	a->end = block->data + block->size;
	a->is_clean = is_clean;
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->blocks, *next;

	a->used = 0;
	a->exhausted = false;
	if (!keep)
		return;
	for (struct arena_block *block = keep->next; block; block = next) {
		next = block->next;
		if (block->size > keep->size) {
			free(keep);
			keep = block;
		} else {
			free(block);
		}
	}
	keep->next = NULL;
	a->blocks = keep;
	use_block(a, keep, false);
}

static size_t room_of_next(const struct arena *a)
{
	if (!a->blocks)
		return BLOCK_SIZE;
	return a->blocks->size < BLOCK_LARGE ? a->blocks->size * 2 : a->blocks->size;
}

static bool add_block(struct arena *a, size_t size)
{
	size_t room = room_of_next(a);
	struct arena_block *block;
	bool is_large;

	if (room < size)
		room = size;
	is_large = room >= BLOCK_LARGE;
	block = is_large ? calloc(1, sizeof *block + room) : malloc(sizeof *block + room);
	if (!block)
		return false;
	block->size = room;
	block->next = a->blocks;
	a->blocks = block;
	use_block(a, block, is_large);
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	uint8_t *got;

	if (rounded < size || rounded > a->limit - a->used)
		return a->exhausted = true, NULL;
	if (!a->at || rounded > (size_t)(a->end - a->at)) {
		if (a->fixed || !add_block(a, rounded))
			return a->exhausted = true, NULL;
	}
	got = a->at;
	a->at += rounded;
	a->used += rounded;
	return a->is_clean ? got : memset(got, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return a->exhausted = true, NULL;
	return arena_alloc(a, total);
}

struct span arena_copy(struct arena *a, struct span s)
{
	uint8_t *to = s.len == SIZE_MAX ? NULL : arena_alloc(a, s.len + 1);

	if (!to)
		return (struct span){ 0 };
	if (s.len)
		memcpy(to, s.at, s.len);
	return (struct span){ to, s.len };
}

char *arena_text(struct arena *a, struct span s)
{
	return (char *)(uintptr_t)arena_copy(a, s).at;
}

struct span arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	char *to;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	to = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
	if (to)
		vsnprintf(to, (size_t)len + 1, format, again);
	va_end(again);
	return to ? span_of(to, (size_t)len) : (struct span){ 0 };
}

void *arena_push(struct arena *a, void **items, size_t *count, size_t *room, size_t size)
{
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 8;
		void *grown = arena_array(a, more, size);

		if (!grown)
			return NULL;
		if (*count)
			memcpy(grown, *items, *count * size);
		*items = grown;
		*room = more;
	}
	return (uint8_t *)*items + (*count)++ * size;
}
