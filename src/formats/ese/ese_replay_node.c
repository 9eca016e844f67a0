/* Changes of single nodes. */
#include "formats/ese/ese_replay.h"

#include <string.h>

#define NODE_LEAST 6	/* bytes that a node takes in a page */
#define KEY_AT 50	/* in the record of an insertion */

bool ese_nodes_insert(struct ese_replay *r, struct ese_nodes *nodes, size_t line, const struct ese_node *node)
{
	if (line > nodes->count || nodes->count >= r->db->page_size / NODE_LEAST ||
	    node->key.len > ESE_MAX_KEY || node->data.len > r->db->page_size ||
	    !arena_push(r->arena, (void **)&nodes->at, &nodes->count, &nodes->room, sizeof *nodes->at))
		return false;
	memmove(nodes->at + line + 1, nodes->at + line, (nodes->count - 1 - line) * sizeof *nodes->at);
	nodes->at[line] = *node;
	return true;
}

void ese_nodes_remove(struct ese_nodes *nodes, size_t line)
{
	memmove(nodes->at + line, nodes->at + line + 1, (nodes->count - 1 - line) * sizeof *nodes->at);
	nodes->count--;
}

bool ese_replay_inserted(const struct ese_change *change, struct ese_node *out)
{
	struct cursor c = cursor_of(change->record);
	size_t own, shared, data;

	cursor_seek(&c, KEY_AT - 6);
	own = cursor_u16le(&c);
	shared = cursor_u16le(&c);
	data = cursor_u16le(&c);
	*out = (struct ese_node){ .key = cursor_take(&c, shared + own), .data = cursor_take(&c, data) };
	return !c.short_read;
}

/* Keys of a page stand in order: a line that breaks it was meant for another state of the page. */
static bool is_in_order(const struct ese_nodes *nodes, size_t line, struct span key)
{
	bool is_leaf = nodes->flags & ESE_PAGE_LEAF;

	return (!line || line > nodes->count || span_cmp(nodes->at[line - 1].key, key) <= 0) &&
	       (line >= nodes->count || (!is_leaf && !nodes->at[line].key.len) ||
		span_cmp(key, nodes->at[line].key) <= 0);
}

/*
 * Parts of the old data that were exchanged: offset and flags, length of the new (and, unless
 * it is the same or none, of the old) in one byte or two, the new.
 */
static bool put_parts(struct span old, struct span parts, bool is_wide, struct buf *to)
{
	struct cursor c = cursor_of(parts);
	size_t at = 0;

	while (cursor_left(&c)) {
		uint16_t head = cursor_u16le(&c);
		unsigned flags = is_wide ? cursor_u8(&c) : head >> 8;
		size_t from = is_wide ? head : head & 0x1fff, fresh, gone;

		fresh = flags & 0x80 ? cursor_u16le(&c) : cursor_u8(&c);
		gone = flags & 0x40 ? 0 : flags & 0x20 ? fresh : flags & 0x80 ? cursor_u16le(&c) : cursor_u8(&c);
		if (c.short_read || from < at || from > old.len || gone > old.len - from)
			return false;
		buf_add(to, span_sub(old, at, from - at));
		buf_add(to, cursor_take(&c, fresh));
		at = from + gone;
	}
	return !c.short_read && buf_add(to, span_from(old, at));
}

static bool replace(struct ese_replay *r, struct ese_node *node, const struct ese_change *change)
{
	struct cursor c = cursor_of(change->record);
	uint16_t size, old_size, new_size;
	struct buf to;
	bool ok;

	cursor_seek(&c, KEY_AT - 6);
	size = cursor_u16le(&c);
	old_size = cursor_u16le(&c);
	new_size = cursor_u16le(&c);
	if (change->type == ESE_REPLACE) {
		node->data = cursor_take(&c, size & 0x7fff);
		return !c.short_read;
	}
	if (old_size != node->data.len)
		return false;
	to = buf_new(r->db->page_size);
	ok = put_parts(node->data, cursor_take(&c, size & 0x7fff), size & 0x8000, &to) && to.len == new_size;
	node->data = ok ? arena_copy(r->arena, buf_span(&to)) : node->data;
	buf_free(&to);
	return ok && node->data.at;
}

/* A number within the data grows. */
static bool add(struct ese_replay *r, struct ese_node *node, const struct ese_change *change)
{
	bool is_wide = change->type == ESE_DELTA_64;
	struct cursor c = cursor_of(change->record);
	size_t offset, size = is_wide ? 8 : 4;
	uint64_t delta, sum;
	struct span copy;
	uint8_t *at;

	cursor_seek(&c, 48);
	delta = is_wide ? cursor_u64le(&c) : cursor_u32le(&c);
	offset = cursor_u16le(&c);
	if (c.short_read || span_sub(node->data, offset, size).len < size)
		return false;
	copy = arena_copy(r->arena, node->data);
	if (!copy.at)
		return false;
	at = (uint8_t *)(uintptr_t)copy.at + offset;
	sum = (is_wide ? load_u64le(at) : load_u32le(at)) + delta;
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(sum >> 8 * i);
	node->data = copy;
	return true;
}

static bool undelete_with(struct ese_node *node, const struct ese_change *change)
{
	struct cursor c = cursor_of(change->record);
	size_t key, data;

	cursor_seek(&c, 44);
	key = cursor_u16le(&c);
	data = cursor_u16le(&c);
	cursor_skip(&c, 4 + key);
	node->data = cursor_take(&c, data);
	node->is_deleted = false;
	return !c.short_read;
}

static bool insert(struct ese_replay *r, struct ese_nodes *nodes, const struct ese_change *change)
{
	struct ese_node node;

	return ese_replay_inserted(change, &node) && is_in_order(nodes, change->line, node.key) &&
	       ese_nodes_insert(r, nodes, change->line, &node);
}

bool ese_replay_node(struct ese_replay *r, struct ese_nodes *nodes, const struct ese_change *change)
{
	struct ese_node *node;

	if (change->type == ESE_INSERT)
		return insert(r, nodes, change);
	if (change->type == ESE_EXTERNAL_HEADER || change->type == ESE_SCRUB)
		return true;	/* of space, and of what is deleted anyway */
	if (change->line >= nodes->count)
		return false;
	node = &nodes->at[change->line];
	switch (change->type) {
	case ESE_FLAG_INSERT:
		node->is_deleted = false;
		return true;
	case ESE_FLAG_INSERT_AND_REPLACE:
		return undelete_with(node, change);
	case ESE_FLAG_DELETE:
		node->is_deleted = true;
		return true;
	case ESE_REPLACE: case ESE_REPLACE_PARTS:
		return replace(r, node, change);
	case ESE_DELETE:
		ese_nodes_remove(nodes, change->line);
		return true;
	case ESE_DELTA: case ESE_DELTA_64:
		return add(r, node, change);
	default:
		return false;
	}
}
