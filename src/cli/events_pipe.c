#include "cli/events_pipe.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/escape.h"

#define PIECE_SIZE ((size_t)16 * EVTX_CHUNK_SIZE)
#define PIECE_ROOM (PIECE_SIZE + 2 * EVTX_CHUNK_SIZE)
#define LINES_CAP ((size_t)1 << 32)
#define PROBLEMS_CAP ((size_t)1 << 20)
#define WRITE_MOST ((size_t)1 << 16)	/* at once: after a crash so much may be told again */

enum slot_state { SLOT_FREE, SLOT_READY, SLOT_BUSY, SLOT_DONE };

/* A piece on its way from the log to the output. */
struct slot {
	enum slot_state state;
	uint8_t *input;			/* PIECE_ROOM */
	size_t input_len, end;
	uint64_t offset;		/* of the piece in the log */
	struct buf lines;
	struct buf problems;
	struct evtx_report report;
	bool passed_over;		/* was written before */
};

struct worker {
	struct events_pipe *pipe;
	struct evtx_decoder *decoder;
	struct slot *slot;		/* being decoded */
	pthread_t thread;
	struct err denied;		/* by the sandbox */
	bool started;
};

struct events_pipe {
	struct events_options options;
	struct worker workers[EVENTS_JOBS_MAX];
	size_t jobs;
	struct slot *slots;
	size_t slot_count;
	size_t filled, taken, written;	/* pieces so far; slot = number % slot_count */
	uint64_t passing;		/* pieces of the log yet to be passed over */
	const char *name;		/* of the log */
	bool write_failed;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	events_enter_fn *enter;
	const void *enter_context;
	size_t entered;
	bool is_denied;
	bool ending;
};

static void note_problem(void *context, const struct err *problem)
{
	struct worker *w = context;
	struct buf *to = &w->slot->problems;

	buf_text(to, "kanshiki: ");
	escape_terminal(to, span_text(w->pipe->name));
	buf_printf(to, ": offset %llu: ", (unsigned long long)problem->offset);
	escape_terminal(to, span_text(problem->text));
	buf_add_u8(to, '\n');
}

static bool write_all(struct events_pipe *p, struct span bytes, struct err *err)
{
	while (bytes.len) {
		ssize_t put = write(p->options.out, bytes.at, bytes.len < WRITE_MOST ? bytes.len : WRITE_MOST);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			p->write_failed = true;
			return err_errno(err, errno, "cannot write");
		}
		p->options.progress->bytes += (uint64_t)put;
		bytes = span_from(bytes, (size_t)put);
	}
	return true;
}

static bool take_record(void *context, const struct evtx_record *record)
{
	struct worker *w = context;
	struct err err;

	if (events_line(w->pipe->options.format, record, &w->slot->lines, &err))
		return true;
	w->slot->report.records--;
	w->slot->report.bad_records++;
	err.offset = record->offset;
	note_problem(w, &err);
	return true;
}

static void decode(struct worker *w, struct slot *slot)
{
	struct events_progress *progress = w->pipe->options.progress;

	if (slot->passed_over)
		return;
	w->slot = slot;
	if (w->pipe->jobs == 1) {
		progress->offset = slot->offset;
		progress->decodes = true;
	}
	evtx_read_piece(w->decoder, span_of(slot->input, slot->input_len), slot->end, slot->offset,
			take_record, w, &slot->report);
	if (w->pipe->jobs == 1)
		progress->decodes = false;
}

