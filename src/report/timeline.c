#include "report/timeline.h"

#include "case/case.h"
#include "case/machine.h"
#include "case/query.h"
#include "report/timeline_entry.h"

#include <stdlib.h>

#define MEMORY ((size_t)256 << 20)
#define TELL_EVERY 4096

/* One case's entries, the earliest at hand. */
struct line {
	sqlite3 *db;
	sqlite3_stmt *order, *fetch[ENTRY_KINDS];
	struct arena arena;
	struct machines machines;
	bool there;			/* .time, .kind, .id, .flags are the next entry */
	timestamp time;
	enum entry_kind kind;
	uint64_t id;
	unsigned flags;
};

/*
 * A file's equal times are one entry: each time is told where no earlier one of
 * the four is the same, with bits for all that are (1 modified, 2 accessed, 4
 * changed, 8 created). ?1 and ?2 are the bounds.
 */
#define FLAGS(t) "(modified IS " t ") + 2 * (accessed IS " t ") + 4 * (changed IS " t ") + 8 * (created IS " t ")"
#define BETWEEN(t) t " BETWEEN ?1 AND ?2"

static const char order_sql[] =
	"SELECT modified AS time, 0 AS kind, id, " FLAGS("modified") " AS flags FROM item WHERE "
	BETWEEN("modified")
	" UNION ALL SELECT accessed, 0, id, " FLAGS("accessed") " FROM item WHERE " BETWEEN("accessed")
	" AND accessed IS NOT modified"
	" UNION ALL SELECT changed, 0, id, " FLAGS("changed") " FROM item WHERE " BETWEEN("changed")
	" AND changed IS NOT modified AND changed IS NOT accessed"
	" UNION ALL SELECT created, 0, id, " FLAGS("created") " FROM item WHERE " BETWEEN("created")
	" AND created IS NOT modified AND created IS NOT accessed AND created IS NOT changed"
	" UNION ALL SELECT time, 1, id, 0 FROM trace WHERE kind <> 'match' AND " BETWEEN("time")
	" UNION ALL SELECT last, 1, id, 1 FROM trace WHERE kind <> 'match' AND " BETWEEN("last") " AND last IS NOT time"
	" UNION ALL SELECT time, 2, id, 0 FROM event WHERE " BETWEEN("time")
	" UNION ALL SELECT time, 3, id, 0 FROM finding WHERE " BETWEEN("time")
	" ORDER BY 1, 2, 3, 4";

static const char *const fetch_sql[ENTRY_KINDS] = {
	"SELECT source, path, size, sha256, mode, kind, fate FROM item WHERE id = ?1",
	"SELECT item.source, item.path, trace.kind, what, trace.source, host, user, program, trace.path, "
	"name, command, local, peer, bytes_out, bytes_in, technique, summary, detail FROM trace "
	"JOIN item ON item.id = trace.item WHERE trace.id = ?1",
	"SELECT item.source, item.path, what, summary, harm, host, user, channel, event_id, record, "
	"detail FROM event JOIN item ON item.id = event.item WHERE event.id = ?1",
	"SELECT item.source, item.path, engine, title, level, harm, techniques, host, user, record, "
	"count, matched FROM finding JOIN item ON item.id = finding.item "
	"JOIN rule ON rule.id = finding.rule WHERE finding.id = ?1",
};

static bool line_next(struct line *l, struct err *err)
{
	if (!query_step(l->order, &l->there, err))
		return false;
	if (l->there) {
		l->time = query_time(l->order, 0);
		l->kind = (enum entry_kind)query_u64(l->order, 1, 0);
		l->id = query_u64(l->order, 2, 0);
		l->flags = (unsigned)query_u64(l->order, 3, 0);
	}
	return true;
}

