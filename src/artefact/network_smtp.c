#include "artefact/network_flow.h"

#include "codec/json_write.h"

#define LINE_ROOM 512			/* of a line what is looked at */
#define REPLY 3

enum smtp_state { SMTP_COMMANDS, SMTP_HEADS, SMTP_BODY, SMTP_CHUNK, SMTP_SENT };

/* A mail on its way (RFC 5321, 5322; in chunks: 3030). */
struct flow_smtp {
	struct flow_smtp *next;		/* while free */
	enum smtp_state state;
	uint32_t line_len;
	bool is_broken;			/* the line's beginning was not there */
	uint64_t bytes, chunk;
	bool is_last_chunk, is_chunked;
	uint32_t recipients;		/* all of them; `to` has those that there is room for */
	timestamp time, last;
	char from[128], to[256], subject[128], files[256];
	char line[LINE_ROOM];
};

static struct flow_smtp *smtp_of(struct network_flows *f, struct flow_text *t)
{
	struct flow_smtp *s = t->smtp ? t->smtp : f->free_smtps;

	if (t->smtp)
		return s;
	if (s)
		f->free_smtps = s->next;
	else if (f->smtps_made < FLOW_SMTPS_MOST && (s = ARENA_NEW(f->arena, struct flow_smtp)))
		f->smtps_made++;
	if (s)
		memset(s, 0, sizeof *s);
	else
		f->smtps_untold += !t->is_untold;
	t->is_untold |= !s;
	return t->smtp = s;
}

/* Behind what is there, with a comma between. */
static void append(char *to, size_t room, struct span text)
{
	size_t len = strlen(to);

	if (!text.len || len + 3 >= room)
		return;
	if (len) {
		memcpy(to + len, ", ", 3);
		len += 2;
	}
	flow_keep(to + len, room - len, text);
}

/* ---- telling ---- */

static void write_detail(struct buf *to, const struct flow_smtp *s, struct span reply)
{
	struct json_write w = json_write_to(to);

	json_object(&w);
	if (*s->subject)
		json_key(&w, "subject"), json_text(&w, s->subject);
	if (*s->files)
		json_key(&w, "attachments"), json_text(&w, s->files);
	if (s->recipients > 1)
		json_key(&w, "recipients"), json_u64(&w, s->recipients);
	if (s->state != SMTP_SENT)
		json_key(&w, "status"), json_text(&w, "not at its end");
	else if (reply.len)
		json_key(&w, "status"), json_span(&w, reply);
	json_object_end(&w);
}

/* `reply`: the server's number, or empty. */
static void tell(struct network_flows *f, struct flow *flow, struct flow_smtp *s, struct span reply)
{
	struct buf local = buf_new(64), peer = buf_new(64), detail = buf_new((size_t)4 << 10);
	struct trace trace = trace_new(TRACE_TRANSFER, "mail");

	packet_end_text(&local, &flow->from);
	packet_end_text(&peer, &flow->to);
	write_detail(&detail, s, reply);
	trace.time = s->time;
	trace.last = s->last;
	trace.source = SPAN("capture");
	trace.local = buf_span(&local);
	trace.peer = buf_span(&peer);
	trace.protocol = SPAN("smtp");
	trace.user = span_text(s->from);
	trace.name = span_text(s->to);
	trace.path = span_text(*s->files ? s->files : s->subject);
	trace.bytes_out = s->bytes;
	trace.count = 1;
	trace.offset = flow->offset;
	trace.detail = buf_span(&detail);
	flow_tell_part(f, &trace);
	buf_free(&local);
	buf_free(&peer);
	buf_free(&detail);
	*s = (struct flow_smtp){ .next = NULL };
}

static bool is_under_way(const struct flow_smtp *s)
{
	return s->state != SMTP_COMMANDS || s->is_chunked;
}

void flow_end_smtp(struct network_flows *f, struct flow *flow)
{
	struct flow_smtp *s = flow->text->smtp;

	if (!s)
		return;
	if (s->state == SMTP_HEADS || s->state == SMTP_BODY)
		s->bytes += s->line_len;
	if (is_under_way(s))
		tell(f, flow, s, (struct span){ 0 });
	s->next = f->free_smtps;
	f->free_smtps = s;
	flow->text->smtp = NULL;
}

/* ---- what the client says ---- */

static bool begins_with(struct span line, struct span word)
{
	return span_eq_nocase(span_sub(line, 0, word.len), word);
}

/* "<alice@example.org> SIZE=1" */
static struct span address_of(struct span text)
{
	size_t at = span_find_byte(text, 0, '<');

	if (at == SIZE_MAX)
		return span_trim(text);
	text = span_from(text, at + 1);
	return span_split(&text, '>');
}

static void take_chunk(struct flow_smtp *s, struct span line, timestamp time)
{
	struct span size = span_split(&line, ' ');

	if (!span_to_u64(size, &s->chunk))
		return;
	s->time = s->is_chunked ? s->time : time;
	s->is_chunked = true;
	s->is_last_chunk = begins_with(span_trim(line), SPAN("LAST"));
	s->state = SMTP_CHUNK;
}

