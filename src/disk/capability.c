#include "disk/capability.h"

#include "base/buf.h"

#define EXT_INODE 128
#define EXT_MAGIC 0xea020000
#define EXT_BLOCK_HEADER 32
#define EXT_SECURITY 6
#define EXT_BLOCK_MOST 65536

#define XFS_LOCAL 1
#define XFS_SECURE 4
#define XFS_INODE_MOST 2048

static size_t copy(struct span value, uint8_t out[CAPABILITY_MAX])
{
	if (value.len > CAPABILITY_MAX)
		return 0;
	if (value.len)
		memcpy(out, value.at, value.len);
	return value.len;
}

/* ---- ext ---- */

/* Entries from the cursor on; `values` is what their offsets count from. */
static struct span find_in_ext(struct cursor *c, struct span values)
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
		if (of == EXT_SECURITY && span_eq(name, SPAN("capability")))
			return span_sub(values, at, size);
	}
	return (struct span){ 0 };
}

static struct span find_in_inode(struct span inode)
{
	size_t extra = inode.len > EXT_INODE + 2 ? load_u16le(inode.at + EXT_INODE) : 0;
	struct cursor c = cursor_of(span_from(inode, EXT_INODE + extra));

	if (inode.len <= EXT_INODE || cursor_u32le(&c) != EXT_MAGIC)
		return (struct span){ 0 };
	return find_in_ext(&c, span_from(inode, EXT_INODE + extra + 4));
}

static size_t find_in_block(struct blocks *volume, uint32_t block, uint64_t number, uint8_t out[CAPABILITY_MAX])
{
	struct buf room = buf_new(EXT_BLOCK_MOST);
	uint8_t *bytes = buf_reserve(&room, block);
	struct cursor c = cursor_of(span_of(bytes, bytes ? block : 0));
	struct err ignored;
	size_t len = 0;

	if (bytes && number <= volume->size / block &&
	    blocks_read_all(volume, number * block, bytes, block, &ignored) && cursor_u32le(&c) == EXT_MAGIC) {
		cursor_seek(&c, EXT_BLOCK_HEADER);
		len = copy(find_in_ext(&c, span_of(bytes, block)), out);
	}
	buf_free(&room);
	return len;
}

size_t capability_of_ext(struct blocks *volume, uint32_t block, struct span inode, uint8_t out[CAPABILITY_MAX])
{
	size_t len = copy(find_in_inode(inode), out);
	uint64_t number;

	if (len || inode.len < EXT_INODE)
		return len;
	number = load_u32le(inode.at + 104) | (uint64_t)load_u16le(inode.at + 118) << 32;
	return number ? find_in_block(volume, block, number, out) : 0;
}

/* ---- XFS ---- */

/* Where an inode lies is part of its number. */
static bool read_inode_of_xfs(struct blocks *volume, uint64_t inode, uint8_t raw[XFS_INODE_MOST], size_t *len)
{
	uint8_t s[128];
	uint64_t block, group, at;
	unsigned in_block, in_group;
	struct err ignored;

	if (!blocks_read_all(volume, 0, s, sizeof s, &ignored) || memcmp(s, "XFSB", 4))
		return false;
	*len = load_u16be(s + 104);
	in_block = s[123];
	in_group = s[124];
	if (*len < 256 || *len > XFS_INODE_MOST || in_block > 8 || in_group > 31)
		return false;
	group = inode >> (in_group + in_block);
	block = inode >> in_block & ((UINT64_C(1) << in_group) - 1);
	if (group > UINT32_MAX)
		return false;
	at = (group * load_u32be(s + 84) + block) * load_u32be(s + 4) + (inode & ((UINT64_C(1) << in_block) - 1)) * *len;
	return at < volume->size && blocks_read_all(volume, at, raw, *len, &ignored) && !memcmp(raw, "IN", 2);
}

size_t capability_of_xfs(struct blocks *volume, uint64_t inode, uint8_t out[CAPABILITY_MAX])
{
	uint8_t raw[XFS_INODE_MOST];
	struct cursor c;
	size_t len;
	unsigned count;

	if (!read_inode_of_xfs(volume, inode, raw, &len) || !raw[82] || raw[83] != XFS_LOCAL)
		return 0;
	c = cursor_of(span_of(raw, len));
	cursor_seek(&c, (raw[4] >= 3 ? 176u : 100u) + raw[82] * 8u);
	cursor_skip(&c, 2);
	count = cursor_u8(&c);
	cursor_skip(&c, 1);
	while (count-- && !c.short_read) {
		uint8_t name_len = cursor_u8(&c), value_len = cursor_u8(&c), flags = cursor_u8(&c);
		struct span name = cursor_take(&c, name_len), value = cursor_take(&c, value_len);

		if (flags & XFS_SECURE && span_eq(name, SPAN("capability")))
			return copy(value, out);
	}
	return 0;
}
