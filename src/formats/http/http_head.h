/*
 * http_head: the first line and the telling fields of an HTTP/1 request or answer.
 *
 * Of what is there: a head that is cut off gives what was seen. Spans are borrowed.
 */
#ifndef KANSHIKI_FORMATS_HTTP_HEAD_H
#define KANSHIKI_FORMATS_HTTP_HEAD_H

#include "base/span.h"

#define HTTP_LENGTH_UNKNOWN UINT64_MAX
#define HTTP_HEAD_MAX ((size_t)16 << 10)	/* looked at */

struct http_head {
	bool is_request;
	struct span method, uri;	/* of a request */
	uint16_t status;		/* of an answer */
	struct span host, agent, type, server;
	struct span authorization;	/* of a request, to the server or a proxy: "NTLM …"; it may hold a password */
	uint64_t body_length;		/* as Content-Length says */
	bool is_chunked;		/* Transfer-Encoding: the length shows at the end */
	bool is_whole;			/* the empty line is there */
	size_t head_length;		/* with the empty line; all there is where it is cut off */
};

/* False where the bytes do not begin like one. */
bool http_head_read(struct span bytes, struct http_head *out);

#endif
