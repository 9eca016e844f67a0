#include "formats/log/log_reader.h"

#include "base/utf8.h"

#define LINES_LOOKED_AT 8
#define LINE_BEFORE_MAX 80

/* Of at most 255 bytes, counted apart: so the compiler takes many at once. */
static size_t count_odd(struct span piece)
{
	uint8_t low = 0, fine = 0;

	for (size_t i = 0; i < piece.len; i++) {
		uint8_t c = piece.at[i];

		low = (uint8_t)(low + (c < 0x20));
		fine = (uint8_t)(fine + (c == '\n') + (c == '\r') + (c == '\t') + (c == 0x1b) + (c == 0x1d));
	}
	return (size_t)(low - fine);
}

/* Text that a log may be made of: hardly any control bytes. */
static bool is_text(struct span start)
{
	size_t odd = 0;

	if (span_find_byte(start, 0, 0) != SIZE_MAX)
		return false;
	for (size_t at = 0; at < start.len; at += UINT8_MAX)
		odd += count_odd(span_sub(start, at, UINT8_MAX));
	return start.len && odd * 50 <= start.len;
}

/* An object whose first member has a name: no program text begins so. */
static bool is_json(struct span start)
{
	size_t i = log_record_line(start);

	for (int nested = 0; nested < 3; nested++) {
		while (i < start.len && (start.at[i] <= ' ' || start.at[i] == 0x1e))
			i++;
		if (i == start.len)
			return false;
		if (nested == 0 && start.at[i] == '[') {
			i++;
			continue;
		}
		if (start.at[i] != '{')
			return false;
		for (i++; i < start.len && start.at[i] <= ' ';)
			i++;
		if (i == start.len || start.at[i] != '"')
			return false;
		i = span_find_byte(start, i + 1, '"');
		if (i == SIZE_MAX)
			return false;
		for (i++; i < start.len && start.at[i] <= ' ';)
			i++;
		return i < start.len && start.at[i] == ':';
	}
	return false;
}

/* A package list or settings file is JSON too, but no log: events have a time or come in lines. */
static bool is_json_log(struct span start)
{
#define QUOTED(word) SPAN("\"" word "\"")
	const struct span words[] = {
		QUOTED("EventID"), QUOTED("@timestamp"), QUOTED("timestamp"), QUOTED("eventTime"),
		QUOTED("time"), QUOTED("ts"), QUOTED("Event"), QUOTED("event"), QUOTED("TimeCreated"),
		QUOTED("UtcTime"), QUOTED("createdDateTime"), QUOTED("activityDateTime"),
		QUOTED("CreationTime"), QUOTED("Timestamp"), QUOTED("EventTime"),
		QUOTED("requestReceivedTimestamp"), QUOTED("stageTimestamp"), QUOTED("logtype"),
		QUOTED("datetime"), QUOTED("published"), QUOTED("utc_time"), QUOTED("Records"),
		QUOTED("_path"), QUOTED("eventName"), QUOTED("log"), QUOTED("winlog"), QUOTED("_source"),
		QUOTED("CommandLine"), QUOTED("Channel"), QUOTED("operationName"), QUOTED("event_type"),
		QUOTED("__REALTIME_TIMESTAMP"), QUOTED("time_local"), QUOTED("time_iso8601"), QUOTED("remote_addr"),
	};
#undef QUOTED
	size_t line = span_find_byte(start, 0, '\n');

	if (span_find_word(start, words, sizeof words / sizeof *words) != SIZE_MAX)
		return true;
	/* Lines of objects are a log whatever they hold. */
	return line != SIZE_MAX && line > 1 && line + 1 < start.len && start.at[0] == '{' &&
	       start.at[line + 1] == '{';
}

/* Exporters write a line of their own before the events, or before each. */
static bool is_xml_log(struct span start)
{
	size_t at = span_find(start, 0, SPAN("<Event"));

	return at != SIZE_MAX && (start.at[0] == '<' || at < LINE_BEFORE_MAX) &&
	       span_find_byte(span_sub(start, 0, at), 0, '{') == SIZE_MAX &&
	       span_find_byte(span_sub(start, 0, at), 0, ',') == SIZE_MAX &&
	       (span_find(start, at, SPAN("schemas.microsoft.com/win/2004/08/events/event")) != SIZE_MAX ||
		span_find(start, at, SPAN("<System>")) != SIZE_MAX);
}

static bool is_clixml_log(struct span start)
{
	return span_starts(start, SPAN("<Objs ")) && span_find(start, 0, SPAN("EventLogRecord")) != SIZE_MAX;
}

static bool starts_with_time(struct span line)
{
	static _Thread_local struct log_reader clock;
	size_t used;

	clock.options.now = 0;
	return log_time(&clock, line, &used) != TIME_NONE;
}

typedef bool line_test(struct span line);

/* Most of the first lines pass. */
static bool lines_are(struct span start, line_test *test)
{
	size_t seen = 0, passed = 0;

	while (start.len && seen < LINES_LOOKED_AT) {
		struct span line = span_split(&start, '\n');

		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		/* The last may be cut. */
		if (line.len == 0 || (start.len == 0 && seen))
			continue;
		seen++;
		passed += test(line);
	}
	return passed && passed * 2 > seen;
}

static enum log_format identify_wide(struct span start)
{
	struct buf text = buf_new(LOG_IDENTIFY_BYTES);
	enum log_format format = log_wide_start(start, &text) ? log_identify(buf_span(&text)) : LOG_NONE;

	buf_free(&text);
	return format;
}

struct span log_without_zeros(struct span start)
{
	size_t zero, from = 0;

	while (from < start.len && !start.at[from])
		from++;
	start = span_sub(start, from, LOG_IDENTIFY_BYTES);
	zero = span_find_byte(start, 0, 0);
	if (zero == SIZE_MAX)
		return start;
	while (zero && start.at[zero - 1] != '\n')
		zero--;
	return span_sub(start, 0, zero);
}

enum log_format log_identify(struct span start)
{
	if (span_starts(start, SPAN("\xff\xfe")) || span_starts(start, SPAN("\xfe\xff")))
		return identify_wide(span_sub(start, 0, LOG_IDENTIFY_BYTES));
	start = log_without_zeros(start);
	if (span_starts(start, SPAN("\xef\xbb\xbf")))
		start = span_from(start, 3);
	if (span_starts(start, SPAN("__CURSOR=")))
		return LOG_JOURNAL;
	if (!is_text(start))
		return LOG_NONE;
	if (span_starts(start, SPAN("#separator ")))
		return LOG_ZEEK;
	if (span_starts(start, SPAN("#Software: ")) || span_starts(start, SPAN("#Version: ")) ||
	    span_starts(start, SPAN("#Fields: ")) || span_starts(start, SPAN("#Date: ")))
		return LOG_W3C;
	if (is_xml_log(start) || is_clixml_log(start))
		return LOG_XML;
	if (is_json(start))
		return is_json_log(start) ? LOG_JSON : LOG_NONE;
	if (lines_are(start, log_is_audit))
		return LOG_AUDITD;
	if (lines_are(start, log_is_access))
		return LOG_ACCESS;
	if (lines_are(start, log_is_squid))
		return LOG_SQUID;
	/* Rows may begin with a time, a header does not. */
	if (!starts_with_time(span_sub(start, 0, span_find_byte(start, 0, '\n'))) && log_is_csv(start))
		return LOG_CSV;
	if (lines_are(start, log_is_syslog))
		return LOG_SYSLOG;
	return lines_are(start, starts_with_time) ? LOG_TEXT : LOG_NONE;
}