static void take_command(struct flow_smtp *s, struct span line, timestamp time)
{
	if (begins_with(line, SPAN("MAIL FROM:"))) {
		*s = (struct flow_smtp){ .time = time };
		flow_keep(s->from, sizeof s->from, address_of(span_from(line, 10)));
	} else if (begins_with(line, SPAN("RCPT TO:"))) {
		append(s->to, sizeof s->to, address_of(span_from(line, 8)));
		s->recipients++;
	} else if (begins_with(line, SPAN("DATA")) && span_trim(line).len == 4) {
		s->state = SMTP_HEADS;
		s->time = time;
		s->bytes = 0;
	} else if (begins_with(line, SPAN("BDAT "))) {
		take_chunk(s, span_from(line, 5), time);
	}
}

/* Of a part's head: "Content-Disposition: attachment; filename="x.zip"", perhaps on its second line. */
static void take_file_name(struct flow_smtp *s, struct span line)
{
	size_t at = span_find(line, 0, SPAN("filename="));
	struct span name = span_from(line, at == SIZE_MAX ? line.len : at + 9);

	if (!name.len)
		return;
	if (name.at[0] == '"') {
		name = span_from(name, 1);
		name = span_split(&name, '"');
	} else {
		name = span_split(&name, ';');
	}
	append(s->files, sizeof s->files, span_trim(name));
}

static void take_content(struct flow_smtp *s, struct span line)
{
	if (s->state == SMTP_HEADS && begins_with(line, SPAN("Subject:")) && !*s->subject)
		flow_keep(s->subject, sizeof s->subject, span_trim(span_from(line, 8)));
	if (s->state == SMTP_HEADS && !span_trim(line).len)
		s->state = SMTP_BODY;
	if (line.len && (line.at[0] == ' ' || line.at[0] == '\t' || begins_with(line, SPAN("Content-"))))
		take_file_name(s, line);
}

/* A line without its end; of one whose beginning is missing nothing can be said. */
static void take_line(struct flow_smtp *s, struct span line, size_t size, timestamp time)
{
	bool is_broken = s->is_broken;

	s->is_broken = false;
	s->last = time;
	if (s->state == SMTP_COMMANDS || s->state == SMTP_SENT) {
		if (!is_broken)
			take_command(s, span_trim(line), time);
		return;
	}
	if (!is_broken && span_eq(span_trim(line), SPAN(".")) && size <= 3) {
		s->state = SMTP_SENT;
		return;
	}
	s->bytes += size;
	if (!is_broken)
		take_content(s, line);
}

/* Of what is in chunks the names are looked for where lines lie whole in a segment. */
static struct span pass_chunk(struct flow_smtp *s, struct span bytes, timestamp time)
{
	size_t n = s->chunk < bytes.len ? (size_t)s->chunk : bytes.len;
	struct span part = span_sub(bytes, 0, n);

	s->chunk -= n;
	s->bytes += n;
	s->last = time;
	while (part.len) {
		struct span line = span_split(&part, '\n');

		if (begins_with(line, SPAN("Subject:")) && !*s->subject)
			flow_keep(s->subject, sizeof s->subject, span_trim(span_from(line, 8)));
		take_content(s, line);
	}
	if (!s->chunk)
		s->state = s->is_last_chunk ? SMTP_SENT : SMTP_COMMANDS;
	return span_from(bytes, n);
}

static void pass_missing(struct flow_smtp *s, uint64_t missing)
{
	s->is_broken = true;
	s->line_len = 0;
	if (s->state == SMTP_CHUNK) {
		s->bytes += missing < s->chunk ? missing : s->chunk;
		s->chunk -= missing < s->chunk ? missing : s->chunk;
	} else if (s->state == SMTP_HEADS || s->state == SMTP_BODY) {
		s->bytes += missing;
	}
}

/* Up to the end of the line, or of what there is. */
static struct span take_some(struct flow_smtp *s, struct span bytes, timestamp time)
{
	size_t end = span_find_byte(bytes, 0, '\n'), n = end == SIZE_MAX ? bytes.len : end + 1;
	size_t room = sizeof s->line - s->line_len, kept = n < room ? n : room;

	if (!s->line_len && end != SIZE_MAX) {
		take_line(s, span_sub(bytes, 0, end), n, time);
		return span_from(bytes, n);
	}
	if (kept)
		memcpy(s->line + s->line_len, bytes.at, kept);
	s->line_len += (uint32_t)kept;
	/* What does not fit was counted where it is content. */
	if (s->state == SMTP_HEADS || s->state == SMTP_BODY)
		s->bytes += n - kept;
	if (end != SIZE_MAX) {
		struct span line = span_of(s->line, s->line_len);

		s->line_len = 0;
		take_line(s, line, line.len, time);
	}
	return span_from(bytes, n);
}

static void take_asked(struct network_flows *f, struct flow *flow, struct flow_smtp *s, const struct packet *p,
		       timestamp time)
{
	struct span bytes = p->payload;

	if (flow->text->missing)
		pass_missing(s, flow->text->missing);
	while (bytes.len) {
		/* The next mail, before the answer to this one was seen. */
		if (s->state == SMTP_SENT)
			tell(f, flow, s, (struct span){ 0 });
		bytes = s->state == SMTP_CHUNK ? pass_chunk(s, bytes, time) : take_some(s, bytes, time);
	}
	if (p->payload_length > p->payload.len)
		pass_missing(s, p->payload_length - p->payload.len);
}

void flow_take_smtp(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		    timestamp time)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct flow_smtp *s = t ? smtp_of(f, t) : NULL;

	if (!s)
		return;
	if (direction == FLOW_OUT)
		take_asked(f, flow, s, p, time);
	else if (s->state == SMTP_SENT)
		tell(f, flow, s, span_sub(p->payload, 0, REPLY));
}
