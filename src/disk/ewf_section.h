/* ewf_section: the sections of an EWF segment: their headers, and finding one where the chain broke. */
#ifndef KANSHIKI_DISK_EWF_SECTION_H
#define KANSHIKI_DISK_EWF_SECTION_H

#include "disk/blocks.h"

#define EWF_SECTION_HEADER 76

struct ewf_section {
	uint64_t at, next, size;	/* in the segment; size with its header */
	char type[17];
};

/* ERR_CORRUPT: no header there, or one with a wrong checksum. */
bool ewf_section_read(struct blocks *segment, uint64_t at, struct ewf_section *out, struct err *err);
/* The first at or behind `from` that has a known type and a right checksum. False: none. */
bool ewf_section_find(struct blocks *segment, uint64_t from, struct ewf_section *out);

#endif
