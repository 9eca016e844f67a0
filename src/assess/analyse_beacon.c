/*
 * Beacons: a program that reports to its controller again and again.
 *
 * For each host inside and each destination outside, the times and sizes of its
 * contacts are scored (beacon_score.h). A regular contact is no accusation: clocks,
 * updaters and telemetry are as regular. So a destination is held back that is on
 * the allow list, or that the better part of the hosts contacts. What is left is
 * weighed: regular beyond doubt, quick (a person's or an updater's contact is not
 * once in minutes, day and night), without a name, on a port of no known service,
 * below a host of strangers' names, by this host alone. Evidence of less than half
 * a day cannot show that a contact lasts, and gives one level less. A contact that
 * is evenly timed while it lives but not through the whole period is told too, one
 * level less; of a place without a name that one host of several contacts, less even
 * timing will do, and it is of level medium at least.
 */
#include "assess/allow_list.h"
#include "assess/beacon_score.h"
#include "assess/thresholds.h"
#include "assess/traffic.h"

#include "base/domain.h"
#include "codec/json_write.h"

#include <stdlib.h>

#define SAMPLES_MOST 50000	/* of a pair */
#define DESTINATIONS_MOST 100000
#define PING_BYTES 84		/* of a packet, heads and all */
#define POINTS_MEDIUM 3		/* one more is high */

struct destination {
	uint32_t hosts;
};

struct pair {
	struct pair *next;
	uint64_t item;
	struct span source, local, peer, name, host;
	struct destination *destination;
	uint16_t port;
	int64_t *times, *sizes;
	size_t count, room, size_count, size_room;
	uint64_t out, in, pings;
	struct beacon_score score;
};

struct beacons {
	struct analysis *a;
	struct map pairs, destinations, hosts, seen;
	struct pair *first, **last;
	int64_t from, to;
};

static bool is_considered(const struct traffic_row *row)
{
	static const char *const sources[] = { "web server log", "access log", "vsftpd.log", "xferlog",
					       "postfix" };

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (span_eq(row->source, span_text(sources[i])))
			return false;
	return row->time != TIME_NONE && (!row->is_sum || row->starts.len) && row->is_local_inside &&
	       !traffic_is_nobody(row->peer) && (row->peer.len || row->name.len) &&
	       /* Through a proxy the peer is inside, and the name tells who it is. */
	       (!row->is_peer_inside || (row->name.len && !span_eq(row->what, SPAN("flow")))) &&
	       row->peer_port != 53 && row->peer_port != 123 && !span_eq(row->what, SPAN("upload")) &&
	       /* Its flow is told too. */
	       !span_eq(row->what, SPAN("session")) && !traffic_is_part(row);
}

/* As ping sends by itself: small, and each is answered with the same. */
static bool is_ping(const struct traffic_row *row)
{
	return span_eq(row->protocol, SPAN("icmp")) && row->count && row->out == row->in &&
	       row->out + row->in <= PING_BYTES * row->count;
}

static struct span make_key(struct beacons *b, struct span one, struct span two, struct span three)
{
	return traffic_key(b->a, one, two, three);
}

/* Counts the host once for the destination, and once at all. */
static struct destination *note_destination(struct beacons *b, const struct traffic_row *row,
					    struct span to, struct err *err)
{
	bool is_new;
	struct destination *d = traffic_slot(&b->destinations, to, sizeof *d, &is_new, err);

	if (!d || !traffic_slot(&b->hosts, row->local, 1, &is_new, err) ||
	    !traffic_slot(&b->seen, make_key(b, row->local, to, (struct span){ 0 }), 1, &is_new, err))
		return NULL;
	d->hosts += is_new;
	return d;
}

static struct pair *pair_of(struct beacons *b, const struct traffic_row *row, struct err *err)
{
	struct span to = row->name.len ? row->name : row->peer;
	struct arena *arena = b->a->arena;
	struct destination *d = note_destination(b, row, to, err);
	struct pair *p;
	bool is_new;

	if (!d)
		return NULL;
	p = traffic_slot(&b->pairs, make_key(b, row->source, row->local, to), sizeof *p, &is_new, err);
	if (!p || !is_new)
		return p;
	p->item = row->item;
	p->source = arena_copy(arena, row->source);
	p->local = arena_copy(arena, row->local);
	p->peer = arena_copy(arena, row->peer);
	p->name = arena_copy(arena, row->name);
	p->host = arena_copy(arena, row->host);
	p->port = row->peer_port;
	p->destination = d;
	*b->last = p;
	b->last = &p->next;
	return p;
}

