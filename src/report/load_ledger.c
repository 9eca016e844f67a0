/* What starts, which programs nothing vouches for, and where bytes went. */
#include "report/load.h"

static bool add_start(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_start *start = load_push(load, (void **)(uintptr_t)&r->starts, &r->start_count,
					       context, sizeof *start);

	if (!start)
		return false;
	*start = (struct report_start){
		.machine = load_text(load, row, 0), .standing = load_text(load, row, 1),
		.entry = load_text(load, row, 2), .rank = (int64_t)query_u64(row, 3, 0),
		.reasons = load_text(load, row, 4), .what = load_text(load, row, 5),
		.path = load_text(load, row, 6), .name = load_text(load, row, 7),
		.command = load_text(load, row, 8), .program = load_text(load, row, 9),
		.user = load_text(load, row, 10), .technique = load_text(load, row, 11),
		.time = query_time(row, 12),
	};
	if (!start->path.len)
		start->path = load_text(load, row, 13);
	return true;
}

static bool add_program(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_program *program = load_push(load, (void **)(uintptr_t)&r->programs,
						   &r->program_count, context, sizeof *program);

	if (!program)
		return false;
	*program = (struct report_program){
		.machine = load_text(load, row, 0), .path = load_text(load, row, 1),
		.standing = load_text(load, row, 2), .source = load_text(load, row, 3),
		.rank = (int64_t)query_u64(row, 4, 0), .reasons = load_text(load, row, 5),
	};
	return load_item(load, query_u64(row, 6, 0), &program->item);
}

static bool add_transfer(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_transfer *transfer = load_push(load, (void **)(uintptr_t)&r->transfers,
						     &r->transfer_count, context, sizeof *transfer);

	if (!transfer)
		return false;
	*transfer = (struct report_transfer){
		.destination = load_text(load, row, 0), .bytes_out = query_u64(row, 1, UINT64_MAX),
		.bytes_in = query_u64(row, 2, UINT64_MAX), .count = query_u64(row, 3, 0),
		.hosts = query_u64(row, 4, 0), .first = query_time(row, 5), .last = query_time(row, 6),
	};
	r->transfer_total = query_u64(row, 7, 0);
	return true;
}

static bool totals(struct load *load)
{
	struct report *r = load->report;

	return load_number(load, "SELECT count(*) FROM start", &r->start_total) &&
	       load_number(load, "SELECT count(*) FROM program WHERE standing = 'good'",
			   &r->program_totals[0]) &&
	       load_number(load, "SELECT count(*) FROM program WHERE standing = 'bad'",
			   &r->program_totals[1]) &&
	       load_number(load, "SELECT count(*) FROM program WHERE standing = 'unknown'",
			   &r->program_totals[2]);
}

#define LIMIT(n) LIMIT_(n)
#define LIMIT_(n) " LIMIT " #n

/* The port is not part of where bytes went: the address of "1.2.3.4:443" and "[::1]:443". */
#define WITHOUT_PORT(end) \
	"CASE WHEN " end " LIKE '[%]:%' THEN substr(" end ", 2, instr(" end ", ']:') - 2) " \
	"WHEN " end " LIKE '%:%' AND " end " NOT LIKE '%:%:%' THEN substr(" end ", 1, instr(" end ", ':') - 1) " \
	"ELSE " end " END"
#define DESTINATION "coalesce(trace.name, " WITHOUT_PORT("peer") ")"

bool load_ledger(struct load *load)
{
	static const char starts[] =
		"SELECT start.machine, start.standing, start.entry, start.rank, start.reasons, trace.what, "
		"trace.path, trace.name, trace.command, trace.program, trace.user, trace.technique, "
		"trace.time, item.path FROM start JOIN trace ON trace.id = start.trace JOIN item ON "
		"item.id = trace.item ORDER BY start.rank DESC, start.id" LIMIT(REPORT_MOST_STARTS);
	static const char programs[] =
		"SELECT machine, path, standing, source, rank, reasons, item FROM program WHERE standing "
		"<> 'good' ORDER BY standing, rank DESC, id" LIMIT(REPORT_MOST_PROGRAMS);
	static const char transfers[] =
		"SELECT " DESTINATION " AS d, CASE WHEN count(bytes_out) THEN CAST(total(bytes_out) AS "
		"INTEGER) END, CASE WHEN count(bytes_in) THEN CAST(total(bytes_in) AS INTEGER) END, "
		"count(*), count(DISTINCT coalesce(host, " WITHOUT_PORT("local") ")), min(time), max(coalesce(last, time)), "
		"count(*) OVER () FROM trace WHERE kind = 'transfer' AND d IS NOT NULL GROUP BY d ORDER BY 2 DESC NULLS LAST, "
		"3 DESC NULLS LAST, 4 DESC, d" LIMIT(REPORT_MOST_TRANSFERS);
	size_t start_room = 0, program_room = 0, transfer_room = 0;

	return totals(load) && load_rows(load, starts, add_start, &start_room) &&
	       load_rows(load, programs, add_program, &program_room) &&
	       load_rows(load, transfers, add_transfer, &transfer_room);
}
