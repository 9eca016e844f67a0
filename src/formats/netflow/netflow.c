#include "formats/netflow/netflow.h"

enum { SET_TEMPLATE_9 = 0, SET_TEMPLATE_10 = 2, SET_DATA = 256 };
enum { FIELD_BYTES = 1, FIELD_PACKETS = 2, FIELD_PROTOCOL = 4, FIELD_FLAGS = 6, FIELD_FROM_PORT = 7,
       FIELD_FROM = 8, FIELD_TO_PORT = 11, FIELD_TO = 12, FIELD_LAST_UP = 21, FIELD_FIRST_UP = 22,
       FIELD_FROM6 = 27, FIELD_TO6 = 28, FIELD_FIRST_S = 150, FIELD_LAST_S = 151,
       FIELD_FIRST_MS = 152, FIELD_LAST_MS = 153 };
#define REVERSE (29305u << 16)		/* the enterprise of RFC 5103 */
#define VARIABLE 65535

struct header {
	uint16_t version;
	uint32_t up;			/* milliseconds since the exporter started */
	int64_t now;			/* seconds since 1970 */
	uint32_t nanoseconds, domain;
};

static void map_address(uint8_t out[16], struct span v4)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	if (v4.len != 4)
		return;
	memcpy(out, prefix, sizeof prefix);
	memcpy(out + sizeof prefix, v4.at, 4);
}

/* An instant that the exporter tells as milliseconds since it started. */
static timestamp of_up(const struct header *h, uint64_t up)
{
	timestamp now = timestamp_of_unix(h->now, h->nanoseconds);
	int64_t ago = (int64_t)h->up - (int64_t)up;

	return now == TIME_NONE || ago > INT32_MAX || ago < -INT32_MAX ? TIME_NONE : now - ago * 1000000;
}

static bool read_v5(struct cursor *c, netflow_fn *each, void *context)
{
	uint16_t count = cursor_u16be(c);
	struct header h = { .version = 5 };

	h.up = cursor_u32be(c);
	h.now = cursor_u32be(c);
	h.nanoseconds = cursor_u32be(c) % 1000000000;
	cursor_skip(c, 8);
	for (unsigned i = 0; i < count && cursor_left(c) >= 48; i++) {
		struct netflow_record r = { .bytes = 0 };

		map_address(r.from, cursor_take(c, 4));
		map_address(r.to, cursor_take(c, 4));
		cursor_skip(c, 8);
		r.packets = cursor_u32be(c);
		r.bytes = cursor_u32be(c);
		r.first = of_up(&h, cursor_u32be(c));
		r.last = of_up(&h, cursor_u32be(c));
		r.from_port = cursor_u16be(c);
		r.to_port = cursor_u16be(c);
		cursor_skip(c, 1);
		r.flags = cursor_u8(c);
		r.protocol = cursor_u8(c);
		cursor_skip(c, 9);
		if (!each(context, &r))
			return true;
	}
	return true;
}

static struct netflow_template *find(struct netflow *n, uint64_t exporter, const struct header *h,
				     uint16_t number)
{
	for (size_t i = 0; i < n->count; i++) {
		struct netflow_template *t = &n->templates[i];

		if (t->number == number && t->domain == h->domain && t->exporter == exporter &&
		    t->version == h->version)
			return t;
	}
	return NULL;
}

static struct netflow_template *place(struct netflow *n, uint64_t exporter, const struct header *h,
				      uint16_t number)
{
	struct netflow_template *t = find(n, exporter, h, number);

	if (!t && n->count < NETFLOW_TEMPLATES)
		t = &n->templates[n->count++];
	if (!t)
		t = &n->templates[n->next++ % NETFLOW_TEMPLATES];
	*t = (struct netflow_template){ .exporter = exporter, .domain = h->domain, .number = number,
					.version = h->version };
	return t;
}

static void read_templates(struct netflow *n, struct span set, uint64_t exporter,
			   const struct header *h)
{
	struct cursor c = cursor_of(set);

	while (cursor_left(&c) >= 4) {
		uint16_t number = cursor_u16be(&c), fields = cursor_u16be(&c);
		struct netflow_template *t;

		if (number < SET_DATA || !fields)
			return;
		t = place(n, exporter, h, number);
		for (unsigned i = 0; i < fields; i++) {
			struct netflow_field f = { .type = cursor_u16be(&c) };

			f.len = cursor_u16be(&c);
			if (h->version == 10 && f.type & 0x8000)
				f.type = (f.type & 0x7fff) | cursor_u32be(&c) << 16;
			if (t->count < NETFLOW_FIELDS)
				t->fields[t->count++] = f;
		}
		/* With more fields than we hold, records would be misread. */
		if (c.short_read || fields > NETFLOW_FIELDS)
			t->count = 0;
	}
}

