#include "formats/evt/evt.h"

#include <stdlib.h>

#include "formats/evt/evt_event.h"
#include "formats/evtx/evtx_recover.h"

#define SIGNATURE SPAN("LfLe")
#define END_SIZE 40
#define END_SIGNATURE SPAN("\x28\0\0\0\x11\x11\x11\x11\x22\x22\x22\x22\x33\x33\x33\x33\x44\x44\x44\x44")
#define FLAG_DIRTY 1u
#define FLAG_FULL 4u

struct evt_reader {
	struct evt_options options;
	struct evt_shapes shapes;
	struct evt_event event;
	struct evtx_recovery *seen;
	struct buf joined;		/* a record that goes on at the start of the ring */
	struct span log;
	event_fn *each;
	void *context;
	struct evtx_report *report;
	bool is_lost;			/* since the last good record */
	bool stopped;
};

/* Where the ring's records are; `end` is where the end record stands. */
struct ring {
	size_t begin, end;
	uint32_t next_number;
};

bool evt_is(struct span start)
{
	return start.len >= EVT_HEADER_SIZE && load_u32le(start.at) == EVT_HEADER_SIZE &&
	       span_eq(span_sub(start, 4, 4), SIGNATURE);
}

struct evt_reader *evt_reader_new(const struct evt_options *options)
{
	struct evt_reader *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	if (options)
		r->options = *options;
	r->joined = buf_new(EVT_RECORD_MAX);
	r->seen = evtx_recovery_new();
	if (r->seen && evt_shapes_new(&r->shapes))
		return r;
	evt_reader_free(r);
	return NULL;
}

void evt_reader_free(struct evt_reader *r)
{
	if (!r)
		return;
	evt_shapes_free(&r->shapes);
	evtx_recovery_free(r->seen);
	buf_free(&r->joined);
	free(r);
}

static size_t ring_size(const struct evt_reader *r)
{
	return r->log.len > EVT_HEADER_SIZE ? r->log.len - EVT_HEADER_SIZE : 0;
}

/* `len` bytes from `at` on; behind the last the ring goes on at its start. */
static struct span ring_take(struct evt_reader *r, size_t at, size_t len)
{
	struct span tail = span_sub(r->log, at, len);

	if (tail.len == len || len > ring_size(r) || len > EVT_RECORD_MAX)
		return tail;
	buf_clear(&r->joined);
	buf_add(&r->joined, tail);
	buf_add(&r->joined, span_sub(r->log, EVT_HEADER_SIZE, len - tail.len));
	return buf_span(&r->joined);
}

static size_t ring_step(const struct evt_reader *r, size_t at, size_t len)
{
	return at + len < r->log.len ? at + len : at + len - r->log.len + EVT_HEADER_SIZE;
}

static void tell(struct evt_reader *r, uint64_t at, const struct err *err)
{
	struct err told = *err;

	r->report->bad_records++;
	told.offset = at;
	if (r->options.problem)
		r->options.problem(r->options.problem_context, &told);
}

/* Empty: no record begins at `at`. A carved one does not go on at the start of the ring. */
static struct span record_at(struct evt_reader *r, size_t at, bool carved)
{
	struct span start = span_sub(r->log, at, 8), record;
	uint32_t len;

	if (start.len < 8 || !span_eq(span_sub(start, 4, 4), SIGNATURE))
		return span_sub(start, 0, 0);
	len = load_u32le(start.at);
	if (len < EVT_RECORD_SIZE + 4 || len % 4 || len > EVT_RECORD_MAX)
		return span_sub(start, 0, 0);
	record = carved ? span_sub(r->log, at, len) : ring_take(r, at, len);
	if (record.len != len || load_u32le(record.at + len - 4) != len)
		return span_sub(start, 0, 0);
	return record;
}

/* False: it is told as a bad one. */
static bool deliver(struct evt_reader *r, size_t at, struct span record, bool recovered)
{
	struct err err = { 0 };

	if (!evt_event_read(&r->shapes, record, r->options.name, &r->event, &err)) {
		if (!recovered)
			tell(r, at, &err);
		return false;
	}
	r->event.event.offset = at;
	r->event.event.recovered = recovered;
	if (r->options.recover &&
	    !evtx_recovery_note(r->seen, r->event.event.record_id, r->event.event.time)) {
		r->report->doubled += recovered;
		if (recovered)
			return true;
	}
	if (!recovered)
		evtx_ids_see(&r->report->ids, r->event.event.record_id);
	r->report->records++;
	r->report->recovered += recovered;
	r->stopped = !r->each(r->context, &r->event.event);
	return true;
}

/* One stretch of damage is one problem, however many records it took. */
static void lose(struct evt_reader *r, size_t at)
{
	struct err err = { 0 };

	if (r->is_lost)
		return;
	r->is_lost = true;
	err_set(&err, ERR_CORRUPT, ERR_NO_OFFSET, "no record where one should be");
	tell(r, at, &err);
}

/* How far it is to the next place in [at+4, end of log) that may be a record's start. */
static size_t to_next_signature(struct evt_reader *r, size_t at)
{
	size_t found = at + 8;

	for (; (found = span_find(r->log, found, SIGNATURE)) != SIZE_MAX; found++)
		if ((found - 4 - EVT_HEADER_SIZE) % 4 == 0)
			return found - 4 - at;
	return r->log.len - at;
}

