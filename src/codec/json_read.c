#include "codec/json_read.h"

#include "base/utf8.h"

#define MAX_DEPTH 64
#define MAX_STRING ((size_t)16 << 20)

struct parser {
	struct cursor c;
	struct arena *arena;
	struct err *err;
	unsigned depth;
};

static bool fail(struct parser *p, enum err_code code, const char *what)
{
	return err_set(p->err, code, p->c.at, "JSON: %s", what);
}

/* The next byte without taking it; 0 at the end. */
static uint8_t peek(const struct parser *p)
{
	return cursor_left(&p->c) ? p->c.in.at[p->c.at] : 0;
}

static void skip_blanks(struct parser *p)
{
	while (peek(p) == ' ' || (peek(p) >= '\t' && peek(p) <= '\r'))
		cursor_skip(&p->c, 1);
}

static bool take(struct parser *p, uint8_t wanted)
{
	skip_blanks(p);
	if (peek(p) != wanted || cursor_left(&p->c) == 0)
		return false;
	cursor_skip(&p->c, 1);
	return true;
}

static bool hex4(struct parser *p, uint32_t *code)
{
	struct span digits = cursor_take(&p->c, 4);
	uint8_t text[6] = { '0', 'x' };
	uint64_t n;

	if (digits.len < 4)
		return false;
	memcpy(text + 2, digits.at, 4);
	if (!span_to_u64(span_of(text, 6), &n))
		return false;
	*code = (uint32_t)n;
	return true;
}

static bool add_unicode(struct parser *p, struct buf *to)
{
	uint32_t code, low;

	if (!hex4(p, &code))
		return false;
	if (code >= 0xd800 && code < 0xdc00 && peek(p) == '\\') {
		cursor_skip(&p->c, 1);
		if (cursor_u8(&p->c) != 'u' || !hex4(p, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
	}
	if (code >= 0xd800 && code < 0xe000)
		code = 0xfffd;
	return utf8_add(to, code);
}

static bool add_escape(struct parser *p, struct buf *to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	uint8_t c = cursor_u8(&p->c);
	const char *found = c ? strchr(from, c) : NULL;

	if (c == 'u')
		return add_unicode(p, to);
	return found && buf_add_u8(to, (uint8_t)into[found - from]);
}

static bool read_string(struct parser *p, struct span *out)
{
	struct buf text = buf_new(MAX_STRING);
	bool ok = true;

	while (ok) {
		uint8_t c = cursor_u8(&p->c);

		if (p->c.short_read || c == '"')
			break;
		ok = c == '\\' ? add_escape(p, &text) : buf_add_u8(&text, c);
	}
	ok = ok && !p->c.short_read;
	if (ok)
		*out = arena_copy(p->arena, buf_span(&text));
	buf_free(&text);
	if (ok && !out->at)
		return fail(p, ERR_LIMIT, "out of memory");
	return ok || fail(p, ERR_CORRUPT, "broken string");
}

static bool read_value(struct parser *p, struct json **out);

static bool read_members(struct parser *p, struct json *of, uint8_t end)
{
	struct json **tail = &of->first;

	if (take(p, end))
		return true;
	do {
		struct span key = { 0 };

		if (of->kind == JSON_OBJECT &&
		    (!take(p, '"') ? !fail(p, ERR_CORRUPT, "no key") : !read_string(p, &key)))
			return false;
		if (of->kind == JSON_OBJECT && !take(p, ':'))
			return fail(p, ERR_CORRUPT, "no colon");
		if (!read_value(p, tail))
			return false;
		(*tail)->key = key;
		tail = &(*tail)->next;
	} while (take(p, ','));
	return take(p, end) || fail(p, ERR_CORRUPT, "list not closed");
}

/* true, false, null or a number: as far as it looks like one. */
static bool read_word(struct parser *p, struct json *to)
{
	size_t start = p->c.at;

	while (peek(p) && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", peek(p)))
		cursor_skip(&p->c, 1);
	to->text = span_sub(p->c.in, start, p->c.at - start);
	if (span_eq(to->text, SPAN("true")) || span_eq(to->text, SPAN("false")))
		to->kind = JSON_BOOL;
	else if (to->text.len && (to->text.at[0] == '-' || (to->text.at[0] >= '0' &&
							    to->text.at[0] <= '9')))
		to->kind = JSON_NUMBER;
	else if (!span_eq(to->text, SPAN("null")))
		return fail(p, ERR_CORRUPT, "no value");
	return true;
}

static bool read_value(struct parser *p, struct json **out)
{
	struct json *value = ARENA_NEW(p->arena, struct json);
	bool ok;

	*out = value;
	if (!value || ++p->depth > MAX_DEPTH)
		return fail(p, ERR_LIMIT, "too deep or too large");
	skip_blanks(p);
	if (take(p, '"')) {
		value->kind = JSON_STRING;
		ok = read_string(p, &value->text);
	} else if (take(p, '{')) {
		value->kind = JSON_OBJECT;
		ok = read_members(p, value, '}');
	} else if (take(p, '[')) {
		value->kind = JSON_ARRAY;
		ok = read_members(p, value, ']');
	} else {
		ok = read_word(p, value);
	}
	p->depth--;
	return ok;
}

bool json_read(struct span text, struct arena *arena, struct json **out, struct err *err)
{
	struct parser p = { .c = cursor_of(text), .arena = arena, .err = err };

	if (!read_value(&p, out))
		return false;
	skip_blanks(&p);
	return cursor_left(&p.c) == 0 || fail(&p, ERR_CORRUPT, "text behind the value");
}

const struct json *json_member(const struct json *of, const char *key)
{
	const struct json *member = of && of->kind == JSON_OBJECT ? of->first : NULL;

	while (member && !span_eq(member->key, span_text(key)))
		member = member->next;
	return member;
}

struct span json_member_text(const struct json *of, const char *key)
{
	const struct json *member = json_member(of, key);

	return member && member->kind == JSON_STRING ? member->text : (struct span){ 0 };
}
