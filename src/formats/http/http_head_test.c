#include "formats/http/http_head.h"

#include "test.h"

TEST(http_head_reads_a_request)
{
	struct http_head h;

	assert_true(http_head_read(SPAN("POST /up?x=1 HTTP/1.1\r\nHost: h.example\r\nUser-Agent: a b\r\n"
					"content-length: 12\r\n\r\nbody"), &h));
	assert_true(h.is_request);
	assert_span(h.method, "POST");
	assert_span(h.uri, "/up?x=1");
	assert_span(h.host, "h.example");
	assert_span(h.agent, "a b");
	assert_int_equal(h.body_length, 12);
	assert_int_equal(h.head_length, 79);
}

TEST(http_head_reads_an_answer_and_refuses_others)
{
	struct http_head h;

	assert_true(http_head_read(SPAN("HTTP/1.1 404 Not Found\nServer: s\n\n"), &h));
	assert_int_equal(h.status, 404);
	assert_span(h.server, "s");
	assert_false(http_head_read(SPAN("GET lost"), &h));
	assert_false(http_head_read(SPAN("HTTP/1.1 abc"), &h));
	assert_false(http_head_read(SPAN(""), &h));
}
