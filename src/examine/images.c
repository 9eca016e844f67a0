#include "examine/images.h"

#include "artefact/artefact.h"
#include "base/map.h"
#include "examine/carve.h"
#include "examine/image_part.h"
#include "examine/opened_image.h"
#include "formats/lnk/lnk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Names that are told of without content; more are counted only. */
#define GONE_MOST 20000
/* What names no file system and is no larger is boot code, not a volume to miss. */
#define SMALL_VOLUME ((uint64_t)64 << 20)
#define SEEN_BYTES ((size_t)192 << 20)
#define FREE_PIECE ((size_t)4 << 20)
#define NEAR_MOST 64	/* files beside one, of which its decoders asked */
#define REASON_MAX ((size_t)8 << 10)
/* Volume shadow copies lie in files of this folder, named by the store's GUID and that of all of them. */
#define SNAPSHOT_STORE "System Volume Information/{%.*s}{3808876b-c176-4e48-b7ae-04046e6cc752}"
#define BYTES_A_SECOND ((uint64_t)32 << 20)

/* ---- one file of it ---- */

struct content {
	struct opened_image *o;
	struct file_system *fs;
	struct fs_place place;
	struct buf bytes;
	struct buf piece;		/* of what is too large to be held */
	uint64_t read;			/* with those that were */
	struct content_rest rest;
	char text[160];
};

static bool next_of_rest(void *context, struct span *piece)
{
	struct content *c = context;
	struct err err;

	buf_clear(&c->piece);
	if (examination_over(c->o->x) || !fs_read_on(c->fs, &c->place, c->read, &c->piece, &err))
		return false;
	c->read += c->piece.len;
	*piece = buf_span(&c->piece);
	return true;
}

static uint64_t room_for(const struct examination *x)
{
	uint64_t most = x->limits->member_bytes * 2;
	uint64_t left = x->held < most ? most - x->held : 0;

	return left < x->limits->member_bytes ? left : x->limits->member_bytes;
}

static void fill(void *context, struct item *item, struct item_origin *origin)
{
	struct content *c = context;
	struct examination *x = c->o->x;
	uint64_t most = room_for(x);
	struct err err = { 0 };
	bool cut = false;

	c->bytes = buf_new((size_t)most + FREE_PIECE);
	if (!fs_read(c->fs, &c->place, most, &c->bytes, &cut, &err)) {
		snprintf(c->text, sizeof c->text, "%.159s", err.text);
		origin->cut = c->text;
		origin->is_cut_by_limit = err.code == ERR_LIMIT;
	} else if (cut) {
		snprintf(c->text, sizeof c->text, "limit: %" PRIu64 " bytes of one member", most);
		origin->cut = c->text;
		origin->is_cut_by_limit = true;
		c->piece = buf_new((size_t)2 << 20);
		c->read = c->bytes.len;
		c->rest = (struct content_rest){ next_of_rest, c };
		item->rest = &c->rest;
	}
	x->unpacked += c->bytes.len;
	x->held += c->bytes.len;
	item->bytes = buf_span(&c->bytes);
}

struct neighbours {
	struct opened_image *o;
	struct file_system *fs;
	uint64_t folder;
	struct arena names;
	struct buf found[NEAR_MOST];
	size_t count;
};

static bool find_near(void *context, struct span name, struct span *bytes)
{
	struct neighbours *n = context;
	struct examination *x = n->o->x;
	struct fs_place place;
	struct buf *to = &n->found[n->count];
	struct err err;
	bool cut = false;

	if (n->count == sizeof n->found / sizeof *n->found ||
	    !fs_find(n->fs, n->folder, name, &place))
		return false;
	*to = buf_new((size_t)room_for(x) + FREE_PIECE);
	n->count++;
	if (!fs_read(n->fs, &place, room_for(x), to, &cut, &err) || cut)
		return false;
	x->held += to->len;
	*bytes = buf_span(to);
	return to->len > 0;
}

static void forget_near(struct neighbours *n)
{
	while (n->count) {
		struct buf *b = &n->found[--n->count];

		n->o->x->held -= b->len < n->o->x->held ? b->len : n->o->x->held;
		buf_free(b);
	}
}

