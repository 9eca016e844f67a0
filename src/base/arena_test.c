#include "base/arena.h"
#include "test.h"

TEST(arena_hands_out_zeroed_aligned_memory_after_reset_too)
{
	struct arena a = arena_new(1 << 20);

	for (int round = 0; round < 3; round++) {
		for (size_t size = 1; size < 300; size += 7) {
			uint8_t *got = arena_alloc(&a, size);

			assert_non_null(got);
			assert_int_equal((uintptr_t)got % 16, 0);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(got[i], 0);
			memset(got, 0xaa, size);
		}
		arena_reset(&a);
	}
	arena_free(&a);
}

TEST(arena_hands_out_zeroed_memory_of_large_blocks_after_reset_too)
{
	struct arena a = arena_new((size_t)64 << 20);

	for (int round = 0; round < 3; round++) {
		for (size_t size = 1 << 20; size < (size_t)9 << 20; size += (size_t)3 << 19) {
			uint8_t *got = arena_alloc(&a, size);

			assert_non_null(got);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(got[i], 0);
			memset(got, 0xaa, size);
		}
		arena_reset(&a);
	}
	arena_free(&a);
}

TEST(arena_refuses_beyond_its_limit_and_says_so)
{
	struct arena a = arena_new(100);

	assert_non_null(arena_alloc(&a, 64));
	assert_null(arena_alloc(&a, 64));
	assert_true(a.exhausted);
	assert_null(arena_array(&a, SIZE_MAX, 2));
	assert_null(arena_alloc(&a, SIZE_MAX));
	arena_free(&a);
}

TEST(arena_over_fixed_memory_never_leaves_it)
{
	_Alignas(16) uint8_t memory[64];
	struct arena a = arena_fixed(memory, sizeof memory);

	assert_ptr_equal(arena_alloc(&a, 33), memory);
	assert_null(arena_alloc(&a, 17));
	assert_ptr_equal(arena_alloc(&a, 16), memory + 48);
}

TEST(arena_push_keeps_elements_while_growing)
{
	struct arena a = arena_new(1 << 20);
	uint32_t *items = NULL;
	size_t count = 0, room = 0;

	for (uint32_t i = 0; i < 1000; i++)
		*(uint32_t *)arena_push(&a, (void **)&items, &count, &room, sizeof *items) = i;
	assert_int_equal(count, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	arena_free(&a);
}
