#include "disk/vmdk_extent.h"

#include <libdeflate.h>
#include <stdlib.h>

#include "disk/sparse.h"

#define SECTOR 512
#define HEADER 512
#define GRAIN_MOST ((uint64_t)SPARSE_PACKED_MOST / 2 / SECTOR)
#define TABLE_MOST 65536
#define TABLE_OF_ESX 4096
#define ROOT_MOST ((uint64_t)16 << 20)
#define CACHED 32
#define FLAG_COPY 2u
#define FLAG_ZEROS 4u
#define FLAG_PACKED 0x10000u
#define FLAG_MARKERS 0x20000u
/* The header that counts stands at the end. */
#define ROOT_AT_END UINT64_MAX
#define GRAIN_HEAD 12

struct slot {
	uint64_t at;		/* in the file, plus one; 0: free */
	uint8_t *table;
};

struct extent {
	struct sparse sparse;
	uint32_t flags;
	uint32_t table;		/* entries of a second table */
	uint64_t roots[2], root_count;	/* where they stand, in bytes; 0: there is none */
	uint8_t *root[2];
	struct slot cache[CACHED];
	unsigned next;
	uint64_t start;		/* of what is no table, in bytes */
	struct libdeflate_decompressor *inflater;
};

/* ---- tables ---- */

static const uint8_t *table_at(struct extent *e, uint64_t at)
{
	struct slot *s = &e->cache[e->next];
	size_t bytes = (size_t)e->table * 4;
	struct err ignored;

	for (unsigned i = 0; i < CACHED; i++)
		if (e->cache[i].at == at + 1)
			return e->cache[i].table;
	if (!s->table && !(s->table = malloc(bytes)))
		return NULL;
	s->at = 0;
	if (!blocks_read_all(e->sparse.of, at, s->table, bytes, &ignored))
		return NULL;
	s->at = at + 1;
	e->next = (e->next + 1) % CACHED;
	return s->table;
}

static uint64_t root_entry(const struct extent *e, unsigned copy, uint64_t number)
{
	return e->roots[copy] ? (uint64_t)load_u32le(e->root[copy] + number * 4) * SECTOR : 0;
}

/* What one of the two says; 0: nothing. */
static uint32_t entry_of(struct extent *e, unsigned copy, uint64_t number)
{
	uint64_t at = root_entry(e, copy, number / e->table);
	const uint8_t *table = at && at < e->sparse.of->size ? table_at(e, at) : NULL;

	return table ? load_u32le(table + number % e->table * 4) : 0;
}

static bool is_place(const struct extent *e, uint32_t entry)
{
	return (uint64_t)entry * SECTOR >= e->start && (uint64_t)entry * SECTOR < e->sparse.of->size;
}

static bool is_zeros(const struct extent *e, uint32_t entry)
{
	return entry == 1 && e->flags & FLAG_ZEROS;
}

/* Neither of both names the table: a hole, to the end of what it would describe. */
static bool has_no_table(struct extent *e, uint64_t number, struct sparse_unit *out)
{
	uint64_t root = number / e->table;

	out->count = e->table - number % e->table;
	out->kind = root < e->root_count ? SPARSE_BASE : SPARSE_LOST;
	return root >= e->root_count || (!root_entry(e, 0, root) && !root_entry(e, 1, root));
}

static void find(struct sparse *s, uint64_t number, struct sparse_unit *out)
{
	struct extent *e = (struct extent *)s;
	uint32_t first, second, entry;
	uint8_t head[GRAIN_HEAD];
	struct err ignored;

	if (has_no_table(e, number, out))
		return;
	out->count = 1;
	first = entry_of(e, 0, number);
	second = e->roots[1] ? entry_of(e, 1, number) : first;
	out->is_odd = first != second;
	entry = first && (is_place(e, first) || !is_place(e, second)) ? first : second;
	out->at = (uint64_t)entry * SECTOR;
	out->kind = !entry ? SPARSE_BASE : is_zeros(e, entry) ? SPARSE_HOLE : is_place(e, entry) ? SPARSE_PLAIN : SPARSE_LOST;
	if (out->kind != SPARSE_PLAIN || !(e->flags & FLAG_PACKED))
		return;
	out->kind = SPARSE_LOST;
	if (!blocks_read_all(s->of, out->at, head, sizeof head, &ignored))
		return;
	out->at += GRAIN_HEAD;
	out->len = load_u32le(head + 8);
	if (load_u64le(head) == number * (s->unit / SECTOR) && out->len && out->len <= SPARSE_PACKED_MOST)
		out->kind = SPARSE_PACKED;
}

static bool inflate(struct sparse *s, struct span packed, struct span room, uint8_t *to)
{
	struct extent *e = (struct extent *)s;
	size_t used = 0, got = 0;

	return !libdeflate_zlib_decompress_ex(e->inflater, packed.at, packed.len, to, s->unit, &used, &got) &&
	       got >= room.len;
}

