#include "disk/hfs_table.h"

#include <stdlib.h>

#include "base/utf8.h"

#define HEADER 1024
#define NODE_LEAST 512
#define NODE_MOST 32768
#define DESCRIPTOR 14
#define KIND_LEAF 0xff
#define KIND_HEADER 1
#define KIND_MAP 2
#define FOLDER_RECORD 1
#define FILE_RECORD 2
#define THREAD_LAST 4
#define FIRST_FREE 16
#define ROOT 2
#define KEY_LEAST 6
#define KEY_MOST 516
#define NAME_UNITS 255
#define PIECE ((size_t)1 << 20)
#define EPOCH INT64_C(2082844800)	/* 1904 to 1970 */
#define LINK_TYPE "hlnk"
#define EXTENTS_FIELD 192	/* of the volume's header */
#define CATALOG_FILE 4
#define MORE_MOST ((size_t)1 << 19)

/* ---- forks ---- */

static void read_extents(struct hfs_extent out[HFS_EXTENTS], const uint8_t *at)
{
	for (unsigned i = 0; i < HFS_EXTENTS; i++)
		out[i] = (struct hfs_extent){ load_u32be(at + i * 8), load_u32be(at + i * 8 + 4) };
}

static struct hfs_fork fork_of(const uint8_t *at, uint32_t file)
{
	struct hfs_fork f = { .size = load_u64be(at), .file = file };

	read_extents(f.extents, at + 16);
	return f;
}

