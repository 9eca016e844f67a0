#include "rules/sigma/scan.h"

#include <math.h>
#include <stdlib.h>

#include "codec/json_write.h"
#include "rules/sigma/measure.h"

/*
 * Every match of a rule that feeds a correlation becomes a fact. Facts are
 * judged per correlation and group in order of time. Windows slide where one more
 * event can only help (counts and sums with gt and gte, temporal) and for what
 * any window has (averages, medians and percentiles, unless a number is to be
 * met exactly); else they follow one another. A window that told something is forgotten, so that a flood of
 * events is one finding a window and not one an event.
 */

struct fact {
	timestamp time;
	uint32_t correlation;
	uint32_t source;
	struct span key;		/* group-by values as JSON members */
	struct span value;		/* of the counted fields */
	uint64_t record_id;
	uint64_t origin;
};

struct correlator {
	const struct sigma_set *set;
	struct arena memory;
	struct fact *facts;
	size_t count, room;
	size_t bytes_max;
	struct buf scratch;
};

struct correlator *correlator_new(const struct sigma_set *set, size_t bytes)
{
	struct correlator *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->set = set;
	c->bytes_max = bytes;
	c->memory = arena_new(bytes + bytes / 2);
	c->scratch = buf_new(1 << 20);
	return c;
}

void correlator_free(struct correlator *c)
{
	if (!c)
		return;
	arena_free(&c->memory);
	buf_free(&c->scratch);
	free(c->facts);
	free(c);
}

static size_t bytes_used(const struct correlator *c)
{
	return c->memory.used + c->room * sizeof *c->facts;
}

static struct fact *new_fact(struct correlator *c)
{
	if (c->count == c->room) {
		size_t room = c->room ? c->room * 2 : 256;
		struct fact *facts = realloc(c->facts, room * sizeof *facts);

		if (!facts)
			return NULL;
		c->facts = facts;
		c->room = room;
	}
	c->facts[c->count] = (struct fact){ 0 };
	return &c->facts[c->count++];
}

/* The first text of a field; false where the event has none. */
static bool field_text(struct sigma_scanner *s, uint32_t field, struct span *out)
{
	for (uint32_t slot = s->slots[field]; slot != EVENT_NO_SLOT; slot = s->plan->same[slot]) {
		const struct view *view = view_text(s, slot);

		if (view->count) {
			*out = view->pieces[0].text;
			return true;
		}
	}
	return false;
}

/* Group-by values as the inside of a JSON object; an event without one is of no group. */
static bool group_key(struct sigma_scanner *s, const struct correlation *cor,
		      const struct correlation_source *source)
{
	struct buf *to = &s->correlator->scratch;
	struct json_write w = json_write_to(to);

	buf_clear(to);
	json_object(&w);
	for (uint32_t i = 0; i < cor->group_count; i++) {
		struct span text;

		if (!field_text(s, source->group_by[i], &text))
			return false;
		json_key_span(&w, cor->group_names[i]);
		json_span(&w, span_sub(text, 0, 1024));
	}
	json_object_end(&w);
	return !to->overflow;
}

/* The fact in scratch memory; false where the event is of no group or lacks a field. */
static bool make_fact(struct sigma_scanner *s, uint32_t number, uint32_t source_index,
		      struct fact *out)
{
	const struct correlation *cor = &s->set->correlations[number];
	const struct correlation_source *source = &cor->sources[source_index];
	struct buf *scratch = &s->correlator->scratch;
	struct span text;
	size_t key;

	if (!group_key(s, cor, source))
		return false;
	key = scratch->len;
	for (uint32_t i = 0; i < cor->field_count; i++) {
		if (!field_text(s, source->fields[i], &text))
			return false;
		if (i)
			buf_add_u8(scratch, 0x1f);
		buf_add(scratch, span_sub(text, 0, 1024));
	}
	*out = (struct fact){ .time = s->event->time == TIME_NONE ? 0 : s->event->time,
			      .correlation = number, .source = source_index,
			      .key = span_sub(buf_span(scratch), 0, key),
			      .value = span_from(buf_span(scratch), key),
			      .record_id = s->event->record_id };
	return true;
}

