#include <stdio.h>

#include "base/map.h"
#include "formats/evtx/evtx_decoder.h"
#include "formats/evtx/evtx_repeat.h"

/*
 * The shape is that of the crate evtx (docs/formats/evtx.md): an element is
 * null, a value, or an object of #attributes, #text and its child elements, of
 * which a second of the same name gets _1; but what is inside EventData is keyed
 * by the Name attribute.
 */

/* One member of an object to be. */
struct child {
	struct span key;
	struct evtx_element x;
	struct child *same;		/* next Data of the same key */
	bool data;			/* <Data> inside EventData */
	bool unnamed;			/* ... without a name */
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
static void parts(struct evtx_sink *s, const struct evtx_element *x, const struct binxml_node *list)
{
	for (; list; list = list->next) {
		const struct evtx_value *v;

		if (list->kind == BINXML_ENTITY)
			entity(s, list->name);
		else if (binxml_is_text(list))
			evtx_sink_text(s, list->text, EVTX_JSON_PART);
		else if (list->kind == BINXML_VALUE && (v = evtx_element_value(x, list)) && !v->nested)
			evtx_element_write(s, x, list, EVTX_JSON_PART);
	}
}

/* The hole that is all of a content but for elements, and has a value; else NULL. */
static const struct binxml_node *only_value(const struct evtx_element *x, const struct binxml_node *list)
{
	const struct binxml_node *only = NULL;
	const struct evtx_value *v;

	for (; list; list = list->next) {
		if (list->kind == BINXML_ELEMENT || list->kind == BINXML_INSTANCE ||
		    (list->kind == BINXML_VALUE && (v = evtx_element_value(x, list)) && v->nested))
			continue;
		if (only || list->kind != BINXML_VALUE)
			return NULL;
		only = list;
	}
	return only && evtx_element_value(x, only) ? only : NULL;
}

/* Content that is no element: one value as what it is, else a string. */
static void scalar(struct evtx_sink *s, const struct evtx_element *x, const struct binxml_node *list)
{
	const struct binxml_node *only = only_value(x, list);

	if (only) {
		evtx_element_write(s, x, only, EVTX_JSON_VALUE);
		return;
	}
	evtx_sink_raw(s, SPAN("\""));
	parts(s, x, list);
	evtx_sink_raw(s, SPAN("\""));
}

/* Whether characters come of it. */
static bool says_something(const struct evtx_element *x, const struct binxml_node *node)
{
	const struct evtx_value *v;

	if (node->kind == BINXML_VALUE)
		return (v = evtx_element_value(x, node)) && !v->nested && v->len;
	return node->kind == BINXML_ENTITY || (binxml_is_text(node) && node->text.len);
}

/* An attribute that says nothing is left out. */
static bool is_there(const struct evtx_element *x, const struct binxml_node *attribute)
{
	for (const struct binxml_node *part = attribute->content; part; part = part->next)
		if (says_something(x, part))
			return true;
	return false;
}

static void attributes(struct evtx_sink *s, const struct evtx_element *x)
{
	bool any = false;

	for (const struct binxml_node *a = x->e->attributes; a; a = a->next) {
		if (!is_there(x, a))
			continue;
		evtx_sink_raw(s, any ? SPAN(",\"") : SPAN("\"#attributes\":{\""));
		evtx_sink_text(s, a->name, EVTX_JSON_PART);
		evtx_sink_raw(s, SPAN("\":"));
		scalar(s, x, a->content);
		any = true;
	}
	evtx_sink_raw(s, SPAN("}"));
}

/* The list that is an element's whole content, or NULL; of one that comes in turns there is none. */
static const struct evtx_value *list_of(const struct evtx_element *x)
{
	const struct binxml_node *content = x->e->content;
	const struct evtx_value *v = NULL;

	if (!x->repeats && content && content->kind == BINXML_VALUE && !content->next)
		v = evtx_instance_value(x->in, content->index);
	return v && (v->type & EVTX_ARRAY) && v->len ? v : NULL;
}

/* The text of a Name attribute: literal, or out of the record. */
static struct span name_text(struct evtx_sink *s, const struct evtx_element *x, const struct binxml_node *name)
{
	struct buf text = buf_new(EVTX_CHUNK_SIZE * 8);
	struct evtx_sink own = { .d = s->d, .to = &text, .err = s->err };
	struct span kept;

