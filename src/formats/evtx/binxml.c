#include "formats/evtx/binxml.h"

#include "base/utf8.h"
#include "formats/evtx/evtx.h"

enum token {
	TOKEN_END_OF_FRAGMENT = 0x00,
	TOKEN_OPEN_ELEMENT = 0x01,
	TOKEN_CLOSE_START = 0x02,
	TOKEN_CLOSE_EMPTY = 0x03,
	TOKEN_END_ELEMENT = 0x04,
	TOKEN_TEXT = 0x05,
	TOKEN_ATTRIBUTE = 0x06,
	TOKEN_CDATA = 0x07,
	TOKEN_CHARACTER = 0x08,
	TOKEN_ENTITY = 0x09,
	TOKEN_TARGET = 0x0a,
	TOKEN_INSTRUCTION = 0x0b,
	TOKEN_INSTANCE = 0x0c,
	TOKEN_VALUE = 0x0d,
	TOKEN_OPTIONAL_VALUE = 0x0e,
	TOKEN_FRAGMENT = 0x0f,
};

#define HAS_MORE 0x40	/* for an element: has attributes */
#define STRING_TYPE 1

static bool cut_short(const struct cursor *c, struct err *err)
{
	return err_set(err, ERR_CORRUPT, c->at, "binary XML cut short");
}

static struct binxml_node *new_node(struct binxml_parser *p, enum binxml_kind kind,
				    const struct cursor *c, struct err *err)
{
	struct binxml_node *node = NULL;

	if (p->nodes++ < EVTX_NODES_MAX)
		node = ARENA_NEW(p->arena, struct binxml_node);
	if (!node) {
		err_set(err, ERR_LIMIT, c->at, "too many XML nodes");
		return NULL;
	}
	node->kind = kind;
	return node;
}

static bool keep_text(struct binxml_parser *p, struct span utf16, struct span *out, struct err *err)
{
	uint8_t *to = arena_alloc(p->arena, utf16.len / 2 * 3 + 1);

	if (!to)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too much XML text");
	*out = span_of(to, utf8_of_utf16le(to, utf16));
	return true;
}

static bool has_nul(struct span utf16)
{
	for (size_t i = 0; i < utf16.len; i += 2)
		if (!load_u16le(utf16.at + i))
			return true;
	return false;
}

/*
 * Characters behind their count, as in texts and processing instructions. Some writers count
 * the NUL behind them.
 */
static bool counted_text(struct binxml_parser *p, struct cursor *c, struct span *out,
			 struct err *err)
{
	struct span utf16 = cursor_take(c, (size_t)cursor_u16le(c) * 2);
	size_t counted = utf16.len;

	while (utf16.len && !load_u16le(utf16.at + utf16.len - 2))
		utf16.len -= 2;
	p->doubts += counted - utf16.len > 2 || has_nul(utf16);
	return c->short_read ? cut_short(c, err) : keep_text(p, utf16, out, err);
}

static bool fits_hash(struct span utf16, uint16_t expected)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < utf16.len; i += 2)
		hash = hash * 65599 + load_u16le(utf16.at + i);
	return (uint16_t)hash == expected;
}

static void note_name(struct binxml_names *names, size_t at, bool here, struct span raw)
{
	if (names->count == BINXML_NAMES_MAX)
		names->overflow = true;
	else
		names->names[names->count++] = (struct binxml_name){ (uint32_t)at, here, raw };
}

/* A name stands where its offset says: here, or where it was first needed. */
static bool parse_name(struct binxml_parser *p, struct cursor *c, struct span *out, struct err *err)
{
	uint32_t offset = cursor_u32le(c);
	struct cursor there = cursor_of(p->chunk), *name = &there;
	struct span utf16;
	size_t at = c->at - 4, start;
	uint16_t hash;
	bool fits;

	if (c->short_read)
		return cut_short(c, err);
	if (offset == c->at)
		name = c;
	else
		cursor_seek(&there, offset);
	cursor_skip(name, 4);
	start = name->at;
	hash = cursor_u16le(name);
	utf16 = cursor_take(name, (size_t)cursor_u16le(name) * 2);
	cursor_skip(name, 2);
	if (name->short_read)
		return err_set(err, ERR_CORRUPT, c->at, "a name outside the chunk");
	fits = fits_hash(utf16, hash);
	p->doubts += !fits || !utf16.len;
	if (p->strict && !fits)
		return err_set(err, ERR_CORRUPT, at, "no name where one should be");
	if (p->names)
		note_name(p->names, at, name == c,
			  span_sub(p->chunk, start, name->at - start));
	return keep_text(p, utf16, out, err);
}

