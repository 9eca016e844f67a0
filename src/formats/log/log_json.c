#include "formats/log/log_json.h"

#include <stdlib.h>

#define RECORD_LINE_MAX 40

struct leaf {
	struct span name;
	struct value value;
};

struct log_json {
	struct leaf *leaves;		/* of the array at hand */
	size_t leaf_count, leaf_room;
	enum json_wrapper wrapper;
	struct json_context *root;
	uint32_t generation;		/* of the reader's shapes, to which the contexts belong */
	uint8_t *room;			/* for unescaped texts of the object at hand */
	size_t room_size;
	bool is_in_zeros;		/* the byte before was one */
};

struct parse {
	struct log_reader *r;
	struct json_text text;
	struct log_row row;
	uint32_t depth, arrays;
	uint32_t scalars;		/* that began the object, nothing else between */
	bool wrapper;			/* what is inside it are the events */
	bool last;			/* nothing comes after the end */
};

void log_json_seek(struct log_json *j, int wrapper)
{
	j->wrapper = (enum json_wrapper)wrapper;
}

bool log_json_new(struct log_reader *r)
{
	r->json = calloc(1, sizeof *r->json);
	return r->json != NULL;
}

void log_json_free(struct log_json *j)
{
	if (j)
		free(j->room);
	free(j);
}

/* As the shape goes on as it did after this key before, that is one comparison. */
static void add_to_row(struct parse *p, struct json_key *key, struct value value)
{
	struct log_row *row = &p->row;

	if (row->at && row->at == key->from && row->count < LOG_FIELDS_MAX) {
		row->at = key->to;
		row->values[row->count++] = value;
		return;
	}
	key->from = row->at;
	log_row_add(p->r, row, key->name, value);
	key->to = row->at;
}

static void add_leaf(struct parse *p, struct span name, struct value value)
{
	struct log_json *j = p->r->json;
	struct leaf *leaf = arena_push(&p->r->memory, (void **)&j->leaves, &j->leaf_count,
				       &j->leaf_room, sizeof *leaf);

	if (leaf)
		*leaf = (struct leaf){ name, value };
	else
		p->row.too_many = true;
}

static bool any_value(struct parse *p, struct json_key *key);

/* The key at hand: mostly that which came after the one before the last time, too. */
static struct json_key *take_key(struct parse *p, struct json_context *of, struct json_key **expected)
{
	struct json_text *t = &p->text;
	struct json_key *key = *expected;
	struct span raw;

	if (key && (size_t)(t->end - t->at) > key->raw.len &&
	    memcmp(t->at, key->raw.at, key->raw.len) == 0) {
		t->at += key->raw.len;
		return key;
	}
	if (t->at >= t->end || *t->at != '"')
		return json_fail(t), NULL;
	if (!json_raw_string(t, &raw))
		return NULL;
	key = json_key_find(p->r, of, raw);
	if (key)
		*expected = key;
	else
		t->bad = true;
	return key;
}

static bool members(struct parse *p, struct json_context *of)
{
	struct json_text *t = &p->text;
	struct json_key **expected = &of->first;

	json_skip_space(t);
	if (t->at < t->end && *t->at == '}')
		return t->at++, true;
	for (;;) {
		struct json_key *key;

		json_skip_space(t);
		key = take_key(p, of, expected);
		if (!key)
			return false;
		json_skip_space(t);
		if (t->at >= t->end || *t->at != ':')
			return json_fail(t);
		t->at++;
		if (!any_value(p, key))
			return false;
		json_skip_space(t);
		if (t->at >= t->end || (*t->at != ',' && *t->at != '}'))
			return json_fail(t);
		if (*t->at++ == '}')
			return true;
		expected = &key->next;
	}
}

