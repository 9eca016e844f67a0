#include "formats/netflow/netflow.h"

#include "test.h"

static bool keep(void *context, const struct netflow_record *record)
{
	*(struct netflow_record *)context = *record;
	return true;
}

TEST(netflow_reads_version_5)
{
	static struct netflow n;
	struct netflow_record r = { .bytes = 0 };

	assert_true(netflow_read(&n, SPAN("\0\5\0\1\0\0\x27\x10\x60\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\x0a\0\0\1\x0a\0\0\2\0\0\0\0\0\1\0\2\0\0\0\3\0\0\1\0\0\0\x23\x28\0\0\x27\x10"
		"\x30\x39\1\xbb\0\x1b\6\0\0\0\0\0\0\0\0\0"), 1, keep, &r));
	assert_int_equal(r.bytes, 256);
	assert_int_equal(r.packets, 3);
	assert_int_equal(r.from_port, 12345);
	assert_int_equal(r.to_port, 443);
	assert_int_equal(r.protocol, 6);
	assert_int_equal(r.last - r.first, TIME_SECOND);
	assert_int_equal(r.to[15], 2);
}

TEST(netflow_reads_version_9_and_10_by_their_templates)
{
	static struct netflow n;
	struct netflow_record r = { .bytes = 0 };
	struct span nine = SPAN("\0\x9\0\2\0\0\0\0\x60\0\0\0\0\0\0\0\0\0\0\1"
				"\0\0\0\x14\1\0\0\3\0\x8\0\4\0\x0c\0\4\0\1\0\4"
				"\1\0\0\x10\x0a\0\0\1\x0a\0\0\2\0\0\1\0");
	struct span ten = SPAN("\0\x0a\0\0\x60\0\0\0\0\0\0\0\0\0\0\1"
			       "\0\2\0\x18\1\1\0\3\0\x8\0\4\0\x53\xff\xff\x80\1\0\4\0\0\x72\x79"
			       "\1\1\0\x0f\x0a\0\0\3\2hi\0\0\2\0");

	assert_true(netflow_read(&n, nine, 1, keep, &r));
	assert_int_equal(r.bytes, 256);
	assert_int_equal(r.from[15], 1);
	assert_true(netflow_read(&n, ten, 1, keep, &r));
	assert_int_equal(r.bytes_back, 512);
	assert_int_equal(r.from[15], 3);
	/* Another exporter's template is not this one's. */
	assert_true(netflow_read(&n, span_sub(ten, 0, 16), 2, keep, &r));
	assert_int_equal(n.unread, 0);
	assert_false(netflow_read(&n, SPAN("\0\7abc"), 1, keep, &r));
}

#define HEAD_10 "\0\x0a\0\0\x60\0\0\0\0\0\0\0\0\0\0\1"
#define HEAD_9 "\0\x9\0\2\0\0\0\0\x60\0\0\0\0\0\0\0\0\0\0\1"

TEST(netflow_keeps_sets_until_their_template_comes)
{
	static struct netflow n;
	struct netflow_record r = { .bytes = 0 };

	assert_true(netflow_read(&n, SPAN(HEAD_10 "\1\1\0\x0c\x0a\0\0\3\0\0\2\0"), 1, keep, &r));
	assert_int_equal(r.bytes, 0);
	/* Neither another exporter's nor another domain's. */
	netflow_read(&n, SPAN(HEAD_10 "\0\2\0\x10\1\1\0\2\0\x8\0\4\0\1\0\4"), 2, keep, &r);
	assert_int_equal(r.bytes, 0);
	netflow_read(&n, SPAN(HEAD_10 "\0\2\0\x10\1\1\0\2\0\x8\0\4\0\1\0\4"), 1, keep, &r);
	assert_int_equal(r.bytes, 512);
	assert_int_equal(r.from[15], 3);
	netflow_read(&n, SPAN(HEAD_10 "\1\7\0\x0c\x0a\0\0\3\0\0\2\0"), 1, keep, &r);
	assert_int_equal(n.unread, 0);
	netflow_end(&n);
	assert_int_equal(n.unread, 1);
}

/* Templates of options, with what follows them: told of no flow, but of the sampling. */
TEST(netflow_reads_options_for_the_sampling_alone)
{
	static struct netflow nine, ten;
	struct netflow_record r = { .bytes = 0 };

	netflow_read(&nine, SPAN(HEAD_9 "\0\1\0\x14\1\2\0\4\0\4\0\1\0\4\0\x22\0\4\0\0"
				 "\1\2\0\x0c\x0a\0\0\1\0\0\0\x64"), 1, keep, &r);
	netflow_read(&ten, SPAN(HEAD_10 "\0\3\0\x12\1\2\0\2\0\1\0\x95\0\4\1\x31\0\4"
				"\1\2\0\x0c\0\0\0\1\0\0\0\x64"), 1, keep, &r);
	assert_int_equal(nine.sampling, 100);
	assert_int_equal(ten.sampling, 100);
	netflow_end(&nine);
	netflow_end(&ten);
	assert_int_equal(nine.unread + ten.unread, 0);
	assert_int_equal(r.bytes, 0);
}

/* One template is withdrawn in front of another; totals instead of differences; times of NTP. */
TEST(netflow_reads_what_exporters_choose_to_say)
{
	static struct netflow n;
	struct netflow_record r = { .bytes = 0 };

	netflow_read(&n, SPAN(HEAD_10 "\0\2\0\x20\1\5\0\0\1\1\0\5\0\x8\0\4\0\x55\0\x8\0\x9a\0\x8\0\xa1\0\4\0\x1b\0\x10"
			      "\1\1\0\x2c\x0a\0\0\3\0\0\0\1\0\0\0\0\xe3\xaa\x7e\x80\x80\0\0\0\0\0\3\xe8"
			      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 1, keep, &r);
	assert_int_equal(r.bytes, UINT64_C(1) << 32);
	assert_int_equal(r.first, INT64_C(1610612736) * TIME_SECOND + TIME_SECOND / 2);
	assert_int_equal(r.last - r.first, TIME_SECOND);
	/* An IPv6 address of zeros beside an IPv4 one says nothing. */
	assert_int_equal(r.from[15], 3);
}

/* What went out beside what came in is the way back; alone it is the flow. */
TEST(netflow_reads_both_ways_of_version_9)
{
	static struct netflow n;
	struct netflow_record r = { .bytes = 0 };

	netflow_read(&n, SPAN(HEAD_9 "\0\0\0\x18\1\1\0\4\0\1\0\4\0\x17\0\4\0\2\0\4\0\x18\0\4"
			      "\1\1\0\x14\0\0\2\0\0\0\3\0\0\0\0\7\0\0\0\5"), 1, keep, &r);
	assert_int_equal(r.bytes, 512);
	assert_int_equal(r.bytes_back, 768);
	assert_int_equal(r.packets, 7);
	assert_int_equal(r.packets_back, 5);
	netflow_read(&n, SPAN(HEAD_9 "\0\0\0\x0c\1\2\0\1\0\x17\0\4" "\1\2\0\x08\0\0\3\0"), 1, keep, &r);
	assert_int_equal(r.bytes, 768);
	assert_int_equal(r.bytes_back, 0);
}
