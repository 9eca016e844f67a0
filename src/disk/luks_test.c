#include "disk/luks.h"

#include <stdlib.h>

#include "test.h"

/* AES in CBC with plain vectors, one stripe, one round, passphrase "pass"; one sector of content. */
#define SEED "tests/corpus/luks_fuzz/cbc"
#define CONTENT "a sector of the volume"
#define SECTOR 512

static struct blocks *open_with(struct blocks *file, const char *word, struct err *err)
{
	struct library_key key = { .passphrase = span_text(word) };
	struct luks_key used;

	return luks_open(file, &key, 1, &used, err);
}

/* Whether the bytes open with the passphrase and hold the content. */
static bool holds_content(struct span bytes, const char *word)
{
	struct blocks *file = blocks_of_span(bytes, NULL);
	struct blocks *volume;
	struct err err = { 0 };
	uint8_t piece[SECTOR];
	bool holds;

	assert_non_null(file);
	volume = open_with(file, word, &err);
	assert_true(volume || err.code == ERR_DENIED || err.code == ERR_UNSUPPORTED || err.code == ERR_CORRUPT);
	holds = volume && blocks_read_all(volume, 0, piece, sizeof piece, &err) &&
		!memcmp(piece, CONTENT, sizeof CONTENT - 1);
	blocks_close(volume);
	blocks_close(file);
	return holds;
}

TEST(luks_opens_with_its_passphrase_only)
{
	struct span seed = read_whole(SEED);

	assert_true(holds_content(seed, "pass"));
	assert_false(holds_content(seed, "Pass"));
	assert_false(holds_content(seed, "pas"));
	free((void *)(uintptr_t)seed.at);
}

TEST(luks_reads_across_any_boundary_of_sectors)
{
	struct span seed = read_whole(SEED);
	struct blocks *file = blocks_of_span(seed, NULL);
	struct blocks *volume;
	uint8_t piece[8];
	struct err err;

	assert_non_null(file);
	volume = open_with(file, "pass", &err);
	assert_non_null(volume);
	assert_int_equal(volume->size, SECTOR);
	assert_true(blocks_read_all(volume, 2, piece, 6, &err));
	assert_memory_equal(piece, "sector", 6);
	assert_true(blocks_read_all(volume, SECTOR - 8, piece, 8, &err));
	assert_memory_equal(piece, "........", 8);
	assert_false(blocks_read_all(volume, SECTOR - 7, piece, 8, &err));
	blocks_close(volume);
	blocks_close(file);
	free((void *)(uintptr_t)seed.at);
}

TEST(luks_survives_every_cut)
{
	struct span seed = read_whole(SEED);

	for (size_t len = 0; len < seed.len; len++)
		assert_false(holds_content(span_sub(seed, 0, len), "pass"));
	free((void *)(uintptr_t)seed.at);
}

/* The counts of rounds are spared: a flip there asks for minutes of work, which only the budget ends. */
static bool is_count_of_rounds(size_t at)
{
	return (at >= 164 && at < 168) || (at >= 212 && at < 592 && (at - 208) % 48 >= 4 && (at - 208) % 48 < 8);
}

TEST(luks_survives_every_flip_and_notices_those_of_the_key)
{
	struct span seed = read_whole(SEED);
	uint8_t *bytes = (uint8_t *)(uintptr_t)seed.at;

	for (size_t bit = 0; bit < seed.len * 8; bit++) {
		size_t at = bit / 8;
		bool holds, is_digest = at >= 112 && at < 132;

		if (is_count_of_rounds(at))
			continue;
		bytes[at] ^= (uint8_t)(1u << bit % 8);
		holds = holds_content(seed, "pass");
		bytes[at] ^= (uint8_t)(1u << bit % 8);
		assert_false(holds && is_digest);
	}
	assert_true(holds_content(seed, "pass"));
	free(bytes);
}
