/*
 * rarity: how often bytes follow each other in real files.
 *
 * A first-order model: the chance that given bytes stand at some place is the
 * chance of the first, times that of each next after its predecessor. Good
 * enough to tell hot windows (runs of zeros, common code) from rare ones.
 */
#ifndef KANSHIKI_MATCH_RARITY_H
#define KANSHIKI_MATCH_RARITY_H

#include "base/span.h"

/* [a] and [a][b], less '0': twice the bits of surprise at a, at b after a. */
extern const char rarity_bytes[257];
extern const char rarity_pairs[256][257];

/*
 * Expected occurrences per byte of data of these `len` bytes under `mask` (as
 * long; NULL: all bits count); between 0 and 1.
 */
double rarity_of(const uint8_t *bytes, const uint8_t *mask, size_t len);

#endif
