#include "disk/qcow.h"

#include <libdeflate.h>
#include <stdlib.h>

#include "codec/expand.h"
#include "disk/sparse.h"

#define HEADER 112
#define SECTOR 512
#define CLUSTER_BITS_LEAST 9
#define CLUSTER_BITS_MOST 21
#define ROOT_MOST ((uint64_t)4 << 20)	/* entries of the first table, as QEMU allows */
#define CACHED 16
#define SUBCLUSTERS 32
#define ENTRY_PLACE UINT64_C(0x00fffffffffffe00)
#define ENTRY_ODD UINT64_C(0x3f000000000001fe)
#define ENTRY_PACKED ((uint64_t)1 << 62)
#define OLD_PACKED ((uint64_t)1 << 63)
#define SNAPSHOT_HEAD 40
#define OLD_HEADER 72
#define EXTENSIONS_MOST 64
#define EXTENSION_BASE 0xe2792acau
#define SNAPSHOTS_MOST 65536
/* Of the features that a reader must know. */
#define FEATURE_CORRUPT 2u
#define FEATURE_OTHER_FILE 4u
#define FEATURE_PACKING 8u
#define FEATURE_SUBCLUSTERS 16u
#define FEATURES_KNOWN 31u

struct slot {
	uint64_t at;		/* in the file, plus one; 0: free */
	uint8_t *table;
};

struct qcow {
	struct sparse sparse;
	uint32_t version;
	unsigned cluster_bits, table_bits, entry_size;
	uint64_t root_at, root_count;
	uint8_t *root;
	struct slot cache[CACHED];
	unsigned next;		/* of the cache, to be given away */
	bool is_zstd, has_subclusters, is_marked_corrupt;
	uint64_t counts_at;	/* the table of tables that count what is used */
	uint32_t counts_clusters;
	unsigned count_bits;	/* of one count */
	uint32_t snapshots;
	uint64_t snapshots_at;
	uint64_t unlooked;	/* entries of first tables that are still to be looked at */
	struct libdeflate_decompressor *inflater;
};

static uint64_t cluster_of(const struct qcow *q)
{
	return (uint64_t)1 << q->cluster_bits;
}

static uint64_t table_bytes(const struct qcow *q)
{
	return (uint64_t)q->entry_size << q->table_bits;
}

/* ---- tables ---- */

/* The second table at that place; NULL: it cannot be read. */
static const uint8_t *table_at(struct qcow *q, uint64_t at)
{
	struct slot *s = &q->cache[q->next];
	size_t bytes = (size_t)table_bytes(q);
	struct err ignored;

	for (unsigned i = 0; i < CACHED; i++)
		if (q->cache[i].at == at + 1)
			return q->cache[i].table;
	if (!s->table && !(s->table = malloc(bytes)))
		return NULL;
	s->at = 0;
	if (!blocks_read_all(q->sparse.of, at, s->table, bytes, &ignored))
		return NULL;
	s->at = at + 1;
	q->next = (q->next + 1) % CACHED;
	return s->table;
}

static bool is_place(const struct qcow *q, uint64_t at)
{
	return at && at % cluster_of(q) == 0 && at < q->sparse.of->size;
}

static uint64_t place_of_entry(const struct qcow *q, uint64_t entry)
{
	return q->version == 1 ? entry : entry & ENTRY_PLACE;
}

static void find_packed(const struct qcow *q, uint64_t entry, struct sparse_unit *out)
{
	unsigned bits = q->version == 1 ? 63 - q->cluster_bits : 62 - (q->cluster_bits - 8);
	uint64_t mask = q->version == 1 ? cluster_of(q) - 1 : (cluster_of(q) >> 8) - 1, size = entry >> bits & mask;

	out->at = entry & (((uint64_t)1 << bits) - 1);
	out->len = (uint32_t)(q->version == 1 ? size : (size + 1) * SECTOR - out->at % SECTOR);
	out->kind = out->at && out->len && out->at < q->sparse.of->size ? SPARSE_PACKED : SPARSE_LOST;
}

