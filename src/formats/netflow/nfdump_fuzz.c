#include "formats/netflow/nfdump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *context, const struct netflow_record *record)
{
	*(uint64_t *)context += record->bytes;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfdump_report report;
	struct err err;
	uint64_t bytes = 0;

	nfdump_read(span_of(data, size), take, &bytes, &report, &err);
	return 0;
}
