/*
 * http2: one direction of a connection of HTTP/2 (RFC 9113) that is not encrypted.
 *
 * Fed with the bytes of the stream as they come, it tells the fields of heads and how
 * many bytes of a body each stream carries, without padding. Bodies are not kept; a
 * head is, up to HTTP2_BLOCK bytes. What is missing in the middle of a body is no
 * matter (http2_skip), elsewhere the direction cannot be read on, but from a place where
 * frames follow one another (http2_continues): heads refer to those before them, and
 * what they take from there stays unknown (hpack.h).
 */
#ifndef KANSHIKI_FORMATS_HTTP2_H
#define KANSHIKI_FORMATS_HTTP2_H

#include "formats/http/hpack.h"

#define HTTP2_BLOCK 16384
#define HTTP2_FRAME_HEAD 9
/* What a client says first. */
#define HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* Calls with a stream's number. */
struct http2_events {
	hpack_fn *field;
	/* All fields of a head came; `is_last`: the stream has no body. */
	void (*head)(void *context, uint32_t stream, bool is_last);
	void (*data)(void *context, uint32_t stream, uint64_t bytes);
	/* The body is at its end, or was given up. */
	void (*end)(void *context, uint32_t stream);
	void *context;
};

struct http2 {
	uint8_t head[HTTP2_FRAME_HEAD];	/* of the frame at hand, as far as there */
	uint8_t head_len;
	uint8_t type, flags;
	uint32_t stream;
	uint32_t left;			/* of its payload */
	uint32_t padding;		/* at its end */
	bool is_in_frame, awaits_padding;
	bool is_in_block;		/* CONTINUATION follows */
	bool ends_stream;		/* says the frame that began the block */
	uint32_t block_len;
	uint8_t block[HTTP2_BLOCK];
	struct hpack hpack;
};

/* Whether the bytes are a frame of settings, which a server sends first; the head of it is enough. */
bool http2_begins(struct span bytes);
/* Whether the bytes of a segment are frames, the first of them whole, as the client or the server sends them. */
bool http2_continues(struct span bytes, bool is_client);
/* Before the first frame, behind the preface; or before any frame. */
void http2_begin(struct http2 *h, bool is_in_middle);
/* False: it cannot be read on. */
bool http2_feed(struct http2 *h, struct span bytes, struct buf *room, const struct http2_events *events);
/* The same of bytes that are not there. */
bool http2_skip(struct http2 *h, uint64_t missing, const struct http2_events *events);

#endif
