#include "disk/ext_journal.h"

#include "base/map.h"
#include "codec/crc32.h"
#include "disk/ext.h"
#include "disk/ext_fast.h"
#include "disk/overlay.h"

#include <stdio.h>
#include <stdlib.h>

#define COMPAT_HAS_JOURNAL 4
#define INCOMPAT_RECOVER 4
#define MAGIC 0xc03b3998u
#define DESCRIPTOR 1
#define COMMIT 2
#define REVOKE 5
#define HEADER 12
#define TAIL 4
#define INCOMPAT_64BIT 2
#define INCOMPAT_CSUM_V2 8
#define INCOMPAT_CSUM_V3 16
#define INCOMPAT_FAST_COMMIT 32
#define INCOMPAT_KNOWN 0x3f
#define FAST_BLOCKS 256
#define TAG_ESCAPED 1
#define TAG_SAME_UUID 2
#define TAG_LAST 8
#define RUNS_MOST ((size_t)1 << 20)
#define REVOKES_BYTES ((size_t)256 << 20)

struct run {
	uint64_t logical, physical, count;
};

struct journal {
	const struct ext *e;
	struct run *runs;		/* of the journal's file, in order */
	size_t run_count, run_room;
	uint32_t first, last, start, sequence;
	uint32_t features, seed;
	uint32_t fast_blocks;		/* behind the last, for fast commits */
	struct arena arena;
	struct map revoked;		/* number of a block to the last transaction that took it back */
	struct buf block, data;
	struct overlay *o;
	struct ext_journal *told;
};

enum pass { PASS_SCAN, PASS_REVOKE, PASS_REPLAY };

/* ---- checksums ---- */

static bool has_checksums(const struct journal *j)
{
	return j->features & (INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3);
}

/* Of a block in which the checksum itself stands at `at`, counted as zero. */
static bool is_sum_right(const struct journal *j, size_t at)
{
	static const uint8_t zeros[4];
	struct span block = buf_span(&j->block);
	uint32_t sum = crc32c_add(j->seed, span_sub(block, 0, at));

	sum = crc32c_add(sum, span_of(zeros, sizeof zeros));
	sum = crc32c_add(sum, span_from(block, at + 4));
	return !has_checksums(j) || sum == load_u32be(block.at + at);
}

/* ---- where the journal lies ---- */

static bool take_run(void *context, uint64_t logical, uint64_t physical, uint64_t count)
{
	struct journal *j = context;
	struct run *last = j->run_count ? &j->runs[j->run_count - 1] : NULL;

	if (last && last->logical + last->count == logical && last->physical + last->count == physical) {
		last->count += count;
		return true;
	}
	if (j->run_count == j->run_room) {
		size_t room = j->run_room ? j->run_room * 2 : 64;
		struct run *more = room <= RUNS_MOST ? realloc(j->runs, room * sizeof *more) : NULL;

		if (!more)
			return false;
		j->runs = more;
		j->run_room = room;
	}
	j->runs[j->run_count++] = (struct run){ logical, physical, count };
	return true;
}

/* In bytes; 0: the file has a hole there. */
static uint64_t place_of(const struct journal *j, uint32_t number)
{
	size_t low = 0, high = j->run_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct run *r = &j->runs[middle];

		if (number < r->logical)
			high = middle;
		else if (number >= r->logical + r->count)
			low = middle + 1;
		else
			return (r->physical + number - r->logical) * j->e->block;
	}
	return 0;
}

static bool read_block(const struct journal *j, uint32_t number, struct buf *to)
{
	uint64_t at = place_of(j, number);
	struct err ignored;
	uint8_t *room;

	buf_clear(to);
	room = buf_reserve(to, j->e->block);
	to->len = room ? j->e->block : 0;
	return at && room && blocks_read_all(j->e->volume, at, room, j->e->block, &ignored);
}

static uint32_t step(const struct journal *j, uint32_t at, uint32_t by)
{
	uint64_t to = (uint64_t)at + by;

	return to < j->last ? (uint32_t)to : (uint32_t)(to - (j->last - j->first));
}

/* ---- one block of it ---- */

struct tag {
	uint64_t block;
	uint32_t flags, sum;
};