/* What is told of and has no content that is examined. */
static void dismiss_entry(struct examination *x, struct file_system *fs, const struct fs_entry *e,
			  struct item *item, const struct item_origin *origin)
{
	static const char *const damages[] = {
		[FS_NO_FILE] = "damaged: the name is in use, and the file system has lost what it names",
		[FS_NAMES_LOST] = "damaged: not all names of this folder can be read",
		[FS_TABLE_LOST] = "damaged: not all files can be looked for that no folder names",
	};
	struct buf reason = buf_new(REASON_MAX);

	if (e->damage)
		buf_text(&reason, damages[e->damage]);
	else if (e->kind == FS_FOLDER)
		buf_text(&reason, "folder");
	else if (e->kind == FS_SPECIAL)
		buf_text(&reason, "device, socket or pipe");
	else if (e->kind == FS_LINK && (!buf_text(&reason, "symbolic link to ") ||
					!fs_link(fs, &e->place, &reason)))
		reason.len = strlen("symbolic link");
	item_dismiss(x, item, origin, e->damage ? FATE_FAILED : FATE_SKIPPED, buf_span(&reason));
	buf_free(&reason);
}

/* NTFS and FAT as the library tells them: all may do all. */
static bool has_no_rights(const struct volume *v)
{
	return !strcmp(v->kind, "ntfs") || !strcmp(v->kind, "exfat") || !strncmp(v->kind, "fat", 3);
}

static bool is_store_of(struct opened_image *o, const struct volume *snapshot, struct span path)
{
	struct span id = lnk_guid_text(span_of(snapshot->store, sizeof snapshot->store), &o->x->arena);

	return span_eq(path, arena_printf(&o->x->arena, SNAPSHOT_STORE, SPAN_ARG(id)));
}

/* Of a snapshot that could be read: of no other is its content examined elsewhere. */
static bool is_snapshot_store(struct opened_image *o, const struct volume *v, struct span path)
{
	size_t of = v->snapshot_of;

	if (!span_starts(path, span_sub(SPAN(SNAPSHOT_STORE), 0, strcspn(SNAPSHOT_STORE, "%"))))
		return false;
	for (size_t i = 0; i < disk_count(o->disk); i++) {
		const struct volume *other = disk_volume(o->disk, i);
		bool is_ours = other->snapshot_of != SIZE_MAX &&
			       (other->snapshot_of == of || disk_volume(o->disk, other->snapshot_of) == v);

		if (is_ours && other->state == VOLUME_READ && is_store_of(o, other, path))
			return true;
	}
	return false;
}

static void examine_entry(struct opened_image *o, struct file_system *fs, const struct volume *v,
			  const struct fs_entry *e)
{
	struct content content = { .o = o, .fs = fs, .place = e->place };
	struct neighbours near = { .o = o, .fs = fs, .folder = e->folder };
	struct near_files find = { find_near, &near };
	struct item item = { .depth = o->item->depth + 1, .modified = e->modified, .near = &find };
	struct item_origin origin = { .fill = fill, .fill_context = &content, .no_rights = has_no_rights(v) };
	struct buf member = buf_new(RECORD_PATH_MAX), path = buf_new(RECORD_PATH_MAX * 16);
	struct marks_room room;

	if (image_part_path(v->name, e, &member)) {
		item.member = buf_span(&member);
		buf_add(&path, o->item->path);
		buf_text(&path, "!/");
		buf_add(&path, item.member);
		item.path = buf_span(&path);
		origin.begin = (struct record_begin){ .path = item.member, .size = e->size,
			.modified = e->modified, .changed = e->changed, .accessed = e->accessed,
			.created = e->created, .mode = e->mode };
		if (e->kind == FS_FILE)
			item.marks = fs_marks(fs, &e->place, &room);
		/* Rights mean something for what can be run. */
		if (!(e->mode & 0111))
			item.marks.capability = (struct span){ 0 };
		if (is_snapshot_store(o, v, e->path))
			item_dismiss(o->x, &item, &origin, FATE_SKIPPED, SPAN("store of snapshots, which are "
				     "examined by themselves"));
		else if (e->kind == FS_FILE && !e->damage)
			item_examine(o->x, &item, &origin);
		else
			dismiss_entry(o->x, fs, e, &item, &origin);
	}
	o->x->held -= content.bytes.len;
	forget_near(&near);
	buf_free(&content.piece);
	buf_free(&content.bytes);
	buf_free(&member);
	buf_free(&path);
}

