#include "formats/evt/evt.h"

#include <stdlib.h>

#include "formats/evt/evt_sample.h"
#include "test.h"

static struct sample sample;

struct taken {
	struct buf text;
	uint32_t numbers[4096];
	uint64_t offsets[4096];
	size_t count, recovered;
};

static bool take(void *context, const struct event *event)
{
	struct taken *t = context;

	t->offsets[t->count] = event->offset;
	t->numbers[t->count++] = (uint32_t)event->record_id;
	t->recovered += event->recovered;
	timestamp_format(&t->text, event->time, 0);
	for (uint32_t i = 0; i < event->shape->count; i++) {
		if (event->values[i].kind == VALUE_ABSENT)
			continue;
		buf_add_u8(&t->text, ' ');
		buf_add(&t->text, event->shape->names[i]);
		buf_add_u8(&t->text, '=');
		value_text(&t->text, &event->values[i]);
	}
	buf_add_u8(&t->text, '\n');
	return true;
}

static bool decode(struct span log, bool recover, struct taken *out, struct evtx_report *report)
{
	struct evt_options options = { .recover = recover };
	struct evt_reader *r = evt_reader_new(&options);
	struct err err = { 0 };
	bool fits;

	assert_non_null(r);
	memset(out, 0, sizeof *out);
	memset(report, 0, sizeof *report);
	out->text = buf_new(1 << 24);
	fits = evt_decode(r, log, take, out, report, &err);
	evt_reader_free(r);
	return fits;
}

static const char *const words[] = { "one", "two", "three, rather longer than the others" };

static void add_some(struct sample *s, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		sample_add(s, 1000000000 + i, 0x40000000 + i, 4, "Tcpip", words, (uint16_t)(i % 4));
}

TEST(evt_records_get_the_names_of_newer_events)
{
	static const char *const logon[] = { "bob", "DOM", "(0x0,0x3E7)", "10", "User32", "Negotiate",
					     "PC2" };
	struct evtx_report report;
	struct taken t;

	sample_begin(&sample, 4096);
	sample_add(&sample, 1000000000, 528, 8, "Security", logon, 7);
	sample_add(&sample, 1000000001, 0x40001b7c, 4, "Service Control Manager", words, 2);
	assert_true(decode(sample_end(&sample, false), false, &t, &report));
	assert_string_equal((const char *)t.text.at,
		"2001-09-09T01:46:40Z Provider_Name=Security EventID_Qualifiers=0 EventID=528 "
		"ModernEventID=4624 Level=0 Task=7 Keywords=0x8020000000000000 "
		"TimeCreated_SystemTime=2001-09-09T01:46:40.0000000Z "
		"TimeWritten=2001-09-09T01:46:41.0000000Z EventRecordID=1 Channel=Security Computer=PC1 "
		"Security_UserID=S-1-5-18 TargetUserName=bob TargetDomainName=DOM "
		"TargetLogonId=(0x0,0x3E7) LogonType=10 LogonProcessName=User32 "
		"AuthenticationPackageName=Negotiate WorkstationName=PC2 Binary=ABCD\n"
		"2001-09-09T01:46:41Z Provider_Name=Service Control Manager EventID_Qualifiers=16384 "
		"EventID=7036 Level=4 Task=7 Keywords=0x80000000000000 "
		"TimeCreated_SystemTime=2001-09-09T01:46:41.0000000Z "
		"TimeWritten=2001-09-09T01:46:42.0000000Z EventRecordID=2 Channel=System Computer=PC1 "
		"Security_UserID=S-1-5-18 Data=one, two Binary=ABCD\n");
	assert_int_equal(report.records, 2);
	assert_false(report.dirty);
	buf_free(&t.text);
}

/* All records of the ring, oldest first, whatever the header says. */
static void expect_ring(bool dirty, bool break_header)
{
	struct evtx_report report;
	struct taken t;
	struct span log = sample_end(&sample, dirty);

	if (break_header)
		memset(sample.log + 8, 0xff, 36);
	assert_true(decode(log, false, &t, &report));
	assert_int_equal(t.count, sample.next - sample.oldest);
	for (size_t i = 0; i < t.count; i++)
		assert_int_equal(t.numbers[i], sample.oldest + i);
	assert_int_equal(report.bad_records, 0);
	assert_int_equal(report.ids.missing, 0);
	assert_int_equal(report.ids.first, sample.oldest);
	assert_int_equal(report.dirty, dirty || break_header);
	buf_free(&t.text);
}

TEST(evt_rings_of_all_ages_are_read_from_the_oldest_on)
{
	/* Sizes differ so that ends fall on records, on their fixed part and on fillers. */
	for (size_t size = 2048; size < 2048 + 260; size += 4)
		for (uint32_t count = 1; count < 60; count += 7) {
			sample_begin(&sample, size);
			add_some(&sample, count);
			expect_ring(false, false);
			expect_ring(true, false);
			expect_ring(false, true);
		}
}

