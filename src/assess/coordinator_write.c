#include "assess/coordinator_job.h"

#include "artefact/linux_link.h"

#include "case/query.h"

#include <stdlib.h>

#define PATH_CAP ((size_t)1 << 20)

struct written {
	uint64_t id;			/* of the case */
	struct record_kind kind;
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

static bool write_end(struct writing *w, uint32_t number, enum fate fate, struct span reason,
		      struct err *err)
{
	const struct tree_item *item = &w->job->tree.items[number];
	struct case_outcome outcome = {
		.fate = fate, .reason = reason, .evidence_class = w->written[number].kind.evidence_class,
		.kind = w->written[number].kind.kind,
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
		w->written[number].kind = r->kind;
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
static bool end_open(struct writing *w, const uint32_t *open, unsigned depth, struct err *err)
{
	bool innermost = true;

	while (depth--) {
		if (!write_end(w, open[depth], innermost ? FATE_FAILED : FATE_PARTLY,
			       span_text(w->job->cut), err))
			return false;
		innermost = false;
	}
	return true;
}

static bool write_records(struct writing *w, struct err *err)
{
	const struct tree *t = &w->job->tree;
	struct span rest = span_sub(buf_span(&t->records), 0, t->checked);
	uint32_t open[TREE_DEPTH_MAX], count = 0;
	unsigned depth = 0;
	struct record r;
	struct err ignored;
	bool ok = true;

	while (ok && record_read(&rest, &r, &ignored) == RECORD_TAKEN) {
		if (r.type == RECORD_DONE || r.type == RECORD_RISKY)
			continue;
		if (r.type == RECORD_BEGIN)
			open[depth++] = count++;
		if (w->plan[open[depth - 1]].kind == PLAN_INSIDE)
			depth -= r.type == RECORD_END;
		else if (r.type == RECORD_BEGIN)
			ok = write_begin(w, count - 1, &r.begin, err);
		else if (r.type == RECORD_END)
			depth--, ok = write_end(w, open[depth], r.end.fate, r.end.reason, err);
		else
			ok = write_about(w, open[depth - 1], &r, err);
	}
	return ok && end_open(w, open, depth, err);
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

bool write_job(struct coordinator *c, struct job *job, const struct plan *plan, struct err *err)
{
	size_t count = job->tree.count ? job->tree.count : 1;
	struct writing w = { .c = c, .job = job, .plan = plan, .path = buf_new(PATH_CAP),
			     .written = calloc(count, sizeof *w.written) };
	bool ok = w.written;

	if (!ok)
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for %zu items", count);
	else if (job->fate)
		ok = write_plain(&w, job->fate, job->reason, err);
	else if (!job->tree.count && (!job->tree.is_part || !job->tree.is_done))
		ok = write_plain(&w, FATE_FAILED, job->cut, err);
	else
		ok = write_records(&w, err);
	if (ok && !job->tree.is_part && job->tree.count)
		job->opened->image_item = w.written[0].id;
	ok = ok && case_unit_commit(c->file, job->unit, err);
	buf_free(&w.path);
	free(w.written);
	return ok;
}