static bool remember(struct correlator *c, const struct fact *made)
{
	struct fact *fact = new_fact(c);

	if (!fact)
		return false;
	*fact = *made;
	fact->key = arena_copy(&c->memory, made->key);
	fact->value = arena_copy(&c->memory, made->value);
	return fact->key.at && fact->value.at;
}

static void hand_over(struct sigma_scanner *s, const struct fact *made)
{
	const struct correlation *cor = &s->set->correlations[made->correlation];
	struct sigma_fact fact = { .correlation = &s->set->rules[cor->rule]->info,
				   .source = made->source, .time = made->time, .key = made->key,
				   .value = made->value, .record_id = made->record_id };

	s->collect(s->collect_context, &fact);
}

static void add_fact(struct sigma_scanner *s, uint32_t number, uint32_t source_index)
{
	struct fact made;

	if (!make_fact(s, number, source_index, &made))
		return;
	if (s->collect)
		hand_over(s, &made);
	else
		s->stats.shed += !remember(s->correlator, &made);
}

/* When memory is full, what is there is judged and forgotten. */
static bool make_room(struct sigma_scanner *s, sigma_match_fn *match, void *context)
{
	struct correlator *c = s->correlator;

	if (bytes_used(c) <= c->bytes_max)
		return true;
	s->stats.shed += c->count;
	return correlator_judge(s, match, context);
}

void sigma_scanner_collect(struct sigma_scanner *s, sigma_fact_fn *take, void *context)
{
	s->collect = take;
	s->collect_context = context;
}

bool sigma_fact_add(struct sigma_scanner *s, const struct sigma_fact *fact, sigma_match_fn *match,
		    void *context)
{
	struct fact made = { .time = fact->time == TIME_NONE ? 0 : fact->time, .source = fact->source,
			     .key = fact->key, .value = fact->value, .record_id = fact->record_id,
			     .origin = fact->origin };

	for (uint32_t i = 0; i < s->set->correlation_count; i++) {
		const struct correlation *cor = &s->set->correlations[i];

		if (&s->set->rules[cor->rule]->info != fact->correlation ||
		    fact->source >= cor->source_count)
			continue;
		made.correlation = i;
		if (!make_room(s, match, context))
			return false;
		if (remember(s->correlator, &made))
			return true;
		s->stats.shed++;
		return false;
	}
	return false;
}

uint64_t sigma_match_origin(const struct sigma_scanner *s, uint64_t *places)
{
	*places = s->places;
	return s->origin;
}

bool correlator_add(struct sigma_scanner *s, const struct compiled_rule *rule,
		    sigma_match_fn *match, void *context)
{
	if (!make_room(s, match, context))
		return false;
	for (uint32_t i = 0; i < s->set->correlation_count; i++) {
		const struct correlation *cor = &s->set->correlations[i];

		for (uint32_t k = 0; k < cor->source_count; k++)
			if (cor->sources[k].rule == rule->info.number)
				add_fact(s, i, k);
	}
	return true;
}

static int by_group_and_time(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;
	int key;

	if (x->correlation != y->correlation)
		return x->correlation < y->correlation ? -1 : 1;
	key = span_cmp(x->key, y->key);
	if (key)
		return key;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->record_id != y->record_id)
		return x->record_id < y->record_id ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

static bool test_holds(const struct correlation_test *test, double n)
{
	switch (test->compare) {
	case COMPARE_GT:
		return n > test->number;
	case COMPARE_GTE:
		return n >= test->number;
	case COMPARE_LT:
		return n < test->number;
	case COMPARE_LTE:
		return n <= test->number;
	case COMPARE_EQ:
		return n == test->number;
	case COMPARE_NEQ:
		return n != test->number;
	}
	return false;
}

static bool tests_hold(const struct correlation *cor, double n)
{
	for (uint32_t i = 0; i < cor->test_count; i++)
		if (!test_holds(&cor->tests[i], n))
			return false;
	return true;
}

