/* What TCP does to a conversation: out of order, sent twice, cut anywhere; and fragments of IP. */
#include "artefact/network_capture_support.h"

static void out(struct making *m, uint32_t sequence, struct span data)
{
	segment(m, false, sequence, ACK, data);
}

static void expect(struct making *m, const char *want)
{
	making_expect(m, making_take, want);
}

/* A hello to "h.example", of 77 bytes. */
#define HELLO "\x16\3\1\0\x48\1\0\0\x44\3\3" "0123456789abcdef0123456789abcdef" "\0\0\2\x13\1\1\0\0\x19" \
	"\0\0\0\x0e\0\x0c\0\0\x9h.example" "\0\x10\0\3\0\1\x41"

TEST(network_stream_reads_a_hello_whose_segments_are_swapped)
{
	struct making m = making_new(443);
	struct span hello = SPAN(HELLO);

	segment(&m, false, 99, SYN, (struct span){ 0 });
	out(&m, 100 + 40, span_from(hello, 40));
	out(&m, 100, span_sub(hello, 0, 40));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:443|h.example|tls||77|0\n");
	/* Of the numbers, the next is the first. */
	m = making_new(443);
	segment(&m, false, UINT32_MAX - 10, SYN, (struct span){ 0 });
	out(&m, 30, span_from(hello, 40));
	out(&m, UINT32_MAX - 9, span_sub(hello, 0, 40));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:443|h.example|tls||77|0\n");
}

TEST(network_stream_counts_an_upload_once)
{
	struct making m = making_new(80);
	struct span head = SPAN("POST /up HTTP/1.1\r\nHost: h.example:8080\r\nContent-Length: 30\r\n\r\n"), body[3];
	uint32_t at = 500 + (uint32_t)head.len;

	for (size_t i = 0; i < 3; i++)
		body[i] = span_sub(SPAN("aaaaaaaaaabbbbbbbbbbcccccccccc"), i * 10, 10);
	segment(&m, false, 499, SYN, (struct span){ 0 });
	out(&m, 500, head);
	out(&m, 500, head);
	out(&m, at + 10, body[1]);
	out(&m, at, body[0]);
	out(&m, at, body[0]);
	out(&m, at + 15, span_sub(SPAN("bbbbbccccc"), 0, 10));
	out(&m, at + 20, body[2]);
	/* In one segment with the next request. */
	out(&m, at + 30, SPAN("GET /b HTTP/1.1\r\n\r\nPUT /c HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"));
	expect(&m, "upload|10.0.0.1:40000|192.0.2.1:80|h.example|http|/up|30|-1\n"
	       "upload|10.0.0.1:40000|192.0.2.1:80|h.example|http|/c|3|-1\n"
	       "flow|10.0.0.1:40000|192.0.2.1:80|h.example|http|/c|153|0\n");
}

static void datagram(struct making *m, bool is_back, uint16_t checksum, struct span data)
{
	add_ip(m, is_back, 17, 0, 8 + data.len);
	add_u16be(&m->file, is_back ? m->port : 40000);
	add_u16be(&m->file, is_back ? 40000 : m->port);
	add_u16be(&m->file, 8 + (uint32_t)data.len);
	add_u16be(&m->file, checksum);
	buf_add(&m->file, data);
}

/* As a port has them that mirrors what comes in and what goes out. */
TEST(network_stream_counts_packets_that_were_recorded_twice_once)
{
	struct making m = making_new(9);

	segment(&m, false, 99, SYN, (struct span){ 0 });
	for (int i = 0; i < 6; i++)
		out(&m, 100 + (uint32_t)(i / 2) * 10, SPAN("aaaaaaaaaa"));
	segment(&m, true, 100, ACK, SPAN("aaaaaaaaaa"));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:9||tcp||30|10\n");
	m = making_new(9);
	for (int i = 0; i < 6; i++)
		datagram(&m, false, (uint16_t)(1 + i / 2), SPAN("aaaaaaaaaa"));
	datagram(&m, true, 1, SPAN("aaaaaaaaaa"));
	/* Without a checksum nothing says that it is the same. */
	datagram(&m, true, 0, SPAN("aaaaaaaaaa"));
	datagram(&m, true, 0, SPAN("aaaaaaaaaa"));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:9||udp||30|30\n");
}

