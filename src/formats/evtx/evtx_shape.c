#include "formats/evtx/evtx_shape.h"

#include "formats/evtx/evtx_decoder.h"
#include "formats/evtx/evtx_value.h"

/* Where in the event an element stands decides what its field is called. */
enum section { SECTION_OUTSIDE, SECTION_EVENT, SECTION_SYSTEM, SECTION_DATA, SECTION_USER,
	       SECTION_RENDERING };

#define NAME_MAX_BYTES 1024

struct flatten {
	struct evtx_decoder *d;
	struct arena *arena;		/* for names and texts */
	struct span *names;		/* in scratch, as the slots */
	struct evtx_slot *slots;
	size_t count, name_room, slot_room;
	uint32_t nodes;			/* visited */
	uint32_t time_slot;
	uint16_t dependency;		/* of the element under way, or of one around it */
	bool named_by_value;		/* a name came out of the record: not the template's */
	struct err *err;
};

static bool flatten_list(struct flatten *f, const struct binxml_node *list,
			 const struct evtx_instance *in, enum section section, uint32_t depth);

static struct evtx_slot *add_slot(struct flatten *f, struct span name)
{
	struct span *named;
	struct evtx_slot *slot;
	size_t count = f->count;

	if (f->count >= EVTX_SLOTS_MAX) {
		err_set(f->err, ERR_LIMIT, ERR_NO_OFFSET, "an event of too many fields");
		return NULL;
	}
	named = arena_push(&f->d->scratch, (void **)&f->names, &count, &f->name_room, sizeof *named);
	slot = arena_push(&f->d->scratch, (void **)&f->slots, &f->count, &f->slot_room,
			  sizeof *slot);
	if (!named || !slot) {
		err_set(f->err, ERR_LIMIT, ERR_NO_OFFSET, "an event needs too much memory");
		return NULL;
	}
	*named = name;
	return slot;
}

/* An entity that XML does not know stands as it was written. */
static void node_text(const struct binxml_node *node, struct buf *to)
{
	struct span known = node->kind == BINXML_ENTITY ? binxml_entity(node->name) : node->text;

	if (node->kind == BINXML_ENTITY && !known.len)
		buf_printf(to, "&%.*s;", SPAN_ARG(node->name));
	else
		buf_add(to, known);
}

/* What one hole holds instead of the list that is there. */
struct turn {
	const struct binxml_node *hole;
	const struct value *item;
};

/* The text of content, values filled in; into `to`. `turn` may be NULL. */
static void content_text(struct evtx_decoder *d, const struct binxml_node *content,
			 const struct evtx_instance *in, const struct turn *turn, struct buf *to)
{
	for (; content; content = content->next) {
		const struct evtx_value *v;
		struct value value;

		if (binxml_is_text(content))
			node_text(content, to);
		if (content->kind != BINXML_VALUE ||
		    !(v = evtx_instance_value(in, content->index)) || v->nested)
			continue;
		if (turn && turn->hole == content)
			value = *turn->item;
		else
			evtx_value_read(&d->scratch, d->options.code_page, v, &value);
		value_text(to, &value);
	}
}

static bool has_value(const struct binxml_node *content)
{
	for (; content; content = content->next)
		if (content->kind == BINXML_VALUE)
			return true;
	return false;
}

/* A field's name out of an attribute: Sigma's has no spaces. */
static struct span name_of_attribute(struct flatten *f, const struct binxml_node *attribute,
				     const struct evtx_instance *in)
{
	struct buf text = buf_new(NAME_MAX_BYTES);
	struct span name;
	size_t kept = 0;

	f->named_by_value |= has_value(attribute->content);
	content_text(f->d, attribute->content, in, NULL, &text);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != ' ')
			text.at[kept++] = text.at[i];
	name = arena_copy(f->arena, span_of(text.at, kept));
	buf_free(&text);
	return name;
}

