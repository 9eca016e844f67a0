#include "formats/evtx/evtx_recover.h"

#include <stdlib.h>

#include "formats/evtx/evtx_chunk.h"

struct extent {
	uint64_t start, end;
};

struct evtx_recovery {
	struct extent *covered;
	size_t covered_count, covered_room;
	uint64_t *seen;			/* open addressing; 0: free */
	size_t seen_count, seen_room;
	bool out_of_memory;
};

struct evtx_recovery *evtx_recovery_new(void)
{
	return calloc(1, sizeof(struct evtx_recovery));
}

void evtx_recovery_free(struct evtx_recovery *v)
{
	if (!v)
		return;
	free(v->covered);
	free(v->seen);
	free(v);
}

void evtx_recovery_covered(struct evtx_recovery *v, uint64_t start, uint64_t end)
{
	struct extent *grown;
	size_t room;

	if (v->covered_count && v->covered[v->covered_count - 1].end == start) {
		v->covered[v->covered_count - 1].end = end;
		return;
	}
	if (v->covered_count == v->covered_room) {
		room = v->covered_room ? v->covered_room * 2 : 1024;
		grown = reallocarray(v->covered, room, sizeof *grown);
		if (!grown) {
			v->out_of_memory = true;
			return;
		}
		v->covered = grown;
		v->covered_room = room;
	}
	v->covered[v->covered_count++] = (struct extent){ start, end };
}

static void insert(uint64_t *table, size_t room, uint64_t key)
{
	size_t at = key & (room - 1);

	while (table[at] && table[at] != key)
		at = (at + 1) & (room - 1);
	table[at] = key;
}

static bool grow_seen(struct evtx_recovery *v)
{
	size_t room = v->seen_room ? v->seen_room * 2 : 4096;
	uint64_t *table;

	if (room > EVTX_SEEN_MAX || !(table = calloc(room, sizeof *table)))
		return false;
	for (size_t i = 0; i < v->seen_room; i++)
		if (v->seen[i])
			insert(table, room, v->seen[i]);
	free(v->seen);
	v->seen = table;
	v->seen_room = room;
	return true;
}

