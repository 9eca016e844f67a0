#include "disk/luks_volume.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/buf.h"

#define ROOM ((size_t)128 << 10)

struct luks {
	struct blocks blocks;
	struct blocks *of;
	uint64_t start;
	struct luks_cipher cipher;
	EVP_CIPHER_CTX *context, *essiv;	/* essiv: of the initial vector, or NULL */
	uint8_t *room;
};

/* ---- sectors ---- */

bool luks_cipher_choose(struct luks_cipher *out, const char *name, uint32_t key_len)
{
	bool is_xts = !strcmp(name, "aes-xts-plain64") || !strcmp(name, "aes-xts-plain");

	*out = (struct luks_cipher){ .key_len = key_len, .sector = LUKS_SECTOR };
	out->is_plain = !strcmp(name, "aes-xts-plain") || !strcmp(name, "aes-cbc-plain");
	out->is_essiv = !strcmp(name, "aes-cbc-essiv:sha256");
	out->is_eboiv = !strcmp(name, "aes-cbc-eboiv");
	if (is_xts)
		out->cipher = key_len == 64 ? EVP_aes_256_xts() : key_len == 32 ? EVP_aes_128_xts() : NULL;
	else if (out->is_essiv || out->is_eboiv || !strcmp(name, "aes-cbc-plain64") || !strcmp(name, "aes-cbc-plain"))
		out->cipher = key_len == 32 ? EVP_aes_256_cbc() : key_len == 16 ? EVP_aes_128_cbc() : NULL;
	return out->cipher;
}

static bool start_cipher(struct luks *l, const uint8_t *key)
{
	uint8_t hashed[EVP_MAX_MD_SIZE];
	unsigned len;
	bool ok;

	l->context = EVP_CIPHER_CTX_new();
	if (!l->context || !EVP_DecryptInit_ex(l->context, l->cipher.cipher, NULL, key, NULL))
		return false;
	EVP_CIPHER_CTX_set_padding(l->context, 0);
	if (!l->cipher.is_essiv && !l->cipher.is_eboiv)
		return true;
	l->essiv = EVP_CIPHER_CTX_new();
	if (l->cipher.is_eboiv)
		return l->essiv && EVP_EncryptInit_ex(l->essiv, l->cipher.key_len == 32 ? EVP_aes_256_ecb()
						      : EVP_aes_128_ecb(), NULL, key, NULL) &&
		       EVP_CIPHER_CTX_set_padding(l->essiv, 0);
	ok = l->essiv && EVP_Digest(key, l->cipher.key_len, hashed, &len, EVP_sha256(), NULL) &&
	     EVP_EncryptInit_ex(l->essiv, EVP_aes_256_ecb(), NULL, hashed, NULL) &&
	     EVP_CIPHER_CTX_set_padding(l->essiv, 0);
	OPENSSL_cleanse(hashed, sizeof hashed);
	return ok;
}

static bool decrypt(struct luks *l, uint64_t at, uint8_t *bytes, size_t bytes_len)
{
	uint64_t number = l->cipher.first + at / LUKS_SECTOR;
	uint64_t mask = l->cipher.is_plain ? UINT32_MAX : UINT64_MAX, unit = l->cipher.is_eboiv ? LUKS_SECTOR : 1;
	int len, sector = (int)l->cipher.sector;

	for (size_t done = 0; done < bytes_len; done += l->cipher.sector) {
		uint8_t vector[16] = { 0 }, mixed[32];

		for (unsigned b = 0; b < 8; b++)
			vector[b] = (uint8_t)((number & mask) * unit >> 8 * b);
		if (l->essiv) {
			if (!EVP_EncryptUpdate(l->essiv, mixed, &len, vector, sizeof vector))
				return false;
			memcpy(vector, mixed, sizeof vector);
		}
		if (!EVP_DecryptInit_ex(l->context, NULL, NULL, NULL, vector) ||
		    !EVP_DecryptUpdate(l->context, bytes + done, &len, bytes + done, sector))
			return false;
		number += l->cipher.sector / LUKS_SECTOR;
	}
	return true;
}

