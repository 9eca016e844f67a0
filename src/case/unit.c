/* Units and items of case.h. */
#include "case/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "case/schema.h"
#include "codec/digest.h"
#include "codec/json_write.h"

static bool known_source(struct case_file *c, struct span path, uint64_t *source, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(c->db, "SELECT id FROM source WHERE "
					    "coalesce(path_raw, CAST(path AS BLOB)) = ?1", &s, err);

	*source = 0;
	ok = ok && sqlite3_bind_blob64(s, 1, path.at, path.len, SQLITE_STATIC) == SQLITE_OK &&
	     query_step(s, &row, err);
	if (ok && row)
		*source = query_u64(s, 0, 0);
	sqlite3_finalize(s);
	return ok;
}

bool case_add_source(struct case_file *c, struct span path, struct span kind, uint64_t *source,
		     struct err *err)
{
	struct buf room = buf_new(CASE_TEXT_MAX);
	struct row row;
	bool ok;

	if (!recorder_begin(c, err) || !known_source(c, path, source, err))
		return false;
	if (*source)
		return true;
	*source = c->next[TABLE_SOURCE];
	row = row_begin(c, TABLE_SOURCE);
	row_u64(&row, c->run, 0);
	row_path(&row, path, &room);
	row_text(&row, kind);
	ok = row_end(&row, err) && recorder_done(c, err);
	buf_free(&room);
	return ok;
}

static bool find_unit(struct case_file *c, uint64_t source, struct span path, uint64_t *unit,
		      bool *done, struct err *err)
{
	struct buf room = buf_new(CASE_TEXT_MAX);
	sqlite3_stmt *s = c->updates[FIND_UNIT];
	struct row row = row_update(c, FIND_UNIT);
	bool ok, found = false;

	row_u64(&row, source, 0);
	row_path(&row, path, &room);
	ok = !row.refused || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "%s for the case file",
				     row.refused);
	ok = ok && query_step(s, &found, err);
	*unit = found ? query_u64(s, 0, 0) : 0;
	*done = found && sqlite3_column_int64(s, 1) != 0;
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	buf_free(&room);
	return ok;
}

static bool remember_unit(struct case_file *c, uint64_t id, struct err *err)
{
	if (c->unit_count == c->unit_room) {
		size_t room = c->unit_room ? c->unit_room * 2 : 16;
		struct open_unit *units = reallocarray(c->units, room, sizeof *units);

		if (!units)
			return err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");
		c->units = units;
		c->unit_room = room;
	}
	c->units[c->unit_count++] =
		(struct open_unit){ .id = id, .acquired = buf_new(2 * CASE_TEXT_MAX) };
	return true;
}

bool case_unit_begin(struct case_file *c, uint64_t source, struct span path, uint64_t *unit,
		     bool *done, struct err *err)
{
	struct buf room = buf_new(CASE_TEXT_MAX);
	struct row row;
	bool ok;

	if (!recorder_begin(c, err) || !find_unit(c, source, path, unit, done, err))
		return false;
	if (*done)
		return true;
	if (*unit)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%.*s' is being examined already",
			       SPAN_ARG(span_sub(path, 0, 120)));
	*unit = c->next[TABLE_UNIT];
	row = row_begin(c, TABLE_UNIT);
	row_u64(&row, c->run, 0);
	row_u64(&row, source, 0);
	row_path(&row, path, &room);
	row_int(&row, 0);
	ok = row_end(&row, err) && remember_unit(c, *unit, err) && recorder_done(c, err);
	buf_free(&room);
	return ok;
}

/* The numbers that they had are given again, as if nothing had been written. */
static bool remove_rows(struct case_file *c, enum table table, uint64_t unit, struct err *err)
{
	const char *name = schema_objects[table].name;
	char sql[96];
	int64_t last;

	snprintf(sql, sizeof sql, "DELETE FROM %s WHERE unit = %" PRIu64, name, unit);
	if (!recorder_exec(c, sql, err))
		return false;
	snprintf(sql, sizeof sql, "SELECT max(id) FROM %s", name);
	if (!query_int(c->db, sql, 0, &last, err))
		return recorder_fail(c, "cannot read the case", err);
	c->next[table] = (uint64_t)last + 1;
	return true;
}

