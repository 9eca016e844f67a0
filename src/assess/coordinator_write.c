#include "assess/coordinator_job.h"

#include "artefact/linux_link.h"

#include "case/query.h"

#include <stdlib.h>

#define PATH_CAP ((size_t)1 << 20)
/* Records written between two looks at the examiners: ahead, and of what is finished. */
#define AHEAD_AT_ONCE 256
#define AT_ONCE 1024

struct written {
	uint64_t id;			/* of the case */
	size_t kind_at;			/* of its kind among the tree's records, which may move; 0: none */
	bool has_lost;			/* the case refused something said of it */
};

/* One job on its way into the case. */
struct writing {
	struct coordinator *c;
	struct job *job;
	const struct plan *plan;
	struct written *written;	/* for each item of the tree */
	struct buf path;
	uint64_t items;			/* written, those taken over included */
	bool is_full;			/* members of known archives were left out at the limit */
	/* How far it is: bytes of the tree's records, items begun, those that are open. */
	size_t at;
	uint32_t count, open[TREE_DEPTH_MAX];
	unsigned depth;
	uint64_t findings;		/* written ahead */
};

static void count_fate(struct writing *w, enum fate fate)
{
	w->items++;
	w->c->totals->items++;
	w->c->totals->fates[fate]++;
}

static bool end_item(struct writing *w, uint64_t id, const struct case_outcome *outcome,
		     struct err *err)
{
	count_fate(w, outcome->fate);
	return case_end_item(w->c->file, w->job->unit, id, outcome, err);
}

/* ---- what is inside an archive that was examined at another place ---- */

struct inside {
	uint64_t id, same_as;
	struct case_item item;
	struct case_outcome outcome;
	uint8_t sha256[32];
};

static bool read_inside(struct writing *w, uint64_t original, struct arena *arena,
			struct inside **out, size_t *count, struct err *err)
{
	sqlite3_stmt *s = w->c->list_inside;
	size_t room = 0;
	bool row, ok;

	*out = NULL;
	*count = 0;
	sqlite3_bind_int64(s, 1, (int64_t)original);
	while ((ok = query_step(s, &row, err)) && row) {
		struct inside *i = arena_push(arena, (void **)out, count, &room, sizeof *i);
		struct span sha256 = query_span(s, 10), fate = query_span(s, 8);

		if (!i) {
			ok = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many members");
			break;
		}
		i->id = query_u64(s, 0, 0);
		i->item.path = arena_copy(arena, query_span(s, 1));
		i->item.size = query_u64(s, 2, CASE_SIZE_UNKNOWN);
		i->item.modified = query_time(s, 3);
		i->item.changed = query_time(s, 4);
		i->item.accessed = query_time(s, 5);
		i->item.created = query_time(s, 6);
		i->item.mode = (uint32_t)query_u64(s, 7, 0);
		i->outcome.reason = arena_copy(arena, query_span(s, 9));
		i->same_as = query_u64(s, 11, 0);
		i->outcome.kind = arena_copy(arena, query_span(s, 13));
		i->outcome.size = i->item.size;
		if (sha256.len == 32) {
			memcpy(i->sha256, sha256.at, 32);
			i->outcome.sha256 = (*out)[*count - 1].sha256;
		}
		for (enum fate f = FATE_NONE; f < FATE_COUNT; f++)
			if (span_eq(fate, span_text(fate_name(f))))
				i->outcome.fate = f;
		for (enum evidence_class k = CLASS_OTHER; k < CLASS_COUNT; k++)
			if (span_eq(query_span(s, 12), span_text(evidence_class_name(k))))
				i->outcome.evidence_class = k;
	}
	sqlite3_reset(s);
	return ok;
}

static bool take_over(struct writing *w, uint64_t original, struct span from, uint64_t id,
		      struct span to, unsigned depth, struct err *err);

static bool take_over_one(struct writing *w, struct inside *i, struct span from, uint64_t parent,
			  struct span to, unsigned depth, struct err *err)
{
	struct buf path = buf_new(PATH_CAP);
	struct span old = i->item.path;
	enum fate fate = i->outcome.fate;
	uint64_t id;
	bool ok;

