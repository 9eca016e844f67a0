#include "formats/evtx/evtx_ids.h"

#include <string.h>

static void add_hole(struct evtx_ids *ids, struct evtx_run run, bool gap)
{
	ids->missing += run.last - run.first + 1;
	ids->gaps += gap;
	if (ids->hole_count < EVTX_RUNS_MAX)
		ids->holes[ids->hole_count++] = (struct evtx_hole){ run, gap };
}

static void fill_holes(struct evtx_ids *ids, struct evtx_run run)
{
	struct evtx_hole whole;

	for (uint32_t i = ids->hole_count; i-- > 0; ) {
		whole = ids->holes[i];
		if (run.last < whole.run.first || run.first > whole.run.last)
			continue;
		ids->missing -= whole.run.last - whole.run.first + 1;
		ids->gaps -= whole.gap;
		ids->holes[i] = ids->holes[--ids->hole_count];
		if (run.first > whole.run.first)
			add_hole(ids, (struct evtx_run){ whole.run.first, run.first - 1 }, whole.gap);
		if (run.last < whole.run.last)
			add_hole(ids, (struct evtx_run){ run.last + 1, whole.run.last }, whole.gap);
	}
}

/* A hole but for what was seen; it takes the place of those within it. */
static void open_hole(struct evtx_ids *ids, struct evtx_run run, bool gap)
{
	fill_holes(ids, run);
	for (uint32_t i = 0; i < ids->seen_count && run.first <= run.last; i++) {
		const struct evtx_run *seen = &ids->seen[i];

		if (seen->last < run.first || seen->first > run.last)
			continue;
		if (seen->first > run.first)
			add_hole(ids, (struct evtx_run){ run.first, seen->first - 1 }, gap);
		if (seen->last == UINT64_MAX)
			return;
		run.first = seen->last + 1;
	}
	if (run.first <= run.last)
		add_hole(ids, run, gap);
}

/* `a` ends where `b` begins, or later. */
static bool reaches(const struct evtx_run *a, const struct evtx_run *b)
{
	return a->last >= b->first || a->last + 1 == b->first;
}

static void remember(struct evtx_ids *ids, struct evtx_run run)
{
	uint32_t at = 0, end;

	while (at < ids->seen_count && !reaches(&ids->seen[at], &run))
		at++;
	for (end = at; end < ids->seen_count && reaches(&run, &ids->seen[end]); end++) {
		const struct evtx_run *old = &ids->seen[end];

		run.first = old->first < run.first ? old->first : run.first;
		run.last = old->last > run.last ? old->last : run.last;
	}
	if (end == at && ids->seen_count == EVTX_RUNS_MAX)
		return;
	memmove(&ids->seen[at + 1], &ids->seen[end], (ids->seen_count - end) * sizeof run);
	ids->seen[at] = run;
	ids->seen_count += 1 - (end - at);
	ids->current = at;
}

/* The common case: the run under way goes on, and into no other. */
static bool goes_on(struct evtx_ids *ids, uint64_t id)
{
	struct evtx_run *run = &ids->seen[ids->current];
	uint32_t next = ids->current + 1;

	if (ids->current >= ids->seen_count || id == 0 || run->last != id - 1 || ids->last != id - 1 ||
	    (next < ids->seen_count && ids->seen[next].first <= id + 1))
		return false;
	for (uint32_t i = 0; i < ids->hole_count; i++)
		if (id >= ids->holes[i].run.first && id <= ids->holes[i].run.last)
			return false;
	run->last = id;
	return true;
}

static void jump(struct evtx_ids *ids, uint64_t id)
{
	if (!ids->first)
		ids->first = id;
	if (ids->last && id > ids->last && id - ids->last > 1)
		open_hole(ids, (struct evtx_run){ ids->last + 1, id - 1 }, true);
}

void evtx_ids_see(struct evtx_ids *ids, uint64_t id)
{
	if (!goes_on(ids, id)) {
		jump(ids, id);
		fill_holes(ids, (struct evtx_run){ id, id });
		remember(ids, (struct evtx_run){ id, id });
	}
	ids->last = id;
}

void evtx_ids_lose(struct evtx_ids *ids, uint64_t first, uint64_t last)
{
	open_hole(ids, (struct evtx_run){ first, last }, false);
	ids->last = last;
}

void evtx_ids_add(struct evtx_ids *total, const struct evtx_ids *part)
{
	uint64_t missing = part->missing, gaps = part->gaps;

	if (part->first)
		jump(total, part->first);
	for (uint32_t i = 0; i < part->seen_count; i++)
		fill_holes(total, part->seen[i]);
	for (uint32_t i = 0; i < part->hole_count; i++) {
		const struct evtx_hole *hole = &part->holes[i];

		open_hole(total, hole->run, hole->gap);
		missing -= hole->run.last - hole->run.first + 1;
		gaps -= hole->gap;
	}
	/* Those of the part that it did not remember. */
	total->missing += missing;
	total->gaps += gaps;
	for (uint32_t i = 0; i < part->seen_count; i++)
		remember(total, part->seen[i]);
	if (part->last)
		total->last = part->last;
}

void evtx_ids_add_log(struct evtx_ids *total, const struct evtx_ids *log)
{
	total->missing += log->missing;
	total->gaps += log->gaps;
}