/* Which of its parts a cluster has, and which are zeros. */
static void find_part(const struct qcow *q, const uint8_t *entry, uint64_t number, struct sparse_unit *out)
{
	unsigned part = (unsigned)(number % SUBCLUSTERS);
	uint64_t parts = load_u64be(entry + 8);

	out->is_odd = parts & parts >> 32 & UINT32_MAX;
	if (parts >> (32 + part) & 1)
		out->kind = SPARSE_HOLE;
	else if (!out->at || !(parts >> part & 1))
		out->kind = SPARSE_BASE;
	out->at += part * (cluster_of(q) / SUBCLUSTERS);
}

static void find_entry(const struct qcow *q, const uint8_t *raw, uint64_t number, struct sparse_unit *out)
{
	uint64_t entry = load_u64be(raw);
	bool is_old = q->version == 1;

	out->kind = SPARSE_BASE;
	if (entry & (is_old ? OLD_PACKED : ENTRY_PACKED)) {
		find_packed(q, entry & ~OLD_PACKED & (is_old ? UINT64_MAX : ~ENTRY_PACKED), out);
		return;
	}
	out->is_odd = !is_old && (entry & ENTRY_ODD || (entry & 1 && (q->version < 3 || q->has_subclusters)));
	out->at = place_of_entry(q, entry);
	if (!is_old && !q->has_subclusters && entry & 1)
		out->kind = SPARSE_HOLE;
	else if (out->at)
		out->kind = is_place(q, out->at) ? SPARSE_PLAIN : SPARSE_LOST;
	if (q->has_subclusters && out->kind != SPARSE_LOST)
		find_part(q, raw, number, out);
}

static void find(struct sparse *s, uint64_t number, struct sparse_unit *out)
{
	struct qcow *q = (struct qcow *)s;
	uint64_t parts = q->has_subclusters ? SUBCLUSTERS : 1, cluster = number / parts;
	uint64_t in_table = (uint64_t)1 << q->table_bits, inside = cluster % in_table, root = cluster / in_table;
	uint64_t entry = root < q->root_count ? load_u64be(q->root + root * 8) : 0, at = place_of_entry(q, entry);
	const uint8_t *table;

	out->count = (in_table - inside) * parts - number % parts;
	out->kind = root < q->root_count && !at ? SPARSE_BASE : SPARSE_LOST;
	out->is_odd = q->version > 1 && entry & (ENTRY_ODD | ENTRY_PACKED | 1);
	if (out->kind == SPARSE_BASE || !is_place(q, at) || !(table = table_at(q, at)))
		return;
	out->count = 1;
	find_entry(q, table + inside * q->entry_size, number, out);
}

/* What is compressed ends within its last sector. */
static bool inflate(struct sparse *s, struct span packed, struct span room, uint8_t *to)
{
	struct qcow *q = (struct qcow *)s;
	size_t used = 0, got = 0;

	if (q->is_zstd) {
		struct buf out = buf_new(s->unit);
		bool ok = expand_zstd(&out, packed, s->unit) && out.len >= room.len;

		if (ok)
			memcpy(to, out.at, room.len);
		buf_free(&out);
		return ok;
	}
	return !libdeflate_deflate_decompress_ex(q->inflater, packed.at, packed.len, to, s->unit, &used, &got) &&
	       got >= room.len && (q->version == 1 || used + SECTOR > packed.len);
}

static void release(struct sparse *s)
{
	struct qcow *q = (struct qcow *)s;

	for (unsigned i = 0; i < CACHED; i++)
		free(q->cache[i].table);
	libdeflate_free_decompressor(q->inflater);
	free(q->root);
	free(q);
}

/* ---- opening ---- */

static bool take_old(struct qcow *q, const uint8_t *h, struct err *err)
{
	q->cluster_bits = h[32];
	q->table_bits = h[33];
	q->entry_size = 8;
	q->root_at = load_u64be(h + 40);
	if (load_u32be(h + 36))
		return err_set(err, ERR_UNSUPPORTED, 36, "qcow: encrypted: not examined");
	if (q->table_bits < 1 || q->table_bits > CLUSTER_BITS_MOST - 3)
		return err_set(err, ERR_CORRUPT, 33, "qcow: impossible size of a table");
	return true;
}

