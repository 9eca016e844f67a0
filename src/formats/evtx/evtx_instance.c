#include "formats/evtx/evtx_instance.h"

#include "formats/evtx/evtx_decoder.h"
#include "formats/evtx/evtx_guess.h"
#include "formats/evtx/evtx_value.h"

#define DEFINITION_HEADER 24
#define INSTANCE_TOKEN 0x0c
#define FRAGMENT_TOKEN 0x0f
#define CANONICAL_MAX ((size_t)1 << 20)
#define TYPE_BIT(type) (UINT64_C(1) << ((type) & 63))

/* Where an instance goes: the record's scratch memory, or that of a definition. */
struct instance_parse {
	struct evtx_decoder *d;
	struct arena *arena;
	bool in_definition;
	bool saw_instance;
};

static bool parse_instance(struct instance_parse *p, struct cursor *c, uint32_t depth,
			   const struct evtx_instance **out, struct err *err);

static bool instance_callback(void *context, struct cursor *c, uint32_t depth,
			      const struct evtx_instance **out, struct err *err)
{
	struct instance_parse *p = context;

	p->saw_instance = true;
	return parse_instance(p, c, depth + 1, out, err);
}

void evtx_templates_next_chunk(struct evtx_templates *t)
{
	t->chunk++;
	t->known_count = 0;
	t->work = 0;
	arena_reset(&t->local);
}

/* The slot of a definition, or the free one where it goes; NULL when all are taken. */
static struct evtx_known *known_slot(struct evtx_templates *t, uint32_t offset)
{
	uint32_t at = offset * 2654435761u >> 20;

	if (t->known_count >= EVTX_KNOWN * 3 / 4)
		return NULL;
	while (t->known[at & (EVTX_KNOWN - 1)].chunk == t->chunk &&
	       t->known[at & (EVTX_KNOWN - 1)].offset != offset)
		at++;
	return &t->known[at & (EVTX_KNOWN - 1)];
}

static void add_spanned(struct buf *to, struct span s)
{
	buf_add_u32le(to, (uint32_t)s.len);
	buf_add(to, s);
}

/* The tree without its offsets, so that it is the same text from every chunk. */
static void canonical(struct buf *to, const struct binxml_node *node)
{
	for (; node && !to->overflow; node = node->next) {
		buf_add_u8(to, (uint8_t)(1 + node->kind));
		buf_add_u16le(to, node->index);
		buf_add_u16le(to, node->dependency);
		buf_add_u8(to, node->optional);
		add_spanned(to, node->name);
		add_spanned(to, node->text);
		canonical(to, node->attributes);
		canonical(to, node->content);
	}
	buf_add_u8(to, 0);
}

static struct binxml_node *copy_tree(struct arena *to, const struct binxml_node *from)
{
	struct binxml_node *first = NULL, **link = &first;

	for (; from; from = from->next) {
		struct binxml_node *node = ARENA_NEW(to, struct binxml_node);

		if (!node)
			break;
		*node = *from;
		node->next = NULL;
		node->name = arena_copy(to, from->name);
		node->text = arena_copy(to, from->text);
		node->attributes = copy_tree(to, from->attributes);
		node->content = copy_tree(to, from->content);
		*link = node;
		link = &node->next;
	}
	return first;
}

static struct evtx_template *new_template(struct evtx_decoder *d, const uint8_t guid[16],
					  struct span text, const struct binxml_node *root)
{
	struct evtx_templates *t = &d->templates;
	struct evtx_template *made;
	void **by_text, **by_start;

	if (t->count >= EVTX_TEMPLATES_MAX)
		return NULL;
	made = ARENA_NEW(&d->cache, struct evtx_template);
	text = arena_copy(&d->cache, text);
	if (!made || !text.at)
		return NULL;
	memcpy(made->guid, guid, sizeof made->guid);
	made->root = copy_tree(&d->cache, root);
	by_text = map_slot(&t->by_text, text);
	by_start = map_slot(&t->by_start, span_of(made->guid, 4));
	if (d->cache.exhausted || !by_text || !by_start)
		return NULL;
	made->same_start = *by_start;
	*by_text = *by_start = made;
	made->id = t->count++;
	return made;
}

static struct evtx_template *same_template(struct evtx_decoder *d, struct span guid,
						 const struct binxml_node *root, struct err *err)
{
	struct buf text = buf_new(CANONICAL_MAX);
	struct evtx_template *found = NULL;

	buf_add(&text, guid);
	canonical(&text, root);
	if (!text.overflow) {
		found = map_get(&d->templates.by_text, buf_span(&text));
		if (!found)
			found = new_template(d, guid.at, buf_span(&text), root);
	}
	buf_free(&text);
	if (!found)
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many templates");
	return found;
}

