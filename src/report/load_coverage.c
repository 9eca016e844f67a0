#include "report/load.h"

#include "base/day_counts.h"

struct coverage_load {
	struct report_coverage *rows;
	struct map index;			/* class and name → row + 1 */
	size_t room;
};

/* A word that is not known must not pass for "examined". */
static enum coverage_state state_of(struct span word)
{
	for (int state = 0; state < COVERAGE_COUNT; state++)
		if (span_eq(word, span_text(coverage_state_name((enum coverage_state)state))))
			return (enum coverage_state)state;
	return COVERAGE_MISSING;
}

static struct report_coverage *new_row(struct load *load, struct coverage_load *c,
				       sqlite3_stmt *row)
{
	struct report_coverage *r = load_push(load, (void **)&c->rows,
					      &load->report->coverage_count, &c->room, sizeof *r);

	if (!r)
		return NULL;
	*r = (struct report_coverage){ .first = TIME_NONE, .last = TIME_NONE };
	evidence_class_of_name(query_span(row, 1), &r->evidence_class);
	r->name = load_text(load, row, 2);
	if (!r->name.len)
		r->name = span_text(evidence_class_name(r->evidence_class));
	return r;
}

/* The row of that class and name, made if new; NULL: err is set. */
static struct report_coverage *row_of(struct load *load, struct coverage_load *c,
				      sqlite3_stmt *row)
{
	struct span class_name = query_span(row, 1), name = query_span(row, 2);
	struct buf key = buf_new((size_t)4 << 20);
	void **slot;

	buf_add(&key, class_name);
	buf_text(&key, ": ");
	buf_add(&key, name);
	slot = map_slot(&c->index, arena_copy(load->arena, buf_span(&key)));
	buf_free(&key);
	if (!slot)
		return NULL;
	if (*slot)
		return &c->rows[(uintptr_t)*slot - 1];
	*slot = (void *)(uintptr_t)(load->report->coverage_count + 1);
	return new_row(load, c, row);
}

static void widen(timestamp *first, timestamp *last, sqlite3_stmt *row)
{
	timestamp from = query_time(row, 5), to = query_time(row, 6);

	if (from != TIME_NONE && (*first == TIME_NONE || from < *first))
		*first = from;
	if (to != TIME_NONE && (*last == TIME_NONE || to > *last))
		*last = to;
}

static bool add_need(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report_coverage *r = row_of(load, context, row);
	enum coverage_state state = state_of(query_span(row, 3));
	enum harm harm = HARM_NONE;
	uint64_t items = query_u64(row, 4, 0);

	if (!r)
		return err_set(load->err, ERR_LIMIT, ERR_NO_OFFSET, "too much coverage to report");
	harm_of_name(query_span(row, 0), &harm);
	if (!(r->harms >> harm & 1) || state < r->states[harm]) {
		r->states[harm] = state;
		r->why[harm] = load_text(load, row, 7);
	}
	r->harms |= 1u << harm;
	if (!r->days.len)
		r->days = load_text(load, row, 8);
	r->items = items > r->items ? items : r->items;
	widen(&r->first, &r->last, row);
	return true;
}

static bool add_extent(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_extent *e = load_push(load, (void **)(uintptr_t)&r->extents, &r->extent_count,
					    context, sizeof *e);

	if (!e)
		return false;
	*e = (struct report_extent){ .channel = load_text(load, row, 1),
				     .host = load_text(load, row, 2),
				     .first = query_time(row, 3), .last = query_time(row, 4),
				     .events = query_u64(row, 5, 0), .lost = query_u64(row, 6, 0),
				     .items = query_u64(row, 7, 0) };
	evidence_class_of_name(query_span(row, 0), &e->evidence_class);
	return true;
}

/* Rows come by class, channel and host: days of one extent stand together. */
struct extent_days {
	struct map index;			/* extent's key → its number + 1 */
	struct span key;			/* of those being gathered */
	struct day_counts days;
	struct arena keys;
};

static struct span extent_key(struct arena *arena, struct span class_name, struct span channel,
			      struct span host)
{
	return arena_printf(arena, "%.*s\n%zu\n%.*s\n%.*s", SPAN_ARG(class_name), channel.len,
			    SPAN_ARG(channel), SPAN_ARG(host));
}

static void keep_days(struct load *load, struct extent_days *x)
{
	uintptr_t number = (uintptr_t)map_get(&x->index, x->key);
	struct buf text = buf_new(DAY_COUNTS_TEXT);

	if (number && x->days.count) {
		struct report_extent *e = (struct report_extent *)(uintptr_t)&load->report->extents[number - 1];

		day_counts_write(&x->days, &text);
		e->days = arena_copy(load->arena, buf_span(&text));
	}
	buf_free(&text);
	x->days = (struct day_counts){ 0 };
}

static bool add_days(struct load *load, sqlite3_stmt *row, void *context)
{
	struct extent_days *x = context;
	struct day_counts more;
	struct span key = extent_key(&x->keys, query_span(row, 0), query_span(row, 1), query_span(row, 2));

	if (!span_eq(key, x->key)) {
		keep_days(load, x);
		x->key = key;
	}
	if (day_counts_read(query_span(row, 3), &more))
		day_counts_merge(&x->days, &more);
	return true;
}

static bool load_extent_days(struct load *load)
{
	struct extent_days x = { .keys = arena_new((size_t)256 << 20) };
	bool ok;

	x.index = map_new(&x.keys);
	for (size_t i = 0; i < load->report->extent_count; i++) {
		const struct report_extent *e = &load->report->extents[i];
		void **slot = map_slot(&x.index, extent_key(&x.keys, span_text(evidence_class_name(
						    e->evidence_class)), e->channel, e->host));

		if (slot)
			*slot = (void *)(uintptr_t)(i + 1);
	}
	ok = load_rows(load, "SELECT class, channel, host, days FROM fact JOIN unit ON unit.id = fact.unit AND "
			     "unit.done = 1 WHERE days IS NOT NULL ORDER BY class, channel, host", add_days, &x);
	keep_days(load, &x);
	arena_free(&x.keys);
	return ok;
}

bool load_coverage(struct load *load)
{
	struct coverage_load c = { .index = map_new(load->arena) };
	size_t extents = 0;
	char sql[400];
	bool ok;

	ok = load_rows(load, "SELECT harm, class, channel, state, items, answer_coverage.first, "
			     "answer_coverage.last, note, days FROM answer_coverage JOIN answer "
			     "ON answer.id = answer ORDER BY answer_coverage.id",
		       add_need, &c);
	load->report->coverage = c.rows;
	snprintf(sql, sizeof sql, "SELECT class, channel, host, min(first), max(last), " QUERY_SUM("count") " AS records, "
		 QUERY_SUM("lost") ", count(DISTINCT item) FROM fact JOIN unit ON unit.id = fact.unit "
		 "AND unit.done = 1 GROUP BY class, channel, host ORDER BY class, records DESC, "
		 "channel, host LIMIT %d", REPORT_MOST_EXTENTS);
	if (!ok || !load_rows(load, sql, add_extent, &extents) || !load_extent_days(load))
		return false;
	load->report->extent_total = load->report->extent_count;
	return load->report->extent_count < REPORT_MOST_EXTENTS ||
	       load_number(load, "SELECT count(*) FROM (SELECT 1 FROM fact JOIN unit ON "
				 "unit.id = fact.unit AND unit.done = 1 GROUP BY class, channel, host)",
			   &load->report->extent_total);
}
