#include "formats/log/log_json.h"

/* What may come next. */
enum next { NEXT_KEY_OR_END, NEXT_KEY, NEXT_COLON, NEXT_VALUE, NEXT_VALUE_OR_END, NEXT_COMMA_OR_END };

struct skip {
	struct json_text text;
	uint64_t objects;		/* a bit for each open bracket: it is an object's */
	uint32_t depth;
	enum next next;
	bool has_odd_word;		/* that is no value: a reader stops there */
};

bool json_is_between(uint8_t c, enum json_wrapper *wrapper)
{
	if (c == ']' && *wrapper == JSON_WRAPPER_OPEN)
		*wrapper = JSON_WRAPPER_ENDING;
	if (c == '}' && *wrapper == JSON_WRAPPER_ENDING)
		*wrapper = JSON_WRAPPER_NONE;
	return c <= ' ' || c == ',' || c == '[' || c == ']' || c == '}' || c == 0x1e || c == 0xef ||
	       c == 0xbb || c == 0xbf;
}

static bool takes_value(enum next next)
{
	return next == NEXT_VALUE || next == NEXT_VALUE_OR_END;
}

static bool open_bracket(struct skip *s, bool is_object)
{
	if (!takes_value(s->next) || s->depth == LOG_DEPTH_MAX)
		return false;
	s->objects = s->objects << 1 | is_object;
	s->depth++;
	s->next = is_object ? NEXT_KEY_OR_END : NEXT_VALUE_OR_END;
	return true;
}

static bool close_bracket(struct skip *s, bool is_object)
{
	if (!s->depth || (s->objects & 1) != is_object ||
	    (s->next != NEXT_COMMA_OR_END && s->next != NEXT_KEY_OR_END && s->next != NEXT_VALUE_OR_END))
		return false;
	s->objects >>= 1;
	s->depth--;
	s->next = NEXT_COMMA_OR_END;
	return true;
}

static bool string(struct skip *s)
{
	struct span raw;
	bool is_key = s->next == NEXT_KEY || s->next == NEXT_KEY_OR_END;

	if (!is_key && !takes_value(s->next))
		return false;
	s->next = is_key ? NEXT_COLON : NEXT_COMMA_OR_END;
	return json_raw_string(&s->text, &raw);
}

static bool word(struct skip *s)
{
	struct json_text *t = &s->text;
	const uint8_t *start = t->at;
	struct span text;

	if (!takes_value(s->next))
		return false;
	while (t->at < t->end && *t->at > ' ' && !memchr(",}]:\"{[", *t->at, 7))
		t->at++;
	t->cut = t->at == t->end;
	text = span_of(start, (size_t)(t->at - start));
	s->has_odd_word |= *start != '-' && (*start < '0' || *start > '9') && !span_eq(text, SPAN("null")) &&
			   !span_eq(text, SPAN("true")) && !span_eq(text, SPAN("false"));
	s->next = NEXT_COMMA_OR_END;
	return !t->cut;
}

static bool separator(struct skip *s, enum next wanted, enum next then)
{
	if (s->next != wanted)
		return false;
	s->next = then;
	s->text.at++;
	return true;
}

static bool one_step(struct skip *s)
{
	switch (*s->text.at) {
	case '"':
		return string(s);
	case '{':
	case '[':
		return open_bracket(s, *s->text.at++ == '{');
	case '}':
	case ']':
		return close_bracket(s, *s->text.at++ == '}');
	case ',':
		return s->depth && separator(s, NEXT_COMMA_OR_END, s->objects & 1 ? NEXT_KEY : NEXT_VALUE);
	case ':':
		return separator(s, NEXT_COLON, NEXT_VALUE);
	default:
		return word(s);
	}
}

/* One step beyond spaces. */
static enum json_skip step(struct skip *s)
{
	json_skip_space(&s->text);
	if (s->text.at == s->text.end)
		return JSON_SKIP_MORE;
	if (one_step(s))
		return JSON_SKIP_DONE;
	return s->text.cut ? JSON_SKIP_MORE : JSON_SKIP_BROKEN;
}

