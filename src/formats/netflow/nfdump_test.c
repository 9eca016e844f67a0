#include "formats/netflow/nfdump.h"

#include "test.h"

struct seen {
	struct netflow_record last;
	unsigned count, most;
};

static bool keep(void *context, const struct netflow_record *record)
{
	struct seen *s = context;

	s->last = *record;
	return ++s->count < s->most;
}

static void add_head(struct buf *to, uint16_t layout, uint8_t packing, uint8_t encryption, uint32_t blocks)
{
	buf_add_u16le(to, 0xa50c);
	buf_add_u16le(to, layout);
	while (to->len < 16)
		buf_add_u8(to, 0);
	buf_add_u8(to, packing);
	buf_add_u8(to, encryption);
	while (to->len < 36)
		buf_add_u8(to, 0);
	buf_add_u32le(to, blocks);
}

static void add_element(struct buf *to, uint16_t type, struct span body)
{
	buf_add_u16le(to, type);
	buf_add_u16le(to, (uint16_t)(body.len + 4));
	buf_add(to, body);
}

/* 12345 of 10.0.2.190 to 443 of 203.0.113.92, 815 packets, 1000 bytes, one element that we pass over. */
static void add_record(struct buf *to)
{
	struct buf body = buf_new(1000), generic = buf_new(100);

	buf_add_u64le(&generic, 1700000000123);
	buf_add_u64le(&generic, 1700000001123);
	buf_add_u64le(&generic, 0);
	buf_add_u64le(&generic, 815);
	buf_add_u64le(&generic, 1000);
	buf_add_u16le(&generic, 12345);
	buf_add_u16le(&generic, 443);
	buf_add(&generic, SPAN("\6\x1b\0\0"));
	add_element(&body, 1, buf_span(&generic));
	add_element(&body, 4, SPAN("12345678"));
	add_element(&body, 2, SPAN("\xbe\2\0\x0a\x5c\x71\0\xcb"));
	buf_add_u16le(to, 11);
	buf_add_u16le(to, (uint16_t)(body.len + 12));
	buf_add_u16le(to, 3);
	/* Its flags say that it was sampled. */
	buf_add(to, SPAN("\0\0\0\0\2\0"));
	buf_add(to, buf_span(&body));
	buf_free(&body);
	buf_free(&generic);
}

static void add_block(struct buf *to, uint32_t told, unsigned records)
{
	struct buf body = buf_new(10000);

	/* One of an exporter comes first, as nfcapd writes it. */
	buf_add(&body, SPAN("\7\0\x08\0abcd"));
	for (unsigned i = 0; i < records; i++)
		add_record(&body);
	buf_add_u32le(to, told);
	buf_add_u32le(to, (uint32_t)body.len);
	buf_add_u16le(to, 3);
	buf_add_u16le(to, 0);
	buf_add(to, buf_span(&body));
	buf_free(&body);
}

