#include "rules/yara/pattern_build.h"

#define ATOM_LENGTH 4		/* what YARA searches by */
#define QUALITY_ENOUGH 38

/* Bytes that stand next to each other, the last few of a run. */
struct window {
	uint8_t bytes[ATOM_LENGTH], mask[ATOM_LENGTH];
	size_t len;
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

/* YARA's measure of an atom; bytes that are all the same and common are little help. */
static int quality_of(const uint8_t *bytes, const uint8_t *mask, size_t len)
{
	struct byte_set seen = { 0 };
	int quality = 0, unique;

	for (size_t i = 0; i < len; i++) {
		quality += quality_of_byte(bytes[i], mask[i]);
		if (mask[i] == 0xff)
			byte_set_add(&seen, bytes[i]);
	}
	unique = (int)byte_set_count(&seen);
	if (unique == 1 && (is_common(bytes[0]) || bytes[0] == 0x90))
		return quality - 10 * (int)len;
	return quality + 2 * unique;
}

/* One byte more: the best of what ends with it. */
static int window_add(struct window *w, uint8_t byte, uint8_t mask)
{
	int best = 0;

	if (w->len == ATOM_LENGTH) {
		memmove(w->bytes, w->bytes + 1, ATOM_LENGTH - 1);
		memmove(w->mask, w->mask + 1, ATOM_LENGTH - 1);
		w->len--;
	}
	w->bytes[w->len] = byte;
	w->mask[w->len++] = mask;
	for (size_t from = 0; from < w->len; from++) {
		int one = quality_of(w->bytes + from, w->mask + from, w->len - from);

		best = one > best ? one : best;
	}
	return best;
}

static int window_add_character(struct window *w, uint8_t byte, uint8_t mask, bool wide)
{
	int best = window_add(w, byte, mask), zero = wide ? window_add(w, 0, 0xff) : 0;

	return zero > best ? zero : best;
}

static int quality_of_set(struct window *w, const struct regex_ast *node, bool wide)
{
	uint8_t value = 0, mask = 0;

	/* YARA's atoms know bytes, halves of bytes and any byte, but no classes. */
	if (!byte_set_as_mask(&node->set, &value, &mask) && byte_set_count(&node->set) < 255) {
		w->len = 0;
		return 0;
	}
	if (mask == 0xdf && (uint8_t)((value | 0x20) - 'a') < 26)
		mask = 0xff;		/* a letter in both cases */
	if (mask != 0xff && mask != 0xf0 && mask != 0x0f)
		mask = 0;
	return window_add_character(w, value, mask, wide);
}

static int quality_of_sequence(const struct regex_ast *first, bool wide);

static int quality_of_choice(const struct regex_ast *alt, bool wide)
{
	int least = QUALITY_ENOUGH;

	for (const struct regex_ast *branch = alt->first; branch; branch = branch->next) {
		int one = quality_of_sequence(branch->kind == AST_SEQ ? branch->first : branch, wide);

		least = one < least ? one : least;
	}
	return least;
}

static int quality_of_repeat(struct window *w, const struct regex_ast *node, bool wide)
{
	int best = 0, one;

	if (node->first->kind != AST_SET) {
		w->len = 0;
		return node->min ? quality_of_choice(node, wide) : 0;
	}
	if (node->gap)
		return w->len = 0, 0;
	for (uint32_t i = 0; i < node->min && i < ATOM_LENGTH; i++) {
		one = quality_of_set(w, node->first, wide);
		best = one > best ? one : best;
	}
	if (node->max != node->min)
		w->len = 0;
	return best;
}

/* Only siblings that follow `first` in a sequence are looked at; depth is that of the parser. */
static int quality_of_sequence(const struct regex_ast *first, bool wide)
{
	struct window w = { .len = 0 };
	int best = 0, one;

	for (const struct regex_ast *node = first; node && best < QUALITY_ENOUGH; node = node->next) {
		switch (node->kind) {
		case AST_SET:
			one = quality_of_set(&w, node, wide);
			break;
		case AST_REPEAT:
			one = quality_of_repeat(&w, node, wide);
			break;
		case AST_ALT:
			one = quality_of_choice(node, wide);
			w.len = 0;
			break;
		case AST_SEQ:
			one = quality_of_sequence(node->first, wide);
			w.len = 0;
			break;
		default:
			continue;
		}
		best = one > best ? one : best;
	}
	return best;
}

bool pattern_is_slow_tree(const struct regex_ast *root, bool wide)
{
	return quality_of_sequence(root->first, wide) < QUALITY_ENOUGH;
}

bool pattern_is_slow_text(struct span text, bool wide, uint8_t key)
{
	struct window w = { .len = 0 };
	int best = 0;

	for (size_t i = 0; i < text.len && best < QUALITY_ENOUGH; i++) {
		int one = window_add_character(&w, text.at[i] ^ key, 0xff, wide);

		best = one > best ? one : best;
	}
	return best < QUALITY_ENOUGH;
}
