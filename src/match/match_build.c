#include "match/match_db.h"
#include "match/rarity.h"

#include <stdlib.h>

#define CHOICES_MAX 256		/* ways one window may look: four letters without case are 16 */
#define SHORT_CHOICES 4		/* of a literal of three bytes: each takes 256 windows */
#define TEMPORARY_MAX ((size_t)1 << 30)
#define LONG_COST_MOST 0.0002	/* a literal seen more often is not looked for by long windows */
#define NIBBLES_MOST 512	/* literals, and windows, that may be few enough for match_nibbles */
#define FEW_WINDOWS 4096
#define FILTER_BITS_EACH 40	/* bits of the filter for a window: one place in 400 passes wrongly */
#define FILTER_BITS_LEAST 15
#define FILTER_BITS_MOST 22	/* 512 KiB: what a processor's second cache holds */

struct window {
	uint32_t hash;
	uint32_t literal;
	uint32_t at;
	uint32_t key;		/* the bytes, of windows that are not long */
};

struct windows {
	struct window *items;
	size_t count, room;
};

struct builder {
	struct arena *arena, heap;
	struct match_text *texts;
	size_t count;
	struct windows long_ones, wide, pairs;
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

static bool add_window(struct builder *b, struct windows *to, struct window window)
{
	struct window *w = arena_push(&b->heap, (void **)&to->items, &to->count, &to->room,
				      sizeof *w);

	if (w)
		*w = window;
	return w;
}

/* Adds every way the window may look: steps through the bits that the mask leaves free. */
static bool add_windows(struct builder *b, struct windows *to, uint32_t literal, uint32_t at,
			uint32_t value, uint32_t mask, uint32_t whole)
{
	uint32_t free_bits = ~mask & whole, sub = 0;

	do {
		uint32_t key = (value & mask) | sub;

		if (!add_window(b, to, (struct window){ match_hash(key), literal, at, key }))
			return false;
		sub = (sub - free_bits) & free_bits;
	} while (sub);
	return true;
}

/* Whether but for letters' case it is one byte over and over: spaces, zeros, rulers. */
static bool is_run(const uint8_t *bytes)
{
	for (size_t i = 1; i < MATCH_LONG; i++)
		if ((bytes[i] ^ bytes[0]) & (uint8_t)MATCH_FOLD)
			return false;
	return true;
}

/* How often one of the long windows that begin at each place of a stride would be seen. */
static double long_cost(const uint8_t *bytes)
{
	double cost = 0;

	for (size_t i = 0; i < MATCH_STRIDE; i++)
		cost += is_run(bytes + i) ? 1 : rarity_of(bytes + i, NULL, MATCH_LONG);
	return cost / MATCH_STRIDE;
}

/* Where a part begins whose long windows are rare and definite but for case, or SIZE_MAX. */
static size_t best_core(const struct match_text *t)
{
	size_t best = SIZE_MAX, definite = 0;
	double least = LONG_COST_MOST;

	for (size_t i = 0; i < t->len; i++) {
		double cost;

		definite = (t->mask[i] | (uint8_t)~MATCH_FOLD) == 0xff ? definite + 1 : 0;
		if (definite < MATCH_CORE)
			continue;
		cost = long_cost(t->bytes + i + 1 - MATCH_CORE);
		if (cost >= least)
			continue;
		least = cost;
		best = i + 1 - MATCH_CORE;
	}
	return best;
}

static bool add_long(struct builder *b, uint32_t index, size_t at)
{
	const struct match_text *t = &b->texts[index];

	for (size_t i = at; i < at + MATCH_STRIDE; i++) {
		uint8_t rest[4] = { 0 };

		memcpy(rest, t->bytes + i + 4, MATCH_LONG - 4);
		if (!add_window(b, &b->long_ones, (struct window){
				.hash = match_hash_long(load_u32le(t->bytes + i), load_u32le(rest)),
				.literal = index, .at = (uint32_t)i }))
			return false;
	}
	return true;
}

static bool add_short(struct builder *b, uint32_t index)
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

static bool add_all(struct builder *b, bool long_ones)
{
	for (size_t i = 0; i < b->count; i++) {
		size_t core = long_ones ? best_core(&b->texts[i]) : SIZE_MAX;

		if (!(core != SIZE_MAX ? add_long(b, (uint32_t)i, core) : add_short(b, (uint32_t)i)))
			return false;
	}
	return true;
}

static int by_hash(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->literal != y->literal)
		return x->literal < y->literal ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static struct match_entry entry_of(const struct match_text *t, const struct window *w)
{
	struct match_entry e = { .literal = w->literal, .window = w->at,
				 .hash = w->hash };
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

static uint32_t log2_over(size_t n, uint32_t least, uint32_t most)
{
	uint32_t bits = least;

	while (bits < most && ((size_t)1 << bits) < n)
		bits++;
	return bits;
}

static size_t count_distinct(const struct windows *w)
{
	size_t distinct = 0;

	for (size_t i = 0; i < w->count; i++)
		distinct += !i || w->items[i].hash != w->items[i - 1].hash;
	return distinct;
}

/* Few windows in all: by halves of bytes. False: they would not be told apart so. */
static bool build_nibbles(struct builder *b, struct match_table *to)
{
	struct match_nibbles *nibbles = ARENA_NEW(b->arena, struct match_nibbles);
	uint32_t *keys = ARENA_ARRAY(&b->heap, b->wide.count, uint32_t);
	size_t count = 0;

	for (size_t i = 0; keys && i < b->wide.count; i++)
		if (!i || b->wide.items[i].key != b->wide.items[i - 1].key)
			keys[count++] = b->wide.items[i].key;
	if (!nibbles || !count || !match_nibbles_build(nibbles, keys, count))
		return false;
	to->nibbles = nibbles;
	return true;
}

/* Sorted by hash, windows of a bucket are beside each other, and so are those of a word of the filter. */
static bool build_table(struct builder *b, const struct windows *from, struct match_table *to)
{
	struct match_entry *entries = ARENA_ARRAY(b->arena, from->count, struct match_entry);
	uint32_t *filter, *starts;
	size_t distinct = count_distinct(from), next = 0;

	if (!from->count)
		return true;
	to->bits = log2_over(distinct * FILTER_BITS_EACH, FILTER_BITS_LEAST, FILTER_BITS_MOST);
	to->bucket_bits = log2_over(distinct, MATCH_BUCKETS_LEAST, 31);
	filter = ARENA_ARRAY(b->arena, ((size_t)1 << to->bits) / 32, uint32_t);
	starts = ARENA_ARRAY(b->arena, ((size_t)1 << to->bucket_bits) + 1, uint32_t);
	if (!entries || !filter || !starts)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		const struct window *w = &from->items[i];

		entries[i] = entry_of(&b->texts[w->literal], w);
		filter[match_filter_word(to, w->hash)] |= match_filter_bits(to, w->hash);
		while (next <= match_bucket(to, w->hash))
			starts[next++] = (uint32_t)i;
	}
	while (next <= (size_t)1 << to->bucket_bits)
		starts[next++] = (uint32_t)from->count;
	to->filter = filter;
	to->starts = starts;
	to->entries = entries;
	return true;
}

static void sort_windows(struct windows *w)
{
	if (w->count)
		qsort(w->items, w->count, sizeof *w->items, by_hash);
}

static bool choose_windows(struct builder *b, struct match_table *wide)
{
	if (b->count <= NIBBLES_MOST) {
		if (!add_all(b, false))
			return false;
		sort_windows(&b->wide);
		if (b->wide.count <= FEW_WINDOWS && build_nibbles(b, wide)) {
			sort_windows(&b->pairs);
			return true;
		}
		b->wide.count = b->pairs.count = 0;
	}
	if (!add_all(b, true))
		return false;
	sort_windows(&b->long_ones);
	sort_windows(&b->wide);
	sort_windows(&b->pairs);
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
		if (!add_text(b, &literals[i]))
			goto full;
	}
	db->count = count;
	db->texts = b->texts;
	if (!choose_windows(b, &db->wide) || !build_table(b, &b->long_ones, &db->long_ones) ||
	    !build_table(b, &b->wide, &db->wide) || !build_table(b, &b->pairs, &db->pairs))
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