/* ---- listing ---- */

/* What was seen in the volume itself or a later snapshot is not told again of a snapshot. */
struct listing {
	struct opened_image *o;
	const struct volume *volume;
	size_t number;
	struct arena arena;
	struct map seen, gone_names;
	bool has_snapshots;		/* the volume at hand, or the one it is of */
	struct buf part;
	struct image_part head;
	uint64_t names, gone, untold, too_long;
	timestamp first, last;
	struct file_system *fs;		/* to examine at once, or NULL: to make shares */
};

static void send_part(struct listing *l)
{
	struct record r = { .type = RECORD_PART };
	const struct luks_key *keys;
	size_t count;

	if (l->head.count || l->head.kind == IMAGE_PART_FREE_SPACE) {
		image_part_write_head(l->part.at, &l->head);
		r.part = buf_span(&l->part);
		examination_tell(l->o->x, &r);
		examination_flush(l->o->x);
	}
	buf_clear(&l->part);
	l->part.len = buf_reserve(&l->part, IMAGE_PART_HEAD) ? IMAGE_PART_HEAD : 0;
	l->head = (struct image_part){ .kind = IMAGE_PART_FILES_OF, .volume = (uint32_t)l->number };
	snprintf(l->head.name, sizeof l->head.name, "%s", l->volume->name);
	keys = disk_luks_keys(l->o->disk, &count);
	memcpy(l->head.keys, keys, count * sizeof *keys);
}

/*
 * Every name of a file is told, in a snapshot only where the file has changed since. What the
 * volume has as deleted may be overwritten there, and whole in the snapshot.
 */
static bool is_seen(struct listing *l, const struct fs_entry *e)
{
	uint64_t key[7] = { e->place.inode, e->place.stream_type, e->place.stream_id, e->size,
			    (uint64_t)e->modified, (uint64_t)e->changed, e->is_deleted };
	struct span kept;
	void **slot;
	bool was;

	if (!l->has_snapshots)
		return false;
	kept = arena_copy(&l->arena, span_of(key, sizeof key));
	slot = kept.at ? map_slot(&l->seen, kept) : NULL;
	was = slot && *slot;
	if (slot)
		*slot = l;
	return was && l->volume->snapshot_of != SIZE_MAX;
}

static bool is_told_gone(struct listing *l, struct span path)
{
	void **slot = l->has_snapshots ? map_slot(&l->gone_names, arena_copy(&l->arena, path)) : NULL;
	bool was = slot && *slot;

	if (slot)
		*slot = l;
	return was;
}

static void tell_gone(struct listing *l, const struct fs_entry *e)
{
	struct record r = { .type = RECORD_TRACE, .trace = trace_new(TRACE_FILE, "deleted") };
	struct buf path = buf_new(RECORD_PATH_MAX);

	if (is_told_gone(l, e->path))
		return;
	if (l->gone++ >= GONE_MOST) {
		l->untold++;
		return;
	}
	buf_printf(&path, "%s/", l->volume->name);
	buf_add(&path, e->path);
	r.trace.path = buf_span(&path);
	r.trace.source = SPAN("name in a folder; its content is not recoverable");
	r.trace.of_place = true;
	if (!path.overflow)
		examination_tell(l->o->x, &r);
	buf_free(&path);
}

/* A wiper's work or a failing disk's: an analyser weighs it, and it is a reason of the image. */
static void tell_destroyed(struct opened_image *o, const char *of, const char *text)
{
	struct record r = { .type = RECORD_TRACE, .trace = trace_new(TRACE_FILE, "beginning destroyed") };

	r.trace.path = span_text(of);
	r.trace.source = SPAN("structures of the disk");
	r.trace.summary = arena_printf(&o->x->arena, "%s: %s", of, text);
	examination_tell(o->x, &r);
	examination_short(o->x, FATE_PARTLY, "%s: %s", of, text);
}

