/*
 * blocks: random access to bytes that may be larger than memory: a descriptor,
 * the media inside an image, a volume of it, a snapshot of that.
 *
 * Layers stand on each other; each is made over one below, which it borrows and
 * which must outlive it. Everything runs inside the sandbox: pread at the bottom,
 * computation above. One budget bounds all reading below a disk, so that a
 * library which hops about in a damaged image for ever comes to an end.
 */
#ifndef KANSHIKI_DISK_BLOCKS_H
#define KANSHIKI_DISK_BLOCKS_H

#include "base/arena.h"
#include "base/err.h"

struct blocks_budget {
	bool (*over)(void *context);	/* NULL: no bound; asked now and then */
	void *context;
	unsigned reads;			/* since it was asked */
	bool is_over;			/* sticky: every read fails from now on */
};

struct blocks {
	uint64_t size;
	/* Reads all of [at, at + len), which lies within size. */
	bool (*read)(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err);
	/* Where data begins at or after `at`: what lies between is a hole of zeros. NULL: at `at`. */
	uint64_t (*data_from)(struct blocks *b, uint64_t at);
	/* Frees what the layer owns, itself too; never what is below. */
	void (*close)(struct blocks *b);
	struct blocks_budget *budget;	/* shared by all layers; may be NULL */
};

/* As much as there is from `at`, at most `len`: *got may be less at the end. */
bool blocks_read(struct blocks *b, uint64_t at, void *to, size_t len, size_t *got,
		 struct err *err);
/* All of it, or ERR_CORRUPT with the offset. */
bool blocks_read_all(struct blocks *b, uint64_t at, void *to, size_t len, struct err *err);
/* `at`, or the end of the hole (at most the size) that it lies in, where one is known. */
uint64_t blocks_data_from(struct blocks *b, uint64_t at);
void blocks_close(struct blocks *b);	/* NULL-safe */
/* Whether the budget is spent; for work that reads little. Asks now and then. */
bool blocks_over(struct blocks *b);

/* NULL: no memory. The descriptor and the bytes are borrowed. */
struct blocks *blocks_of_fd(int fd, uint64_t size, struct blocks_budget *budget);
struct blocks *blocks_of_span(struct span bytes, struct blocks_budget *budget);
/* Zeros; and what is not there, which cannot be read. NULL: no memory. */
struct blocks *blocks_zeros(uint64_t size, struct blocks_budget *budget);
struct blocks *blocks_absent(uint64_t size, struct blocks_budget *budget);
/* A part of another; cut to what is there. */
struct blocks *blocks_part(struct blocks *of, uint64_t at, uint64_t size);
/* Several, one behind the other; the list is copied, its elements are taken over. */
struct blocks *blocks_chain(struct blocks *const *parts, size_t count,
			    struct blocks_budget *budget);

#endif
