#include "formats/evtx/evtx.h"
#include "formats/evtx/evtx_chunk.h"
#include "formats/evtx/evtx_write.h"
#include "event_texts.h"
#include "test.h"

#include <stdlib.h>

/* A log of drawn records; each is one template instance with the values given. */
struct drawing {
	void (*body)(struct evtx_pen *pen);	/* inside <Event> */
	const struct evtx_value *values;
	size_t count;
	uint8_t number;				/* makes the template's GUID */
};

static void draw_template(void *context, struct evtx_pen *pen)
{
	const struct drawing *drawing = context;
	struct evtx_tag event = evtx_pen_open(pen, "Event", false);

	evtx_pen_close(pen, &event);
	drawing->body(pen);
	evtx_pen_end(pen, &event);
}

static void draw(void *context, struct evtx_pen *pen)
{
	const struct drawing *drawing = context;
	struct evtx_pen_value table[64];
	const uint8_t guid[16] = { 7, 7, 7, 7, drawing->number };

	for (size_t i = 0; i < drawing->count; i++)
		table[i] = (struct evtx_pen_value){ drawing->values[i].type,
						    drawing->values[i].len };
	evtx_pen_instance(pen, guid, draw_template, context);
	evtx_pen_values(pen, table, drawing->count);
	for (size_t i = 0; i < drawing->count; i++)
		evtx_pen_bytes(pen, span_of(drawing->values[i].at, drawing->values[i].len));
}

#define VALUE(t, literal) { .type = (t), .at = (const uint8_t *)(literal), \
			    .len = sizeof(literal) - 1 }

struct texts {
	struct buf json, xml, fields;
};

static bool take_texts(void *context, const struct evtx_record *record)
{
	struct texts *t = context;
	struct err err = { 0 };
	struct event event;

	assert_true(evtx_record_json(record, &t->json, &err));
	assert_true(evtx_record_xml(record, &t->xml, &err));
	assert_true(evtx_record_event(record, &event, &err));
	assert_true(event_texts_stand(&event));
	for (uint32_t i = 0; i < event.shape->count; i++) {
		if (event.values[i].kind == VALUE_ABSENT)
			continue;
		buf_printf(&t->fields, "%.*s=", SPAN_ARG(event.shape->names[i]));
		value_text(&t->fields, &event.values[i]);
		buf_text(&t->fields, ";");
	}
	return true;
}

/* The texts of the last of `times` equal records. */
static void check_last(int times, const struct drawing *drawing, const char *json,
		       const char *xml, const char *fields)
{
	struct evtx_writer *w = evtx_writer_new((size_t)1 << 20);
	struct evtx_decoder *d = evtx_decoder_new(NULL);
	struct texts t = { buf_new(99999), buf_new(99999), buf_new(99999) };
	size_t before = (size_t)times - 1;
	struct evtx_report report = { 0 };
	struct err err = { 0 };
	struct span log;

	for (int i = 0; i < times; i++)
		assert_true(evtx_writer_draw(w, TIME_SECOND, draw, (void *)(uintptr_t)drawing,
					     &err));
	assert_true(evtx_writer_finish(w, &log, &err));
	assert_true(evtx_read(d, log, take_texts, &t, &report, &err));
	assert_int_equal(report.records, times);
	assert_span(span_from(buf_span(&t.json), t.json.len / (size_t)times * before), json);
	assert_span(span_from(buf_span(&t.xml), t.xml.len / (size_t)times * before), xml);
	assert_span(span_from(buf_span(&t.fields), t.fields.len / (size_t)times * before), fields);
	buf_free(&t.json);
	buf_free(&t.xml);
	buf_free(&t.fields);
	evtx_decoder_free(d);
	evtx_writer_free(w);
}

/* Twice, because the second time a program writes what the first time was walked. */
static void check(void (*body)(struct evtx_pen *pen), const struct evtx_value *values,
		  size_t count, const char *json, const char *xml, const char *fields)
{
	const struct drawing drawing = { body, values, count, 1 };

	check_last(1, &drawing, json, xml, fields);
	check_last(2, &drawing, json, xml, fields);
}

static struct evtx_tag open_tag(struct evtx_pen *pen, const char *name)
{
	struct evtx_tag tag = evtx_pen_open(pen, name, false);

	evtx_pen_close(pen, &tag);
	return tag;
}

