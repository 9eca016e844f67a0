/*
 * luks2_support: a volume of LUKS 2 around a text and what lies behind its headers, for
 * tests and fuzzing: without a checksum that holds nobody would read the text.
 */
#ifndef KANSHIKI_DISK_LUKS2_SUPPORT_H
#define KANSHIKI_DISK_LUKS2_SUPPORT_H

#include "base/buf.h"
#include "codec/digest.h"

#define LUKS2_HEADER 0x4000
#define LUKS2_BINARY 4096
#define LUKS2_CHECKSUM 448

static inline void luks2_put_header(uint8_t *at, uint64_t offset, uint8_t sequence, struct span text)
{
	static const uint8_t magics[2][8] = { "LUKS\xba\xbe\0\2", "SKUL\xba\xbe\0\2" };

	memset(at, 0, LUKS2_HEADER);
	memcpy(at, magics[offset > 0], 8);
	at[14] = LUKS2_HEADER >> 8;
	at[23] = sequence;
	at[262] = (uint8_t)(offset >> 8);
	text = span_sub(text, 0, LUKS2_HEADER - LUKS2_BINARY);
	memcpy(at + LUKS2_BINARY, text.at, text.len);
	sha256_of(span_of(at, LUKS2_HEADER), at + LUKS2_CHECKSUM);
}

/* `seed`: the text, a NUL, what lies behind both headers. */
static inline bool luks2_build(struct span seed, struct buf *to)
{
	struct span text = span_split(&seed, 0);
	uint8_t *headers = buf_reserve(to, 2 * LUKS2_HEADER);

	if (!headers)
		return false;
	luks2_put_header(headers, 0, 3, text);
	luks2_put_header(headers + LUKS2_HEADER, LUKS2_HEADER, 3, text);
	to->len += 2 * LUKS2_HEADER;
	return buf_add(to, seed);
}

#endif
