#include "base/span.h"

#include <strings.h>

int span_cmp(struct span a, struct span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.at, b.at, common) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool span_eq_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	/* strncasecmp ends at a NUL, and what stands behind it counts too. */
	while (a.len) {
		size_t upto = strnlen((const char *)a.at, a.len);

		if (strncasecmp((const char *)a.at, (const char *)b.at, a.len) != 0)
			return false;
		if (upto == a.len)
			return true;
		a = span_from(a, upto + 1);
		b = span_from(b, upto + 1);
	}
	return true;
}

/* Words that are sought together; in lists of more they come in several turns. */
#define WORDS_AT_ONCE 32

/* Of words whose first byte stands at `at`, one that stands there whole; many have a second in common. */
static bool has_word_at(struct span text, size_t at, const struct span *words, size_t count)
{
	uint8_t first = text.at[at] | 32, second = at + 1 < text.len ? text.at[at + 1] | 32 : 0;

	for (size_t i = 0; i < count; i++) {
		struct span word = words[i];

		if ((word.at[0] | 32) == first && word.len <= text.len - at &&
		    (word.len == 1 || (word.at[1] | 32) == second) &&
		    span_eq_nocase(span_sub(text, at, word.len), word))
			return true;
	}
	return false;
}

bool span_has_any(struct span text, const char *words)
{
	struct span rest = span_text(words), some[WORDS_AT_ONCE];

	while (rest.len) {
		uint64_t firsts[4] = { 0 };
		size_t count = 0;

		while (rest.len && count < WORDS_AT_ONCE) {
			some[count] = span_split(&rest, '|');
			if (!some[count].len)
				continue;
			/* Without regard to case, and a little more. */
			firsts[(some[count].at[0] | 32) / 64] |= UINT64_C(1) << (some[count].at[0] | 32) % 64;
			count++;
		}
		for (size_t at = 0; at < text.len; at++) {
			uint8_t c = text.at[at] | 32;

			if (firsts[c / 64] >> c % 64 & 1 && has_word_at(text, at, some, count))
				return true;
		}
	}
	return false;
}
/* ---- several words ---- */

#define GRAM 3
#define GRAM_BITS 15
#define STEP_MOST 8

/* The lowest of the first `count` words that stands at `at` or up to `back` before, or `count`. */
static size_t word_near(struct span s, size_t at, size_t back, const struct span *words, size_t count)
{
	for (size_t w = 0; w < count; w++)
		for (size_t o = 0; o <= back && o <= at; o++)
			if (span_starts(span_from(s, at - o), words[w]))
				return w;
	return count;
}

static uint32_t gram_at(const uint8_t *at)
{
	uint32_t bytes = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;

	return bytes * UINT32_C(0x9e3779b1) >> (32 - GRAM_BITS);
}

/*
 * Whatever word stands in the text, one of the first `step` runs of three bytes of it lies
 * at a place that is looked at: only every step-th place is, and hardly any holds one.
 */
static size_t find_by_grams(struct span s, const struct span *words, size_t count, size_t step)
{
	uint64_t grams[(1 << GRAM_BITS) / 64] = { 0 };
	size_t found = count;

	for (size_t w = 0; w < count; w++)
		for (size_t o = 0; o < step; o++) {
			uint32_t gram = gram_at(words[w].at + o);

			grams[gram / 64] |= UINT64_C(1) << gram % 64;
		}
	for (size_t at = 0; found && at + GRAM <= s.len; at += step) {
		uint32_t gram = gram_at(s.at + at);

		/* Only words of lower numbers matter from here on. */
		if (grams[gram / 64] >> gram % 64 & 1)
			found = word_near(s, at, step - 1, words, found);
	}
	return found;
}

size_t span_find_word(struct span s, const struct span *words, size_t count)
{
	size_t shortest = GRAM + STEP_MOST - 1, found = count;

	for (size_t w = 0; w < count; w++)
		shortest = words[w].len < shortest ? words[w].len : shortest;
	if (shortest >= GRAM)
		found = find_by_grams(s, words, count, shortest - GRAM + 1);
	else
		for (size_t at = 0; found && at < s.len; at++)
			found = word_near(s, at, 0, words, found);
	return found < count ? found : SIZE_MAX;
}

size_t span_find(struct span s, size_t start, struct span needle)
{
	const uint8_t *hit;

	if (start > s.len || needle.len > s.len - start)
		return SIZE_MAX;
	if (needle.len == 0)
		return start;
	hit = memmem(s.at + start, s.len - start, needle.at, needle.len);
	return hit ? (size_t)(hit - s.at) : SIZE_MAX;
}

size_t span_find_byte(struct span s, size_t start, uint8_t byte)
{
	const uint8_t *hit;

	if (start >= s.len)
		return SIZE_MAX;
	hit = memchr(s.at + start, byte, s.len - start);
	return hit ? (size_t)(hit - s.at) : SIZE_MAX;
}

struct span span_split(struct span *s, uint8_t separator)
{
	size_t at = span_find_byte(*s, 0, separator);
	struct span head = *s;

	if (at == SIZE_MAX) {
		*s = span_from(*s, s->len);
		return head;
	}
	head.len = at;
	*s = span_from(*s, at + 1);
	return head;
}

static bool is_one_of(struct span word, const char *words, bool (*eq)(struct span a, struct span b))
{
	struct span rest = span_text(words);

	while (rest.len)
		if (eq(span_split(&rest, '|'), word))
			return true;
	return false;
}

static bool is_same(struct span a, struct span b)
{
	return span_eq(a, b);
}

bool span_is_one_of(struct span word, const char *words)
{
	return is_one_of(word, words, is_same);
}

bool span_is_one_of_nocase(struct span word, const char *words)
{
	return is_one_of(word, words, span_eq_nocase);
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct span span_trim(struct span s)
{
	while (s.len && is_blank(s.at[0]))
		s = span_from(s, 1);
	while (s.len && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

static int digit_of(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : 99;
}

bool span_to_u64(struct span s, uint64_t *out)
{
	unsigned radix = 10;
	uint64_t total = 0;

	if (s.len > 2 && s.at[0] == '0' && (s.at[1] | 0x20) == 'x') {
		radix = 16;
		s = span_from(s, 2);
	}
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)digit_of(s.at[i]);

		if (digit >= radix || __builtin_mul_overflow(total, (uint64_t)radix, &total) ||
		    __builtin_add_overflow(total, (uint64_t)digit, &total))
			return false;
	}
	*out = total;
	return true;
}

bool span_to_i64(struct span s, int64_t *out)
{
	bool negative = s.len && s.at[0] == '-';
	uint64_t magnitude;

	if (!span_to_u64(negative ? span_from(s, 1) : s, &magnitude) ||
	    magnitude > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}

uint64_t cursor_uleb128(struct cursor *c)
{
	uint64_t total = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte = cursor_u8(c);

		if (shift < 64)
			total |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return total;
	}
	c->short_read = true;
	return 0;
}
