#include "disk/vhdx_log.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "codec/crc32.h"

#define SECTOR 4096
#define HEAD 64
#define DESCRIPTOR 32
#define LEADING 8
#define TRAILING 4
#define PATCHES_BYTES ((size_t)192 << 20)
/* Of zeros: each is looked at for each sector. */
#define ZEROS_MOST 4096

/* What an entry says of one sector; of two the one with the higher order counts. */
struct patch {
	uint64_t sector;
	uint32_t order;
	uint8_t bytes[SECTOR];
};

struct zeros {
	uint64_t at, len;
	uint32_t order;
};

struct replayed {
	struct blocks blocks;
	struct blocks *of;		/* borrowed */
	struct arena arena;
	struct map patches;		/* number of a sector to struct patch */
	struct zeros *zeros;
	size_t zero_count, zero_room;
};

struct entry {
	uint64_t at, len, tail;		/* in the log */
	uint64_t number;
	uint32_t descriptors;
	uint64_t flushed, last;		/* how long the image was, and has to be */
};

struct sequence {
	struct entry head;		/* its last; len 0: it has none */
	bool is_complete;		/* with all that is still needed */
};

struct reading {
	struct blocks *of;
	const struct vhdx_log *log;
	struct buf bytes;		/* of an entry, in one piece */
	uint64_t left;			/* bytes that may still be read: what looks like entries may overlap */
};

/* ---- entries ---- */

/* The log is a ring. */
static bool read_ring(struct reading *r, uint64_t at, size_t len)
{
	uint64_t first = r->log->size - at < len ? r->log->size - at : len;
	uint8_t *room;
	struct err ignored;

	if (len > r->left)
		return false;
	r->left -= len;
	buf_clear(&r->bytes);
	room = buf_reserve(&r->bytes, len);
	r->bytes.len = room ? len : 0;
	return room && blocks_read_all(r->of, r->log->at + at, room, (size_t)first, &ignored) &&
	       blocks_read_all(r->of, r->log->at, room + first, len - (size_t)first, &ignored);
}

static bool take_head(struct reading *r, uint64_t at, struct entry *e)
{
	struct cursor c = cursor_of(buf_span(&r->bytes));

	*e = (struct entry){ .at = at };
	if (!span_eq(cursor_take(&c, 4), SPAN("loge")))
		return false;
	cursor_skip(&c, 4);
	e->len = cursor_u32le(&c);
	e->tail = cursor_u32le(&c);
	e->number = cursor_u64le(&c);
	e->descriptors = cursor_u32le(&c);
	cursor_skip(&c, 4);
	if (!span_eq(cursor_take(&c, 16), span_of(r->log->id, sizeof r->log->id)))
		return false;
	e->flushed = cursor_u64le(&c);
	e->last = cursor_u64le(&c);
	return !c.short_read && e->number && e->len && e->len % SECTOR == 0 && e->len <= r->log->size &&
	       e->tail % SECTOR == 0 && e->tail < r->log->size && e->descriptors <= (e->len - HEAD) / DESCRIPTOR;
}

static bool sum_is_right(struct span entry)
{
	uint32_t sum = crc32c_add(UINT32_MAX, span_sub(entry, 0, 4));

	sum = crc32c_add(sum, SPAN("\0\0\0\0"));
	return ~crc32c_add(sum, span_from(entry, 8)) == load_u32le(entry.at + 4);
}

/* Where its sectors of data begin. */
static uint64_t data_at(const struct entry *e)
{
	return (HEAD + (uint64_t)e->descriptors * DESCRIPTOR + SECTOR - 1) / SECTOR * SECTOR;
}

/* Every part of it says that it is of this entry: none was torn. */
static bool is_whole(struct span bytes, const struct entry *e)
{
	uint64_t next = data_at(e);

	for (uint32_t i = 0; i < e->descriptors; i++) {
		const uint8_t *d = bytes.at + HEAD + (size_t)i * DESCRIPTOR;
		struct span data = span_sub(bytes, (size_t)next, SECTOR);

		if (load_u64le(d + 24) != e->number || load_u64le(d + 16) % SECTOR)
			return false;
		if (!memcmp(d, "zero", 4) && load_u64le(d + 8) % SECTOR == 0)
			continue;
		if (memcmp(d, "desc", 4) || data.len < SECTOR || memcmp(data.at, "data", 4) ||
		    load_u32le(data.at + 4) != e->number >> 32 || load_u32le(data.at + SECTOR - 4) != (uint32_t)e->number)
			return false;
		next += SECTOR;
	}
	return next <= e->len;
}

