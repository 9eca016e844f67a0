/*
 * rule_pack: rule texts compiled into a sealed image, with what was said of them.
 *
 * The image's root is a struct rule_pack, whose `set` is a struct yara_set or a
 * struct sigma_set. The pack also keeps every problem, so that a pack that comes
 * from the cache still tells which rules were refused, where and why. The cache
 * is keyed by the texts, their names, the options and the program itself.
 */
#ifndef KANSHIKI_EXAMINE_RULE_PACK_H
#define KANSHIKI_EXAMINE_RULE_PACK_H

#include "base/finding.h"
#include "examine/rule_files.h"
#include "os/image.h"

enum rule_verdict { RULE_REFUSED, RULE_NOT_APPLICABLE,
		    RULE_IN_PART,	/* loaded without what the reason names */
		    RULE_WARNED };

struct rule_problem {
	enum rule_verdict verdict;
	struct span file, rule;
	uint32_t line, column;		/* from 1; 0 unknown */
	struct span reason;
};

struct rule_pack {
	void *set;
	enum engine engine;
	uint64_t loaded, refused, not_applicable, in_part;
	uint8_t sha256[32];		/* over names and texts of the rules */
	struct rule_problem *problems;
	size_t problem_count;
	uint64_t problems_dropped;	/* beyond RULE_PROBLEMS_MAX */
};

#define RULE_PROBLEMS_MAX 20000

struct rule_pack_options {
	struct span logsources;		/* Sigma: text of the log-source data */
	struct span placeholders;	/* Sigma: text of the placeholders, or empty */
	enum level least_level;		/* Sigma: rules below are left out */
	bool slow_strings;		/* YARA: tell of them; where rules are not being written, they bury the rest */
	bool no_cache;
};

/*
 * Compiles the files of that language. One faulty rule costs that rule and is
 * told as a problem. *from_cache (may be NULL) tells where the pack came from.
 * On success the caller frees the image; no files make an empty set.
 */
bool rule_pack_yara(const struct rule_files *files, const struct rule_pack_options *options,
		    struct image *image, bool *from_cache, struct err *err);
bool rule_pack_sigma(const struct rule_files *files, const struct rule_pack_options *options,
		     struct image *image, bool *from_cache, struct err *err);

static inline const struct rule_pack *rule_pack_of(const struct image *image)
{
	return image->root;
}

/* The names of the external variables that every YARA set may use, all strings. */
#define RULE_PACK_EXTERNALS 5
extern const char *const rule_pack_externals[RULE_PACK_EXTERNALS];

#endif
