#include "disk/library.h"

/* Some of the headers hide what reads from handles unless told that it is there. */
#define HAVE_LIBBFIO 1
#include <libbde.h>
#include <libvshadow.h>

#include <stdlib.h>
#include <string.h>

#include "disk/bfio.h"
#include "disk/bitlocker.h"

/* One opened by a library; all of them read alike. */
struct library {
	struct blocks blocks;
	libbfio_handle_t *io;
	void *handle;
	ssize_t (*read_at)(void *handle, void *to, size_t len, off64_t at);
	void (*free)(void *handle);
};

#define READER(name, type, call) \
	static ssize_t name(void *handle, void *to, size_t len, off64_t at) \
	{ \
		return call((type *)handle, to, len, at, NULL); \
	}

#define FREER(name, type, call) \
	static void name(void *handle) \
	{ \
		type *it = handle; \
		call(&it, NULL); \
	}

READER(read_bde, libbde_volume_t, libbde_volume_read_buffer_at_offset)
READER(read_store, libvshadow_store_t, libvshadow_store_read_buffer_at_offset)
FREER(free_bde, libbde_volume_t, libbde_volume_free)
FREER(free_store, libvshadow_store_t, libvshadow_store_free)

static bool read_library(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	const struct library *l = (const struct library *)b;

	while (len) {
		ssize_t got = l->read_at(l->handle, to, len, (off64_t)at);

		if (got <= 0 || (size_t)got > len)
			return err_set(err, ERR_CORRUPT, at, "cannot be read");
		to += got;
		at += (uint64_t)got;
		len -= (size_t)got;
	}
	return true;
}

static void close_library(struct blocks *b)
{
	struct library *l = (struct library *)b;

	if (l->handle)
		l->free(l->handle);
	bfio_free(l->io);
	free(l);
}

static struct library *new_library(struct blocks *of,
				   ssize_t (*read_at)(void *, void *, size_t, off64_t),
				   void (*release)(void *), struct err *err)
{
	struct library *l = calloc(1, sizeof *l);

	if (!l || !(l->io = bfio_of(of))) {
		free(l);
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a library");
		return NULL;
	}
	l->blocks = (struct blocks){ .read = read_library, .close = close_library,
				     .budget = of->budget };
	l->read_at = read_at;
	l->free = release;
	return l;
}

static struct blocks *finish(struct library *l, bool ok, uint64_t size, const char *what,
			     struct err *err)
{
	if (ok && l->handle && size < INT64_MAX) {
		l->blocks.size = size;
		return &l->blocks;
	}
	close_library(&l->blocks);
	err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "%s: cannot be opened", what);
	return NULL;
}

/* ---- encryption ---- */

static bool set_startup_key(libbde_volume_t *volume, struct span file)
{
	struct blocks *bytes = blocks_of_span(file, NULL);
	libbfio_handle_t *io = bytes ? bfio_of(bytes) : NULL;
	bool ok = io && libbde_volume_read_startup_key_file_io_handle(volume, io, NULL) == 1;

	bfio_free(io);
	blocks_close(bytes);
	return ok;
}

/* `key` NULL: protection is suspended, and the key lies on the volume itself. */
static bool open_bitlocker(libbde_volume_t *volume, libbfio_handle_t *io,
			   const struct library_key *key)
{
	bool ok = !key ? true
		  : key->startup.len ? set_startup_key(volume, key->startup)
		  : key->recovery.len
			  ? libbde_volume_set_utf8_recovery_password(volume, key->recovery.at,
								     key->recovery.len, NULL) == 1
			  : libbde_volume_set_utf8_password(volume, key->password.at,
							    key->password.len, NULL) == 1;

	return ok &&
	       libbde_volume_open_file_io_handle(volume, io, LIBBFIO_ACCESS_FLAG_READ, NULL) == 1 &&
	       libbde_volume_is_locked(volume, NULL) == 0;
}

static struct blocks *try_bitlocker(struct blocks *of, const struct library_key *key, struct err *err)
{
	struct library *l = new_library(of, read_bde, free_bde, err);
	libbde_volume_t *volume = NULL;
	size64_t size = 0;
	bool ok;

