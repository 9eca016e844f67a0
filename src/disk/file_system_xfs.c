#include "disk/file_system_kind.h"

#include <stdlib.h>

#include "base/map.h"
#include "disk/xfs.h"
#include "disk/xfs_folder.h"
#include "disk/xfs_free.h"
#include "disk/xfs_table.h"

#define IN_ROW 64
#define NAME_MOST 255
#define WALK_BYTES ((size_t)512 << 20)
#define NAMES_BYTES ((size_t)64 << 20)
#define KIND_MASK 0170000
#define KIND_FOLDER 0040000

/* A name in a folder; of those that are one without regard to case, the next. */
struct known_name {
	struct span name;
	uint64_t inode;
	struct known_name *next;
};

struct xfs {
	struct file_system fs;
	struct xfs_volume own;
	struct arena arena;		/* of what follows: names of the folder that was asked for last */
	struct map names;		/* in lower case, to struct known_name */
	uint64_t names_of;		/* 0: none was asked for */
};

/* A folder that is still to be gone through. */
struct waiting {
	struct waiting *next;
	struct span path;
	uint64_t inode;
};

struct walking {
	struct xfs *x;
	fs_entry_fn *entry;
	void *context;
	struct buf path;		/* of the name at hand; its folder's before */
	struct xfs_inode folder, inode;
	struct arena arena;
	struct map seen;		/* number of 64 inodes in a row to those that were told */
	struct waiting *first, **last;
	uint64_t left_out;		/* names that are not told: too long a path */
	bool is_lost;			/* what was seen is not told again */
	bool stopped;
};

static bool over(const struct walking *w)
{
	const struct blocks_budget *budget = w->x->fs.volume->budget;

	return w->stopped || (budget && budget->is_over);
}

static enum fs_kind kind_of(uint16_t mode)
{
	switch (mode & KIND_MASK) {
	case 0100000:
		return FS_FILE;
	case KIND_FOLDER:
		return FS_FOLDER;
	case 0120000:
		return FS_LINK;
	default:
		return FS_SPECIAL;
	}
}

/* ---- which inodes were told ---- */

static uint64_t *row_of(struct walking *w, uint64_t inode)
{
	uint64_t row = inode / IN_ROW, *kept = map_get(&w->seen, span_of(&row, sizeof row));
	void **slot;

	if (kept)
		return kept;
	kept = ARENA_ARRAY(&w->arena, 2, uint64_t);
	if (!kept)
		return NULL;
	kept[1] = row;
	slot = map_slot(&w->seen, span_of(&kept[1], sizeof kept[1]));
	if (slot)
		*slot = kept;
	return slot ? kept : NULL;
}

static bool was_told(struct walking *w, uint64_t inode)
{
	uint64_t *row = row_of(w, inode);

	return row && *row & UINT64_C(1) << inode % IN_ROW;
}

/* False: there is no room to note it. */
static bool note(struct walking *w, uint64_t inode)
{
	uint64_t *row = row_of(w, inode);

	if (row)
		*row |= UINT64_C(1) << inode % IN_ROW;
	return row;
}

/* ---- names ---- */

static void tell_damage(struct walking *w, struct span path, uint64_t folder, enum fs_kind kind, enum fs_damage damage)
{
	struct fs_entry e = { .path = path, .folder = folder, .kind = kind, .damage = damage, .modified = TIME_NONE,
			      .changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE };

	if (!w->stopped)
		w->stopped = !w->entry(w->context, &e);
}

static void tell_inode(struct walking *w, struct span path, uint64_t folder, const struct xfs_inode *i)
{
	struct fs_entry e = { .path = path, .folder = folder, .place.inode = i->number, .kind = kind_of(i->mode),
			      .size = i->size, .mode = i->mode, .is_deleted = !i->links, .modified = i->modified,
			      .changed = i->changed, .accessed = i->accessed, .created = i->created };

	w->stopped = !w->entry(w->context, &e);
}

static bool queue(struct walking *w, struct span path, uint64_t inode)
{
	struct waiting *folder = ARENA_NEW(&w->arena, struct waiting);
	struct span copy = arena_copy(&w->arena, path);

	if (!folder || (path.len && !copy.len))
		return false;
	*folder = (struct waiting){ .path = copy, .inode = inode };
	*w->last = folder;
	w->last = &folder->next;
	return true;
}

