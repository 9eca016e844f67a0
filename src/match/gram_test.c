#include "match/gram.h"

#include "test.h"

static void mark(void *context, uint32_t value)
{
	((bool *)context)[value] = true;
}

static bool holds(const struct gram_literal *l, struct span text)
{
	switch (l->anchor) {
	case GRAM_WHOLE:
		return span_eq(text, l->text);
	case GRAM_START:
		return span_starts(text, l->text);
	case GRAM_END:
		return span_ends(text, l->text);
	case GRAM_FREE:
		break;
	}
	return span_find(text, 0, l->text) != SIZE_MAX;
}

TEST(each_anchor_finds_its_own)
{
	const struct gram_literal literals[] = {
		{ SPAN("\\cmd.exe"), GRAM_END, 0 }, { SPAN("c:\\"), GRAM_START, 1 },
		{ SPAN("net user"), GRAM_FREE, 2 }, { SPAN("4688"), GRAM_WHOLE, 3 },
		{ SPAN("-e"), GRAM_FREE, 4 },	    { SPAN(""), GRAM_WHOLE, 5 },
	};
	struct arena arena = arena_new(1 << 20);
	const struct gram_set *set = gram_build(&arena, literals, 6);
	bool got[6] = { false };

	gram_find(set, SPAN("c:\\windows\\cmd.exe"), mark, got);
	assert_true(got[0] && got[1] && !got[2] && !got[3] && !got[4] && !got[5]);
	gram_find(set, SPAN("run net user -e"), mark, got);
	assert_true(got[2] && got[4] && !got[5]);
	gram_find(set, SPAN(""), mark, got);
	assert_true(got[5] && !got[3]);
	arena_free(&arena);
}

TEST(agrees_with_a_naive_search_on_random_texts)
{
	struct arena arena = arena_new(8 << 20);
	struct gram_literal literals[200];
	uint32_t seed = 7;
	uint8_t text[40];

	for (size_t i = 0; i < 200; i++) {
		size_t len = (seed = seed * 1103515245 + 12345) >> 16 & 15;

		for (size_t k = 0; k < len; k++)
			text[k] = (uint8_t)('a' + ((seed = seed * 1103515245 + 12345) >> 16) % 2);
		literals[i] = (struct gram_literal){ arena_copy(&arena, span_of(text, len)),
						     (enum gram_anchor)(i % 4), (uint32_t)i };
	}
	const struct gram_set *set = gram_build(&arena, literals, 200);

	for (int round = 0; round < 2000; round++) {
		size_t len = (seed = seed * 1103515245 + 12345) >> 16 & 31;
		bool got[200] = { false };

		for (size_t k = 0; k < len; k++)
			text[k] = (uint8_t)('a' + ((seed = seed * 1103515245 + 12345) >> 16) % 2);
		gram_find(set, span_of(text, len), mark, got);
		for (size_t i = 0; i < 200; i++)
			assert_int_equal(got[i], holds(&literals[i], span_of(text, len)));
	}
	arena_free(&arena);
}
