#include "artefact/network_flow.h"

#define RECENT 8192
/* Two places at which the same datagram passes are not further apart. */
#define MOMENT (TIME_SECOND / 100)
#define ENDS 32				/* bytes compared at either end */

/* One met lately; another whose key falls on its place takes it. */
struct flow_packet {
	uint64_t key;
	timestamp time;
};

bool repeats_new(struct network_flows *f)
{
	f->recent = ARENA_ARRAY(f->arena, RECENT, struct flow_packet);
	return f->recent;
}

static uint64_t key_of(const struct network_flows *f, const struct flow *flow, int direction, const struct packet *p)
{
	uint64_t conversation = flow_mix((uint64_t)(flow - f->flows) << 1 | (unsigned)direction, flow->offset, f->seed);
	struct span tail = span_from(p->payload, p->payload.len < ENDS ? 0 : p->payload.len - ENDS);

	if (p->is_fragment)
		return flow_mix(conversation, (uint64_t)p->fragment_id << 32 | p->fragment_at << 16 | p->payload_length, f->seed);
	if (p->protocol == PROTOCOL_TCP)
		return flow_mix(conversation, (uint64_t)p->sequence << 32 | p->payload_length, f->seed);
	/* One that is sent anew has another number, but for IPv6 and who numbers none. */
	conversation = flow_mix(conversation, (uint64_t)p->fragment_id << 48 | (uint64_t)p->checksum << 32 | p->payload_length,
				f->seed);
	return flow_mix(flow_mix(conversation, map_hash(f->seed, span_sub(p->payload, 0, ENDS)), f->seed),
		   map_hash(f->seed, tail), f->seed);
}

bool repeats_has(struct network_flows *f, const struct flow *flow, int direction, const struct packet *p,
		 timestamp time)
{
	struct flow_packet *recent;
	bool is_repeated;
	uint64_t key;

	if (!p->is_fragment && p->protocol != PROTOCOL_TCP && (p->protocol != PROTOCOL_UDP || !p->checksum))
		return false;
	key = key_of(f, flow, direction, p);
	recent = &f->recent[key % RECENT];
	is_repeated = recent->key == key;
	/* A datagram may well say the same later; a byte of a stream has its number. */
	if (is_repeated && (p->is_fragment || p->protocol == PROTOCOL_UDP))
		is_repeated = time != TIME_NONE && recent->time != TIME_NONE && time >= recent->time &&
			      time - recent->time <= MOMENT;
	*recent = (struct flow_packet){ key, time };
	return is_repeated;
}