static bool take_tag(const struct journal *j, struct cursor *c, struct tag *out)
{
	*out = (struct tag){ .block = cursor_u32be(c) };
	if (j->features & INCOMPAT_CSUM_V3) {
		out->flags = cursor_u32be(c);
		out->block |= (uint64_t)cursor_u32be(c) << 32;
		out->sum = cursor_u32be(c);
	} else {
		out->sum = cursor_u16be(c);
		out->flags = cursor_u16be(c);
		if (j->features & INCOMPAT_64BIT)
			out->block |= (uint64_t)cursor_u32be(c) << 32;
		cursor_skip(c, j->features & INCOMPAT_CSUM_V2 ? 2 : 0);
	}
	if (!(out->flags & TAG_SAME_UUID))
		cursor_skip(c, 16);
	return !c->short_read;
}

static bool is_data_right(const struct journal *j, const struct tag *t, uint32_t sequence)
{
	uint8_t number[4] = { (uint8_t)(sequence >> 24), (uint8_t)(sequence >> 16), (uint8_t)(sequence >> 8), (uint8_t)sequence };
	uint32_t sum;

	if (!has_checksums(j))
		return true;
	sum = crc32c_add(crc32c_add(j->seed, span_of(number, sizeof number)), buf_span(&j->data));
	return j->features & INCOMPAT_CSUM_V3 ? sum == t->sum : (sum & 0xffff) == t->sum;
}

static bool is_revoked(struct journal *j, uint64_t block, uint32_t sequence)
{
	const uint32_t *last = map_get(&j->revoked, span_of(&block, sizeof block));

	return last && (int32_t)(*last - sequence) >= 0;
}

static bool replay_tag(struct journal *j, const struct tag *t, uint32_t number, uint32_t sequence)
{
	static const uint8_t magic[4] = { 0xc0, 0x3b, 0x39, 0x98 };

	if (is_revoked(j, t->block, sequence) || t->block >= j->e->volume->size / j->e->block)
		return true;
	if (!read_block(j, number, &j->data) || !is_data_right(j, t, sequence)) {
		j->told->bad_blocks++;
		return true;
	}
	return overlay_add(j->o, t->block * j->e->block, place_of(j, number), t->flags & TAG_ESCAPED ? magic : NULL);
}

/* How many blocks it describes; they follow it. */
static bool take_descriptor(struct journal *j, enum pass pass, uint32_t at, uint32_t sequence, uint32_t *count)
{
	size_t tail = has_checksums(j) ? TAIL : 0;
	struct cursor c = cursor_of(span_sub(buf_span(&j->block), 0, j->e->block - tail));
	struct tag t;

	*count = 0;
	if (!is_sum_right(j, j->e->block - TAIL))
		return false;
	cursor_skip(&c, HEADER);
	while (take_tag(j, &c, &t)) {
		++*count;
		if (pass == PASS_REPLAY && !replay_tag(j, &t, step(j, at, *count), sequence))
			return false;
		if (t.flags & TAG_LAST)
			break;
	}
	return true;
}

static bool take_revocations(struct journal *j, uint32_t sequence)
{
	struct span block = buf_span(&j->block);
	size_t each = j->features & INCOMPAT_64BIT ? 8 : 4, end = load_u32be(block.at + HEADER);

	if (!is_sum_right(j, j->e->block - TAIL))
		return true;
	for (size_t at = HEADER + 4; at + each <= end && at + each <= block.len; at += each) {
		uint64_t number = each == 8 ? load_u64be(block.at + at) : load_u32be(block.at + at);
		struct span key = arena_copy(&j->arena, span_of(&number, sizeof number));
		void **slot = key.at ? map_slot(&j->revoked, key) : NULL;
		uint32_t *last = slot && *slot ? *slot : arena_alloc(&j->arena, sizeof *last);

		if (!slot || !last)
			return false;
		if (!*slot || (int32_t)(sequence - *last) > 0)
			*last = sequence;
		*slot = last;
	}
	return true;
}

/* ---- all of it ---- */

/* From the start until it breaks off, or until `end`. *stop: the first transaction that is not whole. */
static bool go_through(struct journal *j, enum pass pass, uint32_t end, uint32_t *stop)
{
	uint32_t at = j->start, sequence = j->sequence;

	for (uint32_t steps = 0; steps < j->last; steps++) {
		uint32_t count = 0;

		if ((pass != PASS_SCAN && sequence == end) || !read_block(j, at, &j->block) ||
		    load_u32be(j->block.at) != MAGIC || load_u32be(j->block.at + 8) != sequence)
			break;
		switch (load_u32be(j->block.at + 4)) {
		case DESCRIPTOR:
			if (!take_descriptor(j, pass, at, sequence, &count)) {
				*stop = sequence;
				return pass == PASS_SCAN;
			}
			break;
		case COMMIT:
			if (!is_sum_right(j, HEADER + 4)) {
				*stop = sequence;
				return true;
			}
			sequence++;
			break;
		case REVOKE:
			if (pass == PASS_REVOKE && !take_revocations(j, sequence))
				return false;
			break;
		default:
			*stop = sequence;
			return true;
		}
		steps += count;
		at = step(j, at, count + 1);
	}
	*stop = sequence;
	return true;
}

