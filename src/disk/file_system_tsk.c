#include "disk/file_system_tsk.h"

#include <stdio.h>
#include <stdlib.h>

#include "disk/ext_table.h"
#include "disk/tsk_image.h"
#include "disk/wof.h"

#define STREAMS_MOST 64
#define SEEN_MOST ((uint64_t)1 << 29)	/* inodes of one volume */
/* Of a reparse point; of a table of chunks and what did not become smaller. */
#define WOF_POINT 64
#define WOF_ROOM(size) ((size) / 256 + 65536)
#define BROKEN_FOLDER_MOST ((TSK_OFF_T)2 << 20)	/* bytes of a broken one that the library is let into */

static timestamp time_of(time_t seconds, uint64_t nano)
{
	return seconds ? timestamp_of_unix(seconds, nano < 1000000000 ? (uint32_t)nano : 0) : TIME_NONE;
}

/* A time of NTFS that was never set (1601) comes out of the library wrapped around 32 bits, as 2076. */
static void forget_wrapped(timestamp *t)
{
	if (*t != TIME_NONE && *t / TIME_SECOND >> 31)
		*t = TIME_NONE;
}

static enum fs_kind kind_of(const TSK_FS_FILE *file)
{
	switch (file->meta ? file->meta->type : TSK_FS_META_TYPE_UNDEF) {
	case TSK_FS_META_TYPE_REG:
		return FS_FILE;
	case TSK_FS_META_TYPE_DIR:
		return FS_FOLDER;
	case TSK_FS_META_TYPE_LNK:
		return FS_LINK;
	case TSK_FS_META_TYPE_UNDEF:
		return file->name && file->name->type == TSK_FS_NAME_TYPE_DIR ? FS_FOLDER : FS_FILE;
	default:
		return FS_SPECIAL;
	}
}

static uint32_t mode_of(const TSK_FS_META *meta, enum fs_kind kind)
{
	static const uint32_t types[] = { [FS_FILE] = 0100000, [FS_FOLDER] = 0040000,
					  [FS_LINK] = 0120000, [FS_SPECIAL] = 0 };

	return ((uint32_t)meta->mode & 07777) | types[kind];
}

static void describe_name(const TSK_FS_META *m, struct fs_entry *e)
{
	e->has_named = true;
	e->named_modified = time_of(m->time2.ntfs.fn_mtime, (uint64_t)m->time2.ntfs.fn_mtime_nano);
	e->named_changed = time_of(m->time2.ntfs.fn_ctime, (uint64_t)m->time2.ntfs.fn_ctime_nano);
	e->named_accessed = time_of(m->time2.ntfs.fn_atime, (uint64_t)m->time2.ntfs.fn_atime_nano);
	e->named_created = time_of(m->time2.ntfs.fn_crtime, (uint64_t)m->time2.ntfs.fn_crtime_nano);
}

void tsk_describe(const TSK_FS_FILE *file, struct fs_entry *e)
{
	const TSK_FS_META *m = file->meta;

	e->size = m->size > 0 ? (uint64_t)m->size : 0;
	e->mode = mode_of(m, e->kind);
	e->modified = time_of(m->mtime, m->mtime_nano);
	e->changed = time_of(m->ctime, m->ctime_nano);
	e->accessed = time_of(m->atime, m->atime_nano);
	e->created = time_of(m->crtime, m->crtime_nano);
	if (TSK_FS_TYPE_ISNTFS(file->fs_info->ftype)) {
		forget_wrapped(&e->modified);
		forget_wrapped(&e->changed);
		forget_wrapped(&e->accessed);
		forget_wrapped(&e->created);
	}
}

/* Of a deleted file FAT knows where it began: the library gives none if that is another's by now. */
static bool is_overwritten(TSK_FS_FILE *file, const struct fs_entry *e)
{
	const TSK_FS_ATTR *attr;

	if (!e->is_deleted || e->kind != FS_FILE || !e->size || !TSK_FS_TYPE_ISFAT(file->fs_info->ftype))
		return false;
	attr = tsk_fs_file_attr_get(file);
	return !attr || !attr->nrd.run;
}

/* What was wiped has no type. */
static bool is_nothing(const TSK_FS_FILE *file)
{
	return !file->meta || file->meta->flags & TSK_FS_META_FLAG_UNALLOC ||
	       file->meta->type == TSK_FS_META_TYPE_UNDEF;
}

