#include "disk/file_system_kind.h"

#include <libfsxfs.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "disk/bfio.h"
#include "disk/xfs.h"
#include "disk/xfs_free.h"
#include "disk/xfs_table.h"

#define NAME_MOST 1024
#define ENTRIES_MOST 1000000	/* of one folder */

struct xfs {
	struct file_system fs;
	struct xfs_volume own;		/* inodes and content */
	libbfio_handle_t *io;
	libfsxfs_volume_t *volume;	/* names; NULL: the library refuses it */
};

struct walking {
	struct xfs *x;
	fs_entry_fn *entry;
	void *context;
	struct buf path;
	uint64_t unreadable;
	struct arena arena;
	struct map seen;		/* number of 64 inodes in a row to those that were told */
	bool is_lost;			/* what was seen is not told again */
	bool stopped;
};

#define IN_ROW 64
#define SEEN_BYTES ((size_t)512 << 20)

static bool over(const struct walking *w)
{
	const struct blocks_budget *budget = w->x->fs.volume->budget;

	return w->stopped || (budget && budget->is_over);
}

typedef int time_fn(libfsxfs_file_entry_t *entry, int64_t *out, libfsxfs_error_t **error);

static timestamp time_of(libfsxfs_file_entry_t *entry, time_fn *get)
{
	int64_t ns;

	if (get(entry, &ns, NULL) != 1)
		return TIME_NONE;
	return timestamp_of_unix(ns / 1000000000, (uint32_t)(ns < 0 ? 0 : ns % 1000000000));
}

static enum fs_kind kind_of(uint16_t mode)
{
	switch (mode & 0170000) {
	case 0100000:
		return FS_FILE;
	case 0040000:
		return FS_FOLDER;
	case 0120000:
		return FS_LINK;
	default:
		return FS_SPECIAL;
	}
}

static bool describe(libfsxfs_file_entry_t *entry, uint64_t folder, struct fs_entry *e)
{
	uint16_t mode = 0;
	size64_t size = 0;

	*e = (struct fs_entry){ .folder = folder };
	if (libfsxfs_file_entry_get_inode_number(entry, &e->place.inode, NULL) != 1 ||
	    libfsxfs_file_entry_get_file_mode(entry, &mode, NULL) != 1)
		return false;
	if (libfsxfs_file_entry_get_size(entry, &size, NULL) != 1)
		size = 0;
	e->mode = mode;
	e->kind = kind_of(mode);
	e->size = size;
	e->modified = time_of(entry, libfsxfs_file_entry_get_modification_time);
	e->changed = time_of(entry, libfsxfs_file_entry_get_inode_change_time);
	e->accessed = time_of(entry, libfsxfs_file_entry_get_access_time);
	e->created = time_of(entry, libfsxfs_file_entry_get_creation_time);
	return true;
}

static bool add_name(libfsxfs_file_entry_t *entry, struct buf *path)
{
	uint8_t name[NAME_MOST];
	size_t size = 0;

	if (libfsxfs_file_entry_get_utf8_name_size(entry, &size, NULL) != 1 || !size ||
	    size > sizeof name || libfsxfs_file_entry_get_utf8_name(entry, name, size, NULL) != 1)
		return false;
	if (path->len)
		buf_text(path, "/");
	return buf_add(path, span_of(name, size - 1));
}

static uint64_t *row_of(struct walking *w, uint64_t inode)
{
	uint64_t row = inode / IN_ROW, *kept = ARENA_ARRAY(&w->arena, 2, uint64_t);
	struct span key = span_of(&row, sizeof row);
	void **slot;

	if (map_get(&w->seen, key) || !kept)
		return map_get(&w->seen, key);
	kept[0] = 0;
	kept[1] = row;
	slot = map_slot(&w->seen, span_of(&kept[1], sizeof kept[1]));
	if (slot)
		*slot = kept;
	return slot ? kept : NULL;
}

