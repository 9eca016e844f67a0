/*
 * evtx_codepage: ANSI strings of old programs, in Windows' single-byte code pages.
 *
 * 874 and 1250 to 1258; 0 means 1252. A log does not say which one its writer
 * had. The multi-byte pages 932, 936, 949 and 950 are not known: their bytes
 * beyond ASCII are shown as in 1252.
 */
#ifndef KANSHIKI_FORMATS_EVTX_CODEPAGE_H
#define KANSHIKI_FORMATS_EVTX_CODEPAGE_H

#include "base/span.h"

bool evtx_codepage_known(uint64_t number);
/* Writes at most three bytes for each byte of `ansi`; returns how many. */
size_t evtx_codepage_to_utf8(uint16_t number, struct span ansi, uint8_t *to);

#endif