static void *work(void *context)
{
	struct worker *w = context;
	struct events_pipe *p = w->pipe;

	pthread_mutex_lock(&p->lock);
	while (!p->ending && !p->enter)
		pthread_cond_wait(&p->changed, &p->lock);
	if (p->enter && !p->enter(p->enter_context, &w->denied))
		p->is_denied = true;
	p->entered++;
	pthread_cond_broadcast(&p->changed);
	for (;;) {
		struct slot *slot;

		while (!p->ending && p->taken == p->filled)
			pthread_cond_wait(&p->changed, &p->lock);
		if (p->ending)
			break;
		slot = &p->slots[p->taken++ % p->slot_count];
		slot->state = SLOT_BUSY;
		pthread_mutex_unlock(&p->lock);
		decode(w, slot);
		pthread_mutex_lock(&p->lock);
		slot->state = SLOT_DONE;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static bool start_worker(struct events_pipe *p, struct worker *w, struct err *err)
{
	struct evtx_options options = { .bounded = p->options.bounded, .from = p->options.from,
					.to = p->options.to, .code_page = p->options.code_page,
					.problem = note_problem, .problem_context = w };

	w->pipe = p;
	w->decoder = evtx_decoder_new(&options);
	if (!w->decoder)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a decoder");
	if (p->jobs == 1)
		return true;
	w->started = pthread_create(&w->thread, NULL, work, w) == 0;
	return w->started ? true : err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot start a thread");
}

struct events_pipe *events_pipe_new(const struct events_options *options, struct err *err)
{
	struct events_pipe *p = calloc(1, sizeof *p);
	bool fits = p != NULL;

	if (!p) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory");
		return NULL;
	}
	p->options = *options;
	p->jobs = !options->jobs ? 1 : (size_t)options->jobs;
	if (p->jobs > EVENTS_JOBS_MAX)
		p->jobs = EVENTS_JOBS_MAX;
	p->slot_count = p->jobs == 1 ? 1 : 2 * p->jobs + 1;
	p->slots = calloc(p->slot_count, sizeof *p->slots);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	for (size_t i = 0; p->slots && i < p->slot_count; i++) {
		p->slots[i].input = malloc(PIECE_ROOM);
		p->slots[i].lines = buf_new(LINES_CAP);
		p->slots[i].problems = buf_new(PROBLEMS_CAP);
		fits = fits && p->slots[i].input;
	}
	if (!p->slots || !fits)
		fits = err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory");
	for (size_t i = 0; fits && i < p->jobs; i++)
		fits = start_worker(p, &p->workers[i], err);
	if (fits)
		return p;
	events_pipe_free(p);
	return NULL;
}

void events_pipe_free(struct events_pipe *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->jobs; i++) {
		if (p->workers[i].started)
			pthread_join(p->workers[i].thread, NULL);
		evtx_decoder_free(p->workers[i].decoder);
	}
	for (size_t i = 0; p->slots && i < p->slot_count; i++) {
		free(p->slots[i].input);
		buf_free(&p->slots[i].lines);
		buf_free(&p->slots[i].problems);
	}
	free(p->slots);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

bool events_pipe_enter(struct events_pipe *p, events_enter_fn *enter, const void *context,
		       struct err *err)
{
	bool fits;

	/* An allocator's further arenas would need mprotect. */
	mallopt(M_ARENA_MAX, 1);
	pthread_mutex_lock(&p->lock);
	p->enter_context = context;
	p->enter = enter;
	pthread_cond_broadcast(&p->changed);
	while (p->jobs > 1 && p->entered < p->jobs)
		pthread_cond_wait(&p->changed, &p->lock);
	fits = !p->is_denied;
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->jobs && !fits; i++)
		if (p->workers[i].denied.code)
			*err = p->workers[i].denied;
	return fits && enter(context, err);
}

/* Reads until `len` bytes are there or the end is. */
static bool read_full(struct events_pipe *p, int fd, uint8_t *to, size_t len, size_t *got, struct err *err)
{
	*got = 0;
	while (*got < len) {
		ssize_t n = read(fd, to + *got, len - *got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "cannot read");
		if (n == 0)
			break;
		*got += (size_t)n;
		p->options.stream->to += (uint64_t)n;
	}
	return true;
}

/* Writes a decoded piece out and frees its slot. */
static bool flush_slot(struct events_pipe *p, struct slot *slot, struct evtx_report *report,
		       struct err *err)
{
	struct events_progress *progress = p->options.progress;
	bool fits = true;

	if (slot->problems.len)
		fwrite(slot->problems.at, 1, slot->problems.len, p->options.problems);
	if (slot->problems.overflow)
		fprintf(p->options.problems, "kanshiki: further problems in this part are not shown\n");
	evtx_report_add(report, &slot->report);
	if (!slot->passed_over) {
		off_t at = lseek(p->options.out, 0, SEEK_CUR);

		progress->start = at < 0 ? -1 : at - (int64_t)progress->bytes;
		progress->writes = true;
		fits = write_all(p, span_from(buf_span(&slot->lines), (size_t)progress->bytes), err);
		progress->writes = false;
		progress->log = *report;
		progress->bytes = 0;
		progress->pieces++;
	}
	p->options.stream->from = slot->offset + slot->end;
	slot->report = (struct evtx_report){ 0 };
	buf_clear(&slot->problems);
	buf_clear(&slot->lines);
	slot->state = SLOT_FREE;
	return fits;
}

