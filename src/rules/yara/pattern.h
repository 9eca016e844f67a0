/*
 * pattern: the strings of YARA rules, compiled together and searched in one pass.
 *
 * Building: each string becomes a `pattern_spec`; equal ones share one id, so
 * they are searched once whatever the number of rules. `pattern_build` puts all
 * of them into the image arena as one `pattern_set`, immutable and shared.
 *
 * Searching is lazy. `pattern_search` makes one pass that notes where the rare
 * parts ("atoms") of patterns are seen and answers the ids that may occur:
 * usually a handful of thousands. Whether and where one really occurs is worked
 * out when the caller asks for that id, and remembered until the next search.
 * A caller therefore wakes rules by candidate ids, decides size and header
 * conditions, and asks only then.
 *
 * Semantics are those of YARA 4.5: at most one match at each offset, at the
 * length that the greediness of the pattern gives; regexes and hex strings see
 * at most PATTERN_SCAN_LIMIT bytes a match, except across jumps that YARA
 * splits (more than 200 bytes), which have no such bound.
 */
#ifndef KANSHIKI_RULES_YARA_PATTERN_H
#define KANSHIKI_RULES_YARA_PATTERN_H

#include "base/arena.h"
#include "base/err.h"

enum pattern_kind { PATTERN_TEXT, PATTERN_HEX, PATTERN_REGEX };

enum pattern_flags {
	PATTERN_NOCASE = 1 << 0,
	PATTERN_WIDE = 1 << 1,
	PATTERN_ASCII = 1 << 2,		/* set it, or leave both off: ascii is meant */
	PATTERN_FULLWORD = 1 << 3,
	PATTERN_DOTALL = 1 << 4,	/* the /s of a regex; its /i is PATTERN_NOCASE */
	PATTERN_XOR = 1 << 5,
	PATTERN_BASE64 = 1 << 6,
	PATTERN_BASE64_WIDE = 1 << 7,
};

struct pattern_spec {
	enum pattern_kind kind;
	uint32_t flags;
	struct span text;		/* TEXT: decoded bytes; HEX: source between the braces;
					   REGEX: source between the slashes */
	uint8_t xor_min, xor_max;	/* both inclusive; plain `xor` is 0..255 */
	struct span alphabet;		/* of base64: 64 bytes, or empty for the usual one */
	/* Asked only by pattern_match_at (every use is `$a at constant`): not searched for. */
	bool only_at;
};

#define PATTERN_SCAN_LIMIT 4096
#define PATTERN_MATCHES_MAX 1000000	/* a pattern, as YARA's YR_MAX_STRING_MATCHES */

/* What pattern_add noticed; bits of *notes. */
enum pattern_note {
	PATTERN_NOTE_SLOW = 1,		/* no bytes to search by, as YARA sees it */
	PATTERN_NOTE_UNBOUNDED = 2,	/* .* and its like */
};

struct pattern_builder;
struct pattern_set;
struct pattern_scratch;

/* What is compiled goes straight into `image`; NULL: out of memory. */
struct pattern_builder *pattern_builder_new(struct arena *image);
void pattern_builder_free(struct pattern_builder *builder);	/* NULL-safe */

/*
 * The text of the spec is copied. ERR_CORRUPT: not well formed, err->offset is
 * the place in spec->text; ERR_USAGE: modifiers that exclude each other;
 * ERR_LIMIT: too large. The builder stays usable after a failure.
 */
bool pattern_add(struct pattern_builder *builder, const struct pattern_spec *spec, uint32_t *id,
		 uint32_t *notes, struct err *err);

/* Ids are 0 .. pattern_count-1, in order of first addition. */
bool pattern_build(struct pattern_builder *builder, struct pattern_set **out, struct err *err);
uint32_t pattern_count(const struct pattern_set *set);

/*
 * Scratch is heap memory of one examiner; make it before entering the sandbox.
 * It grows with hits, never beyond a bound.
 */
struct pattern_scratch *pattern_scratch_new(const struct pattern_set *set, struct err *err);
void pattern_scratch_free(struct pattern_scratch *scratch);	/* NULL-safe */

struct pattern_options {
	uint32_t max_matches;		/* a pattern; 0: PATTERN_MATCHES_MAX */
	/* Yara's -f: one match a pattern is enough. */
	bool fast;
};

/*
 * The pass over `data`, which must stay as it is until the next search. All that
 * an earlier search found is forgotten, at a cost of what it had found.
 */
bool pattern_search(struct pattern_scratch *scratch, struct span data,
		    const struct pattern_options *options, struct err *err);

/* Ids that may occur, each once, in no order. Valid until the next search. */
const uint32_t *pattern_candidates(const struct pattern_scratch *scratch, size_t *count);

/* Does it occur? The cheapest question; stops at the first match found. */
bool pattern_found(struct pattern_scratch *scratch, uint32_t id);

/* Whether pattern_found has to search all the data for it, now or before. */
bool pattern_is_dear(const struct pattern_scratch *scratch, uint32_t id);

struct pattern_match {
	uint64_t offset;
	uint32_t length;
	uint8_t xor_key;
	uint8_t form;			/* which way it looked: ascii before wide; of no use outside */
};

/*
 * All matches, ascending by offset; *count may be 0. Valid until the next
 * search. NULL with 0 where there are none.
 */
const struct pattern_match *pattern_matches(struct pattern_scratch *scratch, uint32_t id,
					    size_t *count);
/* More than max_matches were there; the first ones are kept. Ask after pattern_matches. */
bool pattern_flooded(const struct pattern_scratch *scratch, uint32_t id);

/*
 * Does it match exactly at `offset` of the data last searched? Answers for any id,
 * candidate or not. Length in *length.
 */
bool pattern_match_at(struct pattern_scratch *scratch, uint32_t id, uint64_t offset,
		      uint32_t *length);

/* Bytes of the longest atom, for reports of slow patterns; 0: none. */
uint32_t pattern_atom_length(const struct pattern_set *set, uint32_t id);

#endif
