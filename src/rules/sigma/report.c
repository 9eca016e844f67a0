#include "rules/sigma/scan.h"

#include "codec/json_write.h"

#define VALUE_MAX 2048
#define DETAIL_VALUE_MAX 512
#define DETAIL_TOTAL_MAX 6144
#define FIELDS_MAX 64

/* Slots already told, so that a field stands there once. */
struct told {
	uint32_t slots[FIELDS_MAX];
	uint32_t count;
};

static bool tell(struct told *told, uint32_t slot)
{
	for (uint32_t i = 0; i < told->count; i++)
		if (told->slots[i] == slot)
			return false;
	if (told->count == FIELDS_MAX)
		return false;
	told->slots[told->count++] = slot;
	return true;
}

/* Cut at a character, so that no half of one is shown. */
static struct span cut(struct span text, size_t most)
{
	if (text.len <= most)
		return text;
	while (most && (text.at[most] & 0xc0) == 0x80)
		most--;
	return span_sub(text, 0, most);
}

static void write_value(struct sigma_scanner *s, struct json_write *w, uint32_t slot, size_t most)
{
	const struct view *view = view_text(s, slot);

	if (view->count == 1) {
		json_span(w, cut(view->pieces[0].text, most));
		return;
	}
	json_array(w);
	for (uint32_t i = 0; i < view->count && i < 16; i++)
		json_span(w, cut(view->pieces[i].text, most / 4));
	json_array_end(w);
}

/* The slot whose value makes the predicate hold. */
static uint32_t holding_slot(struct sigma_scanner *s, const struct pred *pred)
{
	struct pred one = *pred;
	uint32_t slot = EVENT_NO_SLOT;
	uint32_t saved;

	if (pred->field != SIGMA_FIELD_ANY)
		return s->slots[pred->field];
	/* A keyword: ask slot by slot, as if each were a field of its own. */
	for (uint32_t i = 0; slot == EVENT_NO_SLOT && i < s->event->shape->count; i++) {
		uint32_t *slots = (uint32_t *)(uintptr_t)s->slots;

		one.field = s->set->field_count;	/* the spare entry of a slot table */
		saved = slots[one.field];
		slots[one.field] = i;
		if (pred_holds(s, &one))
			slot = i;
		slots[one.field] = saved;
	}
	return slot;
}

static void write_matched(struct sigma_scanner *s, struct json_write *w, struct told *told,
			  const struct node *node)
{
	uint32_t slot;

	switch (node->kind) {
	case NODE_PRED:
		slot = holding_slot(s, node->pred);
		if (slot == EVENT_NO_SLOT || !tell(told, slot))
			return;
		json_key_span(w, s->event->shape->names[slot]);
		write_value(s, w, slot, VALUE_MAX);
		return;
	case NODE_AND:
		for (uint32_t i = 0; i < node->count; i++)
			write_matched(s, w, told, node->kids[i]);
		return;
	case NODE_OR:
		for (uint32_t i = 0; i < node->count; i++) {
			if (!node_holds(s, node->kids[i]))
				continue;
			write_matched(s, w, told, node->kids[i]);
			return;
		}
		return;
	default:
		return;
	}
}

/* A forwarded record, or one that was moved, has a number of its own beside its place's. */
static void write_own_number(struct sigma_scanner *s, struct json_write *w, struct told *told)
{
	uint32_t slot = s->plan->record_slot;
	const struct value *own = slot == EVENT_NO_SLOT ? NULL : &s->event->values[slot];

	if (!own || own->kind != VALUE_UINT || own->u == s->event->record_id || !tell(told, slot))
		return;
	json_key(w, "EventRecordID");
	json_u64(w, own->u);
}

static void write_detail(struct sigma_scanner *s, struct told *told)
{
	struct json_write w = json_write_to(&s->detail);

	json_object(&w);
	write_own_number(s, &w, told);
	for (uint32_t i = 0; i < s->plan->detail_count; i++) {
		uint32_t slot = s->plan->detail_slots[i];
		enum value_kind kind = s->event->values[slot].kind;

		if (kind == VALUE_ABSENT || kind == VALUE_NULL || s->detail.len > DETAIL_TOTAL_MAX)
			continue;
		if (!tell(told, slot))
			continue;
		json_key_span(&w, s->event->shape->names[slot]);
		write_value(s, &w, slot, DETAIL_VALUE_MAX);
	}
	json_object_end(&w);
}

static struct span slot_text(struct sigma_scanner *s, uint32_t slot)
{
	const struct view *view;

	if (slot == EVENT_NO_SLOT)
		return (struct span){ 0 };
	view = view_text(s, slot);
	if (view->count == 0 || span_eq(view->pieces[0].text, SPAN("-")))
		return (struct span){ 0 };
	return cut(view->pieces[0].text, DETAIL_VALUE_MAX);
}

void report_match(struct sigma_scanner *s, const struct compiled_rule *rule,
		  struct finding *finding)
{
	const struct event *event = s->event;
	struct json_write w = json_write_to(&s->matched);
	struct told told = { .count = 0 };

	buf_clear(&s->matched);
	buf_clear(&s->detail);
	*finding = (struct finding){
		.engine = ENGINE_SIGMA,
		.harm = rule->info.harm,
		.level = rule->info.level,
		.rule = rule->info.id,
		.title = rule->info.title,
		.techniques = rule->info.techniques,
		.references = rule->info.file,
		.offset = event->offset,
		.record_id = event->record_id,
		.time = event->time,
	};
	if (s->terse)
		return;
	json_object(&w);
	write_matched(s, &w, &told, rule->root);
	json_object_end(&w);
	write_detail(s, &told);
	finding->host = slot_text(s, event->shape->computer);
	finding->user = slot_text(s, s->plan->user_slot);
	finding->matched = buf_span(&s->matched);
	finding->detail = buf_span(&s->detail);
}
