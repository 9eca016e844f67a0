#include "codec/rfc3161.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t digest[SHA256_SIZE];
	struct buf token = buf_new(RFC3161_MAX);
	struct rfc3161 info;
	struct err err = { 0 };

	if (rfc3161_token(span_of(data, size), &token, &err))
		(void)rfc3161_check(buf_span(&token), digest, NULL, &info, &err);
	(void)rfc3161_check(span_of(data, size), digest, NULL, &info, &err);
	buf_free(&token);
	return 0;
}
