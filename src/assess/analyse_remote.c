/*
 * Remote control, as the network shows it.
 *
 *   tools     a host inside speaks with the servers of a remote-control program, by
 *             name or certificate, or asks for their names: helpdesks do too, so a
 *             session of some size is level medium, else low
 *   sessions  a host outside opened remote desktop, VNC, SSH, WinRM or SMB to one
 *             inside and both sides spoke: not attempts, which the internet makes
 *             all day. Remote desktop, VNC and file shares have no business there.
 *   fan-out   one host inside reached many others inside by a service of
 *             administration within an hour: lateral movement, or a scanner
 *   scans     one host inside knocked at very many ports or hosts, unanswered
 */
#include "assess/thresholds.h"
#include "assess/traffic.h"

#include "base/domain.h"
#include "codec/json_write.h"

#define GROUPS_MOST 200000
#define HOUR (3600 * TIME_SECOND)

#define TOOL(text, tool) { { (const uint8_t *)(text), sizeof(text) - 1 }, tool }

static const struct {
	struct span domain;
	const char *tool;
} tools[] = {
	TOOL("anydesk.com", "AnyDesk"), TOOL("teamviewer.com", "TeamViewer"),
	TOOL("rustdesk.com", "RustDesk"), TOOL("screenconnect.com", "ScreenConnect"),
	TOOL("splashtop.com", "Splashtop"), TOOL("logmein.com", "LogMeIn"),
	TOOL("logmeinrescue.com", "LogMeIn Rescue"), TOOL("gotoassist.com", "GoToAssist"),
	TOOL("ultraviewer.net", "UltraViewer"), TOOL("nanosystems.it", "Supremo"),
	TOOL("dwservice.net", "DWService"), TOOL("ammyy.com", "Ammyy Admin"),
	TOOL("remoteutilities.com", "Remote Utilities"), TOOL("atera.com", "Atera"),
	TOOL("beyondtrustcloud.com", "BeyondTrust"), TOOL("bomgar.com", "Bomgar"),
	TOOL("action1.com", "Action1"), TOOL("meshcentral.com", "MeshCentral"),
	TOOL("hoptodesk.com", "HopToDesk"), TOOL("remotepc.com", "RemotePC"),
	TOOL("getscreen.me", "Getscreen"), TOOL("parsec.app", "Parsec"), TOOL("ngrok.io", "ngrok"),
	TOOL("ngrok.com", "ngrok"), TOOL("ngrok-agent.com", "ngrok"),
	TOOL("localxpose.io", "LocalXpose"), TOOL("tailscale.com", "Tailscale"),
};

static const struct service {
	uint16_t port;
	const char *name, *technique;
	bool is_alarming;		/* to be reached from outside */
} services[] = {
	{ 3389, "rdp", "T1021.001 T1133", true }, { 5900, "vnc", "T1021.005 T1133", true },
	{ 445, "smb", "T1021.002 T1133", true }, { 139, "smb", "T1021.002 T1133", true },
	{ 5985, "winrm", "T1021.006 T1133", true }, { 5986, "winrm", "T1021.006 T1133", true },
	{ 22, "ssh", "T1021.004 T1133", false }, { 23, "telnet", "T1021 T1133", true },
};

/* Rows that belong together: of a host, a tool; of two ends, a service; of a host, a service and an hour. */
struct group {
	struct group *next;
	const char *rule;
	const struct service *service;
	const char *tool;
	uint64_t item;
	struct span local, peer, name, host, path;
	uint64_t out, in, flows, answered, distinct;
	timestamp first, last;
	timestamp programs, pipes;	/* the last program on a share, and the last pipe that starts one */
	bool is_started;		/* one near the other */
};

struct remote {
	struct analysis *a;
	struct map groups, seen;
	struct group *first, **last;
};

static const char *tool_of(struct span name)
{
	if (name.len && name.at[name.len - 1] == '.')
		name.len--;
	for (size_t i = 0; name.len && i < sizeof tools / sizeof *tools; i++)
		if (domain_is_of(name, tools[i].domain))
			return tools[i].tool;
	return NULL;
}

