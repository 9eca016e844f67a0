#include "rules/sigma/value.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "match/fold.h"

#define DASHES_MAX 3		/* as pySigma; five variants each */

bool sigma_texts_add(struct arena *arena, struct sigma_texts *texts, struct span bytes, bool binary)
{
	struct sigma_text *text = arena_push(arena, (void **)&texts->at, &texts->count, &texts->room,
					     sizeof *text);

	if (!text)
		return false;
	*text = (struct sigma_text){ bytes, binary };
	return true;
}

struct span sigma_unescape(struct arena *arena, struct span text)
{
	uint8_t *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; out && i < text.len; i++) {
		uint8_t c = text.at[i];
		uint8_t next = i + 1 < text.len ? text.at[i + 1] : 0;

		if (c == '\\' && (next == '*' || next == '?' || next == '\\'))
			out[len++] = text.at[++i];
		else
			out[len++] = c == '*' ? WILD_ANY : c == '?' ? WILD_ONE : c;
	}
	return span_of(out, len);
}

bool sigma_has_wildcard(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] >= WILD_ANY)
			return true;
	return false;
}

/* The longer dashes: en dash, em dash, horizontal bar. */
static bool is_long_dash(struct span text, size_t i)
{
	return span_starts(span_from(text, i), SPAN("\xe2\x80")) && i + 2 < text.len && text.at[i + 2] >= 0x93 &&
	       text.at[i + 2] <= 0x95;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || (c >= 0x80 && c < WILD_ANY);
}

/* Bytes of a dash that begins a parameter, \B[-/–—―]\b; 0: none stands here. */
static size_t dash_len(struct span text, size_t i)
{
	bool longer = is_long_dash(text, i);
	size_t len = longer ? 3 : text.at[i] == '-' || text.at[i] == '/' ? 1 : 0;
	bool inside = i && is_word(text.at[i - 1]) && !(i >= 3 && is_long_dash(text, i - 3));

	return len && !inside && i + len < text.len && is_word(text.at[i + len]) && !is_long_dash(text, i + len)
	       ? len : 0;
}

static struct span with_dashes(struct arena *arena, struct span text, const size_t *places,
			       size_t count, unsigned choice)
{
	static const char *const dashes[] = { "-", "/", "\xe2\x80\x93", "\xe2\x80\x94",
					      "\xe2\x80\x95" };
	uint8_t *out = arena_alloc(arena, text.len + 3 * count + 1);
	size_t len = 0, next = 0;

	for (size_t i = 0; out && i < text.len; i++) {
		if (next < count && places[next] == i) {
			struct span dash = span_text(dashes[choice % 5]);

			memcpy(out + len, dash.at, dash.len);
			len += dash.len;
			choice /= 5;
			next++;
			i += dash_len(text, i) - 1;
		} else {
			out[len++] = text.at[i];
		}
	}
	return span_of(out, out ? len : 0);
}

static bool windash(struct arena *arena, struct sigma_texts *to, struct sigma_text text,
		    struct err *err)
{
	size_t places[DASHES_MAX], count = 0;
	unsigned variants = 1;

	for (size_t i = 0; i < text.bytes.len; i++) {
		if (!dash_len(text.bytes, i))
			continue;
		if (count == DASHES_MAX)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
				       "windash: more than three dashes in one value");
		places[count++] = i;
		variants *= 5;
	}
	for (unsigned i = 0; i < variants; i++) {
		struct span made = with_dashes(arena, text.bytes, places, count, i);

		if (!sigma_texts_add(arena, to, made, false))
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	}
	return true;
}

static void put_unit(uint8_t *out, size_t *len, uint32_t unit, bool big)
{
	out[(*len)++] = (uint8_t)(big ? unit >> 8 : unit);
	out[(*len)++] = (uint8_t)(big ? unit : unit >> 8);
}

static bool utf16(struct arena *arena, struct sigma_texts *to, struct sigma_text text, bool big,
		  bool mark, struct err *err)
{
	uint8_t *out = arena_alloc(arena, 2 * text.bytes.len + 3);
	struct span rest = text.bytes;
	size_t len = 0;

	if (!out)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	if (mark)
		put_unit(out, &len, 0xfeff, big);
	while (rest.len) {
		uint32_t code;
		size_t took = utf8_next(rest, &code);

		if (took == 0)
			return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET,
				       "UTF-16 of a value with wildcards");
		rest = span_from(rest, took);
		if (code >= 0x10000) {
			put_unit(out, &len, 0xd800 + ((code - 0x10000) >> 10), big);
			code = 0xdc00 + ((code - 0x10000) & 0x3ff);
		}
		put_unit(out, &len, code, big);
	}
	return sigma_texts_add(arena, to, span_of(out, len), true) ||
	       err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
}

