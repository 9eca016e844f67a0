#include "disk/luks.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/buf.h"

#define HEADER 592
#define SLOTS 8
#define SLOT_ACTIVE 0x00ac71f3u
#define SALT 32
#define DIGEST 20
#define SECTOR 512
#define KEY_MOST 64
#define STRIPES_MOST 4000
/* A header may ask for work without end. */
#define ITERATIONS_MOST 20000000u
#define SECTORS_AT_ONCE 256

struct header {
	const EVP_MD *hash;
	const EVP_CIPHER *cipher;
	bool is_essiv, is_plain;	/* plain: the sector's number has 32 bits */
	uint32_t key_len, payload, iterations;
	uint8_t digest[DIGEST], salt[SALT];
	struct slot {
		uint32_t active, iterations, material, stripes;
		uint8_t salt[SALT];
	} slots[SLOTS];
};

struct luks {
	struct blocks blocks;
	struct blocks *of;
	uint64_t start;
	uint64_t sector_mask;
	EVP_CIPHER_CTX *context, *essiv;	/* essiv: of the initial vector, or NULL */
};

/* ---- the header ---- */

static const char *text_of(struct cursor *c, char to[33])
{
	struct span s = cursor_take(c, 32);

	memset(to, 0, 33);
	memcpy(to, s.at, s.len);
	return to;
}

static bool choose_cipher(struct header *h, const char *name, const char *mode)
{
	bool is_xts = !strcmp(mode, "xts-plain64") || !strcmp(mode, "xts-plain");

	h->is_essiv = !strcmp(mode, "cbc-essiv:sha256");
	h->is_plain = !strcmp(mode, "xts-plain") || !strcmp(mode, "cbc-plain");
	if (strcmp(name, "aes"))
		return false;
	if (is_xts)
		h->cipher = h->key_len == 64 ? EVP_aes_256_xts() : h->key_len == 32 ? EVP_aes_128_xts() : NULL;
	else if (h->is_essiv || !strcmp(mode, "cbc-plain64") || !strcmp(mode, "cbc-plain"))
		h->cipher = h->key_len == 32 ? EVP_aes_256_cbc() : h->key_len == 16 ? EVP_aes_128_cbc() : NULL;
	return h->cipher;
}

static bool read_header(struct blocks *of, struct header *h, struct err *err)
{
	uint8_t raw[HEADER];
	char name[33], mode[33], hash[33];
	struct cursor c = cursor_of(span_of(raw, sizeof raw));

	*h = (struct header){ 0 };
	if (!blocks_read_all(of, 0, raw, sizeof raw, err))
		return false;
	cursor_skip(&c, 6);
	if (cursor_u16be(&c) != 1)
		return err_set(err, ERR_UNSUPPORTED, 6, "luks: version 2 is not opened");
	text_of(&c, name);
	text_of(&c, mode);
	h->hash = EVP_get_digestbyname(text_of(&c, hash));
	h->payload = cursor_u32be(&c);
	h->key_len = cursor_u32be(&c);
	memcpy(h->digest, cursor_take(&c, DIGEST).at, DIGEST);
	memcpy(h->salt, cursor_take(&c, SALT).at, SALT);
	h->iterations = cursor_u32be(&c);
	cursor_skip(&c, 40);
	for (size_t i = 0; i < SLOTS; i++) {
		h->slots[i].active = cursor_u32be(&c);
		h->slots[i].iterations = cursor_u32be(&c);
		memcpy(h->slots[i].salt, cursor_take(&c, SALT).at, SALT);
		h->slots[i].material = cursor_u32be(&c);
		h->slots[i].stripes = cursor_u32be(&c);
	}
	if (!h->hash || EVP_MD_get_size(h->hash) <= 0 || h->key_len > KEY_MOST ||
	    h->iterations > ITERATIONS_MOST || !choose_cipher(h, name, mode))
		return err_set(err, ERR_UNSUPPORTED, 8, "luks: cipher %s-%s with %s is not read", name,
			       mode, hash);
	return true;
}

/* ---- sectors ---- */

static bool start_cipher(struct luks *l, const struct header *h, const uint8_t *key)
{
	uint8_t hashed[EVP_MAX_MD_SIZE];
	unsigned len;

	l->context = EVP_CIPHER_CTX_new();
	if (!l->context || !EVP_DecryptInit_ex(l->context, h->cipher, NULL, key, NULL))
		return false;
	EVP_CIPHER_CTX_set_padding(l->context, 0);
	if (!h->is_essiv)
		return true;
	l->essiv = EVP_CIPHER_CTX_new();
	return l->essiv && EVP_Digest(key, h->key_len, hashed, &len, EVP_sha256(), NULL) &&
	       EVP_EncryptInit_ex(l->essiv, EVP_aes_256_ecb(), NULL, hashed, NULL) &&
	       EVP_CIPHER_CTX_set_padding(l->essiv, 0);
}

static bool decrypt(struct luks *l, uint64_t sector, uint8_t *bytes, size_t sectors)
{
	int len;

	for (size_t i = 0; i < sectors; i++, sector++, bytes += SECTOR) {
		uint8_t vector[16] = { 0 }, mixed[32];

		for (unsigned b = 0; b < 8; b++)
			vector[b] = (uint8_t)((sector & l->sector_mask) >> 8 * b);
		if (l->essiv) {
			if (!EVP_EncryptUpdate(l->essiv, mixed, &len, vector, sizeof vector))
				return false;
			memcpy(vector, mixed, sizeof vector);
		}
		if (!EVP_DecryptInit_ex(l->context, NULL, NULL, NULL, vector) ||
		    !EVP_DecryptUpdate(l->context, bytes, &len, bytes, SECTOR))
			return false;
	}
	return true;
}

