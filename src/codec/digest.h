/* digest: SHA-256, SHA-1 and MD5 over OpenSSL; one call or piece by piece. */
#ifndef KANSHIKI_CODEC_DIGEST_H
#define KANSHIKI_CODEC_DIGEST_H

#include "base/err.h"
#include "base/span.h"

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };

#define SHA256_SIZE 32
#define DIGEST_MAX 32

struct digest;

struct digest *digest_new(enum digest_kind kind);	/* NULL: no memory */
void digest_add(struct digest *d, struct span s);
/* Writes 16, 20 or 32 bytes, returns how many, and starts anew. */
size_t digest_done(struct digest *d, uint8_t out[DIGEST_MAX]);
void digest_free(struct digest *d);

size_t digest_of(enum digest_kind kind, struct span s, uint8_t out[DIGEST_MAX]);
void sha256_of(struct span s, uint8_t out[SHA256_SIZE]);

#endif
