#include "formats/netflow/netflow.h"

enum { SET_TEMPLATE_9 = 0, SET_OPTIONS_9 = 1, SET_TEMPLATE_10 = 2, SET_OPTIONS_10 = 3, SET_DATA = 256 };
enum { FIELD_BYTES = 1, FIELD_PACKETS = 2, FIELD_PROTOCOL = 4, FIELD_FLAGS = 6, FIELD_FROM_PORT = 7,
       FIELD_FROM = 8, FIELD_TO_PORT = 11, FIELD_TO = 12, FIELD_LAST_UP = 21, FIELD_FIRST_UP = 22,
       FIELD_BYTES_AFTER = 23, FIELD_PACKETS_AFTER = 24, FIELD_FROM6 = 27, FIELD_TO6 = 28,
       FIELD_SAMPLING = 34, FIELD_SAMPLING_RANDOM = 50, FIELD_BYTES_TOTAL = 85,
       FIELD_PACKETS_TOTAL = 86, FIELD_FIRST_S = 150, FIELD_LAST_S = 151, FIELD_FIRST_MS = 152,
       FIELD_LAST_MS = 153, FIELD_FIRST_US = 154, FIELD_LAST_US = 155, FIELD_FIRST_NS = 156,
       FIELD_LAST_NS = 157, FIELD_FIRST_AGO = 158, FIELD_LAST_AGO = 159, FIELD_STARTED = 160,
       FIELD_DURATION_MS = 161, FIELD_BYTES_OF_FIRST = 231, FIELD_BYTES_OF_SECOND = 232,
       FIELD_PACKETS_OF_FIRST = 298, FIELD_PACKETS_OF_SECOND = 299, FIELD_SAMPLING_EVERY = 305 };
#define REVERSE (29305u << 16)		/* the enterprise of RFC 5103 */
#define VARIABLE 65535
#define NTP_OF_UNIX INT64_C(2208988800)
#define SEARCHES_MOST 100000		/* whoever sends more templates than that waits for nothing */
#define ABSENT UINT64_MAX

