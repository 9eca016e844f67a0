/*
 * pe_import: what a PE takes from libraries, at load or delayed until first use.
 *
 * Bounded: PE_MAX_THUNKS functions over all libraries, names of at most 512
 * bytes. A library or function whose name no Windows file could have is left
 * out, as pefile and YARA do, so that import hashes agree.
 */
#ifndef KANSHIKI_FORMATS_PE_PE_IMPORT_H
#define KANSHIKI_FORMATS_PE_PE_IMPORT_H

#include "base/arena.h"
#include "formats/pe/pe.h"

#define PE_MAX_THUNKS 262144

struct pe_function {
	struct span name;		/* by ordinal: the well-known name, or "ord7" */
	uint16_t ordinal;
	bool by_ordinal;
	uint64_t rva;			/* of its slot in the address table */
};

struct pe_library {
	struct span name;
	struct pe_function *functions;
	size_t count;
};

struct pe_imports {
	struct pe_library *libraries;
	size_t count;
	size_t functions;		/* over all libraries */
};

/* No imports are an empty answer. Lists live in `arena`, names in the file or the arena. */
void pe_imports_read(const struct pe *pe, struct arena *arena, struct pe_imports *out);
void pe_delayed_imports_read(const struct pe *pe, struct arena *arena, struct pe_imports *out);

/* The text whose MD5 is the import hash: "kernel32.exitprocess,..."; in the arena. */
struct span pe_imphash_text(const struct pe_imports *imports, struct arena *arena);

/* The name behind an ordinal of well-known libraries, else "ordN" in the arena. */
struct span pe_ordinal_name(struct span library, uint16_t ordinal, struct arena *arena);

#endif
