#include "match/match_db.h"

struct scan {
	const struct match_db *db;
	struct span data;
	match_fn *found;
	void *context;
	bool stop;
};

static bool equal_under(const uint8_t *data, const struct match_text *t)
{
	for (size_t i = 0; i < t->len; i++) {
		if ((data[i] & t->mask[i]) != t->bytes[i])
			return false;
	}
	return true;
}

static bool entry_holds(const struct scan *s, const struct match_entry *e, size_t start)
{
	const struct match_text *t = &s->db->texts[e->literal];
	size_t at = start + e->check;
	uint64_t word;

	if (s->data.len - at >= sizeof word) {
		memcpy(&word, s->data.at + at, sizeof word);
		if ((word & e->mask) != e->value)
			return false;
	}
	if (s->data.len - start < t->len)
		return false;
	return (t->len <= sizeof word && s->data.len - at >= sizeof word) ||
	       equal_under(s->data.at + start, t);
}

static __attribute__((noinline)) void look_closer(struct scan *s, const struct match_table *table,
						  uint32_t window, size_t at)
{
	uint32_t slot = match_hash(window, 32) & (table->slots - 1);
	const struct match_key *key;

	for (;; slot = (slot + 1) & (table->slots - 1)) {
		key = &table->keys[slot];
		if (!key->count)
			return;
		if (key->window == window)
			break;
	}
	for (uint32_t i = 0; i < key->count && !s->stop; i++) {
		const struct match_entry *e = &table->entries[key->first + i];

		if (at >= e->window && entry_holds(s, e, at - e->window)) {
			const struct match_text *t = &s->db->texts[e->literal];

			s->stop = !s->found(s->context, t->id, at - e->window,
					    at - e->window + t->len);
		}
	}
}

static inline bool is_set(const uint64_t *bitmap, uint32_t bit)
{
	return bitmap[bit / 64] >> bit % 64 & 1;
}

/* Eight places at a time: one branch for all, since a set bit is rare. */
static size_t scan_bulk(struct scan *s, const struct match_table *table)
{
	const uint8_t *bitmap = (const uint8_t *)table->bitmap;
	const uint8_t *data = s->data.at;
	const uint32_t shift = 32 - table->bits;
	size_t at = 0;

	for (; s->data.len - at >= 16 && !s->stop; at += 8) {
		uint32_t hits = 0;
		uint64_t low = load_u64le(data + at), high = load_u64le(data + at + 4);

#pragma GCC unroll 8
		for (uint32_t i = 0; i < 8; i++) {
			uint32_t window = (uint32_t)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));
			uint32_t bit = window * UINT32_C(0x9e3779b1) >> shift;

			hits |= (uint32_t)(bitmap[bit / 8] >> bit % 8 & 1) << i;
		}
		for (; __builtin_expect(hits, 0) && !s->stop; hits &= hits - 1) {
			size_t here = at + (size_t)__builtin_ctz(hits);

			look_closer(s, table, load_u32le(data + here), here);
		}
	}
	return at;
}

static void scan_windows(struct scan *s)
{
	const struct match_table *table = &s->db->wide;
	size_t at = scan_bulk(s, table);

	for (; at < s->data.len && !s->stop; at++) {
		uint8_t last[MATCH_WINDOW] = { 0 };
		struct span rest = span_sub(s->data, at, MATCH_WINDOW);
		uint32_t window;

		memcpy(last, rest.at, rest.len);
		window = load_u32le(last);
		if (is_set(table->bitmap, match_hash(window, table->bits)))
			look_closer(s, table, window, at);
	}
}

static void scan_pairs(struct scan *s)
{
	const struct match_table *table = &s->db->pairs;

	for (size_t at = 0; at < s->data.len && !s->stop; at++) {
		uint32_t next = at + 1 < s->data.len ? s->data.at[at + 1] : 0;
		uint32_t pair = s->data.at[at] | next << 8;

		if (is_set(table->bitmap, pair))
			look_closer(s, table, pair, at);
	}
}

void match_scan(const struct match_db *db, struct span data, match_fn *found, void *context)
{
	struct scan s = { db, data, found, context, false };

	if (db->wide.bitmap)
		scan_windows(&s);
	if (db->pairs.bitmap)
		scan_pairs(&s);
}
