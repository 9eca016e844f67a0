/*
 * coordinator: takes every item of the sources through an examiner into the case.
 *
 * It opens evidence read-only and never parses it: examiners do, each in its own
 * sandboxed process (examine/examiner.h), one a core. It hands them descriptors,
 * watches their time, memory and output, checks every record they write, and
 * gives what they found to a sink, tree by tree, in the order of the walk, so
 * that the same evidence makes the same case whatever the timing.
 *
 * An examiner that crashes, hangs or overruns costs the item it was at: the item
 * fails with the reason, everything else goes on. If it had worked on other
 * items before, the item gets a second chance in a fresh one.
 *
 * Content seen twice (SHA-256) is examined once; the other places have fate
 * duplicate and name the first. See docs/evidence.md.
 */
#ifndef KANSHIKI_ASSESS_COORDINATOR_H
#define KANSHIKI_ASSESS_COORDINATOR_H

#include "base/err.h"
#include "base/finding.h"
#include "examine/limits.h"
#include "os/image.h"

struct case_file;
struct library_key;

struct coordinator_progress {
	uint64_t items;			/* with a fate */
	uint64_t files, files_known;	/* done; found so far by the walk */
	uint64_t bytes, bytes_known;	/* of those files */
	bool walk_done;			/* files_known and bytes_known are final */
	uint64_t findings;
	uint64_t events;		/* log records decoded */
	struct span at;			/* path of a tree just done */
};

/* Called a few times a second; false stops the run (the case can be resumed). */
typedef bool coordinator_progress_fn(void *context, const struct coordinator_progress *now);

/*
 * Called at most a few times a run, when all that an examiner told is written and nothing
 * came for a while from the last of them: most likely a digest is all that is missing.
 */
typedef void coordinator_idle_fn(void *context);

struct coordinator_options {
	const char *const *sources;	/* paths; "-" is standard input */
	size_t source_count;
	struct examine_limits limits;
	unsigned jobs;			/* examiners; 0: one a core */
	/* Compiled and sealed before; root is a struct rule_pack. NULL: none. */
	const struct image *yara, *sigma;
	const struct library_key *keys;	/* for encrypted volumes; disk/library.h */
	size_t key_count;
	bool no_sandbox;		/* go on where there is no seccomp */
	bool one_file_system;		/* do not enter other mounts */
	coordinator_progress_fn *progress;	/* may be NULL */
	void *progress_context;
	coordinator_idle_fn *idle;	/* may be NULL */
	void *idle_context;
	/* For tests only: see examiner_options. */
	bool (*misbehave)(const char *name, int records);
};

struct coordinator_totals {
	uint64_t items;
	uint64_t fates[FATE_COUNT];
	uint64_t folders;		/* walked: not items, unless they could not be entered */
	uint64_t bytes;			/* read of files */
	uint64_t unpacked;		/* bytes that came out of archives */
	uint64_t events;
	uint64_t findings;
	uint64_t examiners;		/* processes used */
	uint64_t replaced;		/* killed or crashed */
	uint64_t kept;			/* items taken over from an interrupted run */
	bool atime_may_move;		/* some file could not be opened without touching its access time */
	bool stopped;			/* by the progress function */
	char sandbox[80];		/* "seccomp, landlock 7" or "none" */
};

struct coordinator;

/*
 * What the sandbox will be, for struct case_run: "seccomp, landlock 7",
 * "none: --no-sandbox". ERR_DENIED where there is none and none was not asked for.
 */
bool coordinator_sandbox(const struct coordinator_options *options, char text[80], struct err *err);

/*
 * Forks the process that later forks examiners: call it once rules are sealed
 * and before a signing key is in memory. `options` is borrowed until _free.
 * ERR_DENIED where there is no sandbox and none was not asked for.
 */
struct coordinator *coordinator_new(const struct coordinator_options *options, struct err *err);
/* Once. False where the run could not go on: the case cannot be written, fork fails. */
bool coordinator_run(struct coordinator *c, struct case_file *file,
		     struct coordinator_totals *totals, struct err *err);
void coordinator_free(struct coordinator *c);	/* NULL-safe */

#endif
