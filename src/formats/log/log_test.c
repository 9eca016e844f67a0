#include "formats/log/log_mark.h"

#include <stdio.h>

#include "test.h"

/* Each event as "name=value;" in order, a line each; the time in front. */
static bool write_event(void *context, const struct event *event)
{
	struct buf *to = context;

	if (event->time != TIME_NONE)
		timestamp_format(to, event->time, 0);
	for (uint32_t i = 0; i < event->shape->count; i++) {
		buf_add_u8(to, ' ');
		buf_add(to, event->shape->names[i]);
		buf_add_u8(to, '=');
		value_text(to, &event->values[i]);
	}
	buf_add_u8(to, '\n');
	return true;
}

static struct log_report last_report;

/* Fed `step` bytes at a time. */
static void expect_bytes(struct span rest, size_t step, const char *want)
{
	struct log_options options = { .year = 2026, .now = TIME_NONE };
	enum log_format format = log_identify(rest);
	struct log_reader *r = log_reader_new(format, &options);
	struct buf out = buf_new(1 << 20);

	assert_non_null(r);
	buf_text(&out, log_format_name(format));
	buf_add_u8(&out, '\n');
	while (rest.len) {
		struct span block = span_sub(rest, 0, step);

		rest = span_from(rest, step);
		assert_true(log_reader_feed(r, block, false, write_event, &out));
	}
	assert_true(log_reader_feed(r, rest, true, write_event, &out));
	last_report = *log_reader_report(r);
	assert_string_equal((const char *)out.at, want);
	buf_free(&out);
	log_reader_free(r);
}

static void expect(const char *text, const char *want)
{
	expect_bytes(span_text(text), SIZE_MAX, want);
	expect_bytes(span_text(text), 1, want);
	expect_bytes(span_text(text), 7, want);
}

TEST(windows_events_in_json_get_their_taxonomy_names)
{
	expect("{\"Event\":{\"#attributes\":{\"xmlns\":\"x\"},\"System\":{\"Provider\":{\"#attributes\":"
	       "{\"Name\":\"P\"}},\"EventID\":{\"#attributes\":{\"Qualifiers\":0},\"#text\":7},"
	       "\"TimeCreated\":{\"#attributes\":{\"SystemTime\":\"2026-01-02T03:04:05.6Z\"}},"
	       "\"Channel\":\"Security\"},\"EventData\":{\"Threat Name\":\"a\\\\b\\u00e9\",\"Data\":"
	       "{\"#text\":[\"x\",\"y\"]}}}}\n",
	       "json\n2026-01-02T03:04:05Z log_format=json Provider_Name=P EventID_Qualifiers=0 EventID=7 "
	       "TimeCreated=2026-01-02T03:04:05.6Z Channel=Security ThreatName=a\\b\xc3\xa9 Data=x, y\n");
	expect("{\"@timestamp\":\"2026-01-02T03:04:05Z\",\"winlog\":{\"event_id\":\"1\",\"channel\":\"S\","
	       "\"event_data\":{\"Image\":\"i\"},\"process\":{\"pid\":4}}}\n",
	       "json\n2026-01-02T03:04:05Z log_format=json @timestamp=2026-01-02T03:04:05Z EventID=1 "
	       "Channel=S Image=i winlog.process.pid=4 winlog.process={\"pid\":4}\n");
}

TEST(windows_events_in_xml)
{
	expect("<?xml version=\"1.0\"?>\n<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"
	       "<System><Provider Name='P'/><EventID Qualifiers='0'>7</EventID>"
	       "<TimeCreated SystemTime='2026-01-02T03:04:05.6Z'/><Correlation/></System><EventData>"
	       "<Data Name='Threat Name'>a&lt;b &#xe9;</Data><Data>x</Data><Data Name='E'/></EventData>"
	       "<RenderingInfo Culture='en'><Message>m</Message><Level>l</Level></RenderingInfo></Event></Events>",
	       "xml\n2026-01-02T03:04:05Z log_format=xml Provider_Name=P EventID=7 EventID_Qualifiers=0 "
	       "TimeCreated=2026-01-02T03:04:05.6Z Correlation= ThreatName=a<b \xc3\xa9 Data=x E= Message=m "
	       "RenderingInfo_Level=l\n");
	expect("Record 1\n<Event><System><EventID>1</EventID></System></Event>\nRecord 2\n"
	       "<Event><System><EventID>2</EventID></System><EventData><Data>cut"
	       "<Event><System><EventID>3</EventID></System></Event>",
	       "xml\n log_format=xml EventID=1\n log_format=xml EventID=3\n");
	assert_int_equal(last_report.bad_lines, 1);
	expect("<Event><System><EventID>1</EventID></System></Event><Event><System>",
	       "xml\n log_format=xml EventID=1\n");
	assert_int_equal(last_report.bad_lines, 1);
}

