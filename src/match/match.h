/*
 * match: very many literals over bytes in one pass.
 *
 * A database is built once from all literals of a rule set, lies in the rule
 * set's arena (position-fixed, no pointers outside it, see os/image.h), never
 * changes and is shared by all forks. What a scan needs to remember is in a
 * scratch, one a thread of work.
 *
 * How it works: literals of ten bytes and more (most are) stand in a table by
 * windows of seven bytes at four places next to each other, so that only every
 * fourth place of the data has to be looked up; the others by their rarest
 * window of four bytes (by figures taken from real files, match/rarity.h), which
 * every place is looked up for. A lookup is a hash and two bits in one word of a
 * filter, eight places at once; few places pass, and only there literals are
 * compared. So cost grows with the data, hardly with the number of literals.
 */
#ifndef KANSHIKI_MATCH_MATCH_H
#define KANSHIKI_MATCH_MATCH_H

#include "base/arena.h"
#include "base/err.h"

enum match_flags {
	MATCH_NOCASE = 1,	/* ASCII letters match in both cases */
};

struct match_literal {
	struct span bytes;	/* not empty; borrowed until the database is built */
	struct span mask;	/* empty: compare whole bytes; else as long as bytes: which bits */
	uint32_t id;		/* the caller's; several literals may share one */
	uint32_t flags;
};

struct match_db;

#define MATCH_LITERALS_MAX ((size_t)8 << 20)

/*
 * Builds the database in `arena`. A literal that is empty or masks everything
 * out is ERR_USAGE, too many are ERR_LIMIT.
 */
bool match_db_build(struct arena *arena, const struct match_literal *literals, size_t count,
		    struct match_db **out, struct err *err);

/*
 * One occurrence: literal `id` starts at `start` and ends before `end`. Order of
 * calls is by 16 KiB of data; within them calls come in the order of each table's
 * windows, not of starts. False ends the scan.
 */
typedef bool match_fn(void *context, uint32_t id, size_t start, size_t end);

/*
 * All occurrences of all literals, overlapping ones too. Needs no scratch,
 * allocates nothing. `enough`, if not NULL, is indexed by id: what is set there,
 * also by `found` while the scan goes on, is not told of any more.
 */
void match_scan(const struct match_db *db, struct span data, const bool *enough, match_fn *found,
		void *context);

/*
 * How often, per byte of ordinary data, the scan will have to look closer for
 * the sake of this literal: 0 to 1; *window is where its rarest window begins.
 * Under 0.0001 a literal is as good as free. More than 1: it is too short or too
 * vague for the one pass and would cost a second one.
 */
#define MATCH_SECOND_PASS 2.0
double match_cost(struct span bytes, struct span mask, size_t *window);

/* How many literals; for reports. */
size_t match_db_count(const struct match_db *db);

#endif
