/* Files that Windows compressed: the algorithm, the size, then the stream. */
#include "disk/wof.h"

#define SIZE_MOST ((uint64_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(span_of(data, size));
	uint32_t algorithm = cursor_u8(&c) % 5, of_point, length = cursor_u32le(&c);
	struct buf out = buf_new(SIZE_MOST);
	struct err err;

	wof_algorithm(span_of(data, size), &of_point);
	if (wof_expand(span_from(span_of(data, size), 5), algorithm, length % SIZE_MOST, SIZE_MOST / 2, &out, &err) &&
	    out.len != (length % SIZE_MOST < SIZE_MOST / 2 ? length % SIZE_MOST : SIZE_MOST / 2))
		__builtin_trap();
	buf_free(&out);
	return 0;
}