TEST(evt_without_header_and_end_is_read_in_the_order_of_the_file)
{
	struct evtx_report report;
	struct taken t;
	struct span log;

	sample_begin(&sample, 8192);
	add_some(&sample, 12);
	log = sample_end(&sample, false);
	memset(sample.log + 8, 0xff, 36);
	memset(sample.log + sample.at, 0, 40);
	assert_true(decode(log, false, &t, &report));
	assert_int_equal(t.count, 12);
	assert_true(report.bad_header);
	buf_free(&t.text);
}

TEST(evt_recovers_what_the_ring_no_longer_lists)
{
	struct evtx_report report;
	struct taken t;
	struct span log;

	sample_begin(&sample, 8192);
	add_some(&sample, 20);
	sample_end(&sample, false);
	/* Cleared: the ring begins anew, two records take the place of the first ones. */
	sample.at = 48;
	sample.oldest = sample.next = 21;
	sample.wrapped = false;
	add_some(&sample, 2);
	log = sample_end(&sample, false);
	assert_true(decode(log, false, &t, &report));
	assert_int_equal(t.count, 2);
	buf_free(&t.text);
	assert_true(decode(log, true, &t, &report));
	assert_int_equal(t.numbers[0], 21);
	assert_int_equal(t.recovered, t.count - 2);
	assert_in_range(t.recovered, 15, 18);
	assert_int_equal(t.numbers[t.count - 1], 20);
	buf_free(&t.text);
}

TEST(evt_is_carved_from_any_bytes_and_not_doubled)
{
	static uint8_t raw[70000];
	struct evt_options options = { .recover = true };
	struct evt_reader *r = evt_reader_new(&options);
	struct evtx_report report = { 0 };
	struct taken t = { .text = buf_new(1 << 24) };

	sample_begin(&sample, 16384);
	add_some(&sample, 30);
	sample_end(&sample, false);
	memset(raw, 0x5a, sizeof raw);
	memcpy(raw + 1001, sample.log + 48, 16384 - 48);
	memcpy(raw + 30003, sample.log + 48, 16384 - 48);
	evt_carve(r, span_of(raw, sizeof raw), take, &t, &report);
	assert_int_equal(t.count, 30);
	assert_int_equal(t.recovered, 30);
	assert_int_equal(report.doubled, 30);
	buf_free(&t.text);
	evt_reader_free(r);
}

static uint32_t dice = 1;

static size_t below(size_t n)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % n;
}

/* Whether a record lies in [start, end), also where it goes on at the start of the ring. */
static bool touches(size_t record, size_t start, size_t end)
{
	size_t at = sample.starts[record], len = sample.lengths[record];

	if (at + len <= sample.size)
		return at < end && start < at + len;
	return end > at || start < at + len - sample.size + 48;
}

static void damage_once(uint8_t *bytes)
{
	size_t start = below(sample.size - 8), len = 1 + below(start % 2 ? 4 : 512), cut = sample.size;
	struct evtx_report report;
	struct taken t;

	memcpy(bytes, sample.log, sample.size);
	for (size_t i = start; i < start + len && i < sample.size; i++)
		bytes[i] = start % 3 ? (uint8_t)(bytes[i] ^ (1 + below(255))) : 0;
	/* Without the signature nobody takes it for a log; carving does. */
	memcpy(bytes, sample.log, 8);
	decode(span_of(bytes, cut), false, &t, &report);
	for (uint32_t n = sample.oldest; n < sample.next; n++) {
		size_t seen = 0;

		for (size_t i = 0; i < t.count; i++)
			seen += t.numbers[i] == n && t.offsets[i] == sample.starts[n];
		if (seen != 1 && !touches(n, start, start + len))
			fail_msg("damage at %zu..%zu: record %u at %zu seen %zu times", start,
				 start + len, n, sample.starts[n], seen);
	}
	buf_free(&t.text);
}

TEST(evt_loses_no_record_that_damage_did_not_touch)
{
	uint8_t *bytes = malloc(SAMPLE_SIZE_MAX);

	for (int i = 0; i < 1000; i++) {
		sample_begin(&sample, 4096 + 4 * below(200));
		add_some(&sample, 5 + (uint32_t)below(80));
		sample_end(&sample, i % 3 == 0);
		damage_once(bytes);
	}
	free(bytes);
}

TEST(evt_channel_follows_from_the_file_or_the_source)
{
	static const uint8_t disk[] = { 'D', 0, 'i', 0, 's', 0, 'k', 0 };

	assert_span(evt_channel(SPAN("C/WINDOWS/system32/config/SecEvent.Evt"), SPAN("")), "Security");
	assert_span(evt_channel(SPAN("config\\appevent.evt"), span_of(disk, 8)), "Application");
	assert_span(evt_channel(SPAN("x.evt"), span_of(disk, 8)), "System");
	assert_span(evt_channel(SPAN("x.evt"), SPAN("")), "");
}
