/* One direction in two halves, met in its middle and with a gap behind the first where the first byte says so. */
#include "formats/http/http2.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t data;
	size_t texts;
};

static void field(void *context, struct span name, struct span value)
{
	struct seen *seen = context;

	/* Every byte is read, so that a text that lies elsewhere is noticed. */
	for (size_t i = 0; i < name.len; i++)
		seen->texts += name.at[i];
	for (size_t i = 0; i < value.len && i < 64; i++)
		seen->texts += value.at[i];
}

static void head(void *context, uint32_t stream, bool is_last)
{
}

static void body(void *context, uint32_t stream, uint64_t bytes)
{
	((struct seen *)context)->data += bytes;
}

static void end(void *context, uint32_t stream)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = { .data = 0 };
	struct http2_events events = { field, head, body, end, &seen };
	struct http2 *h = malloc(sizeof *h);
	struct buf room = buf_new((size_t)64 << 10);
	struct span rest = span_from(span_of(data, size), 1);
	size_t half = rest.len / 2;
	uint64_t gap = size ? data[0] & 0x7f : 0;
	bool is_in_middle = size && data[0] & 0x80;

	if (h) {
		http2_begin(h, is_in_middle);
		http2_continues(rest, is_in_middle);
		if (http2_feed(h, span_sub(rest, 0, half), &room, &events) && http2_skip(h, gap, &events))
			http2_feed(h, span_from(rest, half), &room, &events);
		if (seen.data > size + gap)
			abort();
	}
	buf_free(&room);
	free(h);
	return 0;
}
