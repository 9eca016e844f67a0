#include "formats/http/http_head.h"

#define LINE_CUT 500	/* a request that long may be without its end */

static bool begins_request(struct span bytes)
{
	static const char *const methods[] = { "GET ", "POST ", "PUT ", "HEAD ", "CONNECT ",
		"OPTIONS ", "DELETE ", "PATCH ", "PROPFIND ", "MKCOL ", "MOVE ", "COPY ", "LOCK ",
		"REPORT ", "TRACE ", "UNLOCK ", "BITS_POST " };
	uint8_t c = bytes.len ? bytes.at[0] : 0;

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (c == (uint8_t)methods[i][0] && span_starts(bytes, span_text(methods[i])))
			return true;
	return false;
}

static struct span take_line(struct span *rest)
{
	struct span line = span_split(rest, '\n');

	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

static void take_field(struct http_head *out, struct span line)
{
	struct span name = span_split(&line, ':');
	struct span value = span_trim(line);

	switch (name.len) {
	case 4:
		if (span_eq_nocase(name, SPAN("host")))
			out->host = value;
		break;
	case 6:
		if (span_eq_nocase(name, SPAN("server")))
			out->server = value;
		break;
	case 10:
		if (span_eq_nocase(name, SPAN("user-agent")))
			out->agent = value;
		break;
	case 12:
		if (span_eq_nocase(name, SPAN("content-type")))
			out->type = value;
		break;
	case 13:
		if (span_eq_nocase(name, SPAN("authorization")))
			out->authorization = value;
		break;
	case 19:
		if (span_eq_nocase(name, SPAN("proxy-authorization")))
			out->authorization = value;
		break;
	case 14:
		if (span_eq_nocase(name, SPAN("content-length")) && !span_to_u64(value, &out->body_length))
			out->body_length = HTTP_LENGTH_UNKNOWN;
		break;
	case 17:
		if (span_eq_nocase(name, SPAN("transfer-encoding")))
			out->is_chunked = true;
		break;
	default:
		break;
	}
}

/* A line that fills a packet may go on in the next. */
static bool take_request(struct http_head *out, struct span line, bool is_cut)
{
	size_t version = line.len;

	while (version && line.at[version - 1] != ' ')
		version--;
	out->is_request = true;
	out->method = span_split(&line, ' ');
	out->uri = line;
	if (is_cut)
		return line.len >= LINE_CUT && (line.at[0] == '/' || span_starts(line, SPAN("http://")));
	version -= out->method.len + 1;
	if (version > line.len || !span_starts(span_from(line, version), SPAN("HTTP/1.")))
		return false;
	out->uri = span_sub(line, 0, version - 1);
	return true;
}

static bool take_answer(struct http_head *out, struct span line)
{
	uint64_t status;

	span_split(&line, ' ');
	if (!span_to_u64(span_split(&line, ' '), &status) || status < 100 || status > 599)
		return false;
	out->status = (uint16_t)status;
	return true;
}

bool http_head_read(struct span bytes, struct http_head *out)
{
	struct span rest = span_sub(bytes, 0, HTTP_HEAD_MAX), line;
	bool answer = span_starts(bytes, SPAN("HTTP/1.")), is_cut;

	*out = (struct http_head){ .body_length = HTTP_LENGTH_UNKNOWN };
	if (!answer && !begins_request(bytes))
		return false;
	is_cut = span_find_byte(rest, 0, '\n') == SIZE_MAX;
	line = take_line(&rest);
	if (!(answer ? take_answer(out, line) : take_request(out, line, is_cut)))
		return false;
	while (rest.len) {
		bool is_ended = span_find_byte(rest, 0, '\n') != SIZE_MAX;

		line = take_line(&rest);
		if (!line.len) {
			out->is_whole = is_ended;
			break;
		}
		take_field(out, line);
	}
	out->head_length = span_sub(bytes, 0, HTTP_HEAD_MAX).len - rest.len;
	return true;
}
