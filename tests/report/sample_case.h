/*
 * sample_case: made-up cases for tests of the report, written with plain SQL.
 *
 *   story    a small intrusion, every part of a report filled
 *   empty    nothing was found and nothing was there
 *   huge     the story and `count` more findings over forty days and 200 hosts
 *   hostile  the story, with every text from evidence out to break its reader
 */
#ifndef KANSHIKI_SAMPLE_CASE_H
#define KANSHIKI_SAMPLE_CASE_H

#include <sqlite3.h>

#include "base/span.h"

/* Text that holds all 65 control bytes, bidi marks, HTML, CSV and template payloads. */
struct span sample_payload(void);

/* An in-memory or file database; aborts on failure. The caller closes it. */
sqlite3 *sample_case(const char *path, const char *kind, unsigned count);

#endif
