#include "cli/events_line.h"

#include "codec/escape.h"
#include "codec/json_write.h"
#include "formats/evtx/evtx_text.h"

/* Named in the CSV's own columns, so not again in its last one. */
static const char *const columns[] = { "Computer", "Channel", "Provider_Name", "EventID", "Level",
				       "EventRecordID", "Security_UserID" };

#define COLUMN_COUNT (sizeof columns / sizeof *columns)

struct span events_prologue(enum events_format format)
{
	switch (format) {
	case EVENTS_XML:
		return SPAN("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Events>\n");
	case EVENTS_CSV:
		return SPAN("Time,Computer,Channel,Provider_Name,EventID,Level,EventRecordID,"
			    "Security_UserID,Recovered,Fields\n");
	case EVENTS_JSONL:
		break;
	}
	return SPAN("");
}

struct span events_epilogue(enum events_format format)
{
	return format == EVENTS_XML ? SPAN("</Events>\n") : SPAN("");
}

static bool json_line(const struct evtx_record *record, struct buf *to, struct err *err)
{
	if (!evtx_record_json(record, to, err))
		return false;
	if (record->recovered) {
		to->len--;
		buf_text(to, ",\"recovered\":true}");
	}
	buf_add_u8(to, '\n');
	return true;
}

static bool xml_lines(const struct evtx_record *record, struct buf *to, struct err *err)
{
	size_t before = to->len;

	if (record->recovered)
		buf_text(to, "<!-- recovered -->\n");
	if (!evtx_record_xml(record, to, err)) {
		to->len = before;
		return false;
	}
	buf_add_u8(to, '\n');
	return true;
}

static void cell(struct buf *to, const struct event *event, uint32_t slot)
{
	struct buf text = buf_new(EVTX_TEXT_MAX);

	if (slot != EVENT_NO_SLOT)
		value_text(&text, &event->values[slot]);
	escape_csv(to, buf_span(&text));
	buf_add_u8(to, ',');
	buf_free(&text);
}

static bool has_column(struct span name)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		if (span_eq(name, span_text(columns[i])))
			return true;
	return span_eq(name, SPAN("TimeCreated_SystemTime"));
}

/* The event's time and fields as an object of strings; if `rest`, those without a column. */
static void fields_json(struct buf *to, const struct event *event, bool rest)
{
	struct json_write w = json_write_to(to);
	struct buf text = buf_new(EVTX_TEXT_MAX);

	json_object(&w);
	if (!rest && event->time != TIME_NONE) {
		timestamp_format(&text, event->time, 7);
		json_key(&w, "time");
		json_span(&w, buf_span(&text));
	}
	for (uint32_t i = 0; i < event->shape->count; i++) {
		if ((rest && has_column(event->shape->names[i])) ||
		    event->values[i].kind == VALUE_ABSENT || event->values[i].kind == VALUE_NULL)
			continue;
		buf_clear(&text);
		value_text(&text, &event->values[i]);
		json_key_span(&w, event->shape->names[i]);
		json_span(&w, buf_span(&text));
	}
	json_object_end(&w);
	buf_free(&text);
}

static void csv_event(const struct event *event, struct buf *to)
{
	struct buf fields = buf_new(EVTX_TEXT_MAX);

	timestamp_format(to, event->time, 7);
	buf_add_u8(to, ',');
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		cell(to, event, event_shape_find(event->shape, span_text(columns[i])));
	buf_text(to, event->recovered ? "true," : "false,");
	fields_json(&fields, event, true);
	escape_csv(to, buf_span(&fields));
	buf_add_u8(to, '\n');
	buf_free(&fields);
}

static bool csv_line(const struct evtx_record *record, struct buf *to, struct err *err)
{
	struct event event;

	if (!evtx_record_event(record, &event, err))
		return false;
	csv_event(&event, to);
	return true;
}

static void xml_text(struct buf *to, struct span text)
{
	evtx_text_literal(to, text, EVTX_XML_PART);
}

static void flat_xml(const struct event *event, struct buf *to)
{
	struct buf text = buf_new(EVTX_TEXT_MAX);

	buf_text(to, "<Event>\n  <System><TimeCreated SystemTime=\"");
	timestamp_format(to, event->time, 7);
	buf_text(to, "\"/></System>\n  <EventData>\n");
	for (uint32_t i = 0; i < event->shape->count; i++) {
		if (event->values[i].kind == VALUE_ABSENT)
			continue;
		buf_clear(&text);
		value_text(&text, &event->values[i]);
		buf_text(to, "    <Data Name=\"");
		xml_text(to, event->shape->names[i]);
		buf_text(to, "\">");
		xml_text(to, buf_span(&text));
		buf_text(to, "</Data>\n");
	}
	buf_text(to, "  </EventData>\n</Event>\n");
	buf_free(&text);
}

void events_flat_line(enum events_format format, const struct event *event, struct buf *to)
{
	switch (format) {
	case EVENTS_XML:
		flat_xml(event, to);
		break;
	case EVENTS_CSV:
		csv_event(event, to);
		break;
	case EVENTS_JSONL:
		fields_json(to, event, false);
		buf_add_u8(to, '\n');
		break;
	}
}

bool events_line(enum events_format format, const struct evtx_record *record, struct buf *to,
		 struct err *err)
{
	switch (format) {
	case EVENTS_XML:
		return xml_lines(record, to, err);
	case EVENTS_CSV:
		return csv_line(record, to, err);
	case EVENTS_JSONL:
		break;
	}
	return json_line(record, to, err);
}