static const char orphans[] = "$OrphanFiles/";

static void describe(const TSK_FS_FILE *file, bool is_orphan, struct fs_entry *e)
{
	const TSK_FS_META *m = file->meta;
	bool is_free = is_orphan || file->name->flags & TSK_FS_NAME_FLAG_UNALLOC;

	*e = (struct fs_entry){ .kind = kind_of(file), .folder = file->name->par_addr,
				.modified = TIME_NONE, .changed = TIME_NONE, .accessed = TIME_NONE,
				.created = TIME_NONE };
	e->place.inode = file->name->meta_addr;
	if (!is_free && is_nothing(file)) {
		e->damage = FS_NO_FILE;
		return;
	}
	e->is_deleted = is_free || (m && m->flags & TSK_FS_META_FLAG_UNALLOC);
	/* The name is free and what it named is in use again: the content is another's. */
	e->is_gone = !m || (is_free && m->flags & TSK_FS_META_FLAG_ALLOC);
	if (m)
		tsk_describe(file, e);
}

bool tsk_tell(struct walking *w, struct fs_entry *e)
{
	e->path = buf_span(&w->path);
	w->stopped = w->stopped || !w->entry(w->context, e);
	return !w->stopped;
}

/* Streams beside the main one: "name:stream". On NTFS folders may have them too. */
static bool tell_streams(struct walking *w, TSK_FS_FILE *file, struct fs_entry *e)
{
	bool is_hfs = TSK_FS_TYPE_ISHFS(w->t->info->ftype);
	int count = tsk_fs_file_attr_getsize(file);
	size_t len = w->path.len;

	e->kind = FS_FILE;
	e->is_stream = true;
	for (int i = 0; i < count && i < STREAMS_MOST && !w->stopped; i++) {
		const TSK_FS_ATTR *attr = tsk_fs_file_attr_get_idx(file, i);
		bool is_extra = attr && ((attr->type == TSK_FS_ATTR_TYPE_NTFS_DATA && attr->name &&
					  *attr->name) ||
					 (is_hfs && attr->type == TSK_FS_ATTR_TYPE_HFS_RSRC));

		if (!is_extra || attr->size <= 0)
			continue;
		e->place.stream_type = attr->type;
		e->place.stream_id = attr->id;
		e->size = (uint64_t)attr->size;
		buf_text(&w->path, ":");
		buf_text(&w->path, attr->name && *attr->name ? attr->name : "rsrc");
		tsk_tell(w, e);
		w->path.len = len;
	}
	return !w->stopped;
}

/* The index of a folder holds names that are deleted: for the decoder of $I30. */
static bool tell_index(struct walking *w, TSK_FS_FILE *file, struct fs_entry *e)
{
	const TSK_FS_ATTR *attr = tsk_fs_file_attr_get_type(file, TSK_FS_ATTR_TYPE_NTFS_IDXALLOC, 0, 0);
	size_t len = w->path.len;

	if (!attr || attr->size <= 0)
		return true;
	e->kind = FS_FILE;
	e->is_stream = e->is_index = true;
	e->folder = e->place.inode;
	e->place.stream_type = attr->type;
	e->place.stream_id = attr->id;
	e->size = (uint64_t)attr->size;
	buf_text(&w->path, w->path.len ? "/$I30" : "$I30");
	tsk_tell(w, e);
	w->path.len = len;
	return !w->stopped;
}

/* What the library makes up, and journals and bitmaps that would be read as files. */
static bool is_own(const struct walking *w, const TSK_FS_FILE *file)
{
	static const char *const kept[] = { "$MFT", "$LogFile", "$Boot" };
	const TSK_FS_INFO *info = w->t->info;
	TSK_INUM_T inode = file->name->meta_addr;

	if (file->meta && (file->meta->type == TSK_FS_META_TYPE_VIRT ||
			   file->meta->type == TSK_FS_META_TYPE_VIRT_DIR))
		return true;
	if (TSK_FS_TYPE_ISEXT(info->ftype))
		return inode < EXT_FIRST_FREE && inode != EXT_ROOT;
	if (TSK_FS_TYPE_ISHFS(info->ftype))
		return inode < 16 && file->name->name[0] == '$';
	if (!TSK_FS_TYPE_ISNTFS(info->ftype) || inode >= NTFS_FIRST_FREE)
		return false;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (!strcmp(file->name->name, kept[i]))
			return false;
	return inode != 11;	/* $Extend: the change journal is in it */
}