static void widen(struct listing *l, timestamp t)
{
	if (t == TIME_NONE)
		return;
	if (l->first == TIME_NONE || t < l->first)
		l->first = t;
	if (l->last == TIME_NONE || t > l->last)
		l->last = t;
}

static void add_to_part(struct listing *l, const struct fs_entry *e)
{
	if (!image_part_write_entry(&l->part, e))
		l->too_long++;
	l->head.count++;
	l->head.bytes += e->kind == FS_FILE ? e->size : 0;
	if (l->head.count >= IMAGE_PART_FILES || l->head.bytes >= IMAGE_PART_BYTES ||
	    l->part.len > IMAGE_PART_ROOM - FS_PATH_MAX * 3)
		send_part(l);
}

/* Where content is not read, the decoder of the file table does not tell these. */
static void add_name(struct listing *l, const struct fs_entry *e)
{
	struct fs_entry name = *e;

	name.is_name = true;
	name.modified = e->named_modified;
	name.changed = e->named_changed;
	name.accessed = e->named_accessed;
	name.created = e->named_created;
	add_to_part(l, &name);
}

static bool take_entry(void *context, const struct fs_entry *e)
{
	struct listing *l = context;
	bool names_only = l->o->x->limits->names_only;

	l->names++;
	widen(l, e->modified);
	if (e->is_gone)
		tell_gone(l, e);
	if (e->is_gone || is_seen(l, e) || (names_only && e->is_index))
		return true;
	/* Times and names of what is deleted may be nonsense; nothing is lost with a link. */
	if (e->is_deleted && e->kind != FS_FILE && e->kind != FS_FOLDER)
		return true;
	if (l->fs) {
		examine_entry(l->o, l->fs, l->volume, e);
		return l->o->x->entries <= l->o->x->limits->tree_entries &&
		       l->o->x->unpacked < l->o->x->limits->tree_bytes && !examination_over(l->o->x);
	}
	add_to_part(l, e);
	if (names_only && e->has_named && !e->is_stream)
		add_name(l, e);
	return true;
}

/* When the state was kept that the files of a snapshot are in. */
static void tell_snapshot(struct listing *l)
{
	struct record r = { .type = RECORD_TRACE, .trace = trace_new(TRACE_FILE, "snapshot") };

	r.trace.time = l->volume->taken;
	r.trace.path = span_text(l->volume->name);
	r.trace.source = SPAN("volume shadow copy, taken");
	r.trace.of_place = true;
	examination_tell(l->o->x, &r);
}

static struct span describe_volume(struct listing *l)
{
	struct buf note = buf_new(2048);
	struct image_state state;
	struct span kept;

	image_describe(l->o->image, &state);
	buf_printf(&note, "%s, %s", l->volume->name, l->volume->kind);
	if (state.mended.len)
		buf_printf(&note, ", %.*s", SPAN_ARG(state.mended));
	if (l->volume->taken != TIME_NONE) {
		buf_text(&note, ", taken ");
		timestamp_format(&note, l->volume->taken, 0);
	}
	if (l->volume->mended[0])
		buf_printf(&note, ", %s", l->volume->mended);
	if (l->untold)
		buf_printf(&note, ", %" PRIu64 " further deleted names are not told", l->untold);
	kept = arena_copy(&l->o->x->arena, buf_span(&note));
	buf_free(&note);
	return kept;
}

static void tell_fact(struct listing *l)
{
	struct record r = { .type = RECORD_FACT };

	r.fact.evidence_class = CLASS_FILE_SYSTEM;
	r.fact.channel = SPAN("file names");
	r.fact.first = l->first;
	r.fact.last = l->last;
	r.fact.count = l->names;
	r.fact.note = describe_volume(l);
	examination_tell(l->o->x, &r);
}