static void data(struct evtx_pen *pen, const char *name, uint16_t index)
{
	struct evtx_tag tag = evtx_pen_open(pen, "Data", name != NULL);

	if (name) {
		evtx_pen_attribute(pen, "Name", false);
		evtx_pen_text(pen, span_text(name));
	}
	evtx_pen_close(pen, &tag);
	evtx_pen_hole(pen, index, EVTX_STRING, false);
	evtx_pen_end(pen, &tag);
}

static void every_type(struct evtx_pen *pen)
{
	struct evtx_tag tag = open_tag(pen, "EventData");
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
					     "l", "m", "n", "o", "p" };

	for (uint16_t i = 0; i < 16; i++)
		data(pen, names[i], i);
	evtx_pen_end(pen, &tag);
}

TEST(evtx_renders_every_type_of_value)
{
	const struct evtx_value values[] = {
		VALUE(EVTX_NULL, ""), VALUE(EVTX_ANSI, "an\xe9\0"), VALUE(EVTX_INT8, "\xff"),
		VALUE(EVTX_UINT16, "\xff\xff"), VALUE(EVTX_INT64, "\xfe\xff\xff\xff\xff\xff\xff\xff"),
		VALUE(EVTX_FLOAT, "\xcd\xcc\x8c\x3f"), VALUE(EVTX_BOOL, "\1\0\0\0"),
		VALUE(EVTX_BINARY, "\xde\xad"),
		VALUE(EVTX_GUID, "\x25\x96\x84\x54\x78\x54\x94\x49\xa5\xba\x3e\x3b\x03\x28\xc3\x0d"),
		VALUE(EVTX_SIZE, "\x10\x20\0\0"), VALUE(EVTX_FILETIME, "\x00\x80\x3e\xd5\xde\xb1\x9d\x01"),
		VALUE(EVTX_SYSTEMTIME, "\xe4\x07\x0a\0\1\0\5\0\x14\0\x2b\0\x3a\0\x05\0"),
		VALUE(EVTX_SID, "\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0"),
		VALUE(EVTX_HEX32, "\x10\0\0\0"), VALUE(EVTX_HEX64, "\0\0\0\0\0\0\0\x80"),
		VALUE(EVTX_UINT32, "\1\2"),	/* too short for its type: its bytes */
	};

	check(every_type, values, 16,
	      "{\"Event\":{\"EventData\":{\"a\":\"\",\"b\":\"ané\",\"c\":-1,\"d\":65535,\"e\":-2,"
	      "\"f\":\"1.1\",\"g\":true,\"h\":\"DEAD\","
	      "\"i\":\"{54849625-5478-4994-a5ba-3e3b0328c30d}\",\"j\":\"0x2010\","
	      "\"k\":\"1970-01-01T00:00:00.0000000Z\",\"l\":\"2020-10-05T20:43:58.0050000Z\","
	      "\"m\":\"S-1-5-32-544\",\"n\":\"0x10\",\"o\":\"0x8000000000000000\",\"p\":\"0102\"}}}",
	      "<Event>\n  <EventData>\n    <Data Name=\"a\"></Data>\n    <Data Name=\"b\">ané</Data>\n"
	      "    <Data Name=\"c\">-1</Data>\n    <Data Name=\"d\">65535</Data>\n"
	      "    <Data Name=\"e\">-2</Data>\n    <Data Name=\"f\">1.1</Data>\n"
	      "    <Data Name=\"g\">true</Data>\n    <Data Name=\"h\">DEAD</Data>\n"
	      "    <Data Name=\"i\">{54849625-5478-4994-a5ba-3e3b0328c30d}</Data>\n"
	      "    <Data Name=\"j\">0x2010</Data>\n"
	      "    <Data Name=\"k\">1970-01-01T00:00:00.0000000Z</Data>\n"
	      "    <Data Name=\"l\">2020-10-05T20:43:58.0050000Z</Data>\n"
	      "    <Data Name=\"m\">S-1-5-32-544</Data>\n    <Data Name=\"n\">0x10</Data>\n"
	      "    <Data Name=\"o\">0x8000000000000000</Data>\n    <Data Name=\"p\">0102</Data>\n"
	      "  </EventData>\n</Event>",
	      "a=;b=ané;c=-1;d=65535;e=-2;f=1.1;g=true;h=DEAD;"
	      "i={54849625-5478-4994-a5ba-3e3b0328c30d};j=0x2010;k=1970-01-01T00:00:00.0000000Z;"
	      "l=2020-10-05T20:43:58.0050000Z;m=S-1-5-32-544;n=0x10;o=0x8000000000000000;p=0102;");
}

