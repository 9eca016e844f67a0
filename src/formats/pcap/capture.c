#include "formats/pcap/capture.h"

enum { BLOCK_INTERFACE = 1, BLOCK_OLD_PACKET = 2, BLOCK_SIMPLE = 3, BLOCK_ENHANCED = 6,
       BLOCK_SECTION = 0x0a0d0d0a };
enum { OPTION_END = 0, OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 };

static uint32_t take_u32(const struct capture *c, struct cursor *at)
{
	return c->is_big ? cursor_u32be(at) : cursor_u32le(at);
}

static uint16_t take_u16(const struct capture *c, struct cursor *at)
{
	return c->is_big ? cursor_u16be(at) : cursor_u16le(at);
}

static bool end_damaged(struct capture *c, size_t at, const char *why)
{
	c->damage = why;
	c->damaged_at = at;
	cursor_seek(&c->at, c->at.in.len);
	return false;
}

/* ---- pcap ---- */

static bool open_pcap(struct capture *c, struct err *err)
{
	uint32_t magic = cursor_u32be(&c->at);
	uint32_t swapped = load_u32le((const uint8_t[]){ (uint8_t)(magic >> 24),
		(uint8_t)(magic >> 16), (uint8_t)(magic >> 8), (uint8_t)magic });

	c->is_big = magic >> 16 == 0xa1b2;
	magic = c->is_big ? magic : swapped;
	c->is_nano = magic == 0xa1b23c4d;
	c->is_long = magic == 0xa1b2cd34;
	if (magic != 0xa1b2c3d4 && !c->is_nano && !c->is_long)
		return err_set(err, ERR_UNSUPPORTED, 0, "no capture");
	cursor_seek(&c->at, 20);
	/* The upper bits say how frames end. */
	c->interfaces[0].link = (uint16_t)take_u32(c, &c->at);
	c->interface_count = 1;
	return !c->at.short_read || err_set(err, ERR_CORRUPT, c->at.in.len, "capture header cut short");
}

static bool next_pcap(struct capture *c, struct capture_packet *out)
{
	size_t start = c->at.at;
	uint32_t seconds, fraction, kept;

	if (!cursor_left(&c->at))
		return false;
	seconds = take_u32(c, &c->at);
	fraction = take_u32(c, &c->at);
	kept = take_u32(c, &c->at);
	out->length = take_u32(c, &c->at);
	if (c->is_long)
		cursor_skip(&c->at, 8);
	if (!c->at.short_read && kept > CAPTURE_PACKET_MAX)
		return end_damaged(c, start, "a record is impossibly long");
	out->bytes = cursor_take(&c->at, kept);
	if (c->at.short_read)
		return end_damaged(c, start, "the last record is cut short");
	if (out->length < kept)
		out->length = kept;
	out->time = timestamp_of_unix(seconds, 0);
	if (out->time != TIME_NONE)
		out->time += (int64_t)fraction * (c->is_nano ? 1 : 1000);
	out->link = c->interfaces[0].link;
	out->offset = start;
	return true;
}

/* ---- pcapng ---- */

static void take_options(const struct capture *c, struct cursor *body,
			 struct capture_interface *interface)
{
	while (cursor_left(body) >= 4) {
		uint16_t code = take_u16(c, body), len = take_u16(c, body);
		struct span value = cursor_take(body, len);

		if (code == OPTION_END || body->short_read)
			return;
		if (cursor_left(body))
			cursor_skip(body, (4 - len % 4) % 4);
		if (code == OPTION_RESOLUTION && len == 1) {
			interface->binary = value.at[0] & 0x80;
			interface->exponent = value.at[0] & 0x7f;
		} else if (code == OPTION_OFFSET && len == 8) {
			interface->offset = (int64_t)(c->is_big ? load_u64be(value.at)
								: load_u64le(value.at));
		}
	}
}

static void take_interface(struct capture *c, struct cursor *body)
{
	struct capture_interface interface = { .exponent = 6 };

	interface.link = take_u16(c, body);
	cursor_skip(body, 2);
	interface.snap = take_u32(c, body);
	if (body->short_read || c->interface_count == CAPTURE_INTERFACES)
		return;
	take_options(c, body, &interface);
	c->interfaces[c->interface_count++] = interface;
}

