#include "match/find.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

bool find_literal(struct span text, struct span needle)
{
	size_t at = 0, last;

	if (needle.len == 0)
		return true;
	if (text.len < needle.len)
		return false;
	if (needle.len == 1)
		return memchr(text.at, needle.at[0], text.len) != NULL;
	last = text.len - needle.len;
#ifdef __SSE2__
	/* Sixteen places at once: first and last byte fit, then all between. */
	const __m128i first = _mm_set1_epi8((char)needle.at[0]);
	const __m128i final = _mm_set1_epi8((char)needle.at[needle.len - 1]);

	for (; at + 16 <= last + 1; at += 16) {
		const uint8_t *p = text.at + at;
		__m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + needle.len - 1));
		unsigned mask = (unsigned)_mm_movemask_epi8(
			_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, final)));

		for (; mask; mask &= mask - 1)
			if (memcmp(p + __builtin_ctz(mask) + 1, needle.at + 1,
				   needle.len - 2) == 0)
				return true;
	}
#endif
	for (; at <= last; at++)
		if (text.at[at] == needle.at[0] && memcmp(text.at + at, needle.at, needle.len) == 0)
			return true;
	return false;
}
