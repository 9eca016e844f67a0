#include "formats/dotnet/dotnet_class.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)128 << 20);
	struct dotnet *d = ARENA_NEW(&arena, struct dotnet);
	struct dotnet_classes classes;
	struct err err;
	struct pe pe;

	if (pe_parse(span_of(data, size), &pe, &err) && dotnet_parse(&pe, d, &err))
		dotnet_classes_read(d, &arena, &classes);
	arena_free(&arena);
	return 0;
}
