#include "cli/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence/identify.h"
#include "evidence/source.h"
#include "evidence/unpack.h"

#define BLOCK (EVTX_CHUNK_SIZE * 16)
#define MEMBER_BYTES ((uint64_t)2 << 30)
#define ARCHIVE_DEPTH 4

struct log_files {
	struct log_files_options options;
	struct log_files_sink sink;
	struct log_files_report report;
	struct evtx_decoder *evtx;
	uint8_t *block;
	const char *path;		/* of the log at hand */
	struct log_reader *reader;	/* NULL while an event log is read */
	/* Who numbered the shapes of the last event: all event logs share a decoder. */
	uint64_t readers, numbered_by;
	uint32_t generation;
	uint64_t units;			/* so far, of all parts */
	uint64_t shared_size;		/* of the log at hand, where all parts read it; 0: one does */
	bool stopped;
};

struct log_files *log_files_new(const struct log_files_options *options,
				const struct log_files_sink *sink)
{
	struct log_files *f = calloc(1, sizeof *f);
	struct evtx_options evtx = { .recover = options->recover };

	if (!f)
		return NULL;
	f->options = *options;
	f->sink = *sink;
	if (!f->options.member_bytes)
		f->options.member_bytes = MEMBER_BYTES;
	f->evtx = evtx_decoder_new(&evtx);
	f->block = malloc(BLOCK);
	if (f->evtx && f->block)
		return f;
	log_files_free(f);
	return NULL;
}

void log_files_free(struct log_files *f)
{
	if (!f)
		return;
	evtx_decoder_free(f->evtx);
	free(f->block);
	free(f);
}

const struct log_files_report *log_files_report(const struct log_files *f)
{
	return &f->report;
}

static bool is_mine(const struct log_files *f)
{
	return f->options.parts < 2 || f->units % f->options.parts == f->options.part;
}

static void end_unit(struct log_files *f)
{
	if (is_mine(f) && f->sink.unit)
		f->sink.unit(f->sink.context);
	f->units++;
}

static void problem(struct log_files *f, const char *what)
{
	f->report.failed++;
	if (f->sink.problem)
		f->sink.problem(f->sink.context, f->path, what);
}

static bool on_event(void *context, const struct event *event)
{
	struct log_files *f = context;

	uint64_t number = f->reader ? f->readers : 0;
	uint32_t generation = f->reader ? log_reader_generation(f->reader) : 0;

	if (number != f->numbered_by || generation != f->generation) {
		f->numbered_by = number;
		f->generation = generation;
		f->sink.renumbered(f->sink.context);
	}
	if (event->time != TIME_NONE &&
	    ((f->options.from != TIME_NONE && event->time < f->options.from) ||
	     (f->options.to != TIME_NONE && event->time >= f->options.to)))
		return true;
	f->report.events++;
	f->stopped = !f->sink.each(f->sink.context, event);
	return !f->stopped;
}

/* Bytes that are either in a file or in memory already. */
struct input {
	int fd;				/* -1: memory */
	struct span memory;
	uint64_t at;
};

/* The next block; empty at the end. A read error ends the log and is told. */
static struct span next_block(struct log_files *f, struct input *in)
{
	size_t len = 0;
	ssize_t got;

	if (in->fd < 0) {
		struct span part = span_sub(in->memory, (size_t)in->at, BLOCK);

		in->at += part.len;
		return part;
	}
	while (len < BLOCK) {
		got = pread(in->fd, f->block + len, BLOCK - len, (off_t)(in->at + len));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			problem(f, strerror(errno));
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	in->at += len;
	return span_of(f->block, len);
}

static void finish_evtx(struct log_files *f, const struct evtx_report *report)
{
	f->report.bad += report->bad_records;
	f->report.recovered += report->recovered;
	if (f->sink.end)
		f->sink.end(f->sink.context, f->path, report, NULL);
}

/* Carving needs the whole log at once. */
static void read_evtx_whole(struct log_files *f, struct span whole)
{
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	if (!evtx_decode(f->evtx, whole, on_event, f, &report, &err))
		problem(f, err.text);
	finish_evtx(f, &report);
}

static void read_evtx_block(struct log_files *f, struct span block, uint64_t offset,
			    struct evtx_report *report)
{
	for (size_t at = 0; at < block.len && !f->stopped; at += EVTX_CHUNK_SIZE)
		if (!evtx_decode_chunk(f->evtx, span_sub(block, at, EVTX_CHUNK_SIZE), offset + at,
				       on_event, f, report))
			break;
	f->report.bytes += block.len;
}

static void read_evtx_share(struct log_files *f, struct input *in, uint64_t offset,
			    struct evtx_report *report)
{
	for (; offset < f->shared_size; offset += BLOCK) {
		in->at = offset;
		if (is_mine(f) && !f->stopped)
			read_evtx_block(f, next_block(f, in), offset, report);
		end_unit(f);
	}
}

static void read_evtx(struct log_files *f, struct input *in)
{
	struct evtx_report report = { 0 };
	struct span block;
	uint64_t offset = EVTX_HEADER_SIZE;

	in->at = 0;
	block = next_block(f, in);
	if (span_starts(block, SPAN("ElfFile")))
		evtx_read_header(f->evtx, span_sub(block, 0, EVTX_HEADER_SIZE), &report);
	else
		offset = 0;
	in->at = offset;
	if (f->shared_size)
		read_evtx_share(f, in, offset, &report);
	while (!f->shared_size && !f->stopped && (block = next_block(f, in)).len) {
		read_evtx_block(f, block, offset, &report);
		offset += block.len;
	}
	finish_evtx(f, &report);
}

static void read_text(struct log_files *f, struct input *in, enum log_format format)
{
	struct log_reader *reader = log_reader_new(format, &f->options.log);
	struct span block;
	const struct log_report *report;

	if (!reader) {
		problem(f, "out of memory");
		return;
	}
	f->reader = reader;
	f->readers++;
	in->at = 0;
	do {
		block = next_block(f, in);
		f->report.bytes += block.len;
		if (!log_reader_feed(reader, block, block.len == 0, on_event, f))
			break;
	} while (block.len);
	report = log_reader_report(reader);
	f->report.bad += report->bad_lines + report->long_lines;
	if (f->sink.end)
		f->sink.end(f->sink.context, f->path, NULL, report);
	f->reader = NULL;
	log_reader_free(reader);
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
		problem(f, "larger than the limit for one archive member");
	else if (err.code)
		problem(f, err.text);
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
			problem(f, err.text);
		return;
	}
	while (!f->stopped && more && (step = unpack_next(u, &member, &more, &err)) != UNPACK_END) {
		if (step == UNPACK_FAILED)
			problem(f, err.text);
		else if (member.kind == UNPACK_FILE)
			read_member(f, u, &member, depth + 1);
	}
	unpack_free(u);
}