static bool is_measured(const struct correlation *cor)
{
	return cor->type == CORRELATE_SUM || cor->type == CORRELATE_AVERAGE ||
	       cor->type == CORRELATE_PERCENTILE || cor->type == CORRELATE_MEDIAN;
}

/* Whether a rule that is there can make the condition fail. */
static bool has_not(const struct node *node)
{
	if (node->kind == NODE_NOT)
		return true;
	for (uint32_t i = 0; node->kind != NODE_PRED && i < node->count; i++)
		if (has_not(node->kids[i]))
			return true;
	return false;
}

/* Whether it is judged at each event, over what the timespan before it holds. */
static bool slides(const struct correlation *cor)
{
	bool grows = !is_measured(cor) || cor->type == CORRELATE_SUM;

	if (cor->condition && has_not(cor->condition))
		return false;
	for (uint32_t i = 0; i < cor->test_count; i++) {
		enum compare compare = cor->tests[i].compare;

		if (compare == COMPARE_EQ || compare == COMPARE_NEQ ||
		    (grows && compare != COMPARE_GT && compare != COMPARE_GTE))
			return false;
	}
	return true;
}

/* Facts of one correlation and group, in order of time, and the window in them. */
struct run {
	struct sigma_scanner *s;
	const struct correlation *cor;
	const struct fact *facts;
	size_t count;
	size_t from, to;		/* window: [from, to) */
	sigma_match_fn *match;
	void *context;

	uint32_t *value_ids;		/* of each fact: number of its value in this run */
	uint32_t *value_seen;		/* how often a value stands in the window */
	uint32_t distinct;
	struct measure measure;		/* of what is summed or ranked */
	uint32_t source_seen[CORRELATION_SOURCES_MAX];
	uint32_t sources_there;
	/* Latest start of a chain of sources 0..i in their order. */
	timestamp chain[CORRELATION_SOURCES_MAX];
	bool chained[CORRELATION_SOURCES_MAX];
	struct arena *arena;
};

static bool within(const struct run *r, size_t first, size_t last)
{
	uint64_t span = (uint64_t)r->facts[last].time - (uint64_t)r->facts[first].time;

	return r->cor->timespan == 0 || span <= r->cor->timespan;
}

static void enter(struct run *r, size_t i)
{
	uint32_t source = r->facts[i].source;

	if (r->value_ids && r->value_seen[r->value_ids[i]]++ == 0)
		r->distinct++;
	measure_enter(&r->measure, i);
	if (r->source_seen[source]++ == 0)
		r->sources_there++;
	if (source == 0 || r->chained[source - 1]) {
		r->chain[source] = source ? r->chain[source - 1] : r->facts[i].time;
		r->chained[source] = true;
	}
}

static void leave(struct run *r, size_t i)
{
	if (r->value_ids && --r->value_seen[r->value_ids[i]] == 0)
		r->distinct--;
	measure_leave(&r->measure, i);
	if (--r->source_seen[r->facts[i].source] == 0)
		r->sources_there--;
}

/* What is no number, or none that can be counted with, is nothing. */
static double number(struct span text)
{
	char copy[64];
	double n;

	text = span_sub(text, 0, sizeof copy - 1);
	memcpy(copy, text.at, text.len);
	copy[text.len] = 0;
	n = strtod(copy, NULL);
	return isfinite(n) ? n : 0;
}

static bool measure_values(struct run *r)
{
	double *numbers = ARENA_ARRAY(r->arena, r->count, double);

	if (!numbers)
		return false;
	for (size_t i = 0; i < r->count; i++)
		numbers[i] = number(r->facts[i].value);
	return measure_new(&r->measure, r->arena, numbers, r->count,
			   r->cor->type == CORRELATE_PERCENTILE || r->cor->type == CORRELATE_MEDIAN);
}

/* Nearest rank. */
static double percentile(const struct run *r)
{
	size_t count = r->to - r->from;
	size_t rank = (size_t)ceil(r->cor->percentile / 100 * (double)count);

	return measure_rank(&r->measure, rank ? rank - 1 : 0);
}

