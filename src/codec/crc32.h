/*
 * crc32: the checksum of zip, gzip, PNG and EVTX (polynomial 0xedb88320, reflected), and
 * Castagnoli's (0x82f63b78), of ext4 and VHDX.
 */
#ifndef KANSHIKI_CODEC_CRC32_H
#define KANSHIKI_CODEC_CRC32_H

#include "base/span.h"

/* Of several spans: start with 0 and hand on the answer. */
uint32_t crc32_add(uint32_t crc, struct span s);

static inline uint32_t crc32_of(struct span s)
{
	return crc32_add(0, s);
}

/* As it is, without turning it around before or after: ext4 starts with a seed, others with all ones. */
uint32_t crc32c_add(uint32_t crc, struct span s);

#endif
