#include "assess/ledger_job.h"

#include "case/query.h"

#define MEMORY ((size_t)512 << 20)
#define REASONS ((size_t)16 << 10)

/* Rules over content, gravest first: what accuses a program whatever its name. */
static const char flags_sql[] =
	"DROP TABLE IF EXISTS temp.flag; CREATE TEMP TABLE flag(item INTEGER PRIMARY KEY, level INTEGER, "
	"title TEXT, harm TEXT);"
	"INSERT OR IGNORE INTO temp.flag SELECT finding.item, CASE rule.level WHEN 'critical' THEN 4 "
	"WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END AS n, "
	"coalesce(rule.title, rule.name), rule.harm FROM finding JOIN rule ON rule.id = finding.rule "
	"WHERE rule.engine IN ('yara', 'indicator') ORDER BY n DESC, finding.id";

/* Every place of every item that is a program by content, or that is told to be one. */
static const char items_sql[] =
	"SELECT item.id, coalesce(item.same_as, item.id), item.source, item.path, item.kind, item.sha256, "
	"item.mode, item.modified, item.class, coalesce(p.what, o.what), coalesce(p.digest, o.digest), "
	"coalesce(p.protocol, o.protocol), coalesce(p.name, o.name), coalesce(p.detail, o.detail), "
	"flag.level, flag.title, flag.harm, item.changed FROM item "
	/* What is told of a place stands there, the rest where the content was first seen. */
	"LEFT JOIN trace p INDEXED BY trace_program ON p.item = item.id AND p.kind = 'program' "
	"LEFT JOIN trace o INDEXED BY trace_program ON o.item = item.same_as AND o.kind = 'program' "
	"LEFT JOIN temp.flag ON flag.item = coalesce(item.same_as, item.id) "
	"WHERE item.fate IS NOT 'skipped' GROUP BY item.id ORDER BY item.id";

static bool is_program(const struct program *p, struct span evidence_class)
{
	return span_eq(evidence_class, SPAN("executable")) || span_eq(evidence_class, SPAN("script")) ||
	       (p->digest.len && !p->is_configuration) || p->started;
}

static void read_program(struct ledger *l, sqlite3_stmt *q, struct program *p)
{
	uint64_t source = query_u64(q, 2, 0);

	*p = (struct program){
		.item = query_u64(q, 0, 0), .original = query_u64(q, 1, 0), .full = query_span(q, 3),
		.kind = query_span(q, 4), .sha256 = query_span(q, 5),
		.mode = (uint32_t)query_u64(q, 6, 0), .modified = query_time(q, 7), .changed = query_time(q, 17),
		/* An archive is told for what is in it. */
		.is_configuration = span_is_one_of(query_span(q, 9), "configuration|archive"),
		.digest = query_span(q, 10), .signature = query_span(q, 11), .signer = query_span(q, 12),
		.detail = query_span(q, 13), .flag_title = query_span(q, 15),
	};
	p->flag = (enum level)query_u64(q, 14, LEVEL_COUNT);
	p->path = machine_path(&l->machines, &l->arena, source, p->full);
	p->machine = machine_name(&l->machines, source, p->full);
	if (!p->path.len)
		p->path = p->full;
	p->started = starts_find(l, p->machine, p->path);
}

static void judge(struct ledger *l, sqlite3_stmt *q, struct program *p)
{
	bool vouched = known_vouches(l, p, &p->source, &p->is_altered) ||
		       (!p->is_altered && known_contains(l, p, &p->source));

	/* Certificates get stolen; what a package or a hash set vouches for is that very content. */
	bool is_sure = vouched && !span_starts(p->source, SPAN("signed by "));

	if (p->flag >= LEVEL_HIGH && p->flag < LEVEL_COUNT && !is_sure &&
	    span_eq(query_span(q, 16), SPAN("implant"))) {
		p->standing = STANDING_BAD;
		p->source = p->flag_title;
	} else {
		p->standing = vouched ? STANDING_GOOD : STANDING_UNKNOWN;
	}
}

static void count(struct ledger *l, const struct program *p)
{
	l->totals->programs++;
	l->totals->good += p->standing == STANDING_GOOD;
	l->totals->bad += p->standing == STANDING_BAD;
	l->totals->unknown += p->standing == STANDING_UNKNOWN;
	l->totals->altered += p->is_altered;
}

static bool write_program(struct ledger *l, struct program *p, struct err *err)
{
	struct case_program row = { .item = p->item, .machine = p->machine, .path = p->path,
				    .standing = span_text(standing_name(p->standing)),
				    .source = p->source };
	struct buf reasons = buf_new(REASONS);
	bool ok;

	if (p->standing != STANDING_GOOD) {
		spread_judge(l, p);
		row.rank = ledger_rank(p, &reasons);
		row.reasons = buf_span(&reasons);
	}
	ok = case_add_program(l->file, &row, err);
	buf_free(&reasons);
	return ok;
}

static bool go_through_items(struct ledger *l, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_exec(l->db, flags_sql, err) && query_prepare(l->db, items_sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct program p;
		struct wanted *started;

		read_program(l, q, &p);
		if (!is_program(&p, query_span(q, 8)))
			continue;
		judge(l, q, &p);
		count(l, &p);
		started = starts_find(l, p.machine, p.path);
		if (started && !started->item) {
			started->item = p.item;
			started->standing = p.standing;
		}
		ok = write_program(l, &p, err);
	}
	sqlite3_finalize(q);
	return ok;
}

bool ledger_write(struct case_file *file, const struct ledger_options *options,
		  struct ledger_totals *totals, struct err *err)
{
	struct ledger l = { .file = file, .db = case_db(file), .arena = arena_new(MEMORY),
			    .key = buf_new((size_t)64 << 10), .totals = totals };
	bool ok;

	*totals = (struct ledger_totals){ 0 };
	l.wanted = map_new(&l.arena);
	l.young_from = map_new(&l.arena);
	ok = case_settle(file, err) && case_sync(file, err) && case_clear_ledger(file, err) &&
	     machines_load(file, &l.arena, &l.machines, err) && known_load(&l, options, err) &&
	     starts_collect(&l, err) && links_collect(&l, err) && spread_collect(&l, err) &&
	     go_through_items(&l, err) && starts_write(&l, err) &&
	     case_sync(file, err);
	known_free(&l);
	spread_free(&l);
	sqlite3_exec(l.db, "DROP TABLE IF EXISTS temp.flag", NULL, NULL, NULL);
	buf_free(&l.key);
	arena_free(&l.arena);
	return ok;
}
