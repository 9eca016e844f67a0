/*
 * cipher: AES-128 and the key derivation of TLS 1.3, over OpenSSL: what is needed to open
 * the first packets of QUIC, whose keys everybody can derive.
 */
#ifndef KANSHIKI_CODEC_CIPHER_H
#define KANSHIKI_CODEC_CIPHER_H

#include "base/buf.h"
#include "codec/digest.h"

#define CIPHER_KEY 16
#define CIPHER_NONCE 12
#define CIPHER_TAG 16

/* HMAC-SHA256 (RFC 2104). False: no memory. */
bool cipher_hmac(struct span key, struct span text, uint8_t out[SHA256_SIZE]);
/* HKDF-Expand-Label of RFC 8446 with no context, of at most 32 bytes; `label` without "tls13 ". */
bool cipher_expand_label(const uint8_t secret[SHA256_SIZE], const char *label, uint8_t *out, size_t len);
/* One block of AES-128. */
bool cipher_block(const uint8_t key[CIPHER_KEY], const uint8_t in[16], uint8_t out[16]);
/*
 * Opens AES-128-GCM: appends what `sealed` (its tag at the end) holds to `to`. False: the
 * tag says that it is not what was sealed, or `to` has no room.
 */
bool cipher_open_gcm(const uint8_t key[CIPHER_KEY], const uint8_t nonce[CIPHER_NONCE], struct span also,
		     struct span sealed, struct buf *to);

#endif