TEST(nfdump_reads_flows_and_passes_over_the_rest)
{
	struct buf file = buf_new(100000);
	struct seen s = { .most = 100 };
	struct nfdump_report report;
	struct err err = { 0 };

	add_head(&file, 2, 0, 0, 2);
	add_block(&file, 3, 2);
	add_block(&file, 2, 1);
	assert_true(nfdump_read(buf_span(&file), keep, &s, &report, &err));
	assert_int_equal(s.count, 3);
	assert_int_equal(report.records, 3);
	assert_int_equal(report.sampled, 3);
	assert_int_equal(report.lost + report.blocks_lost, 0);
	assert_int_equal(s.last.bytes, 1000);
	assert_int_equal(s.last.packets, 815);
	assert_int_equal(s.last.from_port, 12345);
	assert_int_equal(s.last.to_port, 443);
	assert_int_equal(s.last.first, INT64_C(1700000000123000000));
	assert_int_equal(s.last.last - s.last.first, TIME_SECOND);
	assert_memory_equal(s.last.from, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\2\xbe", 16);
	assert_memory_equal(s.last.to + 12, "\xcb\0\x71\x5c", 4);
	buf_free(&file);
}

TEST(nfdump_counts_what_is_cut_off_or_wrong)
{
	struct buf file = buf_new(100000);
	struct seen s = { .most = 100 };
	struct nfdump_report report;
	struct err err = { 0 };

	add_head(&file, 2, 0, 0, 3);
	add_block(&file, 9, 2);		/* says nine records, has three */
	add_block(&file, 2, 1);
	assert_true(nfdump_read(span_of(file.at, file.len - 5), keep, &s, &report, &err));
	assert_int_equal(report.records, 2);
	assert_int_equal(report.lost, 6);
	assert_int_equal(report.blocks_lost, 1);
	/* Who has enough loses nothing. */
	s = (struct seen){ .most = 1 };
	assert_true(nfdump_read(buf_span(&file), keep, &s, &report, &err));
	assert_int_equal(report.lost + report.blocks_lost, 0);
	/* Bytes that no packer made. */
	file.at[16] = 3;
	assert_true(nfdump_read(buf_span(&file), keep, &s, &report, &err));
	assert_int_equal(report.records, 0);
	assert_true(report.blocks_lost > 0);
	buf_free(&file);
}

/* nfdump 1.6: one record of each of its two forms; the older is not read by 1.7.1 any more. */
TEST(nfdump_reads_the_layout_before)
{
	struct span records[] = {
		SPAN("\x0a\0\x38\0\x08\0\0\0\x7b\0\x7b\0\0\xf1\x53\x65\1\xf1\x53\x65\0\x1b\6\0\x39\x30\xbb\1\0\0\0\0"
		     "\xbe\2\0\x0a\x5c\x71\0\xcb\x2f\3\0\0\xe8\3\0\0\0\0\0\0\0\0\0\0"),
		SPAN("\1\0\x4c\0\7\0\0\0\x7b\0\x7b\0\0\xf1\x53\x65\1\xf1\x53\x65\0\x1b\6\0\x39\x30\xbb\1"
		     "\0\0\0\0\xb8\x0d\1\x20\1\0\0\0\0\0\0\0\0\0\0\0\xb8\x0d\1\x20\2\0\0\0\0\0\0\0"
		     "\x2f\3\0\0\0\0\0\0\0\0\0\0\1\0\0\0"),
	};

	for (size_t i = 0; i < 2; i++) {
		struct buf file = buf_new(1000);
		struct seen s = { .most = 100 };
		struct nfdump_report report;
		struct err err = { 0 };

		buf_add(&file, SPAN("\x0c\xa5\1\0\0\0\0\0\1\0\0\0"));
		while (file.len < 276)
			buf_add_u8(&file, 0);
		buf_add_u32le(&file, 1);
		buf_add_u32le(&file, (uint32_t)records[i].len);
		buf_add_u32le(&file, 2);
		buf_add(&file, records[i]);
		assert_true(nfdump_read(buf_span(&file), keep, &s, &report, &err));
		assert_int_equal(report.lost + report.blocks_lost, 0);
		assert_int_equal(s.count, 1);
		assert_int_equal(report.sampled, !i);
		assert_int_equal(s.last.bytes, i ? UINT64_C(1) << 32 : 1000);
		assert_int_equal(s.last.packets, 815);
		assert_int_equal(s.last.from_port, 12345);
		assert_int_equal(s.last.to_port, 443);
		assert_int_equal(s.last.protocol, 6);
		assert_int_equal(s.last.first, INT64_C(1700000000123000000));
		assert_int_equal(s.last.last - s.last.first, TIME_SECOND);
		assert_int_equal(s.last.to[15], i ? 2 : 0x5c);
		buf_free(&file);
	}
}

static void refused(uint16_t layout, uint8_t packing, uint8_t encryption, enum err_code code,
		    const char *word)
{
	struct buf file = buf_new(100);
	struct seen s = { .most = 1 };
	struct nfdump_report report;
	struct err err = { 0 };

	add_head(&file, layout, packing, encryption, 0);
	assert_false(nfdump_read(buf_span(&file), keep, &s, &report, &err));
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.text, word));
	buf_free(&file);
}

TEST(nfdump_refuses_by_name)
{
	refused(3, 0, 0, ERR_LIMIT, "layout 3");
	refused(1, 0, 0, ERR_CORRUPT, "cut short");
	refused(2, 9, 0, ERR_LIMIT, "do not know");
	refused(2, 0, 1, ERR_DENIED, "encrypted");
}
