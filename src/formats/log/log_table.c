#include "formats/log/log_reader.h"

#include <stdio.h>
#include <stdlib.h>

/* Logs whose columns a header names: Zeek, W3C extended (IIS). */

#define COLUMNS_MAX 512
#define TAB '\t'			/* where no separator is named */

struct log_table {
	struct arena memory;		/* of the header */
	struct span names[COLUMNS_MAX];
	uint32_t count;
	bool has_types;			/* Zeek: so that a comma in a text is one */
	bool is_list[COLUMNS_MAX];
	struct span path;		/* Zeek */
	uint8_t separator, set_separator;
	struct span unset, empty;
	uint32_t date, time;		/* W3C: columns, or COLUMNS_MAX */
	char day[12];			/* W3C: of the header, for rows without one */
	bool is_local;			/* W3C: times have no zone */
};

bool log_table_new(struct log_reader *r)
{
	struct log_table *t = calloc(1, sizeof *t);

	if (!t)
		return false;
	t->memory = arena_new((size_t)4 << 20);
	t->separator = r->format == LOG_W3C ? ' ' : TAB;
	t->set_separator = ',';
	t->unset = SPAN("-");
	t->empty = SPAN("(empty)");
	t->date = t->time = COLUMNS_MAX;
	r->table = t;
	return true;
}

void log_table_free(struct log_table *t)
{
	if (!t)
		return;
	free((void *)(uintptr_t)t->path.at);
	arena_free(&t->memory);
	free(t);
}

static void add_name(struct log_table *t, struct span name)
{
	if (t->count == COLUMNS_MAX)
		return;
	if (span_eq(name, SPAN("date")))
		t->date = t->count;
	if (span_eq(name, SPAN("time")))
		t->time = t->count;
	t->names[t->count++] = arena_copy(&t->memory, name);
}

static void read_names(struct log_table *t, struct span rest, uint8_t separator)
{
	arena_reset(&t->memory);
	t->count = 0;
	t->has_types = false;
	t->date = t->time = COLUMNS_MAX;
	while (rest.len)
		add_name(t, span_split(&rest, separator));
}

static void read_types(struct log_table *t, struct span rest)
{
	t->has_types = true;
	for (uint32_t i = 0; i < t->count; i++) {
		struct span type = span_split(&rest, t->separator);

		t->is_list[i] = span_starts(type, SPAN("set")) || span_starts(type, SPAN("vector")) ||
				span_starts(type, SPAN("table"));
	}
}

/* "\x09" as a header writes it. */
static uint8_t written_byte(struct span text, uint8_t otherwise)
{
	uint64_t n;

	if (text.len == 1)
		return text.at[0];
	if (text.len == 4 && text.at[0] == '\\') {
		char hex[5] = { '0', 'x', (char)text.at[2], (char)text.at[3], 0 };

		if (span_to_u64(span_text(hex), &n))
			return (uint8_t)n;
	}
	return otherwise;
}

static struct span zeek_key(struct span *rest, uint8_t separator)
{
	bool is_first = span_starts(*rest, SPAN("#separator "));

	return span_split(rest, is_first ? ' ' : separator ? separator : TAB);
}

static enum log_head zeek_head(struct span line, uint8_t separator)
{
	static const char *const keys[] = { [LOG_HEAD_SEPARATOR] = "#separator", [LOG_HEAD_SET] = "#set_separator",
					    [LOG_HEAD_PATH] = "#path", [LOG_HEAD_FIELDS] = "#fields",
					    [LOG_HEAD_TYPES] = "#types" };
	struct span key = zeek_key(&line, separator);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (span_eq(key, span_text(keys[i])))
			return (enum log_head)i;
	return LOG_HEAD_NONE;
}

static enum log_head w3c_head(struct span line)
{
	static const char *const starts[] = { [LOG_HEAD_DATE] = "#Date: ", [LOG_HEAD_LOCAL] = "#Time Format: Local",
					      [LOG_HEAD_FIELDS] = "#Fields: " };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (starts[i] && span_starts(line, span_text(starts[i])))
			return (enum log_head)i;
	return LOG_HEAD_NONE;
}

enum log_head log_table_head(struct span line, enum log_format format, uint8_t separator)
{
	return format == LOG_ZEEK ? zeek_head(line, separator) : w3c_head(line);
}

uint8_t log_table_separator(struct span line)
{
	uint8_t byte;

	zeek_key(&line, 0);
	byte = written_byte(span_trim(line), TAB);
	return byte ? byte : TAB;
}

static void set_path(struct log_table *t, struct span text)
{
	char *path = malloc(text.len + 1);

	free((void *)(uintptr_t)t->path.at);
	t->path = (struct span){ 0 };
	if (!path)
		return;
	if (text.len)
		memcpy(path, text.at, text.len);
	t->path = span_of(path, text.len);
}

static void zeek_header(struct log_table *t, struct span line)
{
	struct span rest = line;

	zeek_key(&rest, t->separator);
	switch (zeek_head(line, t->separator)) {
	case LOG_HEAD_SEPARATOR:
		/* The heads begin anew: another log was put behind the first. */
		t->separator = log_table_separator(line);
		t->set_separator = ',';
		t->count = 0;
		set_path(t, (struct span){ 0 });
		break;
	case LOG_HEAD_SET:
		t->set_separator = written_byte(rest, ',');
		break;
	case LOG_HEAD_PATH:
		set_path(t, rest);
		break;
	case LOG_HEAD_FIELDS:
		read_names(t, rest, t->separator);
		break;
	case LOG_HEAD_TYPES:
		read_types(t, rest);
		break;
	default:
		break;
	}
}