bool tsk_was_seen(const struct walking *w, uint64_t inode)
{
	return inode <= w->seen_most && w->seen[inode / 8] >> inode % 8 & 1;
}

bool tsk_note_named(struct walking *w, TSK_FS_FILE *file, struct fs_entry *e)
{
	uint64_t inode = e->place.inode;

	if (e->is_deleted)
		return true;
	lost_note_clusters(w, file);
	if (w->seen && inode <= w->seen_most) {
		if (w->is_lost && tsk_was_seen(w, inode))
			return false;
		w->seen[inode / 8] |= (uint8_t)(1 << inode % 8);
	}
	if (e->kind == FS_FOLDER && !e->damage && !lost_folder_is_whole(w, file))
		e->damage = FS_NAMES_LOST;
	return true;
}

/* Of NTFS and HFS+. */
void tsk_tell_all(struct walking *w, TSK_FS_FILE *file, struct fs_entry *e)
{
	bool is_ntfs = TSK_FS_TYPE_ISNTFS(w->t->info->ftype), is_folder = e->kind == FS_FOLDER;

	tsk_tell(w, e);
	if (!file->meta || e->is_gone || e->damage == FS_NO_FILE || w->stopped ||
	    !(is_ntfs || TSK_FS_TYPE_ISHFS(w->t->info->ftype)))
		return;
	tell_streams(w, file, e);
	if (is_ntfs && is_folder && !e->is_deleted && !w->stopped)
		tell_index(w, file, e);
}

/*
 * The library keeps the blocks of a folder in a list that it walks from the beginning for each
 * of them, whatever the inode of what a name calls a folder says that it is. What is broken
 * and claims to be large is left to who looks for lost inodes.
 */
static bool is_endless(struct walking *w, const TSK_FS_FILE *file)
{
	const TSK_FS_META *m = file ? file->meta : NULL;
	bool is = w->t->reads_ext && m && m->size > BROKEN_FOLDER_MOST && !ext_folder_is_whole(&w->t->ext, m->addr);

	w->has_endless |= is;
	return is;
}

static TSK_WALK_RET_ENUM take_name(TSK_FS_FILE *file, const char *folder, void *context)
{
	struct walking *w = context;
	bool is_ntfs = TSK_FS_TYPE_ISNTFS(w->t->info->ftype);
	struct fs_entry e;

	/* Names of a damaged folder cost memory and time without anything being read. */
	if (blocks_over(w->t->fs.volume))
		return TSK_WALK_STOP;
	if (!file->name || !file->name->name || TSK_FS_ISDOT(file->name->name) ||
	    is_own(w, file))
		return TSK_WALK_CONT;
	buf_clear(&w->path);
	buf_text(&w->path, w->under);
	buf_text(&w->path, folder);
	if (!buf_text(&w->path, file->name->name))
		return TSK_WALK_CONT;
	describe(file, w->under == orphans, &e);
	e.is_gone = e.is_gone || is_overwritten(file, &e);
	if (is_ntfs && file->meta)
		describe_name(file->meta, &e);
	if (tsk_note_named(w, file, &e))
		tsk_tell_all(w, file, &e);
	if (TSK_FS_IS_DIR_NAME(file->name->type) && is_endless(w, file))
		file->name->type = TSK_FS_NAME_TYPE_REG;
	return w->stopped ? TSK_WALK_STOP : TSK_WALK_CONT;
}

/* The library's words may be in several lines. */
static bool tsk_failed(struct err *err, const char *what)
{
	const char *given = tsk_error_get();
	char text[151];

	snprintf(text, sizeof text, "%s", given ? given : "unknown error");
	for (char *end; (end = strchr(text, '\n')); )
		*end = ' ';
	return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "%s: %s", what, text);
}

