#include "rules/yara/mod_pe.h"

#include "codec/authenticode.h"
#include "rules/yara/mod_pe_constants.h"

static const struct yara_field version[] = {
	YARA_INTEGER_FIELD("major"), YARA_INTEGER_FIELD("minor"), YARA_END,
};

static const struct yara_field version_string[] = {
	YARA_STRING_FIELD("key"), YARA_STRING_FIELD("value"), YARA_END,
};

static const struct yara_field directory[] = {
	YARA_INTEGER_FIELD("virtual_address"), YARA_INTEGER_FIELD("size"), YARA_END,
};

static const struct yara_field section[] = {
	YARA_STRING_FIELD("name"), YARA_STRING_FIELD("full_name"),
	YARA_INTEGER_FIELD("characteristics"), YARA_INTEGER_FIELD("virtual_address"),
	YARA_INTEGER_FIELD("virtual_size"), YARA_INTEGER_FIELD("raw_data_offset"),
	YARA_INTEGER_FIELD("raw_data_size"), YARA_INTEGER_FIELD("pointer_to_relocations"),
	YARA_INTEGER_FIELD("pointer_to_line_numbers"),
	YARA_INTEGER_FIELD("number_of_relocations"),
	YARA_INTEGER_FIELD("number_of_line_numbers"), YARA_END,
};

static const struct yara_field overlay[] = {
	YARA_INTEGER_FIELD("offset"), YARA_INTEGER_FIELD("size"), YARA_END,
};

static const struct yara_field rich_tool[] = {
	YARA_INTEGER_FIELD("toolid"), YARA_INTEGER_FIELD("version"), YARA_INTEGER_FIELD("times"),
	YARA_END,
};

static const struct yara_field rich_signature[] = {
	YARA_INTEGER_FIELD("offset"), YARA_INTEGER_FIELD("length"), YARA_INTEGER_FIELD("key"),
	YARA_STRING_FIELD("raw_data"), YARA_STRING_FIELD("clear_data"),
	YARA_STRING_FIELD("version_data"), YARA_ARRAY_OF_STRUCTS("tools", rich_tool),
	YARA_FUNCTION_FIELD("version", pe_rich_version_overloads),
	YARA_FUNCTION_FIELD("toolid", pe_rich_toolid_overloads), YARA_END,
};

static const struct yara_field export_details[] = {
	YARA_INTEGER_FIELD("offset"), YARA_STRING_FIELD("name"), YARA_STRING_FIELD("forward_name"),
	YARA_INTEGER_FIELD("ordinal"), YARA_INTEGER_FIELD("rva"), YARA_END,
};

static const struct yara_field function[] = {
	YARA_STRING_FIELD("name"), YARA_INTEGER_FIELD("ordinal"), YARA_INTEGER_FIELD("rva"),
	YARA_END,
};

static const struct yara_field import_details[] = {
	YARA_STRING_FIELD("library_name"), YARA_INTEGER_FIELD("number_of_functions"),
	YARA_ARRAY_OF_STRUCTS("functions", function), YARA_END,
};

static const struct yara_field resource[] = {
	YARA_INTEGER_FIELD("rva"), YARA_INTEGER_FIELD("offset"), YARA_INTEGER_FIELD("length"),
	YARA_INTEGER_FIELD("type"), YARA_INTEGER_FIELD("id"), YARA_INTEGER_FIELD("language"),
	YARA_STRING_FIELD("type_string"), YARA_STRING_FIELD("name_string"),
	YARA_STRING_FIELD("language_string"), YARA_END,
};

#define CERTIFICATE_FIELDS \
	YARA_STRING_FIELD("thumbprint"), YARA_STRING_FIELD("issuer"), \
	YARA_STRING_FIELD("subject"), YARA_INTEGER_FIELD("version"), \
	YARA_STRING_FIELD("algorithm"), YARA_STRING_FIELD("algorithm_oid"), \
	YARA_STRING_FIELD("serial"), YARA_INTEGER_FIELD("not_before"), \
	YARA_INTEGER_FIELD("not_after")

