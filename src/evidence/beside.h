/*
 * beside: which files may belong to a file, told by its name alone.
 *
 * The coordinator, which never looks into evidence, opens these along with the
 * file, so that decoders inside the sandbox have them at hand: logs of registry
 * hives, write-ahead logs of databases, the further segments of a disk image.
 */
#ifndef KANSHIKI_EVIDENCE_BESIDE_H
#define KANSHIKI_EVIDENCE_BESIDE_H

#include "base/buf.h"

/* Files beside one file; of a numbered row (E02, E03, ...) no more are looked for. */
#define BESIDE_MOST 1024

struct beside {
	struct span name;	/* last part of the path; borrowed */
	bool is_begun;
	unsigned fixed;		/* next of the names that stand alone */
	unsigned row, number;	/* row of numbered names, and next in it */
};

static inline struct beside beside_of(struct span name)
{
	return (struct beside){ .name = name };
}

/*
 * Writes the next name to look for into `to`; false: there are no more. `was_there`:
 * whether the one before was (a row ends at its first gap); false at first.
 */
bool beside_next(struct beside *b, bool was_there, struct buf *to);
/*
 * Whether the file may be a database whose transaction logs have numbers that only it
 * knows, so that all of its folder are handed over; and whether one is called like that.
 */
bool beside_has_logs(struct span name);
bool beside_is_log(struct span name);
/*
 * Whether the file may be an image that rests on another, whose name only it knows, so that the
 * images of its folder are handed over, at most BESIDE_IMAGES; and whether one is called like that.
 */
#define BESIDE_IMAGES 64
bool beside_may_rest(struct span name);
bool beside_is_image(struct span name);
/* What the first segment of an EWF image, or the text of a VMDK, is called, of which this may be a further one. */
bool beside_first_segment(struct span name, struct buf *to);
/* Whether a member of an archive may belong to another: by its ending. */
bool beside_is_companion(struct span name);

#endif
