#include "formats/elf/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct elf_dynamics dynamic;
	struct elf_symbol *symbols;
	struct err err;
	struct elf elf;
	uint64_t offset;
	size_t count;

	if (elf_parse(span_of(data, size), &arena, &elf, &err)) {
		elf_offset(&elf, elf.entry, &offset);
		elf_symbols(&elf, ELF_SECTION_SYMTAB, &arena, &symbols, &count);
		elf_symbols(&elf, ELF_SECTION_DYNSYM, &arena, &symbols, &count);
		elf_dynamic(&elf, &arena, &dynamic);
	}
	arena_free(&arena);
	return 0;
}
