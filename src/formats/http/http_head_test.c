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

TEST(http_head_says_what_follows_it)
{
	char line[900] = "GET /";
	struct http_head h;

	assert_true(http_head_read(SPAN("PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), &h));
	assert_true(h.is_chunked && h.is_whole);
	assert_true(http_head_read(SPAN("PUT /a HTTP/1.1\r\nHost: h\r\n"), &h));
	assert_false(h.is_whole);
	assert_true(http_head_read(SPAN("PUT /a HTTP/1.1\r\nHost: h\r\n\r"), &h));
	assert_false(h.is_whole);
	/* The first line alone may fill a packet. */
	memset(line + 5, 'x', sizeof line - 5);
	assert_true(http_head_read(span_of(line, sizeof line), &h));
	assert_int_equal(h.uri.len, sizeof line - 4);
	assert_false(http_head_read(span_of(line, 200), &h));
}

TEST(http_head_reads_who_asks)
{
	struct http_head h;

	assert_true(http_head_read(SPAN("GET / HTTP/1.1\r\nauthorization: Basic eA==\r\n\r\n"), &h));
	assert_span(h.authorization, "Basic eA==");
	assert_true(http_head_read(SPAN("GET http://h/ HTTP/1.1\r\nProxy-Authorization: NTLM TlRM\r\n\r\n"), &h));
	assert_span(h.authorization, "NTLM TlRM");
}
