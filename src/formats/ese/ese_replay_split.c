/*
 * Splits: a page whose nodes from a line on move to a new one, with the insertion
 * (or longer data) that found no room, and the pointer in the page above.
 */
#include "formats/ese/ese_replay.h"

#include <string.h>

enum { SPLIT_VERTICAL, SPLIT_RIGHT, SPLIT_APPEND };
enum { WITH_NOTHING, WITH_INSERTION };
enum { MERGE_EMPTY = 1 };
enum { MERGE_DELETES_NODE = 2, MERGE_EMPTIES = 4 };

/* A split's part of the record, behind what all changes have. */
struct split {
	const struct ese_change *change;
	uint32_t new_page, right, object;
	uint64_t right_before;
	uint8_t type, with;
	uint16_t line_with, line_split;
	uint32_t new_flags, old_flags;
	struct span key, image;
};

static bool split_read(const struct ese_change *change, struct split *out)
{
	struct cursor c = cursor_of(change->record);
	size_t old_prefix, new_prefix, key, image = 0;

	*out = (struct split){ .change = change };
	cursor_seek(&c, 32);
	out->new_page = cursor_u32le(&c);
	out->right = cursor_u32le(&c);
	out->right_before = cursor_u64le(&c);
	cursor_skip(&c, 16);
	out->object = cursor_u32le(&c);
	out->type = cursor_u8(&c);
	out->with = cursor_u8(&c);
	out->line_with = cursor_u16le(&c);
	out->line_split = cursor_u16le(&c);
	cursor_skip(&c, 2);
	out->new_flags = cursor_u32le(&c);
	out->old_flags = cursor_u32le(&c);
	cursor_skip(&c, 12);
	old_prefix = cursor_u16le(&c);
	new_prefix = cursor_u16le(&c);
	key = cursor_u16le(&c);
	if (change->type == ESE_SPLIT_IMAGE) {
		cursor_skip(&c, 4);
		image = cursor_u32le(&c);
	}
	out->key = cursor_take(&c, key);
	cursor_skip(&c, old_prefix + new_prefix);
	out->image = cursor_take(&c, image);
	return !c.short_read;
}

static bool is_split(const struct ese_change *c)
{
	return c->type == ESE_SPLIT || c->type == ESE_SPLIT_IMAGE;
}

/* The split of the page below, whose pointer this one's page gets; false: there is none. */
static bool split_below(const struct ese_macro *m, size_t at, struct split *out)
{
	for (size_t i = at + 1; i < m->count; i++)
		if (is_split(&m->parts[i]))
			return split_read(&m->parts[i], out) && out->new_page;
	return false;
}

static struct ese_node pointer_to(struct ese_replay *r, struct span key, uint32_t page)
{
	uint8_t bytes[4] = { (uint8_t)page, (uint8_t)(page >> 8), (uint8_t)(page >> 16), (uint8_t)(page >> 24) };

	return (struct ese_node){ .key = key, .data = arena_copy(r->arena, span_of(bytes, 4)) };
}

static size_t find_pointer(const struct ese_nodes *nodes, uint32_t page)
{
	size_t i = 0;

	while (i < nodes->count && (nodes->at[i].data.len < 4 || load_u32le(nodes->at[i].data.at) != page))
		i++;
	return i;
}

/* The page below keeps what is up to `key`; its old pointer goes to the new page. */
static bool insert_pointer(struct ese_replay *r, struct ese_nodes *nodes, const struct split *below)
{
	size_t i = find_pointer(nodes, below->change->page);
	struct ese_node node = pointer_to(r, below->key, below->change->page);

	if (i == nodes->count || !ese_nodes_insert(r, nodes, i, &node))
		return false;
	nodes->at[i + 1].data = pointer_to(r, node.key, below->new_page).data;
	return true;
}

/* What the split was made for: the macro's change of a node, or the pointer of the split below. */
static bool perform(struct ese_replay *r, const struct ese_macro *m, size_t at, const struct split *s,
		    struct ese_nodes *nodes)
{
	struct ese_change moved;
	struct split below;

	if (s->with == WITH_NOTHING)
		return true;
	if (!(s->new_flags & ESE_PAGE_LEAF))
		return split_below(m, at, &below) && insert_pointer(r, nodes, &below);
	for (size_t i = 0; i < m->count; i++)
		if (!is_split(&m->parts[i])) {
			moved = m->parts[i];
			moved.line = s->line_with;
			return ese_replay_node(r, nodes, &moved);
		}
	return false;
}