/* Until no more than `depth` brackets are open. */
static enum json_skip skip_to(struct skip *s, uint32_t depth)
{
	enum json_skip found;

	do
		found = step(s);
	while (found == JSON_SKIP_DONE && s->depth > depth);
	return found;
}

static struct skip skip_from(struct span text, size_t at)
{
	struct span rest = span_from(text, at);

	return (struct skip){ .text = { .at = rest.at, .end = rest.at + rest.len }, .next = NEXT_VALUE };
}

enum json_skip json_skip_object(struct span text, size_t at, size_t *end)
{
	struct skip s = skip_from(text, at);
	enum json_skip found = skip_to(&s, 0);

	*end = (size_t)(s.text.at - text.at);
	return found;
}

/* At the bracket of an array: whether an object is the first thing in it. */
static enum json_skip begins_with_object(const struct skip *s, const uint8_t **object)
{
	struct json_text ahead = s->text;

	ahead.at++;
	json_skip_space(&ahead);
	*object = ahead.at;
	if (ahead.at == ahead.end)
		return JSON_SKIP_MORE;
	return *ahead.at == '{' ? JSON_SKIP_INSIDE : JSON_SKIP_DONE;
}

/* The rules of log_json.c for what wraps events: behind three scalars at most, or the hits in "hits". */
struct head {
	uint32_t scalars;		/* only those were met; UINT32_MAX: others, too */
	bool in_hits;
};

/* At a value: whether it is the array that wraps events; then goes to the first of them. */
static enum json_skip find_wrapped(struct skip *s, const struct head *h, struct span key)
{
	const uint8_t *object = s->text.at;
	enum json_skip found;

	/* Nobody writes such a key with escapes. */
	if (span_find_byte(key, 0, '\\') != SIZE_MAX || s->has_odd_word)
		return JSON_SKIP_BROKEN;
	if (*s->text.at != '[' || !json_wraps(key, h->in_hits) || (!h->in_hits && h->scalars > 3))
		return JSON_SKIP_DONE;
	found = begins_with_object(s, &object);
	if (found == JSON_SKIP_INSIDE)
		s->text.at = object;
	return found;
}

/* The value of a key; of "hits" only its bracket, as what is in there is looked at as well. */
static enum json_skip member_value(struct skip *s, struct head *h, struct span key)
{
	bool is_container = *s->text.at == '{' || *s->text.at == '[';
	uint32_t depth = s->depth;
	enum json_skip found = step(s);
	bool is_hits = depth == 1 && s->depth == 2 && s->objects & 1 && span_eq(key, SPAN("hits"));

	h->scalars = is_container || h->scalars == UINT32_MAX ? UINT32_MAX : h->scalars + 1;
	h->in_hits |= is_hits;
	return found == JSON_SKIP_DONE && s->depth > depth && !is_hits ? skip_to(s, depth) : found;
}

static enum json_skip member(struct skip *s, struct head *h)
{
	struct span key = span_of(s->text.at, 0);
	enum json_skip found = step(s);

	key.len = (size_t)(s->text.at - key.at);
	if (found == JSON_SKIP_DONE)
		found = step(s);
	if (found != JSON_SKIP_DONE)
		return found;
	json_skip_space(&s->text);
	if (s->text.at == s->text.end)
		return JSON_SKIP_MORE;
	key = span_sub(key, 1, key.len - 2);
	found = find_wrapped(s, h, key);
	return found == JSON_SKIP_DONE ? member_value(s, h, key) : found;
}

enum json_skip json_skip_document(struct span text, size_t at, size_t *end)
{
	struct skip s = skip_from(text, at);
	struct head head = { 0 };
	enum json_skip found = step(&s);

	while (found == JSON_SKIP_DONE && s.depth) {
		json_skip_space(&s.text);
		found = s.text.at < s.text.end && *s.text.at == '"' ? member(&s, &head) : step(&s);
		head.in_hits &= s.depth == 2;
	}
	*end = (size_t)(s.text.at - text.at);
	return found;
}
