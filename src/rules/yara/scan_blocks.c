#include "rules/yara/scan.h"

#include "rules/yara/modules.h"

#include <stdlib.h>

#define IMAGE_MAX ((size_t)64 << 20)	/* of an executable in memory, for its module */
#define MODULE_MAX ((size_t)256 << 20)	/* with what the module makes of it */
#define BYTES_KEPT 512			/* of each match in memory */
#define PLACES_MAX 4096			/* executables in one process */

/* ---- matches ---- */

static bool keep_hit(struct yara_scan *s, struct block_hits *hits,
		     const struct pattern_match *match, const struct yara_block *block)
{
	struct pattern_match *slot = arena_push(&s->arena, (void **)&hits->matches, &hits->count,
						&hits->room, sizeof *slot);
	struct span *bytes = arena_push(&s->arena, (void **)&hits->bytes, &hits->byte_count,
					&hits->byte_room, sizeof *bytes);

	if (!slot || !bytes)
		return false;
	*slot = *match;
	slot->offset += block->base;
	*bytes = arena_copy(&s->arena, span_sub(block->data, match->offset,
						match->length < BYTES_KEPT ? match->length
									   : BYTES_KEPT));
	return bytes->at;
}

static bool keep_hits(struct yara_scan *s, uint32_t pattern, const struct yara_block *block)
{
	struct block_hits *hits = &s->block_hits[pattern];
	const struct pattern_match *matches;
	size_t count;

	matches = pattern_matches(s->patterns, pattern, &count);
	if (!count)
		return true;
	if (hits->scan != s->number) {
		uint32_t *slot = arena_push(&s->arena, (void **)&s->block_patterns,
					    &s->block_pattern_count, &s->block_pattern_room,
					    sizeof *slot);

		if (!slot)
			return false;
		*slot = pattern;
		*hits = (struct block_hits){ .scan = s->number };
	}
	for (size_t i = 0; i < count && hits->count < PATTERN_MATCHES_MAX; i++)
		if (!keep_hit(s, hits, &matches[i], block))
			return false;
	return true;
}

/* ---- what conditions ask of memory ---- */

static bool looks_executable(struct span data)
{
	static const char *const magic[] = { "MZ", ("\x7f" "ELF"), "\xce\xfa\xed\xfe",
					     "\xcf\xfa\xed\xfe", "dex\n" };

	for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
		if (span_starts(data, span_text(magic[i])))
			return true;
	return false;
}

static bool note_executable(struct yara_scan *s, const struct yara_block *block)
{
	struct block_place *place;

	if (s->place_count >= PLACES_MAX || !looks_executable(block->data))
		return true;
	place = arena_push(&s->arena, (void **)&s->places, &s->place_count, &s->place_room,
			   sizeof *place);
	if (!place)
		return false;
	*place = (struct block_place){ block->base, block->data.len };
	return true;
}

bool scan_read_memory(struct yara_scan *s, uint64_t at, uint8_t *to, size_t len)
{
	return s->blocks->read && s->blocks->read(s->blocks->context, at, to, len);
}

/* The bytes of a block that was seen; empty where the process has moved on. */
static struct span read_again(struct yara_scan *s, const struct block_place *place,
			      struct arena *arena)
{
	size_t len = place->len < IMAGE_MAX ? place->len : IMAGE_MAX;
	uint8_t *bytes = arena_alloc(arena, len);

	return bytes && scan_read_memory(s, place->base, bytes, len) ? span_of(bytes, len)
								     : (struct span){ 0 };
}

/* The first executable that the module takes; it refuses libraries itself. */
struct yara_object *scan_memory_module(struct yara_scan *s, uint32_t number)
{
	const struct yara_module *module = yara_modules[number];
	struct arena *arena = &s->memory_arenas[number];
	struct yara_load load = { .is_memory = true, .arena = arena };
	struct yara_object *object;
	bool taken = false;

	for (size_t i = 0; i < s->place_count; i++) {
		arena_free(arena);
		*arena = arena_new(MODULE_MAX);
		load.data = read_again(s, &s->places[i], arena);
		load.base = s->places[i].base;
		object = load.data.len ? scan_load_module(s, module, &load, &taken) : NULL;
		if (taken)
			return object;
	}
	load = (struct yara_load){ .is_memory = true, .arena = &s->arena };
	return scan_load_module(s, module, &load, &taken);
}

bool scan_memory_entry_point(struct yara_scan *s, int64_t *out)
{
	bool found = false;

	for (size_t i = 0; i < s->place_count && !found; i++) {
		struct arena arena = arena_new(IMAGE_MAX + 4096);
		struct span data = read_again(s, &s->places[i], &arena);

		found = data.len && yara_entry_point(data, true, s->places[i].base, out);
		arena_free(&arena);
	}
	return found;
}

/* ---- the scan ---- */

static bool scan_block(struct yara_scan *s, const struct yara_block *block, struct err *err)
{
	struct pattern_options options = { .fast = s->options.flags & YARA_FAST };
	const uint32_t *candidates;
	size_t count;

	if (!pattern_search(s->patterns, block->data, &options, err))
		return false;
	candidates = pattern_candidates(s->patterns, &count);
	for (size_t i = 0; i < count; i++)
		if (!keep_hits(s, candidates[i], block))
			return err_set(err, ERR_LIMIT, block->base, "too many matches in memory");
	return note_executable(s, block) ||
	       err_set(err, ERR_LIMIT, block->base, "too many matches in memory");
}

bool yara_scan_blocks(struct yara_scanner *scanner, const struct yara_blocks *blocks,
		      const struct yara_inputs *inputs, yara_match_fn *match, void *context,
		      struct yara_scan_notes *notes, struct err *err)
{
	struct yara_scan *s = &scanner->scan;
	struct yara_block block;

	scan_start(s, inputs);
	s->is_blocks = true;
	s->blocks = blocks;
	s->data = (struct span){ 0 };
	s->places = NULL;
	s->place_count = s->place_room = 0;
	if (!s->block_hits) {
		s->block_hits = calloc(s->set->pattern_count + 1u, sizeof *s->block_hits);
		if (!s->block_hits)
			return err_errno(err, 12, "no memory for a scan of memory");
	}
	s->block_patterns = NULL;
	s->block_pattern_count = s->block_pattern_room = 0;
	while (blocks->next(blocks->context, &block)) {
		if (!scan_block(s, &block, err))
			return false;
		if (s->deadline && scan_clock() > s->deadline)
			return err_set(err, ERR_LIMIT, block.base, "scanning timed out");
	}
	return scan_end(s, s->block_patterns, s->block_pattern_count, match, context, notes,
			   err);
}
