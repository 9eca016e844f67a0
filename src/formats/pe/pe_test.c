#include <stdlib.h>

#include "formats/pe/pe_debug.h"
#include "formats/pe/pe_export.h"
#include "formats/pe/pe_import.h"
#include "formats/pe/pe_resource.h"
#include "formats/pe/pe_rich.h"
#include "formats/pe/pe_signature.h"
#include "test.h"

/* The seeds of the fuzzers, made by tests/differential/modules/make_seeds.py. */
#define SEEDS "tests/corpus/pe_fuzz/"

static struct span file;
static struct arena arena;
static struct pe pe;

static void open_seed(const char *name)
{
	struct err err;

	file = read_whole(name);
	arena = arena_new((size_t)16 << 20);
	assert_true(pe_parse(file, &pe, &err));
}

static void close_seed(void)
{
	arena_free(&arena);
	free((void *)(uintptr_t)file.at);
}

static void write_u32(size_t at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		((uint8_t *)(uintptr_t)file.at)[at + (size_t)i] = (uint8_t)(value >> (8 * i));
}

TEST(pe_parse_reads_both_widths)
{
	open_seed(SEEDS "pe32");
	assert_false(pe.wide);
	assert_int_equal(pe.machine, 0x14c);
	assert_int_equal(pe.image_base, 0x400000);
	assert_int_equal(pe.checksum, 0x1234);
	assert_int_equal(pe.section_count, 2);
	assert_span(pe.sections[0].name, ".text");
	close_seed();
	open_seed(SEEDS "pe64");
	assert_true(pe.wide);
	assert_true(pe.image_base == 0x140000000);
	assert_int_equal(pe.stack_reserve, 0x100000);
	assert_int_equal(pe.subsystem, 3);
	close_seed();
}

