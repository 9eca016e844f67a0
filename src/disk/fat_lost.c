#include "disk/fat_folder.h"
#include "disk/overlay.h"

#include <stdlib.h>

#define FOLDER_MOST ((size_t)16 << 20)
#define DEPTH_MOST 64
#define PATH_MOST ((size_t)4 << 10)
#define FOLDER_BYTES_MOST ((uint64_t)256 << 20)

/* ---- whether a folder is whole ---- */

static bool read_area(struct fat *f, struct buf *to)
{
	uint8_t *room = buf_reserve(to, f->root_size);
	struct err ignored;

	to->len = room ? f->root_size : 0;
	return room && blocks_read_all(f->volume, f->root_area, room, f->root_size, &ignored);
}

/* As much as can be read. False: that is not all of it. */
static bool read_folder(struct fat *f, uint32_t first, bool is_chain, uint64_t size, struct buf *to)
{
	struct fat_run run = { .first = first, .tail = f->cluster, .is_chain = is_chain };
	uint32_t most = (uint32_t)(FOLDER_BYTES_MOST / f->cluster);
	struct err ignored;
	bool cut = false, ok = true;

	if (is_chain)
		ok = fat_chain(f, first, most, &run.count);
	else
		run.count = (uint32_t)(size / f->cluster < most ? size / f->cluster : most);
	if (size && (uint64_t)run.count * f->cluster < size)
		ok = false;
	return fat_read(f, &run, FOLDER_BYTES_MOST, to, &cut, &ignored) && ok && !cut;
}

bool fat_folder_is_whole(struct fat *f, uint32_t first, bool is_chain, uint64_t size)
{
	struct buf bytes = buf_new(FOLDER_BYTES_MOST);
	bool is_root = !first || first == f->root;
	bool ok = !first && !f->root ? read_area(f, &bytes) : read_folder(f, first ? first : f->root, is_chain, size, &bytes);
	struct fat_folder l = fat_folder_of(f, buf_span(&bytes));
	struct fat_entry e;

	ok = ok && (f->is_exfat || is_root || fat_folder_has_dots(l.bytes));
	while (ok && fat_folder_next(&l, &e))
		continue;
	buf_free(&bytes);
	return ok && !l.is_damaged;
}

/* ---- clusters that no folder names ---- */

struct seeking {
	struct fat *f;
	uint8_t *reached, *in_use;
	uint8_t *followed;		/* another cluster in use goes on here */
	struct buf path;
	fat_lost_fn *take;
	void *context;
	uint32_t *lost;
	bool stopped;
};

static bool has_bit(const uint8_t *bits, uint32_t n)
{
	return bits[n / 8] >> n % 8 & 1;
}

static void set_bit(uint8_t *bits, uint32_t n)
{
	bits[n / 8] |= (uint8_t)(1 << n % 8);
}

static bool is_lost(const struct seeking *s, uint32_t n)
{
	return n >= 2 && n <= s->f->last && has_bit(s->in_use, n) && !has_bit(s->reached, n);
}

static void reach_chain(struct seeking *s, uint32_t first)
{
	for (uint32_t at = first; at >= 2 && at <= s->f->last && !has_bit(s->reached, at); at = fat_next(s->f, at))
		set_bit(s->reached, at);
}

/* The root, and what is no file in it: the bitmap, the table of capitals. */
static void reach_own(struct seeking *s)
{
	struct buf bytes = buf_new(FOLDER_MOST);

	if (!s->f->root)
		return;
	read_folder(s->f, s->f->root, true, 0, &bytes);
	reach_chain(s, s->f->root);
	for (size_t at = 0; s->f->is_exfat && at + 32 <= bytes.len; at += 32)
		if (bytes.at[at] == 0x81 || bytes.at[at] == 0x82)
			reach_chain(s, load_u32le(bytes.at + at + 20));
	buf_free(&bytes);
}

static bool read_bitmap(struct seeking *s)
{
	uint32_t bytes = (s->f->last - 1 + 7) / 8;
	struct fat_run run = { .first = s->f->bitmap, .is_chain = true };
	struct buf map = buf_new(bytes);
	struct err ignored;
	bool cut = false, ok;

	run.count = (bytes + s->f->cluster - 1) / s->f->cluster;
	run.tail = bytes - (run.count - 1) * s->f->cluster;
	ok = s->f->bitmap && fat_read(s->f, &run, bytes, &map, &cut, &ignored) && map.len == bytes;
	for (uint32_t n = 2; ok && n <= s->f->last; n++)
		if (has_bit(map.at, n - 2))
			set_bit(s->in_use, n);
	buf_free(&map);
	return ok;
}

static bool note_in_use(struct seeking *s)
{
	bool ok = !s->f->is_exfat || read_bitmap(s);

	for (uint32_t n = 2; n <= s->f->last && !(n % 65536 == 0 && blocks_over(s->f->volume)); n++) {
		uint32_t next = fat_next(s->f, n);

		if (!s->f->is_exfat && next && next != FAT_BAD)
			set_bit(s->in_use, n);
		if (is_lost(s, n) && next >= 2 && next <= s->f->last)
			set_bit(s->followed, next);
	}
	return ok;
}

static void tell(struct seeking *s, struct fat_lost *lost)
{
	lost->path = buf_span(&s->path);
	++*s->lost;
	s->stopped = s->stopped || !s->take(s->context, lost);
}

/* Clusters from `first` on that are lost; they no longer are. */
static uint32_t take_clusters(struct seeking *s, uint32_t first, bool is_chain, uint32_t most)
{
	uint32_t count = 0;

	for (uint32_t at = first; count < most && is_lost(s, at); count++) {
		set_bit(s->reached, at);
		at = is_chain ? fat_next(s->f, at) : at + 1;
	}
	return count;
}

