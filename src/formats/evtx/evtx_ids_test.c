#include "formats/evtx/evtx_ids.h"
#include "test.h"

/* Sees the runs of ids, each "first, last", up to a 0. */
static struct evtx_ids seen(const uint64_t *runs)
{
	struct evtx_ids ids = { 0 };

	for (; *runs; runs += 2)
		for (uint64_t id = runs[0]; id <= runs[1]; id++)
			evtx_ids_see(&ids, id);
	return ids;
}

#define SEEN(...) seen((const uint64_t[]){ __VA_ARGS__, 0 })

static void expect(struct evtx_ids ids, uint64_t gaps, uint64_t missing)
{
	assert_int_equal(ids.gaps, gaps);
	assert_int_equal(ids.missing, missing);
}

TEST(ids_that_jump_leave_a_gap)
{
	expect(SEEN(1, 9, 20, 30), 1, 10);
	expect(SEEN(7, 9, 20, 30, 32, 33, 40, 41), 3, 10 + 1 + 6);
	expect(SEEN(50, 60, 1, 10, 11, 20), 0, 0);	/* begins anew */
}

TEST(chunks_out_of_order_leave_none)
{
	expect(SEEN(92, 180, 1, 91, 181, 200), 0, 0);
	expect(SEEN(1, 91, 181, 200, 92, 180, 201, 210), 0, 0);
	expect(SEEN(1, 10, 31, 40, 11, 20, 21, 30), 0, 0);
	expect(SEEN(1, 10, 31, 40, 13, 20, 41, 50), 2, 2 + 10);
	expect(SEEN(1, 10, 5, 20, 1, 20), 0, 0);	/* a chunk twice */
	expect(SEEN(1, 10, 50, 60, 20, 30, 70, 80), 3, 9 + 19 + 9);
}

TEST(parts_add_up_to_the_whole)
{
	static const uint64_t runs[][2] = { { 1, 10 }, { 31, 40 }, { 11, 20 }, { 60, 61 }, { 45, 59 }, { 21, 25 } };
	struct evtx_ids whole = { 0 };

	for (size_t i = 0; i < 6; i++)
		for (uint64_t id = runs[i][0]; id <= runs[i][1]; id++)
			evtx_ids_see(&whole, id);
	expect(whole, 2, 5 + 4);
	for (size_t cut = 1; cut < 6; cut++) {
		struct evtx_ids parts[2] = { 0 }, total = { 0 };

		for (size_t i = 0; i < 6; i++)
			for (uint64_t id = runs[i][0]; id <= runs[i][1]; id++)
				evtx_ids_see(&parts[i >= cut], id);
		evtx_ids_add(&total, &parts[0]);
		evtx_ids_add(&total, &parts[1]);
		expect(total, whole.gaps, whole.missing);
		assert_int_equal(total.last, 25);
	}
}

TEST(what_a_header_told_of_may_still_come)
{
	struct evtx_ids ids = SEEN(1, 10);

	evtx_ids_lose(&ids, 11, 20);
	expect(ids, 0, 10);
	evtx_ids_see(&ids, 21);
	expect(ids, 0, 10);
	for (uint64_t id = 11; id <= 18; id++)
		evtx_ids_see(&ids, id);
	expect(ids, 0, 2);
}

TEST(more_stretches_than_are_remembered_and_ids_at_the_end_of_numbers)
{
	struct evtx_ids ids = { 0 };

	for (uint64_t id = 1; id < 1000; id += 2)
		evtx_ids_see(&ids, id);
	expect(ids, 499, 499);
	ids = (struct evtx_ids){ 0 };
	evtx_ids_see(&ids, UINT64_MAX - 1);
	evtx_ids_see(&ids, UINT64_MAX);
	evtx_ids_see(&ids, 0);
	evtx_ids_see(&ids, 1);
	expect(ids, 0, 0);
}
