#include "examine/event_traces.h"

#include "base/deed.h"
#include "base/trace.h"
#include "examine/syslog_traces.h"

#include <stddef.h>

#define FIELDS 7
#define TEXT_MOST ((size_t)32 << 10)
#define SCRIPT_LINES_MOST 20

#define SYSMON "Microsoft-Windows-Sysmon/Operational"
#define LOCAL_SESSIONS "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
#define REMOTE_CONNECTIONS "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"

#define SCRIPTS "Microsoft-Windows-PowerShell/Operational"

enum filter { FILTER_NONE, FILTER_TOOL, FILTER_INITIATED, FILTER_ARCHIVE, FILTER_REMOTE_LOGON,
	      FILTER_PEER, FILTER_SCRIPT, FILTER_HANDLE, FILTER_MAY_DELETE };

struct row {
	uint64_t event_id;
	const char *channel;
	enum trace_kind kind;
	const char *what;
	enum filter filter;
	struct {
		size_t member;		/* offset of a span in struct trace */
		const char *name, *port;	/* fields of the event; port: joined to it by ':' */
	} fields[FIELDS];
};

#define TO(member) offsetof(struct trace, member)

static const struct row rows[] = {
	{ 1, SYSMON, TRACE_EXECUTION, "ran", FILTER_TOOL,
	  { { TO(program), "Image", NULL }, { TO(command), "CommandLine", NULL },
	    { TO(user), "User", NULL } } },
	{ 4688, "Security", TRACE_EXECUTION, "ran", FILTER_TOOL,
	  { { TO(program), "NewProcessName", NULL }, { TO(command), "CommandLine", NULL },
	    { TO(user), "SubjectUserName", NULL } } },
	{ 4104, SCRIPTS, TRACE_EXECUTION, "script", FILTER_SCRIPT, { { TO(command), "ScriptBlockText", NULL } } },
	{ 7045, "System", TRACE_EXECUTION, "service", FILTER_TOOL,
	  { { TO(command), "ImagePath", NULL }, { TO(name), "ServiceName", NULL }, { TO(user), "AccountName", NULL } } },
	{ 4660, "Security", TRACE_FILE, "deleted", FILTER_HANDLE,
	  { { TO(name), "HandleId", NULL }, { TO(program), "ProcessName", NULL }, { TO(user), "SubjectUserName", NULL } } },
	{ 4663, "Security", TRACE_FILE, "deleted", FILTER_MAY_DELETE,
	  { { TO(name), "HandleId", NULL }, { TO(path), "ObjectName", NULL }, { TO(protocol), "AccessMask", NULL },
	    { TO(technique), "ObjectType", NULL } } },
	{ 3, SYSMON, TRACE_TRANSFER, "flow", FILTER_INITIATED,
	  { { TO(program), "Image", NULL }, { TO(user), "User", NULL },
	    { TO(local), "SourceIp", "SourcePort" }, { TO(peer), "DestinationIp", "DestinationPort" },
	    { TO(name), "DestinationHostname", NULL }, { TO(protocol), "Protocol", NULL } } },
	{ 22, SYSMON, TRACE_DNS, "query", FILTER_NONE,
	  { { TO(name), "QueryName", NULL }, { TO(program), "Image", NULL }, { TO(user), "User", NULL } } },
	{ 11, SYSMON, TRACE_FILE, "created", FILTER_ARCHIVE,
	  { { TO(path), "TargetFilename", NULL }, { TO(program), "Image", NULL }, { TO(user), "User", NULL } } },
	{ 23, SYSMON, TRACE_FILE, "deleted", FILTER_NONE,
	  { { TO(path), "TargetFilename", NULL }, { TO(program), "Image", NULL }, { TO(user), "User", NULL } } },
	{ 26, SYSMON, TRACE_FILE, "deleted", FILTER_NONE,
	  { { TO(path), "TargetFilename", NULL }, { TO(program), "Image", NULL }, { TO(user), "User", NULL } } },
	{ 4624, "Security", TRACE_SESSION, "logon", FILTER_REMOTE_LOGON,
	  { { TO(user), "TargetUserName", NULL }, { TO(peer), "IpAddress", NULL },
	    { TO(protocol), "LogonType", NULL }, { TO(name), "WorkstationName", NULL } } },
	{ 4625, "Security", TRACE_SESSION, "failed logon", FILTER_PEER,
	  { { TO(user), "TargetUserName", NULL }, { TO(peer), "IpAddress", NULL },
	    { TO(protocol), "LogonType", NULL }, { TO(name), "WorkstationName", NULL } } },
	{ 21, LOCAL_SESSIONS, TRACE_SESSION, "remote desktop", FILTER_PEER,
	  { { TO(user), "User", NULL }, { TO(peer), "Address", NULL } } },
	{ 25, LOCAL_SESSIONS, TRACE_SESSION, "remote desktop", FILTER_PEER,
	  { { TO(user), "User", NULL }, { TO(peer), "Address", NULL } } },
	{ 1149, REMOTE_CONNECTIONS, TRACE_SESSION, "remote desktop", FILTER_PEER,
	  { { TO(user), "Param1", NULL }, { TO(peer), "Param3", NULL } } },
};

