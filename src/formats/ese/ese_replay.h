/*
 * ese_replay: what stands in transaction logs only, put into the pages of a
 * database that was not shut down, as the engine itself does when it starts.
 *
 * The file is not changed: pages that the logs touch are kept as lists of nodes,
 * which the walk of a tree takes instead of those in the file. A change is made
 * only where the page has the time that the log says it had before; where it has
 * the time after or a later one, it holds the change already. What cannot be made
 * (a page that misses an earlier change, a merge of two pages that both hold
 * rows) is counted, and rows that were put into such a page are given by themselves,
 * from the log. Transactions that were under way are not taken back: their rows
 * were written by a program and are told like the others.
 */
#ifndef KANSHIKI_FORMATS_ESE_ESE_REPLAY_H
#define KANSHIKI_FORMATS_ESE_ESE_REPLAY_H

#include "base/map.h"
#include "formats/ese/ese.h"
#include "formats/ese/ese_log.h"
#include "formats/ese/ese_page.h"

#define ESE_REPLAY_LOGS 4096	/* of one database */

/* A page as the logs left it. */
struct ese_replayed {
	uint32_t number;
	struct ese_nodes nodes;
	uint64_t time;
	uint32_t applied;		/* changes made to it */
	bool is_stuck;			/* misses a change: no later one fits */
	bool is_gone;			/* merged into another */
};

/* A row that was put into a page that is stuck. */
struct ese_loose {
	uint32_t object;
	struct ese_node node;
};

struct ese_macro {
	bool is_open;
	uint16_t process;
	struct ese_change *parts;
	size_t count, room;
};

#define ESE_MACROS 32			/* under way at once */

struct ese_replay {
	struct ese *db;
	struct arena *arena;
	struct map by_number;
	struct ese_replayed **pages;	/* in the order in which they were touched */
	size_t count, room;
	struct ese_loose *loose;
	size_t loose_count, loose_room;
	struct ese_macro macros[ESE_MACROS];
	uint8_t database;		/* its number in the log at hand */
	bool is_over;			/* no memory: the rest is missing */
};

/*
 * Finds the logs that `db` needs (its header was read, its catalog not yet), replays
 * them and fills db->recovery and db->replay. A database that was shut down needs none.
 */
void ese_recover(struct ese *db, const struct ese_logs *logs);

/* The page as it is now, taken from the file at first; NULL: no such page, or no memory. */
struct ese_replayed *ese_replay_page(struct ese_replay *r, uint32_t number);
/* As it was left, or NULL: the file's is what counts. */
const struct ese_replayed *ese_replayed_page(const struct ese *db, uint32_t number);
/*
 * Whether a change from `before` to `time` is still to be made. Marks the page as stuck
 * and counts the change as missed where it fits neither.
 */
bool ese_replay_is_due(struct ese_replay *r, struct ese_replayed *p, uint64_t before, uint64_t time);
/* A change that cannot be made. */
void ese_replay_miss(struct ese_replay *r, struct ese_replayed *p);
/* The change was made: the page's time moves on. */
void ese_replay_done(struct ese_replay *r, struct ese_replayed *p, uint64_t time);

/* One change of one node (insertion, deletion, replacement). False: it does not fit what is there. */
bool ese_replay_node(struct ese_replay *r, struct ese_nodes *nodes, const struct ese_change *change);
/* The node that an insertion brings. */
bool ese_replay_inserted(const struct ese_change *change, struct ese_node *out);
/* All that was done as one: splits and merges of pages with the insertion that caused them. */
void ese_replay_macro(struct ese_replay *r, const struct ese_macro *macro);

/* Room for one more at `line`; false: beyond the end, no memory, more than a page holds. */
bool ese_nodes_insert(struct ese_replay *r, struct ese_nodes *nodes, size_t line, const struct ese_node *node);
void ese_nodes_remove(struct ese_nodes *nodes, size_t line);

#endif