/* A container as a text of its own, for rules that search in all of it. */
static void add_container(struct parse *p, struct span name, const uint8_t *start)
{
	if (name.len && !p->arrays && p->depth < 4)
		log_row_add(p->r, &p->row, name,
			    (struct value){ .kind = VALUE_TEXT,
					    .bytes = span_of(start, (size_t)(p->text.at - start)) });
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

	if (j->leaf_count == 0)
		return;
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

/* {"@Name": "Image", "#text": "x"}: the texts get the name. */
static void name_datum(struct parse *p, size_t from)
{
	struct log_json *j = p->r->json;
	const struct leaf *name = NULL;
	size_t kept = from;

	for (size_t i = from; i < j->leaf_count; i++)
		if (span_eq(j->leaves[i].name, JSON_DATUM_NAME))
			name = &j->leaves[i];
	if (!name || name->value.kind != VALUE_TEXT)
		return;
	name = &(struct leaf){ log_without_spaces(&p->r->memory, name->value.bytes), name->value };
	for (size_t i = from; i < j->leaf_count; i++)
		if (!span_eq(j->leaves[i].name, JSON_DATUM_NAME))
			j->leaves[kept++] = (struct leaf){ name->name, j->leaves[i].value };
	j->leaf_count = kept;
}

static bool datum(struct parse *p, struct json_context *inner)
{
	size_t from = p->r->json->leaf_count;
	bool ok;

	p->arrays++;
	ok = members(p, inner);
	p->arrays--;
	if (ok)
		name_datum(p, from);
	if (ok && !p->arrays)
		flush_leaves(p);
	return ok;
}

static bool object(struct parse *p, struct json_key *key)
{
	const uint8_t *start = p->text.at++;
	struct span text = span_of(start, (size_t)(p->text.end - start));
	struct json_context *inner = key->inner ? key->inner : json_context_below(p->r, key, text);

	if (!inner) {
		p->text.bad = true;
		return false;
	}
	if (inner->place == PLACE_DATUM)
		return datum(p, inner);
	if (!members(p, inner))
		return false;
	if (inner->place == PLACE_PLAIN)
		add_container(p, key->path, start);
	return true;
}

static bool array(struct parse *p, struct json_key *key)
{
	struct json_text *t = &p->text;
	const uint8_t *start = t->at++;
	bool ok = true;

	p->arrays++;
	json_skip_space(t);
	if (t->at < t->end && *t->at == ']') {
		t->at++;
	} else {
		for (bool more = true; ok && more;) {
			ok = any_value(p, key);
			json_skip_space(t);
			if (ok && (t->at >= t->end || (*t->at != ',' && *t->at != ']')))
				ok = json_fail(t);
			more = ok && *t->at++ == ',';
		}
	}
	p->arrays--;
	if (ok && !p->arrays) {
		bool objects = memchr(start, '{', (size_t)(t->at - start)) != NULL;

		flush_leaves(p);
		if (objects && (key->of->place == PLACE_PLAIN || key->of->place == PLACE_ROOT))
			add_container(p, key->name, start);
	}
	return ok;
}

/* {"Records": [ and its like, behind three scalars at most, or {"hits": {"hits": [: the events are inside. */
static bool is_wrapper(struct parse *p, const struct json_key *key)
{
	struct json_text ahead = p->text;

	if (!key->wraps || p->r->json->wrapper == JSON_WRAPPER_OPEN ||
	    (key->of->place == PLACE_HITS ? p->depth != 1 : p->depth || p->scalars > 3))
		return false;
	ahead.at++;
	json_skip_space(&ahead);
	if (ahead.at >= ahead.end || *ahead.at != '{')
		return false;
	p->text.at = ahead.at;
	p->wrapper = true;
	return true;
}

/* Contexts go when the reader forgets its shapes. */
static struct json_context *root_of(struct log_reader *r)
{
	struct log_json *j = r->json;

	if (!j->root || j->generation != r->generation) {
		j->root = json_context_root(r);
		j->generation = r->generation;
	}
	return j->root;
}

/* Some exports hold the event itself as a text of JSON. */
static bool is_embedded(const struct parse *p, const struct json_key *key, const struct value *value)
{
	return p->depth == 0 && value->kind == VALUE_TEXT && value->bytes.len > 1 &&
	       value->bytes.at[0] == '{' &&
	       (span_eq(key->raw, SPAN("\"CloudTrailEvent\"")) ||
		span_eq(key->raw, SPAN("\"AuditData\"")));
}

/* Its members become ours; where it breaks off, what was read stands. */
static void embedded(struct parse *p, struct span text, struct json_context *root)
{
	struct log_json *j = p->r->json;
	struct json_text saved = p->text;
	/* What is unescaped a second time does not fit beside what was once. */
	uint8_t *room = arena_alloc(&p->r->memory, text.len + JSON_ROOM_SLACK);

	if (!room)
		return;
	p->text = (struct json_text){ .at = text.at + 1, .end = text.at + text.len, .room = room };
	p->depth++;
	p->scalars = UINT32_MAX;
	members(p, root);
	p->depth = p->arrays = 0;
	j->leaves = NULL;
	j->leaf_count = j->leaf_room = 0;
	p->text = saved;
}

void log_json_into(struct log_reader *r, struct log_row *row, struct span text)
{
	struct parse p = { .r = r, .row = *row };
	struct json_context *root;

	if (!r->json && !log_json_new(r))
		return;
	root = root_of(r);
	if (root)
		embedded(&p, text, root);
	*row = p.row;
}

static bool any_value(struct parse *p, struct json_key *key)
{
	struct json_text *t = &p->text;
	struct value value = { .kind = VALUE_NULL };
	bool ok;

	json_skip_space(t);
	if (t->at < t->end && (*t->at == '{' || *t->at == '[')) {
		if (*t->at == '[' && is_wrapper(p, key))
			return false;
		if (p->depth == LOG_DEPTH_MAX) {
			t->bad = true;
			return false;
		}
		p->depth++;
		p->scalars = UINT32_MAX;
		ok = *t->at == '{' ? object(p, key) : array(p, key);
		p->depth--;
		return ok;
	}
	if (!json_scalar(t, &value))
		return false;
	p->scalars += p->scalars != UINT32_MAX;
	if (key->name.len == 0)
		return true;
	if (p->arrays)
		add_leaf(p, key->name, value);
	else
		add_to_row(p, key, value);
	if (is_embedded(p, key, &value))
		embedded(p, value.bytes, p->r->json->root);
	return true;
}

/* Where a log was being written when the machine stopped; what stands behind them is whole. */
static void skip_zeros(struct parse *p)
{
	struct log_json *j = p->r->json;

	if (!j->is_in_zeros)
		log_bad_line(p->r);
	j->is_in_zeros = true;
	while (p->text.at < p->text.end && !*p->text.at)
		p->text.at++;
}

static void skip_line(struct parse *p)
{
	const uint8_t *end = memchr(p->text.at, '\n', (size_t)(p->text.end - p->text.at));

	p->text.at = end ? end + 1 : p->text.end;
}

size_t log_record_line(struct span text)
{
	size_t end = span_find_byte(span_sub(text, 0, RECORD_LINE_MAX), 0, '\n');
	uint64_t number;

	if (!span_starts(text, SPAN("Record ")) || end == SIZE_MAX)
		return 0;
	return span_to_u64(span_trim(span_sub(text, 7, end - 7)), &number) ? end + 1 : 0;
}

/* To the next object, through what stands between objects. */
static bool find_object(struct parse *p)
{
	while (p->text.at < p->text.end) {
		uint8_t c = *p->text.at;

		if (c == '{') {
			p->r->json->is_in_zeros = false;
			return true;
		}
		if (!c) {
			skip_zeros(p);
			continue;
		}
		p->r->json->is_in_zeros = false;
		if (json_is_between(c, &p->r->json->wrapper)) {
			p->text.at++;
			continue;
		}
		if (!p->last && !memchr(p->text.at, '\n', (size_t)(p->text.end - p->text.at)))
			return false;
		if (c == 'R' && log_record_line(span_of(p->text.at, (size_t)(p->text.end - p->text.at)))) {
			skip_line(p);
			continue;
		}
		if (p->r->json->wrapper == JSON_WRAPPER_NONE) {
			p->r->line++;
			log_bad_line(p->r);
		}
		p->r->json->wrapper = JSON_WRAPPER_NONE;
		skip_line(p);
	}
	return false;
}

static bool one_object(struct parse *p)
{
	struct log_json *j = p->r->json;
	struct json_context *root;

	arena_reset(&p->r->memory);
	j->leaves = NULL;
	j->leaf_count = j->leaf_room = 0;
	p->row = log_row_begin(p->r);
	p->depth = p->arrays = p->scalars = 0;
	p->wrapper = false;
	p->text.cut = p->text.bad = false;
	p->text.room = j->room;
	root = root_of(p->r);
	p->text.bad = !root;
	p->text.at++;
	return root && members(p, root);
}

static bool make_room(struct log_json *j, size_t wanted)
{
	uint8_t *room;

	if (wanted <= j->room_size)
		return true;
	room = realloc(j->room, wanted);
	if (!room)
		return false;
	j->room = room;
	j->room_size = wanted;
	return true;
}

/* An object with a bad value costs no more than itself, any other its line; false: more must be read. */
static bool skip_bad(struct parse *p)
{
	struct span rest = span_of(p->text.at, (size_t)(p->text.end - p->text.at));
	size_t end;
	enum json_skip found = json_skip_object(rest, 0, &end);

	if (found == JSON_SKIP_MORE && !p->last)
		return false;
	p->r->line++;
	log_bad_line(p->r);
	if (found == JSON_SKIP_DONE)
		p->text.at += end;
	else
		skip_line(p);
	return true;
}

bool log_json_block(struct log_reader *r, struct span block, bool last, size_t *used)
{
	static const uint8_t nothing[1];

	/* The end of a log may come with no bytes at all, and nothing is added to NULL. */
	block.at = block.at ? block.at : nothing;
	struct parse p = { .r = r, .text = { .at = block.at, .end = block.at + block.len },
			   .last = last };
	const uint8_t *passed = block.at;

	*used = block.len;
	if (!make_room(r->json, block.len + JSON_ROOM_SLACK)) {
		log_bad_line(r);
		return true;
	}
	while (block.len && find_object(&p)) {
		const uint8_t *start = p.text.at;

		log_pass(r, span_of(passed, (size_t)(start - passed)));
		passed = start;
		if (one_object(&p)) {
			r->line++;
			if (!log_row_end(r, &p.row, TIME_NONE))
				return false;
			continue;
		}
		if (p.wrapper) {
			r->json->wrapper = JSON_WRAPPER_OPEN;
			continue;
		}
		if (p.text.cut && !last) {
			p.text.at = start;
			break;
		}
		p.text.at = start;
		if (!skip_bad(&p))
			break;
	}
	if (block.len)
		*used = (size_t)(p.text.at - block.at);
	log_pass(r, span_of(passed, (size_t)(block.at + *used - passed)));
	return true;
}