static bool read_luks(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct luks *l = (struct luks *)b;
	uint8_t room[SECTORS_AT_ONCE * SECTOR];

	while (len) {
		uint64_t sector = at / SECTOR;
		size_t skip = (size_t)(at % SECTOR);
		size_t want = skip + len < sizeof room ? (skip + len + SECTOR - 1) / SECTOR * SECTOR : sizeof room;
		size_t piece;

		if (!blocks_read_all(l->of, l->start + sector * SECTOR, room, want, err))
			return false;
		if (!decrypt(l, sector, room, want / SECTOR))
			return err_set(err, ERR_CORRUPT, at, "luks: cannot be decrypted");
		piece = want - skip < len ? want - skip : len;
		memcpy(to, room + skip, piece);
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
	free(l);
}

static struct luks *new_luks(struct blocks *of, uint64_t start, uint64_t size, const struct header *h,
			     const uint8_t *key)
{
	struct luks *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->blocks = (struct blocks){ .size = size, .read = read_luks, .close = close_luks,
				     .budget = of->budget };
	l->of = of;
	l->start = start;
	l->sector_mask = h->is_plain ? UINT32_MAX : UINT64_MAX;
	if (start_cipher(l, h, key))
		return l;
	close_luks(&l->blocks);
	return NULL;
}

/* ---- the key ---- */

static bool derive(const struct header *h, struct span word, const uint8_t salt[SALT],
		   uint32_t iterations, uint8_t *out, size_t len)
{
	return iterations <= ITERATIONS_MOST &&
	       PKCS5_PBKDF2_HMAC((const char *)word.at, (int)word.len, salt, SALT, (int)iterations,
				 h->hash, (int)len, out);
}

/* Hashes a stripe in pieces, each with its number in front. */
static bool diffuse(const struct header *h, uint8_t *stripe)
{
	size_t size = (size_t)EVP_MD_get_size(h->hash);
	uint8_t piece[4 + EVP_MAX_MD_SIZE], digest[EVP_MAX_MD_SIZE];
	uint32_t number = 0;

	for (size_t at = 0; at < h->key_len; at += size, number++) {
		size_t len = h->key_len - at < size ? h->key_len - at : size;

		for (unsigned b = 0; b < 4; b++)
			piece[b] = (uint8_t)(number >> (24 - 8 * b));
		memcpy(piece + 4, stripe + at, len);
		if (!EVP_Digest(piece, 4 + len, digest, NULL, h->hash, NULL))
			return false;
		memcpy(stripe + at, digest, len);
	}
	return true;
}

/* The key is spread over stripes, so that wiping any of them destroys it. */
static bool merge(const struct header *h, struct span material, uint32_t stripes, uint8_t *key)
{
	memset(key, 0, h->key_len);
	for (uint32_t i = 0; i < stripes; i++) {
		struct span stripe = span_sub(material, (size_t)i * h->key_len, h->key_len);

		if (stripe.len != h->key_len)
			return false;
		for (size_t b = 0; b < h->key_len; b++)
			key[b] ^= stripe.at[b];
		if (i + 1 < stripes && !diffuse(h, key))
			return false;
	}
	return true;
}

static bool try_slot(struct blocks *of, const struct header *h, const struct slot *slot,
		     struct span word, uint8_t key[KEY_MOST])
{
	size_t len = (size_t)h->key_len * slot->stripes;
	struct buf room = buf_new((size_t)STRIPES_MOST * KEY_MOST + SECTOR);
	uint8_t derived[KEY_MOST], digest[DIGEST];
	struct luks *area = NULL;
	struct err ignored;
	uint8_t *material;
	bool ok;

	if (slot->active != SLOT_ACTIVE || !slot->stripes || slot->stripes > STRIPES_MOST)
		return false;
	material = buf_reserve(&room, len);
	ok = material && derive(h, word, slot->salt, slot->iterations, derived, h->key_len) &&
	     (area = new_luks(of, (uint64_t)slot->material * SECTOR,
			      (len + SECTOR - 1) / SECTOR * SECTOR, h, derived)) &&
	     blocks_read_all(&area->blocks, 0, material, len, &ignored) &&
	     merge(h, span_of(material, len), slot->stripes, key) &&
	     derive(h, span_of(key, h->key_len), h->salt, h->iterations, digest, DIGEST) &&
	     !memcmp(digest, h->digest, DIGEST);
	if (area)
		close_luks(&area->blocks);
	buf_free(&room);
	return ok;
}

struct blocks *luks_open(struct blocks *of, const struct library_key *keys, size_t count,
			 struct err *err)
{
	uint8_t key[KEY_MOST];
	struct header h;
	uint64_t start;

	if (!read_header(of, &h, err)) {
		err->code = ERR_DENIED;
		return NULL;
	}
	start = (uint64_t)h.payload * SECTOR;
	for (size_t i = 0; i < count && start < of->size; i++)
		for (size_t s = 0; s < SLOTS; s++)
			if (keys[i].password.len && try_slot(of, &h, &h.slots[s], keys[i].password, key)) {
				struct luks *l = new_luks(of, start, (of->size - start) / SECTOR * SECTOR,
							  &h, key);

				if (!l)
					err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET,
						"luks: the cipher does not take the volume's key");
				return l ? &l->blocks : NULL;
			}
	err_set(err, ERR_DENIED, ERR_NO_OFFSET, count ? "luks: no key given opens it"
						      : "luks: encrypted, no key given");
	return NULL;
}
