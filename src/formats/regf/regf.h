/*
 * regf: Windows registry hives (1.3 to 1.6), read from memory. Format facts and
 * sources: docs/formats/regf.md.
 *
 * A hive that was not written back (dirty) is first brought up to date from its
 * transaction logs, in a copy; see regf_log.h. Keys and values are found by
 * offset each time they are asked for and hold no memory of their own: names are
 * raw (Latin-1 or UTF-16LE) until somebody asks for UTF-8.
 *
 * A damaged cell costs what hangs on it and nothing else; `damaged` counts them.
 * Lists that lead in circles cannot cost more than the hive's `work`: when it is
 * used up every list ends and `is_exhausted` is set.
 */
#ifndef KANSHIKI_FORMATS_REGF_REGF_H
#define KANSHIKI_FORMATS_REGF_REGF_H

#include "base/arena.h"
#include "base/err.h"
#include "base/timestamp.h"

#define REGF_BASE_BLOCK 4096		/* bins start here; offsets of cells count from here */
#define REGF_NONE UINT32_MAX
#define REGF_MAX_DEPTH 512		/* of keys, as in Windows */
#define REGF_MAX_VALUE ((size_t)64 << 20)	/* of value data put together from segments */

struct regf {
	struct span bins;		/* behind the base block; borrowed, or a copy in `arena` */
	struct arena *arena;
	uint32_t root;
	uint32_t minor;
	timestamp written;
	struct span name;		/* as the header has it, UTF-16LE: the end of the hive's path */
	bool is_dirty;			/* the header says that writes are not all in the file */
	uint32_t replayed_pages;	/* from the logs */
	uint32_t replayed_entries;
	bool is_log_short;		/* dirty, and the logs do not reach its newest state */
	bool is_base_damaged;		/* the header's checksum is wrong */
	uint64_t damaged;		/* cells that were met and could not be read */
	uint64_t work;			/* steps left */
	bool is_exhausted;
};

enum { REGF_SZ = 1, REGF_EXPAND_SZ = 2, REGF_BINARY = 3, REGF_DWORD = 4, REGF_DWORD_BE = 5,
       REGF_LINK = 6, REGF_MULTI_SZ = 7, REGF_QWORD = 11 };

struct regf_name {
	struct span raw;
	bool is_wide;
};

struct regf_key {
	struct regf *hive;
	uint32_t at;			/* of its cell */
	uint16_t flags;
	struct regf_name name;
	timestamp written;
	uint32_t parent;
	uint32_t key_count, key_list;
	uint32_t value_count, value_list;
	uint32_t class_at;
	uint16_t class_len;
	bool is_deleted;		/* found in free space (regf_recover.h) */
};

struct regf_value {
	uint32_t at;
	struct regf_name name;		/* empty: the default value */
	uint32_t type;
	uint32_t size;			/* as the record has it */
	struct span data;		/* shorter than size where the data is damaged */
};

/*
 * Opens a hive over `bytes`; both borrowed. `logs` are the contents of the
 * transaction logs that were found (empty ones are passed over). ERR_UNSUPPORTED:
 * no hive or a version before 1.3; ERR_CORRUPT: the header leads nowhere.
 */
bool regf_open(struct regf *out, struct span bytes, const struct span *logs, size_t log_count,
	       struct arena *arena, struct err *err);

/* The cell at `at` without its size, or an empty span; a free cell only where asked for. */
struct span regf_cell(struct regf *h, uint32_t at, bool or_free);

/* False: damaged, counted. */
bool regf_key_at(struct regf *h, uint32_t at, struct regf_key *out);
bool regf_root(struct regf *h, struct regf_key *out);
/* Whatever stands there, in use or not: for regf_recover. */
bool regf_deleted_key(struct regf *h, uint32_t at, struct regf_key *out);

/* Walks the subkeys of one key; start from regf_keys_of. */
struct regf_keys {
	struct regf *hive;
	struct span outer, inner;	/* offsets (and hashes) not walked yet */
	uint8_t outer_step, inner_step;
	uint64_t left;			/* no key has more children than the hive has room for */
	bool or_free;
};
struct regf_keys regf_keys_of(const struct regf_key *key);
bool regf_keys_next(struct regf_keys *it, struct regf_key *out);

struct regf_values {
	struct regf *hive;
	struct span list;
	uint32_t left;
	bool or_free;
};
struct regf_values regf_values_of(const struct regf_key *key);
bool regf_values_next(struct regf_values *it, struct regf_value *out);

bool regf_deleted_value(struct regf *h, uint32_t at, struct regf_value *out);

/* By path in UTF-8 from `key`, parts separated by '\', large and small letters alike. Not there: false. */
bool regf_find(const struct regf_key *key, struct span path, struct regf_key *out);
bool regf_value(const struct regf_key *key, struct span name, struct regf_value *out);

/* Whether the name is this text in UTF-8, large and small letters alike (Latin, Greek, Cyrillic). */
bool regf_name_is(struct regf_name name, struct span text);
/* In UTF-8, in `arena`. */
struct span regf_name_text(struct regf_name name, struct arena *arena);
struct span regf_class(const struct regf_key *key);		/* UTF-16LE */
/* "\" + names from below the root to this key, in UTF-8; what leads nowhere starts with "?". */
struct span regf_path(const struct regf_key *key, struct arena *arena);

/* Parts of a path one behind the other, also around a NUL in a name, where printf would end. */
struct span regf_join(struct arena *arena, const struct span *parts, size_t count);
#define REGF_JOIN(arena, ...) regf_join(arena, (const struct span[]){ __VA_ARGS__ }, \
					sizeof((const struct span[]){ __VA_ARGS__ }) / sizeof(struct span))

/*
 * Text of REG_SZ and its kin up to its NUL, in UTF-8, in `arena`; empty for other
 * types. Of REG_MULTI_SZ the first; the others follow with regf_next_text.
 */
struct span regf_text(const struct regf_value *v, struct arena *arena);
/* Takes one NUL-ended UTF-16 text off `rest` (data of a REG_MULTI_SZ); false at the end. */
bool regf_next_text(struct span *rest, struct arena *arena, struct span *out);
/* REG_DWORD, its big-endian form, REG_QWORD, or binary of 4 or 8 bytes. */
bool regf_number(const struct regf_value *v, uint64_t *out);
/* UTF-16LE up to its NUL as UTF-8 in `arena`. */
struct span regf_utf16(struct span utf16, struct arena *arena);

#endif
