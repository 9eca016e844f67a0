#include "cli/log_files_own.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "evidence/identify.h"
#include "evidence/unpack.h"
#include "formats/evt/evt.h"

#define MEMBER_BYTES ((uint64_t)2 << 30)
#define ARCHIVE_DEPTH 4

bool log_files_assumed(const struct log_report *log, const struct log_options *options,
		       char text[160])
{
	const char *years = options->year ? "the given year is taken"
					  : "the newest possible year is taken";
	const char *zones = options->zone_seconds ? "the given zone is taken" : "UTC is taken";

	if (!log->year_assumed && !log->zone_assumed)
		return false;
	snprintf(text, 160, "times have no %s: %s",
		 !log->zone_assumed ? "year" : log->year_assumed ? "year and zone" : "zone",
		 !log->zone_assumed ? years : log->year_assumed ? "" : zones);
	if (log->year_assumed && log->zone_assumed)
		snprintf(text + strlen(text), 160 - strlen(text), "%s, %s", years, zones);
	return true;
}

void log_files_tell_links(const struct log_files_report *report)
{
	if (report->links)
		fprintf(stderr, "notice: %llu symbolic link%s inside folders %s not followed\n",
			(unsigned long long)report->links, report->links == 1 ? "" : "s",
			report->links == 1 ? "was" : "were");
}

static void on_damage(void *context, const struct err *what)
{
	struct log_files *f = context;

	if (f->sink.damage)
		f->sink.damage(f->sink.context, f->path, what);
}

struct log_files *log_files_new(const struct log_files_options *options,
				const struct log_files_sink *sink)
{
	struct log_files *f = calloc(1, sizeof *f);
	struct evtx_options evtx = { .recover = options->recover, .code_page = options->code_page,
				     .problem = on_damage, .problem_context = f };

	if (!f)
		return NULL;
	f->options = *options;
	f->sink = *sink;
	if (!f->options.member_bytes)
		f->options.member_bytes = MEMBER_BYTES;
	f->evtx = evtx_decoder_new(&evtx);
	f->block = options->stream ? options->stream->block : malloc(LOG_STREAM_BLOCK);
	f->scratch = malloc(LOG_STREAM_BLOCK + EVTX_HEADER_SIZE);
	if (f->evtx && f->block && f->scratch)
		return f;
	log_files_free(f);
	return NULL;
}

void log_files_free(struct log_files *f)
{
	if (!f)
		return;
	evtx_decoder_free(f->evtx);
	if (!f->options.stream)
		free(f->block);
	free(f->scratch);
	free(f);
}

const struct log_files_report *log_files_report(const struct log_files *f)
{
	return &f->report;
}

bool log_files_is_mine(const struct log_files *f)
{
	return !f->options.units || f->units == f->taken;
}

static bool is_left_out(const struct log_files *f, uint64_t unit)
{
	for (size_t i = 0; i < f->options.left_out_count; i++)
		if (f->options.left_out[i] == unit)
			return true;
	return false;
}

static void take_unit(struct log_files *f)
{
	if (!f->options.units)
		return;
	do
		f->taken = atomic_fetch_add(&f->options.units->next, 1);
	while (is_left_out(f, f->taken));
	f->sink.take_unit(f->sink.context, f->taken);
}

void log_files_begin_unit(struct log_files *f, uint64_t offset)
{
	if (f->options.units)
		f->sink.begin_unit(f->sink.context, f->units, f->path, offset);
}

void log_files_end_unit(struct log_files *f)
{
	bool was_mine = log_files_is_mine(f);

	f->units++;
	if (!was_mine || !f->options.units)
		return;
	f->sink.end_unit(f->sink.context);
	take_unit(f);
}

void log_files_problem(struct log_files *f, const char *what)
{
	f->report.failed++;
	if (f->sink.problem)
		f->sink.problem(f->sink.context, f->path, what);
}

static bool is_outside(struct log_files *f, timestamp t)
{
	bool outside = t != TIME_NONE &&
		       ((f->options.from != TIME_NONE && t < f->options.from) ||
			(f->options.to != TIME_NONE && t >= f->options.to));

	f->report.outside += outside;
	return outside;
}

bool log_files_event(void *context, const struct event *event)
{
	struct log_files *f = context;

	uint32_t generation = f->reader ? log_reader_generation(f->reader) : 0;

	if (f->numbering != f->numbered_by || generation != f->generation) {
		f->numbered_by = f->numbering;
		f->generation = generation;
		f->sink.renumbered(f->sink.context);
	}
	if (is_outside(f, event->time))
		return true;
	f->report.events++;
	f->stopped = !f->sink.each(f->sink.context, event);
	return !f->stopped;
}

