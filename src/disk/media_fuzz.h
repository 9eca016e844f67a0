/* media_fuzz: what the harnesses of image containers do alike with what they opened. */
#ifndef KANSHIKI_DISK_MEDIA_FUZZ_H
#define KANSHIKI_DISK_MEDIA_FUZZ_H

#include "base/buf.h"
#include "disk/blocks.h"

#define MEDIA_STEP 131071	/* no multiple of any cluster */
#define MEDIA_MOST ((uint64_t)16 << 20)
#define MEDIA_LOOKED ((uint64_t)1 << 30)

/* Reads places all over it, and goes through its tables. Closes it; NULL-safe. */
static inline void media_read_some(struct blocks *media, void (*look)(struct blocks *media, struct buf *words),
				   struct buf *words)
{
	uint8_t piece[1000];
	struct err err;
	size_t got;

	if (!media)
		return;
	for (uint64_t at = 0; at < media->size && at < MEDIA_MOST; at += MEDIA_STEP)
		(void)blocks_read(media, at, piece, sizeof piece, &got, &err);
	if (media->size)
		(void)blocks_read(media, media->size - 1, piece, sizeof piece, &got, &err);
	if (media->size < MEDIA_LOOKED) {
		(void)blocks_data_from(media, media->size / 2);
		if (look)
			look(media, words);
	}
	blocks_close(media);
}

#endif