	buf_add(&path, to);
	buf_add(&path, span_from(old, from.len));
	i->item.path = span_sub(buf_span(&path), 0, CASE_PATH_MAX);
	i->item.parent = parent;
	i->item.source = w->job->source;
	i->outcome.sha256 = i->outcome.sha256 ? i->sha256 : NULL;
	if (fate == FATE_EXAMINED || fate == FATE_PARTLY || fate == FATE_DUPLICATE) {
		i->outcome.fate = FATE_DUPLICATE;
		i->outcome.same_as = i->same_as ? i->same_as : i->id;
	}
	ok = case_add_item(w->c->file, w->job->unit, &i->item, &id, err) &&
	     end_item(w, id, &i->outcome, err) &&
	     take_over(w, i->id, old, id, buf_span(&path), depth + 1, err);
	buf_free(&path);
	return ok;
}

static bool take_over(struct writing *w, uint64_t original, struct span from, uint64_t id,
		      struct span to, unsigned depth, struct err *err)
{
	struct arena arena = arena_new((size_t)256 << 20);
	struct inside *inside;
	size_t count;
	bool ok = true;

	if (depth < TREE_DEPTH_MAX) {
		ok = read_inside(w, original, &arena, &inside, &count, err);
		for (size_t i = 0; ok && i < count; i++)
			if (w->items <= w->c->options->limits.tree_entries)
				ok = take_over_one(w, &inside[i], from, id, to, depth, err);
			else
				w->is_full = true;
	}
	arena_free(&arena);
	return ok;
}

static bool original_path(struct writing *w, uint64_t item, struct arena *arena, struct span *out,
			  struct err *err)
{
	static const char sql[] = "SELECT coalesce(path_raw, CAST(path AS BLOB)) FROM item WHERE id = ?1";
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(w->c->file), sql, &s, err);

	*out = (struct span){ 0 };
	ok = ok && sqlite3_bind_int64(s, 1, (int64_t)item) == SQLITE_OK && query_step(s, &row, err);
	if (ok && row)
		*out = arena_copy(arena, query_span(s, 0));
	sqlite3_finalize(s);
	return ok;
}

/* ---- items with records of their own ---- */

static bool end_duplicate(struct writing *w, uint32_t number, struct case_outcome *outcome,
			  struct err *err)
{
	const struct plan *plan = &w->plan[number];
	uint64_t id = w->written[number].id;
	uint64_t original = plan->kind == PLAN_OF_CASE ? plan->original
						       : w->written[plan->original].id;
	struct arena arena = arena_new(PATH_CAP * 4);
	struct span from;
	bool ok = original_path(w, original, &arena, &from, err);

	outcome->fate = FATE_DUPLICATE;
	outcome->same_as = original;
	outcome->reason = plan->kind == PLAN_LOOP ? SPAN("contains itself") : SPAN("");
	/* What could not be examined there was not examined here either. */
	if (plan->kind != PLAN_LOOP && plan->fate != FATE_EXAMINED) {
		outcome->fate = plan->fate;
		outcome->same_as = 0;
		outcome->reason = arena_printf(&arena, "same content as %.*s", SPAN_ARG(from));
	}
	if (ok && plan->kind != PLAN_LOOP && !w->c->needs_names) {
		buf_clear(&w->path);
		tree_path(&w->job->tree, number, span_of(w->job->path, w->job->path_len), &w->path);
		ok = take_over(w, original, from, id, buf_span(&w->path), 0, err);
	}
	if (w->is_full && !outcome->reason.len)
		outcome->reason = SPAN("limit: members in one file: not all are listed here");
	ok = ok && end_item(w, id, outcome, err);
	arena_free(&arena);
	return ok;
}

static const char *refused_reason(struct writing *w, uint32_t number)
{
	buf_clear(&w->path);
	tree_path(&w->job->tree, number, span_of(w->job->path, w->job->path_len), &w->path);
	for (size_t i = 0; i < w->job->refused_count; i++)
		if (span_eq(buf_span(&w->path), span_of(w->job->refused[i].path,
							w->job->refused[i].len)))
			return w->job->refused[i].reason;
	return NULL;
}