/* As a counter of one and the same thing sends them: what differs is the packet's number. */
TEST(network_stream_counts_datagrams_that_say_the_same)
{
	struct making m = making_new(8125);

	for (m.number = 1; m.number <= 5; m.number++)
		datagram(&m, false, 1, SPAN("hits:1|c"));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:8125||udp||40|0\n");
}

TEST(network_stream_tells_connections_of_the_same_ends_apart)
{
	struct making m = making_new(9);

	segment(&m, false, 99, SYN, (struct span){ 0 });
	segment(&m, false, 99, SYN, (struct span){ 0 });
	out(&m, 100, SPAN("aaaaaaaaaa"));
	segment(&m, false, 70000, SYN, (struct span){ 0 });
	out(&m, 70001, SPAN("aaa"));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:9||tcp||10|0\nflow|10.0.0.1:40000|192.0.2.1:9||tcp||3|0\n");
}

/* Met in the middle, and the server speaks first. */
TEST(network_stream_knows_the_client_by_its_port)
{
	struct making m = making_new(8443);

	segment(&m, true, 500, ACK, SPAN("aaaaaaaaaa"));
	out(&m, 100, SPAN("b"));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:8443||tcp||1|10\n");
}

TEST(network_stream_reads_a_head_that_goes_over_segments)
{
	struct making m = making_new(80);
	struct span head = SPAN("POST /up HTTP/1.1\r\nHost: h.example\r\nContent-Length: 4\r\n\r\nabcd");

	for (size_t at = 0; at < head.len; at += 20)
		out(&m, 500 + (uint32_t)at, span_sub(head, at, 20));
	expect(&m, "upload|10.0.0.1:40000|192.0.2.1:80|h.example|http|/up|4|-1\n"
	       "flow|10.0.0.1:40000|192.0.2.1:80|h.example|http|/up|61|0\n");
}

TEST(network_stream_looks_into_what_a_proxy_passes_on)
{
	struct making m = making_new(3128);

	out(&m, 100, SPAN("CONNECT p.example:443 HTTP/1.1\r\nHost: p.example:443\r\n\r\n"));
	segment(&m, true, 900, ACK, SPAN("HTTP/1.1 200 OK\r\n\r\n"));
	out(&m, 155, SPAN(HELLO));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:3128|h.example|tls|p.example:443|132|19\n");
}

#define QUESTION(letter) "\0\1\1\0\0\1\0\0\0\0\0\0\1" letter "\7example\0\0\1\0\1"

TEST(network_stream_joins_messages_of_dns)
{
	struct making m = making_new(53);

	out(&m, 100, SPAN("\0"));
	out(&m, 101, SPAN("\x1b" QUESTION("a") "\0\x1b\0"));
	out(&m, 132, SPAN("\1\1\0\0\1\0\0\0\0\0\0\1" "b" "\7exam"));
	out(&m, 150, SPAN("ple\0\0\1\0\1\0\x1b" QUESTION("c")));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:53||dns||87|0\n"
	       "query|10.0.0.1|192.0.2.1|a.example|A||27|0\n"
	       "query|10.0.0.1|192.0.2.1|b.example|A||27|0\n"
	       "query|10.0.0.1|192.0.2.1|c.example|A||27|0\n");
}

