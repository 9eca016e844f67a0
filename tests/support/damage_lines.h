/*
 * damage_lines: a text of many entries, damaged somewhere, and which entries it left alone.
 *
 * An entry is told to be touched where the damage changed a byte of it, or of the line
 * ends around it. Entries are numbered, so that a test finds each in what was decoded.
 */
#ifndef KANSHIKI_TESTS_SUPPORT_DAMAGE_LINES_H
#define KANSHIKI_TESTS_SUPPORT_DAMAGE_LINES_H

#include <string.h>

#include "base/buf.h"

#define DAMAGE_ENTRIES 120

enum damage_kind { DAMAGE_FLIP, DAMAGE_ZEROES, DAMAGE_CUT, DAMAGE_NULS, DAMAGE_LONG, DAMAGE_LATIN, DAMAGE_WIDE,
		   DAMAGE_KINDS };

struct damaged {
	struct buf bytes;
	size_t starts[DAMAGE_ENTRIES + 1];	/* of the entries in the whole text */
	bool is_touched[DAMAGE_ENTRIES];
	uint64_t random;
};

static inline uint64_t damage_pick(struct damaged *d, uint64_t below)
{
	d->random = d->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (d->random >> 33) % below;
}

/* Everything from `start` up to `end`, with one byte more at both sides. */
static inline void damage_touch(struct damaged *d, size_t start, size_t end)
{
	for (size_t i = 0; i < DAMAGE_ENTRIES; i++)
		if (d->starts[i] <= end && d->starts[i + 1] + 1 > start)
			d->is_touched[i] = true;
}

static inline void damage_put(struct damaged *d, struct span whole, size_t at, size_t gone, struct span more)
{
	buf_clear(&d->bytes);
	buf_add(&d->bytes, span_sub(whole, 0, at));
	buf_add(&d->bytes, more);
	buf_add(&d->bytes, span_from(whole, at + gone));
	damage_touch(d, at, at + gone);
}

/* Not before `head`, which is a header that entries need. */
static inline enum damage_kind damage_make(struct damaged *d, struct span whole, size_t head)
{
	static const uint8_t nothing[512], wide[] = { 'x', 0, 'y', 0, 0xe4, 0, '\r', 0 }, latin[] = { 0xe9, 0xff, 0x80, 0xc0 };
	static uint8_t lengthy[100000];
	enum damage_kind kind = (enum damage_kind)damage_pick(d, DAMAGE_KINDS);
	size_t at = head + damage_pick(d, whole.len - head), len = 1 + damage_pick(d, sizeof nothing);
	uint8_t flipped = whole.at[at] ^ (uint8_t)(1u << damage_pick(d, 8));

	memset(d->is_touched, 0, sizeof d->is_touched);
	len = len < whole.len - at ? len : whole.len - at;
	switch (kind) {
	case DAMAGE_FLIP:
		damage_put(d, whole, at, 1, span_of(&flipped, 1));
		break;
	case DAMAGE_ZEROES:
		damage_put(d, whole, at, len, span_of(nothing, len));
		break;
	case DAMAGE_CUT:
		damage_put(d, whole, at, whole.len - at, (struct span){ 0 });
		break;
	case DAMAGE_NULS:
		damage_put(d, whole, at, 0, span_of(nothing, len % 9 + 1));
		break;
	case DAMAGE_LONG:
		memset(lengthy, 'A', sizeof lengthy);
		damage_put(d, whole, at, 0, span_of(lengthy, sizeof lengthy - len));
		break;
	case DAMAGE_LATIN:
		damage_put(d, whole, at, 0, span_of(latin, sizeof latin));
		break;
	default:
		damage_put(d, whole, at, 0, span_of(wide, sizeof wide));
	}
	return kind;
}

#endif