static bool take_features(struct qcow *q, const uint8_t *h, struct err *err)
{
	uint64_t features = load_u64be(h + 72);

	q->is_marked_corrupt = features & FEATURE_CORRUPT;
	q->has_subclusters = features & FEATURE_SUBCLUSTERS;
	q->is_zstd = features & FEATURE_PACKING && load_u32be(h + 100) > 104 && h[104] == 1;
	q->count_bits = load_u32be(h + 96) <= 6 ? 1u << load_u32be(h + 96) : 16;
	if (features & FEATURE_OTHER_FILE)
		return err_set(err, ERR_UNSUPPORTED, 72, "qcow2: its data are in another file: not examined");
	if (features & ~(uint64_t)FEATURES_KNOWN || (features & FEATURE_PACKING && load_u32be(h + 100) > 104 && h[104] > 1))
		return err_set(err, ERR_UNSUPPORTED, 72, "qcow2: a feature that is not known");
	return true;
}

static bool take_new(struct qcow *q, const uint8_t *h, struct err *err)
{
	q->cluster_bits = load_u32be(h + 20);
	q->root_count = load_u32be(h + 36);
	q->root_at = load_u64be(h + 40);
	q->counts_at = load_u64be(h + 48);
	q->counts_clusters = load_u32be(h + 56);
	q->snapshots = load_u32be(h + 60);
	q->snapshots_at = load_u64be(h + 64);
	q->count_bits = 16;
	if (load_u32be(h + 32))
		return err_set(err, ERR_UNSUPPORTED, 32, "qcow2: encrypted: not examined");
	if (q->version >= 3 && !take_features(q, h, err))
		return false;
	q->entry_size = q->has_subclusters ? 16 : 8;
	q->table_bits = q->cluster_bits - (q->has_subclusters ? 4 : 3);
	return true;
}

static bool take_header(struct qcow *q, const uint8_t *h, struct err *err)
{
	q->version = load_u32be(h + 4);
	if (q->version < 1 || q->version > 3)
		return err_set(err, ERR_UNSUPPORTED, 4, "qcow: a version that is not known");
	if (load_u64be(h + 8) && !q->sparse.base)
		return err_set(err, ERR_UNSUPPORTED, 8, "qcow2: rests on another image");
	if (!(q->version == 1 ? take_old(q, h, err) : take_new(q, h, err)))
		return false;
	if (q->cluster_bits < CLUSTER_BITS_LEAST || q->cluster_bits > CLUSTER_BITS_MOST)
		return err_set(err, ERR_CORRUPT, 20, "qcow2: impossible size of a cluster");
	return true;
}

static bool read_root(struct qcow *q, uint64_t size, struct buf *words, struct err *err)
{
	uint64_t in_table = cluster_of(q) << q->table_bits, need = size / in_table + (size % in_table > 0);
	size_t got = 0;

	if (q->version == 1)
		q->root_count = need;
	if (q->root_count < need)
		sparse_say(words, "its first table is too short");
	if (q->root_count > need)
		sparse_say(words, "its first table is longer than its size asks for");
	if (need > ROOT_MOST || q->root_count > ROOT_MOST)
		return err_set(err, ERR_LIMIT, q->root_at, "limit: tables of a qcow2 image");
	q->root = calloc(q->root_count + 1, 8);
	if (!q->root)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
	if (!blocks_read(q->sparse.of, q->root_at, q->root, q->root_count * 8, &got, err))
		return false;
	if (got < q->root_count * 8)
		sparse_say(words, "its first table ends too early");
	q->root_count = got / 8;
	return true;
}