/* A first datagram of QUIC version 2, as in quic_test.c. */
static const uint8_t first_datagram[] = {
	0xdd, 0x6b, 0x33, 0x43, 0xcf, 0x08, 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08, 0x01, 0x55,
	0x00, 0x40, 0x7b, 0x72, 0x24, 0xd4, 0xec, 0x9e, 0x0b, 0x68, 0x5f, 0x29, 0x53, 0x92, 0xd0, 0xba,
	0xa0, 0xfe, 0x4b, 0x43, 0x32, 0xa7, 0xc3, 0x77, 0xe2, 0xa2, 0xd2, 0xb8, 0x08, 0x24, 0x02, 0x1c,
	0x20, 0xf1, 0xde, 0x6f, 0xfc, 0x35, 0x6b, 0x25, 0xbd, 0x79, 0xc5, 0xb7, 0x5a, 0xc9, 0xdc, 0x3d,
	0x30, 0x7c, 0x7a, 0x19, 0x99, 0xab, 0x0e, 0x1f, 0x9c, 0xf8, 0x9f, 0x18, 0xdf, 0x6a, 0xa0, 0x44,
	0xa4, 0x18, 0xa7, 0x3b, 0x29, 0xf9, 0xac, 0xb8, 0x53, 0x43, 0x96, 0xea, 0xff, 0x85, 0x51, 0xb5,
	0xbd, 0x9f, 0xa1, 0x06, 0xea, 0x30, 0x45, 0xd3, 0x97, 0xc2, 0xcf, 0x8f, 0x40, 0x39, 0xa1, 0x57,
	0x3c, 0x01, 0x21, 0x91, 0xcc, 0xea, 0xe2, 0x9f, 0x37, 0x15, 0x0c, 0x81, 0x24, 0x06, 0xd7, 0x5c,
	0x71, 0xfe, 0xbc, 0x2a, 0x25, 0x5e, 0x78, 0xd9, 0x42, 0x4f, 0xaa, 0x23, 0x2a, 0xfe,
};

TEST(network_stream_reads_the_name_in_quic)
{
	struct making m = making_new(443);

	add_ip(&m, false, 17, 0, 8 + sizeof first_datagram);
	add_u16be(&m.file, 40000);
	add_u16be(&m.file, 443);
	add_u16be(&m.file, 8 + sizeof first_datagram);
	add_u16be(&m.file, 0);
	buf_add(&m.file, span_of(first_datagram, sizeof first_datagram));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:443|h.example|quic||142|0\n");
}

TEST(network_stream_gives_fragments_their_ports_in_any_order)
{
	struct making m = making_new(9);

	add_ip(&m, false, 17, 0x0002, 8);
	buf_add(&m.file, SPAN("87654321"));
	add_ip(&m, false, 17, 0x2000, 16);
	buf_add(&m.file, SPAN("\x9c\x40\0\x9\0\x18\0\0" "12345678"));
	/* Its first never comes. */
	add_ip(&m, true, 17, 0x0002, 8);
	buf_add(&m.file, SPAN("87654321"));
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:9||udp||16|0\nflow|192.0.2.1|10.0.0.1||udp||8|0\n");
}

/* What claims to lie behind the end of the packet stands for nothing that is missing. */
TEST(network_stream_waits_for_the_fragment_that_is_missing)
{
	struct making m = making_new(80);
	struct span request = SPAN("POST /up HTTP/1.1\r\nHost: h.example\r\n\r\n");
	struct span first = span_sub(request, 0, 12), middle = span_sub(request, 12, 8), last = span_from(request, 20);

	add_ip(&m, false, 6, 0x2000, 20 + first.len);
	buf_add(&m.file, SPAN("\x9c\x40\0\x50\0\0\0\x64\0\0\0\0\x50\x10\x20\0\0\0\0\0"));
	buf_add(&m.file, first);
	add_ip(&m, false, 6, 5, last.len);
	buf_add(&m.file, last);
	add_ip(&m, false, 6, 0x2000 | 40, 8);
	buf_add(&m.file, SPAN("behindit"));
	add_ip(&m, false, 6, 0x2000 | 4, middle.len);
	buf_add(&m.file, middle);
	expect(&m, "flow|10.0.0.1:40000|192.0.2.1:80|h.example|http|/up|46|0\n");
}

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\0\4\0\0\0\0\0"
/* GET /a of h.example, stream 1; the table then knows the name as 62. */
#define ASKS "\0\0\x11\1\5\0\0\0\1" "\x82\x86\x44\x02/a\x41\x09h.example"
/* POST /up of the same, stream 3, with a body of 5 and one of 4 bytes. */
#define SENDS "\0\0\x08\1\4\0\0\0\3" "\x83\x86\xbe\x44\x03/up" "\0\0\5\0\0\0\0\0\3" "abcde" "\0\0\4\0\1\0\0\0\3" "fghi"
#define ANSWERS "\0\0\1\1\4\0\0\0\1" "\x8d" "\0\0\3\0\1\0\0\0\1" "abc"

