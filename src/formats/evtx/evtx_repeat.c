#include "formats/evtx/evtx_repeat.h"

#include "formats/evtx/evtx_decoder.h"

static const struct evtx_value *list_at(const struct binxml_node *node, const struct evtx_instance *in)
{
	const struct evtx_value *v = node->kind == BINXML_VALUE ? evtx_instance_value(in, node->index) : NULL;

	return v && (v->type & EVTX_ARRAY) && v->len ? v : NULL;
}

static bool too_long(struct evtx_sink *s)
{
	return err_set(s->err, ERR_LIMIT, ERR_NO_OFFSET, "a list is too long");
}

/* The items side by side, so that each turn finds its own at once. */
static bool split(struct evtx_sink *s, const struct evtx_value *list, struct evtx_repeat *out)
{
	uint8_t type = list->type & (uint8_t)~EVTX_ARRAY;
	struct evtx_value *items = NULL, *item;
	size_t count = 0, room = 0;

	for (struct span rest = evtx_value_span(list); rest.len; ) {
		struct span one = evtx_type_next(type, &rest);

		item = count < EVTX_LIST_MAX
		       ? arena_push(&s->d->scratch, (void **)&items, &count, &room, sizeof *item) : NULL;
		if (!item)
			return too_long(s);
		*item = (struct evtx_value){ .at = one.at, .len = (uint16_t)one.len, .type = type };
	}
	out->items = items;
	out->count = (uint32_t)count;
	return true;
}

static bool add_lists(struct evtx_sink *s, const struct binxml_node *content, const struct evtx_instance *in,
		      struct evtx_repeats **found)
{
	for (; content; content = content->next) {
		const struct evtx_value *list = list_at(content, in);
		struct evtx_repeat *one;

		if (!list)
			continue;
		if (!*found)
			*found = ARENA_NEW(&s->d->scratch, struct evtx_repeats);
		if (!*found || (*found)->count == EVTX_REPEATS_MAX)
			return too_long(s);
		one = &(*found)->lists[(*found)->count++];
		one->hole = content;
		if (!split(s, list, one))
			return false;
	}
	return true;
}

bool evtx_repeats_find(struct evtx_sink *s, const struct binxml_node *e, const struct evtx_instance *in,
		       const struct evtx_repeats **out)
{
	struct evtx_repeats *found = NULL;
	uint64_t turns = 1;

	if (!add_lists(s, e->content, in, &found))
		return false;
	for (const struct binxml_node *a = e->attributes; a; a = a->next)
		if (!add_lists(s, a->content, in, &found))
			return false;
	for (uint32_t i = found ? found->count : 0; i-- > 0; ) {
		found->lists[i].stays = (uint32_t)turns;
		turns *= found->lists[i].count;
		if (turns > EVTX_LIST_MAX)
			return too_long(s);
	}
	if (found)
		found->turns = (uint32_t)turns;
	*out = found;
	return true;
}

/* The item of the turn; NULL where the hole holds no list. */
static const struct evtx_value *item_at(const struct evtx_element *x, const struct binxml_node *hole)
{
	for (uint32_t i = 0; x->repeats && i < x->repeats->count; i++) {
		const struct evtx_repeat *list = &x->repeats->lists[i];

		if (list->hole == hole)
			return &list->items[x->turn / list->stays % list->count];
	}
	return NULL;
}

const struct evtx_value *evtx_element_value(const struct evtx_element *x, const struct binxml_node *hole)
{
	const struct evtx_value *item = item_at(x, hole);

	if (item)
		return item->len ? item : NULL;
	return evtx_instance_value(x->in, hole->index);
}

void evtx_element_write(struct evtx_sink *s, const struct evtx_element *x, const struct binxml_node *hole,
			enum evtx_mode mode)
{
	const struct evtx_value *item = item_at(x, hole);

	if (item)
		evtx_sink_element(s, item, mode);
	else
		evtx_sink_value(s, x->in, hole->index, mode);
}