TEST(an_event_inside_a_field_gives_its_fields)
{
	expect("{\"Provider\":\"P\",\"Channel\":\"C\",\"EventId\":7,\"EventRecordId\":\"5\",\"ProcessId\":4,"
	       "\"Payload\":\"{\\\"EventData\\\":{\\\"Data\\\":[{\\\"@Name\\\":\\\"ProcessId\\\","
	       "\\\"#text\\\":\\\"9\\\"}]}}\"}\n",
	       "json\n log_format=json Provider_Name=P Channel=C EventID=7 EventRecordID=5 Execution_ProcessID=4 "
	       "Payload={\"EventData\":{\"Data\":[{\"@Name\":\"ProcessId\",\"#text\":\"9\"}]}} ProcessId=9\n");
	expect("_time,_raw,x\n2026-01-02T03:04:05Z,\"<Event><System><EventID>1</EventID></System></Event>\",y\n"
	       "2026-01-02T03:04:06Z,no event,y\n",
	       "csv\n2026-01-02T03:04:05Z log_format=csv _time=2026-01-02T03:04:05Z "
	       "_raw=<Event><System><EventID>1</EventID></System></Event> x=y EventID=1\n"
	       "2026-01-02T03:04:06Z log_format=csv _time=2026-01-02T03:04:06Z _raw=no event x=y\n");
}

TEST(rendered_messages_give_fields)
{
	expect("{\"TimeCreated\":null,\"Id\":4688,\"ProviderName\":\"P\",\"LogName\":\"Security\",\"MachineName\":\"m\","
	       "\"Message\":\"A new process.\\r\\n\\r\\nCreator Subject:\\r\\n\\tAccount Name:\\t\\tu\\r\\n\\r\\n"
	       "Target Subject:\\r\\n\\r\\nProcess Information:\\r\\n\\tNew Process Name:\\tC:\\\\a.exe\\r\\n"
	       "\\tProcess Command Line:\\ta b\\r\\n\\tAccount Name: t\"}\n",
	       "json\n log_format=json TimeCreated= EventID=4688 Provider_Name=P Channel=Security Computer=m "
	       "Message=A new process.\r\n\r\n"
	       "Creator Subject:\r\n\tAccount Name:\t\tu\r\n\r\nTarget Subject:\r\n\r\nProcess Information:"
	       "\r\n\tNew Process Name:\tC:\\a.exe\r\n\tProcess Command Line:\ta b\r\n\tAccount Name: t"
	       " SubjectUserName=u NewProcessName=C:\\a.exe CommandLine=a b TargetUserName=t\n");
	expect("{\"TimeCreated\":null,\"Id\":4104,\"ProviderName\":\"P\",\"LogName\":\"L\",\"MachineName\":\"m\",\"Message\":"
	       "\"Creating Scriptblock text (1 of 1):\\r\\nx: y\\r\\nz\\r\\n\\r\\nScriptBlock ID: i\"}\n",
	       "json\n log_format=json TimeCreated= EventID=4104 Provider_Name=P Channel=L Computer=m Message="
	       "Creating Scriptblock text (1 of 1):\r\nx: y\r\nz\r\n\r\nScriptBlock ID: i"
	       " ScriptBlockText=x: y\r\nz ScriptBlockId=i\n");
}

TEST(rows_that_begin_with_a_time_are_those_of_a_table)
{
	expect("time,a,b\n2026-01-02T03:04:05Z,1,\n2026-01-02T03:04:06Z,2,x\n",
	       "csv\n2026-01-02T03:04:05Z log_format=csv time=2026-01-02T03:04:05Z a=1 b=\n"
	       "2026-01-02T03:04:06Z log_format=csv time=2026-01-02T03:04:06Z a=2 b=x\n");
}