static bool add_sample(struct beacons *b, struct pair *p, int64_t second, uint64_t bytes, struct err *err)
{
	int64_t *time, *size;

	if (p->count >= SAMPLES_MOST)
		return true;
	time = arena_push(b->a->arena, (void **)&p->times, &p->count, &p->room, sizeof *time);
	size = arena_push(b->a->arena, (void **)&p->sizes, &p->size_count, &p->size_room, sizeof *size);
	if (!time || !size)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	*time = second;
	*size = (int64_t)(bytes < INT64_MAX ? bytes : INT64_MAX);
	return true;
}

/* Flows that were summed by the hour: of each hour's first it is known when they began. */
static bool add_sum(struct beacons *b, struct pair *p, const struct traffic_row *row, struct err *err)
{
	struct span starts = row->starts, sizes = row->sizes;
	int64_t second = row->time / TIME_SECOND, hour = second - ((second % 3600) + 3600) % 3600;
	bool ok = true;

	while (ok && starts.len) {
		uint64_t at, bytes;

		if (!span_to_u64(span_split(&starts, ' '), &at) || at >= 3600 ||
		    !span_to_u64(span_split(&sizes, ' '), &bytes))
			break;
		ok = add_sample(b, p, hour + (int64_t)at, bytes, err);
	}
	return ok;
}

bool beacon_transfer(struct analysis *a, const struct traffic_row *row, struct err *err)
{
	struct beacons *b = a->state;
	int64_t second = row->time / TIME_SECOND;
	struct pair *p;

	if (row->time != TIME_NONE) {
		b->from = second < b->from ? second : b->from;
		b->to = second > b->to ? second : b->to;
	}
	if (!is_considered(row) || b->destinations.count >= DESTINATIONS_MOST)
		return true;
	p = pair_of(b, row, err);
	if (!p)
		return false;
	p->out += row->out;
	p->in += row->in;
	p->pings += is_ping(row);
	return row->is_sum ? add_sum(b, p, row, err) : add_sample(b, p, second, row->out, err);
}

static bool is_common(const struct beacons *b, const struct pair *p)
{
	return p->destination->hosts >= THRESHOLD(BEACON_COMMON_HOSTS) &&
	       p->destination->hosts >= THRESHOLD(BEACON_COMMON_SHARE) * (double)b->hosts.count;
}

static bool is_ping_alone(const struct pair *p)
{
	return p->pings && p->pings == p->count;
}

static bool is_usual_port(uint16_t port)
{
	return port == 0 || port == 80 || port == 443 || port == 8080 || port == 993 || port == 587 ||
	       port == 5223 || port == 5228 || port == 3128 || port == 8443;
}

struct weight {
	int points;
	bool is_quick, is_nameless, is_odd_port, is_stranger, is_alone, is_short_lived, is_ping;
};

static bool is_nameless(const struct pair *p)
{
	return !p->name.len || domain_is_address(p->name);
}

static bool is_alone(const struct beacons *b, const struct pair *p)
{
	return p->destination->hosts == 1 && b->hosts.count >= 3;
}

/* Evenly timed while it lives. Of a place that has no name and one visitor, less will do. */
static bool is_living(const struct beacons *b, const struct pair *p)
{
	const struct beacon_score *s = &p->score;
	double even = s->has_size ? (s->time + s->size) / 2 : s->time;

	return even >= (is_nameless(p) && is_alone(b, p) ? THRESHOLD(BEACON_SCORE_LONE)
							 : THRESHOLD(BEACON_SCORE_LIVING));
}

static struct weight weigh(const struct beacons *b, const struct pair *p)
{
	const struct beacon_score *s = &p->score;
	struct weight w = { .is_quick = s->interval <= THRESHOLD(BEACON_QUICK_SECONDS),
			    .is_nameless = is_nameless(p),
			    .is_odd_port = !is_usual_port(p->port), .is_stranger = domain_is_given(p->name),
			    .is_alone = is_alone(b, p), .is_ping = is_ping_alone(p) };

	w.is_short_lived = s->whole < THRESHOLD(BEACON_SCORE);
	w.points = s->whole >= THRESHOLD(BEACON_SCORE_STRONG) ? 2 : 1;
	w.points += w.is_quick + w.is_nameless;
	if (w.is_quick || w.is_nameless)
		w.points += w.is_odd_port + w.is_stranger + w.is_alone;
	if (!s->has_day || w.is_short_lived)
		w.points--;
	/* One host of several and a place without a name: that is for a person to look at. */
	if (w.is_nameless && w.is_alone && w.points < POINTS_MEDIUM)
		w.points = POINTS_MEDIUM;
	if (w.is_ping)
		w.points = 1;
	return w;
}

