#include "formats/http/hpack.h"

#include "formats/http/hpack_huffman.h"

#define TABLE_AT_FIRST 4096
#define TEXT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }
#define FIELD(name, value) { TEXT(name), TEXT(value) }
#define NAME(name) FIELD(name, "")

struct field {
	struct span name, value;
};

/* RFC 7541, appendix A; numbered from 1. */
static const struct field known[] = {
	NAME(":authority"), FIELD(":method", "GET"), FIELD(":method", "POST"), FIELD(":path", "/"),
	FIELD(":path", "/index.html"), FIELD(":scheme", "http"), FIELD(":scheme", "https"),
	FIELD(":status", "200"), FIELD(":status", "204"), FIELD(":status", "206"), FIELD(":status", "304"),
	FIELD(":status", "400"), FIELD(":status", "404"), FIELD(":status", "500"), NAME("accept-charset"),
	FIELD("accept-encoding", "gzip, deflate"), NAME("accept-language"), NAME("accept-ranges"),
	NAME("accept"), NAME("access-control-allow-origin"), NAME("age"), NAME("allow"),
	NAME("authorization"), NAME("cache-control"), NAME("content-disposition"),
	NAME("content-encoding"), NAME("content-language"), NAME("content-length"),
	NAME("content-location"), NAME("content-range"), NAME("content-type"), NAME("cookie"),
	NAME("date"), NAME("etag"), NAME("expect"), NAME("expires"), NAME("from"), NAME("host"),
	NAME("if-match"), NAME("if-modified-since"), NAME("if-none-match"), NAME("if-range"),
	NAME("if-unmodified-since"), NAME("last-modified"), NAME("link"), NAME("location"),
	NAME("max-forwards"), NAME("proxy-authenticate"), NAME("proxy-authorization"), NAME("range"),
	NAME("referer"), NAME("refresh"), NAME("retry-after"), NAME("server"), NAME("set-cookie"),
	NAME("strict-transport-security"), NAME("transfer-encoding"), NAME("user-agent"), NAME("vary"),
	NAME("via"), NAME("www-authenticate"),
};

#define KNOWN (sizeof known / sizeof *known)

void hpack_begin(struct hpack *h, bool is_partial)
{
	h->is_partial = is_partial;
	h->unknown = 0;
	h->limit = TABLE_AT_FIRST;
	h->size = h->count = h->newest = h->end = 0;
}

/* ---- the table that the encoder fills ---- */

/* `back` from the newest on. */
static struct hpack_entry *entry_at(struct hpack *h, uint32_t back)
{
	return &h->entries[(h->newest + HPACK_ENTRIES - back) % HPACK_ENTRIES];
}

static void evict(struct hpack *h, uint32_t limit)
{
	while (h->size > limit) {
		const struct hpack_entry *oldest = entry_at(h, --h->count);

		h->size -= oldest->name + oldest->value + HPACK_ENTRY;
	}
}

/* Moves what is in use to the front; the entries lie in the order in which they came. */
static void tidy(struct hpack *h)
{
	uint32_t begin = h->count ? entry_at(h, h->count - 1)->at : h->end;

	memmove(h->text, h->text + begin, h->end - begin);
	for (uint32_t i = 0; i < h->count; i++)
		entry_at(h, i)->at -= begin;
	h->end -= begin;
}

static void keep(struct hpack *h, struct field f)
{
	size_t size = f.name.len + f.value.len + HPACK_ENTRY;

	/* What is larger than all empties the table, and that is no mistake. */
	evict(h, size > h->limit ? 0 : h->limit - (uint32_t)size);
	if (size > h->limit)
		return;
	if (f.name.len + f.value.len > sizeof h->text - h->end)
		tidy(h);
	h->newest = (h->newest + 1) % HPACK_ENTRIES;
	h->entries[h->newest] = (struct hpack_entry){ h->end, (uint16_t)f.name.len, (uint16_t)f.value.len };
	h->count++;
	h->size += (uint32_t)size;
	if (f.name.len)
		memcpy(h->text + h->end, f.name.at, f.name.len);
	if (f.value.len)
		memcpy(h->text + h->end + f.name.len, f.value.at, f.value.len);
	h->end += (uint32_t)(f.name.len + f.value.len);
}