static const struct yara_field certificate[] = { CERTIFICATE_FIELDS, YARA_END };

static const struct yara_field signer_info[] = {
	YARA_STRING_FIELD("program_name"), YARA_STRING_FIELD("digest"),
	YARA_STRING_FIELD("digest_alg"), YARA_INTEGER_FIELD("length_of_chain"),
	YARA_ARRAY_OF_STRUCTS("chain", certificate), YARA_END,
};

static const struct yara_field countersignature[] = {
	YARA_INTEGER_FIELD("verified"), YARA_INTEGER_FIELD("sign_time"),
	YARA_STRING_FIELD("digest_alg"), YARA_STRING_FIELD("digest"),
	YARA_INTEGER_FIELD("length_of_chain"), YARA_ARRAY_OF_STRUCTS("chain", certificate),
	YARA_END,
};

static const struct yara_field signature[] = {
	CERTIFICATE_FIELDS,
	YARA_INTEGER_FIELD("verified"), YARA_STRING_FIELD("digest_alg"),
	YARA_STRING_FIELD("digest"), YARA_STRING_FIELD("file_digest"),
	YARA_INTEGER_FIELD("number_of_certificates"),
	YARA_ARRAY_OF_STRUCTS("certificates", certificate),
	YARA_STRUCT_FIELD("signer_info", signer_info),
	YARA_INTEGER_FIELD("number_of_countersignatures"),
	YARA_ARRAY_OF_STRUCTS("countersignatures", countersignature),
	YARA_FUNCTION_FIELD("valid_on", pe_valid_on_overloads), YARA_END,
};

#define INTEGER(n, how) { .name = (n), .type = YARA_INTEGER, .fill = (how) }
#define STRUCT(n, its, how) { .name = (n), .type = YARA_STRUCT, .fields = (its), .fill = (how) }
#define ARRAY(n, its, how) \
	{ .name = (n), .type = YARA_ARRAY, .element = YARA_STRUCT, .fields = (its), .fill = (how) }

