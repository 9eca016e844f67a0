/* pe_export: what a PE offers to others, in the order of its address table. */
#ifndef KANSHIKI_FORMATS_PE_PE_EXPORT_H
#define KANSHIKI_FORMATS_PE_PE_EXPORT_H

#include "base/arena.h"
#include "formats/pe/pe.h"

#define PE_MAX_EXPORTS 16384

struct pe_export {
	struct span name;		/* .at NULL: by ordinal only; at most 512 bytes */
	struct span forward;		/* "NTDLL.RtlX", .at NULL where it is no forwarder */
	uint64_t ordinal;
	uint32_t rva;
	size_t offset;			/* SIZE_MAX: none, or a forwarder */
};

struct pe_exports {
	bool found;			/* there is an export directory */
	uint32_t timestamp;
	struct span dll_name;		/* .at NULL: not there */
	struct pe_export *list;
	size_t count;
};

/* No or broken tables are an empty list. The list lives in `arena`, names in the file. */
void pe_exports_read(const struct pe *pe, struct arena *arena, struct pe_exports *out);

#endif
