#include "codec/expand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf to = buf_new((size_t)1 << 20);

	expand_lzo(&to, span_of(data, size), (size_t)1 << 20);
	buf_free(&to);
	return 0;
}
