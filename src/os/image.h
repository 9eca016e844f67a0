/*
 * image: compiled rules as one block of memory with pointers inside.
 *
 * A rule set is built in the image's arena, which lies at a fixed address of
 * its slot, shared with all forks (MAP_SHARED) and made read-only by
 * image_seal. Because the address is fixed, a saved image can be mapped back by
 * a later process without touching a pointer: that is the on-disk rule cache.
 *
 * The rule for what lives in an image: every pointer points into the same
 * image. No function pointers, no string literals, no static tables, no heap.
 *
 * The cache is a private matter of one user on one machine: files are 0600 in a
 * directory 0700 of the same owner, and carry the key they were saved under
 * (digest of rule texts, options, program build); anything that does not fit
 * exactly is ignored and compiled anew. An image is never taken from anyone else.
 */
#ifndef KANSHIKI_OS_IMAGE_H
#define KANSHIKI_OS_IMAGE_H

#include "base/arena.h"
#include "base/err.h"

enum image_slot { IMAGE_YARA, IMAGE_SIGMA, IMAGE_INDICATOR, IMAGE_TEST, IMAGE_SLOTS };

struct image {
	struct arena arena;	/* build here until sealed; set .limit lower if wanted */
	void *root;		/* what the builder calls its top structure */
	void *at;
	size_t mapped;
	bool at_fixed_address;	/* else it works, but cannot be saved */
};

#define IMAGE_RESERVE ((size_t)4 << 30)	/* address space, not memory */

bool image_new(struct image *image, enum image_slot slot, struct err *err);
/* Gives back what was not used and makes the rest read-only. */
bool image_seal(struct image *image, struct err *err);
void image_free(struct image *image);	/* NULL-safe */

/* `key` is 32 bytes. Saving is atomic (rename); a failure to save is harmless. */
bool image_save(const struct image *image, const char *path, const uint8_t key[32],
		struct err *err);
/* False (ERR_UNSUPPORTED) where there is no usable image under that key. */
bool image_load(struct image *image, enum image_slot slot, const char *path,
		const uint8_t key[32], struct err *err);

/* Removes the oldest images beside `path` until `most` are left. What fails is left as it is. */
void image_prune(const char *path, size_t most);

/* $XDG_CACHE_HOME/kanshiki or ~/.cache/kanshiki, made 0700. Caller frees; NULL if none. */
char *image_cache_dir(void);

#endif
