#include <math.h>
#include <stdlib.h>

#include "rules/sigma/compile.h"

#define TERMS_MAX 4096
#define ANSWER_FIELDS_MAX 12
#define LOOKUP_COST 0.5		/* of a field that wakes rules, as witnesses cost */
#define ROUNDS 4		/* of choosing these fields */

/* One literal of a group's index with the rules it speaks for. */
struct wake {
	struct witness_literal literal;
	struct local_rules {
		uint32_t *at;
		size_t count, room;
	} needing, seeking;
};

/* What is gathered of one field. */
struct field_draft {
	uint32_t field;
	rule_bits *needs, *asks, *seeks, *wakes;
	bool routes;			/* events are routed by it, before any value is sifted */
	uint32_t wakes_now, waked;	/* rules that go by it, in this round and the one before */
	uint32_t order;			/* where its index comes to stand */
	uint32_t passing;
};

struct index_build {
	struct compiler *c;
	const struct popularity *popularity;
	struct group *group;
	const uint32_t *drafts;		/* [group->rule_count] indexes of drafts, by local number */
	struct map by_literal, by_field;
	struct wake **wakes;
	size_t wake_count, wake_room;
	struct field_draft **fields;
	size_t field_count, field_room;
};

/* A term while its rule is taken apart. */
struct term_draft {
	const struct node *node;
	struct field_draft *field;	/* that alone decides it; NULL: several do */
	struct witness witness;
	bool proven;			/* holds wherever the index lets the rule stand */
	struct field_draft **wakers;	/* of its literals, once they are in the index; else NULL */
	size_t waker_count, waker_room;
};

struct rule_terms {
	struct term_draft *at;
	size_t count, room;
};

