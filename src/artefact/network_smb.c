#include "artefact/network_flow.h"

#include "base/domain.h"
#include "base/utf8.h"
#include "codec/json_write.h"
#include "formats/ntlm/ntlm.h"
#include "formats/smb/smb.h"

#include <stdio.h>

#define SESSIONS 8
#define TREES 16
#define FILES 64			/* open at once; of more the oldest is told */
#define WAITS 128			/* questions whose answer did not come yet */

struct session {
	uint64_t id;			/* 0: free */
	char user[128], machine[64];
	timestamp time;
};

struct tree {
	uint32_t id;
	bool is_used;
	char path[160];			/* "\\server\share" */
};

struct file {
	uint32_t serial;		/* another for each that takes the place; 0: free */
	bool is_open, is_known;		/* it has its number; its opening was seen */
	bool is_deleted;		/* when it is closed */
	struct smb_file_id id;
	uint64_t written, read;
	timestamp first, last;
	char path[384], next_path[384];	/* what it is to be called */
	char user[128];
};

/* A question, and what it is about. */
struct wait {
	bool is_used;
	enum smb_kind kind;
	uint64_t id;
	uint32_t place, serial;
};

struct flow_smb {
	struct flow_smb *next;		/* while free */
	struct smb ways[2];
	bool is_begun[2], is_lost[2];
	uint32_t expected[2];		/* the sequence of the next byte */
	struct session sessions[SESSIONS];
	struct tree trees[TREES];
	struct file files[FILES];
	struct wait waits[WAITS];
	uint32_t next_session, next_tree, next_file, next_wait, serial;
	struct file *current[2];	/* whose bytes pass; NULL: nobody's */
	struct file *last[2];		/* of the message before, in the same frame */
	int client;			/* the direction that asks */
};

struct taking {
	struct network_flows *f;
	struct flow *flow;
	struct flow_smb *h;
	int direction;
	timestamp time;
};

/* ---- telling ---- */

static struct trace trace_of(const struct taking *t, enum trace_kind kind, const char *what, struct buf *local,
			     struct buf *peer)
{
	struct trace trace = trace_new(kind, what);
	bool is_out = t->h->client == FLOW_OUT;

	packet_end_text(local, is_out ? &t->flow->from : &t->flow->to);
	packet_end_text(peer, is_out ? &t->flow->to : &t->flow->from);
	trace.time = trace.last = t->time;
	trace.source = SPAN("capture");
	trace.local = buf_span(local);
	trace.peer = buf_span(peer);
	trace.protocol = SPAN("smb");
	trace.offset = t->flow->offset;
	return trace;
}

static bool is_pipe(const struct file *file)
{
	return span_has_any(span_text(file->path), "\\IPC$\\");
}

/* A file that was written or read, or a pipe: who asked for a service of the machine. */
static void tell_file(struct taking *t, const struct file *file)
{
	struct buf local = buf_new(64), peer = buf_new(64);
	struct trace trace = trace_of(t, TRACE_TRANSFER, file->written ? "upload" : "download", &local, &peer);

	if (is_pipe(file))
		trace.what = SPAN("session");
	if (file->written) {
		t->flow->text->uploads++;
		t->flow->text->upload_bytes += file->written;
	}
	trace.time = file->first;
	trace.last = file->last;
	trace.user = span_text(file->user);
	trace.path = span_text(file->path);
	trace.bytes_out = file->written;
	trace.bytes_in = file->read;
	trace.count = 1;
	trace.detail = file->is_known ? (struct span){ 0 } : SPAN("{\"name\":\"opened before the capture\"}");
	if (file->written || file->read || is_pipe(file))
		flow_tell_part(t->f, &trace);
	buf_free(&local);
	buf_free(&peer);
}

static void tell_change(struct taking *t, const struct file *file, const char *what)
{
	struct buf local = buf_new(64), peer = buf_new(64);
	struct trace trace = trace_of(t, TRACE_FILE, what, &local, &peer);

	trace.user = span_text(file->user);
	trace.path = span_text(*file->next_path ? file->next_path : file->path);
	trace.name = *file->next_path ? span_text(file->path) : (struct span){ 0 };
	flow_tell_part(t->f, &trace);
	buf_free(&local);
	buf_free(&peer);
}

static void tell_logon(struct taking *t, const struct session *s, uint32_t status)
{
	struct buf local = buf_new(64), peer = buf_new(64), detail = buf_new(512);
	struct trace trace = trace_of(t, TRACE_TRANSFER, "session", &local, &peer);
	struct json_write w = json_write_to(&detail);
	char code[12];

	snprintf(code, sizeof code, "0x%08x", (unsigned)status);
	json_object(&w);
	json_key(&w, "status"), json_text(&w, status ? code : "logged on");
	if (*s->machine)
		json_key(&w, "software"), json_text(&w, s->machine);
	json_object_end(&w);
	trace.user = span_text(s->user);
	trace.time = s->time;
	trace.detail = buf_span(&detail);
	flow_tell_part(t->f, &trace);
	buf_free(&local);
	buf_free(&peer);
	buf_free(&detail);
}