static void list_volume(struct listing *l, size_t number, bool at_once)
{
	struct opened_image *o = l->o;
	struct err err = { 0 };
	struct file_system *fs;

	l->number = number;
	l->volume = disk_volume(o->disk, number);
	l->names = l->untold = 0;
	l->first = l->last = TIME_NONE;
	fs = fs_open(l->volume->blocks, &err);
	l->fs = at_once ? fs : NULL;
	if (!at_once)
		send_part(l);
	if (l->volume->rescued_by) {
		char text[96];

		snprintf(text, sizeof text, "its beginning is destroyed, opened by the %s", l->volume->rescued_by);
		tell_destroyed(o, l->volume->name, text);
	}
	if (l->volume->is_damaged)
		examination_short(o->x, FATE_PARTLY, "%s: %s", l->volume->name, l->volume->mended);
	if (!fs || !fs_walk(fs, take_entry, l, &err))
		examination_short(o->x, FATE_PARTLY, "%s: %s", l->volume->name, err.text);
	if (!at_once)
		send_part(l);
	/* Snapshots share nearly all free space with their volume. */
	if (fs && !at_once && !o->x->limits->names_only && l->volume->snapshot_of == SIZE_MAX) {
		l->head.kind = IMAGE_PART_FREE_SPACE;
		send_part(l);
	}
	fs_close(fs);
	if (l->volume->taken != TIME_NONE)
		tell_snapshot(l);
	tell_fact(l);
}

/* A volume that cannot be read is an item with a fate of its own. */
static void tell_unread(struct opened_image *o, const struct volume *v)
{
	struct item item = { .depth = o->item->depth + 1, .modified = TIME_NONE,
			     .member = span_text(v->name) };
	struct item_origin origin = { .begin = { .path = span_text(v->name), .size = v->size,
		.modified = TIME_NONE, .changed = TIME_NONE, .accessed = TIME_NONE,
		.created = TIME_NONE } };
	bool is_small = !strcmp(v->kind, "unknown") && v->size < SMALL_VOLUME;

	item.path = item.member;
	if (v->state != VOLUME_EMPTY && !is_small)
		examination_short(o->x, FATE_PARTLY, "%s: %s", v->name, v->reason);
	item_dismiss(o->x, &item, &origin, v->state == VOLUME_LOCKED ? FATE_LOCKED : FATE_SKIPPED,
		     span_text(v->reason));
}

static bool has_snapshots(const struct disk *disk, size_t number)
{
	for (size_t i = 0; i < disk_count(disk); i++)
		if (disk_volume(disk, i)->snapshot_of == number)
			return true;
	return false;
}

static void list_all(struct opened_image *o, bool at_once)
{
	struct listing l = { .o = o, .arena = arena_new(SEEN_BYTES),
			     .part = buf_new(IMAGE_PART_ROOM) };

	l.seen = map_new(&l.arena);
	l.gone_names = map_new(&l.arena);
	for (size_t i = 0; i < disk_count(o->disk) && !examination_over(o->x); i++) {
		const struct volume *v = disk_volume(o->disk, i);

		/* Numbers of files mean something within a volume and its snapshots only. */
		if (v->snapshot_of == SIZE_MAX) {
			arena_reset(&l.arena);
			l.seen = map_new(&l.arena);
			l.gone_names = map_new(&l.arena);
			l.has_snapshots = has_snapshots(o->disk, i);
		}
		if (v->state == VOLUME_READ)
			list_volume(&l, i, at_once);
		else
			tell_unread(o, v);
	}
	if (disk_left_out(o->disk))
		examination_short(o->x, FATE_PARTLY, "limit: %zu volumes or snapshots", disk_left_out(o->disk));
	if (l.too_long)
		examination_short(o->x, FATE_PARTLY, "%" PRIu64 " files with names too long",
				  l.too_long);
	buf_free(&l.part);
	arena_free(&l.arena);
}

static bool holds_something(const struct opened_image *o)
{
	struct image_state state;

	image_describe(o->image, &state);
	for (size_t i = 0; i < disk_count(o->disk); i++)
		if (strcmp(disk_volume(o->disk, i)->kind, "unknown"))
			return true;
	return strcmp(state.format, "raw") != 0 || disk_count(o->disk) > 1;
}

