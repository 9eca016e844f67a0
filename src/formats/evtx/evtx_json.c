#include <stdio.h>

#include "base/map.h"
#include "formats/evtx/evtx_decoder.h"
#include "formats/evtx/evtx_render.h"

/*
 * The shape is that of the crate evtx (docs/formats/evtx.md): an element is
 * null, a value, or an object of #attributes, #text and its child elements, of
 * which a second of the same name gets _1; but what is inside EventData is keyed
 * by the Name attribute.
 */

/* One member of an object to be. */
struct child {
	struct span key;
	const struct binxml_node *e;
	const struct evtx_instance *in;
	const struct evtx_value *item;	/* the element stands for one item of a list */
	struct child *same;		/* next of the same key */
	bool unnamed;			/* <Data> without a name, inside EventData */
	bool taken;			/* written with an earlier one */
	uint32_t number;		/* 1: the second of its key */
};

struct children {
	struct child *items;
	size_t count, room;
	bool has_text;
	bool in_data;			/* of EventData */
};

static bool json_element(struct evtx_sink *s, const struct child *c, uint32_t depth);

static void entity(struct evtx_sink *s, struct span name)
{
	struct span known = binxml_entity(name);

	if (known.len) {
		evtx_sink_text(s, known, EVTX_JSON_PART);
		return;
	}
	evtx_sink_text(s, SPAN("&"), EVTX_JSON_PART);
	evtx_sink_text(s, name, EVTX_JSON_PART);
	evtx_sink_text(s, SPAN(";"), EVTX_JSON_PART);
}

/* Texts and values of content, without quotes. */
static void parts(struct evtx_sink *s, const struct binxml_node *list,
		  const struct evtx_instance *in)
{
	for (; list; list = list->next) {
		const struct evtx_value *v;

		if (list->kind == BINXML_ENTITY)
			entity(s, list->name);
		else if (binxml_is_text(list))
			evtx_sink_text(s, list->text, EVTX_JSON_PART);
		else if (list->kind == BINXML_VALUE &&
			 (v = evtx_instance_value(in, list->index)) && !v->nested)
			evtx_sink_value(s, in, list->index, EVTX_JSON_PART);
	}
}

/* Content that is no element: one value as what it is, else a string. */
static void scalar(struct evtx_sink *s, const struct binxml_node *list,
		   const struct evtx_instance *in)
{
	if (list && list->kind == BINXML_VALUE && !list->next &&
	    evtx_instance_value(in, list->index)) {
		evtx_sink_value(s, in, list->index, EVTX_JSON_VALUE);
		return;
	}
	evtx_sink_raw(s, SPAN("\""));
	parts(s, list, in);
	evtx_sink_raw(s, SPAN("\""));
}

/* An attribute without a value is left out. */
static bool is_there(const struct binxml_node *attribute, const struct evtx_instance *in)
{
	const struct binxml_node *content = attribute->content;
	const struct evtx_value *v;

	if (!content || content->next || content->kind != BINXML_VALUE)
		return true;
	v = evtx_instance_value(in, content->index);
	return v && v->len;
}

static bool attributes(struct evtx_sink *s, const struct binxml_node *e,
		       const struct evtx_instance *in)
{
	bool any = false;

	for (const struct binxml_node *a = e->attributes; a; a = a->next) {
		if (!is_there(a, in))
			continue;
		evtx_sink_raw(s, any ? SPAN(",\"") : SPAN("\"#attributes\":{\""));
		evtx_sink_text(s, a->name, EVTX_JSON_PART);
		evtx_sink_raw(s, SPAN("\":"));
		scalar(s, a->content, in);
		any = true;
	}
	if (any)
		evtx_sink_raw(s, SPAN("}"));
	return any;
}

static struct child *push(struct evtx_sink *s, struct children *to, const struct binxml_node *e,
			  const struct evtx_instance *in)
{
	struct child *c = arena_push(&s->d->scratch, (void **)&to->items, &to->count, &to->room,
				     sizeof *c);

	if (!c) {
		err_set(s->err, ERR_LIMIT, ERR_NO_OFFSET, "record needs too much memory");
		return NULL;
	}
	*c = (struct child){ .key = e->name, .e = e, .in = in };
	return c;
}

/* The list that is an element's whole content, or NULL. */
static const struct evtx_value *list_of(const struct binxml_node *e,
					const struct evtx_instance *in)
{
	const struct evtx_value *v = NULL;

	if (e->content && e->content->kind == BINXML_VALUE && !e->content->next)
		v = evtx_instance_value(in, e->content->index);
	return v && (v->type & EVTX_ARRAY) && v->len ? v : NULL;
}

