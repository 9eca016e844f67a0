/* Random damages to captures: what was not damaged is still read. */
#include "formats/pcap/capture.h"

#include "base/buf.h"
#include "test.h"

#include <stdlib.h>

#define PACKETS 120
#define DAMAGES 1000
#define RUN_MOST 64

static uint64_t dice;

static uint32_t chance(uint32_t most)
{
	dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(dice >> 33) % most;
}

/* Of each packet, where its record begins and ends; its first four bytes are its number. */
struct sample {
	struct buf bytes;
	size_t begins[PACKETS + 1];
	uint32_t lengths[PACKETS];
};

static void add_body(struct buf *to, uint32_t number, uint32_t len)
{
	buf_add_u32le(to, 0xabcd0000 | number);
	for (uint32_t i = 4; i < len; i++)
		buf_add_u8(to, (uint8_t)chance(256));
}

static void add_record(struct buf *to, uint32_t number, uint32_t len)
{
	buf_add_u32le(to, 1700000000 + number * 3);
	buf_add_u32le(to, chance(1000000));
	buf_add_u32le(to, len);
	buf_add_u32le(to, len);
	add_body(to, number, len);
}

static void add_block(struct buf *to, uint32_t number, uint32_t len)
{
	uint32_t whole = 32 + ((len + 3) & ~3u);

	buf_add_u32le(to, 6);
	buf_add_u32le(to, whole);
	buf_add_u32le(to, 0);
	buf_add_u64le(to, number);
	buf_add_u32le(to, len);
	buf_add_u32le(to, len);
	add_body(to, number, len);
	while (to->len % 4)
		buf_add_u8(to, 0);
	buf_add_u32le(to, whole);
}

static void make(struct sample *s, bool is_pcapng)
{
	static const uint32_t section[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, 1, 20, 101,
					    0, 20 };
	static const uint32_t head[] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101 };

	*s = (struct sample){ .bytes = buf_new((size_t)1 << 20) };
	for (size_t i = 0; i < (is_pcapng ? 12 : 6); i++)
		buf_add_u32le(&s->bytes, is_pcapng ? section[i] : head[i]);
	for (uint32_t i = 0; i < PACKETS; i++) {
		s->begins[i] = s->bytes.len;
		s->lengths[i] = 40 + chance(600);
		(is_pcapng ? add_block : add_record)(&s->bytes, i, s->lengths[i]);
	}
	s->begins[PACKETS] = s->bytes.len;
}

/* Overwrites some bytes behind the file's head, one bit or a run; says where. */
static void damage(struct buf *to, const struct sample *s, size_t *from, size_t *until)
{
	size_t len = chance(2) ? 1 : 1 + chance(RUN_MOST);

	buf_clear(to);
	buf_add(to, buf_span(&s->bytes));
	*from = s->begins[0] + chance((uint32_t)(to->len - len - s->begins[0]));
	*until = *from + len;
	for (size_t i = *from; i < *until; i++)
		to->at[i] ^= len == 1 ? (uint8_t)(1u << chance(8)) : (uint8_t)chance(256);
}

/* Packets outside of the damage that are not read as they were. */
static unsigned lost_of(const struct sample *s, struct span bytes, size_t from, size_t until)
{
	bool seen[PACKETS] = { false };
	struct capture_packet p;
	struct err err = { 0 };
	struct capture c;
	unsigned lost = 0, packets = 0;

	assert_true(capture_open(&c, bytes, &err));
	while (capture_next(&c, &p)) {
		uint32_t number = p.bytes.len >= 4 ? load_u32le(p.bytes.at) ^ 0xabcd0000 : PACKETS;

		assert_true(++packets < bytes.len / 12);
		if (number < PACKETS && p.bytes.len == s->lengths[number])
			seen[number] = true;
	}
	for (size_t i = 0; i < PACKETS; i++)
		lost += !seen[i] && (s->begins[i + 1] <= from || s->begins[i] >= until);
	return lost;
}

static unsigned lost_of_kind(bool is_pcapng)
{
	struct buf bytes = buf_new((size_t)1 << 20);
	struct sample s;
	unsigned lost = 0;

	dice = 20261122;
	make(&s, is_pcapng);
	for (int i = 0; i < DAMAGES; i++) {
		size_t from, until;

		damage(&bytes, &s, &from, &until);
		lost += lost_of(&s, buf_span(&bytes), from, until);
	}
	print_message("# %s: of %d damages to %d packets, %u untouched ones lost\n",
		      is_pcapng ? "pcapng" : "pcap", DAMAGES, PACKETS, lost);
	buf_free(&bytes);
	buf_free(&s.bytes);
	return lost;
}

static void add_interface(struct buf *to, uint32_t link, bool is_whole)
{
	uint32_t len = is_whole ? 20 : 16;

	buf_add_u32le(to, 1);
	buf_add_u32le(to, len);
	buf_add_u32le(to, link);
	if (is_whole)
		buf_add_u32le(to, 0);
	buf_add_u32le(to, len);
}

static void add_packet_of(struct buf *to, uint32_t interface)
{
	const uint32_t words[] = { 6, 36, interface, 0, 1, 4, 4, 0x01020304, 36 };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		buf_add_u32le(to, words[i]);
}

/* The one behind it keeps its number. */
TEST(capture_counts_an_interface_that_it_cannot_read)
{
	struct buf b = buf_new(4096);
	struct capture c;
	struct capture_packet p;
	struct err err;

	buf_add(&b, SPAN("\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0"));
	add_interface(&b, 101, true);
	add_interface(&b, 113, false);
	add_interface(&b, 1, true);
	for (uint32_t i = 0; i < 3; i++)
		add_packet_of(&b, i);
	assert_true(capture_open(&c, buf_span(&b), &err));
	assert_true(capture_next(&c, &p));
	assert_int_equal(p.link, 101);
	assert_true(capture_next(&c, &p));
	assert_int_equal(p.link, 1);
	assert_false(capture_next(&c, &p));
	assert_int_equal(c.unknown, 1);
	buf_free(&b);
}

TEST(capture_reads_on_behind_damage)
{
	assert_int_equal(lost_of_kind(false), 0);
	assert_int_equal(lost_of_kind(true), 0);
}
