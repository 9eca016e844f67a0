#include "rules/yara/regex_run.h"

#include <stdlib.h>

#define NEXT_MAX ((size_t)1 << 20)
#define POOL_MAX ((size_t)1 << 20)
/* Full more often than this in one run: making states costs more than it saves. */
#define FORGET_MAX 8

void regex_dfa_free(struct regex_dfa *dfa)
{
	if (!dfa)
		return;
	free(dfa->next);
	free(dfa->pool);
	free(dfa);
}

static void forget(struct regex_dfa *d)
{
	memset(d->next, 0, (size_t)d->count * d->classes * sizeof *d->next);
	for (uint32_t state = 1; state < d->count; state++)
		d->table[d->slot[state]] = 0;
	d->count = 1;
	d->pool_count = 0;
	d->start = 0;
}

static struct regex_dfa *dfa_of(struct regex_run *r, bool unanchored)
{
	struct regex_dfa *d = r->scratch->dfa;

	if (!d) {
		d = calloc(1, sizeof *d);
		if (!d)
			return NULL;
		d->next = calloc(NEXT_MAX, sizeof *d->next);
		d->pool = calloc(POOL_MAX, sizeof *d->pool);
		r->scratch->dfa = d;
	}
	if (!d->next || !d->pool)
		return NULL;
	if (d->regex != r->regex || d->unanchored != unanchored) {
		forget(d);
		d->regex = r->regex;
		d->unanchored = unanchored;
		d->classes = r->regex->class_count;
		d->most = NEXT_MAX / d->classes < REGEX_DFA_STATES ? (uint32_t)(NEXT_MAX / d->classes)
								   : REGEX_DFA_STATES;
	}
	return d;
}

static uint32_t hash_of(const uint32_t *threads, uint32_t count)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < count; i++)
		hash = (hash ^ threads[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint8_t kind_of(const struct regex *regex, const uint32_t *threads, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (regex->code[threads[i]].op == OP_MATCH)
			return REGEX_DFA_MATCH;
	}
	return count ? 0 : REGEX_DFA_DEAD;
}

static bool is_full(struct regex_dfa *d, uint32_t more)
{
	return d->count >= d->most || d->pool_count + more > POOL_MAX;
}

/* The state of the threads in the present list, new or known; 0: full too often. */
static uint32_t state_of(struct regex_run *r, struct regex_dfa *d)
{
	struct regex_scratch *s = r->scratch;
	uint32_t at, state;

	qsort(s->now, s->now_count, sizeof *s->now, by_number);
	at = hash_of(s->now, s->now_count) % (2 * REGEX_DFA_STATES);
	for (; d->table[at]; at = (at + 1) % (2 * REGEX_DFA_STATES)) {
		state = d->table[at];
		if (d->length[state] == s->now_count &&
		    !memcmp(d->pool + d->first[state], s->now, s->now_count * sizeof *s->now))
			return state;
	}
	if (is_full(d, s->now_count)) {
		if (d->forgotten++ >= FORGET_MAX || s->now_count > POOL_MAX)
			return 0;
		forget(d);
		at = hash_of(s->now, s->now_count) % (2 * REGEX_DFA_STATES);
	}
	state = d->count++;
	d->table[at] = state;
	d->slot[state] = at;
	d->first[state] = d->pool_count;
	d->length[state] = s->now_count;
	d->kind[state] = kind_of(r->regex, s->now, s->now_count);
	memcpy(d->pool + d->pool_count, s->now, s->now_count * sizeof *s->now);
	d->pool_count += s->now_count;
	return state;
}

uint32_t regex_dfa_start(struct regex_run *r, bool unanchored)
{
	struct regex_dfa *d = dfa_of(r, unanchored);

	if (!d)
		return 0;
	r->any_assertion = true;
	d->forgotten = 0;
	/* Another regex may have left threads behind. */
	r->scratch->next_count = 0;
	regex_swap_lists(r->scratch);
	if (d->start)
		return d->start;
	regex_add_thread(r, 0, 0);
	regex_swap_lists(r->scratch);
	return d->start = state_of(r, d);
}

/* Works out a step that was not known; `to` may end up in a fresh automaton. */
static uint32_t make_step(struct regex_run *r, struct regex_dfa *d, uint32_t state, uint8_t byte)
{
	struct regex_scratch *s = r->scratch;
	uint32_t made = d->count, to;

	for (uint32_t i = 0; i < d->length[state]; i++) {
		uint32_t pc = d->pool[d->first[state] + i];

		if (regex_takes(r->regex, &r->regex->code[pc], byte))
			regex_add_thread(r, pc + 1, 0);
	}
	if (d->unanchored)
		regex_add_thread(r, 0, 0);
	regex_swap_lists(s);
	to = state_of(r, d);
	if (to && d->count >= made)
		d->next[state * d->classes + r->regex->classes[byte]] = to;
	return to;
}

uint32_t regex_dfa_step(struct regex_run *r, uint32_t state, uint8_t byte)
{
	struct regex_dfa *d = r->scratch->dfa;
	uint32_t to = d->next[state * d->classes + r->regex->classes[byte]];

	return to ? to : make_step(r, d, state, byte);
}

void regex_dfa_leave(struct regex_run *r, uint32_t state)
{
	struct regex_dfa *d = r->scratch->dfa;

	r->scratch->now_count = d->length[state];
	memcpy(r->scratch->now, d->pool + d->first[state], d->length[state] * sizeof *d->pool);
}
