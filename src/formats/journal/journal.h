/*
 * journal: files of systemd-journald, whole, cut off, or not closed.
 * Fields and sources: docs/formats/journal.md.
 *
 * Objects are gone through from the start of the file to its end, without the
 * hash tables and arrays that only an orderly closed file has right. An object
 * that makes no sense is passed over to the next place where one does.
 */
#ifndef KANSHIKI_FORMATS_JOURNAL_H
#define KANSHIKI_FORMATS_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/timestamp.h"

#define JOURNAL_FIELDS_MAX 1024			/* of one entry */
#define JOURNAL_FIELD_BYTES ((size_t)4 << 20)	/* of one field, unpacked */
#define JOURNAL_ENTRY_BYTES ((size_t)16 << 20)	/* of one entry */

struct journal_report {
	uint64_t entries;
	uint64_t stated;		/* entries, by the header */
	uint64_t lost_fields;		/* of entries that were told: data gone or damaged */
	uint64_t bad_objects, bad_bytes;/* passed over */
	uint64_t gaps, missing;		/* in the sequence numbers */
	bool unclean;			/* not closed: being written, or the machine stopped */
	bool cut;			/* the file is shorter than its header says */
	timestamp first, last;
};

struct journal_entry {
	uint64_t seqnum;
	timestamp time;			/* of the wall clock */
	uint64_t monotonic;		/* microseconds since the boot */
	uint8_t boot_id[16];
	uint64_t offset;
	const struct span *fields;	/* "NAME=value"; until the next entry */
	size_t count;
};

/* False stops without error. */
typedef bool journal_fn(void *context, const struct journal_entry *entry);

/* ERR_UNSUPPORTED: no journal, or features that nobody knows; ERR_CORRUPT: no whole header. */
bool journal_read(struct span file, journal_fn *each, void *context, struct journal_report *report,
		  struct err *err);

#endif
