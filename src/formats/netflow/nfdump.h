/*
 * nfdump: files that nfcapd and nfdump write: layout 2 of 1.7, layout 1 of 1.6.
 *
 * A head, then blocks of records, each perhaps packed with LZO, LZ4, bzip2 or zstd;
 * encrypted files are refused by name. All numbers are little-endian, as written by
 * the machines that run it. Of a record the elements of ends, counts and times are
 * taken, others are stepped over. docs/formats/nfdump.md has the layouts.
 */
#ifndef KANSHIKI_FORMATS_NFDUMP_H
#define KANSHIKI_FORMATS_NFDUMP_H

#include "base/err.h"
#include "formats/netflow/netflow.h"

#define NFDUMP_BLOCK_MOST ((size_t)16 << 20)	/* unpacked */

struct nfdump_report {
	uint64_t records;		/* told */
	uint64_t sampled;		/* of these: bytes and packets are scaled up by the sampling, not counted */
	uint64_t lost;			/* records that make no sense or are missing from a block */
	uint64_t blocks_lost;		/* that do not unpack, or are cut off */
};

/* False where the head is none that we read; damage behind it is in the report. */
bool nfdump_read(struct span file, netflow_fn *each, void *context, struct nfdump_report *report,
		 struct err *err);

#endif
