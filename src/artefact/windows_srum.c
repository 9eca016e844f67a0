/* SRUM (SRUDB.dat): bytes by program and user for each hour, and what ran. */
#include "artefact/windows.h"
#include "base/map.h"
#include "formats/ese/ese.h"

#define NETWORK_USAGE "{973F5D5C-1D90-4944-BE8E-24B94231A174}"
#define RESOURCE_USAGE "{D10CA2FE-6FCF-4F6D-848E-B2E99266FA89}"
#define TIME_LINE "{5C8CF1C7-7257-4F13-B223-970EF5939312}"
#define ID_IS_SID 3

struct srum {
	const struct artefact *a;
	struct ese db;
	struct arena rows;		/* emptied after each row */
	struct map names;		/* four bytes of the index -> struct span * */
	size_t app, user, time, end, sent, received, luid, profile, duration;
	size_t read[2], written[2];	/* foreground, background */
	const char *what;		/* source of the table at hand */
};

static bool take_name(void *context, const struct ese_row *row)
{
	struct srum *s = context;
	const struct ese_table *t = row->table;
	uint64_t type = 0, index;
	struct span blob, *to = ARENA_NEW(s->a->arena, struct span), key;
	void **slot;

	if (!to || !ese_number(row, ese_column_named(t, "IdIndex"), &index))
		return to;
	ese_number(row, ese_column_named(t, "IdType"), &type);
	blob = ese_bytes(row, ese_column_named(t, "IdBlob"));
	*to = type == ID_IS_SID ? tell_sid(s->a->arena, blob) : tell_utf16(s->a->arena, blob);
	key = arena_copy(s->a->arena, span_of(&(uint32_t){ (uint32_t)index }, 4));
	slot = map_slot(&s->names, key);
	if (slot)
		*slot = to;
	return slot;
}

static struct span name_of(const struct srum *s, const struct ese_row *row, size_t column)
{
	uint64_t index;
	const struct span *name;

	if (!ese_number(row, column, &index))
		return (struct span){ 0 };
	name = map_get(&s->names, span_of(&(uint32_t){ (uint32_t)index }, 4));
	return name ? *name : (struct span){ 0 };
}

/*
 * "\Device\HarddiskVolume2\x.exe [service]", "!!x.exe!link time!size![service]", a
 * service's name, or a package's: the program, and the rest for the detail.
 */
static struct span program_of(struct span name, struct span *service)
{
	size_t bracket = span_find(name, 0, SPAN("["));

	*service = (struct span){ 0 };
	if (bracket != SIZE_MAX && span_ends(name, SPAN("]"))) {
		*service = span_sub(name, bracket + 1, name.len - bracket - 2);
		name = span_trim(span_sub(name, 0, bracket));
	}
	if (span_starts(name, SPAN("!!"))) {
		name = span_from(name, 2);
		return span_split(&name, '!');
	}
	return name;
}

static uint64_t number(const struct ese_row *row, size_t column)
{
	uint64_t n;

	return ese_number(row, column, &n) ? n : TRACE_NO_NUMBER;
}

static void common(const struct srum *s, const struct ese_row *row, struct trace *t, struct tell_detail *d)
{
	struct span app = name_of(s, row, s->app), service;

	t->program = program_of(app, &service);
	t->user = name_of(s, row, s->user);
	t->source = span_text(s->what);
	t->time = ese_time(row, s->time);
	tell_detail_begin(d);
	if (!span_eq(app, t->program))
		tell_detail_text(d, "application", app);
	tell_detail_text(d, "service", service);
}

static bool tell_network(void *context, const struct ese_row *row)
{
	struct srum *s = context;
	struct trace t = trace_new(TRACE_TRANSFER, "srum");
	struct tell_detail d;

	common(s, row, &t, &d);
	t.bytes_out = number(row, s->sent);
	t.bytes_in = number(row, s->received);
	tell_detail_number(&d, "interface", number(row, s->luid));
	tell_detail_number(&d, "profile", number(row, s->profile));
	t.detail = tell_detail_end(&d, row->arena);
	t.summary = tell_summary(row->arena, "%.*s sent %llu and received %llu bytes within about an hour",
				 SPAN_ARG(tell_base(t.program)),
				 (unsigned long long)(t.bytes_out == TRACE_NO_NUMBER ? 0 : t.bytes_out),
				 (unsigned long long)(t.bytes_in == TRACE_NO_NUMBER ? 0 : t.bytes_in));
	return s->a->trace(s->a->context, &t);
}

static uint64_t sum(const struct ese_row *row, const size_t columns[2])
{
	uint64_t a = number(row, columns[0]), b = number(row, columns[1]);

	return a == TRACE_NO_NUMBER ? b : b == TRACE_NO_NUMBER ? a : a + b;
}

static bool tell_usage(void *context, const struct ese_row *row)
{
	struct srum *s = context;
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	timestamp end = ese_time(row, s->end);
	struct tell_detail d;

	common(s, row, &t, &d);
	if (end != TIME_NONE)
		t.time = end;
	tell_detail_number(&d, "bytes_read", sum(row, s->read));
	tell_detail_number(&d, "bytes_written", sum(row, s->written));
	tell_detail_number(&d, "milliseconds", number(row, s->duration));
	t.detail = tell_detail_end(&d, row->arena);
	t.summary = tell_summary(row->arena, "%.*s was running", SPAN_ARG(tell_base(t.program)));
	return s->a->trace(s->a->context, &t);
}

static void find_columns(struct srum *s, const struct ese_table *t)
{
	const struct { size_t *to; const char *name; } columns[] = {
		{ &s->app, "AppId" }, { &s->user, "UserId" }, { &s->time, "TimeStamp" }, { &s->end, "EndTime" },
		{ &s->sent, "BytesSent" }, { &s->received, "BytesRecvd" }, { &s->luid, "InterfaceLuid" },
		{ &s->profile, "L2ProfileId" }, { &s->duration, "DurationMS" },
		{ &s->read[0], "ForegroundBytesRead" }, { &s->read[1], "BackgroundBytesRead" },
		{ &s->written[0], "ForegroundBytesWritten" }, { &s->written[1], "BackgroundBytesWritten" },
	};

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		*columns[i].to = ese_column_named(t, columns[i].name);
}

static bool tell_table(struct srum *s, const char *name, const char *what,
		       bool (*each)(void *context, const struct ese_row *row))
{
	const struct ese_table *t = ese_table_named(&s->db, name);

	if (!t)
		return true;
	s->what = what;
	find_columns(s, t);
	return ese_rows(&s->db, t, &s->rows, each, s);
}

bool windows_srum(const struct artefact *a, struct err *err)
{
	struct srum s = { .a = a, .names = map_new(a->arena) };
	const struct ese_table *ids;

	if (!windows_ese_open(a, &s.db, err))
		return false;
	ids = ese_table_named(&s.db, "SruDbIdMapTable");
	if (!ids)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no SRUM database");
	s.rows = arena_new((size_t)16 << 20);
	if (ese_rows(&s.db, ids, &s.rows, take_name, &s) &&
	    tell_table(&s, NETWORK_USAGE, "SRUM network usage, of about the hour before", tell_network) &&
	    tell_table(&s, RESOURCE_USAGE, "SRUM resource usage, within about the hour before", tell_usage))
		tell_table(&s, TIME_LINE, "SRUM application time line, end of a run", tell_usage);
	arena_free(&s.rows);
	windows_ese_end(a, &s.db);
	return true;
}
