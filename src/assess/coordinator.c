#include "assess/coordinator_job.h"

#include "case/query.h"
#include "examine/matching.h"
#include "os/image.h"
#include "os/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What may wait for an earlier job to be written. */
#define BUFFERED_MOST ((uint64_t)96 << 20)
#define JOBS_MOST 4096
#define PROGRESS_NS (UINT64_C(200) * 1000000)
/* So long nothing came, and so often that is taken for the end. */
#define QUIET_NS (UINT64_C(50) * 1000000)
#define IDLE_CALLS_MOST 3
/* Entries counted ahead in one go, between two looks at the examiners. */
#define LIST_AT_ONCE 512
#define REDO_MOST 4
/* Eight megabytes: one error in a hundred with five million contents. */
#define SEEN_BITS ((uint64_t)1 << 26)

bool coordinator_sandbox(const struct coordinator_options *options, char text[80], struct err *err)
{
	int landlock = sandbox_landlock();

	if (options->no_sandbox) {
		snprintf(text, 80, "none: --no-sandbox");
		return true;
	}
	if (!sandbox_available(err))
		return false;
	if (landlock)
		snprintf(text, 80, "seccomp, landlock %d", landlock);
	else
		snprintf(text, 80, "seccomp, no landlock");
	return true;
}

struct coordinator *coordinator_new(const struct coordinator_options *options, struct err *err)
{
	struct coordinator *c = calloc(1, sizeof *c);
	struct sources_options walk = { .walk = { .one_file_system = options->one_file_system,
						  .depth = options->limits.folder_depth },
					.input_bytes = options->limits.member_bytes, .companions = true };
	struct sources_options list = walk;
	char sandbox[80];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (!c) {
		err_errno(err, ENOMEM, "coordinator");
		return NULL;
	}
	list.walk.list_only = true;
	c->options = options;
	c->tail = &c->head;
	c->slot_count = options->jobs ? options->jobs : cores > 0 ? (unsigned)cores : 1;
	c->slot_count++;
	c->slots = calloc(c->slot_count, sizeof *c->slots);
	c->source_ids = calloc(options->source_count + 1, sizeof *c->source_ids);
	c->cache = image_cache_dir();
	c->examiner = (struct examiner_options){ .limits = &options->limits, .yara = options->yara,
						 .sigma = options->sigma,
						 .keys = options->keys,
						 .key_count = options->key_count,
						 .no_sandbox = options->no_sandbox,
						 .misbehave = options->misbehave };
	examiner_prepare();
	c->seen = seen_new(SEEN_BITS);
	c->examiner.seen = c->seen;
	if (!c->slots || !c->source_ids || !c->seen) {
		err_errno(err, ENOMEM, "coordinator");
	} else if (coordinator_sandbox(options, sandbox, err)) {
		c->sources = sources_open(options->sources, options->source_count, &walk, err);
		c->listing = c->sources ? sources_open(options->sources, options->source_count,
						       &list, err) : NULL;
		c->spawner = c->listing ? spawner_new(examiner_main, &c->examiner, err) : NULL;
	}
	if (c->spawner)
		return c;
	coordinator_free(c);
	return NULL;
}

static void free_job(struct job *job)
{
	write_forget(job);
	buf_free(&job->part);
	opened_release(job->opened);
	for (size_t i = 0; i < job->refused_count; i++)
		free(job->refused[i].path);
	tree_clear(&job->tree);
	free(job->own);
	free(job->plan);
	free(job->path);
	free(job);
}

void coordinator_free(struct coordinator *c)
{
	struct job *next;

	if (!c)
		return;
	slots_free(c);
	spawner_free(c->spawner);
	sources_free(c->sources);
	sources_free(c->listing);
	for (struct job *job = c->head; job; job = next) {
		next = job->next;
		free_job(job);
	}
	sqlite3_finalize(c->find_original);
	sqlite3_finalize(c->list_inside);
	sqlite3_finalize(c->list_rules);
	seen_free(c->seen);
	arena_free(&c->claim_arena);
	arena_free(&c->image_arena);
	free(c->source_ids);
	free(c->cache);
	free(c);
}

/* ---- jobs ---- */

