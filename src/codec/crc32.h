/* crc32: the checksum of zip, gzip, PNG and EVTX (polynomial 0xedb88320, reflected). */
#ifndef KANSHIKI_CODEC_CRC32_H
#define KANSHIKI_CODEC_CRC32_H

#include "base/span.h"

/* Of several spans: start with 0 and hand on the answer. */
uint32_t crc32_add(uint32_t crc, struct span s);

static inline uint32_t crc32_of(struct span s)
{
	return crc32_add(0, s);
}

#endif
