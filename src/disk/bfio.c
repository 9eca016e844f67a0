#include "disk/bfio.h"

#include <stdlib.h>

/* The library wants types of its own at every turn; errors are ours to tell. */
struct handle {
	struct blocks *of;
	uint64_t at;
};

static struct handle *handle_of(intptr_t *io)
{
	return (struct handle *)(void *)io;
}

static int free_handle(intptr_t **io, libbfio_error_t **error)
{
	free(*io);
	*io = NULL;
	return 1;
}

static int clone_handle(intptr_t **to, intptr_t *from, libbfio_error_t **error)
{
	struct handle *copy = malloc(sizeof *copy);

	if (!copy)
		return -1;
	*copy = *handle_of(from);
	*to = (intptr_t *)(void *)copy;
	return 1;
}

static int open_handle(intptr_t *io, int flags, libbfio_error_t **error)
{
	handle_of(io)->at = 0;
	return 1;
}

static int say_yes(intptr_t *io, libbfio_error_t **error)
{
	return 1;
}

static int close_handle(intptr_t *io, libbfio_error_t **error)
{
	return 0;
}

static ssize_t read_handle(intptr_t *io, uint8_t *to, size_t len, libbfio_error_t **error)
{
	struct handle *h = handle_of(io);
	struct err ignored;
	size_t got;

	if (!blocks_read(h->of, h->at, to, len, &got, &ignored))
		return -1;
	h->at += got;
	return (ssize_t)got;
}

static ssize_t write_nothing(intptr_t *io, const uint8_t *from, size_t len, libbfio_error_t **error)
{
	return -1;
}

static off64_t seek_handle(intptr_t *io, off64_t offset, int whence, libbfio_error_t **error)
{
	struct handle *h = handle_of(io);
	int64_t base = whence == SEEK_CUR ? (int64_t)h->at : whence == SEEK_END ? (int64_t)h->of->size : 0;
	int64_t to;

	if (__builtin_add_overflow(base, offset, &to) || to < 0)
		return -1;
	h->at = (uint64_t)to;
	return to;
}

static int size_of_handle(intptr_t *io, size64_t *size, libbfio_error_t **error)
{
	*size = handle_of(io)->of->size;
	return 1;
}

libbfio_handle_t *bfio_of(struct blocks *of)
{
	struct handle *h = calloc(1, sizeof *h);
	libbfio_handle_t *made = NULL;

	if (!h)
		return NULL;
	h->of = of;
	if (libbfio_handle_initialize(&made, (intptr_t *)(void *)h, free_handle, clone_handle,
				      open_handle, close_handle, read_handle, write_nothing,
				      seek_handle, say_yes, say_yes, size_of_handle,
				      LIBBFIO_FLAG_IO_HANDLE_MANAGED |
					      LIBBFIO_FLAG_IO_HANDLE_CLONE_BY_FUNCTION,
				      NULL) == 1)
		return made;
	free(h);
	return NULL;
}

void bfio_free(libbfio_handle_t *handle)
{
	if (handle)
		libbfio_handle_free(&handle, NULL);
}