/* Blocks from the one on that lie one behind the other; 0: not in these extents. */
static uint32_t look_in(const struct hfs_extent extents[HFS_EXTENTS], uint64_t block, uint32_t *start)
{
	for (unsigned i = 0; i < HFS_EXTENTS; i++) {
		if (block < extents[i].count) {
			*start = extents[i].start + (uint32_t)block;
			return extents[i].count - (uint32_t)block;
		}
		block -= extents[i].count;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct hfs_more *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* The last of that file's that begins at the block or before it. */
static const struct hfs_more *find_more(const struct hfs *h, uint32_t file, uint64_t block)
{
	size_t low = 0, high = h->more_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct hfs_more *m = &h->more[middle];

		if (m->file < file || (m->file == file && m->start <= block))
			low = middle + 1;
		else
			high = middle;
	}
	return low && h->more[low - 1].file == file ? &h->more[low - 1] : NULL;
}

static uint32_t find_extent(const struct hfs *h, const struct hfs_fork *f, uint64_t block, uint32_t *start)
{
	uint32_t count = look_in(f->extents, block, start);
	const struct hfs_more *m = count || !f->file ? NULL : find_more(h, f->file, block);

	return m ? look_in(m->extents, block - m->start, start) : count;
}

static bool read_fork(const struct hfs *h, const struct hfs_fork *f, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	while (len) {
		uint64_t inside = at % h->block, bytes;
		uint32_t start = 0, count = find_extent(h, f, at / h->block, &start);
		size_t piece;

		if (!count)
			return err_set(err, ERR_CORRUPT, at, "hfs+: beyond the extents that are known");
		bytes = (uint64_t)count * h->block - inside;
		piece = bytes < len ? (size_t)bytes : len;
		if (!blocks_read_all(h->volume, (uint64_t)start * h->block + inside, to, piece, err))
			return false;
		at += piece;
		to += piece;
		len -= piece;
	}
	return true;
}

/* ---- opening ---- */

static bool is_node_size(uint32_t n)
{
	return n >= NODE_LEAST && n <= NODE_MOST && !(n & (n - 1));
}

/* A header node that is destroyed leaves the usual sizes to be tried on the node behind it. */
static uint32_t guess_node(const struct hfs *h, const struct hfs_fork *tree)
{
	uint8_t d[DESCRIPTOR];
	struct err ignored;

	for (uint32_t size = 4096; size <= NODE_MOST; size *= 2)
		if (read_fork(h, tree, size, d, sizeof d, &ignored) && (d[8] == KIND_LEAF || !d[8]) && d[9] &&
		    d[9] < 8 && load_u16be(d + 10))
			return size;
	return 4096;
}

static uint32_t node_size(const struct hfs *h, const struct hfs_fork *tree)
{
	uint8_t d[64];
	struct err ignored;
	uint32_t size = 0;

	if (read_fork(h, tree, 0, d, sizeof d, &ignored) && d[8] == KIND_HEADER)
		size = load_u16be(d + DESCRIPTOR + 18);
	return is_node_size(size) ? size : guess_node(h, tree);
}

/* Bytes whose place is known; no more than the volume has room for. */
static uint64_t known_bytes(const struct hfs *h, const struct hfs_fork *f)
{
	uint64_t most = f->size < h->volume->size ? f->size : h->volume->size, known = 0;
	uint32_t start, count;

	while (known * h->block < most && (count = find_extent(h, f, known, &start)))
		known += count;
	return known * h->block < most ? known * h->block : most;
}

static void count_nodes(struct hfs *h)
{
	uint64_t known = known_bytes(h, &h->catalog);

	h->is_all = known >= h->catalog.size;
	h->nodes = known / h->node < UINT32_MAX ? (uint32_t)(known / h->node) : UINT32_MAX;
}

/* 0: no node, or one that has no room for the places of as many as it claims. */
static uint32_t records_of(struct span node)
{
	uint32_t count = node.len >= DESCRIPTOR ? load_u16be(node.at + 10) : 0;

	return (count + 1) * 2 + DESCRIPTOR <= node.len ? count : 0;
}

/* Empty: there is none, or its place makes no sense. */
static struct span record_of(struct span node, uint32_t number)
{
	uint32_t count = records_of(node), at, end;

	if (number >= count)
		return (struct span){ 0 };
	at = load_u16be(node.at + node.len - 2 * (number + 1));
	end = load_u16be(node.at + node.len - 2 * (number + 2));
	if (at < DESCRIPTOR || end <= at || end > node.len - (count + 1) * 2)
		return (struct span){ 0 };
	return span_sub(node, at, end - at);
}

static void take_more(struct hfs *h, struct span node, size_t most)
{
	for (uint32_t i = 0; i < load_u16be(node.at + 10) && h->more_count < most; i++) {
		struct span r = record_of(node, i);
		struct hfs_more *m = &h->more[h->more_count];

		/* A key of ten bytes: of the data fork, the file, and its block. */
		if (r.len < 12 + HFS_EXTENTS * 8 || load_u16be(r.at) != 10 || r.at[2])
			continue;
		m->file = load_u32be(r.at + 4);
		m->start = load_u32be(r.at + 8);
		read_extents(m->extents, r.at + 12);
		h->more_count++;
	}
}

/* All leaves of the file of extents, whatever leads to them. */
static void read_more(struct hfs *h, const uint8_t *header)
{
	struct hfs_fork tree = fork_of(header + EXTENTS_FIELD, 0);
	uint64_t known = known_bytes(h, &tree), most = known / (12 + HFS_EXTENTS * 8);
	uint32_t size = node_size(h, &tree);
	struct buf room = buf_new(NODE_MOST);
	uint8_t *node = buf_reserve(&room, size);
	struct err ignored;

	if (known >= 2 * (uint64_t)size)
		h->more = calloc(most < MORE_MOST ? (size_t)most + 1 : MORE_MOST + 1, sizeof *h->more);
	for (uint64_t at = size; h->more && node && at + size <= known && !blocks_over(h->volume); at += size)
		if (read_fork(h, &tree, at, node, size, &ignored) && node[8] == KIND_LEAF)
			take_more(h, span_of(node, size), most < MORE_MOST ? (size_t)most + 1 : MORE_MOST);
	if (h->more_count)
		qsort(h->more, h->more_count, sizeof *h->more, compare);
	buf_free(&room);
}

bool hfs_table_open(struct hfs *out, struct blocks *volume, struct err *err)
{
	uint8_t s[512];

	*out = (struct hfs){ .volume = volume };
	if (!blocks_read_all(volume, HEADER, s, sizeof s, err))
		return false;
	out->files = load_u32be(s + 32);
	out->folders = load_u32be(s + 36);
	out->block = load_u32be(s + 40);
	out->catalog = fork_of(s + 272, CATALOG_FILE);
	if ((memcmp(s, "H+", 2) && memcmp(s, "HX", 2)) || out->block < 512 || out->block > (1u << 30) ||
	    out->block & (out->block - 1))
		return err_set(err, ERR_CORRUPT, HEADER, "hfs+: the volume's header makes no sense");
	read_more(out, s);
	out->node = node_size(out, &out->catalog);
	count_nodes(out);
	return true;
}

void hfs_table_close(struct hfs *h)
{
	if (h)
		free(h->more);
}

/* ---- nodes ---- */

static bool read_node(const struct hfs *h, uint32_t number, struct buf *to)
{
	uint8_t *room;
	struct err ignored;

	buf_clear(to);
	room = buf_reserve(to, h->node);
	to->len = room ? h->node : 0;
	return room && read_fork(h, &h->catalog, (uint64_t)number * h->node, room, h->node, &ignored);
}

/* What stands behind the key; empty where the key makes no sense. */
static struct span data_of(struct span record)
{
	uint32_t len = record.len >= 8 ? load_u16be(record.at) : 0;

	if (len < KEY_LEAST || len > KEY_MOST || 6u + 2u * load_u16be(record.at + 6) != len || len + 2 > record.len)
		return (struct span){ 0 };
	return span_from(record, len + 2);
}

static unsigned kind_of(struct span data)
{
	static const size_t least[] = { 0, 88, 248, 10, 10 };
	unsigned kind = data.len >= 2 ? load_u16be(data.at) : 0;

	return kind && kind <= THREAD_LAST && data.len >= least[kind] ? kind : 0;
}

/* In the order of their keys, first by the folder that they are in. */
static bool is_leaf_whole(struct span node)
{
	uint32_t count = records_of(node), before = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct span record = record_of(node, i), data = data_of(record);

		if (!kind_of(data) || load_u32be(record.at + 2) < before)
			return false;
		before = load_u32be(record.at + 2);
	}
	return count > 0;
}