/* All of it in memory, for what cannot be read piecewise. */
static struct span whole_input(struct log_files *f, struct input *in, struct buf *room)
{
	struct span block;

	if (in->fd < 0)
		return in->memory;
	in->at = 0;
	while ((block = next_block(f, in)).len && buf_add(room, block))
		;
	if (room->overflow)
		problem(f, "larger than the limit: read in part");
	return buf_span(room);
}

static bool is_archive(struct span start)
{
	struct identity what = identify(start);

	return what.reader == READER_ARCHIVE;
}

static void read_input(struct log_files *f, struct input *in, int depth)
{
	struct span start = next_block(f, in);
	struct buf room = buf_new(f->options.member_bytes);
	enum log_format format;

	/* A small file is all here already. */
	if (in->fd >= 0 && start.len < BLOCK)
		*in = (struct input){ .fd = -1, .memory = start };
	f->report.files += is_mine(f);
	if (evtx_is(start)) {
		f->report.logs += is_mine(f);
		f->sink.begin(f->sink.context, f->path);
		if (f->options.recover)
			read_evtx_whole(f, whole_input(f, in, &room));
		else
			read_evtx(f, in);
	} else if (depth < ARCHIVE_DEPTH && is_archive(start)) {
		read_archive(f, whole_input(f, in, &room), depth);
	} else if ((format = log_identify(span_sub(start, 0, LOG_IDENTIFY_BYTES))) != LOG_NONE) {
		f->report.logs++;
		f->sink.begin(f->sink.context, f->path);
		read_text(f, in, format);
	} else {
		f->report.not_logs++;
	}
	buf_free(&room);
}

/* What all parts read in turns, or else the one whose turn it is. */
static void read_file(struct log_files *f, int fd)
{
	uint8_t start[8];
	struct stat st;

	f->shared_size = 0;
	if (f->options.parts > 1 && !f->options.recover && fstat(fd, &st) == 0 && st.st_size > BLOCK &&
	    pread(fd, start, sizeof start, 0) == sizeof start && evtx_is(span_of(start, sizeof start)))
		f->shared_size = (uint64_t)st.st_size;
	if (f->shared_size || is_mine(f))
		read_input(f, &(struct input){ .fd = fd }, 0);
	if (!f->shared_size)
		end_unit(f);
}

bool log_files_read(struct log_files *f, const char *const *paths, size_t count, struct err *err)
{
	struct sources_options options = { .input_bytes = f->options.member_bytes };
	struct sources *sources = sources_open(paths, count, &options, err);
	struct place place;
	char path[4096];

	if (!sources)
		return false;
	unpack_prepare();
	while (!f->stopped && sources_next(sources, &place, err)) {
		snprintf(path, sizeof path, "%.*s", SPAN_ARG(place.entry.path));
		f->path = path;
		if (place.entry.kind == WALK_REFUSED && !f->options.part)
			problem(f, place.entry.reason ? place.entry.reason
						      : strerror(place.entry.error));
		if (place.entry.kind != WALK_FILE)
			continue;
		if (place.entry.fd < 0) {
			if (!f->options.part)
				problem(f, "cannot be opened");
			continue;
		}
		read_file(f, place.entry.fd);
		close(place.entry.fd);
	}
	sources_free(sources);
	return err->code == ERR_NONE;
}