/* The nodes before the split: of the page itself, or of the image that the log has of it. */
static bool nodes_before(struct ese_replay *r, const struct split *s, struct ese_replayed *old, bool is_due,
			 struct ese_nodes *out)
{
	struct span image = s->image;
	const struct ese_nodes *from = &old->nodes;

	if (!is_due && image.len) {
		image = image.len && image.at[0] >> 3 == 3 ? ese_unpack(image, r->arena) : image;
		return ese_nodes_read(r->db, image, r->arena, out);
	}
	*out = (struct ese_nodes){ .id = from->id, .flags = from->flags };
	out->at = ARENA_ARRAY(r->arena, from->count + 1, struct ese_node);
	if (!out->at)
		return false;
	if (from->count)
		memcpy(out->at, from->at, from->count * sizeof *out->at);
	out->count = from->count;
	out->room = from->count + 1;
	return is_due;
}

static struct ese_nodes cut_nodes(const struct ese_nodes *all, size_t from, size_t to, uint32_t flags)
{
	if (to > all->count)
		to = all->count;
	return (struct ese_nodes){ .id = all->id, .flags = flags, .at = all->at + (from < to ? from : to),
				   .count = from < to ? to - from : 0, .room = from < to ? to - from : 0 };
}

/* Both halves, where the page is due that they are for. */
static void put_halves(struct ese_replay *r, const struct split *s, const struct ese_nodes *all,
		       struct ese_replayed *old, struct ese_replayed *fresh)
{
	bool is_vertical = s->type == SPLIT_VERTICAL;
	uint64_t time = s->change->time;

	if (fresh) {
		fresh->nodes = cut_nodes(all, is_vertical ? 0 : s->line_split, all->count, s->new_flags);
		fresh->nodes.id = s->object;
		fresh->is_stuck = fresh->is_gone = false;
		ese_replay_done(r, fresh, time);
	}
	if (!old)
		return;
	old->nodes = cut_nodes(all, 0, is_vertical ? 0 : s->line_split, is_vertical ? s->old_flags : all->flags);
	if (is_vertical) {
		struct ese_node node = pointer_to(r, (struct span){ 0 }, s->new_page);

		if (!ese_nodes_insert(r, &old->nodes, 0, &node))
			ese_replay_miss(r, old);
	}
	ese_replay_done(r, old, time);
}

/* Appending moves nothing: the new page has the insertion alone, whatever became of the old one. */
static bool split_nodes(struct ese_replay *r, const struct ese_macro *m, size_t at, const struct split *s,
			struct ese_replayed *old, bool is_due, struct ese_nodes *out)
{
	struct split alone = *s;

	if (s->type != SPLIT_APPEND)
		return nodes_before(r, s, old, is_due, out) && perform(r, m, at, s, out);
	if (!nodes_before(r, s, old, true, out))
		return false;
	alone.line_with = 0;
	alone.line_split = 0;
	if (is_due)
		return perform(r, m, at, s, out);
	*out = (struct ese_nodes){ .flags = s->new_flags };
	return perform(r, m, at, &alone, out);
}

static void split_page(struct ese_replay *r, const struct ese_macro *m, size_t at, const struct split *s)
{
	uint64_t time = s->change->time;
	struct ese_replayed *old = ese_replay_page(r, s->change->page), *fresh = ese_replay_page(r, s->new_page);
	bool old_due, fresh_due = fresh && fresh->time < time;
	struct split alone = *s;
	struct ese_nodes all;

	if (!old || !fresh) {
		ese_replay_miss(r, old ? old : fresh);
		return;
	}
	old_due = ese_replay_is_due(r, old, s->change->before, time);
	if (!old_due && !fresh_due)
		return;
	if (!split_nodes(r, m, at, s, old, old_due, &all)) {
		if (old_due)
			ese_replay_miss(r, old);
		if (fresh_due)
			ese_replay_miss(r, fresh);
		return;
	}
	if (s->type == SPLIT_APPEND && !old_due)
		alone.line_split = 0;
	put_halves(r, &alone, &all, old_due ? old : NULL, fresh_due ? fresh : NULL);
}

