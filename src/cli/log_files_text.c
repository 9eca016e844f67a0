#include "cli/log_files_own.h"

#include <stdatomic.h>
#include <unistd.h>

/* What all readers of a log say alike, one of them tells. */
static bool is_mine_to_tell(struct log_files *f, const struct log_report *report)
{
	uint64_t log = f->parts.first + 1;

	if (!f->shared_size || (!report->year_assumed && !report->zone_assumed))
		return true;
	return atomic_exchange(&f->options.units->told, log) != log;
}

static uint64_t lines_before(void *context)
{
	struct log_files *f = context;

	return log_parts_lines(&f->parts, f->window, f->part);
}

/* What stands from `from` to `to`; false where no more is wanted. */
static bool feed_range(struct log_files *f, struct input *in, uint64_t from, uint64_t to, bool last)
{
	bool more = true;

	in->at = from;
	while (more && in->at < to) {
		uint64_t left = to - in->at;
		struct span block = log_files_block(f, in);

		more = block.len < left && block.len;
		block = span_sub(block, 0, left < LOG_STREAM_BLOCK ? (size_t)left : LOG_STREAM_BLOCK);
		if (!log_reader_feed(f->reader, block, last && !more, log_files_event, f))
			return false;
	}
	return true;
}

/* Where the first line begins that is at or behind the place, and the place itself at the start of the log. */
static uint64_t line_from(const struct log_files *f, uint64_t at)
{
	ssize_t got = at ? pread(f->parts.fd, f->scratch, LOG_STREAM_BLOCK, (off_t)at) : 0;
	size_t end = got > 0 ? span_find_byte(span_of(f->scratch, (size_t)got), 0, '\n') : SIZE_MAX;

	return end == SIZE_MAX ? at : at + end + 1;
}

/* Events of others that go on in the part must be known. */
static void read_before(struct log_files *f, struct input *in)
{
	uint64_t from = line_from(f, f->part > LOG_SHARE_BYTES ? f->part - LOG_SHARE_BYTES : 0);

	log_reader_share(f->reader, LOG_SHARE_BEFORE);
	log_reader_seek(f->reader, from, NULL, NULL);
	feed_range(f, in, from, f->part, false);
	log_reader_share(f->reader, LOG_SHARE_OWN);
}

/* Events of the part may go on behind it. */
static void read_behind(struct log_files *f, struct input *in, uint64_t at)
{
	const uint64_t step = 64 << 10;

	log_reader_share(f->reader, LOG_SHARE_BEHIND);
	for (; !f->stopped && log_reader_awaits(f->reader) && at < f->shared_size; at += step)
		feed_range(f, in, at, at + step < f->shared_size ? at + step : f->shared_size,
			   at + step >= f->shared_size);
}

static void seek_mark(struct log_files *f, const struct log_mark *mark)
{
	struct span head;
	uint64_t offset;

	/* A separator comes first, and its columns behind it: as heads are numbered. */
	for (size_t i = 0; i < LOG_MARK_HEADS; i++)
		if (log_parts_head(&f->parts, mark, i, &head, &offset))
			log_reader_head(f->reader, head, offset);
	log_reader_seek_mark(f->reader, mark);
}

/* The part of a window, if it has one. */
static void read_part(struct log_files *f, struct input *in)
{
	bool joins = f->parts.format == LOG_AUDITD;
	struct log_mark mark = { 0 };
	uint64_t end;

	f->part = log_parts_begin(&f->parts, f->window);
	if (f->part == LOG_PART_NONE)
		return;
	if (f->parts.is_marked)
		mark = log_parts_mark(&f->parts, f->window);
	end = log_parts_end(&f->parts, f->window);
	if (joins)
		read_before(f, in);
	if (f->parts.is_marked)
		seek_mark(f, &mark);
	else
		log_reader_seek(f->reader, f->part, lines_before, f);
	f->report.bytes += end - f->part;
	if (feed_range(f, in, f->part, end, !joins || end == f->shared_size) && joins)
		read_behind(f, in, end);
}

static void read_parts(struct log_files *f, struct input *in)
{
	for (f->window = 0; f->window * LOG_PART < f->shared_size; f->window++) {
		if (log_files_is_mine(f) && !f->stopped) {
			log_files_begin_unit(f, f->window * LOG_PART);
			read_part(f, in);
		}
		log_files_end_unit(f);
	}
}

static void read_all(struct log_files *f, struct input *in)
{
	struct span block;

	do {
		block = log_files_block(f, in);
		log_files_note(f, in, block.len);
		f->report.bytes += block.len;
		if (!log_reader_feed(f->reader, block, block.len == 0, log_files_event, f))
			break;
		log_files_note(f, in, 0);
	} while (block.len);
}

static void finish_text(struct log_files *f, enum log_format format)
{
	const struct log_report *report = log_reader_report(f->reader);

	f->report.bad += report->bad_lines + report->long_lines;
	if (f->sink.end && is_mine_to_tell(f, report))
		f->sink.end(f->sink.context, f->path, NULL, report, format);
	log_reader_free(f->reader);
	f->reader = NULL;
	f->numbering = 0;
}

void log_files_read_text(struct log_files *f, struct input *in, enum log_format format)
{
	f->reader = log_reader_new(format, &f->options.log);
	if (!f->reader) {
		log_files_problem(f, "out of memory");
		return;
	}
	f->numbering = ++f->readers;
	if (f->shared_size)
		read_parts(f, in);
	else
		read_all(f, in);
	finish_text(f, format);
}

/* Passes over what is cut, and reads on. */
static void read_rest(struct log_files *f, struct input *in, uint64_t lines)
{
	struct span block;
	size_t start = SIZE_MAX;

	do {
		uint64_t at = in->at;

		log_reader_resume(f->reader, at, lines);
		block = log_files_block(f, in);
		log_files_note(f, in, block.len);
		start = log_reader_find(f->reader, block, at);
		lines += log_cut_lines(span_sub(block, 0, start), 0, LOG_TEXT);
		if (start != SIZE_MAX)
			log_reader_resume(f->reader, at + start, lines);
	} while (start == SIZE_MAX && block.len);
	block = span_from(block, start);
	f->report.bytes += block.len;
	if (block.len && log_reader_feed(f->reader, block, false, log_files_event, f))
		read_all(f, in);
}

void log_files_resume_text(struct log_files *f, struct input *in)
{
	struct log_stream *s = f->options.stream;
	enum log_format format = s->format;

	f->reader = log_stream_reader(s, &f->options.log);
	if (!f->reader) {
		log_files_problem(f, "out of memory");
		return;
	}
	f->numbering = ++f->readers;
	read_rest(f, in, s->lines + log_stream_lost_lines(s));
	finish_text(f, format);
}
