/*
 * ntfs: the tables in which NTFS keeps its files, read from memory: records of $MFT,
 * entries of $I30 and records of $UsnJrnl:$J. Facts: docs/formats/ntfs.md.
 *
 * Of $MFT what a file is known by is kept (about 150 bytes a file), so that the
 * table may come piece by piece, larger than memory, and so that attributes which
 * stand in extension records are joined to their file whatever the order. Texts are
 * UTF-16LE; times are instants, TIME_NONE where not set.
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

struct ntfs_stream {
	struct span name;
	const struct ntfs_stream *next;
};

/* A file or folder: its base record with what extension records add. */
struct ntfs_file {
	struct ntfs_times times;	/* of $STANDARD_INFORMATION */
	timestamp named_created, named_modified;
	struct span name;		/* the longest that it goes by */
	uint64_t parent;
	uint64_t size;			/* of its unnamed data; UINT64_MAX: not known */
	const struct ntfs_stream *streams;	/* further data streams, at most NTFS_MOST_STREAMS */
	uint16_t sequence;
	uint8_t stream_count;
	uint8_t space;			/* of the name */
	bool is_used, is_folder;
	bool has_base;			/* its own record was seen, not only an extension */
	bool has_times, has_name;
};

struct ntfs_table {
	struct arena *arena;		/* borrowed: of files and their names */
	struct ntfs_file **files;	/* by number; NULL: never used, or not kept */
	size_t slots, room;
	uint64_t count;			/* records that were read */
	uint32_t record_size;
	uint64_t damaged;
	uint64_t left_out;		/* records for which there was no memory */
	uint8_t part[NTFS_RECORD_MOST];	/* a record that is not whole yet */
	size_t part_len;
};

/* False: no record of a known size at the start. Takes nothing yet. */
bool ntfs_table_open(struct ntfs_table *out, struct span start, struct arena *arena);
/* The next piece of the table, of any length. */
void ntfs_table_add(struct ntfs_table *t, struct span piece);
/* NULL: not a file, or an extension of another. */
const struct ntfs_file *ntfs_table_file(const struct ntfs_table *t, uint64_t number);
/*
 * "\x\y" of the file `name` (UTF-8, from `arena`) in folder `parent`. A parent that is gone
 * makes it "\?\y". At most 128 parents are asked.
 */
struct span ntfs_table_path(const struct ntfs_table *t, uint64_t parent, struct span name,
			    struct arena *arena);

/* Undoes the fixups of a record or index block of `len` bytes in place. */
bool ntfs_fixup(uint8_t *bytes, size_t len);
bool ntfs_name_read(struct span content, struct ntfs_name *out);

/* Entries of one index block ("INDX", 4,096 bytes or as long as it says), then those of its slack. */
struct ntfs_index {
	uint8_t bytes[NTFS_RECORD_MOST];
	size_t at, used;
};
bool ntfs_index_open(struct ntfs_index *out, struct span block);
/* The same of an $INDEX_ROOT attribute, which has no slack. */
bool ntfs_index_open_root(struct ntfs_index *out, struct span root);
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