static void set_bit(rule_bits *bits, uint32_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static rule_bits *new_bits(struct index_build *ib)
{
	return ARENA_ARRAY(ib->c->b.image, ib->group->words, rule_bits);
}

static bool is_route_key(const struct compiler *c, uint32_t field)
{
	for (size_t i = 0; field != SIGMA_FIELD_ANY && i < c->table.key_count; i++)
		if (span_eq_nocase(c->table.keys[i], c->b.fields[field]))
			return true;
	return false;
}

static struct field_draft *field_of(struct index_build *ib, uint32_t field)
{
	struct field_draft *draft, **added;
	void **slot = map_slot(&ib->by_field, arena_printf(ib->c->b.scratch, "%u", field));

	if (!slot || *slot)
		return slot ? *slot : NULL;
	draft = ARENA_NEW(ib->c->b.scratch, struct field_draft);
	added = arena_push(ib->c->b.scratch, (void **)&ib->fields, &ib->field_count, &ib->field_room,
			   sizeof *added);
	if (!draft || !added)
		return NULL;
	*draft = (struct field_draft){ .field = field, .routes = is_route_key(ib->c, field),
				       .needs = new_bits(ib), .asks = new_bits(ib),
				       .seeks = new_bits(ib), .wakes = new_bits(ib) };
	*added = *slot = draft;
	return draft->needs && draft->asks && draft->seeks && draft->wakes ? draft : NULL;
}

static struct wake *wake_of(struct index_build *ib, const struct witness_literal *l)
{
	struct arena *scratch = ib->c->b.scratch;
	void **slot = map_slot(&ib->by_literal, arena_printf(scratch, "%u %u %.*s", l->field,
							     (unsigned)l->anchor, SPAN_ARG(l->text)));
	struct wake *wake, **added;

	if (!slot || *slot)
		return slot ? *slot : NULL;
	wake = ARENA_NEW(scratch, struct wake);
	added = arena_push(scratch, (void **)&ib->wakes, &ib->wake_count, &ib->wake_room, sizeof *added);
	if (!wake || !added)
		return NULL;
	wake->literal = *l;
	*added = *slot = wake;
	return wake;
}

static bool add_literals(struct index_build *ib, const struct witness *witness, uint32_t rule,
			 bool seeks)
{
	for (size_t i = 0; i < witness->count; i++) {
		const struct witness_literal *l = &witness->literals[i];
		struct wake *wake = wake_of(ib, l);
		struct field_draft *field = field_of(ib, l->field);
		struct local_rules *list = wake ? seeks ? &wake->seeking : &wake->needing : NULL;
		uint32_t *number;

		if (!list || !field)
			return false;
		set_bit(field->asks, rule);
		set_bit(seeks ? field->seeks : field->needs, rule);
		if (list->count && list->at[list->count - 1] == rule)
			continue;
		number = arena_push(ib->c->b.scratch, (void **)&list->at, &list->count, &list->room,
				    sizeof *number);
		if (!number)
			return false;
		*number = rule;
	}
	return true;
}

/* The field whose value alone decides the node; false where there is none. */
static bool one_field(const struct node *node, uint32_t *field)
{
	if (node->kind == NODE_PRED) {
		if (node->pred->field == SIGMA_FIELD_ANY || node->pred->kind == PRED_FIELD ||
		    (*field != SIGMA_FIELD_ANY && *field != node->pred->field))
			return false;
		*field = node->pred->field;
		return true;
	}
	for (uint32_t i = 0; i < node->count; i++)
		if (!one_field(node->kids[i], field))
			return false;
	return *field != SIGMA_FIELD_ANY;
}

/* Whether each literal of the node's witness proves the node. */
static bool is_exact(const struct node *node)
{
	if (node->kind == NODE_PRED)
		return node->pred->kind <= PRED_CONTAINS && !node->pred->cased;
	if (node->kind != NODE_OR)
		return false;
	for (uint32_t i = 0; i < node->count; i++)
		if (!is_exact(node->kids[i]))
			return false;
	return node->count > 0;
}

static bool take_apart(struct index_build *ib, const struct node *node, struct rule_terms *terms);

static bool take_apart_kids(struct index_build *ib, const struct node *node, bool negated, struct rule_terms *terms)
{
	for (uint32_t i = 0; i < node->count; i++) {
		const struct node *kid = negated ? sigma_node_not(&ib->c->b, node->kids[i]) : node->kids[i];

		if (!kid || !take_apart(ib, kid, terms))
			return false;
	}
	return true;
}

/* What must all hold: an "and" within an "and" is taken apart, and so is an "or" of what must not hold. */
static bool take_apart(struct index_build *ib, const struct node *node, struct rule_terms *terms)
{
	struct term_draft *term;
	uint32_t field = SIGMA_FIELD_ANY;
	bool negated = node->kind == NODE_NOT && node->kids[0]->kind == NODE_OR && !node->kids[0]->one_value;
	const struct node *series = negated ? node->kids[0] : node;

	if ((negated || node->kind == NODE_AND) && terms->count + series->count < TERMS_MAX)
		return take_apart_kids(ib, series, negated, terms);
	term = arena_push(ib->c->b.scratch, (void **)&terms->at, &terms->count, &terms->room,
			  sizeof *term);
	if (!term || !witness_find(ib->popularity, node, &term->witness))
		return false;
	term->node = node;
	if (!one_field(node, &field))
		return true;
	term->field = field_of(ib, field);
	return term->field != NULL;
}

/* Of the terms that the same fields decide, the one to go by. */
static bool is_cheapest(const struct rule_terms *terms, size_t at)
{
	const struct term_draft *term = &terms->at[at];

	if (isinf(term->witness.cost))
		return false;
	for (size_t i = 0; i < terms->count; i++) {
		const struct term_draft *other = &terms->at[i];

		if (other->field == term->field &&
		    (other->witness.cost < term->witness.cost ||
		     (other->witness.cost == term->witness.cost && i < at)))
			return false;
	}
	return true;
}

/* Fields whose values the node asks; false where they cannot be told apart from the rest. */
static bool fields_of(const struct node *node, uint32_t *fields, uint32_t *count)
{
	if (node->kind != NODE_PRED) {
		for (uint32_t i = 0; i < node->count; i++)
			if (!fields_of(node->kids[i], fields, count))
				return false;
		return true;
	}
	for (int which = 0; which < 1 + (node->pred->kind == PRED_FIELD); which++) {
		uint32_t field = which ? node->pred->other : node->pred->field, i = 0;

		while (i < *count && fields[i] != field)
			i++;
		if (field == SIGMA_FIELD_ANY || i == ANSWER_FIELDS_MAX)
			return false;
		fields[i] = field;
		*count += i == *count;
	}
	return true;
}

/* Where trying the rule costs more than hashing its fields, the answer is worth keeping. */
static bool write_fields(struct index_build *ib, struct compiled_rule *rule)
{
	uint32_t found[ANSWER_FIELDS_MAX], count = 0, cost = 0, *fields;

	for (uint32_t i = 0; i < rule->term_count; i++) {
		cost += rule->terms[i].node->cost;
		if (!fields_of(rule->terms[i].node, found, &count))
			return true;
	}
	if (cost < 2 * count + 2)
		return true;
	fields = ARENA_ARRAY(ib->c->b.image, count, uint32_t);
	if (!fields)
		return false;
	memcpy(fields, found, count * sizeof *fields);
	rule->fields = fields;
	rule->field_count = count;
	return true;
}

static bool wants_equal_fields(const struct node *node)
{
	return node->kind == NODE_PRED && node->pred->kind == PRED_FIELD && node->pred->how == PRED_EQ &&
	       node->pred->field != SIGMA_FIELD_ANY;
}

/* What the indexes do not prove: first what one field decides, then by cost. */
static bool write_terms(struct index_build *ib, const struct rule_terms *terms,
			struct compiled_rule *rule)
{
	struct term *to = ARENA_ARRAY(ib->c->b.image, terms->count + 1, struct term);

	for (int pass = 0; to && pass < 2; pass++) {
		uint32_t first = rule->term_count;

		for (size_t i = 0; i < terms->count; i++) {
			const struct term_draft *from = &terms->at[i];
			uint32_t k = rule->term_count;

			if (from->proven || (from->field != NULL) != (pass == 0))
				continue;
			if (wants_equal_fields(from->node))
				rule->pair = from->node->pred;
			for (; k > first && to[k - 1].node->cost > from->node->cost; k--)
				to[k] = to[k - 1];
			to[k] = (struct term){ from->node, from->field ? from->field->order
								       : SIGMA_NO_INDEX };
			rule->term_count++;
		}
	}
	rule->terms = to;
	return to && write_fields(ib, rule);
}

/* The fields that its literals are sought in. */
static bool add_wakers(struct index_build *ib, struct term_draft *term)
{
	for (size_t i = 0; i < term->witness.count; i++) {
		struct field_draft *field = field_of(ib, term->witness.literals[i].field), **added;
		size_t k = 0;

		while (k < term->waker_count && term->wakers[k] != field)
			k++;
		if (k < term->waker_count)
			continue;
		added = arena_push(ib->c->b.scratch, (void **)&term->wakers, &term->waker_count,
				   &term->waker_room, sizeof *added);
		if (!added || !field)
			return false;
		*added = field;
	}
	return true;
}

static bool read_terms(struct index_build *ib, struct rule_terms *terms,
		       const struct compiled_rule *rule, uint32_t local)
{
	rule_bits *sure = (rule_bits *)(uintptr_t)ib->group->sure;
	bool woken = false;

	if (!take_apart(ib, rule->root, terms))
		return false;
	for (size_t i = 0; i < terms->count; i++) {
		struct term_draft *term = &terms->at[i];

		if (term->field)
			set_bit(term->field->asks, local);
		if (!is_cheapest(terms, i))
			continue;
		woken = true;
		term->proven = is_exact(term->node);
		if (!add_literals(ib, &term->witness, local, !term->field) || !add_wakers(ib, term))
			return false;
		if (!term->field)
			sure[local / 64] &= ~(UINT64_C(1) << (local % 64));
	}
	ib->c->b.counts.always_woken += !woken;
	return true;
}

/*
 * What it costs to be woken by the term. Each field that wakes is looked at in every event:
 * best are those that wake many rules. Values that route are alike for many events, and what
 * any field may hold is sought in all.
 */
static double waking_cost(const struct term_draft *term)
{
	double cost = term->witness.cost + (term->field && term->field->routes ? 100 : 0);

	for (size_t i = 0; i < term->waker_count; i++)
		cost += term->wakers[i]->field == SIGMA_FIELD_ANY ? 200
								  : LOOKUP_COST / (1 + term->wakers[i]->waked);
	return cost;
}

static void wake_rule(const struct rule_terms *terms, uint32_t rule, bool final)
{
	const struct term_draft *best = NULL;
	double least = INFINITY;

	for (size_t i = 0; i < terms->count; i++) {
		double cost = terms->at[i].wakers ? waking_cost(&terms->at[i]) : INFINITY;

		if (cost >= least)
			continue;
		least = cost;
		best = &terms->at[i];
	}
	for (size_t i = 0; best && i < best->waker_count; i++) {
		best->wakers[i]->wakes_now++;
		if (final)
			set_bit(best->wakers[i]->wakes, rule);
	}
}

/* By which of its terms each rule is woken. */
static void choose_wakers(struct index_build *ib, const struct rule_terms *terms)
{
	for (int round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < ib->group->rule_count; i++)
			wake_rule(&terms[i], i, round + 1 == ROUNDS);
		for (size_t i = 0; i < ib->field_count; i++) {
			ib->fields[i]->waked = ib->fields[i]->wakes_now;
			ib->fields[i]->wakes_now = 0;
		}
	}
}

