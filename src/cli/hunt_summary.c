#include "cli/hunt.h"

#include <stdlib.h>

#include "codec/json_write.h"
#include "os/channel.h"

/*
 * What an analyst asks first of any pile of logs: which computers and channels,
 * who logged on from where, signs that the log itself was tampered with, and
 * lists of users, addresses and processes to pivot on.
 */

#define MEMORY_MAX ((size_t)96 << 20)
#define TOP_MAX 1000
#define TAMPERING_MAX 1000
#define SUMMARY_MAX ((size_t)32 << 20)

enum field { FIELD_EVENT_ID, FIELD_CHANNEL, FIELD_COMPUTER, FIELD_USER, FIELD_DOMAIN, FIELD_SOURCE,
	     FIELD_STATION, FIELD_LOGON_TYPE, FIELD_SUBJECT, FIELD_IMAGE, FIELD_DESTINATION,
	     FIELD_PROGRAM, FIELD_MESSAGE, FIELD_STATUS, FIELD_COUNT };

static const char *const field_names[FIELD_COUNT][6] = {
	[FIELD_EVENT_ID] = { "EventID", "eventName" },
	[FIELD_CHANNEL] = { "Channel", "log_format" },
	[FIELD_COMPUTER] = { "Computer", "host", "Hostname" },
	[FIELD_USER] = { "TargetUserName", "User", "user", "acct" },
	[FIELD_DOMAIN] = { "TargetDomainName" },
	[FIELD_SOURCE] = { "IpAddress", "SourceIp", "sourceIPAddress", "c-ip", "addr" },
	[FIELD_STATION] = { "WorkstationName", "Workstation" },
	[FIELD_LOGON_TYPE] = { "LogonType" },
	[FIELD_SUBJECT] = { "SubjectUserName" },
	[FIELD_IMAGE] = { "Image", "NewProcessName", "exe", "process.executable" },
	[FIELD_DESTINATION] = { "DestinationIp", "DestAddress", "dest_ip" },
	[FIELD_PROGRAM] = { "program" },
	[FIELD_MESSAGE] = { "message" },
	[FIELD_STATUS] = { "Status" },
};

struct count {
	struct span key;
	uint64_t count;
	timestamp first, last;
};

struct counts {
	struct map map;			/* key -> struct count */
	size_t distinct;
};

struct tampering {
	const char *what;
	struct span log, computer;
	timestamp time;
	uint64_t record_id, number;
};

struct hunt_summary {
	struct arena memory;
	uint32_t (*slots)[FIELD_COUNT];	/* by shape id */
	uint8_t *known;
	size_t shape_room;
	struct counts computers, events, logons, failures, users, addresses, processes;
	struct tampering *tampering;
	size_t tampering_count, tampering_room;
	uint64_t left_out;		/* for lack of memory */
	timestamp last_time;
	uint64_t last_record;
	struct span log;
	struct buf text[FIELD_COUNT], key;
};

struct hunt_summary *hunt_summary_new(void)
{
	struct hunt_summary *s = calloc(1, sizeof *s);
	struct counts *all[] = { s ? &s->computers : NULL, s ? &s->events : NULL, s ? &s->logons : NULL,
				 s ? &s->failures : NULL, s ? &s->users : NULL,
				 s ? &s->addresses : NULL, s ? &s->processes : NULL };

	if (!s)
		return NULL;
	s->memory = arena_new(MEMORY_MAX);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		all[i]->map = map_new(&s->memory);
	for (size_t i = 0; i < FIELD_COUNT; i++)
		s->text[i] = buf_new(4096);
	s->key = buf_new(16384);
	s->last_time = TIME_NONE;
	return s;
}

void hunt_summary_free(struct hunt_summary *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		buf_free(&s->text[i]);
	buf_free(&s->key);
	arena_free(&s->memory);
	free(s->slots);
	free(s->known);
	free(s);
}

void hunt_summary_renumbered(struct hunt_summary *s)
{
	if (s->known)
		memset(s->known, 0, s->shape_room);
}

