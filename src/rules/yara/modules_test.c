#include "rules/yara/modules.h"

#include <stdlib.h>

#include "base/buf.h"
#include "rules/yara/yara.h"
#include "test.h"

/* Seeds made by tests/differential/modules/make_seeds.py. */
#define SEEDS "tests/corpus/"

static bool note_match(void *context, const struct yara_match *match)
{
	*(bool *)context = true;
	return true;
}

static void print_problem(void *context, const struct yara_problem *problem)
{
	if (problem->is_error)
		print_message("# %u:%u: %s\n", problem->line, problem->column, problem->text);
}

/* Whether a rule with that condition matches the data; `given` is for -x MODULE=FILE. */
static bool holds_with(const char *module, const char *condition, struct span data,
		       struct span given)
{
	struct yara_module_data extra = { module, given };
	struct yara_inputs inputs = { .module_data = &extra, .module_data_count = 1 };
	struct arena arena = arena_new((size_t)64 << 20);
	struct yara_options options = { .problem = print_problem };
	struct yara_scan_options scan = { 0 };
	struct yara_source source = { .name = "test.yar" };
	struct yara_scanner *scanner;
	struct yara_set *set;
	struct err err = { 0 };
	bool matched = false;

	source.text = arena_printf(&arena, "import \"%s\" rule test { condition: %s }", module,
				   condition);
	assert_true(yara_compile(&arena, &source, 1, &options, &set, NULL, &err));
	scanner = yara_scanner_new(set, &scan, &err);
	assert_non_null(scanner);
	assert_true(yara_scan(scanner, data, &inputs, note_match, &matched, NULL, &err));
	yara_scanner_free(scanner);
	arena_free(&arena);
	return matched;
}

static bool holds(const char *module, const char *condition, struct span data)
{
	return holds_with(module, condition, data, (struct span){ 0 });
}

static void check(const char *module, const char *seed, const char *const *conditions)
{
	struct span data = read_whole(seed);

	for (size_t i = 0; conditions[i]; i++) {
		if (!holds(module, conditions[i], data))
			print_message("# does not hold: %s\n", conditions[i]);
		assert_true(holds(module, conditions[i], data));
	}
	free((void *)(uintptr_t)data.at);
}

#define CHECK(module, seed, ...) \
	check(module, SEEDS seed, (const char *const[]){ __VA_ARGS__, NULL })

TEST(module_tests_has_one_of_each_kind)
{
	static const char *const conditions[] = {
		"tests.constants.one + 1 == tests.constants.two and tests.constants.empty == \"\"",
		"not defined tests.undefined.i and not defined tests.undefined.f + 1.0",
		"not defined (not (tests.undefined.f == 1.0))",
		"tests.match(/foo|foobar/, \"xfoobar\") == 4 and tests.match(/foo.b/i, \"FOO\\nB\") == -1",
		"tests.isum(1, 2) == 3 and tests.isum(1, 2, 3) == 6 and tests.fsum(1.0, 2.0, 3.0) == 6.0",
		"tests.length(\"a\\x00b\") == 1 and tests.empty() == \"\" and tests.foobar(2) == \"bar\"",
		"not defined tests.isum(tests.undefined.i, 1) and not defined tests.module_data",
		"tests.integer_array[256] == 256 and not defined tests.integer_array[3]",
		"for 4 i in tests.integer_array : (i >= 0) and not for 5 i in tests.integer_array : (i >= 0)",
		"for any s in tests.string_array : (s == \"foo\\x00bar\") and not defined tests.string_array[-1]",
		"tests.struct_dict[\"foo\"].s == \"foo\" and not defined tests.struct_dict[\"x\"].i",
		"for all k, v in tests.string_dict : (k == v)",
		"not for all k, v in tests.empty_struct_dict : (true)",
		"not for any a in tests.empty_struct_array : (a.struct_array[0].unused == \"\")", NULL };

	for (size_t i = 0; conditions[i]; i++) {
		if (!holds("tests", conditions[i], SPAN("abc")))
			print_message("# does not hold: %s\n", conditions[i]);
		assert_true(holds("tests", conditions[i], SPAN("abc")));
	}
	assert_true(holds_with("tests", "tests.module_data == \"xyz\"", SPAN("abc"), SPAN("xyz")));
}