static uint32_t order_of(const struct index_build *ib, const struct wake *wake)
{
	const struct field_draft *field = map_get(&ib->by_field,
						  arena_printf(ib->c->b.scratch, "%u", wake->literal.field));

	return field->order;
}

struct ordered_wake {
	const struct wake *wake;
	uint32_t order;
};

static int by_order(const void *a, const void *b)
{
	const struct ordered_wake *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

/* Whether some character of each is none of the alphabet. */
static bool stand_outside(const char *alphabet, const struct gram_literal *literals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (k < literals[i].text.len && literals[i].text.at[k] &&
		       strchr(alphabet, literals[i].text.at[k]))
			k++;
		if (k == literals[i].text.len)
			return false;
	}
	return true;
}

/* Kinds of values that may hold one of the literals. */
static uint32_t kinds_for(const struct gram_literal *literals, size_t count)
{
	static const struct {
		const char *alphabet;
		uint32_t kinds;
	} written_in[] = {
		{ "0123456789abcdefxtzs-+{}:., ",
		  1u << VALUE_ABSENT | 1u << VALUE_NULL | 1u << VALUE_INT | 1u << VALUE_UINT | 1u << VALUE_HEX |
		  1u << VALUE_GUID | 1u << VALUE_SID | 1u << VALUE_TIME | 1u << VALUE_BYTES },
		{ "truefals", 1u << VALUE_BOOL },
		{ "0123456789+-.einfa", 1u << VALUE_FLOAT },
	};
	uint32_t kinds = (2u << VALUE_LIST) - 1;

	for (size_t i = 0; i < sizeof written_in / sizeof *written_in; i++)
		if (stand_outside(written_in[i].alphabet, literals, count))
			kinds &= ~written_in[i].kinds;
	return kinds;
}

