#include "formats/pe/pe_debug.h"
#include "formats/pe/pe_export.h"
#include "formats/pe/pe_import.h"
#include "formats/pe/pe_resource.h"
#include "formats/pe/pe_rich.h"
#include "formats/pe/pe_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_lists(const struct pe *pe, struct arena *arena)
{
	struct pe_signatures signatures;
	struct pe_resources resources;
	struct pe_imports imports;
	struct pe_exports exports;
	struct pe_rich rich;
	struct span text;

	pe_imports_read(pe, arena, &imports);
	pe_imphash_text(&imports, arena);
	pe_delayed_imports_read(pe, arena, &imports);
	pe_exports_read(pe, arena, &exports);
	pe_resources_read(pe, arena, &resources);
	pe_pdb_path(pe, &text);
	if (pe_rich_parse(pe, arena, &rich))
		pe_rich_count(&rich, -1, 1);
	pe_signatures_read(pe, arena, &signatures);
	pe_overlay(pe);
	pe_checksum(pe);
	for (unsigned i = 0; i < pe->section_count; i++)
		pe_section_full_name(pe, &pe->sections[i], &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct err err;
	struct pe pe;

	if (pe_parse(span_of(data, size), &pe, &err))
		read_lists(&pe, &arena);
	arena_free(&arena);
	return 0;
}