TEST(module_pe_reads_headers_and_lists)
{
	CHECK("pe", "pe_fuzz/pe32", "pe.is_pe == 1", "pe.machine == pe.MACHINE_I386",
	      "pe.is_dll() != 0", "pe.is_32bit() == 1 and pe.is_64bit() == 0",
	      "pe.entry_point == 0x400", "pe.number_of_sections == 2",
	      "pe.sections[0].name == \".text\" and pe.sections[1].full_name == \".debug_everything\"",
	      "for any s in pe.sections : (s.virtual_address == 0x3000)",
	      "not defined pe.sections[2].name", "pe.section_index(\".text\") == 0",
	      "pe.section_index(0x400) == 0", "pe.overlay.offset == 0x1c00",
	      "pe.number_of_resources == 2", "pe.resources[1].type == pe.RESOURCE_TYPE_VERSION",
	      "pe.version_info[\"CompanyName\"] == \"Kanshiki\"",
	      "for any k, v in pe.version_info : (k == \"FileVersion\" and v == \"1.2\")",
	      "pe.locale(0x409) == 1 and pe.language(0x09) == 1 and pe.locale(0x411) == 0",
	      "pe.pdb_path == \"C:\\\\src\\\\tiny.pdb\"", "pe.rva_to_offset(0x1000) == 0x400",
	      "pe.number_of_signatures == 0 and pe.is_signed == 0",
	      "pe.linker_version.major == 14 and pe.os_version.minor == 1",
	      "pe.calculate_checksum() != 0", "pe.data_directories[0].size != 0");
}

TEST(module_pe_answers_about_imports_and_exports)
{
	CHECK("pe", "pe_fuzz/pe64", "pe.imports(\"kernel32.dll\", \"exitprocess\") == 1",
	      "pe.imports(\"ws2_32.dll\", 115) == 1", "pe.imports(\"kernel32.dll\") == 1",
	      "pe.imports(/kernel/i, /^Exit/) == 1", "pe.imports(\"user32.dll\") == 0",
	      "pe.imports(pe.IMPORT_DELAYED, \"user32.dll\", \"MessageBoxA\") == 1",
	      "pe.imports(pe.IMPORT_ANY, /./, /./) == 3",
	      "pe.imphash() == \"60815f7d8cbc45b76fd9da8831006224\"",
	      "pe.import_rva(\"KERNEL32.dll\", \"ExitProcess\") == pe.import_details[0].functions[0].rva",
	      "defined pe.delayed_import_rva(\"USER32.dll\", \"MessageBoxA\")",
	      "not defined pe.import_rva(\"KERNEL32.dll\", \"Nothing\")", "pe.exports(\"run\") == 1",
	      "pe.exports(/^Ol/) == 1", "pe.exports(5) == 0", "pe.exports(6) == 0",
	      "pe.exports_index(\"Old\") == 1", "not defined pe.exports_index(\"Nothing\")",
	      "pe.export_details[1].forward_name == \"NTDLL.Other\"",
	      "pe.rich_signature.version(30000) == 3 and pe.rich_signature.toolid(0x105, 1) == 0",
	      "for any t in pe.rich_signature.tools : (t.version == 30000 and t.times == 3 and"
	      " pe.rich_signature.toolid(t.toolid) >= 3)", "pe.MACHINE_RISCV64 == 0x5064");
}

TEST(module_pe_reads_signatures)
{
	CHECK("pe", "pe_fuzz/signed", "pe.number_of_signatures == 1", "pe.is_signed == 1",
	      "pe.signatures[0].verified == 1", "pe.signatures[0].subject contains \"Kanshiki\"",
	      "pe.signatures[0].digest == pe.signatures[0].file_digest",
	      "pe.signatures[0].valid_on(pe.signatures[0].not_before) == 1",
	      "pe.signatures[0].valid_on(0) == 0",
	      "for all c in pe.signatures[0].certificates : (c.version == 3)");
}

