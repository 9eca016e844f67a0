/*
 * ntfs: the tables in which NTFS keeps its files, read from memory: records of $MFT,
 * entries of $I30 and records of $UsnJrnl:$J. Facts: docs/formats/ntfs.md.
 *
 * Nothing is kept between records: a path is found by reading the parents' records
 * again. Texts are UTF-16LE, borrowed; times are instants, TIME_NONE where not set.
 */
#ifndef KANSHIKI_FORMATS_NTFS_NTFS_H
#define KANSHIKI_FORMATS_NTFS_NTFS_H

#include "base/arena.h"
#include "base/timestamp.h"

#define NTFS_RECORD_MOST 4096
#define NTFS_REFERENCE UINT64_C(0xffffffffffff)	/* of a file reference: its record; above: sequence */
#define NTFS_ROOT 5
#define NTFS_MOST_STREAMS 16

struct ntfs_times {
	timestamp created, modified, changed, accessed;
};

/* Content of a $FILE_NAME attribute, also of an index entry. */
struct ntfs_name {
	uint64_t parent;
	struct ntfs_times times;
	uint64_t size;
	uint32_t attributes;
	uint8_t space;			/* 2: an 8.3 name beside a longer one */
	struct span name;
};

struct ntfs_record {
	uint64_t number;
	uint16_t sequence;
	bool is_used, is_folder, is_extension;	/* extension: belongs to another record */
	bool has_times, has_name;
	struct ntfs_times times;	/* of $STANDARD_INFORMATION */
	uint32_t attributes;
	struct ntfs_name name;		/* the longest that it goes by */
	uint64_t size;			/* of its unnamed data; UINT64_MAX: not in this record */
	struct span resident;		/* its data, where they stand in the record */
	struct span streams[NTFS_MOST_STREAMS];	/* names of further data streams */
	size_t stream_count;
	uint8_t bytes[NTFS_RECORD_MOST];	/* the record with its fixups undone: spans point here */
};

struct ntfs_mft {
	struct span bytes;
	uint32_t record_size;
	uint64_t count;
};

/* False: no record of a known size at the start. */
bool ntfs_mft_open(struct ntfs_mft *out, struct span bytes);
enum ntfs_read { NTFS_READ, NTFS_FREE, NTFS_DAMAGED };	/* free: never used */
enum ntfs_read ntfs_mft_read(const struct ntfs_mft *m, uint64_t number, struct ntfs_record *out);
/*
 * "\x\y" of the file `name` (UTF-8, from `arena`) in folder `parent`. A parent that is gone
 * makes it "\?\y". At most 128 parents are asked.
 */
struct span ntfs_mft_path(const struct ntfs_mft *m, uint64_t parent, struct span name, struct arena *arena);

/* Undoes the fixups of a record or index block of `len` bytes in place. */
bool ntfs_fixup(uint8_t *bytes, size_t len);
bool ntfs_name_read(struct span content, struct ntfs_name *out);

/* Entries of one index block ("INDX", 4,096 bytes or as long as it says), then those of its slack. */
struct ntfs_index {
	uint8_t bytes[NTFS_RECORD_MOST];
	size_t at, used;
};
bool ntfs_index_open(struct ntfs_index *out, struct span block);
/* `is_slack`: behind the entries in use: deleted, or a copy of an older state. */
bool ntfs_index_next(struct ntfs_index *i, struct ntfs_name *out, uint64_t *reference, bool *is_slack);

enum { USN_OVERWRITE = 0x1, USN_EXTEND = 0x2, USN_TRUNCATE = 0x4, USN_STREAM = 0x70, USN_CREATE = 0x100,
       USN_DELETE = 0x200, USN_OLD_NAME = 0x1000, USN_NEW_NAME = 0x2000,
       USN_BASIC_INFO = 0x8000, USN_CLOSE = (int)0x80000000 };

struct usn_record {
	uint64_t offset;		/* in the bytes */
	uint64_t file, parent;		/* references; of version 3 their low halves */
	uint64_t usn;
	timestamp time;
	uint32_t reasons, attributes;
	struct span name;
};

struct usn_reader {
	struct span bytes;
	size_t at;
	uint64_t damaged;		/* places where something else than a record stands */
};
/* Holes are passed over quickly. False: the end. */
bool usn_next(struct usn_reader *r, struct usn_record *out);

#endif