/* Data before constants: setting by name walks this list. */
static const struct yara_field fields[] = {
	YARA_INTEGER_FIELD("is_pe"), YARA_INTEGER_FIELD("machine"),
	YARA_INTEGER_FIELD("number_of_sections"), YARA_INTEGER_FIELD("timestamp"),
	YARA_INTEGER_FIELD("pointer_to_symbol_table"), YARA_INTEGER_FIELD("number_of_symbols"),
	YARA_INTEGER_FIELD("size_of_optional_header"), YARA_INTEGER_FIELD("characteristics"),
	YARA_INTEGER_FIELD("entry_point"), YARA_INTEGER_FIELD("entry_point_raw"),
	YARA_INTEGER_FIELD("image_base"), YARA_INTEGER_FIELD("number_of_rva_and_sizes"),
	YARA_INTEGER_FIELD("opthdr_magic"), YARA_INTEGER_FIELD("size_of_code"),
	YARA_INTEGER_FIELD("size_of_initialized_data"),
	YARA_INTEGER_FIELD("size_of_uninitialized_data"), YARA_INTEGER_FIELD("base_of_code"),
	YARA_INTEGER_FIELD("base_of_data"), YARA_INTEGER_FIELD("section_alignment"),
	YARA_INTEGER_FIELD("file_alignment"), YARA_STRUCT_FIELD("linker_version", version),
	YARA_STRUCT_FIELD("os_version", version), YARA_STRUCT_FIELD("image_version", version),
	YARA_STRUCT_FIELD("subsystem_version", version),
	YARA_INTEGER_FIELD("win32_version_value"), YARA_INTEGER_FIELD("size_of_image"),
	YARA_INTEGER_FIELD("size_of_headers"), YARA_INTEGER_FIELD("checksum"),
	YARA_INTEGER_FIELD("subsystem"), YARA_INTEGER_FIELD("dll_characteristics"),
	YARA_INTEGER_FIELD("size_of_stack_reserve"), YARA_INTEGER_FIELD("size_of_stack_commit"),
	YARA_INTEGER_FIELD("size_of_heap_reserve"), YARA_INTEGER_FIELD("size_of_heap_commit"),
	YARA_INTEGER_FIELD("loader_flags"),
	ARRAY("data_directories", directory, pe_fill_directories),
	ARRAY("sections", section, pe_fill_sections),
	STRUCT("overlay", overlay, pe_fill_overlay),
	STRUCT("rich_signature", rich_signature, pe_fill_rich),
	INTEGER("number_of_imports", pe_fill_imports),
	INTEGER("number_of_imported_functions", pe_fill_imports),
	ARRAY("import_details", import_details, pe_fill_imports),
	INTEGER("number_of_delayed_imports", pe_fill_delayed),
	INTEGER("number_of_delayed_imported_functions", pe_fill_delayed),
	ARRAY("delayed_import_details", import_details, pe_fill_delayed),
	INTEGER("number_of_exports", pe_fill_exports),
	{ .name = "dll_name", .type = YARA_STRING, .fill = pe_fill_exports },
	INTEGER("export_timestamp", pe_fill_exports),
	ARRAY("export_details", export_details, pe_fill_exports),
	INTEGER("resource_timestamp", pe_fill_resources),
	STRUCT("resource_version", version, pe_fill_resources),
	ARRAY("resources", resource, pe_fill_resources),
	INTEGER("number_of_resources", pe_fill_resources),
	INTEGER("number_of_version_infos", pe_fill_resources),
	{ .name = "version_info", .type = YARA_DICTIONARY, .element = YARA_STRING,
	  .fill = pe_fill_resources },
	ARRAY("version_info_list", version_string, pe_fill_resources),
	{ .name = "pdb_path", .type = YARA_STRING, .fill = pe_fill_pdb },
	ARRAY("signatures", signature, pe_fill_signatures),
	INTEGER("is_signed", pe_fill_signatures),
	INTEGER("number_of_signatures", pe_fill_signatures),

	YARA_FUNCTION_FIELD("calculate_checksum", pe_checksum_overloads),
	YARA_FUNCTION_FIELD("imphash", pe_imphash_overloads),
	YARA_FUNCTION_FIELD("section_index", pe_section_index_overloads),
	YARA_FUNCTION_FIELD("exports", pe_exports_overloads),
	YARA_FUNCTION_FIELD("exports_index", pe_exports_index_overloads),
	YARA_FUNCTION_FIELD("imports", pe_imports_overloads),
	YARA_FUNCTION_FIELD("import_rva", pe_import_rva_overloads),
	YARA_FUNCTION_FIELD("delayed_import_rva", pe_delayed_import_rva_overloads),
	YARA_FUNCTION_FIELD("locale", pe_locale_overloads),
	YARA_FUNCTION_FIELD("language", pe_language_overloads),
	YARA_FUNCTION_FIELD("is_dll", pe_is_dll_overloads),
	YARA_FUNCTION_FIELD("is_32bit", pe_is_32bit_overloads),
	YARA_FUNCTION_FIELD("is_64bit", pe_is_64bit_overloads),
	YARA_FUNCTION_FIELD("rva_to_offset", pe_rva_to_offset_overloads),

	PE_CONSTANTS,
	YARA_END,
};

static void set_version(struct yara_object *root, const char *name, struct pe_version value)
{
	struct yara_object *to = yara_struct(root, name);

	yara_set_integer(to, "major", value.major);
	yara_set_integer(to, "minor", value.minor);
}

