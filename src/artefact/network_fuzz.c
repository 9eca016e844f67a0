#include <stdarg.h>

#include "artefact/decode_lines_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line that names the kind (and a path after a space), then the content. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoded d = { .lines = buf_new((size_t)1 << 20) };
	struct span rest = span_of(data, size), line = span_split(&rest, '\n'), kind;
	char path[128] = { 0 }, name[32] = { 0 };

	kind = span_sub(span_split(&line, '|'), 0, sizeof name - 1);
	line = span_sub(line, 0, sizeof path - 1);
	if (kind.len)
		memcpy(name, kind.at, kind.len);
	if (line.len)
		memcpy(path, line.at, line.len);
	decode_into(&d, path, name, rest, 0100644);
	buf_free(&d.lines);
	return 0;
}
