/*
 * analyser: what joins traces into signs of a harm.
 *
 * An analyser reads the case (table trace first, docs/case-file.md) with SQL and
 * never evidence, and concludes findings of engine "analyser" on the items whose
 * traces carry them: rule "kanshiki.beacon", level, techniques, and `matched`, a
 * JSON object of the numbers and the reasons, so that a reader can follow it with
 * a pencil. It is an inference and never a direct sign. The same evidence gives
 * the same findings: read in a stated order, no clock, no chance, no hash order.
 *
 * One file an analyser, analyse_NAME.c, whose head states the reasoning; what it
 * compares with stands in thresholds.h, and both in docs/analysers.md. The table
 * of all is in analyser.c. To add one: a file, a declaration below, a row there.
 */
#ifndef KANSHIKI_ASSESS_ANALYSER_H
#define KANSHIKI_ASSESS_ANALYSER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/finding.h"

struct act_hosts;
struct allow_list;
struct case_file;
struct sqlite3;
struct traffic_row;
struct traffic_name;

/* Findings of one analyser at most; how many there were more is told like what it could not weigh. */
#define ANALYSER_FINDINGS 1000
#define ANALYSER_MEMORY ((size_t)256 << 20)

/* What analysers of one run find once for each other. */
struct analysis_shared {
	struct arena arena;
	const struct act_hosts *hosts;	/* acts.c: NULL until it is wanted */
};

/* What an analyser works with. */
struct analysis {
	struct sqlite3 *db;		/* to read with query.h; all rows are there */
	struct arena *arena;		/* emptied after each analyser */
	const struct allow_list *allow;	/* never NULL: destinations that are everybody's */
	const struct period *period;	/* or NULL: what lies wholly outside is not told */
	struct analysis_shared *shared;
	struct case_file *file;		/* analysis_tell writes through it */
	const struct analyser *analyser;
	void *state;			/* of one that is fed, from its begin on; in the arena */
	struct buf key;			/* room for keys of maps, while the analyser lives */
	uint64_t told, dropped;		/* findings of this analyser */
	char shortage[200];		/* what it could not weigh, or empty; set by analysis_short() */
};

struct analyser {
	const char *name;		/* "beacon" */
	uint32_t harms;			/* bits 1 << harm that it may speak of */
	bool (*run)(struct analysis *a, struct err *err);
	/*
	 * Those of the network are fed: the case's transfers and names asked for are read
	 * once for all of them (traffic.h), after begin and before run. NULL: not wanted.
	 */
	bool (*begin)(struct analysis *a, struct err *err);
	bool (*transfer)(struct analysis *a, const struct traffic_row *row, struct err *err);
	bool (*name_asked)(struct analysis *a, const struct traffic_name *name, struct err *err);
};

extern const struct analyser analysers[];
extern const size_t analyser_count;

/* analyser.c's table, in its order. */
bool analyse_starts(struct analysis *a, struct err *err);
bool analyse_theft(struct analysis *a, struct err *err);
bool analyse_sessions(struct analysis *a, struct err *err);
bool analyse_deeds(struct analysis *a, struct err *err);
bool analyse_destruction(struct analysis *a, struct err *err);
bool analyse_obstruction(struct analysis *a, struct err *err);
bool analyse_web(struct analysis *a, struct err *err);
bool analyse_sending(struct analysis *a, struct err *err);
bool analyse_links(struct analysis *a, struct err *err);
bool analyse_packages(struct analysis *a, struct err *err);
bool analyse_accounts(struct analysis *a, struct err *err);
bool analyse_beacon(struct analysis *a, struct err *err);
bool analyse_dns_tunnel(struct analysis *a, struct err *err);
bool analyse_volume(struct analysis *a, struct err *err);
bool analyse_remote(struct analysis *a, struct err *err);

/* What those that are fed begin with and take. */
bool beacon_begin(struct analysis *a, struct err *err);
bool beacon_transfer(struct analysis *a, const struct traffic_row *row, struct err *err);
bool dns_tunnel_begin(struct analysis *a, struct err *err);
bool dns_tunnel_name(struct analysis *a, const struct traffic_name *name, struct err *err);
bool volume_begin(struct analysis *a, struct err *err);
bool volume_transfer(struct analysis *a, const struct traffic_row *row, struct err *err);
bool remote_begin(struct analysis *a, struct err *err);
bool remote_transfer(struct analysis *a, const struct traffic_row *row, struct err *err);
bool remote_name(struct analysis *a, const struct traffic_name *name, struct err *err);

/*
 * Runs all analysers over a case whose units are committed. One that comes to a limit
 * (ERR_LIMIT) does not end the run: that and what analysis_short() told become problems of
 * the case, engine "analyser", rule its name, and coverage leaves no "no sign" to the harms
 * that it speaks of. Findings and problems that an earlier run concluded are removed first.
 * `allow` is from allow_list.h, or NULL; `period` too: sums over transfers are of it, other signs must reach into it;
 * what is told is added to *told.
 */
bool analysers_run(struct case_file *file, const struct allow_list *allow, const struct period *period,
		   uint64_t *told, struct err *err);

/*
 * The same in steps, where there is time before the case is complete. What was fed ahead is
 * used where the network's traces did not change since, and else fed anew.
 */
struct analysers;

/* NULL: no memory. `allow` and `period` are borrowed until _free. */
struct analysers *analysers_new(struct case_file *file, const struct allow_list *allow, const struct period *period);
/* Of a case that is still being written; changes nothing in it. What fails is left to the end. */
void analysers_feed_ahead(struct analysers *n);
/* As analysers_run. */
bool analysers_finish(struct analysers *n, uint64_t *told, struct err *err);
void analysers_free(struct analysers *n);	/* NULL-safe */

/* One conclusion; spans are borrowed, and UTF-8 where they come from the case. */
struct conclusion {
	uint64_t item;			/* whose traces carry it */
	enum harm harm;
	enum level level;
	struct span rule;		/* "kanshiki.beacon" */
	struct span title;		/* one of few for a rule: it is the rule's, not the finding's */
	struct span techniques;		/* "T1071.001 T1573" */
	timestamp first, last;
	uint64_t count;			/* of what it is made of; 0 counts as 1 */
	struct span host, user;
	struct span matched;		/* JSON object: numbers, destinations, reasons */
};

bool analysis_tell(struct analysis *a, const struct conclusion *c, struct err *err);
/* Part of what the case holds was not weighed, and why; the first reason stays. */
void analysis_short(struct analysis *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The harms of the analyser of that name, as bits; 0: there is none. */
uint32_t analyser_harms(struct span name);

#endif
