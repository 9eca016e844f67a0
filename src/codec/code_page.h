/*
 * code_page: text in Windows' ANSI code pages.
 *
 * 874, 932 (Shift-JIS), 936 (GBK), 949, 950 (Big5) and 1250 to 1258; 0 and what is
 * not known mean 1252. Tables are built in (tools/make-code-pages), so that a
 * sandboxed process needs no file for them.
 */
#ifndef KANSHIKI_CODEC_CODE_PAGE_H
#define KANSHIKI_CODEC_CODE_PAGE_H

#include "base/span.h"

bool code_page_known(uint64_t number);
/*
 * The character at the start of `ansi` (not empty) and its length, 1 or 2. Bytes
 * that are none in a double-byte page are U+FFFD each.
 */
size_t code_page_next(uint16_t number, struct span ansi, uint32_t *code);
/* Writes at most three bytes for each byte of `ansi`; returns how many. */
size_t code_page_to_utf8(uint16_t number, struct span ansi, uint8_t *to);

#endif
