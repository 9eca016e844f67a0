#include "formats/ese/ese_page.h"

#include "codec/xpress.h"

#define HEADER_SIZE 40
#define LARGE_PAGE 16384	/* from here on tags have 15 bits and pages a second header */
#define MAX_DEPTH 24

enum { PAGE_ROOT = 1, PAGE_LEAF = 2, PAGE_PARENT = 4, PAGE_EMPTY = 8, PAGE_SPACE_TREE = 0x20 };
enum { TAG_DELETED = 2, TAG_HAS_PREFIX = 4 };

struct page {
	struct span bytes, values;	/* whole page; behind its header */
	uint32_t id, flags;
	size_t tags;
	bool is_large;
};

static bool page_read(const struct ese *db, uint32_t number, struct page *out)
{
	/* Page 1 lies behind the header and its copy. */
	uint64_t at = ((uint64_t)number + 1) * db->page_size;
	struct cursor c;

	if (!number || at + db->page_size > db->file.len)
		return false;
	out->bytes = span_sub(db->file, (size_t)at, db->page_size);
	out->is_large = db->page_size >= LARGE_PAGE && db->revision >= 0x11;
	out->values = span_from(out->bytes, out->is_large ? 2 * HEADER_SIZE : HEADER_SIZE);
	c = cursor_of(out->bytes);
	cursor_seek(&c, 24);
	out->id = cursor_u32le(&c);
	cursor_skip(&c, 6);
	out->tags = cursor_u16le(&c) & 0x0fff;	/* above: reserved tags, since Windows 11 */
	out->flags = cursor_u32le(&c);
	return out->tags * 4 <= out->values.len;
}

/* The value of tag `i`, and its flags. */
static struct span tag_value(const struct page *p, size_t i, unsigned *flags)
{
	struct cursor c = cursor_of(p->bytes);
	uint16_t size, offset, mask = p->is_large ? 0x7fff : 0x1fff;
	struct span value;

	cursor_seek(&c, p->bytes.len - 4 * (i + 1));
	size = cursor_u16le(&c);
	offset = cursor_u16le(&c);
	value = span_sub(p->values, offset & mask, size & mask);
	if (p->is_large)
		*flags = value.len >= 2 ? value.at[1] >> 5 : 0;
	else
		*flags = offset >> 13;
	return value;
}

static bool node_read(const struct page *p, struct span prefix, size_t i, uint8_t key[ESE_MAX_KEY],
		      struct ese_node *out, bool *is_deleted)
{
	unsigned flags;
	struct cursor c = cursor_of(tag_value(p, i, &flags));
	size_t shared = 0, own;
	struct span part;

	if (flags & TAG_HAS_PREFIX)
		shared = cursor_u16le(&c) & 0x1fff;
	own = cursor_u16le(&c) & 0x1fff;
	part = cursor_take(&c, own);
	if (c.short_read || shared > prefix.len || shared + own > ESE_MAX_KEY)
		return false;
	if (shared)
		memcpy(key, prefix.at, shared);
	if (own)
		memcpy(key + shared, part.at, own);
	out->key = span_of(key, shared + own);
	out->data = span_from(c.in, c.at);
	*is_deleted = flags & TAG_DELETED;
	return true;
}

struct walk {
	struct ese *db;
	uint32_t id;
	uint8_t *visited;
	struct span from;	/* keys begin with this; empty: all */
	bool (*each)(void *context, const struct ese_node *node);
	void *context;
};

static bool visit(struct walk *w, uint32_t number)
{
	uint8_t *byte = &w->visited[number / 8], bit = (uint8_t)(1 << number % 8);

	if (*byte & bit)
		return false;
	*byte |= bit;
	return true;
}

/* Order of a node's key against what is sought: <0 before, 0 begins with it, >0 behind. */
static int against(struct span key, struct span from)
{
	return span_cmp(span_sub(key, 0, from.len), from);
}

static bool walk_page(struct walk *w, uint32_t number, unsigned depth);

/*
 * A branch node's key is the first that lies behind its child's keys; it may be cut
 * short, and the last has none.
 */
