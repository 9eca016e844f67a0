/*
 * helper: a process that lives for one question.
 *
 * For what the calling process should not know or should not be exposed to: a
 * signing key, a connection. The helper has no descriptors but its answer's,
 * leaves no core, gains no privileges and cannot be traced by its like; what it
 * learnt is gone when it ends.
 */
#ifndef KANSHIKI_OS_HELPER_H
#define KANSHIKI_OS_HELPER_H

#include "base/buf.h"
#include "base/err.h"

/* Runs in the helper: appends to `answer`, or fails. */
typedef bool helper_fn(void *context, struct buf *answer, struct err *err);

#define HELPER_ANSWER_MAX ((size_t)1 << 20)

/*
 * Forks, runs `work`, appends its answer to `answer`. False where the work
 * failed (its error), ended otherwise, or took more than `seconds`.
 */
bool helper_ask(helper_fn *work, void *context, unsigned seconds, struct buf *answer,
		struct err *err);

/* The same in two steps, with other work of one's own between them. NULL: none could be started. */
struct helper *helper_start(helper_fn *work, void *context, struct err *err);
/* Frees it, whatever comes of it. 0 seconds: nobody wants the answer any more. NULL-safe. */
bool helper_finish(struct helper *h, unsigned seconds, struct buf *answer, struct err *err);

#endif