static struct record_kind kind_of(const struct writing *w, uint32_t number)
{
	size_t at = w->written[number].kind_at;
	struct span rest = span_from(buf_span(&w->job->tree.records), at);
	struct record r;
	struct err ignored;

	return at && record_read(&rest, &r, &ignored) == RECORD_TAKEN ? r.kind : (struct record_kind){ 0 };
}

static bool write_end(struct writing *w, uint32_t number, enum fate fate, struct span reason,
		      struct err *err)
{
	const struct tree_item *item = &w->job->tree.items[number];
	const struct record_kind kind = kind_of(w, number);
	struct case_outcome outcome = {
		.fate = fate, .reason = reason, .evidence_class = kind.evidence_class, .kind = kind.kind,
		.size = item->has_content ? item->size : CASE_SIZE_UNKNOWN,
		.sha256 = item->has_content ? item->sha256 : NULL,
	};
	const char *refused;

	if (w->plan[number].kind != PLAN_OWN)
		return end_duplicate(w, number, &outcome, err);
	if (fate == FATE_FAILED && (refused = refused_reason(w, number)))
		outcome.reason = span_text(refused);
	if (number == 0 && !w->job->tree.is_part && w->job->is_changed && outcome.fate == FATE_EXAMINED) {
		outcome.fate = FATE_PARTLY;
		outcome.reason = SPAN("changed while it was read");
	}
	if (number == 0 && w->is_full && outcome.fate == FATE_EXAMINED) {
		outcome.fate = FATE_PARTLY;
		outcome.reason = SPAN("limit: members in one file");
	}
	if (w->written[number].has_lost && outcome.fate == FATE_EXAMINED) {
		outcome.fate = FATE_PARTLY;
		outcome.reason = SPAN("a finding or fact was too long for the case");
	}
	return end_item(w, w->written[number].id, &outcome, err);
}

static bool write_begin(struct writing *w, uint32_t number, const struct record_begin *b,
			struct err *err)
{
	const struct tree_item *item = &w->job->tree.items[number];
	struct case_item row = { .source = w->job->source, .size = b->size,
				 .modified = b->modified, .changed = b->changed,
				 .accessed = b->accessed, .created = b->created, .mode = b->mode };

	row.parent = item->parent != TREE_NONE ? w->written[item->parent].id
		   : w->job->tree.is_part ? w->job->opened->image_item : 0;
	buf_clear(&w->path);
	if (!tree_path(&w->job->tree, number, span_of(w->job->path, w->job->path_len), &w->path))
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "path too long");
	row.path = span_sub(buf_span(&w->path), 0, CASE_PATH_MAX);
	return case_add_item(w->c->file, w->job->unit, &row, &w->written[number].id, err);
}

/* A text that is too long for the case costs that row; the item's fate tells. */
static bool is_harmless(const struct err *err)
{
	return err->code == ERR_USAGE || err->code == ERR_LIMIT;
}

static bool write_about(struct writing *w, uint32_t number, const struct record *r, struct err *err)
{
	uint64_t unit = w->job->unit, id = w->written[number].id;
	bool ok = true;

	if (r->type == RECORD_KIND)
		w->written[number].kind_at = w->at;
	/* Of what was examined elsewhere only what its own place tells is new. */
	if (w->plan[number].kind != PLAN_OWN && !(r->type == RECORD_TRACE && r->trace.of_place))
		return true;
	if (r->type == RECORD_FINDING) {
		ok = case_add_finding(w->c->file, unit, id, &r->finding.finding, r->finding.count,
				      r->finding.last, err);
		w->c->totals->findings += ok;
	} else if (r->type == RECORD_EVENT) {
		ok = case_add_event(w->c->file, unit, id, &r->event, err);
	} else if (r->type == RECORD_FACT) {
		ok = case_add_fact(w->c->file, unit, id, &r->fact, err);
	} else if (r->type == RECORD_TRACE) {
		ok = case_add_trace(w->c->file, unit, id, &r->trace, err);
	}
	w->written[number].has_lost |= !ok;
	return ok || is_harmless(err);
}

/* Items that were open when the examiner ended: the innermost is to blame. */
static bool end_open(struct writing *w, struct err *err)
{
	bool innermost = true;

	while (w->depth--) {
		if (!write_end(w, w->open[w->depth], innermost ? FATE_FAILED : FATE_PARTLY,
			       span_text(w->job->cut), err))
			return false;
		innermost = false;
	}
	return true;
}

