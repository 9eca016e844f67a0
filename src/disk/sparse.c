#include "disk/sparse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOKED_AT ((size_t)64 << 10)
#define MAP_PIECE 512
#define USES_MOST ((uint64_t)32 << 20)	/* bytes */

static bool unpack(struct sparse *s, uint64_t number, const struct sparse_unit *u, struct err *err)
{
	uint64_t at = number * s->unit;
	size_t size = s->blocks.size - at < s->unit ? (size_t)(s->blocks.size - at) : s->unit, got = 0;
	uint8_t *packed, *plain;

	if (s->plain_number == number + 1)
		return true;
	s->plain_number = 0;
	buf_clear(&s->packed);
	buf_clear(&s->plain);
	packed = u->len && u->len <= SPARSE_PACKED_MOST ? buf_reserve(&s->packed, u->len) : NULL;
	plain = buf_reserve(&s->plain, s->unit);
	if (!packed || !plain)
		return err_set(err, ERR_CORRUPT, u->at, "impossible size of what is compressed");
	if (!blocks_read(s->of, u->at, packed, u->len, &got, err))
		return false;
	if (!s->unpack || !s->unpack(s, span_of(packed, got), span_of(plain, size), plain))
		return err_set(err, ERR_CORRUPT, u->at, "cannot be unpacked");
	s->plain.len = size;
	s->plain_number = number + 1;
	return true;
}

/* What lies behind its end is zeros. */
static bool read_base(struct sparse *s, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	uint64_t there = s->base && at < s->base->size ? s->base->size - at : 0;
	size_t piece = there < len ? (size_t)there : len;

	memset(to + piece, 0, len - piece);
	return !piece || blocks_read_all(s->base, at, to, piece, err);
}

/* Runs of sectors that lie in the same of both. */
static bool read_partly(struct sparse *s, const struct sparse_unit *u, uint64_t start, uint32_t inside, uint8_t *to,
			size_t len, struct err *err)
{
	uint8_t map[MAP_PIECE];
	uint64_t known = UINT64_MAX;

	while (len) {
		uint64_t number = inside / s->sector, piece = s->sector - inside % s->sector;
		unsigned bit = number % 8;
		bool is_here;

		if (number / 8 / MAP_PIECE != known) {
			size_t got;

			known = number / 8 / MAP_PIECE;
			memset(map, 0, sizeof map);
			if (!blocks_read(s->of, u->map_at + known * MAP_PIECE, map, sizeof map, &got, err))
				return false;
		}
		piece = piece < len ? piece : len;
		is_here = map[number / 8 % MAP_PIECE] >> (s->is_high_first ? 7 - bit : bit) & 1;
		if (is_here ? !blocks_read_all(s->of, u->at + inside, to, (size_t)piece, err)
			    : !read_base(s, start + inside, to, (size_t)piece, err))
			return false;
		to += piece;
		inside += (uint32_t)piece;
		len -= (size_t)piece;
	}
	return true;
}

static bool read_unit(struct sparse *s, uint64_t number, uint32_t inside, uint8_t *to, size_t len, struct err *err)
{
	struct sparse_unit u = { .count = 1 };

	s->find(s, number, &u);
	switch (u.kind) {
	case SPARSE_HOLE:
		memset(to, 0, len);
		return true;
	case SPARSE_BASE:
		return read_base(s, s->base_at + number * s->unit + inside, to, len, err);
	case SPARSE_PLAIN:
		return blocks_read_all(s->of, u.at + inside, to, len, err);
	case SPARSE_PARTLY:
		return read_partly(s, &u, s->base_at + number * s->unit, inside, to, len, err);
	case SPARSE_PACKED:
		if (!unpack(s, number, &u, err))
			return false;
		memcpy(to, s->plain.at + inside, len);
		return true;
	default:
		return err_set(err, ERR_CORRUPT, number * s->unit, "the image has lost where this lies");
	}
}

static bool read_sparse(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct sparse *s = (struct sparse *)b;

	while (len) {
		uint32_t inside = (uint32_t)(at % s->unit);
		size_t piece = s->unit - inside < len ? s->unit - inside : len;

		if (!read_unit(s, at / s->unit, inside, to, piece, err))
			return false;
		to += piece;
		at += piece;
		len -= piece;
	}
	return true;
}

/* Where the base has data at or after `at`, but not beyond `end`. */
static uint64_t data_of_base(struct sparse *s, uint64_t at, uint64_t end)
{
	uint64_t from = s->base_at + at, data;

	if (!s->base || from >= s->base->size)
		return end;
	data = blocks_data_from(s->base, from);
	return data < s->base->size && data - s->base_at < end ? data - s->base_at : end;
}