/* Tools that analysers ask for: what packs, copies and takes away; what is a sign by itself is a deed. */
static const char tools[] =
	"rar|7z|winzip|zip |tar |makecab|compress-archive|rclone|curl|wget|pscp|scp|sftp|winscp|rsync|"
	"ftp|mega|s3 cp|azcopy|gsutil|bitsadmin|certutil|upload|robocopy|vssadmin|wbadmin|cipher|sdelete|shred |"
	"tsclient|bitstransfer|-infile|mailmessage|senddocument|webhooks|pastebin|invoke-webrequest|invoke-restmethod|iwr |irm |"
	"psexec|anydesk|teamviewer|rustdesk|screenconnect|ntdsutil|esentutl";

static bool is_archive(struct span path)
{
	return span_has_any(span_from(path, path.len > 9 ? path.len - 9 : 0),
			".rar|.7z|.zip|.tgz|.tar|.gz|.cab|.r0|.001|.gpg|.iso|.xz|.zst");
}

static bool is_told(struct span command)
{
	const struct deed *deeds[HARM_COUNT];

	return span_has_any(command, tools) || deeds_of(command, deeds);
}

/* The next line off the front of `rest` that an analyser may ask for; empty: none. */
static struct span script_line(struct span *rest)
{
	struct span line;

	while ((line = deed_line(rest)).len)
		if (is_told(line))
			break;
	return line;
}

/* Loopback is the machine itself. */
static bool is_elsewhere(struct span peer)
{
	return peer.len > 1 && !span_starts(peer, SPAN("127.")) && !span_eq(peer, SPAN("::1")) &&
	       !span_eq(peer, SPAN("LOCAL")) && !span_eq(peer, SPAN("0.0.0.0"));
}

static bool is_wanted(enum filter filter, const struct trace *t, const struct event *e)
{
	struct buf text = buf_new(64);
	uint32_t slot;
	bool is;

	switch (filter) {
	case FILTER_TOOL:
		return is_told(t->command.len ? t->command : t->program);
	case FILTER_ARCHIVE:
		return is_archive(t->path);
	case FILTER_PEER:
		return is_elsewhere(t->peer);
	case FILTER_REMOTE_LOGON:
		/* Network logons (3) within an office are countless: only those from without count. */
		return is_elsewhere(t->peer) && !span_eq(t->protocol, SPAN("5")) &&
		       !span_eq(t->protocol, SPAN("2")) &&
		       (!span_eq(t->protocol, SPAN("3")) || !span_ends(t->user, SPAN("$")));
	case FILTER_INITIATED:
		slot = event_shape_find(e->shape, SPAN("Initiated"));
		if (slot == EVENT_NO_SLOT)
			return true;
		value_text(&text, &e->values[slot]);
		is = span_eq_nocase(buf_span(&text), SPAN("true"));
		buf_free(&text);
		return is && is_elsewhere(t->peer);
	case FILTER_NONE:
	case FILTER_SCRIPT:
	case FILTER_HANDLE:
	case FILTER_MAY_DELETE:
		break;
	}
	return true;
}

static struct span field_text(struct arena *arena, const struct event *e, const char *name)
{
	uint32_t slot = event_shape_find(e->shape, span_text(name));
	struct buf text = buf_new(TEXT_MOST);
	struct span kept;

