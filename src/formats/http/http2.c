#include "formats/http/http2.h"

enum { TYPE_DATA = 0, TYPE_HEADERS = 1, TYPE_PRIORITY = 2, TYPE_RESET = 3, TYPE_SETTINGS = 4, TYPE_PROMISE = 5,
       TYPE_PING = 6, TYPE_GONE = 7, TYPE_WINDOW = 8, TYPE_CONTINUATION = 9 };
enum { END_STREAM = 1, END_HEADERS = 4, PADDED = 8, PRIORITY = 0x20 };
/* What frames are held to, unless the ends agree on more. */
#define FRAME_MOST 16384
enum { PRIORITY_SIZE = 5, PROMISED_SIZE = 4, SETTING_SIZE = 6, SETTINGS_MOST = 32 };

static uint32_t length_of(const uint8_t *head)
{
	return (uint32_t)load_u16be(head) << 8 | head[2];
}

bool http2_begins(struct span bytes)
{
	uint32_t len;

	if (bytes.len < HTTP2_FRAME_HEAD)
		return false;
	len = length_of(bytes.at);
	return bytes.at[3] == TYPE_SETTINGS && !bytes.at[4] && !load_u32be(bytes.at + 5) &&
	       len % SETTING_SIZE == 0 && len <= SETTING_SIZE * SETTINGS_MOST;
}

/* What frames may be: flags, lengths, and whether they belong to a stream. */
static const struct frame_rule {
	uint8_t flags;
	bool of_stream, of_connection;
	uint32_t least, most;
} frame_rules[] = {
	[TYPE_DATA] = { END_STREAM | PADDED, true, false, 0, FRAME_MOST },
	[TYPE_HEADERS] = { END_STREAM | END_HEADERS | PADDED | PRIORITY, true, false, 1, FRAME_MOST },
	[TYPE_PRIORITY] = { 0, true, false, PRIORITY_SIZE, PRIORITY_SIZE },
	[TYPE_RESET] = { 0, true, false, 4, 4 },
	[TYPE_SETTINGS] = { 1, false, true, 0, SETTING_SIZE * SETTINGS_MOST },
	[TYPE_PROMISE] = { END_HEADERS | PADDED, true, false, PROMISED_SIZE, FRAME_MOST },
	[TYPE_PING] = { 1, false, true, 8, 8 },
	[TYPE_GONE] = { 0, false, true, 8, FRAME_MOST },
	[TYPE_WINDOW] = { 0, true, true, 4, 4 },
	[TYPE_CONTINUATION] = { END_HEADERS, true, false, 0, FRAME_MOST },
};

static bool is_frame(const uint8_t *head, bool is_client)
{
	uint32_t len = length_of(head), stream = load_u32be(head + 5);
	const struct frame_rule *r;

	if (head[3] >= sizeof frame_rules / sizeof *frame_rules)
		return false;
	r = &frame_rules[head[3]];
	if (head[4] & ~r->flags || len < r->least || len > r->most)
		return false;
	if (head[3] == TYPE_SETTINGS && (len % SETTING_SIZE || (head[4] && len)))
		return false;
	return stream >> 31 == 0 && (stream ? r->of_stream : r->of_connection) && !(is_client && head[3] == TYPE_PROMISE);
}

bool http2_continues(struct span bytes, bool is_client)
{
	bool is_first = true;

	while (bytes.len >= HTTP2_FRAME_HEAD) {
		size_t whole = HTTP2_FRAME_HEAD + (size_t)length_of(bytes.at);

		if (!is_frame(bytes.at, is_client) || (is_first && (bytes.at[3] == TYPE_CONTINUATION || whole > bytes.len)))
			return false;
		bytes = span_from(bytes, whole);
		is_first = false;
	}
	return !is_first;
}

void http2_begin(struct http2 *h, bool is_in_middle)
{
	h->head_len = 0;
	h->is_in_frame = h->is_in_block = false;
	h->block_len = 0;
	hpack_begin(&h->hpack, is_in_middle);
}

static bool is_of_block(const struct http2 *h)
{
	return h->type == TYPE_HEADERS || h->type == TYPE_PROMISE || h->type == TYPE_CONTINUATION;
}