/* False: it was told before. */
static bool note(struct walking *w, uint64_t inode)
{
	uint64_t *row = row_of(w, inode), bit = UINT64_C(1) << inode % IN_ROW;
	bool was = row && *row & bit;

	if (row)
		*row |= bit;
	return !was;
}

static void walk_folder(struct walking *w, libfsxfs_file_entry_t *folder, unsigned depth);

static void meet(struct walking *w, libfsxfs_file_entry_t *entry, uint64_t folder, unsigned depth)
{
	size_t len = w->path.len;
	struct fs_entry e;

	if (!add_name(entry, &w->path) || !describe(entry, folder, &e)) {
		w->unreadable++;
	} else if (note(w, e.place.inode) || !w->is_lost) {
		e.path = buf_span(&w->path);
		w->stopped = !w->entry(w->context, &e);
		if (e.kind == FS_FOLDER && depth < FS_DEPTH_MAX && !w->stopped)
			walk_folder(w, entry, depth + 1);
	}
	w->path.len = len;
	w->path.overflow = false;
}

static void walk_folder(struct walking *w, libfsxfs_file_entry_t *folder, unsigned depth)
{
	uint64_t inode = 0;
	int count = 0;

	if (libfsxfs_file_entry_get_inode_number(folder, &inode, NULL) != 1 ||
	    libfsxfs_file_entry_get_number_of_sub_file_entries(folder, &count, NULL) != 1)
		w->unreadable++;
	for (int i = 0; i < count && i < ENTRIES_MOST && !over(w); i++) {
		libfsxfs_file_entry_t *entry = NULL;

		if (libfsxfs_file_entry_get_sub_file_entry_by_index(folder, i, &entry, NULL) != 1)
			w->unreadable++;
		else
			meet(w, entry, inode, depth);
		libfsxfs_file_entry_free(&entry, NULL);
	}
}

/* ---- what no folder names ---- */

static void walk_below(struct walking *w, uint64_t inode)
{
	libfsxfs_file_entry_t *folder = NULL;

	if (w->x->volume && libfsxfs_volume_get_file_entry_by_inode(w->x->volume, inode, &folder, NULL) == 1)
		walk_folder(w, folder, 0);
	libfsxfs_file_entry_free(&folder, NULL);
}

/* Its name is lost with the folder that it was in, and which that was. */
static bool take_inode(void *context, const struct xfs_inode *inode)
{
	struct walking *w = context;
	struct fs_entry e = { .kind = kind_of(inode->mode), .place.inode = inode->number, .size = inode->size,
			      .mode = inode->mode, .is_deleted = !inode->links, .modified = inode->modified,
			      .changed = inode->changed, .accessed = inode->accessed, .created = inode->created };

	if ((e.kind != FS_FILE && e.kind != FS_FOLDER) || !note(w, inode->number))
		return !over(w);
	buf_clear(&w->path);
	buf_printf(&w->path, "$Lost/%s-%llu", e.kind == FS_FOLDER ? "folder" : "file", (unsigned long long)inode->number);
	e.path = buf_span(&w->path);
	w->stopped = !w->entry(w->context, &e);
	if (e.kind == FS_FOLDER && !w->stopped)
		walk_below(w, inode->number);
	return !over(w);
}

static void walk_lost(struct walking *w)
{
	struct fs_entry e = { .kind = FS_FOLDER, .path = SPAN("$Lost"), .damage = FS_TABLE_LOST, .modified = TIME_NONE,
			      .changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE };
	struct xfs_count count;

	w->is_lost = true;
	xfs_each_inode(&w->x->own, take_inode, w, &count);
	if (!w->stopped && (count.damaged || count.lost))
		w->stopped = !w->entry(w->context, &e);
}