/* ---- telling ---- */

static timestamp time_of(uint32_t seconds)
{
	return seconds ? timestamp_of_unix((int64_t)seconds - EPOCH, 0) : TIME_NONE;
}

/* A slash may be part of a name; then the Finder shows it as a colon, as is done here. */
static void add_name(struct buf *to, const uint8_t *units, uint32_t count)
{
	uint8_t little[NAME_UNITS * 2];

	for (uint32_t i = 0; i < count; i++) {
		bool is_slash = load_u16be(units + 2 * i) == '/', is_nothing = !load_u16be(units + 2 * i);

		little[2 * i] = is_slash ? ':' : is_nothing ? '^' : units[2 * i + 1];
		little[2 * i + 1] = units[2 * i];
	}
	utf8_add_utf16le(to, span_of(little, (size_t)count * 2));
}

static bool is_hard_link(struct span data)
{
	return load_u16be(data.at) == FILE_RECORD &&
	       (!memcmp(data.at + 48, LINK_TYPE, 4) || !memcmp(data.at + 48, "fdrp", 4));
}

static bool tell(uint32_t node, uint32_t number, struct span record, struct buf *name, hfs_entry_fn *take, void *context)
{
	struct span data = data_of(record);
	unsigned kind = kind_of(data);
	uint32_t units = load_u16be(record.at + 6);
	struct hfs_entry e = { .parent = load_u32be(record.at + 2), .node = node, .record = number };

	if ((kind != FOLDER_RECORD && kind != FILE_RECORD) || load_u32be(data.at + 8) < FIRST_FREE || is_hard_link(data))
		return true;
	e.number = load_u32be(data.at + 8);
	e.is_folder = kind == FOLDER_RECORD;
	e.size = e.is_folder ? 0 : load_u64be(data.at + 88);
	e.mode = load_u16be(data.at + 42);
	e.created = time_of(load_u32be(data.at + 12));
	e.modified = time_of(load_u32be(data.at + 16));
	e.changed = time_of(load_u32be(data.at + 20));
	e.accessed = time_of(load_u32be(data.at + 24));
	buf_clear(name);
	add_name(name, record.at + 8, units < NAME_UNITS ? units : NAME_UNITS);
	e.name = buf_span(name);
	return take(context, &e);
}

