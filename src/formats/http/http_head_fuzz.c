#include "formats/http/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head head;

	if (http_head_read(span_of(data, size), &head) && head.head_length > size)
		__builtin_trap();
	return 0;
}
