/*
 * gate: whether some of few literals could stand in a text; in doubt, yes.
 *
 * Asked before a text is folded, hashed or searched: 32 or 64 characters at a time,
 * by four of each literal's bytes, without regard to the case of ASCII letters
 * (match/fold.h turns no other character into one of these). Every text is let
 * through where the processor has no AVX2. The gate lies in an arena without
 * pointers out of it and is read-only.
 */
#ifndef KANSHIKI_MATCH_GATE_H
#define KANSHIKI_MATCH_GATE_H

#include "base/event.h"
#include "match/gram.h"

struct gate;

/* NULL: no memory, or not worth it: a literal is too short, or too many texts would pass. */
const struct gate *gate_build(struct arena *arena, const struct gram_literal *literals, size_t count);

bool gate_lets_utf8(const struct gate *gate, struct span text);
bool gate_lets_utf16(const struct gate *gate, struct span utf16);
/* A list is let through with one of its items, and whatever is no text. */
bool gate_lets_value(const struct gate *gate, const struct value *value);
/* Texts in UTF-16LE anywhere among the bytes, at odd places too. */
bool gate_lets_bytes(const struct gate *gate, struct span bytes);
/* Of `count` slots keeps those whose values are let through; returns how many. */
size_t gate_pick(const struct gate *gate, const struct value *values, uint32_t *slots, size_t count);

#endif
