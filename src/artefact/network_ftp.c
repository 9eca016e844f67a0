#include "artefact/network_flow.h"

#define EXPECTED 256			/* connections for data that are awaited; the oldest gives way */
#define LINES_MOST 64			/* of one segment */

/* A connection that an end of FTP's conversation announced, and what goes through it. */
struct flow_ftp {
	bool is_awaited;
	uint16_t port;
	uint8_t address[16], other[16];	/* as announced; as the announcing end really has */
	uint8_t client[16];
	bool is_stored;			/* the client sends */
	char path[384], user[64];
};

static struct flow_ftp *current(struct network_flows *f, const struct flow *flow)
{
	return flow->text && flow->text->ftp ? &f->ftp[flow->text->ftp - 1] : NULL;
}

static void await(struct network_flows *f, struct flow *flow, const struct packet_end *by, const uint8_t address[16],
		  uint16_t port)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct flow_ftp *e;

	if (!f->ftp)
		f->ftp = ARENA_ARRAY(f->arena, EXPECTED, struct flow_ftp);
	if (!t || !f->ftp || !port)
		return;
	t->ftp = f->ftp_next++ % EXPECTED + 1;
	e = current(f, flow);
	*e = (struct flow_ftp){ .is_awaited = true, .port = port };
	memcpy(e->address, address, 16);
	memcpy(e->other, by->address, 16);
	memcpy(e->client, flow->from.address, 16);
}

/* "10,1,0,9,195,203" */
static void take_six(struct network_flows *f, struct flow *flow, const struct packet_end *by, struct span text)
{
	uint8_t address[16] = { [10] = 0xff, [11] = 0xff };
	uint64_t n[6];

	for (int i = 0; i < 6; i++) {
		struct span digits = span_split(&text, ',');
		size_t len = 0;

		while (len < digits.len && digits.at[len] >= '0' && digits.at[len] <= '9')
			len++;
		if (!span_to_u64(span_sub(digits, 0, len), &n[i]) || n[i] > UINT8_MAX)
			return;
	}
	for (int i = 0; i < 4; i++)
		address[12 + i] = (uint8_t)n[i];
	await(f, flow, by, address, (uint16_t)(n[4] << 8 | n[5]));
}

/* "|1|10.1.0.5|50123|", "|||50123|" (RFC 2428): the address is the one that speaks. */
static void take_bars(struct network_flows *f, struct flow *flow, const struct packet_end *by, struct span text)
{
	uint64_t port;

	for (int i = 0; i < 3; i++)
		span_split(&text, '|');
	if (span_to_u64(span_split(&text, '|'), &port) && port <= UINT16_MAX)
		await(f, flow, by, by->address, (uint16_t)port);
}

static void keep_file(struct network_flows *f, struct flow *flow, struct span name, bool is_stored)
{
	struct flow_ftp *e = current(f, flow);

	if (is_stored) {
		flow->text->uploads++;
		flow_keep(flow->text->method, sizeof flow->text->method, SPAN("STOR"));
		flow_keep(flow->text->uri, sizeof flow->text->uri, name);
	}
	if (!e)
		return;
	e->is_stored = is_stored;
	flow_keep(e->path, sizeof e->path, name);
	memcpy(e->user, flow->text->user, sizeof e->user);
}

static void take_asked(struct network_flows *f, struct flow *flow, struct span line)
{
	struct span word = span_split(&line, ' ');

	if (span_eq_nocase(word, SPAN("USER")))
		flow_keep(flow->text->user, sizeof flow->text->user, line);
	else if (span_eq_nocase(word, SPAN("PORT")))
		take_six(f, flow, &flow->from, line);
	else if (span_eq_nocase(word, SPAN("EPRT")))
		take_bars(f, flow, &flow->from, line);
	else if (span_eq_nocase(word, SPAN("STOR")) || span_eq_nocase(word, SPAN("APPE")) ||
		 span_eq_nocase(word, SPAN("STOU")))
		keep_file(f, flow, line, true);
	else if (span_eq_nocase(word, SPAN("RETR")))
		keep_file(f, flow, line, false);
}

static void take_answered(struct network_flows *f, struct flow *flow, struct span line)
{
	size_t at = span_find_byte(line, 0, '(');

	if (at == SIZE_MAX)
		return;
	if (span_starts(line, SPAN("227 ")))
		take_six(f, flow, &flow->to, span_from(line, at + 1));
	else if (span_starts(line, SPAN("229 ")))
		take_bars(f, flow, &flow->to, span_from(line, at + 1));
}

void flow_take_ftp(struct network_flows *f, struct flow *flow, int direction, struct span bytes)
{
	if (!flow_text_of(f, flow))
		return;
	for (unsigned i = 0; i < LINES_MOST && bytes.len; i++) {
		struct span line = span_trim(span_split(&bytes, '\n'));

		if (direction == FLOW_OUT)
			take_asked(f, flow, line);
		else
			take_answered(f, flow, line);
	}
}

void flow_expect_ftp(struct network_flows *f, struct flow *flow)
{
	for (uint32_t i = 0; f->ftp && i < EXPECTED; i++) {
		struct flow_ftp *e = &f->ftp[i];

		if (!e->is_awaited || e->port != flow->to.port ||
		    (memcmp(e->address, flow->to.address, 16) != 0 && memcmp(e->other, flow->to.address, 16) != 0) ||
		    !flow_text_of(f, flow))
			continue;
		e->is_awaited = false;
		flow->application = "ftp-data";
		flow->text->ftp = i + 1;
		flow->done[0] = flow->done[1] = true;
		return;
	}
}

void flow_end_ftp(struct network_flows *f, struct flow *flow)
{
	struct flow_ftp *e = current(f, flow);
	int sender;

	if (!e || !flow->application || strcmp(flow->application, "ftp-data") != 0)
		return;
	memcpy(flow->text->uri, e->path, sizeof e->path);
	memcpy(flow->text->user, e->user, sizeof e->user);
	sender = memcmp(e->client, flow->from.address, 16) ? FLOW_IN : FLOW_OUT;
	if (e->is_stored)
		flow_tell_upload(f, flow, &(struct flow_upload){ .path = span_text(e->path), .time = flow->first,
								  .sender = sender, .bytes = flow->bytes[sender] });
}
