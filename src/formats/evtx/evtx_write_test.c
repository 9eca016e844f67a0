#include "formats/evtx/evtx_write.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static void check_value(const struct event *event, const char *name, const char *expected)
{
	uint32_t slot = event_shape_find(event->shape, span_text(name));
	struct buf text = buf_new(100000);

	assert_true(slot != EVENT_NO_SLOT);
	value_text(&text, &event->values[slot]);
	assert_span(buf_span(&text), expected);
	buf_free(&text);
}

static bool check_event(void *context, const struct event *event)
{
	size_t *seen = context;
	char text[40];

	snprintf(text, sizeof text, "%zu", ++*seen);
	assert_int_equal(event->record_id, *seen);
	assert_int_equal(event->time, *seen * TIME_SECOND);
	check_value(event, "Provider_Name", "Microsoft-Windows-Sysmon");
	check_value(event, "EventID", "1");
	check_value(event, "EventRecordID", text);
	check_value(event, "Channel", "Microsoft-Windows-Sysmon/Operational");
	check_value(event, "Security_UserID", "S-1-5-18");
	check_value(event, "Image", "C:\\鑑識.exe");
	check_value(event, "Spaced", "-5");
	check_value(event, "Mask", "0x1410");
	check_value(event, "When", "1970-01-01T00:00:01.5000000Z");
	check_value(event, "Data", "one, two");
	check_value(event, "Raw", "DEADBEEF");
	return true;
}

static bool add(struct evtx_writer *w, timestamp time, struct err *err)
{
	const struct value texts[] = { { .kind = VALUE_TEXT, .bytes = SPAN("one") },
				       { .kind = VALUE_TEXT, .bytes = SPAN("two") } };
	const struct evtx_field fields[] = {
		{ "Image", { .kind = VALUE_TEXT, .bytes = SPAN("C:\\鑑識.exe") } },
		{ "Spa ced", { .kind = VALUE_INT, .i = -5 } },
		{ "Mask", { .kind = VALUE_HEX, .u = 0x1410 } },
		{ "When", { .kind = VALUE_TIME, .i = TIME_SECOND * 3 / 2 } },
		{ NULL, { .kind = VALUE_LIST, .count = 2, .list = texts } },
		{ "Raw", { .kind = VALUE_BYTES, .bytes = SPAN("\xde\xad\xbe\xef") } },
	};
	const struct evtx_event event = {
		.provider = SPAN("Microsoft-Windows-Sysmon"), .event_id = 1, .level = 4,
		.keywords = UINT64_C(1) << 63, .time = time, .process_id = 4,
		.channel = SPAN("Microsoft-Windows-Sysmon/Operational"), .computer = SPAN("host"),
		.user_sid = SPAN("\1\1\0\0\0\0\0\5\x12\0\0\0"), .fields = fields, .field_count = 6,
	};

	return evtx_writer_add(w, &event, err);
}

TEST(evtx_writes_what_it_reads)
{
	struct evtx_writer *w = evtx_writer_new((size_t)8 << 20);
	struct evtx_decoder *d = evtx_decoder_new(NULL);
	struct evtx_report report = { 0 };
	struct err err = { 0 };
	struct span log;
	size_t seen = 0;

	for (int i = 1; i <= 1000; i++)
		assert_true(add(w, i * TIME_SECOND, &err));
	assert_true(evtx_writer_finish(w, &log, &err));
	assert_true(evtx_decode(d, log, check_event, &seen, &report, &err));
	assert_int_equal(seen, 1000);
	assert_int_equal(report.records, 1000);
	assert_true(report.chunks > 3);
	assert_int_equal(report.bad_records + report.bad_checksums + report.ids.gaps, 0);
	assert_false(report.bad_header || report.dirty);
	evtx_decoder_free(d);
	evtx_writer_free(w);
}

TEST(evtx_writes_no_event_larger_than_a_chunk)
{
	static char large[70000];
	struct evtx_writer *w = evtx_writer_new((size_t)1 << 20);
	struct err err = { 0 };
	struct evtx_field field = { "Large", { .kind = VALUE_TEXT } };
	struct evtx_event event = { .provider = SPAN("p"), .time = TIME_SECOND, .fields = &field,
				    .field_count = 1 };

	memset(large, 'x', sizeof large);
	field.value.bytes = span_of(large, 25000);
	assert_true(evtx_writer_add(w, &event, &err));
	field.value.bytes = span_of(large, sizeof large);
	assert_false(evtx_writer_add(w, &event, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_true(add(w, TIME_SECOND, &err));
	evtx_writer_free(w);
}