static bool find(struct hpack *h, uint64_t index, struct field *out)
{
	const struct hpack_entry *entry;

	if (!index || index > KNOWN + (h->is_partial ? HPACK_ENTRIES : h->count))
		return false;
	if (index > KNOWN + h->count) {
		*out = (struct field){ .name = { 0 } };
		h->unknown++;
		return true;
	}
	if (index <= KNOWN) {
		*out = known[index - 1];
		return true;
	}
	entry = entry_at(h, (uint32_t)(index - KNOWN - 1));
	out->name = span_of(h->text + entry->at, entry->name);
	out->value = span_of(h->text + entry->at + entry->name, entry->value);
	return true;
}

/* ---- a block ---- */

/* RFC 7541, 5.1: in the lower bits of a byte, and of those behind it where they do not suffice. */
static uint64_t take_number(struct cursor *c, uint8_t first, unsigned bits)
{
	uint64_t most = (UINT64_C(1) << bits) - 1, n = first & most;
	unsigned shift = 0;
	uint8_t more = 0x80;

	if (n < most)
		return n;
	while (more & 0x80 && !c->short_read) {
		more = cursor_u8(c);
		if (shift > 28)
			c->short_read = true;
		else
			n += (uint64_t)(more & 0x7f) << shift;
		shift += 7;
	}
	return n;
}

/* Unpacked at the end of `room`, or as it stands in the block. */
static bool take_text(struct cursor *c, struct buf *room, struct span *out)
{
	uint8_t first = cursor_u8(c);
	struct span text = cursor_take(c, take_number(c, first, 7));
	size_t begin = room->len;

	*out = text;
	if (c->short_read)
		return false;
	if (!(first & 0x80))
		return true;
	if (!hpack_huffman(text, room))
		return false;
	*out = span_from(buf_span(room), begin);
	return true;
}

/* What the name lies in may move when the field is kept. */
static bool take_name(struct hpack *h, struct cursor *c, uint64_t index, struct buf *room, struct span *out)
{
	size_t begin = room->len;
	struct field of;

	if (!index)
		return take_text(c, room, out);
	if (!find(h, index, &of))
		return false;
	if (index <= KNOWN) {
		*out = of.name;
		return true;
	}
	if (of.name.len && !buf_add(room, of.name))
		return false;
	*out = span_from(buf_span(room), begin);
	return true;
}

static bool take_literal(struct hpack *h, struct cursor *c, uint64_t index, bool is_kept, struct buf *room,
			 struct field *out)
{
	/* So that what is unpacked first does not move when more is. */
	buf_clear(room);
	if (!buf_reserve(room, HPACK_TABLE + 2 * c->in.len) || !take_name(h, c, index, room, &out->name) ||
	    !take_text(c, room, &out->value))
		return false;
	if (is_kept)
		keep(h, *out);
	return true;
}

/* *is_field: false where it only changes the size of the table. */
static bool take_field(struct hpack *h, struct cursor *c, struct buf *room, struct field *out, bool *is_field)
{
	uint8_t first = cursor_u8(c);
	uint64_t limit;

	*is_field = true;
	if (first & 0x80)
		return find(h, take_number(c, first, 7), out) && !c->short_read;
	if (first & 0x40)
		return take_literal(h, c, take_number(c, first, 6), true, room, out);
	if (!(first & 0x20))
		return take_literal(h, c, take_number(c, first, 4), false, room, out);
	*is_field = false;
	limit = take_number(c, first, 5);
	if (c->short_read || limit > HPACK_TABLE)
		return false;
	h->limit = (uint32_t)limit;
	evict(h, h->limit);
	return true;
}

bool hpack_read(struct hpack *h, struct span block, struct buf *room, hpack_fn *each, void *context)
{
	struct cursor c = cursor_of(block);
	struct field field;
	bool is_field;

	while (cursor_left(&c)) {
		if (!take_field(h, &c, room, &field, &is_field))
			return false;
		if (is_field && (field.name.len || !h->is_partial))
			each(context, field.name, field.value);
	}
	return !c.short_read;
}