static const uint32_t *slots_of(struct hunt_summary *s, const struct event_shape *shape)
{
	if (shape->id >= s->shape_room) {
		size_t room = (size_t)shape->id * 2 + 64;
		void *slots = realloc(s->slots, room * sizeof *s->slots);
		uint8_t *known = slots ? realloc(s->known, room) : NULL;

		if (slots)
			s->slots = slots;
		if (!known)
			return NULL;
		memset(known + s->shape_room, 0, room - s->shape_room);
		s->known = known;
		s->shape_room = room;
	}
	if (!s->known[shape->id]) {
		for (size_t f = 0; f < FIELD_COUNT; f++) {
			uint32_t slot = EVENT_NO_SLOT;

			for (size_t n = 0; n < 6 && field_names[f][n] && slot == EVENT_NO_SLOT; n++)
				slot = event_shape_find(shape, span_text(field_names[f][n]));
			s->slots[shape->id][f] = slot;
		}
		s->known[shape->id] = 1;
	}
	return s->slots[shape->id];
}

/* The field's text, empty where it is not there or only a dash. */
static struct span field(struct hunt_summary *s, const struct event *event, enum field f)
{
	const uint32_t *slots = slots_of(s, event->shape);

	buf_clear(&s->text[f]);
	if (slots && slots[f] != EVENT_NO_SLOT)
		value_text(&s->text[f], &event->values[slots[f]]);
	if (span_eq(buf_span(&s->text[f]), SPAN("-")))
		buf_clear(&s->text[f]);
	return buf_span(&s->text[f]);
}

static void count(struct hunt_summary *s, struct counts *c, struct span key, timestamp time)
{
	struct count *known = map_get(&c->map, key);
	void **slot;

	if (!known) {
		known = ARENA_NEW(&s->memory, struct count);
		key = arena_copy(&s->memory, key);
		slot = known && key.at ? map_slot(&c->map, key) : NULL;
		if (!slot) {
			s->left_out++;
			return;
		}
		*known = (struct count){ .key = key, .first = time, .last = time };
		*slot = known;
		c->distinct++;
	}
	known->count++;
	known->first = time < known->first ? time : known->first;
	known->last = time > known->last ? time : known->last;
}

static struct span key_of(struct hunt_summary *s, const struct span *parts, size_t number)
{
	buf_clear(&s->key);
	for (size_t i = 0; i < number; i++) {
		if (i)
			buf_add_u8(&s->key, 0x1f);
		buf_add(&s->key, parts[i]);
	}
	return buf_span(&s->key);
}

static void tamper(struct hunt_summary *s, const char *what, const struct event *event, uint64_t number)
{
	struct tampering *t;

	if (s->tampering_count >= TAMPERING_MAX) {
		s->left_out++;
		return;
	}
	t = arena_push(&s->memory, (void **)&s->tampering, &s->tampering_count, &s->tampering_room,
		       sizeof *t);
	if (!t)
		return;
	*t = (struct tampering){ .what = what, .log = s->log, .number = number, .time = TIME_NONE };
	if (!event)
		return;
	t->time = event->time;
	t->record_id = event->record_id;
	t->computer = arena_copy(&s->memory, field(s, event, FIELD_COMPUTER));
}

static const struct {
	const char *channel, *event_id, *what;
} tampering_events[] = {
	{ "Security", "1102", "the Security log was cleared" },
	{ "System", "104", "an event log was cleared" },
	{ "Security", "1100", "the event logging service shut down" },
	{ "Security", "1101", "audit events were dropped by the transport" },
	{ "Security", "1104", "the Security log is full" },
	{ "Security", "4719", "the audit policy was changed" },
	{ "Security", "4616", "the system time was changed" },
	{ "System", "6006", "the event log service was stopped" },
	{ "Microsoft-Windows-Sysmon/Operational", "16", "the Sysmon configuration was changed" },
	{ "Microsoft-Windows-Sysmon/Operational", "255", "Sysmon reported an error" },
};

/* Clocks are set right by seconds; more than a minute back within a log is told. */
static void look_for_tampering(struct hunt_summary *s, const struct event *event, struct span channel,
			       struct span id)
{
	for (size_t i = 0; i < sizeof tampering_events / sizeof *tampering_events; i++)
		if (span_eq(channel, span_text(tampering_events[i].channel)) &&
		    span_eq(id, span_text(tampering_events[i].event_id)))
			tamper(s, tampering_events[i].what, event, 0);
	if (event->recovered || event->time == TIME_NONE)
		return;
	if (s->last_time != TIME_NONE && event->record_id > s->last_record &&
	    event->time < s->last_time - 60 * TIME_SECOND)
		tamper(s, "time runs backwards", event,
		       (uint64_t)((s->last_time - event->time) / TIME_SECOND));
	s->last_time = event->time;
	s->last_record = event->record_id;
}

