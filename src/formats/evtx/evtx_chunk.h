/*
 * evtx_chunk: the frames of records inside a chunk, whole or damaged.
 *
 * A record begins with a signature and its size, and ends with the size again;
 * so where one of the three is damaged the other two, or the next record, tell.
 */
#ifndef KANSHIKI_FORMATS_EVTX_CHUNK_H
#define KANSHIKI_FORMATS_EVTX_CHUNK_H

#include "formats/evtx/evtx.h"

#define EVTX_CHUNK_HEADER 512
#define EVTX_RECORD_HEADER 24
#define EVTX_RECORD_LEAST (EVTX_RECORD_HEADER + 4)

struct evtx_chunk_header {
	bool signature;
	bool header_sum_fits, records_sum_fits;
	uint64_t first_id, last_id;
	bool tells_last;		/* first_id and last_id are as they were written */
	bool tells_end;			/* free_offset is: by the checksum, or the last record proves it */
	uint32_t free_offset;		/* behind the last record; checked to lie inside */
};

struct evtx_chunk_header evtx_chunk_header_read(struct span chunk);

/* Whether the checksum of the chunk's header fits, of which the first bytes are there. */
bool evtx_chunk_is_sound(struct span start);

/* Where the next chunk signature with a likely header stands at or behind `start`, or SIZE_MAX. */
size_t evtx_chunk_find(struct span bytes, size_t start);

/* A frame whose signature, size and copy of the size agree: its size, else 0. */
uint32_t evtx_frame_at(struct span bytes, size_t at);
/* The next such frame at or behind `start` that begins before `end`, or SIZE_MAX. */
size_t evtx_frame_find(struct span bytes, size_t start, size_t end);
/*
 * The size of a record that begins at `at` though its frame is damaged: what is
 * left of the frame, and the place of the next record or of `end`, agree. Or 0.
 */
uint32_t evtx_frame_repair(struct span bytes, size_t at, size_t end);

#endif
