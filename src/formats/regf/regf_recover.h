/*
 * regf_recover: keys and values that were deleted but still stand in free cells of a
 * hive. Free neighbours are joined into one cell, so every eighth byte of one may
 * begin what was a cell. What is found was true once; its parts may have been
 * overwritten since, so names and sizes are held to what a hive can have.
 */
#ifndef KANSHIKI_FORMATS_REGF_REGF_RECOVER_H
#define KANSHIKI_FORMATS_REGF_REGF_RECOVER_H

#include "formats/regf/regf.h"

struct regf_free {
	struct regf *hive;
	size_t at;			/* next place of a cell to look at, from the bins' start */
	size_t end;			/* of the free cell at hand; 0: none */
	size_t bin_end;
};

enum regf_found { REGF_FOUND_NONE, REGF_FOUND_KEY, REGF_FOUND_VALUE };

struct regf_free regf_free_of(struct regf *hive);
/* The next key or value in free space; costs the hive's work. REGF_FOUND_NONE: no more. */
enum regf_found regf_free_next(struct regf_free *it, struct regf_key *key, struct regf_value *value);

#endif