/* By what its certificate says: relays are often met by address alone. */
static const char *tool_of_detail(struct span detail)
{
	static const struct {
		struct span text;
		const char *tool;
	} subjects[] = { TOOL("\"subject\":\"AnyNet Relay", "AnyDesk"),
			 TOOL("\"subject\":\"AnyDesk", "AnyDesk"),
			 TOOL("\"issuer\":\"AnyNet Root", "AnyDesk"),
			 TOOL("\"issuer\":\"AnyDesk", "AnyDesk"),
			 TOOL("\"subject\":\"TeamViewer", "TeamViewer") };

	/* Few flows have one. */
	if (span_find(detail, 0, SPAN("\"subject\"")) == SIZE_MAX &&
	    span_find(detail, 0, SPAN("\"issuer\"")) == SIZE_MAX)
		return NULL;
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (span_find(detail, 0, subjects[i].text) != SIZE_MAX)
			return subjects[i].tool;
	return NULL;
}

static const struct service *service_of(const struct traffic_row *row)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (row->peer_port == services[i].port || span_eq(row->protocol, span_text(services[i].name)))
			return &services[i];
	return NULL;
}

static struct group *group_of(struct remote *r, const char *rule, const struct traffic_row *row,
			      struct span one, struct span two, int64_t hour, struct err *err)
{
	struct arena *arena = r->a->arena;
	struct group *g;
	bool is_new;

	buf_clear(&r->a->key);
	buf_text(&r->a->key, rule);
	buf_add_u64le(&r->a->key, (uint64_t)hour);
	buf_add(&r->a->key, one);
	buf_add_u8(&r->a->key, 0);
	buf_add(&r->a->key, two);
	g = traffic_slot(&r->groups, buf_span(&r->a->key), sizeof *g, &is_new, err);
	if (!g || !is_new)
		return g;
	g->rule = rule;
	g->item = row->item;
	g->local = arena_copy(arena, row->local);
	g->peer = arena_copy(arena, row->peer);
	g->name = arena_copy(arena, row->name);
	g->host = arena_copy(arena, row->host);
	g->first = g->last = g->programs = g->pipes = TIME_NONE;
	*r->last = g;
	r->last = &g->next;
	return g;
}

static void add(struct group *g, const struct traffic_row *row)
{
	timestamp last = row->last == TIME_NONE ? row->time : row->last;

	g->out += row->out;
	g->in += row->in;
	g->flows++;
	g->answered += row->in > 0;
	if (row->time != TIME_NONE && (g->first == TIME_NONE || row->time < g->first))
		g->first = row->time;
	if (last != TIME_NONE && (g->last == TIME_NONE || last > g->last))
		g->last = last;
}

/* Counts a peer (with its port for scans) once for the group. */
static bool count_distinct(struct remote *r, struct group *g, struct span peer, uint16_t port,
			   struct err *err)
{
	bool is_new;

	buf_clear(&r->a->key);
	buf_add_u64le(&r->a->key, (uint64_t)(uintptr_t)g);
	buf_add_u8(&r->a->key, (uint8_t)(port >> 8));
	buf_add_u8(&r->a->key, (uint8_t)port);
	buf_add(&r->a->key, peer);
	if (!traffic_slot(&r->seen, buf_span(&r->a->key), 1, &is_new, err))
		return false;
	g->distinct += is_new;
	return true;
}

static bool take_tool(struct remote *r, const struct traffic_row *row, struct err *err)
{
	const char *tool = tool_of(row->name);
	struct group *g;

	if (!tool)
		tool = tool_of_detail(row->detail);
	if (!tool || !row->is_local_inside || span_eq(row->what, SPAN("upload")))
		return true;
	g = group_of(r, "tool", row, row->local, span_text(tool), 0, err);
	if (!g)
		return false;
	g->tool = tool;
	add(g, row);
	return true;
}

static bool take_session(struct remote *r, const struct traffic_row *row, struct err *err)
{
	const struct service *service = service_of(row);
	struct group *g;

	if (!service || row->is_local_inside || !row->is_peer_inside || !row->local.len)
		return true;
	g = group_of(r, "session", row, row->local, row->peer, row->peer_port, err);
	if (!g)
		return false;
	g->service = service;
	add(g, row);
	return true;
}