static void lists(struct evtx_pen *pen)
{
	struct evtx_tag tag = open_tag(pen, "EventData");

	data(pen, NULL, 0);
	data(pen, "N", 1);
	data(pen, "S p", 2);
	evtx_pen_end(pen, &tag);
	tag = open_tag(pen, "UserData");
	data(pen, NULL, 0);
	evtx_pen_end(pen, &tag);
}

TEST(evtx_renders_lists)
{
	const struct evtx_value values[] = {
		VALUE(EVTX_ARRAY | EVTX_STRING, "a\0\0\0b\0\0\0"),
		VALUE(EVTX_ARRAY | EVTX_UINT16, "\1\0\2\0"),
		VALUE(EVTX_ARRAY | EVTX_SID, "\1\1\0\0\0\0\0\5\x12\0\0\0\1\1\0\0\0\0\0\5\x13\0\0\0"),
	};

	check(lists, values, 3,
	      "{\"Event\":{\"EventData\":{\"Data\":{\"#text\":[\"a\",\"b\"]},\"N\":[1,2],"
	      "\"S p\":[\"S-1-5-18\",\"S-1-5-19\"]},\"UserData\":{\"Data\":\"a\",\"Data_1\":\"b\"}}}",
	      "<Event>\n  <EventData>\n    <Data>a</Data>\n    <Data>b</Data>\n"
	      "    <Data Name=\"N\">1</Data>\n    <Data Name=\"N\">2</Data>\n"
	      "    <Data Name=\"S p\">S-1-5-18</Data>\n    <Data Name=\"S p\">S-1-5-19</Data>\n"
	      "  </EventData>\n  <UserData>\n    <Data>a</Data>\n    <Data>b</Data>\n"
	      "  </UserData>\n</Event>",
	      "Data=a, b;N=1, 2;Sp=S-1-5-18, S-1-5-19;Data=a, b;");
}

/* <U a="x%0">%1q</U> */
static void lists_beside_texts(struct evtx_pen *pen)
{
	struct evtx_tag user = open_tag(pen, "UserData"), tag = evtx_pen_open(pen, "U", true);

	evtx_pen_attribute(pen, "a", false);
	evtx_pen_text(pen, SPAN("x"));
	evtx_pen_hole(pen, 0, EVTX_STRING, false);
	evtx_pen_close(pen, &tag);
	evtx_pen_hole(pen, 1, EVTX_UINT16, false);
	evtx_pen_text(pen, SPAN("q"));
	evtx_pen_end(pen, &tag);
	evtx_pen_end(pen, &user);
}

TEST(evtx_repeats_an_element_for_each_item_of_its_lists)
{
	const struct evtx_value values[] = {
		VALUE(EVTX_ARRAY | EVTX_STRING, "a\0\0\0\0\0b\0\0\0"),
		VALUE(EVTX_ARRAY | EVTX_UINT16, "\1\0\2\0"),
	};

	check(lists_beside_texts, values, 2,
	      "{\"Event\":{\"UserData\":{\"U\":{\"#attributes\":{\"a\":\"xa\"},\"#text\":\"1q\"},"
	      "\"U_1\":{\"#attributes\":{\"a\":\"x\"},\"#text\":\"1q\"},"
	      "\"U_2\":{\"#attributes\":{\"a\":\"xb\"},\"#text\":\"1q\"},"
	      "\"U_3\":{\"#attributes\":{\"a\":\"xa\"},\"#text\":\"2q\"},"
	      "\"U_4\":{\"#attributes\":{\"a\":\"x\"},\"#text\":\"2q\"},"
	      "\"U_5\":{\"#attributes\":{\"a\":\"xb\"},\"#text\":\"2q\"}}}}",
	      "<Event>\n  <UserData>\n    <U a=\"xa\">1q</U>\n    <U a=\"x\">1q</U>\n    <U a=\"xb\">1q</U>\n"
	      "    <U a=\"xa\">2q</U>\n    <U a=\"x\">2q</U>\n    <U a=\"xb\">2q</U>\n  </UserData>\n</Event>",
	      "U=1q, 2q;U_a=xa, x, xb;");
}

