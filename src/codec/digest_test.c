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