TEST(pe_parse_refuses_what_is_no_pe)
{
	struct err err;

	assert_false(pe_parse(SPAN("MZ"), &pe, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_false(pe_parse(SPAN(""), &pe, &err));
}

TEST(pe_parse_survives_every_cut)
{
	struct span whole = read_whole(SEEDS "pe64");
	struct err err;

	for (size_t len = 0; len < 0x400; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		memcpy(exact, whole.at, len);
		pe_parse(span_of(exact, len), &pe, &err);
		free(exact);
	}
	free((void *)(uintptr_t)whole.at);
}

TEST(pe_offset_maps_sections_and_headers_only)
{
	size_t offset;

	open_seed(SEEDS "pe32");
	assert_true(pe_offset(&pe, 0x1000, &offset));
	assert_int_equal(offset, 0x400);
	assert_true(pe_offset(&pe, 0x10, &offset));
	assert_int_equal(offset, 0x10);
	assert_false(pe_offset(&pe, 0x3000, &offset));
	assert_false(pe_offset(&pe, UINT64_MAX, &offset));
	close_seed();
}

/* Section 0 of a seed with two sections; what libyara 4.5 answers to pe.rva_to_offset. */
static size_t offset_with(uint32_t virtual_size, uint32_t raw_size, uint32_t raw_offset,
			  uint32_t section_alignment, uint32_t file_alignment, uint32_t rva)
{
	size_t offset = SIZE_MAX;

	open_seed(SEEDS "pe64");
	pe.sections[0].virtual_size = virtual_size;
	pe.sections[0].raw_size = raw_size;
	pe.sections[0].raw_offset = raw_offset;
	pe.section_alignment = section_alignment;
	pe.file_alignment = file_alignment;
	pe_offset(&pe, rva, &offset);
	close_seed();
	return offset;
}

TEST(pe_offset_goes_by_the_larger_size_and_rounds_as_yara)
{
	assert_int_equal(offset_with(0, 0x1800, 0x400, 0x1000, 0x200, 0x1100), 0x500);
	assert_int_equal(offset_with(1, 0x100, 0x400, 0x1000, 0x200, 0x10ff), 0x4ff);
	assert_true(offset_with(0x1800, 0x100, 0x400, 0x1000, 0x200, 0x1100) == SIZE_MAX);
	assert_int_equal(offset_with(0x1800, 0x1800, 0x410, 0, 0, 0x1000), 0x410);
	assert_int_equal(offset_with(0x1800, 0x1800, 0x7ff, 0, 0x10, 0x1000), 0x7f0);
	assert_int_equal(offset_with(0x1800, 0x1800, 0x410, 0x1000, 0, 0x1000), 0x400);
	assert_int_equal(offset_with(0x1800, 0x1800, 0x3f0, 0x2000, 0x1fc, 0x1000), 0);
}

TEST(pe_section_full_name_comes_from_the_string_table)
{
	struct span name;

	open_seed(SEEDS "pe32");
	assert_span(pe.sections[1].name, "/4");
	assert_true(pe_section_full_name(&pe, &pe.sections[1], &name));
	assert_span(name, ".debug_everything");
	assert_int_equal(pe_overlay(&pe), 0x400 + 0x1800);
	close_seed();
}

TEST(pe_imports_resolve_names_and_ordinals)
{
	struct pe_imports imports;

	open_seed(SEEDS "pe64");
	pe_imports_read(&pe, &arena, &imports);
	assert_int_equal(imports.count, 2);
	assert_int_equal(imports.functions, 2);
	assert_span(imports.libraries[0].functions[0].name, "ExitProcess");
	assert_false(imports.libraries[0].functions[0].by_ordinal);
	assert_span(imports.libraries[1].functions[0].name, "WSAStartup");
	assert_int_equal(imports.libraries[1].functions[0].ordinal, 115);
	assert_span(pe_imphash_text(&imports, &arena), "kernel32.exitprocess,ws2_32.wsastartup");
	pe_delayed_imports_read(&pe, &arena, &imports);
	assert_int_equal(imports.count, 1);
	assert_span(imports.libraries[0].name, "USER32.dll");
	assert_span(imports.libraries[0].functions[0].name, "MessageBoxA");
	close_seed();
}

TEST(pe_imports_of_no_possible_name_or_ordinal_are_left_out)
{
	struct pe_imports imports;
	size_t name, table;

	open_seed(SEEDS "pe64");
	assert_true(pe_offset(&pe, pe_directory(&pe, PE_DIR_IMPORT)->rva, &table));
	assert_true(pe_offset(&pe, load_u32le(file.at + table + 12), &name));
	((uint8_t *)(uintptr_t)file.at)[name] = 0xe9;
	pe_imports_read(&pe, &arena, &imports);
	assert_int_equal(imports.count, 1);
	assert_true(pe_offset(&pe, load_u32le(file.at + table + 20), &name));
	write_u32(name, 0x10073);	/* an ordinal of more than 16 bits */
	pe_imports_read(&pe, &arena, &imports);
	assert_int_equal(imports.count, 0);
	close_seed();
}

TEST(pe_ordinal_without_a_name_is_numbered)
{
	arena = arena_new(1 << 16);
	assert_span(pe_ordinal_name(SPAN("mfc42.dll"), 7, &arena), "ord7");
	assert_span(pe_ordinal_name(SPAN("OLEAUT32.DLL"), 2, &arena), "SysAllocString");
	assert_span(pe_ordinal_name(SPAN("ws2_32.dll"), 65535, &arena), "ord65535");
	arena_free(&arena);
}

TEST(pe_exports_have_names_forwarders_and_ordinals)
{
	struct pe_exports exports;

	open_seed(SEEDS "pe32");
	pe_exports_read(&pe, &arena, &exports);
	assert_int_equal(exports.count, 3);
	assert_span(exports.dll_name, "tiny.dll");
	assert_span(exports.list[0].name, "Run");
	assert_int_equal(exports.list[0].ordinal, 5);
	assert_int_equal(exports.list[0].offset, 0x400);
	assert_span(exports.list[1].forward, "NTDLL.Other");
	assert_true(exports.list[2].name.at == NULL);
	assert_int_equal(exports.list[2].ordinal, 7);
	close_seed();
}

TEST(pe_resources_are_a_flat_list_with_version_strings)
{
	struct pe_resources resources;

	open_seed(SEEDS "pe32");
	pe_resources_read(&pe, &arena, &resources);
	assert_int_equal(resources.timestamp, 0x11223344);
	assert_int_equal(resources.count, 2);
	assert_int_equal(resources.list[0].type.text.len, 8);
	assert_int_equal(resources.list[0].name.number, 7);
	assert_int_equal(resources.list[1].type.number, 16);
	assert_int_equal(resources.list[1].language.number, 0x409);
	assert_int_equal(resources.string_count, 2);
	assert_span(resources.strings[0].key, "CompanyName");
	assert_span(resources.strings[0].value, "Kanshiki");
	close_seed();
}

TEST(pe_resources_that_point_at_themselves_end)
{
	struct pe_resources resources;
	size_t root;

	open_seed(SEEDS "pe32");
	assert_true(pe_offset(&pe, pe.directories[PE_DIR_RESOURCE].rva, &root));
	/* Both entries of the root, and all below them, lead back to the root. */
	for (size_t at = root + 16; at < root + 128; at += 8)
		memcpy((uint8_t *)(uintptr_t)file.at + at + 4, "\0\0\0\x80", 4);
	pe_resources_read(&pe, &arena, &resources);
	assert_true(resources.count <= PE_MAX_RESOURCES);
	close_seed();
}

/* Leaves of no length, and "leaves" that are the root, are none. */
TEST(pe_resources_without_length_are_left_out)
{
	struct pe_resources resources;
	size_t root;

	open_seed(SEEDS "pe32");
	assert_true(pe_offset(&pe, pe_directory(&pe, PE_DIR_RESOURCE)->rva, &root));
	memset((uint8_t *)(uintptr_t)file.at + root + 0x94, 0, 4);
	pe_resources_read(&pe, &arena, &resources);
	assert_int_equal(resources.count, 1);
	assert_int_equal(resources.list[0].type.number, 16);
	close_seed();
	open_seed(SEEDS "pe32");
	memset((uint8_t *)(uintptr_t)file.at + root + 0x64, 0, 4);
	pe_resources_read(&pe, &arena, &resources);
	assert_int_equal(resources.count, 1);
	close_seed();
}

static size_t resources_with(size_t place, uint32_t value)
{
	struct pe_resources resources;
	size_t root;

	open_seed(SEEDS "pe32");
	assert_true(pe_offset(&pe, pe_directory(&pe, PE_DIR_RESOURCE)->rva, &root));
	write_u32(root + place, value);
	pe_resources_read(&pe, &arena, &resources);
	close_seed();
	return resources.count;
}

/* As YARA 4.5: what leads out of the file is left out, what leads nowhere ends its directory. */
TEST(pe_resources_beside_a_broken_one_stay)
{
	assert_int_equal(resources_with(0x64, 0x7fffffff), 1);	/* a leaf beyond the file */
	assert_int_equal(resources_with(0x14, 0xffffffff), 1);	/* a directory beyond the file */
	assert_int_equal(resources_with(0x94, 0x40000000), 1);	/* a leaf larger than any */
	assert_int_equal(resources_with(0x14, 0), 0);
	assert_int_equal(resources_with(0x1c, 0), 1);
	assert_int_equal(resources_with(0x0c, 0x00010100), 2);	/* entries of nothing */
	assert_int_equal(resources_with(0x0c, 0x00017fff), 0);	/* more than the file has */
}

TEST(pe_exports_need_room_behind_the_name)
{
	struct pe_exports exports;
	struct span name;

	open_seed(SEEDS "pe32");
	pe_exports_read(&pe, &arena, &exports);
	name = exports.dll_name;
	pe.file.len = (size_t)(name.at - file.at) + 11;
	pe_exports_read(&pe, &arena, &exports);
	assert_int_equal(exports.count, 0);
	assert_span(exports.dll_name, "tiny.dll");
	pe.file = file;
	pe.optional_size = 0x53;
	pe_exports_read(&pe, &arena, &exports);
	assert_int_equal(exports.count, 3);
	close_seed();
}

TEST(pe_rich_counts_objects_by_version_and_tool)
{
	struct pe_rich rich;

	open_seed(SEEDS "pe32");
	assert_true(pe_rich_parse(&pe, &arena, &rich));
	assert_int_equal(rich.offset, 0x80);
	assert_int_equal(rich.key, 0x1badb002);
	assert_int_equal(pe_rich_count(&rich, 30000, -1), 3);
	assert_int_equal(pe_rich_count(&rich, 30000, 0x105), 3);
	assert_int_equal(pe_rich_count(&rich, 1, -1), 0);
	((uint8_t *)(uintptr_t)file.at)[0x87] ^= 1;
	assert_true(pe_rich_parse(&pe, &arena, &rich));
	assert_int_equal(rich.key, 0x1badb002);
	((uint8_t *)(uintptr_t)file.at)[0x83] ^= 1;
	assert_false(pe_rich_parse(&pe, &arena, &rich));
	close_seed();
}

TEST(pe_pdb_path_is_found)
{
	struct span path;

	open_seed(SEEDS "pe32");
	assert_true(pe_pdb_path(&pe, &path));
	assert_span(path, "C:\\src\\tiny.pdb");
	pe.directories[PE_DIR_DEBUG].size += 5;
	assert_true(pe_pdb_path(&pe, &path));
	pe.directories[PE_DIR_DEBUG].size = 27;
	assert_false(pe_pdb_path(&pe, &path));
	close_seed();
}

TEST(pe_signature_holds_until_a_byte_changes)
{
	struct pe_signatures signatures;

	open_seed(SEEDS "signed");
	pe_signatures_read(&pe, &arena, &signatures);
	assert_int_equal(signatures.count, 1);
	assert_true(signatures.list[0].verified);
	assert_span(signatures.list[0].signature->digest_algorithm, "sha256");
	assert_span(signatures.list[0].signature->program_name, "Tiny");
	assert_span(signatures.list[0].signature->chain.list[0].subject,
		    "/C=JP/O=Kanshiki/CN=Test");
	((uint8_t *)(uintptr_t)file.at)[0x500] ^= 1;
	pe_signatures_read(&pe, &arena, &signatures);
	assert_int_equal(signatures.count, 1);
	assert_false(signatures.list[0].verified);
	assert_true(signatures.list[0].signature->verified);
	close_seed();
}

TEST(pe_signature_that_nobody_can_have_made_is_none)
{
	struct pe_signatures signatures;
	size_t blob;

	open_seed(SEEDS "signed");
	blob = pe_directory(&pe, PE_DIR_SECURITY)->rva + 8;
	((uint8_t *)(uintptr_t)file.at)[blob] = 0xff;
	pe_signatures_read(&pe, &arena, &signatures);
	assert_int_equal(signatures.count, 0);
	close_seed();
	open_seed(SEEDS "signed");
	/* Of its two names of the certificate the signer's: it is not among them then. */
	for (size_t at = file.len - 1; at > blob; at--) {
		if (span_starts(span_from(file, at), SPAN("Kanshiki"))) {
			((uint8_t *)(uintptr_t)file.at)[at] = 'x';
			break;
		}
	}
	pe_signatures_read(&pe, &arena, &signatures);
	assert_int_equal(signatures.count, 0);
	close_seed();
}

TEST(pe_without_signature_has_none)
{
	struct pe_signatures signatures;

	open_seed(SEEDS "pe64");
	pe_signatures_read(&pe, &arena, &signatures);
	assert_int_equal(signatures.count, 0);
	close_seed();
}
