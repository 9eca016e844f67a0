/*
 * hpack_huffman: texts in the code of RFC 7541, appendix B.
 */
#ifndef KANSHIKI_FORMATS_HPACK_HUFFMAN_H
#define KANSHIKI_FORMATS_HPACK_HUFFMAN_H

#include "base/buf.h"

/* Adds the text to `to`. False: no such code, or no room. */
bool hpack_huffman(struct span coded, struct buf *to);

#endif