/* The bytes of it stay in r->bytes. False: no entry begins there, or it is damaged. */
static bool read_entry(struct reading *r, uint64_t at, struct entry *e)
{
	return read_ring(r, at, SECTOR) && take_head(r, at, e) && read_ring(r, at, (size_t)e->len) &&
	       sum_is_right(buf_span(&r->bytes)) && is_whole(buf_span(&r->bytes), e);
}

/* ---- the latest sequence ---- */

/* How far `at` lies behind `from` in the ring. */
static uint64_t distance(const struct reading *r, uint64_t from, uint64_t at)
{
	return at >= from ? at - from : at + r->log->size - from;
}

/* Entries one behind the other, whose numbers follow each other. */
static struct sequence read_sequence(struct reading *r, uint64_t start)
{
	struct sequence s = { .is_complete = false };
	uint64_t at = start, gone = 0;
	struct entry e;

	while (gone < r->log->size && read_entry(r, at, &e) && gone + e.len <= r->log->size &&
	       (!s.head.len || e.number == s.head.number + 1)) {
		s.head = e;
		gone += e.len;
		at = (at + e.len) % r->log->size;
	}
	s.is_complete = s.head.len && distance(r, start, s.head.tail) <= distance(r, start, s.head.at);
	return s;
}

static struct sequence find_sequence(struct reading *r)
{
	struct sequence best = { .is_complete = false };
	uint64_t at = 0, next;

	for (; at < r->log->size && !blocks_over(r->of); at = next) {
		struct sequence s = read_sequence(r, at);

		if (s.is_complete && s.head.number > best.head.number)
			best = s;
		next = s.head.len ? s.head.at + s.head.len : at + SECTOR;
		/* Once around. */
		if (s.head.len && s.head.at < at)
			break;
	}
	return best;
}

/* ---- what they say ---- */

static bool add_data(struct replayed *m, uint64_t at, uint32_t order, const uint8_t *d, const uint8_t *data)
{
	uint64_t sector = at / SECTOR;
	struct patch *p = map_get(&m->patches, span_of(&sector, sizeof sector));
	void **slot;

	if (!p) {
		p = ARENA_NEW(&m->arena, struct patch);
		if (!p)
			return false;
		p->sector = sector;
		slot = map_slot(&m->patches, span_of(&p->sector, sizeof p->sector));
		if (!slot)
			return false;
		*slot = p;
	}
	p->order = order;
	memcpy(p->bytes, d + 8, LEADING);
	memcpy(p->bytes + LEADING, data + LEADING, SECTOR - LEADING - TRAILING);
	memcpy(p->bytes + SECTOR - TRAILING, d + 4, TRAILING);
	return true;
}

static bool add_zeros(struct replayed *m, uint64_t at, uint64_t len, uint32_t order)
{
	void *items = m->zeros;
	struct zeros *z;

	if (m->zero_count == ZEROS_MOST)
		return false;
	z = arena_push(&m->arena, &items, &m->zero_count, &m->zero_room, sizeof *z);
	m->zeros = items;
	if (z)
		*z = (struct zeros){ at, len < UINT64_MAX - at ? len : UINT64_MAX - at, order };
	return z;
}

static bool replay_entry(struct replayed *m, struct span bytes, const struct entry *e, uint32_t *order)
{
	uint64_t next = data_at(e);
	bool ok = true;

	for (uint32_t i = 0; ok && i < e->descriptors; i++) {
		const uint8_t *d = bytes.at + HEAD + (size_t)i * DESCRIPTOR;
		uint64_t at = load_u64le(d + 16);

		++*order;
		if (!memcmp(d, "zero", 4)) {
			ok = add_zeros(m, at, load_u64le(d + 8), *order);
		} else {
			ok = add_data(m, at, *order, d, bytes.at + next);
			next += SECTOR;
		}
	}
	return ok;
}

