#include "report/load.h"

#include "case/schema.h"

static bool no_memory(struct load *load)
{
	return err_set(load->err, ERR_LIMIT, ERR_NO_OFFSET, "this case is too large for one report");
}

bool load_rows(struct load *load, const char *sql, load_row_fn *row, void *context)
{
	sqlite3_stmt *statement;
	bool more, ok = query_prepare(load->db, sql, &statement, load->err);

	while (ok && (ok = query_step(statement, &more, load->err)) && more)
		ok = row(load, statement, context);
	sqlite3_finalize(statement);
	return ok && (!load->arena->exhausted || no_memory(load));
}

struct span load_text(struct load *load, sqlite3_stmt *row, int column)
{
	return arena_copy(load->arena, query_span(row, column));
}

void *load_push(struct load *load, void *items, size_t *count, size_t *room, size_t size)
{
	void *added = *count < UINT32_MAX - 1 ? arena_push(load->arena, items, count, room, size)
					      : NULL;

	if (!added)
		no_memory(load);
	return added;
}

bool load_number(struct load *load, const char *sql, uint64_t *out)
{
	int64_t number;

	if (!query_int(load->db, sql, 0, &number, load->err))
		return false;
	*out = (uint64_t)number;
	return true;
}

static void set_item(struct load *load, sqlite3_stmt *row, struct report_item *item)
{
	*item = (struct report_item){
		.id = query_u64(row, 0, 0),
		.path = load_text(load, row, 1),
		.sha256 = load_text(load, row, 2),
		.size = query_u64(row, 3, UINT64_MAX),
		.reason = load_text(load, row, 6),
	};
	evidence_class_of_name(query_span(row, 4), &item->evidence_class);
	fate_of_name(query_span(row, 5), &item->fate);
}

static bool read_item(struct load *load, uint64_t id)
{
	struct report_item *item = load_push(load, (void **)(uintptr_t)&load->report->items,
					     &load->report->item_count, &load->item_room,
					     sizeof *item);
	sqlite3_stmt *row = load->find_item;
	bool there, ok;

	if (!item)
		return false;
	sqlite3_bind_int64(row, 1, (sqlite3_int64)id);
	ok = query_step(row, &there, load->err);
	if (ok && there)
		set_item(load, row, item);
	sqlite3_reset(row);
	if (ok && !there)
		return err_set(load->err, ERR_CORRUPT, ERR_NO_OFFSET,
			       "the case names an item %llu that is not there",
			       (unsigned long long)id);
	return ok;
}

bool load_item(struct load *load, uint64_t id, uint32_t *index)
{
	struct span key = span_of(&id, sizeof id);
	void *found = map_get(&load->items, key), **slot;

	*index = REPORT_NO_ITEM;
	if (!id)
		return true;
	if (!found) {
		if (!read_item(load, id))
			return false;
		slot = map_slot(&load->items, arena_copy(load->arena, key));
		if (!slot)
			return no_memory(load);
		*slot = found = (void *)(uintptr_t)load->report->item_count;
	}
	*index = (uint32_t)(uintptr_t)found - 1;
	return true;
}

static bool totals(struct load *load)
{
	struct report *r = load->report;

	return load_number(load, "SELECT count(*) FROM item JOIN unit ON unit.id = item.unit "
				 "WHERE unit.done = 1", &r->item_total) &&
	       load_number(load, "SELECT CAST(total(size) AS INTEGER) FROM item JOIN unit "
				 "ON unit.id = item.unit WHERE unit.done = 1 AND parent IS NULL "
				 "AND size BETWEEN 0 AND 1125899906842624", &r->byte_total) &&
	       load_number(load, "SELECT CAST(total(count) AS INTEGER) FROM fact JOIN unit "
				 "ON unit.id = fact.unit WHERE unit.done = 1 AND count > 0",
			   &r->event_total) &&
	       load_number(load, "SELECT count(*) FROM finding JOIN unit ON unit.id = finding.unit "
				 "WHERE unit.done = 1", &r->finding_total);
}

static bool load_all(struct load *load, uint64_t most)
{
	return schema_check_tables(load->db, load->err) &&
	       query_prepare(load->db, "SELECT id, coalesce(path_raw, path), sha256, size, class, fate, "
			     "reason FROM item WHERE id = ?1", &load->find_item, load->err) &&
	       totals(load) && load_findings(load, most) && (load->is_brief || load_copies(load)) &&
	       load_answers(load) && (load->is_brief || (load_coverage(load) && load_ledger(load))) &&
	       load_items(load) && load_facts(load) && report_sort(load->report, load->err);
}

static bool load_some(sqlite3 *db, struct span case_name, uint64_t most, bool is_brief,
		      struct report *out, struct err *err)
{
	struct load load = { .db = db, .report = out, .arena = &out->arena,
			     .is_brief = is_brief, .err = err };
	bool ok;

	*out = (struct report){ .arena = arena_new(REPORT_MEMORY), .started = TIME_NONE,
				.ended = TIME_NONE };
	load.items = map_new(load.arena);
	load.rules = map_new(load.arena);
	out->case_name = arena_copy(load.arena, case_name);
	ok = load_all(&load, most);
	sqlite3_finalize(load.find_item);
	if (ok)
		return true;
	report_free(out);
	*out = (struct report){ 0 };
	return false;
}

bool report_load(sqlite3 *db, struct span case_name, uint64_t most, struct report *out,
		 struct err *err)
{
	return load_some(db, case_name, most, false, out, err);
}

bool report_load_brief(sqlite3 *db, struct span case_name, uint64_t most, struct report *out,
		       struct err *err)
{
	return load_some(db, case_name, most, true, out, err);
}
