#include "formats/log/log_reader.h"

#include "formats/log/log_mark.h"

#include <stdlib.h>

#define SHAPES_BYTES_MAX ((size_t)48 << 20)
#define SHAPES_MAX 60000
#define PIECE ((size_t)1 << 20)
#define LINE_MEMORY_MAX ((size_t)256 << 20)

const char *log_format_name(enum log_format format)
{
	static const char *const names[] = { "", "json", "syslog", "auditd", "journal", "zeek",
					     "w3c", "access", "csv", "text", "squid", "xml" };

	return format < sizeof names / sizeof *names ? names[format] : "";
}

struct span log_word(struct span *rest)
{
	while (rest->len && rest->at[0] == ' ')
		*rest = span_from(*rest, 1);
	return span_split(rest, ' ');
}

struct span log_unless_dash(struct span text)
{
	return span_eq(text, SPAN("-")) ? span_sub(text, 0, 0) : text;
}

static bool new_format(struct log_reader *r)
{
	switch (r->format) {
	case LOG_JSON:
		return log_json_new(r);
	case LOG_AUDITD:
		return log_audit_new(r);
	case LOG_ZEEK:
	case LOG_W3C:
		return log_table_new(r);
	case LOG_CSV:
		return log_csv_new(r);
	default:
		return true;
	}
}

static void forget_shapes(struct log_reader *r)
{
	arena_reset(&r->shapes);
	r->states = map_new(&r->shapes);
	r->root = ARENA_NEW(&r->shapes, struct log_state);
	r->shape_count = 0;
	r->generation++;
}

struct log_reader *log_reader_new(enum log_format format, const struct log_options *options)
{
	struct log_reader *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->format = format;
	r->options.now = TIME_NONE;
	if (options)
		r->options = *options;
	if (r->options.now == TIME_NONE)
		r->options.now = timestamp_now();
	r->report.first = r->report.last = TIME_NONE;
	r->pending = buf_new(LOG_LINE_MAX);
	r->memory = arena_new(LINE_MEMORY_MAX);
	r->shapes = arena_new(SHAPES_BYTES_MAX * 2);
	forget_shapes(r);
	if (r->root && new_format(r))
		return r;
	log_reader_free(r);
	return NULL;
}

void log_reader_free(struct log_reader *r)
{
	if (!r)
		return;
	log_json_free(r->json);
	log_table_free(r->table);
	log_csv_free(r->csv);
	log_audit_free(r->audit);
	log_wide_free(&r->wide);
	buf_free(&r->first);
	buf_free(&r->pending);
	arena_free(&r->memory);
	arena_free(&r->shapes);
	free(r);
}

const struct log_report *log_reader_report(const struct log_reader *r)
{
	return &r->report;
}

uint32_t log_reader_generation(const struct log_reader *r)
{
	return r->generation;
}

void log_pass(struct log_reader *r, struct span text)
{
	size_t units = 0;

	if (r->wide.width != LOG_WIDTH_LITTLE && r->wide.width != LOG_WIDTH_BIG) {
		r->offset += text.len;
		return;
	}
	/* A character is one unit, or two where UTF-8 has four bytes for it. */
	for (size_t i = 0; i < text.len; i++)
		units += ((text.at[i] & 0xc0) != 0x80) + (text.at[i] >= 0xf0);
	r->offset += 2 * units;
}

static uint64_t line_number(struct log_reader *r)
{
	if (r->ask_before)
		r->before = r->ask_before(r->ask_context);
	r->ask_before = NULL;
	return r->before + r->line;
}

void log_reader_seek(struct log_reader *r, uint64_t offset, log_lines_fn *before, void *context)
{
	buf_clear(&r->pending);
	r->skipping = false;
	r->offset = offset;
	r->line = r->before = 0;
	r->ask_before = before;
	r->ask_context = context;
	if (r->json)
		log_json_seek(r->json, 0);
	/* Only the start of a log says of what width it is. */
	r->wide.width = LOG_WIDTH_BYTES;
}

void log_reader_seek_mark(struct log_reader *r, const struct log_mark *mark)
{
	log_reader_seek(r, mark->at, NULL, NULL);
	r->before = mark->lines;
	if (r->json)
		log_json_seek(r->json, mark->wrapper);
}

void log_reader_head(struct log_reader *r, struct span head, uint64_t offset)
{
	if (r->csv && log_csv_has_header(r->csv))
		return;
	log_reader_seek(r, offset, NULL, NULL);
	/* What is wrong with it is told by the one in whose part it stands. */
	r->others = true;
	log_reader_take(r, head, true);
	r->others = false;
}