/* Elements of a name, in EventData too; one value beside an element; what says nothing. */
static void names(struct evtx_pen *pen)
{
	struct evtx_tag tag = open_tag(pen, "EventData"), e;

	for (uint16_t i = 0; i < 2; i++) {
		e = open_tag(pen, "X");
		evtx_pen_hole(pen, i, EVTX_UINT16, false);
		evtx_pen_end(pen, &e);
	}
	evtx_pen_end(pen, &tag);
	tag = open_tag(pen, "UserData");
	evtx_pen_hole(pen, 0, EVTX_UINT16, false);
	e = evtx_pen_open(pen, "a\"b <", true);
	evtx_pen_attribute(pen, "1", false);
	evtx_pen_text(pen, SPAN(""));
	evtx_pen_close(pen, &e);
	evtx_pen_text(pen, SPAN(""));
	evtx_pen_end(pen, &e);
	e = open_tag(pen, "E");
	evtx_pen_entity(pen, "nbsp");
	evtx_pen_character(pen, 0xd800);
	evtx_pen_text(pen, SPAN("\xef\xbf\xbe\0"));
	evtx_pen_end(pen, &e);
	evtx_pen_end(pen, &tag);
}

TEST(evtx_writes_json_and_xml_that_stand_whatever_the_names)
{
	const struct evtx_value values[] = { VALUE(EVTX_UINT16, "\1\0"), VALUE(EVTX_UINT16, "\2\0") };

	check(names, values, 2,
	      "{\"Event\":{\"EventData\":{\"X\":1,\"X_1\":2},\"UserData\":{\"#text\":1,\"a\\\"b <\":null,"
	      "\"E\":\"&nbsp;&#55296;\xef\xbf\xbe\"}}}",
	      "<Event>\n  <EventData>\n    <X>1</X>\n    <X>2</X>\n  </EventData>\n"
	      "  <UserData>1<a_b__ _1=\"\"></a_b__><E>&amp;nbsp;&amp;#55296;\xef\xbf\xbd</E></UserData>\n</Event>",
	      "X=1;X=2;a\"b <=;a\"b <_1=;E=&nbsp;&#55296;\xef\xbf\xbe;");
}

static void texts(struct evtx_pen *pen)
{
	struct evtx_tag user = open_tag(pen, "UserData"), tag = evtx_pen_open(pen, "X", true);

	evtx_pen_attribute(pen, "k", true);
	evtx_pen_hole(pen, 0, EVTX_STRING, false);
	evtx_pen_attribute(pen, "none", false);
	evtx_pen_hole(pen, 1, EVTX_STRING, true);
	evtx_pen_close(pen, &tag);
	evtx_pen_text(pen, SPAN("a<"));
	evtx_pen_entity(pen, "amp");
	evtx_pen_character(pen, 0x41);
	evtx_pen_cdata(pen, SPAN("<c>"));
	evtx_pen_hole(pen, 0, EVTX_STRING, false);
	evtx_pen_end(pen, &tag);
	tag = evtx_pen_open(pen, "E", false);
	evtx_pen_close_empty(pen, &tag);
	tag = open_tag(pen, "P");
	evtx_pen_instruction(pen, "php", SPAN("x"));
	evtx_pen_end(pen, &tag);
	evtx_pen_end(pen, &user);
}

TEST(evtx_renders_texts_entities_and_instructions)
{
	const struct evtx_value values[] = { VALUE(EVTX_STRING, "\"\0\x01\0\x2e\x20\x0\xd8\0\0"),
					     VALUE(EVTX_NULL, "") };

	check(texts, values, 2,
	      "{\"Event\":{\"UserData\":{\"X\":{\"#attributes\":{\"k\":\"\\\"\\u0001\\u202e\xef\xbf\xbd\"},"
	      "\"#text\":\"a<&A<c>\\\"\\u0001\\u202e\xef\xbf\xbd\"},\"E\":null,\"P\":null}}}",
	      "<Event>\n  <UserData>\n    <X k=\"&quot;\xef\xbf\xbd&#8238;\xef\xbf\xbd\">a&lt;&amp;A&lt;c&gt;"
	      "&quot;\xef\xbf\xbd&#8238;\xef\xbf\xbd</X>\n    <E/>\n    <P><?php x?></P>\n  </UserData>\n</Event>",
	      "X=a<&A<c>\"\x01\xe2\x80\xae\xef\xbf\xbd;X_k=\"\x01\xe2\x80\xae\xef\xbf\xbd;E=;P=;");
}

static void nested(struct evtx_pen *pen)
{
	evtx_pen_hole(pen, 0, EVTX_BINXML, false);
}