static bool read_luks(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct luks *l = (struct luks *)b;
	size_t sector = l->cipher.sector;

	while (len) {
		size_t skip = (size_t)(at % sector);
		size_t want = skip + len < ROOM ? (skip + len + sector - 1) / sector * sector : ROOM;
		size_t piece = want - skip < len ? want - skip : len;

		if (!blocks_read_all(l->of, l->start + at - skip, l->room, want, err))
			return false;
		if (!decrypt(l, at - skip, l->room, want))
			return err_set(err, ERR_CORRUPT, at, "luks: cannot be decrypted");
		memcpy(to, l->room + skip, piece);
		to += piece;
		at += piece;
		len -= piece;
	}
	return true;
}

static void close_luks(struct blocks *b)
{
	struct luks *l = (struct luks *)b;

	EVP_CIPHER_CTX_free(l->context);
	EVP_CIPHER_CTX_free(l->essiv);
	free(l->room);
	free(l);
}

struct blocks *luks_volume(struct blocks *of, uint64_t start, uint64_t size,
			   const struct luks_cipher *cipher, const uint8_t *key)
{
	struct luks *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->blocks = (struct blocks){ .size = size / cipher->sector * cipher->sector, .read = read_luks,
				     .close = close_luks, .budget = of->budget };
	l->of = of;
	l->start = start;
	l->cipher = *cipher;
	l->room = malloc(ROOM);
	if (l->room && start_cipher(l, key))
		return &l->blocks;
	close_luks(&l->blocks);
	return NULL;
}

/* ---- the key ---- */

/* Hashes a stripe in pieces, each with its number in front. */
static bool diffuse(const EVP_MD *hash, uint8_t *stripe, uint32_t key_len)
{
	size_t size = (size_t)EVP_MD_get_size(hash);
	uint8_t piece[4 + EVP_MAX_MD_SIZE], digest[EVP_MAX_MD_SIZE];
	uint32_t number = 0;

	for (size_t at = 0; at < key_len; at += size, number++) {
		size_t len = key_len - at < size ? key_len - at : size;

		for (unsigned b = 0; b < 4; b++)
			piece[b] = (uint8_t)(number >> (24 - 8 * b));
		memcpy(piece + 4, stripe + at, len);
		if (!EVP_Digest(piece, 4 + len, digest, NULL, hash, NULL))
			return false;
		memcpy(stripe + at, digest, len);
	}
	return true;
}

/* The key is spread over stripes, so that wiping any of them destroys it. */
static bool merge(const EVP_MD *hash, struct span material, uint32_t stripes, uint32_t key_len,
		  uint8_t *key)
{
	memset(key, 0, key_len);
	for (uint32_t i = 0; i < stripes; i++) {
		struct span stripe = span_sub(material, (size_t)i * key_len, key_len);

		if (stripe.len != key_len)
			return false;
		for (size_t b = 0; b < key_len; b++)
			key[b] ^= stripe.at[b];
		if (i + 1 < stripes && !diffuse(hash, key, key_len))
			return false;
	}
	return true;
}

bool luks_unwrap(struct blocks *of, uint64_t at, const struct luks_cipher *cipher,
		 const uint8_t *wrapping, const EVP_MD *hash, uint32_t stripes, uint32_t key_len,
		 uint8_t key[LUKS_KEY_MOST])
{
	size_t len = (size_t)key_len * stripes;
	struct buf room = buf_new((size_t)LUKS_STRIPES_MOST * LUKS_KEY_MOST + LUKS_SECTOR_MOST);
	struct blocks *area;
	struct err ignored;
	uint8_t *material;
	bool ok;

	if (!stripes || stripes > LUKS_STRIPES_MOST || !key_len || key_len > LUKS_KEY_MOST)
		return false;
	material = buf_reserve(&room, len);
	area = luks_volume(of, at, len + cipher->sector - 1, cipher, wrapping);
	ok = material && area && blocks_read_all(area, 0, material, len, &ignored) &&
	     merge(hash, span_of(material, len), stripes, key_len, key);
	blocks_close(area);
	if (material)
		OPENSSL_cleanse(material, len);
	buf_free(&room);
	return ok;
}

const EVP_MD *luks_hash(const char *name)
{
	const EVP_MD *hash = EVP_get_digestbyname(name);

	return hash && EVP_MD_get_size(hash) > 0 ? hash : NULL;
}

bool luks_pbkdf2(const EVP_MD *hash, struct span word, struct span salt, uint64_t iterations,
		 uint8_t *out, size_t len)
{
	return iterations && iterations <= LUKS_ITERATIONS_MOST &&
	       PKCS5_PBKDF2_HMAC((const char *)word.at, (int)word.len, salt.at, (int)salt.len,
				 (int)iterations, hash, (int)len, out);
}
