#include "cli/log_stream.h"

#include "formats/log/log_cut.h"

bool log_stream_leave(struct log_stream *s)
{
	s->goes_on = s->kind != LOG_STREAM_NONE;
	return s->goes_on;
}

void log_stream_begin(struct log_stream *s, enum log_stream_kind kind, enum log_format format,
		      struct span start)
{
	start = span_sub(start, 0, sizeof s->head);
	memcpy(s->head, start.at, start.len);
	s->head_len = start.len;
	s->kind = kind;
	s->format = format;
	log_stream_note(s, 0, 0, start.len);
}

void log_stream_note(struct log_stream *s, uint64_t from, uint64_t lines, size_t block_len)
{
	s->from = from;
	s->lines = lines;
	s->block_len = block_len;
}

/* The process that noted it may have been broken. */
static struct span head_of(const struct log_stream *s)
{
	return span_of(s->head, s->head_len < sizeof s->head ? s->head_len : sizeof s->head);
}

struct log_reader *log_stream_reader(const struct log_stream *s, const struct log_options *options)
{
	struct log_reader *r = log_reader_new(s->format, options);

	if (r)
		log_reader_recall(r, head_of(s));
	return r;
}

uint64_t log_stream_lost_lines(const struct log_stream *s)
{
	size_t len = s->block_len < sizeof s->block ? s->block_len : sizeof s->block;

	return log_cut_lines(span_of(s->block, len), 0, LOG_TEXT);
}
