#include "codec/cipher.h"

#include <openssl/evp.h>

#define HMAC_BLOCK 64

static bool hash_two(const uint8_t pad[HMAC_BLOCK], struct span text, uint8_t out[SHA256_SIZE])
{
	struct digest *d = digest_new(DIGEST_SHA256);

	if (!d)
		return false;
	digest_add(d, span_of(pad, HMAC_BLOCK));
	digest_add(d, text);
	digest_done(d, out);
	digest_free(d);
	return true;
}

bool cipher_hmac(struct span key, struct span text, uint8_t out[SHA256_SIZE])
{
	uint8_t inner[HMAC_BLOCK], outer[HMAC_BLOCK], shortened[SHA256_SIZE];

	if (key.len > HMAC_BLOCK) {
		sha256_of(key, shortened);
		key = span_of(shortened, sizeof shortened);
	}
	memset(inner, 0x36, sizeof inner);
	memset(outer, 0x5c, sizeof outer);
	for (size_t i = 0; i < key.len; i++) {
		inner[i] ^= key.at[i];
		outer[i] ^= key.at[i];
	}
	return hash_two(inner, text, out) && hash_two(outer, span_of(out, SHA256_SIZE), out);
}

bool cipher_expand_label(const uint8_t secret[SHA256_SIZE], const char *label, uint8_t *out, size_t len)
{
	struct buf info = buf_new(64);
	uint8_t block[SHA256_SIZE];
	bool ok;

	buf_add_u8(&info, 0);
	buf_add_u8(&info, (uint8_t)len);
	buf_add_u8(&info, (uint8_t)(6 + strlen(label)));
	buf_printf(&info, "tls13 %s", label);
	buf_add_u8(&info, 0);
	buf_add_u8(&info, 1);
	ok = len <= sizeof block && !info.overflow &&
	     cipher_hmac(span_of(secret, SHA256_SIZE), buf_span(&info), block);
	if (ok)
		memcpy(out, block, len);
	buf_free(&info);
	return ok;
}

bool cipher_block(const uint8_t key[CIPHER_KEY], const uint8_t in[16], uint8_t out[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len;
	bool ok = c && EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL) &&
		  EVP_CIPHER_CTX_set_padding(c, 0) && EVP_EncryptUpdate(c, out, &len, in, 16) && len == 16;

	EVP_CIPHER_CTX_free(c);
	return ok;
}

bool cipher_open_gcm(const uint8_t key[CIPHER_KEY], const uint8_t nonce[CIPHER_NONCE], struct span also,
		     struct span sealed, struct buf *to)
{
	struct span text = span_sub(sealed, 0, sealed.len - CIPHER_TAG);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t before = to->len;
	uint8_t tag[CIPHER_TAG];
	bool ok;
	int len;

	if (sealed.len < CIPHER_TAG || sealed.len > INT32_MAX || also.len > INT32_MAX)
		ok = false;
	else
		ok = c && EVP_DecryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, nonce) &&
		     (!also.len || EVP_DecryptUpdate(c, NULL, &len, also.at, (int)also.len));
	if (ok) {
		memcpy(tag, span_from(sealed, text.len).at, sizeof tag);
		buf_add(to, text);
		ok = !to->overflow &&
		     EVP_DecryptUpdate(c, to->at + before, &len, text.at, (int)text.len) &&
		     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, CIPHER_TAG, tag) &&
		     EVP_DecryptFinal_ex(c, to->at + to->len, &len) > 0;
	}
	if (!ok)
		to->len = before;
	EVP_CIPHER_CTX_free(c);
	return ok;
}
