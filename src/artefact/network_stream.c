#include "artefact/network_flow.h"

#define PARTS 8
#define KEPT_MOST ((size_t)12 << 10)
#define HELD_MOST 512			/* directions that wait at once */
/* A SYN this far from what was expected begins another connection; no gap is so wide. */
#define ELSEWHERE (1 << 24)

/* A segment that came too early. */
struct part {
	uint32_t sequence, length;	/* as on the wire */
	uint32_t at, kept;		/* in `bytes` */
	timestamp time;
};

struct flow_held {
	struct flow_held *next;		/* while free */
	uint32_t count, len;
	struct part parts[PARTS];
	uint8_t bytes[KEPT_MOST];
};

static int32_t ahead_of(const struct flow *flow, int direction, uint32_t sequence)
{
	return (int32_t)(sequence - flow->expected[direction]);
}

static struct flow_held *held_of(struct network_flows *f, struct flow *flow, int direction)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct flow_held *held = t ? t->held[direction] : NULL;

	if (held || !t)
		return held;
	held = f->free_held;
	if (held)
		f->free_held = held->next;
	else if (f->held_made < HELD_MOST && (held = ARENA_NEW(f->arena, struct flow_held)))
		f->held_made++;
	if (held)
		held->count = held->len = 0;
	return t->held[direction] = held;
}

static void give_held(struct network_flows *f, struct flow *flow, int direction)
{
	struct flow_held *held = flow->text->held[direction];

	held->next = f->free_held;
	f->free_held = held;
	flow->text->held[direction] = NULL;
}

static bool hold(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		 timestamp time)
{
	struct flow_held *held = held_of(f, flow, direction);
	struct part *part;

	if (!held || held->count == PARTS || p->payload.len > sizeof held->bytes - held->len)
		return false;
	part = &held->parts[held->count++];
	*part = (struct part){ .sequence = p->sequence, .length = p->payload_length, .at = held->len,
			       .kept = (uint32_t)p->payload.len, .time = time };
	memcpy(held->bytes + held->len, p->payload.at, p->payload.len);
	held->len += part->kept;
	return true;
}

/* What is new of the packet, which does not begin behind what is expected. */
static void deliver(struct network_flows *f, struct flow *flow, int direction, struct packet p,
		    timestamp time)
{
	uint32_t old = (uint32_t)-ahead_of(flow, direction, p.sequence);

	if (old >= p.payload_length)
		return;
	p.sequence += old;
	p.payload_length -= old;
	p.payload = span_from(p.payload, old);
	flow->expected[direction] += p.payload_length;
	flow_take_tcp(f, flow, direction, &p, time);
	if (flow->text)
		flow->text->missing = 0;
}

/* What lies before `sequence` will not come. */
static void pass_gap(struct flow *flow, int direction, uint32_t sequence)
{
	int32_t gap = ahead_of(flow, direction, sequence);

	if (gap <= 0)
		return;
	if (flow->text && gap < ELSEWHERE)
		flow->text->missing = (uint32_t)gap;
	flow->expected[direction] = sequence;
}

/* The earliest of those that are held; SIZE_MAX: none. */
static size_t earliest(const struct flow *flow, int direction)
{
	const struct flow_held *held = flow->text->held[direction];
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < held->count; i++)
		if (best == SIZE_MAX || ahead_of(flow, direction, held->parts[i].sequence) <
						ahead_of(flow, direction, held->parts[best].sequence))
			best = i;
	return best;
}

/* Delivers what is held: all that joins on, or, where a gap will not be filled, the rest too. */
static void drain(struct network_flows *f, struct flow *flow, int direction, const struct packet *like,
		  bool over_gaps)
{
	struct flow_held *held;
	size_t at;

	while (flow->text && (held = flow->text->held[direction]) &&
	       (at = earliest(flow, direction)) != SIZE_MAX) {
		struct part part = held->parts[at];
		struct packet p = *like;

		if (ahead_of(flow, direction, part.sequence) > 0 && !over_gaps)
			return;
		pass_gap(flow, direction, part.sequence);
		held->parts[at] = held->parts[--held->count];
		p.sequence = part.sequence;
		p.payload_length = part.length;
		p.payload = span_of(held->bytes + part.at, part.kept);
		deliver(f, flow, direction, p, part.time);
	}
	if (flow->text && flow->text->held[direction])
		give_held(f, flow, direction);
}

void stream_begin(struct network_flows *f, struct flow *flow, int direction, const struct packet *p)
{
	int32_t ahead = ahead_of(flow, direction, p->sequence + 1);

	if (flow->is_begun[direction] && flow->seen[direction] && ahead > -ELSEWHERE && ahead < ELSEWHERE)
		return;
	if (flow->text && flow->text->held[direction])
		give_held(f, flow, direction);
	flow->is_begun[direction] = true;
	flow->expected[direction] = p->sequence + 1;
}

void stream_add(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		timestamp time)
{
	if (flow->done[direction])
		return;
	if (!flow->is_begun[direction]) {
		flow->is_begun[direction] = true;
		flow->expected[direction] = p->sequence;
	}
	if (ahead_of(flow, direction, p->sequence) > 0) {
		if (hold(f, flow, direction, p, time))
			return;
		drain(f, flow, direction, p, true);
		pass_gap(flow, direction, p->sequence);
	}
	deliver(f, flow, direction, *p, time);
	if (flow->text && flow->text->held[direction])
		drain(f, flow, direction, p, false);
}

void stream_end(struct network_flows *f, struct flow *flow)
{
	for (int direction = 0; direction < 2; direction++) {
		struct packet like = { .from = direction == FLOW_OUT ? flow->from : flow->to,
				       .to = direction == FLOW_OUT ? flow->to : flow->from,
				       .protocol = flow->protocol };

		if (flow->text && flow->text->held[direction])
			drain(f, flow, direction, &like, true);
	}
}
