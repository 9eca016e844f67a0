#include "report/timeline.h"

#include "base/utf8.h"
#include "case/case.h"
#include "case/machine.h"
#include "case/query.h"
#include "report/sorter.h"
#include "report/timeline_entry.h"

#include <stdlib.h>

#define MACHINES_MEMORY ((size_t)256 << 20)
#define SORTED_MEMORY ((size_t)96 << 20)
#define CASES_MOST 127
#define PATH_CAP ((size_t)1 << 20)
#define TELL_EVERY 4096

struct of_case {
	sqlite3_stmt *fetch[ENTRY_KINDS];
	struct arena arena;
	struct machines machines;
};

struct timeline {
	const struct timeline_options *options;
	struct out out;
	struct sorter *sorter;
	struct of_case cases[CASES_MOST];
	size_t case_count;
	uint64_t names;			/* files that come from no case */
	uint64_t seen, written;
	struct buf payload, path;
};

static const char files_sql[] =
	"SELECT id, source, path, size, sha256, mode, modified, accessed, changed, created FROM item "
	"ORDER BY id";

/* Both times of each row; of a trace the second may be its end. */
static const char *const times_sql[ENTRY_KINDS] = {
	NULL,
	"SELECT id, time, last FROM trace WHERE kind <> 'match' AND "
	"(time BETWEEN ?1 AND ?2 OR last BETWEEN ?1 AND ?2)",
	"SELECT id, time, NULL FROM event WHERE time BETWEEN ?1 AND ?2",
	"SELECT id, time, NULL FROM finding WHERE time BETWEEN ?1 AND ?2",
};

static const char *const fetch_sql[ENTRY_KINDS] = {
	NULL,
	"SELECT item.source, item.path, trace.kind, what, trace.source, host, user, program, trace.path, "
	"name, command, local, peer, bytes_out, bytes_in, technique, summary, detail FROM trace "
	"JOIN item ON item.id = trace.item WHERE trace.id = ?1",
	"SELECT item.source, item.path, what, summary, harm, host, user, channel, event_id, record, "
	"detail FROM event JOIN item ON item.id = event.item WHERE event.id = ?1",
	"SELECT item.source, item.path, engine, title, level, harm, techniques, host, user, record, "
	"count, matched FROM finding JOIN item ON item.id = finding.item "
	"JOIN rule ON rule.id = finding.rule WHERE finding.id = ?1",
};

struct timeline *timeline_new(FILE *to, const struct timeline_options *options, struct err *err)
{
	struct timeline *t = calloc(1, sizeof *t);

	if (!t) {
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for a time line");
		return NULL;
	}
	t->options = options;
	t->out = out_new(to);
	t->payload = buf_new(PATH_CAP);
	t->path = buf_new(PATH_CAP);
	t->sorter = sorter_new(SORTED_MEMORY, err);
	if (t->sorter)
		return t;
	timeline_free(t);
	return NULL;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->case_count; i++) {
		for (int kind = 0; kind < ENTRY_KINDS; kind++)
			sqlite3_finalize(t->cases[i].fetch[kind]);
		arena_free(&t->cases[i].arena);
	}
	sorter_free(t->sorter);
	buf_free(&t->out.buf);
	buf_free(&t->payload);
	buf_free(&t->path);
	free(t);
}

/* ---- what stands in the sorter ---- */

/* Where times are equal: by case, kind of entry, number; which of its times it is comes along. */
static uint64_t rank_of(size_t of_case, enum entry_kind kind, uint64_t id, unsigned times)
{
	return (uint64_t)of_case << 57 | (uint64_t)kind << 55 | (id & ((UINT64_C(1) << 51) - 1)) << 4 | times;
}

static bool is_wanted(const struct timeline *t, timestamp time)
{
	return time != TIME_NONE && (t->options->from == TIME_NONE || time >= t->options->from) &&
	       (t->options->to == TIME_NONE || time <= t->options->to);
}

/* A file's equal times are one entry. */
static size_t keys_of(const struct timeline *t, const struct timeline_file *f, uint64_t rank,
		      struct sorter_key keys[SORTER_KEYS_MOST])
{
	const timestamp times[] = { f->modified, f->accessed, f->changed, f->created };
	size_t count = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned alike = 0;

		for (unsigned k = 0; k < 4; k++)
			alike |= (unsigned)(times[k] == times[i]) << k;
		if (is_wanted(t, times[i]) && !(alike & ((1u << i) - 1)))
			keys[count++] = (struct sorter_key){ times[i], rank | alike };
	}
	return count;
}