/* The same tokens with the same names, wherever those stand? */
static bool is_variant(const struct evtx_variant *v, struct span chunk, size_t start)
{
	struct span here = span_sub(chunk, start, v->raw.len);
	size_t at = 0;

	for (size_t i = 0; i < v->name_count; i++) {
		const struct evtx_variant_name *name = &v->names[i];
		uint32_t offset = load_u32le(here.at + name->at);

		if (!span_eq(span_sub(here, at, name->at - at), span_sub(v->raw, at, name->at - at)))
			return false;
		at = name->at + 4;
		if (name->here != (offset == start + at))
			return false;
		if (name->here)
			at += 4;
		else if (!span_starts(span_from(chunk, (size_t)offset + 4), name->raw))
			return false;
	}
	return span_eq(span_from(here, at), span_from(v->raw, at));
}

static struct evtx_template *find_variant(struct evtx_decoder *d, struct span guid,
						size_t start, size_t size)
{
	const struct evtx_variant *v = map_get(&d->templates.by_guid, guid);

	for (; v; v = v->next)
		if (v->raw.len == size && is_variant(v, d->chunk, start))
			return v->template;
	return NULL;
}

static void add_variant(struct evtx_decoder *d, struct evtx_template *template, size_t start, size_t size)
{
	struct binxml_names *names = &d->templates.names;
	void **slot = map_slot(&d->templates.by_guid, span_of(template->guid, 16));
	struct evtx_variant *first = slot ? *slot : NULL, *made;
	struct evtx_variant_name *kept;

	if (!slot || names->overflow || (first && first->number >= EVTX_VARIANTS_MAX))
		return;
	made = ARENA_NEW(&d->cache, struct evtx_variant);
	kept = ARENA_ARRAY(&d->cache, names->count, struct evtx_variant_name);
	if (!made || !kept)
		return;
	for (size_t i = 0; i < names->count; i++) {
		const struct binxml_name *name = &names->names[i];

		kept[i] = (struct evtx_variant_name){ (uint32_t)(name->at - start), name->here,
						      { 0 } };
		if (!name->here)
			kept[i].raw = arena_copy(&d->cache, name->raw);
	}
	*made = (struct evtx_variant){ .raw = arena_copy(&d->cache, span_sub(d->chunk, start, size)),
				       .names = kept, .name_count = names->count,
				       .template = template, .next = first,
				       .number = first ? first->number + 1 : 0 };
	if (!d->cache.exhausted)
		*slot = made;
}

static bool know(struct evtx_decoder *d, struct evtx_template *template, struct evtx_known *known)
{
	template->sound |= !d->unsound && !d->strict;
	known->template = template;
	return true;
}

/* While carving, what stands at the offset may be a younger template. */
static bool parse_definition(struct evtx_decoder *d, uint32_t offset, uint32_t depth,
			     const uint8_t id[4], struct evtx_known *known, struct err *err)
{
	struct cursor c = cursor_of(d->chunk);
	struct instance_parse context = { .d = d, .arena = &d->templates.local,
					  .in_definition = true };
	struct binxml_parser parser = { .chunk = d->chunk, .arena = &d->templates.local,
					.strict = d->strict,
					.has_dependency = true, .instance = instance_callback,
					.context = &context, .names = &d->templates.names };
	struct evtx_template *template;
	struct binxml_node *root;
	struct span guid;
	size_t start;
	uint32_t size;

	cursor_seek(&c, offset);
	cursor_skip(&c, 4);
	guid = cursor_take(&c, 16);
	size = cursor_u32le(&c);
	if (c.short_read || size > cursor_left(&c))
		return err_set(err, ERR_CORRUPT, offset, "a template outside the chunk");
	if (d->strict && memcmp(guid.at, id, 4))
		return err_set(err, ERR_CORRUPT, offset, "another template stands here");
	template = find_variant(d, guid, c.at, size);
	if (template)
		return know(d, template, known);
	start = c.at;
	d->templates.names.count = 0;
	d->templates.names.overflow = false;
	d->templates.work += size;
	if (d->templates.work > EVTX_TEMPLATE_WORK)
		return err_set(err, ERR_LIMIT, offset, "too much template text in one chunk");
	if (!binxml_parse(&parser, c.at, c.at + size, depth, &root, err))
		return false;
	known->doubtful = d->unsound && (parser.doubts || !root || memcmp(guid.at, id, 4));
	if (context.saw_instance) {
		known->root = root;
		return root != NULL;
	}
	template = same_template(d, guid, root, err);
	if (!template)
		return false;
	add_variant(d, template, start, size);
	return know(d, template, known);
}

