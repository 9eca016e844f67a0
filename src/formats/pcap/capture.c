#include "formats/pcap/capture.h"

enum { BLOCK_INTERFACE = 1, BLOCK_OLD_PACKET = 2, BLOCK_SIMPLE = 3, BLOCK_NAMES = 4, BLOCK_STATISTICS = 5,
       BLOCK_ENHANCED = 6, BLOCK_JOURNAL = 9, BLOCK_SECRETS = 10, BLOCK_CUSTOM = 0x0bad, BLOCK_CUSTOM_KEPT = 0x40000bad,
       BLOCK_SECTION = 0x0a0d0d0a };
enum { NAMES_END = 0, NAMES_IPV4 = 1, NAMES_IPV6 = 2 };
/* Seconds between two packets that are neighbours. */
#define NEAR (30 * 86400)
enum { OPTION_END = 0, OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 };

static inline uint32_t load_u32(bool is_big, const uint8_t *at)
{
	return is_big ? load_u32be(at) : load_u32le(at);
}

static uint32_t take_u32(const struct capture *c, struct cursor *at)
{
	return c->is_big ? cursor_u32be(at) : cursor_u32le(at);
}

static uint16_t take_u16(const struct capture *c, struct cursor *at)
{
	return c->is_big ? cursor_u16be(at) : cursor_u16le(at);
}

static void note_damage(struct capture *c, size_t at, size_t skipped, const char *why)
{
	if (!c->damage) {
		c->damage = why;
		c->damaged_at = at;
	}
	c->skipped += skipped;
}

#define LINE 64
/* Some packets: memory takes as long to answer as a packet to be looked at, or two. */
#define AHEAD ((size_t)4 << 10)

/*
 * Headers stand a packet apart, and where the next one stands the one before it says: each
 * would wait for memory. So what comes is asked for line by line, as one reads it who
 * takes every byte.
 */
static void ask_for_more(struct capture *c)
{
	size_t at = c->at.at > c->asked ? c->at.at : c->asked;
	size_t until = c->at.at + (cursor_left(&c->at) < AHEAD ? cursor_left(&c->at) : AHEAD);

	for (; at < until; at += LINE)
		__builtin_prefetch(c->at.in.at + at);
	c->asked = at;
}

