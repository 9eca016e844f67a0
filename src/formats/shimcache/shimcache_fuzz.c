#include "formats/shimcache/shimcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shimcache cache;
	struct shimcache_entry entry;
	struct err err;
	size_t sum = 0;

	if (shimcache_open(&cache, span_of(data, size), &err))
		while (shimcache_next(&cache, &entry))
			for (size_t i = 0; i < entry.path.len; i++)
				sum += entry.path.at[i];
	return (int)(sum & 0);
}