static bool take_fan(struct remote *r, const struct traffic_row *row, struct err *err)
{
	const struct service *service = service_of(row);
	int64_t hour = row->time == TIME_NONE ? 0 : row->time / HOUR;
	bool is_open = row->in > 0;
	struct group *g;

	if (!row->is_local_inside || !row->is_peer_inside || !row->peer_port || row->is_sum ||
	    !span_eq(row->what, SPAN("flow")) || r->groups.count > GROUPS_MOST)
		return true;
	/* What answers and is administration may be lateral movement; what does not is a knock. */
	if (is_open && !service)
		return true;
	g = group_of(r, is_open ? "fan" : "scan", row, row->local,
		     is_open ? span_text(service->name) : (struct span){ 0 }, hour, err);
	if (!g)
		return false;
	g->service = is_open ? service : NULL;
	add(g, row);
	return count_distinct(r, g, row->peer, is_open ? 0 : row->peer_port, err);
}

/* "\\\\host\\ADMIN$\\x.exe", "\\\\host\\C$\\folder\\x.dll" */
static bool is_program_on_admin_share(struct span path)
{
	struct span rest = span_from(path, 2), share;

	if (!span_starts(path, SPAN("\\\\")))
		return false;
	span_split(&rest, '\\');
	share = span_split(&rest, '\\');
	return (span_eq_nocase(share, SPAN("ADMIN$")) || (share.len == 2 && share.at[1] == '$')) &&
	       span_is_one_of_nocase(span_after_last(rest, '.'), "exe|dll|sys|ps1|bat|cmd|vbs|js|hta|msi|scr|com");
}

/* By which services and tasks of another machine are made. */
static bool is_starting_pipe(struct span path)
{
	return span_is_one_of_nocase(span_after_last(path, '\\'), "svcctl|atsvc") && span_has_any(path, "\\IPC$\\");
}

/* A program put on a machine by way of its shares, and what would start it. */
static bool take_share(struct remote *r, const struct traffic_row *row, struct err *err)
{
	bool is_program = span_eq(row->what, SPAN("upload")) && is_program_on_admin_share(row->path);
	struct group *g;

	if (!traffic_is_part(row) || r->groups.count > GROUPS_MOST || row->time == TIME_NONE ||
	    (!is_program && !(span_eq(row->what, SPAN("session")) && is_starting_pipe(row->path))))
		return true;
	g = group_of(r, "share", row, row->local, row->peer, 0, err);
	if (!g)
		return false;
	*(is_program ? &g->programs : &g->pipes) = row->time;
	if (g->programs != TIME_NONE && g->pipes != TIME_NONE && g->pipes - g->programs < HOUR &&
	    g->programs - g->pipes < HOUR)
		g->is_started = true;
	if (!is_program)
		return true;
	if (!g->path.len)
		g->path = arena_copy(r->a->arena, row->path);
	add(g, row);
	return true;
}

bool remote_transfer(struct analysis *a, const struct traffic_row *row, struct err *err)
{
	struct remote *r = a->state;

	if (traffic_is_part(row))
		return take_share(r, row, err);
	if (span_eq(row->what, SPAN("web")) && !span_starts(row->source, SPAN("zeek")))
		return true;
	return take_tool(r, row, err) && take_session(r, row, err) && take_fan(r, row, err);
}

static bool tell(struct remote *r, const struct group *g, struct conclusion c, const char *reason,
		 struct err *err)
{
	struct buf text = buf_new((size_t)16 << 10);
	struct json_write w = json_write_to(&text);
	bool ok;

	json_object(&w);
	json_key(&w, "local"), json_span(&w, g->local);
	if (!g->distinct)
		json_key(&w, "peer"), json_span(&w, g->peer);
	if (g->tool)
		json_key(&w, "tool"), json_text(&w, g->tool), json_key(&w, "name"), json_span(&w, g->name);
	if (g->path.len)
		json_key(&w, "path"), json_span(&w, g->path);
	if (g->service)
		json_key(&w, "service"), json_text(&w, g->service->name);
	if (g->distinct)
		json_key(&w, "reached"), json_u64(&w, g->distinct);
	json_key(&w, "connections"), json_u64(&w, g->flows);
	json_key(&w, "answered"), json_u64(&w, g->answered);
	json_key(&w, "bytes_out"), json_u64(&w, g->out);
	json_key(&w, "bytes_in"), json_u64(&w, g->in);
	json_key(&w, "reasons");
	json_array(&w);
	json_text(&w, reason);
	json_array_end(&w);
	json_object_end(&w);
	c.item = g->item;
	c.harm = HARM_CONTROL;
	c.first = g->first;
	c.last = g->last;
	c.count = g->flows;
	c.host = g->host.len ? g->host : c.host;
	c.matched = buf_span(&text);
	ok = analysis_tell(r->a, &c, err);
	buf_free(&text);
	return ok;
}