static bool on_record(void *context, const struct evtx_record *record)
{
	struct log_files *f = context;

	if (is_outside(f, record->time))
		return true;
	f->report.events++;
	f->stopped = !f->sink.record(f->sink.context, record);
	return !f->stopped;
}

/* Fills the block from `len` bytes on. A read error ends the log and is told. */
static size_t fill_block(struct log_files *f, const struct input *in, size_t len)
{
	struct log_stream *s = in->is_stream ? f->options.stream : NULL;
	ssize_t got;

	while (len < LOG_STREAM_BLOCK) {
		got = in->is_stream ? read(in->fd, f->block + len, LOG_STREAM_BLOCK - len)
				    : pread(in->fd, f->block + len, LOG_STREAM_BLOCK - len, (off_t)(in->at + len));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			log_files_problem(f, err_number_text(errno));
		if (got <= 0)
			break;
		len += (size_t)got;
		if (s) {
			s->to = in->at + len;
			s->block_len = len;
		}
	}
	return len;
}

struct span log_files_block(struct log_files *f, struct input *in)
{
	size_t len = 0;

	if (in->fd < 0) {
		struct span part = span_sub(in->memory, (size_t)in->at, LOG_STREAM_BLOCK);

		in->at += part.len;
		return part;
	}
	if (in->at >= in->begin && in->at - in->begin < in->held) {
		size_t passed = (size_t)(in->at - in->begin);

		len = in->held - passed;
		memmove(f->block, f->block + passed, len);
	}
	in->begin = in->at;
	len = fill_block(f, in, len);
	in->held = in->is_stream ? len : 0;
	in->at += len;
	return span_of(f->block, len);
}

static struct log_stream *stream_of(const struct log_files *f, const struct input *in)
{
	return in->is_stream ? f->options.stream : NULL;
}

void log_files_note(struct log_files *f, const struct input *in, size_t block_len)
{
	struct log_stream *s = stream_of(f, in);
	uint64_t from = in->at - block_len, lines = 0;

	if (!s)
		return;
	if (f->sink.passed)
		f->sink.passed(f->sink.context);
	if (f->reader)
		log_reader_place(f->reader, &from, &lines);
	log_stream_note(s, from, lines, block_len);
}

static void begin_stream(struct log_files *f, const struct input *in, enum log_stream_kind kind,
			 enum log_format format)
{
	struct log_stream *s = stream_of(f, in);

	if (!s)
		return;
	log_stream_begin(s, kind, format, span_of(f->block, in->held));
	s->place = f->place;
	s->unit = f->units;
}

static void end_stream(struct log_files *f)
{
	if (f->options.stream)
		f->options.stream->kind = LOG_STREAM_NONE;
}

static void finish_evtx(struct log_files *f, const struct evtx_report *report)
{
	f->report.bad += report->bad_records;
	f->report.recovered += report->recovered;
	if (f->sink.end)
		f->sink.end(f->sink.context, f->path, report, NULL, LOG_NONE);
}

static bool decode_evtx(struct log_files *f, struct span whole, struct evtx_report *report,
			struct err *err)
{
	return f->sink.record ? evtx_read(f->evtx, whole, on_record, f, report, err)
			      : evtx_decode(f->evtx, whole, log_files_event, f, report, err);
}

/* Carving needs the whole log at once. */
static void read_evtx_whole(struct log_files *f, struct span whole)
{
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	f->report.bytes += whole.len;
	if (!decode_evtx(f, whole, &report, &err))
		log_files_problem(f, err.text);
	finish_evtx(f, &report);
}

static struct evt_reader *new_evt(struct log_files *f)
{
	struct evt_options options = { .recover = f->options.recover, .name = span_text(f->path),
				       .problem = on_damage, .problem_context = f };
	struct evt_reader *reader = evt_reader_new(&options);

	if (!reader)
		log_files_problem(f, "out of memory");
	f->numbering = ++f->readers;
	return reader;
}

static void read_evt(struct log_files *f, struct span whole)
{
	struct evt_reader *reader = new_evt(f);
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	f->report.bytes += whole.len;
	if (reader && !evt_decode(reader, whole, log_files_event, f, &report, &err))
		log_files_problem(f, err.text);
	finish_evtx(f, &report);
	evt_reader_free(reader);
	f->numbering = 0;
}