/* A folder has one name: what is met once more is a circle or a lie. */
static void meet_inode(struct walking *w, struct span path)
{
	struct xfs_inode *i = &w->inode;
	bool is_folder = kind_of(i->mode) == FS_FOLDER, was = was_told(w, i->number);

	if (was && w->is_lost)
		return;
	tell_inode(w, path, w->folder.number, i);
	if (w->stopped)
		return;
	if (is_folder && (was || !note(w, i->number) || !queue(w, path, i->number)))
		tell_damage(w, path, w->folder.number, FS_FOLDER, FS_NAMES_LOST);
	else if (!is_folder)
		note(w, i->number);
}

static bool meet(void *context, struct span name, uint64_t inode)
{
	struct walking *w = context;
	size_t len = w->path.len;
	struct err ignored;

	if (span_eq(name, SPAN("..")))
		return true;
	/* Where its path is too long it is told below $Lost, by its inode. */
	if ((len && !buf_text(&w->path, "/")) || !buf_add(&w->path, name))
		w->left_out++;
	else if (xfs_read_inode(&w->x->own, inode, &w->inode, &ignored) && w->inode.mode)
		meet_inode(w, buf_span(&w->path));
	else
		tell_damage(w, buf_span(&w->path), w->folder.number, FS_FILE, FS_NO_FILE);
	w->path.len = len;
	w->path.overflow = false;
	return !over(w);
}

static void walk_folder(struct walking *w, const struct waiting *f)
{
	struct err ignored;
	bool is_whole;

	buf_clear(&w->path);
	buf_add(&w->path, f->path);
	is_whole = xfs_read_inode(&w->x->own, f->inode, &w->folder, &ignored) &&
		   (w->folder.mode & KIND_MASK) == KIND_FOLDER &&
		   xfs_each_name(&w->x->own, &w->folder, meet, w, &ignored);
	if (!is_whole && !over(w))
		tell_damage(w, f->path, f->inode, FS_FOLDER, FS_NAMES_LOST);
}

static void walk_waiting(struct walking *w)
{
	for (; w->first && !over(w); w->first = w->first->next)
		walk_folder(w, w->first);
	w->last = &w->first;
}

/* ---- what no folder names ---- */

/* Its name is lost with the folder that it was in, and which that was. */
static bool take_inode(void *context, const struct xfs_inode *inode)
{
	struct walking *w = context;
	enum fs_kind kind = kind_of(inode->mode);

	if ((kind != FS_FILE && kind != FS_FOLDER) || was_told(w, inode->number))
		return !over(w);
	note(w, inode->number);
	buf_clear(&w->path);
	buf_printf(&w->path, "$Lost/%s-%llu", kind == FS_FOLDER ? "folder" : "file", (unsigned long long)inode->number);
	tell_inode(w, buf_span(&w->path), 0, inode);
	if (kind == FS_FOLDER && !w->stopped && queue(w, buf_span(&w->path), inode->number))
		walk_waiting(w);
	return !over(w);
}

static void walk_lost(struct walking *w)
{
	struct xfs_count count;

	w->is_lost = true;
	xfs_each_inode(&w->x->own, take_inode, w, &count);
	if (count.damaged || count.lost)
		tell_damage(w, SPAN("$Lost"), 0, FS_FOLDER, FS_TABLE_LOST);
}

static void walk_all(struct walking *w)
{

	w->seen = map_new(&w->arena);
	w->last = &w->first;
	note(w, w->x->own.own[0]);
	queue(w, SPAN(""), w->x->own.own[0]);
	walk_waiting(w);
	if (!over(w))
		walk_lost(w);
}

static bool walk(struct file_system *fs, fs_entry_fn *entry, void *context, struct err *err)
{
	struct walking *w = calloc(1, sizeof *w);
	uint64_t left_out;

	if (!w)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a walk");
	w->x = (struct xfs *)fs;
	w->entry = entry;
	w->context = context;
	w->path = buf_new(FS_PATH_MAX);
	w->arena = arena_new(WALK_BYTES);
	walk_all(w);
	left_out = w->left_out;
	buf_free(&w->path);
	arena_free(&w->arena);
	free(w);
	if (fs->volume->budget && fs->volume->budget->is_over)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: time");
	return !left_out || err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
				    "limit: paths of %llu names are too long: files below $Lost, links not at all",
				    (unsigned long long)left_out);
}