static bool is_end_record(struct evt_reader *r, size_t at)
{
	return span_eq(ring_take(r, at, END_SIGNATURE.len), END_SIGNATURE);
}

/* `left` bytes of the ring from `at` on. */
static void walk(struct evt_reader *r, size_t at, size_t left)
{
	while (left >= 4 && !r->stopped) {
		size_t tail = r->log.len - at, step = tail;
		struct span record = record_at(r, at, false);

		/* Where not even the fixed part fits, the rest is filled up. */
		if (record.len) {
			step = record.len;
			r->is_lost = false;
			deliver(r, at, record, false);
		} else if (is_end_record(r, at)) {
			step = END_SIZE;
		} else if (tail >= EVT_RECORD_SIZE) {
			lose(r, at);
			step = to_next_signature(r, at);
		}
		if (step >= left)
			return;
		left -= step;
		at = ring_step(r, at, step);
	}
}

static bool ring_fits(struct evt_reader *r, const struct ring *ring)
{
	if (ring->begin < EVT_HEADER_SIZE || ring->end < EVT_HEADER_SIZE ||
	    ring->begin >= r->log.len || ring->end > r->log.len)
		return false;
	return ring->begin == ring->end || record_at(r, ring->begin, false).len;
}

/* The end record with the highest number that stands where it says. */
static bool find_end(struct evt_reader *r, struct ring *out)
{
	bool found = false;

	for (size_t at = EVT_HEADER_SIZE; at + 4 <= r->log.len; at += 4) {
		struct ring ring;
		struct span end;

		if (load_u32le(r->log.at + at) != END_SIZE || !is_end_record(r, at))
			continue;
		end = ring_take(r, at, END_SIZE);
		if (end.len < END_SIZE || load_u32le(end.at + 24) != at)
			continue;
		ring = (struct ring){ load_u32le(end.at + 20), at, load_u32le(end.at + 28) };
		if (ring_fits(r, &ring) && (!found || ring.next_number > out->next_number)) {
			*out = ring;
			found = true;
		}
	}
	return found;
}

static bool find_ring(struct evt_reader *r, struct ring *out)
{
	const uint8_t *p = r->log.at;
	uint32_t flags = load_u32le(p + 36);

	*out = (struct ring){ load_u32le(p + 16), load_u32le(p + 20), load_u32le(p + 24) };
	r->report->dirty |= flags & FLAG_DIRTY;
	r->report->full |= flags & FLAG_FULL;
	if (!(flags & FLAG_DIRTY) && ring_fits(r, out) && is_end_record(r, out->end))
		return true;
	/* The header is as of the last flush; the end record is always true. */
	if (find_end(r, out))
		return true;
	r->report->bad_header = true;
	return false;
}

static void carve(struct evt_reader *r, size_t from, size_t to)
{
	size_t at = from;

	while (!r->stopped && (at = span_find(r->log, at + 4, SIGNATURE)) != SIZE_MAX && at < to) {
		struct span record;

		at -= 4;
		record = record_at(r, at, true);
		if (record.len && deliver(r, at, record, true))
			at += record.len;
		else
			at += 4;
	}
}

static void begin(struct evt_reader *r, struct span log, event_fn *each, void *context,
		  struct evtx_report *report)
{
	r->log = log;
	r->each = each;
	r->context = context;
	r->report = report;
	r->is_lost = r->stopped = false;
}

/* What the ring does not list: between its newest and its oldest record. */
static void carve_rest(struct evt_reader *r, const struct ring *ring)
{
	size_t behind = ring->end + END_SIZE;

	if (ring->begin > ring->end) {
		carve(r, behind, ring->begin);
		return;
	}
	carve(r, EVT_HEADER_SIZE, ring->begin);
	if (behind < r->log.len)
		carve(r, behind, r->log.len);
}

bool evt_decode(struct evt_reader *r, struct span log, event_fn *each, void *context,
		struct evtx_report *report, struct err *err)
{
	uint64_t before = report->records;
	struct ring ring;

	begin(r, log, each, context, report);
	if (!evt_is(log))
		return err_set(err, ERR_CORRUPT, 0, "no event log of Windows NT");
	if (!find_ring(r, &ring)) {
		/* Nothing tells where the ring begins: in the order of the file. */
		walk(r, EVT_HEADER_SIZE, ring_size(r));
	} else {
		walk(r, ring.begin, ring.begin <= ring.end ? ring.end - ring.begin
							   : ring_size(r) - (ring.begin - ring.end));
		if (r->options.recover)
			carve_rest(r, &ring);
	}
	if (report->records == before && report->bad_header && !r->stopped)
		return err_set(err, ERR_CORRUPT, EVT_HEADER_SIZE, "no record in the log");
	return true;
}

void evt_carve(struct evt_reader *r, struct span bytes, event_fn *each, void *context,
	       struct evtx_report *report)
{
	begin(r, bytes, each, context, report);
	carve(r, 0, bytes.len);
}