bool case_unit_restart(struct case_file *c, uint64_t unit, struct err *err)
{
	static const enum table tables[] = { TABLE_ITEM, TABLE_FINDING, TABLE_EVENT, TABLE_FACT, TABLE_TRACE };
	struct open_unit *u = recorder_unit(c, unit);

	if (!u)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such unit is open");
	if (!recorder_begin(c, err))
		return false;
	if (c->waiting.unit == unit)
		c->waiting.unit = 0;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (!remove_rows(c, tables[i], unit, err))
			return false;
	buf_clear(&u->acquired);
	u->items = u->open_items = u->top = 0;
	c->restarts++;
	return recorder_done(c, err);
}

uint64_t case_restarts(const struct case_file *c)
{
	return c->restarts;
}

static void forget_unit(struct case_file *c, struct open_unit *u)
{
	buf_free(&u->acquired);
	*u = c->units[--c->unit_count];
}

bool case_unit_commit(struct case_file *c, uint64_t unit, struct err *err)
{
	struct open_unit *u = recorder_unit(c, unit);
	struct row row;

	/* A share of a disk image may turn out to hold nothing. */
	if (!u || u->open_items)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
			       u ? "an item of the unit has no fate" : "no such unit is open");
	if (!recorder_begin(c, err))
		return false;
	row = row_update(c, UPDATE_UNIT_DONE);
	row_u64(&row, unit, 0);
	if (!row_end(&row, err) ||
	    (u->acquired.len && !custody_add(c, "acquired", buf_span(&u->acquired), err)))
		return false;
	forget_unit(c, u);
	return recorder_done(c, err);
}

/* What the custody log will say of the item; the outcome completes it. */
static void note_acquired(struct open_unit *u, uint64_t id, const struct case_item *item)
{
	struct json_write w = json_write_to(&u->acquired);
	struct buf path = buf_new(CASE_TEXT_MAX);

	u->top = id;
	utf8_add_text(&path, item->path);
	json_object(&w);
	json_key(&w, "path");
	json_span(&w, buf_span(&path));
	json_pair_time(&w, "modified", item->modified);
	json_pair_time(&w, "changed", item->changed);
	json_pair_time(&w, "created", item->created);
	buf_free(&path);
}

static void complete_acquired(struct open_unit *u, const struct case_outcome *outcome)
{
	struct json_write w = json_write_to(&u->acquired);

	w.need_comma = true;
	if (!outcome->sha256) {
		json_key(&w, "not_read");
		json_text(&w, fate_name(outcome->fate));
	}
	if (outcome->size != CASE_SIZE_UNKNOWN) {
		json_key(&w, "size");
		json_u64(&w, outcome->size);
	}
	if (outcome->sha256) {
		json_key(&w, "sha256");
		json_hex(&w, span_of(outcome->sha256, SHA256_SIZE));
	}
	json_object_end(&w);
}

/* The columns of an item in their order; without an outcome it is not ended. */
static bool insert_item(struct case_file *c, const struct waiting_item *w,
			const struct case_outcome *outcome, struct err *err)
{
	const struct case_item *item = &w->item;
	struct buf room = buf_new(CASE_TEXT_MAX);
	struct row row = row_begin(c, TABLE_ITEM);
	struct span nothing = { 0 };
	bool ok;

	row_u64(&row, w->unit, 0);
	row_u64(&row, item->source, 0);
	row_u64(&row, item->parent, 0);
	row_path(&row, buf_span(&w->path), &room);
	row_text(&row, outcome ? span_text(evidence_class_name(outcome->evidence_class)) : nothing);
	row_text(&row, outcome ? outcome->kind : nothing);
	row_u64(&row, outcome && outcome->size != CASE_SIZE_UNKNOWN ? outcome->size : item->size,
		CASE_SIZE_UNKNOWN);
	row_blob(&row, outcome && outcome->sha256 ? span_of(outcome->sha256, SHA256_SIZE) : nothing);
	row_time(&row, item->modified);
	row_time(&row, item->changed);
	row_time(&row, item->accessed);
	row_time(&row, item->created);
	row_u64(&row, item->mode, 0);
	row_text(&row, outcome ? span_text(fate_name(outcome->fate)) : nothing);
	row_text(&row, outcome ? outcome->reason : nothing);
	row_u64(&row, outcome ? outcome->same_as : 0, 0);
	ok = row_end(&row, err);
	buf_free(&room);
	return ok;
}

bool recorder_put_waiting(struct case_file *c, struct err *err)
{
	struct waiting_item *w = &c->waiting;

	if (!w->unit)
		return true;
	if (!insert_item(c, w, NULL, err))
		return false;
	w->unit = 0;
	return true;
}

