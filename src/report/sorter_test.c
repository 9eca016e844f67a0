#include "test.h"

#include "base/buf.h"
#include "report/sorter.h"

/* Rows in a scattered order, each with a payload that says what it is. */
static void assert_sorted(size_t memory, unsigned rows, size_t longest)
{
	struct err err = { 0 };
	struct sorter *s = sorter_new(memory, &err);
	struct buf text = buf_new(1 << 20);
	struct sorter_key key, before = { INT64_MIN, 0 };
	struct span payload;
	bool there = true;
	unsigned seen = 0;

	for (unsigned i = 0; i < rows; i++) {
		unsigned n = (unsigned)((uint64_t)i * 7919 % rows);
		struct sorter_key keys[2] = { { n / 3, n }, { (int64_t)n - 50, n + rows } };

		buf_clear(&text);
		buf_printf(&text, "%u", n);
		while (text.len < n % longest)
			buf_add_u8(&text, ' ');
		assert_true(sorter_add(s, keys, 2, buf_span(&text), &err));
	}
	while (sorter_next(s, &key, &payload, &there, &err) && there) {
		uint64_t n;

		assert_true(before.time < key.time || (before.time == key.time && before.rank < key.rank));
		assert_true(span_to_u64(span_trim(payload), &n) && n == key.rank % rows);
		before = key;
		seen++;
	}
	assert_int_equal(err.code, ERR_NONE);
	assert_int_equal(seen, rows * 2);
	buf_free(&text);
	sorter_free(s);
}

TEST(rows_come_in_order_from_memory)
{
	assert_sorted((size_t)64 << 20, 20011, 90);
}

TEST(rows_come_in_order_from_many_runs)
{
	assert_sorted((size_t)32 << 10, 20011, 90);
}

TEST(a_long_payload_crosses_the_pieces_of_a_run)
{
	assert_sorted((size_t)1 << 20, 601, 300000);
}

TEST(nothing_is_nothing)
{
	assert_sorted(1000, 0, 1);
}
