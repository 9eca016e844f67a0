#include "assess/coverage_days.h"

#include "case/query.h"

#include <inttypes.h>

static int64_t end_of(const struct day_counts *d, uint32_t i)
{
	return d->list[i].day + d->width;
}

/* Whether it has records on most of its days, leaving out the longest that may be holes. */
static bool is_steady(const struct day_counts *d)
{
	int64_t longest[HOLES_TOLD] = { 0 }, days;

	if (d->count < HOLE_RECORDED)
		return false;
	days = end_of(d, d->count - 1) - d->list[0].day;
	for (uint32_t i = 1; i < d->count; i++) {
		int64_t quiet = d->list[i].day - end_of(d, i - 1);

		for (size_t k = 0; k < HOLES_TOLD; k++)
			if (quiet > longest[k]) {
				int64_t shorter = longest[k];

				longest[k] = quiet;
				quiet = shorter;
			}
	}
	for (size_t k = 0; k < HOLES_TOLD; k++)
		days -= longest[k];
	return (int64_t)d->count * d->width * 2 >= days;
}

/* Each day that does not lie beside a hole has many; of two such days at least. */
static bool is_busy(const struct day_counts *d)
{
	uint32_t whole = 0;

	for (uint32_t i = 0; i < d->count; i++) {
		bool is_beside = (i && d->list[i - 1].day + 1 != d->list[i].day) ||
				 (i + 1 < d->count && d->list[i].day + 1 != d->list[i + 1].day);

		if (!is_beside && d->list[i].records < HOLE_BUSY_RECORDS)
			return false;
		whole += !is_beside;
	}
	return d->width == 1 && whole >= 2;
}

/* Days of other logs of the host; of the same class, where no host is known. */
static bool load_others(sqlite3 *db, struct span host, struct span class_name, struct day_counts *out,
			struct err *err)
{
	struct day_counts one;
	sqlite3_stmt *q;
	bool row, ok = query_prepare(db, host.len ? "SELECT days FROM fact WHERE host = ?1"
						  : "SELECT days FROM fact WHERE class = ?1 AND "
						    "coalesce(host, '') = ''", &q, err);
	struct span key = host.len ? host : class_name;

	*out = (struct day_counts){ 0 };
	if (ok)
		sqlite3_bind_text64(q, 1, (const char *)key.at, key.len, SQLITE_STATIC, SQLITE_UTF8);
	while (ok && (ok = query_step(q, &row, err)) && row)
		if (day_counts_read(query_span(q, 0), &one))
			day_counts_merge(out, &one);
	sqlite3_finalize(q);
	return ok;
}

static bool is_heavier(const struct hole *x, const struct hole *y)
{
	if (x->is_alive != y->is_alive)
		return x->is_alive;
	return x->to - x->from > y->to - y->from;
}

static void keep_hole(struct need_days *out, struct hole hole)
{
	size_t kept = out->hole_count < HOLES_TOLD ? (size_t)out->hole_count : HOLES_TOLD;
	size_t at = kept;

	out->hole_count++;
	out->alive_count += hole.is_alive;
	while (at && is_heavier(&hole, &out->holes[at - 1]))
		at--;
	for (size_t i = kept < HOLES_TOLD ? kept : HOLES_TOLD - 1; i > at; i--)
		out->holes[i] = out->holes[i - 1];
	if (at < HOLES_TOLD)
		out->holes[at] = hole;
}

/* One host's days of the need. */
static bool find_holes(sqlite3 *db, const struct day_counts *d, struct span host,
		       struct span class_name, const struct period *period, struct arena *arena,
		       struct need_days *out, struct err *err)
{
	struct day_counts others;
	bool has_others = false, is_every_day = is_busy(d);

	if (!is_every_day && !is_steady(d))
		return true;
	for (uint32_t i = 1; i < d->count; i++) {
		struct hole hole = { .from = end_of(d, i - 1), .to = d->list[i].day };
		int64_t first = period && period->since != TIME_NONE ? day_of(period->since) : INT64_MIN;
		int64_t last = period && period->until != TIME_NONE ? day_of(period->until) : INT64_MAX;

		if (hole.to - hole.from < (is_every_day ? 1 : HOLE_DAYS) || hole.to <= first || hole.from > last)
			continue;
		if (!has_others && !load_others(db, host, class_name, &others, err))
			return false;
		has_others = true;
		hole.host = arena_copy(arena, host);
		hole.is_alive = day_counts_between(&others, hole.from, hole.to) > 0;
		if (hole.is_alive || hole.to - hole.from >= HOLE_DAYS)
			keep_hole(out, hole);
	}
	return true;
}

bool coverage_days(sqlite3 *db, const struct need *need, const struct period *period,
		   struct arena *arena, struct need_days *out, struct err *err)
{
	struct day_counts of_host = { 0 }, one;
	struct span host = { 0 }, class_name = { 0 };
	sqlite3_stmt *q;
	bool row, ok = query_prepare(db, "SELECT host, class, channel, days FROM temp.covered_days "
				     "ORDER BY rowid", &q, err);

	*out = (struct need_days){ 0 };
	while (ok && (ok = query_step(q, &row, err)) && row) {
		if (!need_takes(need, query_span(q, 1), query_span(q, 2)) ||
		    !day_counts_read(query_span(q, 3), &one))
			continue;
		if (!span_eq(host, query_span(q, 0)) ||
		    (!host.len && !span_eq(class_name, query_span(q, 1)))) {
			ok = find_holes(db, &of_host, host, class_name, period, arena, out, err);
			host = arena_copy(arena, query_span(q, 0));
			class_name = arena_copy(arena, query_span(q, 1));
			of_host = (struct day_counts){ 0 };
		}
		day_counts_merge(&of_host, &one);
		day_counts_merge(&out->all, &one);
	}
	sqlite3_finalize(q);
	return ok && find_holes(db, &of_host, host, class_name, period, arena, out, err);
}

void coverage_holes_write(const struct need_days *days, struct buf *to)
{
	for (size_t i = 0; i < HOLES_TOLD && i < days->hole_count; i++) {
		const struct hole *hole = &days->holes[i];

		buf_text(to, i ? ", none from " : "none from ");
		day_write(to, hole->from);
		buf_text(to, " to ");
		day_write(to, hole->to - 1);
		if (hole->host.len)
			buf_printf(to, " on %.*s", SPAN_ARG(span_sub(hole->host, 0, 80)));
		buf_text(to, hole->is_alive ? " (other logs go on)" : " (nor in any other log)");
	}
	if (days->hole_count > HOLES_TOLD)
		buf_printf(to, " and %" PRIu64 " more such holes", days->hole_count - HOLES_TOLD);
}