static void release(struct sparse *s)
{
	struct extent *e = (struct extent *)s;

	for (unsigned i = 0; i < CACHED; i++)
		free(e->cache[i].table);
	libdeflate_free_decompressor(e->inflater);
	free(e->root[0]);
	free(e->root[1]);
	free(e);
}

/* ---- opening ---- */

static bool has_magic(struct blocks *of, const char *magic)
{
	uint8_t head[4];
	struct err ignored;

	return blocks_read_all(of, 0, head, sizeof head, &ignored) && !memcmp(head, magic, sizeof head);
}

bool vmdk_extent_is(struct blocks *of)
{
	return has_magic(of, "KDMV") || has_magic(of, "COWD");
}

/* Also the second header, of an image made for streaming. */
static bool read_header(struct blocks *of, uint8_t h[HEADER], struct buf *words, struct err *err)
{
	uint8_t end[HEADER];
	struct err ignored;

	if (!blocks_read_all(of, 0, h, HEADER, err))
		return false;
	if (memcmp(h, "KDMV", 4) || load_u64le(h + 56) != ROOT_AT_END)
		return true;
	if (of->size > 3 * HEADER && blocks_read_all(of, of->size / SECTOR * SECTOR - 2 * HEADER, end, HEADER, &ignored) &&
	    !memcmp(end, "KDMV", 4)) {
		memcpy(h, end, HEADER);
		return true;
	}
	sparse_say(words, "the header at its end is destroyed");
	return err_set(err, ERR_CORRUPT, of->size, "vmdk: the header at its end is destroyed");
}

static bool take_header(struct extent *e, const uint8_t *h, uint64_t *sectors, uint64_t *grain)
{
	bool is_esx = !memcmp(h, "COWD", 4);

	e->flags = load_u32le(h + 8);
	if (is_esx) {
		e->flags = 0;
		*sectors = load_u32le(h + 12);
		*grain = load_u32le(h + 16);
		e->table = TABLE_OF_ESX;
		e->roots[0] = (uint64_t)load_u32le(h + 20) * SECTOR;
		e->start = HEADER;
		return true;
	}
	*sectors = load_u64le(h + 12);
	*grain = load_u64le(h + 20);
	e->table = load_u32le(h + 44);
	if (load_u64le(h + 48) > UINT32_MAX || load_u64le(h + 56) > UINT32_MAX)
		return false;
	e->roots[0] = load_u64le(h + 56) * SECTOR;
	e->roots[1] = e->flags & FLAG_COPY ? load_u64le(h + 48) * SECTOR : 0;
	e->start = HEADER;
	return e->table && e->table <= TABLE_MOST && *sectors <= INT64_MAX / SECTOR;
}

/* Of two, one may be gone. */
static bool read_roots(struct extent *e, struct buf *words, struct err *err)
{
	size_t bytes = (size_t)e->root_count * 4, got;
	unsigned good = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (!e->roots[i])
			continue;
		e->root[i] = calloc(bytes ? bytes : 1, 1);
		if (!e->root[i])
			return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		if (blocks_read(e->sparse.of, e->roots[i], e->root[i], bytes, &got, err) && got == bytes)
			good++;
		else
			sparse_say(words, "one of its first tables ends too early");
	}
	return good || err_set(err, ERR_CORRUPT, e->roots[0], "vmdk: its tables cannot be read");
}

static bool open_extent(struct extent *e, struct buf *words, struct err *err)
{
	uint8_t h[HEADER];
	uint64_t sectors, grain, each;

	if (!read_header(e->sparse.of, h, words, err))
		return false;
	if (!take_header(e, h, &sectors, &grain) || !grain || grain > GRAIN_MOST || grain & (grain - 1))
		return err_set(err, ERR_CORRUPT, 0, "vmdk: its header makes no sense");
	each = grain * e->table;
	e->root_count = sectors / each + (sectors % each > 0);
	if (e->root_count > ROOT_MOST)
		return err_set(err, ERR_LIMIT, 0, "limit: tables of a vmdk image");
	e->sparse.unit = (uint32_t)(grain * SECTOR);
	sparse_begin(&e->sparse, sectors * SECTOR);
	return read_roots(e, words, err);
}

struct blocks *vmdk_extent_open(struct blocks *of, struct buf *words, struct err *err)
{
	struct extent *e = calloc(1, sizeof *e);

	if (!e || !(e->inflater = libdeflate_alloc_decompressor())) {
		free(e);
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	e->sparse = (struct sparse){ .of = of, .find = find, .unpack = inflate, .release = release };
	if (open_extent(e, words, err))
		return &e->sparse.blocks;
	release(&e->sparse);
	return NULL;
}

void vmdk_extent_rest(struct blocks *extent, struct blocks *base, uint64_t at)
{
	struct extent *e = (struct extent *)extent;

	e->sparse.base = base;
	e->sparse.base_at = at;
}

struct blocks *vmdk_extent_text(struct blocks *of)
{
	uint8_t h[HEADER] = { 0 };
	struct err ignored;
	uint64_t at, len;

