#include "match/match_db.h"
#include "match/rarity.h"

#include <stdlib.h>

#define CHOICES_MAX 256		/* ways one window may look: four letters without case are 16 */
#define SHORT_CHOICES 4		/* of a literal of three bytes: each takes 256 windows */
#define TEMPORARY_MAX ((size_t)1 << 30)

struct window {
	uint32_t key;
	uint32_t literal;
	uint32_t at;
};

struct windows {
	struct window *items;
	size_t count, room;
};

struct builder {
	struct arena *arena, heap;
	struct match_text *texts;
	size_t count;
	struct windows wide, pairs;
};

static bool is_letter(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26;
}

static bool add_text(struct builder *b, const struct match_literal *from)
{
	struct match_text *to = &b->texts[b->count++];
	uint8_t *bytes = arena_alloc(b->arena, 2 * from->bytes.len);

	if (!bytes)
		return false;
	*to = (struct match_text){ bytes, bytes + from->bytes.len, (uint32_t)from->bytes.len,
				   from->id };
	for (size_t i = 0; i < from->bytes.len; i++) {
		uint8_t mask = from->mask.len ? from->mask.at[i] : 0xff;

		if ((from->flags & MATCH_NOCASE) && mask == 0xff && is_letter(from->bytes.at[i]))
			mask = 0xdf;
		bytes[i] = from->bytes.at[i] & mask;
		bytes[from->bytes.len + i] = mask;
	}
	return true;
}

static size_t choice_count(const uint8_t *mask, size_t len)
{
	size_t bits = 0;

	for (size_t i = 0; i < len; i++)
		bits += 8 - (size_t)__builtin_popcount(mask[i]);
	return bits > 20 ? SIZE_MAX : (size_t)1 << bits;
}

/* Where the rarest window of `len` bytes stands, or SIZE_MAX if none is definite enough. */
static size_t best_window(const uint8_t *bytes, const uint8_t *mask, size_t total, size_t len,
			  double *cost)
{
	size_t best = SIZE_MAX;

	*cost = 2;
	for (size_t at = 0; at + len <= total; at++) {
		double chance;

		if (choice_count(mask + at, len) > CHOICES_MAX)
			continue;
		chance = rarity_of(bytes + at, mask + at, len);
		if (chance < *cost) {
			*cost = chance;
			best = at;
		}
	}
	return best;
}

/* Adds every way the window may look: steps through the bits that the mask leaves free. */
static bool add_windows(struct builder *b, struct windows *to, uint32_t literal, uint32_t at,
			uint32_t value, uint32_t mask, uint32_t whole)
{
	uint32_t free_bits = ~mask & whole, sub = 0;

	do {
		struct window *w = arena_push(&b->heap, (void **)&to->items, &to->count, &to->room,
					      sizeof *w);

		if (!w)
			return false;
		*w = (struct window){ (value & mask) | sub, literal, at };
		sub = (sub - free_bits) & free_bits;
	} while (sub);
	return true;
}

static bool add_literal(struct builder *b, uint32_t index)
{
	const struct match_text *t = &b->texts[index];
	uint8_t bytes[MATCH_WINDOW] = { 0 }, mask[MATCH_WINDOW] = { 0 };
	double cost;
	size_t at;

	if (t->len == MATCH_WINDOW - 1 && choice_count(t->mask, t->len) <= SHORT_CHOICES) {
		memcpy(bytes, t->bytes, t->len);
		memcpy(mask, t->mask, t->len);
		return add_windows(b, &b->wide, index, 0, load_u32le(bytes), load_u32le(mask),
				   UINT32_MAX);
	}
	at = best_window(t->bytes, t->mask, t->len, MATCH_WINDOW, &cost);
	if (at != SIZE_MAX)
		return add_windows(b, &b->wide, index, (uint32_t)at, load_u32le(t->bytes + at),
				   load_u32le(t->mask + at), UINT32_MAX);
	at = best_window(t->bytes, t->mask, t->len, 2, &cost);
	if (at == SIZE_MAX)
		at = best_window(t->bytes, t->mask, t->len, 1, &cost);
	memcpy(bytes, t->bytes + at, t->len - at < 2 ? t->len - at : 2);
	memcpy(mask, t->mask + at, t->len - at < 2 ? t->len - at : 2);
	return add_windows(b, &b->pairs, index, (uint32_t)at, load_u16le(bytes), load_u16le(mask),
			   UINT16_MAX);
}

static int by_key(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->literal < y->literal ? -1 : x->literal > y->literal;
}

static struct match_entry entry_of(const struct match_text *t, const struct window *w)
{
	struct match_entry e = { .literal = w->literal, .window = w->at };
	uint8_t bytes[8] = { 0 }, mask[8] = { 0 };
	size_t len = t->len < 8 ? t->len : 8;

	if (t->len > 8)
		e.check = w->at < 2 ? 0 : w->at - 2;
	if (t->len > 8 && e.check > t->len - 8)
		e.check = t->len - 8;
	memcpy(bytes, t->bytes + e.check, len);
	memcpy(mask, t->mask + e.check, len);
	memcpy(&e.value, bytes, 8);
	memcpy(&e.mask, mask, 8);
	return e;
}

