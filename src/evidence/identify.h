/*
 * identify: what a byte stream is, by its content and never by its name.
 *
 * Answers a class of evidence and the short name of the format. `reader` says
 * what can be done with it beyond matching raw bytes: what nothing reads yet is
 * still named, so that coverage can say that its content was not decoded.
 */
#ifndef KANSHIKI_EVIDENCE_IDENTIFY_H
#define KANSHIKI_EVIDENCE_IDENTIFY_H

#include "base/finding.h"

enum reader { READER_NONE, READER_EVTX, READER_EVT, READER_ARCHIVE, READER_IMAGE, READER_TEXT,
	      READER_JOURNAL };

struct identity {
	enum evidence_class evidence_class;
	const char *kind;		/* static */
	enum reader reader;
	bool is_locked;			/* encrypted as a whole */
};

/* How much of the start should be there, where the content is that long. */
#define IDENTIFY_BYTES ((size_t)68 << 10)

struct identity identify(struct span start);

#endif
