/*
 * events_line: one record as a line of JSON or CSV, or as an XML element.
 *
 * EVTX records keep their structure, and those of older Windows logs get the same.
 * Events of other logs are flat: a JSON object of strings, or <Data> elements in XML.
 */
#ifndef KANSHIKI_CLI_EVENTS_LINE_H
#define KANSHIKI_CLI_EVENTS_LINE_H

#include "formats/evtx/evtx.h"

enum events_format { EVENTS_JSONL, EVENTS_XML, EVENTS_CSV };

/* What stands before the first record and behind the last. */
struct span events_prologue(enum events_format format);
struct span events_epilogue(enum events_format format);

/* Appends the record with its line end; false leaves `to` as it was. */
bool events_line(enum events_format format, const struct evtx_record *record, struct buf *to,
		 struct err *err);

/* An event of a log that is no EVTX; of an EVT one in the shape of EVTX. */
void events_flat_line(enum events_format format, const struct event *event, struct buf *to);

#endif