bool tsk_walk_from(struct walking *w, TSK_INUM_T folder, int flags, const char *under, struct err *err)
{
	struct blocks_budget *budget = w->t->fs.volume->budget;
	TSK_FS_FILE *first = tsk_fs_file_open_meta(w->t->info, NULL, folder);
	bool failed = is_endless(w, first);

	tsk_fs_file_close(first);
	if (failed)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "folders: blocks of folder %llu are broken",
			       (unsigned long long)folder);
	w->under = under;
	tsk_error_reset();
	failed = tsk_fs_dir_walk(w->t->info, folder, (TSK_FS_DIR_WALK_FLAG_ENUM)flags, take_name, w);
	if (budget && budget->is_over)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: time");
	return failed ? tsk_failed(err, "folders") : true;
}

static void begin_lost(struct walking *w)
{
	struct tsk_system *t = w->t;
	uint64_t last = t->reads_ext ? t->ext.inodes : t->info->last_inum;

	/* Numbers of FAT are places, and there are as many as could be. */
	if (last < SEEN_MOST && !TSK_FS_TYPE_ISFAT(t->info->ftype) && !TSK_FS_TYPE_ISISO9660(t->info->ftype)) {
		w->seen = calloc(last / 8 + 1, 1);
		w->seen_most = w->seen ? last : 0;
	}
	if (t->knows_fat)
		w->reached = calloc(t->fat.last / 8 + 1, 1);
}

/* Inodes that the volume has no room for would be gone through one by one; which are in use is sought otherwise. */
static bool claims_inodes(const struct tsk_system *t)
{
	return t->reads_ext && t->info->last_inum > t->fs.volume->size / t->ext.inode_size;
}

/*
 * Orphans are what no folder names. The library remembers the names of a walk that is over:
 * asked for orphans in the middle of one, it would walk all folders again.
 */
static bool walk(struct file_system *fs, fs_entry_fn *entry, void *context, struct err *err)
{
	struct tsk_system *t = (struct tsk_system *)fs;
	struct walking w = { .t = t, .entry = entry, .context = context,
			     .path = buf_new(FS_PATH_MAX) };
	int flags = TSK_FS_DIR_WALK_FLAG_ALLOC | TSK_FS_DIR_WALK_FLAG_UNALLOC |
		    TSK_FS_DIR_WALK_FLAG_RECURSE;
	/* Those of FAT are sought in every cluster that is free. */
	bool has_orphans = TSK_FS_TYPE_ISNTFS(t->info->ftype) || TSK_FS_TYPE_ISEXT(t->info->ftype) ||
			   TSK_FS_TYPE_ISFAT(t->info->ftype);
	struct err ignored;
	bool ok;

	begin_lost(&w);
	ok = tsk_walk_from(&w, t->info->root_inum, flags | (has_orphans ? TSK_FS_DIR_WALK_FLAG_NOORPHAN : 0), "", err);
	/* To find orphans the library may walk all folders again, by itself. */
	if (!w.stopped && !blocks_over(fs->volume) && has_orphans && !w.has_endless && !claims_inodes(t))
		ok = tsk_walk_from(&w, TSK_FS_ORPHANDIR_INUM(t->info), flags, orphans, ok ? err : &ignored) && ok;
	if (!w.stopped && !blocks_over(fs->volume))
		lost_walk(&w);
	free(w.seen);
	free(w.reached);
	buf_free(&w.path);
	return ok;
}

static const TSK_FS_ATTR *attr_of(TSK_FS_FILE *file, const struct fs_place *place)
{
	if (!place->stream_type)
		return tsk_fs_file_attr_get(file);
	return tsk_fs_file_attr_get_type(file, (TSK_FS_ATTR_TYPE_ENUM)place->stream_type,
					 (uint16_t)place->stream_id, 1);
}

/* A change journal begins with a hole as long as all that was ever in it. */
static uint64_t hole_at_start(const struct tsk_system *t, const TSK_FS_ATTR *attr)
{
	uint64_t at = 0;

	if (!(attr->flags & TSK_FS_ATTR_NONRES) || attr->flags & TSK_FS_ATTR_COMP)
		return 0;
	for (const TSK_FS_ATTR_RUN *run = attr->nrd.run; run; run = run->next) {
		if (!(run->flags & TSK_FS_ATTR_RUN_FLAG_SPARSE) || run->offset * t->info->block_size != at)
			break;
		at += run->len * t->info->block_size;
	}
	return at < (uint64_t)attr->size ? at : 0;
}

static uint64_t start_of(const struct tsk_system *t, const TSK_FS_ATTR *attr)
{
	return attr->name && !strcmp(attr->name, "$J") ? hole_at_start(t, attr) : 0;
}

