/* decode_expect_support: what the decoders of a place tell of a text, compared as lines. */
#ifndef KANSHIKI_ARTEFACT_DECODE_EXPECT_SUPPORT_H
#define KANSHIKI_ARTEFACT_DECODE_EXPECT_SUPPORT_H

#include <stdarg.h>

#include "artefact/decode_lines_support.h"
#include "test.h"

/* The lines of all traces; the file's own path is shown as @. */
static inline void expect(const char *path, const char *text, const char *want)
{
	struct decoded d = { .lines = buf_new((size_t)1 << 20) };
	struct buf shown = buf_new((size_t)1 << 20);
	struct span rest;

	decode_into(&d, path, "text", span_text(text), 0100644);
	rest = buf_span(&d.lines);
	while (rest.len) {
		size_t at = span_find(rest, 0, span_text(path));

		buf_add(&shown, span_sub(rest, 0, at));
		if (at != SIZE_MAX)
			buf_add_u8(&shown, '@');
		rest = span_from(rest, at == SIZE_MAX ? rest.len : at + strlen(path));
	}
	buf_add_u8(&shown, 0);
	assert_string_equal((const char *)shown.at, want);
	buf_free(&shown);
	buf_free(&d.lines);
}

#endif