/* ---- what is open ---- */

static void drop_file(struct taking *t, struct file *file)
{
	for (int i = 0; i < 2; i++) {
		t->h->current[i] = t->h->current[i] == file ? NULL : t->h->current[i];
		t->h->last[i] = t->h->last[i] == file ? NULL : t->h->last[i];
	}
	file->serial = 0;
}

static void end_file(struct taking *t, struct file *file)
{
	if (!file->serial)
		return;
	tell_file(t, file);
	drop_file(t, file);
}

static struct file *new_file(struct taking *t)
{
	struct flow_smb *h = t->h;
	struct file *file = &h->files[h->next_file++ % FILES];

	for (size_t i = 0; i < FILES && file->serial; i++)
		if (!h->files[i].serial)
			file = &h->files[i];
	end_file(t, file);
	*file = (struct file){ .serial = ++h->serial, .first = t->time, .last = t->time };
	return file;
}

static const struct tree *tree_of(const struct flow_smb *h, uint32_t id)
{
	for (size_t i = 0; i < TREES; i++)
		if (h->trees[i].is_used && h->trees[i].id == id)
			return &h->trees[i];
	return NULL;
}

static const struct session *session_of(const struct flow_smb *h, uint64_t id)
{
	for (size_t i = 0; i < SESSIONS; i++)
		if (id && h->sessions[i].id == id)
			return &h->sessions[i];
	return NULL;
}

static void add_name(struct buf *to, const struct smb_message *m, struct span name)
{
	uint8_t room[SMB_HEAD * 2];

	if (m->is_unicode)
		name = span_of(room, utf8_of_utf16le(room, span_sub(name, 0, SMB_HEAD)));
	/* Some end it with a zero. */
	buf_add(to, span_split(&name, 0));
}

/* "\\server\share\folder\name" */
static void keep_path(const struct taking *t, char to[384], const struct smb_message *m, struct span name)
{
	const struct tree *tree = tree_of(t->h, m->tree);
	struct buf path = buf_new((size_t)3 * SMB_HEAD);

	if (tree)
		buf_text(&path, tree->path);
	/* SMB 1 has it in front of names. */
	if (name.len && name.at[0] != '\\')
		buf_add_u8(&path, '\\');
	add_name(&path, m, name);
	flow_keep(to, 384, buf_span(&path));
	buf_free(&path);
}

static void keep_user(const struct taking *t, struct file *file, const struct smb_message *m)
{
	const struct session *s = session_of(t->h, m->session);

	if (s)
		memcpy(file->user, s->user, sizeof file->user);
}

/* The one with that number; of a number that was not seen being given, one that has no name. */
static struct file *file_of(struct taking *t, const struct smb_message *m)
{
	bool is_before = m->is_related && (m->is_old || (m->file.a == UINT64_MAX && m->file.b == UINT64_MAX));
	struct file *file;

	if (is_before && t->h->last[t->direction])
		return t->h->last[t->direction];
	for (size_t i = 0; i < FILES; i++) {
		file = &t->h->files[i];
		if (file->serial && file->is_open && file->id.a == m->file.a && file->id.b == m->file.b)
			return file;
	}
	file = new_file(t);
	file->is_open = true;
	file->id = m->file;
	keep_path(t, file->path, m, (struct span){ 0 });
	keep_user(t, file, m);
	return file;
}

/* ---- questions ---- */

static struct wait *wait_for(struct taking *t, const struct smb_message *m, uint32_t place, uint32_t serial)
{
	struct wait *w = &t->h->waits[t->h->next_wait++ % WAITS];

	*w = (struct wait){ true, m->kind, m->id, place, serial };
	return w;
}

static void wait_for_file(struct taking *t, const struct smb_message *m, struct file *file)
{
	wait_for(t, m, (uint32_t)(file - t->h->files), file->serial);
	t->h->last[t->direction] = file;
}

static void ask_logon(struct taking *t, const struct smb_message *m)
{
	struct flow_text *text = t->flow->text;
	struct session *s = &t->h->sessions[t->h->next_session % SESSIONS];
	struct buf user = buf_new(1024);
	struct ntlm ntlm;

	if (ntlm_read(m->token, &ntlm) && !ntlm.is_challenge) {
		buf_printf(&user, *ntlm.domain ? "%s\\%s" : "%s%s", ntlm.domain, ntlm.user);
	} else if (m->name.len) {
		ntlm = (struct ntlm){ .is_challenge = false };
		add_name(&user, m, m->other);
		buf_text(&user, m->other.len ? "\\" : "");
		add_name(&user, m, m->name);
	}
	if (buf_span(&user).len) {
		*s = (struct session){ .id = m->session, .time = t->time };
		flow_keep(s->user, sizeof s->user, buf_span(&user));
		flow_keep(s->machine, sizeof s->machine, span_text(ntlm.machine));
		flow_keep(text->user, sizeof text->user, buf_span(&user));
		wait_for(t, m, t->h->next_session++ % SESSIONS, 0);
	}
	buf_free(&user);
}

