/*
 * mod_pe: what the files of the pe module share. The module keeps one parsed
 * file a scan; each list in it is read when a rule first asks for it.
 */
#ifndef KANSHIKI_RULES_YARA_MOD_PE_H
#define KANSHIKI_RULES_YARA_MOD_PE_H

#include "formats/pe/pe.h"
#include "formats/pe/pe_export.h"
#include "formats/pe/pe_import.h"
#include "formats/pe/pe_resource.h"
#include "formats/pe/pe_rich.h"
#include "rules/yara/module.h"

struct pe_module {
	struct pe pe;
	struct arena *arena;
	bool is_memory;
	uint64_t base;

	/* Behind pe_module_* below; each is read once. */
	bool has_imports, has_delayed, has_exports, has_resources, has_imphash, has_rich, is_rich;
	struct pe_imports imports, delayed;
	struct pe_exports exports;
	struct pe_resources resources;
	struct pe_rich rich;
	struct span imphash;
};

/* The module's state, or NULL where what is scanned is no PE. */
static inline struct pe_module *pe_module_of(const struct yara_object *root)
{
	return root->state;
}

const struct pe_imports *pe_module_imports(struct pe_module *m);
const struct pe_imports *pe_module_delayed(struct pe_module *m);
const struct pe_exports *pe_module_exports(struct pe_module *m);
const struct pe_resources *pe_module_resources(struct pe_module *m);
const struct pe_rich *pe_module_rich(struct pe_module *m);	/* NULL: there is none */

/* Fillers of fields (mod_pe_fill.c, mod_pe_signatures.c). */
void pe_fill_directories(struct yara_object *root);
void pe_fill_sections(struct yara_object *root);
void pe_fill_overlay(struct yara_object *root);
void pe_fill_rich(struct yara_object *root);
void pe_fill_imports(struct yara_object *root);
void pe_fill_delayed(struct yara_object *root);
void pe_fill_exports(struct yara_object *root);
void pe_fill_resources(struct yara_object *root);
void pe_fill_pdb(struct yara_object *root);
void pe_fill_signatures(struct yara_object *root);

/* Functions (mod_pe_functions.c). */
extern const struct yara_function pe_checksum_overloads[], pe_imphash_overloads[],
	pe_section_index_overloads[], pe_exports_overloads[], pe_exports_index_overloads[],
	pe_imports_overloads[], pe_import_rva_overloads[], pe_delayed_import_rva_overloads[],
	pe_locale_overloads[], pe_language_overloads[], pe_is_dll_overloads[],
	pe_is_32bit_overloads[], pe_is_64bit_overloads[], pe_rva_to_offset_overloads[],
	pe_rich_version_overloads[], pe_rich_toolid_overloads[], pe_valid_on_overloads[];

#endif
