#include "formats/evtx/evtx.h"

#include <stdlib.h>

#include "codec/crc32.h"
#include "formats/evtx/evtx_chunk.h"
#include "formats/evtx/evtx_decoder.h"
#include "formats/evtx/evtx_recover.h"

#define FILE_SIGNATURE SPAN("ElfFile\0")
#define CHUNK_SIGNATURE SPAN("ElfChnk\0")
#define FLAG_DIRTY 1u
#define FLAG_FULL 2u

struct evtx_decoder *evtx_decoder_new(const struct evtx_options *options)
{
	struct evtx_decoder *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	if (options)
		d->options = *options;
	d->cache = arena_new(EVTX_CACHE_MAX);
	d->scratch = arena_new(EVTX_SCRATCH_MAX);
	d->templates.local = arena_new(EVTX_SCRATCH_MAX);
	d->templates.by_text = map_new(&d->cache);
	d->templates.by_start = map_new(&d->cache);
	d->templates.by_guid = map_new(&d->cache);
	d->shapes.by_names = map_new(&d->cache);
	d->programs.arena = arena_new(EVTX_PROGRAMS_MAX);
	d->programs.literals = buf_new(EVTX_TEXT_MAX);
	d->programs.texter.code_page = d->options.code_page;
	d->shapes.values = calloc(EVTX_SLOTS_MAX, sizeof *d->shapes.values);
	if (!d->shapes.values) {
		evtx_decoder_free(d);
		return NULL;
	}
	return d;
}

void evtx_decoder_free(struct evtx_decoder *d)
{
	if (!d)
		return;
	arena_free(&d->cache);
	arena_free(&d->scratch);
	arena_free(&d->templates.local);
	arena_free(&d->programs.arena);
	buf_free(&d->programs.literals);
	free(d->shapes.values);
	free(d);
}

bool evtx_is(struct span start)
{
	return span_starts(start, FILE_SIGNATURE) || span_starts(start, CHUNK_SIGNATURE);
}

void evtx_report_add(struct evtx_report *total, const struct evtx_report *part)
{
	if (part->ids.first)
		evtx_ids_add(&total->ids, &part->ids);
	else
		evtx_ids_add_log(&total->ids, &part->ids);
	total->records += part->records;
	total->recovered += part->recovered;
	total->outside += part->outside;
	total->bad_records += part->bad_records;
	total->doubled += part->doubled;
	total->chunks += part->chunks;
	total->empty_chunks += part->empty_chunks;
	total->bad_chunks += part->bad_chunks;
	total->replaced_templates += part->replaced_templates;
	total->bad_checksums += part->bad_checksums;
	total->cut_chunks += part->cut_chunks;
	total->bad_header |= part->bad_header;
	total->dirty |= part->dirty;
	total->full |= part->full;
}

void evtx_problem(struct evtx_reading *r, size_t at, const struct err *err)
{
	const struct evtx_options *options = &r->d->options;
	struct err told = *err;

	if (!options->problem)
		return;
	told.offset = r->d->chunk_offset + (err->offset == ERR_NO_OFFSET ? at : err->offset);
	options->problem(options->problem_context, &told);
}

void evtx_set_chunk(struct evtx_decoder *d, struct span chunk, uint64_t offset)
{
	d->chunk = chunk;
	d->chunk_offset = offset;
	d->programs.texter.readable = chunk.at + chunk.len;
	evtx_templates_next_chunk(&d->templates);
}

static void start_record(struct evtx_decoder *d)
{
	arena_reset(&d->scratch);
	d->instance_count = 0;
	d->key_len = 0;
	d->has_fragment = d->makes_texts = false;
	d->replaced.code = ERR_NONE;
}

/* The record stands, but with a template that came from elsewhere: no silent repair. */
static void tell_replaced(struct evtx_reading *r, size_t at)
{
	struct err told = r->d->replaced;

	err_prefix(&told, "a damaged template, the same one of another chunk is taken");
	r->report->replaced_templates++;
	evtx_problem(r, at, &told);
}