static bool judge_share(struct remote *r, const struct group *g, struct err *err)
{
	if (!g->path.len)
		return true;
	return tell(r, g, (struct conclusion){ .rule = SPAN("kanshiki.share-program"), .host = g->local,
		.level = g->is_started ? LEVEL_HIGH : LEVEL_MEDIUM,
		.title = g->is_started ? SPAN("A program was put on another machine and its services or tasks were reached for")
				       : SPAN("A program was written to an administrator's share of another machine"),
		.techniques = g->is_started ? SPAN("T1021.002 T1570 T1569.002") : SPAN("T1021.002 T1570") },
		"programs that deploy software do so too: ask whose machine it came from", err);
}

static bool judge(struct remote *r, const struct group *g, struct err *err)
{
	uint64_t bytes = g->out + g->in;

	if (!strcmp(g->rule, "share"))
		return judge_share(r, g, err);
	if (!strcmp(g->rule, "tool"))
		return tell(r, g, (struct conclusion){ .rule = SPAN("kanshiki.remote-tool"),
			.level = bytes >= THRESHOLD(REMOTE_TOOL_BYTES) ? LEVEL_MEDIUM : LEVEL_LOW,
			.title = SPAN("A host speaks with servers of a remote-control program"),
			.techniques = SPAN("T1219"), .host = g->local },
			"helpdesks use it too: ask who had it installed", err);
	if (!strcmp(g->rule, "session") && g->in >= THRESHOLD(REMOTE_SESSION_BYTES) &&
	    g->out >= THRESHOLD(REMOTE_SESSION_BYTES))
		return tell(r, g, (struct conclusion){ .rule = SPAN("kanshiki.remote-session"),
			.level = g->service->is_alarming ? LEVEL_HIGH : LEVEL_MEDIUM,
			.title = SPAN("A host outside had a session of remote administration inside"),
			.techniques = span_text(g->service->technique), .host = g->peer },
			"both sides spoke at length: no mere attempt", err);
	if (!strcmp(g->rule, "fan") && g->distinct >= THRESHOLD(REMOTE_FAN))
		return tell(r, g, (struct conclusion){ .rule = SPAN("kanshiki.lateral-movement"),
			.level = LEVEL_MEDIUM, .host = g->local,
			.title = SPAN("One host reached many others by a service of administration"),
			.techniques = span_text(g->service->technique) },
			"so many within one hour; servers of administration and scanners do too", err);
	if (!strcmp(g->rule, "scan") && g->distinct >= THRESHOLD(REMOTE_SCAN))
		return tell(r, g, (struct conclusion){ .rule = SPAN("kanshiki.scan"),
			.level = LEVEL_MEDIUM, .host = g->local,
			.title = SPAN("One host knocked at very many ports of others, unanswered"),
			.techniques = SPAN("T1046") },
			"so many within one hour; monitoring does too", err);
	return true;
}

/* Who only asked for the name of a server: nothing more may have come of it. */
bool remote_name(struct analysis *a, const struct traffic_name *name, struct err *err)
{
	const struct traffic_row row = { .item = name->item, .what = SPAN("query"), .local = name->client,
		.name = name->name, .time = name->first, .last = name->last,
		.is_local_inside = traffic_is_inside(name->client) };

	return take_tool(a->state, &row, err);
}

bool remote_begin(struct analysis *a, struct err *err)
{
	struct remote *r = ARENA_NEW(a->arena, struct remote);

	if (!r)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	*r = (struct remote){ .a = a, .groups = map_new(a->arena), .seen = map_new(a->arena),
			      .last = &r->first };
	a->state = r;
	return true;
}

bool analyse_remote(struct analysis *a, struct err *err)
{
	struct remote *r = a->state;
	bool ok = true;

	for (const struct group *g = r->first; ok && g; g = g->next)
		ok = judge(r, g, err);
	return ok;
}
