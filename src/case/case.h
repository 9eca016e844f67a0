/*
 * case: the case file, the only thing that kanshiki writes.
 *
 * One SQLite database whose tables docs/case-file.md describes. One process
 * writes it (the recorder); a lock keeps a second one out. A process forked
 * while a case is open must close all descriptors it does not know before it
 * reads evidence, for one of them is the case. Writes gather in a
 * transaction that is made durable every CASE_BATCH_ROWS rows or every second.
 *
 * A *unit* is the work on one top-level item: a file of a source with all that
 * is inside it. Units may overlap (one an examiner). Their rows are in the file
 * as they come, but belong to the result only when the unit was committed:
 * case_resume removes what unfinished units left, so the result after kill -9,
 * a full disk or an I/O error and a resume is that of an uninterrupted run.
 *
 * Failure: an ERR_USAGE or ERR_LIMIT costs only that call. Any other failure is
 * of the storage and sticks: nothing more is written, every later call fails
 * with the same text, and the caller stops the run. The file then holds all
 * batches that were made durable, whole.
 *
 * Text from evidence is stored as TEXT where it is UTF-8 without NUL, else as
 * BLOB with the exact bytes; an empty span is stored as NULL. Times are integer
 * nanoseconds UTC (base/timestamp.h), TIME_NONE is NULL; there are no floats.
 */
#ifndef KANSHIKI_CASE_CASE_H
#define KANSHIKI_CASE_CASE_H

#include "base/err.h"
#include "base/finding.h"
#include "base/trace.h"

#define CASE_SCHEMA_VERSION 4
#define CASE_BATCH_ROWS 2000
#define CASE_TEXT_MAX ((size_t)1 << 20)	/* bytes of one field; longer is ERR_LIMIT */
#define CASE_PATH_MAX ((size_t)1 << 16)	/* of a path */

struct sqlite3;
struct case_file;

/* What a run says of itself when it opens the case for writing. */
struct case_run {
	int argc;
	char *const *argv;		/* the exact command */
	struct span sandbox;		/* "seccomp, landlock 7", or "none: --no-sandbox" */
	struct span limits;		/* JSON object of the limits in force, or empty */
	struct span libraries;		/* JSON object name to version, or empty */
};

/* A new case; ERR_USAGE where the file exists already. */
bool case_create(const char *path, const struct case_run *run, struct case_file **out,
		 struct err *err);
/* Goes on with a case: removes what unfinished units left, notes it in the custody log. */
bool case_resume(const char *path, const struct case_run *run, struct case_file **out,
		 struct err *err);
/* To write what is no run: a seal, a time stamp. Nothing is removed or noted. */
bool case_amend(const char *path, struct case_file **out, struct err *err);
/* To read only: for report and verify. Whatever the bytes, it fails or reads, in bounds. */
bool case_open(const char *path, struct case_file **out, struct err *err);
/* Whether a file is there that says it is a case, of whatever version. */
bool case_is_at(const char *path);
/* Without case_end before it, this is what an interruption leaves. NULL-safe. */
void case_close(struct case_file *c);

/* The database, to read with SQL after docs/case-file.md. Never write through it. */
struct sqlite3 *case_db(struct case_file *c);
const char *case_path(const struct case_file *c);

/* The same source given again (resume) gets the same number. Numbers start at 1. */
bool case_add_source(struct case_file *c, struct span path, struct span kind, uint64_t *source,
		     struct err *err);

/*
 * Begins the unit for the top-level item at `path` (raw bytes, as its item's
 * path will be). *done: an earlier run has finished it; there is no unit then.
 */
bool case_unit_begin(struct case_file *c, uint64_t source, struct span path, uint64_t *unit,
		     bool *done, struct err *err);
/* Takes back all that was said of the unit, which no other was written to since it began. */
bool case_unit_restart(struct case_file *c, uint64_t unit, struct err *err);
/* How often that was done: ids of rows may have been given again. */
uint64_t case_restarts(const struct case_file *c);
/*
 * The unit counts. Every item of it must have its fate (else ERR_USAGE). Adds
 * the custody entry "acquired" for its top-level item. It is durable with the
 * next batch; case_sync makes it so at once.
 */
bool case_unit_commit(struct case_file *c, uint64_t unit, struct err *err);

