#include "disk/xfs.h"

#include <stdlib.h>

#include "codec/crc32.h"
#include "disk/xfs_fork.h"

#define BLOCK_MOST 65536
#define PIECE ((size_t)1 << 20)
#define NO_NUMBER UINT64_MAX
#define FLAG_REALTIME 1
#define FLAG_BIGTIME 8
#define FLAG_METADATA 32
#define INCOMPAT_TYPES 1
#define INCOMPAT_SPARSE 2
#define VERSION_MORE 0x8000
#define MORE_TYPES 0x200
#define INODE_SUM 100
#define LINK_HEAD 56

/* ---- the superblock ---- */

static bool makes_sense(const struct xfs_volume *x)
{
	return x->block >= 512 && x->block <= BLOCK_MOST && !(x->block & (x->block - 1)) && x->sector >= 512 &&
	       x->sector <= x->block && x->group_blocks && x->inode_size >= 256 && x->inode_size <= XFS_INODE_MOST &&
	       x->block_bits <= 8 && x->group_bits <= 31 && (uint32_t)x->inode_size << x->block_bits == x->block &&
	       (uint64_t)x->groups * x->group_blocks <= (UINT64_MAX >> 1) / x->block;
}

bool xfs_open(struct xfs_volume *out, struct blocks *volume, struct err *err)
{
	static const uint16_t own[] = { 56, 64, 72, 160, 168, 232 };
	uint8_t s[256];
	uint16_t version;

	*out = (struct xfs_volume){ .volume = volume };
	if (!blocks_read_all(volume, 0, s, sizeof s, err))
		return false;
	version = load_u16be(s + 100);
	out->block = load_u32be(s + 4);
	out->group_blocks = load_u32be(s + 84);
	out->groups = load_u32be(s + 88);
	out->sector = load_u16be(s + 102);
	out->inode_size = load_u16be(s + 104);
	out->block_bits = s[123];
	out->group_bits = s[124];
	out->is_v5 = (version & 15) == 5;
	out->has_sparse = out->is_v5 && load_u32be(s + 216) & INCOMPAT_SPARSE;
	out->has_types = out->is_v5 ? load_u32be(s + 216) & INCOMPAT_TYPES
				    : version & VERSION_MORE && load_u32be(s + 200) & MORE_TYPES;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		out->own[i] = i < 5 || out->is_v5 ? load_u64be(s + own[i]) : NO_NUMBER;
	if (memcmp(s, "XFSB", 4) || !makes_sense(out))
		return err_set(err, ERR_CORRUPT, 0, "xfs: the superblock makes no sense");
	/* Where it makes no sense it costs the names of large folders, and these say so. */
	out->folder_bits = s[192] <= 7 && out->block << s[192] <= BLOCK_MOST ? s[192] : 0;
	return true;
}

bool xfs_place_of_blocks(const struct xfs_volume *x, uint64_t block, uint64_t count, uint64_t *at)
{
	uint64_t group = block >> x->group_bits, inside = block & ((UINT64_C(1) << x->group_bits) - 1);

	if (group >= x->groups || inside >= x->group_blocks || count > x->group_blocks - inside)
		return false;
	*at = (group * x->group_blocks + inside) * x->block;
	return true;
}

bool xfs_sum_is_right(struct span bytes, size_t at)
{
	static const uint8_t zeros[4];
	uint32_t sum = crc32c_add(UINT32_MAX, span_sub(bytes, 0, at));

	if (bytes.len < at + 4)
		return false;
	sum = crc32c_add(sum, span_of(zeros, sizeof zeros));
	return ~crc32c_add(sum, span_from(bytes, at + 4)) == load_u32le(bytes.at + at);
}

/* ---- inodes ---- */

bool xfs_place(const struct xfs_volume *x, uint64_t number, uint64_t *at)
{
	uint64_t group = number >> (x->group_bits + x->block_bits);
	uint64_t block = number >> x->block_bits & ((UINT64_C(1) << x->group_bits) - 1);

	if (group >= x->groups || block >= x->group_blocks)
		return false;
	*at = (group * x->group_blocks + block) * x->block + (number & ((UINT64_C(1) << x->block_bits) - 1)) * x->inode_size;
	return *at < x->volume->size;
}

/* Nanoseconds since 1901, or seconds and the rest of them. */
static timestamp time_of(const uint8_t *at, bool is_big)
{
	uint64_t ns = load_u64be(at);
	uint32_t rest = load_u32be(at + 4);

	if (is_big)
		return timestamp_of_unix((int64_t)(ns / 1000000000) - INT64_C(2147483648), (uint32_t)(ns % 1000000000));
	return timestamp_of_unix((int32_t)load_u32be(at), rest < 1000000000 ? rest : 0);
}

static bool is_v3(const uint8_t *raw)
{
	return raw[4] >= 3;
}

bool xfs_read_inode(const struct xfs_volume *x, uint64_t number, struct xfs_inode *out, struct err *err)
{
	uint64_t at = 0;
	const uint8_t *raw = out->raw;
	bool is_big;

	if (!xfs_place(x, number, &at) || !blocks_read_all(x->volume, at, out->raw, x->inode_size, err) ||
	    memcmp(raw, "IN", 2) || raw[4] < 1 || raw[4] > 3 || (is_v3(raw) && load_u64be(raw + 152) != number))
		return err_set(err, ERR_CORRUPT, at, "xfs: no inode where one should be");
	is_big = is_v3(raw) && load_u64be(raw + 120) & FLAG_BIGTIME;
	out->is_own = is_v3(raw) && load_u64be(raw + 120) & FLAG_METADATA;
	out->is_doubtful = is_v3(raw) && !xfs_sum_is_right(span_of(raw, x->inode_size), INODE_SUM);
	out->number = number;
	out->mode = load_u16be(raw + 2);
	out->links = raw[4] == 1 ? load_u16be(raw + 6) : load_u32be(raw + 16);
	out->accessed = time_of(raw + 32, is_big);
	out->modified = time_of(raw + 40, is_big);
	out->changed = time_of(raw + 48, is_big);
	out->created = is_v3(raw) ? time_of(raw + 144, is_big) : TIME_NONE;
	out->size = load_u64be(raw + 56);
	return true;
}

