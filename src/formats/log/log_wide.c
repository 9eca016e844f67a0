#include "formats/log/log_reader.h"

#include "base/utf8.h"

#define PIECE ((size_t)1 << 20)

/* UTF-16, as PowerShell writes it: only with the mark in front. */
static enum log_width width_of(struct span start)
{
	if (span_starts(start, SPAN("\xff\xfe")))
		return LOG_WIDTH_LITTLE;
	return span_starts(start, SPAN("\xfe\xff")) ? LOG_WIDTH_BIG : LOG_WIDTH_BYTES;
}

static void turn_units(uint8_t *units, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2) {
		uint8_t first = units[i];

		units[i] = units[i + 1];
		units[i + 1] = first;
	}
}

bool log_wide_start(struct span start, struct buf *text)
{
	enum log_width width = width_of(start);
	uint8_t units[LOG_IDENTIFY_BYTES / 2];
	struct span got = span_sub(start, 2, sizeof units);

	if (width == LOG_WIDTH_BYTES || got.len < 2)
		return false;
	memcpy(units, got.at, got.len);
	if (width == LOG_WIDTH_BIG)
		turn_units(units, got.len);
	return utf8_add_utf16le(text, span_of(units, got.len));
}

/* How many bytes are whole characters: not half a unit, not half a pair. */
static size_t whole_units(struct span raw, enum log_width width, bool last)
{
	size_t len = raw.len & ~(size_t)1;
	size_t high = width == LOG_WIDTH_BIG ? 2 : 1;

	if (!last && len && (raw.at[len - high] & 0xfc) == 0xd8)
		len -= 2;
	return len;
}

static bool feed_piece(struct log_reader *r, struct span piece, bool last)
{
	struct log_wide *w = &r->wide;
	struct span rest;
	size_t len;

	buf_clear(&w->raw);
	buf_clear(&w->text);
	buf_add(&w->raw, span_of(w->carry, w->carried));
	buf_add(&w->raw, piece);
	len = whole_units(buf_span(&w->raw), w->width, last);
	rest = span_from(buf_span(&w->raw), len);
	w->carried = rest.len < sizeof w->carry ? rest.len : 0;
	memcpy(w->carry, rest.at, w->carried);
	if (w->width == LOG_WIDTH_BIG)
		turn_units(w->raw.at, len);
	if (w->raw.overflow || !utf8_add_utf16le(&w->text, span_sub(buf_span(&w->raw), 0, len)))
		log_bad_line(r);
	return log_reader_take(r, buf_span(&w->text), last);
}

/* The first two bytes decide. */
static bool begin(struct log_reader *r, struct span *block, bool last, bool *waits)
{
	struct log_wide *w = &r->wide;
	struct span missing = span_sub(*block, 0, 2 - w->carried);
	struct span head;

	memcpy(w->carry + w->carried, missing.at, missing.len);
	head = span_of(w->carry, w->carried + missing.len);
	*waits = head.len < 2 && !last;
	if (*waits) {
		w->carried = head.len;
		return true;
	}
	w->width = width_of(head);
	w->raw = buf_new(PIECE + sizeof w->carry);
	w->text = buf_new(PIECE * 2);
	if (w->width != LOG_WIDTH_BYTES) {
		*block = span_from(*block, missing.len);
		r->offset = 2;
	} else if (w->carried && !log_reader_take(r, span_of(w->carry, w->carried), false)) {
		return false;
	}
	w->carried = 0;
	return true;
}

void log_wide_free(struct log_wide *w)
{
	buf_free(&w->raw);
	buf_free(&w->text);
}

bool log_reader_feed(struct log_reader *r, struct span block, bool last, event_fn *each,
		     void *context)
{
	bool waits = false;

	r->each = each;
	r->context = context;
	if (r->wide.width == LOG_WIDTH_UNKNOWN && !begin(r, &block, last, &waits))
		return false;
	if (waits)
		return true;
	if (r->wide.width == LOG_WIDTH_BYTES)
		return log_reader_take(r, block, last);
	do {
		struct span piece = span_sub(block, 0, PIECE);

		block = span_from(block, piece.len);
		if (!feed_piece(r, piece, last && block.len == 0))
			return false;
	} while (block.len);
	return true;
}