	if (name->content && name->content->kind == BINXML_TEXT && !name->content->next)
		return name->content->text;
	s->once = true;
	parts(&own, x, name->content);
	kept = arena_copy(&s->d->scratch, buf_span(&text));
	buf_free(&text);
	return kept;
}

static bool push(struct evtx_sink *s, struct children *to, const struct evtx_element *x)
{
	struct child *c = arena_push(&s->d->scratch, (void **)&to->items, &to->count, &to->room, sizeof *c);
	const struct binxml_node *name;

	if (!c)
		return err_set(s->err, ERR_LIMIT, ERR_NO_OFFSET, "record needs too much memory");
	*c = (struct child){ .key = x->e->name, .x = *x };
	c->data = to->in_data && span_eq(x->e->name, SPAN("Data"));
	if (!c->data)
		return true;
	name = binxml_attribute(x->e, SPAN("Name"));
	if (name)
		c->key = name_text(s, x, name);
	c->unnamed = !name || !c->key.len;
	if (c->unnamed)
		c->key = x->e->name;
	return true;
}

/* Data whose whole content is a list has that list as its value. */
static bool is_list_of_data(const struct children *to, const struct evtx_element *x, const struct evtx_repeats *lists)
{
	return to->in_data && span_eq(x->e->name, SPAN("Data")) && list_of(x) && lists->count == 1;
}

static bool push_element(struct evtx_sink *s, struct children *to, const struct binxml_node *e,
			 const struct evtx_instance *in, uint32_t depth)
{
	struct evtx_element x = { .e = e, .in = in };
	const struct evtx_repeats *lists;

	if (!evtx_repeats_find(s, e, in, &lists))
		return false;
	if (!lists || is_list_of_data(to, &x, lists))
		return push(s, to, &x);
	s->once = true;
	x.repeats = lists;
	for (; x.turn < lists->turns; x.turn++)
		if (!evtx_sink_step(s, depth) || !push(s, to, &x))
			return false;
	return true;
}

/* What content brings; `x` is the element whose it is. */
static bool collect(struct evtx_sink *s, struct children *to, const struct binxml_node *list,
		    const struct evtx_element *x, uint32_t depth)
{
	for (; list; list = list->next) {
		const struct evtx_value *v = list->kind == BINXML_VALUE ? evtx_element_value(x, list) : NULL;
		const struct evtx_instance *inner = v ? v->nested : NULL;

		if (!evtx_sink_step(s, depth))
			return false;
		if (list->kind == BINXML_INSTANCE)
			inner = list->instance;
		to->has_text |= says_something(x, list);
		if (list->kind == BINXML_ELEMENT && !evtx_is_left_out(list, x->in) &&
		    !push_element(s, to, list, x->in, depth))
			return false;
		if (inner && !collect(s, to, inner->root, &(struct evtx_element){ .in = inner }, depth + 1))
			return false;
	}
	return true;
}

/* Who has a key so far. */
struct key_use {
	struct child *data;	/* the last Data */
	uint32_t count;		/* members; all Data are one */
};

/* Finds out which children share a key. */
static bool pair_up(struct evtx_sink *s, struct children *all)
{
	struct map seen = map_new(&s->d->scratch);

	for (size_t i = 0; all->count > 1 && i < all->count; i++) {
		struct child *c = &all->items[i];
		void **slot = map_slot(&seen, c->key);
		struct key_use *use;

		if (slot && !*slot)
			*slot = ARENA_NEW(&s->d->scratch, struct key_use);
		if (!slot || !*slot)
			return err_set(s->err, ERR_LIMIT, ERR_NO_OFFSET, "record needs too much memory");
		use = *slot;
		c->taken = c->data && use->data;
		if (c->taken)
			use->data->same = c;
		else
			c->number = use->count++;
		if (c->data)
			use->data = c;
	}
	return true;
}

static void key(struct evtx_sink *s, const struct child *c, bool first)
{
	char suffix[16];

	evtx_sink_raw(s, first ? SPAN("\"") : SPAN(",\""));
	evtx_sink_text(s, c->key, EVTX_JSON_PART);
	if (c->number) {
		snprintf(suffix, sizeof suffix, "_%u", c->number);
		evtx_sink_raw(s, span_text(suffix));
	}
	evtx_sink_raw(s, SPAN("\":"));
}

/* The value of Data: null and empty are "", a list is a list. */
static bool data_value(struct evtx_sink *s, const struct child *c, uint32_t depth)
{
	struct children inner = { 0 };

	if (!collect(s, &inner, c->x.e->content, &c->x, depth + 1))
		return false;
	if (inner.count)
		return json_element(s, c, depth);
	scalar(s, &c->x, c->x.e->content);
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

/* All Data of one key. */
static bool same_key(struct evtx_sink *s, const struct child *c, uint32_t depth)
{
	bool many = c->same != NULL, unnamed = c->unnamed;

	evtx_sink_raw(s, unnamed ? SPAN("{\"#text\":") : SPAN(""));
	evtx_sink_raw(s, many ? SPAN("[") : SPAN(""));
	for (bool first = true; c; c = c->same, first = false) {
		const struct evtx_value *list = many ? list_of(&c->x) : NULL;

		if (!first)
			evtx_sink_raw(s, SPAN(","));
		if (list)
			spread(s, list);
		else if (!data_value(s, c, depth))
			return false;
	}
	evtx_sink_raw(s, many ? SPAN("]") : SPAN(""));
	evtx_sink_raw(s, unnamed ? SPAN("}") : SPAN(""));
	return true;
}

static bool members(struct evtx_sink *s, const struct children *all, bool first, uint32_t depth)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct child *c = &all->items[i];

		if (c->taken)
			continue;
		key(s, c, first);
		first = false;
		if (c->data ? !same_key(s, c, depth) : !json_element(s, c, depth + 1))
			return false;
	}
	return true;
}

