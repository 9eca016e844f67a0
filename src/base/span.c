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

bool span_has_any(struct span text, const char *words)
{
	struct span rest = span_text(words);

	while (rest.len) {
		struct span word = span_split(&rest, '|');

		for (size_t at = 0; word.len && at + word.len <= text.len; at++)
			if ((text.at[at] | 32) == (word.at[0] | 32) &&
			    span_eq_nocase(span_sub(text, at, word.len), word))
				return true;
	}
	return false;
}

/* By its first two bytes a place tells which words may stand there: hardly ever any. */
size_t span_find_word(struct span s, const struct span *words, size_t count)
{
	uint64_t first[256] = { 0 }, second[256] = { 0 }, wanted = 0;
	size_t found = SIZE_MAX;

	for (size_t w = 0; w < count; w++) {
		wanted |= UINT64_C(1) << w;
		first[words[w].at[0]] |= UINT64_C(1) << w;
		for (size_t c = 0; c < 256 && words[w].len == 1; c++)
			second[c] |= UINT64_C(1) << w;
		if (words[w].len > 1)
			second[words[w].at[1]] |= UINT64_C(1) << w;
	}
	for (size_t at = 0; wanted && at < s.len; at++) {
		uint64_t here = first[s.at[at]] & wanted;

		if (!here)
			continue;
		here &= at + 1 < s.len ? second[s.at[at + 1]] : here;
		for (; here; here &= here - 1) {
			size_t w = (size_t)__builtin_ctzll(here);

			if (!span_starts(span_from(s, at), words[w]))
				continue;
			/* Only words of lower numbers matter from here on. */
			found = w;
			wanted = (UINT64_C(1) << w) - 1;
			break;
		}
	}
	return found;
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