static uint32_t characters(struct span text)
{
	uint32_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += (text.at[i] & 0xc0) != 0x80;
	return count;
}

static void note_shortest(struct field_index *index, const struct gram_literal *literals, size_t count)
{
	index->shortest = index->fewest = UINT32_MAX;
	for (size_t i = 0; i < count; i++) {
		uint32_t len = (uint32_t)literals[i].text.len, few = characters(literals[i].text);

		index->shortest = len < index->shortest ? len : index->shortest;
		index->fewest = few < index->fewest ? few : index->fewest;
	}
}

static bool write_list(struct index_build *ib, const struct wake *wake, struct rule_list *to)
{
	size_t needing = wake->needing.count, seeking = wake->seeking.count;
	uint32_t *rules = ARENA_ARRAY(ib->c->b.image, needing + seeking, uint32_t);

	if (!rules)
		return false;
	if (needing)
		memcpy(rules, wake->needing.at, needing * sizeof *rules);
	if (seeking)
		memcpy(rules + needing, wake->seeking.at, seeking * sizeof *rules);
	*to = (struct rule_list){ rules, (uint32_t)needing, (uint32_t)(needing + seeking) };
	return true;
}

/* Whether the field decides nothing about a rule but by the literals of the index. */
static bool only_literals_tell(const struct index_build *ib, const struct field_index *index)
{
	for (uint32_t k = 0; k < ib->group->words; k++)
		if (index->asks[k] & index->passes[k] & ~(index->seeks ? index->seeks[k] : 0))
			return false;
	return true;
}

