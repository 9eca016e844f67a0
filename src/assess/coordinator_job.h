/*
 * coordinator_job: what the parts of the coordinator share. A job is one walked
 * place on its way to the case; jobs stand in a queue in the order of the walk,
 * and only its head is written.
 */
#ifndef KANSHIKI_ASSESS_COORDINATOR_JOB_H
#define KANSHIKI_ASSESS_COORDINATOR_JOB_H

#include <sqlite3.h>

#include "assess/coordinator.h"
#include "base/map.h"
#include "evidence/source.h"
#include "examine/command.h"
#include "examine/examiner.h"
#include "examine/seen.h"
#include "examine/tree.h"
#include "os/spawner.h"

/* Numbers of jobs leave room for as many shares of each. */
#define SHARE_BITS 24

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_FINISHED };

/* A member that ended an examiner, and how. */
struct refused {
	char *path;
	size_t len;
	char reason[160];
};

/* A file and those beside it, open as long as a job needs them. */
struct opened {
	unsigned users;
	int fd;				/* or -1 */
	struct opened_beside {
		char *name;
		int fd;
		uint64_t size;
	} *beside;
	size_t beside_count, beside_room;
	uint64_t allocated;		/* bytes on disk, of all */
	uint64_t image_item;		/* of the case, once written: what shares lie in */
	int room_fd;			/* memory that examiners of an image share, or -1 */
	struct job *check;		/* of the image against its own digest, while it is in the queue */
};

struct writing;
struct plan;

struct job {
	struct job *next;
	uint64_t number;		/* in the order of the queue */
	enum job_state state;
	uint64_t source, unit;		/* of the case */
	char *path;
	size_t path_len;
	struct stat stat;
	struct opened *opened;
	bool is_cut;
	bool is_cached;			/* lies in our own cache of compiled rules */
	/* Of a disk image: the shares that its listing told, jobs that follow it in the queue. */
	struct job *last_share;
	uint64_t shares, shares_kept;	/* told in this try; made into jobs */
	uint64_t share_bytes;		/* of a share: stated content */
	bool is_check;			/* of the image: behind its shares to be written, before them to be done */
	bool is_companion;		/* of a file that was named: its digest is wanted, no more */
	bool is_relisted;		/* written by an interrupted run: only its shares are wanted */
	struct buf part;		/* of a share: what the examiner is told */
	/* No examiner was needed: its fate stands. */
	enum fate fate;
	char reason[200];
	/* What an examiner found. */
	struct tree tree;
	uint64_t spent_ns;		/* of all tries */
	unsigned tries, redone;
	bool is_only_size;		/* nothing else had its size when it was handed out */
	struct writing *writing;	/* begun, or NULL */
	struct plan *plan;		/* owned, while it is written; or NULL */
	bool is_changed;		/* the file changed while it was read */
	char cut[160];			/* the last examiner ended so, or empty */
	struct refused refused[COMMAND_REFUSED_MAX];
	size_t refused_count;
	/* Contents to examine here although they are known: the name made a difference. */
	uint8_t (*own)[32];
	size_t own_count;
};

/* Where a content was seen by a job that is not written yet. */
struct claim {
	struct job *job;
	uint32_t item;
	bool is_alone;			/* no other place had it, neither before nor since */
};

struct slot {
	struct worker worker;
	struct job *job;		/* NULL: idle */
	bool is_alive, is_at_end;	/* at_end: its pipe is closed */
	bool is_retiring;
	bool ended_known;
	struct worker_end ended;
	char condemned[120];		/* killed by us, why; or empty */
	uint64_t started_ns, progress_ns, busy_ns;
	uint64_t trees;			/* done before */
	uint64_t image;			/* the one whose shares it is given, and nothing else; 0: none */
};

struct coordinator {
	const struct coordinator_options *options;
	struct examiner_options examiner;
	struct spawner *spawner;
	struct sources *sources, *listing;	/* listing: counts ahead, for progress */
	struct case_file *file;
	uint64_t *source_ids;
	char *cache;			/* our own folder of compiled rules, or NULL */
	sqlite3_stmt *find_original, *list_inside, *list_rules;
	struct slot *slots;
	unsigned slot_count;		/* the last one is for checks of images, beside all others */
	struct job *head, **tail;
	struct job *waiting;		/* none before it waits; NULL: none at all */
	uint64_t jobs_open, next_number, buffered;
	bool walk_done, stopped;
	bool needs_names;		/* YARA rules may depend on names */
	/* Of an interrupted run that is gone on with. */
	struct known_image {
		uint64_t unit, item;
	} *images;
	size_t image_count;
	struct arena image_arena;
	struct arena claim_arena;
	struct map claims;
	struct seen *seen;		/* contents that examiners need to ask for */
	struct coordinator_totals *totals;
	struct coordinator_progress progress;
	uint64_t progress_ns;
	/* When the last job told something last, and how much that was in all. */
	uint64_t quiet_since_ns;
	size_t quiet_at;
	unsigned idle_calls;
	int spare_fd;			/* /dev/null */
	uint64_t now_ns;
};

