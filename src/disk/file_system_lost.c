#include "disk/file_system_tsk.h"

#include <stdio.h>

#include "disk/ext_table.h"

#define FOLDERS_UP 64
#define RECORD_BYTES_LEAST 512
#define PIECE ((size_t)64 << 10)
/* Of places that are not the library's: marked, and what is where else its own stream stands. */
#define OWN_PLACE ((uint64_t)1 << 63)
#define OWN_CHAIN ((uint64_t)1 << 62)

bool tsk_tell_damage(struct walking *w, const char *path, enum fs_damage damage)
{
	struct fs_entry e = { .kind = FS_FOLDER, .damage = damage, .modified = TIME_NONE, .changed = TIME_NONE,
			      .accessed = TIME_NONE, .created = TIME_NONE };

	buf_clear(&w->path);
	buf_text(&w->path, path);
	return tsk_tell(w, &e);
}

static bool is_over(const struct walking *w)
{
	return w->stopped || blocks_over(w->t->fs.volume);
}

/* What lies below a folder that was lost; it keeps its names. */
static void walk_below(struct walking *w, uint64_t folder, const char *under)
{
	struct err ignored;

	tsk_walk_from(w, folder, TSK_FS_DIR_WALK_FLAG_ALLOC | TSK_FS_DIR_WALK_FLAG_RECURSE, under, &ignored);
}

/* ---- ext ---- */

/* Its name is lost with the folder that it was in, and which that was. */
static void tell_inode(struct walking *w, const struct ext_inode *inode)
{
	TSK_FS_FILE *file = tsk_fs_file_open_meta(w->t->info, NULL, inode->number);
	struct fs_entry e = { .kind = inode->is_folder ? FS_FOLDER : FS_FILE, .place.inode = inode->number,
			      .is_deleted = inode->is_deleted };

	if (file && file->meta) {
		tsk_describe(file, &e);
		buf_clear(&w->path);
		buf_printf(&w->path, "$Lost/%s-%llu", inode->is_folder ? "folder" : "file",
			   (unsigned long long)inode->number);
		if (tsk_note_named(w, file, &e))
			tsk_tell(w, &e);
	}
	tsk_fs_file_close(file);
}

static bool take_inode(void *context, const struct ext_inode *inode)
{
	struct walking *w = context;
	char under[48];

	if (tsk_was_seen(w, inode->number))
		return true;
	tell_inode(w, inode);
	if (inode->is_folder && !w->stopped) {
		snprintf(under, sizeof under, "$Lost/folder-%llu/", (unsigned long long)inode->number);
		walk_below(w, inode->number, under);
	}
	return !is_over(w);
}

static void walk_ext(struct walking *w)
{
	struct err ignored;

	if (!ext_folder_is_whole(&w->t->ext, EXT_ROOT))
		tsk_tell_damage(w, "", FS_NAMES_LOST);
	if (!ext_each_in_use(&w->t->ext, take_inode, w, &ignored) && !w->stopped)
		tsk_tell_damage(w, "$Lost", FS_TABLE_LOST);
}

/* ---- NTFS: each file has its name and its folder's number in its record ---- */

/* A folder of `t` in use; else 0. */
static uint64_t folder_above(struct tsk_system *t, uint64_t inode)
{
	TSK_FS_FILE *file = tsk_fs_file_open_meta(t->info, NULL, inode);
	bool is_used = file && file->meta && file->meta->flags & TSK_FS_META_FLAG_ALLOC &&
		       file->meta->type == TSK_FS_META_TYPE_DIR && file->meta->name2;
	uint64_t above = is_used ? file->meta->name2->par_inode : 0;

	tsk_fs_file_close(file);
	return above;
}

/* The topmost folder over it that was not met either, or itself. */
static uint64_t top_of(struct walking *w, uint64_t inode, uint64_t above)
{
	for (unsigned i = 0; i < FOLDERS_UP && above >= NTFS_FIRST_FREE && above != inode && !tsk_was_seen(w, above); i++) {
		uint64_t next = folder_above(w->t, above);

		if (!next)
			break;
		inode = above;
		above = next;
	}
	return inode;
}

