#include "codec/yaml.h"

#include "base/map.h"

#include <yaml.h>

#define DEPTH_MAX 64
#define NODES_MAX 1000000
#define LOOKED_THROUGH 256

struct level {
	struct yaml_node *node;
	struct yaml_node *last;		/* child */
	struct span key;
	uint32_t key_line, key_column;
	bool have_key;
	bool merges;			/* has a key << */
	bool may_double;		/* a key may stand there twice */
};

struct load {
	struct arena *arena;
	yaml_parser_t parser;
	struct map anchors;
	struct yaml_limits limits;
	struct level stack[DEPTH_MAX];
	uint32_t depth;
	struct yaml_node *document;
	struct yaml_double *doubles, *last_double;	/* of the document */
	struct yaml_place *place;
	struct err *err;
};

static bool fault(struct load *l, const yaml_mark_t *mark, enum err_code code, const char *reason)
{
	*l->place = (struct yaml_place){ (uint32_t)mark->line + 1, (uint32_t)mark->column + 1 };
	return err_set(l->err, code, mark->index, "%s", reason);
}

static bool no_memory(struct load *l)
{
	return err_set(l->err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
}

static struct yaml_node *new_node(struct load *l, enum yaml_kind kind, const yaml_mark_t *mark)
{
	struct yaml_node *node = ARENA_NEW(l->arena, struct yaml_node);

	if (!node)
		return NULL;
	node->kind = kind;
	node->weight = 1;
	node->line = (uint32_t)mark->line + 1;
	node->column = (uint32_t)mark->column + 1;
	return node;
}

/* A scalar in key position waits in the level for its value. */
static bool take_key(struct load *l, struct yaml_node *node, const yaml_mark_t *mark)
{
	struct level *top = &l->stack[l->depth - 1];

	if (node->kind != YAML_SCALAR)
		return fault(l, mark, ERR_UNSUPPORTED, "a key that is not a scalar");
	/* Only in maps of the size that people write: the search is linear. */
	top->may_double |= top->node->count >= LOOKED_THROUGH;
	for (const struct yaml_node *n = top->may_double ? NULL : top->node->first; n; n = n->next)
		top->may_double |= span_eq(n->key, node->text);
	top->merges |= node->plain && span_eq(node->text, SPAN("<<"));
	top->key = node->text;
	top->key_line = node->line;
	top->key_column = node->column;
	top->have_key = true;
	return true;
}

/* `weight` of a node still open grows as its children close. */
static bool attach(struct load *l, struct yaml_node *node, const yaml_mark_t *mark)
{
	struct level *top;

	if (l->depth == 0) {
		l->document = node;
		return true;
	}
	top = &l->stack[l->depth - 1];
	if (top->node->kind == YAML_MAP && !top->have_key)
		return take_key(l, node, mark);
	node->key = top->key;
	node->key_line = top->key_line;
	node->key_column = top->key_column;
	top->have_key = false;
	if (top->last)
		top->last->next = node;
	else
		top->node->first = node;
	top->last = node;
	top->node->count++;
	return true;
}

static bool add_weight(struct load *l, uint32_t weight, const yaml_mark_t *mark)
{
	if (l->depth == 0)
		return true;
	for (uint32_t i = 0; i < l->depth; i++) {
		struct yaml_node *node = l->stack[i].node;

		if (weight > l->limits.nodes || node->weight > l->limits.nodes - weight)
			return fault(l, mark, ERR_LIMIT, "too many nodes in one document");
		node->weight += weight;
	}
	return true;
}

static bool set_anchor(struct load *l, const yaml_char_t *anchor, struct yaml_node *node)
{
	void **slot;

	if (!anchor)
		return true;
	slot = map_slot(&l->anchors, arena_copy(l->arena, span_text((const char *)anchor)));
	if (!slot)
		return no_memory(l);
	*slot = node;
	return true;
}

/* A tag says what a scalar is, whatever its quotes. */
static bool is_plain(const yaml_event_t *event)
{
	const char *tag = (const char *)event->data.scalar.tag;

	if (!tag)
		return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return strcmp(tag, "!") != 0 && strcmp(tag, YAML_STR_TAG) != 0;
}

static bool on_scalar(struct load *l, const yaml_event_t *event)
{
	struct yaml_node *node = new_node(l, YAML_SCALAR, &event->start_mark);

	if (!node)
		return no_memory(l);
	node->text = arena_copy(l->arena, span_of(event->data.scalar.value, event->data.scalar.length));
	node->plain = is_plain(event);
	return set_anchor(l, event->data.scalar.anchor, node) &&
	       add_weight(l, 1, &event->start_mark) && attach(l, node, &event->start_mark);
}

static bool on_start(struct load *l, enum yaml_kind kind, const yaml_char_t *anchor,
		     const yaml_mark_t *mark)
{
	struct yaml_node *node = new_node(l, kind, mark);

	if (!node)
		return no_memory(l);
	if (l->depth >= l->limits.depth)
		return fault(l, mark, ERR_LIMIT, "nested too deep");
	if (!set_anchor(l, anchor, node) || !add_weight(l, 1, mark) || !attach(l, node, mark))
		return false;
	l->stack[l->depth++] = (struct level){ .node = node };
	return true;
}

static bool on_alias(struct load *l, const yaml_event_t *event)
{
	const struct yaml_node *target = map_get(&l->anchors,
						 span_text((const char *)event->data.alias.anchor));
	struct yaml_node *node;

	if (!target)
		return fault(l, &event->start_mark, ERR_CORRUPT, "an alias without its anchor");
	for (uint32_t i = 0; i < l->depth; i++)
		if (l->stack[i].node == target)
			return fault(l, &event->start_mark, ERR_CORRUPT, "an alias within its anchor");
	node = new_node(l, target->kind, &event->start_mark);
	if (!node)
		return no_memory(l);
	*node = *target;
	node->next = NULL;
	return add_weight(l, target->weight, &event->start_mark) &&
	       attach(l, node, &event->start_mark);
}

/* The members of one map into another, unless it has their keys; `known` are its own. */
static bool merge_map(struct load *l, struct map *known, struct yaml_node *into, struct yaml_node **last,
		      const struct yaml_node *from)
{
	for (const struct yaml_node *n = from->first; n; n = n->next) {
		void **slot = map_slot(known, n->key);
		struct yaml_node *copy;

		if (!slot)
			return no_memory(l);
		if (*slot)
			continue;
		copy = ARENA_NEW(l->arena, struct yaml_node);
		if (!copy)
			return no_memory(l);
		*copy = *n;
		copy->next = NULL;
		*slot = copy;
		if (*last)
			(*last)->next = copy;
		else
			into->first = copy;
		*last = copy;
		into->count++;
	}
	return true;
}

static bool merge_base(struct load *l, struct map *known, struct yaml_node *into, struct yaml_node **last,
		       const struct yaml_node *base)
{
	if (base->kind == YAML_MAP)
		return merge_map(l, known, into, last, base);
	for (const struct yaml_node *n = base->kind == YAML_LIST ? base->first : NULL; n; n = n->next)
		if (n->kind == YAML_MAP && !merge_map(l, known, into, last, n))
			return false;
	return true;
}

/* What "<<: *base" or a list of such gives to the map, behind its own members; of several the last is first. */
static bool merge(struct load *l, struct yaml_node *map)
{
	struct yaml_node *first = (struct yaml_node *)(uintptr_t)map->first, *last = NULL, *next;
	const struct yaml_node *bases = NULL;
	struct map known = map_new(l->arena);

	map->first = NULL;
	map->count = 0;
	for (struct yaml_node *n = first; n; n = next) {
		void **slot = map_slot(&known, n->key);

		next = (struct yaml_node *)(uintptr_t)n->next;
		if (!slot)
			return no_memory(l);
		if (span_eq(n->key, SPAN("<<"))) {
			n->next = bases;
			bases = n;
			continue;
		}
		*slot = n;
		n->next = NULL;
		if (last)
			last->next = n;
		else
			map->first = n;
		last = n;
		map->count++;
	}
	for (const struct yaml_node *n = bases; n; n = n->next)
		if (!merge_base(l, &known, map, &last, n))
			return false;
	return true;
}

static bool add_double(struct load *l, const struct yaml_node *lost, const struct yaml_node *kept)
{
	struct yaml_double *d = ARENA_NEW(l->arena, struct yaml_double);

	if (!d)
		return no_memory(l);
	*d = (struct yaml_double){ lost->key, { lost->key_line, lost->key_column },
				   { kept->key_line, kept->key_column }, NULL };
	if (l->last_double)
		l->last_double->next = d;
	else
		l->doubles = d;
	l->last_double = d;
	if (!l->limits.keys_once)
		return true;
	*l->place = d->kept;
	return err_set(l->err, ERR_CORRUPT, ERR_NO_OFFSET, "the same key twice in one map");
}

/* Of the members of one key only the last stays; every << does. */
static bool keep_last(struct load *l, const struct level *level)
{
	struct yaml_node *map = level->node, *last = NULL, *next;
	struct yaml_node *first = (struct yaml_node *)(uintptr_t)map->first;
	struct map by_key = map_new(l->arena);

	for (struct yaml_node *n = first; n; n = (struct yaml_node *)(uintptr_t)n->next) {
		void **slot = map_slot(&by_key, n->key);

		if (!slot)
			return no_memory(l);
		*slot = n;
	}
	map->count = 0;
	for (struct yaml_node *n = first; n; n = next) {
		const struct yaml_node *kept = map_get(&by_key, n->key);

		next = (struct yaml_node *)(uintptr_t)n->next;
		n->next = NULL;
		if (kept != n && !(level->merges && span_eq(n->key, SPAN("<<")))) {
			if (!add_double(l, n, kept))
				return false;
			continue;
		}
		if (last)
			last->next = n;
		else
			map->first = n;
		last = n;
		map->count++;
	}
	return true;
}

static bool on_end(struct load *l)
{
	const struct level *level = &l->stack[--l->depth];

	return (!level->may_double || keep_last(l, level)) && (!level->merges || merge(l, level->node));
}

static bool on_event(struct load *l, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(l, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(l, YAML_LIST, event->data.sequence_start.anchor, &event->start_mark);
	case YAML_MAPPING_START_EVENT:
		return on_start(l, YAML_MAP, event->data.mapping_start.anchor, &event->start_mark);
	case YAML_ALIAS_EVENT:
		return on_alias(l, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(l);
	default:
		return true;
	}
}

static bool parser_fault(struct load *l)
{
	yaml_mark_t mark = l->parser.problem_mark;

	if (l->parser.error == YAML_READER_ERROR)
		mark = (yaml_mark_t){ .index = l->parser.problem_offset, .line = l->parser.mark.line };
	return fault(l, &mark, ERR_CORRUPT, l->parser.problem ? l->parser.problem : "not YAML");
}

static bool load_documents(struct load *l, const struct yaml_node **first)
{
	struct yaml_node *last = NULL;
	bool ok = true, end = false;

	while (ok && !end) {
		yaml_event_t event;

		if (!yaml_parser_parse(&l->parser, &event))
			return parser_fault(l);
		if (event.type == YAML_DOCUMENT_START_EVENT) {
			l->document = NULL;
			l->doubles = l->last_double = NULL;
			l->anchors = map_new(l->arena);
		}
		ok = on_event(l, &event);
		if (ok && event.type == YAML_DOCUMENT_END_EVENT && l->document) {
			if (last)
				last->next = l->document;
			else
				*first = l->document;
			last = l->document;
			last->doubles = l->doubles;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	return ok;
}

bool yaml_parse(struct arena *arena, struct span text, const struct yaml_limits *limits,
		const struct yaml_node **first, struct yaml_place *place, struct err *err)
{
	struct load l = { .arena = arena, .place = place, .err = err };
	bool ok;

	*first = NULL;
	*place = (struct yaml_place){ 1, 1 };
	if (limits)
		l.limits = *limits;
	if (l.limits.depth == 0 || l.limits.depth > DEPTH_MAX)
		l.limits.depth = DEPTH_MAX;
	if (l.limits.nodes == 0)
		l.limits.nodes = NODES_MAX;
	if (!yaml_parser_initialize(&l.parser))
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	yaml_parser_set_input_string(&l.parser, text.at ? text.at : (const uint8_t *)"", text.len);
	ok = load_documents(&l, first);
	yaml_parser_delete(&l.parser);
	return ok;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	struct span wanted = span_text(key);

	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml_node *n = map->first; n; n = n->next)
		if (span_eq(n->key, wanted))
			return n;
	return NULL;
}

struct span yaml_get_text(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);

	return node && node->kind == YAML_SCALAR ? node->text : (struct span){ 0 };
}
