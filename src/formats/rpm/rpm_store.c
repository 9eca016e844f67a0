/* Stores of headers: Berkeley DB's hash, and ndb. */
#include "formats/rpm/rpm.h"

#include "base/buf.h"

struct store {
	struct span file;
	bool (*each)(void *context, struct span blob);
	void *context;
	uint64_t damaged;
	size_t budget;			/* bytes that may still be put together: as many as there are */
	bool is_over;
};

static void tell(struct store *s, struct span blob)
{
	if (!s->is_over && !s->each(s->context, blob))
		s->is_over = true;
}

static bool spend(struct store *s, size_t bytes)
{
	if (bytes > s->budget)
		return false;
	s->budget -= bytes;
	return true;
}

/* ---- ndb: little-endian; a slot points to the blocks of a header ---- */

#define NDB_MAGIC UINT32_C(0x506d7052)	/* "RpmP" */
#define SLOT_MAGIC UINT32_C(0x746f6c53)	/* "Slot" */
#define BLOB_MAGIC UINT32_C(0x53626c42)	/* "BlbS" */
#define NDB_PAGE 4096
#define NDB_BLOCK 16

static void take_slot(struct store *s, struct span slot)
{
	struct cursor c = cursor_of(slot), at = cursor_of(s->file);
	uint32_t magic = cursor_u32le(&c), number = cursor_u32le(&c), block = cursor_u32le(&c), len;

	if (magic != SLOT_MAGIC || !number || !block)
		return;
	cursor_seek(&at, (size_t)block * NDB_BLOCK);
	magic = cursor_u32le(&at);
	if (cursor_u32le(&at) != number)
		magic = 0;
	cursor_skip(&at, 4);
	len = cursor_u32le(&at);
	slot = cursor_take(&at, len);
	if (magic != BLOB_MAGIC || at.short_read || !spend(s, len))
		s->damaged++;
	else
		tell(s, slot);
}

static void read_ndb(struct store *s)
{
	struct cursor c = cursor_of(s->file);
	struct span slots;

	cursor_skip(&c, 12);
	slots = span_sub(s->file, 0, (size_t)cursor_u32le(&c) * NDB_PAGE);
	for (size_t at = 32; at + 16 <= slots.len && !s->is_over; at += 16)
		take_slot(s, span_sub(slots, at, 16));
}

/* ---- Berkeley DB: pages; a value lies on its page or on a chain of others ---- */

#define HASH_MAGIC UINT32_C(0x061561)
#define PAGE_HEADER 26

enum { PAGE_HASH_UNSORTED = 2, PAGE_OVERFLOW = 7, PAGE_HASH = 13 };
enum { ITEM_DATA = 1, ITEM_OFF_PAGE = 3 };

struct hash {
	struct store *s;
	uint32_t page_size;
	bool is_big;
	struct buf blob;
};

static uint32_t u32_of(const struct hash *h, struct cursor *c)
{
	return h->is_big ? cursor_u32be(c) : cursor_u32le(c);
}

static uint16_t u16_of(const struct hash *h, struct cursor *c)
{
	return h->is_big ? cursor_u16be(c) : cursor_u16le(c);
}

struct page {
	struct span bytes;
	uint32_t next;
	uint16_t entries, used;
	uint8_t type;
};

static bool page_at(const struct hash *h, size_t number, struct page *out)
{
	struct cursor c;

	if (number > h->s->file.len / h->page_size)
		return false;
	out->bytes = span_sub(h->s->file, number * h->page_size, h->page_size);
	c = cursor_of(out->bytes);
	cursor_skip(&c, 16);
	out->next = u32_of(h, &c);
	out->entries = u16_of(h, &c);
	out->used = u16_of(h, &c);
	cursor_skip(&c, 1);
	out->type = cursor_u8(&c);
	return !c.short_read && out->bytes.len == h->page_size;
}

/* Each page gives at least a byte, so a ring of pages ends with the length. */
static bool put_together(struct hash *h, uint32_t number, uint32_t len)
{
	struct page p;

	buf_clear(&h->blob);
	if (len > RPM_MAX_HEADER || !spend(h->s, len))
		return false;
	while (h->blob.len < len) {
		if (!number || !page_at(h, number, &p) || p.type != PAGE_OVERFLOW || !p.used)
			return false;
		buf_add(&h->blob, span_sub(span_sub(p.bytes, PAGE_HEADER, p.used), 0, len - h->blob.len));
		number = p.next;
	}
	return !h->blob.overflow;
}

static void take_value(struct hash *h, struct span item)
{
	struct cursor c = cursor_of(item);
	uint8_t type = cursor_u8(&c);
	uint32_t number;

	/* Inline values of few bytes: the record that counts headers. */
	if (type == ITEM_DATA && item.len > 32 && spend(h->s, item.len))
		tell(h->s, span_from(item, 1));
	if (type != ITEM_OFF_PAGE)
		return;
	cursor_skip(&c, 3);
	number = u32_of(h, &c);
	if (!put_together(h, number, u32_of(h, &c)))
		h->s->damaged++;
	else
		tell(h->s, buf_span(&h->blob));
}

/* Pairs of key and value; where an item begins stands in the index, and it ends where the one before begins. */
static void take_page(struct hash *h, const struct page *p)
{
	struct cursor c = cursor_of(p->bytes);
	size_t end = h->page_size;

	cursor_seek(&c, PAGE_HEADER);
	for (unsigned i = 0; i < p->entries && !h->s->is_over; i++) {
		size_t start = u16_of(h, &c);

		if (c.short_read || start >= end || start < PAGE_HEADER) {
			h->s->damaged++;
			return;
		}
		if (i % 2)
			take_value(h, span_sub(p->bytes, start, end - start));
		end = start;
	}
}

static bool read_hash(struct store *s, struct err *err)
{
	struct cursor c = cursor_of(s->file);
	struct hash h = { .s = s, .blob = buf_new(RPM_MAX_HEADER) };
	struct page p;

	cursor_seek(&c, 12);
	h.is_big = cursor_u32le(&c) != HASH_MAGIC;
	cursor_skip(&c, 4);
	h.page_size = u32_of(&h, &c);
	if (c.short_read || h.page_size < 512 || h.page_size > 65536 || h.page_size & (h.page_size - 1))
		return err_set(err, ERR_CORRUPT, 20, "no size of a page");
	for (size_t number = 1; number < s->file.len / h.page_size && !s->is_over; number++)
		if (page_at(&h, number, &p) && (p.type == PAGE_HASH || p.type == PAGE_HASH_UNSORTED))
			take_page(&h, &p);
	buf_free(&h.blob);
	return true;
}

bool rpm_store_each(struct span file, bool (*each)(void *context, struct span blob), void *context,
		    uint64_t *damaged, struct err *err)
{
	struct store s = { .file = file, .each = each, .context = context, .budget = file.len };
	bool ok = true;

	if (file.len >= NDB_PAGE && load_u32le(file.at) == NDB_MAGIC)
		read_ndb(&s);
	else if (file.len >= 512 && (load_u32le(file.at + 12) == HASH_MAGIC ||
				     load_u32be(file.at + 12) == HASH_MAGIC))
		ok = read_hash(&s, err);
	else
		ok = err_set(err, ERR_UNSUPPORTED, 0, "no store of RPM that is known");
	*damaged = s.damaged;
	return ok;
}