TEST(module_pe_is_undefined_over_anything_else)
{
	assert_true(holds("pe", "pe.is_pe == 0", SPAN("no PE")));
	assert_true(holds("pe", "not defined pe.imphash()", SPAN("no PE")));
	assert_true(holds("pe", "not defined pe.number_of_signatures", SPAN("no PE")));
	assert_true(holds("pe", "not defined pe.machine", SPAN("")));
}

TEST(module_elf_reads_symbols_and_hashes)
{
	CHECK("elf", "elf_fuzz/elf64le", "elf.type == elf.ET_DYN", "elf.machine == elf.EM_X86_64",
	      "elf.number_of_sections == 5", "elf.sections[1].name == \".text\"",
	      "elf.segments[1].type == elf.PT_DYNAMIC", "elf.dynsym_entries == 15",
	      "elf.dynsym[1].name == \"Alpha\"", "elf.dynamic_section_entries == 2",
	      "not defined elf.symtab_entries", "elf.telfhash() startswith \"T1\"",
	      "elf.osabi == elf.OSABI_NONE and elf.dynsym[1].visibility == elf.STV_DEFAULT",
	      "elf.import_md5() matches /^[0-9a-f]{32}$/");
}

TEST(module_macho_reads_libraries_and_symbols)
{
	CHECK("macho", "macho_fuzz/linked", "macho.dylibs.len() == 2",
	      "macho.dylibs[0].name == \"/usr/lib/libSystem.B.dylib\"",
	      "macho.dylibs[0].current_version == \"1.2.3\"",
	      "macho.dylibs[1].compatibility_version == \"1.0.0\"",
	      "macho.has_dylib(\"/usr/lib/libsystem.b.dylib\")", "not macho.has_dylib(\"x\")",
	      "macho.has_rpath(\"@loader_path/../Frameworks\")",
	      "macho.symtab.entries[0] == \"_printf\"", "macho.symtab.entries[1] == \"_Main\"",
	      "macho.symtab.nlists.len() == 2", "macho.symtab.nlists[1].n_strx == 9",
	      "macho.symtab.nlists[1].n_type == 15", "macho.symtab.nlists[1].n_value == 0x1000",
	      "macho.imports.len() == 2", "macho.imports[1] == \"_malloc\"",
	      "macho.has_import(\"_printf\")", "macho.exports.len() == 2",
	      "macho.exports[0] == \"_other\"", "macho.has_export(\"_Main\")",
	      "macho.dysymtab.nlocrel == 17", "macho.dyld_info.bind_size > 0");
}

TEST(module_macho_reads_versions_and_entitlements)
{
	CHECK("macho", "macho_fuzz/linked",
	      "macho.uuid == \"00010203-0405-0607-0809-0A0B0C0D0E0F\"",
	      "macho.source_version == \"1.2.3.4.5\"", "macho.build_version.minos == \"11.0.0\"",
	      "macho.build_version.tools[0].version == \"1167.5\"",
	      "macho.min_version.device == macho.MACOSX", "macho.min_version.sdk == \"10.14.1\"",
	      "macho.dynamic_linker == \"/usr/lib/dyld\"", "macho.linker_options[1] == \"Cocoa\"",
	      "macho.has_entitlement(\"com.apple.security.get-task-allow\")",
	      "macho.code_signature_data.datasize > 0", "macho.entitlements.len() == 1");
}

/* Signatures of today can do without the property list. */
TEST(module_macho_reads_entitlements_in_der)
{
	CHECK("macho", "macho_fuzz/der", "macho.entitlements.len() == 4",
	      "macho.has_entitlement(\"com.apple.security.get-task-allow\")",
	      "macho.has_entitlement(\"keychain-access-groups\")",
	      "macho.has_entitlement(\"team-identifier\")", "macho.has_entitlement(\"within\")",
	      "not macho.has_entitlement(\"not.a.key\")");
}