bool evtx_deliver(struct evtx_reading *r, size_t at, uint32_t size, bool recovered,
		  struct err *err)
{
	struct evtx_decoder *d = r->d;
	const struct evtx_options *options = &d->options;
	struct evtx_record record = { .offset = d->chunk_offset + at, .decoder = d,
				      .recovered = recovered };
	struct cursor c = cursor_of(d->chunk);

	cursor_seek(&c, at + 8);
	record.id = d->record_id = cursor_u64le(&c);
	record.written = timestamp_of_filetime(cursor_u64le(&c));
	start_record(d);
	if (!evtx_fragment_parse(d, at + EVTX_RECORD_HEADER, at + size - 4, 0, &record.root, err))
		return false;
	if (!record.root->root)
		return err_set(err, ERR_CORRUPT, at + EVTX_RECORD_HEADER, "nothing in the record");
	if (d->replaced.code)
		tell_replaced(r, at);
	d->plan = evtx_plan_find(d, record.root, &d->limit);
	record.time = d->plan ? evtx_plan_time(d, d->plan) : TIME_NONE;
	if (record.time == TIME_NONE)
		record.time = record.written;
	/* Exports leave the header's time of their last record empty. */
	if (record.written == timestamp_of_filetime(0))
		record.written = record.time;
	if (r->recovery && !evtx_recovery_note(r->recovery, record.id, record.written)) {
		r->report->doubled++;
		return true;
	}
	if (!recovered)
		evtx_ids_see(&r->report->ids, record.id);
	if (options->bounded && (record.time < options->from || record.time >= options->to)) {
		r->report->outside++;
		return true;
	}
	r->report->records++;
	r->report->recovered += recovered;
	r->stopped = !r->each(r->context, &record);
	return true;
}

/* The records of one chunk, in their order. */
struct walk {
	struct evtx_reading *r;
	struct span chunk;
	size_t at;
	size_t end;		/* where records should end */
	bool trusted;		/* the chunk header's word for it, so `end` is right */
	uint64_t id;		/* of the last record, 0: none yet */
	size_t lost;		/* bytes since then that were no record */
};

/*
 * Behind the end, and everywhere when the end is not known, old records of an
 * earlier use of the chunk may lie: only ids that go on from the last are new.
 */
static bool goes_on(const struct walk *w)
{
	uint64_t id = load_u64le(w->chunk.at + w->at + 8);

	if (w->at < w->end && w->trusted)
		return true;
	if (!w->id)
		return !w->trusted;
	return id > w->id && id - w->id <= 1 + w->lost / EVTX_RECORD_LEAST;
}

/* Told only once a record follows: behind the last one, nothing need be. */
static void tell_lost(struct walk *w)
{
	struct err err;
	size_t at = w->at - w->lost;

	err_set(&err, ERR_CORRUPT, at, "no record here: %zu bytes passed over", w->lost);
	w->r->report->bad_records++;
	evtx_problem(w->r, at, &err);
	w->lost = 0;
}

static void walk_record(struct walk *w, uint32_t size)
{
	struct evtx_reading *r = w->r;
	uint64_t here = r->d->chunk_offset + w->at;
	struct err err = { 0 };

	if (w->lost)
		tell_lost(w);
	w->id = load_u64le(w->chunk.at + w->at + 8);
	if (!evtx_deliver(r, w->at, size, false, &err)) {
		r->report->bad_records++;
		err_prefix(&err, "record %llu", (unsigned long long)w->id);
		evtx_problem(r, w->at, &err);
	}
	if (r->recovery)
		evtx_recovery_covered(r->recovery, here, here + size);
	w->at += size;
}

/* One step; false at the end. */
static bool walk_on(struct walk *w)
{
	uint32_t size = evtx_frame_at(w->chunk, w->at);
	size_t next;

	if (!size)
		size = evtx_frame_repair(w->chunk, w->at, w->end);
	if (size && goes_on(w)) {
		walk_record(w, size);
		return !w->r->stopped;
	}
	if (w->at >= w->end)
		return false;
	next = evtx_frame_find(w->chunk, w->at + 1, w->end);
	if (next == SIZE_MAX)
		next = w->end;
	w->lost += next - w->at;
	w->at = next;
	return true;
}

