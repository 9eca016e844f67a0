#include "codec/catalogue.h"

#include <stdlib.h>

#include "base/buf.h"
#include "test.h"

/* Signed by a certificate of its own, with a program and a text in it. */
#define SEED "tests/corpus/catalogue_fuzz/two_members"
/* SHA-256 and SHA-1 of "1". */
#define MEMBERS \
	"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b a\n" \
	"356a192b7913b04c54574d18c28d46e6395428ab b\n"

/* Its members as lines of digest and name; empty if it is none, or its signature does not hold. */
static void vouched_for(struct span file, struct buf *out)
{
	struct arena arena = arena_new((size_t)16 << 20);
	struct catalogue_member member;
	struct catalogue list;
	struct err err;

	buf_clear(out);
	if (catalogue_open(file, &arena, &list, &err) && list.signature.verified)
		while (catalogue_next(&list, &member)) {
			assert_true(buf_hex(out, member.digest));
			assert_true(buf_printf(out, " %.*s\n", SPAN_ARG(member.name)));
		}
	arena_free(&arena);
}

TEST(catalogue_tells_its_members_when_the_signature_holds)
{
	struct span seed = read_whole(SEED);
	struct buf told = buf_new(1 << 16);

	vouched_for(seed, &told);
	assert_span(buf_span(&told), MEMBERS);
	buf_free(&told);
	free((void *)(uintptr_t)seed.at);
}

TEST(catalogue_vouches_for_nothing_when_cut)
{
	struct span seed = read_whole(SEED);
	struct buf told = buf_new(1 << 16);

	for (size_t len = 0; len < seed.len; len++) {
		vouched_for(span_sub(seed, 0, len), &told);
		assert_int_equal(told.len, 0);
	}
	buf_free(&told);
	free((void *)(uintptr_t)seed.at);
}

/* Outside what is signed a bit may turn without harm, but never so that other files are vouched for. */
TEST(catalogue_never_vouches_for_other_files_after_a_flip)
{
	struct span seed = read_whole(SEED);
	uint8_t *bytes = (uint8_t *)(uintptr_t)seed.at;
	struct buf told = buf_new(1 << 16);

	for (size_t i = 0; i < seed.len * 2; i++) {
		uint8_t flip = i % 2 ? 0xff : (uint8_t)(1u << i / 2 % 8);

		bytes[i / 2] ^= flip;
		vouched_for(seed, &told);
		bytes[i / 2] ^= flip;
		if (told.len && !span_eq(buf_span(&told), SPAN(MEMBERS)))
			fail_msg("%02x at %zu changes what is vouched for:\n%.*s", flip, i / 2,
				 SPAN_ARG(buf_span(&told)));
	}
	buf_free(&told);
	free(bytes);
}