	if (!has_magic(of, "KDMV") || !blocks_read_all(of, 0, h, sizeof h, &ignored))
		return blocks_part(of, 0, 0);
	at = load_u64le(h + 28);
	len = load_u64le(h + 36);
	if (!at || at > of->size / SECTOR || len > of->size / SECTOR)
		return blocks_part(of, 0, 0);
	return blocks_part(of, at * SECTOR, len * SECTOR);
}

/* ---- what is in use ---- */

/*
 * Behind each other stand grains, each with its place in the media, and tables, each behind a
 * sector that says how long it is. Grains that the tables do not lead to.
 */
static uint64_t count_unnamed(struct extent *e, bool *breaks_off)
{
	struct blocks *of = e->sparse.of;
	uint64_t at, unnamed = 0;
	uint8_t m[16] = { 0 };
	struct err ignored;

	/* Behind the text, and what is left free for it. */
	blocks_read_all(of, 64, m, 8, &ignored);
	at = load_u64le(m) && load_u64le(m) < of->size / SECTOR ? load_u64le(m) * SECTOR : SECTOR;
	*breaks_off = false;
	while (at < of->size && blocks_read_all(of, at, m, sizeof m, &ignored)) {
		uint64_t number = load_u64le(m), grain = e->sparse.unit / SECTOR;
		uint32_t len = load_u32le(m + 8), kind = load_u32le(m + 12);
		struct sparse_unit unit = { .count = 1 };

		if (!len && !number && !kind)
			return unnamed;		/* the mark of its end */
		if (!len) {
			at += SECTOR + (number < of->size / SECTOR ? number : of->size / SECTOR) * SECTOR;
			continue;
		}
		if (number % grain || number >= e->sparse.blocks.size / SECTOR || len > SPARSE_PACKED_MOST)
			break;
		find(&e->sparse, number / grain, &unit);
		unnamed += unit.kind != SPARSE_PACKED || unit.at != at + GRAIN_HEAD;
		at += ((uint64_t)GRAIN_HEAD + len + SECTOR - 1) / SECTOR * SECTOR;
	}
	*breaks_off = true;
	return unnamed;
}

/* Tables lie among grains where an extent grew. */
static void use_tables(const struct extent *e, struct sparse_uses *u)
{
	for (unsigned copy = 0; copy < 2; copy++) {
		sparse_uses_add(u, e->roots[copy], e->roots[copy] ? e->root_count * 4 : 0);
		for (uint64_t i = 0; i < e->root_count; i++)
			if (root_entry(e, copy, i))
				sparse_uses_add(u, root_entry(e, copy, i), (uint64_t)e->table * 4);
	}
}

static uint64_t count_left(struct extent *e, struct sparse_loss *loss)
{
	struct sparse_uses u;
	struct blocks *text = vmdk_extent_text(e->sparse.of);
	uint64_t left = 0;

	/* Half a grain: they begin at any sector. */
	if (!sparse_uses_begin(&u, e->sparse.of, e->sparse.unit / 2 + SECTOR)) {
		blocks_close(text);
		return 0;
	}
	*loss = sparse_look(&e->sparse, &u);
	sparse_uses_add(&u, 0, HEADER + (text ? text->size : 0));
	use_tables(e, &u);
	left = sparse_uses_left(&u, e->sparse.of, NULL, NULL);
	sparse_uses_end(&u);
	blocks_close(text);
	return left;
}

static void look_at_roots(const struct extent *e, struct buf *words)
{
	uint64_t odd = 0;

	for (uint64_t i = 0; e->roots[1] && i < e->root_count; i++)
		odd += !root_entry(e, 0, i) != !root_entry(e, 1, i) || root_entry(e, 0, i) >= e->sparse.of->size ||
		       root_entry(e, 1, i) >= e->sparse.of->size;
	if (odd)
		sparse_say(words, "its two tables differ in %llu places", (unsigned long long)odd);
}

void vmdk_extent_look(struct blocks *extent, struct buf *words)
{
	struct extent *e = (struct extent *)extent;
	struct sparse_loss loss = { 0 };
	uint64_t left = 0, unnamed = 0;
	bool breaks_off = false;

	look_at_roots(e, words);
	if (e->flags & FLAG_MARKERS) {
		loss = sparse_look(&e->sparse, NULL);
		unnamed = count_unnamed(e, &breaks_off);
	} else {
		left = count_left(e, &loss);
	}
	sparse_say_loss(words, &loss, left);
	if (unnamed)
		sparse_say(words, "%llu grains are named by no table", (unsigned long long)unnamed);
	if (breaks_off)
		sparse_say(words, "the row of its grains breaks off");
}
