#include "disk/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Reads between two looks at the clock. */
#define READS_AT_ONCE 64

bool blocks_over(struct blocks *b)
{
	struct blocks_budget *budget = b->budget;

	if (budget && budget->over && ++budget->reads >= READS_AT_ONCE) {
		budget->reads = 0;
		budget->is_over = budget->is_over || budget->over(budget->context);
	}
	return budget && budget->is_over;
}

bool blocks_read(struct blocks *b, uint64_t at, void *to, size_t len, size_t *got, struct err *err)
{
	*got = 0;
	if (blocks_over(b))
		return err_set(err, ERR_LIMIT, at, "limit: time");
	if (at >= b->size)
		return true;
	if (len > b->size - at)
		len = (size_t)(b->size - at);
	if (!b->read(b, at, to, len, err))
		return false;
	*got = len;
	return true;
}

bool blocks_read_all(struct blocks *b, uint64_t at, void *to, size_t len, struct err *err)
{
	size_t got;

	if (!blocks_read(b, at, to, len, &got, err))
		return false;
	return got == len || err_set(err, ERR_CORRUPT, at, "ends too early");
}

uint64_t blocks_data_from(struct blocks *b, uint64_t at)
{
	uint64_t found;

	if (!b->data_from || at >= b->size)
		return at;
	found = b->data_from(b, at);
	return found > b->size ? b->size : found > at ? found : at;
}

void blocks_close(struct blocks *b)
{
	if (b)
		b->close(b);
}

static void free_blocks(struct blocks *b)
{
	free(b);
}

/* ---- a descriptor ---- */

struct fd_blocks {
	struct blocks blocks;
	int fd;
};

static bool read_fd(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	const struct fd_blocks *f = (const struct fd_blocks *)b;

	while (len) {
		ssize_t got = pread(f->fd, to, len, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, errno, "cannot read");
		if (!got)
			return err_set(err, ERR_CORRUPT, at, "became shorter while it was read");
		to += got;
		at += (uint64_t)got;
		len -= (size_t)got;
	}
	return true;
}

static uint64_t data_of_fd(struct blocks *b, uint64_t at)
{
	off_t found = lseek(((struct fd_blocks *)b)->fd, (off_t)at, SEEK_DATA);

	/* ENXIO: a hole to the end. Devices have none to tell of. */
	return found >= 0 ? (uint64_t)found : errno == ENXIO ? b->size : at;
}

struct blocks *blocks_of_fd(int fd, uint64_t size, struct blocks_budget *budget)
{
	struct fd_blocks *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->blocks = (struct blocks){ .size = size, .read = read_fd, .data_from = data_of_fd,
				     .close = free_blocks, .budget = budget };
	f->fd = fd;
	return &f->blocks;
}

/* ---- bytes in memory ---- */

struct span_blocks {
	struct blocks blocks;
	struct span bytes;
};

static bool read_span(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct span piece = span_sub(((const struct span_blocks *)b)->bytes, (size_t)at, len);

	memcpy(to, piece.at, piece.len);
	return piece.len == len || err_set(err, ERR_CORRUPT, at, "ends too early");
}

struct blocks *blocks_of_span(struct span bytes, struct blocks_budget *budget)
{
	struct span_blocks *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->blocks = (struct blocks){ .size = bytes.len, .read = read_span, .close = free_blocks,
				     .budget = budget };
	s->bytes = bytes;
	return &s->blocks;
}

/* ---- nothing ---- */

static bool read_zeros(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	memset(to, 0, len);
	return true;
}

static bool read_absent(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	return err_set(err, ERR_CORRUPT, at, "lies in a part of the image that is missing");
}

static uint64_t data_of_zeros(struct blocks *b, uint64_t at)
{
	return b->size;
}

static struct blocks *blocks_of_nothing(uint64_t size, struct blocks_budget *budget, bool is_absent)
{
	struct blocks *b = calloc(1, sizeof *b);

