/*
 * Volume: more than usual left a host for one place.
 *
 * For each host inside and each destination outside (the registered domain where a
 * name is known, else the address) the bytes that left are summed, with when. A
 * destination is told that took much, took far more than it gave, and stands out
 * from this host's own normal: the logarithms of what its other destinations took,
 * by median and median deviation, so that one giant does not hide another. What the
 * better part of the hosts sends to is common; what is on the allow list is
 * everybody's. Sharing places for anybody's files need less; nights, weekends and
 * addresses without a name weigh. Bytes told by several sources (flows and the
 * requests in them) are the same bytes: the source with most counts, not the sum.
 *
 * A nightly backup is routine: a named place that is no sharing place, sent to on every
 * day that the evidence covers, at the same hour, about as much each time. It is listed
 * at level low, and accuses nobody.
 */
#include "assess/allow_list.h"
#include "assess/sharing.h"
#include "assess/thresholds.h"
#include "assess/traffic.h"

#include "base/day_counts.h"
#include "base/domain.h"
#include "codec/json_write.h"

#include <math.h>
#include <stdlib.h>

struct destination {
	uint32_t hosts;
};

#define DAY (INT64_C(86400) * TIME_SECOND)
#define ROUTINE_MOST 62			/* days that are looked at */

/* What went to a place on each day, from the day of its first record. */
struct routine {
	int64_t day;			/* of [0] */
	timestamp begins[ROUTINE_MOST];	/* the first of the day */
	uint64_t out[ROUTINE_MOST];
	bool is_beyond;			/* earlier or later than that */
};

/* Of a host, a destination and a source. */
struct flowing {
	struct flowing *next_of_host;
	uint64_t item;
	struct span source, to, peer;
	struct destination *destination;
	uint64_t out, in, off_hours, count, uploads;
	uint64_t icmp_out, icmp_bytes, icmp_packets;
	timestamp first, last;
	struct routine *days;		/* from the first sending worth a look */
	bool has_name, is_superseded, is_served, is_told;
};

struct sender {
	struct sender *next;
	struct span address, host;
	struct flowing *first, **last;
	size_t count;
	double median, spread;		/* of log2(bytes out + 1) */
	size_t habits, one_offs;	/* places that took much: on several days, on one */
};

struct volumes {
	struct analysis *a;
	struct map senders, flowings, destinations, seen;
	struct sender *first, **last;
	timestamp begin, end;		/* of all records */
};

static struct sender *sender_of(struct volumes *v, struct span address, struct span host,
				struct err *err)
{
	bool is_new;
	struct sender *s = traffic_slot(&v->senders, address, sizeof *s, &is_new, err);

	if (!s || !is_new)
		return s;
	s->address = arena_copy(v->a->arena, address);
	s->host = arena_copy(v->a->arena, host);
	s->last = &s->first;
	*v->last = s;
	v->last = &s->next;
	return s;
}

static struct flowing *flowing_of(struct volumes *v, struct sender *s, const struct traffic_row *row,
				  struct span to, struct span peer, struct err *err)
{
	bool is_new;
	struct flowing *f = traffic_slot(&v->flowings, traffic_key(v->a, row->source, s->address, to), sizeof *f,
					 &is_new, err);

	if (!f || !is_new)
		return f;
	f->destination = traffic_slot(&v->destinations, to, sizeof *f->destination, &is_new, err);
	if (!f->destination ||
	    !traffic_slot(&v->seen, traffic_key(v->a, s->address, to, (struct span){ 0 }), 1, &is_new, err))
		return NULL;
	f->destination->hosts += is_new;
	f->item = row->item;
	f->source = arena_copy(v->a->arena, row->source);
	f->to = arena_copy(v->a->arena, to);
	f->peer = arena_copy(v->a->arena, peer);
	f->has_name = !domain_is_address(to);
	f->first = f->last = TIME_NONE;
	*s->last = f;
	s->last = &f->next_of_host;
	s->count++;
	return f;
}