/* coordinator_opened.c: descriptors of evidence. NULL: no memory; takes `fd` in any case. */
struct opened *opened_new(int fd, const struct stat *st);
struct opened *opened_share(struct opened *o);
void opened_release(struct opened *o);	/* NULL-safe */
/* Of which as much is used as is read of the image. */
#define OPENED_ROOM ((int64_t)256 << 20)
void opened_make_room(struct opened *o);
/* Opens what stands beside the place that `sources` just answered. */
void opened_beside(struct opened *o, struct sources *sources, struct span path);
/* Tells an examiner of the files beside, after its command. */
bool opened_send_beside(const struct opened *o, int channel, struct err *err);

/* coordinator_share.c: the shares of a disk image as jobs. */
/* The same for all shares of one image, never 0; 0: the job is no share. */
uint64_t share_image(const struct job *job);
tree_part_fn share_take;		/* context: struct slot_ask */
/* A second descriptor for the examiner with what the share says; -1: the job is no share. */
int share_open(const struct job *job, struct err *err);
/* Images that a run before this one wrote: their shares may not all be. */
bool share_find_images(struct coordinator *c, struct err *err);
/* The item of the image that is this unit, or 0. */
uint64_t share_image_of(const struct coordinator *c, uint64_t unit);

/* coordinator_slots.c: examiners and what they are at. */
bool slots_dispatch(struct coordinator *c, struct slot *s, struct job *job, struct err *err);
/* Takes what examiners told; waits a while for it where there is nothing else to do. */
bool slots_wait(struct coordinator *c, bool is_idle, struct err *err);
/* For that job; NULL: all are busy. */
struct slot *slots_idle(struct coordinator *c, const struct job *job);
void slots_free(struct coordinator *c);

/* coordinator_known.c: contents seen before. */
tree_ask_fn known_ask;			/* context: struct slot_ask */
struct slot_ask {
	struct coordinator *c;
	struct slot *slot;
	bool has_failed;		/* the case could not be read: not the examiner's doing */
};
/* The item of the case in which this content was examined, or 0. */
bool known_original(struct coordinator *c, const uint8_t sha256[32], uint64_t *item,
		    enum fate *fate, struct err *err);
/* No other place had that content when it was told, nor since: it need not be looked for. */
bool known_is_alone(struct coordinator *c, const struct job *job, uint32_t item);
bool known_is_reusable(enum fate fate, bool is_bounded);
bool known_is_own(const struct job *job, const uint8_t sha256[32]);
/* The job is written: its contents are found in the case from now on. */
void known_forget(struct coordinator *c, struct job *job);

/* coordinator_plan.c: which of a job's items are duplicates, and of what. */
enum plan_kind { PLAN_OWN, PLAN_OF_CASE, PLAN_OF_TREE, PLAN_LOOP, PLAN_INSIDE };
struct plan {
	enum plan_kind kind;
	uint64_t original;		/* item of the case, or number in the tree */
	enum fate fate;			/* of the original */
};
/* *redo: the job must be examined once more. Caller frees *out. */
bool plan_job(struct coordinator *c, struct job *job, struct plan **out, bool *redo,
	      struct err *err);

/*
 * coordinator_write.c: a finished job into the case, by its plan. *is_more: not all of it
 * yet, so that examiners do not wait for long; call again.
 */
bool write_job(struct coordinator *c, struct job *job, bool *is_more, struct err *err);
/*
 * The head of the queue while it is examined: what was told of a large file so far, which
 * surely is no copy of another. *is_more: there is more at once.
 */
bool write_ahead(struct coordinator *c, bool *is_more, struct err *err);
/* It is to be examined again, or is a copy after all. */
bool write_undo(struct job *job, struct err *err);
void write_forget(struct job *job);

#endif
