/*
 * seen: a filter of contents by their digest: "not seen" is certain, "seen" is not.
 *
 * The coordinator adds what examiners tell of; they look, from their sandbox, and
 * ask only where the answer may be that it was seen. Most contents are new, and
 * cost no waiting then.
 */
#ifndef KANSHIKI_EXAMINE_SEEN_H
#define KANSHIKI_EXAMINE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen;

/* Room for `bits` (a power of two) in memory that is shared with processes forked later. NULL: no memory. */
struct seen *seen_new(uint64_t bits);
void seen_free(struct seen *s);		/* NULL-safe */
void seen_add(struct seen *s, const uint8_t sha256[32]);
bool seen_has(const struct seen *s, const uint8_t sha256[32]);
/* The same of sizes, for contents that are too large to wait for their digest. */
void seen_add_size(struct seen *s, uint64_t size);
bool seen_has_size(const struct seen *s, uint64_t size);
void seen_clear(struct seen *s);
/* From now on this process can only look. */
bool seen_lock(const struct seen *s);

#endif
