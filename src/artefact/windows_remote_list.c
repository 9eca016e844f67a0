/*
 * Lists and settings of remote control: one line a connection or a file, in columns, and
 * what a client keeps of those that it reached.
 */
#include "artefact/windows_remote.h"

#define CELLS_MOST 8

/* Up to a tab where there are tabs, else up to two blanks. */
static struct span next_cell(struct span *line, bool by_tabs)
{
	size_t end = span_find(*line, 0, by_tabs ? SPAN("\t") : SPAN("  "));
	struct span cell = span_trim(span_sub(*line, 0, end));

	*line = end == SIZE_MAX ? (struct span){ 0 } : span_from(*line, end + 1);
	return cell;
}

/* `with_empty`: a cell between two tabs counts, though nothing is in it. */
static size_t cells_of(struct span line, bool with_empty, struct span cells[CELLS_MOST])
{
	bool by_tabs = span_find_byte(line, 0, '\t') != SIZE_MAX;
	size_t count = 0;

	while (line.len && count < CELLS_MOST) {
		struct span cell = next_cell(&line, by_tabs);

		if (cell.len || (with_empty && by_tabs))
			cells[count++] = cell;
	}
	return count;
}

/* A line that has a time and is no row of its table, nor a heading. */
static bool is_lost(struct span line, bool day_first)
{
	bool zoned;

	return remote_time(line, day_first, &zoned) != TIME_NONE;
}

static struct trace session_of(const char *what, const char *program)
{
	struct trace t = trace_new(TRACE_SESSION, what);

	t.program = t.protocol = span_text(program);
	t.technique = SPAN("T1219");
	return t;
}

/*
 * connections_incoming.txt: partner, its name, start, end, user here, kind, id;
 * Connections.txt, outgoing: the same without the name. Separated by tabs, or by
 * runs of blanks in columns. UTC.
 */
bool windows_teamviewer(const struct artefact *a, struct err *err)
{
	bool incoming = tell_find_nocase(a->name, "incoming") != SIZE_MAX;
	struct span rest = tell_text_of(a), line;
	uint64_t lost = 0;

	while (tell_line(&rest, &line)) {
		struct trace t = session_of("remote control", "TeamViewer");
		struct span cells[CELLS_MOST];
		size_t count = cells_of(line, incoming, cells), first = incoming ? 2 : 1;
		bool zoned;

		if (count < first + 2 || !cells[0].len) {
			lost += is_lost(line, true);
			continue;
		}
		t.peer = incoming ? cells[0] : (struct span){ 0 };
		t.name = cells[!!incoming];
		t.time = remote_time(cells[first], true, &zoned);
		t.last = remote_time(cells[first + 1], true, &zoned);
		t.user = count > first + 2 ? cells[first + 2] : (struct span){ 0 };
		t.command = count > first + 3 ? cells[first + 3] : (struct span){ 0 };
		t.source = incoming ? SPAN("TeamViewer, incoming connections") : SPAN("TeamViewer, outgoing connections");
		t.summary = tell_summary(a->arena, "TeamViewer: %.*s %s", SPAN_ARG(t.name),
					 incoming ? "was on this machine" : "was controlled from here");
		if (!a->trace(a->context, &t))
			break;
	}
	tell_lost_lines(a, lost);
	return true;
}