	if (!l)
		return NULL;
	ok = libbde_volume_initialize(&volume, NULL) == 1;
	l->handle = volume;
	if (ok && open_bitlocker(volume, l->io, key) && libbde_volume_get_size(volume, &size, NULL) == 1)
		return finish(l, true, size, "bitlocker", err);
	close_library(&l->blocks);
	return NULL;
}

struct blocks *library_bitlocker(struct blocks *of, const struct library_key *keys, size_t count,
				 struct err *err)
{
	struct blocks *open = try_bitlocker(of, NULL, err);

	for (size_t i = 0; i < count && !open; i++)
		if (keys[i].password.len || keys[i].recovery.len || keys[i].startup.len)
			open = try_bitlocker(of, &keys[i], err);
	if (!open)
		bitlocker_denied(keys, count, err);
	return open;
}

/* ---- snapshots ---- */

struct library_group {
	struct blocks *of;
	libbfio_handle_t *io;
	libvshadow_volume_t *vss;
	int count;
};

static struct library_group *new_group(struct blocks *of, struct err *err)
{
	struct library_group *g = calloc(1, sizeof *g);

	if (g && (g->io = bfio_of(of))) {
		g->of = of;
		return g;
	}
	free(g);
	err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a library");
	return NULL;
}

#define VSS_HEADER UINT64_C(0x1e00)
#define VSS_CATALOG 48		/* in the header: where the catalog is; 0: there is none */

enum library_vss library_vss_header(struct blocks *of)
{
	static const uint8_t id[16] = { 0x6b, 0x87, 0x08, 0x38, 0x76, 0xc1, 0x48, 0x4e,
					0xb7, 0xae, 0x04, 0x04, 0x6e, 0x6c, 0xc7, 0x52 };
	struct err ignored;
	uint8_t head[64];
	uint64_t at;

	if (!blocks_read_all(of, VSS_HEADER, head, sizeof head, &ignored) || memcmp(head, id, sizeof id))
		return LIBRARY_VSS_NO_HEADER;
	at = load_u64le(head + VSS_CATALOG);
	return !at ? LIBRARY_VSS_NONE : at >= of->size ? LIBRARY_VSS_LOST : LIBRARY_VSS_THERE;
}

struct library_group *library_vss(struct blocks *of, struct err *err)
{
	struct library_group *g = new_group(of, err);

	if (!g)
		return NULL;
	if (libvshadow_volume_initialize(&g->vss, NULL) == 1 &&
	    libvshadow_volume_open_file_io_handle(g->vss, g->io, LIBBFIO_ACCESS_FLAG_READ, NULL) == 1 &&
	    libvshadow_volume_get_number_of_stores(g->vss, &g->count, NULL) == 1)
		return g;
	err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no snapshots");
	library_group_free(g);
	return NULL;
}

size_t library_group_count(const struct library_group *g)
{
	return g->count < 0 ? 0 : (size_t)g->count;
}

/* Lists of blocks are read with the first block, its own and those of every later store. */
static bool is_readable(struct library *l)
{
	struct err ignored;
	uint8_t sector[512];

	return read_library(&l->blocks, 0, sector, sizeof sector, &ignored);
}

struct blocks *library_group_volume(struct library_group *g, size_t number, struct library_snapshot *s)
{
	struct err ignored;
	struct library *l = new_library(g->of, read_store, free_store, &ignored);
	libvshadow_store_t *store = NULL;
	size64_t size = 0;
	uint64_t time = 0;
	bool ok;

	*s = (struct library_snapshot){ .taken = TIME_NONE };
	if (!l)
		return NULL;
	ok = libvshadow_volume_get_store(g->vss, (int)number, &store, NULL) == 1;
	l->handle = store;
	ok = ok && libvshadow_store_get_volume_size(store, &size, NULL) == 1;
	if (ok && libvshadow_store_get_creation_time(store, &time, NULL) == 1)
		s->taken = timestamp_of_filetime(time);
	ok = ok && libvshadow_store_get_identifier(store, s->id, sizeof s->id, NULL) == 1 && is_readable(l);
	return finish(l, ok, size, "vss", &ignored);
}

void library_group_free(struct library_group *g)
{
	if (!g)
		return;
	if (g->vss)
		libvshadow_volume_free(&g->vss, NULL);
	bfio_free(g->io);
	free(g);
}