static enum fate plain_fate(const struct walk_entry *e)
{
	switch (e->kind) {
	case WALK_REFUSED:
		return e->error == EACCES || e->error == EPERM ? FATE_DENIED : FATE_FAILED;
	case WALK_LINK:
	case WALK_SPECIAL:
		return FATE_SKIPPED;
	case WALK_BEYOND:
		return FATE_PARTLY;
	case WALK_FILE:
	case WALK_FOLDER:
		break;
	}
	return FATE_NONE;
}

/* The case may lie among the evidence: it is written while we read. */
static bool is_case(struct coordinator *c, const struct stat *st)
{
	static const char *const endings[] = { "", "-wal", "-shm" };
	char path[PATH_MAX];
	struct stat own;

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		snprintf(path, sizeof path, "%s%s", case_path(c->file), endings[i]);
		if (!stat(path, &own) && own.st_ino == st->st_ino && own.st_dev == st->st_dev)
			return true;
	}
	return false;
}

/* Whatever it is called: the very file that lies in our own cache. */
static bool is_cached(const struct coordinator *c, struct span path, const struct stat *st)
{
	char own[PATH_MAX];
	struct stat there;

	path = span_after_last(path, '/');
	if (!c->cache || !span_ends(path, SPAN(".rules")))
		return false;
	snprintf(own, sizeof own, "%s/%.*s", c->cache, SPAN_ARG(span_sub(path, 0, NAME_MAX)));
	return !lstat(own, &there) && there.st_ino == st->st_ino && there.st_dev == st->st_dev;
}

static struct job *new_job(struct coordinator *c, const struct place *place, struct err *err)
{
	const struct walk_entry *e = &place->entry;
	struct job *job = calloc(1, sizeof *job);
	struct opened *opened = opened_new(e->fd, &e->stat);

	if (!job || !opened || !(job->path = malloc(e->path.len + 1))) {
		err_errno(err, ENOMEM, "coordinator");
		opened_release(opened);
		free(job);
		return NULL;
	}
	job->opened = opened;
	memcpy(job->path, e->path.at, e->path.len);
	job->path_len = e->path.len;
	job->stat = e->stat;
	job->is_cut = place->is_cut;
	job->is_companion = place->is_companion;
	job->is_cached = S_ISREG(e->stat.st_mode) && is_cached(c, e->path, &e->stat);
	job->source = c->source_ids[place->source];
	job->fate = plain_fate(e);
	job->number = c->next_number++ << SHARE_BITS;
	if (S_ISBLK(e->stat.st_mode) && e->fd >= 0)
		job->stat.st_size = lseek(e->fd, 0, SEEK_END);
	if (e->target.len)
		snprintf(job->reason, sizeof job->reason, "symbolic link to %.*s",
			 SPAN_ARG(span_sub(e->target, 0, 150)));
	else if (e->reason)
		snprintf(job->reason, sizeof job->reason, "%s", e->reason);
	if (S_ISREG(e->stat.st_mode) && is_case(c, &e->stat)) {
		job->fate = FATE_SKIPPED;
		snprintf(job->reason, sizeof job->reason, "this case itself");
	}
	tree_init(&job->tree, &c->options->limits, err);
	job->tree.on_part = share_take;
	return job;
}

static void append(struct coordinator *c, struct job *job)
{
	job->state = job->fate ? JOB_FINISHED : JOB_WAITING;
	*c->tail = job;
	c->tail = &job->next;
	if (!c->waiting)
		c->waiting = job;
	c->jobs_open++;
}

/* Takes the next place into the queue; folders that could be entered are only counted. */
static bool take_place(struct coordinator *c, struct err *err)
{
	struct place place;
	struct err ended = { 0 };
	struct job *job;
	bool done;

	if (!sources_next(c->sources, &place, &ended)) {
		c->walk_done = true;
		return ended.code ? (*err = ended, false) : true;
	}
	if (place.entry.kind == WALK_FOLDER) {
		c->totals->folders++;
		return true;
	}
	c->totals->atime_may_move |= place.entry.atime_may_move;
	job = new_job(c, &place, err);
	if (!job || !case_unit_begin(c->file, job->source, place.entry.path, &job->unit, &done, err)) {
		if (job)
			free_job(job);
		return false;
	}
	job->opened->image_item = done ? share_image_of(c, job->unit) : 0;
	job->is_relisted = job->opened->image_item;
	if (done && !job->is_relisted) {
		c->totals->kept++;
		c->progress.files++;
		c->progress.bytes += (uint64_t)place.entry.stat.st_size;
		free_job(job);
		return true;
	}
	if (!job->fate && !job->is_companion)
		opened_beside(job->opened, c->sources, place.entry.path);
	append(c, job);
	return true;
}