static bool open_qcow(struct qcow *q, struct buf *words, struct err *err)
{
	uint8_t h[HEADER] = { 0 };
	size_t got;
	uint64_t size;

	if (!blocks_read(q->sparse.of, 0, h, sizeof h, &got, err) || !take_header(q, h, err))
		return false;
	size = load_u64be(h + 24);
	if (size > INT64_MAX)
		return err_set(err, ERR_CORRUPT, 24, "qcow2: impossible size");
	q->sparse.unit = (uint32_t)(cluster_of(q) / (q->has_subclusters ? SUBCLUSTERS : 1));
	sparse_begin(&q->sparse, size);
	if (q->snapshots)
		sparse_say(words, "%u snapshots inside the image are not examined", q->snapshots);
	if (q->is_marked_corrupt)
		sparse_say(words, "the image is marked as corrupt");
	return read_root(q, size, words, err);
}

struct blocks *qcow_media(struct blocks *of, struct blocks *base, struct buf *words, struct err *err)
{
	struct qcow *q = calloc(1, sizeof *q);

	if (!q || !(q->inflater = libdeflate_alloc_decompressor())) {
		free(q);
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	q->sparse = (struct sparse){ .of = of, .base = base, .find = find, .unpack = inflate, .release = release };
	if (open_qcow(q, words, err))
		return &q->sparse.blocks;
	release(&q->sparse);
	return NULL;
}

/* ---- what it rests on ---- */

/* Extensions behind the header: the format of the base may be one. */
static bool is_base_raw(struct blocks *of, uint32_t version, uint32_t header)
{
	uint64_t at = version == 3 ? header : OLD_HEADER;
	uint8_t e[16];
	struct err ignored;

	for (unsigned i = 0; i < EXTENSIONS_MOST && blocks_read_all(of, at, e, sizeof e, &ignored) && load_u32be(e); i++) {
		if (load_u32be(e) == EXTENSION_BASE)
			return load_u32be(e + 4) == 3 && !memcmp(e + 8, "raw", 3);
		at += 8 + ((uint64_t)load_u32be(e + 4) + 7) / 8 * 8;
	}
	return false;
}

bool qcow_base(struct blocks *of, struct image_base *out)
{
	uint8_t h[HEADER] = { 0 }, path[IMAGE_NAME_MOST];
	struct err ignored;
	size_t got = 0;
	uint32_t len;

	if (!blocks_read(of, 0, h, sizeof h, &got, &ignored) || !load_u64be(h + 8))
		return false;
	len = load_u32be(h + 16);
	if (len <= sizeof path && blocks_read_all(of, load_u64be(h + 8), path, len, &ignored))
		image_base_take_path(out, span_of(path, len));
	out->is_raw = load_u32be(h + 4) > 1 && is_base_raw(of, load_u32be(h + 4), load_u32be(h + 100));
	return true;
}

/* ---- what is in use ---- */

static uint64_t read_number(struct qcow *q, uint64_t at)
{
	uint8_t raw[8] = { 0 };
	struct err ignored;

	return blocks_read_all(q->sparse.of, at, raw, sizeof raw, &ignored) ? load_u64be(raw) : 0;
}

/* By its count. Where that cannot be read it is in use. */
static bool is_free(void *context, uint64_t at)
{
	struct qcow *q = context;
	uint64_t in_table = cluster_of(q) * 8 / q->count_bits, number = at >> q->cluster_bits, table, count;
	uint8_t raw[8] = { 0 };
	struct err ignored;
	unsigned bytes = (q->count_bits + 7) / 8;

	if (number / in_table >= (uint64_t)q->counts_clusters << (q->cluster_bits - 3))
		return false;
	table = read_number(q, q->counts_at + number / in_table * 8);
	if (!table)
		return true;
	if (!blocks_read_all(q->sparse.of, table + number % in_table * q->count_bits / 8, raw, bytes, &ignored))
		return false;
	count = load_u64be(raw);
	if (q->count_bits >= 8)
		return !count;
	return !(raw[0] >> number % (8 / q->count_bits) * q->count_bits & ((1u << q->count_bits) - 1));
}

/* A part that is neither there nor zeros was never written. */
static void use_cluster(const struct qcow *q, const uint8_t *entry, const struct sparse_unit *unit, struct sparse_uses *u)
{
	uint64_t parts = q->has_subclusters ? load_u64be(entry + 8) : 0;

	if (unit->kind == SPARSE_PACKED || !q->has_subclusters)
		sparse_uses_add(u, unit->at, unit->kind == SPARSE_PACKED ? unit->len : cluster_of(q));
	for (unsigned i = 0; i < SUBCLUSTERS && unit->kind != SPARSE_PACKED; i++)
		if ((parts | parts >> 32) >> i & 1)
			sparse_uses_add(u, unit->at + i * (uint64_t)q->sparse.unit, q->sparse.unit);
}

/* Snapshots share what did not change between them. */
static void use_table(struct qcow *q, uint64_t at, struct sparse_uses *u)
{
	const uint8_t *table = is_place(q, at) && !sparse_uses_has(u, at) ? table_at(q, at) : NULL;

	sparse_uses_add(u, at, table_bytes(q));
	for (uint64_t i = 0; table && i < (uint64_t)1 << q->table_bits; i++) {
		struct sparse_unit unit = { .count = 1 };

		find_entry(q, table + i * q->entry_size, 0, &unit);
		/* Also what has a place and reads as zeros. */
		if (unit.at && unit.kind != SPARSE_LOST)
			use_cluster(q, table + i * q->entry_size, &unit, u);
	}
}

/* First tables do not lie in each other: all of them have no more entries than the file has room for. */
static void use_root(struct qcow *q, uint64_t at, uint64_t count, struct sparse_uses *u)
{
	sparse_uses_add(u, at, count * 8);
	for (uint64_t i = 0; i < count && i < ROOT_MOST && q->unlooked && !blocks_over(q->sparse.of); i++) {
		uint64_t entry = at == q->root_at ? load_u64be(q->root + i * 8) : read_number(q, at + i * 8);

		q->unlooked--;
		if (place_of_entry(q, entry))
			use_table(q, place_of_entry(q, entry), u);
	}
}

static void use_snapshots(struct qcow *q, struct sparse_uses *u)
{
	uint64_t at = q->snapshots_at;
	uint8_t h[SNAPSHOT_HEAD];
	struct err ignored;

	for (uint32_t i = 0; i < q->snapshots && i < SNAPSHOTS_MOST && !blocks_over(q->sparse.of); i++) {
		uint64_t len;

		if (!blocks_read_all(q->sparse.of, at, h, sizeof h, &ignored))
			return;
		len = (uint64_t)sizeof h + load_u32be(h + 36) + load_u16be(h + 12) + load_u16be(h + 14);
		sparse_uses_add(u, at, len);
		use_root(q, load_u64be(h), load_u32be(h + 8), u);
		at += (len + 7) / 8 * 8;
	}
}

static void use_counts(struct qcow *q, struct sparse_uses *u)
{
	uint64_t tables = (uint64_t)q->counts_clusters << (q->cluster_bits - 3), most = q->sparse.of->size / 8;

	sparse_uses_add(u, q->counts_at, (uint64_t)q->counts_clusters << q->cluster_bits);
	for (uint64_t i = 0; i < tables && i < most && !blocks_over(q->sparse.of); i++) {
		uint64_t at = read_number(q, q->counts_at + i * 8);

		if (at)
			sparse_uses_add(u, at, cluster_of(q));
	}
}

/* Maps of what changed since a copy was made lie in clusters of their own. */
static bool has_bitmaps(struct qcow *q)
{
	return q->version == 3 && read_number(q, 88) & 1;
}

void qcow_look(struct blocks *media, struct buf *words)
{
	struct qcow *q = (struct qcow *)media;
	struct sparse_loss loss = sparse_look(&q->sparse, NULL);
	struct sparse_uses u;
	uint64_t left = 0;

	if (!has_bitmaps(q) && sparse_uses_begin(&u, q->sparse.of, q->sparse.unit)) {
		q->unlooked = q->sparse.of->size / 8;
		sparse_uses_add(&u, 0, cluster_of(q));
		use_root(q, q->root_at, q->root_count, &u);
		use_snapshots(q, &u);
		use_counts(q, &u);
		left = sparse_uses_left(&u, q->sparse.of, q->version == 1 ? NULL : is_free, q);
		sparse_uses_end(&u);
	}
	sparse_say_loss(words, &loss, left);
}