/* Those of Data are not told: the name is its key. */
static bool has_attributes(const struct child *c)
{
	for (const struct binxml_node *a = c->data ? NULL : c->x.e->attributes; a; a = a->next)
		if (is_there(&c->x, a))
			return true;
	return false;
}

static bool json_element(struct evtx_sink *s, const struct child *c, uint32_t depth)
{
	const struct binxml_node *e = c->x.e;
	struct children all = { .in_data = span_eq(e->name, SPAN("EventData")) };
	bool any = has_attributes(c);

	if (!evtx_sink_step(s, depth) || !collect(s, &all, e->content, &c->x, depth + 1) || !pair_up(s, &all))
		return false;
	if (!all.count && !any) {
		if (all.has_text)
			scalar(s, &c->x, e->content);
		else
			evtx_sink_raw(s, SPAN("null"));
		return true;
	}
	evtx_sink_raw(s, SPAN("{"));
	if (any)
		attributes(s, &c->x);
	if (all.has_text) {
		evtx_sink_raw(s, any ? SPAN(",\"#text\":") : SPAN("\"#text\":"));
		scalar(s, &c->x, e->content);
		any = true;
	}
	if (!members(s, &all, !any, depth))
		return false;
	evtx_sink_raw(s, SPAN("}"));
	return true;
}

static bool json_walk(struct evtx_sink *s, const struct evtx_instance *root)
{
	const struct evtx_element outside = { .in = root };
	struct children all = { 0 };

	if (!collect(s, &all, root->root, &outside, 0) || !pair_up(s, &all))
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
