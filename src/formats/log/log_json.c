#include "formats/log/log_reader.h"

#include <stdlib.h>

#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define PREFIX_MAX 480

/*
 * Where a key stands decides its name. Windows events come wrapped by whoever
 * exported them; the wrapping goes, so that names are those of Sigma's taxonomy.
 */
enum place {
	PLACE_PLAIN,		/* prefix and key */
	PLACE_ROOT,
	PLACE_EVENT,		/* Event */
	PLACE_SYSTEM,		/* Event.System */
	PLACE_ELEMENT,		/* Event.System.X: the name is X or X_key */
	PLACE_ATTRIBUTES,	/* Event.System.X.#attributes: X_key */
	PLACE_DATA,		/* Event.EventData, winlog.event_data: key alone */
	PLACE_DATUM,		/* Event.EventData.X: the name is X whatever the key */
	PLACE_USER_DATA,	/* Event.UserData: what is below is data */
	PLACE_DROP,		/* xmlns and the like */
	PLACE_WINLOG,
};

struct leaf {
	struct span name;
	struct value value;
};

struct log_json {
	struct leaf *leaves;		/* of the array at hand */
	size_t leaf_count, leaf_room;
	bool in_wrapper;
};

struct parse {
	struct log_reader *r;
	const uint8_t *at, *end;
	struct log_row row;
	uint32_t depth, arrays;
	bool cut;			/* the text ends too early */
	bool bad;
	bool last;			/* nothing comes after `end` */
	uint8_t prefix[PREFIX_MAX];
	size_t prefix_len;
	struct span element;
};

bool log_json_new(struct log_reader *r)
{
	r->json = calloc(1, sizeof *r->json);
	return r->json != NULL;
}

void log_json_free(struct log_json *j)
{
	free(j);
}

static bool fail(struct parse *p)
{
	if (p->at >= p->end)
		p->cut = true;
	else
		p->bad = true;
	return false;
}

static void skip_space(struct parse *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
		p->at++;
}

/* To the next quote, backslash or line end, or the end; no string goes over lines. */
static const uint8_t *find_special(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i line = _mm_set1_epi8('\n');

	while (end - at >= 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
					       _mm_cmpeq_epi8(bytes, slash));
		int mask = _mm_movemask_epi8(_mm_or_si128(special, _mm_cmpeq_epi8(bytes, line)));

		if (mask)
			return at + __builtin_ctz((unsigned)mask);
		at += 16;
	}
#endif
	while (at < end && *at != '"' && *at != '\\' && *at != '\n')
		at++;
	return at;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool four_hex(const uint8_t *at, const uint8_t *end, uint32_t *out)
{
	*out = 0;
	if (end - at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return false;
		*out = *out << 4 | (uint32_t)digit;
	}
	return true;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
	if (c < 0x80)
		return to[0] = (uint8_t)c, 1;
	if (c < 0x800)
		return to[0] = (uint8_t)(0xc0 | c >> 6), to[1] = (uint8_t)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return to[0] = (uint8_t)(0xe0 | c >> 12), to[1] = (uint8_t)(0x80 | (c >> 6 & 63)),
		       to[2] = (uint8_t)(0x80 | (c & 63)), 3;
	return to[0] = (uint8_t)(0xf0 | c >> 18), to[1] = (uint8_t)(0x80 | (c >> 12 & 63)),
	       to[2] = (uint8_t)(0x80 | (c >> 6 & 63)), to[3] = (uint8_t)(0x80 | (c & 63)), 4;
}

/* Behind a \u: the character, of a pair both halves; the bytes used, 0 where it is none. */
static size_t unicode(const uint8_t *at, const uint8_t *end, uint32_t *code)
{
	uint32_t low;

	if (!four_hex(at, end, code))
		return 0;
	if (*code < 0xd800 || *code > 0xdfff)
		return 4;
	if (*code < 0xdc00 && end - at >= 10 && at[4] == '\\' && at[5] == 'u' &&
	    four_hex(at + 6, end, &low) && low >= 0xdc00 && low <= 0xdfff) {
		*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
		return 10;
	}
	*code = 0xfffd;
	return 4;
}