/* The slot for the next piece, once the one before in it is written. */
static bool next_slot(struct events_pipe *p, struct evtx_report *report, struct slot **out,
		      struct err *err)
{
	struct slot *slot = &p->slots[p->filled % p->slot_count];

	*out = slot;
	pthread_mutex_lock(&p->lock);
	while (slot->state != SLOT_DONE && slot->state != SLOT_FREE)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
	if (slot->state == SLOT_FREE)
		return true;
	p->written++;
	return flush_slot(p, slot, report, err);
}

static void hand_over(struct events_pipe *p, struct slot *slot)
{
	if (p->jobs == 1) {
		decode(&p->workers[0], slot);
		slot->state = SLOT_DONE;
		p->filled++;
		return;
	}
	pthread_mutex_lock(&p->lock);
	slot->state = SLOT_READY;
	p->filled++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

static bool drain(struct events_pipe *p, struct evtx_report *report, struct err *err)
{
	bool fits = true;

	while (p->written < p->filled) {
		struct slot *slot = &p->slots[p->written % p->slot_count];

		pthread_mutex_lock(&p->lock);
		while (slot->state != SLOT_DONE)
			pthread_cond_wait(&p->changed, &p->lock);
		pthread_mutex_unlock(&p->lock);
		p->written++;
		/* After a failure the pieces still have to come home. */
		if (fits)
			fits = flush_slot(p, slot, report, err);
		else
			slot->state = SLOT_FREE;
	}
	return fits;
}

/* The pieces behind the log's header; `carry` bytes of the first are in `rest` already. */
static bool read_pieces(struct events_pipe *p, int fd, uint8_t *rest, size_t carry,
			uint64_t offset, struct evtx_report *report, struct err *err)
{
	bool last = false;

	while (!last || carry) {
		struct slot *slot;
		size_t got;

		if (!next_slot(p, report, &slot, err))
			return false;
		memcpy(slot->input, rest, carry);
		if (!read_full(p, fd, slot->input + carry, PIECE_SIZE - carry, &got, err))
			return false;
		last = carry + got < PIECE_SIZE;
		slot->input_len = carry + got;
		slot->passed_over = p->passing > 0;
		p->passing -= slot->passed_over;
		slot->offset = offset;
		slot->end = evtx_piece_end(span_of(slot->input, slot->input_len), last);
		carry = slot->input_len - slot->end;
		memcpy(rest, slot->input + slot->end, carry);
		offset += slot->end;
		hand_over(p, slot);
	}
	return true;
}

static bool stream_evtx(struct events_pipe *p, int fd, uint8_t *start, size_t got, uint64_t at,
			struct evtx_report *report, struct err *err)
{
	size_t header = at ? 0 : evtx_header_size(span_of(start, got));
	bool fits;

	if (header) {
		/* Nothing is under way yet, so the first worker's decoder is free. */
		p->workers[0].slot = &p->slots[p->filled % p->slot_count];
		evtx_read_header(p->workers[0].decoder, span_sub(span_of(start, got), 0, header),
				 report);
		got = got > header ? got - header : 0;
		memmove(start, start + header, got);
		at = header;
	}
	p->options.progress->cuts = true;
	fits = read_pieces(p, fd, start, got, at, report, err);
	fits = drain(p, report, fits ? err : &(struct err){ 0 }) && fits;
	p->options.progress->cuts = false;
	return fits;
}

/* What was read of a stream already, or as much from a file. */
static bool read_start(struct events_pipe *p, int fd, struct span start, uint8_t *to, size_t *got, struct err *err)
{
	if (start.len) {
		memcpy(to, start.at, start.len);
		*got = start.len;
		p->options.stream->to = start.len;
		return true;
	}
	return read_full(p, fd, to, 2 * EVTX_HEADER_SIZE, got, err);
}

bool events_pipe_log(struct events_pipe *p, int fd, struct span start, const char *name,
		     struct evtx_report *report, bool *write_failed, struct err *err)
{
	const struct log_stream *s = p->options.stream;
	uint64_t at = s->kind == LOG_STREAM_EVTX && !start.len ? s->to : 0;
	uint8_t *rest = malloc(PIECE_SIZE);
	size_t got = 0;
	bool fits;

	if (!rest || start.len > PIECE_SIZE) {
		free(rest);
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory");
	}
	p->name = name;
	p->passing = p->options.progress->pieces;
	fits = read_start(p, fd, start, rest, &got, err) &&
	       stream_evtx(p, fd, rest, got, at, report, err);
	free(rest);
	*write_failed = p->write_failed;
	return fits;
}