static void complete(struct entry *e, const struct machines *m, uint64_t source)
{
	if (!m)
		return;
	if (!e->host.len)
		e->host = machine_name(m, source, e->item);
	e->zone = machine_zone(m, source, e->item);
}

static bool fits(const struct timeline *t, const struct entry *e)
{
	return entry_fits(e, t->options->filters, t->options->filter_count);
}

static void pack_file(struct buf *to, const struct timeline_file *f, uint64_t source)
{
	buf_clear(to);
	buf_add_u64le(to, source);
	buf_add_u64le(to, f->size);
	buf_add_u32le(to, f->mode);
	buf_add_u8(to, (uint8_t)f->sha256.len);
	buf_add(to, f->sha256);
	buf_add(to, f->path);
}

static void unpack_file(struct span payload, struct timeline_file *f, uint64_t *source)
{
	struct cursor c = cursor_of(payload);

	*f = (struct timeline_file){ 0 };
	*source = cursor_u64le(&c);
	f->size = cursor_u64le(&c);
	f->mode = cursor_u32le(&c);
	f->sha256 = cursor_take(&c, cursor_u8(&c));
	f->path = span_from(payload, c.at);
}

/* `id` is the file's number in its case, `m` NULL where it is of none. */
static bool add_file(struct timeline *t, size_t of_case, const struct machines *m, uint64_t source,
		     uint64_t id, const struct timeline_file *f, struct err *err)
{
	struct sorter_key keys[SORTER_KEYS_MOST];
	struct entry e;
	size_t count;

	if (t->options->format == TIMELINE_BODYFILE) {
		entry_write_body(&t->out.buf, f, id, t->options->clock_seconds);
		out_pass(&t->out);
		t->written++;
		return true;
	}
	count = keys_of(t, f, rank_of(of_case, ENTRY_FILE, id, 0), keys);
	if (!count)
		return true;
	if (t->options->filter_count) {
		entry_of_file(&e, f, 0);
		complete(&e, m, source);
		if (!fits(t, &e))
			return true;
	}
	buf_clear(&t->payload);
	if (!m && entry_has_rest(t->options->format)) {
		entry_of_file(&e, f, 0);
		entry_write_rest(&t->payload, &e, t->options->format);
	} else {
		pack_file(&t->payload, f, source);
	}
	return sorter_add(t->sorter, keys, count, buf_span(&t->payload), err);
}

bool timeline_add_file(struct timeline *t, const struct timeline_file *file, struct err *err)
{
	struct timeline_file f = *file;

	if (!utf8_is_text(f.path)) {
		buf_clear(&t->path);
		utf8_add_text(&t->path, f.path);
		f.path = buf_span(&t->path);
	}
	return add_file(t, t->case_count, NULL, 0, ++t->names, &f, err);
}

/* ---- cases ---- */

static bool add_files(struct timeline *t, struct of_case *c, sqlite3 *db, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(db, files_sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		const struct timeline_file f = {
			.path = query_span(q, 2), .size = query_u64(q, 3, UINT64_MAX),
			.sha256 = query_span(q, 4), .mode = (uint32_t)query_u64(q, 5, 0),
			.modified = query_time(q, 6), .accessed = query_time(q, 7),
			.changed = query_time(q, 8), .created = query_time(q, 9),
		};

		ok = add_file(t, t->case_count - 1, &c->machines, query_u64(q, 1, 0), query_u64(q, 0, 0),
			      &f, err);
	}
	sqlite3_finalize(q);
	return ok;
}

/* Reads the row; *there false: it is gone. Spans in `e` live until `q` is reset. */
static bool fetch(struct of_case *c, enum entry_kind kind, uint64_t id, bool is_end, struct entry *e,
		  bool *there, struct err *err)
{
	sqlite3_stmt *q = c->fetch[kind];

	sqlite3_bind_int64(q, 1, (int64_t)id);
	if (!query_step(q, there, err))
		return false;
	if (*there) {
		entry_read(e, kind, q, is_end);
		complete(e, &c->machines, query_u64(q, 0, 0));
	}
	return true;
}

static bool add_row(struct timeline *t, struct of_case *c, enum entry_kind kind, sqlite3_stmt *q,
		    struct err *err)
{
	const timestamp times[] = { query_time(q, 1), query_time(q, 2) };
	uint64_t id = query_u64(q, 0, 0);

