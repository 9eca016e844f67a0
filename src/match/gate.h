/*
 * gate: whether some of few literals could stand in a text; in doubt, yes.
 *
 * Asked before a text is folded, hashed or searched: 32 characters at a time, by
 * the halves of four of each literal's bytes, without regard to the case of
 * ASCII letters. A text with other than ASCII characters is let through, and so
 * is every text where the processor has no AVX2. The gate lies in an arena
 * without pointers out of it and is read-only.
 */
#ifndef KANSHIKI_MATCH_GATE_H
#define KANSHIKI_MATCH_GATE_H

#include "match/gram.h"

struct gate;

/* NULL: no memory, or not worth it: a literal is too short, or too many texts would pass. */
const struct gate *gate_build(struct arena *arena, const struct gram_literal *literals, size_t count);

bool gate_lets_utf8(const struct gate *gate, struct span text);
bool gate_lets_utf16(const struct gate *gate, struct span utf16);

#endif