static bool parse_list(struct binxml_parser *p, struct cursor *c, uint32_t depth, bool attribute,
		       struct binxml_node **out, struct err *err);

static bool parse_attributes(struct binxml_parser *p, struct cursor *c, uint32_t depth,
			     struct binxml_node **out, struct err *err)
{
	while (cursor_left(c) && (c->in.at[c->at] & ~HAS_MORE) == TOKEN_ATTRIBUTE) {
		struct binxml_node *node = new_node(p, BINXML_ATTRIBUTE, c, err);

		if (!node)
			return false;
		cursor_skip(c, 1);
		if (!parse_name(p, c, &node->name, err) ||
		    !parse_list(p, c, depth, true, &node->content, err))
			return false;
		*out = node;
		out = &node->next;
	}
	return true;
}

static bool parse_element(struct binxml_parser *p, struct cursor *c, uint8_t token, uint32_t depth,
			  struct binxml_node *node, struct err *err)
{
	size_t at = c->at;
	uint8_t close;

	if (depth >= EVTX_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, at, "elements nested too deep");
	node->dependency = p->has_dependency ? cursor_u16le(c) : BINXML_NO_DEPENDENCY;
	cursor_skip(c, 4);
	if (!parse_name(p, c, &node->name, err))
		return false;
	if (token & HAS_MORE) {
		cursor_skip(c, 4);
		if (!parse_attributes(p, c, depth, &node->attributes, err))
			return false;
	}
	close = cursor_u8(c);
	if (c->short_read)
		return cut_short(c, err);
	if (close == TOKEN_CLOSE_EMPTY)
		return true;
	if (close != TOKEN_CLOSE_START)
		return err_set(err, ERR_CORRUPT, c->at - 1, "token %02x in a start tag", close);
	return parse_list(p, c, depth + 1, false, &node->content, err);
}

static bool parse_text(struct binxml_parser *p, struct cursor *c, struct binxml_node *node,
		       struct err *err)
{
	uint8_t type = cursor_u8(c);

	if (!c->short_read && type != STRING_TYPE)
		return err_set(err, ERR_UNSUPPORTED, c->at - 1, "text of value type %02x", type);
	return counted_text(p, c, &node->text, err);
}

/* Half a surrogate pair is no character: it stays a reference. */
static bool parse_character(struct binxml_parser *p, struct cursor *c, struct binxml_node *node,
			    struct err *err)
{
	struct span utf16 = cursor_take(c, 2);
	uint16_t unit = utf16.len ? load_u16le(utf16.at) : 0;

	if (c->short_read)
		return cut_short(c, err);
	if (unit < 0xd800 || unit > 0xdfff)
		return keep_text(p, utf16, &node->text, err);
	node->text = arena_printf(p->arena, "&#%u;", unit);
	return node->text.at || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too much XML text");
}

static bool parse_instruction(struct binxml_parser *p, struct cursor *c, struct binxml_node *node,
			      struct err *err)
{
	if (!parse_name(p, c, &node->name, err))
		return false;
	if (cursor_left(c) && c->in.at[c->at] == TOKEN_INSTRUCTION) {
		cursor_skip(c, 1);
		return counted_text(p, c, &node->text, err);
	}
	return true;
}

static bool parse_value(struct cursor *c, bool optional, struct binxml_node *node, struct err *err)
{
	node->index = cursor_u16le(c);
	node->optional = optional;
	cursor_skip(c, 1);
	return c->short_read ? cut_short(c, err) : true;
}