static bool end_damaged(struct capture *c, size_t at, const char *why)
{
	note_damage(c, at, c->at.in.len - at, why);
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

/* False: it does not lie within the file, or is longer than anything that is sent. */
static bool read_record(const struct capture *c, size_t at, struct capture_record *out)
{
	size_t header = c->is_long ? 24 : 16;
	struct span h = span_sub(c->at.in, at, header);

	if (h.len < header)
		return false;
	out->seconds = load_u32(c->is_big, h.at);
	out->fraction = load_u32(c->is_big, h.at + 4);
	out->kept = load_u32(c->is_big, h.at + 8);
	out->length = load_u32(c->is_big, h.at + 12);
	out->start = at;
	out->body = at + header;
	out->end = out->body + out->kept;
	return out->kept <= CAPTURE_PACKET_MAX && out->end <= c->at.in.len;
}

static bool is_near(int64_t seconds, int64_t other)
{
	return seconds - other < NEAR && other - seconds < NEAR;
}

/* As captures have them, near the time of the last packet: what a search trusts. */
static bool is_usual(const struct capture *c, size_t at, struct capture_record *out)
{
	return read_record(c, at, out) && out->kept && out->length >= out->kept &&
	       out->length <= CAPTURE_PACKET_MAX &&
	       out->fraction < (c->is_nano ? 1000000000u : 1000000u) &&
	       (!c->seconds || is_near(out->seconds, c->seconds));
}

/* Where the next record begins that another one follows, or the end; SIZE_MAX: nowhere. */
static size_t find_record(const struct capture *c, size_t from, size_t until)
{
	struct capture_record one, next;

	for (size_t at = from; at < until; at++)
		if (is_usual(c, at, &one) && (one.end == c->at.in.len || is_usual(c, one.end, &next)))
			return at;
	return SIZE_MAX;
}

/*
 * What follows is no record: then the one at hand may be longer than it was, and those
 * that its length hides are looked for within it.
 */
static void check_end(struct capture *c, size_t start, struct capture_record *r)
{
	size_t hidden;

	c->ahead.start = 0;
	if (r->end == c->at.in.len)
		return;
	if (is_usual(c, r->end, &c->ahead))
		return;
	c->ahead.start = 0;
	hidden = find_record(c, r->body, r->end);
	if (hidden == SIZE_MAX)
		return;
	note_damage(c, start, 0, "a record has a wrong length");
	r->kept = (uint32_t)(hidden - r->body);
	r->end = hidden;
}

/* Another time is believed where the next record says so too. */
static void keep_time(struct capture *c, const struct capture_record *r)
{
	struct capture_record next;

	if ((c->seconds && is_near(r->seconds, c->seconds)) ||
	    (read_record(c, r->end, &next) && is_near(next.seconds, r->seconds)))
		c->seconds = r->seconds;
}

/* The record at `at`; none stands at 0. */
static bool take_record(const struct capture *c, size_t at, struct capture_record *out)
{
	if (c->ahead.start != at)
		return read_record(c, at, out);
	*out = c->ahead;
	return true;
}

static bool next_pcap(struct capture *c, struct capture_packet *out)
{
	size_t start = c->at.at, found;
	struct capture_record r = { .kept = 0 };

	if (!cursor_left(&c->at))
		return false;
	if (!take_record(c, start, &r)) {
		const char *why = r.kept > CAPTURE_PACKET_MAX ? "a record is impossibly long"
							      : "the last record is cut short";

		found = find_record(c, start + 1, c->at.in.len);
		if (found == SIZE_MAX || !read_record(c, found, &r))
			return end_damaged(c, start, why);
		note_damage(c, start, found - start, "a record is damaged");
		start = found;
	}
	keep_time(c, &r);
	check_end(c, start, &r);
	cursor_seek(&c->at, r.end);
	out->bytes = span_sub(c->at.in, r.body, r.kept);
	out->length = r.length < r.kept ? r.kept : r.length;
	out->time = timestamp_of_unix(r.seconds, 0);
	if (out->time != TIME_NONE)
		out->time += (int64_t)r.fraction * (c->is_nano ? 1 : 1000);
	out->link = c->interfaces[0].link;
	out->offset = start;
	return true;
}

/* ---- pcapng ---- */

/* Ticks of a second; 0: finer than anything that we can tell. */
static uint64_t unit_of(uint8_t resolution)
{
	uint64_t unit = 1;
	uint8_t exponent = resolution & 0x7f;

	if (resolution & 0x80)
		return exponent > 32 ? 0 : unit << exponent;
	if (exponent > 18)
		return 0;
	for (int i = 0; i < exponent; i++)
		unit *= 10;
	return unit;
}

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
			interface->unit = unit_of(value.at[0]);
		} else if (code == OPTION_OFFSET && len == 8) {
			interface->offset = (int64_t)(c->is_big ? load_u64be(value.at)
								: load_u64le(value.at));
		}
	}
}

static void take_interface(struct capture *c, struct cursor *body)
{
	struct capture_interface interface = { .unit = 1000000 };

	interface.link = take_u16(c, body);
	cursor_skip(body, 2);
	interface.snap = take_u32(c, body);
	if (c->interface_count == CAPTURE_INTERFACES)
		return;
	interface.is_unread = body->short_read;
	take_options(c, body, &interface);
	c->interfaces[c->interface_count++] = interface;
}

static timestamp time_of(const struct capture_interface *interface, uint64_t ticks)
{
	uint64_t unit = interface->unit, seconds, rest;
	timestamp t;

	if (!unit)
		return TIME_NONE;
	seconds = ticks / unit;
	rest = ticks % unit;
	rest = unit > UINT32_MAX * UINT64_C(2) ? rest / (unit / (uint64_t)TIME_SECOND)
					       : rest * (uint64_t)TIME_SECOND / unit;
	if (seconds > INT32_MAX * UINT64_C(4) || interface->offset > INT32_MAX ||
	    interface->offset < -INT32_MAX)
		return TIME_NONE;
	t = timestamp_of_unix((int64_t)seconds + interface->offset, (uint32_t)rest);
	return t;
}