/* Bytes that are no log: unallocated space, memory, a log without its start. */
static void carve_raw(struct log_files *f, struct span whole)
{
	struct evt_reader *reader;
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	f->report.bytes += whole.len;
	decode_evtx(f, whole, &report, &err);
	reader = f->stopped ? NULL : new_evt(f);
	if (reader)
		evt_carve(reader, whole, log_files_event, f, &report);
	f->numbering = 0;
	evt_reader_free(reader);
	report.bad_header = false;
	if (report.records)
		f->report.logs++;
	else
		f->report.not_logs++;
	finish_evtx(f, &report);
}

static void read_piece(struct log_files *f, struct span piece, size_t end, uint64_t offset,
		       struct evtx_report *report)
{
	if (f->sink.record)
		evtx_read_piece(f->evtx, piece, end, offset, on_record, f, report);
	else
		evtx_decode_piece(f->evtx, piece, end, offset, log_files_event, f, report);
	f->report.bytes += end;
}

/* The chunks from `at` on, which begin anywhere where bytes are missing or too many. */
static void read_chunks(struct log_files *f, struct input *in, uint64_t at, uint64_t to,
			struct evtx_report *report)
{
	bool last = false;

	while (!last && !f->stopped && at < to) {
		uint64_t left = to - at;
		struct span block;
		size_t end;

		in->at = at;
		log_files_note(f, in, 0);
		block = span_sub(log_files_block(f, in), 0, left < LOG_STREAM_BLOCK ? (size_t)left : LOG_STREAM_BLOCK);
		last = block.len < LOG_STREAM_BLOCK || block.len == left;
		log_files_note(f, in, block.len);
		end = evtx_piece_end(block, last);
		read_piece(f, block, end, at, report);
		at += end;
	}
}

/* Where the first chunk begins that lies in the window from `at` on; UINT64_MAX: it has none. */
static uint64_t first_chunk(struct log_files *f, const struct input *in, uint64_t at)
{
	/* Nearly always it is the first thing there. */
	static const size_t sizes[] = { EVTX_HEADER_SIZE, LOG_STREAM_BLOCK + EVTX_HEADER_SIZE };
	size_t start = SIZE_MAX;

	for (size_t i = 0; at > EVTX_HEADER_SIZE && start == SIZE_MAX && i < 2; i++) {
		ssize_t got = pread(in->fd, f->scratch, sizes[i], (off_t)at);

		start = got > 0 ? evtx_piece_start(span_of(f->scratch, (size_t)got)) : SIZE_MAX;
	}
	if (at <= EVTX_HEADER_SIZE)
		return at;
	return start < LOG_STREAM_BLOCK ? at + start : UINT64_MAX;
}

static uint64_t chunks_end(struct log_files *f, const struct input *in, uint64_t window)
{
	while ((window += LOG_STREAM_BLOCK) < in->size) {
		uint64_t cut = first_chunk(f, in, window);

		if (cut != UINT64_MAX)
			return cut;
	}
	return in->size;
}

/* A unit begins with the first chunk of its window, and goes on to that of the next that has one. */
static void read_evtx_share(struct log_files *f, struct input *in, uint64_t offset,
			    struct evtx_report *report)
{
	for (; offset < f->shared_size; offset += LOG_STREAM_BLOCK) {
		if (log_files_is_mine(f) && !f->stopped) {
			uint64_t from = first_chunk(f, in, offset);

			log_files_begin_unit(f, offset);
			if (from != UINT64_MAX)
				read_chunks(f, in, from, chunks_end(f, in, offset), report);
		}
		log_files_end_unit(f);
	}
}

static void read_evtx(struct log_files *f, struct input *in)
{
	struct evtx_report report = { 0 };
	struct span block;
	uint64_t offset = EVTX_HEADER_SIZE;

	in->at = 0;
	block = log_files_block(f, in);
	if (evtx_header_size(block))
		evtx_read_header(f->evtx, span_sub(block, 0, EVTX_HEADER_SIZE), &report);
	else
		offset = 0;
	if (f->shared_size)
		read_evtx_share(f, in, offset, &report);
	else
		read_chunks(f, in, offset, UINT64_MAX, &report);
	finish_evtx(f, &report);
}