	if (slot == EVENT_NO_SLOT)
		return (struct span){ 0 };
	value_text(&text, &e->values[slot]);
	/* Windows writes "-" where there is nothing to say. */
	kept = span_eq(buf_span(&text), SPAN("-")) ? (struct span){ 0 } : arena_copy(arena, buf_span(&text));
	buf_free(&text);
	return kept;
}

static void fill(struct arena *arena, const struct row *row, const struct event *e, struct trace *t)
{
	for (size_t i = 0; i < FIELDS && row->fields[i].name; i++) {
		struct span *to = (struct span *)(void *)((char *)t + row->fields[i].member);

		*to = field_text(arena, e, row->fields[i].name);
		if (to->len && row->fields[i].port) {
			struct span port = field_text(arena, e, row->fields[i].port);
			bool is_v6 = span_find_byte(*to, 0, ':') != SIZE_MAX;

			*to = arena_printf(arena, is_v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", SPAN_ARG(*to),
					   SPAN_ARG(port));
		}
	}
}

/* "logon of sato from 10.20.0.5", "flow from 10.0.0.2:50112 to 203.0.113.8:443", "ran rar.exe a …". */
static struct span summarise(struct arena *arena, const struct trace *t)
{
	struct span what = t->command.len ? t->command : t->path.len ? t->path : t->name;

	what = span_sub(what, 0, 400);
	if (t->kind == TRACE_SESSION)
		return arena_printf(arena, "%.*s%s%.*s%s%.*s", SPAN_ARG(t->what), t->user.len ? " of " : "",
				    SPAN_ARG(t->user), t->peer.len ? " from " : "", SPAN_ARG(t->peer));
	if (t->kind == TRACE_TRANSFER && t->peer.len)
		return arena_printf(arena, "%.*s%s%.*s to %.*s", SPAN_ARG(t->what), t->local.len ? " from " : "",
				    SPAN_ARG(t->local), SPAN_ARG(t->peer));
	return arena_printf(arena, "%.*s %.*s", SPAN_ARG(t->what), SPAN_ARG(what));
}

/* False: enough was told of this item. */
static bool pass(struct event_traces *t, struct record *r)
{
	if (t->told >= t->most) {
		t->left_out++;
		return false;
	}
	t->told++;
	examination_tell(t->x, r);
	return true;
}

/* ---- deleted files, of which one record has the name and the next says that it is gone ---- */

#define RIGHT_TO_DELETE 0x10000

static void remember(struct event_traces *t, const struct trace *opened)
{
	struct opened_handle *h = &t->handles[t->handle_count % HANDLES_KEPT];
	uint64_t rights;

	if (!span_eq(opened->technique, SPAN("File")) || !span_to_u64(opened->protocol, &rights) ||
	    !(rights & RIGHT_TO_DELETE) || !opened->name.len || opened->name.len > sizeof h->handle)
		return;
	h->handle_len = opened->name.len;
	memcpy(h->handle, opened->name.at, h->handle_len);
	h->path_len = opened->path.len < HANDLE_PATH ? opened->path.len : HANDLE_PATH;
	memcpy(h->path, opened->path.at, h->path_len);
	t->handle_count++;
}

/* The latest of that handle; false: it was no file, or opened too long before. */
static bool recall(const struct event_traces *t, struct trace *deleted)
{
	size_t kept = t->handle_count < HANDLES_KEPT ? t->handle_count : HANDLES_KEPT;

	for (size_t i = 1; i <= kept; i++) {
		const struct opened_handle *h = &t->handles[(t->handle_count - i) % HANDLES_KEPT];

		if (span_eq(span_of(h->handle, h->handle_len), deleted->name)) {
			deleted->path = span_of(h->path, h->path_len);
			deleted->name = (struct span){ 0 };
			return true;
		}
	}
	return false;
}

/* A script is told by the lines that do something: what a module defines is text, not a deed. */
static void tell_lines(struct event_traces *t, struct record *r)
{
	struct span rest = r->trace.command, line;

	for (size_t i = 0; i < SCRIPT_LINES_MOST && (line = script_line(&rest)).len; i++) {
		r->trace.command = line;
		r->trace.summary = summarise(&t->arena, &r->trace);
		if (!pass(t, r))
			return;
	}
}

