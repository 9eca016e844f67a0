#include "formats/dns/dns.h"

#include "test.h"

TEST(dns_reads_question_and_addresses)
{
	struct dns_message m;

	assert_true(dns_read(SPAN("\0\1\x81\x80\0\1\0\1\0\0\0\0\3WwW\7exa.ple\3com\0\0\1\0\1"
				  "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x0a\1\2\3"), &m));
	assert_true(m.is_answer);
	assert_span(m.name, "www.exa\\046ple.com");
	assert_int_equal(m.labels_length, 17);
	assert_int_equal(m.address_count, 1);
	assert_memory_equal(m.addresses[0], "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\2\3", 16);
	assert_int_equal(m.answer_bytes, 4);
}

TEST(dns_refuses_what_leads_astray)
{
	struct dns_message m;

	assert_false(dns_read(SPAN("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"), &m));
	assert_false(dns_read(SPAN("\0\1\1\0\0\1\0\0\0\0\0\0\3www"), &m));
	assert_false(dns_read(SPAN("\0\1\1\0\0\0\0\0\0\0\0\0"), &m));
	assert_false(dns_read(SPAN(""), &m));
}