/* Where there is no memory for it, it is no routine. */
static void add_day(struct volumes *v, struct flowing *f, timestamp t, uint64_t out)
{
	struct routine *r = f->days;
	int64_t at;

	if (out < THRESHOLD(THEFT_SEND_BYTES) || t == TIME_NONE)
		return;
	if (!r && (r = f->days = ARENA_NEW(v->a->arena, struct routine)))
		r->day = day_of(t) - 1;
	if (!r)
		return;
	at = day_of(t) - r->day;
	r->is_beyond |= at < 0 || at >= ROUTINE_MOST;
	if (at < 0 || at >= ROUTINE_MOST)
		return;
	if (!r->out[at] || t < r->begins[at])
		r->begins[at] = t;
	r->out[at] += out;
}

static bool is_near_a_day(timestamp before, timestamp t)
{
	int64_t off = t - before - DAY, most = (int64_t)THRESHOLD(VOLUME_ROUTINE_MINUTES) * 60 * TIME_SECOND;

	return off <= most && off >= -most;
}

/* From the evidence's first day to its last, none left out. */
static bool is_routine(const struct volumes *v, const struct flowing *f)
{
	const struct routine *r = f->days;
	uint64_t least = UINT64_MAX, most = 0;
	int first = -1, last = -1;

	if (!r || r->is_beyond || !f->has_name)
		return false;
	for (int i = 0; i < ROUTINE_MOST; i++) {
		if (!r->out[i])
			continue;
		if (last >= 0 && (i != last + 1 || !is_near_a_day(r->begins[last], r->begins[i])))
			return false;
		first = first < 0 ? i : first;
		last = i;
		least = r->out[i] < least ? r->out[i] : least;
		most = r->out[i] > most ? r->out[i] : most;
	}
	return last - first + 1 >= (int)THRESHOLD(VOLUME_ROUTINE_DAYS) && r->begins[first] < v->begin + DAY &&
	       v->end - r->begins[last] <= DAY + (int64_t)THRESHOLD(VOLUME_ROUTINE_MINUTES) * 60 * TIME_SECOND &&
	       (double)most <= (double)least * THRESHOLD(VOLUME_ROUTINE_SPREAD);
}

/* A log that does not know how much was sent may know that something was. */
static bool is_upload(const struct traffic_row *row)
{
	return !row->out && span_find(row->detail, 0, SPAN("\"status\":\"2")) != SIZE_MAX &&
	       (span_find(row->detail, 0, SPAN("\"method\":\"POST\"")) != SIZE_MAX ||
		span_find(row->detail, 0, SPAN("\"method\":\"PUT\"")) != SIZE_MAX);
}

static void add(struct flowing *f, const struct traffic_row *row, uint64_t out, uint64_t in)
{
	timestamp last = row->last == TIME_NONE ? row->time : row->last;

	if (span_eq(row->protocol, SPAN("icmp"))) {
		f->icmp_out += out;
		f->icmp_bytes += out + in;
		f->icmp_packets += row->count;
	}
	f->uploads += is_upload(row);
	f->out += out;
	f->in += in;
	f->count++;
	f->off_hours += traffic_is_off_hours(row->time) ? out : 0;
	if (row->time != TIME_NONE && (f->first == TIME_NONE || row->time < f->first))
		f->first = row->time;
	if (last != TIME_NONE && (f->last == TIME_NONE || last > f->last))
		f->last = last;
}

/* Whose it is: below sharepoint.com each name is another firm's. */
static struct span place_of(struct span name)
{
	return domain_is_of(name, SPAN("sharepoint.com")) ? name : domain_registered(name);
}