	for (unsigned i = 0; i < 2; i++) {
		struct sorter_key key = { times[i], rank_of(t->case_count - 1, kind, id, i) };
		bool there = true;
		struct entry e;

		if (!is_wanted(t, times[i]) || (i && times[0] == times[1]))
			continue;
		if (t->options->filter_count) {
			if (!fetch(c, kind, id, i, &e, &there, err))
				return false;
			there = there && fits(t, &e);
			sqlite3_reset(c->fetch[kind]);
		}
		if (there && !sorter_add(t->sorter, &key, 1, (struct span){ 0 }, err))
			return false;
	}
	return true;
}

static bool add_rows(struct timeline *t, struct of_case *c, enum entry_kind kind, sqlite3 *db,
		     struct err *err)
{
	const struct timeline_options *o = t->options;
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(db, times_sql[kind], &q, err);

	if (ok) {
		sqlite3_bind_int64(q, 1, o->from == TIME_NONE ? INT64_MIN + 1 : o->from);
		sqlite3_bind_int64(q, 2, o->to == TIME_NONE ? INT64_MAX : o->to);
	}
	while (ok && (ok = query_step(q, &row, err)) && row)
		ok = add_row(t, c, kind, q, err);
	sqlite3_finalize(q);
	return ok;
}

bool timeline_add_case(struct timeline *t, struct case_file *file, struct err *err)
{
	sqlite3 *db = case_db(file);
	struct of_case *c = &t->cases[t->case_count];
	bool ok;

	if (t->case_count == CASES_MOST)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: cases of a time line");
	*c = (struct of_case){ .arena = arena_new(MACHINES_MEMORY) };
	t->case_count++;
	ok = machines_load(file, &c->arena, &c->machines, err) && add_files(t, c, db, err);
	if (t->options->format == TIMELINE_BODYFILE)
		return ok;
	for (int kind = ENTRY_TRACE; ok && kind < ENTRY_KINDS; kind++)
		ok = query_prepare(db, fetch_sql[kind], &c->fetch[kind], err) &&
		     add_rows(t, c, (enum entry_kind)kind, db, err);
	return ok;
}

/* ---- writing ---- */

/* `rest`: written before, or NULL. */
static void write_entry(struct timeline *t, struct entry *e, const struct span *rest, timestamp time)
{
	e->time = timestamp_add(time, t->options->clock_seconds);
	e->original = time;
	if (rest)
		entry_write_with(&t->out.buf, e, *rest, t->options->format);
	else
		entry_write(&t->out.buf, e, t->options->format);
	out_pass(&t->out);
	t->written++;
}

static bool write_row(struct timeline *t, const struct sorter_key *key, struct span payload,
		      struct err *err)
{
	size_t number = (size_t)(key->rank >> 57);
	enum entry_kind kind = (enum entry_kind)(key->rank >> 55 & 3);
	struct of_case *c = number < t->case_count ? &t->cases[number] : NULL;
	unsigned times = key->rank & 15;
	struct timeline_file file;
	struct entry e;
	uint64_t source;
	bool there = true;

	if (kind == ENTRY_FILE && !c && entry_has_rest(t->options->format)) {
		entry_of_file(&e, &(struct timeline_file){ 0 }, times);
		write_entry(t, &e, &payload, key->time);
		return true;
	}
	if (kind == ENTRY_FILE) {
		unpack_file(payload, &file, &source);
		entry_of_file(&e, &file, times);
		complete(&e, c ? &c->machines : NULL, source);
		write_entry(t, &e, NULL, key->time);
		return true;
	}
	if (!fetch(c, kind, key->rank >> 4 & ((UINT64_C(1) << 51) - 1), times, &e, &there, err))
		return false;
	if (there)
		write_entry(t, &e, NULL, key->time);
	sqlite3_reset(c->fetch[kind]);
	return true;
}

bool timeline_end(struct timeline *t, uint64_t *written, struct err *err)
{
	struct sorter_key key;
	struct span payload;
	bool there = true, ok = true;

	if (t->options->format != TIMELINE_BODYFILE)
		entry_write_head(&t->out.buf, t->options->format);
	while (ok && (ok = sorter_next(t->sorter, &key, &payload, &there, err)) && there) {
		ok = write_row(t, &key, payload, err);
		if (++t->seen % TELL_EVERY == 0 && t->options->progress)
			t->options->progress(t->options->progress_context, t->written);
	}
	*written = t->written;
	return out_end(&t->out, ok ? err : &(struct err){ 0 }) && ok;
}
