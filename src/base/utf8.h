/* utf8: checking and stepping through UTF-8 (RFC 3629), and UTF-16LE to UTF-8. */
#ifndef KANSHIKI_BASE_UTF8_H
#define KANSHIKI_BASE_UTF8_H

#include "base/buf.h"

/*
 * Decodes the character at the start of `s` (not empty). Returns its length 1
 * to 4 and sets *code; an ill-formed sequence returns 0: take one byte as is.
 */
size_t utf8_next(struct span s, uint32_t *code);
bool utf8_valid(struct span s);
bool utf8_add(struct buf *to, uint32_t code);
/* The bytes of a character, at most 4; returns how many. */
size_t utf8_put(uint8_t to[4], uint32_t code);
/* UTF-8 without NUL: fit to be kept as text. */
bool utf8_is_text(struct span s);
/* Bytes made into such text: ill-formed ones and NUL as \xNN. */
void utf8_add_text(struct buf *to, struct span bytes);
/* Writes at most 3 bytes for each UTF-16 unit, no NUL; returns how many. As utf8_add_utf16le. */
size_t utf8_of_utf16le(uint8_t *to, struct span utf16);
/* A lone surrogate becomes U+FFFD; an odd last byte is ignored. */
bool utf8_add_utf16le(struct buf *to, struct span utf16);

#endif