TEST(module_macho_names_the_certificates_of_a_signature)
{
	CHECK("macho", "macho_fuzz/signed", "macho.certificates.len() == 2",
	      "macho.certificates[0].subject == \"C=JP, O=Kanshiki, CN=Test Root\"",
	      "macho.certificates[0].is_self_signed",
	      "macho.certificates[1].subject == \"uid=AB12, CN=Developer\"",
	      "macho.certificates[1].issuer == macho.certificates[0].subject",
	      "not macho.certificates[1].is_self_signed");
	CHECK("macho", "macho_fuzz/linked", "macho.certificates.len() == 0");
	CHECK("macho", "macho_fuzz/fat", "macho.fat_arch[0].reserved == 0");
}

TEST(module_macho_hashes_names)
{
	struct span none = { 0 };

	/* printf '_main,_other' | md5sum, and so on. */
	CHECK("macho", "macho_fuzz/linked", "macho.export_hash() == \"4b06ff71461f837ccfa54e6de2ea7e2a\"",
	      "macho.import_hash() == \"f11bd1e48227d71c9279769c74733e2a\"",
	      "macho.symhash() == \"ec5aa744973b57af44f19ee6e0976adf\"",
	      "macho.dylib_hash() == \"077afd4151a3fd130aaca3bedca6acd1\"",
	      "macho.entitlement_hash() == \"e3ea7f7adab2e7235bb903a70bcfa849\"");
	assert_true(holds("macho", "not defined macho.dylib_hash()", none));
}

TEST(module_macho_reads_fat_files)
{
	CHECK("macho", "macho_fuzz/fat", "macho.nfat_arch == 2",
	      "macho.file[0].cputype == macho.CPU_TYPE_X86_64",
	      "macho.file[1].segments[0].sections[0].sectname == \"__text\"",
	      "macho.file_index_for_arch(macho.CPU_TYPE_X86) == 1",
	      "macho.entry_point_for_arch(macho.CPU_TYPE_X86_64) == 0x204",
	      "not defined macho.magic");
	CHECK("macho", "macho_fuzz/macho32", "macho.entry_point == 0x10",
	      "macho.segments[0].segname == \"__TEXT\"", "not defined macho.nfat_arch");
}

TEST(module_dotnet_reads_classes_and_tables)
{
	CHECK("dotnet", "dotnet_fuzz/assembly", "dotnet.is_dotnet == 1",
	      "dotnet.version == \"v4.0.30319\"", "dotnet.module_name == \"tiny.exe\"",
	      "dotnet.assembly.name == \"Tiny\" and dotnet.assembly.version.revision_number == 4",
	      "dotnet.number_of_classes == 2", "dotnet.classes[1].fullname == \"Demo.Outer.Inner\"",
	      "dotnet.classes[0].methods[0].parameters[0].type == \"int\"",
	      "for any s in dotnet.user_strings : (s == \"h\\x00i\\x00\")",
	      "dotnet.guids[0] == \"03020100-0504-0706-0809-0a0b0c0d0e0f\"",
	      "dotnet.assembly_refs[0].name == \"mscorlib\"", "dotnet.number_of_streams == 5");
	CHECK("dotnet", "pe_fuzz/pe32", "dotnet.is_dotnet == 0");
}

