#include "formats/ole/ole.h"

#include <stdlib.h>

#include "test.h"

/* One entry of explorer's list and its DestList, both short streams. */
TEST(streams_of_a_jump_list_are_read)
{
	CORPUS_OR_SKIP(path, "artefacts/artmuseum/Windows/JumpLists/Win10/APTSimulatorVM/"
		       "573770283dc3d854.automaticDestinations-ms")
	struct arena arena = arena_new((size_t)1 << 20);
	struct span file = read_whole(path), stream;
	struct ole ole;
	struct err err = { 0 };

	assert_true(ole_open(file, &arena, &ole, &err));
	assert_non_null(ole_find(&ole, "DestList"));
	assert_true(ole_read(&ole, ole_find(&ole, "DestList"), &stream));
	assert_int_equal(stream.len, ole_find(&ole, "destlist")->size);
	assert_non_null(ole_find(&ole, "1"));
	assert_true(ole_read(&ole, ole_find(&ole, "1"), &stream));
	assert_true(span_starts(stream, SPAN("L\0\0\0")));
	assert_null(ole_find(&ole, "nothing"));
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(damage_is_refused_or_told)
{
	struct arena arena = arena_new((size_t)1 << 20);
	uint8_t file[1024] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
	struct ole ole;
	struct err err = { 0 };

	assert_false(ole_open(SPAN("no"), &arena, &ole, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_false(ole_open(span_of(file, sizeof file), &arena, &ole, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	file[30] = 9;
	file[32] = 6;
	file[44] = 200;
	assert_false(ole_open(span_of(file, sizeof file), &arena, &ole, &err));
	arena_free(&arena);
}