/* Of the templates whose GUID begins alike the newest, but one of a sound chunk before all others. */
static const struct evtx_template *known_by_start(const struct evtx_decoder *d, const uint8_t start[4])
{
	const struct evtx_template *newest = map_get(&d->templates.by_start, span_of(start, 4)), *t = newest;

	while (t && !t->sound)
		t = t->same_start;
	return t ? t : newest;
}

/* What can be parsed may still have lost all, a name or a text. */
static void take_sound(const struct evtx_decoder *d, const uint8_t start[4], uint32_t offset,
		       struct evtx_known *got, struct err *why)
{
	const struct evtx_template *other = known_by_start(d, start);

	if (!other || !other->sound)
		return;
	got->template = other;
	err_set(why, ERR_CORRUPT, offset, "its id, names or texts are broken");
}

/*
 * A definition that is damaged, or gone from this chunk, may be known from another
 * one: its id is the start of the GUID.
 */
static bool get_template(struct evtx_decoder *d, uint32_t offset, uint32_t id, uint32_t depth,
			 struct evtx_known *got, struct err *err)
{
	uint8_t start[4] = { (uint8_t)id, (uint8_t)(id >> 8), (uint8_t)(id >> 16),
			     (uint8_t)(id >> 24) };
	struct err why = { 0 };

	if (!parse_definition(d, offset, depth, start, got, &why))
		got->template = known_by_start(d, start);
	else if (got->doubtful && got->template)
		take_sound(d, start, offset, got, &why);
	if (!got->root && !got->template)
		return *err = why, false;
	if (why.code && !d->strict)
		d->replaced = why;
	return true;
}

/* The template of an instance: new in this chunk, or met before. */
static bool find_template(struct evtx_decoder *d, uint32_t offset, uint32_t id, uint32_t depth,
			  struct evtx_instance *in, struct err *err)
{
	struct evtx_known *known = known_slot(&d->templates, offset), got = { 0 };

	/* Carved records of another time may mean what stood there before. */
	if (known && known->chunk == d->templates.chunk && (!d->strict || known->id == id)) {
		got = *known;
		if (!got.root && !got.template)
			return err_set(err, ERR_CORRUPT, offset,
				       "a template that is damaged or inside itself");
	} else {
		if (known) {
			d->templates.known_count += known->chunk != d->templates.chunk;
			*known = (struct evtx_known){ .offset = offset, .id = id,
						      .chunk = d->templates.chunk };
		}
		if (!get_template(d, offset, id, depth, &got, err))
			return false;
		if (known) {
			known->template = got.template;
			known->root = got.root;
		}
	}
	in->template = got.template;
	in->root = got.template ? got.template->root : got.root;
	return true;
}

static bool parse_nested(struct instance_parse *p, struct evtx_value *value, uint32_t depth,
			 struct err *err)
{
	size_t start = (size_t)(value->at - p->d->chunk.at);

	if (p->in_definition)
		return err_set(err, ERR_UNSUPPORTED, start,
			       "binary XML in the values inside a template definition");
	return evtx_fragment_parse(p->d, start, start + value->len, depth + 1, &value->nested, err);
}

static void push_key(struct evtx_decoder *d, uint32_t word)
{
	if (d->key_len < EVTX_KEY_MAX)
		d->key[d->key_len++] = word;
	else
		d->has_fragment = true;
}

/* Of the values whose lengths and types stand in the table. */
static size_t sum_of_lengths(struct span table)
{
	size_t sum = 0;

	for (size_t at = 0; at < table.len; at += 4)
		sum += load_u16le(table.at + at);
	return sum;
}

static bool parse_values(struct instance_parse *p, struct cursor *c, uint32_t depth,
			 struct evtx_instance *in, struct err *err)
{
	struct evtx_decoder *d = p->d;
	uint32_t count = cursor_u32le(c);
	struct span table, bytes;
	struct evtx_value *values;
	uint64_t types = 0;		/* one bit each, arrays as what they are of */

