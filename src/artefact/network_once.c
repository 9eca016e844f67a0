#include "artefact/network_flow.h"

#define HOLES 12
#define HOLES_MOST 2048			/* directions with holes at once */
/* Nothing that is sent lies further ahead: the window is no larger (RFC 7323). */
#define ELSEWHERE ((int32_t)1 << 30)

struct hole {
	uint32_t from, to;
};

/* What was not there yet, between what was, in the order of the stream. */
struct flow_holes {
	struct flow_holes *next;	/* while free */
	uint32_t count;
	struct hole at[HOLES];
};

static int32_t ahead(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static struct flow_holes *holes_of(struct network_flows *f, struct flow *flow, int direction)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct flow_holes *h = t ? t->holes[direction] : NULL;

	if (h || !t)
		return h;
	h = f->free_holes;
	if (h)
		f->free_holes = h->next;
	else if (f->holes_made < HOLES_MOST && (h = ARENA_NEW(f->arena, struct flow_holes)))
		f->holes_made++;
	if (h)
		h->count = 0;
	return t->holes[direction] = h;
}

void flow_give_holes(struct network_flows *f, struct flow_text *t, int direction)
{
	if (!t->holes[direction])
		return;
	t->holes[direction]->next = f->free_holes;
	f->free_holes = t->holes[direction];
	t->holes[direction] = NULL;
}

static void begin_at(struct network_flows *f, struct flow *flow, int direction, uint32_t sequence, bool is_known)
{
	struct flow_counted *c = &flow->counted[direction];

	*c = (struct flow_counted){ .from = sequence, .to = sequence, .is_begun = true, .is_from_known = is_known };
	if (flow->text)
		flow_give_holes(f, flow->text, direction);
}

/* Of a gap that cannot be kept, what is before it is no longer known byte by byte. */
static void forget_before(struct flow_counted *c, uint32_t sequence)
{
	c->from = sequence;
	c->is_from_known = false;
}

static void add_hole(struct network_flows *f, struct flow *flow, int direction, uint32_t to)
{
	struct flow_counted *c = &flow->counted[direction];
	struct flow_holes *h = holes_of(f, flow, direction);

	if (!h) {
		forget_before(c, to);
		return;
	}
	if (h->count == HOLES) {
		forget_before(c, h->at[0].to);
		memmove(h->at, h->at + 1, --h->count * sizeof *h->at);
	}
	h->at[h->count++] = (struct hole){ c->to, to };
}

/* What of the hole is left, which `from` to `to` fills: none, one or two. */
static size_t left_of(struct hole hole, uint32_t from, uint32_t to, struct hole left[2])
{
	size_t n = 0;

	if (ahead(from, hole.from) > 0)
		left[n++] = (struct hole){ hole.from, from };
	if (ahead(hole.to, to) > 0)
		left[n++] = (struct hole){ to, hole.to };
	return n;
}

/* Bytes of holes that are filled. */
static uint32_t fill(struct flow_counted *c, struct flow_holes *h, uint32_t from, uint32_t to)
{
	struct hole kept[HOLES + 1], left[2];
	uint32_t filled = 0, count = 0, first = 0;

	for (uint32_t i = 0; i < h->count; i++) {
		struct hole hole = h->at[i];
		uint32_t begin = ahead(from, hole.from) > 0 ? from : hole.from;
		uint32_t end = ahead(to, hole.to) < 0 ? to : hole.to;
		size_t n;

		if (ahead(end, begin) <= 0) {
			kept[count++] = hole;
			continue;
		}
		n = left_of(hole, begin, end, left);
		filled += end - begin;
		for (size_t k = 0; k < n; k++)
			kept[count++] = left[k];
	}
	/* One of them can have come apart. */
	if (count > HOLES)
		forget_before(c, kept[first++].to);
	h->count = count - first;
	memcpy(h->at, kept + first, h->count * sizeof *kept);
	return filled;
}

void flow_count_from(struct network_flows *f, struct flow *flow, int direction, uint32_t sequence)
{
	struct flow_counted *c = &flow->counted[direction];
	int32_t distance = ahead(sequence, c->from);

	if (!c->is_begun || distance >= ELSEWHERE || distance <= -ELSEWHERE || c->from == c->to)
		begin_at(f, flow, direction, sequence, true);
}

/* Of what lies before all that is followed. */
static uint32_t count_before(struct network_flows *f, const struct flow *flow, int direction, const struct packet *p,
			     uint32_t bytes, timestamp time)
{
	return flow->counted[direction].is_from_known || repeats_has(f, flow, direction, p, time) ? 0 : bytes;
}

uint32_t flow_count_once(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
			 timestamp time)
{
	struct flow_counted *c = &flow->counted[direction];
	uint32_t from = p->sequence, to = from + p->payload_length, fresh = 0;
	int32_t distance = ahead(from, c->to);

	if (!c->is_begun || distance >= ELSEWHERE || distance <= -ELSEWHERE) {
		begin_at(f, flow, direction, from, false);
		distance = 0;
	}
	if (distance > 0)
		add_hole(f, flow, direction, from);
	if (distance >= 0) {
		c->to = to;
		if (ahead(to, c->from) >= ELSEWHERE)
			c->from = to - ELSEWHERE;
		return p->payload_length;
	}
	if (ahead(from, c->from) < 0) {
		uint32_t before = ahead(to, c->from) < 0 ? p->payload_length : c->from - from;

		fresh += count_before(f, flow, direction, p, before, time);
	}
	if (ahead(to, c->to) > 0) {
		fresh += to - c->to;
		c->to = to;
	}
	if (flow->text && flow->text->holes[direction])
		fresh += fill(c, flow->text->holes[direction], from, to);
	return fresh;
}