static void tell(struct event_traces *t, const struct row *row, const struct event *e,
		 struct span channel, struct span host)
{
	struct record r = { .type = RECORD_TRACE, .trace = trace_new(row->kind, row->what) };

	r.trace.time = e->time;
	r.trace.host = host;
	r.trace.source = channel;
	r.trace.offset = e->offset;
	fill(&t->arena, row, e, &r.trace);
	if (row->filter == FILTER_SCRIPT) {
		tell_lines(t, &r);
		return;
	}
	if (row->filter == FILTER_MAY_DELETE) {
		remember(t, &r.trace);
		return;
	}
	if (row->filter == FILTER_HANDLE ? !recall(t, &r.trace) : !is_wanted(row->filter, &r.trace, e))
		return;
	r.trace.summary = summarise(&t->arena, &r.trace);
	pass(t, &r);
}

struct event_traces event_traces_new(struct examination *x, uint64_t most)
{
	return (struct event_traces){ .x = x, .most = most, .arena = arena_new((size_t)4 << 20) };
}

void event_traces_free(struct event_traces *t)
{
	arena_free(&t->arena);
}

static bool event_id_of(const struct event *e, uint64_t *id)
{
	struct buf text = buf_new(32);
	const struct value *v;
	bool ok;

	if (e->shape->event_id >= e->shape->count)
		return false;
	v = &e->values[e->shape->event_id];
	if (v->kind == VALUE_UINT || v->kind == VALUE_HEX || v->kind == VALUE_INT)
		return *id = v->u, true;
	value_text(&text, v);
	ok = span_to_u64(buf_span(&text), id);
	buf_free(&text);
	return ok;
}

/* ---- programs of Linux in syslog and journal ---- */

/* False: it was not written by one of them. */
static bool tell_syslog(struct event_traces *t, const struct event *e, struct span channel, struct span host)
{
	const struct value *by = e->shape->provider < e->shape->count ? &e->values[e->shape->provider] : NULL;
	struct record r = { .type = RECORD_TRACE };
	struct span message;

	if (!by || by->kind != VALUE_TEXT || !syslog_traces_knows(by->bytes))
		return false;
	message = field_text(&t->arena, e, "message");
	if (!syslog_traces_read(by->bytes, message, &r.trace))
		return true;
	r.trace.time = e->time;
	r.trace.host = host;
	r.trace.source = channel.len ? channel : by->bytes;
	r.trace.offset = e->offset;
	r.trace.summary = message;
	pass(t, &r);
	return true;
}

/* ---- what auditd saw started ---- */

/* EXECVE has the arguments; who logged in at first (auid) says more than who it ran as. */
static bool tell_audit(struct event_traces *t, const struct event *e, struct span channel, struct span host)
{
	struct record r = { .type = RECORD_TRACE, .trace = trace_new(TRACE_EXECUTION, "ran") };

	if (event_shape_find(e->shape, SPAN("argc")) == EVENT_NO_SLOT)
		return false;
	r.trace.command = field_text(&t->arena, e, "cmdline");
	r.trace.program = field_text(&t->arena, e, "exe");
	r.trace.user = field_text(&t->arena, e, "AUID");
	if (!r.trace.user.len)
		r.trace.user = field_text(&t->arena, e, "auid");
	/* Nobody logged in: a service's job. */
	if (span_eq(r.trace.user, SPAN("4294967295")) || span_eq(r.trace.user, SPAN("unset")))
		r.trace.user = field_text(&t->arena, e, "uid");
	if (!r.trace.command.len || !is_told(r.trace.command))
		return true;
	r.trace.time = e->time;
	r.trace.host = host;
	r.trace.source = channel.len ? channel : SPAN("audit");
	r.trace.offset = e->offset;
	r.trace.summary = summarise(&t->arena, &r.trace);
	pass(t, &r);
	return true;
}

void event_traces_check(struct event_traces *t, const struct event *event, struct span channel,
			struct span host)
{
	uint64_t id;

	if (tell_syslog(t, event, channel, host) || tell_audit(t, event, channel, host)) {
		arena_reset(&t->arena);
		return;
	}
	if (!event_id_of(event, &id))
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].event_id == id && span_eq_nocase(channel, span_text(rows[i].channel))) {
			tell(t, &rows[i], event, channel, host);
			arena_reset(&t->arena);
			return;
		}
}