bool volume_transfer(struct analysis *a, const struct traffic_row *row, struct err *err)
{
	struct volumes *v = a->state;
	bool from_inside = row->is_local_inside && !row->is_peer_inside;
	bool to_inside = !row->is_local_inside && row->is_peer_inside && row->local.len;
	bool by_proxy = row->is_local_inside && row->is_peer_inside && row->name.len &&
			!span_eq(row->what, SPAN("flow"));
	struct span address = to_inside ? row->peer : row->local;
	struct span other = to_inside ? row->local : row->peer;
	struct span to = !to_inside && row->name.len ? place_of(row->name) : other;
	struct sender *s;
	struct flowing *f;

	/* What is within a flow is counted with it; a mail to a server within goes to whom it is for. */
	if (!(from_inside || to_inside || by_proxy) || !to.len || traffic_is_nobody(other) ||
	    span_eq(row->what, SPAN("tls")) ||
	    (traffic_is_part(row) && !(by_proxy && span_eq(row->what, SPAN("mail")))))
		return true;
	s = sender_of(v, address, row->host, err);
	f = s ? flowing_of(v, s, row, to, other, err) : NULL;
	if (!f)
		return false;
	f->is_served |= to_inside || row->peer_port == 25;
	add(f, row, to_inside ? row->in : row->out, to_inside ? row->out : row->in);
	add_day(v, f, row->time, to_inside ? row->in : row->out);
	if (row->time != TIME_NONE) {
		v->begin = v->begin == TIME_NONE || row->time < v->begin ? row->time : v->begin;
		v->end = v->end == TIME_NONE || row->time > v->end ? row->time : v->end;
	}
	return true;
}

