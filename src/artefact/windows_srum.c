/*
 * SRUM (SRUDB.dat): bytes by program and user for each hour, what ran, when the machine
 * was on a network. Each provider has a table of its own, named by its GUID, with the same
 * three columns (TimeStamp, AppId, UserId) before those of its own: so of a table that
 * nobody knows it can still be told which programs are in it.
 */
#include "artefact/windows.h"
#include "base/map.h"
#include "formats/ese/ese.h"

#define ID_IS_SID 3

struct srum {
	const struct artefact *a;
	struct ese db;
	struct arena rows;		/* emptied after each row */
	struct map names;		/* four bytes of the index -> struct span * */
	size_t app, user, time, start, end, sent, received, luid, profile, duration, seconds;
	size_t payload, bytes, focus, keyboard, mouse, input, microphone;
	size_t read[2], written[2];	/* foreground, background */
	const char *what;		/* source of the table at hand */
	uint64_t others;		/* rows that name no program, of an unknown table */
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
	size_t bracket = SIZE_MAX;

	for (size_t i = 0; i < name.len; i++)
		bracket = name.at[i] == '[' ? i : bracket;
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

/* The kind of an interface stands in the upper 16 bits of its LUID (IANA's ifType). */
static struct span interface_of(uint64_t luid)
{
	static const struct { uint64_t type; const char *name; } types[] = {
		{ 6, "ethernet" }, { 23, "ppp" }, { 24, "loopback" }, { 71, "wi-fi" }, { 131, "tunnel" },
		{ 243, "mobile broadband" }, { 244, "mobile broadband" },
	};

