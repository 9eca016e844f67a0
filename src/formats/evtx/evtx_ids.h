/*
 * evtx_ids: which record ids of a log are missing between those that were seen.
 *
 * Ids that jump up leave a hole, but for those of it that came before; what comes
 * later fills it: chunks may lie in any order. Ids that jump down begin anew, as
 * in a log that was cleared, and leave none. So many stretches are remembered as
 * EVTX_RUNS_MAX; what is beyond is counted as if each came once, in order.
 */
#ifndef KANSHIKI_FORMATS_EVTX_IDS_H
#define KANSHIKI_FORMATS_EVTX_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define EVTX_RUNS_MAX 64

struct evtx_run {
	uint64_t first, last;
};

struct evtx_hole {
	struct evtx_run run;
	bool gap;			/* by a jump; else a chunk's header told of it */
};

/* Zero it before the first id. */
struct evtx_ids {
	struct evtx_run seen[EVTX_RUNS_MAX];	/* in order, apart from one another */
	uint32_t seen_count;
	uint32_t current;			/* of those: which the last id lengthened */
	struct evtx_hole holes[EVTX_RUNS_MAX];
	uint32_t hole_count;
	uint64_t first, last;			/* of what was read; 0: nothing yet */
	uint64_t gaps, missing;
};

void evtx_ids_see(struct evtx_ids *ids, uint64_t id);
/* A chunk's header tells that it went on to `last`, which was not found. */
void evtx_ids_lose(struct evtx_ids *ids, uint64_t first, uint64_t last);
/* The ids of the next part of the same log. */
void evtx_ids_add(struct evtx_ids *total, const struct evtx_ids *part);
/* What is missing in another log, whose ids have nothing to do with these. */
void evtx_ids_add_log(struct evtx_ids *total, const struct evtx_ids *log);

#endif
