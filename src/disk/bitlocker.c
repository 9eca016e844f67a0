#include "disk/bitlocker.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "codec/digest.h"
#include "disk/luks_volume.h"

#define METADATA_SIZE 65536
#define METADATA_HEAD 48	/* of its entries, and of a file *.BEK */
#define COPIES 3
#define STRETCH_ROUNDS 0x100000u
#define PROTECTORS_MOST 16
#define KEY_SIZE 32
#define SALT_SIZE 16
#define SEALED_HEAD 28		/* nonce and MAC in front of a sealed key */
#define SEALED_INNER 12		/* size, version and method in front of the key itself */
#define HEADER_MOST ((uint64_t)64 << 20)
#define PASSWORD_MOST 256

enum { ENTRY_PROPERTY = 0, ENTRY_VMK = 2, ENTRY_FVEK = 3, ENTRY_HEADER = 15 };
enum { VALUE_KEY = 1, VALUE_STRETCH = 3, VALUE_SEALED = 5, VALUE_VMK = 8, VALUE_EXTERNAL = 9, VALUE_PLACE = 15 };
enum { BY_CLEAR_KEY = 0, BY_STARTUP_KEY = 0x0200, BY_RECOVERY = 0x0800, BY_PASSWORD = 0x2000 };

static const struct method {
	uint16_t number;
	const char *cipher;
	uint8_t key_len;
} methods[] = {
	{ 0x8002, "aes-cbc-eboiv", 16 }, { 0x8003, "aes-cbc-eboiv", 32 },
	{ 0x8004, "aes-xts-plain64", 32 }, { 0x8005, "aes-xts-plain64", 64 },
};

/* One way to the master key. */
struct protector {
	uint16_t by;
	struct span salt, key, sealed;	/* key: of a clear key */
};

struct metadata {
	struct buf bytes;
	uint64_t at[COPIES], header_at, header_size;
	uint64_t encrypted;		/* bytes from the start; behind them the volume is as it was */
	uint16_t method, sector;
	struct protector protectors[PROTECTORS_MOST];
	size_t count;
	struct span sealed;		/* the volume's key */
};

/* ---- metadata ---- */

struct entry {
	uint16_t type, value_type;
	struct span value;
};

static bool next_entry(struct cursor *c, struct entry *out)
{
	uint16_t size = cursor_u16le(c);

	out->type = cursor_u16le(c);
	out->value_type = cursor_u16le(c);
	cursor_skip(c, 2);
	out->value = cursor_take(c, size < 8 ? 0 : size - 8u);
	return size >= 8 && !c->short_read;
}

static void take_protector(struct metadata *m, struct span vmk)
{
	struct cursor c = cursor_of(vmk);
	struct protector *p = &m->protectors[m->count];
	struct entry e;

	if (m->count == PROTECTORS_MOST)
		return;
	*p = (struct protector){ 0 };
	cursor_seek(&c, 26);
	p->by = cursor_u16le(&c);
	while (next_entry(&c, &e)) {
		if (e.value_type == VALUE_STRETCH)
			p->salt = span_sub(e.value, 4, SALT_SIZE);
		else if (e.value_type == VALUE_KEY)
			p->key = span_sub(e.value, 4, KEY_SIZE);
		else if (e.value_type == VALUE_SEALED)
			p->sealed = e.value;
	}
	m->count += p->sealed.len > 0;
}

static void take_entries(struct metadata *m, struct cursor *c)
{
	struct entry e;

	while (next_entry(c, &e)) {
		if (e.type == ENTRY_VMK && e.value_type == VALUE_VMK)
			take_protector(m, e.value);
		else if (e.type == ENTRY_FVEK && e.value_type == VALUE_SEALED)
			m->sealed = e.value;
		else if (e.type == ENTRY_HEADER && e.value_type == VALUE_PLACE && e.value.len >= 16) {
			m->header_at = load_u64le(e.value.at);
			m->header_size = load_u64le(e.value.at + 8);
		}
	}
}

static bool parse(struct metadata *m)
{
	struct cursor c = cursor_of(buf_span(&m->bytes)), entries;
	uint32_t sectors, size, head;

	m->count = 0;
	m->sealed = (struct span){ 0 };
	if (!span_eq(cursor_take(&c, 8), SPAN("-FVE-FS-")))
		return false;
	cursor_skip(&c, 2);
	if (cursor_u16le(&c) != 2)
		return false;
	cursor_seek(&c, 16);
	m->encrypted = cursor_u64le(&c);
	cursor_skip(&c, 4);
	sectors = cursor_u32le(&c);
	for (size_t i = 0; i < COPIES; i++)
		m->at[i] = cursor_u64le(&c);
	m->header_at = cursor_u64le(&c);
	m->header_size = (uint64_t)sectors * LUKS_SECTOR;
	size = cursor_u32le(&c);
	cursor_skip(&c, 4);
	head = cursor_u32le(&c);
	cursor_seek(&c, 64 + 36);
	m->method = cursor_u16le(&c);
	if (c.short_read || head < 48 || size < head)
		return false;
	entries = cursor_of(span_sub(buf_span(&m->bytes), 64 + head, size - head));
	take_entries(m, &entries);
	return m->count && m->sealed.len && m->header_size && m->header_size <= HEADER_MOST &&
	       m->header_size % LUKS_SECTOR == 0;
}