static double measure(struct run *r)
{
	size_t count = r->to - r->from;

	switch (r->cor->type) {
	case CORRELATE_EVENT_COUNT:
		return (double)count;
	case CORRELATE_VALUE_COUNT:
		return r->distinct;
	case CORRELATE_TEMPORAL:
	case CORRELATE_TEMPORAL_ORDERED:
	case CORRELATE_NEAR:
		return r->sources_there;
	case CORRELATE_SUM:
		return measure_sum(&r->measure, r->from, r->to);
	case CORRELATE_AVERAGE:
		return measure_sum(&r->measure, r->from, r->to) / (double)count;
	case CORRELATE_PERCENTILE:
		return percentile(r);
	case CORRELATE_MEDIAN:	/* of an even count the mean of the middle two */
		return (measure_rank(&r->measure, (count - 1) / 2) +
			measure_rank(&r->measure, count / 2)) / 2;
	}
	return 0;
}

/* An extended condition: predicates ask whether a source is in the window. */
static bool condition_holds(const struct run *r, const struct node *node)
{
	switch (node->kind) {
	case NODE_PRED:
		return r->source_seen[node->pred->other] > 0;
	case NODE_NOT:
		return !condition_holds(r, node->kids[0]);
	case NODE_AND:
		for (uint32_t i = 0; i < node->count; i++)
			if (!condition_holds(r, node->kids[i]))
				return false;
		return true;
	case NODE_OR:
		for (uint32_t i = 0; i < node->count; i++)
			if (condition_holds(r, node->kids[i]))
				return true;
		return false;
	default:
		return false;
	}
}

/* Whether the sources came in their order, the first of them still in the window. */
static bool in_order(const struct run *r)
{
	uint32_t last = r->cor->source_count - 1;

	return r->facts[r->to - 1].source == last && r->chained[last] &&
	       r->chain[last] >= r->facts[r->from].time;
}

static bool window_holds(struct run *r)
{
	const struct correlation *cor = r->cor;

	if (cor->condition)
		return condition_holds(r, cor->condition);
	if (cor->test_count == 0)
		return r->sources_there == cor->source_count &&
		       (cor->type != CORRELATE_TEMPORAL_ORDERED || in_order(r));
	if (cor->type == CORRELATE_TEMPORAL_ORDERED && !in_order(r))
		return false;
	return tests_hold(cor, measure(r));
}

/* The text with its quotes that begins at `at`, in JSON of our own writing. */
static struct span json_text_at(struct span json, size_t at)
{
	size_t end = at + 1;

	while (end < json.len && json.at[end] != '"')
		end += json.at[end] == '\\' ? 2 : 1;
	return span_sub(json, at, end + 1 - at);
}

/* Value number `n` of a key, with its quotes. */
static struct span key_value(struct span key, uint32_t n)
{
	size_t at = 1;

	for (;;) {
		struct span text;

		at += json_text_at(key, at).len + 1;
		text = json_text_at(key, at);
		if (n-- == 0 || text.len == 0)
			return text;
		at += text.len + 1;
	}
}

/* The group of `other` in which a match of group `key` of `cor` falls; false: none. */
static bool project_key(const struct run *r, const struct correlation *other,
			const struct correlation_source *source, struct span key, struct span *out)
{
	struct correlator *c = r->s->correlator;
	struct json_write w = json_write_to(&c->scratch);

	buf_clear(&c->scratch);
	json_object(&w);
	for (uint32_t i = 0; i < other->group_count; i++) {
		struct span name = r->s->set->fields[source->group_by[i]];
		uint32_t n = 0;

		while (n < r->cor->group_count && !span_eq_nocase(r->cor->group_names[n], name))
			n++;
		if (n == r->cor->group_count)
			return false;
		json_key_span(&w, other->group_names[i]);
		json_raw(&w, key_value(key, n));
	}
	json_object_end(&w);
	*out = arena_copy(&c->memory, buf_span(&c->scratch));
	return !c->scratch.overflow && out->at;
}

