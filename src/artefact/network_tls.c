#include "artefact/network_flow.h"

#include "formats/quic/quic.h"

/* Packets of a direction until its messages must be whole. */
#define PACKETS_MOST 16

struct flow_head *flow_head_of(struct network_flows *f, struct flow_text *t, int direction)
{
	struct flow_head *head = t->heads[direction];

	if (head)
		return head;
	head = f->free_heads;
	if (head)
		f->free_heads = head->next;
	else if (f->heads_made < FLOW_HEADS_MOST && (head = ARENA_NEW(f->arena, struct flow_head)))
		f->heads_made++;
	if (head) {
		head->len = 0;
		head->next = NULL;
	}
	return t->heads[direction] = head;
}

void flow_give_head(struct network_flows *f, struct flow_text *t, int direction)
{
	if (!t->heads[direction])
		return;
	t->heads[direction]->next = f->free_heads;
	f->free_heads = t->heads[direction];
	t->heads[direction] = NULL;
}

size_t flow_join(struct flow_head *head, struct span bytes)
{
	size_t room = sizeof head->bytes - head->len, len = bytes.len < room ? bytes.len : room;

	if (len)
		memcpy(head->bytes + head->len, bytes.at, len);
	head->len += (uint32_t)len;
	return len;
}

struct span flow_head_span(const struct flow_head *head)
{
	return span_of(head->bytes, head->len);
}

void flow_keep_tls(struct flow_text *t, const struct tls *tls)
{
	if (tls->is_client) {
		if (*tls->name)
			memcpy(t->name, tls->name, sizeof t->name);
		memcpy(t->ja3, tls->ja3, sizeof t->ja3);
		memcpy(t->ja4, tls->ja4, sizeof t->ja4);
		memcpy(t->alpn, tls->alpn, sizeof t->alpn);
		t->has_hidden_name = tls->has_hidden_name;
		if (!t->version)
			t->version = tls->version;
	}
	if (tls->is_server)
		t->version = tls->version;
	if (*tls->subject)
		flow_keep(t->subject, sizeof t->subject, span_text(tls->subject));
	if (*tls->issuer)
		flow_keep(t->issuer, sizeof t->issuer, span_text(tls->issuer));
}

void flow_take_tls(struct network_flows *f, struct flow *flow, int direction, const struct packet *p)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct span bytes = p->payload;
	enum tls_state state;
	struct tls tls;

	if (!t) {
		flow->done[direction] = true;
		return;
	}
	if (t->heads[direction]) {
		flow_join(t->heads[direction], bytes);
		bytes = flow_head_span(t->heads[direction]);
	}
	state = tls_read(bytes, &tls);
	flow_keep_tls(t, &tls);
	if (state == TLS_MORE && flow->seen[direction] < PACKETS_MOST && bytes.len < TLS_HEAD_MAX) {
		if (!t->heads[direction] && flow_head_of(f, t, direction))
			flow_join(t->heads[direction], bytes);
		return;
	}
	flow->done[direction] = true;
	flow_give_head(f, t, direction);
}

static struct quic *quic_of(struct network_flows *f, struct flow_text *t)
{
	struct quic *q = t->quic ? t->quic : f->free_quics;

	if (t->quic)
		return q;
	if (q)
		f->free_quics = q->next;
	else if (f->quics_made < FLOW_QUICS_MOST && (q = ARENA_NEW(f->arena, struct quic)))
		f->quics_made++;
	if (q)
		*q = (struct quic){ .next = NULL };
	return t->quic = q;
}

void flow_give_quic(struct network_flows *f, struct flow_text *t)
{
	if (!t->quic)
		return;
	t->quic->next = f->free_quics;
	f->free_quics = t->quic;
	t->quic = NULL;
}

void flow_take_quic(struct network_flows *f, struct flow *flow, const struct packet *p)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct quic *q = t ? quic_of(f, t) : NULL;
	enum tls_state state = TLS_WHOLE;
	struct tls tls;

	if (q) {
		state = quic_take(q, p->payload, &tls);
		flow_keep_tls(t, &tls);
	}
	if (state == TLS_MORE && ++flow->seen[FLOW_OUT] < PACKETS_MOST)
		return;
	flow->done[FLOW_OUT] = true;
	if (t)
		flow_give_quic(f, t);
}
