#include "formats/log/log_reader.h"

#include <stdlib.h>

/*
 * CSV with a header (RFC 4180, other separators too). A quoted cell may hold line
 * ends; one that is not closed, or goes on behind its closing quote, costs the
 * line in which it begins.
 */

#define COLUMNS_MAX 512
#define RECORD_MAX ((size_t)1 << 20)	/* bytes of one whose cells hold line ends */

struct log_csv {
	struct arena memory;		/* of the names */
	struct span names[COLUMNS_MAX];
	uint32_t count;
	uint8_t separator;
};

bool log_csv_new(struct log_reader *r)
{
	r->csv = calloc(1, sizeof *r->csv);
	if (!r->csv)
		return false;
	r->csv->memory = arena_new((size_t)4 << 20);
	return true;
}

void log_csv_free(struct log_csv *c)
{
	if (!c)
		return;
	arena_free(&c->memory);
	free(c);
}

bool log_csv_has_header(const struct log_csv *c)
{
	return c->count > 0;
}

enum end { END_FOUND, END_MISSING, END_BROKEN };

/* Where the quoted cell that begins at `at` ends, behind its closing quote. */
static enum end quoted_end(struct span s, size_t at, uint8_t separator, size_t *out)
{
	for (at++; (at = span_find_byte(s, at, '"')) != SIZE_MAX; at += 2) {
		uint8_t next = at + 1 < s.len ? s.at[at + 1] : '\n';

		if (next == '"')
			continue;
		*out = at + 1;
		return next == separator || next == '\n' || next == '\r' ? END_FOUND : END_BROKEN;
	}
	return END_MISSING;
}

/* Where the record that begins at `from` ends: at its line end, or the end of `s`. */
static enum end record_end(struct span s, size_t from, uint8_t separator, size_t *out)
{
	size_t at = from;
	bool begins = true;

	for (; at < s.len && s.at[at] != '\n'; at++) {
		if (begins && s.at[at] == '"') {
			enum end end = quoted_end(s, at, separator, &at);

			if (end != END_FOUND)
				return end;
			at--;
			begins = false;
		} else {
			begins = s.at[at] == separator;
		}
	}
	*out = at;
	return at < s.len ? END_FOUND : END_MISSING;
}

/* One cell off the front; doubled quotes are one. */
static struct span cell(struct arena *memory, struct span *rest, uint8_t separator)
{
	uint8_t *to;
	size_t len = 0, end;

	if (rest->len == 0 || rest->at[0] != '"' ||
	    quoted_end(*rest, 0, separator, &end) != END_FOUND)
		return span_split(rest, separator);
	to = arena_alloc(memory, end);
	for (size_t i = 1; to && i + 1 < end; i++) {
		i += rest->at[i] == '"';
		to[len++] = rest->at[i];
	}
	*rest = span_from(*rest, end + 1);
	return span_of(to, to ? len : 0);
}

uint8_t log_csv_separator(struct span line)
{
	static const char separators[] = ",;\t|";
	size_t counts[sizeof separators] = { 0 }, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < line.len; i++) {
		const char *found = line.at[i] ? strchr(separators, line.at[i]) : NULL;

		quoted ^= line.at[i] == '"';
		if (found && !quoted)
			counts[found - separators]++;
	}
	for (size_t i = 1; separators[i]; i++)
		if (counts[i] > counts[best])
			best = i;
	return (uint8_t)separators[best];
}

static struct span without_return(struct span line)
{
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

static void read_header(struct log_csv *c, struct span line)
{
	struct span rest = line;

	c->separator = log_csv_separator(line);
	while (rest.len && c->count < COLUMNS_MAX) {
		struct span name = span_trim(cell(&c->memory, &rest, c->separator));

		c->names[c->count++] = arena_copy(&c->memory, name);
	}
}

static bool take_record(struct log_reader *r, struct span record)
{
	struct log_csv *c = r->csv;
	struct log_row row;
	struct span rest = record;

	if (record.len == 0)
		return true;
	if (c->count == 0) {
		read_header(c, record);
		return true;
	}
	row = log_row_begin(r);
	for (uint32_t i = 0; i < c->count; i++) {
		struct span text = cell(&r->memory, &rest, c->separator);

		/* A table cannot leave a field out: an empty cell is both. */
		log_row_add(r, &row, c->names[i],
			    text.len ? (struct value){ .kind = VALUE_TEXT, .bytes = text }
				     : (struct value){ .kind = VALUE_NULL });
	}
	if (rest.len)
		log_bad_line(r);
	return log_row_end(r, &row, TIME_NONE);
}

static uint64_t lines_in(struct span s)
{
	uint64_t count = 0;

	for (size_t at = 0; (at = span_find_byte(s, at, '\n')) != SIZE_MAX; at++)
		count++;
	return count;
}

/* A line without quotes is a record; one that is not closed within RECORD_MAX is its first line alone. */
static enum end end_of(struct span text, size_t from, size_t line_end, uint8_t separator, size_t *end)
{
	size_t least = line_end == SIZE_MAX ? 0 : line_end - from + 1;
	struct span line = span_sub(text, from, line_end == SIZE_MAX ? SIZE_MAX : line_end - from);

