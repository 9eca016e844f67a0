#include "examine/tree.h"

#include <stdlib.h>

bool tree_init(struct tree *t, const struct examine_limits *limits, struct err *err)
{
	*t = (struct tree){ .records = buf_new((size_t)limits->output_bytes),
			    .entries_max = limits->tree_entries + limits->depth + 2 };
	return true;
}

void tree_clear(struct tree *t)
{
	buf_free(&t->records);
	free(t->items);
	*t = (struct tree){ .records = t->records, .entries_max = t->entries_max,
			    .is_part = t->is_part, .on_part = t->on_part };
}

static bool broken(struct err *err, const char *how)
{
	return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "examiner wrote %s", how);
}

static struct tree_item *add_item(struct tree *t)
{
	if (t->count == t->room) {
		uint32_t room = t->room ? t->room * 2 : 8;
		struct tree_item *grown = realloc(t->items, room * sizeof *grown);

		if (!grown)
			return NULL;
		t->items = grown;
		t->room = room;
	}
	t->items[t->count] = (struct tree_item){ .parent = t->depth ? t->open[t->depth - 1]
								    : TREE_NONE };
	return &t->items[t->count++];
}

static bool take_begin(struct tree *t, const struct record_begin *b, size_t at, struct err *err)
{
	struct tree_item *item;

	if (t->count && !t->depth && !t->is_part)
		return broken(err, "a second file");
	if (t->depth == TREE_DEPTH_MAX)
		return broken(err, "items too deep");
	if (t->count >= t->entries_max)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "more items than the limit");
	if (!t->depth && (b->path.len == 0) == t->is_part)
		return broken(err, "a file with another name");
	item = add_item(t);
	if (!item)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for items");
	item->begin_at = at;
	t->open[t->depth++] = t->count - 1;
	return true;
}

static bool take_end(struct tree *t, struct tree_item *item, const struct record_end *end,
		     struct err *err)
{
	if (end->fate == FATE_NONE || end->fate == FATE_DENIED)
		return broken(err, "an impossible fate");
	if (end->fate == FATE_DUPLICATE && item->answer != ANSWER_KNOWN && item->answer != ANSWER_LOOP)
		return broken(err, "a duplicate of nothing");
	if (end->fate == FATE_EXAMINED && !item->has_content)
		return broken(err, "an examined item without digest");
	item->fate = end->fate;
	item->is_bounded = end->is_bounded;
	item->end = t->count;
	t->depth--;
	return true;
}

static bool take_content(struct tree *t, struct tree_item *item, const struct record_content *c,
			 tree_ask_fn *ask, void *context, struct err *err)
{
	if (item->has_content || item->end)
		return broken(err, "two digests of an item");
	item->has_content = true;
	item->is_told = c->is_told;
	item->size = c->size;
	memcpy(item->sha256, c->sha256, sizeof item->sha256);
	item->answer = ANSWER_EXAMINE;
	return ask(context, t, (uint32_t)(item - t->items), err);
}

static bool take(struct tree *t, const struct record *r, size_t at, tree_ask_fn *ask,
		 void *context, struct err *err)
{
	struct tree_item *item = t->depth ? &t->items[t->open[t->depth - 1]] : NULL;

	if (t->is_done)
		return broken(err, "on after the end");
	if (r->type == RECORD_BEGIN)
		return take_begin(t, &r->begin, at, err);
	if (r->type == RECORD_RISKY)
		return t->is_risky = true;
	if (r->type == RECORD_DONE) {
		t->done = r->done;
		t->is_done = true;
		return (t->count || t->is_part) && !t->depth ? true : broken(err, "an early end");
	}
	if (!item)
		return broken(err, "a record about nothing");
	if (r->type == RECORD_CONTENT)
		return take_content(t, item, &r->content, ask, context, err);
	if (r->type == RECORD_END)
		return take_end(t, item, &r->end, err);
	if (r->type == RECORD_KIND && item->has_kind)
		return broken(err, "two kinds of an item");
	item->has_kind = item->has_kind || r->type == RECORD_KIND;
	t->findings += r->type == RECORD_FINDING;
	return true;
}

/* A share is handed on and not kept: an image has many. */
static bool take_part(struct tree *t, const struct record *r, size_t len, void *context,
		      struct err *err)
{
	uint8_t *at = t->records.at + t->checked;
	size_t after = t->records.len - t->checked - len;

	if (t->depth != 1 || t->is_part || !t->on_part)
		return broken(err, "a share of no image");
	if (!t->on_part(context, t, r->part, err))
		return false;
	memmove(at, at + len, after);
	t->records.len -= len;
	return true;
}

bool tree_take(struct tree *t, struct span bytes, tree_ask_fn *ask, void *context, struct err *err)
{
	enum record_step step;

	if (!buf_add(&t->records, bytes))
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "examiner wrote more than %zu bytes",
			       t->records.cap);
	for (;;) {
		struct span rest = span_from(buf_span(&t->records), t->checked);
		size_t before = rest.len;
		struct record record;

		step = record_read(&rest, &record, err);
		if (step == RECORD_INCOMPLETE)
			return true;
		if (step == RECORD_BROKEN)
			return false;
		if (record.type == RECORD_PART) {
			if (!take_part(t, &record, before - rest.len, context, err))
				return false;
			continue;
		}
		if (!take(t, &record, t->checked, ask, context, err))
			return false;
		t->checked += before - rest.len;
	}
}

bool tree_path(const struct tree *t, uint32_t item, struct span file, struct buf *to)
{
	uint32_t chain[TREE_DEPTH_MAX];
	unsigned depth = 0;

	for (; t->items[item].parent != TREE_NONE; item = t->items[item].parent)
		chain[depth++] = item;
	buf_add(to, file);
	if (t->is_part)
		chain[depth++] = item;
	while (depth--) {
		struct span rest = span_from(buf_span(&t->records), t->items[chain[depth]].begin_at);
		struct record begin;
		struct err err;

		buf_text(to, "!/");
		if (record_read(&rest, &begin, &err) == RECORD_TAKEN)
			buf_add(to, begin.begin.path);
	}
	return !to->overflow;
}