static bool line_open(struct line *l, struct case_file *file,
		      const struct timeline_options *options, struct err *err)
{
	*l = (struct line){ .db = case_db(file), .arena = arena_new(MEMORY) };
	/* Sorted runs go to temporary files, not into memory. */
	if (!query_exec(l->db, "PRAGMA temp_store = FILE", err) ||
	    !machines_load(file, &l->arena, &l->machines, err) ||
	    !query_prepare(l->db, order_sql, &l->order, err))
		return false;
	for (int i = 0; i < ENTRY_KINDS; i++)
		if (!query_prepare(l->db, fetch_sql[i], &l->fetch[i], err))
			return false;
	sqlite3_bind_int64(l->order, 1, options->from == TIME_NONE ? INT64_MIN + 1 : options->from);
	sqlite3_bind_int64(l->order, 2, options->to == TIME_NONE ? INT64_MAX : options->to);
	return line_next(l, err);
}

static void line_close(struct line *l)
{
	sqlite3_finalize(l->order);
	for (int i = 0; i < ENTRY_KINDS; i++)
		sqlite3_finalize(l->fetch[i]);
	arena_free(&l->arena);
}

static struct line *earliest(struct line *lines, size_t count)
{
	struct line *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (lines[i].there && (!best || lines[i].time < best->time))
			best = &lines[i];
	return best;
}

/* Fetches the entry, filters and writes it; its texts live until the statement is reset. */
static bool write_one(struct line *l, const struct timeline_options *options, struct out *out,
		      uint64_t *written, struct err *err)
{
	sqlite3_stmt *q = l->fetch[l->kind];
	struct entry entry;
	bool row;

	sqlite3_bind_int64(q, 1, (int64_t)l->id);
	if (!query_step(q, &row, err))
		return false;
	if (row) {
		entry_read(&entry, l->kind, q, l->flags);
		entry.time = timestamp_add(l->time, options->clock_seconds);
		entry.original = l->time;
		entry.id = l->id;
		if (!entry.host.len)
			entry.host = machine_name(&l->machines, query_u64(q, 0, 0), entry.item);
		entry.zone = machine_zone(&l->machines, query_u64(q, 0, 0), entry.item);
		if (entry_fits(&entry, options->filters, options->filter_count)) {
			entry_write(&out->buf, &entry, options->format);
			out_pass(out);
			++*written;
		}
	}
	sqlite3_reset(q);
	return true;
}

static bool write_merged(struct line *lines, size_t count, const struct timeline_options *options,
			 struct out *out, uint64_t *written, struct err *err)
{
	struct line *next;
	uint64_t seen = 0;

	while ((next = earliest(lines, count))) {
		if (!write_one(next, options, out, written, err) || !line_next(next, err))
			return false;
		if (++seen % TELL_EVERY == 0 && options->progress)
			options->progress(options->progress_context, *written);
	}
	return true;
}

static bool write_bodies(struct case_file *file, const struct timeline_options *options,
			 struct out *out, uint64_t *written, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(case_db(file), "SELECT path, size, mode, accessed, modified, changed, "
				     "created, id FROM item ORDER BY id", &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		entry_write_body(&out->buf, q, options->clock_seconds);
		out_pass(out);
		++*written;
	}
	sqlite3_finalize(q);
	return ok;
}

bool timeline_write(FILE *to, struct case_file *const *cases, size_t count,
		    const struct timeline_options *options, uint64_t *written, struct err *err)
{
	struct line *lines = calloc(count ? count : 1, sizeof *lines);
	struct out out = out_new(to);
	size_t opened = 0;
	bool ok = lines || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");

	*written = 0;
	if (options->format == TIMELINE_BODYFILE) {
		for (size_t i = 0; ok && i < count; i++)
			ok = write_bodies(cases[i], options, &out, written, err);
	} else {
		entry_write_head(&out.buf, options->format);
		while (ok && opened < count) {
			ok = line_open(&lines[opened], cases[opened], options, err);
			opened++;
		}
		ok = ok && write_merged(lines, count, options, &out, written, err);
		while (opened)
			line_close(&lines[--opened]);
	}
	free(lines);
	return (out_end(&out, ok ? err : &(struct err){ 0 })) && ok;
}