static bool write_record(struct writing *w, const struct record *r, struct err *err)
{
	if (r->type == RECORD_DONE || r->type == RECORD_RISKY)
		return true;
	if (r->type == RECORD_BEGIN)
		w->open[w->depth++] = w->count++;
	if (w->plan[w->open[w->depth - 1]].kind == PLAN_INSIDE) {
		w->depth -= r->type == RECORD_END;
		return true;
	}
	if (r->type == RECORD_BEGIN)
		return write_begin(w, w->count - 1, &r->begin, err);
	if (r->type != RECORD_END)
		return write_about(w, w->open[w->depth - 1], r, err);
	w->depth--;
	return write_end(w, w->open[w->depth], r->end.fate, r->end.reason, err);
}

static bool next_record(struct writing *w, struct record *r, size_t *len)
{
	const struct tree *t = &w->job->tree;
	struct span rest = span_from(span_sub(buf_span(&t->records), 0, t->checked), w->at);
	size_t before = rest.len;
	struct err ignored;

	if (record_read(&rest, r, &ignored) != RECORD_TAKEN)
		return false;
	*len = before - rest.len;
	return true;
}

static bool write_records(struct writing *w, bool *is_more, struct err *err)
{
	struct record r;
	size_t len;

	for (int i = 0; i < AT_ONCE; i++) {
		if (!next_record(w, &r, &len))
			return end_open(w, err);
		if (!write_record(w, &r, err))
			return false;
		w->at += len;
	}
	*is_more = true;
	return true;
}

/* ---- ahead of its end ---- */

static struct writing *new_writing(struct coordinator *c, struct job *job)
{
	struct writing *w = calloc(1, sizeof *w);

	if (w)
		*w = (struct writing){ .c = c, .job = job, .path = buf_new(PATH_CAP) };
	return w;
}

static void free_writing(struct writing *w)
{
	if (!w)
		return;
	buf_free(&w->path);
	free(w->written);
	free(w);
}

void write_forget(struct job *job)
{
	free_writing(job->writing);
	job->writing = NULL;
}

static struct writing *begun(struct coordinator *c, struct job *job)
{
	static const struct plan own = { .kind = PLAN_OWN };

	if (job->writing || !(job->writing = new_writing(c, job)))
		return job->writing;
	job->writing->plan = &own;
	job->writing->written = calloc(1, sizeof *job->writing->written);
	if (!job->writing->written)
		write_forget(job);
	return job->writing;
}

/* Only of the file itself: what is inside it may be planned in other ways. */
bool write_ahead(struct coordinator *c, bool *is_more, struct err *err)
{
	struct job *job = c->head;
	struct writing *w;
	struct record r;
	size_t len;

	if (!job || job->state != JOB_RUNNING || !job->is_only_size || job->is_relisted || !job->tree.count)
		return true;
	w = begun(c, job);
	if (!w)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");
	for (int i = 0; i < AHEAD_AT_ONCE; i++) {
		if (!next_record(w, &r, &len) || r.type == RECORD_END || (w->count && r.type == RECORD_BEGIN))
			return true;
		if (!write_record(w, &r, err))
			return false;
		w->findings += r.type == RECORD_FINDING;
		w->at += len;
	}
	*is_more = true;
	return true;
}

bool write_undo(struct job *job, struct err *err)
{
	struct writing *w = job->writing;
	bool ok = !w || !w->count || case_unit_restart(w->c->file, job->unit, err);

	if (w)
		w->c->totals->findings -= w->findings;
	write_forget(job);
	return ok;
}

static bool shorten_image(struct writing *w, struct span reason, struct err *err)
{
	uint64_t *fates = w->c->totals->fates;
	bool is_news;

	if (!case_shorten_item(w->c->file, w->job->opened->image_item, reason, &is_news, err))
		return false;
	fates[FATE_EXAMINED] -= is_news;
	fates[FATE_PARTLY] += is_news;
	return true;
}