	if (count > EVTX_VALUES_MAX)
		return err_set(err, ERR_LIMIT, c->at, "%u substitution values", count);
	table = cursor_take(c, (size_t)count * 4);
	in->bytes = sum_of_lengths(table);
	bytes = cursor_take(c, in->bytes);
	if (c->short_read)
		return err_set(err, ERR_CORRUPT, c->at, "substitution values cut short");
	values = ARENA_ARRAY(p->arena, count, struct evtx_value);
	if (!values)
		return err_set(err, ERR_LIMIT, c->at, "record needs too much memory");
	for (size_t i = 0; i < count; i++) {
		const uint8_t *entry = table.at + i * 4;

		values[i].at = bytes.at;
		values[i].len = load_u16le(entry);
		values[i].type = entry[2];
		bytes.at += values[i].len;
		types |= TYPE_BIT(entry[2]);
	}
	d->makes_texts |= (types & (TYPE_BIT(EVTX_ANSI) | TYPE_BIT(EVTX_SYSTEMTIME))) != 0;
	in->values = values;
	in->count = count;
	in->table = table;
	for (uint32_t i = 0; types & TYPE_BIT(EVTX_BINXML) && i < count; i++) {
		if (values[i].type != EVTX_BINXML || !values[i].len)
			continue;
		push_key(d, EVTX_KEY_NESTED | i);
		if (!parse_nested(p, &values[i], depth, err))
			return false;
	}
	return true;
}

static bool new_instance(struct instance_parse *p, struct evtx_instance **out, struct err *err)
{
	struct evtx_decoder *d = p->d;
	struct evtx_instance *in = NULL;

	if (d->instance_count < EVTX_INSTANCES_MAX)
		in = ARENA_NEW(p->arena, struct evtx_instance);
	if (!in)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many templates in one record");
	/* What stands in a definition belongs to no record. */
	if (!p->in_definition) {
		in->ordinal = d->instance_count;
		d->instances[d->instance_count++] = in;
	}
	*out = in;
	return true;
}

static bool parse_instance(struct instance_parse *p, struct cursor *c, uint32_t depth,
			   const struct evtx_instance **out, struct err *err)
{
	struct evtx_decoder *d = p->d;
	struct evtx_instance *in;
	uint32_t id, offset;
	bool unknown;

	if (depth >= EVTX_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, c->at, "templates nested too deep");
	cursor_skip(c, 1);
	id = cursor_u32le(c);
	offset = cursor_u32le(c);
	if (!new_instance(p, &in, err))
		return false;
	/* Of a carved record at least the values can be shown. */
	unknown = !find_template(d, offset, id, depth, in, err);
	if (unknown && (!d->strict || p->in_definition || err->code == ERR_LIMIT))
		return false;
	if (offset == c->at) {
		cursor_skip(c, DEFINITION_HEADER - 4);
		cursor_skip(c, cursor_u32le(c));
	}
	if (!in->template || p->in_definition)
		d->has_fragment = true;
	else
		push_key(d, in->template->id);
	if (!parse_values(p, c, depth, in, err))
		return false;
	push_key(d, EVTX_KEY_END);
	if (unknown && !(in->root = evtx_guess(p->arena, in, depth, d->record_id)))
		return err_set(err, ERR_LIMIT, c->at, "record needs too much memory");
	*out = in;
	return true;
}

static bool parse_bare(struct evtx_decoder *d, size_t start, size_t end, uint32_t depth,
		       bool has_dependency, const struct evtx_instance **out, struct err *err)
{
	struct instance_parse context = { .d = d, .arena = &d->scratch };
	struct binxml_parser parser = { .chunk = d->chunk, .arena = &d->scratch,
					.strict = d->strict,
					.has_dependency = has_dependency,
					.instance = instance_callback, .context = &context };
	struct evtx_instance *in;
	struct binxml_node *root;

	d->has_fragment = true;
	if (!new_instance(&context, &in, err) ||
	    !binxml_parse(&parser, start, end, depth, &root, err))
		return false;
	in->root = root;
	*out = in;
	return true;
}

/* Start tags have a dependency id in records, none in values: try that first. */
static bool parse_fragment(struct evtx_decoder *d, size_t start, size_t end, uint32_t depth,
			   const struct evtx_instance **out, struct err *err)
{
	uint32_t instances = d->instance_count;
	struct err first = { 0 }, second = { 0 };

	if (parse_bare(d, start, end, depth, depth == 0, out, &first))
		return true;
	d->instance_count = instances;
	if (parse_bare(d, start, end, depth, depth != 0, out, &second))
		return true;
	*err = first;
	return false;
}

bool evtx_fragment_parse(struct evtx_decoder *d, size_t start, size_t end, uint32_t depth,
			 const struct evtx_instance **out, struct err *err)
{
	struct instance_parse p = { .d = d, .arena = &d->scratch };
	struct cursor c = cursor_of(span_sub(d->chunk, 0, end));

	cursor_seek(&c, start);
	if (cursor_left(&c) > 4 && c.in.at[c.at] == FRAGMENT_TOKEN)
		cursor_skip(&c, 4);
	if (!cursor_left(&c) || c.in.at[c.at] != INSTANCE_TOKEN)
		return parse_fragment(d, start, end, depth, out, err);
	cursor_skip(&c, 1);
	return parse_instance(&p, &c, depth, out, err);
}
