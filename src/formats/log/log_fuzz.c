/* Any bytes as a log: what it is taken for, and as each format, whole and in pieces. */
#include "formats/log/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *context, const struct event *event)
{
	struct buf *text = context;

	for (uint32_t i = 0; i < event->shape->count; i++) {
		buf_add(text, event->shape->names[i]);
		value_text(text, &event->values[i]);
	}
	buf_clear(text);
	return true;
}

static void feed(enum log_format format, struct span input, size_t step)
{
	struct log_options options = { .year = 2026, .now = 0 };
	struct log_reader *r = log_reader_new(format, &options);
	struct buf text = buf_new(1 << 20);

	while (r && input.len) {
		log_reader_feed(r, span_sub(input, 0, step), false, take, &text);
		input = span_from(input, step);
	}
	if (r)
		log_reader_feed(r, input, true, take, &text);
	log_reader_free(r);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };

	if (size < 2)
		return 0;
	log_identify(input);
	feed((enum log_format)(1 + data[0] % 11), span_from(input, 2), 1 + data[1]);
	feed((enum log_format)(1 + data[0] % 11), span_from(input, 2), SIZE_MAX);
	return 0;
}