TEST(documents_that_wrap_their_events_may_follow_one_another)
{
	expect("{\"Records\":[{\"eventName\":\"a\"},{\"eventName\":\"b\"}]}\n"
	       "{\"Records\":[{\"eventName\":\"c\"}],\"next\":\"x\"}\n{\"Records\":[{\"eventName\":\"d\"}]}"
	       "{\"eventName\":\"e\",\"Records\":[1]}\n{\"value\":[{\"eventName\":\"f\",\"value\":[{\"x\":1}]}]}\n",
	       "json\n log_format=json eventName=a\n log_format=json eventName=b\n log_format=json eventName=c\n"
	       " log_format=json eventName=d\n log_format=json eventName=e Records=1\n"
	       " log_format=json eventName=f value.x=1 value=[{\"x\":1}]\n");
	assert_int_equal(last_report.bad_lines, 0);
}

TEST(records_in_json_with_a_number_before_each)
{
	expect("Record 1\n{\n  \"EventID\": 1\n}\nRecord 2\n{\n  \"EventID\": 2\n}\n",
	       "json\n log_format=json EventID=1\n log_format=json EventID=2\n");
	assert_int_equal(last_report.bad_lines, 0);
}

TEST(windows_events_in_json_of_other_tools_get_them_too)
{
	expect("{\"Event\":{\"@xmlns\":\"x\",\"System\":{\"Provider\":{\"@Name\":\"P\"},\"EventID\":"
	       "{\"@Qualifiers\":\"\",\"#text\":\"7\"},\"TimeCreated\":{\"@SystemTime\":\"2026-01-02T03:04:05Z\"}},"
	       "\"EventData\":{\"Data\":[{\"@Name\":\"Threat Name\",\"#text\":\"a\"},{\"@Name\":\"B\"},"
	       "{\"@Name\":\"C\",\"#text\":\"c\"},\"bare\"]}}}\n",
	       "json\n2026-01-02T03:04:05Z log_format=json Provider_Name=P EventID_Qualifiers= EventID=7 "
	       "TimeCreated=2026-01-02T03:04:05Z ThreatName=a C=c Data=bare\n");
	expect("{\"Event\":{\"EventData\":{\"Data\":{\"#attributes\":{\"Name\":\"A\"},\"#text\":\"a\"}}}}\n",
	       "json\n log_format=json A=a\n");
	expect("{\"System\":{\"EventID\":{\"Value\":1},\"TimeCreated\":{\"SystemTime\":1795298400.5}},"
	       "\"EventData\":{\"Image\":\"i\"}}\n",
	       "json\n2026-11-21T22:00:00Z log_format=json EventID=1 TimeCreated=1795298400.5 Image=i\n");
	expect("{\"preview\":false,\"result\":{\"EventID\":\"1\",\"Image\":\"i\"}}\n",
	       "json\n log_format=json preview=false EventID=1 Image=i\n");
}

TEST(json_of_any_nesting_is_flattened)
{
	expect("{\"time\":1,\"a\":{\"b\":true},\"l\":[1,null,\"x\"],\"o\":[{\"k\":1},{\"k\":2,\"m\":3}]}\n",
	       "json\n log_format=json time=1 a.b=true a={\"b\":true} l=1, , x o.k=1, 2 o.m=3 "
	       "o=[{\"k\":1},{\"k\":2,\"m\":3}]\n");
	expect("{\"Records\": [\n {\"eventName\": \"A\"},\n {\"eventName\": \"B\"}\n]}\n",
	       "json\n log_format=json eventName=A\n log_format=json eventName=B\n");
	expect("[\n  {\n    \"ts\": 1591367999.5\n  },\n  {\"ts\": 1591368000}\n]\n",
	       "json\n2020-06-05T14:39:59Z log_format=json ts=1591367999.5\n"
	       "2020-06-05T14:40:00Z log_format=json ts=1591368000\n");
}

TEST(an_event_inside_a_text_of_json_is_read)
{
	expect("{\"EventTime\":1,\"CloudTrailEvent\":\"{\\\"eventName\\\":\\\"A\\\\nb\\\",\\\"u\\\":{\\\"t\\\":1}}\",\"z\":2}\n"
	       "{\"EventTime\":1,\"CloudTrailEvent\":\"{\\\"l\\\":[{\\\"k\\\":1},\",\"l\":[{\"m\":2}]}\n",
	       "json\n log_format=json EventTime=1 CloudTrailEvent={\"eventName\":\"A\\nb\",\"u\":{\"t\":1}} "
	       "eventName=A\nb u.t=1 u={\"t\":1} z=2\n"
	       " log_format=json EventTime=1 CloudTrailEvent={\"l\":[{\"k\":1}, l.m=2 l=[{\"m\":2}]\n");
}

