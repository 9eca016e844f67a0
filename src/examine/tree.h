/*
 * tree: the coordinator's side of records about one file and all that is in it.
 *
 * Takes bytes as they come from an examiner's pipe and believes nothing: every
 * record must be well formed and in its place. What an examiner that went wrong
 * can do at worst is to lie about this one tree.
 */
#ifndef KANSHIKI_EXAMINE_TREE_H
#define KANSHIKI_EXAMINE_TREE_H

#include "examine/limits.h"
#include "examine/record.h"

#define TREE_DEPTH_MAX 64
#define TREE_NONE UINT32_MAX

struct tree_item {
	uint32_t parent;		/* item number, or TREE_NONE */
	uint32_t end;			/* number after the last item inside it, once ended */
	size_t begin_at;		/* of its BEGIN record in `records` */
	uint8_t sha256[32];
	uint64_t size;
	enum record_answer answer;
	enum fate fate;			/* FATE_NONE until its END */
	bool has_content, has_kind;
	bool is_told;			/* its examiner did not ask */
	bool is_bounded;
};

struct tree;
/* Takes a copy of what a share of an image says. */
typedef bool tree_part_fn(void *context, struct tree *t, struct span part, struct err *err);

struct tree {
	struct buf records;		/* checked up to `checked` */
	size_t checked;
	struct tree_item *items;
	uint32_t count, room;
	uint32_t open[TREE_DEPTH_MAX];	/* item numbers, innermost last */
	unsigned depth;
	uint64_t entries_max;
	bool is_risky, is_done;
	bool is_part;			/* members of an image, and not the file itself */
	tree_part_fn *on_part;		/* NULL: shares are not expected here */
	uint64_t findings;
	struct record_done done;
};

/* Asked at each CONTENT; sets item->answer and tells the examiner. */
typedef bool tree_ask_fn(void *context, struct tree *t, uint32_t item, struct err *err);

bool tree_init(struct tree *t, const struct examine_limits *limits, struct err *err);
void tree_clear(struct tree *t);
/* False: the examiner broke the rules (ERR_CORRUPT) or its output limit (ERR_LIMIT). */
bool tree_take(struct tree *t, struct span bytes, tree_ask_fn *ask, void *context,
	       struct err *err);
/* Path of an item: `file` for the file itself, "file!/member" below. */
bool tree_path(const struct tree *t, uint32_t item, struct span file, struct buf *to);

#endif