/* The check of an image takes as long as many of its shares: begun last it would be waited for. */
static struct job *check_first(struct job *waiting)
{
	struct job *check = waiting->opened->check;

	return check && check->state == JOB_WAITING ? check : waiting;
}

static struct job *first_waiting(struct coordinator *c)
{
	/* Shares of an image wait for the image to be written: not with too much in hand. */
	if (c->buffered > BUFFERED_MOST)
		return c->head && c->head->state == JOB_WAITING ? c->head : NULL;
	while (c->waiting && c->waiting->state != JOB_WAITING)
		c->waiting = c->waiting->next;
	return c->waiting ? check_first(c->waiting) : NULL;
}

/* Work for all examiners, as long as not too much waits to be written. */
static bool feed(struct coordinator *c, struct err *err)
{
	struct slot *idle;
	struct job *job;

	for (;;) {
		job = first_waiting(c);
		idle = slots_idle(c, job);
		if (!idle)
			return true;
		if (job) {
			if (!slots_dispatch(c, idle, job, err))
				return false;
			continue;
		}
		if (c->walk_done || c->stopped || c->jobs_open >= JOBS_MOST ||
		    c->buffered > BUFFERED_MOST)
			return true;
		if (!take_place(c, err))
			return false;
	}
}

/* ---- writing what is finished, in order ---- */

static void note_done(struct coordinator *c, struct job *job)
{
	bool is_share = job->tree.is_part;

	c->progress.files += !is_share;
	c->progress.bytes += !is_share && S_ISREG(job->stat.st_mode) ? (uint64_t)job->stat.st_size : 0;
	c->progress.events += job->tree.done.events;
	c->progress.items = c->totals->items;
	c->progress.findings = c->totals->findings;
	c->totals->events += job->tree.done.events;
	c->totals->unpacked += job->tree.done.unpacked;
	if (!job->fate && !is_share)
		c->totals->bytes += (uint64_t)job->stat.st_size;
}

static bool try_again(struct coordinator *c, struct job *job, struct err *err)
{
	if (!write_undo(job, err))
		return false;
	c->buffered -= job->tree.records.room;
	known_forget(c, job);
	tree_clear(&job->tree);
	free(job->plan);
	job->plan = NULL;
	job->state = JOB_WAITING;
	c->waiting = c->head;
	job->redone++;
	return true;
}

static void drop_head(struct coordinator *c)
{
	struct job *job = c->head;

	c->head = job->next;
	if (c->waiting == job)
		c->waiting = job->next;
	if (!c->head)
		c->tail = &c->head;
	c->jobs_open--;
	if (job->is_check)
		job->opened->check = NULL;
	free_job(job);
}

static bool report(struct coordinator *c, struct span at);

static bool is_head_finished(const struct coordinator *c)
{
	return c->head && c->head->state == JOB_FINISHED;
}

/* One at a time, and that in pieces: else examiners are kept waiting that are done or have much to tell. */
static bool write_head(struct coordinator *c, bool *is_more, struct err *err)
{
	struct job *job = c->head;
	bool redo = false, ok;

	*is_more = false;
	ok = job->is_relisted || job->plan || plan_job(c, job, &job->plan, &redo, err);
	if (ok && redo && job->redone < REDO_MOST)
		return try_again(c, job, err);
	ok = ok && (job->is_relisted || write_job(c, job, is_more, err));
	if (!ok || *is_more)
		return ok;
	c->buffered -= job->fate ? 0 : job->tree.records.room;
	note_done(c, job);
	known_forget(c, job);
	c->stopped = c->stopped || !report(c, span_of(job->path, job->path_len));
	drop_head(c);
	return true;
}

/* ---- progress ---- */

static void list_ahead(struct coordinator *c)
{
	struct place place;
	struct err ignored;

	for (int i = 0; i < LIST_AT_ONCE && !c->progress.walk_done; i++) {
		if (!sources_next(c->listing, &place, &ignored))
			c->progress.walk_done = true;
		else if (place.entry.kind != WALK_FOLDER) {
			c->progress.files_known++;
			if (S_ISREG(place.entry.stat.st_mode))
				c->progress.bytes_known += (uint64_t)place.entry.stat.st_size;
		}
	}
}

