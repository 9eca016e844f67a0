#include "disk/ext.h"

#define MAGIC 0xef53
#define INCOMPAT_META_GROUPS 0x10
#define INCOMPAT_64BIT 0x80
#define RO_SPARSE_SUPER 1

#define INODE_LEAST 128
#define FLAG_ENCRYPTED 0x800
#define FLAG_EXTENTS 0x80000
#define FLAG_INLINE 0x10000000
#define TYPE_MASK 0xf000
#define TYPE_FILE 0x8000

#define MAP_BYTES 60
#define DIRECT 12
#define LEVELS_MOST 5
#define EXTENT_MAGIC 0xf30a
#define EXTENT_BYTES 12
/* A longer one is allocated and was never written: it reads as zeros. */
#define WRITTEN_MOST 32768
#define ATTRIBUTES_MAGIC 0xea020000
#define ATTRIBUTE_OF_SYSTEM 7
#define PIECE ((size_t)1 << 20)

struct reading {
	const struct ext *e;
	struct buf *to;
	uint64_t done, size;	/* bytes of the file: so far, wanted */
	uint64_t nodes;		/* blocks of the tree that may still be looked at */
	bool is_cut;		/* no room for more */
	ext_run_fn *run;	/* or NULL: where it lies is told, and nothing read */
	void *context;
	struct err *err;
};

/* ---- the superblock ---- */

bool ext_open(struct ext *out, struct blocks *volume, struct err *err)
{
	uint8_t s[1024];
	uint32_t revision, incompat, log;

	*out = (struct ext){ .volume = volume };
	if (!blocks_read_all(volume, EXT_SUPERBLOCK, s, sizeof s, err))
		return false;
	revision = load_u32le(s + 76);
	incompat = load_u32le(s + 96);
	log = load_u32le(s + 24);
	out->inodes = load_u32le(s);
	out->first_block = load_u32le(s + 20);
	out->block = log <= 6 ? (uint32_t)1024 << log : 0;
	out->blocks_a_group = load_u32le(s + 32);
	out->inodes_a_group = load_u32le(s + 40);
	out->inode_size = revision ? load_u16le(s + 88) : INODE_LEAST;
	out->descriptor_size = incompat & INCOMPAT_64BIT ? load_u16le(s + 254) : 32;
	out->has_meta_groups = incompat & INCOMPAT_META_GROUPS;
	out->first_meta = load_u32le(s + 260);
	out->is_sparse_super = load_u32le(s + 100) & RO_SPARSE_SUPER;
	return (load_u16le(s + 56) == MAGIC && out->block && out->inodes_a_group && out->blocks_a_group &&
		out->inode_size >= INODE_LEAST && out->inode_size <= out->block &&
		out->descriptor_size >= 32 && out->descriptor_size <= out->block) ||
	       err_set(err, ERR_CORRUPT, EXT_SUPERBLOCK, "ext: the superblock makes no sense");
}

/* ---- inodes ---- */

static bool is_power_of(uint32_t n, uint32_t base)
{
	while (n > 1 && n % base == 0)
		n /= base;
	return n == 1;
}

static bool has_superblock(const struct ext *e, uint32_t group)
{
	return !e->is_sparse_super || group < 2 || is_power_of(group, 3) || is_power_of(group, 5) ||
	       is_power_of(group, 7);
}

/* Where the descriptor of a group stands. */
static uint64_t descriptor_at(const struct ext *e, uint32_t group)
{
	uint32_t in_block = e->block / e->descriptor_size;
	uint32_t meta = group / in_block;
	uint64_t at = e->first_block + 1 + (uint64_t)meta;

	if (e->has_meta_groups && meta >= e->first_meta) {
		uint32_t first = meta * in_block;

		at = e->first_block + (uint64_t)first * e->blocks_a_group + has_superblock(e, first);
	}
	return at * e->block + (uint64_t)(group % in_block) * e->descriptor_size;
}

bool ext_read_group(const struct ext *e, uint32_t group, struct ext_group *out, struct err *err)
{
	uint8_t d[64] = { 0 };

	if (!blocks_read_all(e->volume, descriptor_at(e, group), d, e->descriptor_size < 64 ? 32 : 64, err))
		return false;
	*out = (struct ext_group){
		.bitmap = load_u32le(d + 4) | (uint64_t)load_u32le(d + 0x24) << 32,
		.table = load_u32le(d + 8) | (uint64_t)load_u32le(d + 0x28) << 32,
		.flags = load_u16le(d + 0x12),
		.never_used = load_u16le(d + 0x1c) | (uint32_t)load_u16le(d + 0x32) << 16,
	};
	return out->table <= e->volume->size / e->block ||
	       err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "ext: inodes beyond the end");
}

bool ext_read_inode(const struct ext *e, uint64_t inode, struct buf *to, struct err *err)
{
	struct ext_group group;
	uint32_t index;
	uint8_t *room;

	if (!inode || inode > e->inodes)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "ext: no such inode");
	index = (uint32_t)((inode - 1) % e->inodes_a_group);
	if (!ext_read_group(e, (uint32_t)((inode - 1) / e->inodes_a_group), &group, err))
		return false;
	room = buf_reserve(to, e->inode_size);
	to->len = room ? e->inode_size : 0;
	return room && blocks_read_all(e->volume, group.table * e->block + (uint64_t)index * e->inode_size,
				       room, e->inode_size, err);
}