static bool is_deleted(const TSK_FS_FILE *file)
{
	return file && file->meta && file->meta->flags & TSK_FS_META_FLAG_UNALLOC;
}

/* Of a deleted file on FAT what lies before the first cluster that is another's by now. */
static bool read_attr(struct tsk_system *t, const TSK_FS_ATTR *attr, uint64_t most, struct buf *to,
		      bool *cut, struct err *err)
{
	uint64_t size = attr->size > 0 ? (uint64_t)attr->size : 0;
	uint64_t at = start_of(t, attr);

	while (at < size) {
		uint64_t left = size - at < most ? size - at : most;
		size_t piece = left < FS_PIECE ? (size_t)left : FS_PIECE;
		uint8_t *room = piece ? buf_reserve(to, piece) : NULL;
		ssize_t got;

		*cut = !room;
		if (!room)
			return true;
		tsk_error_reset();
		got = tsk_fs_attr_read(attr, (TSK_OFF_T)at, (char *)room, piece,
				       TSK_FS_FILE_READ_FLAG_NONE);
		if (!got)
			return is_deleted(attr->fs_file) || err_set(err, ERR_CORRUPT, at, "content: ends early");
		if (got < 0)
			return tsk_failed(err, "content");
		to->len += (size_t)got;
		at += (uint64_t)got;
		most -= (uint64_t)got;
	}
	return true;
}

/* The stream that holds what a hole stands for, and how; NULL: the file is as it seems. */
static const TSK_FS_ATTR *wof_of(struct tsk_system *t, TSK_FS_FILE *file, const struct fs_place *place, uint32_t *algorithm)
{
	const TSK_FS_ATTR *point, *attr;
	char bytes[WOF_POINT];
	ssize_t got;

	if (place->stream_type || !TSK_FS_TYPE_ISNTFS(t->info->ftype))
		return NULL;
	point = tsk_fs_file_attr_get_type(file, TSK_FS_ATTR_TYPE_NTFS_REPARSE, 0, 0);
	got = point ? tsk_fs_attr_read(point, 0, bytes, sizeof bytes, TSK_FS_FILE_READ_FLAG_NONE) : 0;
	if (got <= 0 || !wof_algorithm(span_of(bytes, (size_t)got), algorithm))
		return NULL;
	for (int i = 0; i < tsk_fs_file_attr_getsize(file); i++) {
		attr = tsk_fs_file_attr_get_idx(file, i);
		if (attr && attr->type == TSK_FS_ATTR_TYPE_NTFS_DATA && attr->name && !strcmp(attr->name, WOF_STREAM))
			return attr;
	}
	return NULL;
}

static bool read_wof(struct tsk_system *t, const TSK_FS_ATTR *stream, uint32_t algorithm, uint64_t size, uint64_t most,
		     struct buf *to, bool *cut, struct err *err)
{
	uint64_t room = most < SIZE_MAX / 2 ? most + WOF_ROOM(most) : most;
	struct buf packed = buf_new((size_t)room);
	bool is_long = false, ok = read_attr(t, stream, room, &packed, &is_long, err);

	if (ok && is_long)
		ok = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: size of a file that Windows compressed");
	ok = ok && wof_expand(buf_span(&packed), algorithm, size, most, to, err);
	*cut = ok && size > most;
	buf_free(&packed);
	return ok;
}

static bool read_on(struct file_system *fs, const struct fs_place *place, uint64_t from,
		    struct buf *to, struct err *err)
{
	struct tsk_system *t = (struct tsk_system *)fs;
	TSK_FS_FILE *file = t->reads_ext || lost_is_place(place) ? NULL : tsk_fs_file_open_meta(t->info, NULL, place->inode);
	uint32_t ignored;
	const TSK_FS_ATTR *attr = file && !wof_of(t, file, place, &ignored) ? attr_of(file, place) : NULL;
	uint64_t at = attr ? from + start_of(t, attr) : 0, size = attr && attr->size > 0 ? (uint64_t)attr->size : 0;
	size_t piece = size - at < FS_PIECE ? (size_t)(size - at) : FS_PIECE;
	uint8_t *room = at < size ? buf_reserve(to, piece) : NULL;
	ssize_t got = room ? tsk_fs_attr_read(attr, (TSK_OFF_T)at, (char *)room, piece,
					      TSK_FS_FILE_READ_FLAG_NONE) : 0;