static bool report(struct coordinator *c, struct span at)
{
	if (!c->options->progress || c->now_ns - c->progress_ns < PROGRESS_NS)
		return true;
	c->progress_ns = c->now_ns;
	c->progress.at = at;
	return c->options->progress(c->options->progress_context, &c->progress);
}

/* ---- the run ---- */

/* What an interrupted run had examined. */
static bool load_seen(struct coordinator *c, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(c->file), "SELECT sha256, size FROM item WHERE length(sha256) = 32",
				     &s, err);

	while (ok && (ok = query_step(s, &row, err)) && row) {
		seen_add(c->seen, query_span(s, 0).at);
		if (query_u64(s, 1, 0) > EXAMINER_READ_MOST)
			seen_add_size(c->seen, query_u64(s, 1, 0));
	}
	sqlite3_finalize(s);
	return ok;
}

static bool prepare(struct coordinator *c, struct err *err)
{
	static const char original[] =
		"SELECT id, fate FROM item WHERE sha256 = ?1 AND same_as IS NULL AND "
		"fate IN ('examined', 'failed', 'locked') ORDER BY id LIMIT 1";
	static const char inside[] =
		"SELECT id, coalesce(path_raw, CAST(path AS BLOB)), size, modified, changed, "
		"accessed, created, mode, fate, reason, sha256, same_as, class, kind "
		"FROM item WHERE parent = ?1 ORDER BY id";
	static const char rules[] = "SELECT rule.name FROM finding JOIN rule ON "
				    "rule.id = finding.rule WHERE finding.item = ?1 AND "
				    "rule.engine = 'yara'";
	sqlite3 *db = case_db(c->file);

	for (size_t i = 0; i < c->options->source_count; i++) {
		const char *path = c->options->sources[i];

		if (!case_add_source(c->file, span_text(path), span_text(source_kind(path)),
				     &c->source_ids[i], err))
			return false;
	}
	c->image_arena = arena_new((size_t)64 << 20);
	c->claim_arena = arena_new((size_t)512 << 20);
	c->claims = map_new(&c->claim_arena);
	return load_seen(c, err) && share_find_images(c, err) && query_prepare(db, original, &c->find_original, err) &&
	       query_prepare(db, inside, &c->list_inside, err) &&
	       query_prepare(db, rules, &c->list_rules, err);
}

/* While the last file is only digested. */
static void use_idle(struct coordinator *c, bool is_more)
{
	const struct job *last = c->head;
	bool is_quiet = last && !last->next && c->walk_done && last->state == JOB_RUNNING && last->is_only_size &&
			!is_more && last->tree.checked && last->tree.checked == c->quiet_at;

	if (!is_quiet) {
		c->quiet_at = last ? last->tree.checked : 0;
		c->quiet_since_ns = c->now_ns;
	} else if (c->options->idle && c->quiet_since_ns && c->now_ns - c->quiet_since_ns >= QUIET_NS &&
		   c->idle_calls < IDLE_CALLS_MOST) {
		c->idle_calls++;
		c->quiet_since_ns = 0;
		c->options->idle(c->options->idle_context);
	}
}

bool coordinator_run(struct coordinator *c, struct case_file *file,
		     struct coordinator_totals *totals, struct err *err)
{
	*totals = (struct coordinator_totals){ 0 };
	c->file = file;
	c->totals = totals;
	c->needs_names = matching_set_needs_names(c->options->yara);
	if (!coordinator_sandbox(c->options, totals->sandbox, err) || !prepare(c, err))
		return false;
	while (feed(c, err)) {
		bool is_more = false;

		if (is_head_finished(c) ? !write_head(c, &is_more, err) : !write_ahead(c, &is_more, err))
			return false;
		/* Whatever is finished is kept. */
		while (c->stopped && is_head_finished(c))
			if (!write_head(c, &is_more, err))
				return false;
		if (c->stopped || (!c->head && c->walk_done)) {
			totals->stopped = c->stopped;
			return true;
		}
		if (c->options->progress)
			list_ahead(c);
		if ((c->head && !slots_wait(c, !is_more && !is_head_finished(c), err)) || !case_tick(file, err))
			return false;
		use_idle(c, is_more);
		/* What everything behind it waits for. */
		if (!report(c, c->head ? span_of(c->head->path, c->head->path_len) : SPAN("")))
			c->stopped = true;
	}
	return false;
}
