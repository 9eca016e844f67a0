#include "rules/yara/pattern_build.h"

static const char base64_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* One piece of these bytes, in the image. */
static struct pattern_piece *plain_piece(struct pattern_builder *b, struct span text, bool wide,
					 bool nocase)
{
	struct pattern_piece *piece = ARENA_NEW(b->image, struct pattern_piece);
	size_t step = wide ? 2 : 1, len = text.len * step;
	uint8_t *bytes = arena_alloc(b->image, 2 * len);

	if (!piece || !bytes || len > UINT32_MAX / 4)
		return NULL;
	memset(bytes + len, 0xff, len);
	for (size_t i = 0; i < text.len; i++) {
		bool fold = nocase && is_letter(text.at[i]);

		bytes[i * step] = fold ? text.at[i] & 0xdf : text.at[i];
		bytes[len + i * step] = fold ? 0xdf : 0xff;
	}
	*piece = (struct pattern_piece){ .value = bytes, .mask = bytes + len,
					 .len = (uint32_t)len };
	return piece;
}

static bool add_plain(struct pattern_builder *b, uint32_t pattern, const struct pattern_spec *spec,
		      struct span text, bool wide, struct err *err)
{
	struct pattern_form *form = pattern_add_form(b, pattern);
	struct pattern_piece *piece = plain_piece(b, text, wide, spec->flags & PATTERN_NOCASE);

	if (!form || !piece)
		return pattern_no_memory(err);
	form->pieces = piece;
	form->piece_count = 1;
	form->wide = wide;
	form->xored = spec->flags & PATTERN_XOR;
	form->xor_min = spec->xor_min;
	form->xor_max = spec->xor_max;
	return pattern_plan_sequence(b, form, err);
}

/* The letter that holds bits [at, at + 6) of `text` shifted right by `pad` bytes. */
static uint8_t base64_letter(struct span text, size_t pad, size_t at, const uint8_t *letters)
{
	unsigned value = 0;

	for (size_t bit = at; bit < at + 6; bit++) {
		size_t byte = bit / 8;
		uint8_t c = byte >= pad && byte - pad < text.len ? text.at[byte - pad] : 0;

		value = value << 1 | (c >> (7 - bit % 8) & 1);
	}
	return letters[value];
}

/*
 * The letters that `text` surely gives where `pad` bytes stand before it: those
 * that share bits with what is around it are left out, as in YARA.
 */
static struct span base64_of(struct arena *heap, struct span text, size_t pad,
			     const uint8_t *letters)
{
	size_t first = (pad * 8 + 5) / 6, end = (pad + text.len) * 8 / 6;
	uint8_t *to = end > first ? arena_alloc(heap, end - first) : NULL;

	if (!to)
		return (struct span){ 0 };
	for (size_t i = first; i < end; i++)
		to[i - first] = base64_letter(text, pad, i * 6, letters);
	return span_of(to, end - first);
}

static struct span widened(struct arena *heap, struct span text)
{
	uint8_t *to = arena_alloc(heap, 2 * text.len);

	for (size_t i = 0; to && i < text.len; i++)
		to[2 * i] = text.at[i];
	return to ? span_of(to, 2 * text.len) : (struct span){ 0 };
}

/* The encoded letters are searched as they are, without case or keys. */
static void note_slow(struct pattern_builder *b, uint32_t pattern, const struct pattern_spec *spec,
		      struct span encoded)
{
	struct pattern_spec plain = { .flags = PATTERN_ASCII };

	if (spec->flags & PATTERN_BASE64_WIDE)
		encoded = widened(&b->work, encoded);
	if (encoded.len && pattern_is_slow_text(encoded, &plain))
		b->patterns[pattern].notes |= PATTERN_NOTE_SLOW;
}

static bool add_base64(struct pattern_builder *b, uint32_t pattern,
		       const struct pattern_spec *spec, struct span text, struct err *err)
{
	const uint8_t *letters = spec->alphabet.len ? spec->alphabet.at
						    : (const uint8_t *)base64_letters;

	/* The shortest first: of several at one place YARA keeps that. */
	for (size_t i = 0; i < 3; i++) {
		struct span encoded = base64_of(&b->work, text, (i + 1) % 3, letters);

		if (!encoded.len)
			continue;
		note_slow(b, pattern, spec, encoded);
		if ((spec->flags & PATTERN_BASE64) &&
		    !add_plain(b, pattern, spec, encoded, false, err))
			return false;
		if ((spec->flags & PATTERN_BASE64_WIDE) &&
		    !add_plain(b, pattern, spec, encoded, true, err))
			return false;
	}
	return true;
}

static bool add_one(struct pattern_builder *b, uint32_t pattern, const struct pattern_spec *spec,
		    bool wide, struct err *err)
{
	if (!(spec->flags & (PATTERN_BASE64 | PATTERN_BASE64_WIDE)))
		return add_plain(b, pattern, spec, spec->text, wide, err);
	return add_base64(b, pattern, spec, wide ? widened(&b->work, spec->text) : spec->text, err);
}

bool pattern_add_text(struct pattern_builder *b, uint32_t pattern, const struct pattern_spec *spec,
		      struct err *err)
{
	bool wide = spec->flags & PATTERN_WIDE;

	if (!wide || (spec->flags & PATTERN_ASCII)) {
		if (!add_one(b, pattern, spec, false, err))
			return false;
	}
	return !wide || add_one(b, pattern, spec, true, err);
}
