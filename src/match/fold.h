/*
 * fold: lower case for comparing without regard to case, cheap on ASCII.
 *
 * Folds A-Z and the capital letters of Latin-1, Latin Extended-A, Greek and
 * Cyrillic that have a small one of the same length in UTF-8; the rest stays.
 * The same folding on both sides is what counts, so rules and values use this.
 */
#ifndef KANSHIKI_MATCH_FOLD_H
#define KANSHIKI_MATCH_FOLD_H

#include "base/span.h"

/* Writes from.len bytes to `to`, which may be from.at itself. */
void fold_utf8(uint8_t *to, struct span from);

/* Room that fold_utf16 and utf8_of_utf16 need for `len` bytes of UTF-16LE. */
#define FOLD_ROOM(len) ((len) / 2 * 3 + 16)

/* UTF-16LE to UTF-8, folded or as it is; returns the length. Lone surrogates: U+FFFD. */
size_t fold_utf16(uint8_t *to, struct span utf16);
size_t utf8_of_utf16(uint8_t *to, struct span utf16);

#endif
