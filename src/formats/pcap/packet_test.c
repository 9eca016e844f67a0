#include "formats/pcap/capture.h"
#include "formats/pcap/packet.h"
#include "test.h"

#define ETHERNET "\x02\0\0\0\0\1\x02\0\0\0\0\2"
#define IPV4(length, fragment, protocol) \
	"\x45\0\0" length "\x12\x34" fragment "\x40" protocol "\0\0\x0a\0\0\1\xc0\xa8\1\2"
#define UDP(from, to, length) from to "\0" length "\0\0"

static struct packet read_packet(uint16_t link, struct span frame)
{
	struct packet p;

	assert_int_equal(packet_read(link, frame, (uint32_t)frame.len, &p), PACKET_READ);
	return p;
}

static void expect_ends(const struct packet *p, const char *want)
{
	struct buf text = buf_new(256);

	packet_end_text(&text, &p->from);
	buf_text(&text, " > ");
	packet_end_text(&text, &p->to);
	assert_span(buf_span(&text), want);
	buf_free(&text);
}

TEST(packet_steps_through_vlan_tags)
{
	struct packet p = read_packet(1, SPAN(ETHERNET "\x81\0\0\7\x81\0\0\x8\x8\0"
					      IPV4("\x20", "\0\0", "\x11")
					      UDP("\x30\x39", "\0\x35", "\x0c") "abcdPADDING"));

	expect_ends(&p, "10.0.0.1:12345 > 192.168.1.2:53");
	assert_int_equal(p.payload_length, 4);
	assert_span(p.payload, "abcd");
	assert_int_equal(p.tunnels, 0);
}

TEST(packet_counts_what_a_short_capture_left_out)
{
	struct packet p = read_packet(101, SPAN("\x45\0\5\xdc\0\0\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2"
						UDP("\0\x7b", "\0\x7b", "\x0c") "ab"));

	assert_int_equal(p.payload_length, 1500 - 28);
	assert_span(p.payload, "ab");
}

TEST(packet_steps_through_gre_and_vxlan)
{
	struct packet p = read_packet(101, SPAN(IPV4("\x38", "\0\0", "\x2f") "\0\0\x8\0"
						IPV4("\x20", "\0\0", "\x11")
						UDP("\0\1", "\0\2", "\x0c") "abcd"));

	assert_int_equal(p.tunnels, 1);
	expect_ends(&p, "10.0.0.1:1 > 192.168.1.2:2");
	p = read_packet(101, SPAN(IPV4("\x52", "\0\0", "\x11") UDP("\0\1", "\x12\xb5", "\x3e")
				  "\x8\0\0\0\0\0\1\0" ETHERNET "\x8\0" IPV4("\x20", "\0\0", "\x11")
				  UDP("\0\3", "\0\4", "\x0c") "abcd"));
	assert_int_equal(p.tunnels, 1);
	expect_ends(&p, "10.0.0.1:3 > 192.168.1.2:4");
}

/* As the one above, to 8.8.8.8: anybody can write 192.168.1.2 into what goes there. */
TEST(packet_tells_the_way_over_the_internet)
{
	struct packet p = read_packet(101, SPAN("\x45\0\0\x52\0\0\0\0\x40\x11\0\0\x0a\0\0\1\x08\x08\x08\x08"
						UDP("\0\1", "\x12\xb5", "\x3e")
						"\x8\0\0\0\0\0\1\0" ETHERNET "\x8\0" IPV4("\x20", "\0\0", "\x11")
						UDP("\0\3", "\0\4", "\x0c") "abcd"));

	assert_int_equal(p.tunnels, 0);
	expect_ends(&p, "10.0.0.1:1 > 8.8.8.8:4789");
}

TEST(packet_knows_fragments)
{
	struct packet p = read_packet(101, SPAN(IPV4("\x1c", "\x20\1", "\x11") "abcdefgh"));

	assert_true(p.is_fragment && p.is_later_fragment);
	assert_int_equal(p.payload_length, 8);
	assert_int_equal(p.from.port, 0);
	p = read_packet(101, SPAN(IPV4("\x20", "\x20\0", "\x11") UDP("\0\1", "\0\2", "\x0c") "abcd"));
	assert_true(p.is_fragment && !p.is_later_fragment);
}

TEST(packet_steps_through_extension_headers_of_ipv6)
{
	struct packet p = read_packet(101, SPAN("\x60\0\0\0\0\x14\0\x40"
		"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" "\xfe\x80\0\0\0\0\0\0\0\1\0\0\0\0\0\2"
		"\x11\0\0\0\0\0\0\0" UDP("\0\1", "\0\2", "\x0c") "abcd"));

	expect_ends(&p, "[2001:db8::1]:1 > [fe80::1:0:0:2]:2");
	assert_int_equal(p.payload_length, 4);
}

TEST(packet_says_why_it_is_not_read)
{
	struct packet p;

	assert_int_equal(packet_read(1, SPAN(ETHERNET "\x8\6abcd"), 0, &p), PACKET_NOT_IP);
	assert_int_equal(packet_read(1, SPAN(ETHERNET "\x8\0\x45\0"), 0, &p), PACKET_CUT);
	assert_int_equal(packet_read(147, SPAN("abcd"), 0, &p), PACKET_LINK_UNKNOWN);
	assert_int_equal(packet_read(101, SPAN(IPV4("\x0f", "\0\0", "\x11") UDP("\0\1", "\0\2", "\x0c")), 0, &p),
			 PACKET_MALFORMED);
}