/* AnyDesk's connection_trace.txt: direction, time (UTC), how it was let in or REJECTED, alias, number. */
bool windows_anydesk_sessions(const struct artefact *a, struct err *err)
{
	struct span rest = tell_text_of(a), line;
	uint64_t lost = 0;

	while (tell_line(&rest, &line)) {
		struct span cells[CELLS_MOST];
		size_t count = cells_of(line, false, cells);
		bool incoming = count > 3 && span_eq(cells[0], SPAN("Incoming")), zoned;
		bool is_refused = count > 3 && span_eq(cells[2], SPAN("REJECTED"));
		struct trace t = session_of(is_refused ? "failed logon" : "remote control", "AnyDesk");

		if (count < 4 || (!incoming && !span_eq(cells[0], SPAN("Outgoing")))) {
			lost += is_lost(line, false);
			continue;
		}
		t.time = remote_time(cells[1], false, &zoned);
		t.name = cells[3];
		t.peer = incoming ? cells[count > 4 ? 4 : 3] : (struct span){ 0 };
		t.user = tell_user_of_path(a->path);
		t.command = cells[2];
		t.source = incoming ? SPAN("AnyDesk, incoming connections, UTC") : SPAN("AnyDesk, outgoing connections, UTC");
		t.summary = tell_summary(a->arena, "AnyDesk: %.*s %s (%.*s)", SPAN_ARG(t.name),
					 is_refused ? "was refused" : incoming ? "was on this machine"
										: "was controlled from here",
					 SPAN_ARG(t.command));
		if (!a->trace(a->context, &t))
			break;
	}
	tell_lost_lines(a, lost);
	return true;
}

static bool tell_copy(const struct artefact *a, const char *program, const char *zone, struct trace *t, bool is_out,
		      struct span state, struct span size)
{
	struct tell_detail d;

	t->program = span_text(program);
	t->technique = SPAN("T1219");
	t->user = tell_user_of_path(a->path);
	t->source = arena_printf(a->arena, "files that went over %s, %s; direction by its words", program, zone);
	tell_detail_begin(&d);
	tell_detail_text(&d, "direction", is_out ? SPAN("out") : SPAN("in"));
	tell_detail_text(&d, "state", state);
	tell_detail_text(&d, "size", size);
	t->detail = tell_detail_end(&d, a->arena);
	t->summary = tell_summary(a->arena, "%s %s %.*s (%.*s)", program, is_out ? "sent" : "fetched", SPAN_ARG(t->path),
				  SPAN_ARG(state));
	return a->trace(a->context, t);
}

/* "'a b.exe' (~0 B out of 4.20 MiB)": the name, and the size behind it. */
static void take_name_and_size(struct span text, struct span *name, struct span *size)
{
	size_t quote = span_find_byte(text, 0, '\''), end;

	*size = (struct span){ 0 };
	*name = text;
	if (quote == SIZE_MAX)
		return;
	end = span_find(text, quote + 1, SPAN("' ("));
	*name = span_sub(text, quote + 1, end - quote - 1);
	if (end == SIZE_MAX) {
		name->len -= name->len && name->at[name->len - 1] == '\'';
		return;
	}
	text = span_from(text, end + 3);
	*size = span_split(&text, ')');
	end = span_find(*size, 0, SPAN("out of "));
	if (end != SIZE_MAX)
		*size = span_from(*size, end + 7);
}

/* AnyDesk's file_transfer_trace.txt: `Clipboard  2025-01-01, 13:37  start  download  'a.exe' (~0 B out of 4.20 MiB)`, UTC. */
bool windows_anydesk_files(const struct artefact *a, struct err *err)
{
	struct span rest = tell_text_of(a), line;
	uint64_t lost = 0;

	while (tell_line(&rest, &line)) {
		struct trace t = trace_new(TRACE_TRANSFER, "copy");
		struct span cells[CELLS_MOST], size;
		size_t count = cells_of(line, false, cells);
		bool is_out = count > 4 && span_eq(cells[3], SPAN("upload")), zoned;

		if (count < 5 || (!is_out && !span_eq(cells[3], SPAN("download")))) {
			lost += is_lost(line, false);
			continue;
		}
		/* To the end of the line: a name may have two blanks. */
		take_name_and_size(span_trim(span_from(line, (size_t)(cells[4].at - line.at))), &t.path, &size);
		t.time = remote_time(cells[1], false, &zoned);
		t.command = span_trim(line);
		if (!tell_copy(a, "AnyDesk", "UTC", &t, is_out, cells[2], size))
			break;
	}
	tell_lost_lines(a, lost);
	return true;
}

