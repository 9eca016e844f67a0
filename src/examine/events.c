#include "examine/events.h"

#include "base/day_counts.h"
#include "examine/event_traces.h"
#include "examine/findings.h"
#include "examine/notable.h"
#include "examine/rule_pack.h"
#include "formats/evt/evt.h"
#include "formats/evtx/evtx.h"
#include "formats/journal/journal_export.h"
#include "formats/log/log.h"
#include "rules/sigma/sigma.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CHANNELS_MOST 256
#define NOTABLE_MOST 20000
#define TRACES_MOST 100000
/* Events between two looks at the clock. */
#define CLOCK_EVERY 128
/* Matches that correlations count, of one log. */
#define FACTS_MOST 50000
#define NAME_MOST ((size_t)1 << 10)
#define CORRELATION_BYTES ((size_t)64 << 20)

/* What a log covers: one for each channel and host in it. */
struct coverage {
	struct span channel, host;
	timestamp first, last;
	uint64_t count;
	struct day_counts days;
};

struct events {
	struct sigma_scanner *sigma;		/* NULL: no rules */
	struct findings findings;
	struct arena arena;			/* names of channels and hosts */
	struct coverage coverage[CHANNELS_MOST];
	size_t covered, at;
	struct examination *x;
	struct notable_context notable;
	struct event_traces traces;
	uint64_t count;
	uint64_t facts;				/* that correlations count */
	uint64_t regex_limits;		/* of the scanner, before this log */
	struct log_reader *reader;		/* of a log that is not EVTX */
	uint32_t generation;
	bool has_channels;			/* Windows events in another form */
	bool is_sample;				/* a package brought it, to be read: of no machine */
};

static void take_fact(void *context, const struct sigma_fact *fact);

struct events *events_new(const struct image *sigma)
{
	struct events *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->arena = arena_new((size_t)1 << 20);
	if (!sigma)
		return e;
	e->sigma = sigma_scanner_new(rule_pack_of(sigma)->set, CORRELATION_BYTES);
	if (e->sigma) {
		sigma_scanner_collect(e->sigma, take_fact, e);
		return e;
	}
	events_free(e);
	return NULL;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	sigma_scanner_free(e->sigma);
	arena_free(&e->arena);
	free(e);
}

/* ---- coverage ---- */

static const struct value *slot_value(const struct event *event, uint32_t slot)
{
	static const struct value absent = { .kind = VALUE_ABSENT };

	return slot < event->shape->count ? &event->values[slot] : &absent;
}

static struct span name_of(struct events *e, const struct value *v)
{
	struct buf text = buf_new(NAME_MOST);
	struct span kept;

	value_text(&text, v);
	kept = arena_copy(&e->arena, buf_span(&text));
	buf_free(&text);
	return kept;
}

static bool is_same(const struct value *v, struct span kept)
{
	struct buf text = buf_new(NAME_MOST);
	bool same;

	if (v->kind == VALUE_TEXT)
		return span_eq(v->bytes, kept);
	/* Nearly all names are ASCII in UTF-16: compared without rendering. */
	if (v->kind == VALUE_UTF16 && v->bytes.len == kept.len * 2) {
		size_t i = 0;

		while (i < kept.len && v->bytes.at[2 * i] == kept.at[i] && !v->bytes.at[2 * i + 1])
			i++;
		if (i == kept.len)
			return true;
	}
	value_text(&text, v);
	same = span_eq(buf_span(&text), kept);
	buf_free(&text);
	return same;
}

static struct coverage *cover(struct events *e, const struct event *event)
{
	const struct value *channel = slot_value(event, event->shape->channel);
	const struct value *host = slot_value(event, event->shape->computer);
	struct coverage *c;

	for (size_t i = 0; i < e->covered; i++) {
		c = &e->coverage[(e->at + i) % e->covered];
		if (is_same(channel, c->channel) && is_same(host, c->host)) {
			e->at = (e->at + i) % e->covered;
			return c;
		}
	}
	/* More than these are counted with the last. */
	if (e->covered == CHANNELS_MOST)
		return &e->coverage[CHANNELS_MOST - 1];
	e->at = e->covered;
	c = &e->coverage[e->covered++];
	*c = (struct coverage){ .channel = name_of(e, channel), .host = name_of(e, host),
				.first = TIME_NONE, .last = TIME_NONE };
	return c;
}

