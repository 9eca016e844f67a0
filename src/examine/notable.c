#include "examine/notable.h"

#include "codec/json_write.h"

#define DETAIL_FIELDS 48
#define DETAIL_TEXT 512
/* A clock set by less than this is a clock kept right. */
#define CLOCK_JUMP (INT64_C(3600) * 1000000000)
/* A board without a battery begins at the first of January of some year, long ago. */
#define CLOCK_LONG_AGO (INT64_C(180) * 86400 * 1000000000)
/* A log with fewer records ever written is that of a system being set up. */
#define YOUNG_LOG 1000

enum check { CHECK_NONE, CHECK_CLOCK, CHECK_REMOTE_LOGON, CHECK_CLEARED };

struct notable {
	uint64_t event_id;
	struct span channel;
	const char *provider;		/* part of its name, or NULL */
	enum check check;
	enum harm harm;
	struct span what;
	const char *summary;
	const char *field;		/* shown after the summary, or NULL */
	struct span rule;		/* also a finding, or empty */
	struct span title;
	enum level level;
	struct span techniques;
};

#define S(text) { (const uint8_t *)text, sizeof(text) - 1 }
#define DEFENDER S("Microsoft-Windows-Windows Defender/Operational")
#define SESSIONS S("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational")
#define TASKS S("Microsoft-Windows-TaskScheduler/Operational")

static const struct notable table[] = {
	{ 1102, S("Security"), NULL, CHECK_CLEARED, HARM_OBSTRUCTION, S("log-cleared"),
	  "the Security log was cleared", NULL, S("security-log-cleared"),
	  S("The Security event log was cleared"), LEVEL_HIGH, S("T1070.001") },
	{ 104, S("System"), "Eventlog", CHECK_CLEARED, HARM_OBSTRUCTION, S("log-cleared"),
	  "an event log was cleared", "Channel", S("event-log-cleared"),
	  S("An event log was cleared"), LEVEL_HIGH, S("T1070.001") },
	{ 1100, S("Security"), NULL, CHECK_NONE, HARM_NONE, S("log-service-stopped"),
	  "the event log service was shut down", NULL, S(""), S(""), 0, S("") },
	{ 6005, S("System"), NULL, CHECK_NONE, HARM_NONE, S("log-service-started"),
	  "the event log service started", NULL, S(""), S(""), 0, S("") },
	{ 6006, S("System"), NULL, CHECK_NONE, HARM_NONE, S("log-service-stopped"),
	  "the event log service stopped", NULL, S(""), S(""), 0, S("") },
	{ 6008, S("System"), NULL, CHECK_NONE, HARM_NONE, S("unexpected-shutdown"),
	  "the last shutdown was unexpected", NULL, S(""), S(""), 0, S("") },
	{ 4616, S("Security"), NULL, CHECK_CLOCK, HARM_OBSTRUCTION, S("clock-changed"),
	  "the system clock was set", "ProcessName", S("clock-changed"),
	  S("The system clock was set by more than an hour"), LEVEL_MEDIUM, S("T1070.006") },
	{ 1, S("System"), "Kernel-General", CHECK_CLOCK, HARM_OBSTRUCTION, S("clock-changed"),
	  "the system clock was set", NULL, S("clock-changed"),
	  S("The system clock was set by more than an hour"), LEVEL_MEDIUM, S("T1070.006") },
	{ 4719, S("Security"), NULL, CHECK_NONE, HARM_OBSTRUCTION, S("audit-policy-changed"),
	  "the audit policy was changed", NULL, S(""), S(""), 0, S("") },
	{ 7045, S("System"), NULL, CHECK_NONE, HARM_IMPLANT, S("service-installed"),
	  "a service was installed", "ServiceName", S(""), S(""), 0, S("") },
	{ 4697, S("Security"), NULL, CHECK_NONE, HARM_IMPLANT, S("service-installed"),
	  "a service was installed", "ServiceName", S(""), S(""), 0, S("") },
	{ 4698, S("Security"), NULL, CHECK_NONE, HARM_IMPLANT, S("task-created"),
	  "a scheduled task was created", "TaskName", S(""), S(""), 0, S("") },
	{ 106, TASKS, NULL, CHECK_NONE, HARM_IMPLANT, S("task-created"),
	  "a scheduled task was registered", "TaskName", S(""), S(""), 0, S("") },
	{ 4720, S("Security"), NULL, CHECK_NONE, HARM_CONTROL, S("account-created"),
	  "an account was created", "TargetUserName", S(""), S(""), 0, S("") },
	{ 4726, S("Security"), NULL, CHECK_NONE, HARM_NONE, S("account-deleted"),
	  "an account was deleted", "TargetUserName", S(""), S(""), 0, S("") },
	{ 4728, S("Security"), NULL, CHECK_NONE, HARM_CONTROL, S("group-joined"),
	  "an account joined a global group", "TargetUserName", S(""), S(""), 0, S("") },
	{ 4732, S("Security"), NULL, CHECK_NONE, HARM_CONTROL, S("group-joined"),
	  "an account joined a local group", "TargetUserName", S(""), S(""), 0, S("") },
	{ 4624, S("Security"), NULL, CHECK_REMOTE_LOGON, HARM_CONTROL, S("remote-logon"),
	  "a remote desktop logon", "TargetUserName", S(""), S(""), 0, S("") },
	{ 21, SESSIONS, NULL, CHECK_NONE, HARM_CONTROL, S("remote-logon"),
	  "a remote desktop session began", "User", S(""), S(""), 0, S("") },
	{ 25, SESSIONS, NULL, CHECK_NONE, HARM_CONTROL, S("remote-logon"),
	  "a remote desktop session was taken up again", "User", S(""), S(""), 0, S("") },
	{ 1116, DEFENDER, NULL, CHECK_NONE, HARM_IMPLANT, S("malware-detected"),
	  "Defender detected malware", "ThreatName", S(""), S(""), 0, S("") },
	{ 5001, DEFENDER, NULL, CHECK_NONE, HARM_OBSTRUCTION, S("defence-off"),
	  "Defender's real-time protection was turned off", NULL, S(""), S(""), 0, S("") },
};