	to->len += got > 0 ? (size_t)got : 0;
	tsk_fs_file_close(file);
	return got >= 0 ? got > 0 : tsk_failed(err, "content");
}

static bool read_place(struct file_system *fs, const struct fs_place *place, uint64_t most,
		       struct buf *to, bool *cut, struct err *err)
{
	struct tsk_system *t = (struct tsk_system *)fs;
	TSK_FS_FILE *file;
	const TSK_FS_ATTR *attr, *packed;
	uint32_t algorithm;
	bool ok;

	if (lost_is_place(place))
		return lost_read(t, place, most, to, cut, err);
	if (t->reads_ext)
		return ext_read(&t->ext, place->inode, most, to, cut, err);
	tsk_error_reset();
	file = tsk_fs_file_open_meta(t->info, NULL, place->inode);
	if (!file)
		return tsk_failed(err, "inode");
	attr = attr_of(file, place);
	packed = wof_of(t, file, place, &algorithm);
	/* No attribute and no size is an empty file. */
	ok = attr && packed ? read_wof(t, packed, algorithm, attr->size > 0 ? (uint64_t)attr->size : 0, most, to, cut, err)
	   : attr	    ? read_attr(t, attr, most, to, cut, err)
			    : !file->meta || file->meta->size <= 0 || tsk_failed(err, "content");
	tsk_fs_file_close(file);
	return ok;
}

/* The entry of that name in a folder, as a file or as a folder; 0: there is none. */
static uint64_t find_name(struct tsk_system *t, uint64_t folder, struct span name, bool is_folder)
{
	TSK_FS_DIR *dir = tsk_fs_dir_open_meta(t->info, folder);
	uint64_t found = 0;

	for (size_t i = 0; dir && !found && i < dir->names_used; i++) {
		const TSK_FS_NAME *n = &dir->names[i];

		if (n->flags & TSK_FS_NAME_FLAG_ALLOC && (n->type == TSK_FS_NAME_TYPE_DIR) == is_folder &&
		    n->name && span_eq_nocase(span_text(n->name), name))
			found = n->meta_addr;
	}
	if (dir)
		tsk_fs_dir_close(dir);
	return found;
}

/* The table of files is number 0, which is no file of any other name. */
/* The part of a folder's index that stands in its record. */
static bool find_root(struct tsk_system *t, uint64_t folder, struct fs_place *out)
{
	TSK_FS_FILE *file = tsk_fs_file_open_meta(t->info, NULL, folder);
	const TSK_FS_ATTR *attr = file ? tsk_fs_file_attr_get_type(file, TSK_FS_ATTR_TYPE_NTFS_IDXROOT, 0, 0) : NULL;

	if (attr)
		*out = (struct fs_place){ .inode = folder, .stream_type = attr->type, .stream_id = attr->id };
	tsk_fs_file_close(file);
	return attr;
}

static bool find(struct file_system *fs, uint64_t folder, struct span name, struct fs_place *out)
{
	struct tsk_system *t = (struct tsk_system *)fs;

	if (TSK_FS_TYPE_ISNTFS(t->info->ftype) && (span_eq(name, SPAN("$MFT")) || span_eq(name, SPAN("../$MFT")))) {
		*out = (struct fs_place){ .inode = 0 };
		return true;
	}
	if (TSK_FS_TYPE_ISNTFS(t->info->ftype) && span_eq(name, SPAN("$INDEX_ROOT")))
		return find_root(t, folder, out);
	while (folder && span_find_byte(name, 0, '/') != SIZE_MAX)
		folder = find_name(t, folder, span_split(&name, '/'), true);
	*out = (struct fs_place){ .inode = folder ? find_name(t, folder, name, false) : 0 };
	return out->inode;
}

static bool read_link(struct file_system *fs, const struct fs_place *place, struct buf *to)
{
	struct tsk_system *t = (struct tsk_system *)fs;
	TSK_FS_FILE *file = tsk_fs_file_open_meta(t->info, NULL, place->inode);
	struct err ignored;
	bool ok = false, cut = false;

	if (file && file->meta && file->meta->link && *file->meta->link)
		ok = buf_text(to, file->meta->link);
	else if (t->reads_ext)	/* one that has extents */
		ok = ext_read(&t->ext, place->inode, to->cap - to->len, to, &cut, &ignored);
	if (file)
		tsk_fs_file_close(file);
	return ok;
}

