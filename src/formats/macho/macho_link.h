/*
 * macho_link: what a Mach-O file says about its libraries, symbols and origin:
 * dylibs, run paths, versions, UUID, imports, exports, entitlements. Fields and
 * sources: docs/formats/macho.md.
 *
 * Lists live in `arena`, names in the file unless told otherwise; .at NULL: not
 * there. Names of hostile tables may overlap: those of one list are read until
 * MACHO_NAME_SHARE times the bytes that hold them.
 */
#ifndef KANSHIKI_FORMATS_MACHO_MACHO_LINK_H
#define KANSHIKI_FORMATS_MACHO_MACHO_LINK_H

#include "formats/macho/macho.h"

#define MACHO_NAME_SHARE 16
#define MACHO_NAME_MAX 65536

struct macho_names {
	struct span *list;
	size_t count, room;
};

struct macho_dylib {
	struct span name;
	uint32_t timestamp, current, compatibility;
};

struct macho_tool {
	uint32_t tool, version;
};

/* Where a table lies in the file. */
struct macho_place {
	bool is_there;
	uint32_t offset, size;
};

#define MACHO_DYSYMTAB_NUMBERS 18
#define MACHO_DYLD_INFO_NUMBERS 10
#define MACHO_SYMTAB_NUMBERS 4

enum macho_symtab_number { MACHO_SYMBOLS_OFFSET, MACHO_SYMBOLS, MACHO_TEXT_OFFSET,
			   MACHO_TEXT_SIZE };
enum macho_dyld_info_number { MACHO_REBASE, MACHO_BIND = 2, MACHO_WEAK_BIND = 4,
			      MACHO_LAZY_BIND = 6, MACHO_EXPORT = 8 };

struct macho_link {
	struct macho_dylib *dylibs;
	size_t dylib_count, dylib_room;
	struct macho_names rpaths, options;
	struct span linker;		/* the dynamic linker's path */
	struct span uuid;		/* 16 bytes */
	bool has_source;
	uint64_t source;		/* A.B.C.D.E in 24, 10, 10, 10, 10 bits */
	bool has_build;
	uint32_t platform, build_minimum, build_sdk, declared_tools;
	struct macho_tool *tools;
	size_t tool_count;
	uint32_t device;		/* the LC_VERSION_MIN command, 0: none */
	uint32_t minimum, sdk;		/* versions: X.Y.Z in 16, 8, 8 bits */
	bool has_symtab, has_dysymtab, has_dyld_info;
	uint32_t symtab[MACHO_SYMTAB_NUMBERS];		/* in the order of the command */
	uint32_t dysymtab[MACHO_DYSYMTAB_NUMBERS];
	uint32_t dyld_info[MACHO_DYLD_INFO_NUMBERS];
	struct macho_place signature, exports, fixups;
};

void macho_link_parse(const struct macho *m, struct arena *arena, struct macho_link *out);

/*
 * The names of the symbol table, all or those that are external and undefined,
 * without the empty ones; of what is bound when the program is loaded, each once; of what the file exports (in the
 * arena); the keys of its entitlements (as written in the XML or, without that, in DER).
 */
struct macho_names macho_symbols(const struct macho *m, const struct macho_link *l,
				 struct arena *arena, bool only_undefined);
struct macho_names macho_imports(const struct macho *m, const struct macho_link *l,
				 struct arena *arena);
struct macho_names macho_exports(const struct macho *m, const struct macho_link *l,
				 struct arena *arena);
struct macho_names macho_entitlements(const struct macho *m, const struct macho_link *l,
				      struct arena *arena);

/* One entry of the symbol table, as it stands there. */
struct macho_symbol {
	uint32_t name;			/* where in the text */
	uint8_t type, section;
	uint16_t description;
	uint64_t value;
};

/* All with a name; answers their number. */
size_t macho_symbol_list(const struct macho *m, const struct macho_link *l, struct arena *arena,
			 struct macho_symbol **out);
/* The PKCS #7 blob of the code signature; empty: none. */
struct span macho_signature(const struct macho *m, const struct macho_link *l);

/* Adds a name; false: no room. */
bool macho_names_add(struct macho_names *names, struct arena *arena, struct span name);

#endif
