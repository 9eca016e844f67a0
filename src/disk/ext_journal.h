/*
 * ext_journal: the journal of ext3 and ext4, replayed in memory. A file system that was not
 * unmounted has its latest changes there only; mounting it would write them to their places,
 * which evidence does not allow. Descriptors, commits and revocations of JBD2, with numbers of
 * 64 bits, and checksums of versions 2 and 3; what was not committed is left out, as mounting does.
 * Not: fast commits, of which is told what they change (ext_fast.h), a journal on another device, the first version's checksums.
 * The format: the kernel's documentation of ext4's data structures.
 */
#ifndef KANSHIKI_DISK_EXT_JOURNAL_H
#define KANSHIKI_DISK_EXT_JOURNAL_H

#include "disk/blocks.h"
#include "disk/ext_fast.h"

struct ext_journal {
	bool is_needed;			/* the file system says that it was not unmounted */
	uint32_t transactions, blocks;	/* that were replayed */
	uint32_t bad_blocks;		/* left out: their checksum is wrong */
	uint32_t fast_commits;		/* behind the last transaction: they are not replayed */
	char fast_words[EXT_FAST_WORDS + 1];	/* what they change, */
	uint32_t fast_untold;		/* and how many changes more */
	const char *failed;		/* why it was not, or not all of it; or NULL */
};

/* A layer over the volume with what the journal has. NULL: nothing to replay. */
struct blocks *ext_journal_replay(struct blocks *volume, struct ext_journal *out);

#endif