static void add_time(struct coverage *c, timestamp t)
{
	c->count++;
	if (t == TIME_NONE)
		return;
	if (c->first == TIME_NONE || t < c->first)
		c->first = t;
	if (c->last == TIME_NONE || t > c->last)
		c->last = t;
	day_counts_add(&c->days, t, 1);
}

static void tell_coverage(struct events *e, enum evidence_class evidence_class, uint64_t lost,
			  const char *note)
{
	for (size_t i = 0; i < (e->covered ? e->covered : 1); i++) {
		const struct coverage *c = &e->coverage[i];
		struct record r = { .type = RECORD_FACT, .fact = {
			.evidence_class = evidence_class, .first = TIME_NONE, .last = TIME_NONE } };
		struct buf days = buf_new(DAY_COUNTS_TEXT);

		if (e->covered) {
			r.fact.channel = c->channel;
			r.fact.host = c->host;
			r.fact.first = c->first;
			r.fact.last = c->last;
			r.fact.count = c->count;
			day_counts_write(&c->days, &days);
		}
		r.fact.lost = i ? 0 : lost;
		r.fact.note = span_text(i ? "" : note);
		r.fact.days = buf_span(&days);
		examination_tell(e->x, &r);
		buf_free(&days);
	}
}

/* ---- one event ---- */

/* What correlations count goes into the case, and is joined there over all logs. */
static void take_fact(void *context, const struct sigma_fact *fact)
{
	struct events *e = context;
	struct record r = { .type = RECORD_TRACE, .trace = trace_new(TRACE_MATCH, "") };

	if (e->facts++ >= FACTS_MOST)
		return;
	r.trace.what = fact->correlation->id.len ? fact->correlation->id : fact->correlation->title;
	r.trace.time = fact->time;
	r.trace.count = fact->source;
	r.trace.bytes_in = fact->record_id;
	r.trace.detail = fact->key;
	r.trace.command = fact->value;
	examination_tell(e->x, &r);
}

static bool take_match(void *context, const struct finding *finding, const struct sigma_rule *rule,
		       const struct event *event)
{
	struct events *e = context;

	findings_add(&e->findings, finding);
	return true;
}

static bool take_event(void *context, const struct event *event)
{
	struct events *e = context;
	struct coverage *c = cover(e, event);

	add_time(c, event->time);
	notable_check(&e->notable, event, c->channel, c->host);
	if (!e->is_sample)
		event_traces_check(&e->traces, event, c->channel, c->host);
	if (e->sigma)
		sigma_eval(e->sigma, event, take_match, e);
	return ++e->count % CLOCK_EVERY || !examination_over(e->x);
}

/* ---- one log ---- */

/* Logs that programs bring to test themselves: sessions in them were nobody's here. */
static bool is_sample(struct span path)
{
	return span_has_any(path, "/usr/lib/|/usr/share/") &&
	       span_has_any(path, "/tests/|/test/|/examples/|/testdata/|/share/doc/");
}

static void begin_log(struct events *e, struct examination *x)
{
	arena_reset(&e->arena);
	e->covered = e->at = 0;
	e->count = e->facts = 0;
	e->x = x;
	findings_init(&e->findings, x->limits->findings);
	if (e->sigma)
		sigma_scanner_begin(e->sigma);
	e->regex_limits = e->sigma ? sigma_scanner_stats(e->sigma)->regex_limits : 0;
	e->notable = (struct notable_context){ .x = x, .findings = &e->findings,
					       .most = NOTABLE_MOST };
	e->traces = event_traces_new(x, TRACES_MOST);
}

/* What the rules did not get to see wholly. */
static void end_rules(struct events *e)
{
	const struct sigma_stats *stats = sigma_scanner_stats(e->sigma);

	if (e->facts > FACTS_MOST)
		examination_limit(e->x, "limit: %d matches for correlations, %" PRIu64 " left out",
				  FACTS_MOST, e->facts - FACTS_MOST);
	if (stats->regex_limits != e->regex_limits)
		examination_short(e->x, FATE_PARTLY, "limit: %" PRIu64 " regex searches given up",
				  stats->regex_limits - e->regex_limits);
}

static void end_log(struct events *e)
{
	if (e->sigma)
		end_rules(e);
	if (e->notable.left_out)
		examination_limit(e->x, "limit: %d notable events of an item, %" PRIu64 " left out",
				  NOTABLE_MOST, e->notable.left_out);
	if (e->traces.left_out)
		examination_limit(e->x, "limit: %d traces of an item, %" PRIu64 " left out",
				  TRACES_MOST, e->traces.left_out);
	event_traces_free(&e->traces);
	findings_tell(&e->findings, e->x);
	findings_free(&e->findings);
	e->x->event_count += e->count;
}