/* Its settings may come before the client speaks. */
TEST(network_stream_reads_http2)
{
	struct making m = making_new(8080);
	struct span all = SPAN(PREFACE SETTINGS ASKS SENDS);

	segment(&m, true, 900, ACK, SPAN(SETTINGS));
	for (size_t at = 0; at < all.len; at += 7)
		out(&m, 500 + (uint32_t)at, span_sub(all, at, 7));
	segment(&m, true, 909, ACK, SPAN(ANSWERS));
	expect(&m, "upload|10.0.0.1:40000|192.0.2.1:8080|h.example|http|/up|9|-1\n"
	       "flow|10.0.0.1:40000|192.0.2.1:8080|h.example|http|/up|103|31\n");
}

/* What a head takes from before the capture is unknown; what it says itself, and what is sent, is not. */
TEST(network_stream_reads_http2_from_its_middle)
{
	struct making m = making_new(8080);
	struct span knows = SPAN("\0\0\x11\1\4\0\0\0\5" "\x83\x86\x44\x02/b\x41\x09h.example" "\0\0\2\0\1\0\0\0\5" "ab"
				 "\0\0\7\1\4\0\0\0\7" "\x83\xbe\x44\x03/up" "\0\0\1\0\1\0\0\0\7" "c");

	out(&m, 400, SPAN("the rest of a body, which is no frame"));
	out(&m, 600, SPAN(SENDS));
	out(&m, 600 + sizeof SENDS - 1, knows);
	expect(&m, "upload|10.0.0.1:40000|192.0.2.1:8080||http|/up|9|-1\n"
	       "upload|10.0.0.1:40000|192.0.2.1:8080|h.example|http|/b|2|-1\n"
	       "upload|10.0.0.1:40000|192.0.2.1:8080|h.example|http|/up|1|-1\n"
	       "flow|10.0.0.1:40000|192.0.2.1:8080|h.example|http|/up|144|0\n");
}

/* Behind a gap the table is not known any more, and the bodies are. */
TEST(network_stream_reads_http2_behind_a_gap)
{
	struct making m = making_new(8080);
	struct span begin = SPAN(PREFACE SETTINGS ASKS);

	segment(&m, false, 499, 2, SPAN(""));
	out(&m, 500, begin);
	out(&m, 900, SPAN(SENDS));
	expect(&m, "upload|10.0.0.1:40000|192.0.2.1:8080|h.example|http|/up|9|-1\n"
	       "flow|10.0.0.1:40000|192.0.2.1:8080|h.example|http|/up|103|0\n");
}

TEST(network_stream_reads_http2_that_http_led_to)
{
	struct making m = making_new(80);
	struct span request = SPAN("GET /first HTTP/1.1\r\nHost: h.example\r\nUpgrade: h2c\r\n\r\n");

	out(&m, 100, request);
	segment(&m, true, 900, ACK, SPAN("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" SETTINGS ANSWERS));
	out(&m, 100 + (uint32_t)request.len, SPAN(PREFACE SETTINGS ASKS SENDS));
	expect(&m, "upload|10.0.0.1:40000|192.0.2.1:80|h.example|http|/up|9|-1\n"
	       "flow|10.0.0.1:40000|192.0.2.1:80|h.example|http|/up|157|81\n");
}