/* Lists of rules and, per field, the literals that lead to them. */
static bool write_literals(struct index_build *ib, struct field_index *indexes)
{
	struct arena *image = ib->c->b.image, *scratch = ib->c->b.scratch;
	struct rule_list *lists = ARENA_ARRAY(image, ib->wake_count + 1, struct rule_list);
	struct gram_literal *literals = ARENA_ARRAY(scratch, ib->wake_count + 1, struct gram_literal);
	struct ordered_wake *wakes = ARENA_ARRAY(scratch, ib->wake_count + 1, struct ordered_wake);
	size_t count = ib->wake_count;

	if (!lists || !literals || !wakes)
		return false;
	for (size_t i = 0; i < count; i++)
		wakes[i] = (struct ordered_wake){ ib->wakes[i], order_of(ib, ib->wakes[i]) };
	if (count)
		qsort(wakes, count, sizeof *wakes, by_order);
	for (size_t start = 0, i = 0; i < count; i++) {
		const struct wake *wake = wakes[i].wake;
		struct field_index *index = &indexes[wakes[i].order];

		if (!write_list(ib, wake, &lists[i]))
			return false;
		literals[i] = (struct gram_literal){ wake->literal.text, wake->literal.anchor,
						     (uint32_t)i };
		if (i + 1 < count && wakes[i + 1].order == wakes[i].order)
			continue;
		index->kinds = kinds_for(literals + start, i + 1 - start);
		note_shortest(index, literals + start, i + 1 - start);
		index->grams = gram_build(image, literals + start, i + 1 - start);
		if (only_literals_tell(ib, index))
			index->gate = gate_build(image, literals + start, i + 1 - start);
		if (!index->grams)
			return false;
		start = i + 1;
	}
	ib->group->lists = lists;
	ib->group->list_count = (uint32_t)count;
	return true;
}

static bool any_bit(const rule_bits *bits, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (bits[i])
			return true;
	return false;
}

/* Keywords last: they come to stand by themselves. */
static int by_passing(const void *a, const void *b)
{
	const struct field_draft *x = *(struct field_draft *const *)a;
	const struct field_draft *y = *(struct field_draft *const *)b;
	bool x_any = x->field == SIGMA_FIELD_ANY, y_any = y->field == SIGMA_FIELD_ANY;

	if (x_any != y_any)
		return x_any ? 1 : -1;
	if (x->passing != y->passing)
		return x->passing < y->passing ? -1 : 1;
	return x->field < y->field ? -1 : x->field > y->field;
}

/* Needs become what passes; the fields get their order. */
static void order_fields(struct index_build *ib)
{
	for (size_t i = 0; i < ib->field_count; i++) {
		struct field_draft *field = ib->fields[i];

		for (uint32_t k = 0; k < ib->group->words; k++) {
			field->needs[k] = ib->group->all[k] & ~field->needs[k];
			field->passing += (uint32_t)__builtin_popcountll(field->needs[k]);
		}
	}
	if (ib->field_count)
		qsort(ib->fields, ib->field_count, sizeof *ib->fields, by_passing);
	for (size_t i = 0; i < ib->field_count; i++)
		ib->fields[i]->order = (uint32_t)i;
}

