/*
 * ewf: EnCase's and SMART's image files (E01, s01), in any number of segments.
 *
 * Sections in a chain: the volume's geometry, sectors in deflated or plain chunks,
 * tables of where chunks lie, a digest of all. See docs/formats/ewf.md. Every
 * chunk has a checksum: reading tells which fail, and gives what can be had.
 */
#ifndef KANSHIKI_DISK_EWF_H
#define KANSHIKI_DISK_EWF_H

#include "disk/image.h"

struct ewf_digests {
	bool has_md5, has_sha1;
	uint8_t md5[16], sha1[20];
};

/*
 * `segments` in their order, borrowed. *missing: the chain goes on beyond the last
 * of them. NULL: damaged beyond use, or not an image of this kind.
 */
struct blocks *ewf_media(struct blocks *const *segments, size_t count, bool *missing,
			struct err *err);
void ewf_stored(const struct blocks *ewf, struct ewf_digests *out);
uint64_t ewf_chunks(const struct blocks *ewf);
uint32_t ewf_chunk_size(const struct blocks *ewf);
/* Reads one chunk past the cache. *good: its checksum holds; else zeros or what there is. */
bool ewf_chunk(struct blocks *ewf, uint64_t number, uint8_t *to, size_t *len, bool *good,
	       struct err *err);

#endif