	if (b)
		*b = (struct blocks){ .size = size, .read = is_absent ? read_absent : read_zeros,
				      .data_from = is_absent ? NULL : data_of_zeros, .close = free_blocks,
				      .budget = budget };
	return b;
}

struct blocks *blocks_zeros(uint64_t size, struct blocks_budget *budget)
{
	return blocks_of_nothing(size, budget, false);
}

struct blocks *blocks_absent(uint64_t size, struct blocks_budget *budget)
{
	return blocks_of_nothing(size, budget, true);
}

/* ---- a part of another ---- */

struct part_blocks {
	struct blocks blocks;
	struct blocks *of;
	uint64_t start;
};

static bool read_part(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	const struct part_blocks *p = (const struct part_blocks *)b;

	return blocks_read_all(p->of, p->start + at, to, len, err);
}

static uint64_t data_of_part(struct blocks *b, uint64_t at)
{
	const struct part_blocks *p = (const struct part_blocks *)b;

	return blocks_data_from(p->of, p->start + at) - p->start;
}

struct blocks *blocks_part(struct blocks *of, uint64_t at, uint64_t size)
{
	struct part_blocks *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	at = at < of->size ? at : of->size;
	size = size < of->size - at ? size : of->size - at;
	p->blocks = (struct blocks){ .size = size, .read = read_part, .data_from = data_of_part,
				     .close = free_blocks, .budget = of->budget };
	p->of = of;
	p->start = at;
	return &p->blocks;
}

/* ---- one behind the other ---- */

struct chain_blocks {
	struct blocks blocks;
	struct blocks **parts;
	uint64_t *starts;
	size_t count;
};

static size_t part_at(const struct chain_blocks *c, uint64_t at)
{
	size_t low = 0, high = c->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (c->starts[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool read_chain(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	const struct chain_blocks *c = (const struct chain_blocks *)b;

	for (size_t i = part_at(c, at); len && i < c->count; i++) {
		uint64_t inside = at - c->starts[i];
		uint64_t left = c->parts[i]->size - inside;
		size_t piece = left < len ? (size_t)left : len;

		if (piece && !blocks_read_all(c->parts[i], inside, to, piece, err))
			return false;
		to += piece;
		at += piece;
		len -= piece;
	}
	return true;
}

/* Only within a part: the next is asked from its beginning. */
static uint64_t data_of_chain(struct blocks *b, uint64_t at)
{
	const struct chain_blocks *c = (const struct chain_blocks *)b;

	for (size_t i = part_at(c, at); i < c->count; i++) {
		uint64_t inside = at - c->starts[i], found = blocks_data_from(c->parts[i], inside);

		if (found < c->parts[i]->size)
			return c->starts[i] + found;
		at = c->starts[i] + c->parts[i]->size;
	}
	return at;
}

static void close_chain(struct blocks *b)
{
	struct chain_blocks *c = (struct chain_blocks *)b;

	for (size_t i = 0; i < c->count; i++)
		blocks_close(c->parts[i]);
	free(c->parts);
	free(c->starts);
	free(c);
}

struct blocks *blocks_chain(struct blocks *const *parts, size_t count, struct blocks_budget *budget)
{
	struct chain_blocks *c = calloc(1, sizeof *c);
	uint64_t at = 0;

	if (!c)
		return NULL;
	c->parts = calloc(count ? count : 1, sizeof(struct blocks *));
	c->starts = calloc(count ? count : 1, sizeof *c->starts);
	if (!c->parts || !c->starts) {
		close_chain(&c->blocks);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		c->parts[i] = parts[i];
		c->starts[i] = at;
		at += parts[i]->size;
	}
	c->count = count;
	c->blocks = (struct blocks){ .size = at, .read = read_chain, .data_from = data_of_chain,
				     .close = close_chain, .budget = budget };
	return &c->blocks;
}