static void note_missing(struct opened_image *o)
{
	struct image_state state;
	struct span damage = image_damage(o->image);

	image_describe(o->image, &state);
	if (state.missing)
		examination_short(o->x, FATE_PARTLY, "%s are missing", state.missing);
	if (damage.len)
		examination_short(o->x, FATE_PARTLY, "%.*s", SPAN_ARG(damage));
	if (disk_lost_table(o->disk))
		tell_destroyed(o, "the disk", disk_lost_table(o->disk));
}

/* Media are larger than what lies on disk; an image may take as long as it is large. */
static void allow_time(struct opened_image *o)
{
	uint64_t more = image_media(o->image)->size / BYTES_A_SECOND * 1000000000;

	o->x->at->left_ns += more;
	o->x->tree_deadline_ns += more;
}

/* Before the shares of files, as it takes longest. */
static void order_check(struct opened_image *o)
{
	uint8_t head[IMAGE_PART_HEAD];
	struct record r = { .type = RECORD_PART, .part = span_of(head, sizeof head) };
	struct image_state state;

	image_describe(o->image, &state);
	if (!state.has_checks || o->x->limits->names_only)
		return;
	image_part_write_head(head, &(struct image_part){ .kind = IMAGE_PART_CHECK });
	examination_tell(o->x, &r);
	examination_flush(o->x);
}

bool images_survey(struct examination *x, struct item *item)
{
	struct err err = { 0 };
	struct opened_image *o = opened_image_disk(x, item, x->keys, x->key_count, &err);
	bool ok;

	if (!o) {
		examination_short(x, FATE_PARTLY, "%s", err.text);
		return false;
	}
	ok = holds_something(o);
	if (ok) {
		allow_time(o);
		note_missing(o);
		order_check(o);
		list_all(o, false);
	}
	opened_image_close(o);
	return ok;
}

void images_inside(struct examination *x, struct item *item)
{
	struct err err = { 0 };
	struct opened_image *o;

	if (item->depth >= x->limits->depth) {
		examination_limit(x, "limit: %" PRIu64 " archives inside archives", x->limits->depth);
		return;
	}
	o = opened_image_disk(x, item, x->keys, x->key_count, &err);
	if (!o) {
		examination_short(x, FATE_PARTLY, "%s", err.text);
		return;
	}
	note_missing(o);
	if (holds_something(o))
		list_all(o, true);
	opened_image_close(o);
}

/* ---- checks ---- */

static void tell_check(struct examination *x, const struct image_check *check)
{
	struct record r = { .type = RECORD_FACT };
	struct buf note = buf_new(512);

	if (check->has_md5) {
		buf_text(&note, check->md5_differs ? "stored MD5 differs: " : "stored MD5 agrees: ");
		buf_hex(&note, span_of(check->md5, sizeof check->md5));
	}
	if (check->has_sha1) {
		buf_text(&note, check->sha1_differs ? "; stored SHA-1 differs: " : "; stored SHA-1 agrees: ");
		buf_hex(&note, span_of(check->sha1, sizeof check->sha1));
	}
	if (!note.len)
		buf_text(&note, "no digest is stored in the image");
	r.fact = (struct case_fact){ .evidence_class = CLASS_DISK_IMAGE,
				     .channel = SPAN("image integrity"), .first = TIME_NONE,
				     .last = TIME_NONE, .count = check->chunks,
				     .lost = check->bad_chunks, .note = buf_span(&note) };
	examination_tell(x, &r);
	buf_free(&note);
}

static void check(struct opened_image *o)
{
	struct image_check found;
	struct err err = { 0 };

	if (!image_verify(o->image, &found, &err)) {
		examination_short(o->x, FATE_PARTLY, "verification: %s", err.text);
		return;
	}
	if (found.bad_chunks)
		examination_short(o->x, FATE_PARTLY, "%" PRIu64 " chunks fail their checksum, the "
				  "first at offset %" PRIu64, found.bad_chunks, found.first_bad);
	if (found.md5_differs || found.sha1_differs)
		examination_short(o->x, FATE_PARTLY, "the content differs from the digest stored "
				  "in the image");
	tell_check(o->x, &found);
}

