#include "formats/netflow/nfdump.h"

#include "codec/expand.h"

#include <inttypes.h>

enum { MAGIC = 0xa50c, LAYOUT = 2 };
enum { PACKED_NOT, PACKED_LZO, PACKED_BZ2, PACKED_LZ4, PACKED_ZSTD };
enum { BLOCK_RECORDS = 3 };
enum { RECORD_FLOW = 11 };
enum { ELEMENT_GENERIC = 1, ELEMENT_IPV4 = 2, ELEMENT_IPV6 = 3, ELEMENT_COUNTS = 5 };

struct reading {
	netflow_fn *each;
	void *context;
	struct nfdump_report *report;
	struct buf unpacked;
	unsigned packing;
	bool enough;
};

static timestamp of_milliseconds(uint64_t ms)
{
	return ms && ms < (uint64_t)INT64_MAX / 1000000 ? (timestamp)(ms * 1000000) : TIME_NONE;
}

static void take_generic(struct cursor *c, struct netflow_record *r)
{
	r->first = of_milliseconds(cursor_u64le(c));
	r->last = of_milliseconds(cursor_u64le(c));
	cursor_skip(c, 8);
	r->packets = cursor_u64le(c);
	r->bytes = cursor_u64le(c);
	r->from_port = cursor_u16le(c);
	r->to_port = cursor_u16le(c);
	r->protocol = cursor_u8(c);
	r->flags = cursor_u8(c);
	/* What stands in the place of the port is type and code. */
	if (r->protocol == 1 || r->protocol == 58)
		r->from_port = r->to_port = 0;
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
	struct netflow_record r = { .first = TIME_NONE, .last = TIME_NONE };
	struct cursor c = cursor_of(body);
	uint16_t elements = cursor_u16le(&c);
	bool has_ends = false;

	cursor_skip(&c, 6);
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
	}
	if (!read->enough)
		read->report->lost += count - at;
}

static bool unpack(struct reading *read, struct span *block)
{
	bool ok = true;

	switch (read->packing) {
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
	if (type != BLOCK_RECORDS)
		return true;
	if (unpack(read, &block))
		take_records(read, block, count);
	else
		read->report->blocks_lost++;
	return !read->enough;
}

static bool take_head(struct cursor *c, uint32_t *blocks, unsigned *packing, struct err *err)
{
	unsigned magic = cursor_u16le(c), layout = cursor_u16le(c), encryption;

	if (magic != MAGIC)
		return err_set(err, ERR_UNSUPPORTED, 0, "no file of nfdump");
	if (layout != LAYOUT)
		return err_set(err, ERR_LIMIT, 2, "a file of nfdump's layout %u, which only nfdump reads: "
			       "nfdump 1.7 -r it -w another turns it into layout 2", layout);
	cursor_seek(c, 16);
	*packing = cursor_u8(c);
	encryption = cursor_u8(c);
	cursor_seek(c, 36);
	*blocks = cursor_u32le(c);
	if (c->short_read)
		return err_set(err, ERR_CORRUPT, c->in.len, "nfdump's head is cut short");
	if (encryption)
		return err_set(err, ERR_DENIED, 17, "an encrypted file of nfdump");
	if (*packing == PACKED_LZO || *packing > PACKED_ZSTD)
		return err_set(err, ERR_LIMIT, 16, "a file of nfdump packed with %s: nfdump -r it -J 0 unpacks it",
			       *packing == PACKED_LZO ? "LZO" : "what we do not know");
	return true;
}

bool nfdump_read(struct span file, netflow_fn *each, void *context, struct nfdump_report *report,
		 struct err *err)
{
	struct reading read = { .each = each, .context = context, .report = report };
	struct cursor c = cursor_of(file);
	uint32_t blocks = 0, at = 0;

	*report = (struct nfdump_report){ 0 };
	if (!take_head(&c, &blocks, &read.packing, err))
		return false;
	read.unpacked = buf_new(NFDUMP_BLOCK_MOST);
	while (at < blocks && cursor_left(&c) && take_block(&read, &c))
		at++;
	if (!read.enough && !c.short_read && at < blocks)
		report->blocks_lost += blocks - at;
	buf_free(&read.unpacked);
	return true;
}
