/*
 * yara: rule texts to a compiled set, and bytes to matches.
 *
 * The language is that of YARA 4.5 with YARA-X's additions; docs/yara.md lists
 * it and every difference. A set is immutable, lives in an image arena (only
 * pointers into the same arena) and may be shared by any number of scanners in
 * any number of processes. A scanner is private to one thread and meant to live
 * long: a scan costs nothing in proportion to the number of rules.
 */
#ifndef KANSHIKI_RULES_YARA_YARA_H
#define KANSHIKI_RULES_YARA_YARA_H

#include "base/arena.h"
#include "base/err.h"
#include "base/finding.h"
#include "codec/json_write.h"
#include "rules/yara/module.h"

/* ---- compiling ---- */

struct yara_source {
	const char *name;		/* file name, for messages and includes */
	const char *name_space;		/* NULL: "default" */
	struct span text;
};

/*
 * An external variable: YARA_INTEGER, YARA_FLOAT, YARA_BOOL or YARA_STRING. A
 * string that is a JSON object or array is also a structure or array, with the
 * value of compile time, where a rule takes it for one: `x.a`, `x[1]`, `for i in x`.
 */
struct yara_external {
	struct span name;
	struct yara_value value;
};

struct yara_problem {
	const char *file;		/* may be NULL */
	unsigned line, column;		/* from 1; 0: not known */
	bool is_error;			/* else a warning */
	bool is_slow;			/* a warning about a string that slows scanning down */
	/* A warning's name, by which a comment `// suppress: NAME` silences it; see docs/yara.md. */
	const char *id;
	struct span rule;		/* may be empty */
	const char *text;
};

typedef void yara_problem_fn(void *context, const struct yara_problem *problem);

/*
 * Reads the file that `path` names, relative to the file `from`. The text and
 * the name live until compiling is over; NULL name: refused, `err` says why.
 */
typedef bool yara_include_fn(void *context, const char *path, const char *from,
			     struct yara_source *out, struct err *err);

struct yara_options {
	const struct yara_external *externals;	/* name, type and default value */
	size_t external_count;
	yara_include_fn *include;		/* NULL: includes are errors */
	void *include_context;
	yara_problem_fn *problem;		/* may be NULL */
	void *problem_context;
	/*
	 * A rule with an error is left out and the rest is used, with whatever refers
	 * to it left out too. Else one error fails the whole set (all are still told).
	 */
	bool skip_invalid;
	/* A rule whose name is taken is left out with a warning: for many files from many hands. */
	bool skip_duplicates;
	bool strict_escape;			/* warn of escapes in regexes that nobody knows */
	uint32_t max_strings_per_rule;		/* 0: 10,000 */
};

struct yara_set;

struct yara_counts {
	uint32_t rules, strings, patterns;	/* patterns: distinct strings */
	uint32_t skipped;			/* rules left out for errors or duplicate names */
	uint32_t always;			/* rules that some files wake without any string */
};

/*
 * The set lives in `arena`; *counts may be NULL. False where nothing usable came
 * out: with an error that was told as a problem (ERR_CORRUPT), or out of memory.
 */
bool yara_compile(struct arena *arena, const struct yara_source *sources, size_t count,
		  const struct yara_options *options, struct yara_set **out,
		  struct yara_counts *counts, struct err *err);

struct yara_counts yara_set_counts(const struct yara_set *set);
/* Some rule asks for an external: then equal bytes under two names may match differently. */
bool yara_set_uses_externals(const struct yara_set *set);

/* ---- what is known of a rule ---- */

struct yara_meta {
	struct span key;
	struct yara_value value;		/* integer, float, bool or string */
};

struct yara_rule_info {
	struct span name, name_space, file;
	const struct span *tags;
	size_t tag_count;
	const struct yara_meta *meta;
	size_t meta_count;
	bool is_private, is_global;
	unsigned line;
};

uint32_t yara_rule_count(const struct yara_set *set);
struct yara_rule_info yara_rule_info(const struct yara_set *set, uint32_t rule);
bool yara_rule_meta(const struct yara_rule_info *rule, const char *key, struct yara_value *out);

/* ---- scanning ---- */

struct yara_string_match {
	struct span identifier;			/* "$a" */
	uint64_t offset;			/* where it lies, plus the block's base */
	uint64_t length;			/* of the match; bytes may be cut to what is kept */
	struct span bytes;
	uint8_t xor_key;
	bool is_hex;				/* written as a hex string */
	bool is_private;
};

struct yara_scan;				/* one scan under way: what a match can be asked */

struct yara_match {
	uint32_t rule;
	struct yara_rule_info info;
	const struct yara_scan *scan;
};

/* False stops the scan. Everything given lives until the call returns. */
typedef bool yara_match_fn(void *context, const struct yara_match *match);

