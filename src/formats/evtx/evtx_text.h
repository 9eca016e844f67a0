/*
 * evtx_text: values as JSON and XML text, as `evtx_dump` writes them.
 *
 * Integers and booleans are JSON's own, all else is a string: times with seven
 * digits of fraction, GUIDs in braces, hex numbers with 0x. Characters that could
 * mislead a reader (codec/escape.h) are escaped, which a JSON parser undoes.
 */
#ifndef KANSHIKI_FORMATS_EVTX_TEXT_H
#define KANSHIKI_FORMATS_EVTX_TEXT_H

#include "formats/evtx/evtx_value.h"

enum evtx_mode {
	EVTX_JSON_VALUE,	/* number, true, "text"; a list of one is its element */
	EVTX_JSON_PART,		/* characters inside a JSON string */
	EVTX_XML_PART,		/* characters of XML text or of a quoted attribute */
};

/* What the last times were, so that the date is worked out once a second. */
struct evtx_clock {
	uint64_t second;
	uint8_t text[20];	/* "2026-11-21T22:30:00." */
};

/* A SID of up to five parts, and its text. */
#define EVTX_SIDS 16

struct evtx_sid {
	uint8_t len, text_len;
	uint8_t raw[28];
	uint8_t text[80];
};

struct evtx_texter {
	struct evtx_sid sids[EVTX_SIDS];
	struct evtx_clock clock;
	uint16_t code_page;
};

/* Bytes that evtx_text writes at most for a value of that length. */
static inline size_t evtx_text_bound(size_t len)
{
	return 96 + 12 * len;
}

/* Writes at `to`, which has room for the bound; returns the end. */
uint8_t *evtx_text(struct evtx_texter *t, uint8_t *to, const struct evtx_value *v,
		   enum evtx_mode mode);

/* UTF-8 text from templates, escaped for the mode's place. */
void evtx_text_literal(struct buf *to, struct span utf8, enum evtx_mode mode);

#endif