/* Base64 of bytes with `skip` zero bytes before, as a plain string with padding. */
static struct span base64(struct arena *arena, struct span bytes, size_t skip)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t total = bytes.len + skip, len = 0;
	uint8_t *out = arena_alloc(arena, total / 3 * 4 + 8);

	for (size_t i = 0; out && i < total; i += 3) {
		uint32_t group = 0;

		for (size_t k = i; k < i + 3; k++)
			group = group << 8 | (k >= skip && k < total ? bytes.at[k - skip] : 0u);
		for (size_t k = 0; k < 4; k++)
			out[len++] = i + k > total ? (uint8_t)'='
						   : (uint8_t)digits[group >> (18 - 6 * k) & 63];
	}
	return span_of(out, len);
}

/* The characters that depend on the value alone, wherever it stands in what was encoded. */
static struct span base64_at(struct arena *arena, struct span bytes, size_t offset)
{
	static const size_t start[] = { 0, 2, 3 }, cut[] = { 0, 3, 2 };
	struct span all = base64(arena, bytes, offset);
	size_t drop = cut[(bytes.len + offset) % 3];

	if (all.len < start[offset] + drop)
		return span_of(all.at, 0);
	return span_sub(all, start[offset], all.len - start[offset] - drop);
}

static bool encode(struct arena *arena, struct sigma_texts *to, struct sigma_text text,
		   bool offsets, struct err *err)
{
	if (!text.binary && sigma_has_wildcard(text.bytes))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET,
			       "base64 of a value with wildcards");
	for (size_t offset = 0; offset < (offsets ? 3u : 1u); offset++) {
		struct span made = offsets ? base64_at(arena, text.bytes, offset)
					   : base64(arena, text.bytes, 0);

		if (!made.at || !sigma_texts_add(arena, to, made, false))
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	}
	return true;
}

bool sigma_transform(struct arena *arena, struct sigma_texts *texts, enum sigma_transform transform,
		     struct err *err)
{
	struct sigma_texts made = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < texts->count; i++) {
		struct sigma_text text = texts->at[i];

		switch (transform) {
		case SIGMA_WINDASH:
			ok = windash(arena, &made, text, err);
			break;
		case SIGMA_UTF16LE:
			ok = utf16(arena, &made, text, false, false, err);
			break;
		case SIGMA_UTF16BE:
			ok = utf16(arena, &made, text, true, false, err);
			break;
		case SIGMA_UTF16:
			ok = utf16(arena, &made, text, false, true, err);
			break;
		case SIGMA_BASE64:
		case SIGMA_BASE64_OFFSET:
			ok = encode(arena, &made, text, transform == SIGMA_BASE64_OFFSET, err);
			break;
		}
	}
	*texts = made;
	return ok;
}

/* Adds open ends, drops doubled WILD_ANY. */
static struct span open_ends(struct arena *arena, struct span text, bool start, bool end)
{
	uint8_t *out = arena_alloc(arena, text.len + 3);
	size_t len = 0;

	if (!out)
		return (struct span){ 0 };
	if (start)
		out[len++] = WILD_ANY;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != WILD_ANY || len == 0 || out[len - 1] != WILD_ANY)
			out[len++] = text.at[i];
	if (end && (len == 0 || out[len - 1] != WILD_ANY))
		out[len++] = WILD_ANY;
	return span_of(out, len);
}

static enum pred_kind kind_of(struct span *text, bool binary)
{
	bool start = text->len && text->at[0] == WILD_ANY;
	bool end = text->len && text->at[text->len - 1] == WILD_ANY;
	struct span inner = span_sub(*text, start, text->len - start - (end && text->len > 1));

	if (text->len == 1 && start)
		return PRED_EXISTS;
	if (!binary && sigma_has_wildcard(inner))
		return PRED_WILD;
	*text = inner;
	if (start)
		return end ? PRED_CONTAINS : PRED_ENDS;
	return end ? PRED_STARTS : PRED_EQ;
}

bool sigma_text_pred(struct arena *arena, struct sigma_text text, bool open_start, bool open_end,
		     struct pred *pred)
{
	struct span bytes = text.bytes;
	uint8_t *folded;

	if (!text.binary || open_start || open_end)
		bytes = open_ends(arena, bytes, open_start, open_end);
	if (!bytes.at && bytes.len)
		return false;
	pred->kind = (uint8_t)(text.binary && !open_start && !open_end ? PRED_EQ
							     : kind_of(&bytes, text.binary));
	folded = arena_alloc(arena, bytes.len + 1);
	if (!folded)
		return false;
	if (pred->cased)
		memcpy(folded, bytes.at ? bytes.at : folded, bytes.len);
	else
		fold_utf8(folded, bytes);
	pred->text = span_of(folded, bytes.len);
	return true;
}