static void tell_record(struct walking *w, TSK_FS_FILE *file)
{
	const TSK_FS_META_NAME_LIST *name = file->meta->name2;
	bool is_folder = file->meta->type == TSK_FS_META_TYPE_DIR;
	struct fs_entry e = { .kind = is_folder ? FS_FOLDER : FS_FILE, .place.inode = file->meta->addr,
			      .folder = name->par_inode };
	struct buf path = buf_new(FS_PATH_MAX);

	tsk_describe(file, &e);
	buf_clear(&w->path);
	buf_printf(&w->path, "$Lost/folder-%llu/", (unsigned long long)name->par_inode);
	buf_text(&w->path, name->name);
	buf_add(&path, buf_span(&w->path));
	if (tsk_note_named(w, file, &e)) {
		tsk_tell_all(w, file, &e);
		buf_text(&path, "/");
		if (is_folder && !w->stopped && buf_add_u8(&path, 0))
			walk_below(w, e.place.inode, (const char *)path.at);
	}
	buf_free(&path);
}

static bool is_named_record(const TSK_FS_FILE *file)
{
	const TSK_FS_META *m = file->meta;

	return m && m->flags & TSK_FS_META_FLAG_ALLOC && m->name2 && m->name2->name[0] &&
	       (m->type == TSK_FS_META_TYPE_REG || m->type == TSK_FS_META_TYPE_DIR);
}

/* Leaves out records that only go on with another one. */
static TSK_WALK_RET_ENUM take_record(TSK_FS_FILE *file, void *context)
{
	struct walking *w = context;
	TSK_FS_FILE *top = NULL;
	uint64_t number;

	if (!is_named_record(file))
		return TSK_WALK_CONT;
	number = top_of(w, file->meta->addr, file->meta->name2->par_inode);
	if (number != file->meta->addr && (top = tsk_fs_file_open_meta(w->t->info, NULL, number)) && is_named_record(top))
		tell_record(w, top);
	tsk_fs_file_close(top);
	if (!w->stopped && !tsk_was_seen(w, file->meta->addr))
		tell_record(w, file);
	return w->stopped ? TSK_WALK_STOP : TSK_WALK_CONT;
}

/* Of each byte of the table's bitmap the records that are in use and are none. */
static bool are_records(struct walking *w, const TSK_FS_ATTR *table, uint64_t first, uint8_t bits, size_t size)
{
	char magic[4];

	for (unsigned i = 0; i < 8; i++) {
		uint64_t at = (first + i) * size;

		if (!(bits >> i & 1) || first + i < NTFS_FIRST_FREE || at + size > (uint64_t)table->size)
			continue;
		if (tsk_fs_attr_read(table, (TSK_OFF_T)at, magic, sizeof magic, TSK_FS_FILE_READ_FLAG_NONE) != sizeof magic ||
		    memcmp(magic, "FILE", sizeof magic))
			return false;
	}
	return true;
}

/* Of a record: in clusters, or where that is negative, the power of two that it has. */
static size_t record_size(struct walking *w)
{
	uint8_t s[512];
	struct err ignored;
	int n;

	if (!blocks_read_all(w->t->fs.volume, 0, s, sizeof s, &ignored))
		return 0;
	n = (int8_t)s[64];
	return n > 0 ? (size_t)n * w->t->info->block_size : n > -17 ? (size_t)1 << -n : 0;
}

