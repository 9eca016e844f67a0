#include "report/timeline_entry.h"

#include "case/query.h"
#include "codec/escape.h"
#include "codec/json_write.h"

#include <inttypes.h>
#include <stdio.h>

timestamp timestamp_add(timestamp t, int64_t seconds)
{
	int64_t sum;

	if (t == TIME_NONE || !seconds || __builtin_mul_overflow(seconds, TIME_SECOND, &sum) ||
	    __builtin_add_overflow(sum, t, &sum))
		return t;
	return sum;
}

/* ---- rows ---- */

static void name_times(char text[32], unsigned flags)
{
	static const char *const names[] = { "modified", "accessed", "changed", "created" };
	size_t len = 0;

	/* All four is the usual for a new file, and would not fit. */
	if (flags == 15) {
		snprintf(text, 32, "all four times");
		return;
	}
	text[0] = 0;
	for (unsigned i = 0; i < 4 && len < 30; i++)
		if (flags & 1u << i)
			len += (size_t)snprintf(text + len, 32 - len, "%s%s", len ? ", " : "", names[i]);
}

static void clear(struct entry *e, enum entry_kind kind)
{
	*e = (struct entry){ .kind = kind, .bytes_out = UINT64_MAX, .bytes_in = UINT64_MAX,
			     .event_id = UINT64_MAX, .record = UINT64_MAX, .size = UINT64_MAX,
			     .count = UINT64_MAX };
}

void entry_of_file(struct entry *e, const struct timeline_file *file, unsigned times)
{
	clear(e, ENTRY_FILE);
	name_times(e->meaning, times);
	e->source = SPAN("file system");
	e->what = SPAN("file");
	e->item = e->path = e->summary = file->path;
	e->size = file->size;
	e->sha256 = file->sha256;
	e->mode = file->mode;
}

/* Who with whom and how much, of a record of the network that has no words of its own. */
static void sum_up_ends(struct entry *e)
{
	const struct span parts[] = { e->local, e->peer, e->name, e->path, e->command };
	const char *const before[] = { "", e->local.len ? " to " : "to ", " ", " ", " " };
	size_t at = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].len && at < sizeof e->words - 100)
			at += (size_t)snprintf(e->words + at, sizeof e->words - at, "%s%.*s", before[i],
					       SPAN_ARG(span_sub(parts[i], 0, 80)));
	at = at < sizeof e->words ? at : sizeof e->words - 1;
	if (e->bytes_out != UINT64_MAX || e->bytes_in != UINT64_MAX)
		snprintf(e->words + at, sizeof e->words - at, ", %" PRIu64 " bytes out, %" PRIu64 " in",
			 e->bytes_out == UINT64_MAX ? 0 : e->bytes_out, e->bytes_in == UINT64_MAX ? 0 : e->bytes_in);
	e->summary = span_text(e->words);
}

static void read_trace(struct entry *e, sqlite3_stmt *q, bool is_end)
{
	e->what = query_span(q, 3);
	e->source = query_span(q, 4);
	snprintf(e->meaning, sizeof e->meaning, "%.*s%s", SPAN_ARG(span_sub(query_span(q, 2), 0, 24)),
		 is_end ? ", end" : "");
	e->host = query_span(q, 5);
	e->user = query_span(q, 6);
	e->program = query_span(q, 7);
	e->path = query_span(q, 8);
	e->name = query_span(q, 9);
	e->command = query_span(q, 10);
	e->local = query_span(q, 11);
	e->peer = query_span(q, 12);
	e->bytes_out = query_u64(q, 13, UINT64_MAX);
	e->bytes_in = query_u64(q, 14, UINT64_MAX);
	e->technique = query_span(q, 15);
	e->summary = query_span(q, 16);
	e->detail = query_span(q, 17);
	if (!e->summary.len && (e->local.len || e->peer.len))
		sum_up_ends(e);
	else if (!e->summary.len)
		e->summary = e->command.len ? e->command : e->path.len ? e->path : e->name;
}

static void read_event(struct entry *e, sqlite3_stmt *q)
{
	snprintf(e->meaning, sizeof e->meaning, "event");
	e->what = query_span(q, 2);
	e->summary = query_span(q, 3);
	e->harm = query_span(q, 4);
	e->host = query_span(q, 5);
	e->user = query_span(q, 6);
	e->source = query_span(q, 7);
	e->event_id = query_u64(q, 8, UINT64_MAX);
	e->record = query_u64(q, 9, UINT64_MAX);
	e->detail = query_span(q, 10);
}

