#include "formats/evtx/evtx_chunk.h"

#include "codec/crc32.h"

#define SIGNATURE SPAN("ElfChnk\0")
#define RECORD_SIGNATURE SPAN("**\0\0")
#define INNER_HEADER_SIZE 128

/* The last record stands where the header says, has the id it says, and ends where records end. */
static bool end_is_proven(struct span chunk, uint32_t last_offset, uint32_t end, uint64_t last_number,
			  uint64_t last_id)
{
	uint32_t size = last_offset < end ? evtx_frame_at(span_sub(chunk, 0, end), last_offset) : 0;
	uint64_t id = size ? load_u64le(chunk.at + last_offset + 8) : 0;

	return size && last_offset + size == end && (id == last_number || id == last_id);
}

static uint32_t header_sum(struct span chunk)
{
	return crc32_add(crc32_add(0, span_sub(chunk, 0, 120)), span_sub(chunk, 128, 384));
}

bool evtx_chunk_is_sound(struct span start)
{
	struct cursor c = cursor_of(start);

	cursor_seek(&c, 124);
	return start.len >= EVTX_CHUNK_HEADER && cursor_u32le(&c) == header_sum(start);
}

struct evtx_chunk_header evtx_chunk_header_read(struct span chunk)
{
	struct evtx_chunk_header h = { .signature = span_starts(chunk, SIGNATURE) };
	struct cursor c = cursor_of(chunk);
	uint32_t records_sum, expected, last_offset;
	uint64_t last_number;

	cursor_seek(&c, 16);
	last_number = cursor_u64le(&c);
	h.first_id = cursor_u64le(&c);
	h.last_id = cursor_u64le(&c);
	cursor_seek(&c, 44);
	last_offset = cursor_u32le(&c);
	h.free_offset = cursor_u32le(&c);
	records_sum = cursor_u32le(&c);
	cursor_seek(&c, 124);
	expected = cursor_u32le(&c);
	if (chunk.len < EVTX_CHUNK_HEADER)
		return (struct evtx_chunk_header){ 0 };
	h.header_sum_fits = expected == header_sum(chunk);
	h.tells_last = h.signature && h.header_sum_fits;
	if (h.free_offset < EVTX_CHUNK_HEADER || h.free_offset > chunk.len) {
		h.free_offset = EVTX_CHUNK_HEADER;
		h.header_sum_fits = false;
	}
	h.tells_end = h.signature &&
		      (h.header_sum_fits || end_is_proven(chunk, last_offset, h.free_offset, last_number, h.last_id));
	/* A header that does not stand for itself is not worth so many bytes. */
	h.records_sum_fits = h.header_sum_fits &&
			     records_sum == crc32_add(0, span_sub(chunk, EVTX_CHUNK_HEADER,
								  h.free_offset - EVTX_CHUNK_HEADER));
	return h;
}

size_t evtx_chunk_find(struct span bytes, size_t start)
{
	for (size_t at = start; (at = span_find(bytes, at, SIGNATURE)) != SIZE_MAX; at++) {
		struct cursor c = cursor_of(span_from(bytes, at));

		cursor_seek(&c, 40);
		if (cursor_u32le(&c) == INNER_HEADER_SIZE)
			return at;
	}
	return SIZE_MAX;
}

static bool size_is_likely(struct span bytes, size_t at, uint32_t size)
{
	return size >= EVTX_RECORD_LEAST && size <= EVTX_CHUNK_SIZE && size <= bytes.len - at;
}

static uint32_t u32_at(struct span bytes, size_t at)
{
	struct cursor c = cursor_of(bytes);

	cursor_seek(&c, at);
	return cursor_u32le(&c);
}

uint32_t evtx_frame_at(struct span bytes, size_t at)
{
	struct span frame = span_from(bytes, at);
	uint32_t size;

	if (frame.len < EVTX_RECORD_LEAST || !span_starts(frame, RECORD_SIGNATURE))
		return 0;
	size = load_u32le(frame.at + 4);
	if (!size_is_likely(bytes, at, size) || load_u32le(frame.at + size - 4) != size)
		return 0;
	return size;
}

size_t evtx_frame_find(struct span bytes, size_t start, size_t end)
{
	for (size_t at = start; (at = span_find(bytes, at, RECORD_SIGNATURE)) < end; at++)
		if (evtx_frame_at(bytes, at))
			return at;
	return SIZE_MAX;
}

uint32_t evtx_frame_repair(struct span bytes, size_t at, size_t end)
{
	struct span frame = span_from(bytes, at);
	uint32_t size, copy;
	size_t next;

	if (at >= end || frame.len < EVTX_RECORD_LEAST)
		return 0;
	/* The size is right when a record, or the end, follows. */
	size = load_u32le(frame.at + 4);
	if (size_is_likely(bytes, at, size) && span_starts(frame, RECORD_SIGNATURE) &&
	    (at + size == end || span_starts(span_from(bytes, at + size), RECORD_SIGNATURE)))
		return size;
	/* Else the copy before the next record, or before the end, may be. */
	next = evtx_frame_find(bytes, at + EVTX_RECORD_LEAST, end);
	if (next == SIZE_MAX)
		next = end;
	copy = next >= at + EVTX_RECORD_LEAST ? u32_at(bytes, next - 4) : 0;
	return copy && copy == next - at ? copy : 0;
}