/* What else a record of the table may mean, looked at closely. */
static const struct meaning {
	struct span rule, title;
	enum level level;
} recovered = { S("clock-recovered"), S("The system clock had lost the time, and was put right"), LEVEL_LOW },
  set_up = { S("log-cleared-at-set-up"), S("An event log was cleared by the system itself while it was young, as "
					  "set-up does"), LEVEL_MEDIUM };

static const struct value *find(const struct event *e, const char *name)
{
	uint32_t slot = event_shape_find(e->shape, span_text(name));

	return slot == EVENT_NO_SLOT ? NULL : &e->values[slot];
}

static bool as_number(const struct value *v, uint64_t *out)
{
	struct buf text = buf_new(64);
	bool ok;

	if (v->kind == VALUE_UINT || v->kind == VALUE_HEX || v->kind == VALUE_INT) {
		*out = v->u;
		return true;
	}
	value_text(&text, v);
	ok = span_to_u64(buf_span(&text), out);
	buf_free(&text);
	return ok;
}

static bool slot_number(const struct event *e, uint32_t slot, uint64_t *out)
{
	return slot < e->shape->count && as_number(&e->values[slot], out);
}

static bool as_time(const struct value *v, timestamp *out)
{
	struct buf text = buf_new(128);
	bool ok;

	if (!v)
		return false;
	if (v->kind == VALUE_TIME)
		return *out = v->i, *out != TIME_NONE;
	value_text(&text, v);
	ok = timestamp_parse(buf_span(&text), out);
	buf_free(&text);
	return ok;
}

static bool clock_ends(const struct event *e, timestamp *from, timestamp *to)
{
	const struct value *before = find(e, "PreviousTime");

	return as_time(before ? before : find(e, "OldTime"), from) && as_time(find(e, "NewTime"), to);
}

static bool clock_jumped(const struct event *e)
{
	timestamp from, to;
	int64_t jump;

	return clock_ends(e, &from, &to) && !__builtin_sub_overflow(to, from, &jump) &&
	       (jump > CLOCK_JUMP || jump < -CLOCK_JUMP);
}

/* From where a clock stands that had lost the time, forward: it was put right. */
static bool clock_recovered(const struct event *e)
{
	timestamp from, to;
	struct buf text = buf_new(64);
	bool is_first_day;

	if (!clock_ends(e, &from, &to) || to < from || to - from < CLOCK_LONG_AGO)
		return false;
	timestamp_format(&text, from, 0);
	is_first_day = span_eq(span_sub(buf_span(&text), 4, 7), SPAN("-01-01T"));
	buf_free(&text);
	return is_first_day;
}

/* By the system itself, and before it had written much: set-up empties what it wrote. */
static bool is_set_up(const struct event *e)
{
	const struct value *user = find(e, "SubjectUserName");
	struct buf text = buf_new(256);
	bool is;

	if (user)
		value_text(&text, user);
	is = e->record_id < YOUNG_LOG && span_eq_nocase(buf_span(&text), SPAN("SYSTEM"));
	buf_free(&text);
	return is;
}

static bool holds(const struct notable *n, const struct event *e, struct span channel)
{
	uint64_t type;
	bool ok = true;

	if (!span_eq_nocase(channel, n->channel))
		return false;
	if (n->check == CHECK_REMOTE_LOGON) {
		const struct value *v = find(e, "LogonType");

		return v && as_number(v, &type) && type == 10;
	}
	if (n->provider && e->shape->provider < e->shape->count) {
		struct buf text = buf_new(1024);

		value_text(&text, &e->values[e->shape->provider]);
		ok = span_find(buf_span(&text), 0, span_text(n->provider)) != SIZE_MAX;
		buf_free(&text);
	}
	return ok;
}

