/*
 * event: one log record as a flat list of named values, without text made yet.
 *
 * A *shape* is the list of field names that many events share (one EVTX
 * template, one JSON key order); the *values* stand beside it, slot by slot.
 * A consumer resolves names once a shape (keyed by shape->id) and then reads
 * slots; a value is rendered to text only when somebody needs it.
 *
 * Names follow Sigma's taxonomy. For Windows records the system part has the
 * names Provider_Name, EventID, Level, Task, Opcode, Keywords, TimeCreated_SystemTime,
 * EventRecordID, Channel, Computer, Security_UserID, Execution_ProcessID,
 * Execution_ThreadID, Correlation_ActivityID, Version (element, or element_attribute);
 * EventData and UserData names stand bare, with spaces stripped; unnamed Data is
 * "Data" (may repeat). Of RenderingInfo, Message stands bare, the rest as
 * RenderingInfo_Level and so on. Nested JSON keys are joined by dots.
 *
 * Ownership: a shape lives as long as its decoder; values and what they borrow
 * live until the decoder's next call. Both are read-only to consumers.
 */
#ifndef KANSHIKI_BASE_EVENT_H
#define KANSHIKI_BASE_EVENT_H

#include "base/timestamp.h"

enum value_kind {
	VALUE_ABSENT,		/* the slot's element was left out of this record */
	VALUE_NULL,
	VALUE_BOOL,		/* .u */
	VALUE_INT,		/* .i */
	VALUE_UINT,		/* .u */
	VALUE_HEX,		/* .u, shown as 0x..; lower-case, no padding */
	VALUE_FLOAT,		/* .f, shown with the fewest digits that tell it */
	VALUE_TEXT,		/* .bytes UTF-8 (may be ill-formed: evidence) */
	VALUE_UTF16,		/* .bytes UTF-16LE */
	VALUE_BYTES,		/* .bytes raw, shown as upper-case hex */
	VALUE_GUID,		/* .bytes, 16; shown {lower-case} as Windows renders it */
	VALUE_SID,		/* .bytes, S-1-… */
	VALUE_TIME,		/* .i is a timestamp; shown with seven digits of fraction */
	VALUE_LIST,		/* .list, .count */
};

struct value {
	enum value_kind kind;
	uint32_t count;			/* of a list */
	union {
		int64_t i;
		uint64_t u;
		double f;
		struct span bytes;
		const struct value *list;
	};
};

#define EVENT_NO_SLOT UINT32_MAX

struct event_shape {
	uint32_t id;			/* dense from 0 within one decoder */
	uint32_t count;
	const struct span *names;	/* [count] UTF-8 */
	/* Slots of what routing needs; EVENT_NO_SLOT where the shape has none. */
	uint32_t provider, channel, event_id, computer, user;
};

struct event {
	const struct event_shape *shape;
	const struct value *values;	/* [shape->count] */
	timestamp time;			/* TIME_NONE where the record has none */
	uint64_t record_id;		/* or line number for text logs */
	uint64_t offset;		/* of the record in its item */
	bool recovered;			/* carved; came from slack or damage */
	/*
	 * Where a decoder knows them: bytes in which every text of the values stands, in
	 * UTF-16LE and at odd places too, but for those of the slots that are loose.
	 */
	struct span texts;		/* .at NULL: not known */
	const uint32_t *loose;
	uint32_t loose_count;
};

/*
 * What a decoder calls for each event. False stops the decoder without error
 * (the consumer has had enough). `context` is the consumer's.
 */
typedef bool event_fn(void *context, const struct event *event);

/* Appends the value's text form as named in value_kind; lists joined by ", ". */
void value_text(struct buf *to, const struct value *value);
/* First slot of that exact name, or EVENT_NO_SLOT. */
uint32_t event_shape_find(const struct event_shape *shape, struct span name);

#endif