static void resume_evtx(struct log_files *f, struct input *in)
{
	struct evtx_report report = { 0 };

	if (f->sink.evtx) {
		f->stopped = !f->sink.evtx(f->sink.context, in->fd, (struct span){ 0 }, f->path);
		return;
	}
	read_chunks(f, in, in->at, UINT64_MAX, &report);
	finish_evtx(f, &report);
}

/* A pipe in which the reader before this one crashed. */
static void resume(struct log_files *f, int fd)
{
	struct log_stream *s = f->options.stream;
	struct input in = { .fd = fd, .is_stream = true, .at = s->to, .begin = s->to };

	s->goes_on = false;
	f->shared_size = 0;
	f->report.logs += !s->counted;
	if (f->options.units)
		f->sink.begin_unit(f->sink.context, f->taken, f->path, 0);
	f->sink.begin(f->sink.context, f->path);
	if (s->kind == LOG_STREAM_EVTX)
		resume_evtx(f, &in);
	else
		log_files_resume_text(f, &in);
	end_stream(f);
	f->units++;
}

static void read_input(struct log_files *f, struct input *in, int depth);

static void read_member(struct log_files *f, struct unpack *u, const struct unpack_member *member,
			int depth)
{
	struct buf content = buf_new(f->options.member_bytes);
	struct err err = { 0 };
	const char *outer = f->path;
	char path[8192];
	bool end = false;

	snprintf(path, sizeof path, "%s!/%.*s", outer, SPAN_ARG(member->path));
	f->path = path;
	while (!end && unpack_read(u, &content, &end, &err) && !content.overflow)
		;
	if (content.overflow)
		log_files_problem(f, "larger than the limit for one archive member");
	else if (err.code)
		log_files_problem(f, err.text);
	read_input(f, &(struct input){ .fd = -1, .memory = buf_span(&content) }, depth);
	buf_free(&content);
	f->path = outer;
}

static void read_archive(struct log_files *f, struct span whole, int depth)
{
	struct err err = { 0 };
	struct unpack *u = unpack_open(whole, span_text(f->path), &err);
	struct unpack_member member;
	enum unpack_step step;
	bool more = true;

	if (!u) {
		if (err.code != ERR_UNSUPPORTED)
			log_files_problem(f, err.text);
		return;
	}
	while (!f->stopped && more && (step = unpack_next(u, &member, &more, &err)) != UNPACK_END) {
		if (step == UNPACK_FAILED)
			log_files_problem(f, err.text);
		else if (member.kind == UNPACK_FILE)
			read_member(f, u, &member, depth + 1);
	}
	unpack_free(u);
}

/* All of a log at once, for what cannot be read piecewise. */
struct whole {
	struct span bytes;
	void *mapped;
	struct buf room;		/* of a stream */
};

static struct whole whole_input(struct log_files *f, struct input *in)
{
	struct whole w = { .bytes = in->memory, .room = buf_new(f->options.member_bytes) };
	struct span block;

	if (in->fd < 0)
		return w;
	if (!in->is_stream && in->size) {
		w.mapped = mmap(NULL, (size_t)in->size, PROT_READ, MAP_PRIVATE, in->fd, 0);
		if (w.mapped == MAP_FAILED) {
			w.mapped = NULL;
			log_files_problem(f, err_number_text(errno));
			return w;
		}
		w.bytes = span_of(w.mapped, (size_t)in->size);
		return w;
	}
	in->at = 0;
	while ((block = log_files_block(f, in)).len && buf_add(&w.room, block))
		;
	if (w.room.overflow)
		log_files_problem(f, "larger than the limit: read in part");
	w.bytes = buf_span(&w.room);
	return w;
}

static void whole_free(struct whole *w)
{
	if (w->mapped)
		munmap(w->mapped, w->bytes.len);
	buf_free(&w->room);
}

static bool is_archive(struct span start)
{
	struct identity what = identify(start);

	return what.reader == READER_ARCHIVE;
}

/* Also with a header that is damaged. */
static bool is_evtx(struct span start)
{
	return evtx_is(start) || evtx_header_size(start);
}

typedef void whole_fn(struct log_files *f, struct span whole);

static void read_whole(struct log_files *f, struct input *in, whole_fn *reader)
{
	struct whole whole = whole_input(f, in);

	reader(f, whole.bytes);
	whole_free(&whole);
}

static void begin_log(struct log_files *f)
{
	f->report.logs += log_files_is_mine(f);
	f->sink.begin(f->sink.context, f->path);
}

