#include "codec/xpress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)4 << 20);
	struct cursor c = cursor_of(span_of(data, size));
	size_t want = cursor_u16le(&c) * (size_t)8;
	struct span out;
	struct err err;

	xpress_plain(span_from(c.in, c.at), want, &arena, &out, &err);
	xpress_huffman(span_from(c.in, c.at), want, &arena, &out, &err);
	arena_free(&arena);
	return 0;
}
