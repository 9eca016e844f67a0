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
};

/*
 * The tree as YARA goes through it: a run of letters ends at anything else, and
 * its best four are one choice more for where they stand. What a run has shown is
 * not forgotten at the next one, which is why the order of branches matters.
 */
struct walk {
	struct window recent, best;
	int best_quality;
	int *choice;		/* the best that was found so far */
	bool in_alternatives;	/* where it was found */
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
	return out;
}

static void choose(struct walk *w, int quality, bool in_alternatives)
{
	if (quality <= *w->choice)
		return;
	*w->choice = quality;
	w->in_alternatives = in_alternatives;
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
	choose(w, quality, false);
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
	}
	w->recent.bytes[w->recent.len] = value;
	w->recent.mask[w->recent.len++] = mask;
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

static void walk_node(struct walk *w, const struct regex_ast *node);

static void walk_children(struct walk *w, const struct regex_ast *node)
{
	for (const struct regex_ast *child = node->first; child; child = child->next)
		walk_node(w, child);
}

/* All branches are needed: as good as the worst of them, and taken before the run that ends here. */
static void walk_choice(struct walk *w, const struct regex_ast *alt)
{
	int *outer = w->choice, worst = INT_MAX, before = QUALITY_NONE;
	bool in_alternatives = w->in_alternatives;

	w->choice = &before;
	end_run(w);
	for (const struct regex_ast *branch = alt->first; branch; branch = branch->next) {
		int best = QUALITY_NONE;

		w->choice = &best;
		walk_node(w, branch);
		end_run(w);
		worst = best < worst ? best : worst;
	}
	w->choice = outer;
	w->in_alternatives = in_alternatives;
	choose(w, worst, true);
	choose(w, before, false);
}

static void walk_node(struct walk *w, const struct regex_ast *node)
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
	else if (node->kind == AST_REPEAT && !is_jump(node))
		for (uint32_t i = 0; i < node->min && i < ATOM_LENGTH; i++)
			walk_children(w, node);
	end_run(w);
}

/* The quality of [first, end), where nothing else is searched with it. */
static int quality_of_part(const struct regex_ast *first, const struct regex_ast *end,
			   bool *in_alternatives)
{
	int best = QUALITY_NONE;
	struct walk w = { .best_quality = QUALITY_NONE, .choice = &best, .in_alternatives = true };

	for (const struct regex_ast *node = first; node && node != end; node = node->next)
		walk_node(&w, node);
	end_run(&w);
	*in_alternatives = w.in_alternatives;
	return best;
}

/* The worst of what stands between long jumps, which is searched by itself; where its last is found. */
static int quality_of_tree(const struct regex_ast *root, bool *in_alternatives)
{
	const struct regex_ast *first = root->first;
	int worst = INT_MAX, one;

	for (const struct regex_ast *node = first; node; node = node->next) {
		if (node == first || !is_jump(node) || !node->lazy || node->max <= HEX_CHAIN_GAP)
			continue;
		one = quality_of_part(first, node, in_alternatives);
		worst = one < worst ? one : worst;
		first = node->next;
	}
	one = quality_of_part(first, NULL, in_alternatives);
	return one < worst ? one : worst;
}

bool regex_tree_sought_in_choice(const struct regex_tree *tree)
{
	bool inside;

	quality_of_tree(tree->root, &inside);
	return inside;
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
	bool inside;

	return text.len ? pattern_is_slow_text(text, spec)
			: quality_of_tree(root, &inside) < QUALITY_ENOUGH;
}
