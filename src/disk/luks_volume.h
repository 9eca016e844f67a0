/*
 * luks_volume: what both versions of LUKS share: ciphers by the names that dm-crypt
 * gives them, sectors that are decrypted as they are read, and the key that is spread
 * over stripes ("anti-forensic splitter").
 */
#ifndef KANSHIKI_DISK_LUKS_VOLUME_H
#define KANSHIKI_DISK_LUKS_VOLUME_H

#include <openssl/evp.h>

#include "disk/blocks.h"

#define LUKS_KEY_MOST 64
#define LUKS_STRIPES_MOST 4000
/* A header may ask for work without end. */
#define LUKS_ITERATIONS_MOST 20000000u
/* The unit of offsets and of initial vectors, whatever the size of a sector. */
#define LUKS_SECTOR 512
#define LUKS_SECTOR_MOST 4096

struct luks_cipher {
	const EVP_CIPHER *cipher;
	bool is_essiv, is_plain;	/* plain: the sector's number has 32 bits */
	bool is_eboiv;			/* of BitLocker: the offset in bytes, enciphered with the key itself */
	uint32_t key_len;		/* in bytes */
	uint32_t sector;		/* 512 to 4096, a power of two */
	uint64_t first;			/* number that the first sector is encrypted under */
};

/* `name` as "aes-xts-plain64". False: a cipher that is not read. Sectors of 512 bytes from 0. */
bool luks_cipher_choose(struct luks_cipher *out, const char *name, uint32_t key_len);

/* `size` bytes of `of` from `start`, decrypted. `of` is borrowed. NULL: no memory, or a key that the cipher refuses. */
struct blocks *luks_volume(struct blocks *of, uint64_t start, uint64_t size,
			   const struct luks_cipher *cipher, const uint8_t *key);

/*
 * Reads `stripes` stripes of `key_len` bytes at `at`, decrypts them with `wrapping`, and
 * merges them into the key. False: not to be read, or no memory.
 */
bool luks_unwrap(struct blocks *of, uint64_t at, const struct luks_cipher *cipher,
		 const uint8_t *wrapping, const EVP_MD *hash, uint32_t stripes, uint32_t key_len,
		 uint8_t key[LUKS_KEY_MOST]);

/* NULL: not known, or of no fixed size. */
const EVP_MD *luks_hash(const char *name);
/* PBKDF2. False: more work than anybody asks for. */
bool luks_pbkdf2(const EVP_MD *hash, struct span word, struct span salt, uint64_t iterations,
		 uint8_t *out, size_t len);

#endif
