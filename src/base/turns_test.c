#include "base/turns.h"
#include "test.h"

#define LARGE(n) (TURNS_LARGE + (n))

TEST(without_a_look_ahead_the_order_stays)
{
	struct turns t = { 0 };
	size_t number;

	for (size_t i = 0; i < 3; i++) {
		assert_true(turns_next(&t, 3, &number));
		assert_int_equal(number, i);
	}
	assert_false(turns_next(&t, 3, &number));
	/* More came. */
	assert_true(turns_next(&t, 4, &number));
	assert_int_equal(number, 3);
}

TEST(large_ones_come_first_and_once)
{
	const uint64_t sizes[] = { 5, LARGE(1), 7, LARGE(3), LARGE(2), 9 };
	const size_t wanted[] = { 3, 4, 1, 0, 2, 5 };
	struct turns t = { 0 };
	size_t number;

	for (size_t i = 0; i < 6; i++) {
		assert_true(turns_can_look(&t, 6));
		turns_look(&t, sizes[i]);
	}
	assert_false(turns_can_look(&t, 6));
	for (size_t i = 0; i < 6; i++) {
		assert_true(turns_left(&t, 6));
		assert_true(turns_next(&t, 6, &number));
		assert_int_equal(number, wanted[i]);
	}
	assert_false(turns_left(&t, 6));
	assert_false(turns_next(&t, 6, &number));
}

TEST(what_had_its_turn_is_not_given_again)
{
	struct turns t = { 0 };
	size_t number, given[1000] = { 0 };

	for (size_t i = 0; i < 1000; i++) {
		for (size_t n = 0; n < i % 3 && turns_can_look(&t, 1000); n++)
			turns_look(&t, t.seen % 2 ? LARGE(t.seen) : 1);
		assert_true(turns_next(&t, 1000, &number));
		given[number]++;
	}
	assert_false(turns_next(&t, 1000, &number));
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(given[i], 1);
}