static void add_reasons(struct json_write *w, const struct weight *weight)
{
	const struct {
		bool holds;
		const char *text;
	} reasons[] = {
		{ true, "contacts are evenly timed and of like size" },
		{ weight->is_quick, "more often than updaters and people come" },
		{ weight->is_nameless, "an address without a name" },
		{ weight->is_odd_port, "a port of no usual service" },
		{ weight->is_stranger, "a name that anybody may get" },
		{ weight->is_alone, "no other host contacts it" },
		{ weight->is_short_lived, "not through the whole period" },
		{ weight->is_ping, "pings of the usual size, each answered alike: what monitors send" },
	};

	json_key(w, "reasons");
	json_array(w);
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].holds)
			json_text(w, reasons[i].text);
	json_array_end(w);
}

static bool tell(struct beacons *b, const struct pair *p, const struct weight *weight, int64_t first,
		 int64_t last, struct err *err)
{
	struct buf text = buf_new((size_t)16 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = p->item, .harm = HARM_CONTROL,
		.level = weight->points >= 4 ? LEVEL_HIGH : weight->points == POINTS_MEDIUM ? LEVEL_MEDIUM : LEVEL_LOW,
		.rule = SPAN("kanshiki.beacon"), .title = SPAN("A host reports regularly to a place outside"),
		.techniques = SPAN("T1071"), .first = first * TIME_SECOND, .last = last * TIME_SECOND,
		.count = p->count, .host = p->host.len ? p->host : p->local };
	bool ok;

	json_object(&w);
	json_key(&w, "local"), json_span(&w, p->local);
	json_key(&w, "peer"), json_span(&w, p->peer);
	json_key(&w, "name"), json_span(&w, p->name);
	json_key(&w, "port"), json_u64(&w, p->port);
	json_key(&w, "contacts"), json_u64(&w, p->count);
	json_key(&w, "interval_seconds"), json_i64(&w, p->score.interval);
	json_key(&w, "bytes_out"), json_u64(&w, p->out);
	json_key(&w, "bytes_in"), json_u64(&w, p->in);
	traffic_decimal(&w, "score", p->score.whole);
	traffic_decimal(&w, "time", p->score.time);
	traffic_decimal(&w, "size", p->score.size);
	traffic_decimal(&w, "duration", p->score.duration);
	traffic_decimal(&w, "shape", p->score.shape);
	json_key(&w, "hosts"), json_u64(&w, p->destination->hosts);
	json_key(&w, "hosts_of_case"), json_u64(&w, b->hosts.count);
	add_reasons(&w, weight);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(b->a, &c, err);
	buf_free(&text);
	return ok;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool judge(struct beacons *b, struct pair *p, struct err *err)
{
	struct span allowed = allow_list_why(b->a->allow, p->name.len ? p->name : p->peer);
	int64_t first, last;
	struct weight weight;

	if (p->count < THRESHOLD(BEACON_CONNECTIONS) || allowed.len || is_common(b, p))
		return true;
	qsort(p->times, p->count, sizeof *p->times, compare);
	first = p->times[0];
	last = p->times[p->count - 1];
	if (last - first < THRESHOLD(BEACON_SPAN_HOURS) * 3600)
		return true;
	p->score = beacon_score_of(p->times, p->sizes, p->count, b->from, b->to);
	if (p->score.whole < THRESHOLD(BEACON_SCORE) && !is_living(b, p))
		return true;
	weight = weigh(b, p);
	return tell(b, p, &weight, first, last, err);
}

bool beacon_begin(struct analysis *a, struct err *err)
{
	struct beacons *b = ARENA_NEW(a->arena, struct beacons);

	if (!b)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	*b = (struct beacons){ .a = a, .pairs = map_new(a->arena), .destinations = map_new(a->arena),
			       .hosts = map_new(a->arena), .seen = map_new(a->arena),
			       .last = &b->first, .from = INT64_MAX, .to = INT64_MIN };
	a->state = b;
	return true;
}

/* The same pair of ends by several sources is told once. */
bool analyse_beacon(struct analysis *a, struct err *err)
{
	struct beacons *b = a->state;
	struct map told = map_new(a->arena);
	bool ok = true, is_new;

	for (struct pair *p = b->first; ok && p; p = p->next) {
		uint64_t before = a->told;
		struct span key = make_key(b, p->local, p->name.len ? p->name : p->peer,
					   (struct span){ 0 });

		if (map_get(&told, key))
			continue;
		ok = judge(b, p, err);
		if (ok && a->told > before)
			ok = traffic_slot(&told, make_key(b, p->local, p->name.len ? p->name : p->peer,
							  (struct span){ 0 }), 1, &is_new, err);
	}
	return ok;
}
