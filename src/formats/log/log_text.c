#include "formats/log/log_reader.h"

/* Syslog of all ages, and lines with a time in front. */

static bool is_priority(struct span line, size_t *end, uint64_t *priority)
{
	*end = span_find_byte(span_sub(line, 0, 5), 0, '>');
	return line.len && line.at[0] == '<' && *end != SIZE_MAX &&
	       span_to_u64(span_sub(line, 1, *end - 1), priority) && *priority < 192;
}

static const char *const facilities[] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
	"authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3",
	"local4", "local5", "local6", "local7",
};

static const char *const severities[] = { "emerg", "alert", "crit", "err", "warning", "notice",
					  "info", "debug" };

static void add_priority(struct log_reader *r, struct log_row *row, uint64_t priority)
{
	log_row_text(r, row, "facility", span_text(facilities[priority / 8]));
	log_row_text(r, row, "severity", span_text(severities[priority % 8]));
}

/* The structured data of RFC 5424: past it, brackets and escapes minded. */
static struct span structured(struct span *rest)
{
	struct span all = *rest;
	bool quoted = false, open = false;
	size_t i = 0;

	if (span_starts(*rest, SPAN("-"))) {
		*rest = span_from(*rest, 2);
		return span_sub(all, 0, 0);
	}
	for (; i < all.len; i++) {
		uint8_t c = all.at[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == '[')
			open = true;
		else if (!quoted && c == ']')
			open = false;
		else if (!open && c == ' ')
			break;
	}
	*rest = span_from(all, i + 1);
	return span_sub(all, 0, i);
}

/* <34>1 time host program pid msgid [data] message */
static bool new_syslog(struct log_reader *r, struct span line, struct span rest, uint64_t priority)
{
	struct log_row row = log_row_begin(r);
	struct span stamp, host, program, pid, id, data;
	timestamp t;
	size_t used;

	log_word(&rest);
	stamp = log_word(&rest);
	host = log_unless_dash(log_word(&rest));
	program = log_unless_dash(log_word(&rest));
	pid = log_unless_dash(log_word(&rest));
	id = log_unless_dash(log_word(&rest));
	data = structured(&rest);
	t = log_time(r, stamp, &used);
	if (span_starts(rest, SPAN("\xef\xbb\xbf")))
		rest = span_from(rest, 3);
	log_row_text(r, &row, "host", host);
	log_row_text(r, &row, "program", program);
	log_row_some(r, &row, "pid", pid);
	log_row_some(r, &row, "msgid", id);
	log_row_some(r, &row, "structured_data", data);
	add_priority(r, &row, priority);
	log_row_text(r, &row, "message", rest);
	(void)line;
	return log_row_end(r, &row, t);
}

/* "program[pid]: message" */
static struct span take_tag(struct span *rest, struct span *pid)
{
	size_t end = 0;
	struct span tag;

	*pid = span_sub(*rest, 0, 0);
	while (end < rest->len && rest->at[end] != ':' && rest->at[end] != '[' && rest->at[end] != ' ')
		end++;
	if (end == rest->len || rest->at[end] == ' ' || end > 64)
		return span_sub(*rest, 0, 0);
	tag = span_sub(*rest, 0, end);
	if (rest->at[end] == '[') {
		size_t close = span_find_byte(*rest, end, ']');

		if (close == SIZE_MAX)
			return span_sub(*rest, 0, 0);
		*pid = span_sub(*rest, end + 1, close - end - 1);
		end = close + 1;
	}
	*rest = span_from(*rest, end + (end < rest->len && rest->at[end] == ':'));
	if (rest->len && rest->at[0] == ' ')
		*rest = span_from(*rest, 1);
	return tag;
}

bool log_syslog_line(struct log_reader *r, struct span line)
{
	struct span rest = line, host, program, pid;
	struct log_row row;
	uint64_t priority = 0;
	size_t end = 0, used;
	bool has_priority = is_priority(line, &end, &priority);
	timestamp t;

	if (line.len == 0)
		return true;
	if (has_priority) {
		rest = span_from(line, end + 1);
		if (rest.len > 2 && rest.at[0] == '1' && rest.at[1] == ' ')
			return new_syslog(r, line, rest, priority);
	}
	t = log_time(r, rest, &used);
	if (t == TIME_NONE) {
		/* Still evidence: a line without a time is a message. */
		log_bad_line(r);
		used = 0;
	}
	rest = span_from(rest, used + (used < rest.len && used > 0));
	host = used ? log_word(&rest) : span_sub(rest, 0, 0);
	program = take_tag(&rest, &pid);
	row = log_row_begin(r);
	log_row_text(r, &row, "host", host);
	log_row_text(r, &row, "program", program);
	log_row_some(r, &row, "pid", pid);
	if (has_priority)
		add_priority(r, &row, priority);
	log_row_text(r, &row, "message", rest);
	return log_row_end(r, &row, t);
}

static struct log_reader *probe(void)
{
	static _Thread_local struct log_reader reader;

	reader.options.now = 0;
	return &reader;
}

bool log_is_syslog(struct span line)
{
	struct log_reader *r = probe();
	struct span rest = line, pid, host;
	uint64_t priority;
	size_t end, used;

	if (is_priority(line, &end, &priority))
		return true;
	if (log_time(r, line, &used) == TIME_NONE || (line.len && line.at[0] == '['))
		return false;
	rest = span_from(line, used + 1);
	host = log_word(&rest);
	if (host.len == 0 || span_find_byte(host, 0, ':') != SIZE_MAX)
		return false;
	return take_tag(&rest, &pid).len != 0;
}

bool log_text_line(struct log_reader *r, struct span line)
{
	struct log_row row;
	timestamp t;
	size_t used;

	if (line.len == 0)
		return true;
	t = log_time(r, line, &used);
	row = log_row_begin(r);
	log_row_text(r, &row, "message", line);
	return log_row_end(r, &row, t);
}