/* The record's own fields: what stands after the system part. */
static void add_fields(struct buf *to, const struct event *e)
{
	struct json_write w = json_write_to(to);
	struct buf text = buf_new(1 << 16);

	json_object(&w);
	for (uint32_t i = 0, told = 0; i < e->shape->count && told < DETAIL_FIELDS; i++) {
		if (e->values[i].kind == VALUE_ABSENT)
			continue;
		buf_clear(&text);
		value_text(&text, &e->values[i]);
		json_key_span(&w, span_sub(e->shape->names[i], 0, 128));
		json_span(&w, span_sub(buf_span(&text), 0, DETAIL_TEXT));
		told++;
	}
	json_object_end(&w);
	buf_free(&text);
}

static void tell_finding(struct notable_context *c, const struct notable *n, const struct event *e,
			 struct span host, struct span user, struct span detail)
{
	struct buf matched = buf_new(512);
	struct json_write w = json_write_to(&matched);
	const struct meaning *meant = &(struct meaning){ n->rule, n->title, n->level };

	if (n->check == CHECK_CLOCK && clock_recovered(e))
		meant = &recovered;
	else if (n->check == CHECK_CLEARED && is_set_up(e))
		meant = &set_up;
	json_object(&w);
	json_key(&w, "Channel");
	json_span(&w, n->channel);
	json_key(&w, "EventID");
	json_u64(&w, n->event_id);
	json_object_end(&w);
	findings_add(c->findings, &(struct finding){
		.engine = ENGINE_BUILTIN, .harm = n->harm, .level = meant->level, .rule = meant->rule,
		.title = meant->title, .techniques = n->techniques, .offset = e->offset,
		.record_id = e->record_id, .time = e->time, .host = host, .user = user,
		.matched = buf_span(&matched), .detail = detail });
	buf_free(&matched);
}

static void tell(struct notable_context *c, const struct notable *n, const struct event *e,
		 struct span channel, struct span host)
{
	struct buf summary = buf_new(2048), user = buf_new(1024), provider = buf_new(1024);
	struct buf detail = buf_new(1 << 16);
	const struct value *field = n->field ? find(e, n->field) : NULL;

	buf_text(&summary, n->summary);
	if (field) {
		buf_text(&summary, ": ");
		value_text(&summary, field);
		if (summary.overflow)
			buf_clear(&summary), buf_text(&summary, n->summary);
	}
	if (e->shape->user < e->shape->count)
		value_text(&user, &e->values[e->shape->user]);
	if (e->shape->provider < e->shape->count)
		value_text(&provider, &e->values[e->shape->provider]);
	add_fields(&detail, e);
	if (n->rule.len && (n->check != CHECK_CLOCK || clock_jumped(e)))
		tell_finding(c, n, e, host, buf_span(&user), buf_span(&detail));
	if (c->told++ < c->most)
		examination_tell(c->x, &(struct record){ .type = RECORD_EVENT, .event = {
			.time = e->time, .what = n->what, .summary = buf_span(&summary),
			.harm = n->harm, .host = host, .user = buf_span(&user), .channel = channel,
			.provider = buf_span(&provider), .event_id = n->event_id,
			.record_id = e->record_id, .offset = e->offset,
			.detail = detail.overflow ? SPAN("") : buf_span(&detail) } });
	else
		c->left_out++;
	buf_free(&summary);
	buf_free(&user);
	buf_free(&provider);
	buf_free(&detail);
}

void notable_check(struct notable_context *c, const struct event *event, struct span channel,
		   struct span host)
{
	uint64_t id;

	if (!slot_number(event, event->shape->event_id, &id))
		return;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].event_id == id && holds(&table[i], event, channel))
			tell(c, &table[i], event, channel, host);
}

void notable_gaps(struct notable_context *c, uint64_t gaps, uint64_t missing, struct span channel,
		  struct span host)
{
	struct buf matched = buf_new(1024);
	struct json_write w = json_write_to(&matched);

	json_object(&w);
	json_key(&w, "Channel");
	json_span(&w, span_sub(channel, 0, 256));
	json_key(&w, "gaps");
	json_u64(&w, gaps);
	json_key(&w, "missing_records");
	json_u64(&w, missing);
	json_object_end(&w);
	/* Low: a log that was exported through a filter looks the same. */
	findings_add(c->findings, &(struct finding){
		.engine = ENGINE_BUILTIN, .harm = HARM_OBSTRUCTION, .level = LEVEL_LOW,
		.rule = SPAN("event-record-gap"),
		.title = SPAN("Event records are missing inside a log"),
		.techniques = SPAN("T1070.001"), .offset = UINT64_MAX, .record_id = UINT64_MAX,
		.time = TIME_NONE, .host = host, .matched = buf_span(&matched) });
	buf_free(&matched);
}