/* A match of this correlation is a fact for those that build on it. */
static void feed_others(struct run *r, const struct fact *last)
{
	struct correlator *c = r->s->correlator;

	for (uint32_t i = 0; i < r->s->set->correlation_count; i++) {
		const struct correlation *other = &r->s->set->correlations[i];

		for (uint32_t k = 0; k < other->source_count; k++) {
			struct fact copy = *last, *fact;

			if (other->sources[k].rule != r->cor->rule ||
			    !project_key(r, other, &other->sources[k], last->key, &copy.key))
				continue;
			copy.correlation = i;
			copy.source = k;
			fact = new_fact(c);
			if (fact)
				*fact = copy;
			else
				r->s->stats.shed++;
		}
	}
}

/* In how many places the window's matches were; told up to a thousand. */
static uint64_t places_of(const struct run *r)
{
	uint64_t seen[1000], count = 0;

	for (size_t i = r->from; i < r->to && count < 1000; i++) {
		uint64_t k = 0;

		while (k < count && seen[k] != r->facts[i].origin)
			k++;
		if (k == count)
			seen[count++] = r->facts[i].origin;
	}
	return count;
}

/* A match of the window, which stands with the event `at`. */
static bool tell(struct run *r, size_t at)
{
	const struct compiled_rule *rule = r->s->set->rules[r->cor->rule];
	struct fact first = r->facts[r->from], last = r->facts[at];
	struct json_write w = json_write_to(&r->s->detail);
	struct finding finding = {
		.engine = ENGINE_SIGMA, .harm = rule->info.harm, .level = rule->info.level,
		.rule = rule->info.id, .title = rule->info.title,
		.techniques = rule->info.techniques, .references = rule->info.file,
		.offset = UINT64_MAX, .record_id = last.record_id, .time = last.time,
		.matched = last.key,
	};

	buf_clear(&r->s->detail);
	json_object(&w);
	json_key(&w, "events");
	json_u64(&w, r->to - r->from);
	json_key(&w, "value");
	json_double(&w, measure(r));
	json_key(&w, "first_time");
	buf_clear(&r->s->user);
	timestamp_format(&r->s->user, first.time, 6);
	json_span(&w, buf_span(&r->s->user));
	json_key(&w, "first_record_id");
	json_u64(&w, first.record_id);
	r->s->origin = last.origin;
	r->s->places = last.origin ? places_of(r) : 1;
	if (r->s->places > 1) {
		json_key(&w, "logs");
		json_u64(&w, r->s->places);
	}
	json_object_end(&w);
	finding.detail = buf_span(&r->s->detail);
	if (rule->feeds)
		feed_others(r, &last);
	if (rule->info.silent)
		return true;
	r->s->stats.matches++;
	return r->match(r->context, &finding, &rule->info, NULL);
}

static void empty_window(struct run *r)
{
	while (r->from < r->to)
		leave(r, r->from++);
	memset(r->chained, 0, sizeof r->chained);
}

static bool judge_sliding(struct run *r)
{
	while (r->to < r->count) {
		enter(r, r->to++);
		while (!within(r, r->from, r->to - 1))
			leave(r, r->from++);
		if (!window_holds(r))
			continue;
		if (!tell(r, r->to - 1))
			return false;
		empty_window(r);
	}
	return true;
}

static bool judge_blocks(struct run *r)
{
	while (r->from < r->count) {
		while (r->to < r->count && within(r, r->from, r->to))
			enter(r, r->to++);
		if (window_holds(r) && !tell(r, r->to - 1))
			return false;
		empty_window(r);
	}
	return true;
}

/*
 * Each event of the first source is looked at with what lies at most the timespan before
 * and behind it. Of those that follow within the timespan of one that was told none is told.
 */