/* Of the flowings to one place, the source that tells most stays. */
static bool supersede(struct volumes *v, struct sender *s, struct err *err)
{
	struct map best = map_new(v->a->arena);
	bool is_new;

	for (struct flowing *f = s->first; f; f = f->next_of_host) {
		struct flowing **kept = traffic_slot(&best, f->to, sizeof *kept, &is_new, err);

		if (!kept)
			return false;
		if (is_new) {
			*kept = f;
		} else if (f->out > (*kept)->out) {
			(*kept)->is_superseded = true;
			*kept = f;
		} else {
			f->is_superseded = true;
		}
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return count ? values[count / 2] : 0;
}

static int days_of(const struct flowing *f)
{
	int days = 0;

	for (int i = 0; f->days && i < ROUTINE_MOST; i++)
		days += f->days->out[i] > 0;
	return days;
}

static bool find_normal(struct volumes *v, struct sender *s, struct err *err)
{
	double *logs = ARENA_ARRAY(v->a->arena, s->count ? s->count : 1, double);
	size_t count = 0;

	if (!logs)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	for (struct flowing *f = s->first; f; f = f->next_of_host)
		if (!f->is_superseded) {
			bool is_large = (double)f->out >= THRESHOLD(VOLUME_BYTES);

			logs[count++] = log2((double)f->out + 1);
			s->habits += is_large && days_of(f) > 1;
			s->one_offs += is_large && days_of(f) == 1;
		}
	s->count = count;
	s->median = median_of(logs, count);
	for (size_t i = 0; i < count; i++)
		logs[i] = fabs(logs[i] - s->median);
	s->spread = fmax(1.4826 * median_of(logs, count), 1);
	return true;
}

static double deviation(const struct sender *s, const struct flowing *f)
{
	return (log2((double)f->out + 1) - s->median) / s->spread;
}

/* Of very many places the largest lies far out by chance alone: by sqrt(2 ln n) of n. */
static bool stands_out(const struct sender *s, const struct flowing *f)
{
	return deviation(s, f) >= fmax(THRESHOLD(VOLUME_DEVIATION), sqrt(2 * log((double)s->count)) + 0.5);
}

/* On one day only, of a host that sends as much to its other places again and again. */
static bool is_one_off(const struct volumes *v, const struct sender *s, const struct flowing *f)
{
	return s->one_offs == 1 && s->habits && days_of(f) == 1 &&
	       v->end - v->begin >= (int64_t)(THRESHOLD(VOLUME_ROUTINE_DAYS) - 1) * DAY;
}

static bool is_in_icmp(const struct flowing *f)
{
	return (double)f->icmp_out >= THRESHOLD(VOLUME_ICMP) && f->icmp_packets &&
	       (double)f->icmp_bytes >= THRESHOLD(VOLUME_ICMP_PACKET) * (double)f->icmp_packets;
}

static bool is_common(const struct volumes *v, const struct flowing *f)
{
	return f->destination->hosts >= THRESHOLD(VOLUME_COMMON_HOSTS) && f->destination->hosts * 2 >= v->senders.count;
}

static bool is_unusual(const struct volumes *v, const struct sender *s, const struct flowing *f)
{
	double least = sharing_is_place(f->to) ? THRESHOLD(VOLUME_SHARING) : THRESHOLD(VOLUME_BYTES);

	if (f->is_superseded || is_common(v, f) || allow_list_why(v->a->allow, f->to).len)
		return false;
	if (is_in_icmp(f) || (f->uploads && sharing_is_drop(f->to)))
		return true;
	return (double)f->out >= least && (double)f->out >= THRESHOLD(VOLUME_RATIO) * (double)f->in &&
	       /* With few destinations there is no normal to stand out from. */
	       (s->count < THRESHOLD(VOLUME_NORMAL) || sharing_is_place(f->to) || stands_out(s, f) || is_one_off(v, s, f));
}

static void add_reasons(struct json_write *w, const struct volumes *v, const struct sender *s,
			const struct flowing *f, bool is_usual)
{
	json_key(w, "reasons");
	json_array(w);
	json_text(w, f->out || !f->uploads ? "far more went out than came back"
					   : "something was sent there; how much, this log does not say");
	if (is_in_icmp(f))
		json_text(w, "in ICMP, and in packets far larger than a ping's");
	if (is_usual)
		json_text(w, "every day of the evidence, at the same hour, about as much: a routine, such as a backup");
	if (s->count >= THRESHOLD(VOLUME_NORMAL) && stands_out(s, f))
		json_text(w, "far more than this host's other destinations took");
	else if (is_one_off(v, s, f))
		json_text(w, "once, where this host sends as much elsewhere again and again");
	if (sharing_is_place(f->to))
		json_text(w, "a place where anybody may leave files");
	if (!f->has_name)
		json_text(w, "an address without a name");
	if (f->destination->hosts == 1 && v->senders.count > 1)
		json_text(w, "no other host sent anything there");
	if (f->off_hours * 2 > f->out)
		json_text(w, "mostly at night (22 to 6 UTC) or on a weekend");
	json_array_end(w);
}

static bool tell(struct volumes *v, const struct sender *s, const struct flowing *f, struct err *err)
{
	struct buf text = buf_new((size_t)16 << 10);
	struct json_write w = json_write_to(&text);
	int points = (f->out >= THRESHOLD(VOLUME_STRONG)) + sharing_is_place(f->to) + !f->has_name +
		     (f->off_hours * 2 > f->out) + is_in_icmp(f);
	bool is_usual = !sharing_is_place(f->to) && is_routine(v, f);
	struct conclusion c = { .item = f->item, .harm = HARM_THEFT,
		.level = is_usual ? LEVEL_LOW : points >= 2 ? LEVEL_HIGH : LEVEL_MEDIUM,
		.rule = is_usual ? SPAN("kanshiki.volume-routine") : SPAN("kanshiki.volume"),
		.title = is_usual ? SPAN("Much leaves a host for one place every day")
				  : SPAN("Much more than usual left a host for one place"),
		.techniques = sharing_is_place(f->to) ? SPAN("T1567") : SPAN("T1048"), .first = f->first,
		.last = f->last, .count = f->count, .host = s->host.len ? s->host : s->address };
	bool ok;

	json_object(&w);
	json_key(&w, "local"), json_span(&w, s->address);
	json_key(&w, "to"), json_span(&w, f->to);
	json_key(&w, "peer"), json_span(&w, f->peer);
	json_key(&w, "source"), json_span(&w, f->source);
	json_key(&w, "bytes_out"), json_u64(&w, f->out);
	json_key(&w, "bytes_in"), json_u64(&w, f->in);
	json_key(&w, "bytes_off_hours"), json_u64(&w, f->off_hours);
	json_key(&w, "transfers"), json_u64(&w, f->count);
	traffic_decimal(&w, "deviation", deviation(s, f));
	json_key(&w, "usual_bytes"), json_u64(&w, (uint64_t)exp2(s->median));
	json_key(&w, "destinations"), json_u64(&w, s->count);
	json_key(&w, "hosts"), json_u64(&w, f->destination->hosts);
	add_reasons(&w, v, s, f, is_usual);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(v->a, &c, err);
	buf_free(&text);
	return ok;
}

/* ---- many places that each took little ---- */

/* What one host sent in a day to places that only it sends to, and of which none is told by itself. */
struct split {
	uint64_t out[ROUTINE_MOST], usual;
	uint32_t places[ROUTINE_MOST];
	const struct flowing *largest;
	int day;			/* the one that most went on */
};

static void add_to_split(const struct volumes *v, struct split *split, const struct flowing *f)
{
	int64_t begin = day_of(v->begin);

	for (int i = 0; i < ROUTINE_MOST; i++) {
		int64_t at = f->days->day + i - begin;

		if (!f->days->out[i] || at < 0 || at >= ROUTINE_MOST)
			continue;
		split->out[at] += f->days->out[i];
		split->places[at]++;
		split->largest = split->largest && split->largest->out >= f->out ? split->largest : f;
		split->day = split->out[at] > split->out[split->day] ? (int)at : split->day;
	}
}

static struct split split_of(const struct volumes *v, const struct sender *s)
{
	struct split split = { .day = 0 };

	for (const struct flowing *f = s->first; f; f = f->next_of_host)
		if (f->days && !f->is_told && !f->is_served && !f->is_superseded && f->destination->hosts == 1 &&
		    (double)f->out >= THRESHOLD(VOLUME_RATIO) * (double)f->in && !allow_list_why(v->a->allow, f->to).len &&
		    !is_routine(v, f))
			add_to_split(v, &split, f);
	for (int i = 0; i < ROUTINE_MOST; i++)
		split.usual = i != split.day && split.out[i] > split.usual ? split.out[i] : split.usual;
	return split;
}

static bool tell_split(struct volumes *v, const struct sender *s, struct err *err)
{
	struct split split = split_of(v, s);
	struct buf text = buf_new((size_t)16 << 10);
	struct json_write w = json_write_to(&text);
	timestamp begin = (day_of(v->begin) + split.day) * DAY;
	struct conclusion c = { .harm = HARM_THEFT, .level = LEVEL_MEDIUM, .rule = SPAN("kanshiki.volume-split"),
		.title = SPAN("Much left a host in a day, for many places of which each took little"),
		.techniques = SPAN("T1048 T1030"), .first = begin, .last = begin + DAY - 1, .count = split.places[split.day],
		.host = s->host.len ? s->host : s->address };
	bool ok = true;

	if ((double)split.out[split.day] >= THRESHOLD(VOLUME_SPLIT) &&
	    split.places[split.day] >= THRESHOLD(VOLUME_SPLIT_PLACES) &&
	    (double)split.out[split.day] >= THRESHOLD(VOLUME_SPLIT_RATIO) * (double)split.usual) {
		json_object(&w);
		json_key(&w, "local"), json_span(&w, s->address);
		json_key(&w, "bytes_out"), json_u64(&w, split.out[split.day]);
		json_key(&w, "places"), json_u64(&w, split.places[split.day]);
		json_key(&w, "largest"), json_span(&w, split.largest->to);
		json_key(&w, "other_days_at_most"), json_u64(&w, split.usual);
		json_key(&w, "reasons");
		json_array(&w);
		json_text(&w, "no other host sends to these places, and far more went out than came back");
		json_array_end(&w);
		json_object_end(&w);
		c.item = split.largest->item;
		c.matched = buf_span(&text);
		ok = analysis_tell(v->a, &c, err);
	}
	buf_free(&text);
	return ok;
}

bool volume_begin(struct analysis *a, struct err *err)
{
	struct volumes *v = ARENA_NEW(a->arena, struct volumes);

	if (!v)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	*v = (struct volumes){ .a = a, .senders = map_new(a->arena), .flowings = map_new(a->arena),
			       .destinations = map_new(a->arena), .seen = map_new(a->arena),
			       .last = &v->first, .begin = TIME_NONE, .end = TIME_NONE };
	a->state = v;
	return true;
}

bool analyse_volume(struct analysis *a, struct err *err)
{
	struct volumes *v = a->state;
	bool ok = true;

	for (struct sender *s = v->first; ok && s; s = s->next) {
		ok = supersede(v, s, err) && find_normal(v, s, err);
		for (struct flowing *f = s->first; ok && f; f = f->next_of_host)
			if ((f->is_told = is_unusual(v, s, f)))
				ok = tell(v, s, f, err);
		ok = ok && tell_split(v, s, err);
	}
	return ok;
}