static struct span unescape(struct parse *p, struct span raw)
{
	const uint8_t *at = raw.at, *end = raw.at + raw.len;
	uint8_t *to = arena_alloc(&p->r->memory, raw.len + 4);
	size_t len = 0;

	while (to && at < end) {
		static const char from[] = "bfnrt", what[] = "\b\f\n\r\t";
		const uint8_t *stop = find_special(at, end);
		const char *simple;
		uint32_t code;
		size_t used;

		memcpy(to + len, at, (size_t)(stop - at));
		len += (size_t)(stop - at);
		if (stop + 1 >= end)
			break;
		at = stop + 2;
		if (stop[1] == '\\' || stop[1] == '"') {
			to[len++] = stop[1];
			continue;
		}
		simple = memchr(from, stop[1], sizeof from - 1);
		if (simple) {
			to[len++] = (uint8_t)what[simple - from];
		} else if (stop[1] == 'u' && (used = unicode(at, end, &code))) {
			len += put_utf8(to + len, code);
			at += used;
		} else {
			to[len++] = stop[1];
		}
	}
	return span_of(to, len);
}

static bool string(struct parse *p, struct span *out)
{
	const uint8_t *start = ++p->at, *at = start;
	bool escaped = false;

	for (;;) {
		at = find_special(at, p->end);
		if (at >= p->end || (*at == '\\' && at + 1 >= p->end)) {
			p->cut = true;
			return false;
		}
		if (*at == '"')
			break;
		if (*at == '\n') {
			p->bad = true;
			return false;
		}
		escaped = true;
		at += 2;
	}
	p->at = at + 1;
	*out = span_of(start, (size_t)(at - start));
	if (escaped)
		*out = unescape(p, *out);
	return true;
}

static bool is_key(struct span key, const char *word)
{
	return span_eq(key, span_text(word));
}

static enum place enter(enum place place, struct span key)
{
	switch (place) {
	case PLACE_ROOT:
		return is_key(key, "Event")	? PLACE_EVENT
		       : is_key(key, "winlog")	? PLACE_WINLOG
		       : is_key(key, "_source") ? PLACE_ROOT
						: PLACE_PLAIN;
	case PLACE_EVENT:
		return is_key(key, "System")	  ? PLACE_SYSTEM
		       : is_key(key, "EventData") ? PLACE_DATA
		       : is_key(key, "UserData")  ? PLACE_USER_DATA
						  : PLACE_DROP;
	case PLACE_SYSTEM:
		return PLACE_ELEMENT;
	case PLACE_ELEMENT:
		return PLACE_ATTRIBUTES;
	case PLACE_DATA:
		return is_key(key, "#attributes") ? PLACE_DROP : PLACE_DATUM;
	case PLACE_DATUM:
		return is_key(key, "#attributes") ? PLACE_DROP : PLACE_DATUM;
	case PLACE_USER_DATA:
		return is_key(key, "#attributes") ? PLACE_DROP : PLACE_DATA;
	case PLACE_WINLOG:
		return is_key(key, "event_data") || is_key(key, "user_data") ? PLACE_DATA : PLACE_PLAIN;
	default:
		return place;
	}
}

static struct span without_spaces(struct parse *p, struct span name)
{
	uint8_t *to;
	size_t len = 0;

	if (span_find_byte(name, 0, ' ') == SIZE_MAX)
		return name;
	to = arena_alloc(&p->r->memory, name.len);
	for (size_t i = 0; to && i < name.len; i++)
		if (name.at[i] != ' ')
			to[len++] = name.at[i];
	return span_of(to, len);
}

static struct span joined(struct parse *p, struct span before, const char *between, struct span key)
{
	size_t gap = strlen(between);
	uint8_t *to;

	if (before.len == 0)
		return key;
	to = arena_alloc(&p->r->memory, before.len + gap + key.len);
	if (!to)
		return key;
	memcpy(to, before.at, before.len);
	memcpy(to + before.len, between, gap);
	memcpy(to + before.len + gap, key.at, key.len);
	return span_of(to, before.len + gap + key.len);
}

