/*
 * Text that Windows writes or obeys: firewall log, PowerShell's profiles, scripts of
 * group policy, and what Office loads at start.
 */
#include "artefact/windows.h"
#include "base/map.h"

#define MAX_COLUMNS 32
#define MAX_LINES 2000000
#define MAX_FLOWS 200000

enum column { COLUMN_DATE, COLUMN_TIME, COLUMN_ACTION, COLUMN_PROTOCOL, COLUMN_SRC_IP, COLUMN_DST_IP,
	      COLUMN_SRC_PORT, COLUMN_DST_PORT, COLUMN_SIZE, COLUMN_PATH, COLUMN_PID, COLUMN_INFO, COLUMN_COUNT };

static const char *const column_names[] = { "date", "time", "action", "protocol", "src-ip", "dst-ip", "src-port",
					    "dst-port", "size", "path", "pid", "info" };

struct firewall {
	const struct artefact *a;
	size_t places[COLUMN_COUNT];	/* column of the line, SIZE_MAX: not there */
	struct map flows;		/* action, protocol, addresses, port -> struct trace * */
	struct trace **order;
	size_t count, room;
	uint64_t lost;
	uint64_t left_out;		/* events, as the firewall itself says */
	bool is_utc;
};

static void read_fields(struct firewall *f, struct span names)
{
	for (size_t c = 0; c < COLUMN_COUNT; c++)
		f->places[c] = SIZE_MAX;
	for (size_t i = 0; names.len && i < MAX_COLUMNS;) {
		struct span name = span_split(&names, ' ');

		if (!name.len)
			continue;
		for (size_t c = 0; c < COLUMN_COUNT; c++)
			if (span_eq_nocase(name, span_text(column_names[c])))
				f->places[c] = i;
		i++;
	}
}

static struct span cell(const struct firewall *f, const struct span *cells, size_t count, enum column c)
{
	struct span s = f->places[c] < count ? cells[f->places[c]] : (struct span){ 0 };

	return span_eq(s, SPAN("-")) ? (struct span){ 0 } : s;
}

static struct span endpoint(struct arena *arena, struct span address, struct span port)
{
	bool is_6 = span_find_byte(address, 0, ':') != SIZE_MAX;

	if (!port.len)
		return arena_copy(arena, address);
	return arena_printf(arena, is_6 ? "[%.*s]:%.*s" : "%.*s:%.*s", SPAN_ARG(address), SPAN_ARG(port));
}

static struct trace *new_flow(struct firewall *f, const struct span *cells, size_t count)
{
	struct arena *arena = f->a->arena;
	struct trace *t = ARENA_NEW(arena, struct trace);
	struct trace **place = arena_push(arena, (void **)&f->order, &f->count, &f->room, sizeof(struct trace *));
	struct span path = cell(f, cells, count, COLUMN_PATH), action = cell(f, cells, count, COLUMN_ACTION);
	struct span dst_port = cell(f, cells, count, COLUMN_DST_PORT);
	bool is_inbound = span_eq_nocase(path, SPAN("RECEIVE"));
	struct tell_detail d;

	if (!t || !place)
		return NULL;
	*place = t;
	*t = trace_new(TRACE_TRANSFER, "firewall");
	t->local = endpoint(arena, cell(f, cells, count, is_inbound ? COLUMN_DST_IP : COLUMN_SRC_IP),
			    is_inbound ? dst_port : (struct span){ 0 });
	t->peer = endpoint(arena, cell(f, cells, count, is_inbound ? COLUMN_SRC_IP : COLUMN_DST_IP),
			   is_inbound ? (struct span){ 0 } : dst_port);
	t->protocol = arena_copy(arena, cell(f, cells, count, COLUMN_PROTOCOL));
	t->count = 0;
	t->source = f->is_utc ? SPAN("Windows firewall log") : SPAN("Windows firewall log, the machine's local time");
	tell_detail_begin(&d);
	tell_detail_text(&d, "action", action);
	tell_detail_text(&d, "direction", path);
	t->detail = tell_detail_end(&d, arena);
	t->summary = tell_summary(arena, "firewall: %.*s %.*s %.*s to %.*s", SPAN_ARG(action), SPAN_ARG(t->protocol),
				  SPAN_ARG(is_inbound ? t->peer : t->local), SPAN_ARG(is_inbound ? t->local : t->peer));
	return t;
}

/* A line that is cut off, or says how many events the firewall had no time to write. */
static bool is_no_flow(struct firewall *f, const struct span *cells, size_t count)
{
	uint64_t events;

	if (cell(f, cells, count, COLUMN_SRC_IP).len || cell(f, cells, count, COLUMN_DST_IP).len)
		return false;
	if (!span_eq_nocase(cell(f, cells, count, COLUMN_ACTION), SPAN("INFO-EVENTS-LOST")))
		f->lost++;
	else
		f->left_out += span_to_u64(cell(f, cells, count, COLUMN_INFO), &events) ? events : 1;
	return true;
}

