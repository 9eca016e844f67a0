/*
 * mod_macho: what the files of the macho module share. The state of the root
 * and of each struct in `file` is its own part; what YARA-X has beyond YARA 4.5
 * (libraries, symbols, versions, entitlements) is read when a rule asks for it.
 */
#ifndef KANSHIKI_RULES_YARA_MOD_MACHO_H
#define KANSHIKI_RULES_YARA_MOD_MACHO_H

#include "formats/macho/macho_link.h"
#include "rules/yara/module.h"

enum macho_list { MACHO_LIST_DYLIBS, MACHO_LIST_RPATHS, MACHO_LIST_ENTITLEMENTS, MACHO_LIST_IMPORTS,
		  MACHO_LIST_EXPORTS, MACHO_LIST_UNDEFINED, MACHO_LISTS };

struct macho_part {
	bool is_macho;			/* false: `macho` is empty */
	bool is_fat;			/* root only: the parts are in its field `file` */
	struct macho macho;
	struct macho_fat fat;
	struct arena *arena;

	/* Behind macho_part_* of mod_macho_link.c; each is read once. */
	bool has_link, has_filled_link, has_list[MACHO_LISTS];
	struct macho_link link;
	struct macho_names lists[MACHO_LISTS];
	struct span hashes[MACHO_LISTS];
};

/* Fillers and functions (mod_macho_link.c). */
void macho_fill_link(struct yara_object *of);
void macho_fill_symtab(struct yara_object *of);
void macho_fill_imports(struct yara_object *of);
void macho_fill_exports(struct yara_object *of);
void macho_fill_entitlements(struct yara_object *of);
void macho_fill_certificates(struct yara_object *of);

extern const struct yara_field macho_dylib_fields[], macho_symtab_fields[], macho_dysymtab_fields[],
	macho_dyld_info_fields[], macho_place_fields[], macho_build_fields[], macho_minimum_fields[],
	macho_certificate_fields[];
extern const struct yara_function macho_has_dylib_overloads[], macho_has_rpath_overloads[],
	macho_has_entitlement_overloads[], macho_has_import_overloads[],
	macho_has_export_overloads[], macho_dylib_hash_overloads[],
	macho_entitlement_hash_overloads[], macho_import_hash_overloads[],
	macho_export_hash_overloads[], macho_symhash_overloads[];

#define MACHO_TEXT(n) { .name = (n), .type = YARA_STRING, .fill = macho_fill_link }
#define MACHO_STRUCT(n, its, how) \
	{ .name = (n), .type = YARA_STRUCT, .fields = (its), .fill = (how) }
#define MACHO_TEXTS(n, how) \
	{ .name = (n), .type = YARA_ARRAY, .element = YARA_STRING, .fill = (how) }

#define MACHO_LINK_FIELDS \
	MACHO_TEXT("dynamic_linker"), MACHO_TEXT("source_version"), MACHO_TEXT("uuid"), \
	{ .name = "dylibs", .type = YARA_ARRAY, .element = YARA_STRUCT, \
	  .fields = macho_dylib_fields, .fill = macho_fill_link }, \
	MACHO_TEXTS("rpaths", macho_fill_link), MACHO_TEXTS("linker_options", macho_fill_link), \
	MACHO_STRUCT("symtab", macho_symtab_fields, macho_fill_symtab), \
	MACHO_STRUCT("dysymtab", macho_dysymtab_fields, macho_fill_link), \
	MACHO_STRUCT("dyld_info", macho_dyld_info_fields, macho_fill_link), \
	MACHO_STRUCT("code_signature_data", macho_place_fields, macho_fill_link), \
	MACHO_STRUCT("build_version", macho_build_fields, macho_fill_link), \
	MACHO_STRUCT("min_version", macho_minimum_fields, macho_fill_link), \
	{ .name = "certificates", .type = YARA_ARRAY, .element = YARA_STRUCT, \
	  .fields = macho_certificate_fields, .fill = macho_fill_certificates }, \
	MACHO_TEXTS("entitlements", macho_fill_entitlements), \
	MACHO_TEXTS("imports", macho_fill_imports), MACHO_TEXTS("exports", macho_fill_exports)

#define MACHO_LINK_FUNCTIONS \
	YARA_FUNCTION_FIELD("has_dylib", macho_has_dylib_overloads), \
	YARA_FUNCTION_FIELD("has_rpath", macho_has_rpath_overloads), \
	YARA_FUNCTION_FIELD("has_entitlement", macho_has_entitlement_overloads), \
	YARA_FUNCTION_FIELD("has_import", macho_has_import_overloads), \
	YARA_FUNCTION_FIELD("has_export", macho_has_export_overloads), \
	YARA_FUNCTION_FIELD("dylib_hash", macho_dylib_hash_overloads), \
	YARA_FUNCTION_FIELD("entitlement_hash", macho_entitlement_hash_overloads), \
	YARA_FUNCTION_FIELD("import_hash", macho_import_hash_overloads), \
	YARA_FUNCTION_FIELD("export_hash", macho_export_hash_overloads), \
	YARA_FUNCTION_FIELD("symhash", macho_symhash_overloads)

#endif