void log_reader_share(struct log_reader *r, enum log_share share)
{
	r->others = share != LOG_SHARE_OWN;
	if (r->audit)
		log_audit_share(r->audit, share);
}

bool log_reader_awaits(const struct log_reader *r)
{
	return r->audit && log_audit_awaits(r->audit);
}

void log_bad_line(struct log_reader *r)
{
	if (r->others)
		return;
	if (r->report.bad_lines++ == 0)
		r->report.first_bad = line_number(r);
}

struct log_row log_row_begin(struct log_reader *r)
{
	struct log_row row = { .values = r->values };

	/* A shape must outlive the event that has it, so only between events. */
	if (r->shapes.used > SHAPES_BYTES_MAX || r->shape_count >= SHAPES_MAX)
		forget_shapes(r);
	row.at = r->root;
	log_row_text(r, &row, "log_format", span_text(log_format_name(r->format)));
	return row;
}

static struct log_state *new_state(struct log_reader *r, struct log_state *parent, struct span name,
				   void **slot)
{
	struct log_state *state = ARENA_NEW(&r->shapes, struct log_state);

	if (!state)
		return NULL;
	state->name = arena_copy(&r->shapes, name);
	state->parent = parent;
	state->depth = parent->depth + 1;
	*slot = state;
	return state->name.at ? state : NULL;
}

/* The child of that name, made where there is none. */
static struct log_state *child(struct log_reader *r, struct log_state *parent, struct span name)
{
	uint8_t key[sizeof parent + 512];
	struct log_state *known;
	struct span bytes;
	void **slot;

	if (name.len > 512)
		name.len = 512;
	memcpy(key, &parent, sizeof parent);
	memcpy(key + sizeof parent, name.at, name.len);
	bytes = span_of(key, sizeof parent + name.len);
	known = map_get(&r->states, bytes);
	if (known)
		return known;
	slot = map_slot(&r->states, arena_copy(&r->shapes, bytes));
	return slot ? new_state(r, parent, name, slot) : NULL;
}

void log_row_add(struct log_reader *r, struct log_row *row, struct span name, struct value value)
{
	struct log_state *next = row->at ? row->at->recent : NULL;

	if (row->count == LOG_FIELDS_MAX || !row->at) {
		row->too_many = true;
		return;
	}
	if (!next || !span_eq(next->name, name)) {
		next = child(r, row->at, name);
		row->at->recent = next;
	}
	row->at = next;
	row->values[row->count++] = value;
}

void log_row_text(struct log_reader *r, struct log_row *row, const char *name, struct span text)
{
	log_row_add(r, row, span_text(name), (struct value){ .kind = VALUE_TEXT, .bytes = text });
}

void log_row_some(struct log_reader *r, struct log_row *row, const char *name, struct span text)
{
	if (text.len)
		log_row_text(r, row, name, text);
}

static uint32_t first_of(const struct event_shape *shape, const char *const *names)
{
	uint32_t slot = EVENT_NO_SLOT;

	for (; slot == EVENT_NO_SLOT && *names; names++)
		slot = event_shape_find(shape, span_text(*names));
	return slot;
}

/* Names of times are written in many ways; an exact one goes first. */
static uint32_t first_of_nocase(const struct event_shape *shape, const char *const *names)
{
	for (; *names; names++)
		for (uint32_t i = 0; i < shape->count; i++)
			if (span_eq_nocase(shape->names[i], span_text(*names)))
				return i;
	return EVENT_NO_SLOT;
}

static void find_slots(struct log_shape *s)
{
	static const char *const providers[] = { "Provider_Name", "program", "eventSource", NULL };
	static const char *const channels[] = { "Channel", "log_format", NULL };
	static const char *const ids[] = { "EventID", "eventName", "operationName", NULL };
	static const char *const computers[] = { "Computer", "host", "host.name", "hostname",
						 "node", "awsRegion", NULL };
	static const char *const users[] = { "Security_UserID", "User", "user", "user.name",
					     "userIdentity.arn", "cs-username", NULL };
	static const char *const times[] = {
		"TimeCreated", "@timestamp", "eventTime", "timestamp", "ts", "time", "Timestamp",
		"EventTime", "UtcTime", "_time", "createdDateTime", "activityDateTime",
		"requestReceivedTimestamp", "CreationTime", "published", "start_time", "datetime",
		"date_time", "event_time", "eventTimestamp", "event_timestamp", "TimeGenerated",
		"Date", "date", "utc_time", "__REALTIME_TIMESTAMP", "time_iso8601", "time_local", "msec", NULL
	};
	static const char *const record_ids[] = { "EventRecordID", NULL };

	s->shape.provider = first_of(&s->shape, providers);
	s->shape.channel = first_of(&s->shape, channels);
	s->shape.event_id = first_of(&s->shape, ids);
	s->shape.computer = first_of(&s->shape, computers);
	s->shape.user = first_of(&s->shape, users);
	s->time = first_of(&s->shape, times);
	if (s->time == EVENT_NO_SLOT)
		s->time = first_of_nocase(&s->shape, times);
	s->record_id = first_of(&s->shape, record_ids);
}

