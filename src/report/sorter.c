#include "report/sorter.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/scratch.h"

#define PAYLOAD_MOST ((size_t)1 << 20)
#define ROW_HEAD 20			/* in a run: time, rank, length of the payload */
#define WRITE_PIECE ((size_t)1 << 20)
#define READ_ROOM ((size_t)32 << 20)	/* of all runs together */
#define READ_PIECE_MOST ((size_t)512 << 10)
#define READ_PIECE_LEAST ((size_t)16 << 10)

/* In memory the payload stands in `bytes` behind its length. */
struct row {
	struct sorter_key key;
	uint64_t at;
};

struct run {
	uint64_t at, end;		/* in the file: of what is not in `piece` yet */
	struct buf piece;
	size_t used;			/* of it */
	struct sorter_key key;		/* of the row at hand */
	struct span payload;
};

struct sorter {
	size_t memory;
	struct buf bytes;
	struct row *rows;
	size_t count, room, next;
	int fd;				/* -1: all is in memory so far */
	uint64_t written;
	struct run *runs;
	size_t run_count, run_room;
	struct run **heap;
	size_t heap_count;
	struct run *taken;		/* whose row was given out */
	bool is_merging;
};

struct sorter *sorter_new(size_t memory, struct err *err)
{
	struct sorter *s = calloc(1, sizeof *s);

	if (!s) {
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for sorting");
		return NULL;
	}
	s->fd = -1;
	s->memory = memory;
	s->bytes = buf_new(memory + PAYLOAD_MOST * 2);
	return s;
}

void sorter_free(struct sorter *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->run_count; i++)
		buf_free(&s->runs[i].piece);
	if (s->fd >= 0)
		close(s->fd);
	buf_free(&s->bytes);
	free(s->heap);
	free(s->runs);
	free(s->rows);
	free(s);
}

/* ---- gathering ---- */

static bool is_before(const struct sorter_key *a, const struct sorter_key *b)
{
	return a->time != b->time ? a->time < b->time : a->rank < b->rank;
}

static int compare(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	return is_before(&a->key, &b->key) ? -1 : is_before(&b->key, &a->key);
}

static struct span payload_at(const struct sorter *s, uint64_t at)
{
	struct span rest = span_from(buf_span(&s->bytes), (size_t)at);

	return span_sub(rest, 4, load_u32le(rest.at));
}

/* Room for one more at the end of a list, which doubles. NULL: no memory, the list stays. */
static void *with_room(void *list, size_t count, size_t *room, size_t first, size_t size, struct err *err)
{
	size_t more = *room ? *room * 2 : first;
	void *grown;

	if (count < *room)
		return list;
	grown = reallocarray(list, more, size);
	if (grown)
		*room = more;
	else
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for sorting");
	return grown;
}

static bool new_run(struct sorter *s, struct err *err)
{
	struct run *runs;

	if (s->fd < 0 && (s->fd = scratch_open(err)) < 0)
		return false;
	runs = with_room(s->runs, s->run_count, &s->run_room, 16, sizeof *runs, err);
	if (!runs)
		return false;
	s->runs = runs;
	s->runs[s->run_count++] = (struct run){ .at = s->written };
	return true;
}

static void add_row(struct buf *out, const struct sorter_key *key, struct span payload)
{
	buf_add_u64le(out, (uint64_t)key->time);
	buf_add_u64le(out, key->rank);
	buf_add_u32le(out, (uint32_t)payload.len);
	buf_add(out, payload);
}

/* What has gathered becomes a run of the file. */
static bool spill(struct sorter *s, struct err *err)
{
	struct buf out = buf_new(WRITE_PIECE + PAYLOAD_MOST * 2);
	bool ok = new_run(s, err);

	qsort(s->rows, s->count, sizeof *s->rows, compare);
	for (size_t i = 0; ok && i < s->count; i++) {
		add_row(&out, &s->rows[i].key, payload_at(s, s->rows[i].at));
		if (out.len >= WRITE_PIECE || i + 1 == s->count) {
			ok = !out.overflow ? scratch_write(s->fd, buf_span(&out), err)
					   : err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for sorting");
			s->written += out.len;
			buf_clear(&out);
		}
	}
	if (ok)
		s->runs[s->run_count - 1].end = s->written;
	buf_free(&out);
	buf_clear(&s->bytes);
	s->count = 0;
	return ok;
}

bool sorter_add(struct sorter *s, const struct sorter_key *keys, size_t count, struct span payload,
		struct err *err)
{
	uint64_t at;