/* A value that is a fragment of bare elements, as ETW writers make them: no dependency ids. */
TEST(evtx_reads_fragments_inside_values)
{
	static struct evtx_pen pen;
	struct evtx_tag tag;
	struct evtx_value value = { .type = EVTX_BINXML };
	uint8_t bytes[64];
	size_t len = 0;

	/* Names must stand in the chunk: "EventData" does, by the first record. */
	evtx_pen_clear(&pen);
	pen.no_dependency = true;
	tag = evtx_pen_open(&pen, "UserData", false);
	evtx_pen_close(&pen, &tag);
	evtx_pen_text(&pen, SPAN("in"));
	evtx_pen_end(&pen, &tag);
	len = pen.at - EVTX_CHUNK_HEADER;
	assert_true(len <= sizeof bytes);
	memcpy(bytes, pen.chunk + EVTX_CHUNK_HEADER, len);
	/* Where the value will lie: behind record, fragment, instance, template and table. */
	for (uint32_t at = EVTX_CHUNK_HEADER; at < 1000; at++) {
		struct drawing drawing = { nested, &value, 1, 2 };
		struct evtx_writer *w = evtx_writer_new((size_t)1 << 20);
		struct err err = { 0 };
		struct span log;
		size_t found;

		for (int i = 0; i < 4; i++)
			bytes[5 + i] = (uint8_t)((at + 9) >> 8 * i);
		value.at = bytes;
		value.len = (uint16_t)len;
		assert_true(evtx_writer_draw(w, TIME_SECOND, draw, &drawing, &err));
		assert_true(evtx_writer_finish(w, &log, &err));
		found = span_find(log, 0, span_of(bytes, len)) - EVTX_HEADER_SIZE;
		evtx_writer_free(w);
		if (found != at)
			continue;
		check_last(1, &drawing, "{\"Event\":{\"UserData\":\"in\"}}",
			   "<Event>\n  <UserData>in</UserData>\n</Event>", "UserData=in;");
		return;
	}
	fail_msg("the value lies nowhere");
}

static void system_names(struct evtx_pen *pen)
{
	struct evtx_tag system = open_tag(pen, "System"), tag = evtx_pen_open(pen, "EventID", true);

	evtx_pen_attribute(pen, "Qualifiers", false);
	evtx_pen_hole(pen, 0, EVTX_UINT16, true);
	evtx_pen_close(pen, &tag);
	evtx_pen_hole(pen, 1, EVTX_UINT16, true);
	evtx_pen_end(pen, &tag);
	tag = evtx_pen_open(pen, "TimeCreated", true);
	evtx_pen_attribute(pen, "SystemTime", false);
	evtx_pen_hole(pen, 2, EVTX_FILETIME, true);
	evtx_pen_close_empty(pen, &tag);
	evtx_pen_end(pen, &system);
	tag = open_tag(pen, "RenderingInfo");
	system = open_tag(pen, "Message");
	evtx_pen_text(pen, SPAN("said"));
	evtx_pen_end(pen, &system);
	system = open_tag(pen, "Level");
	evtx_pen_text(pen, SPAN("Information"));
	evtx_pen_end(pen, &system);
	evtx_pen_end(pen, &tag);
}

TEST(evtx_names_the_fields_of_forwarded_events)
{
	const struct evtx_value values[] = { VALUE(EVTX_UINT16, "\0\x40"), VALUE(EVTX_UINT16, "\x7c\x1b"),
					     VALUE(EVTX_FILETIME, "\x00\x80\x3e\xd5\xde\xb1\x9d\x01") };

	check(system_names, values, 3,
	      "{\"Event\":{\"System\":{\"EventID\":{\"#attributes\":{\"Qualifiers\":16384},\"#text\":7036},"
	      "\"TimeCreated\":{\"#attributes\":{\"SystemTime\":\"1970-01-01T00:00:00.0000000Z\"}}},"
	      "\"RenderingInfo\":{\"Message\":\"said\",\"Level\":\"Information\"}}}",
	      "<Event>\n  <System>\n    <EventID Qualifiers=\"16384\">7036</EventID>\n"
	      "    <TimeCreated SystemTime=\"1970-01-01T00:00:00.0000000Z\"/>\n  </System>\n"
	      "  <RenderingInfo>\n    <Message>said</Message>\n    <Level>Information</Level>\n"
	      "  </RenderingInfo>\n</Event>",
	      "EventID=7036;EventID_Qualifiers=16384;"
	      "TimeCreated_SystemTime=1970-01-01T00:00:00.0000000Z;Message=said;"
	      "RenderingInfo_Level=Information;");
}

