#include "disk/luks.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "disk/luks2.h"
#include "disk/luks_volume.h"

#define HEADER 592
#define SLOTS 8
#define SLOT_ACTIVE 0x00ac71f3u
#define SALT 32
#define DIGEST 20

struct header {
	const EVP_MD *hash;
	struct luks_cipher cipher;
	uint32_t payload, iterations;
	uint8_t digest[DIGEST], salt[SALT];
	struct slot {
		uint32_t active, iterations, material, stripes;
		uint8_t salt[SALT];
	} slots[SLOTS];
};

static const char *text_of(struct cursor *c, char to[33])
{
	struct span s = cursor_take(c, 32);

	memset(to, 0, 33);
	memcpy(to, s.at, s.len);
	return to;
}

static bool read_header(struct blocks *of, struct header *h, struct err *err)
{
	uint8_t raw[HEADER];
	char name[33], mode[33], hash[33], both[80];
	struct cursor c = cursor_of(span_of(raw, sizeof raw));
	uint32_t key_len;

	*h = (struct header){ 0 };
	if (!blocks_read_all(of, 0, raw, sizeof raw, err))
		return false;
	cursor_skip(&c, 8);
	text_of(&c, name);
	text_of(&c, mode);
	snprintf(both, sizeof both, "%s-%s", name, mode);
	h->hash = luks_hash(text_of(&c, hash));
	h->payload = cursor_u32be(&c);
	key_len = cursor_u32be(&c);
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
	if (!h->hash || h->iterations > LUKS_ITERATIONS_MOST ||
	    !luks_cipher_choose(&h->cipher, both, key_len))
		return err_set(err, ERR_UNSUPPORTED, 8, "luks: cipher %s with %s is not read", both, hash);
	return true;
}

static bool fits(const struct header *h, struct span key)
{
	uint8_t digest[DIGEST];

	return key.len == h->cipher.key_len &&
	       luks_pbkdf2(h->hash, key, span_of(h->salt, SALT), h->iterations, digest, DIGEST) &&
	       !memcmp(digest, h->digest, DIGEST);
}

static bool try_slot(struct blocks *of, const struct header *h, const struct slot *slot,
		     struct span word, uint8_t key[LUKS_KEY_MOST])
{
	uint8_t derived[LUKS_KEY_MOST];
	bool ok = slot->active == SLOT_ACTIVE &&
		  luks_pbkdf2(h->hash, word, span_of(slot->salt, SALT), slot->iterations, derived,
			      h->cipher.key_len) &&
		  luks_unwrap(of, (uint64_t)slot->material * LUKS_SECTOR, &h->cipher, derived, h->hash,
			      slot->stripes, h->cipher.key_len, key) &&
		  fits(h, span_of(key, h->cipher.key_len));

	OPENSSL_cleanse(derived, sizeof derived);
	return ok;
}

static bool find_key(struct blocks *of, const struct header *h, const struct library_key *given,
		     uint8_t key[LUKS_KEY_MOST])
{
	if (given->volume_key.len && fits(h, given->volume_key)) {
		memcpy(key, given->volume_key.at, given->volume_key.len);
		return true;
	}
	for (size_t i = 0; given->passphrase.len && i < SLOTS; i++)
		if (try_slot(of, h, &h->slots[i], given->passphrase, key))
			return true;
	return false;
}

static struct blocks *open_first(struct blocks *of, const struct library_key *keys, size_t count,
				 struct luks_key *used, struct err *err)
{
	struct header h;
	uint64_t start;

	if (!read_header(of, &h, err))
		return NULL;
	start = (uint64_t)h.payload * LUKS_SECTOR;
	used->len = h.cipher.key_len;
	for (size_t i = 0; i < count && start < of->size; i++)
		if (find_key(of, &h, &keys[i], used->bytes))
			return luks_volume(of, start, of->size - start, &h.cipher, used->bytes);
	luks_no_key(keys, count, err);
	return NULL;
}

void luks_no_key(const struct library_key *keys, size_t count, struct err *err)
{
	bool given = false;

	for (size_t i = 0; i < count; i++)
		given = given || keys[i].passphrase.len || keys[i].volume_key.len;
	err_set(err, ERR_DENIED, ERR_NO_OFFSET, given ? "luks: no key given opens it"
						      : "luks: encrypted, no key given");
}

/* A header of version 1 has its number where one of version 2 has its own. */
static bool is_first_version(struct blocks *of)
{
	uint8_t raw[8];
	struct err ignored;

	return blocks_read_all(of, 0, raw, sizeof raw, &ignored) &&
	       span_starts(span_of(raw, sizeof raw), SPAN("LUKS\xba\xbe\0\1"));
}

struct blocks *luks_open(struct blocks *of, const struct library_key *keys, size_t count,
			 struct luks_key *used, struct err *err)
{
	struct blocks *made;

	*err = (struct err){ 0 };
	*used = (struct luks_key){ 0 };
	made = is_first_version(of) ? open_first(of, keys, count, used, err)
				    : luks2_open(of, keys, count, used, err);
	if (!made && !err->code)
		err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "luks: the cipher does not take the volume's key");
	return made;
}
