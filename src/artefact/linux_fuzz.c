#include <stdarg.h>

#include "artefact/decode_lines_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line of the path, then the content: every decoder of Linux that a path can choose. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoded d = { .lines = buf_new((size_t)1 << 20) };
	struct span rest = span_of(data, size), path = span_split(&rest, '\n');
	char text[256] = { 0 };

	path = span_sub(path, 0, sizeof text - 1);
	if (path.len)
		memcpy(text, path.at, path.len);
	decode_into(&d, text, "text", rest, 0104755);
	buf_free(&d.lines);
	return 0;
}
