#include "rules/yara/pattern_build.h"

#include <limits.h>

#define ATOM_LENGTH 4		/* what YARA searches by */
#define QUALITY_ENOUGH 38
#define QUALITY_MOST 88		/* four different bytes that are no letters */

#define QUALITY_NONE (-1000)
#define STEPS_MAX 10000		/* nodes that are looked at; repetitions of repetitions are looked at again */

/* Bytes that stand next to each other, the last few of a run. */
struct window {
	uint8_t bytes[ATOM_LENGTH], mask[ATOM_LENGTH];
	size_t len;
	uint32_t end;		/* the least number of characters from the start of the part to its end */
	bool fixed;		/* and the only one */
};

/* Where the letters stand that a part is searched by. */
struct choice {
	int quality;
	bool in_alternatives;
	uint64_t order;			/* by where it ends, then by its length */
	bool fixed;			/* at one distance from the start, in each branch */
	struct regex_ast *alt;		/* of several branches that are not repeated */
	const struct regex_ast *behind;	/* the part's node at which it was found */
};

/*
 * The tree as YARA goes through it: a run of letters ends at anything else, and
 * its best four are one choice more for where they stand. What a run has shown is
 * not forgotten at the next one, which is why the order of branches matters.
 */
struct walk {
	struct window recent, best;
	int best_quality;
	struct choice *choice;	/* the best that was found so far */
	const struct regex_ast *node;	/* of the part, that is looked at */
	uint32_t at;		/* characters before this place, at least */
	bool fixed;		/* and at most */
	unsigned repeats;	/* repetitions around it */
	unsigned steps;
};

static bool is_common(uint8_t byte)
{
	return byte == 0 || byte == 0x20 || byte == 0xcc || byte == 0xff;
}

static int quality_of_byte(uint8_t byte, uint8_t mask)
{
	if (mask != 0xff)
		return mask == 0xf0 || mask == 0x0f ? 4 : -10;
	if (is_common(byte))
		return 12;
	return (uint8_t)((byte | 0x20) - 'a') < 26 ? 18 : 20;
}

static bool is_common_everywhere(const struct byte_set *seen)
{
	return byte_set_has(seen, 0) || byte_set_has(seen, 0x20) || byte_set_has(seen, 0x90) ||
	       byte_set_has(seen, 0xcc) || byte_set_has(seen, 0xff);
}

/* YARA's measure of an atom; bytes that are all the same and common are little help. */
static int quality_of(const struct window *w)
{
	struct byte_set seen = { 0 };
	int quality = 0, unique;

	for (size_t i = 0; i < w->len; i++) {
		quality += quality_of_byte(w->bytes[i], w->mask[i]);
		if (w->mask[i] == 0xff)
			byte_set_add(&seen, w->bytes[i]);
	}
	unique = (int)byte_set_count(&seen);
	if (unique == 1 && is_common_everywhere(&seen))
		return quality - 10 * (int)w->len;
	return quality + 2 * unique;
}

/* Without unknown bytes at both ends; where too much is unknown, its first byte. */
static struct window trimmed(const struct window *w)
{
	struct window out = { .len = 0 };
	size_t from = 0, end = w->len, known = 0, unknown = 0;

	while (from < end && !w->mask[from])
		from++;
	while (end > from && !w->mask[end - 1])
		end--;
	for (size_t i = from; i < end; i++) {
		known += w->mask[i] == 0xff;
		unknown += !w->mask[i];
		out.bytes[out.len] = w->bytes[i];
		out.mask[out.len++] = w->mask[i];
	}
	if (out.len && unknown >= known)
		out.len = 1;
	out.end = w->end - (uint32_t)(w->len - from - out.len);
	out.fixed = w->fixed;
	return out;
}

static uint64_t order_of(uint32_t end, size_t len)
{
	return (uint64_t)end << 3 | (ATOM_LENGTH - len);
}

static void choose(struct walk *w, struct choice one)
{
	one.behind = w->node;
	if (one.quality > w->choice->quality)
		*w->choice = one;
}

