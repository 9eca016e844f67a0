#include "report/evidence_row.h"

#include "base/utf8.h"

#define MOST_ROWS 4096
#define MOST_DEPTH 16
#define MOST_TEXT ((size_t)4 << 20)
/* Each addition to a list copies what is there, so lists are cut early. */
#define MOST_JOINED 8192

struct reader {
	struct arena *arena;
	struct span in;
	size_t at;
	bool bad;
	struct evidence_row *rows;
	size_t count, room;
};

static uint8_t peek(const struct reader *r)
{
	return r->at < r->in.len ? r->in.at[r->at] : 0;
}

static bool take(struct reader *r, uint8_t byte)
{
	while (r->at < r->in.len && strchr(" \t\r\n", r->in.at[r->at]) && r->in.at[r->at])
		r->at++;
	if (peek(r) != byte)
		return false;
	r->at++;
	return true;
}

static uint32_t hex4(struct reader *r)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++) {
		uint8_t c = peek(r);

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			n = n << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			r->bad = true;
		r->at++;
	}
	return n;
}

static void unescape(struct reader *r, struct buf *to)
{
	static const char plain[] = { ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
				      ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };
	uint8_t c = peek(r);
	uint32_t code;

	r->at++;
	if (c != 'u') {
		if (c < sizeof plain && plain[c])
			buf_add_u8(to, (uint8_t)plain[c]);
		else
			r->bad = true;
		return;
	}
	code = hex4(r);
	if (code >= 0xd800 && code < 0xdc00 && span_starts(span_from(r->in, r->at), SPAN("\\u"))) {
		r->at += 2;
		code = 0x10000 + ((code - 0xd800) << 10) + ((hex4(r) - 0xdc00) & 0x3ff);
	}
	utf8_add(to, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
}

static struct span string(struct reader *r)
{
	struct buf text = buf_new(MOST_TEXT);
	struct span kept;

	while (!r->bad && peek(r) != '"') {
		size_t start = r->at;

		while (r->at < r->in.len && peek(r) != '"' && peek(r) != '\\')
			r->at++;
		buf_add(&text, span_sub(r->in, start, r->at - start));
		if (r->at >= r->in.len)
			r->bad = true;
		else if (take(r, '\\'))
			unescape(r, &text);
	}
	r->at++;
	kept = arena_copy(r->arena, buf_span(&text));
	buf_free(&text);
	return kept;
}

/* A number, true, false or null, as written. */
static struct span word(struct reader *r)
{
	size_t start = r->at;

	while (r->at < r->in.len && (strchr("+-.", peek(r)) || (peek(r) >= '0' && peek(r) <= '9') ||
				     ((peek(r) | 32) >= 'a' && (peek(r) | 32) <= 'z')))
		r->at++;
	if (r->at == start)
		r->bad = true;
	return span_sub(r->in, start, r->at - start);
}

static struct evidence_row *add_row(struct reader *r, struct span name)
{
	struct evidence_row *row = NULL;

	if (r->count < MOST_ROWS)
		row = arena_push(r->arena, (void **)&r->rows, &r->count, &r->room, sizeof *row);
	if (!row) {
		r->bad = true;
		return NULL;
	}
	*row = (struct evidence_row){ .name = name, .offset = UINT64_MAX };
	return row;
}

/* Adds "key: value" to a row's value; a very long list ends in an ellipsis. */
static void join(struct reader *r, struct evidence_row *row, struct span key, struct span value)
{
	struct buf text = buf_new(MOST_TEXT);

	if (row->value.len > MOST_JOINED)
		return;
	buf_add(&text, row->value);
	buf_text(&text, row->value.len ? ", " : "");
	buf_add(&text, key);
	buf_text(&text, key.len ? ": " : "");
	buf_add(&text, value);
	if (text.len > MOST_JOINED)
		buf_text(&text, ", …");
	row->value = arena_copy(r->arena, buf_span(&text));
	buf_free(&text);
}

/* A part of a matched string's object, or of a list of values under one field. */
static void set_part(struct reader *r, struct evidence_row *row, struct span key, struct span value)
{
	if (span_eq(key, SPAN("string")))
		row->name = value;
	else if (span_eq(key, SPAN("hex")))
		row->hex = value;
	else if (span_eq(key, SPAN("text")))
		row->value = value;
	else if (!span_eq(key, SPAN("offset")) || !span_to_u64(value, &row->offset))
		join(r, row, key, value);
}

struct level_of {
	bool is_array;
	struct span key;
};

/* Puts a leaf where its depth says: own row for a field, part of a row below. */
static void leaf(struct reader *r, const struct level_of *stack, size_t depth, struct span value)
{
	struct evidence_row *row;

	if (depth <= 1) {
		row = add_row(r, depth ? stack[0].key : SPAN(""));
		if (row)
			row->value = value;
	} else if (r->count) {
		set_part(r, &r->rows[r->count - 1], stack[depth - 1].key, value);
	}
}

static void key_of(struct reader *r, struct level_of *level)
{
	if (level->is_array)
		return;
	level->key = take(r, '"') ? string(r) : SPAN("");
	if (!take(r, ':'))
		r->bad = true;
}

/* One value starting at the reader, and after it the separators that follow. */
static size_t step(struct reader *r, struct level_of *stack, size_t depth)
{
	bool object = take(r, '{'), array = !object && take(r, '[');

	if (object || array) {
		if (depth == MOST_DEPTH)
			return r->bad = true, depth;
		if (depth == 1)
			add_row(r, stack[0].key);
		stack[depth++] = (struct level_of){ .is_array = array };
		if (!take(r, array ? ']' : '}')) {
			key_of(r, &stack[depth - 1]);
			return depth;
		}
		depth--;
	} else {
		leaf(r, stack, depth, take(r, '"') ? string(r) : word(r));
	}
	while (depth && !r->bad) {
		if (take(r, ',')) {
			key_of(r, &stack[depth - 1]);
			return depth;
		}
		if (!take(r, stack[depth - 1].is_array ? ']' : '}'))
			r->bad = true;
		depth--;
	}
	return depth;
}

const struct evidence_row *evidence_rows(struct arena *arena, struct span json, size_t *count)
{
	struct reader r = { .arena = arena, .in = span_trim(json) };
	struct level_of stack[MOST_DEPTH] = { { 0 } };
	size_t depth = 0;

	*count = 0;
	if (!r.in.len)
		return NULL;
	do {
		depth = step(&r, stack, depth);
	} while (depth && !r.bad);
	if (r.bad || r.at < r.in.len) {
		struct evidence_row *row;

		r.bad = false;
		r.count = 0;
		row = add_row(&r, SPAN("(not readable)"));
		if (row)
			row->value = json;
	}
	*count = r.count;
	return r.rows;
}

struct span evidence_gist(struct arena *arena, struct span json)
{
	static const char *const telling[] = { "command", "CommandLine", "ScriptBlockText", "ImagePath", "path", "what",
					       "TargetFilename", "TargetObject", "to_name", "to", "name", "domain", "peer",
					       "from", "Image", "where" };
	size_t count;
	const struct evidence_row *rows = evidence_rows(arena, json, &count);

	for (size_t word = 0; word < sizeof telling / sizeof *telling; word++)
		for (size_t i = 0; i < count; i++)
			if (span_eq(rows[i].name, span_text(telling[word])) && rows[i].value.len)
				return rows[i].value;
	return (struct span){ 0 };
}