static bool is_table_whole(struct walking *w)
{
	TSK_FS_FILE *file = tsk_fs_file_open_meta(w->t->info, NULL, 0);
	const TSK_FS_ATTR *table = file ? tsk_fs_file_attr_get(file) : NULL;
	const TSK_FS_ATTR *map = file ? tsk_fs_file_attr_get_type(file, TSK_FS_ATTR_TYPE_NTFS_BITMAP, 0, 0) : NULL;
	size_t size = record_size(w);
	struct buf room = buf_new(PIECE);
	uint8_t *bits = buf_reserve(&room, PIECE);
	bool ok = table && map && bits && size >= RECORD_BYTES_LEAST;
	/* The map may claim more than there can be records. */
	TSK_OFF_T end = ok ? table->size / (TSK_OFF_T)size / 8 + 1 : 0;

	for (TSK_OFF_T at = 0; ok && at < map->size && at < end && !is_over(w); at += (TSK_OFF_T)PIECE) {
		ssize_t got = tsk_fs_attr_read(map, at, (char *)bits, PIECE, TSK_FS_FILE_READ_FLAG_NONE);

		ok = got > 0;
		for (ssize_t i = 0; ok && i < got; i++)
			ok = !bits[i] || are_records(w, table, ((uint64_t)at + (uint64_t)i) * 8, bits[i], size);
	}
	buf_free(&room);
	tsk_fs_file_close(file);
	return ok;
}

static void walk_ntfs(struct walking *w)
{
	TSK_FS_META_FLAG_ENUM flags = (TSK_FS_META_FLAG_ENUM)(TSK_FS_META_FLAG_ALLOC | TSK_FS_META_FLAG_USED);

	/* One at a time: a record that is damaged would end the library's own way. */
	for (uint64_t i = NTFS_FIRST_FREE; i < w->seen_most && !is_over(w); i++)
		if (!tsk_was_seen(w, i))
			tsk_fs_meta_walk(w->t->info, i, i, flags, take_record, w);
	if (!w->stopped && !is_table_whole(w))
		tsk_tell_damage(w, "$Lost", FS_TABLE_LOST);
}

/* ---- FAT and exFAT ---- */

static void add_clusters(struct walking *w, const TSK_FS_ATTR_RUN *run)
{
	const struct fat *f = &w->t->fat;
	uint64_t each = f->cluster / w->t->info->block_size, at = run->addr * w->t->info->block_size;

	if (run->flags & (TSK_FS_ATTR_RUN_FLAG_SPARSE | TSK_FS_ATTR_RUN_FLAG_FILLER) || at < f->heap || !each)
		return;
	at = (at - f->heap) / f->cluster + 2;
	for (uint64_t i = 0; i < (run->len + each - 1) / each && at + i <= f->last; i++)
		w->reached[(at + i) / 8] |= (uint8_t)(1 << (at + i) % 8);
}

void lost_note_clusters(struct walking *w, TSK_FS_FILE *file)
{
	const TSK_FS_ATTR *attr = w->reached && file && file->meta ? tsk_fs_file_attr_get(file) : NULL;

	for (const TSK_FS_ATTR_RUN *run = attr ? attr->nrd.run : NULL; run; run = run->next)
		add_clusters(w, run);
}

static struct fs_place place_of_run(const struct fat_run *run)
{
	return (struct fs_place){ .inode = OWN_PLACE | (run->is_chain ? OWN_CHAIN : 0) | run->first,
				  .stream_type = run->count, .stream_id = run->tail };
}

static struct fat_run run_of_place(const struct fs_place *place)
{
	return (struct fat_run){ .first = (uint32_t)place->inode, .count = place->stream_type,
				 .tail = place->stream_id, .is_chain = place->inode & OWN_CHAIN };
}

static bool take_clusters(void *context, const struct fat_lost *lost)
{
	struct walking *w = context;
	struct fs_entry e = { .kind = lost->is_folder ? FS_FOLDER : FS_FILE, .size = lost->size,
			      .damage = lost->is_damaged ? FS_NAMES_LOST : FS_WHOLE, .mode = lost->is_folder ? 0040777 : 0100777,
			      .place = place_of_run(&lost->run), .modified = TIME_NONE, .changed = TIME_NONE,
			      .accessed = TIME_NONE, .created = TIME_NONE };

	buf_clear(&w->path);
	buf_text(&w->path, "$Lost/");
	buf_add(&w->path, lost->path);
	return tsk_tell(w, &e) && !is_over(w);
}