TEST(a_broken_line_of_json_costs_itself)
{
	expect("{\"ts\":1}\n{\"ts\":\"cut\n{\"ts\":2,}\n{\"ts\":3}\nnoise\n{\"ts\":4}\n",
	       "json\n log_format=json ts=1\n log_format=json ts=3\n log_format=json ts=4\n");
	assert_int_equal(last_report.bad_lines, 3);
	assert_int_equal(last_report.first_bad, 2);
}

TEST(syslog_of_all_ages_is_read)
{
	expect("Nov 21 22:00:00 web1 sshd[42]: Failed password for root\n",
	       "syslog\n2026-11-21T22:00:00Z log_format=syslog host=web1 program=sshd pid=42 "
	       "message=Failed password for root\n");
	assert_true(last_report.year_assumed && last_report.zone_assumed);
	expect("<34>1 2026-11-21T22:00:00.5+09:00 h app 7 ID [x a=\"] \\\"\"] hello\n",
	       "syslog\n2026-11-21T13:00:00Z log_format=syslog host=h program=app pid=7 msgid=ID "
	       "structured_data=[x a=\"] \\\"\"] facility=auth severity=crit message=hello\n");
	expect("2026-11-21T22:00:00.123456+00:00 h kernel: oops\n",
	       "syslog\n2026-11-21T22:00:00Z log_format=syslog host=h program=kernel message=oops\n");
}

/* What journalctl -o json writes: microseconds since 1970. */
TEST(json_of_the_journal_has_its_time)
{
	expect("{\"__REALTIME_TIMESTAMP\":\"1763800000000005\",\"MESSAGE\":\"m\"}\n",
	       "json\n2025-11-22T08:26:40Z log_format=json __REALTIME_TIMESTAMP=1763800000000005 MESSAGE=m\n");
}

TEST(squid_tells_what_its_clients_asked_for)
{
	expect("1507062837.123    345 10.0.0.1 TCP_MISS/200 1234 GET http://h.example:8080/a/b.exe?q=1 ann "
	       "HIER_DIRECT/1.2.3.4 text/html\n"
	       "1507062838.456      0 10.0.0.1 TCP_TUNNEL/200 99 CONNECT i.example:443 - HIER_NONE/- -\n",
	       "squid\n2017-10-03T20:33:57Z log_format=squid c-ip=10.0.0.1 cs-username=ann cs-method=GET "
	       "c-uri=http://h.example:8080/a/b.exe?q=1 c-uri-stem=/a/b.exe c-uri-query=q=1 "
	       "c-uri-extension=exe cs-host=h.example s-action=TCP_MISS sc-status=200 sc-bytes=1234 "
	       "time-taken=345 s-hierarchy=HIER_DIRECT r-ip=1.2.3.4 rs-content-type=text/html "
	       "message=1507062837.123    345 10.0.0.1 TCP_MISS/200 1234 GET "
	       "http://h.example:8080/a/b.exe?q=1 ann HIER_DIRECT/1.2.3.4 text/html\n"
	       "2017-10-03T20:33:58Z log_format=squid c-ip=10.0.0.1 cs-method=CONNECT c-uri=i.example:443 "
	       "c-uri-stem= c-uri-query= c-uri-extension= cs-host=i.example s-action=TCP_TUNNEL "
	       "sc-status=200 sc-bytes=99 time-taken=0 s-hierarchy=HIER_NONE r-ip= rs-content-type= "
	       "message=1507062838.456      0 10.0.0.1 TCP_TUNNEL/200 99 CONNECT i.example:443 - HIER_NONE/- -\n");
	expect("1507062837.123 1 h TCP_MISS/200 9 GET http://[::1]/ - HIER_DIRECT/::1 -\n1507062837 what\n",
	       "squid\n2017-10-03T20:33:57Z log_format=squid c-ip=h cs-method=GET c-uri=http://[::1]/ "
	       "c-uri-stem=/ c-uri-query= c-uri-extension= cs-host=::1 s-action=TCP_MISS sc-status=200 "
	       "sc-bytes=9 time-taken=1 s-hierarchy=HIER_DIRECT r-ip=::1 rs-content-type= "
	       "message=1507062837.123 1 h TCP_MISS/200 9 GET http://[::1]/ - HIER_DIRECT/::1 -\n");
	assert_int_equal(last_report.bad_lines, 1);
}