TEST(capture_reads_both_byte_orders_and_nanoseconds)
{
	const struct span files[] = {
		SPAN("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\1\0\x65\0\0\0"
		     "\1\0\0\0\2\0\0\0\2\0\0\0\x10\0\0\0ab"),
		SPAN("\xa1\xb2\x3c\x4d\0\2\0\4\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\x65"
		     "\0\0\0\1\0\0\x7\xd0\0\0\0\2\0\0\0\x10""ab"),
	};

	for (int i = 0; i < 2; i++) {
		struct capture_packet p;
		struct err err = { 0 };
		struct capture c;

		assert_true(capture_open(&c, files[i], &err));
		assert_true(capture_next(&c, &p));
		assert_int_equal(p.time, TIME_SECOND + 2000);
		assert_int_equal(p.link, 101);
		assert_int_equal(p.length, 16);
		assert_span(p.bytes, "ab");
		assert_false(capture_next(&c, &p));
		assert_null(c.damage);
	}
}

TEST(capture_reads_pcapng_with_its_time_resolution)
{
	struct span file = SPAN("\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0"
				"\1\0\0\0\x1c\0\0\0\x65\0\0\0\0\0\0\0\x9\0\1\0\x9\0\0\0\x1c\0\0\0"
				"\6\0\0\0\x24\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\2\0\0\0\2\0\0\0ab\0\0\x24\0\0\0"
				"\6\0\0\0\x24\0\0\0\5\0\0\0\0\0\0\0");
	struct capture_packet p;
	struct err err = { 0 };
	struct capture c;

	assert_true(capture_open(&c, file, &err));
	assert_true(capture_next(&c, &p));
	assert_int_equal(p.time, 7);
	assert_span(p.bytes, "ab");
	assert_false(capture_next(&c, &p));
	assert_string_equal(c.damage, "the last block is cut short");
}

/* 7,000 ticks of 10^-12 are 7 ns; behind an offset of a second. */
TEST(capture_reads_resolutions_finer_than_its_own)
{
	struct span file = SPAN("\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0"
				"\1\0\0\0\x28\0\0\0\x65\0\0\0\0\0\0\0\x9\0\1\0\xc\0\0\0"
				"\xe\0\x8\0\1\0\0\0\0\0\0\0\x28\0\0\0"
				"\6\0\0\0\x24\0\0\0\0\0\0\0\0\0\0\0\x58\x1b\0\0\2\0\0\0\2\0\0\0ab\0\0\x24\0\0\0");
	struct capture_packet p;
	struct err err = { 0 };
	struct capture c;

	assert_true(capture_open(&c, file, &err));
	assert_true(capture_next(&c, &p));
	assert_int_equal(p.time, TIME_SECOND + 7);
	assert_null(c.damage);
}

static void assert_same_packet(const struct packet *a, const struct packet *b)
{
	assert_memory_equal(a->from.address, b->from.address, 16);
	assert_memory_equal(a->to.address, b->to.address, 16);
	assert_int_equal(a->from.port, b->from.port);
	assert_int_equal(a->to.port, b->to.port);
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->icmp_type, b->icmp_type);
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->checksum, b->checksum);
	assert_int_equal(a->payload_length, b->payload_length);
	assert_int_equal(a->payload.len, b->payload.len);
	assert_true(!a->payload.len || !memcmp(a->payload.at, b->payload.at, a->payload.len));
	assert_int_equal(a->is_fragment, b->is_fragment);
	assert_int_equal(a->is_later_fragment, b->is_later_fragment);
	assert_int_equal(a->fragment_id, b->fragment_id);
	assert_int_equal(a->tunnels, b->tunnels);
}

static void put(struct buf *to, struct span tag, struct span ip)
{
	buf_clear(to);
	buf_add(to, SPAN(ETHERNET));
	buf_add(to, tag);
	buf_add(to, SPAN("\x8\0"));
	buf_add(to, ip);
}

/* The usual frame has a short way; what has a tag never takes it. */
TEST(packet_is_the_same_by_the_short_way)
{
	static const char *const parts[] = {
		IPV4("\x30", "\x40\0", "\x06") "\x30\x39\0\x50\0\0\0\1\0\0\0\2\x50\x18\xff\xff\0\0\0\0GET / H.",
		IPV4("\x24", "\0\0", "\x11") "\x30\x39\0\x35\0\x10\xab\xcd" "abcdefgh",
		IPV4("\x52", "\0\0", "\x11") UDP("\0\1", "\x12\xb5", "\x3e")
		"\x8\0\0\0\0\0\1\0" ETHERNET "\x8\0" IPV4("\x20", "\0\0", "\x11") UDP("\0\3", "\0\4", "\x0c") "abcd",
	};
	static const size_t lengths[] = { 48, 36, 82 };
	struct buf plain = buf_new(256), tagged = buf_new(256);
	uint8_t ip[96];
	uint32_t seed = 1, read = 0;

	for (uint32_t round = 0; round < 300000; round++) {
		struct span mutated = span_of(ip, lengths[round % 3]);
		enum packet_fate fate;
		struct packet a, b;

		memcpy(ip, parts[round % 3], mutated.len);
		for (uint32_t i = 0; i < round % 4; i++) {
			seed = seed * 1664525 + 1013904223;
			ip[(seed >> 8) % (mutated.len < 40 ? mutated.len : 40)] = (uint8_t)(seed >> 24);
		}
		if (round % 5 == 0)
			mutated.len = (seed >> 16) % (mutated.len + 1);
		put(&plain, (struct span){ 0 }, mutated);
		put(&tagged, SPAN("\x81\0\0\7"), mutated);
		fate = packet_read(1, buf_span(&plain), 0, &a);
		assert_int_equal(fate, packet_read(1, buf_span(&tagged), 0, &b));
		if (fate == PACKET_READ)
			assert_same_packet(&a, &b);
		read += fate == PACKET_READ;
	}
	assert_in_range(read, 100000, 290000);
	buf_free(&plain);
	buf_free(&tagged);
}