/* What the check of an image tells is said of the image: it has no item of its own. */
static bool write_check(struct writing *w, struct err *err)
{
	struct record r;
	bool ok = true;
	size_t len;

	for (; ok && next_record(w, &r, &len); w->at += len) {
		if (r.type == RECORD_FACT)
			ok = case_add_fact(w->c->file, w->job->unit, w->job->opened->image_item, &r.fact, err);
		else if (r.type == RECORD_END && r.end.fate == FATE_PARTLY)
			ok = shorten_image(w, r.end.reason, err);
	}
	if (ok && !w->job->tree.is_done) {
		buf_clear(&w->path);
		buf_printf(&w->path, "verification: %s", w->job->cut);
		ok = shorten_image(w, buf_span(&w->path), err);
	}
	return ok;
}

static timestamp stat_time(const struct job *job, struct timespec t)
{
	return job->stat.st_mode ? timestamp_of_unix(t.tv_sec, (uint32_t)t.tv_nsec) : TIME_NONE;
}

/* Of a link in a folder the walk knows all that there is to know. */
static bool write_link(struct writing *w, const struct case_item *item, uint64_t id, struct span reason,
		       struct err *err)
{
	struct buf room = buf_new(PATH_CAP);
	struct trace t;
	bool ok = true;

	if (linux_link_trace(item->path, linux_link_of_reason(reason), &room, &t)) {
		t.time = item->modified;
		ok = case_add_trace(w->c->file, w->job->unit, id, &t, err);
	}
	buf_free(&room);
	return ok;
}

/* A place without content: a link, a device, a file that cannot be opened or examined at all. */
static bool write_plain(struct writing *w, enum fate fate, const char *reason, struct err *err)
{
	const struct job *job = w->job;
	struct case_item item = {
		.source = job->source, .path = span_of(job->path, job->path_len),
		.parent = job->tree.is_part ? job->opened->image_item : 0,
		.size = S_ISREG(job->stat.st_mode) ? (uint64_t)job->stat.st_size : CASE_SIZE_UNKNOWN,
		.modified = stat_time(job, job->stat.st_mtim),
		.changed = stat_time(job, job->stat.st_ctim),
		.accessed = stat_time(job, job->stat.st_atim), .created = TIME_NONE,
		.mode = job->stat.st_mode,
	};
	struct case_outcome outcome = { .fate = fate, .reason = span_text(reason),
					.size = CASE_SIZE_UNKNOWN };
	uint64_t id;

	return case_add_item(w->c->file, job->unit, &item, &id, err) && write_link(w, &item, id, outcome.reason, err) &&
	       end_item(w, id, &outcome, err);
}

/* What was written ahead stays, if the file is what it was taken for. */
static struct writing *resumed(struct coordinator *c, struct job *job, struct err *err)
{
	size_t count = job->tree.count ? job->tree.count : 1;
	const struct plan *plan = job->plan;
	struct written *written;

	if (job->writing && job->writing->plan == plan)
		return job->writing;
	if (job->writing && plan[0].kind != PLAN_OWN && !write_undo(job, err))
		return NULL;
	if (!job->writing)
		job->writing = new_writing(c, job);
	written = job->writing ? reallocarray(job->writing->written, count, sizeof *written) : NULL;
	if (!written) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for %zu items", count);
		return NULL;
	}
	memset(written + job->writing->count, 0, (count - job->writing->count) * sizeof *written);
	job->writing->written = written;
	job->writing->plan = plan;
	return job->writing;
}

bool write_job(struct coordinator *c, struct job *job, bool *is_more, struct err *err)
{
	struct writing *w = resumed(c, job, err);
	bool ok = w;

	if (!ok)
		return false;
	if (job->is_check)
		ok = write_check(w, err);
	else if (job->fate)
		ok = write_plain(w, job->fate, job->reason, err);
	else if (!job->tree.count && (!job->tree.is_part || !job->tree.is_done))
		ok = write_plain(w, FATE_FAILED, job->cut, err);
	else
		ok = write_records(w, is_more, err);
	if (ok && *is_more)
		return true;
	if (ok && !job->tree.is_part && job->tree.count)
		job->opened->image_item = w->written[0].id;
	ok = ok && case_unit_commit(c->file, job->unit, err);
	write_forget(job);
	return ok;
}
