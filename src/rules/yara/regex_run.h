/* regex_run: what the two ways to run a program share: threads, and built-up automata. */
#ifndef KANSHIKI_RULES_YARA_REGEX_RUN_H
#define KANSHIKI_RULES_YARA_REGEX_RUN_H

#include "rules/yara/regex_prog.h"

struct regex_dfa;

struct regex_scratch {
	uint32_t room;			/* instructions that the arrays below can take */
	uint32_t *now, *next, *stack;	/* threads in order of preference; work to do */
	uint32_t *mark;			/* [instruction] generation that has seen it */
	uint32_t generation;
	uint32_t now_count, next_count;
	struct regex_dfa *dfa;		/* of the program last run; made when first needed */
};

struct regex_run {
	const struct regex *regex;
	struct regex_scratch *scratch;
	struct span data;
	bool any_assertion;		/* take all assertions as true */
	bool ends_word;			/* forward: only before what is no letter or digit may it end */
};

/* Programs are bounded by REGEX_PROGRAM_MAX, so this is too. False: out of memory. */
bool regex_make_room(struct regex_scratch *s, uint32_t count);
/* Adds to the next list all instructions reached from `pc` without a byte. */
void regex_add_thread(struct regex_run *r, uint32_t pc, size_t at);
/* The next list becomes the present one. */
void regex_swap_lists(struct regex_scratch *s);
bool regex_takes(const struct regex *regex, const struct regex_inst *inst, uint8_t byte);

/*
 * The automaton: sets of threads as states, made as they are met, bounded in
 * number and forgotten when full. It knows no assertions and no order of
 * preference. `unanchored`: a match may begin at every place.
 *
 * regex_dfa_start answers the first state, or 0 where memory is short. A step
 * answers the next state, or 0: full too often, go on without. State 0 is none.
 */
uint32_t regex_dfa_start(struct regex_run *r, bool unanchored);
uint32_t regex_dfa_step(struct regex_run *r, uint32_t state, uint8_t byte);
/* The threads of a state become the present list, to go on without the automaton. */
void regex_dfa_leave(struct regex_run *r, uint32_t state);
void regex_dfa_free(struct regex_dfa *dfa);	/* NULL-safe */

#define REGEX_DFA_STATES 4096
#define REGEX_DFA_MATCH 1
#define REGEX_DFA_DEAD 2

struct regex_dfa {
	const struct regex *regex;
	bool unanchored;
	uint32_t count;			/* states; number 0 is not used */
	uint32_t most;			/* what transitions have room for */
	uint32_t classes;
	uint32_t start;			/* 0: not made yet */
	uint32_t forgotten;		/* times, in this run */
	uint32_t *next;			/* [state * classes + class] 0: not known yet */
	uint32_t *pool;			/* threads of all states */
	uint32_t pool_count;
	uint32_t first[REGEX_DFA_STATES], length[REGEX_DFA_STATES];
	uint32_t slot[REGEX_DFA_STATES];	/* of the state in table */
	uint8_t kind[REGEX_DFA_STATES];
	uint32_t table[2 * REGEX_DFA_STATES];	/* by hash of threads: state */
};

#endif