static void judge_evtx(struct events *e, const struct evtx_report *report)
{
	struct span none = { 0 };
	char note[160];

	snprintf(note, sizeof note, "%s%s%" PRIu64 " gaps, %" PRIu64 " records missing",
		 report->dirty ? "not closed; " : "", report->full ? "full; " : "", report->ids.gaps,
		 report->ids.missing);
	if (report->bad_records || report->bad_chunks)
		examination_short(e->x, FATE_PARTLY,
				  "damaged: %" PRIu64 " records and %" PRIu64 " chunks unreadable",
				  report->bad_records, report->bad_chunks);
	else if (report->cut_chunks)
		examination_short(e->x, FATE_PARTLY, "cut off: %" PRIu64 " records missing",
				  report->ids.missing);
	else if (report->replaced_templates)
		examination_short(e->x, FATE_PARTLY,
				  "damaged: %" PRIu64 " templates taken from other chunks",
				  report->replaced_templates);
	if (report->ids.gaps)
		notable_gaps(&e->notable, report->ids.gaps, report->ids.missing,
			     e->covered ? e->coverage[0].channel : none,
			     e->covered ? e->coverage[0].host : none);
	tell_coverage(e, CLASS_EVENT_LOG, report->ids.missing + report->bad_records,
		      report->ids.gaps || report->dirty || report->full ? note : "");
}

static void examine_evtx(struct events *e, struct span log)
{
	struct evtx_options options = { .code_page = e->x->limits->code_page };
	struct evtx_decoder *decoder = evtx_decoder_new(&options);
	struct evtx_report report = { 0 };
	struct err err;

	if (!decoder) {
		examination_short(e->x, FATE_FAILED, "no memory to decode events");
		return;
	}
	if (!evtx_decode(decoder, log, take_event, e, &report, &err))
		examination_short(e->x, FATE_PARTLY, "%s", err.text);
	judge_evtx(e, &report);
	evtx_decoder_free(decoder);
}

static void examine_evt(struct events *e, const struct item *item)
{
	struct evt_options options = { .name = item->path };
	struct evt_reader *reader = evt_reader_new(&options);
	struct evtx_report report = { 0 };
	struct err err;

	if (!reader) {
		examination_short(e->x, FATE_FAILED, "no memory to decode events");
		return;
	}
	if (!evt_decode(reader, item->bytes, take_event, e, &report, &err))
		examination_short(e->x, FATE_PARTLY, "%s", err.text);
	judge_evtx(e, &report);
	evt_reader_free(reader);
}

/* The reader numbers shapes anew when a log has too many. */
static bool take_text_event(void *context, const struct event *event)
{
	struct events *e = context;
	uint32_t channel = event->shape->channel;

	if (log_reader_generation(e->reader) != e->generation) {
		e->generation = log_reader_generation(e->reader);
		if (e->sigma)
			sigma_scanner_begin(e->sigma);
	}
	if (!e->has_channels && channel != EVENT_NO_SLOT)
		e->has_channels = span_eq(event->shape->names[channel], SPAN("Channel"));
	return take_event(e, event);
}

/* A time without a year is not later than the last writing. */
static struct log_options reading_of(const struct events *e, const struct item *item)
{
	const struct examine_limits *given = e->x->limits;

	return (struct log_options){ .now = item->modified, .year = given->year,
				     .zone_seconds = given->zone_seconds };
}

static const char *assumed(const struct examine_limits *given, const struct log_report *report)
{
	if (report->year_assumed)
		return given->year ? "times without a year: the given one is taken"
				   : "times without a year: the last possible is assumed";
	if (report->zone_assumed)
		return given->zone_seconds ? "times without a zone: the given one is taken"
					   : "times without a zone: UTC is assumed";
	return "";
}