	for (size_t i = 0; luid != TRACE_NO_NUMBER && i < sizeof types / sizeof *types; i++)
		if (types[i].type == luid >> 48)
			return span_text(types[i].name);
	return (struct span){ 0 };
}

static void add_interface(const struct srum *s, const struct ese_row *row, struct tell_detail *d)
{
	tell_detail_number(d, "interface", number(row, s->luid));
	tell_detail_text(d, "interface_type", interface_of(number(row, s->luid)));
	tell_detail_number(d, "profile", number(row, s->profile));
}

static bool tell_network(void *context, const struct ese_row *row)
{
	struct srum *s = context;
	struct trace t = trace_new(TRACE_TRANSFER, "srum");
	struct tell_detail d;

	common(s, row, &t, &d);
	t.bytes_out = number(row, s->sent);
	t.bytes_in = number(row, s->received);
	add_interface(s, row, &d);
	t.detail = tell_detail_end(&d, row->arena);
	t.summary = tell_summary(row->arena, "%.*s sent %llu and received %llu bytes within about an hour",
				 SPAN_ARG(tell_base(t.program)),
				 (unsigned long long)(t.bytes_out == TRACE_NO_NUMBER ? 0 : t.bytes_out),
				 (unsigned long long)(t.bytes_in == TRACE_NO_NUMBER ? 0 : t.bytes_in));
	return s->a->trace(s->a->context, &t);
}

/* Which network, and for how long. */
static bool tell_connection(void *context, const struct ese_row *row)
{
	struct srum *s = context;
	struct trace t = trace_new(TRACE_DEVICE, "network");
	uint64_t seconds = number(row, s->seconds);
	struct tell_detail d;
	struct span type = interface_of(number(row, s->luid));

	common(s, row, &t, &d);
	add_interface(s, row, &d);
	t.name = type.len ? type : SPAN("interface");
	t.last = t.time;
	t.time = ese_time(row, s->start);
	/* A row is written when the connection ended or went on: a period that lasts longer is not to be believed. */
	if (t.time != TIME_NONE && seconds < UINT32_MAX && t.time + (timestamp)seconds * TIME_SECOND < t.last)
		t.last = t.time + (timestamp)seconds * TIME_SECOND;
	t.detail = tell_detail_end(&d, row->arena);
	t.summary = tell_summary(row->arena, "connected to a network (%.*s) for %llu seconds", SPAN_ARG(t.name),
				 (unsigned long long)(seconds == TRACE_NO_NUMBER ? 0 : seconds));
	return s->a->trace(s->a->context, &t);
}

/* A notification came for a program: it need not have run. */
static bool tell_notification(void *context, const struct ese_row *row)
{
	struct srum *s = context;
	struct trace t = trace_new(TRACE_TRANSFER, "srum");
	struct tell_detail d;

	common(s, row, &t, &d);
	t.protocol = SPAN("push notification");
	t.bytes_in = number(row, s->payload);
	t.detail = tell_detail_end(&d, row->arena);
	t.summary = tell_summary(row->arena, "a notification for %.*s", SPAN_ARG(tell_base(t.program)));
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
	tell_detail_number(&d, "network_bytes", number(row, s->bytes));
	tell_detail_number(&d, "seconds_in_focus", number(row, s->focus));
	tell_detail_number(&d, "seconds_of_input", number(row, s->input));
	tell_detail_number(&d, "seconds_of_keyboard", number(row, s->keyboard));
	tell_detail_number(&d, "seconds_of_mouse", number(row, s->mouse));
	tell_detail_number(&d, "seconds_of_microphone", number(row, s->microphone));
	t.detail = tell_detail_end(&d, row->arena);
	t.summary = tell_summary(row->arena, "%.*s was running", SPAN_ARG(tell_base(t.program)));
	return s->a->trace(s->a->context, &t);
}

/* Where no program is named (the machine's own numbers), the row is only counted. */
static bool tell_named(void *context, const struct ese_row *row)
{
	struct srum *s = context;
	struct span service;

	if (program_of(name_of(s, row, s->app), &service).len)
		return tell_usage(context, row);
	s->others++;
	return true;
}

static void find_columns(struct srum *s, const struct ese_table *t)
{
	const struct { size_t *to; const char *name; } columns[] = {
		{ &s->app, "AppId" }, { &s->user, "UserId" }, { &s->time, "TimeStamp" }, { &s->end, "EndTime" },
		{ &s->start, "ConnectStartTime" }, { &s->seconds, "ConnectedTime" },
		{ &s->payload, "PayloadSize" }, { &s->bytes, "NetworkBytesRaw" }, { &s->focus, "InFocusS" },
		{ &s->input, "UserInputS" }, { &s->keyboard, "KeyboardInputS" }, { &s->mouse, "MouseInputS" },
		{ &s->microphone, "AudioInS" },
		{ &s->sent, "BytesSent" }, { &s->received, "BytesRecvd" }, { &s->luid, "InterfaceLuid" },
		{ &s->profile, "L2ProfileId" }, { &s->duration, "DurationMS" },
		{ &s->read[0], "ForegroundBytesRead" }, { &s->read[1], "BackgroundBytesRead" },
		{ &s->written[0], "ForegroundBytesWritten" }, { &s->written[1], "BackgroundBytesWritten" },
	};

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		*columns[i].to = ese_column_named(t, columns[i].name);
}

/* Providers by their tables; without a function: numbers of the machine that name no program. */
struct provider {
	const char *table, *what;
	bool (*each)(void *context, const struct ese_row *row);
};

static const struct provider providers[] = {
	{ "{973F5D5C-1D90-4944-BE8E-24B94231A174}", "SRUM network usage, of about the hour before", tell_network },
	{ "{D10CA2FE-6FCF-4F6D-848E-B2E99266FA89}", "SRUM resource usage, within about the hour before", tell_usage },
	{ "{5C8CF1C7-7257-4F13-B223-970EF5939312}", "SRUM application time line, end of a run", tell_usage },
	{ "{DD6636C4-8929-4683-974E-22C046A43763}", "SRUM network connectivity, connected from and until", tell_connection },
	{ "{D10CA2FE-6FCF-4F6D-848E-B2E99266FA86}", "SRUM push notifications", tell_notification },
	{ "{DA73FB89-2BEA-4DDC-86B8-6E048C6DA477}", "SRUM energy estimate, within the period before", tell_named },
	{ "{B6D82AF1-F780-4E17-8077-6CB9AD8A6FC4}", "SRUM tagged energy, within the period before", tell_named },
	{ "{7ACBBAA3-D029-4BE4-9A7A-0885927F1D8F}", "features in use (VFU), by codes that are not known", NULL },
	{ "{FEE4E14F-02A9-4550-B5CE-5FA2DA202E37}", "energy usage", NULL },
	{ "{FEE4E14F-02A9-4550-B5CE-5FA2DA202E37}LT", "energy usage, long term", NULL },
	{ "{17F4D97B-F26A-5E79-3A82-90040A47D13D}", "SDP volumes", NULL },
	{ "{841A7317-3805-518B-C2EA-AD224CB4AF84}", "SDP disks", NULL },
	{ "{DC3D3B50-BB90-5066-FA4E-A5F90DD8B677}", "SDP processors", NULL },
	{ "{EEE2F477-0659-5C47-EF03-6D6BEFD441B3}", "SDP network", NULL },
	{ "{38AD6548-9313-58F8-45C7-D293BAFDC879}", "SDP performance counters", NULL },
	{ "{CDF8EBF6-7C0F-5AC2-158F-DBFBEE981152}", "SDP event logs", NULL },
	{ "{97C2CE28-A37B-4920-B1E9-8B76CD341EC5}", "energy of virtual machines", NULL },
};

static const struct provider *provider_of(struct span name)
{
	for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
		if (span_eq_nocase(name, span_text(providers[i].table)))
			return &providers[i];
	return NULL;
}

static bool count_row(void *context, const struct ese_row *row)
{
	((struct srum *)context)->others++;
	return true;
}

/* Of a table that nobody knows: the programs that its rows name, and that it is there. */
static bool tell_unknown(struct srum *s, const struct ese_table *t)
{
	struct span name = t->name;

	s->what = "SRUM, a table that is not known";
	if (!ese_rows(&s->db, t, &s->rows, s->app == ESE_NO_COLUMN ? count_row : tell_named, s))
		return false;
	if (s->others)
		s->a->short_of(s->a->context, "of table %.*s of SRUM, which is not known, %llu rows name no program",
			       SPAN_ARG(name), (unsigned long long)s->others);
	return true;
}

static bool tell_table(struct srum *s, const struct ese_table *t)
{
	const struct provider *p = provider_of(t->name);

	find_columns(s, t);
	s->others = 0;
	if (!p)
		return tell_unknown(s, t);
	s->what = p->what;
	return !p->each || ese_rows(&s->db, t, &s->rows, p->each, s);
}

bool windows_srum(const struct artefact *a, struct err *err)
{
	struct srum s = { .a = a, .names = map_new(a->arena) };
	const struct ese_table *ids;
	bool more;

	if (!windows_ese_open(a, &s.db, err))
		return false;
	ids = ese_table_named(&s.db, "SruDbIdMapTable");
	if (!ids)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no SRUM database");
	s.rows = arena_new((size_t)16 << 20);
	more = ese_rows(&s.db, ids, &s.rows, take_name, &s);
	for (size_t i = 0; more && i < s.db.table_count; i++)
		if (span_starts(s.db.tables[i].name, SPAN("{")))
			more = tell_table(&s, &s.db.tables[i]);
	arena_free(&s.rows);
	windows_ese_end(a, &s.db);
	return true;
}
