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
