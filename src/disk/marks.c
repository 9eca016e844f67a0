#include "disk/marks.h"

#include "base/buf.h"
#include "disk/xfs_fork.h"

#define EXT_INODE 128
#define EXT_MAGIC 0xea020000
#define EXT_BLOCK_HEADER 32
#define EXT_ACL 2
#define EXT_SECURITY 6
#define EXT_BLOCK_MOST 65536

#define XFS_HERE 1			/* the value stands with the name */
#define XFS_ROOT 2
#define XFS_SECURE 4
#define XFS_IMMUTABLE 8
#define XFS_APPEND 16
/* A leaf of a tree of attributes. */
#define LEAF_MAGIC_AT 8
#define LEAF_V4 0xfbee
#define LEAF_V5 0x3bee
#define LEAF_COUNT_V4 12
#define LEAF_COUNT_V5 56
#define LEAF_ENTRIES_V4 32
#define LEAF_ENTRIES_V5 80
#define ATTRIBUTE_BLOCKS_MOST 65536

#define ACL_VERSION 2
#define ACL_USER 2			/* entries that name somebody */
#define ACL_GROUP 8
#define NOBODY UINT32_MAX

/* ---- the kernel's form of an access list: a version, then tag, rights and whose ---- */

static void acl_entry(struct marks_room *room, size_t *len, uint16_t tag, uint16_t rights, uint32_t whose)
{
	const uint8_t entry[8] = { (uint8_t)tag, (uint8_t)(tag >> 8), (uint8_t)rights, (uint8_t)(rights >> 8),
				   (uint8_t)whose, (uint8_t)(whose >> 8), (uint8_t)(whose >> 16), (uint8_t)(whose >> 24) };

	if (!*len) {
		memcpy(room->acl, (const uint8_t[]){ ACL_VERSION, 0, 0, 0 }, 4);
		*len = 4;
	}
	if (*len + sizeof entry > sizeof room->acl)
		return;
	memcpy(room->acl + *len, entry, sizeof entry);
	*len += sizeof entry;
}

/* ext keeps whose only where the tag names somebody. */
static struct span acl_of_ext(struct span value, struct marks_room *room)
{
	struct cursor c = cursor_of(value);
	size_t len = 0;

	cursor_skip(&c, 4);
	while (cursor_left(&c) >= 4) {
		uint16_t tag = cursor_u16le(&c), rights = cursor_u16le(&c);

		acl_entry(room, &len, tag, rights, tag == ACL_USER || tag == ACL_GROUP ? cursor_u32le(&c) : NOBODY);
	}
	return span_of(room->acl, c.short_read ? 0 : len);
}

/* XFS: a count, then tag, whose and rights, all the other way round. */
static struct span acl_of_xfs(struct span value, struct marks_room *room)
{
	struct cursor c = cursor_of(value);
	size_t len = 0;

	cursor_skip(&c, 4);
	while (cursor_left(&c) >= 12) {
		uint32_t tag = cursor_u32be(&c), whose = cursor_u32be(&c);

		acl_entry(room, &len, (uint16_t)tag, cursor_u16be(&c), whose);
		cursor_skip(&c, 2);
	}
	return span_of(room->acl, len);
}

static struct span capability_of(struct span value, struct marks_room *room)
{
	if (!value.len || value.len > sizeof room->capability)
		return (struct span){ 0 };
	memcpy(room->capability, value.at, value.len);
	return span_of(room->capability, value.len);
}

/* ---- ext ---- */

/* Entries from the cursor on; `values` is what their offsets count from. */
static void find_in_ext(struct cursor *c, struct span values, struct marks_room *room, struct marks *out)
{
	while (cursor_left(c) >= 16) {
		uint8_t len = cursor_u8(c), of = cursor_u8(c);
		uint16_t at = cursor_u16le(c);
		uint32_t size;
		struct span name;

		cursor_skip(c, 4);
		size = cursor_u32le(c);
		cursor_skip(c, 4);
		if (!len && !of)
			break;
		name = cursor_take(c, len);
		cursor_skip(c, (4 - len % 4) % 4u);
		if (of == EXT_SECURITY && span_eq(name, SPAN("capability")) && !out->capability.len)
			out->capability = capability_of(span_sub(values, at, size), room);
		if (of == EXT_ACL && !out->acl.len)
			out->acl = acl_of_ext(span_sub(values, at, size), room);
	}
}

static void find_in_inode(struct span inode, struct marks_room *room, struct marks *out)
{
	size_t extra = inode.len > EXT_INODE + 2 ? load_u16le(inode.at + EXT_INODE) : 0;
	struct cursor c = cursor_of(span_from(inode, EXT_INODE + extra));

	if (inode.len > EXT_INODE && cursor_u32le(&c) == EXT_MAGIC)
		find_in_ext(&c, span_from(inode, EXT_INODE + extra + 4), room, out);
}

static void find_in_block(struct blocks *volume, uint32_t block, uint64_t number, struct marks_room *room,
			  struct marks *out)
{
	struct buf raw = buf_new(EXT_BLOCK_MOST);
	uint8_t *bytes = buf_reserve(&raw, block);
	struct cursor c = cursor_of(span_of(bytes, bytes ? block : 0));
	struct err ignored;

	if (bytes && number <= volume->size / block &&
	    blocks_read_all(volume, number * block, bytes, block, &ignored) && cursor_u32le(&c) == EXT_MAGIC) {
		cursor_seek(&c, EXT_BLOCK_HEADER);
		find_in_ext(&c, span_of(bytes, block), room, out);
	}
	buf_free(&raw);
}