/* Where the copies lie stands in the first sector; in that of a stick made for show, further on. */
static bool read_metadata(struct blocks *of, struct metadata *m)
{
	uint8_t first[LUKS_SECTOR];
	struct err ignored;
	size_t places;

	if (!blocks_read_all(of, 0, first, sizeof first, &ignored))
		return false;
	m->sector = load_u16le(first + 11);
	places = span_eq(span_of(first + 3, 8), SPAN("-FVE-FS-")) ? 176 : 440;
	for (size_t i = 0; i < COPIES; i++) {
		size_t got = 0;

		buf_clear(&m->bytes);
		if (blocks_read(of, load_u64le(first + places + 8 * i), m->bytes.at, METADATA_SIZE, &got, &ignored)) {
			m->bytes.len = got;
			if (parse(m))
				return true;
		}
	}
	return false;
}

/* ---- keys ---- */

/* Opens what was sealed with AES-256-CCM: the key in it, `size` bytes. False: not with this key. */
static bool unseal(struct span sealed, const uint8_t with[KEY_SIZE], uint8_t *out, size_t size)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	struct span text = span_from(sealed, SEALED_HEAD);
	uint8_t room[SEALED_INNER + LUKS_KEY_MOST];
	int len = 0;
	bool ok = c && text.len == SEALED_INNER + size && size <= LUKS_KEY_MOST &&
		  EVP_DecryptInit_ex(c, EVP_aes_256_ccm(), NULL, NULL, NULL) == 1 &&
		  EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_CCM_SET_IVLEN, 12, NULL) == 1 &&
		  EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_CCM_SET_TAG, 16, (void *)(uintptr_t)(sealed.at + 12)) == 1 &&
		  EVP_DecryptInit_ex(c, NULL, NULL, with, sealed.at) == 1 &&
		  EVP_DecryptUpdate(c, room, &len, text.at, (int)text.len) == 1;

	if (ok)
		memcpy(out, room + SEALED_INNER, size);
	OPENSSL_cleanse(room, sizeof room);
	EVP_CIPHER_CTX_free(c);
	return ok;
}

/* A million rounds over what came out last, what went in first, the salt and a counter. */
static bool stretch(struct blocks *of, const uint8_t first[SHA256_SIZE], struct span salt, uint8_t out[KEY_SIZE])
{
	uint8_t state[SHA256_SIZE * 2 + SALT_SIZE + 8] = { 0 };

	if (salt.len != SALT_SIZE)
		return false;
	memcpy(state + SHA256_SIZE, first, SHA256_SIZE);
	memcpy(state + 2 * SHA256_SIZE, salt.at, SALT_SIZE);
	for (uint32_t i = 0; i < STRETCH_ROUNDS; i++) {
		for (unsigned b = 0; b < 4; b++)
			state[2 * SHA256_SIZE + SALT_SIZE + b] = (uint8_t)(i >> 8 * b);
		sha256_of(span_of(state, sizeof state), state);
		if (i % 65536 == 0 && blocks_over(of))
			return false;
	}
	memcpy(out, state, KEY_SIZE);
	OPENSSL_cleanse(state, sizeof state);
	return true;
}

static bool of_password(struct blocks *of, struct span word, struct span salt, uint8_t out[KEY_SIZE])
{
	struct buf wide = buf_new(PASSWORD_MOST * 4);
	uint8_t first[SHA256_SIZE];
	bool ok = word.len <= PASSWORD_MOST;

	while (ok && word.len) {
		uint32_t point;
		size_t len = utf8_next(word, &point);

		if (point > 0xffff)
			buf_add_u16le(&wide, (uint16_t)(0xd7c0 + (point >> 10)));
		buf_add_u16le(&wide, point > 0xffff ? (uint16_t)(0xdc00 | (point & 0x3ff)) : (uint16_t)point);
		word = span_from(word, len ? len : 1);
	}
	sha256_of(buf_span(&wide), first);
	sha256_of(span_of(first, sizeof first), first);
	OPENSSL_cleanse(wide.at, wide.len);
	buf_free(&wide);
	ok = ok && stretch(of, first, salt, out);
	OPENSSL_cleanse(first, sizeof first);
	return ok;
}

