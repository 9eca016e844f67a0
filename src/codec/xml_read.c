#include "codec/xml_read.h"

#include "base/utf8.h"

#define MAX_DEPTH 64

struct reader {
	struct cursor in;
	struct arena *arena;
	struct {
		struct xml *at, *last;
		size_t room;		/* of its text, where pieces were joined */
	} open[MAX_DEPTH];
	size_t depth;
	struct xml *root;
};

static struct span rest_of(const struct reader *r)
{
	return span_from(r->in.in, r->in.at);
}

/* Moves behind the next `end`; what stands before it. False: it does not come. */
static bool until(struct reader *r, struct span end, struct span *before)
{
	size_t at = span_find(r->in.in, r->in.at, end);

	if (at == SIZE_MAX)
		return false;
	*before = span_sub(r->in.in, r->in.at, at - r->in.at);
	cursor_seek(&r->in, at + end.len);
	return true;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t entity(struct span s, uint32_t *code)
{
	static const struct { const char *name; uint32_t code; } named[] = {
		{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	size_t end = span_find_byte(span_sub(s, 0, 12), 0, ';'), at = 2;
	uint32_t n = 0;

	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if (span_starts(s, span_text(named[i].name))) {
			*code = named[i].code;
			return strlen(named[i].name);
		}
	if (end == SIZE_MAX || end < 3 || s.at[1] != '#')
		return 0;
	if (s.at[2] == 'x') {
		for (at = 3; at < end; at++) {
			uint8_t c = s.at[at] | 32;

			if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
				return 0;
			n = n * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		}
	} else {
		for (; at < end; at++) {
			if (s.at[at] < '0' || s.at[at] > '9')
				return 0;
			n = n * 10 + s.at[at] - '0';
		}
	}
	if (!n || n > 0x10ffff)
		return 0;
	*code = n;
	return end + 1;
}

/* With entities resolved; the text itself where it holds none. */
static struct span resolved(struct reader *r, struct span s)
{
	struct buf b;
	struct span kept;

	if (span_find_byte(s, 0, '&') == SIZE_MAX)
		return s;
	b = buf_new(s.len + 4);
	for (size_t i = 0; i < s.len;) {
		uint32_t code = 0;
		size_t len = s.at[i] == '&' ? entity(span_from(s, i), &code) : 0;

		if (len)
			utf8_add(&b, code);
		else
			buf_add_u8(&b, s.at[i]);
		i += len ? len : 1;
	}
	kept = arena_copy(r->arena, buf_span(&b));
	buf_free(&b);
	return kept;
}

static struct span without_prefix(struct span name)
{
	size_t colon = span_find_byte(name, 0, ':');

	return colon == SIZE_MAX ? name : span_from(name, colon + 1);
}

/* Room for so much text of the element, with what it has; doubled, so that many pieces cost no more than one. */
static uint8_t *text_room(struct reader *r, struct xml *to, size_t len)
{
	size_t *room = &r->open[r->depth - 1].room;
	uint8_t *joined;

	if (len <= *room)
		return (uint8_t *)(uintptr_t)to->text.at;
	joined = arena_alloc(r->arena, 2 * len);
	if (!joined)
		return NULL;
	*room = 2 * len;
	memcpy(joined, to->text.at, to->text.len);
	return joined;
}

/* Between elements, to be read by people. */
static bool is_indentation(struct span text)
{
	return !span_trim(text).len && (!text.len || span_find_byte(text, 0, '\n') != SIZE_MAX);
}

static void add_text(struct reader *r, struct span text)
{
	struct xml *to = r->depth ? r->open[r->depth - 1].at : NULL;
	uint8_t *joined;

	if (!to || is_indentation(text))
		return;
	if (!to->text.len) {
		to->text = text;
		return;
	}
	joined = text_room(r, to, to->text.len + text.len);
	if (!joined)
		return;
	memcpy(joined + to->text.len, text.at, text.len);
	to->text = span_of(joined, to->text.len + text.len);
}

static void read_attributes(struct reader *r, struct span tag, struct xml *to)
{
	struct xml_attribute **tail = &to->attributes;

	while (tag.len) {
		size_t equals = span_find_byte(tag, 0, '='), end;
		struct span name = span_trim(span_sub(tag, 0, equals));
		struct xml_attribute *attribute;
		uint8_t quote;

		if (equals == SIZE_MAX)
			return;
		for (equals++; equals < tag.len && is_space(tag.at[equals]); equals++)
			;
		if (equals >= tag.len)
			return;
		quote = tag.at[equals];
		end = span_find_byte(tag, equals + 1, quote);
		attribute = ARENA_NEW(r->arena, struct xml_attribute);
		if ((quote != '"' && quote != '\'') || end == SIZE_MAX || !attribute)
			return;
		attribute->name = without_prefix(name);
		attribute->value = resolved(r, span_sub(tag, equals + 1, end - equals - 1));
		*tail = attribute;
		tail = &attribute->next;
		tag = span_from(tag, end + 1);
	}
}

/* The tag up to its '>', which may stand in an attribute's value. */
static bool take_tag(struct reader *r, struct span *tag)
{
	uint8_t quote = 0;

	for (size_t i = r->in.at; i < r->in.in.len; i++) {
		uint8_t c = r->in.in.at[i];

		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>') {
			*tag = span_sub(r->in.in, r->in.at, i - r->in.at);
			cursor_seek(&r->in, i + 1);
			return true;
		}
	}
	return false;
}

static bool open_element(struct reader *r)
{
	struct xml *element = ARENA_NEW(r->arena, struct xml);
	struct span tag;
	size_t end = 0;
	bool is_empty;

	if (!element || !take_tag(r, &tag) || r->depth == MAX_DEPTH)
		return false;
	is_empty = span_ends(tag, SPAN("/"));
	tag.len -= is_empty;
	while (end < tag.len && !is_space(tag.at[end]))
		end++;
	element->name = without_prefix(span_sub(tag, 0, end));
	read_attributes(r, span_from(tag, end), element);
	if (r->depth) {
		if (r->open[r->depth - 1].last)
			r->open[r->depth - 1].last->next = element;
		else
			r->open[r->depth - 1].at->first = element;
		r->open[r->depth - 1].last = element;
	} else if (!r->root) {
		r->root = element;
	} else {
		return false;
	}
	if (!is_empty) {
		r->open[r->depth].at = element;
		r->open[r->depth].room = 0;
		r->open[r->depth++].last = NULL;
	}
	return true;
}

static bool close_element(struct reader *r)
{
	struct span name;

	if (!until(r, SPAN(">"), &name) || !r->depth)
		return false;
	name = without_prefix(span_trim(name));
	return span_eq(r->open[--r->depth].at->name, name);
}

/* One piece of markup, at '<'. */
static bool markup(struct reader *r)
{
	struct span rest = rest_of(r), inside;

	if (span_starts(rest, SPAN("<!--"))) {
		cursor_skip(&r->in, 4);
		return until(r, SPAN("-->"), &inside);
	}
	if (span_starts(rest, SPAN("<![CDATA["))) {
		cursor_skip(&r->in, 9);
		if (!until(r, SPAN("]]>"), &inside))
			return false;
		add_text(r, inside);
		return true;
	}
	if (span_starts(rest, SPAN("<?")))
		return until(r, SPAN("?>"), &inside);
	if (span_starts(rest, SPAN("<!")))
		return until(r, SPAN(">"), &inside);
	if (span_starts(rest, SPAN("</"))) {
		cursor_skip(&r->in, 2);
		return close_element(r);
	}
	cursor_skip(&r->in, 1);
	return open_element(r);
}

bool xml_read(struct span text, struct arena *arena, struct xml **out, bool *whole, struct err *err)
{
	struct reader r = { .in = cursor_of(text), .arena = arena };
	bool ok = true;

	while (ok && cursor_left(&r.in)) {
		size_t next = span_find_byte(text, r.in.at, '<');
		struct span before = span_sub(text, r.in.at, next - r.in.at);

		if (!r.root && span_trim(before).len)
			break;
		add_text(&r, resolved(&r, before));
		if (next == SIZE_MAX)
			break;
		cursor_seek(&r.in, next);
		ok = markup(&r);
	}
	if (arena->exhausted)
		return err_set(err, ERR_LIMIT, r.in.at, "document is too large");
	if (!r.root)
		return err_set(err, ERR_UNSUPPORTED, 0, "no XML element");
	*out = r.root;
	*whole = ok && !r.depth;
	return true;
}

const struct xml *xml_child(const struct xml *of, const char *name)
{
	for (const struct xml *x = of ? of->first : NULL; x; x = x->next)
		if (span_eq_nocase(x->name, span_text(name)))
			return x;
	return NULL;
}

struct span xml_text(const struct xml *of, const char *path)
{
	while (of && *path) {
		size_t len = strcspn(path, "/");
		const struct xml *x = of->first;

		while (x && !span_eq_nocase(x->name, span_of(path, len)))
			x = x->next;
		of = x;
		path += len + (path[len] == '/');
	}
	return of ? span_trim(of->text) : (struct span){ 0 };
}

struct span xml_attribute(const struct xml *of, const char *name)
{
	for (const struct xml_attribute *a = of ? of->attributes : NULL; a; a = a->next)
		if (span_eq_nocase(a->name, span_text(name)))
			return a->value;
	return (struct span){ 0 };
}