static bool walk_branch(struct walk *w, const struct ese_node *node, unsigned depth, bool *past)
{
	if (node->data.len < 4) {
		w->db->lost++;
		return true;
	}
	if (w->from.len && node->key.len) {
		int order = span_cmp(node->key, w->from);

		if (order <= 0)
			return true;
		*past = against(node->key, w->from) > 0;
	}
	return walk_page(w, load_u32le(node->data.at), depth + 1);
}

static bool walk_page(struct walk *w, uint32_t number, unsigned depth)
{
	uint8_t key[ESE_MAX_KEY];
	struct page p;
	struct span prefix = { 0 };
	bool past = false;

	if (depth > MAX_DEPTH || !page_read(w->db, number, &p) || !visit(w, number) ||
	    (w->id && p.id != w->id)) {
		w->db->lost++;
		return true;
	}
	if (p.flags & (PAGE_EMPTY | PAGE_SPACE_TREE))
		return true;
	if (!(p.flags & PAGE_ROOT) && p.tags) {
		unsigned flags;

		prefix = tag_value(&p, 0, &flags);
	}
	for (size_t i = 1; i < p.tags && !past; i++) {
		struct ese_node node;
		bool is_deleted;

		if (!node_read(&p, prefix, i, key, &node, &is_deleted)) {
			w->db->lost++;
			continue;
		}
		if (!(p.flags & PAGE_LEAF)) {
			if (!walk_branch(w, &node, depth, &past))
				return false;
			continue;
		}
		if (is_deleted || (w->from.len && against(node.key, w->from)))
			continue;
		if (!w->each(w->context, &node))
			return false;
	}
	return true;
}

static bool walk_from(struct walk *w, uint32_t root, struct arena *arena)
{
	/* A seek touches few pages, but may be asked often: it takes what the arena has. */
	size_t pages = w->db->file.len / w->db->page_size;

	w->visited = arena_alloc(arena, pages / 8 + 1);
	return w->visited ? walk_page(w, root, 0) : false;
}

bool ese_walk(struct ese *db, uint32_t root, uint32_t id,
	      bool (*each)(void *context, const struct ese_node *node), void *context)
{
	struct walk w = { .db = db, .id = id, .each = each, .context = context };
	struct arena arena = arena_new(db->file.len / db->page_size / 8 + 4096);
	bool ok = walk_from(&w, root, &arena);

	arena_free(&arena);
	return ok;
}

bool ese_seek(struct ese *db, uint32_t root, struct span key,
	      bool (*each)(void *context, const struct ese_node *node), void *context)
{
	struct walk w = { .db = db, .from = key, .each = each, .context = context };
	struct arena arena = arena_new(db->file.len / db->page_size / 8 + 4096);
	bool ok = walk_from(&w, root, &arena);

	arena_free(&arena);
	return ok;
}

/* Characters of seven bits each, lowest bits first; `step` 2 makes UTF-16 of them. */
static struct span seven_bits(struct span packed, size_t step, struct arena *arena)
{
	size_t bits = packed.len < 2 ? 0 : (packed.len - 2) * 8 + (packed.at[0] & 7) + 1, count = bits / 7;
	uint8_t *to = arena_alloc(arena, count * step + 1);

	for (size_t i = 0; to && i < count; i++) {
		size_t bit = i * 7, byte = 1 + bit / 8;
		unsigned two = packed.at[byte] | (byte + 1 < packed.len ? packed.at[byte + 1] << 8 : 0);

		to[i * step] = (uint8_t)(two >> bit % 8 & 0x7f);
	}
	return span_of(to, to ? count * step : 0);
}

struct span ese_unpack(struct span data, struct arena *arena)
{
	struct span out = { 0 };
	struct err err;

	if (!data.len)
		return data;
	switch (data.at[0] >> 3) {
	case 1:
		return seven_bits(data, 1, arena);
	case 2:
		return seven_bits(data, 2, arena);
	case 3:
		if (data.len < 3 || !xpress_plain(span_from(data, 3), load_u16le(data.at + 1), arena, &out, &err))
			return (struct span){ 0 };
		return out;
	default:
		return data;
	}
}