static bool judge_near(struct run *r)
{
	size_t told = SIZE_MAX;

	for (size_t i = 0; i < r->count; i++) {
		if (r->facts[i].source || (told != SIZE_MAX && within(r, told, i)))
			continue;
		while (r->to < r->count && (r->to <= i || within(r, i, r->to)))
			enter(r, r->to++);
		while (!within(r, r->from, i))
			leave(r, r->from++);
		if (!condition_holds(r, r->cor->condition))
			continue;
		if (!tell(r, i))
			return false;
		told = i;
	}
	return true;
}

struct numbered {
	struct span value;
	size_t fact;
};

static int by_value(const void *a, const void *b)
{
	return span_cmp(((const struct numbered *)a)->value, ((const struct numbered *)b)->value);
}

static bool number_values(struct run *r)
{
	struct numbered *all = ARENA_ARRAY(r->arena, r->count, struct numbered);
	uint32_t next = 0;

	r->value_ids = ARENA_ARRAY(r->arena, r->count, uint32_t);
	r->value_seen = ARENA_ARRAY(r->arena, r->count, uint32_t);
	if (!all || !r->value_ids || !r->value_seen)
		return false;
	for (size_t i = 0; i < r->count; i++)
		all[i] = (struct numbered){ r->facts[i].value, i };
	qsort(all, r->count, sizeof *all, by_value);
	for (size_t i = 0; i < r->count; i++) {
		next += i && !span_eq(all[i].value, all[i - 1].value);
		r->value_ids[all[i].fact] = next;
	}
	return true;
}

static bool judge_run(struct sigma_scanner *s, struct fact *facts, size_t count,
		      sigma_match_fn *match, void *context)
{
	struct arena arena = arena_new((size_t)1 << 30);
	struct run r = { .s = s, .cor = &s->set->correlations[facts[0].correlation], .facts = facts,
			 .count = count, .match = match, .context = context, .arena = &arena };
	bool ok = true;

	if ((r.cor->type == CORRELATE_VALUE_COUNT && !number_values(&r)) ||
	    (is_measured(r.cor) && !measure_values(&r)))
		s->stats.shed += count;
	else
		ok = r.cor->type == CORRELATE_NEAR ? judge_near(&r)
		     : slides(r.cor)		   ? judge_sliding(&r)
						   : judge_blocks(&r);
	arena_free(&arena);
	return ok;
}

/* Takes the facts of one rank out, so that what they tell may become facts again. */
static size_t take_rank(struct correlator *c, uint32_t rank, struct fact **out)
{
	size_t taken = 0, kept = 0;
	struct fact *facts = calloc(c->count + 1, sizeof *facts);

	*out = facts;
	for (size_t i = 0; facts && i < c->count; i++) {
		if (c->set->correlations[c->facts[i].correlation].rank == rank)
			facts[taken++] = c->facts[i];
		else
			c->facts[kept++] = c->facts[i];
	}
	if (facts)
		c->count = kept;
	return taken;
}

static bool judge_rank(struct sigma_scanner *s, uint32_t rank, sigma_match_fn *match, void *context)
{
	struct fact *facts;
	size_t count = take_rank(s->correlator, rank, &facts), end;
	bool ok = true;

	if (count)
		qsort(facts, count, sizeof *facts, by_group_and_time);
	for (size_t start = 0; ok && start < count; start = end) {
		for (end = start + 1; end < count; end++)
			if (facts[end].correlation != facts[start].correlation ||
			    !span_eq(facts[end].key, facts[start].key))
				break;
		ok = judge_run(s, facts + start, end - start, match, context);
	}
	free(facts);
	return ok;
}

bool correlator_judge(struct sigma_scanner *s, sigma_match_fn *match, void *context)
{
	struct correlator *c = s->correlator;
	uint32_t top = 0;
	bool ok = true;

	for (uint32_t i = 0; i < s->set->correlation_count; i++)
		top = s->set->correlations[i].rank > top ? s->set->correlations[i].rank : top;
	for (uint32_t rank = 1; ok && rank <= top; rank++)
		ok = judge_rank(s, rank, match, context);
	c->count = 0;
	arena_reset(&c->memory);
	return ok;
}