/* Eight groups of six digits, each eleven times a number of 16 bits. */
static bool of_recovery(struct blocks *of, struct span word, struct span salt, uint8_t out[KEY_SIZE])
{
	uint8_t key[16], first[SHA256_SIZE];
	bool ok;

	for (size_t i = 0; i < 8; i++) {
		struct span group = span_split(&word, '-');
		uint64_t n;

		if (!span_to_u64(group, &n) || n % 11 || n / 11 > UINT16_MAX)
			return false;
		key[2 * i] = (uint8_t)(n / 11);
		key[2 * i + 1] = (uint8_t)(n / 11 >> 8);
	}
	sha256_of(span_of(key, sizeof key), first);
	ok = stretch(of, first, salt, out);
	OPENSSL_cleanse(key, sizeof key);
	OPENSSL_cleanse(first, sizeof first);
	return ok;
}

/* Of a file *.BEK: a head like that of the metadata, then entries, one of them an external key. */
static bool of_startup_key(struct span file, uint8_t out[KEY_SIZE])
{
	struct cursor c = cursor_of(span_from(file, METADATA_HEAD)), parts;
	struct entry e, part;

	while (next_entry(&c, &e)) {
		if (e.value_type != VALUE_EXTERNAL)
			continue;
		parts = cursor_of(span_from(e.value, 24));
		while (next_entry(&parts, &part))
			if (part.value_type == VALUE_KEY && part.value.len == 4 + KEY_SIZE) {
				memcpy(out, part.value.at + 4, KEY_SIZE);
				return true;
			}
	}
	return false;
}

bool bitlocker_is_startup_key(struct span file)
{
	struct cursor c = cursor_of(file);
	uint32_t size = cursor_u32le(&c), version = cursor_u32le(&c), head = cursor_u32le(&c);

	return size <= file.len && size > METADATA_HEAD && version == 1 && head == METADATA_HEAD;
}

/* `key` NULL: without any. */
static bool master_key(struct blocks *of, const struct protector *p, const struct library_key *key,
		       uint8_t out[KEY_SIZE])
{
	uint8_t with[KEY_SIZE];
	bool ok = false;

	if (!key && p->by == BY_CLEAR_KEY && p->key.len == KEY_SIZE)
		return unseal(p->sealed, p->key.at, out, KEY_SIZE);
	if (key && p->by == BY_PASSWORD && key->password.len)
		ok = of_password(of, key->password, p->salt, with);
	else if (key && p->by == BY_RECOVERY && key->recovery.len)
		ok = of_recovery(of, key->recovery, p->salt, with);
	else if (key && p->by == BY_STARTUP_KEY && key->startup.len)
		ok = of_startup_key(key->startup, with);
	ok = ok && unseal(p->sealed, with, out, KEY_SIZE);
	OPENSSL_cleanse(with, sizeof with);
	return ok;
}

static bool find_master_key(struct blocks *of, const struct metadata *m, const struct method *method,
			    const struct library_key *keys, size_t count, uint8_t out[KEY_SIZE])
{
	uint8_t ignored[LUKS_KEY_MOST];

	for (size_t k = 0; k < count; k++)
		if (keys[k].volume_key.len == KEY_SIZE &&
		    unseal(m->sealed, keys[k].volume_key.at, ignored, method->key_len)) {
			memcpy(out, keys[k].volume_key.at, KEY_SIZE);
			OPENSSL_cleanse(ignored, sizeof ignored);
			return true;
		}
	for (size_t p = 0; p < m->count; p++)
		if (master_key(of, &m->protectors[p], NULL, out))
			return true;
	for (size_t k = 0; k < count; k++)
		for (size_t p = 0; p < m->count; p++)
			if (master_key(of, &m->protectors[p], &keys[k], out))
				return true;
	return false;
}

/* ---- the volume ---- */

struct bitlocker {
	struct blocks blocks;
	struct blocks *whole;		/* every sector decrypted where it lies */
	struct blocks *raw;		/* borrowed */
	uint64_t encrypted;
	uint64_t zeros[COPIES], header_at, header_size;
};

/* Ends of the stretch from `at` on that is treated alike, and where it is taken from. */
static uint64_t stretch_end(const struct bitlocker *b, uint64_t at, uint64_t *from, bool *is_zero)
{
	uint64_t end = b->blocks.size;

	*from = at;
	*is_zero = false;
	if (at < b->header_size) {
		*from = b->header_at + at;
		return b->header_size;
	}
	for (size_t i = 0; i <= COPIES; i++) {
		uint64_t begin = i < COPIES ? b->zeros[i] : b->header_at;
		uint64_t size = i < COPIES ? METADATA_SIZE : b->header_size;

		if (at >= begin && at - begin < size) {
			*is_zero = true;
			return begin + size;
		}
		if (begin > at && begin < end)
			end = begin;
	}
	return end;
}