/* Fills a slot from content that holds no elements. */
static bool fill_slot(struct flatten *f, struct span name, const struct binxml_node *content,
		      const struct evtx_instance *in)
{
	struct evtx_slot *slot = add_slot(f, name);
	struct buf text = buf_new(EVTX_CHUNK_SIZE * 3);

	if (!slot)
		return false;
	slot->ordinal = in->ordinal;
	slot->dependency = f->dependency;
	slot->in = f->d->has_fragment ? in : NULL;
	if (content && content->kind == BINXML_VALUE && !content->next) {
		slot->source = EVTX_SOURCE_VALUE;
		slot->index = content->index;
		slot->optional = content->optional;
		return true;
	}
	if (has_value(content)) {
		slot->source = EVTX_SOURCE_MIXED;
		slot->content = content;
		return true;
	}
	slot->source = EVTX_SOURCE_TEXT;
	content_text(f->d, content, in, NULL, &text);
	slot->text = arena_copy(f->arena, buf_span(&text));
	buf_free(&text);
	return true;
}

static bool is_namespace(struct span name)
{
	return span_eq(name, SPAN("xmlns")) || span_starts(name, SPAN("xmlns:"));
}

static bool flatten_attributes(struct flatten *f, const struct binxml_node *element,
			       struct span name, bool except_name, const struct evtx_instance *in)
{
	for (const struct binxml_node *a = element->attributes; a; a = a->next) {
		struct span full;

		if (is_namespace(a->name) || (except_name && span_eq(a->name, SPAN("Name"))))
			continue;
		full = arena_printf(f->arena, "%.*s_%.*s", SPAN_ARG(name), SPAN_ARG(a->name));
		if (!fill_slot(f, full, a->content, in))
			return false;
		if (f->time_slot == EVENT_NO_SLOT &&
		    span_eq(full, SPAN("TimeCreated_SystemTime")))
			f->time_slot = (uint32_t)f->count - 1;
	}
	return true;
}

/* Has content that brings elements of its own, rather than text. */
static bool has_elements(const struct binxml_node *content, const struct evtx_instance *in)
{
	for (; content; content = content->next) {
		const struct evtx_value *v;

		if (content->kind == BINXML_ELEMENT || content->kind == BINXML_INSTANCE)
			return true;
		if (content->kind == BINXML_VALUE &&
		    (v = evtx_instance_value(in, content->index)) && v->nested)
			return true;
	}
	return false;
}

static enum section section_inside(struct span name, enum section outer)
{
	if (outer == SECTION_OUTSIDE)
		return span_eq(name, SPAN("Event")) ? SECTION_EVENT : SECTION_USER;
	if (outer != SECTION_EVENT)
		return outer;
	if (span_eq(name, SPAN("System")))
		return SECTION_SYSTEM;
	if (span_eq(name, SPAN("EventData")))
		return SECTION_DATA;
	if (span_eq(name, SPAN("RenderingInfo")))
		return SECTION_RENDERING;
	return SECTION_USER;
}

static bool flatten_named(struct flatten *f, const struct binxml_node *e,
			  const struct evtx_instance *in, enum section outer, uint32_t depth)
{
	const struct binxml_node *called = NULL;
	struct span name = e->name;
	bool parent = has_elements(e->content, in);

	if (outer == SECTION_DATA && span_eq(e->name, SPAN("Data")))
		called = binxml_attribute(e, SPAN("Name"));
	if (called)
		name = name_of_attribute(f, called, in);
	if (!name.len)
		name = e->name;
	if (outer == SECTION_RENDERING && !span_eq(e->name, SPAN("Message")))
		name = arena_printf(f->arena, "RenderingInfo_%.*s", SPAN_ARG(e->name));
	if (!name.at)
		return err_set(f->err, ERR_LIMIT, ERR_NO_OFFSET, "too many event shapes");
	if (outer == SECTION_OUTSIDE || outer == SECTION_EVENT) {
		if (!parent && !e->content)
			return flatten_attributes(f, e, name, false, in);
	} else if (!parent && (outer != SECTION_SYSTEM || e->content)) {
		if (!fill_slot(f, name, e->content, in))
			return false;
		return flatten_attributes(f, e, name, called != NULL, in);
	}
	if (!flatten_attributes(f, e, name, called != NULL, in))
		return false;
	if (parent)
		return flatten_list(f, e->content, in, section_inside(e->name, outer), depth + 1);
	return !e->content || fill_slot(f, name, e->content, in);
}