static void check_sum(struct evtx_reading *r, bool fits, size_t at, const char *what)
{
	struct err err;

	if (fits)
		return;
	r->report->bad_checksums++;
	err_set(&err, ERR_CORRUPT, at, "checksum of the %s is wrong", what);
	evtx_problem(r, at, &err);
}

/* A sound header that tells of later records than were found: the end of the chunk is lost. */
static void check_end(struct evtx_reading *r, const struct evtx_chunk_header *h, uint64_t last)
{
	uint64_t before = last ? last : h->first_id - 1;
	struct err err;

	if (!h->tells_last || h->last_id <= before ||
	    h->last_id - before > EVTX_CHUNK_SIZE / EVTX_RECORD_LEAST)
		return;
	r->report->cut_chunks++;
	evtx_ids_lose(&r->report->ids, before + 1, h->last_id);
	err_set(&err, ERR_CORRUPT, EVTX_CHUNK_HEADER, "the chunk should go on to record %llu",
		(unsigned long long)h->last_id);
	evtx_problem(r, EVTX_CHUNK_HEADER, &err);
}

/* A chunk, or what stands where one should be. */
static void read_block(struct evtx_reading *r, struct span block, uint64_t offset)
{
	struct evtx_chunk_header h = evtx_chunk_header_read(block);
	struct walk w = { .r = r, .chunk = block, .at = EVTX_CHUNK_HEADER,
			  .trusted = h.tells_end };
	struct err err;

	evtx_set_chunk(r->d, block, offset);
	w.end = w.trusted ? h.free_offset : block.len;
	/* Without the header nobody says which records are of the same time as the templates. */
	r->d->strict = !w.trusted;
	r->d->unsound = h.signature && !(h.header_sum_fits && h.records_sum_fits);
	if (h.signature) {
		r->report->chunks++;
		check_sum(r, h.header_sum_fits, 0, "chunk header");
		check_sum(r, h.records_sum_fits || !h.header_sum_fits, EVTX_CHUNK_HEADER,
			  "chunk's records");
	} else {
		r->report->bad_chunks++;
		err_set(&err, ERR_CORRUPT, 0, "no chunk header here");
		evtx_problem(r, 0, &err);
	}
	if (block.len > EVTX_CHUNK_HEADER)
		while (walk_on(&w))
			;
	r->d->strict = r->d->unsound = false;
	if (w.trusted && !r->stopped && w.lost)
		tell_lost(&w);
	if (!r->stopped)
		check_end(r, &h, w.id);
}

static bool is_zero(struct span s)
{
	return s.len == 0 || (s.at[0] == 0 && memcmp(s.at, s.at + 1, s.len - 1) == 0);
}

/* How much of the log, from `at`, is to be read as one block. */
static size_t block_size(struct span log, size_t at)
{
	struct span here = span_sub(log, at, EVTX_CHUNK_SIZE), next = span_from(log, at + here.len);
	struct evtx_chunk_header h;
	size_t found;

	if (span_starts(here, CHUNK_SIGNATURE) && evtx_is(next))
		return here.len;
	h = evtx_chunk_header_read(here);
	if (h.signature && h.header_sum_fits && h.records_sum_fits)
		return here.len;
	/* Bytes may be missing from this chunk, or be too many before it: the next may begin at its very end. */
	found = evtx_chunk_find(span_sub(log, at, EVTX_CHUNK_SIZE + EVTX_CHUNK_HEADER), 1);
	return found < here.len ? found : here.len;
}

/* The blocks of log[at..end); what stands at its start has that offset. */
static void read_blocks(struct evtx_reading *r, struct span log, size_t at, size_t end,
			uint64_t offset)
{
	while (at < end && !r->stopped) {
		size_t size = block_size(log, at);
		struct span block = span_sub(log, at, size);

		if (is_zero(block))
			r->report->empty_chunks++;
		else
			read_block(r, block, offset + at);
		at += size;
	}
}

size_t evtx_piece_start(struct span piece)
{
	size_t at = 0;

	while ((at = evtx_chunk_find(piece, at)) != SIZE_MAX && !evtx_chunk_is_sound(span_from(piece, at)))
		at++;
	return at;
}

