/* How usual a program is in this case: on how many machines its content lies, and how old programs are there. */
#include "assess/ledger_job.h"

#include "case/query.h"

#define MACHINES_LEAST 3	/* fewer say nothing about what is usual */
#define PROGRAMS_LEAST 100
#define OLDER_SHARE 95		/* of a hundred */

static const char tables[] =
	"DROP TABLE IF EXISTS temp.spread; DROP TABLE IF EXISTS temp.age;"
	"CREATE TEMP TABLE spread(sha256 BLOB, machine TEXT, PRIMARY KEY(sha256, machine)) WITHOUT ROWID;"
	"CREATE TEMP TABLE age(machine TEXT, modified INTEGER)";

static const char items_sql[] =
	"SELECT item.source, item.path, coalesce(item.sha256, o.sha256), item.modified FROM item LEFT JOIN item o "
	"ON o.id = item.same_as WHERE coalesce(item.class, o.class) IN ('executable', 'script') AND "
	"item.fate IS NOT 'skipped'";

static bool add(sqlite3_stmt *s, struct span machine, struct span sha256, timestamp modified, struct err *err)
{
	bool row, ok;

	sqlite3_bind_text(s, 1, (const char *)machine.at, (int)machine.len, SQLITE_STATIC);
	if (sha256.len)
		sqlite3_bind_blob(s, 2, sha256.at, (int)sha256.len, SQLITE_STATIC);
	else
		sqlite3_bind_int64(s, 2, modified);
	ok = query_step(s, &row, err);
	sqlite3_reset(s);
	return ok;
}

static bool fill(struct ledger *l, struct err *err)
{
	sqlite3_stmt *q = NULL, *spread = NULL, *age = NULL;
	bool row, ok = query_prepare(l->db, items_sql, &q, err) &&
		       query_prepare(l->db, "INSERT OR IGNORE INTO temp.spread(machine, sha256) VALUES(?1, ?2)",
				     &spread, err) &&
		       query_prepare(l->db, "INSERT INTO temp.age VALUES(?1, ?2)", &age, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span machine = machine_name(&l->machines, query_u64(q, 0, 0), query_span(q, 1));
		struct span sha256 = query_span(q, 2);
		timestamp modified = query_time(q, 3);

		if (!machine.len)
			continue;
		ok = (!sha256.len || add(spread, machine, sha256, 0, err)) &&
		     (modified == TIME_NONE || add(age, machine, (struct span){ 0 }, modified, err));
	}
	sqlite3_finalize(q);
	sqlite3_finalize(spread);
	sqlite3_finalize(age);
	return ok;
}

/* The time that all but a few programs of the machine are older than. */
static bool find_young(struct ledger *l, struct span machine, uint64_t programs, struct err *err)
{
	sqlite3_stmt *q = NULL;
	timestamp *from = ARENA_NEW(&l->arena, timestamp);
	bool row, ok = query_prepare(l->db, "SELECT modified FROM temp.age WHERE machine = ?1 ORDER BY modified "
				     "LIMIT 1 OFFSET ?2", &q, err);
	void **slot = map_slot(&l->young_from, machine);

	if (ok && from && slot) {
		sqlite3_bind_text(q, 1, (const char *)machine.at, (int)machine.len, SQLITE_STATIC);
		sqlite3_bind_int64(q, 2, (int64_t)(programs * OLDER_SHARE / 100));
		ok = query_step(q, &row, err);
		*from = ok && row ? query_time(q, 0) : TIME_NONE;
		*slot = from;
	}
	sqlite3_finalize(q);
	return ok;
}

static bool weigh_ages(struct ledger *l, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_exec(l->db, "CREATE INDEX temp.age_of ON age(machine, modified)", err) &&
		       query_prepare(l->db, "SELECT machine, count(*) FROM temp.age GROUP BY machine", &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row)
		if (query_u64(q, 1, 0) >= PROGRAMS_LEAST)
			ok = find_young(l, arena_copy(&l->arena, query_span(q, 0)), query_u64(q, 1, 0), err);
	sqlite3_finalize(q);
	return ok;
}

static bool count_machines(struct ledger *l, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(l->db, "SELECT count(DISTINCT machine) FROM temp.spread", &q, err) &&
		       query_step(q, &row, err);

	if (ok && row)
		l->machine_count = query_u64(q, 0, 0);
	sqlite3_finalize(q);
	return ok;
}

bool spread_collect(struct ledger *l, struct err *err)
{
	return query_exec(l->db, tables, err) && fill(l, err) && weigh_ages(l, err) && count_machines(l, err) &&
	       query_prepare(l->db, "SELECT count(*) FROM temp.spread WHERE sha256 = ?1", &l->spread_count, err);
}

void spread_judge(struct ledger *l, struct program *p)
{
	const timestamp *from = map_get(&l->young_from, p->machine);
	sqlite3_stmt *q = l->spread_count;
	struct err ignored;
	bool row = false;

	p->is_young = from && *from != TIME_NONE && p->modified != TIME_NONE && p->modified > *from;
	if (l->machine_count < MACHINES_LEAST || !p->sha256.len || !p->machine.len)
		return;
	sqlite3_bind_blob(q, 1, p->sha256.at, (int)p->sha256.len, SQLITE_STATIC);
	p->is_rare = query_step(q, &row, &ignored) && row && query_u64(q, 0, 0) == 1;
	sqlite3_reset(q);
}

void spread_free(struct ledger *l)
{
	sqlite3_finalize(l->spread_count);
	sqlite3_exec(l->db, "DROP TABLE IF EXISTS temp.spread; DROP TABLE IF EXISTS temp.age", NULL, NULL, NULL);
}
