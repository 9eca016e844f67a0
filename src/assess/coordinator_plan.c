#include "assess/coordinator_job.h"

#include "case/query.h"

#include <stdlib.h>

/* For a signature of rule names: order does not matter, each counts. */
static const uint64_t name_seed[2] = { UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1b54a32d192ed03) };

struct planning {
	struct coordinator *c;
	struct job *job;
	struct plan *plan;
	uint64_t *rules;		/* signature of the YARA findings of each item */
	struct arena arena;
	struct map originals;		/* digest → item number + 1 of this tree */
	bool redo;
};

static void sign_rules(struct planning *p)
{
	const struct tree *t = &p->job->tree;
	struct span rest = span_sub(buf_span(&t->records), 0, t->checked);
	uint32_t open[TREE_DEPTH_MAX], count = 0;
	unsigned depth = 0;
	struct record r;
	struct err err;

	while (record_read(&rest, &r, &err) == RECORD_TAKEN) {
		if (r.type == RECORD_BEGIN)
			open[depth++] = count++;
		else if (r.type == RECORD_END)
			depth--;
		else if (r.type == RECORD_FINDING && r.finding.finding.engine == ENGINE_YARA)
			p->rules[open[depth - 1]] += map_hash(name_seed, r.finding.finding.rule);
	}
}

static bool sign_of_case(struct coordinator *c, uint64_t item, uint64_t *out, struct err *err)
{
	bool row, ok;

	*out = 0;
	sqlite3_bind_int64(c->list_rules, 1, (int64_t)item);
	while ((ok = query_step(c->list_rules, &row, err)) && row)
		*out += map_hash(name_seed, query_span(c->list_rules, 0));
	sqlite3_reset(c->list_rules);
	return ok;
}

static void add_own(struct planning *p, const uint8_t sha256[32])
{
	void *grown = reallocarray(p->job->own, p->job->own_count + 1, sizeof *p->job->own);

	if (!grown || known_is_own(p->job, sha256))
		return;
	p->job->own = grown;
	memcpy(p->job->own[p->job->own_count++], sha256, 32);
}

/* The name made a difference here: then it is no duplicate, whatever its content. */
static bool check_names(struct planning *p, uint32_t number, struct err *err)
{
	struct plan *plan = &p->plan[number];
	uint64_t there = 0;

	if (!p->c->needs_names)
		return true;
	if (plan->kind == PLAN_OF_TREE)
		there = p->rules[plan->original];
	else if (!sign_of_case(p->c, plan->original, &there, err))
		return false;
	if (there == p->rules[number])
		return true;
	plan->kind = PLAN_OWN;
	if (p->job->tree.items[number].answer == ANSWER_KNOWN) {
		add_own(p, p->job->tree.items[number].sha256);
		p->redo = true;
	}
	return true;
}

static bool find_original(struct planning *p, uint32_t number, struct err *err)
{
	const struct tree_item *item = &p->job->tree.items[number];
	struct plan *plan = &p->plan[number];
	void *seen = map_get(&p->originals, span_of(item->sha256, 32));

	if (seen) {
		plan->kind = PLAN_OF_TREE;
		plan->original = (uintptr_t)seen - 1;
		plan->fate = p->job->tree.items[plan->original].fate;
		return true;
	}
	if (known_is_alone(p->c, p->job, number))
		return true;
	if (!known_original(p->c, item->sha256, &plan->original, &plan->fate, err))
		return false;
	if (plan->original)
		plan->kind = PLAN_OF_CASE;
	return true;
}

static void find_around(struct planning *p, uint32_t number)
{
	const struct tree_item *items = p->job->tree.items;

	for (uint32_t at = items[number].parent; at != TREE_NONE; at = items[at].parent)
		if (!memcmp(items[at].sha256, items[number].sha256, 32)) {
			p->plan[number].kind = PLAN_LOOP;
			p->plan[number].original = at;
		}
}

static bool plan_item(struct planning *p, uint32_t number, struct err *err)
{
	const struct tree_item *item = &p->job->tree.items[number];
	void **slot;

	if (p->job->shares || !item->has_content || !item->size || known_is_own(p->job, item->sha256))
		return true;
	if (item->answer == ANSWER_LOOP) {
		find_around(p, number);
		return true;
	}
	if (!find_original(p, number, err))
		return false;
	if (p->plan[number].kind != PLAN_OWN)
		return check_names(p, number, err);
	/* It was promised by a job before this one, which then could not keep it. */
	if (item->answer == ANSWER_KNOWN)
		p->redo = true;
	if (known_is_reusable(item->fate, item->is_bounded)) {
		slot = map_slot(&p->originals, span_of(item->sha256, 32));
		if (slot)
			*slot = (void *)((uintptr_t)number + 1);
	}
	return true;
}

static bool plan_items(struct planning *p, struct err *err)
{
	const struct tree *t = &p->job->tree;

	for (uint32_t i = 0, end; i < t->count; i++) {
		if (!plan_item(p, i, err))
			return false;
		end = t->items[i].end;
		/* What is inside is taken over from the original. */
		if (p->plan[i].kind != PLAN_OWN && !p->c->needs_names)
			while (i + 1 < end)
				p->plan[++i].kind = PLAN_INSIDE;
	}
	return true;
}

bool plan_job(struct coordinator *c, struct job *job, struct plan **out, bool *redo,
	      struct err *err)
{
	size_t count = job->tree.count ? job->tree.count : 1;
	struct planning p = { .c = c, .job = job, .arena = arena_new((size_t)256 << 20) };
	bool ok;

	p.plan = calloc(count, sizeof *p.plan);
	p.rules = calloc(count, sizeof *p.rules);
	p.originals = map_new(&p.arena);
	ok = p.plan && p.rules;
	if (!ok)
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for %zu items", count);
	if (ok && c->needs_names)
		sign_rules(&p);
	ok = ok && plan_items(&p, err);
	*redo = p.redo;
	*out = p.plan;
	free(p.rules);
	arena_free(&p.arena);
	return ok;
}