static uint64_t number_of(struct span bytes)
{
	uint64_t n = 0;

	for (size_t i = 0; i < bytes.len && i < 8; i++)
		n = n << 8 | bytes.at[i];
	return n;
}

static timestamp of_milliseconds(uint64_t ms)
{
	return ms / 1000 > UINT32_MAX ? TIME_NONE
				      : timestamp_of_unix((int64_t)(ms / 1000), (uint32_t)(ms % 1000) * 1000000);
}

static void take_field(struct netflow_record *r, const struct header *h, uint32_t type, struct span v)
{
	uint64_t n = number_of(v);

	switch (type) {
	case FIELD_BYTES:
		r->bytes = n;
		break;
	case FIELD_PACKETS:
		r->packets = n;
		break;
	case FIELD_PROTOCOL:
		r->protocol = (uint8_t)n;
		break;
	case FIELD_FLAGS:
		r->flags = (uint8_t)n;
		break;
	case FIELD_FROM_PORT:
		r->from_port = (uint16_t)n;
		break;
	case FIELD_TO_PORT:
		r->to_port = (uint16_t)n;
		break;
	case FIELD_FROM:
		map_address(r->from, v);
		break;
	case FIELD_TO:
		map_address(r->to, v);
		break;
	case FIELD_FROM6:
	case FIELD_TO6:
		if (v.len == 16)
			memcpy(type == FIELD_FROM6 ? r->from : r->to, v.at, 16);
		break;
	case FIELD_FIRST_UP:
		r->first = of_up(h, n);
		break;
	case FIELD_LAST_UP:
		r->last = of_up(h, n);
		break;
	case FIELD_FIRST_S:
	case FIELD_LAST_S:
		*(type == FIELD_FIRST_S ? &r->first : &r->last) = of_milliseconds(n > UINT32_MAX ? UINT64_MAX : n * 1000);
		break;
	case FIELD_FIRST_MS:
	case FIELD_LAST_MS:
		*(type == FIELD_FIRST_MS ? &r->first : &r->last) = of_milliseconds(n);
		break;
	case REVERSE | FIELD_BYTES:
		r->bytes_back = n;
		break;
	case REVERSE | FIELD_PACKETS:
		r->packets_back = n;
		break;
	default:
		break;
	}
}

static bool read_records(const struct netflow_template *t, const struct header *h, struct span set,
			 netflow_fn *each, void *context)
{
	struct cursor c = cursor_of(set);

	while (cursor_left(&c) > 3) {
		struct netflow_record r = { .first = TIME_NONE, .last = TIME_NONE };
		size_t before = c.at;

		for (uint16_t i = 0; i < t->count; i++) {
			uint16_t len = t->fields[i].len;

			if (len == VARIABLE && h->version == 10) {
				len = cursor_u8(&c);
				len = len == 255 ? cursor_u16be(&c) : len;
			}
			take_field(&r, h, t->fields[i].type, cursor_take(&c, len));
		}
		if (c.short_read || c.at == before || !each(context, &r))
			return !c.short_read;
	}
	return true;
}

static void read_sets(struct netflow *n, struct cursor *c, const struct header *h, uint64_t exporter,
		      netflow_fn *each, void *context)
{
	while (cursor_left(c) >= 4) {
		uint16_t set = cursor_u16be(c), len = cursor_u16be(c);
		struct span body = cursor_take(c, len < 4 ? SIZE_MAX : len - 4u);
		const struct netflow_template *t;

		if (c->short_read)
			return;
		if (set == (h->version == 9 ? SET_TEMPLATE_9 : SET_TEMPLATE_10)) {
			read_templates(n, body, exporter, h);
		} else if (set >= SET_DATA) {
			t = find(n, exporter, h, set);
			if (t && t->count)
				read_records(t, h, body, each, context);
			else
				n->unread++;
		}
	}
}

bool netflow_read(struct netflow *n, struct span datagram, uint64_t exporter, netflow_fn *each,
		  void *context)
{
	struct cursor c = cursor_of(datagram);
	struct header h = { .version = cursor_u16be(&c) };

	switch (h.version) {
	case 5:
		return datagram.len >= 24 && read_v5(&c, each, context);
	case 9:
		cursor_skip(&c, 2);
		h.up = cursor_u32be(&c);
		h.now = cursor_u32be(&c);
		cursor_skip(&c, 4);
		h.domain = cursor_u32be(&c);
		break;
	case 10:
		cursor_skip(&c, 2);
		h.now = cursor_u32be(&c);
		cursor_skip(&c, 4);
		h.domain = cursor_u32be(&c);
		break;
	default:
		return false;
	}
	if (c.short_read)
		return false;
	read_sets(n, &c, &h, exporter, each, context);
	return true;
}
