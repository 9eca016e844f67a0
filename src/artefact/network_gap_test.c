/* What a capture missed in the middle of a conversation. */
#include "artefact/network_capture_support.h"

static void expect(struct making *m, const char *want)
{
	making_expect(m, making_take, want);
}

/* The end of the body is known by its length, so the next request is found. */
TEST(network_reads_the_request_behind_a_body_with_a_gap)
{
	struct making m = making_new(80);
	struct span head = SPAN("POST /one HTTP/1.1\r\nHost: h.example\r\nContent-Length: 3000\r\n\r\n");
	struct span next = SPAN("POST /two HTTP/1.1\r\nHost: h.example\r\nContent-Length: 5\r\n\r\nabcde");
	const uint8_t body[1000] = { 0 };
	uint32_t at = 100 + (uint32_t)head.len;

	segment(&m, false, 99, SYN, (struct span){ 0 });
	segment(&m, false, 100, ACK, head);
	segment(&m, false, at, ACK, span_of(body, 1000));
	segment(&m, false, at + 2000, ACK, span_of(body, 1000));
	segment(&m, false, at + 3000, ACK, next);
	expect(&m, "upload|10.0.0.1:40000|192.0.2.1:80|h.example|http|/one|3000|-1\n"
		   "upload|10.0.0.1:40000|192.0.2.1:80|h.example|http|/two|5|-1\n"
		   "flow|10.0.0.1:40000|192.0.2.1:80|h.example|http|/two|2124|0\n");
}

/* What is left of a hello is not joined with what stands behind the gap. */
TEST(network_joins_no_head_over_a_gap)
{
	struct making m = making_new(80);
	struct span head = SPAN("GET /a HTTP/1.1\r\nUser-Agent: x");
	struct span rest = SPAN("y\r\nHost: h.example\r\n\r\n");
	uint8_t other[20000] = { 0 };

	segment(&m, false, 99, SYN, (struct span){ 0 });
	segment(&m, false, 100, ACK, head);
	segment(&m, false, 100 + (uint32_t)head.len + 400, ACK, rest);
	/* More than can wait. */
	segment(&m, false, 100 + (uint32_t)head.len + 400 + (uint32_t)rest.len, ACK, span_of(other, sizeof other));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:80||http|/a|20052|0\n");
}

TEST(network_reads_dns_over_tcp_behind_a_gap)
{
	struct making m = making_new(53);
	struct span one = SPAN("\0\x19\0\7\1\0\0\1\0\0\0\0\0\0\3one\3xyz\0\0\1\0\1");
	struct span two = SPAN("\0\x19\0\7\1\0\0\1\0\0\0\0\0\0\3two\3xyz\0\0\1\0\1");

	segment(&m, false, 99, SYN, (struct span){ 0 });
	segment(&m, false, 100, ACK, span_sub(one, 0, 10));
	/* The end of the first was not recorded. */
	segment(&m, false, 100 + (uint32_t)one.len, ACK, two);
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:53||dns||37|0\n"
		   "query|10.0.0.1|192.0.2.1|two.xyz|A||25|0\n");
}
