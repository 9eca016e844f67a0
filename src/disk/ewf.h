/*
 * ewf: EnCase's and SMART's image files (E01, s01), in any number of segments.
 *
 * Sections in a chain: the volume's geometry, sectors in deflated or plain chunks,
 * tables of where chunks lie, a digest of all. See docs/formats/ewf.md. Every
 * chunk has a checksum: reading tells which fail, and gives what can be had. Where a
 * section's header is damaged the next is searched for; of two tables either serves;
 * where both are gone chunks are walked, as each tells its length.
 */
#ifndef KANSHIKI_DISK_EWF_H
#define KANSHIKI_DISK_EWF_H

#include "disk/chunk_room.h"
#include "disk/image.h"

/* What was mended on the way to the media, and what is not to be had. */
struct ewf_damage {
	uint32_t sections;		/* whose checksum fails */
	uint32_t rebuilt;		/* tables made anew from the chunks themselves */
	uint64_t lost_chunks;		/* of which nobody knows where they lie; read as zeros */
	bool is_geometry_lost;		/* size and chunks are assumed */
};

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
void ewf_damage(const struct blocks *ewf, struct ewf_damage *out);
void ewf_stored(const struct blocks *ewf, struct ewf_digests *out);
uint64_t ewf_chunks(const struct blocks *ewf);
uint32_t ewf_chunk_size(const struct blocks *ewf);
/* Borrowed; reading media looks there first. */
void ewf_use_room(struct blocks *ewf, const struct chunk_room *room);
/* Reads one chunk past the cache. *good: its checksum holds; else zeros or what there is. */
bool ewf_chunk(struct blocks *ewf, uint64_t number, uint8_t *to, size_t *len, bool *good,
	       struct err *err);

#endif