static void count_logon(struct hunt_summary *s, const struct event *event, struct counts *to)
{
	struct span source = field(s, event, FIELD_SOURCE);
	struct span parts[] = { field(s, event, FIELD_USER), field(s, event, FIELD_DOMAIN),
				source.len ? source : field(s, event, FIELD_STATION),
				field(s, event, FIELD_LOGON_TYPE), field(s, event, FIELD_COMPUTER) };

	count(s, to, key_of(s, parts, 5), event->time);
}

static void count_ssh(struct hunt_summary *s, const struct event *event)
{
	struct span message = field(s, event, FIELD_MESSAGE), from, user;
	bool accepted = span_starts(message, SPAN("Accepted "));
	size_t at;

	if (!accepted && !span_starts(message, SPAN("Failed ")))
		return;
	at = span_find(message, 0, SPAN(" from "));
	if (at == SIZE_MAX)
		return;
	from = span_from(message, at + 6);
	from = span_split(&from, ' ');
	user = span_sub(message, 0, at);
	while (span_find_byte(user, 0, ' ') != SIZE_MAX)
		span_split(&user, ' ');
	count(s, accepted ? &s->logons : &s->failures,
	      key_of(s, (struct span[]){ user, SPAN(""), from, SPAN("ssh"), field(s, event, FIELD_COMPUTER) },
		     5), event->time);
}

static void count_pivots(struct hunt_summary *s, const struct event *event)
{
	static const struct {
		enum field field;
		size_t to;
	} pivots[] = {
		{ FIELD_USER, offsetof(struct hunt_summary, users) },
		{ FIELD_SUBJECT, offsetof(struct hunt_summary, users) },
		{ FIELD_SOURCE, offsetof(struct hunt_summary, addresses) },
		{ FIELD_DESTINATION, offsetof(struct hunt_summary, addresses) },
		{ FIELD_IMAGE, offsetof(struct hunt_summary, processes) },
	};

	for (size_t i = 0; i < sizeof pivots / sizeof *pivots; i++) {
		struct span text = field(s, event, pivots[i].field);

		if (text.len)
			count(s, (struct counts *)(void *)((char *)s + pivots[i].to), text, event->time);
	}
}

/* 4776 tells of each check of a password, with 0 where it was right. */
static bool is_failed_logon(struct hunt_summary *s, const struct event *event, struct span id)
{
	struct span status;

	if (span_eq(id, SPAN("4625")) || span_eq(id, SPAN("4771")))
		return true;
	status = field(s, event, FIELD_STATUS);
	return span_eq(id, SPAN("4776")) && !span_eq(status, SPAN("0x0")) && !span_eq(status, SPAN("0"));
}

void hunt_summary_event(struct hunt_summary *s, const char *log, const struct event *event)
{
	struct span channel = field(s, event, FIELD_CHANNEL), id = field(s, event, FIELD_EVENT_ID);

	if (!span_eq(s->log, span_text(log))) {
		s->log = arena_copy(&s->memory, span_text(log));
		s->last_time = TIME_NONE;
	}
	count(s, &s->computers, field(s, event, FIELD_COMPUTER), event->time);
	count(s, &s->events, key_of(s, (struct span[]){ channel, id }, 2), event->time);
	look_for_tampering(s, event, channel, id);
	if (span_eq(channel, SPAN("Security")) && span_eq(id, SPAN("4624")))
		count_logon(s, event, &s->logons);
	else if (span_eq(channel, SPAN("Security")) && is_failed_logon(s, event, id))
		count_logon(s, event, &s->failures);
	else if (span_starts(field(s, event, FIELD_PROGRAM), SPAN("sshd")))
		count_ssh(s, event);
	count_pivots(s, event);
}

