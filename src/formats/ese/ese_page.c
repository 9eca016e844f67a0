#include "formats/ese/ese_page.h"

#include "codec/xpress.h"
#include "formats/ese/ese_replay.h"

#define HEADER_SIZE 40
#define LARGE_PAGE 16384	/* from here on tags have 15 bits and pages a second header */
#define MAX_DEPTH 24

enum { PAGE_PARENT = 4, PAGE_EMPTY = 8, PAGE_SPACE_TREE = 0x20 };
enum { TAG_DELETED = 2, TAG_HAS_PREFIX = 4 };

struct page {
	struct span bytes, values;	/* whole page; behind its header */
	uint32_t id, flags;
	size_t tags;
	bool is_large;
	const struct ese_nodes *replayed;	/* its nodes are these, and not those of the bytes */
};

struct span ese_page_bytes(const struct ese *db, uint32_t number)
{
	/* Page 1 lies behind the header and its copy. */
	uint64_t at = ((uint64_t)number + 1) * db->page_size;

	if (!number || at + db->page_size > db->file.len)
		return (struct span){ 0 };
	return span_sub(db->file, (size_t)at, db->page_size);
}

uint64_t ese_page_time(struct span page)
{
	return page.len < 16 ? 0 : load_u64le(page.at + 8);
}

static bool page_of(const struct ese *db, struct span bytes, struct page *out)
{
	struct cursor c = cursor_of(bytes);

	*out = (struct page){ .bytes = bytes, .is_large = db->page_size >= LARGE_PAGE && db->revision >= 0x11 };
	out->values = span_from(bytes, out->is_large ? 2 * HEADER_SIZE : HEADER_SIZE);
	cursor_seek(&c, 24);
	out->id = cursor_u32le(&c);
	cursor_skip(&c, 6);
	out->tags = cursor_u16le(&c) & 0x0fff;	/* above: reserved tags, since Windows 11 */
	out->flags = cursor_u32le(&c);
	return bytes.len && out->tags * 4 <= out->values.len;
}

static bool page_read(const struct ese *db, uint32_t number, struct page *out)
{
	const struct ese_replayed *p = ese_replayed_page(db, number);

	if (!p)
		return page_of(db, ese_page_bytes(db, number), out);
	*out = (struct page){ .id = p->nodes.id, .flags = p->nodes.flags, .tags = p->nodes.count + 1,
			      .replayed = &p->nodes };
	return true;
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

/* What all keys of the page may begin with; a root has other things there. */
static struct span page_prefix(const struct page *p)
{
	unsigned flags;

	return !p->replayed && !(p->flags & ESE_PAGE_ROOT) && p->tags ? tag_value(p, 0, &flags) : (struct span){ 0 };
}

static bool node_read(const struct page *p, struct span prefix, size_t i, uint8_t key[ESE_MAX_KEY],
		      struct ese_node *out)
{
	unsigned flags;
	struct cursor c;
	size_t shared = 0, own;
	struct span part;

	if (p->replayed) {
		*out = p->replayed->at[i - 1];
		return true;
	}
	c = cursor_of(tag_value(p, i, &flags));
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
	out->is_deleted = flags & TAG_DELETED;
	return true;
}

bool ese_nodes_read(const struct ese *db, struct span bytes, struct arena *arena, struct ese_nodes *out)
{
	uint8_t key[ESE_MAX_KEY];
	struct page p;

	*out = (struct ese_nodes){ 0 };
	if (!page_of(db, bytes, &p))
		return false;
	out->id = p.id;
	out->flags = p.flags;
	out->at = ARENA_ARRAY(arena, p.tags + 1, struct ese_node);
	out->room = out->at ? p.tags + 1 : 0;
	for (size_t i = 1; out->at && i < p.tags; i++) {
		struct ese_node *node = &out->at[out->count];

		if (!node_read(&p, page_prefix(&p), i, key, node))
			return false;
		node->key = arena_copy(arena, node->key);
		out->count += node->key.at != NULL;
	}
	return out->count + 1 >= p.tags;
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
	struct span prefix;
	bool past = false;

	if (depth > MAX_DEPTH || !page_read(w->db, number, &p) || !visit(w, number) ||
	    (w->id && p.id != w->id)) {
		w->db->lost++;
		return true;
	}
	if (p.flags & (PAGE_EMPTY | PAGE_SPACE_TREE))
		return true;
	prefix = page_prefix(&p);
	for (size_t i = 1; i < p.tags && !past; i++) {
		struct ese_node node;

		if (!node_read(&p, prefix, i, key, &node)) {
			w->db->lost++;
			continue;
		}
		if (!(p.flags & ESE_PAGE_LEAF)) {
			if (!walk_branch(w, &node, depth, &past))
				return false;
			continue;
		}
		if (node.is_deleted || (w->from.len && against(node.key, w->from)))
			continue;
		if (!w->each(w->context, &node))
			return false;
	}
	return true;
}

/* Pages that the logs changed and no other leads to, and rows that found no page. */
static bool walk_rest(struct walk *w)
{
	const struct ese_replay *r = w->db->replay;

	for (size_t i = 0; r && i < r->count; i++) {
		const struct ese_replayed *p = r->pages[i];
		bool is_seen = w->visited[p->number / 8] >> p->number % 8 & 1;

		if (!is_seen && p->applied && !p->is_gone && p->nodes.id == w->id && p->nodes.flags & ESE_PAGE_LEAF &&
		    !walk_page(w, p->number, 1))
			return false;
	}
	for (size_t i = 0; r && i < r->loose_count; i++)
		if (r->loose[i].object == w->id && !w->each(w->context, &r->loose[i].node))
			return false;
	return true;
}

/* Bytes for a bit a page, those among them that the file does not have yet. */
static size_t page_bits(const struct ese *db)
{
	size_t pages = db->file.len / db->page_size;

	for (size_t i = 0; db->replay && i < db->replay->count; i++)
		if (db->replay->pages[i]->number >= pages)
			pages = db->replay->pages[i]->number + 1;
	return pages / 8 + 1;
}

static bool walk_from(struct walk *w, uint32_t root)
{
	size_t bits = page_bits(w->db);
	struct arena arena = arena_new(bits + 4096);
	bool ok;

	w->visited = arena_alloc(&arena, bits);
	ok = w->visited && walk_page(w, root, 0) && (!w->id || walk_rest(w));
	arena_free(&arena);
	return ok;
}

bool ese_walk(struct ese *db, uint32_t root, uint32_t id,
	      bool (*each)(void *context, const struct ese_node *node), void *context)
{
	return walk_from(&(struct walk){ .db = db, .id = id, .each = each, .context = context }, root);
}

bool ese_seek(struct ese *db, uint32_t root, struct span key,
	      bool (*each)(void *context, const struct ese_node *node), void *context)
{
	return walk_from(&(struct walk){ .db = db, .from = key, .each = each, .context = context }, root);
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
