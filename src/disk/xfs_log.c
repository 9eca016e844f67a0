#include "disk/xfs_log.h"

#include <stdlib.h>

#include "disk/xfs.h"

#define BASIC 512			/* bytes of a block of the log */
#define MAGIC 0xfeedbabeu
#define HEADER_COVERS 32768		/* bytes of a record, for each block of its header */
#define OP_FLAGS 9
#define UNMOUNT 0x20
/* A record is of 256 KiB at most; its header stands before that. */
#define BACK ((uint64_t)640)
#define DIRTY "not unmounted, and its log, with the latest changes, is not replayed"

struct xlog {
	struct blocks *volume;
	uint64_t at, count;		/* byte of the volume; blocks */
	bool failed;
};

/* Each block begins with the number of the round in which it was written, or has it in its header. */
static uint32_t cycle_of(const uint8_t *block)
{
	return load_u32be(block) == MAGIC ? load_u32be(block + 4) : load_u32be(block);
}

static uint32_t cycle_at(struct xlog *l, uint64_t number)
{
	uint8_t b[8];
	struct err ignored;

	if (blocks_read_all(l->volume, l->at + number * BASIC, b, sizeof b, &ignored))
		return cycle_of(b);
	l->failed = true;
	return 0;
}

/* The first block that is not of the round of the first: the next to be written. */
static uint64_t find_head(struct xlog *l)
{
	uint32_t first = cycle_at(l, 0);
	uint64_t low = 0, high = l->count;

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (cycle_at(l, middle) == first)
			low = middle;
		else
			high = middle;
	}
	return high % l->count;
}

/* The log is a ring. */
static bool read_ring(struct xlog *l, uint64_t from, uint8_t *to, uint64_t count)
{
	uint64_t straight = l->count - from < count ? l->count - from : count;
	struct err ignored;

	return blocks_read_all(l->volume, l->at + from * BASIC, to, (size_t)(straight * BASIC), &ignored) &&
	       blocks_read_all(l->volume, l->at, to + straight * BASIC, (size_t)((count - straight) * BASIC), &ignored);
}

/* Of the blocks before the head: whether the last record is one of an unmount, up to the head. */
static bool ends_with_unmount(const uint8_t *bytes, uint64_t count)
{
	uint64_t at = count;

	while (at && load_u32be(bytes + (at - 1) * BASIC) != MAGIC)
		at--;
	if (!at)
		return false;
	bytes += (at - 1) * BASIC;
	count -= at - 1;
	for (uint64_t head = 1; head < count; head++)
		if (load_u32be(bytes + 40) == 1 && bytes[head * BASIC + OP_FLAGS] & UNMOUNT &&
		    head * BASIC + (load_u32be(bytes + 12) + BASIC - 1) / BASIC * BASIC == count * BASIC)
			return true;
	return false;
}

static const char *state_of(struct xlog *l)
{
	uint64_t head = find_head(l), count = l->count < BACK ? l->count : BACK;
	uint8_t *bytes = malloc((size_t)(count * BASIC));
	const char *state = DIRTY;

	if (!bytes || l->failed || !read_ring(l, (head + l->count - count) % l->count, bytes, count))
		state = "its log cannot be read, and is not replayed";
	else if (ends_with_unmount(bytes, count))
		state = NULL;
	free(bytes);
	return state;
}

const char *xfs_log_state(struct blocks *volume)
{
	struct xfs_volume x;
	struct xlog l = { .volume = volume };
	uint8_t s[128];
	struct err ignored;
	uint64_t blocks;

	if (!xfs_open(&x, volume, &ignored) || !blocks_read_all(volume, 0, s, sizeof s, &ignored))
		return NULL;
	if (!load_u64be(s + 48))
		return "its log is on another device, and is not replayed";
	blocks = load_u32be(s + 96);
	l.count = blocks * (x.block / BASIC);
	if (!blocks || !xfs_place_of_blocks(&x, load_u64be(s + 48), blocks, &l.at))
		return "its log is not where it should be, and is not replayed";
	return state_of(&l);
}
