#include "formats/sdb/sdb.h"
#include "fixes.h"
#include "test.h"

struct seen {
	struct sdb_fix fixes[8];
	size_t count, most;
};

static bool keep(void *context, const struct sdb_fix *fix)
{
	struct seen *s = context;

	if (s->count < 8)
		s->fixes[s->count] = *fix;
	s->count++;
	return s->count != s->most;
}

TEST(fixes_are_told_with_their_programs)
{
	struct arena arena = arena_new(1 << 20);
	struct span file = sdb_of(&arena);
	struct seen seen = { 0 };
	struct err err;
	bool whole;

	assert_true(sdb_fixes(file, &arena, keep, &seen, &whole, &err));
	assert_true(whole);
	assert_int_equal(seen.count, 3);
	assert_span(seen.fixes[0].program, "putty.exe");
	assert_span(seen.fixes[0].application, "Änderung");
	assert_span(seen.fixes[0].fix, "InjectDll");
	assert_span(seen.fixes[0].command, "C:\\evil.dll");
	assert_false(seen.fixes[0].is_patch);
	assert_true(seen.fixes[1].is_patch);
	assert_span(seen.fixes[1].fix, "patch");
	assert_span(seen.fixes[2].program, "*");
	assert_span(seen.fixes[2].command, "");
	arena_free(&arena);
}

TEST(a_reader_may_stop)
{
	struct arena arena = arena_new(1 << 20);
	struct seen seen = { .most = 1 };
	struct err err;
	bool whole;

	assert_true(sdb_fixes(sdb_of(&arena), &arena, keep, &seen, &whole, &err));
	assert_int_equal(seen.count, 1);
	arena_free(&arena);
}

/* Cut anywhere it ends, and says so; a bit that is turned does no harm. */
TEST(damaged_databases_end)
{
	struct arena arena = arena_new(16 << 20);
	struct span file = sdb_of(&arena);
	uint8_t *copy = arena_alloc(&arena, file.len);
	struct err err;
	bool whole;

	for (size_t len = 12; len < file.len; len++) {
		struct seen seen = { 0 };

		assert_true(sdb_fixes(span_sub(file, 0, len), &arena, keep, &seen, &whole, &err));
		assert_false(whole);
		assert_true(seen.count <= 3);
	}
	for (size_t bit = 96; bit < file.len * 8; bit++) {
		struct seen seen = { 0 };

		memcpy(copy, file.at, file.len);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(sdb_fixes(span_of(copy, file.len), &arena, keep, &seen, &whole, &err));
	}
	assert_false(sdb_fixes(SPAN("\0\0\0\0\0\0\0\0sdbx"), &arena, keep, NULL, &whole, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	arena_free(&arena);
}
