#include "formats/macho/macho_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_one(struct span file, struct arena *arena)
{
	struct macho_link link;
	struct macho m;
	struct err err;
	uint64_t place;

	if (!macho_parse(file, arena, &m, &err))
		return;
	macho_offset(&m, m.entry, &place);
	macho_address(&m, m.entry, &place);
	macho_link_parse(&m, arena, &link);
	macho_symbols(&m, &link, arena, true);
	macho_symbols(&m, &link, arena, false);
	macho_imports(&m, &link, arena);
	macho_exports(&m, &link, arena);
	macho_entitlements(&m, &link, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct span file = span_of(data, size);
	struct macho_fat fat;
	struct err err;

	parse_one(file, &arena);
	if (macho_fat_parse(file, &arena, &fat, &err)) {
		for (size_t i = 0; i < fat.count; i++)
			parse_one(span_sub(file, fat.list[i].offset, fat.list[i].size), &arena);
	}
	arena_free(&arena);
	return 0;
}
