#include "formats/local_name/local_name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *context, const uint8_t address[16], struct span name)
{
	size_t *seen = context;

	if (!name.len || name.len >= LOCAL_NAME_MAX)
		abort();
	for (size_t i = 0; i < name.len; i++)
		*seen += name.at[i];
	*seen += address[15];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_from(span_of(data, size), 1);
	size_t seen = 0;

	if (size)
		local_name_read((enum local_name_form)(data[0] & 3), rest, take, &seen);
	return 0;
}