static void sibling(struct ese_replay *r, uint32_t number, uint64_t before, uint64_t time)
{
	struct ese_replayed *p = number ? ese_replay_page(r, number) : NULL;

	if (p && ese_replay_is_due(r, p, before, time))
		ese_replay_done(r, p, time);
}

static void split_part(struct ese_replay *r, const struct ese_macro *m, size_t at)
{
	const struct ese_change *change = &m->parts[at];
	struct ese_replayed *p;
	struct split s, below;

	if (!split_read(change, &s)) {
		ese_replay_miss(r, NULL);
		return;
	}
	if (s.new_page) {
		split_page(r, m, at, &s);
		sibling(r, s.right, s.right_before, change->time);
		return;
	}
	p = ese_replay_page(r, change->page);
	if (!p || !ese_replay_is_due(r, p, change->before, change->time))
		return;
	if (split_below(m, at, &below) && insert_pointer(r, &p->nodes, &below))
		ese_replay_done(r, p, change->time);
	else
		ese_replay_miss(r, p);
}

/* ---- merges ---- */

struct merge {
	uint32_t right, left;
	uint64_t right_before, left_before;
	uint8_t flags, type;
};

static bool merge_read(const struct ese_change *change, struct merge *out)
{
	struct cursor c = cursor_of(change->record);

	*out = (struct merge){ 0 };
	cursor_seek(&c, 32);
	out->right = cursor_u32le(&c);
	out->right_before = cursor_u64le(&c);
	out->left = cursor_u32le(&c);
	out->left_before = cursor_u64le(&c);
	cursor_seek(&c, 84);
	out->flags = cursor_u8(&c);
	out->type = cursor_u8(&c);
	return !c.short_read;
}

/* In the page above: the pointer goes; the last one left stands for all that is behind. */
static bool remove_pointer(struct ese_nodes *nodes, uint32_t page)
{
	size_t i = find_pointer(nodes, page);

	if (i == nodes->count)
		return false;
	ese_nodes_remove(nodes, i);
	if (nodes->count && i == nodes->count)
		nodes->at[i - 1].key = (struct span){ 0 };
	return true;
}

/* Only of pages that hold no row any more: where rows move, which of them do the log does not say. */
static void merge_part(struct ese_replay *r, const struct ese_macro *m, size_t at)
{
	const struct ese_change *change = &m->parts[at];
	struct ese_replayed *p = ese_replay_page(r, change->page), *right;
	struct merge merge;
	bool ok;

	if (!p || !merge_read(change, &merge)) {
		ese_replay_miss(r, p);
		return;
	}
	right = merge.right ? ese_replay_page(r, merge.right) : NULL;
	if (merge.type > MERGE_EMPTY && right) {
		p->is_gone = right->time >= change->time;
		if (ese_replay_is_due(r, right, merge.right_before, change->time))
			ese_replay_miss(r, right);
	}
	if (merge.type == MERGE_EMPTY) {
		sibling(r, merge.right, merge.right_before, change->time);
		sibling(r, merge.left, merge.left_before, change->time);
	}
	if (!ese_replay_is_due(r, p, change->before, change->time))
		return;
	ok = merge.type <= MERGE_EMPTY;
	if (ok && merge.flags & MERGE_DELETES_NODE && at + 1 < m->count)
		ok = remove_pointer(&p->nodes, m->parts[at + 1].page);
	if (!ok) {
		ese_replay_miss(r, p);
		return;
	}
	p->is_gone = merge.type == MERGE_EMPTY || merge.flags & MERGE_EMPTIES;
	ese_replay_done(r, p, change->time);
}

void ese_replay_macro(struct ese_replay *r, const struct ese_macro *m)
{
	bool has_split = false;

	for (size_t i = 0; i < m->count; i++)
		has_split |= is_split(&m->parts[i]);
	for (size_t i = 0; i < m->count && !r->is_over; i++) {
		if (is_split(&m->parts[i]))
			split_part(r, m, i);
		else if (m->parts[i].type == ESE_MERGE || m->parts[i].type == ESE_MERGE_IMAGE)
			merge_part(r, m, i);
		else if (!has_split)
			ese_replay_miss(r, ese_replay_page(r, m->parts[i].page));
	}
}
