#include "formats/evtx/evtx_guess.h"

#include "formats/evtx/evtx_value.h"

/*
 * Where the values of System go, in the order of the document. The indices are
 * those of every template in corpora/evtx; those from PROVIDER_FROM on are taken
 * by other things in some.
 */
static const struct place {
	uint8_t index, type;		/* null is allowed as well */
	const char *element, *attribute;
} places[] = {
	{ 14, EVTX_STRING, "Provider", "Name" },
	{ 15, EVTX_GUID, "Provider", "Guid" },
	{ 3, EVTX_UINT16, "EventID", NULL },
	{ 4, EVTX_UINT16, "EventID", "Qualifiers" },
	{ 11, EVTX_UINT8, "Version", NULL },
	{ 0, EVTX_UINT8, "Level", NULL },
	{ 2, EVTX_UINT16, "Task", NULL },
	{ 1, EVTX_UINT8, "Opcode", NULL },
	{ 5, EVTX_HEX64, "Keywords", NULL },
	{ 6, EVTX_FILETIME, "TimeCreated", "SystemTime" },
	{ 10, EVTX_UINT64, "EventRecordID", NULL },
	{ 7, EVTX_GUID, "Correlation", "ActivityID" },
	{ 13, EVTX_GUID, "Correlation", "RelatedActivityID" },
	{ 8, EVTX_UINT32, "Execution", "ProcessID" },
	{ 9, EVTX_UINT32, "Execution", "ThreadID" },
	{ 16, EVTX_STRING, "Channel", NULL },
	{ 12, EVTX_SID, "Security", "UserID" },
};

#define PLACE_COUNT (sizeof places / sizeof *places)
#define RECORD_ID 10
#define PROVIDER_FROM 13
#define PROVIDER_NAME 14

/* Whether the values up to `end` have the types of System's. */
static bool fits_places(const struct evtx_instance *in, size_t end)
{
	if (in->count < end)
		return false;
	for (size_t i = 0; i < PLACE_COUNT; i++) {
		const struct evtx_value *v = &in->values[places[i].index];

		if (places[i].index < end && v->type != EVTX_NULL &&
		    (v->type != places[i].type || !evtx_type_fits(v->type, v->len)))
			return false;
	}
	return true;
}

/* How many of the values are System's. */
static size_t system_values(const struct evtx_instance *in, uint64_t record_id)
{
	if (!fits_places(in, PROVIDER_FROM) || in->values[RECORD_ID].type == EVTX_NULL ||
	    load_u64le(in->values[RECORD_ID].at) != record_id)
		return 0;
	return fits_places(in, PLACE_COUNT) && in->values[PROVIDER_NAME].type != EVTX_NULL
		? PLACE_COUNT : PROVIDER_FROM;
}

/* Appends a node; on want of memory the arena says so. */
static struct binxml_node *add(struct arena *arena, struct binxml_node **list,
			       enum binxml_kind kind, const char *name)
{
	static struct binxml_node nowhere;
	struct binxml_node *node = ARENA_NEW(arena, struct binxml_node);

	if (!node)
		return &nowhere;
	*node = (struct binxml_node){ .kind = kind, .name = span_text(name),
				      .dependency = BINXML_NO_DEPENDENCY };
	while (*list)
		list = &(*list)->next;
	*list = node;
	return node;
}

static void add_hole(struct arena *arena, struct binxml_node **list, size_t index)
{
	struct binxml_node *hole = ARENA_NEW(arena, struct binxml_node);

	if (!hole)
		return;
	*hole = (struct binxml_node){ .kind = BINXML_VALUE, .index = (uint16_t)index,
				      .optional = true, .dependency = BINXML_NO_DEPENDENCY };
	while (*list)
		list = &(*list)->next;
	*list = hole;
}

static struct binxml_node *element_called(struct binxml_node *list, const char *name)
{
	while (list && !span_eq(list->name, span_text(name)))
		list = list->next;
	return list;
}

static void add_system(struct arena *arena, struct binxml_node **event, size_t end)
{
	struct binxml_node *system = add(arena, event, BINXML_ELEMENT, "System");

	for (size_t i = 0; i < PLACE_COUNT && !arena->exhausted; i++) {
		const struct place *place = &places[i];
		struct binxml_node *e = element_called(system->content, place->element), *a;

		if (place->index >= end)
			continue;
		if (!e)
			e = add(arena, &system->content, BINXML_ELEMENT, place->element);
		if (place->attribute) {
			a = add(arena, &e->attributes, BINXML_ATTRIBUTE, place->attribute);
			add_hole(arena, &a->content, place->index);
		} else {
			add_hole(arena, &e->content, place->index);
		}
	}
}

/* The values from `from` on that are no binary XML, one <Data> each. */
static void add_data(struct arena *arena, struct binxml_node **list,
		     const struct evtx_instance *in, size_t from)
{
	struct binxml_node *last = NULL;

	for (size_t i = from; i < in->count && !arena->exhausted; i++) {
		struct binxml_node *data = NULL;

		if (in->values[i].nested || in->values[i].type == EVTX_NULL)
			continue;
		/* From the last one on, so that many values cost no search each. */
		add(arena, last ? &last->next : list, BINXML_ELEMENT, "Data");
		data = last ? last->next : *list;
		if (!data)
			return;
		add_hole(arena, &data->content, i);
		last = data;
	}
}

const struct binxml_node *evtx_guess(struct arena *arena, const struct evtx_instance *in,
				     uint32_t depth, uint64_t record_id)
{
	struct binxml_node *root = NULL, *event, *data = NULL;
	size_t system = depth == 0 ? system_values(in, record_id) : 0;

	event = add(arena, &root, BINXML_ELEMENT, depth == 0 ? "Event" : "EventData");
	add_data(arena, depth == 0 ? &data : &event->content, in, system);
	if (system)
		add_system(arena, &event->content, system);
	for (size_t i = 0; depth == 0 && i < in->count && !arena->exhausted; i++)
		if (in->values[i].nested)
			add_hole(arena, &event->content, i);
	if (data)
		add(arena, &event->content, BINXML_ELEMENT, "EventData")->content = data;
	return arena->exhausted ? NULL : root;
}
