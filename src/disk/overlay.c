#include "disk/overlay.h"

#include <stdlib.h>

struct overlay {
	struct blocks blocks;
	struct blocks *below;
	struct overlay_patch *patches;	/* by place, once it is read from */
	size_t count, room;
	uint32_t len;
};

struct overlay *overlay_new(struct blocks *below, uint32_t len)
{
	struct overlay *o = calloc(1, sizeof *o);

	if (o)
		*o = (struct overlay){ .below = below, .len = len };
	return o;
}

bool overlay_add(struct overlay *o, uint64_t at, uint64_t from, const uint8_t *head)
{
	struct overlay_patch *p;

	if (o->count == o->room) {
		size_t room = o->room ? o->room * 2 : 64;
		struct overlay_patch *more = room <= OVERLAY_MOST ? realloc(o->patches, room * sizeof *more) : NULL;

		if (!more)
			return false;
		o->patches = more;
		o->room = room;
	}
	p = &o->patches[o->count];
	*p = (struct overlay_patch){ .at = at, .from = from, .len = o->len, .order = (uint32_t)o->count, .has_head = head };
	if (head)
		memcpy(p->head, head, sizeof p->head);
	o->count++;
	return true;
}

size_t overlay_count(const struct overlay *o)
{
	return o->count;
}

static int by_place(const void *left, const void *right)
{
	const struct overlay_patch *a = left, *b = right;

	return a->at != b->at ? (a->at > b->at) - (a->at < b->at) : (a->order > b->order) - (a->order < b->order);
}

/* Of each place the last. */
static void sort_patches(struct overlay *o)
{
	size_t kept = 0;

	if (o->count)
		qsort(o->patches, o->count, sizeof *o->patches, by_place);
	for (size_t i = 0; i < o->count; i++)
		if (i + 1 == o->count || o->patches[i + 1].at != o->patches[i].at)
			o->patches[kept++] = o->patches[i];
	o->count = kept;
}

/* The first that ends behind `at`. */
static size_t first_behind(const struct overlay *o, uint64_t at)
{
	size_t low = 0, high = o->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (o->patches[middle].at + o->len <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool read_patch(struct overlay *o, const struct overlay_patch *p, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	uint64_t inside = at - p->at;

	if (!blocks_read_all(o->below, p->from + inside, to, len, err))
		return false;
	for (uint64_t i = inside; p->has_head && i < sizeof p->head && i - inside < len; i++)
		to[i - inside] = p->head[i];
	return true;
}

static bool read_overlay(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct overlay *o = (struct overlay *)b;

	for (size_t i = first_behind(o, at); len; ) {
		const struct overlay_patch *p = i < o->count ? &o->patches[i] : NULL;
		bool is_inside = p && p->at <= at;
		uint64_t until = !p ? at + len : is_inside ? p->at + o->len : p->at;
		size_t piece = until - at < len ? (size_t)(until - at) : len;

		if (!(is_inside ? read_patch(o, p, at, to, piece, err) : blocks_read_all(o->below, at, to, piece, err)))
			return false;
		i += is_inside;
		at += piece;
		to += piece;
		len -= piece;
	}
	return true;
}

/* A hole below may be filled here. */
static uint64_t data_of_overlay(struct blocks *b, uint64_t at)
{
	struct overlay *o = (struct overlay *)b;
	size_t i = first_behind(o, at);
	uint64_t data = blocks_data_from(o->below, at);

	return i < o->count && o->patches[i].at < data ? (o->patches[i].at > at ? o->patches[i].at : at) : data;
}

static void close_overlay(struct blocks *b)
{
	overlay_free((struct overlay *)b);
}

struct blocks *overlay_blocks(struct overlay *o)
{
	sort_patches(o);
	o->blocks = (struct blocks){ .size = o->below->size, .read = read_overlay, .data_from = data_of_overlay,
				     .close = close_overlay, .budget = o->below->budget };
	return &o->blocks;
}

void overlay_free(struct overlay *o)
{
	if (o)
		free(o->patches);
	free(o);
}