TEST(records_of_one_audit_event_are_joined)
{
	expect("type=SYSCALL msg=audit(1795298400.123:7): syscall=59 success=yes exe=\"/bin/ls\" a0=41\n"
	       "type=EXECVE msg=audit(1795298400.123:7): argc=2 a0=\"ls\" a1=2F746D70\n"
	       "type=PATH msg=audit(1795298400.123:7): item=0 name=\"/bin/ls\"\n"
	       "type=PATH msg=audit(1795298400.123:7): item=1 name=\"/lib\"\n"
	       "type=USER_AUTH msg=audit(1795298401.000:8): pid=1 msg='op=PAM acct=\"root\" res=failed'\n",
	       "auditd\n2026-11-21T22:00:00Z log_format=auditd type=SYSCALL, EXECVE, PATH syscall=59 "
	       "success=yes exe=/bin/ls a0=41, ls argc=2 a1=/tmp cmdline=ls /tmp item=0, 1 "
	       "name=/bin/ls, /lib\n"
	       "2026-11-21T22:00:01Z log_format=auditd type=USER_AUTH pid=1 op=PAM acct=root res=failed\n");
}

TEST(records_of_an_audit_event_may_stand_between_those_of_others)
{
	expect("type=SYSCALL msg=audit(1795298400.123:7): syscall=42 pid=1\n"
	       "type=USER_AUTH msg=audit(1795298401.000:8): pid=2 res=failed\n"
	       "type=SOCKADDR msg=audit(1795298400.123:7): saddr=020001BB0A0000010000000000000000\n"
	       "type=SOCKADDR msg=audit(1795298401.000:8): "
	       "saddr=0A000035000000002001067C000000000000000000000001\n",
	       "auditd\n2026-11-21T22:00:00Z log_format=auditd type=SYSCALL, SOCKADDR syscall=42 pid=1 "
	       "saddr=020001BB0A0000010000000000000000 laddr=10.0.0.1 lport=443\n"
	       "2026-11-21T22:00:01Z log_format=auditd type=USER_AUTH, SOCKADDR pid=2 res=failed "
	       "saddr=0A000035000000002001067C000000000000000000000001 laddr=2001:67c:0:0:0:0:0:1 "
	       "lport=53\n");
}

/* Text of PowerShell, which has zero bytes in it. */
static void expect_wide(const char *text, size_t len, const char *want)
{
	static const size_t steps[] = { 1, 3, 7, SIZE_MAX };

	for (size_t i = 0; i < 4; i++)
		expect_bytes(span_of(text, len), steps[i], want);
}

#define WIDE(text, want) expect_wide(text, sizeof text - 1, want)

TEST(utf_16_is_read_with_its_mark)
{
	WIDE("\xff\xfe{\0\"\0t\0s\0\"\0:\0\"\0\x3d\xd8\0\xde\"\0}\0\n\0",
	     "json\n log_format=json ts=\xf0\x9f\x98\x80\n");
	WIDE("\xfe\xff\0{\0\"\0t\0s\0\"\0:\0\"\xd8\x3d\xde\0\0\"\0}\0\n",
	     "json\n log_format=json ts=\xf0\x9f\x98\x80\n");
}

static bool write_offset(void *context, const struct event *event)
{
	return buf_printf(context, "%u ", (unsigned)event->offset);
}

/* Where the events of a log begin in it, however it is fed. */
static void expect_offsets(struct span log, const char *want)
{
	for (size_t step = 1; step < 64; step += 6) {
		struct log_reader *r = log_reader_new(log_identify(log), NULL);
		struct buf out = buf_new(1 << 10);
		struct span rest = log;

		for (; rest.len; rest = span_from(rest, step))
			assert_true(log_reader_feed(r, span_sub(rest, 0, step), false, write_offset, &out));
		assert_true(log_reader_feed(r, rest, true, write_offset, &out));
		buf_add_u8(&out, 0);
		assert_string_equal((const char *)out.at, want);
		buf_free(&out);
		log_reader_free(r);
	}
}

/* The text in UTF-16, low byte first, with its mark. */
static struct buf widened(const char *text)
{
	struct buf wide = buf_new(1 << 12);

	buf_add(&wide, SPAN("\xff\xfe"));
	for (; *text; text++) {
		buf_add_u8(&wide, (uint8_t)*text);
		buf_add_u8(&wide, 0);
	}
	return wide;
}