#define CASE_SIZE_UNKNOWN UINT64_MAX

/* Where an item was found; what it is comes with its outcome. */
struct case_item {
	uint64_t source;
	uint64_t parent;		/* item number, 0 at top level */
	struct span path;		/* raw bytes, whole: "outer.zip!/dir/x.evtx" */
	uint64_t size;			/* or CASE_SIZE_UNKNOWN, until the outcome */
	timestamp modified, changed, accessed, created;		/* or TIME_NONE */
	uint32_t mode;			/* st_mode or the archive's; 0 unknown */
};

/* What became of an item. */
struct case_outcome {
	enum fate fate;
	struct span reason;		/* why, for every fate but examined */
	enum evidence_class evidence_class;
	struct span kind;		/* short name of the format: "evtx", "zip", "pe" */
	uint64_t size;			/* or CASE_SIZE_UNKNOWN */
	const uint8_t *sha256;		/* 32 bytes, or NULL where it was not read whole */
	uint64_t same_as;		/* FATE_DUPLICATE: the item that was examined */
};

bool case_add_item(struct case_file *c, uint64_t unit, const struct case_item *item,
		   uint64_t *id, struct err *err);
/* Exactly once an item. */
bool case_end_item(struct case_file *c, uint64_t unit, uint64_t item,
		   const struct case_outcome *outcome, struct err *err);
/*
 * Something of an item of a committed unit could not be examined after all. *is_news: it was
 * FATE_EXAMINED until now; a reason that it has already stays.
 */
bool case_shorten_item(struct case_file *c, uint64_t item, struct span reason, bool *is_news, struct err *err);
/*
 * Says what the item's content is, before it is examined. *same_as: the item in
 * which this content was or is being examined, which makes this one a
 * FATE_DUPLICATE; 0: this item is the first. Where the other item's unit is
 * later found unfinished, units with duplicates of it are done again too.
 */
bool case_claim_content(struct case_file *c, uint64_t unit, uint64_t item,
			const uint8_t sha256[32], uint64_t size, uint64_t *same_as,
			struct err *err);

/* `count` findings alike but for the time: the finding's and `last`. */
bool case_add_finding(struct case_file *c, uint64_t unit, uint64_t item,
		      const struct finding *finding, uint64_t count, timestamp last,
		      struct err *err);

/*
 * A finding that is concluded from the whole case, on an item of a committed unit
 * (ERR_USAGE: there is no such item); its engine is ENGINE_ANALYSER, or ENGINE_SIGMA
 * for a correlation, whose rule is what traces of kind match name.
 */
bool case_add_conclusion(struct case_file *c, uint64_t item, const struct finding *finding,
			 uint64_t count, timestamp last, struct err *err);
/* Removes the findings that an earlier run concluded, and what it could not weigh. */
bool case_clear_conclusions(struct case_file *c, struct err *err);

/* Something worth a place on the time line, whether or not a rule speaks of it. */
struct case_event {
	timestamp time;
	struct span what;		/* stable short word: "logon", "log-cleared" */
	struct span summary;		/* one line for people */
	enum harm harm;			/* or HARM_NONE */
	struct span host, user, channel, provider;
	uint64_t event_id;		/* or UINT64_MAX */
	uint64_t record_id;		/* or UINT64_MAX */
	uint64_t offset;		/* or UINT64_MAX */
	struct span detail;		/* JSON object, or empty */
};

bool case_add_event(struct case_file *c, uint64_t unit, uint64_t item,
		    const struct case_event *event, struct err *err);

/* What an item covers: one a channel (event log), or one an item. */
struct case_fact {
	enum evidence_class evidence_class;
	struct span channel;		/* or file name, protocol; may be empty */
	struct span host;
	timestamp first, last;		/* of its records */
	uint64_t count;			/* records read */
	uint64_t lost;			/* records known to be missing or unreadable */
	struct span note;
	struct span days;		/* records of each day (base/day_counts.h), or empty */
};

bool case_add_fact(struct case_file *c, uint64_t unit, uint64_t item,
		   const struct case_fact *fact, struct err *err);

/* What an artefact says. Numbers beyond INT64_MAX are stored as NULL. */
bool case_add_trace(struct case_file *c, uint64_t unit, uint64_t item,
		    const struct trace *trace, struct err *err);

