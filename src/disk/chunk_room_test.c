#include "disk/chunk_room.h"

#include "test.h"

#define CHUNK 64
#define PLACES 4

static uint8_t bytes[PLACES * (CHUNK + 8) + 5] __attribute__((aligned(16)));

static void leave(const struct chunk_room *room, uint64_t number, uint8_t with)
{
	uint8_t *at = chunk_room_take(room, number, CHUNK);

	assert_non_null(at);
	memset(at, with, CHUNK);
	chunk_room_fill(room, number, CHUNK);
}

TEST(chunk_room_keeps_a_chunk_until_another_takes_its_place)
{
	const struct chunk_room ours = { bytes, sizeof bytes, true }, theirs = { bytes, sizeof bytes, false };
	uint8_t got[CHUNK];

	memset(bytes, 0, sizeof bytes);
	for (uint8_t i = 0; i < PLACES; i++)
		leave(&ours, i, i + 1);
	for (uint8_t i = 0; i < PLACES; i++) {
		assert_true(chunk_room_find(&theirs, i, CHUNK, got));
		assert_int_equal(got[0], i + 1);
		assert_int_equal(got[CHUNK - 1], i + 1);
	}
	assert_false(chunk_room_find(&theirs, PLACES, CHUNK, got));
	leave(&ours, PLACES, 9);
	assert_false(chunk_room_find(&theirs, 0, CHUNK, got));
	assert_true(chunk_room_find(&theirs, PLACES, CHUNK, got));
	assert_int_equal(got[0], 9);
}

TEST(chunk_room_does_not_tell_what_is_being_written)
{
	const struct chunk_room ours = { bytes, sizeof bytes, true };
	uint8_t got[CHUNK];

	memset(bytes, 0, sizeof bytes);
	leave(&ours, 1, 7);
	assert_non_null(chunk_room_take(&ours, 1, CHUNK));
	assert_false(chunk_room_find(&ours, 1, CHUNK, got));
}

TEST(chunk_room_is_not_for_readers_to_fill_and_may_be_none)
{
	const struct chunk_room theirs = { bytes, sizeof bytes, false }, none = { 0 }, small = { bytes, CHUNK, true };
	uint8_t got[CHUNK];

	assert_null(chunk_room_take(&theirs, 0, CHUNK));
	assert_null(chunk_room_take(&none, 0, CHUNK));
	assert_null(chunk_room_take(&small, 0, CHUNK));
	assert_false(chunk_room_find(&none, 0, CHUNK, got));
	assert_false(chunk_room_find(&small, 0, CHUNK, got));
}