TEST(offsets_are_those_of_the_log)
{
	static const char json[] = "{\"ts\":1}\n\n {\"ts\":2}\n{\"ts\":3}\n";
	static const char csv[] = "time,user,what\n2026-11-21,\"a\nb\",1\n2026-11-21,b,2\n2026-11-21,c,3\r\n";
	static const char lines[] = "2026-11-21 22:00:00 a\r\n\n2026-11-21 22:00:00 b\n";
	struct buf wide;

	expect_offsets(span_text(json), "0 11 20 ");
	expect_offsets(span_text(csv), "15 34 49 ");
	expect_offsets(span_text(lines), "0 24 ");
	expect_offsets(SPAN("\xef\xbb\xbftime,user,what\n2026-11-21,a,1\n2026-11-21,b,2\n"), "18 33 ");
	expect_offsets(SPAN("__CURSOR=a\nMESSAGE=b\n\n__CURSOR=c\nMESSAGE=d\n\n"), "0 22 ");
	wide = widened(json);
	expect_offsets(buf_span(&wide), "2 24 42 ");
	buf_free(&wide);
	wide = widened(csv);
	expect_offsets(buf_span(&wide), "32 70 100 ");
	buf_free(&wide);
	wide = widened(lines);
	expect_offsets(buf_span(&wide), "2 50 ");
	buf_free(&wide);
	expect_offsets(SPAN("\xff\xfe{\0\"\0t\0s\0\"\0:\0\"\0\xe9\0\x3d\xd8\0\xde\"\0}\0\n\0{\0\"\0t\0s\0\"\0:\0\x31\0}\0\n\0"),
		       "2 28 ");
}

/* The first cut behind each byte, as one text. */
static void expect_cuts(enum log_format format, const char *log, const char *want)
{
	struct buf out = buf_new(1 << 10);
	struct log_mark m = { 0 };

	while (!m.ended && m.at < strlen(log)) {
		uint64_t before = m.at;

		while ((m.at == before || m.inside) && !m.ended) {
			uint64_t at = m.at;

			log_mark_pass(&m, span_from(span_text(log), (size_t)at), true, before + 1, format);
			m.ended |= m.at == at;
		}
		buf_printf(&out, m.ended ? "end" : "%llu:%llu ", (unsigned long long)m.at, (unsigned long long)m.lines);
	}
	buf_add_u8(&out, 0);
	assert_string_equal((const char *)out.at, want);
	buf_free(&out);
}

TEST(marks_stand_between_records)
{
	expect_cuts(LOG_ZEEK, "#fields\ta\n1\n2\n", "10:1 12:2 14:3 ");
	expect_cuts(LOG_AUDITD, "type=A msg=audit(1:2): a=b\n\n", "27:1 28:2 ");
	expect_cuts(LOG_CSV, "a,b,c\n1,\"\n2\n\",3\n4,5,6\n", "6:1 16:4 22:5 ");
	expect_cuts(LOG_CSV, "a,b,c\n1,\"2\n4,5,6\n", "6:1 11:2 17:3 ");
	expect_cuts(LOG_JSON, "{\"value\":[{\"a\":[{\"a\":1},{\"a\":2}]},{\"a\":1}]}", "33:1 34:1 41:2 42:2 43:2 ");
	expect_cuts(LOG_JSON, "[{\"a\":{\n}},\n{\"a\":\"},{\"}]", "1:0 10:1 11:1 12:1 23:2 24:2 ");
	/* Where brackets do not fit nothing is cut any more. */
	expect_cuts(LOG_JSON, "{\"a\":1}{\"a\":[1}]}{\"a\":1}", "7:1 end");
}

TEST(a_bad_value_costs_its_object)
{
	expect("{\"Records\":[{\"a\":1},{\"a\":bad},{\"a\":3}]}",
	       "json\n log_format=json a=1\n log_format=json a=3\n");
}

TEST(heads_of_zeek_begin_anew_at_a_separator)
{
	expect("#separator \\x09\n#path\tx\n#fields\ta\tb\n1\t2\n#separator |\n3|4\n#fields|c\n5\n",
	       "zeek\n log_format=zeek _path=x a=1 b=2\n log_format=zeek c=5\n");
}

TEST(times_of_any_size_end)
{
	expect("{\"ts\":1e9999999,\"a\":1}\n", "json\n log_format=json ts=1e9999999 a=1\n");
	expect("{\"ts\":1795298400999,\"a\":1}\n",
	       "json\n2026-11-21T22:00:00Z log_format=json ts=1795298400999 a=1\n");
}