/* Which node a token begins; false for one that begins none. */
static bool kind_of_token(uint8_t token, enum binxml_kind *kind)
{
	/* One more than the kind, so that 0 is none. */
	static const uint8_t kinds[TOKEN_FRAGMENT + 1] = {
		[TOKEN_OPEN_ELEMENT] = 1 + BINXML_ELEMENT,
		[TOKEN_TEXT] = 1 + BINXML_TEXT,
		[TOKEN_CDATA] = 1 + BINXML_CDATA,
		[TOKEN_CHARACTER] = 1 + BINXML_CHARACTER,
		[TOKEN_ENTITY] = 1 + BINXML_ENTITY,
		[TOKEN_TARGET] = 1 + BINXML_INSTRUCTION,
		[TOKEN_INSTANCE] = 1 + BINXML_INSTANCE,
		[TOKEN_VALUE] = 1 + BINXML_VALUE,
		[TOKEN_OPTIONAL_VALUE] = 1 + BINXML_VALUE,
	};

	token &= (uint8_t)~HAS_MORE;
	if (token >= sizeof kinds || !kinds[token])
		return false;
	*kind = (enum binxml_kind)(kinds[token] - 1);
	return true;
}

static bool parse_node(struct binxml_parser *p, struct cursor *c, uint8_t token, uint32_t depth,
		       struct binxml_node *node, struct err *err)
{
	switch (node->kind) {
	case BINXML_ELEMENT:
		return parse_element(p, c, token, depth, node, err);
	case BINXML_TEXT:
		return parse_text(p, c, node, err);
	case BINXML_CDATA:
		return counted_text(p, c, &node->text, err);
	case BINXML_CHARACTER:
		return parse_character(p, c, node, err);
	case BINXML_ENTITY:
		return parse_name(p, c, &node->name, err);
	case BINXML_INSTRUCTION:
		return parse_instruction(p, c, node, err);
	case BINXML_INSTANCE:
		return p->instance(p->context, c, depth, &node->instance, err);
	case BINXML_VALUE:
		return parse_value(c, (token & ~HAS_MORE) == TOKEN_OPTIONAL_VALUE, node, err);
	case BINXML_ATTRIBUTE:
		break;
	}
	return false;
}

/* An attribute's value ends, by no token of its own, where a tag goes on. */
static bool ends_attribute(uint8_t token)
{
	token &= (uint8_t)~HAS_MORE;
	return token == TOKEN_ATTRIBUTE || token == TOKEN_CLOSE_START || token == TOKEN_CLOSE_EMPTY;
}

static bool parse_list(struct binxml_parser *p, struct cursor *c, uint32_t depth, bool attribute,
		       struct binxml_node **out, struct err *err)
{
	while (cursor_left(c)) {
		uint8_t token = c->in.at[c->at];
		enum binxml_kind kind;
		struct binxml_node *node;

		if (attribute && ends_attribute(token))
			return true;
		cursor_skip(c, 1);
		if (token == TOKEN_END_OF_FRAGMENT || (token == TOKEN_END_ELEMENT && !attribute))
			return true;
		if (token == TOKEN_FRAGMENT) {
			cursor_skip(c, 3);
			continue;
		}
		if (!kind_of_token(token, &kind) || (attribute && kind == BINXML_ELEMENT))
			return err_set(err, ERR_CORRUPT, c->at - 1, "unknown token %02x", token);
		node = new_node(p, kind, c, err);
		if (!node || !parse_node(p, c, token, depth, node, err))
			return false;
		*out = node;
		out = &node->next;
	}
	/* The end tag of an element is never left out; that of a fragment is, by some writers. */
	return attribute || depth > p->base ? cut_short(c, err) : true;
}

bool binxml_parse(struct binxml_parser *p, size_t start, size_t end, uint32_t depth,
		  struct binxml_node **out, struct err *err)
{
	struct cursor c = cursor_of(span_sub(p->chunk, 0, end));

	*out = NULL;
	p->base = depth;
	cursor_seek(&c, start);
	return parse_list(p, &c, depth, false, out, err);
}

struct span binxml_entity(struct span name)
{
	static const char *const known[][2] = { { "amp", "&" }, { "lt", "<" }, { "gt", ">" },
						{ "quot", "\"" }, { "apos", "'" } };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_eq(span_text(known[i][0]), name))
			return span_text(known[i][1]);
	return (struct span){ 0 };
}

const struct binxml_node *binxml_attribute(const struct binxml_node *element, struct span name)
{
	for (const struct binxml_node *a = element->attributes; a; a = a->next)
		if (span_eq(a->name, name))
			return a;
	return NULL;
}
