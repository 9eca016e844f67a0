#include "base/map.h"
#include "test.h"

TEST(map_siphash_is_siphash_1_3)
{
	/* SipHash-1-3, key 00..0f, empty input (reference implementation's vector). */
	const uint64_t seed[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	assert_int_equal(map_hash(seed, SPAN("")), 0xabac0158050fc4dc);
}

TEST(map_finds_every_key_it_was_given)
{
	struct arena a = arena_new(16 << 20);
	struct map m = map_new(&a);
	size_t at = 0, seen = 0;
	struct span key;
	void *value;

	for (uintptr_t i = 1; i <= 5000; i++)
		*map_slot(&m, arena_printf(&a, "key %u", (unsigned)i)) = (void *)i;
	for (uintptr_t i = 1; i <= 5000; i++)
		assert_ptr_equal(map_get(&m, arena_printf(&a, "key %u", (unsigned)i)), i);
	assert_null(map_get(&m, SPAN("key 5001")));
	while (map_next(&m, &at, &key, &value))
		seen++;
	assert_int_equal(seen, 5000);
	arena_free(&a);
}