TEST(tables_take_their_names_from_the_header)
{
	expect("#separator \\x09\n#set_separator\t,\n#path\tdns\n#fields\tts\tquery\tanswers\n"
	       "#types\ttime\tstring\tvector\n1795298400.0\ta.b\t1.1.1.1,2.2.2.2\n1795298400.0\t-\t-\n",
	       "zeek\n2026-11-21T22:00:00Z log_format=zeek _path=dns ts=1795298400.0 query=a.b "
	       "answers=1.1.1.1, 2.2.2.2\n"
	       "2026-11-21T22:00:00Z log_format=zeek _path=dns ts=1795298400.0 query= answers=\n");
	expect("#Software: Microsoft Internet Information Services 10.0\n"
	       "#Fields: date time cs-method cs-uri-stem sc-status\n"
	       "2026-11-21 22:00:00 GET /x 200\n",
	       "w3c\n2026-11-21T22:00:00Z log_format=w3c date=2026-11-21 time=22:00:00 cs-method=GET "
	       "cs-uri-stem=/x sc-status=200\n");
	expect("time,user,\"what, so\"\n2026-11-21T22:00:00Z,bob,\"a \"\"b\"\", c\"\n",
	       "csv\n2026-11-21T22:00:00Z log_format=csv time=2026-11-21T22:00:00Z user=bob "
	       "what, so=a \"b\", c\n");
}

TEST(cells_of_csv_may_hold_line_ends)
{
	expect("when;user;note\r\n2026-11-21T22:00:00Z;bob;\"a\r\nb;c\r\n\"\"d\"\"\"\r\nx;y;z\r\n",
	       "csv\n log_format=csv when=2026-11-21T22:00:00Z user=bob note=a\r\nb;c\r\n\"d\"\n"
	       " log_format=csv when=x user=y note=z\n");
	/* A quote that is never closed, or stands in the middle, costs its line. */
	expect("a,b,c\n1,2,3\n4,\"5,6\n7,8,9\n", "csv\n log_format=csv a=1 b=2 c=3\n"
	       " log_format=csv a=4 b=\"5 c=6\n log_format=csv a=7 b=8 c=9\n");
	assert_int_equal(last_report.bad_lines, 1);
	assert_int_equal(last_report.first_bad, 3);
	expect("a|b|c\n1|\"2\"x|3\n7|8|9\n", "csv\n log_format=csv a=1 b=\"2\"x c=3\n"
	       " log_format=csv a=7 b=8 c=9\n");
	expect("\xef\xbb\xbf\"a\"\tb\tc\n1\t2\t3", "csv\n log_format=csv a=1 b=2 c=3\n");
}

TEST(csv_needs_a_header)
{
	assert_int_equal(log_identify(SPAN("1,2,3\n4,5,6\n")), LOG_NONE);
	assert_int_equal(log_identify(SPAN("a,,c\n4,5,6\n")), LOG_NONE);
	assert_int_equal(log_identify(SPAN("a,b,c\n4,5\n")), LOG_NONE);
	assert_int_equal(log_identify(SPAN("a,b,c\n4,\"5\n\n5\",6\n")), LOG_CSV);
}

TEST(access_logs_and_plain_lines_are_read)
{
	expect("1.2.3.4 - bob [21/Nov/2026:22:00:00 +0900] \"GET /a?b=c HTTP/1.1\" 200 12 \"-\" \"curl/8\"\n",
	       "access\n2026-11-21T13:00:00Z log_format=access c-ip=1.2.3.4 cs-username=bob cs-method=GET "
	       "cs-uri-stem=/a cs-uri-query=b=c cs-version=HTTP/1.1 sc-status=200 sc-bytes=12 "
	       "cs-referer= cs-user-agent=curl/8 message=1.2.3.4 - bob [21/Nov/2026:22:00:00 +0900] "
	       "\"GET /a?b=c HTTP/1.1\" 200 12 \"-\" \"curl/8\"\n");
	expect("h.example:80 1.2.3.4 - - [21/Nov/2026:22:00:00 +0900] \"POST /a HTTP/1.1\" 200 12 \"-\" \"curl/8\" 300 40\n",
	       "access\n2026-11-21T13:00:00Z log_format=access c-ip=1.2.3.4 cs-method=POST cs-uri-stem=/a "
	       "cs-uri-query= cs-version=HTTP/1.1 sc-status=200 sc-bytes=12 cs-referer= cs-user-agent=curl/8 "
	       "vhost=h.example:80 io-received=300 io-sent=40 message=h.example:80 1.2.3.4 - - "
	       "[21/Nov/2026:22:00:00 +0900] \"POST /a HTTP/1.1\" 200 12 \"-\" \"curl/8\" 300 40\n");
	expect("[Sat Nov 21 22:00:00.123456 2026] [error] boom\n",
	       "text\n2026-11-21T22:00:00Z log_format=text message=[Sat Nov 21 22:00:00.123456 2026] "
	       "[error] boom\n");
}