/* "\\server\share": what is asked for is what the flow is called, as a name of TLS is. */
static void ask_tree(struct taking *t, const struct smb_message *m)
{
	struct flow_text *text = t->flow->text;
	uint32_t place = t->h->next_tree++ % TREES;
	struct tree *tree = &t->h->trees[place];
	struct buf path = buf_new((size_t)3 * SMB_HEAD);
	struct span rest, server;

	*tree = (struct tree){ .is_used = false };
	add_name(&path, m, m->name);
	flow_keep(tree->path, sizeof tree->path, buf_span(&path));
	rest = span_from(span_text(tree->path), 2);
	server = span_split(&rest, '\\');
	/* The first that holds files. */
	if (!*text->uri || span_ends(span_text(text->uri), SPAN("\\IPC$")))
		flow_keep(text->uri, sizeof text->uri, span_text(tree->path));
	if (span_starts(span_text(tree->path), SPAN("\\\\")) && !*text->name && !domain_is_address(server))
		flow_keep(text->name, sizeof text->name, server);
	wait_for(t, m, place, 0);
	buf_free(&path);
}

static void ask_open(struct taking *t, const struct smb_message *m)
{
	struct file *file = new_file(t);

	file->is_known = true;
	file->is_deleted = m->deletes;
	keep_path(t, file->path, m, m->name);
	keep_user(t, file, m);
	wait_for_file(t, m, file);
}

/* Of SMB 1 the names stand in the question, and nothing is open. */
static void ask_change(struct taking *t, const struct smb_message *m)
{
	struct file *file = m->is_old ? new_file(t) : file_of(t, m);

	if (m->is_old) {
		file->is_known = true;
		keep_user(t, file, m);
		keep_path(t, file->path, m, m->kind == SMB_RENAME ? m->other : m->name);
	}
	if (m->kind == SMB_RENAME)
		keep_path(t, file->next_path, m, m->name);
	wait_for_file(t, m, file);
}

static void ask(struct taking *t, const struct smb_message *m)
{
	struct file *file;

	switch (m->kind) {
	case SMB_LOGON:
		ask_logon(t, m);
		break;
	case SMB_TREE:
		ask_tree(t, m);
		break;
	case SMB_OPEN:
		ask_open(t, m);
		break;
	case SMB_WRITE:
		file = file_of(t, m);
		t->h->current[t->direction] = t->h->last[t->direction] = file;
		break;
	case SMB_READ:
	case SMB_CLOSE:
		wait_for_file(t, m, file_of(t, m));
		break;
	case SMB_RENAME:
	case SMB_DELETE:
		ask_change(t, m);
		break;
	default:
		break;
	}
}

/* ---- answers ---- */

static struct wait *wait_of(struct flow_smb *h, uint64_t id, enum smb_kind kind, bool any_kind)
{
	for (size_t i = 0; i < WAITS; i++)
		if (h->waits[i].is_used && h->waits[i].id == id && (any_kind || h->waits[i].kind == kind))
			return &h->waits[i];
	return NULL;
}

static void opened(struct taking *t, struct file *file, const struct smb_message *m)
{
	if (m->status) {
		drop_file(t, file);
		return;
	}
	file->is_open = true;
	file->id = m->file;
}

static void changed(struct taking *t, struct file *file, const struct smb_message *m, enum smb_kind kind)
{
	if (!m->status && kind == SMB_DELETE)
		file->is_deleted = true;
	if (!m->status && kind == SMB_RENAME) {
		tell_change(t, file, "renamed");
		memcpy(file->path, file->next_path, sizeof file->path);
	}
	*file->next_path = 0;
	if (!m->is_old)
		return;
	if (file->is_deleted)
		tell_change(t, file, "deleted");
	drop_file(t, file);
}

static void answer_file(struct taking *t, struct file *file, const struct smb_message *m, enum smb_kind kind)
{
	switch (kind) {
	case SMB_OPEN:
		opened(t, file, m);
		break;
	case SMB_READ:
		t->h->current[t->direction] = file;
		break;
	case SMB_CLOSE:
		if (file->is_deleted)
			tell_change(t, file, "deleted");
		end_file(t, file);
		break;
	case SMB_RENAME:
	case SMB_DELETE:
		changed(t, file, m, kind);
		break;
	default:
		break;
	}
}