static void end_run(struct walk *w)
{
	struct window atom = trimmed(&w->recent);
	int quality;

	if (!w->recent.len)
		return;
	if (quality_of(&atom) <= w->best_quality)
		atom = trimmed(&w->best);
	quality = atom.len ? quality_of(&atom) : QUALITY_NONE;
	choose(w, (struct choice){ .quality = quality, .order = order_of(atom.end, atom.len),
				    .fixed = atom.fixed });
	w->recent.len = 0;
}

static void add_letter(struct walk *w, uint8_t value, uint8_t mask)
{
	struct window atom;

	if (w->recent.len == ATOM_LENGTH) {
		atom = trimmed(&w->recent);
		if (quality_of(&atom) > w->best_quality) {
			w->best = atom;
			w->best_quality = quality_of(&atom);
		}
		memmove(w->recent.bytes, w->recent.bytes + 1, ATOM_LENGTH - 1);
		memmove(w->recent.mask, w->recent.mask + 1, ATOM_LENGTH - 1);
		w->recent.len--;
	} else {
		w->best.bytes[w->recent.len] = value;
		w->best.mask[w->recent.len] = mask;
		w->best.len = w->recent.len + 1;
		w->best.end = w->at + 1;
		w->best.fixed = w->fixed;
	}
	w->recent.bytes[w->recent.len] = value;
	w->recent.mask[w->recent.len++] = mask;
	w->recent.end = ++w->at;
	w->recent.fixed = w->fixed;
}

/* YARA's atoms know bytes, halves of bytes and any byte (but for a line's end), no classes. */
static bool as_letter(const struct byte_set *set, uint8_t *value, uint8_t *mask)
{
	if (byte_set_count(set) == 255 && !byte_set_has(set, '\n')) {
		*value = *mask = 0;
		return true;
	}
	if (!byte_set_as_mask(set, value, mask))
		return false;
	if (*mask == 0xdf && (uint8_t)((*value | 0x20) - 'a') < 26)
		*mask = 0xff;		/* a letter in both cases */
	return *mask == 0xff || *mask == 0xf0 || *mask == 0x0f || !*mask;
}

/* So many of any byte. */
static bool is_jump(const struct regex_ast *node)
{
	uint8_t value, mask;

	return node->kind == AST_REPEAT && node->first->kind == AST_SET &&
	       as_letter(&node->first->set, &value, &mask) && !mask;
}

static void walk_node(struct walk *w, struct regex_ast *node);

static void walk_children(struct walk *w, const struct regex_ast *node)
{
	for (struct regex_ast *child = node->first; child; child = child->next)
		walk_node(w, child);
}

static uint32_t least_width(const struct regex_ast *node)
{
	uint32_t low, high;

	regex_ast_width(node, &low, &high);
	return low;
}

/* Behind the node, which began at `start`. */
static void go_behind(struct walk *w, const struct regex_ast *node, uint32_t start, bool fixed)
{
	uint32_t low, high;

	regex_ast_width(node, &low, &high);
	w->at = start + low;
	w->fixed = fixed && low == high;
}

/* All branches are needed: as good as the worst of them, and taken before the run that ends here. */
static void walk_choice(struct walk *w, struct regex_ast *alt)
{
	struct choice *outer = w->choice, before = { .quality = QUALITY_NONE };
	struct choice all = { .quality = INT_MAX, .in_alternatives = true, .order = UINT64_MAX,
			      .fixed = true, .alt = w->repeats ? NULL : alt };
	uint32_t start = w->at;
	bool fixed = w->fixed;

	w->choice = &before;
	end_run(w);
	for (struct regex_ast *branch = alt->first; branch; branch = branch->next) {
		struct choice best = { .quality = QUALITY_NONE };

		w->choice = &best;
		w->at = start;
		w->fixed = fixed;
		walk_node(w, branch);
		end_run(w);
		all.quality = best.quality < all.quality ? best.quality : all.quality;
		all.order = best.order < all.order ? best.order : all.order;
		all.fixed = all.fixed && best.fixed && !best.alt;
		branch->order = best.order;
		branch->sought_in = best.alt;
	}
	go_behind(w, alt, start, fixed);
	w->choice = outer;
	choose(w, all);
	choose(w, before);
}

