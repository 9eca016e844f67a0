/*
 * escape: the one encoder per sink for text that came out of evidence.
 *
 * JSON has its encoder in json_write. What is unsafe everywhere: C0 and C1
 * controls, DEL, and Unicode's bidirectional and invisible format controls,
 * which can make a terminal or an eye read something else than what is there.
 */
#ifndef KANSHIKI_CODEC_ESCAPE_H
#define KANSHIKI_CODEC_ESCAPE_H

#include "base/buf.h"

bool escape_is_unsafe(uint32_t code);

/* Terminal: unsafe characters as \x1b or \u{202e}, ill-formed bytes as \xNN. */
void escape_terminal(struct buf *to, struct span text);
/* As escape_terminal, cut to `columns` with an ellipsis in the middle; returns columns used. */
size_t escape_terminal_fit(struct buf *to, struct span text, size_t columns);
/* Columns that text takes on a terminal. */
size_t escape_columns(struct span text);
/* HTML text and double-quoted attribute values. */
void escape_html(struct buf *to, struct span text);
/* One CSV cell (RFC 4180), always quoted; a leading = + - @ TAB CR gets an apostrophe. */
void escape_csv(struct buf *to, struct span text);

#endif
