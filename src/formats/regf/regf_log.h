/*
 * regf_log: transaction logs of a hive, replayed into a copy of it.
 *
 * Two forms: entries "HvLE" with their own sequence numbers and hashes (Windows
 * 8.1 and later: LOG1, LOG2), and one bitmap "DIRT" with the dirty sectors behind
 * it (LOG, LOG1, LOG2 before). An entry with a wrong hash ends the replay.
 */
#ifndef KANSHIKI_FORMATS_REGF_REGF_LOG_H
#define KANSHIKI_FORMATS_REGF_REGF_LOG_H

#include "formats/regf/regf.h"

#define REGF_MAX_COPY ((size_t)160 << 20)	/* a larger hive is read without its logs */

/*
 * Brings `h` (opened over the file's bytes, whose sequence numbers are given) up to
 * date. Sets replayed_*, is_log_short, and bins to the copy where anything was
 * replayed. False: limit.
 */
bool regf_replay(struct regf *h, uint32_t sequence, const struct span *logs, size_t count,
		 struct err *err);

/* Checksum of the first 508 bytes of a base block. */
uint32_t regf_checksum(struct span base);
/* Marvin32 with the seed that logs use. */
uint64_t regf_marvin(struct span data);

#endif