static void check_image(struct examination *x, struct item *item)
{
	struct record begin = { .type = RECORD_BEGIN, .begin = { .path = SPAN("check of the image"),
		.size = UINT64_MAX, .modified = TIME_NONE, .changed = TIME_NONE, .accessed = TIME_NONE,
		.created = TIME_NONE } };
	struct record end = { .type = RECORD_END };
	struct opened_image *o;
	struct err err = { 0 };

	examination_tell(x, &begin);
	o = opened_image_container(x, item, &err);
	if (o) {
		allow_time(o);
		check(o);
		opened_image_close(o);
	} else {
		examination_short(x, FATE_PARTLY, "verification: %s", err.text);
	}
	end.end.fate = item->fate == FATE_NONE ? FATE_SKIPPED : FATE_PARTLY;
	end.end.reason = item->short_of;
	examination_tell(x, &end);
}

/* ---- a share ---- */

static void examine_files(struct opened_image *o, const struct volume *v, struct file_system *fs,
			  struct cursor *from, uint32_t count)
{
	struct fs_entry e;
	struct err err;

	while (count-- && image_part_read_entry(from, &e, &err))
		examine_entry(o, fs, v, &e);
}

/* A share whose volume can no longer be opened is a gap that has to be told. */
static void dismiss_share(struct examination *x, const struct err *err)
{
	struct item item = { .depth = 1, .modified = TIME_NONE, .path = SPAN("share of the image") };
	struct item_origin origin = { .begin = { .path = item.path, .size = UINT64_MAX,
		.modified = TIME_NONE, .changed = TIME_NONE, .accessed = TIME_NONE,
		.created = TIME_NONE } };

	item_dismiss(x, &item, &origin, FATE_FAILED, span_text(err->text));
}

/*
 * What opened volumes of LUKS in the survey takes the place of words, which would be
 * tried for seconds again; unless there were more volumes than keys are kept of.
 */
static const struct library_key *share_keys(struct examination *x, const struct image_part *head, size_t *count)
{
	struct library_key *keys = ARENA_ARRAY(&x->arena, x->key_count + DISK_LUKS_MAX, struct library_key);
	bool is_full = head->keys[DISK_LUKS_MAX - 1].len;

	*count = 0;
	for (size_t i = 0; keys && i < x->key_count; i++) {
		keys[*count] = x->keys[i];
		if (!is_full)
			keys[*count].passphrase = (struct span){ 0 };
		(*count)++;
	}
	for (size_t i = 0; keys && i < DISK_LUKS_MAX; i++)
		if (head->keys[i].len)
			keys[(*count)++].volume_key = arena_copy(&x->arena, span_of(head->keys[i].bytes,
										  head->keys[i].len));
	return keys;
}

static void examine_share(struct examination *x, struct item *item, const struct image_part *head,
			  struct cursor *from, struct err *err)
{
	struct opened_image *o = NULL;
	struct file_system *fs = NULL;
	const struct library_key *keys;
	size_t count;

	if ((keys = share_keys(x, head, &count)) && (o = opened_image_disk(x, item, keys, count, err)) &&
	    head->volume < disk_count(o->disk)) {
		const struct volume *v = disk_volume(o->disk, head->volume);

		fs = fs_open(v->blocks, err);
		if (fs && head->kind == IMAGE_PART_FREE_SPACE)
			carve_free_space(x, item, v, fs);
		else if (fs)
			examine_files(o, v, fs, from, head->count);
		fs_close(fs);
	}
	if (!fs)
		dismiss_share(x, err);
	if (o)
		opened_image_close(o);
}

void images_share(struct examination *x, struct span part)
{
	struct item item = { .path = x->command->path };
	struct cursor from = cursor_of(part);
	struct image_part head;
	struct err err = { 0 };

	/* What goes wrong before the first file is told of no item: the coordinator tells it. */
	examination_enter(x, &item);
	if (!image_part_read_head(&from, &head, &err))
		dismiss_share(x, &err);
	else if (head.kind == IMAGE_PART_CHECK)
		check_image(x, &item);
	else
		examine_share(x, &item, &head, &from, &err);
	examination_leave(x);
}
