/*
 * pattern_fuzz: a string of some kind is compiled and searched for in data, both
 * from the input: kind, flags, xor bounds, length of the string, string, data.
 * What is found must be found again at its place.
 */
#include <stdlib.h>

#include "rules/yara/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void search(struct pattern_set *set, uint32_t id, struct span data)
{
	struct pattern_options options = { .max_matches = 500 };
	struct err err = { 0 };
	struct pattern_scratch *scratch = pattern_scratch_new(set, &err);
	const struct pattern_match *m;
	uint32_t length;
	size_t count;

	if (!scratch || !pattern_search(scratch, data, &options, &err))
		abort();
	m = pattern_matches(scratch, id, &count);
	if (pattern_found(scratch, id) != (count > 0))
		abort();
	for (size_t i = 0; i < count; i++) {
		if (m[i].offset + m[i].length > data.len || m[i].offset >= data.len ||
		    (i && m[i].offset <= m[i - 1].offset))
			abort();
		pattern_match_at(scratch, id, m[i].offset, &length);
	}
	pattern_scratch_free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct cursor in = cursor_of(span_of(bytes, len));
	struct arena image = arena_new((size_t)1 << 28);
	struct pattern_builder *builder = pattern_builder_new(&image);
	struct pattern_spec spec = { .kind = cursor_u8(&in) % 3u };
	struct pattern_set *set;
	struct err err = { 0 };
	uint32_t id, notes;

	spec.flags = cursor_u8(&in);
	spec.xor_min = cursor_u8(&in);
	spec.xor_max = cursor_u8(&in);
	spec.text = cursor_take(&in, cursor_u8(&in));
	if (builder && !in.short_read && pattern_add(builder, &spec, &id, &notes, &err) &&
	    pattern_build(builder, &set, &err))
		search(set, id, span_from(in.in, in.at));
	pattern_builder_free(builder);
	arena_free(&image);
	return 0;
}