TEST(module_dex_resolves_names_as_yara_x)
{
	CHECK("dex", "dex_fuzz/dex", "dex.is_dex == 1 and dex.header.version == 35",
	      "dex.types[1] == \"Ljava/lang/Object;\" and dex.types.len() == 4",
	      "dex.protos[0].shorty == \"V\" and dex.protos[0].return_type == \"V\"",
	      "dex.protos[0].parameters_count == 0 and dex.protos[0].parameters.len() == 0",
	      "dex.fields[0].class == \"LDemo;\" and dex.fields[0].type == \"I\"",
	      "dex.fields[0].name == \"count\" and dex.methods[0].name == \"<init>\"",
	      "dex.methods[0].class == \"LDemo;\" and dex.methods[0].proto.shorty == \"V\"",
	      "dex.class_defs[0].class == \"LDemo;\" and not defined dex.class_defs[0].source_file",
	      "dex.class_defs[0].superclass == \"Ljava/lang/Object;\"",
	      "dex.map_list.items[0].type == dex.TYPE_HEADER_ITEM",
	      "dex.contains_string(\"count\") and not dex.contains_string(\"coun\")",
	      "dex.contains_method(\"<init>\") and not dex.contains_method(\"count\")",
	      "dex.contains_class(\"LDemo;\") and not dex.contains_class(\"V\")",
	      "dex.signature() == \"52f737aaae0b6529da41e6d54f148ec72c1f507b\" and dex.checksum() == 3201113581",
	      "not defined dex.header.container_size");
	assert_true(holds("dex", "dex.is_dex == 0 and not defined dex.checksum()", SPAN("dexy")));
}

TEST(module_dex_reads_methods)
{
	CHECK("dex", "dex_fuzz/dex", "dex.header.magic == dex.DEX_FILE_MAGIC_035",
	      "dex.number_of_methods == 1", "dex.has_class(\"LDemo;\") == 1",
	      "dex.has_method(\"LDemo;\", \"<init>\") == 1", "dex.has_method(/nothing/) == 0",
	      "dex.field[0].name == \"count\"", "dex.method[0].code_item.insns_size == 4",
	      "dex.map_list.size == 1");
}

TEST(module_lnk_reads_the_target)
{
	CHECK("lnk", "lnk_fuzz/shortcut", "lnk.is_lnk == 1", "lnk.cmd_line_args == \"/c echo\"",
	      "lnk.local_base_path endswith \"cmd.exe\"", "lnk.drive_type == lnk.DriveType.FIXED",
	      "lnk.target_id_list[0].item_type == lnk.ShellItemType.ROOT_FOLDER",
	      "lnk.tracker_data.machine_id == \"machine\"", "lnk.overlay_size == 7",
	      "lnk.creation_time == 1577836800");
	assert_true(holds("lnk", "lnk.is_lnk == 0", SPAN("no link")));
	CHECK("lnk", "lnk_fuzz/control_panel",
	      "lnk.target_id_list[0].cpl_file_path == \"C:\\\\a.cpl\"",
	      "lnk.target_id_list[1].cpl_file_path == \"C:\\\\\\xc3\\xa9.cpl\"",
	      "not defined lnk.target_id_list[2].cpl_file_path",
	      "lnk.target_id_list[3].cpl_file_path == \"cut\"",
	      "lnk.target_id_list[4].cpl_file_path == \"\"");
}

TEST(module_math_computes_as_yara)
{
	struct span data = SPAN("AABBCCDD\x00\xff");

	assert_true(holds("math", "math.count(0x41) == 2 and math.count(0x41, 2, 8) == 0", data));
	assert_true(holds("math", "math.entropy(0, 8) == 2.0", data));
	assert_true(holds("math", "math.entropy(\"AAAA\") == 0.0", data));
	assert_true(holds("math", "math.mean(0, 2) == 65.0", data));
	assert_true(holds("math", "math.deviation(0, 4, 65.5) == 0.5", data));
	assert_true(holds("math", "math.mode() == 0x41", data));
	assert_true(holds("math", "math.percentage(0x41, 0, 4) == 0.5", data));
	assert_true(holds("math", "math.in_range(1.5, 1.0, 2.0)", data));
	assert_true(holds("math", "math.min(1, 2) == 1 and math.max(1, 2) == 2", data));
	assert_true(holds("math", "math.max(-1, 1) == -1", data));
	assert_true(holds("math", "math.abs(-3) == 3 and math.to_number(1 == 1) == 1", data));
	assert_true(holds("math", "math.to_string(255, 16) == \"ff\"", data));
	assert_true(holds("math", "not defined math.to_string(1, 7)", data));
	assert_true(holds("math", "not defined math.entropy(10, 1)", data));
	assert_true(holds("math", "not defined math.entropy(-1, 1)", data));
	assert_true(holds("math", "math.serial_correlation(0, 2) == -100000.0", data));
	assert_true(holds("math", "not defined math.monte_carlo_pi(0, 5)", data));
}

