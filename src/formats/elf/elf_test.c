#include "formats/elf/elf.h"

#include <stdlib.h>

#include "test.h"

/* The seeds of the fuzzers, made by tests/differential/modules/make_seeds.py. */
#define SEEDS "tests/corpus/elf_fuzz/"

static void check_seed(const char *name, bool wide, bool big_endian)
{
	struct span file = read_whole(name);
	struct arena arena = arena_new((size_t)1 << 20);
	struct elf_dynamics dynamic;
	struct elf_symbol *symbols;
	struct err err;
	struct elf elf;
	uint64_t offset;
	size_t count;

	assert_true(elf_parse(file, &arena, &elf, &err));
	assert_true(elf.wide == wide && elf.big_endian == big_endian);
	assert_int_equal(elf.section_count, 5);
	assert_span(elf.sections[1].name, ".text");
	assert_int_equal(elf.segment_count, 2);
	assert_int_equal(elf.segments[1].type, ELF_SEGMENT_DYNAMIC);
	assert_true(elf_offset(&elf, elf.entry, &offset));
	assert_int_equal(offset, elf.sections[1].offset + 4);
	assert_false(elf_offset(&elf, 0x9000, &offset));
	assert_true(elf_symbols(&elf, ELF_SECTION_DYNSYM, &arena, &symbols, &count));
	assert_int_equal(count, 15);
	assert_span(symbols[1].name, "Alpha");
	assert_int_equal(symbols[1].type, ELF_SYMBOL_FUNCTION);
	assert_int_equal(symbols[1].bind, ELF_BIND_GLOBAL);
	assert_false(elf_symbols(&elf, ELF_SECTION_SYMTAB, &arena, &symbols, &count));
	assert_true(elf_dynamic(&elf, &arena, &dynamic));
	assert_int_equal(dynamic.count, 2);
	assert_int_equal(dynamic.in_last, 2);
	arena_free(&arena);
	free((void *)(uintptr_t)file.at);
}

TEST(elf_parse_reads_all_four_kinds)
{
	check_seed(SEEDS "elf32le", false, false);
	check_seed(SEEDS "elf32be", false, true);
	check_seed(SEEDS "elf64le", true, false);
	check_seed(SEEDS "elf64be", true, true);
}

TEST(elf_parse_refuses_what_is_no_elf)
{
	struct arena arena = arena_new((size_t)1 << 20);
	struct err err;
	struct elf elf;

	assert_false(elf_parse(SPAN(""), &arena, &elf, &err));
	assert_false(elf_parse(SPAN("\x7f" "ELF\x02\x01\x01"), &arena, &elf, &err));
	assert_false(elf_parse(SPAN("\x7f" "ELF\x03\x01\x01\0\0\0\0\0\0\0\0\0\0"), &arena, &elf, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	arena_free(&arena);
}