static void walk_fat(struct walking *w)
{
	uint32_t lost = 0;
	struct err ignored;
	bool ok = fat_each_lost(&w->t->fat, w->reached, take_clusters, w, &lost, &ignored);

	if (!w->stopped && !fat_folder_is_whole(&w->t->fat, 0, true, 0))
		tsk_tell_damage(w, "", FS_NAMES_LOST);
	if (!w->stopped && !ok)
		tsk_tell_damage(w, "$Lost", FS_TABLE_LOST);
	else if (!w->stopped && lost)
		tsk_tell_damage(w, "$Lost", FS_NAMES_LOST);
}

/* Where the first cluster of a folder stands is the library's secret; its first run begins there. */
static bool fat_folder(struct walking *w, TSK_FS_FILE *file)
{
	const TSK_FS_ATTR *attr = tsk_fs_file_attr_get(file);
	const TSK_FS_ATTR_RUN *run = attr ? attr->nrd.run : NULL;
	uint64_t at = run ? run->addr * w->t->info->block_size : 0;
	struct fat *f = &w->t->fat;

	if (at < f->heap)
		return f->is_exfat && attr && !attr->size;
	return fat_folder_is_whole(f, (uint32_t)((at - f->heap) / f->cluster + 2), !f->is_exfat || run->next,
				   f->is_exfat ? (uint64_t)attr->size : 0);
}

/* ---- HFS+ ---- */

static bool take_leaf(void *context, const struct hfs_entry *h)
{
	struct walking *w = context;
	struct fs_entry e = { .kind = h->is_folder ? FS_FOLDER : FS_FILE, .size = h->size, .mode = h->mode,
			      .place = { .inode = OWN_PLACE | h->number, .stream_type = h->node, .stream_id = h->record },
			      .modified = h->modified, .changed = h->changed, .accessed = h->accessed,
			      .created = h->created };

	if (tsk_was_seen(w, h->number))
		return true;
	buf_clear(&w->path);
	buf_printf(&w->path, "$Lost/folder-%u/", h->parent);
	buf_add(&w->path, h->name);
	return tsk_tell(w, &e) && !is_over(w);
}

static void walk_hfs(struct walking *w)
{
	const struct hfs *h = &w->t->hfs;
	struct hfs_count count;
	struct err ignored;
	bool ok = hfs_table_each(h, take_leaf, w, &count, &ignored);

	if (!w->stopped && (!ok || count.damaged || (h->is_all && (count.files < h->files || count.folders < h->folders))))
		tsk_tell_damage(w, "$Lost", FS_TABLE_LOST);
}

/* ---- all ---- */

void lost_walk(struct walking *w)
{
	const TSK_FS_INFO *info = w->t->info;

	w->is_lost = true;
	if (w->t->reads_ext && w->seen)
		walk_ext(w);
	else if (TSK_FS_TYPE_ISNTFS(info->ftype) && w->seen)
		walk_ntfs(w);
	else if (w->t->knows_fat && w->reached)
		walk_fat(w);
	else if (w->t->knows_hfs && w->seen)
		walk_hfs(w);
}

bool lost_folder_is_whole(struct walking *w, TSK_FS_FILE *file)
{
	if (w->t->reads_ext)
		return ext_folder_is_whole(&w->t->ext, file->meta->addr);
	return !w->reached || fat_folder(w, file);
}

bool lost_is_place(const struct fs_place *place)
{
	return place->inode & OWN_PLACE;
}

bool lost_read(struct tsk_system *t, const struct fs_place *place, uint64_t most, struct buf *to, bool *cut, struct err *err)
{
	struct fat_run run = run_of_place(place);

	if (t->knows_fat)
		return fat_read(&t->fat, &run, most, to, cut, err);
	if (t->knows_hfs)
		return hfs_table_read(&t->hfs, place->stream_type, place->stream_id, most, to, cut, err);
	return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "no such place");
}
