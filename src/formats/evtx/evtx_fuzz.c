/* Any bytes as a log: every record is made into an event, JSON and XML, and carved for. */
#include "formats/evtx/evtx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take_record(void *context, const struct evtx_record *record)
{
	struct buf *text = context;
	struct event event;
	struct err err = { 0 };

	if (evtx_record_event(record, &event, &err))
		for (uint32_t i = 0; i < event.shape->count; i++)
			value_text(text, &event.values[i]);
	buf_clear(text);
	if (evtx_record_json(record, text, &err) != evtx_record_json(record, text, &err))
		__builtin_trap();
	buf_clear(text);
	evtx_record_xml(record, text, &err);
	buf_clear(text);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct evtx_options options = { .recover = true };
	struct evtx_decoder *d = evtx_decoder_new(&options);
	struct buf text = buf_new((size_t)64 << 20);
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	if (d)
		evtx_read(d, span_of(data, size), take_record, &text, &report, &err);
	buf_free(&text);
	evtx_decoder_free(d);
	return 0;
}
