/*
 * digest: SHA-256, SHA-1 and MD5 over OpenSSL; one call or piece by piece. And
 * BLAKE2b (RFC 7693) of 32 bytes over libsodium, for keys of our own, such as those of
 * caches: OpenSSL takes 3 ms to be loaded and to get ready.
 */
#ifndef KANSHIKI_CODEC_DIGEST_H
#define KANSHIKI_CODEC_DIGEST_H

#include "base/err.h"
#include "base/span.h"

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_BLAKE2B };

#define SHA256_SIZE 32
#define DIGEST_MAX 32

struct digests {
	uint8_t md5[16], sha1[20], sha256[SHA256_SIZE];
};

struct digest;

struct digest *digest_new(enum digest_kind kind);	/* NULL: no memory */
void digest_add(struct digest *d, struct span s);
/* Writes 16, 20 or 32 bytes, returns how many, and starts anew. */
size_t digest_done(struct digest *d, uint8_t out[DIGEST_MAX]);
void digest_free(struct digest *d);

/* Of the three of OpenSSL. */
size_t digest_of(enum digest_kind kind, struct span s, uint8_t out[DIGEST_MAX]);
void sha256_of(struct span s, uint8_t out[SHA256_SIZE]);
/* All three, the bytes fetched once. */
void digests_of(struct span s, struct digests *out);
/* Loads what OpenSSL would else load on first use, which the sandbox forbids. */
void digest_prepare(void);

#endif
