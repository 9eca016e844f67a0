/* pattern_search: the scratch's inside, shared by searching and verifying. */
#ifndef KANSHIKI_RULES_YARA_PATTERN_SEARCH_H
#define KANSHIKI_RULES_YARA_PATTERN_SEARCH_H

#include "rules/yara/pattern_set.h"

#define PLACE_SHIFT 24			/* a place: offset, and the number of the atom below it */

enum hit_state { HIT_UNKNOWN, HIT_FOUND, HIT_ABSENT, HIT_LISTED };

/* What is known of one pattern in the present data. */
struct pattern_hit {
	uint64_t *places;		/* where atoms say that it may start, or be split */
	size_t place_count, place_room;
	uint32_t everywhere;		/* bit: this form must be searched in all the data */
	uint8_t state;
	bool flooded;
	struct pattern_match *matches;
	size_t match_count, match_room;
};

struct pattern_mark {
	uint32_t generation;		/* of the search that last saw the pattern */
	uint32_t hit;			/* then its number in hits */
};

struct pattern_scratch {
	const struct pattern_set *set;
	struct regex_scratch *outer, *inner;
	struct pattern_mark *marks;	/* [pattern] */
	struct pattern_hit *hits;
	uint32_t *candidates;		/* [hit_count] ids */
	size_t hit_count, hit_room;
	uint32_t generation;
	bool *enough;			/* [atom]: their form is searched for in all the data */
	bool any_enough;
	struct arena heap;		/* of one search */
	struct arena work;		/* of one verification */
	struct span data;
	struct pattern_options options;
};

/*
 * Verifies the pattern's places; with `first` stops at the first match. Matches
 * go to the hit, sorted, one an offset.
 */
void pattern_verify(struct pattern_scratch *scratch, uint32_t id, struct pattern_hit *hit,
		    bool first);

/* Whether a match stands between characters that are no letters or digits. */
bool pattern_is_word(const struct pattern_form *form, struct span data, size_t at, size_t len);

#endif