static bool flatten_element(struct flatten *f, const struct binxml_node *e,
			    const struct evtx_instance *in, enum section outer, uint32_t depth)
{
	uint16_t around = f->dependency;
	bool fits;

	if (e->dependency != BINXML_NO_DEPENDENCY)
		f->dependency = e->dependency;
	fits = flatten_named(f, e, in, outer, depth);
	f->dependency = around;
	return fits;
}

/* Another instance has values of its own: what the outer one's say ends there. */
static bool flatten_instance(struct flatten *f, const struct evtx_instance *in,
			     enum section section, uint32_t depth)
{
	uint16_t around = f->dependency;
	bool fits;

	f->dependency = BINXML_NO_DEPENDENCY;
	fits = flatten_list(f, in->root, in, section, depth);
	f->dependency = around;
	return fits;
}

static bool flatten_list(struct flatten *f, const struct binxml_node *list,
			 const struct evtx_instance *in, enum section section, uint32_t depth)
{
	if (depth > EVTX_DEPTH_MAX)
		return err_set(f->err, ERR_LIMIT, ERR_NO_OFFSET, "elements nested too deep");
	for (; list; list = list->next) {
		const struct evtx_value *v;

		if (f->nodes++ > EVTX_NODES_MAX)
			return err_set(f->err, ERR_LIMIT, ERR_NO_OFFSET, "too many XML nodes");
		if (list->kind == BINXML_ELEMENT && !flatten_element(f, list, in, section, depth))
			return false;
		if (list->kind == BINXML_INSTANCE &&
		    !flatten_instance(f, list->instance, section, depth + 1))
			return false;
		if (list->kind == BINXML_VALUE && (v = evtx_instance_value(in, list->index)) &&
		    v->nested && !flatten_instance(f, v->nested, section, depth + 1))
			return false;
	}
	return true;
}

static struct span names_text(struct flatten *f, struct buf *text)
{
	for (size_t i = 0; i < f->count; i++) {
		buf_add_u32le(text, (uint32_t)f->names[i].len);
		buf_add(text, f->names[i]);
	}
	return buf_span(text);
}

static struct event_shape *new_shape(struct evtx_decoder *d, const struct flatten *f)
{
	struct event_shape *shape = ARENA_NEW(&d->cache, struct event_shape);
	struct span *names = ARENA_ARRAY(&d->cache, f->count, struct span);

	if (!shape || !names)
		return NULL;
	for (size_t i = 0; i < f->count; i++)
		names[i] = arena_copy(&d->cache, f->names[i]);
	if (d->cache.exhausted)
		return NULL;
	*shape = (struct event_shape){ .id = d->shapes.count, .count = (uint32_t)f->count,
				       .names = names };
	shape->provider = event_shape_find(shape, SPAN("Provider_Name"));
	shape->channel = event_shape_find(shape, SPAN("Channel"));
	shape->event_id = event_shape_find(shape, SPAN("EventID"));
	shape->computer = event_shape_find(shape, SPAN("Computer"));
	shape->user = event_shape_find(shape, SPAN("Security_UserID"));
	return shape;
}

static const struct event_shape *shape_of_names(struct flatten *f)
{
	struct evtx_shapes *shapes = &f->d->shapes;
	struct buf text = buf_new(EVTX_TEXT_MAX);
	struct event_shape *found = map_get(&shapes->by_names, names_text(f, &text));
	struct span key;
	void **slot;

	if (!found && !text.overflow && shapes->count < EVTX_SHAPES_MAX) {
		found = new_shape(f->d, f);
		key = found ? arena_copy(&f->d->cache, buf_span(&text)) : (struct span){ 0 };
		slot = key.at ? map_slot(&shapes->by_names, key) : NULL;
		if (slot) {
			*slot = found;
			shapes->count++;
		} else {
			found = NULL;
		}
	}
	buf_free(&text);
	if (!found)
		err_set(f->err, ERR_LIMIT, ERR_NO_OFFSET, "too many event shapes");
	return found;
}

