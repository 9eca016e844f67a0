/* crc32: the CRC of Ethernet, gzip and zip (polynomial 0xedb88320, reflected). */
#ifndef KANSHIKI_CODEC_CRC32_H
#define KANSHIKI_CODEC_CRC32_H

#include "base/span.h"

uint32_t crc32_of(struct span s);

#endif