	*end = line_end;
	if (line_end != SIZE_MAX && span_find_byte(line, 0, '"') == SIZE_MAX)
		return END_FOUND;
	if (!separator)
		separator = log_csv_separator(line);
	return record_end(span_sub(text, 0, from + (least > RECORD_MAX ? least : RECORD_MAX)), from, separator,
			  end);
}

bool log_csv_next(struct span text, size_t from, uint8_t separator, bool last, struct log_csv_record *out)
{
	size_t line_end = span_find_byte(text, from, '\n');
	enum end found = end_of(text, from, line_end, separator, &out->end);

	if (found == END_MISSING && !last && (line_end == SIZE_MAX || text.len - from < RECORD_MAX))
		return false;
	if (found == END_BROKEN && !last && line_end == SIZE_MAX)
		return false;
	out->fits = found == END_FOUND || (found == END_MISSING && line_end == SIZE_MAX);
	if (found != END_FOUND)
		out->end = line_end == SIZE_MAX ? text.len : line_end;
	out->text = without_return(span_sub(text, from, out->end - from));
	return true;
}

bool log_csv_block(struct log_reader *r, struct span block, bool last, size_t *used)
{
	*used = 0;
	if (r->offset == 0 && r->line == 0 && span_starts(block, SPAN("\xef\xbb\xbf")))
		*used = 3;
	log_pass(r, span_sub(block, 0, *used));
	while (*used < block.len) {
		struct log_csv_record record;
		size_t end;

		if (!log_csv_next(block, *used, r->csv->count ? r->csv->separator : 0, last, &record))
			return true;
		r->line++;
		if (!record.fits)
			log_bad_line(r);
		arena_reset(&r->memory);
		if (!take_record(r, record.text))
			return false;
		r->line += lines_in(record.text);
		end = record.end + (record.end < block.len);
		log_pass(r, span_sub(block, *used, end - *used));
		*used = end;
	}
	return true;
}

/* A name of a column: not empty, no number and no time. */
static bool is_name(struct span name)
{
	bool letter = false;

	if (name.len == 0 || name.len > 256)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.at[i];

		if (c < 0x20 || c == '{' || c == '=' || c == '<')
			return false;
		letter |= (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		letter |= c >= 0x80 || c == '_';
	}
	return letter && !(name.at[0] >= '0' && name.at[0] <= '9');
}

static size_t count_cells(struct span record, uint8_t separator, bool names, bool *fits)
{
	struct arena memory = arena_new((size_t)1 << 20);
	size_t count = 1, end;
	struct span rest = record;

	for (size_t at = 0; at < record.len; at++)
		if (record.at[at] == '"' && (at == 0 || record.at[at - 1] == separator) &&
		    quoted_end(record, at, separator, &end) == END_FOUND)
			at = end - 1;
		else
			count += record.at[at] == separator;
	for (size_t i = 0; names && i < count && i < COLUMNS_MAX; i++)
		*fits = *fits && is_name(span_trim(cell(&memory, &rest, separator)));
	arena_free(&memory);
	return count;
}

/* A header of at least three names, and a row of as many cells. */
bool log_is_csv(struct span start)
{
	uint8_t separator = log_csv_separator(span_sub(start, 0, span_find_byte(start, 0, '\n')));
	size_t end = 0, behind = 0;
	bool fits = true;
	struct span header, row;
	size_t in_header;

	if (record_end(start, 0, separator, &end) != END_FOUND || end >= 16384)
		return false;
	header = without_return(span_sub(start, 0, end));
	if (record_end(start, end + 1, separator, &behind) == END_BROKEN)
		behind = span_find_byte(start, end + 1, '\n');
	/* A first row that goes on beyond what is here is as good as any. */
	row = behind > end ? without_return(span_sub(start, end + 1, behind - end - 1)) : header;
	in_header = count_cells(header, separator, true, &fits);
	return fits && in_header >= 3 && row.len &&
	       in_header == count_cells(row, separator, false, &fits);
}