bool case_add_item(struct case_file *c, uint64_t unit, const struct case_item *item,
		   uint64_t *id, struct err *err)
{
	struct open_unit *u = recorder_unit(c, unit);
	struct waiting_item *w = &c->waiting;

	if (!u || (item->parent == 0 && u->items))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
			       u ? "a unit has one top-level item" : "no such unit is open");
	if (!item->path.len || item->path.len > CASE_PATH_MAX)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a path is too %s for the case file",
			       item->path.len ? "long" : "short");
	if (!recorder_begin(c, err) || !recorder_put_waiting(c, err))
		return false;
	w->path.cap = CASE_PATH_MAX;
	buf_clear(&w->path);
	if (!buf_add(&w->path, item->path))
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a path");
	w->item = *item;
	w->unit = unit;
	*id = c->next[TABLE_ITEM];
	u->items++;
	u->open_items++;
	if (item->parent == 0)
		note_acquired(u, *id, item);
	return recorder_done(c, err);
}

bool case_claim_content(struct case_file *c, uint64_t unit, uint64_t item,
			const uint8_t sha256[32], uint64_t size, uint64_t *same_as,
			struct err *err)
{
	sqlite3_stmt *find = c->updates[FIND_CONTENT];
	struct row row;
	bool found, ok;

	if (!recorder_begin(c, err) || !recorder_put_waiting(c, err))
		return false;
	sqlite3_bind_blob(find, 1, sha256, SHA256_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(find, 2, (int64_t)item);
	ok = query_step(find, &found, err);
	*same_as = ok && found ? query_u64(find, 0, 0) : 0;
	sqlite3_reset(find);
	sqlite3_clear_bindings(find);
	if (!ok)
		return recorder_fail(c, "cannot read the case", err);
	row = row_update(c, UPDATE_CLAIM);
	row_blob(&row, span_of(sha256, SHA256_SIZE));
	row_u64(&row, size, CASE_SIZE_UNKNOWN);
	row_u64(&row, *same_as, 0);
	row_u64(&row, item, 0);
	row_u64(&row, unit, 0);
	return row_end(&row, err) && recorder_done(c, err);
}

static bool update_item(struct case_file *c, uint64_t unit, uint64_t item,
			const struct case_outcome *outcome, struct err *err)
{
	struct row row = row_update(c, UPDATE_END_ITEM);

	row_word(&row, evidence_class_name(outcome->evidence_class));
	row_text(&row, outcome->kind);
	row_u64(&row, outcome->size, CASE_SIZE_UNKNOWN);
	row_blob(&row, span_of(outcome->sha256, outcome->sha256 ? SHA256_SIZE : 0));
	row_word(&row, fate_name(outcome->fate));
	row_text(&row, outcome->reason);
	row_u64(&row, outcome->same_as, 0);
	row_u64(&row, item, 0);
	row_u64(&row, unit, 0);
	if (!row_end(&row, err))
		return false;
	return sqlite3_changes(c->db) == 1 ||
	       err_set(err, ERR_USAGE, ERR_NO_OFFSET,
		       "the item is not of this unit or has its fate already");
}

bool case_end_item(struct case_file *c, uint64_t unit, uint64_t item,
		   const struct case_outcome *outcome, struct err *err)
{
	struct open_unit *u = recorder_unit(c, unit);

	if (!u || outcome->fate == FATE_NONE || outcome->fate >= FATE_COUNT ||
	    outcome->evidence_class >= CLASS_COUNT)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such unit is open, or no fate");
	if ((outcome->fate == FATE_DUPLICATE) != (outcome->same_as != 0))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "a duplicate says of what");
	if (!recorder_begin(c, err))
		return false;
	if (c->waiting.unit == unit && c->next[TABLE_ITEM] == item) {
		if (!insert_item(c, &c->waiting, outcome, err))
			return false;
		c->waiting.unit = 0;
	} else if (!update_item(c, unit, item, outcome, err)) {
		return false;
	}
	u->open_items--;
	if (item == u->top)
		complete_acquired(u, outcome);
	return recorder_done(c, err);
}

bool case_shorten_item(struct case_file *c, uint64_t item, struct span reason, bool *is_news, struct err *err)
{
	struct row row;

	if (!recorder_begin(c, err))
		return false;
	row = row_update(c, UPDATE_SHORTEN);
	row_text(&row, reason);
	row_u64(&row, item, 0);
	if (!row_end(&row, err))
		return false;
	*is_news = sqlite3_changes(c->db) == 1;
	return recorder_done(c, err);
}