struct yara_module_data {
	const char *module;
	struct span data;
};

/* Values for this item in place of the defaults of compile time; by name and type. */
struct yara_inputs {
	const struct yara_external *externals;
	size_t external_count;
	const struct yara_module_data *module_data;
	size_t module_data_count;
	uint64_t file_size;		/* where the data is only the start of a file; 0: it is all of it */
};

enum yara_scan_flags {
	YARA_FAST = 1,			/* strings need not be counted: a first match will do (-f) */
	YARA_TELL_MISSES = 2,		/* also call back for rules that did not match (-n) */
};

struct yara_scan_options {
	uint32_t flags;
	uint64_t timeout_ns;		/* 0: none; CPU time of this thread */
	uint64_t memory_limit;		/* of what a scan may take for matches and modules; 0: 1 GiB */
	/* May be NULL: lines of module console. */
	void (*log)(void *context, struct span line);
	void *log_context;
	bool profile;			/* keep costs of each rule; see yara_profile */
};

/* What a scan left out; all zero on a complete one. */
struct yara_scan_notes {
	uint32_t strings_capped;	/* strings that hit more often than is kept */
	uint32_t rule;			/* the first of them ... */
	struct span identifier;
	bool timed_out;			/* then yara_scan also failed, with ERR_LIMIT */
};

struct yara_scanner;

struct yara_scanner *yara_scanner_new(const struct yara_set *set,
				      const struct yara_scan_options *options, struct err *err);
void yara_scanner_free(struct yara_scanner *scanner);	/* NULL-safe */

/*
 * Matching rules are told in the order of their definition; private rules never.
 * `inputs` may be NULL. `notes` may be NULL.
 */
bool yara_scan(struct yara_scanner *scanner, struct span data, const struct yara_inputs *inputs,
	       yara_match_fn *match, void *context, struct yara_scan_notes *notes,
	       struct err *err);

/* A piece of a process's memory; `filesize` is undefined in a scan of blocks. */
struct yara_block {
	uint64_t base;
	struct span data;
};

/*
 * As yara_scan, over blocks that `next` gives one after the other (false: no
 * more). A block may be taken away after the next call; matches keep up to 512 bytes.
 */
typedef bool yara_block_fn(void *context, struct yara_block *out);
/* For `uint32(address)` and its like: `len` bytes at an address; false: there are none. */
typedef bool yara_memory_fn(void *context, uint64_t at, uint8_t *to, size_t len);

struct yara_blocks {
	yara_block_fn *next;
	yara_memory_fn *read;			/* may be NULL: such reads are undefined */
	void *context;
};

bool yara_scan_blocks(struct yara_scanner *scanner, const struct yara_blocks *blocks,
		      const struct yara_inputs *inputs, yara_match_fn *match, void *context,
		      struct yara_scan_notes *notes, struct err *err);

/* Walks the string matches of a match: start with *at = 0; false at the end. */
bool yara_match_next(const struct yara_match *match, uint64_t *at, struct yara_string_match *out);

/* The module's object as this scan saw it (loads it if needed); NULL: not there. */
struct yara_object *yara_scan_module(const struct yara_scan *scan, const struct yara_module *module);

/*
 * The scan that yara_scan has just ended, for yara_scan_module: valid until the
 * next one, as long as the data is.
 */
const struct yara_scan *yara_last_scan(const struct yara_scanner *scanner);
/* Whether the rules import that module. */
bool yara_set_imports(const struct yara_set *set, const struct yara_module *module);

struct yara_rule_cost {
	uint32_t rule;
	uint64_t evaluations;
	uint64_t ns;
};

/* Costs since the scanner was made, dearest first; in `arena`. */
struct yara_rule_cost *yara_profile(const struct yara_scanner *scanner, struct arena *arena,
				    size_t *count);

/*
 * The finding that a match stands for. Text is put into `arena`.
 *   title       meta "title", else "description", else the rule's name
 *   level       meta "level" or "severity" by name; else meta "score" (also as text):
 *               80 and more critical, 70 high, 50 medium, 30 low, less informational;
 *               else medium
 *   techniques  whatever looks like T1059 or T1059.001 (or T1059_001, attack.t1059.001)
 *               in tags and in meta "techniques", "mitre", "attack", "mitre_attack", "technique"
 *   harm        meta "harm" by name, else what the techniques and tags stand for,
 *               else HARM_IMPLANT: a YARA rule without further word describes malicious content
 *   references  meta "reference" where it is a text, with the rule's file before it
 *   matched     JSON list of up to 16 string matches, each with up to 64 bytes
 */
void yara_finding(const struct yara_match *match, struct arena *arena, struct finding *out);

#endif