struct running {
	fs_free_fn *run;
	void *context;
	uint64_t block, at, len;
	bool stopped;
};

static TSK_WALK_RET_ENUM take_block(const TSK_FS_BLOCK *block, void *context)
{
	struct running *r = context;
	uint64_t at = block->addr * r->block;

	if (r->len && at == r->at + r->len) {
		r->len += r->block;
		return TSK_WALK_CONT;
	}
	if (r->len && !r->run(r->context, r->at, r->len)) {
		r->stopped = true;
		return TSK_WALK_STOP;
	}
	r->at = at;
	r->len = r->block;
	return TSK_WALK_CONT;
}

static bool free_runs(struct file_system *fs, fs_free_fn *run, void *context, struct err *err)
{
	const TSK_FS_INFO *info = ((struct tsk_system *)fs)->info;
	struct running r = { .run = run, .context = context, .block = info->block_size };
	bool failed;

	/* Sectors of FAT are counted from the start of the volume, as blocks of the others are. */
	tsk_error_reset();
	failed = tsk_fs_block_walk((TSK_FS_INFO *)(uintptr_t)info, info->first_block,
				   info->last_block_act,
				   (TSK_FS_BLOCK_WALK_FLAG_ENUM)(TSK_FS_BLOCK_WALK_FLAG_UNALLOC |
								 TSK_FS_BLOCK_WALK_FLAG_AONLY),
				   take_block, &r);
	if (!r.stopped && r.len)
		run(context, r.at, r.len);
	return failed ? tsk_failed(err, "unallocated blocks") : true;
}

static void marks_of(struct file_system *fs, const struct fs_place *place, struct marks_room *room, struct marks *out)
{
	const struct tsk_system *t = (const struct tsk_system *)fs;

	if (t->reads_ext)
		ext_marks(&t->ext, place->inode, room, out);
}

static void close_system(struct file_system *fs)
{
	struct tsk_system *t = (struct tsk_system *)fs;

	fat_close(&t->fat);
	hfs_table_close(&t->hfs);
	if (t->info)
		tsk_fs_close(t->info);
	tsk_image_close(t->image);
	free(t);
}

/* Else the library would try all that it knows, which takes as long as a hundred files. */
static TSK_FS_TYPE_ENUM type_of(const char *name)
{
	return !strcmp(name, "ntfs")     ? TSK_FS_TYPE_NTFS
	     : !strcmp(name, "ext")      ? TSK_FS_TYPE_EXT_DETECT
	     : !strcmp(name, "hfs+")     ? TSK_FS_TYPE_HFS_DETECT
	     : !strcmp(name, "hfsx")     ? TSK_FS_TYPE_HFS_DETECT
	     : !strcmp(name, "iso9660")  ? TSK_FS_TYPE_ISO9660_DETECT
					 : TSK_FS_TYPE_FAT_DETECT;
}

struct file_system *fs_tsk_open(struct blocks *volume, const char *name, struct err *err)
{
	struct tsk_system *t = calloc(1, sizeof *t);

	if (!t) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a file system");
		return NULL;
	}
	t->fs = (struct file_system){ name, volume, walk, read_place, read_on, find, read_link, free_runs,
				      close_system, marks_of };
	t->image = tsk_image_open(volume);
	tsk_error_reset();
	t->info = t->image ? tsk_fs_open_img(t->image, 0, type_of(name)) : NULL;
	if (t->info) {
		struct err ignored;

		t->fs.name = tsk_fs_type_toname(t->info->ftype);
		t->reads_ext = TSK_FS_TYPE_ISEXT(t->info->ftype) && ext_open(&t->ext, volume, &ignored);
		t->knows_fat = TSK_FS_TYPE_ISFAT(t->info->ftype) && fat_open(&t->fat, volume, &ignored);
		t->knows_hfs = TSK_FS_TYPE_ISHFS(t->info->ftype) && hfs_table_open(&t->hfs, volume, &ignored);
		return &t->fs;
	}
	tsk_failed(err, name);
	close_system(&t->fs);
	return NULL;
}