static void read_finding(struct entry *e, sqlite3_stmt *q)
{
	snprintf(e->meaning, sizeof e->meaning, "finding");
	e->what = SPAN("finding");
	e->source = query_span(q, 2);
	e->summary = query_span(q, 3);
	e->level = query_span(q, 4);
	e->harm = query_span(q, 5);
	e->technique = query_span(q, 6);
	e->host = query_span(q, 7);
	e->user = query_span(q, 8);
	e->record = query_u64(q, 9, UINT64_MAX);
	e->count = query_u64(q, 10, UINT64_MAX);
	e->detail = query_span(q, 11);
}

void entry_read(struct entry *e, enum entry_kind kind, sqlite3_stmt *q, bool is_end)
{
	clear(e, kind);
	e->item = query_span(q, 1);
	if (kind == ENTRY_TRACE)
		read_trace(e, q, is_end);
	else if (kind == ENTRY_EVENT)
		read_event(e, q);
	else
		read_finding(e, q);
}

/* ---- filters ---- */

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool has(struct span text, struct span word)
{
	uint8_t first = word.len ? fold(word.at[0]) : 0;

	if (!word.len)
		return true;
	for (size_t i = 0; i + word.len <= text.len; i++)
		if (fold(text.at[i]) == first && span_eq_nocase(span_sub(text, i, word.len), word))
			return true;
	return false;
}

static bool fits_one(const struct entry *e, struct span filter)
{
	const struct {
		const char *name;
		struct span text;
	} fields[] = { { "host", e->host }, { "user", e->user }, { "what", e->what },
		       { "source", e->source }, { "path", e->path }, { "path", e->item },
		       { "summary", e->summary }, { "name", e->name }, { "command", e->command },
		       { "peer", e->peer }, { "program", e->program } };
	struct span word = filter, field = span_split(&word, ':');
	bool is_named = false;

	for (size_t i = 0; i < sizeof fields / sizeof *fields && field.len < filter.len; i++)
		if (span_eq_nocase(field, span_text(fields[i].name))) {
			if (has(fields[i].text, word))
				return true;
			is_named = true;
		}
	for (size_t i = 0; i < sizeof fields / sizeof *fields && !is_named; i++)
		if (has(fields[i].text, filter))
			return true;
	return false;
}

bool entry_fits(const struct entry *e, const char *const *filters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!fits_one(e, span_text(filters[i])))
			return false;
	return true;
}

/* ---- forms ---- */

static void key_span(struct json_write *w, const char *key, struct span text)
{
	if (!text.len)
		return;
	json_key(w, key);
	json_span(w, text);
}

static void key_number(struct json_write *w, const char *key, uint64_t n)
{
	if (n == UINT64_MAX)
		return;
	json_key(w, key);
	json_u64(w, n);
}

static void key_time(struct json_write *w, const char *key, timestamp t)
{
	json_key(w, key);
	json_raw(w, SPAN("\""));
	timestamp_format(w->to, t, 9);
	buf_text(w->to, "\"");
}

static void write_fields(struct json_write *w, const struct entry *e)
{
	key_span(w, "what", e->what);
	key_span(w, "source", e->source);
	key_span(w, "host", e->host);
	key_span(w, "zone", e->zone);
	key_span(w, "user", e->user);
	key_span(w, "path", e->path);
	key_span(w, "name", e->name);
	key_span(w, "program", e->program);
	key_span(w, "command", e->command);
	key_span(w, "local", e->local);
	key_span(w, "peer", e->peer);
	key_number(w, "bytes_out", e->bytes_out);
	key_number(w, "bytes_in", e->bytes_in);
	key_number(w, "size", e->size);
	key_number(w, "event_id", e->event_id);
	key_number(w, "record", e->record);
	key_number(w, "count", e->count);
	key_span(w, "level", e->level);
	key_span(w, "harm", e->harm);
	key_span(w, "technique", e->technique);
	if (e->sha256.len) {
		json_key(w, "sha256");
		json_hex(w, e->sha256);
	}
	key_span(w, "item", e->item);
	/* As text: an examiner wrote it, and it need not be JSON. */
	key_span(w, "detail", e->detail);
}

static void key_times(struct json_write *w, const char *key, const struct entry *e)
{
	key_time(w, key, e->time);
	if (e->original != e->time)
		key_time(w, "original_time", e->original);
}

static void write_jsonl_start(struct buf *to, const struct entry *e)
{
	struct json_write w = json_write_to(to);

	json_object(&w);
	key_times(&w, "time", e);
	key_span(&w, "meaning", span_text(e->meaning));
}