static void judge_text(struct events *e, enum log_format format, const struct log_report *report)
{
	bool network = format == LOG_ACCESS || format == LOG_SQUID || format == LOG_W3C ||
		       format == LOG_ZEEK;
	enum evidence_class kind = e->has_channels ? CLASS_EVENT_LOG
				   : network	   ? CLASS_NETWORK_LOG
						   : CLASS_TEXT_LOG;

	/* A table in which nothing has a time is no log, and what does not fit in it no loss. */
	if (format == LOG_CSV && report->first == TIME_NONE && report->bad_lines)
		return;
	if (report->bad_lines || report->long_lines)
		examination_short(e->x, FATE_PARTLY,
				  "lines that are not %s: %" PRIu64 ", the first is line %" PRIu64,
				  log_format_name(format), report->bad_lines + report->long_lines,
				  report->first_bad);
	tell_coverage(e, kind, report->bad_lines + report->long_lines,
		      assumed(e->x->limits, report));
}

static void examine_text(struct events *e, const struct item *item, enum log_format format)
{
	struct log_options options = reading_of(e, item);

	e->reader = log_reader_new(format, &options);
	e->has_channels = false;
	if (!e->reader) {
		examination_short(e->x, FATE_FAILED, "no memory to decode events");
		return;
	}
	e->generation = log_reader_generation(e->reader);
	log_reader_feed(e->reader, item->bytes, true, take_text_event, e);
	judge_text(e, format, log_reader_report(e->reader));
	log_reader_free(e->reader);
	e->reader = NULL;
}

/* ---- systemd's journal: an entry at a time through the reader of its export form ---- */

struct journal_feed {
	struct events *e;
	const struct journal_entry *entry;
	struct buf text;
};

static bool take_journal_event(void *context, const struct event *event)
{
	struct journal_feed *feed = context;
	struct event here = *event;

	here.offset = feed->entry->offset;
	here.record_id = feed->entry->seqnum;
	return take_text_event(feed->e, &here);
}

static bool take_entry(void *context, const struct journal_entry *entry)
{
	struct journal_feed *feed = context;

	feed->entry = entry;
	buf_clear(&feed->text);
	if (!journal_export(&feed->text, entry))
		return true;
	return log_reader_feed(feed->e->reader, buf_span(&feed->text), false, take_journal_event, feed);
}

static void judge_journal(struct events *e, const struct journal_report *r)
{
	uint64_t lost = r->stated > r->entries ? r->stated - r->entries : 0;
	char note[200];

	if (r->cut || r->bad_objects || r->lost_fields || lost)
		examination_short(e->x, FATE_PARTLY, "%s%" PRIu64 " of %" PRIu64 " entries read, %" PRIu64
				  " bytes of %" PRIu64 " places make no sense, %" PRIu64 " fields lost",
				  r->cut ? "cut off: " : "", r->entries, r->stated, r->bad_bytes,
				  r->bad_objects, r->lost_fields);
	snprintf(note, sizeof note, "%s%" PRIu64 " gaps in its numbers, %" PRIu64 " entries missing",
		 r->unclean ? "not closed; " : "", r->gaps, r->missing);
	tell_coverage(e, CLASS_TEXT_LOG, lost, r->unclean || r->gaps ? note : "");
}

static void examine_journal(struct events *e, const struct item *item)
{
	struct log_options options = reading_of(e, item);
	struct journal_feed feed = { .e = e, .text = buf_new(JOURNAL_ENTRY_BYTES * 2) };
	struct journal_report report = { .first = TIME_NONE };
	struct err err;

	e->reader = log_reader_new(LOG_JOURNAL, &options);
	e->has_channels = false;
	if (!e->reader) {
		examination_short(e->x, FATE_FAILED, "no memory to decode events");
		return;
	}
	e->generation = log_reader_generation(e->reader);
	if (!journal_read(item->bytes, take_entry, &feed, &report, &err))
		examination_short(e->x, FATE_PARTLY, "%s", err.text);
	judge_journal(e, &report);
	log_reader_free(e->reader);
	e->reader = NULL;
	buf_free(&feed.text);
}

void events_examine(struct examination *x, struct item *item, enum reader reader)
{
	struct events *e = x->events;
	enum log_format format = reader == READER_TEXT ? log_identify(item->bytes) : LOG_NONE;

	if (reader != READER_EVTX && reader != READER_EVT && reader != READER_JOURNAL &&
	    format == LOG_NONE)
		return;
	begin_log(e, x);
	e->is_sample = is_sample(item->path);
	if (reader == READER_JOURNAL)
		examine_journal(e, item);
	else if (reader == READER_EVTX)
		examine_evtx(e, item->bytes);
	else if (reader == READER_EVT)
		examine_evt(e, item);
	else
		examine_text(e, item, format);
	end_log(e);
}