void marks_of_ext(struct blocks *volume, uint32_t block, struct span inode, struct marks_room *room, struct marks *out)
{
	uint64_t number;

	*out = (struct marks){ 0 };
	if (inode.len < EXT_INODE)
		return;
	out->attributes = load_u32le(inode.at + 32) & (MARK_IMMUTABLE | MARK_APPEND_ONLY);
	out->user = load_u16le(inode.at + 2) | (uint32_t)load_u16le(inode.at + 120) << 16;
	out->group = load_u16le(inode.at + 24) | (uint32_t)load_u16le(inode.at + 122) << 16;
	out->has_owner = true;
	find_in_inode(inode, room, out);
	number = load_u32le(inode.at + 104) | (uint64_t)load_u16le(inode.at + 118) << 32;
	if (number)
		find_in_block(volume, block, number, room, out);
}

/* ---- XFS ---- */

struct taking {
	const struct xfs_volume *x;
	struct marks_room *room;
	struct marks *out;
	struct buf block;
};

static void take_of_xfs(struct taking *t, uint8_t flags, struct span name, struct span value)
{
	if (flags & XFS_SECURE && span_eq(name, SPAN("capability")))
		t->out->capability = capability_of(value, t->room);
	if (flags & XFS_ROOT && span_eq(name, SPAN("SGI_ACL_FILE")))
		t->out->acl = acl_of_xfs(value, t->room);
}

static void take_short(struct taking *t, struct span fork)
{
	struct cursor c = cursor_of(fork);
	unsigned count;

	cursor_skip(&c, 2);
	count = cursor_u8(&c);
	cursor_skip(&c, 1);
	while (count-- && !c.short_read) {
		uint8_t name_len = cursor_u8(&c), value_len = cursor_u8(&c), flags = cursor_u8(&c);
		struct span name = cursor_take(&c, name_len), value = cursor_take(&c, value_len);

		take_of_xfs(t, flags, name, value);
	}
}

/* Entries lead to names with their values, where these are small enough to stand there. */
static void take_leaf(struct taking *t, struct span block)
{
	bool is_v5 = t->x->is_v5;
	struct cursor c = cursor_of(block), at = c;
	unsigned count;

	cursor_seek(&c, LEAF_MAGIC_AT);
	if (cursor_u16be(&c) != (is_v5 ? LEAF_V5 : LEAF_V4))
		return;
	cursor_seek(&c, is_v5 ? LEAF_COUNT_V5 : LEAF_COUNT_V4);
	count = cursor_u16be(&c);
	cursor_seek(&c, is_v5 ? LEAF_ENTRIES_V5 : LEAF_ENTRIES_V4);
	while (count-- && !c.short_read) {
		uint16_t place, value_len;
		uint8_t flags, name_len;
		struct span name;

		cursor_skip(&c, 4);
		place = cursor_u16be(&c);
		flags = cursor_u8(&c);
		cursor_skip(&c, 1);
		at.short_read = false;
		cursor_seek(&at, place);
		value_len = cursor_u16be(&at);
		name_len = cursor_u8(&at);
		name = cursor_take(&at, name_len);
		if (flags & XFS_HERE)
			take_of_xfs(t, flags, name, cursor_take(&at, value_len));
	}
}

static bool take_blocks(void *context, const struct xfs_extent *e)
{
	struct taking *t = context;
	struct err ignored;

	for (uint64_t i = 0; i < e->count && i < ATTRIBUTE_BLOCKS_MOST; i++) {
		uint8_t *room;

		buf_clear(&t->block);
		room = buf_reserve(&t->block, t->x->block);
		if (room && blocks_read_all(t->x->volume, e->at + i * t->x->block, room, t->x->block, &ignored))
			take_leaf(t, span_of(room, t->x->block));
	}
	return !blocks_over(t->x->volume);
}

static void take_attributes(struct taking *t, const struct xfs_inode *inode)
{
	struct xfs_fork fork = xfs_fork_of_attributes(t->x, inode);
	struct err ignored;

	if (fork.format == XFS_FORMAT_LOCAL) {
		take_short(t, fork.bytes);
	} else if (fork.format) {
		t->block = buf_new(t->x->block);
		xfs_each_extent(t->x, inode->number, &fork, true, take_blocks, t, &ignored);
		buf_free(&t->block);
	}
}

void marks_of_xfs(struct blocks *volume, uint64_t number, struct marks_room *room, struct marks *out)
{
	struct xfs_volume xfs;
	struct xfs_inode inode;
	struct taking t = { .x = &xfs, .room = room, .out = out };
	struct err ignored;

	*out = (struct marks){ 0 };
	if (!xfs_open(&xfs, volume, &ignored) || !xfs_read_inode(&xfs, number, &inode, &ignored))
		return;
	/* Where the first version kept them, and none makes any more, is a count of links. */
	out->has_owner = inode.raw[4] >= 2;
	out->user = load_u32be(inode.raw + 8);
	out->group = load_u32be(inode.raw + 12);
	if (load_u16be(inode.raw + 90) & XFS_IMMUTABLE)
		out->attributes |= MARK_IMMUTABLE;
	if (load_u16be(inode.raw + 90) & XFS_APPEND)
		out->attributes |= MARK_APPEND_ONLY;
	take_attributes(&t, &inode);
}
