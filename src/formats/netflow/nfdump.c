#include "formats/netflow/nfdump.h"

#include "codec/expand.h"

#include <inttypes.h>

enum { MAGIC = 0xa50c };
enum { PACKED_NOT, PACKED_LZO, PACKED_BZ2, PACKED_LZ4, PACKED_ZSTD };
enum { BLOCK_OLD = 2, BLOCK_RECORDS = 3 };
enum { RECORD_OLDEST = 1, RECORD_OLD = 10, RECORD_FLOW = 11 };
enum { ELEMENT_GENERIC = 1, ELEMENT_IPV4 = 2, ELEMENT_IPV6 = 3, ELEMENT_COUNTS = 5 };

struct reading {
	netflow_fn *each;
	void *context;
	struct nfdump_report *report;
	struct buf unpacked;
	unsigned packing;
	bool is_old;			/* layout 1 */
	bool enough;
};

static timestamp of_milliseconds(uint64_t ms)
{
	return ms && ms < (uint64_t)INT64_MAX / 1000000 ? (timestamp)(ms * 1000000) : TIME_NONE;
}

/* Of ICMP, what stands in the place of the port is type and code. */
static void take_ports(struct cursor *c, struct netflow_record *r)
{
	bool has_ports = r->protocol != 1 && r->protocol != 58;
	uint16_t from = cursor_u16le(c), to = cursor_u16le(c);

	r->from_port = has_ports ? from : 0;
	r->to_port = has_ports ? to : 0;
}

static void take_generic(struct cursor *c, struct netflow_record *r)
{
	struct cursor ports;

	r->first = of_milliseconds(cursor_u64le(c));
	r->last = of_milliseconds(cursor_u64le(c));
	cursor_skip(c, 8);
	r->packets = cursor_u64le(c);
	r->bytes = cursor_u64le(c);
	ports = *c;
	cursor_skip(c, 4);
	r->protocol = cursor_u8(c);
	r->flags = cursor_u8(c);
	take_ports(&ports, r);
}

/* Kept as a number of the machine, that is: backwards. */
static void take_backwards(struct cursor *c, uint8_t *out, size_t len)
{
	struct span bytes = cursor_take(c, len);

	for (size_t i = 0; i < bytes.len; i++)
		out[i] = bytes.at[len - 1 - i];
}