static void put_key(const struct match_table *table, struct match_key *keys, struct match_key key)
{
	uint32_t at = match_slot(table, key.window);

	while (keys[at].count)
		at = (at + 1) & (table->slots - 1);
	keys[at] = key;
}

static uint32_t log2_over(size_t n, uint32_t least, uint32_t most)
{
	uint32_t bits = least;

	while (bits < most && ((size_t)1 << bits) < n)
		bits++;
	return bits;
}

/* False: no memory. Few windows only; a table of pairs has none. */
static bool build_nibbles(struct builder *b, const struct windows *from, size_t distinct,
			  struct match_table *to)
{
	struct match_nibbles *nibbles = ARENA_NEW(b->arena, struct match_nibbles);
	uint32_t *keys = ARENA_ARRAY(&b->heap, distinct, uint32_t);
	size_t count = 0;

	if (!nibbles || !keys)
		return false;
	for (size_t i = 0; i < from->count; i++)
		if (!i || from->items[i].key != from->items[i - 1].key)
			keys[count++] = from->items[i].key;
	if (match_nibbles_build(nibbles, keys, count))
		to->nibbles = nibbles;
	return true;
}

static bool build_table(struct builder *b, struct windows *from, uint32_t bits,
			struct match_table *to)
{
	struct match_entry *entries = ARENA_ARRAY(b->arena, from->count, struct match_entry);
	struct match_key *keys;
	uint64_t *bitmap;
	size_t distinct = 0, n;

	if (!from->count)
		return true;
	qsort(from->items, from->count, sizeof *from->items, by_key);
	for (size_t i = 0; i < from->count; i++)
		distinct += !i || from->items[i].key != from->items[i - 1].key;
	to->bits = bits ? bits : log2_over(distinct * 64, 15, 22);
	to->slots = (uint32_t)1 << log2_over(distinct * 2, 4, 31);
	keys = ARENA_ARRAY(b->arena, to->slots, struct match_key);
	bitmap = ARENA_ARRAY(b->arena, ((size_t)1 << to->bits) / 64, uint64_t);
	if (!entries || !keys || !bitmap || (!bits && !build_nibbles(b, from, distinct, to)))
		return false;
	for (size_t i = 0; i < from->count; i += n) {
		uint32_t key = from->items[i].key;
		uint32_t bit = bits ? key : match_hash(key, to->bits);

		for (n = 0; i + n < from->count && from->items[i + n].key == key; n++)
			entries[i + n] = entry_of(&b->texts[from->items[i + n].literal],
						  &from->items[i + n]);
		bitmap[bit / 64] |= UINT64_C(1) << bit % 64;
		put_key(to, keys, (struct match_key){ key, (uint32_t)i, (uint32_t)n });
	}
	to->bitmap = bitmap;
	to->keys = keys;
	to->entries = entries;
	return true;
}

static bool is_usable(const struct match_literal *literal)
{
	uint8_t bits = literal->mask.len ? 0 : 0xff;

	if (!literal->bytes.len || literal->bytes.len > UINT32_MAX / 4)
		return false;
	if (literal->mask.len && literal->mask.len != literal->bytes.len)
		return false;
	for (size_t i = 0; i < literal->mask.len; i++)
		bits |= literal->mask.at[i];
	return bits != 0;
}

static bool build(struct builder *b, const struct match_literal *literals, size_t count,
		  struct match_db **out, struct err *err)
{
	struct match_db *db = ARENA_NEW(b->arena, struct match_db);

	b->texts = ARENA_ARRAY(b->arena, count, struct match_text);
	if (!db || !b->texts)
		goto full;
	for (size_t i = 0; i < count; i++) {
		if (!is_usable(&literals[i]))
			return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "literal %zu is empty", i);
		if (!add_text(b, &literals[i]) || !add_literal(b, (uint32_t)i))
			goto full;
	}
	db->count = count;
	db->texts = b->texts;
	if (!build_table(b, &b->wide, 0, &db->wide) || !build_table(b, &b->pairs, 16, &db->pairs))
		goto full;
	*out = db;
	return true;
full:
	return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for %zu literals", count);
}

bool match_db_build(struct arena *arena, const struct match_literal *literals, size_t count,
		    struct match_db **out, struct err *err)
{
	struct builder b = { .arena = arena, .heap = arena_new(TEMPORARY_MAX) };
	bool done;

	if (count > MATCH_LITERALS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "%zu literals are too many", count);
	done = build(&b, literals, count, out, err);
	arena_free(&b.heap);
	return done;
}

size_t match_db_count(const struct match_db *db)
{
	return db->count;
}

double match_cost(struct span bytes, struct span mask, size_t *window)
{
	uint8_t whole[256];
	const uint8_t *bits = mask.len ? mask.at : whole;
	size_t len = bytes.len > sizeof whole ? sizeof whole : bytes.len;
	double cost;

	memset(whole, 0xff, sizeof whole);
	*window = 0;
	if (len == MATCH_WINDOW - 1 && choice_count(bits, len) <= SHORT_CHOICES)
		return rarity_of(bytes.at, bits, len);
	*window = best_window(bytes.at, bits, len, MATCH_WINDOW, &cost);
	if (*window != SIZE_MAX)
		return cost;
	*window = 0;
	return MATCH_SECOND_PASS;
}