static void answer(struct taking *t, const struct smb_message *m)
{
	struct wait *w = wait_of(t->h, m->id, m->kind, m->kind == SMB_OTHER);
	struct wait was;
	struct ntlm ntlm;

	if (m->kind == SMB_LOGON && ntlm_read(m->token, &ntlm) && ntlm.is_challenge)
		flow_keep(t->flow->text->software, sizeof t->flow->text->software, span_text(ntlm.machine));
	if (m->status == SMB_STATUS_PENDING)
		return;
	if (!w) {
		/* The question was not seen: nobody knows of which file. */
		if (m->kind == SMB_READ && !m->status)
			t->h->current[t->direction] = file_of(t, &(struct smb_message){
				.file = { UINT64_MAX - 1, 0 }, .tree = m->tree, .session = m->session, .is_old = m->is_old });
		return;
	}
	was = *w;
	w->is_used = false;
	if (was.kind == SMB_LOGON) {
		if (m->status == SMB_STATUS_MORE)
			return;
		tell_logon(t, &t->h->sessions[was.place], m->status);
		t->h->sessions[was.place].id = m->status ? 0 : m->session;
	} else if (was.kind == SMB_TREE) {
		t->h->trees[was.place].is_used = !m->status;
		t->h->trees[was.place].id = m->tree;
	} else if (t->h->files[was.place].serial == was.serial) {
		answer_file(t, &t->h->files[was.place], m, was.kind);
	}
}

/* ---- the stream ---- */

static void take_message(void *context, const struct smb_message *m)
{
	struct taking *t = context;
	struct flow_text *text = t->flow->text;

	t->h->current[t->direction] = NULL;
	if (m->kind == SMB_ENCRYPTED || m->kind == SMB_COMPRESSED) {
		text->unread = m->kind == SMB_ENCRYPTED ? "encrypted" : "compressed";
		return;
	}
	if (!m->is_related)
		t->h->last[t->direction] = NULL;
	t->h->client = m->is_answer ? !t->direction : t->direction;
	if (m->is_answer)
		answer(t, m);
	else
		ask(t, m);
}

static void take_data(void *context, uint64_t bytes)
{
	struct taking *t = context;
	struct file *file = t->h->current[t->direction];

	if (!file)
		return;
	*(t->direction == t->h->client ? &file->written : &file->read) += bytes;
	if (t->time != TIME_NONE && (file->last == TIME_NONE || t->time > file->last))
		file->last = t->time;
}

bool flow_begin_smb(struct network_flows *f, struct flow *flow, const struct packet *p)
{
	struct flow_text *t = smb_begins(p->payload) ? flow_text_of(f, flow) : NULL;
	struct flow_smb *h = t ? f->free_smbs : NULL;

	if (h)
		f->free_smbs = h->next;
	else if (t && f->smbs_made < FLOW_SMBS_MOST && (h = ARENA_NEW(f->arena, struct flow_smb)))
		f->smbs_made++;
	if (!h) {
		f->smbs_untold += t != NULL;
		flow->application = t ? "smb" : flow->application;
		return false;
	}
	memset(h, 0, sizeof *h);
	/* Each direction goes on where a segment begins with a message. */
	h->is_lost[0] = h->is_lost[1] = true;
	flow->application = "smb";
	t->smb = h;
	return true;
}

void flow_take_smb(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		   timestamp time)
{
	struct flow_smb *h = flow->text->smb;
	struct taking t = { f, flow, h, direction, time };
	struct smb_events events = { take_message, take_data, &t };
	struct smb *way = &h->ways[direction];
	bool *is_lost = &h->is_lost[direction];

	if (!*is_lost && p->sequence != h->expected[direction])
		*is_lost = !smb_skip(way, p->sequence - h->expected[direction], &events);
	if (*is_lost && smb_begins(p->payload)) {
		smb_begin(way);
		*is_lost = false;
	}
	h->expected[direction] = p->sequence + p->payload_length;
	if (!*is_lost)
		*is_lost = !smb_feed(way, p->payload, &events) ||
			   !smb_skip(way, p->payload_length - p->payload.len, &events);
	/* What was before the first message of a direction is none of ours. */
	if (*is_lost && h->is_begun[direction])
		flow->text->unread = "not all there";
	h->is_begun[direction] |= !*is_lost;
}

void flow_end_smb(struct network_flows *f, struct flow *flow)
{
	struct flow_smb *h = flow->text->smb;
	struct taking t = { f, flow, h, FLOW_OUT, flow->last };

	for (size_t i = 0; h && i < FILES; i++)
		end_file(&t, &h->files[i]);
	if (!h)
		return;
	h->next = f->free_smbs;
	f->free_smbs = h;
	flow->text->smb = NULL;
}
