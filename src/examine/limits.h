/*
 * limits: how much one item may cost. Each is an option of `kanshiki assess`;
 * reaching one is told with the item (fate partly or failed, naming the limit),
 * never passed over.
 *
 * A *tree* is one item of a source (a file) with all that is inside it. Limits
 * of a tree bound archives in archives; the others bound each item by itself.
 */
#ifndef KANSHIKI_EXAMINE_LIMITS_H
#define KANSHIKI_EXAMINE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/timestamp.h"

struct examine_limits {
	uint64_t item_seconds;		/* one item, what is inside it not counted */
	uint64_t tree_seconds;		/* a file with all that is inside it */
	uint64_t memory_bytes;		/* private memory of one examiner */
	uint64_t file_bytes;		/* read of one file */
	uint64_t member_bytes;		/* unpacked of one archive member (kept in memory) */
	uint64_t tree_bytes;		/* unpacked of all members of a tree */
	uint64_t tree_entries;		/* members of a tree */
	uint64_t depth;			/* archives inside archives */
	uint64_t folder_depth;		/* folders inside folders */
	uint64_t findings;		/* kept of one item */
	uint64_t output_bytes;		/* of records about one tree */
	bool names_only;		/* of files only names and times: content is not read */
	/* What logs that do not write it are read with. */
	int year;			/* 0: of the newest possible */
	int32_t zone_seconds;		/* east of UTC */
	uint16_t code_page;		/* of ANSI strings; 0: 1252 */
};

/* The reason of an item whose content was not read because of names_only. */
#define EXAMINE_NAMES_ONLY "names and times only"

/*
 * 120 s an item, 900 s a tree, 640 MiB of memory, 64 GiB a file, 256 MiB a
 * member, 16 GiB and 200,000 members a tree, 8 archives deep, 200 folders deep,
 * 50,000 findings an item, 128 MiB of records a tree.
 */
struct examine_limits examine_limits_default(void);

#endif