/* Between the frames of a block nothing else may stand. */
static bool begin_frame(struct http2 *h)
{
	uint32_t stream = load_u32be(h->head + 5) & 0x7fffffff;

	if (h->is_in_block != (h->head[3] == TYPE_CONTINUATION) || (h->is_in_block && stream != h->stream))
		return false;
	h->left = length_of(h->head);
	h->type = h->head[3];
	h->flags = h->head[4];
	h->stream = stream;
	h->padding = 0;
	h->awaits_padding = h->type == TYPE_DATA && h->flags & PADDED;
	h->is_in_frame = true;
	if (is_of_block(h) && !h->is_in_block) {
		h->is_in_block = true;
		h->ends_stream = h->type == TYPE_HEADERS && h->flags & END_STREAM;
		h->block_len = 0;
	}
	return !is_of_block(h) || h->left <= sizeof h->block - h->block_len;
}

/* What stands around the fields in the frame that begins a block. */
static bool strip(struct http2 *h)
{
	struct cursor c = cursor_of(span_of(h->block, h->block_len));
	uint8_t padding = h->flags & PADDED ? cursor_u8(&c) : 0;
	size_t left;

	if (h->type == TYPE_PROMISE)
		cursor_skip(&c, PROMISED_SIZE);
	else if (h->flags & PRIORITY)
		cursor_skip(&c, PRIORITY_SIZE);
	left = cursor_left(&c);
	if (c.short_read || padding > left)
		return false;
	h->block_len = (uint32_t)(left - padding);
	memmove(h->block, h->block + c.at, h->block_len);
	return true;
}

static bool end_block(struct http2 *h, struct buf *room, const struct http2_events *events)
{
	bool ok = hpack_read(&h->hpack, span_of(h->block, h->block_len), room, events->field, events->context);

	h->is_in_block = false;
	if (ok)
		events->head(events->context, h->stream, h->ends_stream);
	return ok;
}

static bool end_frame(struct http2 *h, struct buf *room, const struct http2_events *events)
{
	h->is_in_frame = false;
	h->head_len = 0;
	if (h->type == TYPE_RESET || (h->type == TYPE_DATA && h->flags & END_STREAM))
		events->end(events->context, h->stream);
	if (!is_of_block(h))
		return true;
	if (h->type != TYPE_CONTINUATION && !strip(h))
		return false;
	return !(h->flags & END_HEADERS) || end_block(h, room, events);
}

/* Bytes of the payload of a frame of data; of padding none is told. */
static void take_data(struct http2 *h, uint32_t bytes, const struct http2_events *events)
{
	uint32_t body = h->left > h->padding ? h->left - h->padding : 0;

	if (bytes < body)
		body = bytes;
	h->left -= bytes;
	if (body)
		events->data(events->context, h->stream, body);
}

static void take_payload(struct http2 *h, struct span piece, const struct http2_events *events)
{
	if (is_of_block(h)) {
		memcpy(h->block + h->block_len, piece.at, piece.len);
		h->block_len += (uint32_t)piece.len;
	}
	if (h->awaits_padding && piece.len) {
		h->awaits_padding = false;
		h->padding = piece.at[0];
		h->left--;
		piece = span_from(piece, 1);
	}
	if (h->type == TYPE_DATA)
		take_data(h, (uint32_t)piece.len, events);
	else
		h->left -= (uint32_t)piece.len;
}

static struct span take_head(struct http2 *h, struct span bytes)
{
	size_t want = HTTP2_FRAME_HEAD - h->head_len, got = bytes.len < want ? bytes.len : want;

	memcpy(h->head + h->head_len, bytes.at, got);
	h->head_len = (uint8_t)(h->head_len + got);
	return span_from(bytes, got);
}

bool http2_feed(struct http2 *h, struct span bytes, struct buf *room, const struct http2_events *events)
{
	while (bytes.len) {
		struct span piece;

		if (!h->is_in_frame) {
			bytes = take_head(h, bytes);
			if (h->head_len < HTTP2_FRAME_HEAD)
				return true;
			if (!begin_frame(h))
				return false;
		}
		piece = span_sub(bytes, 0, h->left);
		bytes = span_from(bytes, piece.len);
		take_payload(h, piece, events);
		if (!h->left && !end_frame(h, room, events))
			return false;
	}
	return true;
}

bool http2_skip(struct http2 *h, uint64_t missing, const struct http2_events *events)
{
	if (!missing)
		return true;
	if (!h->is_in_frame || h->type != TYPE_DATA || h->awaits_padding || missing > h->left)
		return false;
	take_data(h, (uint32_t)missing, events);
	if (!h->left)
		end_frame(h, NULL, events);
	return true;
}