static void walk_repeat(struct walk *w, const struct regex_ast *node)
{
	uint32_t start = w->at;
	bool fixed = w->fixed;

	w->repeats++;
	for (uint32_t i = 0; !is_jump(node) && i < node->min && i < ATOM_LENGTH; i++)
		walk_children(w, node);
	w->repeats--;
	go_behind(w, node, start, fixed);
}

static void walk_node(struct walk *w, struct regex_ast *node)
{
	uint8_t value, mask;

	if (w->steps++ > STEPS_MAX)
		return;
	if (node->kind == AST_SET && as_letter(&node->set, &value, &mask)) {
		add_letter(w, value, mask);
		return;
	}
	if (node->kind == AST_SEQ || (node->kind == AST_ALT && node->first == node->last)) {
		walk_children(w, node);
		return;
	}
	if (node->kind == AST_ALT)
		walk_choice(w, node);
	else if (node->kind == AST_REPEAT)
		walk_repeat(w, node);
	else
		w->at += node->kind == AST_SET;
	end_run(w);
}

/* Where [first, end) is searched, where nothing else is searched with it. */
static struct choice choice_of_part(struct regex_ast *first, const struct regex_ast *end)
{
	struct choice best = { .quality = QUALITY_NONE };
	struct walk w = { .best_quality = QUALITY_NONE, .choice = &best, .fixed = true };

	for (struct regex_ast *node = first; node && node != end; node = node->next) {
		w.node = node;
		walk_node(&w, node);
	}
	w.node = end;
	end_run(&w);
	return best;
}

/* The last part that stands between long jumps: each is searched by itself. */
static struct regex_ast *last_part(const struct regex_ast *root, int *worst)
{
	struct regex_ast *first = root->first;

	*worst = INT_MAX;
	for (struct regex_ast *node = first; node; node = node->next) {
		struct choice one;

		if (node == first || !is_jump(node) || !node->lazy || node->max <= HEX_CHAIN_GAP ||
		    (node->dot && !node->gap))
			continue;
		one = choice_of_part(first, node);
		*worst = one.quality < *worst ? one.quality : *worst;
		first = node->next;
	}
	return first;
}

/* Of a part each. */
static int worst_quality(const struct regex_ast *root)
{
	int worst;
	struct choice last = choice_of_part(last_part(root, &worst), NULL);

	return last.quality < worst ? last.quality : worst;
}

/* The branches by their order, and those of the alternatives that one is found by. */
static void sort_branches(struct regex_ast *alt)
{
	struct regex_ast *sorted = NULL, *branch = alt->first, *next;

	for (; branch; branch = next) {
		struct regex_ast **to = &sorted;

		next = branch->next;
		if (branch->sought_in)
			sort_branches(branch->sought_in);
		while (*to && (*to)->order <= branch->order)
			to = &(*to)->next;
		branch->next = *to;
		*to = branch;
	}
	alt->first = sorted;
	for (alt->last = sorted; alt->last->next; alt->last = alt->last->next)
		continue;
}

static void shortest_first(struct regex_ast *node)
{
	if (node->kind != AST_SEQ && node->kind != AST_ALT)
		return;
	for (struct regex_ast *child = node->first; child; child = child->next) {
		shortest_first(child);
		child->order = least_width(child);
		child->sought_in = NULL;
	}
	if (node->kind == AST_ALT)
		sort_branches(node);
}

/* Whether no two branches can begin with the same byte. */
static bool begin_apart(const struct regex_ast *alt)
{
	struct byte_set seen = { 0 };

	for (const struct regex_ast *branch = alt->first; branch; branch = branch->next) {
		const struct regex_ast *node = branch->kind == AST_SEQ ? branch->first : branch;

		if (!node || node->kind != AST_SET)
			return false;
		for (int i = 0; i < 4; i++) {
			if (seen.bits[i] & node->set.bits[i])
				return false;
			seen.bits[i] |= node->set.bits[i];
		}
	}
	return true;
}