static void read_evtx_input(struct log_files *f, struct input *in)
{
	begin_log(f);
	if (!f->options.recover)
		begin_stream(f, in, LOG_STREAM_EVTX, LOG_NONE);
	if (f->options.recover)
		read_whole(f, in, read_evtx_whole);
	else if (f->sink.evtx && in->fd >= 0)
		f->stopped = !f->sink.evtx(f->sink.context, in->fd, span_of(f->block, in->held), f->path);
	else
		read_evtx(f, in);
}

static void read_no_log(struct log_files *f, struct input *in)
{
	if (!f->options.recover) {
		f->report.not_logs++;
		return;
	}
	f->sink.begin(f->sink.context, f->path);
	read_whole(f, in, carve_raw);
}

static void read_input(struct log_files *f, struct input *in, int depth)
{
	struct span start = log_files_block(f, in);
	enum log_format format;

	/* A small file is all here already. */
	if (in->fd >= 0 && start.len < LOG_STREAM_BLOCK && !is_evtx(start))
		*in = (struct input){ .fd = -1, .memory = start };
	f->report.files += log_files_is_mine(f);
	if (is_evtx(start)) {
		read_evtx_input(f, in);
	} else if (evt_is(start)) {
		begin_log(f);
		read_whole(f, in, read_evt);
	} else if (depth < ARCHIVE_DEPTH && is_archive(start)) {
		struct whole whole = whole_input(f, in);

		read_archive(f, whole.bytes, depth);
		whole_free(&whole);
	} else if ((format = log_identify(span_sub(start, 0, LOG_IDENTIFY_BYTES))) != LOG_NONE) {
		begin_log(f);
		begin_stream(f, in, LOG_STREAM_LINES, format);
		in->at = 0;
		log_files_read_text(f, in, format);
	} else {
		read_no_log(f, in);
	}
}

/* Whether several units are made of the file, which depends on its start alone. */
static bool is_shared(struct log_files *f, const struct input *in)
{
	struct span start = { 0 };
	enum log_format format;
	ssize_t got;

	if (!f->options.units || f->options.recover || in->is_stream || in->size <= LOG_STREAM_BLOCK)
		return false;
	got = pread(in->fd, f->block, LOG_IDENTIFY_BYTES, 0);
	if (got > 0)
		start = span_of(f->block, (size_t)got);
	if (is_evtx(start))
		return evtx_is(start);
	if (in->size <= LOG_PART || evt_is(start) || is_archive(start))
		return false;
	format = log_identify(start);
	f->parts = (struct log_parts){ .fd = in->fd, .size = in->size, .format = format,
				       .units = f->options.units, .first = f->units, .block = f->scratch };
	return log_parts_fit(&f->parts, start);
}

/* What all parts read in turns, or else the one whose turn it is. */
static void read_place(struct log_files *f, const struct fence_place *place)
{
	struct input in = { .fd = place->fd, .is_stream = place->is_stream, .size = place->size };
	uint64_t before = f->report.logs + f->report.failed;
	const struct log_stream *s = f->options.stream;

	if (s && s->goes_on && s->place == f->place && in.is_stream) {
		resume(f, place->fd);
		return;
	}
	f->shared_size = is_shared(f, &in) ? in.size : 0;
	if (!f->shared_size && log_files_is_mine(f))
		log_files_begin_unit(f, 0);
	if (f->shared_size || log_files_is_mine(f))
		read_input(f, &in, 0);
	end_stream(f);
	if (place->is_named && log_files_is_mine(f) && !f->shared_size &&
	    before == f->report.logs + f->report.failed)
		log_files_problem(f, "no event log that is known");
	if (!f->shared_size)
		log_files_end_unit(f);
}

bool log_files_read(struct log_files *f, struct fence *fence, struct err *err)
{
	struct fence_place place;
	uint64_t number = 0;

	take_unit(f);
	while (!f->stopped && fence_next(fence, &place, err)) {
		f->path = place.path;
		f->place = number++;
		if (f->place < f->options.first_place) {
			close(place.fd);
			continue;
		}
		if (f->sink.place)
			f->sink.place(f->sink.context, f->place, place.path);
		if (place.is_link) {
			f->report.links += !f->options.silent;
			continue;
		}
		if (place.fd < 0) {
			if (!f->options.silent)
				log_files_problem(f, place.reason);
			continue;
		}
		read_place(f, &place);
		close(place.fd);
	}
	return err->code == ERR_NONE;
}
