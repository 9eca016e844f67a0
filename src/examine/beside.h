/*
 * beside: the files that belong to the one at hand, in whatever it lies: a folder,
 * an archive, a disk image. Content is read only when a decoder asks for it.
 */
#ifndef KANSHIKI_EXAMINE_BESIDE_H
#define KANSHIKI_EXAMINE_BESIDE_H

#include "artefact/artefact.h"
#include "examine/examination.h"

/* One that was handed over open, or that was read. */
struct beside_file {
	struct span name;
	int fd;				/* or -1: .bytes is all there is */
	uint64_t size;
	struct span bytes;		/* once read */
	uint8_t *copy;			/* where they are kept; owned */
	bool is_mapped;			/* or a file's pages */
};

struct beside_files {
	struct examination *x;
	struct arena names;
	struct beside_file *files;
	size_t count, room;
	struct near_files near;		/* for decoders; .context is this */
};

void beside_init(struct beside_files *b, struct examination *x);
/* Takes `fd`. False: no memory; then it is closed. */
bool beside_add(struct beside_files *b, struct span name, int fd, uint64_t size);
/* As it is spelled, else without regard to case; or NULL. */
struct beside_file *beside_find(struct beside_files *b, struct span name);
/* Closes and frees all. */
void beside_clear(struct beside_files *b);

/*
 * Companions among the members of an archive: all that look like one by their
 * ending are read in one go when the first is asked for.
 */
struct beside_members {
	struct beside_files found;	/* names are paths within the archive */
	struct span archive, name;	/* its bytes and own name; borrowed */
	const struct near_files *outer;	/* what lies beside the archive, or NULL */
	struct span member;		/* path of the one at hand within it */
	bool is_read;
	struct near_files near;
};

void beside_members_init(struct beside_members *m, struct examination *x, struct span archive,
			 struct span name, const struct near_files *outer);
void beside_members_clear(struct beside_members *m);

#endif
