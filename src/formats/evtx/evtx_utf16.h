/*
 * evtx_utf16: UTF-16 text as UTF-8 inside a JSON string or XML.
 *
 * Characters that could mislead a reader (codec/escape.h) are escaped. A lone
 * surrogate becomes U+FFFD, NULs at the end are left out.
 */
#ifndef KANSHIKI_FORMATS_EVTX_UTF16_H
#define KANSHIKI_FORMATS_EVTX_UTF16_H

#include "base/span.h"

/* Bytes that a UTF-16 unit, or a character of one byte, becomes at most. */
#define EVTX_CHARACTER_MAX 12
/* Bytes that may be written over behind the end of what evtx_put_utf16 returns. */
#define EVTX_UTF16_OVER 32

uint8_t *evtx_put_character(uint8_t *to, uint32_t code, bool xml);
/* Bytes from `s` up to `readable`, which may be the end of `s`, can be read. */
uint8_t *evtx_put_utf16(uint8_t *to, struct span s, const uint8_t *readable, bool xml);

#endif