/* ---- content ---- */

static uint64_t left(const struct reading *r)
{
	return r->size - r->done;
}

/* Zeros up to a place of the file, or to its end. */
static bool fill_to(struct reading *r, uint64_t upto)
{
	upto = upto < r->size ? upto : r->size;
	if (r->run && r->done < upto)
		r->done = upto;
	while (r->done < upto && !r->is_cut) {
		size_t piece = upto - r->done < PIECE ? (size_t)(upto - r->done) : PIECE;
		uint8_t *room = buf_reserve(r->to, piece);

		r->is_cut = !room;
		if (!room)
			break;
		memset(room, 0, piece);
		r->to->len += piece;
		r->done += piece;
	}
	return true;
}

static bool copy_run(struct reading *r, uint64_t block, uint64_t count)
{
	uint64_t bytes = count * r->e->block < left(r) ? count * r->e->block : left(r);

	if (block > r->e->volume->size / r->e->block)
		return err_set(r->err, ERR_CORRUPT, ERR_NO_OFFSET, "ext: content beyond the end");
	if (r->run) {
		r->is_cut = !r->run(r->context, r->done / r->e->block, block, count);
		r->done += bytes;
		return true;
	}
	for (uint64_t at = block * r->e->block; bytes && !r->is_cut; ) {
		size_t piece = bytes < PIECE ? (size_t)bytes : PIECE;
		uint8_t *room = buf_reserve(r->to, piece);

		r->is_cut = !room;
		if (!room)
			break;
		if (!blocks_read_all(r->e->volume, at, room, piece, r->err))
			return false;
		r->to->len += piece;
		r->done += piece;
		at += piece;
		bytes -= piece;
	}
	return true;
}

static bool take_node(struct reading *r)
{
	if (!r->nodes)
		return err_set(r->err, ERR_CORRUPT, ERR_NO_OFFSET, "ext: more blocks of a map than content");
	r->nodes--;
	return true;
}

static bool read_block(struct reading *r, uint64_t block, struct buf *to)
{
	uint8_t *room = buf_reserve(to, r->e->block);

	if (!room || block > r->e->volume->size / r->e->block)
		return err_set(r->err, ERR_CORRUPT, ERR_NO_OFFSET, "ext: a map beyond the end");
	to->len = r->e->block;
	return blocks_read_all(r->e->volume, block * r->e->block, room, r->e->block, r->err);
}

static bool read_extents(struct reading *r, struct span node, unsigned levels);

static bool read_extent_index(struct reading *r, const uint8_t *entry, unsigned levels)
{
	uint64_t block = load_u32le(entry + 4) | (uint64_t)load_u16le(entry + 8) << 32;
	struct buf room = buf_new(r->e->block);
	bool ok = take_node(r) && read_block(r, block, &room) &&
		  read_extents(r, buf_span(&room), levels);

	buf_free(&room);
	return ok;
}

static bool read_extent(struct reading *r, const uint8_t *entry)
{
	uint64_t at = (uint64_t)load_u32le(entry) * r->e->block;
	uint16_t count = load_u16le(entry + 4);
	uint64_t block = load_u32le(entry + 8) | (uint64_t)load_u16le(entry + 6) << 32;

	if (at < r->done)
		return err_set(r->err, ERR_CORRUPT, ERR_NO_OFFSET, "ext: extents out of order");
	fill_to(r, at);
	if (count > WRITTEN_MOST)
		return fill_to(r, at + (uint64_t)(count - WRITTEN_MOST) * r->e->block);
	return r->is_cut || r->done >= r->size || copy_run(r, block, count);
}

static bool read_extents(struct reading *r, struct span node, unsigned levels)
{
	struct cursor c = cursor_of(node);
	uint16_t magic = cursor_u16le(&c), count = cursor_u16le(&c), depth;

	cursor_skip(&c, 2);
	depth = cursor_u16le(&c);
	cursor_skip(&c, 4);
	if (c.short_read || magic != EXTENT_MAGIC || depth > levels || count > cursor_left(&c) / EXTENT_BYTES)
		return err_set(r->err, ERR_CORRUPT, ERR_NO_OFFSET, "ext: a tree of extents makes no sense");
	while (count-- && r->done < r->size && !r->is_cut) {
		const uint8_t *entry = cursor_take(&c, EXTENT_BYTES).at;

		if (!(depth ? read_extent_index(r, entry, depth - 1u) : read_extent(r, entry)))
			return false;
	}
	return true;
}