/* ---- content ---- */

struct reading {
	const struct xfs_volume *x;
	struct buf *to;
	uint64_t size;			/* as much as is wanted */
	uint64_t start;			/* of the content in `to` */
	bool *cut;
	bool failed;
	struct err *err;
};

static bool add_zeros(struct reading *r, uint64_t until)
{
	while (r->to->len - r->start < until) {
		uint64_t left = until - (r->to->len - r->start);
		size_t piece = left < PIECE ? (size_t)left : PIECE;
		uint8_t *room = buf_reserve(r->to, piece);

		if (!room) {
			*r->cut = true;
			return false;
		}
		memset(room, 0, piece);
		r->to->len += piece;
	}
	return true;
}

static bool add_blocks(struct reading *r, uint64_t at, uint64_t len)
{
	while (len) {
		size_t piece = len < PIECE ? (size_t)len : PIECE;
		uint8_t *room = buf_reserve(r->to, piece);

		if (!room) {
			*r->cut = true;
			return false;
		}
		if (!blocks_read_all(r->x->volume, at, room, piece, r->err)) {
			r->failed = true;
			return false;
		}
		r->to->len += piece;
		at += piece;
		len -= piece;
	}
	return true;
}

static bool take_extent(void *context, const struct xfs_extent *e)
{
	struct reading *r = context;
	uint64_t from = e->logical * r->x->block, len = e->count * r->x->block;

	if (from >= r->size)
		return false;
	len = len < r->size - from ? len : r->size - from;
	return add_zeros(r, from) && (e->is_unwritten ? add_zeros(r, from + len) : add_blocks(r, e->at, len));
}

static bool read_content(struct reading *r, const struct xfs_inode *i)
{
	struct xfs_fork fork = xfs_fork_of_data(r->x, i);

	if (load_u16be(i->raw + 90) & FLAG_REALTIME)
		return err_set(r->err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "xfs: lies on a realtime device");
	if (!xfs_each_extent(r->x, i->number, &fork, false, take_extent, r, r->err) || r->failed)
		return false;
	if (!*r->cut)
		add_zeros(r, r->size);
	return !i->is_doubtful || err_set(r->err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: the checksum of the inode is wrong");
}

bool xfs_read(const struct xfs_volume *x, uint64_t number, uint64_t most, struct buf *to, bool *cut, struct err *err)
{
	struct xfs_inode *i = malloc(sizeof *i);
	struct reading r = { .x = x, .to = to, .start = to->len, .cut = cut, .err = err };
	bool ok;

	*cut = false;
	if (!i)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "xfs: no memory");
	ok = xfs_read_inode(x, number, i, err);
	r.size = ok && i->size < most ? i->size : most;
	ok = ok && read_content(&r, i);
	*cut = *cut || (ok && i->size > most);
	free(i);
	return ok;
}

/* ---- links ---- */

struct link {
	const struct xfs_volume *x;
	struct buf bytes;
	size_t size;
	bool failed;
};

/* Each piece has a head of its own in version 5. */
static bool take_link_piece(void *context, const struct xfs_extent *e)
{
	struct link *l = context;
	uint8_t room[LINK_HEAD + XFS_LINK_MOST];
	size_t head = l->x->is_v5 ? LINK_HEAD : 0, left = l->size - l->bytes.len;
	uint64_t len = e->count * l->x->block - head;
	struct err ignored;

	len = len < left ? len : left;
	l->failed = !blocks_read_all(l->x->volume, e->at, room, head + (size_t)len, &ignored) ||
		    (head && memcmp(room, "XSLM", 4));
	return !l->failed && buf_add(&l->bytes, span_of(room + head, (size_t)len)) && l->bytes.len < l->size;
}

static bool read_target(struct link *l, const struct xfs_inode *i, struct err *err)
{
	struct xfs_fork fork = xfs_fork_of_data(l->x, i);

	l->size = (size_t)i->size;
	if (fork.format == XFS_FORMAT_LOCAL)
		buf_add(&l->bytes, span_sub(fork.bytes, 0, l->size));
	else if (!xfs_each_extent(l->x, i->number, &fork, false, take_link_piece, l, err))
		return false;
	return (!l->failed && l->bytes.len == l->size) ||
	       err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: where a link points cannot be read");
}

bool xfs_read_link(const struct xfs_volume *x, uint64_t number, struct buf *to, struct err *err)
{
	struct xfs_inode *i = malloc(sizeof *i);
	struct link l = { .x = x, .bytes = buf_new(XFS_LINK_MOST) };
	bool ok;

	if (!i)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "xfs: no memory");
	ok = xfs_read_inode(x, number, i, err);
	if (ok && ((i->mode & 0170000) != 0120000 || !i->size || i->size > XFS_LINK_MOST))
		ok = err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: no link, or one that makes no sense");
	ok = ok && read_target(&l, i, err) && buf_add(to, buf_span(&l.bytes));
	buf_free(&l.bytes);
	free(i);
	return ok;
}