void hunt_summary_log(struct hunt_summary *s, const char *log, const struct evtx_report *report)
{
	s->log = arena_copy(&s->memory, span_text(log));
	s->last_time = TIME_NONE;
	if (report->ids.missing)
		tamper(s, "record ids are missing", NULL, report->ids.missing);
	if (report->bad_records)
		tamper(s, "records are damaged", NULL, report->bad_records);
	if (report->bad_checksums)
		tamper(s, "checksums are wrong", NULL, report->bad_checksums);
}

static int by_count(const void *a, const void *b)
{
	const struct count *const *x = a, *const *y = b;

	if ((*x)->count != (*y)->count)
		return (*x)->count < (*y)->count ? 1 : -1;
	return span_cmp((*x)->key, (*y)->key);
}

static void write_time(struct json_write *w, const char *key, timestamp t)
{
	struct buf text = buf_new(64);

	json_key(w, key);
	if (t == TIME_NONE)
		json_null(w);
	else
		timestamp_format(&text, t, 6), json_span(w, buf_span(&text));
	buf_free(&text);
}

/* The most frequent first; `names` are those of the key's parts. */
static void write_counts(struct hunt_summary *s, struct json_write *w, const char *title,
			 const struct counts *c, const char *const *names)
{
	struct count **all = calloc(c->distinct + 1, sizeof *all);
	struct span key;
	void *value;
	size_t at = 0, n = 0;

	json_key(w, title);
	json_array(w);
	while (all && map_next(&c->map, &at, &key, &value) && n < c->distinct)
		all[n++] = value;
	if (n)
		qsort(all, n, sizeof *all, by_count);
	for (size_t i = 0; i < n && i < TOP_MAX; i++) {
		struct span rest = all[i]->key;

		json_object(w);
		for (const char *const *name = names; *name; name++) {
			json_key(w, *name);
			json_span(w, span_split(&rest, 0x1f));
		}
		json_key(w, "count");
		json_u64(w, all[i]->count);
		write_time(w, "first", all[i]->first);
		write_time(w, "last", all[i]->last);
		json_object_end(w);
	}
	json_array_end(w);
	s->left_out += n > TOP_MAX ? n - TOP_MAX : 0;
	free(all);
}

static void write_tampering(const struct hunt_summary *s, struct json_write *w)
{
	json_key(w, "tampering");
	json_array(w);
	for (size_t i = 0; i < s->tampering_count; i++) {
		const struct tampering *t = &s->tampering[i];

		json_object(w);
		json_key(w, "what");
		json_text(w, t->what);
		json_key(w, "log");
		json_span(w, t->log);
		write_time(w, "time", t->time);
		json_key(w, "computer");
		json_span(w, t->computer);
		json_key(w, "record_id");
		json_u64(w, t->record_id);
		json_key(w, "number");
		json_u64(w, t->number);
		json_object_end(w);
	}
	json_array_end(w);
}

static void write_summary(struct hunt_summary *s, struct buf *out)
{
	static const char *const logon[] = { "user", "domain", "from", "logon_type", "computer", NULL };
	static const char *const event[] = { "channel", "event_id", NULL };
	static const char *const name[] = { "name", NULL };
	struct json_write w = json_write_to(out);

	json_object(&w);
	write_counts(s, &w, "computers", &s->computers, name);
	write_counts(s, &w, "events", &s->events, event);
	write_counts(s, &w, "logons", &s->logons, logon);
	write_counts(s, &w, "failed_logons", &s->failures, logon);
	write_tampering(s, &w);
	write_counts(s, &w, "users", &s->users, name);
	write_counts(s, &w, "addresses", &s->addresses, name);
	write_counts(s, &w, "processes", &s->processes, name);
	json_key(&w, "left_out");
	json_u64(&w, s->left_out);
	json_object_end(&w);
	buf_add_u8(out, '\n');
}

bool hunt_summary_write(struct hunt *h, struct err *err)
{
	struct buf out = buf_new(SUMMARY_MAX);
	bool fits;

	write_summary(h->summary, &out);
	if (out.overflow)
		fits = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the summary is too large");
	else if (h->summary_to < 0)
		fits = buf_add(&h->line, buf_span(&out)) && hunt_put(h);
	else
		fits = channel_write_all(h->summary_to, buf_span(&out), err);
	buf_free(&out);
	return fits;
}