static struct log_shape *shape_of(struct log_reader *r, struct log_state *state, uint32_t outer)
{
	struct log_shape *s = ARENA_NEW(&r->shapes, struct log_shape);
	struct span *names = ARENA_ARRAY(&r->shapes, state->depth + 1, struct span);

	if (!s || !names)
		return NULL;
	s->shape.id = r->shape_count++;
	s->shape.count = state->depth;
	for (const struct log_state *at = state; at->parent; at = at->parent)
		names[at->depth - 1] = at->name;
	s->inner = log_names_tidy(&r->shapes, names, outer ? outer : state->depth, &s->inner_slot);
	s->shape.names = names;
	find_slots(s);
	state->shape = s;
	return s;
}

static timestamp time_of_row(struct log_reader *r, const struct log_shape *s)
{
	const struct value *value;

	if (s->time == EVENT_NO_SLOT)
		return TIME_NONE;
	value = &r->values[s->time];
	return value->kind == VALUE_TEXT ? log_field_time(r, value->bytes) : TIME_NONE;
}

static struct log_shape *shape_of_row(struct log_reader *r, const struct log_row *row)
{
	struct log_shape *s = row->at ? row->at->shape : NULL;

	return s || !row->at ? s : shape_of(r, row->at, row->outer);
}

/* The fields of the event that a field's text is; false where it is none. */
static bool open_inner(struct log_reader *r, struct log_row *row, const struct log_shape *s)
{
	const struct value *value = &row->values[s->inner_slot];
	struct span text = value->kind == VALUE_TEXT ? span_trim(value->bytes) : (struct span){ 0 };
	uint32_t count = row->count;

	row->outer = count;
	if (s->inner == LOG_INNER_MESSAGE)
		log_message_into(r, row, text);
	else if (s->inner != LOG_INNER_JSON && span_starts(text, SPAN("<")))
		log_xml_into(r, row, text);
	else if (s->inner != LOG_INNER_XML && span_starts(text, SPAN("{")))
		log_json_into(r, row, text);
	return row->count > count;
}

bool log_row_end(struct log_reader *r, struct log_row *row, timestamp time)
{
	struct log_shape *s = shape_of_row(r, row);
	struct event event = { .values = row->values, .offset = r->offset };
	uint64_t id;

	if (s && s->inner != LOG_INNER_NONE && !row->too_many && open_inner(r, row, s))
		s = shape_of_row(r, row);
	if (!s || row->too_many) {
		log_bad_line(r);
		return true;
	}
	event.shape = &s->shape;
	event.time = time != TIME_NONE ? time : time_of_row(r, s);
	if (s->record_id != EVENT_NO_SLOT && row->values[s->record_id].kind == VALUE_TEXT &&
	    span_to_u64(row->values[s->record_id].bytes, &id))
		event.record_id = id;
	else
		event.record_id = line_number(r);
	r->report.events++;
	if (event.time != TIME_NONE) {
		if (r->report.first == TIME_NONE || event.time < r->report.first)
			r->report.first = event.time;
		if (r->report.last == TIME_NONE || event.time > r->report.last)
			r->report.last = event.time;
	}
	return r->each(r->context, &event);
}

/* What was written behind the last of them is whole. */
static struct span behind_zeros(struct log_reader *r, struct span line)
{
	struct span rest = span_after_last(line, 0);

	if (rest.len < line.len)
		log_bad_line(r);
	return rest;
}