	if (payload.len > PAYLOAD_MOST)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "an entry is too long to be sorted");
	if (s->bytes.len + s->count * sizeof *s->rows > s->memory && !spill(s, err))
		return false;
	at = s->bytes.len;
	buf_add_u32le(&s->bytes, (uint32_t)payload.len);
	if (!buf_add(&s->bytes, payload))
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for sorting");
	for (size_t i = 0; i < count; i++) {
		struct row *rows = with_room(s->rows, s->count, &s->room, 4096, sizeof *rows, err);

		if (!rows)
			return false;
		s->rows = rows;
		s->rows[s->count++] = (struct row){ keys[i], at };
	}
	return true;
}

/* ---- merging ---- */

static bool fill(struct sorter *s, struct run *r, size_t want, struct err *err)
{
	size_t kept = r->piece.len - r->used, got;
	uint8_t *room;

	if (kept)
		memmove(r->piece.at, r->piece.at + r->used, kept);
	r->piece.len = kept;
	r->used = 0;
	want = want > r->end - r->at ? (size_t)(r->end - r->at) : want;
	room = buf_reserve(&r->piece, want);
	if (!room)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for sorting");
	if (!scratch_read(s->fd, r->at, room, want, &got, err))
		return false;
	r->piece.len += got;
	r->at += got;
	return got == want || err_set(err, ERR_IO, ERR_NO_OFFSET, "a temporary file became shorter");
}

static size_t piece_of(const struct sorter *s)
{
	size_t piece = READ_ROOM / s->run_count;

	return piece > READ_PIECE_MOST ? READ_PIECE_MOST : piece < READ_PIECE_LEAST ? READ_PIECE_LEAST : piece;
}

/* The next row of a run. *there false: it is used up. */
static bool step(struct sorter *s, struct run *r, bool *there, struct err *err)
{
	const uint8_t *at;
	size_t left = r->piece.len - r->used, len;

	if (left < ROW_HEAD && r->at < r->end && !fill(s, r, piece_of(s), err))
		return false;
	*there = r->piece.len - r->used >= ROW_HEAD;
	if (!*there)
		return true;
	len = ROW_HEAD + load_u32le(r->piece.at + r->used + 16);
	left = r->piece.len - r->used;
	if (left < len && !fill(s, r, len > piece_of(s) ? len : piece_of(s), err))
		return false;
	at = r->piece.at + r->used;
	r->key = (struct sorter_key){ (timestamp)load_u64le(at), load_u64le(at + 8) };
	r->payload = span_of(at + ROW_HEAD, len - ROW_HEAD);
	r->used += len;
	return true;
}

static void sink(struct sorter *s)
{
	struct run *down = s->heap[0];
	size_t at = 0;

	for (;;) {
		size_t child = at * 2 + 1;

		if (child + 1 < s->heap_count && is_before(&s->heap[child + 1]->key, &s->heap[child]->key))
			child++;
		if (child >= s->heap_count || !is_before(&s->heap[child]->key, &down->key))
			break;
		s->heap[at] = s->heap[child];
		at = child;
	}
	s->heap[at] = down;
}

static void rise(struct sorter *s, struct run *up)
{
	size_t at = s->heap_count++;

	while (at && is_before(&up->key, &s->heap[(at - 1) / 2]->key)) {
		s->heap[at] = s->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	s->heap[at] = up;
}

static bool begin_merge(struct sorter *s, struct err *err)
{
	bool there;

	s->is_merging = true;
	if (s->fd < 0) {
		if (s->count)
			qsort(s->rows, s->count, sizeof *s->rows, compare);
		return true;
	}
	if (s->count && !spill(s, err))
		return false;
	buf_free(&s->bytes);
	free(s->rows);
	s->rows = NULL;
	s->heap = calloc(s->run_count, sizeof(struct run *));
	if (!s->heap)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for sorting");
	for (size_t i = 0; i < s->run_count; i++) {
		s->runs[i].piece = buf_new(READ_PIECE_MOST + PAYLOAD_MOST * 2);
		if (!step(s, &s->runs[i], &there, err))
			return false;
		if (there)
			rise(s, &s->runs[i]);
	}
	return true;
}

static bool next_in_file(struct sorter *s, struct sorter_key *key, struct span *payload, bool *there,
			 struct err *err)
{
	bool more;

	if (s->taken) {
		if (!step(s, s->taken, &more, err))
			return false;
		if (!more)
			s->heap[0] = s->heap[--s->heap_count];
		if (s->heap_count)
			sink(s);
	}
	*there = s->heap_count;
	s->taken = *there ? s->heap[0] : NULL;
	if (*there) {
		*key = s->taken->key;
		*payload = s->taken->payload;
	}
	return true;
}

bool sorter_next(struct sorter *s, struct sorter_key *key, struct span *payload, bool *there,
		 struct err *err)
{
	if (!s->is_merging && !begin_merge(s, err))
		return false;
	if (s->fd >= 0)
		return next_in_file(s, key, payload, there, err);
	*there = s->next < s->count;
	if (*there) {
		*key = s->rows[s->next].key;
		*payload = payload_at(s, s->rows[s->next++].at);
	}
	return true;
}
