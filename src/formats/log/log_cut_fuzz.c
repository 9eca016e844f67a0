/*
 * Any bytes as a log that is cut: its parts, read one by one, must give the events of the whole,
 * and where each event has a line of its own, their numbers.
 */
#include "formats/log/log_cut.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	struct buf text;
	bool numbers;
};

static bool tell(void *context, const struct event *event)
{
	struct told *told = context;

	if (told->numbers)
		buf_printf(&told->text, "%llu ", (unsigned long long)event->record_id);
	buf_printf(&told->text, "%llu", (unsigned long long)event->offset);
	for (uint32_t i = 0; i < event->shape->count; i++) {
		buf_add_u8(&told->text, ' ');
		buf_add(&told->text, event->shape->names[i]);
		buf_add_u8(&told->text, '=');
		value_text(&told->text, &event->values[i]);
	}
	buf_add_u8(&told->text, '\n');
	return true;
}

struct before {
	struct span log;
	size_t at;
	enum log_format format;
};

static uint64_t lines_before(void *context)
{
	const struct before *b = context;

	return log_cut_lines(span_sub(b->log, 0, b->at), 0, b->format);
}

static void read_parts(struct span log, enum log_format format, size_t window, struct told *told)
{
	struct log_options options = { .year = 2026, .now = 0 };
	struct log_reader *r = log_reader_new(format, &options);
	size_t from = 0;

	while (r && from < log.len) {
		size_t to = log_cut_next(log, (from / window + 1) * window, format);
		struct before before = { log, from, format };

		to = to < log.len ? to : log.len;
		log_reader_seek(r, from, lines_before, &before);
		log_reader_feed(r, span_sub(log, from, to - from), true, tell, told);
		from = to;
	}
	log_reader_free(r);
}

/* A part that begins inside a broken array of events does not know of it. */
static bool has_wrapper(struct span log)
{
	static const char *const words[] = { "\"Records\"", "\"records\"", "\"value\"", "\"events\"", "\"Events\"",
					     "\"logs\"", "\"items\"", "\"entries\"", "\"hits\"" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_find(log, 0, span_text(words[i])) != SIZE_MAX)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum log_format formats[] = { LOG_JSON, LOG_SYSLOG, LOG_ACCESS, LOG_SQUID, LOG_TEXT };
	enum log_format format = formats[size ? data[0] % 5 : 0];
	struct span log = span_from(span_of(data, size), 2);
	/* In JSON with several objects on a line, numbers behind it are those of lines. */
	struct told whole = { buf_new(1 << 22), format != LOG_JSON }, parts = { buf_new(1 << 22), format != LOG_JSON };

	if (size > 2 && log_cut_fits(log, format) && !(format == LOG_JSON && has_wrapper(log))) {
		read_parts(log, format, SIZE_MAX / 2, &whole);
		read_parts(log, format, 1 + data[1], &parts);
		if (!span_eq(buf_span(&whole.text), buf_span(&parts.text)))
			abort();
	}
	buf_free(&whole.text);
	buf_free(&parts.text);
	return 0;
}