static void deep(struct evtx_pen *pen)
{
	struct evtx_tag tags[EVTX_DEPTH_MAX + 4];

	for (size_t i = 0; i < EVTX_DEPTH_MAX + 4; i++)
		tags[i] = open_tag(pen, "d");
	for (size_t i = EVTX_DEPTH_MAX + 4; i-- > 0; )
		evtx_pen_end(pen, &tags[i]);
}

static void count_problem(void *context, const struct err *problem)
{
	assert_true(problem->offset != ERR_NO_OFFSET);
	++*(size_t *)context;
}

static bool count_event(void *context, const struct event *event)
{
	++*(size_t *)context;
	return event->shape != NULL;
}

TEST(evtx_bounds_the_depth_of_elements_and_goes_on)
{
	struct drawing bad = { deep, NULL, 0, 3 }, good = { system_names, NULL, 0, 4 };
	struct evtx_writer *w = evtx_writer_new((size_t)1 << 20);
	size_t problems = 0, events = 0;
	const struct evtx_options options = { .problem = count_problem,
					      .problem_context = &problems };
	struct evtx_decoder *d = evtx_decoder_new(&options);
	struct evtx_report report = { 0 };
	struct err err = { 0 };
	struct span log;

	assert_true(evtx_writer_draw(w, TIME_SECOND, draw, &bad, &err));
	assert_true(evtx_writer_draw(w, TIME_SECOND, draw, &good, &err));
	assert_true(evtx_writer_finish(w, &log, &err));
	assert_true(evtx_decode(d, log, count_event, &events, &report, &err));
	assert_int_equal(events, 1);
	assert_int_equal(report.bad_records, 1);
	assert_int_equal(problems, 1);
	evtx_decoder_free(d);
	evtx_writer_free(w);
}

/* A log of `count` events with ids from 1, as a copy that a test may break. */
static struct span plain_log(size_t count)
{
	struct evtx_writer *w = evtx_writer_new((size_t)4 << 20);
	const struct evtx_field field = { "Image", { .kind = VALUE_TEXT, .bytes = SPAN("C:\\x") } };
	struct err err = { 0 };
	struct span log;
	uint8_t *copy;

	for (size_t i = 0; i < count; i++) {
		const struct evtx_event event = {
			.provider = SPAN("Test"), .event_id = 1, .fields = &field, .field_count = 1,
			.time = (INT64_C(1700000000) + (timestamp)i) * TIME_SECOND,
		};

		assert_true(evtx_writer_add(w, &event, &err));
	}
	assert_true(evtx_writer_finish(w, &log, &err));
	copy = malloc(log.len);
	assert_non_null(copy);
	memcpy(copy, log.at, log.len);
	evtx_writer_free(w);
	return span_of(copy, log.len);
}

static struct evtx_report decode_with(struct span log, const struct evtx_options *options)
{
	struct evtx_decoder *d = evtx_decoder_new(options);
	struct evtx_report report = { 0 };
	struct err err = { 0 };
	size_t events = 0;

	assert_true(evtx_decode(d, log, count_event, &events, &report, &err));
	assert_int_equal(events, report.records);
	evtx_decoder_free(d);
	return report;
}

TEST(evtx_delivers_only_the_time_asked_for)
{
	const struct evtx_options options = { .bounded = true,
					      .from = INT64_C(1700000010) * TIME_SECOND,
					      .to = INT64_C(1700000020) * TIME_SECOND };
	struct span log = plain_log(100);
	struct evtx_report report = decode_with(log, &options);

	assert_int_equal(report.records, 10);
	assert_int_equal(report.outside, 90);
	free((void *)(uintptr_t)log.at);
}

TEST(evtx_reads_on_where_headers_and_checksums_are_wrong)
{
	struct span log = plain_log(100);
	uint8_t *bytes = (uint8_t *)(uintptr_t)log.at;
	struct evtx_report report;

	bytes[120] |= 1;				/* not closed; not in the checksum */
	bytes[16] ^= 1;					/* number of the last chunk */
	bytes[EVTX_HEADER_SIZE + 48] ^= 0xff;		/* where records end */
	report = decode_with(log, NULL);
	assert_int_equal(report.records, 100);
	assert_true(report.dirty && report.bad_header);
	assert_int_equal(report.bad_checksums, 2);
	memset(bytes, 0, EVTX_HEADER_SIZE + EVTX_CHUNK_HEADER);
	memcpy(bytes, "ElfFile", 8);
	report = decode_with(log, NULL);
	assert_int_equal(report.records, 100);
	assert_int_equal(report.bad_chunks, 1);
	free(bytes);
}