/* Outside EventData a list repeats its element. */
static bool push_items(struct evtx_sink *s, struct children *to, const struct binxml_node *e,
		       const struct evtx_instance *in, const struct evtx_value *list)
{
	uint8_t type = list->type & (uint8_t)~EVTX_ARRAY;
	struct span rest = evtx_value_span(list);
	uint32_t count = 0;

	s->once = true;
	while (rest.len) {
		struct evtx_value *item = ARENA_NEW(&s->d->scratch, struct evtx_value);
		struct child *c = item ? push(s, to, e, in) : NULL;
		struct span one = evtx_type_next(type, &rest);

		if (!c || count++ >= EVTX_LIST_MAX)
			return err_set(s->err, ERR_LIMIT, ERR_NO_OFFSET, "a list is too long");
		*item = (struct evtx_value){ .at = one.at, .len = (uint16_t)one.len, .type = type };
		c->item = item;
	}
	return true;
}

/* The text of a Name attribute: literal, or out of the record. */
static struct span name_text(struct evtx_sink *s, const struct binxml_node *name,
			     const struct evtx_instance *in)
{
	struct buf text = buf_new(EVTX_CHUNK_SIZE * 8);
	struct evtx_sink own = { .d = s->d, .to = &text, .err = s->err };
	struct span kept;

	if (name->content && name->content->kind == BINXML_TEXT && !name->content->next)
		return name->content->text;
	s->once = true;
	parts(&own, name->content, in);
	kept = arena_copy(&s->d->scratch, buf_span(&text));
	buf_free(&text);
	return kept;
}

static bool push_element(struct evtx_sink *s, struct children *to, const struct binxml_node *e,
			 const struct evtx_instance *in)
{
	const struct binxml_node *name;
	const struct evtx_value *list = list_of(e, in);
	struct child *c;

	if (!to->in_data || !span_eq(e->name, SPAN("Data")))
		return list ? push_items(s, to, e, in, list) : push(s, to, e, in) != NULL;
	c = push(s, to, e, in);
	if (!c)
		return false;
	name = binxml_attribute(e, SPAN("Name"));
	if (name)
		c->key = name_text(s, name, in);
	c->unnamed = !name || !c->key.len;
	if (c->unnamed)
		c->key = e->name;
	return true;
}

static bool collect(struct evtx_sink *s, struct children *to, const struct binxml_node *list,
		    const struct evtx_instance *in, uint32_t depth)
{
	for (; list; list = list->next) {
		const struct evtx_value *v = NULL;

		if (!evtx_sink_step(s, depth))
			return false;
		if (list->kind == BINXML_VALUE)
			v = evtx_instance_value(in, list->index);
		to->has_text |= binxml_is_text(list) || (v && !v->nested && v->len);
		if (list->kind == BINXML_ELEMENT && !evtx_is_left_out(list, in) &&
		    !push_element(s, to, list, in))
			return false;
		if (list->kind == BINXML_INSTANCE &&
		    !collect(s, to, list->instance->root, list->instance, depth + 1))
			return false;
		if (v && v->nested && !collect(s, to, v->nested->root, v->nested, depth + 1))
			return false;
	}
	return true;
}

/* Finds out which children share a key. */
static bool pair_up(struct evtx_sink *s, struct children *all)
{
	struct map seen = map_new(&s->d->scratch);

	for (size_t i = 0; all->count > 1 && i < all->count; i++) {
		struct child *c = &all->items[i], *first;
		void **slot = map_slot(&seen, c->key);

		if (!slot)
			return err_set(s->err, ERR_LIMIT, ERR_NO_OFFSET,
				       "record needs too much memory");
		first = *slot;
		if (first && all->in_data) {
			c->number = first->number + 1;
			first->same = c;
		} else if (first) {
			c->number = first->number + 1;
		}
		*slot = c;
	}
	/* Of each key in EventData the first stands for all. */
	for (size_t i = 0; all->in_data && i < all->count; i++)
		all->items[i].taken = all->items[i].number > 0;
	return true;
}

static void key(struct evtx_sink *s, const struct child *c, bool first, bool in_data)
{
	char suffix[16];

	evtx_sink_raw(s, first ? SPAN("\"") : SPAN(",\""));
	evtx_sink_text(s, c->key, EVTX_JSON_PART);
	if (c->number && !in_data) {
		snprintf(suffix, sizeof suffix, "_%u", c->number);
		evtx_sink_raw(s, span_text(suffix));
	}
	evtx_sink_raw(s, SPAN("\":"));
}