static bool read_place(struct file_system *fs, const struct fs_place *place, uint64_t most,
		       struct buf *to, bool *cut, struct err *err)
{
	return xfs_read(&((struct xfs *)fs)->own, place->inode, most, to, cut, err);
}

/* ---- looking for a name ---- */

/* Names are of at most 255 bytes; what is longer is none. */
static struct span lower_of(struct span name, uint8_t room[NAME_MOST])
{
	struct span all = span_sub(name, 0, NAME_MOST);

	for (size_t i = 0; i < all.len; i++)
		room[i] = all.at[i] >= 'A' && all.at[i] <= 'Z' ? all.at[i] | 0x20 : all.at[i];
	return span_of(room, all.len);
}

static bool keep_name(void *context, struct span name, uint64_t inode)
{
	struct xfs *x = context;
	struct known_name *known = ARENA_NEW(&x->arena, struct known_name);
	uint8_t room[NAME_MOST];
	struct span copy = arena_copy(&x->arena, name), lower = arena_copy(&x->arena, lower_of(name, room));
	void **slot = map_slot(&x->names, lower);

	if (x->arena.exhausted || !slot)
		return false;
	*known = (struct known_name){ copy, inode, *slot };
	*slot = known;
	return true;
}

static void know_folder(struct xfs *x, uint64_t number)
{
	struct xfs_inode *folder = malloc(sizeof *folder);
	struct err ignored;

	arena_free(&x->arena);
	x->arena = arena_new(NAMES_BYTES);
	x->names = map_new(&x->arena);
	x->names_of = number;
	if (folder && xfs_read_inode(&x->own, number, folder, &ignored) && (folder->mode & KIND_MASK) == KIND_FOLDER)
		xfs_each_name(&x->own, folder, keep_name, x, &ignored);
	free(folder);
}

struct looking {
	struct span name;
	uint64_t found;			/* 0: not yet */
	bool is_exact;
};

static bool look_at(void *context, struct span name, uint64_t inode)
{
	struct looking *l = context;

	if (!span_eq_nocase(name, l->name))
		return true;
	l->is_exact = span_eq(name, l->name);
	if (!l->found || l->is_exact)
		l->found = inode;
	return !l->is_exact;
}

static void look_in_folder(struct xfs *x, uint64_t number, struct looking *l)
{
	struct xfs_inode *folder = malloc(sizeof *folder);
	struct err ignored;

	if (folder && xfs_read_inode(&x->own, number, folder, &ignored) && (folder->mode & KIND_MASK) == KIND_FOLDER)
		xfs_each_name(&x->own, folder, look_at, l, &ignored);
	free(folder);
}

/* Files of one folder are asked for one after the other: its names are kept. */
static void look_in_known(struct xfs *x, uint64_t number, struct looking *l)
{
	const struct known_name *known;
	uint8_t room[NAME_MOST];

	if (x->names_of != number)
		know_folder(x, number);
	known = map_get(&x->names, lower_of(l->name, room));
	for (; known && !l->is_exact; known = known->next)
		look_at(l, known->name, known->inode);
	if (!l->found && x->arena.exhausted)
		look_in_folder(x, number, l);
}

static bool find(struct file_system *fs, uint64_t folder, struct span name, struct fs_place *out)
{
	struct xfs *x = (struct xfs *)fs;
	bool is_path = span_find_byte(name, 0, '/') != SIZE_MAX;

	while (folder && name.len) {
		struct looking l = { .name = span_split(&name, '/') };

		if (is_path)
			look_in_folder(x, folder, &l);
		else
			look_in_known(x, folder, &l);
		folder = l.found;
	}
	*out = (struct fs_place){ .inode = folder };
	return folder;
}

static bool read_link(struct file_system *fs, const struct fs_place *place, struct buf *to)
{
	struct err ignored;

	return xfs_read_link(&((struct xfs *)fs)->own, place->inode, to, &ignored);
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

	arena_free(&x->arena);
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
	if (!xfs_open(&x->own, volume, err)) {
		close_system(&x->fs);
		return NULL;
	}
	return &x->fs;
}
