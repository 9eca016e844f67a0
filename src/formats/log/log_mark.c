#include "formats/log/log_mark.h"

#include "formats/log/log_json.h"
#include "formats/log/log_reader.h"

#define HEAD_MAX ((size_t)64 << 10)	/* a line that names columns */

bool log_mark_fits(struct span start, enum log_format format)
{
	/* Of UTF-16 offsets in the text are not those in the log. */
	if (span_find_byte(start, 0, 0) != SIZE_MAX || span_starts(start, SPAN("\xff\xfe")) ||
	    span_starts(start, SPAN("\xfe\xff")))
		return false;
	return format == LOG_ZEEK || format == LOG_W3C || format == LOG_CSV || format == LOG_AUDITD ||
	       format == LOG_JSON;
}

/* The length of the mark of UTF-8 at the start of the log. */
static size_t byte_order(const struct log_mark *m, struct span text)
{
	return m->at == 0 && span_starts(text, SPAN("\xef\xbb\xbf")) ? 3 : 0;
}

/* A head counts from where it stands on; a separator begins the heads anew. */
static void note_head(struct log_mark *m, struct span line, uint64_t at, enum log_format format)
{
	enum log_head kind = log_table_head(line, format, m->separator);

	if (kind == LOG_HEAD_NONE)
		return;
	if (line.len > HEAD_MAX)
		m->ended = true;
	if (kind == LOG_HEAD_SEPARATOR) {
		memset(m->heads, 0, sizeof m->heads);
		m->separator = log_table_separator(line);
	}
	/* Types are those of the fields before them. */
	if (kind == LOG_HEAD_FIELDS)
		m->heads[LOG_HEAD_TYPES] = 0;
	m->heads[kind] = at + 1;
}

static void pass_lines(struct log_mark *m, struct span text, bool last, uint64_t least,
		       enum log_format format)
{
	bool table = format != LOG_AUDITD;
	size_t i = byte_order(m, text), end;

	while (i < text.len && !m->ended) {
		if (!m->inside && m->at + i >= least)
			break;
		end = span_find_byte(text, i, '\n');
		if (table && !m->inside && text.at[i] == '#') {
			if (end == SIZE_MAX && !last && text.len - i <= HEAD_MAX)
				break;
			note_head(m, span_sub(text, i, end == SIZE_MAX ? SIZE_MAX : end - i), m->at + i, format);
		}
		m->inside = end == SIZE_MAX;
		m->lines += end != SIZE_MAX;
		i = end == SIZE_MAX ? text.len : end + 1;
	}
	m->at += i;
}

static uint64_t line_ends(struct span text)
{
	uint64_t count = 0;

	for (size_t i = 0; (i = span_find_byte(text, i, '\n')) != SIZE_MAX; i++)
		count++;
	return count;
}

static void pass_records(struct log_mark *m, struct span text, bool last, uint64_t least)
{
	size_t i = byte_order(m, text), end;

	for (; i < text.len && m->at + i < least; i = end) {
		struct log_csv_record record;

		if (!log_csv_next(text, i, m->separator, last, &record))
			break;
		end = record.end + (record.end < text.len);
		if (!m->separator && record.text.len) {
			m->separator = log_csv_separator(record.text);
			m->heads[0] = m->at + i + 1;
			m->heads[1] = m->at + end + 1;
		}
		m->lines += line_ends(span_sub(text, i, end - i));
	}
	m->at += i;
}

/* An object; of a document that wraps its events as far as the first of them. */
static bool pass_object(struct log_mark *m, struct span text, size_t *i)
{
	size_t end;
	enum json_skip found = m->wrapper == JSON_WRAPPER_OPEN ? json_skip_object(text, *i, &end)
							       : json_skip_document(text, *i, &end);

	if (found == JSON_SKIP_MORE)
		return false;
	if (found == JSON_SKIP_BROKEN) {
		m->ended = true;
		return false;
	}
	/* A reader that saw no event in it would not take it for a wrapper. */
	m->inside = found == JSON_SKIP_INSIDE;
	if (m->inside)
		m->wrapper = JSON_WRAPPER_OPEN;
	else
		m->lines++;
	*i = end;
	return true;
}

static void pass_objects(struct log_mark *m, struct span text, uint64_t least)
{
	size_t i = 0;

	while (i < text.len && (m->at + i < least || m->inside)) {
		enum json_wrapper wrapper = m->wrapper;
		size_t line;

		if (text.at[i] == '{') {
			if (!pass_object(m, text, &i))
				break;
		} else if (json_is_between(text.at[i], &wrapper)) {
			m->wrapper = (uint8_t)wrapper;
			i++;
		} else {
			line = log_record_line(span_from(text, i));
			m->ended = !line;
			if (!line)
				break;
			i += line;
		}
	}
	m->at += i;
}

void log_mark_pass(struct log_mark *m, struct span text, bool last, uint64_t least,
		   enum log_format format)
{
	if (format == LOG_JSON)
		pass_objects(m, text, least);
	else if (format == LOG_CSV)
		pass_records(m, text, last, least);
	else
		pass_lines(m, text, last, least, format);
}