/* Lines of the same action, addresses and port are one transfer. */
static void firewall_line(struct firewall *f, struct span line)
{
	static const enum column same[] = { COLUMN_ACTION, COLUMN_PROTOCOL, COLUMN_SRC_IP, COLUMN_DST_IP, COLUMN_DST_PORT,
					    COLUMN_PATH };
	struct span cells[MAX_COLUMNS], key, date;
	struct buf name = buf_new(1024), when = buf_new(64);
	size_t count = 0;
	timestamp time;
	uint64_t size;
	void **slot;
	struct trace *t;

	while (line.len && count < MAX_COLUMNS)
		cells[count++] = span_split(&line, ' ');
	date = cell(f, cells, count, COLUMN_DATE);
	buf_printf(&when, "%.*s %.*s", SPAN_ARG(date), SPAN_ARG(cell(f, cells, count, COLUMN_TIME)));
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		buf_printf(&name, "%.*s ", SPAN_ARG(cell(f, cells, count, same[i])));
	if (!timestamp_parse(buf_span(&when), &time) || f->count >= MAX_FLOWS) {
		f->lost++;
	} else if (!is_no_flow(f, cells, count)) {
		key = buf_span(&name);
		t = map_get(&f->flows, key);
		if (!t) {
			t = new_flow(f, cells, count);
			slot = t ? map_slot(&f->flows, arena_copy(f->a->arena, key)) : NULL;
			if (slot)
				*slot = t;
		}
		if (t) {
			t->time = t->count && t->time < time ? t->time : time;
			t->last = t->count && t->last > time ? t->last : time;
			t->count++;
			if (span_to_u64(cell(f, cells, count, COLUMN_SIZE), &size)) {
				uint64_t *bytes = span_eq_nocase(cell(f, cells, count, COLUMN_PATH), SPAN("RECEIVE"))
					? &t->bytes_in : &t->bytes_out;

				*bytes = *bytes == TRACE_NO_NUMBER ? size : *bytes + size;
			}
		}
	}
	buf_free(&name);
	buf_free(&when);
}

bool windows_firewall(const struct artefact *a, struct err *err)
{
	struct firewall f = { .a = a, .flows = map_new(a->arena) };
	struct span rest = tell_text_of(a), line;

	if (span_find(span_sub(rest, 0, 1024), 0, SPAN("Microsoft Windows Firewall")) == SIZE_MAX)
		return err_set(err, ERR_UNSUPPORTED, 0, "no log of Windows' firewall");
	for (size_t i = 0; i < MAX_LINES && tell_line(&rest, &line); i++) {
		if (span_starts(line, SPAN("#Fields: ")))
			read_fields(&f, span_from(line, 9));
		else if (span_starts(line, SPAN("#Time Format:")))
			f.is_utc = span_find(line, 0, SPAN("UTC")) != SIZE_MAX;
		else if (line.len && line.at[0] != '#')
			firewall_line(&f, line);
	}
	for (size_t i = 0; i < f.count; i++)
		if (!a->trace(a->context, f.order[i]))
			break;
	if (f.lost || rest.len)
		a->short_of(a->context, "%llu lines are no rows, or beyond the limit", (unsigned long long)f.lost);
	if (f.left_out)
		a->short_of(a->context, "the firewall itself left out %llu events", (unsigned long long)f.left_out);
	a->lost(a->context, f.lost + f.left_out);
	return true;
}

bool windows_profile(const struct artefact *a, struct err *err)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "profile");

	t.path = t.program = t.command = a->path;
	t.name = a->name;
	t.user = tell_user_of_path(a->path);
	t.time = a->modified;
	t.source = SPAN("PowerShell profile, last written: runs whenever PowerShell starts");
	t.technique = SPAN("T1546.013");
	t.summary = tell_summary(a->arena, "PowerShell starts with %.*s", SPAN_ARG(a->path));
	a->trace(a->context, &t);
	return true;
}

bool windows_office_start(const struct artefact *a, struct err *err)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "office add-in");

	t.path = t.program = t.command = a->path;
	t.name = a->name;
	t.user = tell_user_of_path(a->path);
	t.time = a->modified;
	t.source = SPAN("file that Office loads at start, last written");
	t.technique = SPAN("T1137");
	t.summary = tell_summary(a->arena, "Office loads %.*s at start", SPAN_ARG(a->path));
	a->trace(a->context, &t);
	return true;
}

/* scripts.ini, psscripts.ini: [Logon] 0CmdLine=x 0Parameters=y */
bool windows_policy_scripts(const struct artefact *a, struct err *err)
{
	struct span rest = tell_text_of(a), line, section = { 0 }, command = { 0 };

	for (bool more = tell_line(&rest, &line); more || command.len; more = tell_line(&rest, &line)) {
		size_t equals = more ? span_find_byte(line, 0, '=') : SIZE_MAX;
		struct span key = more ? span_trim(span_sub(line, 0, equals)) : (struct span){ 0 };
		bool is_parameters = tell_find_nocase(key, "parameters") != SIZE_MAX;
		struct span value = equals == SIZE_MAX ? (struct span){ 0 } : span_trim(span_from(line, equals + 1));

		/* A command waits for its parameters, which follow. */
		if (command.len) {
			struct trace t = trace_new(TRACE_AUTOSTART, "policy script");

			t.path = a->path;
			t.name = section;
			t.program = command;
			t.command = is_parameters && value.len
				? arena_printf(a->arena, "%.*s %.*s", SPAN_ARG(command), SPAN_ARG(value)) : command;
			t.time = a->modified;
			t.source = SPAN("scripts of group policy, last written");
			t.technique = SPAN("T1037.001 T1484.001");
			t.summary = tell_summary(a->arena, "policy starts at %.*s: %.*s", SPAN_ARG(section), SPAN_ARG(t.command));
			command = (struct span){ 0 };
			if (!a->trace(a->context, &t))
				break;
		}
		if (!more)
			break;
		if (key.len > 2 && key.at[0] == '[')
			section = span_sub(key, 1, key.len - 2);
		else if (tell_find_nocase(key, "cmdline") != SIZE_MAX)
			command = value;
	}
	return true;
}