/* Behind the end lie records of an earlier use, whose ids go on as those of exports do. */
TEST(evtx_reads_no_old_records_where_only_a_checksum_is_wrong)
{
	struct span before = plain_log(60), log = plain_log(40);
	uint8_t *bytes = (uint8_t *)(uintptr_t)log.at, *chunk = bytes + EVTX_HEADER_SIZE;
	uint32_t end = load_u32le(chunk + 48);
	struct evtx_report report;

	/* The first of them is half overwritten. */
	end += 64;
	memcpy(chunk + end, before.at + EVTX_HEADER_SIZE + end, EVTX_CHUNK_SIZE - end);
	for (size_t at = 52; at <= 124; at += 72) {
		chunk[at] ^= 1;
		report = decode_with(log, NULL);
		assert_int_equal(report.records, 40);
		assert_int_equal(report.bad_checksums, 1);
		chunk[at] ^= 1;
	}
	free(bytes);
	free((uint8_t *)(uintptr_t)before.at);
}

TEST(evtx_tells_that_a_damaged_template_was_taken_from_another_chunk)
{
	struct evtx_writer *w = evtx_writer_new((size_t)1 << 20);
	struct evtx_event event = { .provider = SPAN("Test"), .event_id = 7, .channel = SPAN("Test"),
				    .time = TIME_SECOND };
	struct evtx_report report;
	struct err err = { 0 };
	struct span log = { 0 };
	uint8_t *token;

	assert_true(evtx_writer_add(w, &event, &err) && evtx_writer_next_chunk(w, &err) &&
		    evtx_writer_add(w, &event, &err) && evtx_writer_finish(w, &log, &err));
	report = decode_with(log, NULL);
	assert_int_equal(report.records, 2);
	assert_int_equal(report.replaced_templates, 0);
	/* Record and fragment headers, the instance, the definition's head; then its first tokens. */
	token = (uint8_t *)(uintptr_t)log.at + EVTX_HEADER_SIZE + EVTX_CHUNK_SIZE +
		EVTX_CHUNK_HEADER + 24 + 4 + 10 + 24 + 4;
	*token = 0x7f;
	report = decode_with(log, NULL);
	assert_int_equal(report.records, 2);
	assert_int_equal(report.bad_records, 0);
	assert_int_equal(report.replaced_templates, 1);
	evtx_writer_free(w);
}

/* Nothing in the tokens tells that a name was zeroed, but its hash and the chunk's checksum do. */
TEST(evtx_takes_a_template_whose_names_are_zeroed_from_another_chunk)
{
	struct evtx_writer *w = evtx_writer_new((size_t)1 << 20);
	struct evtx_event event = { .provider = SPAN("Test"), .event_id = 7, .channel = SPAN("Test"),
				    .time = TIME_SECOND };
	static const uint8_t name[] = "S\0y\0s\0t\0e\0m";
	struct evtx_report report;
	struct err err = { 0 };
	struct span log = { 0 };
	uint8_t *chunk;
	size_t at;

	assert_true(evtx_writer_add(w, &event, &err) && evtx_writer_next_chunk(w, &err) &&
		    evtx_writer_add(w, &event, &err) && evtx_writer_finish(w, &log, &err));
	chunk = (uint8_t *)(uintptr_t)log.at + EVTX_HEADER_SIZE + EVTX_CHUNK_SIZE;
	for (at = EVTX_CHUNK_HEADER; memcmp(chunk + at, name, sizeof name - 1); at++)
		;
	memset(chunk + at - 4, 0, 16);
	report = decode_with(log, NULL);
	assert_int_equal(report.records, 2);
	assert_int_equal(report.bad_checksums, 1);
	assert_int_equal(report.replaced_templates, 1);
	evtx_writer_free(w);
}

TEST(evtx_recovers_what_no_header_lists_and_doubles_nothing)
{
	const struct evtx_options options = { .recover = true };
	struct span log = plain_log(100), chunk = span_sub(log, EVTX_HEADER_SIZE, EVTX_CHUNK_SIZE);
	uint8_t *raw = calloc(1, 4 * EVTX_CHUNK_SIZE);
	struct evtx_report report = decode_with(log, &options);

	assert_int_equal(report.records, 100);
	assert_int_equal(report.recovered, 0);
	/* Raw space: records without their chunk's header, at an odd place, twice. */
	assert_non_null(raw);
	memcpy(raw + 1000, chunk.at + EVTX_CHUNK_HEADER, 30000);
	memcpy(raw + 100001, chunk.at + EVTX_CHUNK_HEADER, 30000);
	report = decode_with(span_of(raw, 4 * EVTX_CHUNK_SIZE), &options);
	assert_int_equal(report.records, 100);
	assert_int_equal(report.recovered, 100);
	assert_int_equal(report.doubled, 100);
	free(raw);
	free((void *)(uintptr_t)log.at);
}

