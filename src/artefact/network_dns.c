#include "artefact/network_flow.h"

#include "formats/dns/dns.h"

static void list_addresses(struct network_flows *f, const struct dns_message *m, struct buf *to)
{
	for (uint32_t i = 0; i < m->address_count; i++) {
		struct packet_end end = { .port = 0 };

		memcpy(end.address, m->addresses[i], 16);
		buf_text(to, i ? ", " : "");
		packet_end_text(to, &end);
		addresses_learn(f, m->addresses[i], m->name, "dns");
	}
}

void flow_take_dns(struct network_flows *f, struct flow *flow, const struct packet *p, struct span bytes,
		   timestamp time)
{
	struct buf client = buf_new(64), server = buf_new(64), answers = buf_new(512);
	struct packet_end from = p->from, to = p->to;
	struct dns_message m;
	char room[12];

	if (dns_read(bytes, &m)) {
		struct network_name name = { .time = time, .name = m.name, .is_answer = m.is_answer,
			.type = span_text(dns_type_name(m.type, room)),
			.is_missing = m.is_answer && m.code == 3,
			.bytes_out = m.is_answer ? 0 : bytes.len,
			.bytes_in = m.is_answer ? bytes.len : 0 };

		flow->application = "dns";
		from.port = to.port = 0;
		packet_end_text(&client, m.is_answer ? &to : &from);
		packet_end_text(&server, m.is_answer ? &from : &to);
		list_addresses(f, &m, &answers);
		name.client = buf_span(&client);
		name.server = buf_span(&server);
		name.answers = buf_span(&answers);
		network_names_add(f->names, &name);
	}
	buf_free(&client);
	buf_free(&server);
	buf_free(&answers);
}

/*
 * The messages that lie whole in `bytes`, each with its length in front; how many bytes they
 * take. Of one longer than can be kept what is there is told, the rest is counted in *skip.
 */
static size_t take_messages(struct network_flows *f, struct flow *flow, const struct packet *p,
			    struct span bytes, timestamp time, uint32_t *skip)
{
	struct cursor c = cursor_of(bytes);

	while (cursor_left(&c) >= 2) {
		size_t begin = c.at, len = cursor_u16be(&c), there = cursor_left(&c);

		if (len > there && bytes.len - begin < TLS_HEAD_MAX)
			return begin;
		flow_take_dns(f, flow, p, cursor_take(&c, len < there ? len : there), time);
		*skip = len > there ? (uint32_t)(len - there) : 0;
	}
	return c.at;
}

/* Drops what was taken off the beginning. */
static void shift(struct flow_head *head, size_t taken)
{
	head->len -= (uint32_t)taken;
	memmove(head->bytes, head->bytes + taken, head->len);
}

void flow_take_dns_tcp(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		       timestamp time)
{
	struct flow_text *t = flow_text_of(f, flow);
	uint32_t *skip = t ? &t->skip[direction] : NULL;
	struct span bytes = p->payload;
	size_t n;

	if (t && t->missing)
		*skip = *skip > t->missing ? *skip - t->missing : 0;
	while (t && bytes.len) {
		n = *skip < bytes.len ? *skip : bytes.len;
		*skip -= (uint32_t)n;
		bytes = span_from(bytes, n);
		if (!t->heads[direction])
			bytes = span_from(bytes, take_messages(f, flow, p, bytes, time, skip));
		if (!bytes.len || !flow_head_of(f, t, direction))
			return;
		bytes = span_from(bytes, flow_join(t->heads[direction], bytes));
		n = take_messages(f, flow, p, flow_head_span(t->heads[direction]), time, skip);
		shift(t->heads[direction], n);
		if (!t->heads[direction]->len)
			flow_give_head(f, t, direction);
	}
}
