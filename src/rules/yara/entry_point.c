#include "rules/yara/modules.h"

#include "formats/elf/elf.h"
#include "formats/pe/pe.h"

/* Tables of sections and segments of one file. */
#define MEMORY ((size_t)16 << 20)

static bool of_pe(struct span data, bool is_memory, uint64_t base, int64_t *out)
{
	struct err err = { 0 };
	struct pe pe;
	size_t offset;

	if (!pe_parse(data, &pe, &err))
		return false;
	if (is_memory)
		return *out = (int64_t)(base + pe.entry_rva), true;
	if (!pe_offset(&pe, pe.entry_rva, &offset))
		return false;
	*out = (int64_t)offset;
	return true;
}

static bool of_elf(struct span data, struct arena *arena, bool is_memory, uint64_t base,
		   int64_t *out)
{
	struct err err = { 0 };
	struct elf elf;
	uint64_t offset;

	if (!elf_parse(data, arena, &elf, &err) || !elf.entry)
		return false;
	if (is_memory)
		return *out = (int64_t)(base + elf.entry), true;
	if (!elf_offset(&elf, elf.entry, &offset))
		return false;
	*out = (int64_t)offset;
	return true;
}

bool yara_entry_point(struct span data, bool is_memory, uint64_t base, int64_t *out)
{
	struct arena arena = arena_new(MEMORY);
	bool found = of_pe(data, is_memory, base, out) ||
		     of_elf(data, &arena, is_memory, base, out);

	arena_free(&arena);
	return found;
}
