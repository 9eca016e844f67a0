#include "examine/carve.h"

#include <inttypes.h>

/* What is searched for event logs in one item. */
#define EVTX_CHUNK ((size_t)64 << 10)
#define CARVED_MOST ((size_t)128 << 20)
#define FREE_PIECE ((size_t)4 << 20)
#define SECTOR 512

struct carving {
	struct examination *x;
	struct item *image;
	const struct volume *volume;
	struct buf chunks, piece;
	uint64_t left_out;		/* chunks beyond the limit */
	uint64_t unread;		/* bytes */
};

/* Chunks of event logs begin at sectors; each stands alone. */
static void carve_piece(struct carving *c, uint64_t at, struct span piece, size_t upto)
{
	uint8_t *room;
	struct err ignored;
	size_t got;

	for (size_t i = 0; i < upto; i += SECTOR) {
		if (!span_starts(span_from(piece, i), SPAN("ElfChnk\0")))
			continue;
		if (c->chunks.len + EVTX_CHUNK > CARVED_MOST) {
			c->left_out++;
			continue;
		}
		room = buf_reserve(&c->chunks, EVTX_CHUNK);
		if (room && blocks_read(c->volume->blocks, at + i, room, EVTX_CHUNK, &got, &ignored)) {
			memset(room + got, 0, EVTX_CHUNK - got);
			c->chunks.len += EVTX_CHUNK;
		}
	}
}

static bool carve_run(void *context, uint64_t at, uint64_t len)
{
	struct carving *c = context;
	struct err ignored;
	size_t got;

	while (len && !examination_over(c->x)) {
		uint64_t data = blocks_data_from(c->volume->blocks, at);
		size_t piece;

		if (data - at >= len)
			return true;
		len -= data - at;
		at = data;
		piece = len < FREE_PIECE ? (size_t)len : FREE_PIECE;
		if (!blocks_read(c->volume->blocks, at, c->piece.at, piece, &got, &ignored))
			got = 0;
		c->unread += piece - got;
		carve_piece(c, at, span_of(c->piece.at, got), got);
		at += piece;
		len -= piece;
	}
	return !examination_over(c->x);
}

static void examine_carved(struct carving *c)
{
	struct item item = { .depth = c->image->depth + 1, .modified = TIME_NONE,
			     .bytes = buf_span(&c->chunks) };
	struct item_origin origin = { .begin = { .size = c->chunks.len, .modified = TIME_NONE,
		.changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE } };
	struct buf path = buf_new(FS_PATH_MAX * 2);

	buf_add(&path, c->image->path);
	buf_printf(&path, "!/%s/unallocated/recovered.evtx", c->volume->name);
	item.path = buf_span(&path);
	item.member = span_from(item.path, c->image->path.len + 2);
	origin.begin.path = item.member;
	item_examine(c->x, &item, &origin);
	buf_free(&path);
}

static void tell_lost(const struct carving *c)
{
	if (c->unread)
		examination_short(c->x, FATE_PARTLY, "%s: %" PRIu64 " bytes of free space cannot be read",
				  c->volume->name, c->unread);
	if (c->left_out)
		examination_short(c->x, FATE_PARTLY, "limit: %s: %" PRIu64 " further chunks of event logs in "
				  "free space", c->volume->name, c->left_out);
}

void carve_free_space(struct examination *x, struct item *image, const struct volume *v, struct file_system *fs)
{
	struct carving c = { .x = x, .image = image, .volume = v, .chunks = buf_new(CARVED_MOST + EVTX_CHUNK),
			     .piece = buf_new(FREE_PIECE) };
	struct err err;

	if (buf_reserve(&c.piece, FREE_PIECE) && !fs_free_runs(fs, carve_run, &c, &err))
		examination_short(x, FATE_PARTLY, "%s: %s", v->name, err.text);
	tell_lost(&c);
	if (c.chunks.len)
		examine_carved(&c);
	buf_free(&c.chunks);
	buf_free(&c.piece);
}