/* The value of Data: null and empty are "", a list is a list. */
static bool data_value(struct evtx_sink *s, const struct child *c, uint32_t depth)
{
	struct children inner = { 0 };

	if (!collect(s, &inner, c->e->content, c->in, depth + 1))
		return false;
	if (inner.count) {
		struct child plain = *c;

		return json_element(s, &plain, depth);
	}
	scalar(s, c->e->content, c->in);
	return true;
}

/* The items of a list without its brackets, for a list made of several Data. */
static void spread(struct evtx_sink *s, const struct evtx_value *list)
{
	uint8_t type = list->type & (uint8_t)~EVTX_ARRAY;
	struct span rest = evtx_value_span(list);

	for (bool first = true; rest.len; first = false) {
		struct span one = evtx_type_next(type, &rest);
		const struct evtx_value item = { .at = one.at, .len = (uint16_t)one.len,
						 .type = type };

		if (!first)
			evtx_sink_raw(s, SPAN(","));
		evtx_sink_element(s, &item, EVTX_JSON_VALUE);
	}
}

static bool same_key(struct evtx_sink *s, const struct child *c, uint32_t depth)
{
	bool many = c->same != NULL, fits = true;

	if (c->unnamed)
		evtx_sink_raw(s, SPAN("{\"#text\":"));
	if (many)
		evtx_sink_raw(s, SPAN("["));
	for (bool first = true; c && fits; c = c->same, first = false) {
		const struct evtx_value *list = list_of(c->e, c->in);

		if (!first)
			evtx_sink_raw(s, SPAN(","));
		if (list && many)
			spread(s, list);
		else if (span_eq(c->e->name, SPAN("Data")))
			fits = data_value(s, c, depth);
		else
			fits = json_element(s, c, depth);
		if (!c->same)
			break;
	}
	if (many)
		evtx_sink_raw(s, SPAN("]"));
	return fits;
}

static bool event_data(struct evtx_sink *s, const struct children *all, bool first, uint32_t depth)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct child *c = &all->items[i];

		if (c->taken)
			continue;
		key(s, c, first, true);
		first = false;
		if (!same_key(s, c, depth))
			return false;
		if (c->unnamed)
			evtx_sink_raw(s, SPAN("}"));
	}
	return true;
}

static bool members(struct evtx_sink *s, const struct children *all, bool first, uint32_t depth)
{
	if (all->in_data)
		return event_data(s, all, first, depth);
	for (size_t i = 0; i < all->count; i++) {
		key(s, &all->items[i], first, false);
		first = false;
		if (!json_element(s, &all->items[i], depth + 1))
			return false;
	}
	return true;
}

static bool has_attributes(const struct binxml_node *e, const struct evtx_instance *in)
{
	for (const struct binxml_node *a = e->attributes; a; a = a->next)
		if (is_there(a, in))
			return true;
	return false;
}

static bool json_element(struct evtx_sink *s, const struct child *c, uint32_t depth)
{
	struct children all = { .in_data = span_eq(c->e->name, SPAN("EventData")) };
	bool any;

	if (c->item) {
		all.has_text = true;
	} else if (!evtx_sink_step(s, depth) ||
		   !collect(s, &all, c->e->content, c->in, depth + 1) || !pair_up(s, &all)) {
		return false;
	}
	if (!all.count && !has_attributes(c->e, c->in)) {
		if (c->item)
			evtx_sink_element(s, c->item, EVTX_JSON_VALUE);
		else if (all.has_text)
			scalar(s, c->e->content, c->in);
		else
			evtx_sink_raw(s, SPAN("null"));
		return true;
	}
	evtx_sink_raw(s, SPAN("{"));
	any = attributes(s, c->e, c->in);
	if (all.has_text) {
		evtx_sink_raw(s, any ? SPAN(",\"#text\":") : SPAN("\"#text\":"));
		if (c->item)
			evtx_sink_element(s, c->item, EVTX_JSON_VALUE);
		else
			scalar(s, c->e->content, c->in);
		any = true;
	}
	if (!members(s, &all, !any, depth))
		return false;
	evtx_sink_raw(s, SPAN("}"));
	return true;
}

static bool json_walk(struct evtx_sink *s, const struct evtx_instance *root)
{
	struct children all = { 0 };

	if (!collect(s, &all, root->root, root, 0) || !pair_up(s, &all))
		return false;
	evtx_sink_raw(s, SPAN("{"));
	if (!members(s, &all, true, 0))
		return false;
	evtx_sink_raw(s, SPAN("}"));
	return true;
}

bool evtx_record_json(const struct evtx_record *r, struct buf *to, struct err *err)
{
	return evtx_render(r, 'j', json_walk, to, err);
}
