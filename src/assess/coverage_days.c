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

static bool is_kept(const struct need_days *out, const struct hole *hole)
{
	for (size_t i = 0; i < HOLES_TOLD && i < out->hole_count; i++)
		if (out->holes[i].from == hole->from && out->holes[i].to == hole->to && span_eq(out->holes[i].host, hole->host))
			return true;
	return false;
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
		if ((hole.is_alive || hole.to - hole.from >= HOLE_DAYS) && !is_kept(out, &hole))
			keep_hole(out, hole);
	}
	return true;
}

/* What a machine writes of itself into a log each day: the hole of one is not filled by another. */
static const char *const own_logs[] = { "auth.log", "secure", "syslog", "messages", "daemon.log", "kern.log", "audit.log" };
#define OWN_LOGS (sizeof own_logs / sizeof *own_logs)

/* Of the path's name, in all its turns: "auth.log.2.gz", "secure-20260104"; OWN_LOGS: none of them. */
static size_t own_log_of(struct span path)
{
	size_t start = path.len, i = 0;

	while (start && path.at[start - 1] != '/')
		start--;
	path = span_from(path, start);
	for (; i < OWN_LOGS; i++) {
		struct span name = span_text(own_logs[i]);

		if (span_starts(path, name) &&
		    (path.len == name.len || path.at[name.len] == '.' || path.at[name.len] == '-'))
			break;
	}
	return i;
}

struct gathering {
	sqlite3 *db;
	const struct period *period;
	struct arena *arena;
	struct need_days *out;
	struct span host, class_name;
	struct day_counts all, of_log[OWN_LOGS];	/* of that host */
};

/* The holes of all logs of a host together, and of each that has many records on all its days. */
static bool end_host(struct gathering *g, struct err *err)
{
	bool ok = find_holes(g->db, &g->all, g->host, g->class_name, g->period, g->arena, g->out, err);

	for (size_t i = 0; i < OWN_LOGS && ok; i++)
		ok = !is_busy(&g->of_log[i]) ||
		     find_holes(g->db, &g->of_log[i], g->host, g->class_name, g->period, g->arena, g->out, err);
	return ok;
}

static bool begin_host(struct gathering *g, struct span host, struct span class_name, struct err *err)
{
	bool ok = end_host(g, err);

	g->host = arena_copy(g->arena, host);
	g->class_name = arena_copy(g->arena, class_name);
	memset(&g->all, 0, sizeof g->all);
	memset(g->of_log, 0, sizeof g->of_log);
	return ok;
}

static bool gather(struct gathering *g, const struct need *need, sqlite3_stmt *q, struct err *err)
{
	struct span host = query_span(q, 0), class_name = query_span(q, 1);
	struct day_counts one;
	size_t log = own_log_of(query_span(q, 4));

	if (!need_takes(need, class_name, query_span(q, 2)) || !day_counts_read(query_span(q, 3), &one))
		return true;
	if ((!span_eq(g->host, host) || (!g->host.len && !span_eq(g->class_name, class_name))) &&
	    !begin_host(g, host, class_name, err))
		return false;
	day_counts_merge(&g->all, &one);
	day_counts_merge(&g->out->all, &one);
	if (log < OWN_LOGS)
		day_counts_merge(&g->of_log[log], &one);
	return true;
}

bool coverage_days(sqlite3 *db, const struct need *need, const struct period *period,
		   struct arena *arena, struct need_days *out, struct err *err)
{
	struct gathering *g = ARENA_NEW(arena, struct gathering);
	sqlite3_stmt *q;
	bool row, ok;

	*out = (struct need_days){ 0 };
	if (!g)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for the days of logs");
	*g = (struct gathering){ .db = db, .period = period, .arena = arena, .out = out };
	ok = query_prepare(db, "SELECT host, class, channel, days, path FROM temp.covered_days ORDER BY rowid", &q, err);
	while (ok && (ok = query_step(q, &row, err)) && row)
		ok = gather(g, need, q, err);
	sqlite3_finalize(q);
	return ok && end_host(g, err);
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
