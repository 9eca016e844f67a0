/*
 * chunk_room: memory in which the check of an image leaves the chunks that it inflates, and
 * those who read the image's files find them, so that most are inflated once.
 *
 * There is room for the last few thousand; what is new takes the place of what is old.
 * One process writes and the others have it to read only. A reader gets whatever stands
 * there, wrong or half written: it must hold the bytes against the image's own checksum.
 */
#ifndef KANSHIKI_DISK_CHUNK_ROOM_H
#define KANSHIKI_DISK_CHUNK_ROOM_H

#include "base/span.h"

struct chunk_room {
	uint8_t *at;			/* page-aligned; NULL: there is none */
	size_t len;
	bool is_ours;			/* to write too */
};

/* Where that chunk is to be inflated, in place of an older one; NULL: there is no room of ours. */
uint8_t *chunk_room_take(const struct chunk_room *room, uint64_t number, uint32_t size);
/* It is there: `size` bytes, as of all chunks of the image that are left here. */
void chunk_room_fill(const struct chunk_room *room, uint64_t number, uint32_t size);
/* False: it is not there. */
bool chunk_room_find(const struct chunk_room *room, uint64_t number, uint32_t size, uint8_t *to);

#endif
