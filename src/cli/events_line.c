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
		/* Ours is in UTC and has a date; the log's own stays beside it. */
		if (!rest && span_eq(event->shape->names[i], SPAN("time")))
			json_key(&w, "log_time");
		else
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

static bool is_part(struct span name);

static void xml_data(struct buf *to, const struct event *event, bool windows, struct buf *text)
{
	buf_text(to, "  <EventData>\n");
	for (uint32_t i = 0; i < event->shape->count; i++) {
		if (event->values[i].kind == VALUE_ABSENT ||
		    (windows && is_part(event->shape->names[i])))
			continue;
		buf_clear(text);
		value_text(text, &event->values[i]);
		buf_text(to, "    <Data Name=\"");
		xml_text(to, event->shape->names[i]);
		buf_text(to, "\">");
		xml_text(to, buf_span(text));
		buf_text(to, "</Data>\n");
	}
	buf_text(to, "  </EventData>\n");
}

static void flat_xml(const struct event *event, struct buf *to)
{
	struct buf text = buf_new(EVTX_TEXT_MAX);

	buf_text(to, "<Event>\n  <System><TimeCreated SystemTime=\"");
	timestamp_format(to, event->time, 7);
	buf_text(to, "\"/></System>\n");
	xml_data(to, event, false, &text);
	buf_text(to, "</Event>\n");
	buf_free(&text);
}

/*
 * What stands in System, in the order of EVTX; `attribute` belongs to the element
 * before it in the same line of the table.
 */
static const struct part {
	const char *element, *attribute, *field;
} parts[] = {
	{ "Provider", "Name", "Provider_Name" },
	{ "EventID", NULL, "EventID" },
	{ "Level", NULL, "Level" },
	{ "Task", NULL, "Task" },
	{ "Keywords", NULL, "Keywords" },
	{ "TimeCreated", "SystemTime", "TimeCreated_SystemTime" },
	{ "EventRecordID", NULL, "EventRecordID" },
	{ "Channel", NULL, "Channel" },
	{ "Computer", NULL, "Computer" },
	{ "Security", "UserID", "Security_UserID" },
};

#define PART_COUNT (sizeof parts / sizeof *parts)

static const struct value *field_of(const struct event *event, const char *name)
{
	uint32_t slot = event_shape_find(event->shape, span_text(name));

	return slot == EVENT_NO_SLOT || event->values[slot].kind == VALUE_ABSENT
		? NULL : &event->values[slot];
}

static void json_value(struct json_write *w, const struct value *v, struct buf *text)
{
	if (v->kind == VALUE_UINT) {
		json_u64(w, v->u);
		return;
	}
	buf_clear(text);
	value_text(text, v);
	json_span(w, buf_span(text));
}

static void json_event_id(struct json_write *w, const struct event *event, const struct value *id,
			  struct buf *text)
{
	const struct value *qualifiers = field_of(event, "EventID_Qualifiers");

	json_object(w);
	json_key(w, "#attributes");
	json_object(w);
	json_key(w, "Qualifiers");
	json_value(w, qualifiers, text);
	json_object_end(w);
	json_key(w, "#text");
	json_value(w, id, text);
	json_object_end(w);
}

static void json_part(struct json_write *w, const struct event *event, const struct part *part,
		      struct buf *text)
{
	const struct value *v = field_of(event, part->field);

	if (!v)
		return;
	json_key(w, part->element);
	if (!part->attribute && !strcmp(part->field, "EventID") && field_of(event, "EventID_Qualifiers")) {
		json_event_id(w, event, v, text);
	} else if (part->attribute) {
		json_object(w);
		json_key(w, "#attributes");
		json_object(w);
		json_key(w, part->attribute);
		json_value(w, v, text);
		json_object_end(w);
		json_object_end(w);
	} else {
		json_value(w, v, text);
	}
}

static bool is_part(struct span name)
{
	for (size_t i = 0; i < PART_COUNT; i++)
		if (span_eq(name, span_text(parts[i].field)))
			return true;
	return span_eq(name, SPAN("EventID_Qualifiers"));
}

/* Unnamed strings: one as it is, several as a list. */
static void json_data(struct json_write *w, const struct value *v, struct buf *text)
{
	if (v->kind != VALUE_LIST) {
		json_value(w, v, text);
		return;
	}
	json_object(w);
	json_key(w, "#text");
	json_array(w);
	for (uint32_t i = 0; i < v->count; i++)
		json_value(w, &v->list[i], text);
	json_array_end(w);
	json_object_end(w);
}

static void windows_json(const struct event *event, struct buf *to)
{
	struct json_write w = json_write_to(to);
	struct buf text = buf_new(EVTX_TEXT_MAX);

	json_object(&w);
	json_key(&w, "Event");
	json_object(&w);
	json_key(&w, "System");
	json_object(&w);
	for (size_t i = 0; i < PART_COUNT; i++)
		json_part(&w, event, &parts[i], &text);
	json_object_end(&w);
	json_key(&w, "EventData");
	json_object(&w);
	for (uint32_t i = 0; i < event->shape->count; i++) {
		if (is_part(event->shape->names[i]) || event->values[i].kind == VALUE_ABSENT)
			continue;
		json_key_span(&w, event->shape->names[i]);
		json_data(&w, &event->values[i], &text);
	}
	json_object_end(&w);
	json_object_end(&w);
	if (event->recovered) {
		json_key(&w, "recovered");
		json_bool(&w, true);
	}
	json_object_end(&w);
	buf_add_u8(to, '\n');
	buf_free(&text);
}

static void xml_part(struct buf *to, const struct event *event, const struct part *part,
		     struct buf *text)
{
	const struct value *v = field_of(event, part->field);

	if (!v)
		return;
	buf_clear(text);
	value_text(text, v);
	buf_printf(to, "    <%s", part->element);
	if (part->attribute)
		buf_printf(to, " %s=\"", part->attribute);
	else
		buf_text(to, ">");
	xml_text(to, buf_span(text));
	if (part->attribute)
		buf_text(to, "\"/>\n");
	else
		buf_printf(to, "</%s>\n", part->element);
}

static void windows_xml(const struct event *event, struct buf *to)
{
	struct buf text = buf_new(EVTX_TEXT_MAX);

	buf_text(to, event->recovered ? "<!-- recovered -->\n" : "");
	buf_text(to, "<Event>\n  <System>\n");
	for (size_t i = 0; i < PART_COUNT; i++)
		xml_part(to, event, &parts[i], &text);
	buf_text(to, "  </System>\n");
	xml_data(to, event, true, &text);
	buf_text(to, "</Event>\n");
	buf_free(&text);
}

/* Only a log of Windows has no log_format in front. */
static bool is_windows(const struct event *event)
{
	return event->shape->count && !span_eq(event->shape->names[0], SPAN("log_format"));
}

void events_flat_line(enum events_format format, const struct event *event, struct buf *to)
{
	switch (format) {
	case EVENTS_XML:
		if (is_windows(event))
			windows_xml(event, to);
		else
			flat_xml(event, to);
		break;
	case EVENTS_CSV:
		csv_event(event, to);
		break;
	case EVENTS_JSONL:
		if (is_windows(event)) {
			windows_json(event, to);
			break;
		}
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
