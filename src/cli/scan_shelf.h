/*
 * scan_shelf: memory through which a parent hands small files to one worker.
 *
 * A ring that the parent fills and the worker, for which it is read-only, reads.
 * What was put first is taken away first. Pages that were never used cost nothing.
 */
#ifndef KANSHIKI_CLI_SCAN_SHELF_H
#define KANSHIKI_CLI_SCAN_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_SHELF_SIZE ((size_t)256 << 10)

struct scan_shelf {
	uint8_t *at;
	size_t first, next;		/* what is used is from first to next, maybe round the end */
	size_t count;			/* of things put */
};

bool scan_shelf_open(struct scan_shelf *shelf);
void scan_shelf_close(struct scan_shelf *shelf);	/* also in workers, of those of others */
bool scan_shelf_read_only(const struct scan_shelf *shelf);

/* Room for `len` bytes in a row, or NULL; below the half of it there is when nothing lies there. */
uint8_t *scan_shelf_room(struct scan_shelf *shelf, size_t len);
/* Keeps the first `len` bytes of the room that was asked for last: where they are. */
size_t scan_shelf_put(struct scan_shelf *shelf, size_t len);
/* Takes away what was put first: `len` bytes at `place`. */
void scan_shelf_drop(struct scan_shelf *shelf, size_t place, size_t len);

#endif