static timestamp time_of(const struct capture_interface *interface, uint64_t ticks)
{
	uint64_t unit = 1, seconds, rest;
	timestamp t;

	if (interface->exponent > (interface->binary ? 32 : 9))
		return TIME_NONE;
	if (interface->binary)
		unit <<= interface->exponent;
	else
		for (int i = 0; i < interface->exponent; i++)
			unit *= 10;
	seconds = ticks / unit;
	rest = ticks % unit * (uint64_t)TIME_SECOND / unit;
	if (seconds > INT32_MAX * UINT64_C(4) || interface->offset > INT32_MAX ||
	    interface->offset < -INT32_MAX)
		return TIME_NONE;
	t = timestamp_of_unix((int64_t)seconds + interface->offset, (uint32_t)rest);
	return t;
}

static bool take_packet(struct capture *c, struct cursor *body, uint32_t type,
			struct capture_packet *out)
{
	uint32_t index = 0, kept, snap;
	uint64_t ticks = 0;

	if (type == BLOCK_ENHANCED)
		index = take_u32(c, body);
	else if (type == BLOCK_OLD_PACKET) {
		index = take_u16(c, body);
		cursor_skip(body, 2);
	}
	if (type != BLOCK_SIMPLE) {
		ticks = (uint64_t)take_u32(c, body) << 32;
		ticks |= take_u32(c, body);
		kept = take_u32(c, body);
	}
	out->length = take_u32(c, body);
	if (index >= c->interface_count) {
		c->unknown++;
		return false;
	}
	if (type == BLOCK_SIMPLE) {
		snap = c->interfaces[index].snap;
		kept = snap && snap < out->length ? snap : out->length;
	}
	out->bytes = cursor_take(body, kept);
	if (body->short_read) {
		c->unknown++;
		return false;
	}
	if (out->length < kept)
		out->length = kept;
	out->time = type == BLOCK_SIMPLE ? TIME_NONE : time_of(&c->interfaces[index], ticks);
	out->link = c->interfaces[index].link;
	return true;
}

/* The byte order is the section's own; it stands after the length. */
static bool begin_section(struct capture *c, size_t start)
{
	struct cursor peek = c->at;

	cursor_seek(&peek, start);
	cursor_skip(&peek, 8);
	switch (cursor_u32be(&peek)) {
	case 0x1a2b3c4d:
		c->is_big = true;
		break;
	case 0x4d3c2b1a:
		c->is_big = false;
		break;
	default:
		return end_damaged(c, start, "a section without byte order");
	}
	c->interface_count = 0;
	return true;
}

static bool next_pcapng(struct capture *c, struct capture_packet *out)
{
	while (cursor_left(&c->at)) {
		size_t start = c->at.at;
		uint32_t type = take_u32(c, &c->at), len;
		struct cursor body;

		if (type == BLOCK_SECTION && !begin_section(c, start))
			return false;
		len = take_u32(c, &c->at);
		if (!c->at.short_read && (len < 12 || len % 4))
			return end_damaged(c, start, "a block of impossible length");
		body = cursor_of(cursor_take(&c->at, len - 12));
		cursor_skip(&c->at, 4);
		if (c->at.short_read)
			return end_damaged(c, start, "the last block is cut short");
		out->offset = start;
		if (type == BLOCK_INTERFACE)
			take_interface(c, &body);
		else if ((type == BLOCK_ENHANCED || type == BLOCK_SIMPLE || type == BLOCK_OLD_PACKET) &&
			 take_packet(c, &body, type, out))
			return true;
	}
	return false;
}

bool capture_open(struct capture *c, struct span bytes, struct err *err)
{
	*c = (struct capture){ .at = cursor_of(bytes) };
	c->is_pcapng = span_starts(bytes, SPAN("\x0a\x0d\x0d\x0a"));
	return c->is_pcapng || open_pcap(c, err);
}

bool capture_next(struct capture *c, struct capture_packet *out)
{
	return c->is_pcapng ? next_pcapng(c, out) : next_pcap(c, out);
}
