#include "formats/tls/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls tls;

	tls_read(span_of(data, size), &tls);
	return 0;
}