static struct span winlog_name(struct parse *p, struct span key)
{
	static const char *const names[][2] = {
		{ "event_id", "EventID" }, { "channel", "Channel" }, { "provider_name", "Provider_Name" },
		{ "computer_name", "Computer" }, { "record_id", "EventRecordID" },
		{ "task", "Task" }, { "opcode", "Opcode" }, { "provider_guid", "Provider_Guid" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_key(key, names[i][0]))
			return span_text(names[i][1]);
	return joined(p, SPAN("winlog"), ".", key);
}

/* What a scalar under this key is called. An empty name: it is left out. */
static struct span name_of(struct parse *p, enum place place, struct span key)
{
	switch (place) {
	case PLACE_EVENT:
	case PLACE_DROP:
	case PLACE_USER_DATA:
		return (struct span){ 0 };
	case PLACE_ELEMENT:
	case PLACE_ATTRIBUTES:
		if (is_key(key, "#text"))
			return p->element;
		if (is_key(p->element, "TimeCreated") && is_key(key, "SystemTime"))
			return p->element;
		return joined(p, p->element, "_", key);
	case PLACE_DATA:
		return without_spaces(p, key);
	case PLACE_DATUM:
		return p->element;
	case PLACE_WINLOG:
		return winlog_name(p, key);
	case PLACE_PLAIN:
		return joined(p, span_of(p->prefix, p->prefix_len), "", key);
	case PLACE_ROOT:
		/* Flat exports of Windows events; no other log has the word in this spelling. */
		return is_key(key, "LogName") ? SPAN("Channel") : key;
	default:
		return key;
	}
}

static void add(struct parse *p, struct span name, struct value value)
{
	struct log_json *j = p->r->json;
	struct leaf *leaf;

	if (name.len == 0)
		return;
	if (!p->arrays) {
		log_row_add(p->r, &p->row, name, value);
		return;
	}
	leaf = arena_push(&p->r->memory, (void **)&j->leaves, &j->leaf_count, &j->leaf_room,
			  sizeof *leaf);
	if (leaf)
		*leaf = (struct leaf){ name, value };
	else
		p->row.too_many = true;
}

static bool scalar(struct parse *p, struct value *out)
{
	const uint8_t *start = p->at;

	if (p->at < p->end && *p->at == '"') {
		out->kind = VALUE_TEXT;
		return string(p, &out->bytes);
	}
	while (p->at < p->end && *p->at > ' ' && *p->at != ',' && *p->at != '}' && *p->at != ']' &&
	       *p->at != ':' && *p->at != '"' && *p->at != '{' && *p->at != '[')
		p->at++;
	if (p->at == p->end || p->at == start)
		return fail(p);
	out->kind = VALUE_TEXT;
	out->bytes = span_of(start, (size_t)(p->at - start));
	if (span_eq(out->bytes, SPAN("null")))
		out->kind = VALUE_NULL;
	else if (span_eq(out->bytes, SPAN("true")) || span_eq(out->bytes, SPAN("false")))
		*out = (struct value){ .kind = VALUE_BOOL, .u = *start == 't' };
	else if (*start != '-' && (*start < '0' || *start > '9'))
		return fail(p);
	return true;
}

static bool any_value(struct parse *p, enum place place, struct span key);

static bool members(struct parse *p, enum place place)
{
	skip_space(p);
	if (p->at < p->end && *p->at == '}')
		return p->at++, true;
	for (;;) {
		struct span key;

		skip_space(p);
		if (p->at >= p->end || *p->at != '"')
			return fail(p);
		if (!string(p, &key))
			return false;
		skip_space(p);
		if (p->at >= p->end || *p->at != ':')
			return fail(p);
		p->at++;
		if (!any_value(p, place, key))
			return false;
		skip_space(p);
		if (p->at >= p->end || (*p->at != ',' && *p->at != '}'))
			return fail(p);
		if (*p->at++ == '}')
			return true;
	}
}

/* The container as a text of its own, for rules that search in all of it. */
static void add_container(struct parse *p, enum place place, struct span name, const uint8_t *start)
{
	if (place == PLACE_PLAIN && !p->arrays && p->depth < 4)
		add(p, name, (struct value){ .kind = VALUE_TEXT,
					     .bytes = span_of(start, (size_t)(p->at - start)) });
}

static bool object(struct parse *p, enum place place, struct span key)
{
	enum place inner = enter(place, key);
	size_t prefix_len = p->prefix_len;
	struct span element = p->element;
	const uint8_t *start = p->at++;
	bool ok;

	if (place == PLACE_SYSTEM || place == PLACE_DATA)
		p->element = place == PLACE_DATA ? without_spaces(p, key) : key;
	if (inner == PLACE_PLAIN && prefix_len + key.len + 1 <= PREFIX_MAX) {
		memcpy(p->prefix + prefix_len, key.at, key.len);
		p->prefix[prefix_len + key.len] = '.';
		p->prefix_len += key.len + 1;
	}
	if (inner == PLACE_WINLOG) {
		memcpy(p->prefix, "winlog.", 7);
		p->prefix_len = 7;
	}
	ok = members(p, inner);
	p->prefix_len = prefix_len;
	p->element = element;
	if (ok && inner == PLACE_PLAIN)
		add_container(p, inner, joined(p, span_of(p->prefix, prefix_len), "", key), start);
	return ok;
}

struct list {
	struct value *values;
	size_t count, room;
};

static bool push(struct parse *p, struct list *list, struct value value)
{
	struct value *slot = arena_push(&p->r->memory, (void **)&list->values, &list->count,
					&list->room, sizeof *slot);

	if (slot)
		*slot = value;
	return slot != NULL;
}

/* Leaves of the same name become one list, in the order of first sight. */
static void flush_leaves(struct parse *p)
{
	struct log_json *j = p->r->json;
	struct map lists = map_new(&p->r->memory);
	struct span *order = ARENA_ARRAY(&p->r->memory, j->leaf_count + 1, struct span);
	size_t names = 0;

	for (size_t i = 0; order && i < j->leaf_count; i++) {
		void **slot = map_slot(&lists, j->leaves[i].name);

		if (!slot)
			return;
		if (!*slot) {
			*slot = ARENA_NEW(&p->r->memory, struct list);
			order[names++] = j->leaves[i].name;
		}
		if (!*slot || !push(p, *slot, j->leaves[i].value))
			return;
	}
	for (size_t i = 0; i < names; i++) {
		const struct list *list = map_get(&lists, order[i]);

		log_row_add(p->r, &p->row, order[i],
			    list->count == 1 ? list->values[0]
					     : (struct value){ .kind = VALUE_LIST, .list = list->values,
							       .count = (uint32_t)list->count });
	}
	j->leaves = NULL;
	j->leaf_count = j->leaf_room = 0;
}

static bool array(struct parse *p, enum place place, struct span key)
{
	const uint8_t *start = p->at++;
	bool ok = true;

	p->arrays++;
	skip_space(p);
	if (p->at < p->end && *p->at == ']') {
		p->at++;
	} else {
		for (bool more = true; ok && more;) {
			ok = any_value(p, place, key);
			skip_space(p);
			if (ok && (p->at >= p->end || (*p->at != ',' && *p->at != ']')))
				ok = fail(p);
			more = ok && *p->at++ == ',';
		}
	}
	p->arrays--;
	if (ok && !p->arrays) {
		bool objects = memchr(start, '{', (size_t)(p->at - start)) != NULL;

		flush_leaves(p);
		if (objects && (place == PLACE_PLAIN || place == PLACE_ROOT))
			add_container(p, PLACE_PLAIN, name_of(p, place, key), start);
	}
	return ok;
}

/* Some exports hold the event itself as a text of JSON. */
static bool is_embedded(const struct parse *p, enum place place, struct span key,
			const struct value *value)
{
	return (place == PLACE_ROOT || place == PLACE_PLAIN) && !p->arrays && p->prefix_len == 0 &&
	       value->kind == VALUE_TEXT && value->bytes.len > 1 && value->bytes.at[0] == '{' &&
	       (is_key(key, "CloudTrailEvent") || is_key(key, "AuditData"));
}

/* Its members become ours; where it breaks off, what was read stands. */
static void embedded(struct parse *p, struct span text)
{
	struct parse inner = *p;

	inner.at = text.at + 1;
	inner.end = text.at + text.len;
	inner.last = true;
	inner.depth++;
	members(&inner, PLACE_PLAIN);
	p->row = inner.row;
}

static bool any_value(struct parse *p, enum place place, struct span key)
{
	struct value value = { .kind = VALUE_NULL };
	bool ok;

	skip_space(p);
	if (p->at < p->end && (*p->at == '{' || *p->at == '[')) {
		if (p->depth == LOG_DEPTH_MAX) {
			p->bad = true;
			return false;
		}
		p->depth++;
		ok = *p->at == '{' ? object(p, place, key) : array(p, place, key);
		p->depth--;
		return ok;
	}
	if (!scalar(p, &value))
		return false;
	add(p, name_of(p, place, key), value);
	if (is_embedded(p, place, key, &value) && p->depth < LOG_DEPTH_MAX)
		embedded(p, value.bytes);
	return true;
}

/* {"Records": [ and its like: what is inside are the events. */
static bool enter_wrapper(struct parse *p)
{
	static const char *const wrappers[] = { "Records", "records", "value", "events", "Events",
						"logs", "items", "entries" };
	struct parse ahead = *p;
	struct value skipped;
	struct span key;

	ahead.at++;
	for (int tries = 0; tries < 4; tries++) {
		skip_space(&ahead);
		if (ahead.at >= ahead.end || *ahead.at != '"' || !string(&ahead, &key))
			return false;
		skip_space(&ahead);
		if (ahead.at >= ahead.end || *ahead.at++ != ':')
			return false;
		skip_space(&ahead);
		if (ahead.at < ahead.end && *ahead.at == '[') {
			ahead.at++;
			skip_space(&ahead);
			if (ahead.at >= ahead.end || *ahead.at != '{')
				return false;
			for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
				if (!is_key(key, wrappers[i]))
					continue;
				p->at = ahead.at;
				return true;
			}
			return false;
		}
		if (!scalar(&ahead, &skipped))
			return false;
		skip_space(&ahead);
		if (ahead.at >= ahead.end || *ahead.at++ != ',')
			return false;
	}
	return false;
}