bool evtx_recovery_note(struct evtx_recovery *v, uint64_t id, timestamp written)
{
	uint64_t key = (id * UINT64_C(0x9e3779b97f4a7c15)) ^ (uint64_t)written;
	size_t at;

	key = (key ^ key >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	key = (key ^ key >> 32) | 1;
	if (v->seen_count * 4 >= v->seen_room * 3 && !grow_seen(v) &&
	    v->seen_count * 8 >= v->seen_room * 7)
		return true;
	for (at = key & (v->seen_room - 1); v->seen[at]; at = (at + 1) & (v->seen_room - 1))
		if (v->seen[at] == key)
			return false;
	v->seen[at] = key;
	v->seen_count++;
	return true;
}

/* A search through one piece of the log that was not read. */
struct carve {
	struct evtx_reading *r;
	struct span log;
	uint8_t *window;		/* a chunk whose start lies before the log */
	int64_t base;			/* of the current chunk, in the log */
	bool has_base;
};

static void use_base(struct carve *c, int64_t base)
{
	struct evtx_decoder *d = c->r->d;
	size_t missing;

	if (c->has_base && base == c->base)
		return;
	c->has_base = true;
	c->base = base;
	if (base >= 0) {
		evtx_set_chunk(d, span_sub(c->log, (size_t)base, EVTX_CHUNK_SIZE), (uint64_t)base);
		return;
	}
	missing = (size_t)-base;
	memset(c->window, 0, EVTX_CHUNK_SIZE);
	if (c->log.len)
		memcpy(c->window + missing, c->log.at,
		       span_sub(c->log, 0, EVTX_CHUNK_SIZE - missing).len);
	/* Offsets wrap to the right place in the log when a record's own is added. */
	evtx_set_chunk(d, span_of(c->window, missing +
				  span_sub(c->log, 0, EVTX_CHUNK_SIZE - missing).len),
		       (uint64_t)base);
}

#define INSTANCE_AT (EVTX_RECORD_HEADER + 4)	/* behind the fragment header */
#define DEFINITION_AT (INSTANCE_AT + 10)

/* A record that holds its template says with the template's offset where its chunk began. */
static bool base_of_definition(struct span record, uint64_t at, int64_t *base)
{
	struct cursor c = cursor_of(record);
	uint32_t id, offset;

	cursor_seek(&c, INSTANCE_AT);
	if (cursor_u8(&c) != 0x0c)
		return false;
	cursor_skip(&c, 1);
	id = cursor_u32le(&c);
	offset = cursor_u32le(&c);
	cursor_skip(&c, 4);
	if (cursor_u32le(&c) != id || c.short_read || offset > EVTX_CHUNK_SIZE ||
	    offset < EVTX_CHUNK_HEADER + DEFINITION_AT)
		return false;
	*base = (int64_t)(at + DEFINITION_AT) - (int64_t)offset;
	return *base > -(int64_t)EVTX_CHUNK_SIZE;
}

/* Exports of Windows write none in their last record. */
static bool likely_time(timestamp written)
{
	return written == timestamp_of_filetime(0) ||
	       (written > timestamp_of_civil(1990, 1, 1, 0, 0, 0, 0) &&
	        written < timestamp_of_civil(2200, 1, 1, 0, 0, 0, 0));
}

static void carve_record(struct carve *c, size_t at, uint32_t size)
{
	struct span record = span_sub(c->log, at, size);
	struct err err = { 0 };
	int64_t base;

	if (!likely_time(timestamp_of_filetime(load_u64le(record.at + 16))))
		return;
	if (base_of_definition(record, at, &base))
		use_base(c, base);
	else if (!c->has_base || (int64_t)at < c->base ||
		 (int64_t)at + size > c->base + EVTX_CHUNK_SIZE)
		use_base(c, at > EVTX_CHUNK_HEADER ? (int64_t)(at - EVTX_CHUNK_HEADER) : 0);
	if (evtx_deliver(c->r, (size_t)((int64_t)at - c->base), size, true, &err))
		return;
	c->r->report->bad_records++;
	err_prefix(&err, "carved record %llu", (unsigned long long)load_u64le(record.at + 8));
	err.offset = ERR_NO_OFFSET;
	evtx_problem(c->r, (size_t)((int64_t)at - c->base), &err);
}

/* Chunks of the log lie at whole multiples behind the header, as far as they have one. */
static void find_base(struct carve *c, size_t at)
{
	size_t from = at > EVTX_CHUNK_SIZE ? at - EVTX_CHUNK_SIZE : 0;
	size_t found = SIZE_MAX;

	while ((from = evtx_chunk_find(span_sub(c->log, 0, at), from)) != SIZE_MAX)
		found = from++;
	if (found != SIZE_MAX)
		use_base(c, (int64_t)found);
	else if (at >= EVTX_HEADER_SIZE)
		use_base(c, (int64_t)(at - (at - EVTX_HEADER_SIZE) % EVTX_CHUNK_SIZE));
}

static void carve_frames(struct carve *c, size_t start, size_t end)
{
	struct span upto = span_sub(c->log, 0, end);

	while (!c->r->stopped && (start = evtx_frame_find(upto, start, end)) != SIZE_MAX) {
		uint32_t size = evtx_frame_at(upto, start);

		carve_record(c, start, size);
		start += size;
	}
}

/*
 * The records that a chunk lists, the last of which need not end with a copy of
 * its size. Returns where they end.
 */
static size_t carve_chunk(struct carve *c, size_t start, size_t end)
{
	struct span chunk = span_sub(span_sub(c->log, 0, end), start, EVTX_CHUNK_SIZE);
	struct evtx_chunk_header h = evtx_chunk_header_read(chunk);
	size_t at = EVTX_CHUNK_HEADER;

	use_base(c, (int64_t)start);
	if (!h.tells_last)
		return start + 1;
	while (!c->r->stopped && at < h.free_offset) {
		uint32_t size = evtx_frame_at(chunk, at);

		if (!size)
			size = evtx_frame_repair(chunk, at, h.free_offset);
		if (size)
			carve_record(c, start + at, size);
		at = size ? at + size : evtx_frame_find(chunk, at + 1, h.free_offset);
	}
	return start + h.free_offset;
}

static void carve_piece(struct carve *c, size_t start, size_t end)
{
	struct span upto = span_sub(c->log, 0, end);

	find_base(c, start);
	while (!c->r->stopped && start < end) {
		size_t chunk = evtx_chunk_find(upto, start);

		carve_frames(c, start, chunk == SIZE_MAX ? end : chunk);
		start = chunk == SIZE_MAX ? end : carve_chunk(c, chunk, end);
	}
}

void evtx_recover(struct evtx_reading *r, struct span log)
{
	struct evtx_recovery *v = r->recovery;
	struct carve c = { .r = r, .log = log, .window = malloc(EVTX_CHUNK_SIZE) };
	uint64_t at = 0;

	r->d->strict = true;
	for (size_t i = 0; c.window && i < v->covered_count && !r->stopped; i++) {
		carve_piece(&c, at, v->covered[i].start);
		at = v->covered[i].end;
	}
	if (c.window && !r->stopped)
		carve_piece(&c, at, log.len);
	r->d->strict = false;
	free(c.window);
}
