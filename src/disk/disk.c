#include "disk/disk.h"

#include <openssl/crypto.h>
#include <tsk/libtsk.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk/bitlocker.h"
#include "disk/claim.h"
#include "disk/ext_journal.h"
#include "disk/fat_table.h"
#include "disk/lvm.h"
#include "disk/ntfs_bitmap.h"
#include "disk/ntfs_copy.h"
#include "disk/rescue.h"
#include "disk/tsk_image.h"
#include "disk/vss_mend.h"
#include "disk/xfs_log.h"

#define GROUPS_MAX 64
/* Volumes inside volumes: LVM in LUKS in a partition, with snapshots. */
#define NESTING_MAX 4

struct disk {
	struct blocks *media;
	const struct library_key *keys;
	size_t key_count;
	struct volume volumes[DISK_VOLUMES_MAX];
	size_t count, left_out;
	/* What volumes stand on, closed after them. */
	struct blocks *below[DISK_VOLUMES_MAX];
	size_t below_count;
	struct library_group *groups[GROUPS_MAX];
	size_t group_count;
	struct luks_key luks[DISK_LUKS_MAX];
	size_t luks_count;
	char scheme[32];
	bool is_second_table;		/* of GPT: the first is destroyed */
	bool is_searched;		/* no table: volumes are where something begins like one */
};

static struct volume *add_volume(struct disk *d, const char *name, struct blocks *blocks,
				 uint64_t at)
{
	struct volume *v;

	if (!blocks || d->count == DISK_VOLUMES_MAX) {
		d->left_out++;
		blocks_close(blocks);
		return NULL;
	}
	v = &d->volumes[d->count++];
	*v = (struct volume){ .blocks = blocks, .at = at, .size = blocks->size, .taken = TIME_NONE,
			      .snapshot_of = SIZE_MAX };
	snprintf(v->name, sizeof v->name, "%.*s", (int)sizeof v->name - 1, name);
	return v;
}

static void keep_below(struct disk *d, struct blocks *blocks)
{
	if (d->below_count < DISK_VOLUMES_MAX)
		d->below[d->below_count++] = blocks;
	else
		blocks_close(blocks);
}

