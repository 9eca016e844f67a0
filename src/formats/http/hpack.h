/*
 * hpack: the names and values of HTTP/2's heads (RFC 7541).
 *
 * One decoder a direction of a connection, since each block refers to those before it:
 * a block that is missing or damaged makes all that follow it unreadable. The table
 * that an encoder may fill is bounded by HPACK_TABLE, twice what a connection begins
 * with; an encoder that asks for more is not followed.
 *
 * Met in its middle, a direction has a table that nobody knows. Entries are numbered from
 * the newest on, so what is added from then on is known for certain, and what is older is
 * known to be unknown: such fields are counted and left out.
 */
#ifndef KANSHIKI_FORMATS_HPACK_H
#define KANSHIKI_FORMATS_HPACK_H

#include "base/buf.h"

#define HPACK_TABLE 8192
#define HPACK_ENTRY 32			/* what each entry counts besides its texts */
#define HPACK_ENTRIES (HPACK_TABLE / HPACK_ENTRY)

struct hpack_entry {
	uint32_t at;			/* of its name in `text`; the value behind it */
	uint16_t name, value;		/* lengths */
};

struct hpack {
	bool is_partial;		/* met in its middle */
	uint64_t unknown;		/* fields whose name or value is older than that */
	uint32_t limit, size;		/* of the entries, as the encoder counts them */
	uint32_t count, newest;		/* in the ring of entries */
	uint32_t end;			/* of what is used of `text` */
	struct hpack_entry entries[HPACK_ENTRIES];
	uint8_t text[2 * HPACK_TABLE];	/* half of it at most is in use, so it is tidied up rarely */
};

/* Borrowed until it returns. */
typedef void hpack_fn(void *context, struct span name, struct span value);

void hpack_begin(struct hpack *h, bool is_partial);
/* Each field of a whole block; `room` is for what is unpacked. False: damaged, or not followed. */
bool hpack_read(struct hpack *h, struct span block, struct buf *room, hpack_fn *each, void *context);

#endif