static void take_folder(struct seeking *s, uint32_t first, bool is_chain, uint64_t size, unsigned depth);

/* Of a folder that was lost. What its name leads to may be named by another, or be nothing. */
static void take_named(struct seeking *s, const struct fat_entry *e, unsigned depth)
{
	size_t len = s->path.len;
	struct fat_lost lost = { .size = e->size };
	uint64_t clusters = (e->size + s->f->cluster - 1) / s->f->cluster;

	buf_text(&s->path, "/");
	buf_add(&s->path, span_of(e->name, e->name_len));
	if (e->is_folder && is_lost(s, e->first) && depth < DEPTH_MOST) {
		take_folder(s, e->first, e->is_chain, e->size, depth + 1);
	} else if (!e->is_folder && clusters < FAT_CLUSTERS_MOST && (is_lost(s, e->first) || !e->size)) {
		lost.run = (struct fat_run){ .first = e->first, .count = (uint32_t)clusters, .is_chain = e->is_chain };
		lost.run.tail = clusters ? (uint32_t)(e->size - (clusters - 1) * s->f->cluster) : 0;
		take_clusters(s, e->first, e->is_chain, (uint32_t)clusters);
		tell(s, &lost);
	}
	s->path.len = len;
	s->path.overflow = false;
}

static void take_folder(struct seeking *s, uint32_t first, bool is_chain, uint64_t size, unsigned depth)
{
	struct buf bytes = buf_new(FOLDER_MOST);
	struct fat_lost lost = { .is_folder = true };
	struct fat_entry e;
	struct fat_folder l;

	if (s->f->is_exfat && !size) {
		is_chain = fat_next(s->f, first);
		size = s->f->cluster;
	}
	lost.is_damaged = !read_folder(s->f, first, is_chain, is_chain ? 0 : size, &bytes);
	take_clusters(s, first, is_chain, (uint32_t)(bytes.len / s->f->cluster));
	tell(s, &lost);
	l = fat_folder_of(s->f, buf_span(&bytes));
	while (!s->stopped && fat_folder_next(&l, &e))
		take_named(s, &e, depth);
	buf_free(&bytes);
}

static bool is_folder_at(struct seeking *s, uint32_t cluster)
{
	struct fat_run run = { .first = cluster, .count = 1, .tail = s->f->cluster };
	struct buf bytes = buf_new(FOLDER_MOST);
	struct err ignored;
	bool cut = false, is = fat_read(s->f, &run, FOLDER_MOST, &bytes, &cut, &ignored) &&
			       fat_folder_is_likely(s->f, buf_span(&bytes));

	buf_free(&bytes);
	return is;
}

/* Up to the last byte that is not zero. */
static uint32_t tail_of(struct seeking *s, uint32_t cluster)
{
	struct fat_run run = { .first = cluster, .count = 1, .tail = s->f->cluster };
	struct buf bytes = buf_new(s->f->cluster);
	struct err ignored;
	bool cut = false;
	size_t len;

	if (!fat_read(s->f, &run, s->f->cluster, &bytes, &cut, &ignored))
		bytes.len = 0;
	for (len = bytes.len; len && !bytes.at[len - 1]; len--)
		continue;
	buf_free(&bytes);
	return (uint32_t)len;
}

static void take_file(struct seeking *s, uint32_t first)
{
	bool is_chain = !s->f->is_exfat || fat_next(s->f, first);
	uint32_t count = 0, last = first;
	struct fat_lost lost = { 0 };

	/* Where the table is not used, up to where it is. */
	for (uint32_t at = first; is_lost(s, at); count++) {
		set_bit(s->reached, at);
		last = at;
		at = is_chain ? fat_next(s->f, at) : fat_next(s->f, at + 1) ? 0 : at + 1;
	}
	lost.run = (struct fat_run){ .first = first, .count = count, .tail = tail_of(s, last), .is_chain = is_chain };
	lost.size = (uint64_t)(count - 1) * s->f->cluster + lost.run.tail;
	tell(s, &lost);
}

/* `starts`: only where a chain begins; those that go in circles have no beginning. */
static void take_all(struct seeking *s, bool folders, bool starts)
{
	for (uint32_t n = 2; n <= s->f->last && !s->stopped; n++) {
		if (!is_lost(s, n) || (starts && has_bit(s->followed, n)) || (folders && !is_folder_at(s, n)))
			continue;
		buf_clear(&s->path);
		buf_printf(&s->path, "%s-%u", folders ? "folder" : "file", n);
		if (folders)
			take_folder(s, n, true, 0, 0);
		else
			take_file(s, n);
	}
}

bool fat_each_lost(struct fat *f, uint8_t *reached, fat_lost_fn *take, void *context, uint32_t *lost, struct err *err)
{
	struct seeking s = { .f = f, .reached = reached, .take = take, .context = context, .lost = lost,
			     .in_use = calloc(f->last / 8 + 1, 1), .followed = calloc(f->last / 8 + 1, 1),
			     .path = buf_new(PATH_MOST) };
	bool ok = s.in_use && s.followed;

	*lost = 0;
	if (ok) {
		reach_own(&s);
		ok = note_in_use(&s);
		take_all(&s, true, true);
		take_all(&s, false, true);
		take_all(&s, false, false);
	}
	free(s.in_use);
	free(s.followed);
	buf_free(&s.path);
	return ok || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "fat: what says which clusters are in use cannot be read");
}
