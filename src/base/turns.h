/*
 * turns: in which order numbered pieces of work are handed to several workers.
 *
 * A large piece that comes last keeps one worker busy while the others have
 * nothing left to do. So sizes are looked at ahead, whenever there is time for
 * it, and the largest known piece has the next turn; the others keep their order.
 */
#ifndef KANSHIKI_BASE_TURNS_H
#define KANSHIKI_BASE_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TURNS_EARLY 256			/* large pieces that are looked for ahead */
#define TURNS_LARGE ((uint64_t)1 << 20)

struct turns {
	size_t next;			/* the first that may still wait for its turn */
	size_t seen;			/* the sizes of those before are known */
	struct turns_early {
		size_t number;		/* rising */
		uint64_t size;
		bool given;
	} early[TURNS_EARLY];
	size_t early_count;
	size_t waiting;			/* of `early`: not given */
	size_t passed;			/* of `early`: before `next` */
};

/* Whether a look ahead may tell something, where there are `count` pieces. */
bool turns_can_look(const struct turns *turns, size_t count);
/* Takes note of the size of number turns->seen; the next is seen next. */
void turns_look(struct turns *turns, uint64_t size);
/* Whether some number below `count` was not given. */
bool turns_left(struct turns *turns, size_t count);
/* Each number below `count` once; false: all are given. */
bool turns_next(struct turns *turns, size_t count, size_t *number);

#endif
