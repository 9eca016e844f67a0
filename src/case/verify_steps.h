/* verify_steps: the parts of case_verify, one a file. */
#ifndef KANSHIKI_CASE_VERIFY_STEPS_H
#define KANSHIKI_CASE_VERIFY_STEPS_H

#include "case/case.h"
#include "case/verify.h"

#define VERIFY_KEYS_MAX 64

struct verify_keys {
	struct note_key keys[VERIFY_KEYS_MAX];
	size_t count;
	bool given;		/* by the caller: a seal by another key is broken */
};

void verify_say(struct verify *v, enum verify_state state, const char *what, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Says the error as broken; returns false. */
bool verify_failed(struct verify *v, const char *what, const struct err *err);

/* verify_log.c: the custody log, its checkpoints, their signatures and time stamps. */
void verify_log(struct verify *v, struct case_file *c, const struct verify_options *options,
		const struct verify_keys *keys);
/* verify_contents.c: the tables against the last "contents" entry. */
void verify_tables(struct verify *v, struct case_file *c);
/* verify_evidence.c: the evidence that is given against the items. */
void verify_evidence(struct verify *v, struct case_file *c, const struct verify_options *options);

#endif