static struct value zeek_value(struct log_reader *r, const struct log_table *t, uint32_t column,
			       struct span text)
{
	struct value *list;
	uint32_t count = 1;

	if (span_eq(text, t->unset))
		return (struct value){ .kind = VALUE_NULL };
	if (span_eq(text, t->empty))
		text.len = 0;
	if ((t->has_types && !t->is_list[column]) || span_find_byte(text, 0, t->set_separator) == SIZE_MAX)
		return (struct value){ .kind = VALUE_TEXT, .bytes = text };
	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == t->set_separator;
	list = ARENA_ARRAY(&r->memory, count, struct value);
	for (uint32_t i = 0; list && i < count; i++)
		list[i] = (struct value){ .kind = VALUE_TEXT,
					  .bytes = span_split(&text, t->set_separator) };
	return (struct value){ .kind = list ? VALUE_LIST : VALUE_NULL, .list = list, .count = count };
}

static bool zeek_line(struct log_reader *r, struct log_table *t, struct span line)
{
	struct log_row row = log_row_begin(r);
	struct span rest = line;
	uint32_t i = 0;

	log_row_some(r, &row, "_path", t->path);
	for (; i < t->count && rest.at <= line.at + line.len; i++) {
		bool last = span_find_byte(rest, 0, t->separator) == SIZE_MAX;

		log_row_add(r, &row, t->names[i], zeek_value(r, t, i, span_split(&rest, t->separator)));
		if (last) {
			i++;
			break;
		}
	}
	if (i < t->count || rest.len) {
		log_bad_line(r);
		return true;
	}
	return log_row_end(r, &row, TIME_NONE);
}

static struct span w3c_cell(struct span *rest, uint8_t separator)
{
	struct span text;
	size_t end;

	if (rest->len == 0 || rest->at[0] != '"')
		return span_split(rest, separator);
	end = span_find_byte(*rest, 1, '"');
	if (end == SIZE_MAX)
		end = rest->len;
	text = span_sub(*rest, 1, end - 1);
	*rest = span_from(*rest, end + 2);
	return text;
}

static size_t cells_in(struct span line, uint8_t separator)
{
	size_t count = 0;

	for (; line.len; count++)
		w3c_cell(&line, separator);
	return count;
}

static timestamp w3c_time(struct log_reader *r, const struct log_table *t, struct span date,
			  struct span clock)
{
	timestamp time = TIME_NONE;

	if (!date.len)
		date = span_text(t->day);
	if (!date.len || !clock.len)
		return TIME_NONE;
	timestamp_parse(arena_printf(&r->memory, "%.*sT%.*sZ", SPAN_ARG(date), SPAN_ARG(clock)), &time);
	if (time != TIME_NONE && t->is_local) {
		r->report.zone_assumed = true;
		time -= (timestamp)r->options.zone_seconds * TIME_SECOND;
	}
	return time;
}

static bool w3c_line(struct log_reader *r, struct log_table *t, struct span line)
{
	struct log_row row = log_row_begin(r);
	struct span rest = line, date = { 0 }, clock = { 0 };
	/* IIS writes a space too many before some names of users. */
	size_t spare = cells_in(line, t->separator);
	uint32_t i = 0;

	spare = spare > t->count ? spare - t->count : 0;
	while (i < t->count && rest.len) {
		struct span text = w3c_cell(&rest, t->separator);

		if (!text.len && spare) {
			spare--;
			continue;
		}
		if (i == t->date)
			date = text;
		if (i == t->time)
			clock = text;
		log_row_add(r, &row, t->names[i++],
			    span_eq(text, SPAN("-")) ? (struct value){ .kind = VALUE_NULL }
						     : (struct value){ .kind = VALUE_TEXT, .bytes = text });
	}
	if (i < t->count) {
		log_bad_line(r);
		return true;
	}
	return log_row_end(r, &row, w3c_time(r, t, date, clock));
}

static void w3c_header(struct log_table *t, struct span line)
{
	struct span date = span_sub(line, 7, 10);

	switch (w3c_head(line)) {
	case LOG_HEAD_FIELDS:
		line = span_trim(span_from(line, 9));
		/* Microsoft's proxies write tabs. */
		t->separator = span_find_byte(line, 0, TAB) == SIZE_MAX ? ' ' : TAB;
		read_names(t, line, t->separator);
		break;
	case LOG_HEAD_DATE:
		snprintf(t->day, sizeof t->day, "%.*s", SPAN_ARG(date));
		break;
	case LOG_HEAD_LOCAL:
		t->is_local = true;
		break;
	default:
		break;
	}
}

bool log_table_line(struct log_reader *r, struct span line)
{
	struct log_table *t = r->table;

	if (line.len == 0)
		return true;
	if (line.at[0] == '#') {
		if (r->format == LOG_ZEEK)
			zeek_header(t, line);
		else
			w3c_header(t, line);
		return true;
	}
	if (t->count == 0) {
		log_bad_line(r);
		return true;
	}
	return r->format == LOG_ZEEK ? zeek_line(r, t, line) : w3c_line(r, t, line);
}
