#include "disk/patched.h"

#include <stdlib.h>

#include "base/buf.h"

struct patch {
	uint64_t at;
	size_t len;
	const uint8_t *bytes;
};

struct patched {
	struct blocks blocks;
	struct blocks *below;
	struct arena arena;
	struct patch *patches;
	size_t count, room;
};

static void apply(const struct patch *p, uint64_t at, uint8_t *to, size_t len)
{
	uint64_t from = p->at > at ? p->at : at, end = p->at + p->len < at + len ? p->at + p->len : at + len;

	if (from < end)
		memcpy(to + (from - at), p->bytes + (from - p->at), (size_t)(end - from));
}

static bool read_patched(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	const struct patched *p = (const struct patched *)b;
	uint64_t there = at < p->below->size ? p->below->size - at : 0;
	size_t first = there < len ? (size_t)there : len;

	if (first && !blocks_read_all(p->below, at, to, first, err))
		return false;
	memset(to + first, 0xff, len - first);
	for (size_t i = 0; i < p->count; i++)
		apply(&p->patches[i], at, to, len);
	return true;
}

/* What is replaced may stand in a hole. */
static uint64_t data_of_patched(struct blocks *b, uint64_t at)
{
	const struct patched *p = (const struct patched *)b;
	uint64_t data = at < p->below->size ? blocks_data_from(p->below, at) : at;

	for (size_t i = 0; i < p->count; i++)
		if (p->patches[i].at < data && p->patches[i].at + p->patches[i].len > at)
			data = p->patches[i].at > at ? p->patches[i].at : at;
	return data;
}

static void close_patched(struct blocks *b)
{
	struct patched *p = (struct patched *)b;

	arena_free(&p->arena);
	free(p);
}

struct patched *patched_new(struct blocks *below, uint64_t more)
{
	struct patched *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->below = below;
	p->arena = arena_new((size_t)64 << 20);
	p->blocks = (struct blocks){ .size = below->size + more, .read = read_patched, .data_from = data_of_patched,
				     .close = close_patched, .budget = below->budget };
	return p;
}

bool patched_add(struct patched *p, uint64_t at, struct span bytes)
{
	struct patch *next;
	uint8_t *copy;

	if (p->count == PATCHED_MOST || at > p->blocks.size || bytes.len > p->blocks.size - at)
		return false;
	copy = ARENA_ARRAY(&p->arena, bytes.len, uint8_t);
	next = copy ? arena_push(&p->arena, (void **)&p->patches, &p->count, &p->room, sizeof *next) : NULL;
	if (!next)
		return false;
	memcpy(copy, bytes.at, bytes.len);
	*next = (struct patch){ at, bytes.len, copy };
	return true;
}

size_t patched_count(const struct patched *p)
{
	return p->count;
}

struct blocks *patched_blocks(struct patched *p)
{
	return &p->blocks;
}