/* False: no memory. */
static bool note_loose(struct flatten *f, struct evtx_plan *plan)
{
	uint32_t *loose = ARENA_ARRAY(&f->d->scratch, f->count, uint32_t);

	for (uint32_t i = 0; loose && i < f->count; i++)
		if (f->slots[i].source != EVTX_SOURCE_VALUE)
			loose[plan->loose_count++] = i;
	plan->loose = loose;
	return loose || err_set(f->err, ERR_LIMIT, ERR_NO_OFFSET, "an event needs too much memory");
}

static const struct evtx_plan *remember(struct evtx_decoder *d, struct evtx_plan *plan,
					const struct flatten *f, uint64_t hash)
{
	struct evtx_plan **bucket = &d->shapes.plans[hash % EVTX_PLAN_BUCKETS];
	struct evtx_slot *slots = ARENA_ARRAY(&d->cache, f->count, struct evtx_slot);
	uint32_t *key = ARENA_ARRAY(&d->cache, d->key_len, uint32_t);
	uint32_t *loose = ARENA_ARRAY(&d->cache, plan->loose_count, uint32_t);
	struct evtx_plan *kept = ARENA_NEW(&d->cache, struct evtx_plan);

	if (!slots || !key || !loose || !kept)
		return plan;
	if (f->count)
		memcpy(slots, f->slots, f->count * sizeof *slots);
	memcpy(key, d->key, d->key_len * sizeof *key);
	memcpy(loose, plan->loose, plan->loose_count * sizeof *loose);
	*kept = *plan;
	kept->slots = slots;
	kept->key = key;
	kept->loose = loose;
	kept->key_len = d->key_len;
	kept->hash = hash;
	kept->next = *bucket;
	*bucket = kept;
	d->shapes.plan_count++;
	return kept;
}

