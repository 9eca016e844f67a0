/* One direction in two halves, with a gap between them as the first byte says; also what is cut off. */
#include "formats/smb/smb.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t data, texts;
};

static void read_all(struct seen *seen, struct span s)
{
	/* Every byte is read, so that a text that lies elsewhere is noticed. */
	for (size_t i = 0; i < s.len; i++)
		seen->texts += s.at[i];
}

static void message(void *context, const struct smb_message *m)
{
	read_all(context, m->name);
	read_all(context, m->other);
	read_all(context, m->token);
}

static void body(void *context, uint64_t bytes)
{
	((struct seen *)context)->data += bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = { 0 };
	struct smb_events events = { message, body, &seen };
	struct smb *s = malloc(sizeof *s);
	struct span rest = span_from(span_of(data, size), 1);
	uint64_t gap = size ? data[0] : 0;
	size_t half = rest.len / 2;

	if (s) {
		smb_begin(s);
		smb_begins(rest);
		if (smb_feed(s, span_sub(rest, 0, half), &events) && smb_skip(s, gap, &events))
			smb_feed(s, span_from(rest, half), &events);
		if (seen.data > size + gap)
			abort();
	}
	free(s);
	return 0;
}