static void skip_line(struct parse *p)
{
	const uint8_t *end = memchr(p->at, '\n', (size_t)(p->end - p->at));

	p->at = end ? end + 1 : p->end;
}

/* To the next object, through what stands between objects. */
static bool find_object(struct parse *p)
{
	while (p->at < p->end) {
		uint8_t c = *p->at;

		if (c == '{')
			return true;
		if (c <= ' ' || c == ',' || c == '[' || c == ']' || c == '}' || c == 0x1e || c == 0xef ||
		    c == 0xbb || c == 0xbf) {
			p->at++;
			continue;
		}
		if (!p->last && !memchr(p->at, '\n', (size_t)(p->end - p->at)))
			return false;
		if (!p->r->json->in_wrapper) {
			p->r->line++;
			log_bad_line(p->r);
		}
		p->r->json->in_wrapper = false;
		skip_line(p);
	}
	return false;
}

static bool one_object(struct parse *p)
{
	struct log_json *j = p->r->json;

	arena_reset(&p->r->memory);
	j->leaves = NULL;
	j->leaf_count = j->leaf_room = 0;
	p->row = log_row_begin(p->r);
	p->prefix_len = 0;
	p->depth = p->arrays = 0;
	p->element = (struct span){ 0 };
	p->at++;
	return members(p, PLACE_ROOT);
}

bool log_json_block(struct log_reader *r, struct span block, bool last, size_t *used)
{
	struct parse p = { .r = r, .at = block.at, .end = block.at + block.len, .last = last };
	uint64_t base = r->offset;

	*used = block.len;
	while (block.len && find_object(&p)) {
		const uint8_t *start = p.at;

		if (!r->json->in_wrapper && enter_wrapper(&p)) {
			r->json->in_wrapper = true;
			continue;
		}
		p.cut = p.bad = false;
		r->offset = base + (uint64_t)(start - block.at);
		if (one_object(&p)) {
			r->line++;
			if (!log_row_end(r, &p.row, TIME_NONE))
				return false;
			continue;
		}
		if (p.cut && !last) {
			p.at = start;
			break;
		}
		r->line++;
		log_bad_line(r);
		p.at = start;
		skip_line(&p);
	}
	if (block.len)
		*used = (size_t)(p.at - block.at);
	r->offset = base + *used;
	return true;
}
