#include "rules/sigma/explain.h"

#include <stdio.h>

#include "rules/sigma/scan.h"

#define VALUE_SHOWN 120
#define TERMS_SHOWN 40

static void write_text(struct buf *to, struct span text)
{
	buf_add_u8(to, '\'');
	for (size_t i = 0; i < text.len && i < VALUE_SHOWN; i++)
		buf_add_u8(to, text.at[i] == WILD_ANY ? '*' : text.at[i] == WILD_ONE ? '?' : text.at[i]);
	buf_text(to, text.len > VALUE_SHOWN ? "...'" : "'");
}

static const char *const pred_words[] = {
	[PRED_EQ] = "is", [PRED_STARTS] = "starts with", [PRED_ENDS] = "ends with",
	[PRED_CONTAINS] = "contains", [PRED_WILD] = "is like", [PRED_REGEX] = "matches",
	[PRED_CIDR] = "is in the network", [PRED_LESS] = "<", [PRED_LESS_EQ] = "<=",
	[PRED_MORE] = ">", [PRED_MORE_EQ] = ">=", [PRED_EXISTS] = "exists",
	[PRED_NULL] = "is null", [PRED_FIELD] = "is the value of", [PRED_TIME] = "has",
};

static void write_operand(struct buf *to, const struct sigma_set *set, const struct pred *pred)
{
	static const char *const parts[] = { "minute", "hour", "day", "week", "month", "year" };

	switch (pred->kind) {
	case PRED_LESS:
	case PRED_LESS_EQ:
	case PRED_MORE:
	case PRED_MORE_EQ:
		buf_printf(to, "%g", pred->number);
		return;
	case PRED_EXISTS:
	case PRED_NULL:
		return;
	case PRED_CIDR:
		buf_printf(to, "/%u", pred->bits);
		return;
	case PRED_FIELD:
		buf_add(to, set->fields[pred->other]);
		return;
	case PRED_TIME:
		buf_printf(to, "%s %s %g", parts[pred->how], pred_words[pred->compare], pred->number);
		return;
	default:
		write_text(to, pred->text);
	}
}

static void write_pred(struct buf *to, const struct sigma_set *set, const struct pred *pred)
{
	if (pred->field == SIGMA_FIELD_ANY)
		buf_text(to, "any value");
	else
		buf_add(to, set->fields[pred->field]);
	buf_printf(to, " %s ", pred_words[pred->kind]);
	write_operand(to, set, pred);
}

static void write_node(struct sigma_scanner *s, struct buf *to, const struct node *node, int depth)
{
	static const char *const words[] = { "", "all of", "one of", "not", "always", "never" };
	const struct view *view;

	buf_printf(to, "%*s%s ", depth * 2, "", node_holds(s, node) ? "yes" : "NO ");
	if (node->kind == NODE_PRED) {
		uint32_t slot = node->pred->field == SIGMA_FIELD_ANY ? EVENT_NO_SLOT
								     : s->slots[node->pred->field];

		write_pred(to, s->set, node->pred);
		if (slot == EVENT_NO_SLOT) {
			buf_text(to, node->pred->field == SIGMA_FIELD_ANY ? "\n" : "   (no such field)\n");
			return;
		}
		view = view_text(s, slot);
		buf_text(to, "   (");
		if (view->count)
			write_text(to, view->pieces[0].text);
		buf_text(to, view->count > 1 ? ", ...)\n" : ")\n");
		return;
	}
	buf_printf(to, "%s\n", words[node->kind]);
	for (uint32_t i = 0; i < node->count; i++) {
		if (i == TERMS_SHOWN) {
			buf_printf(to, "%*s... %u more\n", depth * 2 + 2, "", node->count - i);
			break;
		}
		write_node(s, to, node->kids[i], depth + 1);
	}
}

/* The innermost "and" term that is false, going down while there is but one way. */
static const struct node *first_false(struct sigma_scanner *s, const struct node *node)
{
	while (node->kind == NODE_AND) {
		uint32_t i = 0;

		while (i < node->count && node_holds(s, node->kids[i]))
			i++;
		if (i == node->count)
			break;
		node = node->kids[i];
	}
	return node;
}

static void name_term(struct sigma_scanner *s, const struct node *node, char *out, size_t room)
{
	struct buf text = buf_new(1 << 12);

	if (node->kind == NODE_NOT)
		buf_text(&text, "not: ");
	for (; node->kind != NODE_PRED && node->count; node = node->kids[0])
		if (node->kind == NODE_OR)
			buf_printf(&text, "one of %u: ", node->count);
	if (node->kind == NODE_PRED)
		write_pred(&text, s->set, node->pred);
	snprintf(out, room, "%.*s", SPAN_ARG(buf_span(&text)));
	buf_free(&text);
}

static void explain(struct sigma_scanner *s, const struct node *root, struct buf *to,
		    struct sigma_explanation *out)
{
	out->routed = true;
	out->holds = node_holds(s, root);
	out->terms = root->kind == NODE_AND ? root->count : 1;
	out->true_terms = root->kind == NODE_AND ? 0 : out->holds;
	for (uint32_t i = 0; root->kind == NODE_AND && i < root->count; i++)
		out->true_terms += node_holds(s, root->kids[i]);
	if (!out->holds)
		name_term(s, first_false(s, root), out->first_false, sizeof out->first_false);
	write_node(s, to, root, 0);
}

void sigma_explain(struct sigma_scanner *s, const struct event *event, uint32_t number,
		   struct buf *to, struct sigma_explanation *out)
{
	const struct compiled_rule *rule = s->set->rules[number];
	const struct plan_group *groups;
	uint32_t count;

	*out = (struct sigma_explanation){ 0 };
	if (!rule->root || !scan_begin(s, event))
		return;
	groups = plan_route(s, &count);
	for (uint32_t i = 0; i < count && !out->holds; i++) {
		if (groups[i].group != &s->set->groups[rule->group])
			continue;
		s->slots = groups[i].slots;
		explain(s, rule->root, to, out);
	}
}