/* A record in the making: numbers that say the same in several ways, or hang on each other. */
struct values {
	struct netflow_record record;
	uint64_t bytes, bytes_total, bytes_after, packets, packets_total, packets_after;
	uint64_t first_up, last_up, started, duration;
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
static timestamp of_up(const struct netflow_header *h, uint64_t up)
{
	timestamp now = timestamp_of_unix(h->now, h->nanoseconds);
	int64_t ago = (int64_t)h->up - (int64_t)up;

	return now == TIME_NONE || ago > INT32_MAX || ago < -INT32_MAX ? TIME_NONE : now - ago * 1000000;
}

static void note_sampling(struct netflow *n, uint64_t every)
{
	if (every > 1 && every > n->sampling)
		n->sampling = every;
}

static bool read_v5(struct netflow *n, struct cursor *c, netflow_fn *each, void *context)
{
	uint16_t count = cursor_u16be(c);
	struct netflow_header h = { .version = 5 };

	h.up = cursor_u32be(c);
	h.now = cursor_u32be(c);
	h.nanoseconds = cursor_u32be(c) % 1000000000;
	cursor_skip(c, 6);
	note_sampling(n, cursor_u16be(c) & 0x3fff);
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

static struct netflow_template *find(struct netflow *n, const struct netflow_header *h, uint16_t number)
{
	for (size_t i = 0; i < n->count; i++) {
		struct netflow_template *t = &n->templates[i];

		if (t->number == number && t->domain == h->domain && t->exporter == h->exporter &&
		    t->version == h->version)
			return t;
	}
	return NULL;
}

static struct netflow_template *place(struct netflow *n, const struct netflow_header *h, uint16_t number)
{
	struct netflow_template *t = find(n, h, number);

	if (!t && n->count < NETFLOW_TEMPLATES)
		t = &n->templates[n->count++];
	if (!t)
		t = &n->templates[n->next++ % NETFLOW_TEMPLATES];
	*t = (struct netflow_template){ .exporter = h->exporter, .domain = h->domain, .number = number,
					.version = h->version };
	return t;
}

/* ---- fields ---- */

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

/* Seconds since 1900 and a fraction of 2^32, as NTP has them. */
static timestamp of_ntp(uint64_t ntp)
{
	return timestamp_of_unix((int64_t)(ntp >> 32) - NTP_OF_UNIX,
				 (uint32_t)(((ntp & UINT32_MAX) * 1000000000) >> 32));
}

static timestamp of_ago(const struct netflow_header *h, uint64_t microseconds)
{
	timestamp now = timestamp_of_unix(h->now, h->nanoseconds);

	return now == TIME_NONE || microseconds > UINT32_MAX ? TIME_NONE : now - (timestamp)microseconds * 1000;
}

static void take_time(struct values *v, const struct netflow_header *h, uint32_t type, uint64_t n)
{
	struct netflow_record *r = &v->record;

	switch (type) {
	case FIELD_FIRST_UP:
		v->first_up = n;
		break;
	case FIELD_LAST_UP:
		v->last_up = n;
		break;
	case FIELD_STARTED:
		v->started = n;
		break;
	case FIELD_DURATION_MS:
		v->duration = n;
		break;
	case FIELD_FIRST_S:
	case FIELD_LAST_S:
		*(type == FIELD_FIRST_S ? &r->first : &r->last) = of_milliseconds(n > UINT32_MAX ? UINT64_MAX : n * 1000);
		break;
	case FIELD_FIRST_MS:
	case FIELD_LAST_MS:
		*(type == FIELD_FIRST_MS ? &r->first : &r->last) = of_milliseconds(n);
		break;
	case FIELD_FIRST_US:
	case FIELD_FIRST_NS:
		r->first = of_ntp(n);
		break;
	case FIELD_LAST_US:
	case FIELD_LAST_NS:
		r->last = of_ntp(n);
		break;
	case FIELD_FIRST_AGO:
	case FIELD_LAST_AGO:
		*(type == FIELD_FIRST_AGO ? &r->first : &r->last) = of_ago(h, n);
		break;
	default:
		break;
	}
}

static void take_count(struct values *v, uint32_t type, uint64_t n)
{
	switch (type) {
	case FIELD_BYTES:
	case FIELD_BYTES_OF_FIRST:
		v->bytes = n;
		break;
	case FIELD_BYTES_TOTAL:
		v->bytes_total = n;
		break;
	case FIELD_BYTES_AFTER:
		v->bytes_after = n;
		break;
	case FIELD_PACKETS:
	case FIELD_PACKETS_OF_FIRST:
		v->packets = n;
		break;
	case FIELD_PACKETS_TOTAL:
		v->packets_total = n;
		break;
	case FIELD_PACKETS_AFTER:
		v->packets_after = n;
		break;
	case REVERSE | FIELD_BYTES:
	case REVERSE | FIELD_BYTES_TOTAL:
	case FIELD_BYTES_OF_SECOND:
		v->record.bytes_back = n;
		break;
	case REVERSE | FIELD_PACKETS:
	case REVERSE | FIELD_PACKETS_TOTAL:
	case FIELD_PACKETS_OF_SECOND:
		v->record.packets_back = n;
		break;
	default:
		break;
	}
}

/* Records for both kinds of addresses have zeros in the place of the other. */
static bool says_nothing(const uint8_t known[16], struct span v)
{
	static const uint8_t zeros[16];

	return v.len <= 16 && !memcmp(v.at, zeros, v.len) && memcmp(known, zeros, 16) != 0;
}

static void take_end(struct netflow_record *r, uint32_t type, struct span v)
{
	uint64_t n = number_of(v);
	uint8_t *known;

	switch (type) {
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
	case FIELD_TO:
		known = type == FIELD_FROM ? r->from : r->to;
		if (v.len == 4 && !says_nothing(known, v))
			map_address(known, v);
		break;
	case FIELD_FROM6:
	case FIELD_TO6:
		known = type == FIELD_FROM6 ? r->from : r->to;
		if (v.len == 16 && !says_nothing(known, v))
			memcpy(known, v.at, 16);
		break;
	default:
		break;
	}
}

static uint64_t first_there(uint64_t a, uint64_t b, uint64_t c)
{
	return a != ABSENT ? a : b != ABSENT ? b : c != ABSENT ? c : 0;
}

/* Of IPFIX the record says when the exporter started, else nobody does. */
static timestamp up_time(const struct values *v, const struct netflow_header *h, uint64_t up)
{
	if (h->version == 9)
		return of_up(h, up);
	return v->started == ABSENT || up > UINT32_MAX ? TIME_NONE : of_milliseconds(v->started + up);
}

static void finish(struct values *v, const struct netflow_header *h)
{
	struct netflow_record *r = &v->record;

	r->bytes = first_there(v->bytes, v->bytes_total, v->bytes_after);
	r->packets = first_there(v->packets, v->packets_total, v->packets_after);
	/* Beside the bytes that came in, exporters of version 9 tell the way back as those that went out. */
	if (h->version == 9 && v->bytes != ABSENT && v->bytes_after != ABSENT)
		r->bytes_back = v->bytes_after;
	if (h->version == 9 && v->packets != ABSENT && v->packets_after != ABSENT)
		r->packets_back = v->packets_after;
	if (r->first == TIME_NONE && v->first_up != ABSENT)
		r->first = up_time(v, h, v->first_up);
	if (r->last == TIME_NONE && v->last_up != ABSENT)
		r->last = up_time(v, h, v->last_up);
	if (r->last == TIME_NONE && r->first != TIME_NONE && v->duration <= UINT32_MAX)
		r->last = r->first + (timestamp)v->duration * 1000000;
	if (r->first == TIME_NONE && r->last == TIME_NONE)
		r->first = r->last = timestamp_of_unix(h->now, h->nanoseconds);
}

/* ---- sets ---- */

static void take_field(struct netflow *n, const struct netflow_template *t, struct values *v,
		       const struct netflow_header *h, uint32_t type, struct span bytes)
{
	uint64_t number = number_of(bytes);

	if (type == FIELD_SAMPLING || type == FIELD_SAMPLING_RANDOM || type == FIELD_SAMPLING_EVERY)
		note_sampling(n, number);
	if (t->is_options)
		return;
	take_end(&v->record, type, bytes);
	take_count(v, type, number);
	take_time(v, h, type, number);
}

static void read_records(struct netflow *n, const struct netflow_template *t, const struct netflow_header *h,
			 struct span set, netflow_fn *each, void *context)
{
	struct cursor c = cursor_of(set);

	while (cursor_left(&c)) {
		struct values v = { .record = { .first = TIME_NONE, .last = TIME_NONE }, .bytes = ABSENT,
			.bytes_total = ABSENT, .bytes_after = ABSENT, .packets = ABSENT,
			.packets_total = ABSENT, .packets_after = ABSENT, .first_up = ABSENT,
			.last_up = ABSENT, .started = ABSENT, .duration = ABSENT };
		size_t before = c.at;

		for (uint16_t i = 0; i < t->count && !c.short_read; i++) {
			uint16_t len = t->fields[i].len;

			if (len == VARIABLE && h->version == 10) {
				len = cursor_u8(&c);
				len = len == 255 ? cursor_u16be(&c) : len;
			}
			take_field(n, t, &v, h, t->fields[i].type, cursor_take(&c, len));
		}
		/* What is too short for a record is padding. */
		if (c.short_read || c.at == before)
			return;
		finish(&v, h);
		if (!t->is_options && !each(context, &v.record))
			return;
	}
}

/* Sets that came before the template `t`, which is new. */
static void read_waiting(struct netflow *n, const struct netflow_template *t, netflow_fn *each,
			 void *context)
{
	size_t kept = 0;

	if (!n->waiting_count || !t->count || n->searches++ > SEARCHES_MOST)
		return;
	for (size_t i = 0; i < n->waiting_count; i++) {
		const struct netflow_waiting *w = &n->waiting[i];

		if (w->number == t->number && w->header.domain == t->domain &&
		    w->header.exporter == t->exporter && w->header.version == t->version)
			read_records(n, t, &w->header, w->body, each, context);
		else
			n->waiting[kept++] = *w;
	}
	n->waiting_count = kept;
}

static void add_fields(struct netflow_template *t, struct cursor *c, unsigned count)
{
	for (unsigned i = 0; i < count && !c->short_read; i++) {
		struct netflow_field f = { .type = cursor_u16be(c) };

		f.len = cursor_u16be(c);
		if (t->version == 10 && f.type & 0x8000)
			f.type = (f.type & 0x7fff) | cursor_u32be(c) << 16;
		if (t->count < NETFLOW_FIELDS)
			t->fields[t->count++] = f;
	}
	/* With more fields than we hold, records would be misread. */
	if (c->short_read || count > NETFLOW_FIELDS)
		t->count = 0;
}

static void read_templates(struct netflow *n, struct span set, const struct netflow_header *h, bool is_options,
			   netflow_fn *each, void *context)
{
	struct cursor c = cursor_of(set);

	while (cursor_left(&c) >= 4) {
		uint16_t number = cursor_u16be(&c);
		unsigned fields = cursor_u16be(&c);
		struct netflow_template *t;
		bool is_new;

		/* Version 9 tells the bytes of scopes and options, IPFIX how many are scopes. */
		if (is_options && h->version == 9)
			fields = (fields + cursor_u16be(&c)) / 4;
		else if (is_options && fields)
			cursor_skip(&c, 2);
		/* Withdrawn, or padding. */
		if (!fields)
			continue;
		if (number < SET_DATA)
			return;
		is_new = !find(n, h, number);
		t = place(n, h, number);
		t->is_options = is_options;
		add_fields(t, &c, fields);
		if (is_new)
			read_waiting(n, t, each, context);
	}
}

static void wait_for(struct netflow *n, const struct netflow_header *h, uint16_t number, struct span body)
{
	if (n->waiting_count == NETFLOW_WAITING) {
		n->unread++;
		return;
	}
	n->waiting[n->waiting_count++] = (struct netflow_waiting){ .header = *h, .number = number, .body = body };
}

static void read_sets(struct netflow *n, struct cursor *c, const struct netflow_header *h, netflow_fn *each,
		      void *context)
{
	bool is_9 = h->version == 9;

	while (cursor_left(c) >= 4) {
		uint16_t set = cursor_u16be(c), len = cursor_u16be(c);
		struct span body = cursor_take(c, len < 4 ? SIZE_MAX : len - 4u);
		const struct netflow_template *t;

		if (c->short_read)
			return;
		if (set == (is_9 ? SET_TEMPLATE_9 : SET_TEMPLATE_10)) {
			read_templates(n, body, h, false, each, context);
		} else if (set == (is_9 ? SET_OPTIONS_9 : SET_OPTIONS_10)) {
			read_templates(n, body, h, true, each, context);
		} else if (set >= SET_DATA) {
			t = find(n, h, set);
			if (!t)
				wait_for(n, h, set, body);
			else if (t->count)
				read_records(n, t, h, body, each, context);
			else
				n->unread++;
		}
	}
}

bool netflow_read(struct netflow *n, struct span datagram, uint64_t exporter, netflow_fn *each,
		  void *context)
{
	struct cursor c = cursor_of(datagram);
	struct netflow_header h = { .version = cursor_u16be(&c), .exporter = exporter };

	switch (h.version) {
	case 5:
		return datagram.len >= 24 && read_v5(n, &c, each, context);
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
	read_sets(n, &c, &h, each, context);
	return true;
}

size_t netflow_message_length(struct span begin)
{
	return begin.len >= 4 && load_u16be(begin.at) == 10 && load_u16be(begin.at + 2) >= 16
		       ? load_u16be(begin.at + 2) : 0;
}

static bool keep(struct netflow *n, struct netflow_waiting *w, struct arena *arena)
{
	struct span copy = { 0 };

	if (w->is_kept)
		return true;
	if (w->body.len <= NETFLOW_KEPT - n->kept_bytes)
		copy = arena_copy(arena, w->body);
	n->kept_bytes += copy.len;
	w->body = copy;
	return w->is_kept = copy.len;
}

void netflow_keep(struct netflow *n, struct arena *arena)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->waiting_count; i++) {
		if (keep(n, &n->waiting[i], arena))
			n->waiting[kept++] = n->waiting[i];
		else
			n->unread++;
	}
	n->waiting_count = kept;
}

size_t netflow_read_file(struct netflow *n, struct span file, netflow_fn *each, void *context)
{
	struct cursor c = cursor_of(file);

	for (;;) {
		size_t len = netflow_message_length(span_from(file, c.at));
		struct span message = cursor_take(&c, len);

		if (!message.len)
			break;
		netflow_read(n, message, 0, each, context);
	}
	netflow_end(n);
	return c.at;
}

void netflow_end(struct netflow *n)
{
	n->unread += n->waiting_count;
	n->waiting_count = 0;
}
