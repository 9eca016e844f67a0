#include "formats/ntfs/ntfs.h"

#define ROOT_NODE 16
#define NODE 24			/* the node header in an index block */
#define LONGEST_PAST INT64_C(315532800000000000)	/* 1980: no file on NTFS is older */
#define LONGEST_FUTURE INT64_C(4102444800000000000)	/* 2100 */

bool ntfs_index_open(struct ntfs_index *out, struct span block)
{
	struct cursor c = cursor_of(block);
	uint32_t first, used;

	if (!span_starts(block, SPAN("INDX")) || block.len < NTFS_RECORD_MOST)
		return false;
	memcpy(out->bytes, block.at, NTFS_RECORD_MOST);
	if (!ntfs_fixup(out->bytes, NTFS_RECORD_MOST))
		return false;
	cursor_seek(&c, NODE);
	first = cursor_u32le(&c);
	used = cursor_u32le(&c);
	if (first > NTFS_RECORD_MOST - NODE || used > NTFS_RECORD_MOST - NODE || used < first)
		return false;
	out->at = NODE + first;
	out->used = NODE + used;
	return true;
}

bool ntfs_index_open_root(struct ntfs_index *out, struct span root)
{
	struct cursor c = cursor_of(root);
	uint32_t first, used;

	*out = (struct ntfs_index){ 0 };
	cursor_seek(&c, ROOT_NODE);
	first = cursor_u32le(&c);
	used = cursor_u32le(&c);
	if (c.short_read || root.len > NTFS_RECORD_MOST || first > root.len - ROOT_NODE || used > root.len - ROOT_NODE ||
	    used < first)
		return false;
	memcpy(out->bytes, root.at, root.len);
	out->at = ROOT_NODE + first;
	out->used = ROOT_NODE + used;
	return true;
}

static bool is_plausible(const struct ntfs_name *n)
{
	return n->times.created > LONGEST_PAST && n->times.created < LONGEST_FUTURE &&
	       n->times.modified > LONGEST_PAST && n->times.modified < LONGEST_FUTURE &&
	       (n->parent & NTFS_REFERENCE) && n->name.at[0] != 0;
}

bool ntfs_index_next(struct ntfs_index *i, struct ntfs_name *out, uint64_t *reference, bool *is_slack)
{
	struct span all = span_of(i->bytes, sizeof i->bytes);

	while (i->at < i->used) {
		struct cursor c = cursor_of(span_from(all, i->at));
		uint16_t len, flags;

		*reference = cursor_u64le(&c);
		len = cursor_u16le(&c);
		cursor_skip(&c, 2);
		flags = cursor_u16le(&c);
		if (c.short_read || len < 16 || flags & 2) {
			i->at = i->used;
			break;
		}
		i->at += len;
		*is_slack = false;
		if (ntfs_name_read(span_sub(c.in, 16, len - 16u), out))
			return true;
	}
	while (i->at + 16 < sizeof i->bytes) {
		struct span at = span_from(all, i->at);

		*reference = load_u64le(at.at);
		*is_slack = true;
		if (ntfs_name_read(span_from(at, 16), out) && is_plausible(out)) {
			i->at += (16 + 66 + out->name.len + 7) & ~(size_t)7;
			return true;
		}
		i->at += 8;
	}
	return false;
}