TEST(journal_exports_are_read_with_binary_fields)
{
	static const char text[] = "__CURSOR=c\n__REALTIME_TIMESTAMP=1795298400000000\n_PID=3\nMESSAGE\n"
				   "\x03\0\0\0\0\0\0\0a\nb\n\n";
	struct log_reader *r = log_reader_new(LOG_JOURNAL, NULL);
	struct buf out = buf_new(1 << 16);

	for (size_t i = 0; i < sizeof text - 1; i++)
		log_reader_feed(r, span_of(text + i, 1), false, write_event, &out);
	log_reader_feed(r, span_of(text, 0), true, write_event, &out);
	assert_string_equal((const char *)out.at,
			    "2026-11-21T22:00:00Z log_format=journal __CURSOR=c "
			    "__REALTIME_TIMESTAMP=1795298400000000 pid=3 message=a\nb\n");
	buf_free(&out);
	log_reader_free(r);
}

static void expect_zeros(struct span log, const char *want)
{
	expect_bytes(log, SIZE_MAX, want);
	expect_bytes(log, 1, want);
	assert_int_equal(last_report.bad_lines, 1);
}

/* As a crash leaves them in the middle of a line, and who empties a log under its writer in front. */
TEST(zeros_in_a_log_cost_the_line_that_they_cut)
{
	expect_zeros(SPAN("Nov 21 22:00:00 a b: x\nNov 21 22:00:01 a b: cu\0\0\0\0Nov 21 22:00:02 a b: y\n"),
		     "syslog\n2026-11-21T22:00:00Z log_format=syslog host=a program=b message=x\n"
		     "2026-11-21T22:00:02Z log_format=syslog host=a program=b message=y\n");
	expect_zeros(SPAN("\0\0\0Nov 21 22:00:00 a b: x\n"),
		     "syslog\n2026-11-21T22:00:00Z log_format=syslog host=a program=b message=x\n");
	expect_zeros(SPAN("\0\0\0{\"ts\":1}\n{\"ts\":2}\n"), "json\n log_format=json ts=1\n log_format=json ts=2\n");
	expect_zeros(SPAN("{\"ts\":1}\n\0\0\0\0\n{\"ts\":2}\n"), "json\n log_format=json ts=1\n log_format=json ts=2\n");
	/* What begins as a text and is none. */
	assert_int_equal(log_identify(SPAN("a\0b\0\n\0")), LOG_NONE);
	assert_int_equal(log_identify(SPAN("\0\0\0\0")), LOG_NONE);
}

TEST(what_is_no_log_is_left_alone)
{
	assert_int_equal(log_identify(SPAN("MZ\x90\0\3\0\0\0")), LOG_NONE);
	assert_int_equal(log_identify(SPAN("{\"name\": \"left-pad\", \"version\": \"1.0.0\"}\n")), LOG_NONE);
	assert_int_equal(log_identify(SPAN("#!/bin/sh\necho hello\n")), LOG_NONE);
	assert_int_equal(log_identify(SPAN("Dear reader,\nthis is, well, a letter\n")), LOG_NONE);
	assert_int_equal(log_identify(SPAN("")), LOG_NONE);
}

TEST(a_line_beyond_the_limit_is_skipped_and_told)
{
	struct log_reader *r = log_reader_new(LOG_SYSLOG, NULL);
	struct buf out = buf_new(1 << 16);
	static char block[1 << 20];

	memset(block, 'x', sizeof block);
	for (int i = 0; i < 20; i++)
		log_reader_feed(r, span_of(block, sizeof block), false, write_event, &out);
	log_reader_feed(r, SPAN("\nNov 21 22:00:00 h p: m\n"), true, write_event, &out);
	assert_int_equal(log_reader_report(r)->long_lines, 1);
	assert_int_equal(log_reader_report(r)->events, 1);
	buf_free(&out);
	log_reader_free(r);
}