/*
 * Splashtop's FTCLog.txt: time, file, size, kind, state, user and address, by tabs. What is
 * uploaded comes in here: the words are those of who controls.
 */
bool windows_splashtop_files(const struct artefact *a, struct err *err)
{
	struct span rest = tell_text_of(a), line;
	uint64_t lost = 0;

	while (tell_line(&rest, &line)) {
		struct trace t = trace_new(TRACE_TRANSFER, "copy");
		struct span cells[CELLS_MOST];
		size_t count = cells_of(line, false, cells);
		bool is_out = count > 4 && span_eq(cells[3], SPAN("Download")), zoned;

		if (count < 5 || (!is_out && !span_eq(cells[3], SPAN("Upload")))) {
			lost += is_lost(line, false);
			continue;
		}
		t.time = remote_time(cells[0], false, &zoned);
		t.path = cells[1];
		t.command = span_trim(line);
		if (count > 5) {
			t.peer = remote_address(cells[5]);
			t.name = span_trim(span_sub(cells[5], 0, span_find_byte(cells[5], 0, '(')));
		}
		if (!tell_copy(a, "Splashtop", "local time", &t, is_out, cells[4], cells[2]))
			break;
	}
	tell_lost_lines(a, lost);
	return true;
}

/* What stands behind the parameter "h" of a query. */
static struct span host_in(struct span text)
{
	static const char *const forms[] = { "?h=", "&amp;h=", "&h=" };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t at = span_find(text, 0, span_text(forms[i]));

		if (at == SIZE_MAX)
			continue;
		text = span_from(text, at + strlen(forms[i]));
		for (at = 0; at < text.len && text.at[at] > ' ' && !strchr("&\"'<", text.at[at]);)
			at++;
		return span_sub(text, 0, at);
	}
	return (struct span){ 0 };
}

/* "%2f" and the like undone. */
static struct span decoded(struct arena *arena, struct span s)
{
	struct buf b = buf_new(1024);
	struct span kept;

	for (size_t i = 0; i < s.len; i++) {
		uint64_t byte;
		uint8_t hex[] = { '0', 'x', i + 1 < s.len ? s.at[i + 1] : 'x', i + 2 < s.len ? s.at[i + 2] : 'x' };

		if (s.at[i] == '%' && span_to_u64(span_of(hex, 4), &byte)) {
			buf_add_u8(&b, (uint8_t)byte);
			i += 2;
		} else {
			buf_add_u8(&b, s.at[i]);
		}
	}
	kept = arena_copy(arena, buf_span(&b));
	buf_free(&b);
	return kept;
}

static bool take_number(struct span *s, int *out)
{
	size_t len = 0;
	uint64_t n;

	while (len < s->len && s->at[len] >= '0' && s->at[len] <= '9')
		len++;
	if (len > 4 || !span_to_u64(span_sub(*s, 0, len), &n))
		return false;
	*out = (int)n;
	*s = span_from(*s, len + 1);
	return true;
}

/* "5/20/2025 4:24:03 PM": with it the month stands first; other languages cannot be told apart. */
static timestamp american_time(struct span s)
{
	bool is_afternoon = span_ends(s, SPAN("PM"));
	int part[6];

	if (!is_afternoon && !span_ends(s, SPAN("AM")))
		return TIME_NONE;
	for (size_t i = 0; i < 6; i++)
		if (!take_number(&s, &part[i]))
			return TIME_NONE;
	return timestamp_of_civil(part[2], part[0], part[1], part[3] % 12 + (is_afternoon ? 12 : 0), part[4], part[5], 0);
}