static void settle(struct volume *v, enum volume_state state, const char *kind, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void settle(struct volume *v, enum volume_state state, const char *kind, const char *format, ...)
{
	va_list args;

	v->state = state;
	v->kind = kind;
	va_start(args, format);
	vsnprintf(v->reason, sizeof v->reason, format, args);
	va_end(args);
}

static void look_at(struct disk *d, size_t number, unsigned depth);

static struct blocks *no_blocks(struct disk *d)
{
	return blocks_part(d->media, d->media->size, 0);
}

static void add_unread_snapshots(struct disk *d, size_t number, const char *which, const char *reason)
{
	char name[160];
	struct volume *v;

	snprintf(name, sizeof name, "%s@%s", d->volumes[number].name, which);
	v = add_volume(d, name, no_blocks(d), 0);
	if (!v)
		return;
	v->snapshot_of = number;
	settle(v, VOLUME_UNREAD, "vss", "%s", reason);
}

static void add_snapshot(struct disk *d, struct library_group *g, size_t i, size_t number, unsigned depth)
{
	struct library_snapshot s;
	struct blocks *blocks = library_group_volume(g, i, &s);
	char which[32], name[160];
	struct volume *v;

	snprintf(which, sizeof which, "snapshot%zu", i + 1);
	if (!blocks) {
		add_unread_snapshots(d, number, which, "its store, or one of a later snapshot, is damaged");
		return;
	}
	snprintf(name, sizeof name, "%s@%s", d->volumes[number].name, which);
	v = add_volume(d, name, blocks, 0);
	if (!v)
		return;
	v->taken = s.taken;
	memcpy(v->store, s.id, sizeof v->store);
	v->snapshot_of = number;
	look_at(d, d->count - 1, depth + 1);
}

static void add_group(struct disk *d, struct library_group *g, size_t number, unsigned depth)
{
	d->groups[d->group_count++] = g;
	for (size_t i = 0; i < library_group_count(g); i++)
		if (d->count < DISK_VOLUMES_MAX)
			add_snapshot(d, g, i, number, depth);
		else
			d->left_out++;
}

static void add_logical(struct disk *d, const char *outer, const struct lvm_volume *l, unsigned depth)
{
	struct blocks *blocks = l->blocks ? l->blocks : no_blocks(d);
	char name[160];
	struct volume *v;

	snprintf(name, sizeof name, "%s.%s", outer, l->name);
	v = add_volume(d, name, blocks, 0);
	if (v && l->reason)
		settle(v, VOLUME_UNREAD, "lvm", "%s", l->reason);
	else if (v)
		look_at(d, d->count - 1, depth + 1);
}

static void look_into_lvm(struct disk *d, size_t number, unsigned depth)
{
	struct volume *v = &d->volumes[number];
	struct lvm_volume *found;
	size_t count;
	bool is_damaged;
	struct err err;

	if (depth >= NESTING_MAX) {
		settle(v, VOLUME_UNREAD, "lvm", "limit: volumes inside volumes");
		return;
	}
	found = calloc(LVM_VOLUMES_MAX, sizeof *found);
	if (!found || !lvm_open(v->blocks, found, &count, &is_damaged, &err)) {
		settle(v, VOLUME_UNREAD, "lvm", "%s", found ? err.text : "lvm: no memory");
		free(found);
		return;
	}
	if (is_damaged)
		settle(v, VOLUME_UNREAD, "lvm", "lvm: a checksum is wrong: volumes that can be "
		       "read are examined, others may be lost");
	else
		settle(v, VOLUME_EMPTY, "lvm", "its logical volumes are examined");
	for (size_t i = 0; i < count; i++)
		add_logical(d, v->name, &found[i], depth);
	free(found);
}

static struct blocks *open_luks(struct disk *d, struct blocks *of, struct err *err)
{
	struct luks_key used;
	struct blocks *made = luks_open(of, d->keys, d->key_count, &used, err);

	if (made && d->luks_count < DISK_LUKS_MAX)
		d->luks[d->luks_count++] = used;
	OPENSSL_cleanse(&used, sizeof used);
	return made;
}

/* The library reads the methods of older Windows. */
static struct blocks *open_bitlocker(struct disk *d, struct blocks *of, struct err *err)
{
	struct luks_key used;
	struct blocks *made = bitlocker_open(of, d->keys, d->key_count, &used, err);

	if (made && d->luks_count < DISK_LUKS_MAX)
		d->luks[d->luks_count++] = used;
	OPENSSL_cleanse(&used, sizeof used);
	if (!made && (err->code == ERR_UNSUPPORTED || err->code == ERR_CORRUPT))
		made = library_bitlocker(of, d->keys, d->key_count, err);
	return made;
}

/* What a key opens takes the place of what was locked. */
static void look_into_locked(struct disk *d, size_t number, const char *kind, unsigned depth)
{
	struct volume *v = &d->volumes[number];
	struct blocks *open;
	struct err err;

	if (depth >= NESTING_MAX) {
		settle(v, VOLUME_UNREAD, kind, "limit: volumes inside volumes");
		return;
	}
	open = !strcmp(kind, "luks") ? open_luks(d, v->blocks, &err)
				     : open_bitlocker(d, v->blocks, &err);
	if (!open) {
		settle(v, VOLUME_LOCKED, kind, "%s", err.text);
		return;
	}
	keep_below(d, v->blocks);
	v->blocks = open;
	look_at(d, number, depth + 1);
}

static bool is_readable(struct volume *v)
{
	uint8_t sector[512];
	struct err err;

	if (v->size < sizeof sector || blocks_read_all(v->blocks, 0, sector, sizeof sector, &err))
		return true;
	settle(v, VOLUME_UNREAD, "unreadable", "%s", err.text);
	return false;
}

/* ---- what is read with something else in its place ---- */

/* Behind what stands there already. */
static void say_mended(struct volume *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say_mended(struct volume *v, const char *format, ...)
{
	size_t len = strlen(v->mended);
	va_list args;

	if (len && len + 2 < sizeof v->mended)
		len += (size_t)snprintf(v->mended + len, sizeof v->mended - len, "; ");
	va_start(args, format);
	vsnprintf(v->mended + len, sizeof v->mended - len, format, args);
	va_end(args);
	v->is_damaged = true;
}

static struct blocks *mend_ext(struct volume *v)
{
	struct ext_journal j;
	struct blocks *made = ext_journal_replay(v->blocks, &j);

	v->is_damaged = j.failed;
	if (j.failed)
		snprintf(v->mended, sizeof v->mended, "not unmounted, and %s", j.failed);
	else if (j.is_needed)
		snprintf(v->mended, sizeof v->mended, "not unmounted, read with the %u transactions (%u blocks) of its journal",
			 j.transactions, j.blocks);
	if (j.fast_commits)
		say_mended(v, "%u fast commits of its journal, the latest changes, are not replayed: %s%s", j.fast_commits,
			   j.fast_words, j.fast_untold ? ", and more" : "");
	return made;
}

static struct blocks *mend_fat(struct volume *v)
{
	uint32_t differing;
	struct blocks *made = fat_heal(v->blocks, &differing);

	v->is_damaged = differing;
	if (differing)
		snprintf(v->mended, sizeof v->mended, "its two tables of clusters differ in %u places%s", differing,
			 made ? ", and the second is used where it makes more sense" : "");
	if (fat_map_is_destroyed(made ? made : v->blocks))
		say_mended(v, "its map of clusters in use is destroyed: files that are there are told as deleted");
	return made;
}

static struct blocks *mend_ntfs(struct disk *d, struct volume *v)
{
	unsigned count;
	struct blocks *made = ntfs_copy(v->blocks, &count), *more;

	if (made)
		say_mended(v, "%u of the first records of its file table are destroyed, read from their copy", count);
	more = ntfs_bitmap(made ? made : v->blocks);
	if (!more)
		return made;
	say_mended(v, "the record of $Bitmap is destroyed: which clusters are free is not known, and they are not "
		   "searched");
	if (made)
		keep_below(d, made);
	return more;
}

/* An image may be cut off, and a partition shorter than what is in it. */
static void say_cut(struct volume *v, const char *kind)
{
	uint64_t claim = claim_of(v->blocks, kind);

	if (claim > v->blocks->size)
		say_mended(v, "of %llu bytes of the file system %llu are not there: it ends too early", (unsigned long long)claim,
			   (unsigned long long)(claim - v->blocks->size));
}

static void look_at_xfs(struct volume *v)
{
	const char *state = xfs_log_state(v->blocks);

	if (state)
		say_mended(v, "%s", state);
}

static void mend(struct disk *d, struct volume *v)
{
	const char *kind = fs_detect(v->blocks);
	struct blocks *made = NULL;

	if (kind && !strcmp(kind, "ext"))
		made = mend_ext(v);
	else if (kind && (!strncmp(kind, "fat", 3) || !strcmp(kind, "exfat")))
		made = mend_fat(v);
	else if (kind && !strcmp(kind, "ntfs"))
		made = mend_ntfs(d, v);
	else if (kind && !strcmp(kind, "xfs"))
		look_at_xfs(v);
	if (made) {
		keep_below(d, v->blocks);
		v->blocks = made;
	}
	say_cut(v, kind);
}

/* Where the catalog of snapshots lies, as the file that holds it says; 0: it makes no sense. False: there is none. */
static bool find_catalog(struct file_system *fs, uint64_t *at)
{
	struct buf head = buf_new(VSS_HEAD);
	struct fs_place place;
	struct err ignored;
	bool cut, found = fs_find(fs, FS_NTFS_ROOT, SPAN(VSS_CATALOG_FILE), &place);

	if (found && fs_read(fs, &place, VSS_HEAD, &head, &cut, &ignored))
		*at = vss_catalog_place(buf_span(&head));
	buf_free(&head);
	return found;
}

/* As libvshadow takes them; what cannot be mended is said. */
static struct library_group *open_snapshots(struct disk *d, size_t number, uint64_t catalog)
{
	struct volume *v = &d->volumes[number];
	struct vss_damage damage;
	struct blocks *mended = vss_mend(v->blocks, catalog, &damage);
	struct library_group *g;
	struct err ignored;

	g = library_vss(mended ? mended : v->blocks, &ignored);
	if (!g || !mended) {
		blocks_close(g ? NULL : mended);
		return g;
	}
	keep_below(d, mended);
	if (catalog)
		say_mended(v, "the header of its snapshots is destroyed, and their catalog was found by its name");
	if (damage.heads)
		say_mended(v, "of its snapshots %u heads of blocks are damaged, which were not needed", damage.heads);
	if (damage.lost)
		add_unread_snapshots(d, number, "snapshots", "entries of their catalog are damaged: some are lost, "
				     "and those before them may show later content");
	return g;
}

static void look_for_snapshots(struct disk *d, size_t number, struct file_system *fs, unsigned depth)
{
	enum library_vss header = library_vss_header(d->volumes[number].blocks);
	bool is_whole = header == LIBRARY_VSS_THERE;
	uint64_t catalog = 0;
	struct library_group *g;

	if (header == LIBRARY_VSS_NONE || (!is_whole && !find_catalog(fs, &catalog) && header == LIBRARY_VSS_NO_HEADER))
		return;
	if (d->group_count == GROUPS_MAX || depth >= NESTING_MAX) {
		add_unread_snapshots(d, number, "snapshots", "limit: volumes with snapshots");
		return;
	}
	g = is_whole || catalog ? open_snapshots(d, number, catalog) : NULL;
	if (g && library_group_count(g))
		add_group(d, g, number, depth);
	else
		library_group_free(g);
	if (!g)
		add_unread_snapshots(d, number, "snapshots", "their catalog is damaged");
}

static struct file_system *open_files(struct disk *d, struct volume *v, struct err *err)
{
	mend(d, v);
	return fs_open(v->blocks, err);
}

/* Where what the volume begins with is destroyed, by the copy that file systems keep. */
static struct file_system *open_rescued(struct disk *d, struct volume *v)
{
	struct blocks *made = rescue_volume(v->blocks, &v->rescued_by);
	struct err ignored;
	struct blocks *before = v->blocks;
	struct file_system *fs;

	if (!made) {
		v->rescued_by = NULL;
		return NULL;
	}
	v->blocks = made;
	fs = open_files(d, v, &ignored);
	keep_below(d, fs ? before : v->blocks);
	if (!fs) {
		v->blocks = before;
		v->rescued_by = NULL;
		v->mended[0] = 0;
		v->is_damaged = false;
	}
	return fs;
}

static void look_for_files(struct disk *d, size_t number, const char *kind, unsigned depth)
{
	struct volume *v = &d->volumes[number];
	struct err err;
	struct file_system *fs = open_files(d, v, &err);

	if (!fs && (!kind || err.code != ERR_UNSUPPORTED))
		fs = open_rescued(d, v);
	if (!fs) {
		if (kind || is_readable(v))
			settle(v, VOLUME_UNREAD, kind ? kind : "unknown", "%s", err.text);
		return;
	}
	settle(v, VOLUME_READ, fs_name(fs), "%s", "");
	if (!strcmp(v->kind, "ntfs") && v->snapshot_of == SIZE_MAX)
		look_for_snapshots(d, number, fs, depth);
	fs_close(fs);
}

static void look_at(struct disk *d, size_t number, unsigned depth)
{
	const char *kind = fs_detect(d->volumes[number].blocks);

	if (kind && !strcmp(kind, "lvm"))
		look_into_lvm(d, number, depth);
	else if (kind && (!strcmp(kind, "luks") || !strcmp(kind, "bitlocker")))
		look_into_locked(d, number, kind, depth);
	else if (kind && !strcmp(kind, "linux swap"))
		settle(&d->volumes[number], VOLUME_EMPTY, kind, "swap space holds no files");
	else
		look_for_files(d, number, kind, depth);
}

static bool is_worth_it(const TSK_VS_PART_INFO *part)
{
	return part->flags & TSK_VS_PART_FLAG_ALLOC && !(part->flags & TSK_VS_PART_FLAG_META);
}

static bool add_partitions(struct disk *d, TSK_VS_INFO *vs)
{
	unsigned number = 0;
	char name[16];

	snprintf(d->scheme, sizeof d->scheme, "%s", tsk_vs_type_toname(vs->vstype));
	for (const TSK_VS_PART_INFO *p = vs->part_list; p; p = p->next) {
		uint64_t at = p->start * vs->block_size + vs->offset;
		struct blocks *blocks;

		if (!is_worth_it(p))
			continue;
		snprintf(name, sizeof name, "p%u", ++number);
		blocks = blocks_part(d->media, at, p->len * vs->block_size);
		if (add_volume(d, name, blocks, at))
			look_at(d, d->count - 1, 0);
	}
	return number > 0;
}

/* It can be opened, or begins with more than two bytes that may stand in any encrypted file. */
static bool is_sure(const struct volume *v)
{
	static const char *const kinds[] = { "ntfs", "exfat", "xfs", "lvm", "luks", "bitlocker" };
	bool is = v->state != VOLUME_UNREAD;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !is; i++)
		is = !strcmp(v->kind, kinds[i]);
	return is;
}

/* Of a disk whose table of partitions is destroyed. What is found takes the place of the whole. */
static void search_volumes(struct disk *d)
{
	struct blocks *whole = d->volumes[0].blocks;
	struct rescue_place place;
	uint64_t at = 0;
	char name[24];

	d->count = 0;
	while (d->count < DISK_VOLUMES_MAX && rescue_search(d->media, &at, &place)) {
		size_t number = d->count;

		snprintf(name, sizeof name, "found%zu", number + 1);
		if (!add_volume(d, name, blocks_part(d->media, place.at, place.size), place.at))
			continue;
		look_at(d, number, 0);
		if (is_sure(&d->volumes[number])) {
			d->is_searched = true;
		} else {
			blocks_close(d->volumes[--d->count].blocks);
			at = place.next;
		}
	}
	if (d->is_searched)
		keep_below(d, whole);
	else if (add_volume(d, "p1", whole, 0))
		settle(&d->volumes[0], VOLUME_UNREAD, "unknown", "no known file system: not examined");
}

static bool has_first_table(struct blocks *media, unsigned sector)
{
	uint8_t head[8];
	struct err ignored;

	return blocks_read_all(media, sector, head, sizeof head, &ignored) && !memcmp(head, "EFI PART", sizeof head);
}

/* A volume's boot sector looks like a table of partitions: file systems first. */
static bool is_volume(struct blocks *media)
{
	const char *kind = fs_detect(media);

	return kind && strcmp(kind, "iso9660");
}

struct disk *disk_open(struct blocks *media, const struct library_key *keys, size_t key_count,
		       struct err *err)
{
	struct disk *d = calloc(1, sizeof *d);
	TSK_IMG_INFO *image = d ? tsk_image_open(media) : NULL;
	TSK_VS_INFO *vs = NULL;
	bool found = false;

	if (!image) {
		free(d);
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a disk");
		return NULL;
	}
	d->media = media;
	d->keys = keys;
	d->key_count = key_count;
	snprintf(d->scheme, sizeof d->scheme, "none");
	tsk_error_reset();
	if (!is_volume(media))
		vs = tsk_vs_open(image, 0, TSK_VS_TYPE_DETECT);
	if (vs) {
		d->is_second_table = vs->vstype == TSK_VS_TYPE_GPT && !has_first_table(media, vs->block_size);
		found = add_partitions(d, vs);
		tsk_vs_close(vs);
	}
	tsk_image_close(image);
	if (!found && add_volume(d, "p1", blocks_part(media, 0, media->size), 0))
		look_at(d, 0, 0);
	if (!found && d->count == 1 && !strcmp(d->volumes[0].kind, "unknown"))
		search_volumes(d);
	return d;
}

void disk_close(struct disk *d)
{
	if (!d)
		return;
	while (d->count)
		blocks_close(d->volumes[--d->count].blocks);
	while (d->group_count)
		library_group_free(d->groups[--d->group_count]);
	while (d->below_count)
		blocks_close(d->below[--d->below_count]);
	OPENSSL_cleanse(d->luks, sizeof d->luks);
	free(d);
}

size_t disk_count(const struct disk *d)
{
	return d->count;
}

size_t disk_left_out(const struct disk *d)
{
	return d->left_out;
}

const struct volume *disk_volume(const struct disk *d, size_t number)
{
	return &d->volumes[number];
}

const struct luks_key *disk_luks_keys(const struct disk *d, size_t *count)
{
	*count = d->luks_count;
	return d->luks;
}

const char *disk_scheme(const struct disk *d)
{
	return d->scheme;
}

const char *disk_lost_table(const struct disk *d)
{
	return d->is_searched     ? "no table of partitions is left, its volumes were found by what they begin with"
	     : d->is_second_table ? "its first table of partitions is destroyed, the second was read"
				  : NULL;
}
