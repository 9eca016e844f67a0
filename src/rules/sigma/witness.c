#include "rules/sigma/witness.h"

#include <math.h>

#include "match/fold.h"
#include "rules/sigma/regex.h"

#define LITERALS_MAX 20000

static struct span longest_segment(struct span text)
{
	struct span best = span_sub(text, 0, 0);
	size_t start = 0;

	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.at[i] < WILD_ANY)
			continue;
		if (i - start > best.len)
			best = span_sub(text, start, i - start);
		start = i + 1;
	}
	return best;
}

/* The literal that a true predicate proves; false where there is none. */
static bool literal_of(struct arena *arena, const struct pred *pred, struct witness_literal *out)
{
	static const enum gram_anchor anchors[] = {
		[PRED_EQ] = GRAM_WHOLE, [PRED_STARTS] = GRAM_START, [PRED_ENDS] = GRAM_END,
		[PRED_CONTAINS] = GRAM_FREE, [PRED_WILD] = GRAM_FREE, [PRED_REGEX] = GRAM_FREE,
	};
	uint8_t *folded;

	if (pred->kind > PRED_REGEX)
		return false;
	*out = (struct witness_literal){ pred->field, anchors[pred->kind], pred->text };
	if (pred->kind == PRED_WILD)
		out->text = longest_segment(pred->text);
	if (pred->kind == PRED_REGEX)
		out->text = sigma_regex_literal(arena, pred->text);
	if (out->text.len == 0 && out->anchor != GRAM_WHOLE)
		return false;
	folded = arena_alloc(arena, out->text.len + 1);
	if (!folded)
		return false;
	fold_utf8(folded, out->text);
	out->text.at = folded;
	return true;
}

static struct span key_of(struct arena *arena, const struct witness_literal *l)
{
	return arena_printf(arena, "%u %u %.*s", l->field, (unsigned)l->anchor, SPAN_ARG(l->text));
}

struct popularity popularity_new(struct arena *arena, const struct span *fields)
{
	return (struct popularity){ .arena = arena, .map = map_new(arena), .fields = fields };
}

bool popularity_add(struct popularity *p, const struct node *root)
{
	struct witness_literal literal;
	void **slot;

	if (root->kind == NODE_NOT)
		return true;
	if (root->kind != NODE_PRED) {
		for (uint32_t i = 0; i < root->count; i++)
			if (!popularity_add(p, root->kids[i]))
				return false;
		return true;
	}
	if (!literal_of(p->arena, root->pred, &literal))
		return true;
	slot = map_slot(&p->map, key_of(p->arena, &literal));
	if (!slot)
		return false;
	*slot = (void *)((uintptr_t)*slot + 1);
	return true;
}

/* Fields of few values, and texts that stand in most paths, tell little. */
static bool is_coarse(struct span field)
{
	static const char *const coarse[] = {
		"Company", "Product", "Description", "User", "IntegrityLevel", "Provider_Name",
		"Channel", "LogonType", "Signed", "SignatureStatus", "Initiated", "EventType",
		"Level", "Protocol", "type", "SubjectUserName", "ObjectServer", "ObjectType",
		"EventID", "LogonId",
	};

	for (size_t i = 0; i < sizeof coarse / sizeof *coarse; i++)
		if (span_eq(field, span_text(coarse[i])))
			return true;
	return false;
}

static bool is_common(struct span text)
{
	static const char *const common[] = {
		"c:\\windows\\", "\\windows\\system32\\", "\\system32\\", ".exe", "\\windows\\",
		"c:\\windows\\system32\\", "windows", "c:\\program files", "\\program files\\",
		"c:\\program files\\", "c:\\users\\", "\\users\\", "microsoft", "\\appdata\\",
		"system32", "software\\microsoft\\windows\\currentversion", "http", ".dll", "/c ", " /c",
		"system", "user", "microsoft corporation", "\\appdata\\local\\", "\\device\\",
	};

	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (text.len && span_find(span_text(common[i]), 0, text) != SIZE_MAX)
			return true;
	return false;
}

static double base_cost(const struct popularity *p, const struct witness_literal *l)
{
	static const double by_length[] = { 3, 3, 2, 1, 0.1, 0.06, 0.04, 0.03, 0.02, 0.015, 0.01 };
	size_t longest = sizeof by_length / sizeof *by_length - 1;
	double cost = by_length[l->text.len < longest ? l->text.len : longest];

	if (l->field == SIGMA_FIELD_ANY)
		cost *= 4;
	else if (is_coarse(p->fields[l->field]))
		return 0.3;
	if (is_common(l->text))
		return 0.6;
	switch (l->anchor) {
	case GRAM_WHOLE:
		return l->text.len ? 0.01 : 0.2;
	case GRAM_START:
		return cost < 0.04 ? 0.04 : cost;
	case GRAM_END:
		return cost / 2;
	case GRAM_FREE:
		break;
	}
	return cost;
}

static bool of_pred(const struct popularity *p, const struct node *node, struct witness *out)
{
	struct witness_literal literal, *added;
	double popular;

	if (!literal_of(p->arena, node->pred, &literal))
		return true;
	popular = (double)(uintptr_t)map_get(&p->map, key_of(p->arena, &literal));
	added = arena_push(p->arena, (void **)&out->literals, &out->count, &out->room, sizeof *added);
	if (!added)
		return false;
	*added = literal;
	out->cost = base_cost(p, &literal) * (1 + popular);
	return true;
}

static bool of_and(const struct popularity *p, const struct node *node, struct witness *out)
{
	for (uint32_t i = 0; i < node->count; i++) {
		struct witness found;

		if (!witness_find(p, node->kids[i], &found))
			return false;
		if (found.cost < out->cost)
			*out = found;
	}
	return true;
}

static bool of_or(const struct popularity *p, const struct node *node, struct witness *out)
{
	struct witness all = { .cost = 0 };

	for (uint32_t i = 0; i < node->count; i++) {
		struct witness found;

		if (!witness_find(p, node->kids[i], &found))
			return false;
		if (isinf(found.cost) || all.count + found.count > LITERALS_MAX)
			return true;
		all.cost += found.cost;
		for (size_t k = 0; k < found.count; k++) {
			struct witness_literal *added = arena_push(p->arena, (void **)&all.literals,
								   &all.count, &all.room,
								   sizeof *added);

			if (!added)
				return false;
			*added = found.literals[k];
		}
	}
	*out = all;
	return true;
}

bool witness_find(const struct popularity *p, const struct node *root, struct witness *out)
{
	*out = (struct witness){ .cost = INFINITY };
	switch (root->kind) {
	case NODE_PRED:
		return of_pred(p, root, out);
	case NODE_AND:
		return of_and(p, root, out);
	case NODE_OR:
		return of_or(p, root, out);
	case NODE_FALSE:
		out->cost = 0;	/* needs what never comes */
		return true;
	default:
		return true;
	}
}