static const struct evtx_plan *make_plan(struct evtx_decoder *d, const struct evtx_instance *root,
					 uint64_t hash, struct err *err)
{
	struct flatten f = { .d = d, .time_slot = EVENT_NO_SLOT, .err = err,
			     .dependency = BINXML_NO_DEPENDENCY };
	struct evtx_plan *plan = ARENA_NEW(&d->scratch, struct evtx_plan);

	/* Names and texts of a plan that is kept go where they can stay. */
	f.arena = d->has_fragment ? &d->scratch : &d->cache;
	if (!plan || !flatten_list(&f, root->root, root, SECTION_OUTSIDE, 0))
		return plan ? NULL : (err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory"), NULL);
	plan->shape = shape_of_names(&f);
	if (!plan->shape)
		return NULL;
	plan->slots = f.slots;
	plan->time_slot = f.time_slot;
	if (!note_loose(&f, plan))
		return NULL;
	if (d->has_fragment || f.named_by_value || d->shapes.plan_count >= EVTX_SHAPES_MAX)
		return plan;
	return remember(d, plan, &f, hash);
}

static uint64_t hash_key(const uint32_t *key, uint32_t len)
{
	uint64_t hash = len;

	for (uint32_t i = 0; i < len; i++)
		hash = (hash ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static bool has_key(const struct evtx_plan *plan, const struct evtx_decoder *d)
{
	return plan->key_len == d->key_len &&
	       memcmp(plan->key, d->key, d->key_len * sizeof *d->key) == 0;
}

const struct evtx_plan *evtx_plan_find(struct evtx_decoder *d, const struct evtx_instance *root,
				       struct err *err)
{
	struct evtx_shapes *s = &d->shapes;
	const struct evtx_plan *plan = NULL;
	uint64_t hash = 0;

	if (!d->has_fragment) {
		if (s->last && has_key(s->last, d))
			return s->last;
		hash = hash_key(d->key, d->key_len);
		for (plan = s->plans[hash % EVTX_PLAN_BUCKETS]; plan; plan = plan->next)
			if (plan->hash == hash && has_key(plan, d))
				return s->last = plan;
	}
	return make_plan(d, root, hash, err);
}

/* The hole of the one list among texts and values; NULL where there is none, or several. */
static const struct binxml_node *list_within(const struct binxml_node *content, const struct evtx_instance *in)
{
	const struct binxml_node *found = NULL;

	for (; content; content = content->next) {
		const struct evtx_value *v = content->kind == BINXML_VALUE
			? evtx_instance_value(in, content->index) : NULL;

		if (!v || !(v->type & EVTX_ARRAY) || !v->len)
			continue;
		if (found)
			return NULL;
		found = content;
	}
	return found;
}

/* A list repeats the texts around it. False: too much of it. */
static bool fill_turns(struct evtx_decoder *d, const struct evtx_slot *slot, const struct evtx_instance *in,
		       const struct binxml_node *hole, struct value *out)
{
	struct buf text = buf_new(EVTX_TEXT_MAX);
	struct value list = { .kind = VALUE_NULL }, *turns;
	size_t start = 0;

	evtx_value_read(&d->scratch, d->options.code_page, evtx_instance_value(in, hole->index), &list);
	turns = list.kind == VALUE_LIST ? ARENA_ARRAY(&d->scratch, list.count, struct value) : NULL;
	for (uint32_t i = 0; turns && i < list.count && !text.overflow; i++) {
		content_text(d, slot->content, in, &(struct turn){ hole, &list.list[i] }, &text);
		turns[i] = (struct value){ .kind = VALUE_TEXT,
					   .bytes = arena_copy(&d->scratch, span_from(buf_span(&text), start)) };
		start = text.len;
	}
	if (!turns || text.overflow || d->scratch.exhausted)
		turns = NULL;
	buf_free(&text);
	*out = (struct value){ .kind = VALUE_LIST, .count = list.count, .list = turns };
	return turns != NULL;
}

static void fill_mixed(struct evtx_decoder *d, const struct evtx_slot *slot,
		       const struct evtx_instance *in, struct value *out)
{
	const struct binxml_node *hole = list_within(slot->content, in);
	struct buf text = buf_new(EVTX_TEXT_MAX);

	if (hole && fill_turns(d, slot, in, hole, out))
		return;
	content_text(d, slot->content, in, NULL, &text);
	*out = (struct value){ .kind = VALUE_TEXT,
			       .bytes = arena_copy(&d->scratch, buf_span(&text)) };
	buf_free(&text);
}

static void fill_value(struct evtx_decoder *d, const struct evtx_slot *slot, struct value *out)
{
	const struct evtx_instance *in = slot->in ? slot->in : d->instances[slot->ordinal];
	const struct evtx_value *v;

	if (slot->dependency < in->count && in->values[slot->dependency].type == EVTX_NULL) {
		*out = (struct value){ .kind = VALUE_ABSENT };
	} else if (slot->source == EVTX_SOURCE_VALUE) {
		v = evtx_instance_value(in, slot->index);
		if (v)
			evtx_value_read(&d->scratch, d->options.code_page, v, out);
		else
			*out = (struct value){ .kind = slot->optional ? VALUE_ABSENT : VALUE_NULL };
	} else if (slot->source == EVTX_SOURCE_TEXT) {
		*out = (struct value){ .kind = VALUE_TEXT, .bytes = slot->text };
	} else {
		fill_mixed(d, slot, in, out);
	}
}

timestamp evtx_plan_time(struct evtx_decoder *d, const struct evtx_plan *plan)
{
	struct value value;

	if (plan->time_slot == EVENT_NO_SLOT)
		return TIME_NONE;
	fill_value(d, &plan->slots[plan->time_slot], &value);
	if (value.kind == VALUE_TIME)
		return value.i;
	if (value.kind == VALUE_TEXT && timestamp_parse(value.bytes, &value.i))
		return value.i;
	return TIME_NONE;
}

bool evtx_record_event(const struct evtx_record *r, struct event *out, struct err *err)
{
	struct evtx_decoder *d = r->decoder;
	const struct evtx_plan *plan = d->plan ? d->plan : evtx_plan_find(d, r->root, err);

	if (!plan)
		return false;
	for (uint32_t i = 0; i < plan->shape->count; i++)
		fill_value(d, &plan->slots[i], &d->shapes.values[i]);
	*out = (struct event){ .shape = plan->shape, .values = d->shapes.values, .time = r->time,
			       .record_id = r->id, .offset = r->offset,
			       .recovered = r->recovered, .loose = plan->loose,
			       .loose_count = plan->loose_count };
	if (!d->has_fragment && !d->makes_texts && r->root->count)
		out->texts = span_of(r->root->values->at, r->root->bytes);
	return true;
}