size_t evtx_piece_end(struct span piece, bool last)
{
	size_t at = 0;

	while (at < piece.len && (last || piece.len - at >= 2 * EVTX_CHUNK_SIZE))
		at += block_size(piece, at);
	return at;
}

bool evtx_read_piece(struct evtx_decoder *d, struct span piece, size_t end, uint64_t offset,
		     evtx_record_fn *each, void *context, struct evtx_report *report)
{
	struct evtx_reading r = { .d = d, .each = each, .context = context, .report = report };

	read_blocks(&r, piece, 0, end, offset);
	return !r.stopped;
}

void evtx_read_header(struct evtx_decoder *d, struct span header, struct evtx_report *report)
{
	struct evtx_reading r = { .d = d, .report = report };
	struct cursor c = cursor_of(header);
	uint32_t flags, sum;
	struct err err;

	cursor_seek(&c, 120);
	flags = cursor_u32le(&c);
	sum = cursor_u32le(&c);
	evtx_set_chunk(d, header, 0);
	if (c.short_read || !span_starts(header, FILE_SIGNATURE)) {
		report->bad_header = true;
		err_set(&err, ERR_CORRUPT, 0, "no log header");
		evtx_problem(&r, 0, &err);
		return;
	}
	report->dirty |= (flags & FLAG_DIRTY) != 0;
	report->full |= (flags & FLAG_FULL) != 0;
	if (sum != crc32_add(0, span_sub(header, 0, 120))) {
		report->bad_header = true;
		check_sum(&r, false, 124, "log header");
	}
}

/* A carved piece may begin with a chunk. */
size_t evtx_header_size(struct span log)
{
	if (span_starts(log, FILE_SIGNATURE) ||
	    span_starts(span_from(log, EVTX_HEADER_SIZE), CHUNK_SIGNATURE))
		return EVTX_HEADER_SIZE;
	return 0;
}

bool evtx_read(struct evtx_decoder *d, struct span log, evtx_record_fn *each, void *context,
	       struct evtx_report *report, struct err *err)
{
	struct evtx_reading r = { .d = d, .each = each, .context = context, .report = report };
	size_t start = evtx_header_size(log);

	if (!start && !span_starts(log, CHUNK_SIGNATURE) && !d->options.recover)
		return err_set(err, ERR_CORRUPT, 0, "no event log: neither log nor chunk header");
	if (d->options.recover && !(r.recovery = evtx_recovery_new()))
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for recovery");
	if (start)
		evtx_read_header(d, span_sub(log, 0, EVTX_HEADER_SIZE), report);
	if (start || span_starts(log, CHUNK_SIGNATURE))
		read_blocks(&r, log, start, log.len, 0);
	if (r.recovery && !r.stopped)
		evtx_recover(&r, log);
	evtx_recovery_free(r.recovery);
	return true;
}

/* From records to events. */
struct eventing {
	event_fn *each;
	void *context;
	struct evtx_report *report;
};

static bool record_to_event(void *context, const struct evtx_record *record)
{
	struct eventing *e = context;
	struct evtx_reading r = { .d = record->decoder, .report = e->report };
	struct event event;
	struct err err = { .offset = ERR_NO_OFFSET };

	if (evtx_record_event(record, &event, &err))
		return e->each(e->context, &event);
	e->report->records--;
	e->report->recovered -= record->recovered;
	e->report->bad_records++;
	err_prefix(&err, "record %llu", (unsigned long long)record->id);
	evtx_problem(&r, record->offset - record->decoder->chunk_offset, &err);
	return true;
}

bool evtx_decode(struct evtx_decoder *d, struct span log, event_fn *each, void *context,
		 struct evtx_report *report, struct err *err)
{
	struct eventing e = { each, context, report };

	return evtx_read(d, log, record_to_event, &e, report, err);
}

bool evtx_decode_piece(struct evtx_decoder *d, struct span piece, size_t end, uint64_t offset,
		       event_fn *each, void *context, struct evtx_report *report)
{
	struct eventing e = { each, context, report };

	return evtx_read_piece(d, piece, end, offset, record_to_event, &e, report);
}
