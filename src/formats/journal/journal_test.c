#include "formats/journal/journal_export.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

struct seen {
	uint64_t entries, fields;
	char message[64];
	struct buf export;
};

static bool take(void *context, const struct journal_entry *entry)
{
	struct seen *s = context;

	s->entries++;
	s->fields += entry->count;
	for (size_t i = 0; i < entry->count; i++)
		if (span_starts(entry->fields[i], SPAN("MESSAGE=")))
			snprintf(s->message, sizeof s->message, "%.*s",
				 SPAN_ARG(span_from(entry->fields[i], 8)));
	if (s->entries == 1)
		journal_export(&s->export, entry);
	return true;
}

static void put(struct buf *b, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_add_u8(b, i < sizeof n ? (uint8_t)(n >> 8 * i) : 0);
}

static void align(struct buf *b)
{
	while (b->len % 8)
		buf_add_u8(b, 0);
}

static size_t put_data(struct buf *b, const char *text)
{
	size_t at = b->len;

	put(b, 1, 8);
	put(b, 64 + strlen(text), 8);
	put(b, 0, 48);
	buf_text(b, text);
	align(b);
	return at;
}

static void put_entry(struct buf *b, uint64_t seqnum, size_t first, size_t second)
{
	put(b, 3, 8);
	put(b, 64 + 32, 8);
	put(b, seqnum, 8);
	put(b, UINT64_C(1700000000000000) + seqnum, 8);
	put(b, 1, 8);
	put(b, 7, 16);
	put(b, 0, 8);
	put(b, first, 8);
	put(b, 0, 8);
	put(b, second, 8);
	put(b, 0, 8);
}

/* Two entries, sequence numbers 1 and 4, and room that was never written. */
static struct buf sample(void)
{
	struct buf b = buf_new(1 << 16);
	size_t first, second;

	buf_text(&b, "LPKSHHRH");
	put(&b, 0, 8);
	put(&b, 1, 8);
	put(&b, 0, 64);
	put(&b, 256, 8);
	put(&b, 4096, 8);
	put(&b, 0, 48);
	put(&b, 2, 8);
	put(&b, 0, 96);
	first = put_data(&b, "MESSAGE=hello");
	second = put_data(&b, "_HOSTNAME=a\nb");
	put_entry(&b, 1, first, second);
	put_entry(&b, 4, first, 12345);
	put(&b, 0, 256 + 4096 - b.len);
	return b;
}

TEST(entries_are_read_with_gaps_and_lost_fields_told)
{
	struct buf file = sample();
	struct seen s = { .export = buf_new(4096) };
	struct journal_report report;
	struct err err;

	assert_true(journal_read(buf_span(&file), take, &s, &report, &err));
	assert_int_equal(report.entries, 2);
	assert_int_equal(report.stated, 2);
	assert_int_equal(report.gaps, 1);
	assert_int_equal(report.missing, 2);
	assert_int_equal(report.lost_fields, 1);
	assert_int_equal(report.bad_objects, 0);
	assert_true(report.unclean);
	assert_false(report.cut);
	assert_string_equal(s.message, "hello");
	assert_memory_equal(s.export.at, "__REALTIME_TIMESTAMP=1700000000000001\nMESSAGE=hello\n"
			    "_HOSTNAME\n\3\0\0\0\0\0\0\0a\nb\n\n", 75);
	buf_free(&s.export);
	buf_free(&file);
}

TEST(what_is_there_of_a_cut_or_damaged_file_is_read)
{
	struct buf file = sample();
	struct seen s = { .export = buf_new(4096) };
	struct journal_report report;
	struct err err;

	assert_true(journal_read(span_sub(buf_span(&file), 0, 608), take, &s, &report, &err));
	assert_int_equal(report.entries, 2);
	assert_true(report.cut);
	memset(file.at + 256 + 8, 0xff, 8);
	assert_true(journal_read(buf_span(&file), take, &s, &report, &err));
	assert_int_equal(report.entries, 2);
	assert_int_equal(report.bad_objects, 1);
	assert_int_equal(report.lost_fields, 3);
	assert_false(journal_read(SPAN("LPKSHHRH"), take, &s, &report, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	buf_free(&s.export);
	buf_free(&file);
}