static void note(struct hfs_count *count, struct span data)
{
	unsigned kind = kind_of(data);

	count->files += kind == FILE_RECORD;
	count->folders += kind == FOLDER_RECORD && load_u32be(data.at + 8) != ROOT;
}

/* Which nodes are in use: a record of the header node, and of map nodes behind it. Empty: not known. */
static void read_map(const struct hfs *h, struct buf *to)
{
	struct buf node = buf_new(NODE_MOST);
	struct span bits = { 0 };
	uint32_t next = 0, left = 4096;

	if (read_node(h, 0, &node) && node.at[8] == KIND_HEADER)
		bits = record_of(buf_span(&node), 2);
	while (bits.len && buf_add(to, bits) && left--) {
		next = load_u32be(node.at);
		if (!next || next >= h->nodes || !read_node(h, next, &node) || node.at[8] != KIND_MAP)
			break;
		bits = record_of(buf_span(&node), 0);
	}
	buf_free(&node);
}

static bool is_used(const struct buf *map, uint32_t node)
{
	return !map->len || node / 8 >= map->len || map->at[node / 8] >> (7 - node % 8) & 1;
}

static bool is_damaged(struct span node)
{
	uint8_t kind = node.at[8];

	if (kind == KIND_LEAF)
		return !is_leaf_whole(node);
	if (kind == 0)
		return !load_u16be(node.at + 10) || !data_of(record_of(node, 0)).at;
	return kind != KIND_HEADER && kind != KIND_MAP;
}

bool hfs_table_each(const struct hfs *h, hfs_entry_fn *take, void *context, struct hfs_count *count, struct err *err)
{
	struct buf map = buf_new(PIECE * 16), node = buf_new(NODE_MOST), name = buf_new(NAME_UNITS * 4);
	bool go_on = true;
	uint32_t unread = 0;

	read_map(h, &map);
	*count = (struct hfs_count){ .damaged = map.len == 0 };
	for (uint32_t i = 1; i < h->nodes && go_on && !blocks_over(h->volume); i++) {
		if (!is_used(&map, i))
			continue;
		if (!read_node(h, i, &node)) {
			unread++;
			continue;
		}
		count->damaged += is_damaged(buf_span(&node));
		for (uint32_t k = 0; node.at[8] == KIND_LEAF && go_on && k < records_of(buf_span(&node)); k++) {
			struct span record = record_of(buf_span(&node), k);

			note(count, data_of(record));
			go_on = !data_of(record).len || tell(i, k, record, &name, take, context);
		}
	}
	buf_free(&map);
	buf_free(&node);
	buf_free(&name);
	return !unread || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "hfs+: %u nodes of the catalog cannot be read", unread);
}

bool hfs_table_read(const struct hfs *h, uint32_t node, uint32_t record, uint64_t most, struct buf *to, bool *cut,
		    struct err *err)
{
	struct buf bytes = buf_new(NODE_MOST);
	struct span data = read_node(h, node, &bytes) ? data_of(record_of(buf_span(&bytes), record)) : (struct span){ 0 };
	bool ok = kind_of(data) == FILE_RECORD;
	struct hfs_fork f = ok ? fork_of(data.at + 88, load_u32be(data.at + 8)) : (struct hfs_fork){ 0 };
	uint64_t size = f.size < most ? f.size : most;

	*cut = f.size > most;
	buf_free(&bytes);
	for (uint64_t at = 0; ok && at < size; ) {
		size_t piece = size - at < PIECE ? (size_t)(size - at) : PIECE;
		uint8_t *room = buf_reserve(to, piece);

		*cut = *cut || !room;
		if (!room)
			return true;
		if (!read_fork(h, &f, at, room, piece, err))
			return false;
		to->len += piece;
		at += piece;
	}
	return ok || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "hfs+: no file at that place");
}
