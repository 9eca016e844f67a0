/*
 * iso: folders of an ISO 9660 image, to tell which of them are destroyed, and what is left of
 * their files. (Libarchive reads such images where they are whole: it ends at the first thing
 * that makes no sense, and takes a folder of zeros for an empty one.)
 * Folders are sought from the root and by the table of paths, in the primary tree and in
 * Joliet's. Not: names of Rock Ridge, files in several pieces that do not touch.
 * The format: ECMA-119, and Microsoft's "Joliet Specification".
 */
#ifndef KANSHIKI_FORMATS_ISO_H
#define KANSHIKI_FORMATS_ISO_H

#include "base/buf.h"

struct iso_file {
	struct span path;		/* UTF-8; until the call returns */
	struct span content;		/* of the image */
};

struct iso_state {
	uint32_t folders;
	uint32_t damaged;		/* folders, tables of paths, descriptors of volumes, files cut off */
	bool is_cut;			/* more folders or files than are remembered: the rest was left out */
	bool differs;			/* a tree has a file that another has not: lost from there, or hidden */
};

/* A descriptor stands in the first place for one, or in the second. */
bool iso_is(struct span image);

/* False: enough. */
typedef bool iso_file_fn(void *context, const struct iso_file *file);
/* Each file's content once, whatever trees it is in. `take` NULL: only to know the state. */
void iso_each(struct span image, iso_file_fn *take, void *context, struct iso_state *out);

#endif
