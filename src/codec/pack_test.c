#include "codec/pack.h"
#include "test.h"

#include <zlib.h>

TEST(pack_base64_pads)
{
	struct buf b = buf_new(100);

	assert_true(pack_base64(&b, SPAN("any carnal pleas")));
	assert_span(buf_span(&b), "YW55IGNhcm5hbCBwbGVhcw==");
	buf_free(&b);
}

TEST(pack_deflate_comes_back)
{
	static uint8_t in[100000], out[100000];
	struct buf b = buf_new(1 << 20);
	z_stream z = { 0 };

	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * i >> 7);
	assert_true(pack_deflate(&b, span_of(in, sizeof in)));
	assert_int_equal(inflateInit2(&z, -15), Z_OK);
	z.next_in = b.at;
	z.avail_in = (uInt)b.len;
	z.next_out = out;
	z.avail_out = sizeof out;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, sizeof in);
	assert_memory_equal(in, out, sizeof in);
	inflateEnd(&z);
	buf_free(&b);
}

TEST(pack_refuses_what_has_no_room)
{
	struct buf b = buf_new(10);

	assert_false(pack_base64(&b, SPAN("more than ten bytes of text")));
	assert_int_equal(b.len, 0);
	buf_free(&b);
}
