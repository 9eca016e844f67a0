/*
 * lint: what the Sigma specification 2.1 and good practice say about rules.
 *
 * Compiling tells what cannot be run; this tells what is against the
 * specification, what does not do what its writer thinks, and what is slow or
 * doubtful. Each finding has a name that stays (docs/sigma.md lists them), a
 * severity and a place. Ids and names are compared over all rules of a linter.
 */
#ifndef KANSHIKI_RULES_SIGMA_LINT_H
#define KANSHIKI_RULES_SIGMA_LINT_H

#include "base/arena.h"
#include "base/err.h"

enum lint_severity { LINT_ERROR,	/* against the specification */
		     LINT_WARNING,	/* likely not what is meant */
		     LINT_NOTE };	/* could be better */

struct lint_finding {
	enum lint_severity severity;
	const char *name;		/* "selection_unused"; static */
	const char *file;
	uint32_t line, column;		/* from 1 */
	const char *text;		/* until the call returns */
};

typedef void lint_fn(void *context, const struct lint_finding *finding);

struct sigma_linter;

/* Borrows the arena. NULL: no memory. */
struct sigma_linter *sigma_linter_new(struct arena *arena, lint_fn *tell, void *context);
/* All documents of one file; `file` and `text` are borrowed while the linter is used. */
void sigma_lint_file(struct sigma_linter *l, const char *file, struct span text);
/* What only shows over all files: references to rules that are not there. */
void sigma_lint_end(struct sigma_linter *l);

#endif