struct case_rule_set {
	enum engine engine;
	struct span path;		/* file or folder of rules */
	const uint8_t *sha256;		/* over the rule texts; 32 bytes */
	uint64_t loaded, refused, not_applicable;
};

struct case_problem {
	enum engine engine;
	struct span file;
	uint64_t line, column;		/* from 1; 0 unknown */
	struct span rule;		/* may be empty */
	bool refused;			/* else a warning: the rule is in force */
	struct span reason;
};

bool case_add_rule_set(struct case_file *c, const struct case_rule_set *set, struct err *err);
bool case_add_problem(struct case_file *c, const struct case_problem *problem, struct err *err);

/* The verdict. A new one replaces the old: case_clear_answers first. */
struct case_answer {
	enum harm harm;
	struct span degree;		/* "confirmed", "likely", "possible", "no sign", "cannot tell" */
	struct span summary;		/* one sentence for people */
	struct span detail;		/* JSON object, or empty */
	timestamp first, last;		/* of the findings that carry it */
};

struct case_answer_coverage {
	enum evidence_class evidence_class;
	struct span channel;		/* what of the class, or empty */
	struct span state;		/* "examined", "partly", "missing", "damaged" */
	uint64_t items;
	timestamp first, last;
	struct span note;
	struct span days;		/* records of each day (base/day_counts.h), or empty */
};

bool case_clear_answers(struct case_file *c, struct err *err);
bool case_add_answer(struct case_file *c, const struct case_answer *answer, uint64_t *id,
		     struct err *err);
/* In order of weight, heaviest first. */
bool case_add_answer_finding(struct case_file *c, uint64_t answer, uint64_t finding,
			     int64_t weight, struct span reason, struct err *err);
bool case_add_answer_coverage(struct case_file *c, uint64_t answer,
			      const struct case_answer_coverage *coverage, struct err *err);

/*
 * The ledger of executables: what can run, and by what it is known. Like the
 * answers it is drawn from the case and replaced as a whole.
 */
struct case_program {
	uint64_t item;
	struct span machine;		/* name, or empty */
	struct span path;		/* on its machine; may be empty */
	struct span standing;		/* "good", "bad", "unknown" */
	struct span source;		/* what says so: "deb coreutils 9.1-1", a rule's title */
	int64_t rank;			/* of the unknown: how urgent, in points */
	struct span reasons;		/* JSON array of texts: "it is not signed (5)" */
};

/* The inventory of what starts by itself: a row each autostart trace. */
struct case_start {
	uint64_t trace;
	struct span machine;
	uint64_t target;		/* item that is started, or 0 */
	struct span standing;		/* of the target: as above, "missing", or "none" where no file is named */
	struct span entry;		/* of the entry itself: "packaged", "altered", "local", "unknown" */
	int64_t rank;
	struct span reasons;
};

bool case_clear_ledger(struct case_file *c, struct err *err);
bool case_add_program(struct case_file *c, const struct case_program *program, struct err *err);
bool case_add_start(struct case_file *c, const struct case_start *start, struct err *err);

/* An entry of the custody log (docs/case-file.md): `facts` is a JSON object, or empty. */
bool case_add_custody(struct case_file *c, const char *kind, struct span facts, struct err *err);

/* To be called while waiting: makes a batch durable that is a second old. */
bool case_tick(struct case_file *c, struct err *err);
bool case_sync(struct case_file *c, struct err *err);

/*
 * Settles which of equal contents counts as the first (by source and path), so
 * that the result does not depend on which examiner was quicker. To be called
 * when all units are committed, before the verdict looks at paths.
 */
bool case_settle(struct case_file *c, struct err *err);
/*
 * When it is settled: another process begins to digest units, items, events, facts and traces,
 * and case_seal takes from it what it says of those that nothing was written to since. Where
 * that does not go nothing is lost but time.
 */
void case_digest_ahead(struct case_file *c);

/*
 * The run is over: drops rules that no finding uses, notes the end in the
 * custody log; makes it durable. `outcome`: "completed" (every unit must be
 * committed; settles), "interrupted" or "failed", which need a reason and drop
 * what unfinished units left.
 */
bool case_end(struct case_file *c, const char *outcome, struct span reason, struct err *err);

#endif