static bool replay_all(struct replayed *m, struct reading *r, const struct sequence *s, struct vhdx_log *log)
{
	uint64_t at = s->head.tail, left = distance(r, at, s->head.at) + s->head.len;
	uint32_t order = 0;
	struct entry e;
	bool ok = true;

	while (ok && left && (ok = read_entry(r, at, &e) && e.len <= left)) {
		ok = replay_entry(m, buf_span(&r->bytes), &e, &order);
		left -= ok ? e.len : 0;
		at = (at + e.len) % r->log->size;
		log->entries++;
	}
	log->sectors = (uint32_t)m->patches.count;
	log->is_cut = r->of->size < s->head.flushed;
	if (s->head.last > m->blocks.size && s->head.last <= INT64_MAX)
		m->blocks.size = s->head.last;
	return ok;
}

/* ---- reading ---- */

static bool read_below(struct replayed *m, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	uint64_t there = at < m->of->size ? m->of->size - at : 0;
	size_t below = there < len ? (size_t)there : len;

	/* What was to be made longer, and was not yet. */
	memset(to + below, 0, len - below);
	return !below || blocks_read_all(m->of, at, to, below, err);
}

/* Of one sector; NULL: it is as it was. */
static const uint8_t *sector_of(const struct replayed *m, uint64_t sector)
{
	static const uint8_t zeros[SECTOR];
	const struct patch *p = map_get(&m->patches, span_of(&sector, sizeof sector));
	const uint8_t *bytes = p ? p->bytes : NULL;
	uint32_t order = p ? p->order : 0;

	for (size_t i = 0; i < m->zero_count; i++) {
		const struct zeros *z = &m->zeros[i];

		if (z->order > order && sector * SECTOR >= z->at && sector * SECTOR - z->at < z->len) {
			bytes = zeros;
			order = z->order;
		}
	}
	return bytes;
}

static bool read_replayed(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct replayed *m = (struct replayed *)b;

	if (!read_below(m, at, to, len, err))
		return false;
	while (len) {
		size_t within = (size_t)(at % SECTOR), piece = SECTOR - within < len ? SECTOR - within : len;
		const uint8_t *bytes = sector_of(m, at / SECTOR);

		if (bytes)
			memcpy(to, bytes + within, piece);
		at += piece;
		to += piece;
		len -= piece;
	}
	return true;
}

static void close_replayed(struct blocks *b)
{
	struct replayed *m = (struct replayed *)b;

	arena_free(&m->arena);
	free(m);
}

struct blocks *vhdx_log_replay(struct blocks *of, struct vhdx_log *log, struct err *err)
{
	struct reading r = { .of = of, .log = log, .bytes = buf_new((size_t)VHDX_LOG_MOST),
			     .left = 16 * log->size };
	struct replayed *m = calloc(1, sizeof *m);
	struct sequence s;
	bool ok = m;

	if (!m)
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a log");
	if (ok && (log->size < SECTOR || log->size > VHDX_LOG_MOST || log->size % SECTOR || log->at > of->size ||
		   log->size > of->size - log->at))
		ok = err_set(err, ERR_CORRUPT, log->at, "vhdx: its log is not where it should be");
	if (ok) {
		m->blocks = (struct blocks){ .size = of->size, .read = read_replayed, .close = close_replayed,
					     .budget = of->budget };
		m->of = of;
		m->arena = arena_new(PATCHES_BYTES);
		m->patches = map_new(&m->arena);
		s = find_sequence(&r);
		ok = s.is_complete || err_set(err, ERR_CORRUPT, log->at, "vhdx: its log holds no whole entry");
		ok = ok && (replay_all(m, &r, &s, log) || err_set(err, ERR_CORRUPT, log->at, "vhdx: its log is damaged"));
	}
	buf_free(&r.bytes);
	if (ok)
		return &m->blocks;
	if (m)
		close_replayed(&m->blocks);
	return NULL;
}
