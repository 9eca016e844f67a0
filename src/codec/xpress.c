#include "codec/xpress.h"

#define SYMBOLS 512
#define TABLE_BYTES 256
#define CODE_BITS 15
#define CHUNK ((size_t)65536)	/* bytes that one Huffman table serves */
#define END_SYMBOL 256

struct writer {
	uint8_t *at;
	size_t len, size;
};

static bool put(struct writer *w, uint8_t byte)
{
	if (w->len == w->size)
		return false;
	w->at[w->len++] = byte;
	return true;
}

/* Copies `len` bytes from `back` before the end; they may overlap with what is written. */
static bool repeat(struct writer *w, size_t back, size_t len)
{
	if (back > w->len)
		return false;
	if (len > w->size - w->len)
		len = w->size - w->len;
	for (; len; len--, w->len++)
		w->at[w->len] = w->at[w->len - back];
	return true;
}

static bool writer_new(struct writer *w, size_t size, struct arena *arena, struct err *err)
{
	*w = (struct writer){ .at = arena_alloc(arena, size + 1), .size = size };
	return w->at || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for %zu unpacked bytes", size);
}

struct bits {
	struct cursor in;
	uint32_t next;
	int extra;		/* bits of `next` beyond the first 16 */
};

/* Sixteen bits more; behind the end zeros, which END_SYMBOL's check or the size ends. */
static uint16_t more(struct bits *b)
{
	struct span two = span_sub(b->in.in, b->in.at, 2);

	if (two.len < 2) {
		b->in.at = b->in.in.len;
		return 0;
	}
	b->in.at += 2;
	return load_u16le(two.at);
}

static void bits_begin(struct bits *b)
{
	b->next = (uint32_t)more(b) << 16;
	b->next |= more(b);
	b->extra = 16;
}

static uint32_t bits_take(struct bits *b, unsigned count)
{
	uint32_t got = count ? b->next >> (32 - count) : 0;

	b->next = count ? b->next << count : b->next;
	b->extra -= (int)count;
	if (b->extra < 0) {
		b->next |= (uint32_t)more(b) << -b->extra;
		b->extra += 16;
	}
	return got;
}

struct code {
	uint16_t symbol[1 << CODE_BITS];
	uint8_t length[SYMBOLS];
};

/* Canonical codes, shorter first, as a table by the next 15 bits. They must fill it. */
static bool code_read(struct code *code, struct span lengths)
{
	size_t at = 0;

	for (size_t i = 0; i < TABLE_BYTES; i++) {
		code->length[2 * i] = lengths.at[i] & 15;
		code->length[2 * i + 1] = lengths.at[i] >> 4;
	}
	for (unsigned length = 1; length <= CODE_BITS; length++)
		for (unsigned s = 0; s < SYMBOLS; s++) {
			size_t room = (size_t)1 << (CODE_BITS - length);

			if (code->length[s] != length)
				continue;
			if (room > (1 << CODE_BITS) - at)
				return false;
			for (; room; room--)
				code->symbol[at++] = (uint16_t)s;
		}
	return at == 1 << CODE_BITS;
}

/* The length of a match whose symbol holds `nibble`, less 3. */
static size_t match_length(struct cursor *in, size_t nibble)
{
	size_t len = nibble;

	if (nibble < 15)
		return len;
	len = cursor_u8(in);
	if (len < 255)
		return len + 15;
	len = cursor_u16le(in);
	if (!len)
		len = cursor_u32le(in);
	if (len < 15)
		in->short_read = true;
	return len;
}

static bool chunk_read(struct bits *b, const struct code *code, struct writer *w, bool *done)
{
	size_t end = w->size - w->len < CHUNK ? w->size : w->len + CHUNK;

	bits_begin(b);
	while (w->len < end) {
		unsigned symbol = code->symbol[b->next >> (32 - CODE_BITS)];
		size_t len, back;

		bits_take(b, code->length[symbol]);
		if (symbol < END_SYMBOL) {
			if (!put(w, (uint8_t)symbol))
				return false;
			continue;
		}
		if (symbol == END_SYMBOL && b->in.at == b->in.in.len) {
			*done = true;
			return true;
		}
		symbol -= END_SYMBOL;
		len = match_length(&b->in, symbol & 15) + 3;
		back = ((size_t)1 << (symbol >> 4)) | bits_take(b, symbol >> 4);
		if (b->in.short_read || !repeat(w, back, len))
			return false;
	}
	return true;
}

bool xpress_huffman(struct span packed, size_t size, struct arena *arena, struct span *out,
		    struct err *err)
{
	struct bits bits = { .in = cursor_of(packed) };
	struct code *code = ARENA_NEW(arena, struct code);
	struct writer w;
	bool done = false;

	if (!writer_new(&w, size, arena, err))
		return false;
	if (!code)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for a code table");
	while (w.len < size && !done) {
		size_t start = bits.in.at;
		struct span lengths = cursor_take(&bits.in, TABLE_BYTES);

		if (bits.in.short_read)
			return err_set(err, ERR_CORRUPT, start, "compressed data ends after %zu of %zu bytes", w.len, size);
		if (!code_read(code, lengths))
			return err_set(err, ERR_CORRUPT, start, "code lengths make no code");
		if (!chunk_read(&bits, code, &w, &done))
			return err_set(err, ERR_CORRUPT, bits.in.at, "match beyond the data");
	}
	if (w.len < size)
		return err_set(err, ERR_CORRUPT, packed.len, "compressed data gives %zu of %zu bytes", w.len, size);
	*out = span_of(w.at, w.len);
	return true;
}

/* Two lengths share a byte: the second takes the high half of one read before. */
struct halves {
	uint8_t byte;
	bool is_waiting;
};

static size_t plain_length(struct cursor *in, struct halves *h, size_t low)
{
	size_t len;

	if (low < 7)
		return low + 3;
	if (h->is_waiting) {
		len = h->byte >> 4;
	} else {
		h->byte = cursor_u8(in);
		len = h->byte & 15;
	}
	h->is_waiting = !h->is_waiting;
	if (len < 15)
		return len + 7 + 3;
	len = cursor_u8(in);
	if (len < 255)
		return len + 15 + 7 + 3;
	len = cursor_u16le(in);
	if (!len)
		len = cursor_u32le(in);
	if (len < 15 + 7)
		in->short_read = true;
	return len + 3;
}

bool xpress_plain(struct span packed, size_t size, struct arena *arena, struct span *out,
		  struct err *err)
{
	struct cursor in = cursor_of(packed);
	struct halves halves = { 0 };
	struct writer w;
	uint32_t flags = 0;
	unsigned left = 0;

	if (!writer_new(&w, size, arena, err))
		return false;
	while (w.len < size) {
		if (!left) {
			flags = cursor_u32le(&in);
			left = 32;
		}
		left--;
		if (!(flags >> left & 1)) {
			put(&w, cursor_u8(&in));
		} else {
			uint16_t match = cursor_u16le(&in);
			size_t len = plain_length(&in, &halves, match & 7);

			if (!in.short_read && !repeat(&w, (size_t)(match >> 3) + 1, len))
				return err_set(err, ERR_CORRUPT, in.at, "match beyond the data");
		}
		if (in.short_read)
			return err_set(err, ERR_CORRUPT, in.at, "compressed data ends after %zu of %zu bytes", w.len, size);
	}
	*out = span_of(w.at, w.len);
	return true;
}
