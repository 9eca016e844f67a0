/*
 * pe_resource: the resource tree (type, name, language) as a flat list, and
 * the strings of the version resources.
 *
 * Bounded: PE_MAX_RESOURCES leaves, four times as many directory entries, and
 * PE_MAX_VERSION_STRINGS version strings, whatever the tree's shape.
 */
#ifndef KANSHIKI_FORMATS_PE_PE_RESOURCE_H
#define KANSHIKI_FORMATS_PE_PE_RESOURCE_H

#include "base/arena.h"
#include "formats/pe/pe.h"

#define PE_MAX_RESOURCES 65536
#define PE_MAX_VERSION_STRINGS 1024

/* One step of the path to a leaf: a number or, where .text.at is not NULL, UTF-16LE text. */
struct pe_resource_name {
	int32_t number;
	struct span text;
};

struct pe_resource {
	uint32_t rva;
	uint32_t size;
	size_t offset;			/* SIZE_MAX where the file does not back it */
	struct pe_resource_name type, name, language;
};

/* Low bytes of UTF-16 text up to the first zero, as YARA shows it; in the arena. */
struct pe_version_string {
	struct span key;		/* at most 63 bytes */
	struct span value;		/* at most 255 bytes */
};

struct pe_resources {
	bool found;			/* the root directory is there */
	uint32_t timestamp;
	struct pe_version version;
	struct pe_resource *list;
	size_t count;
	struct pe_version_string *strings;
	size_t string_count;
};

void pe_resources_read(const struct pe *pe, struct arena *arena, struct pe_resources *out);

#endif