static bool take_packet(struct capture *c, struct cursor *body, uint32_t type,
			struct capture_packet *out)
{
	uint32_t index = 0, kept = 0, snap;
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
	if (index >= c->interface_count || c->interfaces[index].is_unread) {
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

/* One address and what it is called; of several names the first. */
static void take_name(const struct capture *c, uint16_t type, struct span value)
{
	uint8_t address[16] = { [10] = 0xff, [11] = 0xff };
	size_t size = type == NAMES_IPV4 ? 4 : 16;
	struct span name = span_from(value, size);

	if (value.len <= size || !c->name || (type != NAMES_IPV4 && type != NAMES_IPV6))
		return;
	memcpy(address + sizeof address - size, value.at, size);
	c->name(c->context, address, span_split(&name, 0));
}

static void take_names(const struct capture *c, struct cursor *body)
{
	while (cursor_left(body) >= 4) {
		uint16_t type = take_u16(c, body), len = take_u16(c, body);
		struct span value = cursor_take(body, len);

		if (type == NAMES_END || body->short_read)
			return;
		cursor_skip(body, (4 - len % 4) % 4);
		take_name(c, type, value);
	}
}

/* A block that holds no packet. */
static void take_other(struct capture *c, uint32_t type, struct cursor *body)
{
	switch (type) {
	case BLOCK_SECTION:
	case BLOCK_STATISTICS:
		return;
	case BLOCK_INTERFACE:
		take_interface(c, body);
		return;
	case BLOCK_NAMES:
		take_names(c, body);
		return;
	case BLOCK_SECRETS:
		c->secrets++;
		return;
	case BLOCK_JOURNAL:
		c->journals++;
		return;
	case BLOCK_CUSTOM:
	case BLOCK_CUSTOM_KEPT:
		c->customs++;
		return;
	default:
		c->others++;
		c->other = type;
	}
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

struct block {
	uint32_t type, len;
	size_t end;
};

/* False: it cannot be a block, or does not lie within the file. */
static bool read_block(const struct capture *c, size_t at, struct block *out)
{
	struct span h = span_sub(c->at.in, at, 12);
	bool is_big = c->is_big;

	if (h.len < 12)
		return false;
	out->type = load_u32(is_big, h.at);
	/* A section says its own byte order, behind its length; its type reads the same both ways. */
	if (out->type == BLOCK_SECTION)
		is_big = load_u32be(h.at + 8) == 0x1a2b3c4d;
	out->len = load_u32(is_big, h.at + 4);
	out->end = at + out->len;
	return out->len >= 12 && out->len % 4 == 0 && out->end <= c->at.in.len;
}

/* Its length stands at both ends. */
static bool is_whole(const struct capture *c, size_t at, struct block *out)
{
	struct span last;

	if (!read_block(c, at, out))
		return false;
	last = span_sub(c->at.in, out->end - 4, 4);
	return load_u32le(last.at) == out->len || load_u32be(last.at) == out->len;
}

static bool is_known(uint32_t type)
{
	return (type && type < 0x100) || type == BLOCK_SECTION;
}

/* Steps over what is damaged. Lengths that nobody keeps to are no reason to search again. */
static bool find_block(struct capture *c, size_t start, struct block *out)
{
	const char *why = "the last block is cut short";
	struct block next;

	if (is_whole(c, start, out))
		return true;
	if (read_block(c, start, out) && (c->is_odd || out->end == c->at.in.len || is_whole(c, out->end, &next)))
		return true;
	if (out->len < 12 || out->len % 4)
		why = "a block of impossible length";
	for (size_t at = start + 4; !c->is_odd && at < c->at.in.len; at += 4) {
		if (!is_whole(c, at, out) || !is_known(out->type))
			continue;
		note_damage(c, start, at - start, "a block is damaged");
		cursor_seek(&c->at, at);
		return true;
	}
	c->is_odd = true;
	return read_block(c, start, out) || end_damaged(c, start, why);
}

static bool next_pcapng(struct capture *c, struct capture_packet *out)
{
	while (cursor_left(&c->at)) {
		struct block block = { .len = 12 };
		struct cursor body;

		if (!find_block(c, c->at.at, &block))
			return false;
		out->offset = c->at.at;
		if (block.type == BLOCK_SECTION && !begin_section(c, c->at.at))
			return false;
		body = cursor_of(span_sub(c->at.in, out->offset + 8, block.len - 12));
		cursor_seek(&c->at, block.end);
		if (block.type != BLOCK_ENHANCED && block.type != BLOCK_SIMPLE && block.type != BLOCK_OLD_PACKET)
			take_other(c, block.type, &body);
		else if (take_packet(c, &body, block.type, out))
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
	ask_for_more(c);
	return c->is_pcapng ? next_pcapng(c, out) : next_pcap(c, out);
}