/* Whether YARA comes upon a place once only. Without letters every place is tried. */
static bool comes_once(const struct choice *one)
{
	if (one->quality == QUALITY_NONE)
		return true;
	return one->fixed && (!one->in_alternatives || (one->alt && begin_apart(one->alt)));
}

void regex_tree_settle_choice(struct regex_tree *tree)
{
	int worst;
	struct regex_ast *first = last_part(tree->root, &worst);
	struct choice one = choice_of_part(first, NULL);

	tree->one_length = first == tree->root->first && comes_once(&one);
	if (one.quality == QUALITY_NONE || tree->greedy)
		return;
	if (one.in_alternatives && !one.alt) {
		tree->length = REGEX_SHORTEST;
		return;
	}
	if (one.alt)
		sort_branches(one.alt);
	for (struct regex_ast *node = first; node && node != one.behind; node = node->next)
		shortest_first(node);
}

/* The bytes of a tree that is nothing else; in the arena. at NULL: it is no text. */
static struct span text_of_tree(const struct regex_ast *root, struct arena *arena)
{
	size_t len = 0;
	uint8_t *bytes, mask;

	for (const struct regex_ast *node = root->first; node; node = node->next, len++)
		if (node->kind != AST_SET)
			return (struct span){ 0 };
	bytes = arena_alloc(arena, len);
	len = 0;
	for (const struct regex_ast *node = root->first; bytes && node; node = node->next)
		if (!as_letter(&node->set, &bytes[len++], &mask) || mask != 0xff)
			return (struct span){ 0 };
	return bytes ? span_of(bytes, len) : (struct span){ 0 };
}

static struct window window_of(struct span bytes)
{
	struct window w = { .len = bytes.len < ATOM_LENGTH ? bytes.len : ATOM_LENGTH };

	memcpy(w.bytes, bytes.at, w.len);
	memset(w.mask, 0xff, sizeof w.mask);
	return w;
}

/* Four bytes of the text. */
static struct window best_window(struct span text)
{
	struct window best = window_of(text);

	for (size_t i = 1; i + ATOM_LENGTH <= text.len && quality_of(&best) < QUALITY_MOST; i++) {
		struct window one = window_of(span_from(text, i));

		if (quality_of(&one) > quality_of(&best))
			best = one;
	}
	return best;
}

static struct window widened(const struct window *w)
{
	struct window out = { .len = w->len < 2 ? 2 * w->len : ATOM_LENGTH };

	for (size_t i = 0; 2 * i < out.len; i++)
		out.bytes[2 * i] = w->bytes[i];
	memset(out.mask, 0xff, sizeof out.mask);
	return out;
}

/* In the worst of its cases and keys. */
static bool is_slow_window(struct window w, const struct pattern_spec *spec)
{
	bool xored = spec->flags & PATTERN_XOR;

	for (size_t i = 0; i < w.len && spec->flags & PATTERN_NOCASE; i++)
		if ((uint8_t)((w.bytes[i] | 0x20) - 'a') < 26)
			w.bytes[i] |= 0x20;
	for (unsigned key = xored ? spec->xor_min : 0; key <= (xored ? spec->xor_max : 0u); key++) {
		struct window one = w;

		for (size_t i = 0; i < w.len; i++)
			one.bytes[i] = w.bytes[i] ^ (uint8_t)key;
		if (quality_of(&one) < QUALITY_ENOUGH)
			return true;
	}
	return false;
}

bool pattern_is_slow_text(struct span text, const struct pattern_spec *spec)
{
	struct window best = best_window(text), wide = widened(&best);

	if (quality_of(&best) < QUALITY_ENOUGH)
		return true;
	if (!(spec->flags & PATTERN_WIDE))
		return is_slow_window(best, spec);
	return is_slow_window(wide, spec) ||
	       (spec->flags & PATTERN_ASCII && is_slow_window(best, spec));
}

bool pattern_is_slow_tree(const struct regex_ast *root, const struct pattern_spec *spec,
			  struct arena *arena)
{
	struct span text = text_of_tree(root, arena);

	return text.len ? pattern_is_slow_text(text, spec)
			: worst_quality(root) < QUALITY_ENOUGH;
}
