#include "formats/squid/squid_format.h"

#include "test.h"

static void expect(const char *format, const char *line, enum squid_field field, const char *want)
{
	struct span values[SQUID_FIELDS];
	struct squid_format f;

	assert_true(squid_format_parse(span_text(format), &f));
	assert_true(squid_format_read(&f, span_text(line), values));
	assert_span(values[field], want);
}

/* As squid's documentation writes its own forms. */
#define SQUID "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt"
#define COMBINED "%>a %[ui %[un [%tl] \"%rm %ru HTTP/%rv\" %>Hs %<st \"%{Referer}>h\" \"%{User-Agent}>h\" %Ss:%Sh"
#define LINE "1763805600.123     25 10.0.0.1 TCP_MISS/200 1234 GET http://h.example/a ann HIER_DIRECT/1.2.3.4 text/html"
#define COMBINED_LINE "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET http://h.example/a HTTP/1.1\" 200 1234 " \
	"\"http://r.example/\" \"Mozilla/5.0 (X11)\" TCP_MISS:HIER_DIRECT"

TEST(squid_format_reads_squids_own_forms)
{
	expect(SQUID, LINE, SQUID_SECONDS, "1763805600");
	expect(SQUID, LINE, SQUID_FRACTION, "123");
	expect(SQUID, LINE, SQUID_CLIENT, "10.0.0.1");
	expect(SQUID, LINE, SQUID_STATUS, "200");
	expect(SQUID, LINE, SQUID_RECEIVED, "1234");
	expect(SQUID, LINE, SQUID_URL, "http://h.example/a");
	expect(SQUID, LINE, SQUID_SERVER, "1.2.3.4");
	expect(COMBINED, COMBINED_LINE, SQUID_LOCAL_TIME, "21/Nov/2026:10:00:00 +0000");
	expect(COMBINED, COMBINED_LINE, SQUID_AGENT, "Mozilla/5.0 (X11)");
	expect(COMBINED, COMBINED_LINE, SQUID_USER, "");
	expect(COMBINED, COMBINED_LINE, SQUID_METHOD, "GET");
	expect("%tl %>a", "21/Nov/2026:10:00:00 +0000 10.0.0.1", SQUID_CLIENT, "10.0.0.1");
	expect("%>a   %<st  %rm", "10.0.0.1 7   GET", SQUID_METHOD, "GET");
}

TEST(squid_format_tells_which_size_went_which_way)
{
	static const char format[] = "%tg|%>a:%>p|%http::>st|%<st|%rm|%#ru|%ssl::>sni|%{X-A}>h|%un";
	static const char line[] = "21/Nov/2026:10:00:00 +0000|10.0.0.1:5000|900000|5120|CONNECT|drop.example:443|s.exampl|-|ann";

	expect(format, line, SQUID_CLIENT_PORT, "5000");
	expect(format, line, SQUID_SENT, "900000");
	expect(format, line, SQUID_RECEIVED, "5120");
	expect(format, line, SQUID_URL, "drop.example:443");
	expect(format, line, SQUID_HOST, "s.exampl");
	expect(format, line, SQUID_USER, "ann");
}

TEST(squid_format_refuses_what_does_not_say)
{
	struct span values[SQUID_FIELDS];
	struct squid_format f;

	assert_false(squid_format_parse(SPAN("%>a%<a"), &f));
	assert_false(squid_format_parse(SPAN("%>a %"), &f));
	assert_false(squid_format_parse(SPAN("%>a %% %ts"), &f));
	assert_false(squid_format_parse(SPAN("no code"), &f));
	assert_true(squid_format_parse(SPAN("%>a %ts"), &f));
	assert_false(squid_format_read(&f, SPAN("10.0.0.1"), values));
	assert_true(squid_format_parse(SPAN("[%>a] %ts;"), &f));
	assert_false(squid_format_read(&f, SPAN("10.0.0.1 5;"), values));
	assert_false(squid_format_read(&f, SPAN("[10.0.0.1] 5; more"), values));
}

static bool find(const char *configuration, const char *name, const char *line)
{
	struct span values[SQUID_FIELDS];
	struct squid_format f;

	return squid_format_find(span_text(configuration), span_text(name), span_text(line), &f) &&
	       squid_format_read(&f, span_text(line), values) && span_eq(values[SQUID_SENT], SPAN("77"));
}

TEST(squid_format_is_found_in_the_configuration)
{
	assert_true(find("logformat one %>a;%<st\nlogformat two %>a;%>st\n"
			 "access_log daemon:/var/log/squid/access.log logformat=two rotate=3\n", "access.log", "10.0.0.1;77"));
	assert_true(find("access_log /var/log/squid/access.log two all\nlogformat two %>a;%>st\r\n", "access.log.1",
			 "10.0.0.1;77"));
	/* Where the log has squid's own form, or another form, none of these is meant. */
	assert_false(find("logformat two %>a;%>st\naccess_log /var/log/squid/access.log squid\n", "access.log", "10.0.0.1;77"));
	/* Where no line names the log, the first that fits. */
	assert_true(find("logformat one [%>a;%<st]\nlogformat two %>a;%>st\naccess_log /x/other.log one\n", "access.log",
			 "10.0.0.1;77"));
	assert_false(find("# logformat two %>a;%>st\n", "access.log", "10.0.0.1;77"));
}
