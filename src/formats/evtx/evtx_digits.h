/*
 * evtx_digits: numbers, times and identifiers as text.
 *
 * Each writes at `to` and returns the end. Behind that, what a value may take at
 * most (EVTX_DIGITS_MAX) may be written over.
 */
#ifndef KANSHIKI_FORMATS_EVTX_DIGITS_H
#define KANSHIKI_FORMATS_EVTX_DIGITS_H

#include "base/span.h"

#define EVTX_DIGITS_MAX 64	/* bytes of one number, time or GUID */

uint8_t *evtx_put_decimal(uint8_t *to, uint64_t n);
uint8_t *evtx_put_signed(uint8_t *to, int64_t n);
uint8_t *evtx_put_hex(uint8_t *to, uint64_t n);		/* 0x3e7 */
uint8_t *evtx_put_bytes(uint8_t *to, struct span s);	/* 03E7; two for each */
uint8_t *evtx_put_guid(uint8_t *to, const uint8_t raw[16]);	/* in braces */
#define EVTX_SYSTEMTIME_TEXT 28
uint8_t *evtx_put_systemtime(uint8_t *to, const uint8_t raw[16]);
/* The shortest decimal that reads back as the same number, of 4 or 8 bytes. */
uint8_t *evtx_put_float(uint8_t *to, struct span s);

/* What the last time was, so that the date is worked out once a second. */
struct evtx_clock {
	uint64_t second;
	uint8_t text[20];	/* "2026-11-21T22:30:00." */
};

/* A FILETIME, with seven digits of fraction. */
uint8_t *evtx_put_time(struct evtx_clock *clock, uint8_t *to, uint64_t ticks);

/* A SID of up to five parts, and its text. The same few accounts come again and again. */
#define EVTX_SIDS 16

struct evtx_sid {
	uint8_t len, text_len;
	uint8_t raw[28];
	uint8_t text[80];
};

/* Writes up to sizeof text, or 11 bytes for each part. */
uint8_t *evtx_put_sid(struct evtx_sid kept[EVTX_SIDS], uint8_t *to, struct span s);

#endif