static uint64_t data_of_sparse(struct blocks *b, uint64_t at)
{
	struct sparse *s = (struct sparse *)b;
	struct sparse_unit u;

	while (at < b->size && !blocks_over(b)) {
		uint64_t left = (b->size - at) / s->unit + 1, end, data;

		u = (struct sparse_unit){ .count = 1 };
		s->find(s, at / s->unit, &u);
		if (u.kind != SPARSE_HOLE && u.kind != SPARSE_BASE)
			break;
		end = (at / s->unit + (u.count < left ? u.count : left)) * s->unit;
		data = u.kind == SPARSE_BASE ? data_of_base(s, at, end) : end;
		if (data < end)
			return data;
		at = end;
	}
	return at;
}

static void close_sparse(struct blocks *b)
{
	struct sparse *s = (struct sparse *)b;

	buf_free(&s->packed);
	buf_free(&s->plain);
	s->release(s);
}

void sparse_begin(struct sparse *s, uint64_t size)
{
	s->blocks = (struct blocks){ .size = size, .read = read_sparse, .data_from = data_of_sparse,
				     .close = close_sparse, .budget = s->of->budget };
	s->packed = buf_new(SPARSE_PACKED_MOST);
	s->plain = buf_new(SPARSE_PACKED_MOST);
}

/* ---- what is in use ---- */

bool sparse_uses_begin(struct sparse_uses *u, const struct blocks *of, uint64_t grain)
{
	while (of->size / grain / 8 > USES_MOST)
		grain *= 2;
	*u = (struct sparse_uses){ .grain = grain, .count = (of->size + grain - 1) / grain };
	u->bits = calloc(u->count / 8 + 1, 1);
	return u->bits;
}

void sparse_uses_add(struct sparse_uses *u, uint64_t at, uint64_t len)
{
	uint64_t first = at / u->grain, end = len > UINT64_MAX - at ? UINT64_MAX : at + len;

	for (uint64_t i = first; i < u->count && i * u->grain < end; i++)
		u->bits[i / 8] |= (uint8_t)(1 << i % 8);
}

bool sparse_uses_has(const struct sparse_uses *u, uint64_t at)
{
	uint64_t i = at / u->grain;

	return i < u->count && u->bits[i / 8] >> i % 8 & 1;
}

static bool holds_something(struct blocks *of, uint64_t at, uint64_t len, uint8_t *room)
{
	uint64_t end = at + len;
	struct err ignored;
	size_t got;

	while ((at = blocks_data_from(of, at)) < end) {
		size_t piece = end - at < LOOKED_AT ? (size_t)(end - at) : LOOKED_AT;

		if (!blocks_read(of, at, room, piece, &got, &ignored) || !got)
			return false;
		if (*room || memcmp(room, room + 1, got - 1))
			return true;
		at += got;
	}
	return false;
}

uint64_t sparse_uses_left(const struct sparse_uses *u, struct blocks *of, bool (*is_free)(void *context, uint64_t at),
			  void *context)
{
	uint8_t *room = malloc(LOOKED_AT);
	uint64_t left = 0;

	for (uint64_t i = 0; room && i < u->count && !blocks_over(of); i++) {
		if (u->bits[i / 8] >> i % 8 & 1 || (is_free && is_free(context, i * u->grain)))
			continue;
		left += holds_something(of, i * u->grain, u->grain, room) ? u->grain : 0;
	}
	free(room);
	return left;
}

void sparse_uses_end(struct sparse_uses *u)
{
	free(u->bits);
}

struct sparse_loss sparse_look(struct sparse *s, struct sparse_uses *u)
{
	uint64_t units = (s->blocks.size + s->unit - 1) / s->unit;
	struct sparse_loss loss = { 0 };
	struct sparse_unit unit;

	for (uint64_t i = 0; i < units && !blocks_over(s->of); i += unit.count ? unit.count : 1) {
		unit = (struct sparse_unit){ .count = 1 };
		s->find(s, i, &unit);
		if (unit.kind == SPARSE_LOST)
			loss.lost += unit.count < units - i ? unit.count : units - i;
		loss.odd += unit.is_odd;
		if (u && (unit.kind == SPARSE_PLAIN || unit.kind == SPARSE_PARTLY || unit.kind == SPARSE_PACKED))
			sparse_uses_add(u, unit.at, unit.kind == SPARSE_PACKED ? unit.len : s->unit);
	}
	return loss;
}

void sparse_say(struct buf *words, const char *format, ...)
{
	char text[120];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (words->len)
		buf_text(words, ", ");
	buf_text(words, text);
}

void sparse_say_loss(struct buf *words, const struct sparse_loss *loss, uint64_t left)
{
	if (loss->lost)
		sparse_say(words, "%llu units have lost their place", (unsigned long long)loss->lost);
	if (loss->odd)
		sparse_say(words, "%llu places are damaged", (unsigned long long)loss->odd);
	if (left)
		sparse_say(words, "%llu KiB in the file belong to nothing", (unsigned long long)(left + 1023) / 1024);
}
