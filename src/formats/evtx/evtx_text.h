/*
 * evtx_text: values as JSON and XML text, as `evtx_dump` writes them.
 *
 * Integers and booleans are JSON's own, all else is a string: times with seven
 * digits of fraction, GUIDs in braces, hex numbers with 0x. Characters that could
 * mislead a reader (codec/escape.h) are escaped, which a JSON parser undoes.
 */
#ifndef KANSHIKI_FORMATS_EVTX_TEXT_H
#define KANSHIKI_FORMATS_EVTX_TEXT_H

#include "formats/evtx/evtx_digits.h"
#include "formats/evtx/evtx_utf16.h"
#include "formats/evtx/evtx_value.h"

enum evtx_mode {
	EVTX_JSON_VALUE,	/* number, true, "text"; a list of one is its element */
	EVTX_JSON_PART,		/* characters inside a JSON string */
	EVTX_XML_PART,		/* characters of XML text or of a quoted attribute */
};

struct evtx_texter {
	struct evtx_sid sids[EVTX_SIDS];
	struct evtx_clock clock;
	uint16_t code_page;
	const uint8_t *readable;	/* the end of the chunk, in which all values lie */
};

/* Bytes that evtx_text writes at most, and writes over, for a value of that length. */
static inline size_t evtx_text_bound(size_t len)
{
	return 96 + EVTX_CHARACTER_MAX * len;
}

/* Writes at `to`, which has room for the bound; returns the end. */
uint8_t *evtx_text(struct evtx_texter *t, uint8_t *to, const struct evtx_value *v,
		   enum evtx_mode mode);

/* The same for one value, no list, of a length that fits its type; without quotes. */
uint8_t *evtx_text_plain(struct evtx_texter *t, uint8_t *to, const struct evtx_value *v, bool xml);

/* Whether EVTX_JSON_VALUE of a value of that type, which is no list, stands in quotes. */
bool evtx_text_is_quoted(uint8_t type);

/* UTF-8 text from templates, escaped for the mode's place. */
void evtx_text_literal(struct buf *to, struct span utf8, enum evtx_mode mode);

#endif