TEST(module_hash_digests_ranges_and_strings)
{
	struct span data = SPAN("123456789");

	assert_true(holds("hash", "hash.md5(0, filesize) == \"25f9e794323b453885f5181f1b624d0b\"", data));
	assert_true(holds("hash", "hash.md5(\"\") == \"d41d8cd98f00b204e9800998ecf8427e\"", data));
	assert_true(holds("hash", "hash.sha1(0, 3) == \"40bd001563085fc35165329ea1ff5c5ecbdbbeef\"", data));
	assert_true(holds("hash", "hash.sha256(0, 100) == hash.sha256(0, filesize)", data));
	assert_true(holds("hash", "hash.crc32(0, filesize) == 0xcbf43926", data));
	assert_true(holds("hash", "hash.checksum32(0, filesize) == 477", data));
	assert_true(holds("hash", "not defined hash.md5(filesize, 1)", data));
}

TEST(module_string_and_time)
{
	assert_true(holds("string", "string.to_int(\"0x10\") == 16", SPAN("")));
	assert_true(holds("string", "string.to_int(\"-11\", 2) == -3", SPAN("")));
	assert_true(holds("string", "not defined string.to_int(\"12a\")", SPAN("")));
	assert_true(holds("string", "not defined string.to_int(\"1\", 1)", SPAN("")));
	assert_true(holds("string", "string.length(\"abc\") == 3", SPAN("")));
	assert_true(holds("time", "time.now() > 1700000000", SPAN("")));
}

TEST(module_magic_answers_once_prepared)
{
	yara_modules_prepare(NULL);
	assert_true(holds("magic", "magic.mime_type() == \"text/plain\"", SPAN("hello world\n")));
	assert_true(holds("magic", "magic.type() contains \"ASCII\"", SPAN("hello world\n")));
}

TEST(module_cuckoo_reads_a_report)
{
	struct span report = SPAN(
		"{\"network\": {\"domains\": [{\"ip\": \"10.0.0.1\", \"domain\": \"bad.example\"}],"
		" \"http\": [{\"uri\": \"http://bad.example/a\", \"method\": \"GET\","
		" \"user-agent\": \"tiny\"}], \"hosts\": [\"10.0.0.1\"],"
		" \"tcp\": [{\"dport\": 443, \"dst\": \"10.0.0.1\"}]},"
		" \"behavior\": {\"summary\": {\"keys\": [\"HKEY_X\\\\Run\"],"
		" \"files\": [\"C:\\\\a.txt\"], \"mutexes\": [\"m1\"]}}}");
	static const char *const conditions[] = {
		"cuckoo.network.dns_lookup(/bad/) == 1", "cuckoo.network.http_get(/example/) == 1",
		"cuckoo.network.http_post(/example/) == 0",
		"cuckoo.network.http_request(/example/) == 1",
		"cuckoo.network.http_user_agent(/^tiny$/) == 1", "cuckoo.network.host(/10/) == 1",
		"cuckoo.network.tcp(/10/, 443) == 1", "cuckoo.network.tcp(/10/, 80) == 0",
		"cuckoo.network.udp(/10/, 443) == 0", "cuckoo.registry.key_access(/Run/) == 1",
		"cuckoo.filesystem.file_access(/a.txt/) == 1", "cuckoo.sync.mutex(/m1/) == 1",
	};

	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		assert_true(holds_with("cuckoo", conditions[i], SPAN("x"), report));
	assert_true(holds("cuckoo", "cuckoo.sync.mutex(/m1/) == 0", SPAN("x")));
}