/* A template, and a record of 7 packets with 900 bytes; cut anywhere. */
#define IPFIX_TEMPLATE "\0\x0a\0\x34\x69\x20\x2f\0\0\0\0\1\0\0\0\7" "\0\2\0\x24\1\0\0\7" \
	"\0\x8\0\4\0\x0c\0\4\0\7\0\2\0\x0b\0\2\0\4\0\1\0\1\0\4\0\2\0\4"
#define IPFIX_RECORD "\0\x0a\0\x29\x69\x20\x2f\0\0\0\0\2\0\0\0\7" "\1\0\0\x19" \
	"\x0a\0\0\5\xc6\x33\x64\7\xc0\0\0\x50\6\0\0\3\x84\0\0\0\7"
#define IPFIX_FLOW "flow|10.0.0.5:49152|198.51.100.7:80||tcp||900|0\n"

TEST(network_stream_reads_ipfix)
{
	struct span all = SPAN(IPFIX_TEMPLATE IPFIX_RECORD IPFIX_RECORD);

	for (size_t step = 4; step <= all.len; step += 11) {
		struct making m = making_new(4739);

		for (size_t at = 0; at < all.len; at += step)
			out(&m, 500 + (uint32_t)at, span_sub(all, at, step));
		expect(&m, IPFIX_FLOW IPFIX_FLOW "flow|10.0.0.1:40000|192.0.2.1:4739||netflow||134|0\n");
	}
}

/* A packet of SCTP with chunks of data, each with its number. */
static void chunks(struct making *m, struct span all)
{
	add_ip(m, false, 132, 0, 12 + all.len);
	add_u16be(&m->file, 40000);
	add_u16be(&m->file, m->port);
	add_u32be(&m->file, 1);
	add_u32be(&m->file, 0);
	buf_add(&m->file, all);
}

#define CHUNK(flags, length, number) "\0" flags "\0" length "\0\0\0" number "\0\0\0\0\0\0\0\0"
#define FIRST_HALF "\0\x0a\0\x29\x69\x20\x2f\0\0\0\0\2\0\0\0\7"
#define SECOND_HALF "\1\0\0\x19\x0a\0\0\5\xc6\x33\x64\7\xc0\0\0\x50\6\0\0\3\x84\0\0\0\7"

/* Two messages in one packet; one in two chunks with one that is sent again between; none twice. */
TEST(network_stream_reads_ipfix_over_sctp)
{
	struct making m = making_new(4739);

	chunks(&m, SPAN(CHUNK("\3", "\x44", "\1") IPFIX_TEMPLATE CHUNK("\3", "\x39", "\2") IPFIX_RECORD "\0\0\0"));
	chunks(&m, SPAN(CHUNK("\3", "\x39", "\2") IPFIX_RECORD "\0\0\0"));
	chunks(&m, SPAN(CHUNK("\2", "\x20", "\3") FIRST_HALF));
	chunks(&m, SPAN(CHUNK("\3", "\x39", "\2") IPFIX_RECORD "\0\0\0"));
	chunks(&m, SPAN(CHUNK("\1", "\x29", "\4") SECOND_HALF "\0\0\0"));
	expect(&m, IPFIX_FLOW IPFIX_FLOW "flow|10.0.0.1:40000|192.0.2.1:4739||netflow||324|0\n");
}

/* What comes before its template waits, though its bytes did not stay. */
TEST(network_stream_keeps_ipfix_until_its_template_comes)
{
	struct making m = making_new(4739);

	out(&m, 500, SPAN(IPFIX_RECORD));
	out(&m, 541, SPAN(IPFIX_TEMPLATE));
	expect(&m, IPFIX_FLOW "flow|10.0.0.1:40000|192.0.2.1:4739||netflow||93|0\n");
	/* Behind a gap it goes on where a segment begins with a message. */
	m = making_new(4739);
	out(&m, 500, SPAN(IPFIX_TEMPLATE "\0\x0a\1\0"));
	out(&m, 5000, SPAN(IPFIX_RECORD));
	expect(&m, IPFIX_FLOW "flow|10.0.0.1:40000|192.0.2.1:4739||netflow||97|0\n");
}
