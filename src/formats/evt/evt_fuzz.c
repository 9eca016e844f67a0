/* Any bytes as an old event log: read as a ring, carved, and carved as raw bytes. */
#include "formats/evt/evt.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct evt_options options = { .recover = size % 2 };
	struct evt_reader *r = evt_reader_new(&options);
	struct buf text = buf_new(1 << 20);
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	if (r && !evt_decode(r, span_of(data, size), take, &text, &report, &err))
		evt_carve(r, span_of(data, size), take, &text, &report);
	buf_free(&text);
	evt_reader_free(r);
	return 0;
}