static void write_jsonl_rest(struct buf *to, const struct entry *e)
{
	struct json_write w = json_write_to(to);

	w.need_comma = true;
	key_span(&w, "summary", e->summary);
	write_fields(&w, e);
	json_object_end(&w);
	buf_text(to, "\n");
}

/* What Timesketch asks of JSON lines: message, datetime, timestamp_desc (and timestamp in microseconds). */
static void write_timesketch(struct buf *to, const struct entry *e)
{
	struct json_write w = json_write_to(to);

	json_object(&w);
	json_key(&w, "message");
	json_span(&w, e->summary.len ? e->summary : e->what);
	key_times(&w, "datetime", e);
	json_key(&w, "timestamp");
	json_i64(&w, e->time / 1000);
	json_key(&w, "timestamp_desc");
	json_text(&w, e->meaning);
	write_fields(&w, e);
	json_object_end(&w);
	buf_text(to, "\n");
}

static void write_csv_start(struct buf *to, const struct entry *e)
{
	timestamp_format(to, e->time, 9);
	buf_text(to, ",");
	escape_csv(to, span_text(e->meaning));
}

static void write_csv_rest(struct buf *to, const struct entry *e)
{
	const struct span cells[] = { e->what, e->source, e->host, e->user, e->summary, e->path,
				      e->program, e->command, e->peer, e->technique, e->item };

	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		buf_text(to, ",");
		escape_csv(to, cells[i]);
	}
	buf_text(to, "\r\n");
}

static void write_text(struct buf *to, const struct entry *e)
{
	timestamp_format(to, e->time, 0);
	buf_printf(to, "  %-20.20s  ", e->meaning);
	if (e->host.len) {
		escape_terminal(to, e->host);
		buf_text(to, "  ");
	}
	/* A summary that begins with the word needs it no second time. */
	if (e->kind != ENTRY_FILE && !span_starts(e->summary, e->what)) {
		escape_terminal(to, e->what);
		buf_text(to, ": ");
	}
	escape_terminal(to, e->summary);
	buf_text(to, "\n");
}

void entry_write_head(struct buf *to, enum timeline_format format)
{
	if (format == TIMELINE_CSV)
		buf_text(to, "time,meaning,what,source,host,user,summary,path,program,command,peer,"
			     "technique,item\r\n");
}

bool entry_has_rest(enum timeline_format format)
{
	return format == TIMELINE_CSV || format == TIMELINE_JSONL;
}

void entry_write_rest(struct buf *to, const struct entry *e, enum timeline_format format)
{
	if (format == TIMELINE_CSV)
		write_csv_rest(to, e);
	else
		write_jsonl_rest(to, e);
}

void entry_write_with(struct buf *to, const struct entry *e, struct span rest,
		      enum timeline_format format)
{
	if (format == TIMELINE_CSV)
		write_csv_start(to, e);
	else
		write_jsonl_start(to, e);
	buf_add(to, rest);
}

void entry_write(struct buf *to, const struct entry *e, enum timeline_format format)
{
	if (format == TIMELINE_TIMESKETCH) {
		write_timesketch(to, e);
	} else if (format == TIMELINE_TEXT) {
		write_text(to, e);
	} else {
		entry_write_with(to, e, (struct span){ 0 }, format);
		entry_write_rest(to, e, format);
	}
}

static void body_time(struct buf *to, timestamp t, int64_t clock_seconds)
{
	t = timestamp_add(t, clock_seconds);
	buf_printf(to, "|%" PRId64, t == TIME_NONE ? 0 : t / TIME_SECOND);
}

/* MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime; a '|' in a name would shift all. */
void entry_write_body(struct buf *to, const struct timeline_file *file, uint64_t number,
		      int64_t clock_seconds)
{
	struct span path = file->path;

	buf_text(to, "0|");
	for (size_t i = 0; i < path.len; i++) {
		uint8_t c = path.at[i];

		if (c == '|' || c < 32 || c == 127)
			buf_printf(to, "\\x%02x", c);
		else
			buf_add_u8(to, c);
	}
	buf_printf(to, "|%" PRIu64 "|%o|0|0|%" PRIu64, number, (unsigned)file->mode,
		   file->size == UINT64_MAX ? 0 : file->size);
	body_time(to, file->accessed, clock_seconds);
	body_time(to, file->modified, clock_seconds);
	body_time(to, file->changed, clock_seconds);
	body_time(to, file->created, clock_seconds);
	buf_text(to, "\n");
}