/* `level` 0: blocks of content; else of maps. */
static bool read_map(struct reading *r, struct span map, unsigned level)
{
	uint64_t each = r->e->block;

	for (unsigned i = 0; i < level; i++)
		each *= r->e->block / 4;
	for (size_t i = 0; i + 4 <= map.len && r->done < r->size && !r->is_cut; i += 4) {
		uint32_t block = load_u32le(map.at + i);
		struct buf room = buf_new(r->e->block);
		bool ok;

		if (!block)
			ok = fill_to(r, r->done + (each < left(r) ? each : left(r)));
		else if (!level)
			ok = copy_run(r, block, 1);
		else
			ok = take_node(r) && read_block(r, block, &room) && read_map(r, buf_span(&room), level - 1);
		buf_free(&room);
		if (!ok)
			return false;
	}
	return true;
}

static bool read_maps(struct reading *r, struct span map)
{
	if (!read_map(r, span_sub(map, 0, DIRECT * 4), 0))
		return false;
	for (unsigned level = 1; level <= 3; level++)
		if (!read_map(r, span_sub(map, (DIRECT + level - 1) * 4, 4), level))
			return false;
	return true;
}

/* What does not fit where the map would be stands in the attribute "system.data". */
static bool read_inline(struct reading *r, struct span inode, struct span map)
{
	size_t extra = inode.len > INODE_LEAST + 2 ? load_u16le(inode.at + INODE_LEAST) : 0;
	struct span attributes = span_from(inode, INODE_LEAST + extra);
	struct cursor c = cursor_of(attributes);
	size_t first = left(r) < map.len ? (size_t)left(r) : map.len;

	buf_add(r->to, span_sub(map, 0, first));
	r->done += first;
	if (cursor_u32le(&c) != ATTRIBUTES_MAGIC)
		return fill_to(r, r->size);
	while (r->done < r->size && cursor_left(&c) >= 16) {
		uint8_t len = cursor_u8(&c), of = cursor_u8(&c);
		uint16_t at = cursor_u16le(&c);
		uint32_t size;

		cursor_skip(&c, 4);
		size = cursor_u32le(&c);
		cursor_skip(&c, 4);
		if (of == ATTRIBUTE_OF_SYSTEM && span_eq(cursor_take(&c, len), SPAN("data"))) {
			struct span value = span_sub(span_from(attributes, 4), at, size);

			value = span_sub(value, 0, left(r) < value.len ? (size_t)left(r) : value.len);
			buf_add(r->to, value);
			r->done += value.len;
			break;
		}
		if (of != ATTRIBUTE_OF_SYSTEM)
			cursor_skip(&c, len);
		if (!len && !of)
			break;
		cursor_skip(&c, (4 - len % 4) % 4u);
	}
	return fill_to(r, r->size);
}

static bool read_content(struct reading *r, struct span inode)
{
	uint32_t flags = load_u32le(inode.at + 32);
	struct span map = span_sub(inode, 40, MAP_BYTES);
	bool ok;

	if (flags & FLAG_ENCRYPTED)
		return err_set(r->err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "ext: encrypted by the file system");
	if (flags & FLAG_INLINE)
		return read_inline(r, inode, map);
	ok = flags & FLAG_EXTENTS ? read_extents(r, map, LEVELS_MOST) : read_maps(r, map);
	return ok && fill_to(r, r->size);
}

static uint64_t size_of(struct span inode)
{
	bool is_file = (load_u16le(inode.at) & TYPE_MASK) == TYPE_FILE;

	return load_u32le(inode.at + 4) | (is_file ? (uint64_t)load_u32le(inode.at + 108) << 32 : 0);
}

bool ext_each_run(const struct ext *e, uint64_t inode, ext_run_fn *take, void *context, struct err *err)
{
	struct reading r = { .e = e, .run = take, .context = context, .err = err };
	struct buf raw = buf_new(EXT_INODE_MOST);
	bool ok = ext_read_inode(e, inode, &raw, err) && !(load_u32le(raw.at + 32) & (FLAG_ENCRYPTED | FLAG_INLINE));

	if (ok) {
		r.size = size_of(buf_span(&raw));
		r.size = r.size < e->volume->size ? r.size : e->volume->size;
		r.nodes = r.size / e->block + LEVELS_MOST;
		ok = read_content(&r, buf_span(&raw)) && !r.is_cut;
	}
	buf_free(&raw);
	return ok;
}

bool ext_read(const struct ext *e, uint64_t inode, uint64_t most, struct buf *to, bool *cut,
	      struct err *err)
{
	struct reading r = { .e = e, .to = to, .err = err };
	struct buf raw = buf_new(EXT_INODE_MOST);
	bool ok = ext_read_inode(e, inode, &raw, err);

	if (ok) {
		uint64_t size = size_of(buf_span(&raw));

		r.size = size < most ? size : most;
		r.nodes = r.size / e->block + LEVELS_MOST;
		ok = read_content(&r, buf_span(&raw));
		*cut = r.is_cut || size > most;
	}
	buf_free(&raw);
	return ok;
}

void ext_marks(const struct ext *e, uint64_t inode, struct marks_room *room, struct marks *out)
{
	struct buf raw = buf_new(EXT_INODE_MOST);
	struct err ignored;

	*out = (struct marks){ 0 };
	if (ext_read_inode(e, inode, &raw, &ignored))
		marks_of_ext(e->volume, e->block, buf_span(&raw), room, out);
	buf_free(&raw);
}