static void take_ipv4(struct cursor *c, uint8_t out[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(out, prefix, sizeof prefix);
	take_backwards(c, out + sizeof prefix, 4);
}

static void take_ipv6(struct cursor *c, uint8_t out[16])
{
	take_backwards(c, out, 8);
	take_backwards(c, out + 8, 8);
}

static void take_element(unsigned type, struct cursor c, struct netflow_record *r, bool *has_ends)
{
	switch (type) {
	case ELEMENT_GENERIC:
		take_generic(&c, r);
		break;
	case ELEMENT_IPV4:
		take_ipv4(&c, r->from);
		take_ipv4(&c, r->to);
		*has_ends = !c.short_read;
		break;
	case ELEMENT_IPV6:
		take_ipv6(&c, r->from);
		take_ipv6(&c, r->to);
		*has_ends = !c.short_read;
		break;
	case ELEMENT_COUNTS:
		cursor_skip(&c, 8);
		r->packets_back = cursor_u64le(&c);
		r->bytes_back = cursor_u64le(&c);
		break;
	default:
		break;
	}
}

/* Its elements, after the head of 12 bytes. */
static void take_record(struct reading *read, struct span body)
{
	enum { IS_SAMPLED = 2 };
	struct netflow_record r = { .first = TIME_NONE, .last = TIME_NONE };
	struct cursor c = cursor_of(body);
	uint16_t elements = cursor_u16le(&c);
	bool has_ends = false;
	uint8_t flags;

	cursor_skip(&c, 4);
	flags = cursor_u8(&c);
	cursor_skip(&c, 1);
	for (uint16_t i = 0; i < elements; i++) {
		uint16_t type = cursor_u16le(&c), len = cursor_u16le(&c);

		if (c.short_read || len < 4)
			break;
		take_element(type, cursor_of(cursor_take(&c, len - 4u)), &r, &has_ends);
	}
	if (c.short_read || !has_ends) {
		read->report->lost++;
		return;
	}
	read->report->records++;
	read->report->sampled += flags & IS_SAMPLED ? 1 : 0;
	read->enough = !read->each(read->context, &r);
}

/* nfdump 1.6: fixed places, then ends and counts whose width the flags tell. */
static void take_old_record(struct reading *read, unsigned type, struct span body)
{
	enum { IS_IPV6 = 1, WIDE_PACKETS = 2, WIDE_BYTES = 4, IS_SAMPLED_OLD = 8, OF_EXPORTER = 4 };
	struct netflow_record r = { .bytes = 0 };
	struct cursor c = cursor_of(body);
	unsigned flags = type == RECORD_OLD ? cursor_u16le(&c) : cursor_u8(&c);
	unsigned first_ms, last_ms;

	cursor_skip(&c, type == RECORD_OLD ? 2 : 3);
	first_ms = cursor_u16le(&c);
	last_ms = cursor_u16le(&c);
	r.first = of_milliseconds(cursor_u32le(&c) * UINT64_C(1000) + first_ms);
	r.last = of_milliseconds(cursor_u32le(&c) * UINT64_C(1000) + last_ms);
	cursor_skip(&c, 1);
	r.flags = cursor_u8(&c);
	r.protocol = cursor_u8(&c);
	cursor_skip(&c, 1);
	take_ports(&c, &r);
	cursor_skip(&c, type == RECORD_OLD ? OF_EXPORTER : 0);
	for (int i = 0; i < 2; i++)
		(flags & IS_IPV6 ? take_ipv6 : take_ipv4)(&c, i ? r.to : r.from);
	r.packets = flags & WIDE_PACKETS ? cursor_u64le(&c) : cursor_u32le(&c);
	r.bytes = flags & WIDE_BYTES ? cursor_u64le(&c) : cursor_u32le(&c);
	if (c.short_read) {
		read->report->lost++;
		return;
	}
	read->report->records++;
	read->report->sampled += flags & IS_SAMPLED_OLD ? 1 : 0;
	read->enough = !read->each(read->context, &r);
}

static void take_records(struct reading *read, struct span block, uint32_t count)
{
	struct cursor c = cursor_of(block);
	uint32_t at = 0;

	for (; at < count && !read->enough && cursor_left(&c); at++) {
		uint16_t type = cursor_u16le(&c), size = cursor_u16le(&c);
		struct span body;

		if (c.short_read || size < 4)
			break;
		body = cursor_take(&c, size - 4u);
		if (c.short_read)
			break;
		/* Others tell of exporters and samplers. */
		if (type == RECORD_FLOW)
			take_record(read, body);
		else if (read->is_old && (type == RECORD_OLD || type == RECORD_OLDEST))
			take_old_record(read, type, body);
	}
	if (!read->enough)
		read->report->lost += count - at;
}

static bool unpack(struct reading *read, struct span *block)
{
	bool ok = true;

	switch (read->packing) {
	case PACKED_LZO:
		ok = expand_lzo(&read->unpacked, *block, NFDUMP_BLOCK_MOST);
		break;
	case PACKED_BZ2:
		ok = expand_bz2(&read->unpacked, *block, NFDUMP_BLOCK_MOST);
		break;
	case PACKED_LZ4:
		ok = expand_lz4(&read->unpacked, *block, NFDUMP_BLOCK_MOST);
		break;
	case PACKED_ZSTD:
		ok = expand_zstd(&read->unpacked, *block, NFDUMP_BLOCK_MOST);
		break;
	default:
		return true;
	}
	*block = buf_span(&read->unpacked);
	return ok;
}

static bool take_block(struct reading *read, struct cursor *c)
{
	uint32_t count = cursor_u32le(c), size = cursor_u32le(c);
	uint16_t type = cursor_u16le(c);
	struct span block;

	cursor_skip(c, 2);
	block = cursor_take(c, size);
	if (c->short_read) {
		read->report->blocks_lost++;
		return false;
	}
	if (type != (read->is_old ? BLOCK_OLD : BLOCK_RECORDS))
		return true;
	if (unpack(read, &block))
		take_records(read, block, count);
	else
		read->report->blocks_lost++;
	return !read->enough;
}

/* Layout 1: flags, blocks, a name of 128 bytes, counts. */
static bool take_old_head(struct cursor *c, uint32_t *blocks, unsigned *packing, struct err *err)
{
	enum { IS_LZO = 1, IS_BZ2 = 8, IS_LZ4 = 16, BEHIND_COUNTS = 276 };
	uint32_t flags = cursor_u32le(c);

	*packing = flags & IS_LZO ? PACKED_LZO : flags & IS_BZ2 ? PACKED_BZ2 : flags & IS_LZ4 ? PACKED_LZ4
										    : PACKED_NOT;
	*blocks = cursor_u32le(c);
	cursor_seek(c, BEHIND_COUNTS);
	return !c->short_read || err_set(err, ERR_CORRUPT, c->in.len, "nfdump's head is cut short");
}

static bool take_new_head(struct cursor *c, uint32_t *blocks, unsigned *packing, struct err *err)
{
	unsigned encryption;

	cursor_seek(c, 16);
	*packing = cursor_u8(c);
	encryption = cursor_u8(c);
	cursor_seek(c, 36);
	*blocks = cursor_u32le(c);
	if (c->short_read)
		return err_set(err, ERR_CORRUPT, c->in.len, "nfdump's head is cut short");
	if (encryption)
		return err_set(err, ERR_DENIED, 17, "an encrypted file of nfdump");
	if (*packing > PACKED_ZSTD)
		return err_set(err, ERR_LIMIT, 16, "a file of nfdump packed with what we do not know: "
			       "nfdump -r it -J 0 unpacks it");
	return true;
}

static bool take_head(struct reading *read, struct cursor *c, uint32_t *blocks, struct err *err)
{
	unsigned magic = cursor_u16le(c), layout = cursor_u16le(c);

	if (magic != MAGIC)
		return err_set(err, ERR_UNSUPPORTED, 0, "no file of nfdump");
	if (layout != 1 && layout != 2)
		return err_set(err, ERR_LIMIT, 2, "a file of nfdump's layout %u, which is not known", layout);
	read->is_old = layout == 1;
	return (read->is_old ? take_old_head : take_new_head)(c, blocks, &read->packing, err);
}

bool nfdump_read(struct span file, netflow_fn *each, void *context, struct nfdump_report *report,
		 struct err *err)
{
	struct reading read = { .each = each, .context = context, .report = report };
	struct cursor c = cursor_of(file);
	uint32_t blocks = 0, at = 0;

	*report = (struct nfdump_report){ 0 };
	if (!take_head(&read, &c, &blocks, err))
		return false;
	read.unpacked = buf_new(NFDUMP_BLOCK_MOST);
	while (at < blocks && cursor_left(&c) && take_block(&read, &c))
		at++;
	if (!read.enough && !c.short_read && at < blocks)
		report->blocks_lost += blocks - at;
	buf_free(&read.unpacked);
	return true;
}