/* From where it lies; what is not encrypted yet, or no longer, as it is. */
static bool read_stretch(struct bitlocker *b, uint64_t from, uint8_t *to, size_t len, struct err *err)
{
	size_t hidden = from >= b->encrypted ? 0 : b->encrypted - from < len ? (size_t)(b->encrypted - from) : len;

	return (!hidden || blocks_read_all(b->whole, from, to, hidden, err)) &&
	       (hidden == len || blocks_read_all(b->raw, from + hidden, to + hidden, len - hidden, err));
}

static bool read_bitlocker(struct blocks *blocks, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct bitlocker *b = (struct bitlocker *)blocks;

	while (len) {
		uint64_t from, end;
		bool is_zero;
		size_t piece;

		end = stretch_end(b, at, &from, &is_zero);
		piece = end - at < len ? (size_t)(end - at) : len;
		if (is_zero)
			memset(to, 0, piece);
		else if (!read_stretch(b, from, to, piece, err))
			return false;
		to += piece;
		at += piece;
		len -= piece;
	}
	return true;
}

static void close_bitlocker(struct blocks *blocks)
{
	struct bitlocker *b = (struct bitlocker *)blocks;

	blocks_close(b->whole);
	free(b);
}

static struct blocks *decrypted(struct blocks *of, const struct metadata *m, const struct method *method,
				const uint8_t *key)
{
	struct bitlocker *b = calloc(1, sizeof *b);
	struct luks_cipher cipher;

	if (b && luks_cipher_choose(&cipher, method->cipher, method->key_len))
		b->whole = luks_volume(of, 0, of->size, &cipher, key);
	if (!b || !b->whole) {
		free(b);
		return NULL;
	}
	b->blocks = (struct blocks){ .size = b->whole->size, .read = read_bitlocker, .close = close_bitlocker,
				     .budget = of->budget };
	memcpy(b->zeros, m->at, sizeof b->zeros);
	b->raw = of;
	b->encrypted = m->encrypted / LUKS_SECTOR * LUKS_SECTOR;
	b->header_at = m->header_at;
	b->header_size = m->header_size;
	return &b->blocks;
}

bool bitlocker_denied(const struct library_key *keys, size_t count, struct err *err)
{
	bool given = false;

	for (size_t i = 0; i < count; i++)
		given = given || keys[i].password.len || keys[i].recovery.len || keys[i].startup.len;
	return err_set(err, ERR_DENIED, ERR_NO_OFFSET, given ? "bitlocker: no key given opens it"
							     : "bitlocker: encrypted, no key given");
}

static struct blocks *open_with(struct blocks *of, const struct metadata *m, const struct method *method,
				const struct library_key *keys, size_t count, struct luks_key *used, struct err *err)
{
	uint8_t master[KEY_SIZE], key[LUKS_KEY_MOST];
	struct blocks *made = NULL;

	if (!find_master_key(of, m, method, keys, count, master)) {
		bitlocker_denied(keys, count, err);
	} else if (!unseal(m->sealed, master, key, method->key_len)) {
		err_set(err, ERR_CORRUPT, m->at[0], "bitlocker: the volume's key is damaged");
	} else {
		used->len = KEY_SIZE;
		memcpy(used->bytes, master, KEY_SIZE);
		made = decrypted(of, m, method, key);
		if (!made)
			err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "bitlocker: no memory");
	}
	OPENSSL_cleanse(master, sizeof master);
	OPENSSL_cleanse(key, sizeof key);
	return made;
}

static const struct method *method_of(const struct metadata *m)
{
	/* Of larger sectors each is enciphered as one. */
	for (size_t i = 0; m->sector == LUKS_SECTOR && i < sizeof methods / sizeof *methods; i++)
		if (methods[i].number == m->method)
			return &methods[i];
	return NULL;
}

struct blocks *bitlocker_open(struct blocks *of, const struct library_key *keys, size_t count,
			      struct luks_key *used, struct err *err)
{
	struct metadata *m = calloc(1, sizeof *m);
	struct blocks *made = NULL;

	if (m)
		m->bytes = buf_new(METADATA_SIZE);
	if (!m || !buf_reserve(&m->bytes, METADATA_SIZE))
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "bitlocker: no memory");
	else if (!read_metadata(of, m))
		err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "bitlocker: no metadata");
	else if (!method_of(m))
		err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "bitlocker: method %x, sectors of %u bytes", m->method, m->sector);
	else
		made = open_with(of, m, method_of(m), keys, count, used, err);
	if (m)
		buf_free(&m->bytes);
	free(m);
	return made;
}
