/*
 * digest_blocks: MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4) of the same blocks in one go.
 *
 * Each step of MD5 waits for the one before it, so that a processor is idle for most of
 * its time; with instructions for SHA-1 and SHA-256 those two are done in between and
 * cost nothing more. Without them OpenSSL does one after the other.
 */
#ifndef KANSHIKI_CODEC_DIGEST_BLOCKS_H
#define KANSHIKI_CODEC_DIGEST_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_BLOCK 64

/* The chaining values of the three. */
struct digest_states {
	uint32_t md5[4], sha1[5], sha256[8];
};

/* Whether this processor can. */
bool digest_blocks_can(void);
void digest_blocks_begin(struct digest_states *s);
/* Only where it can. */
void digest_blocks_add(struct digest_states *s, const uint8_t *at, size_t blocks);

#endif
