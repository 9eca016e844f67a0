#include "base/buf.h"
#include "codec/digest.h"
#include "test.h"

TEST(digest_matches_published_vectors)
{
	struct digest *d = digest_new(DIGEST_SHA256);
	struct buf b = buf_new(1000);
	uint8_t out[DIGEST_MAX];

	digest_add(d, SPAN("a"));
	digest_add(d, SPAN("bc"));
	buf_hex(&b, span_of(out, digest_done(d, out)));
	assert_span(buf_span(&b), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	buf_clear(&b);
	buf_hex(&b, span_of(out, digest_of(DIGEST_MD5, SPAN("abc"), out)));
	assert_span(buf_span(&b), "900150983cd24fb0d6963f7d28e17f72");
	digest_free(d);
	buf_free(&b);
}

TEST(digests_of_all_three_are_those_of_each)
{
	static uint8_t bytes[3000];
	struct digests all;
	uint8_t one[DIGEST_MAX];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	for (size_t len = 0; len <= sizeof bytes; len += len < 200 ? 1 : 97) {
		struct span s = span_of(bytes + len % 7, len < sizeof bytes - 7 ? len : sizeof bytes - 7);

		digests_of(s, &all);
		digest_of(DIGEST_MD5, s, one);
		assert_memory_equal(all.md5, one, sizeof all.md5);
		digest_of(DIGEST_SHA1, s, one);
		assert_memory_equal(all.sha1, one, sizeof all.sha1);
		digest_of(DIGEST_SHA256, s, one);
		assert_memory_equal(all.sha256, one, sizeof all.sha256);
	}
}