static bool check_guess(void *context, const struct event *event)
{
	struct buf text = buf_new(1000);

	for (uint32_t i = 0; i < event->shape->count; i++) {
		if (event->values[i].kind == VALUE_NULL || event->values[i].kind == VALUE_ABSENT)
			continue;
		buf_printf(&text, "%.*s=", SPAN_ARG(event->shape->names[i]));
		value_text(&text, &event->values[i]);
		buf_text(&text, ";");
	}
	if (event->record_id == 3)
		assert_span(buf_span(&text),
			    "Provider_Name=Test;EventID=1;Version=0;Level=0;Task=0;Opcode=0;"
			    "Keywords=0x0;TimeCreated_SystemTime=2023-11-14T22:13:22.0000000Z;"
			    "EventRecordID=3;Execution_ProcessID=0;Execution_ThreadID=0;"
			    "Data=C:\\x;");
	buf_free(&text);
	assert_true(event->recovered);
	++*(size_t *)context;
	return true;
}

/* The first record holds the templates; without it the others have values alone. */
TEST(evtx_shows_the_values_of_carved_records_without_template)
{
	const struct evtx_options options = { .recover = true };
	struct span log = plain_log(20), chunk = span_sub(log, EVTX_HEADER_SIZE, EVTX_CHUNK_SIZE);
	size_t second = EVTX_CHUNK_HEADER + evtx_frame_at(chunk, EVTX_CHUNK_HEADER), events = 0;
	struct evtx_decoder *d = evtx_decoder_new(&options);
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	assert_true(evtx_decode(d, span_sub(chunk, second, 20000), check_guess, &events, &report,
				&err));
	assert_int_equal(events, 19);
	assert_int_equal(report.recovered, 19);
	evtx_decoder_free(d);
	free((void *)(uintptr_t)log.at);
}

TEST(evtx_counts_missing_record_ids)
{
	struct evtx_writer *w = evtx_writer_new((size_t)1 << 20);
	struct evtx_event event = { .provider = SPAN("Test"), .time = TIME_SECOND };
	struct evtx_report report;
	struct err err = { 0 };
	struct span log;

	assert_true(evtx_writer_add(w, &event, &err));
	event.record_id = 12;
	assert_true(evtx_writer_add(w, &event, &err));
	assert_true(evtx_writer_finish(w, &log, &err));
	report = decode_with(log, NULL);
	assert_int_equal(report.ids.gaps, 1);
	assert_int_equal(report.ids.missing, 10);
	evtx_writer_free(w);
}

TEST(evtx_refuses_what_is_no_log)
{
	struct evtx_decoder *d = evtx_decoder_new(NULL);
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	assert_false(evtx_decode(d, SPAN("no log at all"), count_event, NULL, &report, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	evtx_decoder_free(d);
}

TEST(evtx_reads_the_same_piece_by_piece)
{
	struct span log = plain_log(900), rest = span_from(log, EVTX_HEADER_SIZE);
	struct evtx_decoder *d = evtx_decoder_new(NULL);
	struct evtx_report report = { 0 };
	struct texts t = { buf_new((size_t)8 << 20), buf_new((size_t)8 << 20), buf_new(1 << 20) };

	assert_int_equal(evtx_header_size(log), EVTX_HEADER_SIZE);
	while (rest.len) {
		struct span piece = span_sub(rest, 0, 2 * EVTX_CHUNK_SIZE + 1000);
		size_t end = evtx_piece_end(piece, piece.len == rest.len);

		assert_true(end > 0);
		assert_true(evtx_read_piece(d, piece, end, (uint64_t)(rest.at - log.at), take_texts,
					    &t, &report));
		rest = span_from(rest, end);
	}
	assert_int_equal(report.records, 900);
	assert_int_equal(report.ids.gaps + report.bad_records + report.bad_chunks, 0);
	buf_free(&t.json);
	buf_free(&t.xml);
	buf_free(&t.fields);
	evtx_decoder_free(d);
	free((void *)(uintptr_t)log.at);
}