static bool walk(struct file_system *fs, fs_entry_fn *entry, void *context, struct err *err)
{
	struct xfs *x = (struct xfs *)fs;
	struct walking w = { .x = x, .entry = entry, .context = context, .path = buf_new(FS_PATH_MAX),
			     .arena = arena_new(SEEN_BYTES) };
	libfsxfs_file_entry_t *root = NULL;
	bool has_root;
	uint64_t unreadable;

	w.seen = map_new(&w.arena);
	note(&w, x->own.own[0]);
	has_root = x->volume && libfsxfs_volume_get_root_directory(x->volume, &root, NULL) == 1;
	if (has_root)
		walk_folder(&w, root, 0);
	libfsxfs_file_entry_free(&root, NULL);
	unreadable = w.unreadable;
	if (!over(&w))
		walk_lost(&w);
	buf_free(&w.path);
	arena_free(&w.arena);
	if (fs->volume->budget && fs->volume->budget->is_over)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: time");
	if (!has_root)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: no root folder");
	return !unreadable || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: %llu names or folders cannot be read",
				      (unsigned long long)unreadable);
}

static bool read_place(struct file_system *fs, const struct fs_place *place, uint64_t most,
		       struct buf *to, bool *cut, struct err *err)
{
	return xfs_read(&((struct xfs *)fs)->own, place->inode, most, to, cut, err);
}

static bool find(struct file_system *fs, uint64_t folder, struct span name, struct fs_place *out)
{
	struct xfs *x = (struct xfs *)fs;
	libfsxfs_file_entry_t *dir = NULL, *entry = NULL;
	bool ok = x->volume && libfsxfs_volume_get_file_entry_by_inode(x->volume, folder, &dir, NULL) == 1 &&
		  libfsxfs_file_entry_get_sub_file_entry_by_utf8_name(dir, name.at, name.len, &entry,
								      NULL) == 1;

	*out = (struct fs_place){ 0 };
	ok = ok && libfsxfs_file_entry_get_inode_number(entry, &out->inode, NULL) == 1;
	libfsxfs_file_entry_free(&entry, NULL);
	libfsxfs_file_entry_free(&dir, NULL);
	return ok;
}

static bool read_link(struct file_system *fs, const struct fs_place *place, struct buf *to)
{
	struct xfs *x = (struct xfs *)fs;
	libfsxfs_file_entry_t *entry = NULL;
	uint8_t target[NAME_MOST + 1];
	size_t size = 0;
	bool ok = x->volume && libfsxfs_volume_get_file_entry_by_inode(x->volume, place->inode, &entry, NULL) == 1 &&
		  libfsxfs_file_entry_get_utf8_symbolic_link_target_size(entry, &size, NULL) == 1 &&
		  size > 1 && size <= sizeof target &&
		  libfsxfs_file_entry_get_utf8_symbolic_link_target(entry, target, size, NULL) == 1 &&
		  buf_add(to, span_of(target, size - 1));

	libfsxfs_file_entry_free(&entry, NULL);
	return ok;
}

static bool free_runs(struct file_system *fs, fs_free_fn *run, void *context, struct err *err)
{
	return xfs_free_runs(fs->volume, run, context, err);
}

static void marks_of(struct file_system *fs, const struct fs_place *place, struct marks_room *room, struct marks *out)
{
	marks_of_xfs(fs->volume, place->inode, room, out);
}

static void close_system(struct file_system *fs)
{
	struct xfs *x = (struct xfs *)fs;

	libfsxfs_volume_free(&x->volume, NULL);
	bfio_free(x->io);
	free(x);
}

struct file_system *fs_xfs_open(struct blocks *volume, struct err *err)
{
	struct xfs *x = calloc(1, sizeof *x);

	if (!x) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a file system");
		return NULL;
	}
	x->fs = (struct file_system){ "xfs", volume, walk, read_place, NULL, find, read_link, free_runs,
				      close_system, marks_of };
	x->io = bfio_of(volume);
	if (!x->io || !xfs_open(&x->own, volume, err)) {
		close_system(&x->fs);
		return NULL;
	}
	if (libfsxfs_volume_initialize(&x->volume, NULL) == 1 &&
	    libfsxfs_volume_open_file_io_handle(x->volume, x->io, LIBBFIO_ACCESS_FLAG_READ, NULL) != 1)
		libfsxfs_volume_free(&x->volume, NULL);
	return &x->fs;
}