/* In memory an address; in a file -1 where no byte of it is the entry point. */
static int64_t entry_point(const struct pe_module *m)
{
	size_t offset;

	if (m->is_memory)
		return (int64_t)(m->base + m->pe.entry_rva);
	return pe_offset(&m->pe, m->pe.entry_rva, &offset) ? (int64_t)offset : -1;
}

static void set_file_header(struct yara_object *root, const struct pe_module *m)
{
	const struct pe *pe = &m->pe;

	yara_set_integer(root, "machine", pe->machine);
	yara_set_integer(root, "number_of_sections", pe->declared_sections);
	yara_set_integer(root, "timestamp", pe->timestamp);
	yara_set_integer(root, "pointer_to_symbol_table", pe->symbol_table);
	yara_set_integer(root, "number_of_symbols", pe->symbols);
	yara_set_integer(root, "size_of_optional_header", pe->optional_size);
	yara_set_integer(root, "characteristics", pe->characteristics);
	yara_set_integer(root, "entry_point", entry_point(m));
	yara_set_integer(root, "entry_point_raw", pe->entry_rva);
}

static void set_optional_header(struct yara_object *root, const struct pe *pe)
{
	yara_set_integer(root, "image_base", (int64_t)pe->image_base);
	yara_set_integer(root, "number_of_rva_and_sizes", pe->declared_directories);
	yara_set_integer(root, "opthdr_magic", pe->magic);
	set_version(root, "linker_version", pe->linker);
	yara_set_integer(root, "size_of_code", pe->code_size);
	yara_set_integer(root, "size_of_initialized_data", pe->data_size);
	yara_set_integer(root, "size_of_uninitialized_data", pe->bss_size);
	yara_set_integer(root, "base_of_code", pe->code_base);
	if (!pe->wide)
		yara_set_integer(root, "base_of_data", pe->data_base);
	yara_set_integer(root, "section_alignment", pe->section_alignment);
	yara_set_integer(root, "file_alignment", pe->file_alignment);
	set_version(root, "os_version", pe->os);
	set_version(root, "image_version", pe->image);
	set_version(root, "subsystem_version", pe->subsystem_version);
	yara_set_integer(root, "win32_version_value", pe->win32_version);
	yara_set_integer(root, "size_of_image", pe->image_size);
	yara_set_integer(root, "size_of_headers", pe->headers_size);
	yara_set_integer(root, "checksum", pe->checksum);
	yara_set_integer(root, "subsystem", pe->subsystem);
	yara_set_integer(root, "dll_characteristics", pe->dll_characteristics);
	yara_set_integer(root, "size_of_stack_reserve", (int64_t)pe->stack_reserve);
	yara_set_integer(root, "size_of_stack_commit", (int64_t)pe->stack_commit);
	yara_set_integer(root, "size_of_heap_reserve", (int64_t)pe->heap_reserve);
	yara_set_integer(root, "size_of_heap_commit", (int64_t)pe->heap_commit);
	yara_set_integer(root, "loader_flags", pe->loader_flags);
}

static bool load(struct yara_load *l)
{
	struct pe_module *m = ARENA_NEW(l->arena, struct pe_module);
	struct err err;

	yara_set_integer(l->root, "is_pe", 0);
	/* In a process the program is meant, not one of its libraries. */
	if (!m || !pe_parse(l->data, &m->pe, &err) ||
	    (l->is_memory && (m->pe.characteristics & PE_FILE_DLL)))
		return false;
	m->arena = l->arena;
	m->is_memory = l->is_memory;
	m->base = l->base;
	l->root->state = m;
	yara_set_integer(l->root, "is_pe", 1);
	set_file_header(l->root, m);
	set_optional_header(l->root, &m->pe);
	return true;
}

const struct yara_module yara_module_pe = {
	.name = "pe", .fields = fields, .load = load,
	.mask = 0xffff, .value = 0x5a4d, .tells = "is_pe", .prepare = authenticode_prepare,
};
