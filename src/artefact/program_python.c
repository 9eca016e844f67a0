/* Compiled Python held against the source that stands beside it. */
#include "artefact/program.h"

#include "base/map.h"
#include "formats/pyc/pyc.h"

#define MEMORY ((size_t)64 << 20)
#define SOURCE_MOST ((size_t)8 << 20)

struct comparison {
	struct map words;		/* of the source */
	struct map strange;		/* names that are not among them */
	struct arena *arena;
	struct span first;
	size_t count, foreign;		/* strange names; words of the source that are not ASCII */
};

static bool is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}

static bool is_ascii(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] >= 0x80)
			return false;
	return true;
}

static bool take_words(struct comparison *c, struct span source)
{
	for (size_t at = 0, end; at < source.len; at = end + 1) {
		struct span word;
		void **slot;

		for (end = at; end < source.len && is_word(source.at[end]); end++)
			;
		word = span_sub(source, at, end - at);
		if (!word.len)
			continue;
		c->foreign += !is_ascii(word);
		slot = map_slot(&c->words, word);
		if (!slot)
			return false;
		*slot = c;
	}
	return true;
}

/* "_Class__name" is what the compiler makes of "__name" within a class. */
static bool is_of_source(const struct comparison *c, struct span name)
{
	if (map_get(&c->words, name))
		return true;
	for (size_t at = 1; name.at[0] == '_' && at + 2 < name.len; at++)
		if (name.at[at] == '_' && name.at[at + 1] == '_' && map_get(&c->words, span_from(name, at)))
			return true;
	return false;
}

/* "os.path" is one name in code. Letters beyond ASCII may be written in several ways. */
static bool take_name(void *context, struct span name)
{
	struct comparison *c = context;

	if (pyc_is_compilers(name) || !is_ascii(name))
		return true;
	while (name.len) {
		struct span part = span_split(&name, '.');
		void **slot;

		if (!part.len || pyc_is_compilers(part) || is_of_source(c, part))
			continue;
		slot = map_slot(&c->strange, part);
		if (!slot)
			return false;
		if (!*slot && !c->count++)
			c->first = part;
		*slot = c;
	}
	return true;
}

static bool compare(struct comparison *c, struct span bytes, struct span source)
{
	const struct pyc_sink sink = { take_name, c };
	struct err ignored;

	/* What cannot be read wholly has told its names up to there. */
	if (take_words(c, source))
		pyc_names(bytes, c->arena, &sink, &ignored);
	return c->count > c->foreign;
}

/* "__pycache__/x.cpython-311.opt-1.pyc" is made of "../x.py", "x.pyc" of "x.py". */
static bool name_of_source(const struct artefact *a, struct span *out)
{
	struct span end = SPAN("/__pycache__/");
	size_t cut = span_find(a->name, 0, SPAN(".cpython-"));
	bool is_cached = span_find(a->path, 0, end) != SIZE_MAX;

	if (!is_cached)
		cut = span_ends(a->name, SPAN(".pyc")) ? a->name.len - 4 : SIZE_MAX;
	if (cut == SIZE_MAX)
		return false;
	*out = arena_printf(a->arena, "%s%.*s.py", is_cached ? "../" : "", SPAN_ARG(span_sub(a->name, 0, cut)));
	return true;
}

bool program_is_not_of_source(const struct artefact *a, struct span *name, size_t *count)
{
	struct arena arena = arena_new(MEMORY);
	struct comparison c = { .words = map_new(&arena), .strange = map_new(&arena), .arena = &arena };
	struct span wanted, source;
	bool differs = name_of_source(a, &wanted) && a->near->find(a->near->context, wanted, &source) &&
		       source.len <= SOURCE_MOST && compare(&c, a->bytes, source);

	if (differs) {
		*name = arena_printf(a->arena, "%.*s", SPAN_ARG(span_sub(c.first, 0, 100)));
		*count = c.count;
	}
	arena_free(&arena);
	return differs;
}
