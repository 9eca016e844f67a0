/*
 * scan: one scan under way, between the scanner and the evaluator of conditions.
 * Private to this folder.
 *
 * What is known of a rule, guard or namespace is kept with the number of the
 * scan that found it out, so that nothing has to be cleared between scans.
 */
#ifndef KANSHIKI_RULES_YARA_SCAN_H
#define KANSHIKI_RULES_YARA_SCAN_H

#include "rules/yara/set.h"

enum truth { NO, YES, UNKNOWN };

#define FRAMES_MAX (DEPTH_MAX + 1)	/* rules that refer to each other */

/* Where an executable begins in a process, and how long its first block is. */
struct block_place {
	uint64_t base;
	size_t len;
};

/* All hits of one pattern over the blocks of a process. */
struct block_hits {
	struct pattern_match *matches;
	size_t count, room;
	struct span *bytes;
	size_t byte_count, byte_room;
	uint32_t scan;
};

struct yara_scan {
	const struct yara_set *set;
	struct yara_scan_options options;
	struct pattern_scratch *patterns;
	struct regex_scratch *regexes;
	struct arena arena;			/* emptied before each scan */

	struct span data;
	uint64_t file_size;
	bool is_blocks;
	const struct yara_blocks *blocks;
	struct block_place *places;		/* of blocks: those that begin like an executable */
	size_t place_count, place_room;
	struct arena *memory_arenas;		/* of blocks: [module_count] the executable, for a module */
	uint32_t header;			/* first four bytes, zeros behind the end */
	const struct yara_inputs *inputs;
	struct yara_value *externals;
	struct yara_object **modules;
	uint32_t module_count;

	uint32_t number;			/* of the scan */
	uint32_t *rule_states;			/* number << 2 | state */
	uint32_t *guard_states;
	uint32_t *space_states;
	uint32_t *woken;
	uint32_t woken_count;
	uint32_t *matched;
	uint32_t matched_count;
	struct block_hits *block_hits;		/* [pattern_count], made when first needed */
	uint32_t *block_patterns;
	size_t block_pattern_count, block_pattern_room;

	struct yara_value *variables;		/* a stack: VARIABLES_MAX a frame */
	unsigned frame;
	uint64_t steps, deadline;
	bool stopped;
	struct yara_scan_notes notes;
	const struct rule *rule;		/* under evaluation */
	struct yara_rule_cost *costs;		/* [rule_count] with profile */
};

struct yara_scanner {
	struct yara_scan scan;
};

/* ---- for the evaluator (scan.c) ---- */
bool scan_found(struct yara_scan *scan, const struct rule_string *string);
/* Whether to find it out takes a search of all the data. */
bool scan_is_dear(struct yara_scan *scan, const struct rule_string *string);
bool scan_found_at(struct yara_scan *scan, const struct rule_string *string, int64_t offset);
const struct pattern_match *scan_matches(struct yara_scan *scan, const struct rule_string *string,
					 size_t *count);
struct yara_object *scan_module(struct yara_scan *scan, uint32_t number);
/* Memoised; UNKNOWN does not come out. */
enum truth scan_rule(struct yara_scan *scan, uint32_t rule);
/* Whether time is up: looks at the clock. */
bool scan_in_time(struct yara_scan *scan);
bool scan_entry_point(struct yara_scan *scan, int64_t *out);

#define STEPS_BETWEEN_LOOKS 4096

/* Counts a step of a loop; false when time is up. */
static inline bool scan_step(struct yara_scan *scan)
{
	return !scan->stopped &&
	       (++scan->steps % STEPS_BETWEEN_LOOKS != 0 || scan_in_time(scan));
}

/* ---- a scan begins and ends (scan.c) ---- */
uint64_t scan_clock(void);			/* CPU time of this thread, ns */
void scan_start(struct yara_scan *scan, const struct yara_inputs *inputs);
bool scan_end(struct yara_scan *scan, const uint32_t *patterns, size_t count,
		 yara_match_fn *match, void *context, struct yara_scan_notes *notes,
		 struct err *err);
/* The module's object filled from load->data; *taken: the module knows that data. NULL: no memory. */
struct yara_object *scan_load_module(struct yara_scan *scan, const struct yara_module *module,
				     struct yara_load *load, bool *taken);

/* ---- in the memory of a process (scan_blocks.c) ---- */
struct yara_object *scan_memory_module(struct yara_scan *scan, uint32_t number);
bool scan_memory_entry_point(struct yara_scan *scan, int64_t *out);
/* Bytes of a process at an address; false where none are to be had. */
bool scan_read_memory(struct yara_scan *scan, uint64_t at, uint8_t *to, size_t len);

/* ---- the evaluator (eval.c) ---- */
enum truth eval_rule(struct yara_scan *scan, const struct rule *rule);

#endif