static bool read_head(struct journal *j)
{
	const uint8_t *s;
	uint32_t version;

	j->first = j->last = 0;
	if (!read_block(j, 0, &j->block))
		return false;
	s = j->block.at;
	version = load_u32be(s + 4);
	j->last = load_u32be(s + 16);
	j->first = load_u32be(s + 20);
	j->sequence = load_u32be(s + 24);
	j->start = load_u32be(s + 28);
	j->features = version == 4 ? load_u32be(s + 40) : 0;
	j->seed = crc32c_add(UINT32_MAX, span_of(s + 48, 16));
	if (j->features & INCOMPAT_FAST_COMMIT) {
		j->fast_blocks = load_u32be(s + 84) ? load_u32be(s + 84) : FAST_BLOCKS;
		j->last = j->fast_blocks < j->last ? j->last - j->fast_blocks : 0;
	}
	return load_u32be(s) == MAGIC && (version == 3 || version == 4) && load_u32be(s + 12) == j->e->block &&
	       !(j->features & ~(uint32_t)INCOMPAT_KNOWN) && j->first && j->first < j->last &&
	       (!j->start || (j->start >= j->first && j->start < j->last));
}

/* ---- fast commits ---- */

static void count_fast(struct journal *j, uint32_t sequence)
{
	struct ext_fast f;

	ext_fast_begin(&f, sequence);
	/* The first of them is left free. */
	for (uint32_t i = 1; i < j->fast_blocks && read_block(j, j->last + i, &j->block); i++)
		if (!ext_fast_add(&f, buf_span(&j->block)))
			break;
	j->told->fast_commits = f.commits;
	snprintf(j->told->fast_words, sizeof j->told->fast_words, "%.*s", SPAN_ARG(buf_span(&f.words)));
	j->told->fast_untold = f.changes - f.told;
	ext_fast_end(&f);
}

static struct blocks *replay(struct journal *j)
{
	uint32_t end = 0, ignored;
	bool ok = go_through(j, PASS_SCAN, 0, &end) && go_through(j, PASS_REVOKE, end, &ignored) &&
		  go_through(j, PASS_REPLAY, end, &ignored);

	j->told->transactions = end - j->sequence;
	j->told->blocks = (uint32_t)overlay_count(j->o);
	count_fast(j, end);
	if (!ok)
		j->told->failed = "its journal can be replayed in part only";
	else if (j->told->bad_blocks)
		j->told->failed = "blocks of its journal have a wrong checksum, and were left out";
	return overlay_count(j->o) ? overlay_blocks(j->o) : NULL;
}

static bool is_needed(struct blocks *volume, uint32_t *inode)
{
	uint8_t s[1024];
	struct err ignored;

	if (!blocks_read_all(volume, EXT_SUPERBLOCK, s, sizeof s, &ignored))
		return false;
	*inode = load_u32le(s + 0xe0);
	return load_u32le(s + 92) & COMPAT_HAS_JOURNAL && load_u32le(s + 96) & INCOMPAT_RECOVER;
}

struct blocks *ext_journal_replay(struct blocks *volume, struct ext_journal *out)
{
	struct err ignored;
	struct ext e;
	struct journal j = { .e = &e, .told = out };
	struct blocks *made = NULL;
	uint32_t inode = 0;

	*out = (struct ext_journal){ 0 };
	if (!ext_open(&e, volume, &ignored) || !is_needed(volume, &inode))
		return NULL;
	out->is_needed = true;
	j.arena = arena_new(REVOKES_BYTES);
	j.revoked = map_new(&j.arena);
	j.block = buf_new(e.block);
	j.data = buf_new(e.block);
	j.o = overlay_new(volume, e.block);
	if (!inode)
		out->failed = "its journal is on another device, and was not replayed";
	else if (!j.o || !ext_each_run(&e, inode, take_run, &j, &ignored) || !read_head(&j))
		out->failed = "its journal cannot be read, and was not replayed";
	else if (j.start)
		made = replay(&j);
	else
		count_fast(&j, j.sequence);
	if (!made)
		overlay_free(j.o);
	free(j.runs);
	buf_free(&j.block);
	buf_free(&j.data);
	arena_free(&j.arena);
	return made;
}
