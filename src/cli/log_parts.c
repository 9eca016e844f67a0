#include "cli/log_parts.h"

#include <errno.h>
#include <unistd.h>

#define PIECE ((size_t)16 << 10)
#define COUNT_BITS 24
#define CONTEXT 2		/* bytes before the end of a line that a cut depends on */
#define LOOK_BACK ((size_t)4 << 10)	/* for the start of a line */

static size_t read_at(const struct log_parts *p, uint64_t at, uint64_t wanted)
{
	size_t len = 0, most = wanted < LOG_PARTS_BLOCK ? (size_t)wanted : LOG_PARTS_BLOCK;

	while (len < most) {
		ssize_t got = pread(p->fd, p->block + len, most - len, (off_t)(at + len));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	return len;
}

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

bool log_parts_fit(struct span start, enum log_format format)
{
	static const char *const wrappers[] = { "\"Records\"", "\"records\"", "\"value\"", "\"events\"",
						"\"Events\"", "\"logs\"", "\"items\"", "\"entries\"" };
	size_t end = span_find_byte(start, 0, '\n');

	if (span_find_byte(start, 0, 0) != SIZE_MAX)
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

uint64_t log_parts_begin(const struct log_parts *p, uint64_t window)
{
	uint64_t from = window * LOG_PART, to = from + LOG_PART < p->size ? from + LOG_PART : p->size;
	uint64_t at = from < CONTEXT ? 0 : from - CONTEXT;
	struct span text;

	if (window == 0)
		return 0;
	do {
		text = span_of(p->block, read_at(p, at, PIECE));
		for (size_t i = 0; (i = span_find_byte(text, i, '\n')) != SIZE_MAX; i++) {
			uint64_t cut = at + i + 1;

			if (cut >= to)
				return LOG_PART_NONE;
			if (cut >= from && is_cut(text, i, p->format))
				return cut;
		}
		/* What stands beside the last byte is seen with the next piece. */
		at += PIECE - CONTEXT - 1;
	} while (text.len == PIECE && at < to);
	return LOG_PART_NONE;
}

uint64_t log_parts_end(const struct log_parts *p, uint64_t window)
{
	for (window++; window * LOG_PART < p->size; window++) {
		uint64_t cut = log_parts_begin(p, window);

		if (cut != LOG_PART_NONE)
			return cut;
	}
	return p->size;
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

/* Lines that get their number from `from` on. */
static uint64_t numbered(const struct log_parts *p, struct span text, size_t from)
{
	uint64_t lines = 0;
	size_t i = from;

	if (p->format == LOG_JSON && skip_between(text, line_start(text, from)) < from)
		i = span_find_byte(text, from, '\n');
	while (i < text.len) {
		if (p->format == LOG_JSON)
			i = skip_between(text, i);
		lines += p->format != LOG_JSON || (i < text.len && text.at[i] != '\n');
		i = span_find_byte(text, i, '\n');
		if (i == SIZE_MAX)
			return lines - (p->format != LOG_JSON);
		i++;
	}
	return lines;
}

static uint64_t count(const struct log_parts *p, uint64_t from, uint64_t to)
{
	uint64_t lines = 0;

	while (from < to) {
		size_t context = from < LOOK_BACK ? (size_t)from : LOOK_BACK;
		struct span text = span_of(p->block, read_at(p, from - context, to - from + context));

		if (text.len <= context)
			break;
		lines += numbered(p, text, context);
		from += text.len - context;
	}
	return lines;
}

/* What another reader counted already, or else counted here for others as well. */
static uint64_t lines_of(const struct log_parts *p, uint64_t window)
{
	uint64_t number = p->first + window, from = window * LOG_PART;
	_Atomic uint64_t *known = &p->units->lines[number % LOG_UNITS_COUNTED];
	uint64_t lines = atomic_load(known);

	if (lines >> COUNT_BITS == number + 1)
		return lines & ((UINT64_C(1) << COUNT_BITS) - 1);
	lines = count(p, from, from + LOG_PART < p->size ? from + LOG_PART : p->size);
	atomic_store(known, (number + 1) << COUNT_BITS | lines);
	return lines;
}

uint64_t log_parts_lines(struct log_parts *p, uint64_t window, uint64_t at)
{
	/* Others will ask for it. */
	lines_of(p, window);
	for (; p->counted < window; p->counted++)
		p->lines += lines_of(p, p->counted);
	return p->lines + count(p, window * LOG_PART, at);
}