static bool take_line(struct log_reader *r, struct span line)
{
	r->line++;
	arena_reset(&r->memory);
	if (span_find_byte(line, 0, 0) != SIZE_MAX) {
		line = behind_zeros(r, line);
		if (!line.len)
			return true;
	}
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	if (r->offset == 0 && span_starts(line, SPAN("\xef\xbb\xbf")))
		line = span_from(line, 3);
	switch (r->format) {
	case LOG_SYSLOG:
		return log_syslog_line(r, line);
	case LOG_AUDITD:
		return log_audit_line(r, line);
	case LOG_ACCESS:
		return log_access_line(r, line);
	case LOG_SQUID:
		return log_squid_line(r, line);
	case LOG_ZEEK:
	case LOG_W3C:
		return log_table_line(r, line);
	case LOG_TEXT:
		return log_text_line(r, line);
	default:
		return true;
	}
}

/* Whole lines of the block; *used tells how much of it. */
static bool line_block(struct log_reader *r, struct span block, bool last, size_t *used)
{
	*used = 0;
	while (*used < block.len) {
		size_t end = span_find_byte(block, *used, '\n');
		struct span line;

		if (end == SIZE_MAX && !last)
			return true;
		line = span_sub(block, *used, (end == SIZE_MAX ? block.len : end) - *used);
		if (!take_line(r, line))
			return false;
		log_pass(r, span_sub(block, *used, line.len + (end != SIZE_MAX)));
		*used += line.len + (end != SIZE_MAX);
	}
	return true;
}

static bool take_block(struct log_reader *r, struct span block, bool last, size_t *used)
{
	if (r->format == LOG_JSON)
		return log_json_block(r, block, last, used);
	if (r->format == LOG_JOURNAL)
		return log_journal_block(r, block, last, used);
	if (r->format == LOG_CSV)
		return log_csv_block(r, block, last, used);
	if (r->format == LOG_XML)
		return log_xml_block(r, block, last, used);
	return line_block(r, block, last, used);
}

/* After a line that was too long nothing counts up to its end. */
static struct span skip_long(struct log_reader *r, struct span block)
{
	size_t end = span_find_byte(block, 0, '\n');

	if (!r->skipping)
		return block;
	if (end == SIZE_MAX)
		end = block.len;
	else
		r->skipping = false;
	log_pass(r, span_sub(block, 0, end + !r->skipping));
	return span_from(block, end + 1);
}

static bool keep_rest(struct log_reader *r, struct span rest)
{
	if (buf_add(&r->pending, rest))
		return true;
	log_pass(r, buf_span(&r->pending));
	log_pass(r, rest);
	buf_clear(&r->pending);
	r->skipping = true;
	r->report.long_lines += !r->others;
	if (!r->report.first_bad && !r->others)
		r->report.first_bad = line_number(r) + 1;
	return true;
}

/*
 * Completes what is pending: a line with the part of the block up to its end;
 * what may go over many lines with a larger piece, so that it is not looked at
 * anew for each of them.
 */
static bool finish_pending(struct log_reader *r, struct span *block, bool last)
{
	bool lines = r->format != LOG_JSON && r->format != LOG_JOURNAL && r->format != LOG_CSV &&
		     r->format != LOG_XML;
	size_t end = lines ? span_find_byte(*block, 0, '\n') : PIECE - 1, used;
	struct span head = span_sub(*block, 0, end == SIZE_MAX ? block->len : end + 1);
	struct span whole;
	bool ok;

	*block = span_from(*block, head.len);
	keep_rest(r, head);
	if (r->skipping) {
		r->skipping = end == SIZE_MAX;
		return true;
	}
	if (lines && end == SIZE_MAX && !last)
		return true;
	whole = buf_span(&r->pending);
	ok = take_block(r, whole, last && block->len == 0, &used);
	if (!ok)
		return false;
	if (used < whole.len) {
		memmove(r->pending.at, r->pending.at + used, whole.len - used);
		r->pending.len = whole.len - used;
	} else {
		buf_clear(&r->pending);
	}
	return true;
}

bool log_reader_take(struct log_reader *r, struct span block, bool last)
{
	size_t used = 0;

	block = skip_long(r, block);
	while (r->pending.len && (block.len || last)) {
		size_t before = block.len;

		if (!finish_pending(r, &block, last))
			return false;
		if (block.len == before)
			break;
	}
	if (!r->pending.len) {
		if (!take_block(r, block, last, &used))
			return false;
		if (used < block.len)
			keep_rest(r, span_from(block, used));
	}
	if (!last)
		return true;
	if (r->pending.len)
		log_bad_line(r);
	return r->format != LOG_AUDITD || log_audit_end(r);
}
