/*
 * coverage: for each harm, the evidence that would show it, and what became of it.
 *
 * One table in coverage.c (and in docs/verdict.md) says which classes of
 * evidence and which logs would show a sign of a harm, and which of them are
 * essential: "no sign" may be said only where all essential ones were there and
 * wholly examined, on every machine of the case (coverage_machines.h) where the evidence is
 * of a machine, and where no item of the case was left unexamined. Rows for
 * Windows or Linux are asked where the case has such a machine; where none is
 * recognised, as for Windows.
 */
#ifndef KANSHIKI_ASSESS_COVERAGE_H
#define KANSHIKI_ASSESS_COVERAGE_H

#include "assess/coverage_machines.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/finding.h"
#include "base/timestamp.h"

struct case_file;

/* Which machines a need is of: asked only where the case has such a machine. */
enum need_of { OF_ANY, OF_WINDOWS, OF_LINUX };

struct need {
	enum need_of of;
	enum harm harm;
	uint32_t classes;		/* bit 1 << evidence_class; any of them will do */
	/*
	 * Any of them, separated by '|', or NULL: event logs where the class is that alone, else
	 * decoders by name (artefact/artefact.h). "ledger": the account of executables.
	 */
	const char *channels;
	bool essential;
	const char *name;		/* "records of started programs" */
	const char *shows;		/* what it would have shown */
};

extern const struct need needs[];
extern const size_t need_count;

enum need_state { NEED_EXAMINED, NEED_PARTLY, NEED_DAMAGED, NEED_MISSING };

struct need_result {
	const struct need *need;	/* NULL: the row of items left unexamined */
	enum need_state state;
	uint64_t items;
	timestamp first, last;		/* period the records cover, or TIME_NONE */
	struct span note;		/* why not "examined", and where it has holes; in the arena */
	struct span days;		/* records of each day (base/day_counts.h), or empty; in the arena */
};

/* "examined", "partly", "damaged", "missing": the words of the case file. */
const char *need_state_name(enum need_state state);

/* What all needs are judged by, counted once. */
struct coverage {
	struct case_file *file;
	uint64_t hosts;			/* those with event logs */
	struct covered_machines machines;
};

/* Call it when nothing will be added to the case but answers. What it counts lives in `arena`. */
bool coverage_count(struct case_file *file, struct arena *arena, struct coverage *out, struct err *err);

/*
 * Results for one harm, in the order of the table, in `arena`. *covered: all
 * essential needs are met, so that absence of signs means something. With a period
 * (else NULL), needs that logs and captures meet are met only where those reach
 * through all of it.
 */
bool coverage_of(const struct coverage *all, enum harm harm, const struct period *period,
		 struct arena *arena, const struct need_result **out, size_t *count, bool *covered, struct err *err);

#endif
