#include "formats/log/log_cut.h"

/* The length of the line's text, whose '\n' stands at `end`. */
static size_t text_end(struct span text, size_t end)
{
	return end && text.at[end - 1] == '\r' ? end - 1 : end;
}

/* Whether what ends with the '\n' at `end` is whole whatever stands around it. */
static bool is_cut(struct span text, size_t end, enum log_format format)
{
	size_t before = text_end(text, end);

	return format != LOG_JSON || (before && text.at[before - 1] == '}' && end + 1 < text.len &&
				      text.at[end + 1] == '{');
}

bool log_cut_fits(struct span start, enum log_format format)
{
	static const char *const wrappers[] = { "\"Records\"", "\"records\"", "\"value\"", "\"events\"",
						"\"Events\"", "\"logs\"", "\"items\"", "\"entries\"" };
	size_t end = span_find_byte(start, 0, '\n');

	/* UTF-16 may have no line ends where bytes look like them. */
	if (span_find_byte(start, 0, 0) != SIZE_MAX || span_starts(start, SPAN("\xff\xfe")) ||
	    span_starts(start, SPAN("\xfe\xff")))
		return false;
	if (format != LOG_JSON)
		return format == LOG_SYSLOG || format == LOG_ACCESS || format == LOG_SQUID ||
		       format == LOG_TEXT;
	if (end == SIZE_MAX || start.at[0] != '{' || !is_cut(start, end, format))
		return false;
	/* What is inside such an object are events of their own. */
	for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
		if (span_find(span_sub(start, 0, end), 0, span_text(wrappers[i])) != SIZE_MAX)
			return false;
	return true;
}

size_t log_cut_next(struct span text, size_t least, enum log_format format)
{
	for (size_t i = least ? least - 1 : 0; (i = span_find_byte(text, i, '\n')) != SIZE_MAX; i++)
		if (is_cut(text, i, format))
			return i + 1;
	return SIZE_MAX;
}

/* What may stand between objects, as the reader of JSON has it; a line of nothing else has no number. */
static bool is_between(uint8_t c)
{
	return c <= ' ' || c == ',' || c == '[' || c == ']' || c == '}' || c == 0xef || c == 0xbb || c == 0xbf;
}

/* The first byte from `i` on that gives its line a number, or the line's end. */
static size_t skip_between(struct span text, size_t i)
{
	while (i < text.len && text.at[i] != '\n' && is_between(text.at[i]))
		i++;
	return i;
}

static size_t line_start(struct span text, size_t at)
{
	while (at && text.at[at - 1] != '\n')
		at--;
	return at;
}

uint64_t log_cut_lines(struct span text, size_t from, enum log_format format)
{
	uint64_t lines = 0;
	size_t i = from;

	if (format == LOG_JSON && skip_between(text, line_start(text, from)) < from)
		i = span_find_byte(text, from, '\n');
	while (i < text.len) {
		if (format == LOG_JSON)
			i = skip_between(text, i);
		lines += format != LOG_JSON || (i < text.len && text.at[i] != '\n');
		i = span_find_byte(text, i, '\n');
		if (i == SIZE_MAX)
			return lines - (format != LOG_JSON);
		i++;
	}
	return lines;
}
