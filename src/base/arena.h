/*
 * arena: memory that is freed all at once.
 *
 * For what lives as long as an item (heap arena, reset between items) or a rule
 * set (fixed arena over a mapped image, see os/image.h). Allocations are zeroed
 * and aligned to 16. When the limit or the system refuses, the answer is NULL
 * and `exhausted` stays set; a caller that builds something large may check it
 * once at the end where it tolerates NULL, else at each call.
 */
#ifndef KANSHIKI_BASE_ARENA_H
#define KANSHIKI_BASE_ARENA_H

#include "base/span.h"

struct arena_block;

struct arena {
	uint8_t *at;			/* next free byte of the current block */
	uint8_t *end;
	struct arena_block *blocks;	/* owned; NULL for a fixed arena */
	size_t used;			/* bytes handed out, for reports and limits */
	size_t limit;
	bool fixed;
	bool is_clean;			/* the current block is zero from `at` on */
	bool exhausted;
};

/* A growing arena on the heap that hands out at most `limit` bytes. */
struct arena arena_new(size_t limit);
/* An arena over memory that somebody else owns; it never grows. */
struct arena arena_fixed(void *memory, size_t len);
void arena_free(struct arena *a);	/* NULL-safe */
/* Forgets all allocations, keeps the largest block for the next item. */
void arena_reset(struct arena *a);

void *arena_alloc(struct arena *a, size_t size);
/* `count` elements of `size` bytes; overflow counts as exhaustion. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Copies; the copy is followed by a NUL that `len` does not count. */
struct span arena_copy(struct arena *a, struct span s);
char *arena_text(struct arena *a, struct span s);
struct span arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))

/*
 * Appends room for one element to a growing array in the arena: doubles *items
 * as needed. Returns the new element (zeroed) or NULL. Old copies stay in the
 * arena until it is freed, at most as much again.
 */
void *arena_push(struct arena *a, void **items, size_t *count, size_t *room, size_t size);

#endif
