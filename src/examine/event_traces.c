#include "examine/event_traces.h"

#include "base/trace.h"
#include "examine/syslog_traces.h"

#include <stddef.h>

#define FIELDS 7
#define TEXT_MOST ((size_t)32 << 10)

#define SYSMON "Microsoft-Windows-Sysmon/Operational"
#define LOCAL_SESSIONS "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
#define REMOTE_CONNECTIONS "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"

enum filter { FILTER_NONE, FILTER_TOOL, FILTER_INITIATED, FILTER_ARCHIVE, FILTER_REMOTE_LOGON,
	      FILTER_PEER };

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

/* Tools that analysers ask for: what packs, copies, wipes, and clears. */
static const char tools[] =
	"rar|7z|winzip|zip |tar |makecab|compress-archive|rclone|curl|wget|pscp|scp|sftp|winscp|rsync|"
	"ftp|mega|s3 cp|azcopy|gsutil|bitsadmin|certutil|uploadfile|robocopy|vssadmin|wbadmin|bcdedit|"
	"shadowcopy|win32_shadowcopy|cipher|sdelete|shred |wipefs|dd |wevtutil|eventlog|fsutil|auditpol|"
	"advfirewall|firewall set|mppreference|journalctl|auditctl|history|/var/log/|touch |iptables|nft |"
	"tsclient|bitstransfer|-infile|mailmessage|setenforce|psexec|anydesk|teamviewer|rustdesk|screenconnect|ntdsutil|esentutl";

static bool is_archive(struct span path)
{
	return span_has_any(span_from(path, path.len > 9 ? path.len - 9 : 0),
			".rar|.7z|.zip|.tgz|.tar|.gz|.cab|.r0|.001|.gpg|.iso|.xz|.zst");
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
		return span_has_any(t->command.len ? t->command : t->program, tools);
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

static void tell(struct event_traces *t, const struct row *row, const struct event *e,
		 struct span channel, struct span host)
{
	struct record r = { .type = RECORD_TRACE, .trace = trace_new(row->kind, row->what) };

	r.trace.time = e->time;
	r.trace.host = host;
	r.trace.source = channel;
	r.trace.offset = e->offset;
	fill(&t->arena, row, e, &r.trace);
	if (!is_wanted(row->filter, &r.trace, e))
		return;
	if (t->told >= t->most) {
		t->left_out++;
		return;
	}
	t->told++;
	r.trace.summary = summarise(&t->arena, &r.trace);
	examination_tell(t->x, &r);
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
	if (t->told >= t->most) {
		t->left_out++;
		return true;
	}
	t->told++;
	r.trace.time = e->time;
	r.trace.host = host;
	r.trace.source = channel.len ? channel : by->bytes;
	r.trace.offset = e->offset;
	r.trace.summary = message;
	examination_tell(t->x, &r);
	return true;
}

void event_traces_check(struct event_traces *t, const struct event *event, struct span channel,
			struct span host)
{
	uint64_t id;

	if (tell_syslog(t, event, channel, host)) {
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
