/* Records as a hostile examiner might write them. */
#include "examine/tree.h"

static bool answer(void *context, struct tree *t, uint32_t item, struct err *err)
{
	t->items[item].answer = "ekl"[t->items[item].sha256[0] % 3];
	return true;
}

/* What was let through must be whole: every item has its place, every path can be told. */
static void use(const struct tree *t)
{
	struct buf path = buf_new((size_t)1 << 22);
	struct span rest = span_sub(buf_span(&t->records), 0, t->checked);
	struct record r;
	struct err err;
	uint32_t begins = 0;

	while (record_read(&rest, &r, &err) == RECORD_TAKEN)
		begins += r.type == RECORD_BEGIN;
	if (rest.len || begins != t->count)
		__builtin_trap();
	for (uint32_t i = 0; i < t->count; i++) {
		buf_clear(&path);
		tree_path(t, i, SPAN("file"), &path);
		if (t->items[i].parent != TREE_NONE && t->items[i].parent >= i)
			__builtin_trap();
	}
	buf_free(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct examine_limits limits = examine_limits_default();
	struct span in = { data, size };
	struct tree tree;
	struct err err;

	limits.tree_entries = 1000;
	limits.output_bytes = (uint64_t)1 << 20;
	tree_init(&tree, &limits, &err);
	/* In pieces, as from a pipe. */
	while (in.len && tree_take(&tree, span_sub(in, 0, 100), answer, NULL, &err))
		in = span_from(in, in.len < 100 ? in.len : 100);
	use(&tree);
	tree_clear(&tree);
	return 0;
}