/* user.config's HostToAddressMap, "host=address-time&host=…": which servers it reached, and when last. */
static bool tell_reached(const struct artefact *a, struct span text)
{
	size_t at = span_find(text, 0, SPAN("HostToAddressMap"));
	size_t from = span_find(text, at == SIZE_MAX ? text.len : at, SPAN("<value>"));
	struct span map = span_from(text, from == SIZE_MAX ? text.len : from + 7);

	map = span_split(&map, '<');
	while (map.len) {
		struct trace t = session_of("remote control", "ScreenConnect");
		struct span entry = span_split(&map, '&'), host = span_split(&entry, '='), address = span_split(&entry, '-');
		bool zoned;

		if (span_starts(host, SPAN("amp;")))
			host = span_from(host, 4);
		if (!host.len || !address.len)
			continue;
		entry = decoded(a->arena, entry);
		t.peer = address;
		t.name = host;
		t.time = remote_time(entry, false, &zoned);
		t.time = t.time == TIME_NONE ? american_time(entry) : t.time;
		t.user = tell_user_of_path(a->path);
		t.path = a->path;
		t.source = SPAN("ScreenConnect, the server that controls this machine, last reached (local time)");
		t.summary = tell_summary(a->arena, "ScreenConnect reached %.*s (%.*s)", SPAN_ARG(host), SPAN_ARG(address));
		if (!a->trace(a->context, &t))
			return false;
	}
	return true;
}

static void tell_server(const struct artefact *a, const char *program, struct span server, const char *source)
{
	struct trace t = trace_new(TRACE_SETTING, "remote control");

	t.path = a->path;
	t.name = span_text(program);
	t.command = t.peer = server;
	t.time = a->modified;
	t.source = span_text(source);
	t.summary = tell_summary(a->arena, "%s answers to %.*s", program, SPAN_ARG(server));
	a->trace(a->context, &t);
}

/* ScreenConnect's system.config or user.config: "?h=host&p=8041" in its launch parameters. */
bool windows_screenconnect(const struct artefact *a, struct err *err)
{
	struct span text = tell_text_of(a), host = host_in(text);

	if (span_find(text, 0, SPAN("LaunchParameters")) == SIZE_MAX && span_find(text, 0, SPAN("ScreenConnect")) == SIZE_MAX)
		return err_set(err, ERR_UNSUPPORTED, 0, "not ScreenConnect's");
	if (tell_reached(a, text) && (host.len || span_find(text, 0, SPAN("HostToAddressMap")) == SIZE_MAX))
		tell_server(a, "ScreenConnect", host, "configuration of ScreenConnect, last written");
	return true;
}

/* `key = 'value'` of a TOML file, whichever quotes it has. */
static struct span toml_value(struct span text, const char *key)
{
	struct span line;

	while (tell_line(&text, &line)) {
		struct span name = span_trim(span_split(&line, '=')), value = span_trim(line);

		if (!span_eq(name, span_text(key)))
			continue;
		if (value.len > 1 && (value.at[0] == '\'' || value.at[0] == '"'))
			value = span_sub(value, 1, value.len - 2);
		return value;
	}
	return (struct span){ 0 };
}

/* RustDesk's settings (who controls), and config/peers/NUMBER.toml of each machine that was controlled from here. */
bool windows_rustdesk(const struct artefact *a, struct err *err)
{
	struct span text = tell_text_of(a), server = toml_value(text, "custom-rendezvous-server");
	struct trace t = session_of("remote control", "RustDesk");
	struct tell_detail d;

	if (!artefact_path_matches("peers/*.toml", a->path)) {
		server = server.len ? server : toml_value(text, "rendezvous_server");
		if (server.len)
			tell_server(a, "RustDesk", server, "settings of RustDesk, last written");
		return true;
	}
	t.name = span_sub(a->name, 0, a->name.len - 5);
	t.time = a->modified;
	t.user = tell_user_of_path(a->path);
	t.path = a->path;
	t.source = SPAN("RustDesk, a machine that was controlled from here, last written");
	tell_detail_begin(&d);
	tell_detail_text(&d, "machine", toml_value(text, "hostname"));
	tell_detail_text(&d, "as", toml_value(text, "username"));
	tell_detail_text(&d, "system", toml_value(text, "platform"));
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "RustDesk: %.*s (%.*s) was controlled from here", SPAN_ARG(t.name),
				 SPAN_ARG(toml_value(text, "hostname")));
	a->trace(a->context, &t);
	return true;
}