static bool write_indexes(struct index_build *ib)
{
	struct group *group = ib->group;
	struct field_index *indexes = ARENA_ARRAY(ib->c->b.image, ib->field_count + 1,
						  struct field_index);

	if (!indexes)
		return false;
	for (size_t i = 0; i < ib->field_count; i++) {
		const struct field_draft *field = ib->fields[i];

		indexes[i] = (struct field_index){
			.field = field->field, .passes = field->needs, .asks = field->asks,
			.wakes = field->wakes,
			.seeks = any_bit(field->seeks, group->words) ? field->seeks : NULL,
		};
	}
	group->indexes = indexes;
	group->index_count = (uint32_t)ib->field_count;
	if (group->index_count && indexes[group->index_count - 1].field == SIGMA_FIELD_ANY)
		group->keywords = &indexes[--group->index_count];
	return write_literals(ib, indexes);
}

struct ordered_rule {
	uint32_t draft, rank;
	double cost;
};

static int by_waking(const void *a, const void *b)
{
	const struct ordered_rule *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost > y->cost ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Rules that are woken most lie side by side, so that few words have some that stand. */
static bool order_rules(struct index_build *ib, const struct group_draft *draft)
{
	struct arena *image = ib->c->b.image, *scratch = ib->c->b.scratch;
	struct ordered_rule *ordered = ARENA_ARRAY(scratch, draft->count + 1, struct ordered_rule);
	uint32_t *drafts = ARENA_ARRAY(scratch, draft->count + 1, uint32_t);
	uint32_t *ranks = ARENA_ARRAY(image, draft->count + 1, uint32_t);
	uint32_t *by_rank = ARENA_ARRAY(image, draft->count + 1, uint32_t);

	if (!ordered || !drafts || !ranks || !by_rank)
		return false;
	for (uint32_t i = 0; i < draft->count; i++) {
		struct witness witness;

		if (!witness_find(ib->popularity, ib->c->drafts[draft->rules[i]].rule->root, &witness))
			return false;
		ordered[i] = (struct ordered_rule){ draft->rules[i], i, witness.cost };
	}
	if (draft->count)
		qsort(ordered, draft->count, sizeof *ordered, by_waking);
	for (uint32_t i = 0; i < draft->count; i++) {
		drafts[i] = ordered[i].draft;
		ranks[i] = ordered[i].rank;
		by_rank[ranks[i]] = i;
	}
	ib->drafts = drafts;
	ib->group->ranks = ranks;
	ib->group->by_rank = by_rank;
	return true;
}

static bool begin_group(struct index_build *ib, const struct group_draft *draft)
{
	struct group *group = ib->group;
	uint32_t *rules = ARENA_ARRAY(ib->c->b.image, draft->count + 1, uint32_t);
	rule_bits *all, *sure;

	group->rule_count = (uint32_t)draft->count;
	group->words = (group->rule_count + 63) / 64;
	all = new_bits(ib);
	sure = new_bits(ib);
	if (!rules || !all || !sure || !order_rules(ib, draft))
		return false;
	for (uint32_t i = 0; i < group->rule_count; i++) {
		rules[i] = ib->c->drafts[ib->drafts[i]].rule->info.number;
		set_bit(all, i);
		set_bit(sure, i);
	}
	group->rules = rules;
	group->all = all;
	group->sure = sure;
	return true;
}

bool index_group(struct compiler *c, const struct group_draft *draft,
		 const struct popularity *popularity, struct group *group)
{
	struct index_build ib = { .c = c, .popularity = popularity, .group = group,
				  .by_literal = map_new(c->b.scratch),
				  .by_field = map_new(c->b.scratch) };
	struct rule_terms *terms = ARENA_ARRAY(c->b.scratch, draft->count + 1, struct rule_terms);

	if (!terms || !begin_group(&ib, draft))
		return compiler_out_of_memory(c);
	for (uint32_t i = 0; i < group->rule_count; i++)
		if (!read_terms(&ib, &terms[i], c->drafts[ib.drafts[i]].rule, i))
			return compiler_out_of_memory(c);
	choose_wakers(&ib, terms);
	order_fields(&ib);
	for (uint32_t i = 0; i < group->rule_count; i++)
		if (!write_terms(&ib, &terms[i], c->drafts[ib.drafts[i]].rule))
			return compiler_out_of_memory(c);
	return write_indexes(&ib) || compiler_out_of_memory(c);
}
