/*
 * Makes a BitLocker volume out of a plain one, after the published description of the
 * format (libbde's documentation and what cryptsetup reads), for tests.
 *
 * usage: bitlocker_writer PLAIN OUT METHOD [password:WORD] [recovery:48-DIGITS] [startup:OUT.BEK] [clear]
 *                         [part] [togo]
 * METHOD: cbc128 cbc256 xts128 xts256, elephant128 elephant256 (CBC behind the diffuser)
 * part: only the first half is encrypted yet. togo: with the first sector of a stick.
 *
 * Four stretches of 64 KiB that are zero in PLAIN hold the three copies of the metadata and
 * the first 8 KiB of the volume; the header of the volume says where. Keys are fixed.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/digest.h"

#define SECTOR 512
#define REGION 65536
#define HEADER 8192		/* of the plain volume, kept elsewhere */
#define ROUNDS 0x100000
#define FILETIME UINT64_C(133800000000000000)

enum { ENTRY_PROPERTY = 0, ENTRY_VMK = 2, ENTRY_FVEK = 3, ENTRY_STARTUP = 6, ENTRY_DESCRIPTION = 7, ENTRY_HEADER = 15 };
enum { VALUE_KEY = 1, VALUE_TEXT = 2, VALUE_STRETCH = 3, VALUE_CCM = 5, VALUE_VMK = 8, VALUE_EXTERNAL = 9, VALUE_PLACE = 15 };
enum { BY_CLEAR_KEY = 0, BY_STARTUP_KEY = 0x0200, BY_RECOVERY = 0x0800, BY_PASSWORD = 0x2000 };

static const struct method {
	const char *name;
	uint16_t number;
	size_t key_len;
	bool is_xts, is_diffused;
	size_t stored_len;		/* of its key, with that of the diffuser */
} methods[] = {
	{ "cbc128", 0x8002, 16, false, false, 16 }, { "cbc256", 0x8003, 32, false, false, 32 },
	{ "xts128", 0x8004, 32, true, false, 32 }, { "xts256", 0x8005, 64, true, false, 64 },
	{ "elephant128", 0x8000, 16, false, true, 64 }, { "elephant256", 0x8001, 32, false, true, 64 },
};

struct maker {
	const struct method *method;
	uint8_t *plain;
	size_t size;
	uint64_t metadata[3], header, encrypted;
	bool is_to_go;
	uint8_t vmk[32], fvek[64];
	uint32_t nonce;
};

static void fail(const char *why)
{
	fprintf(stderr, "bitlocker_writer: %s\n", why);
	exit(2);
}

/* ---- keys ---- */

/* AES-256-CCM: nonce, MAC, then what is enciphered: size, version, method, key. */
static void add_ccm(struct maker *m, struct buf *to, const uint8_t *with, uint32_t method, struct span key)
{
	uint8_t nonce[12] = { 0 }, mac[16], *out;
	struct buf text = buf_new(256);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len = 0;

	buf_add_u32le(&text, (uint32_t)key.len + 12);
	buf_add_u16le(&text, 1);
	buf_add_u16le(&text, 0);
	buf_add_u32le(&text, method);
	buf_add(&text, key);
	for (int i = 0; i < 8; i++)
		nonce[i] = (uint8_t)(FILETIME >> 8 * i);
	nonce[8] = (uint8_t)++m->nonce;
	out = malloc(text.len);
	if (!c || !out || EVP_EncryptInit_ex(c, EVP_aes_256_ccm(), NULL, NULL, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_CCM_SET_IVLEN, 12, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_CCM_SET_TAG, 16, NULL) != 1 ||
	    EVP_EncryptInit_ex(c, NULL, NULL, with, nonce) != 1 ||
	    EVP_EncryptUpdate(c, out, &len, text.at, (int)text.len) != 1 || len != (int)text.len ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_CCM_GET_TAG, 16, mac) != 1)
		fail("AES-CCM");
	buf_add(to, span_of(nonce, 12));
	buf_add(to, span_of(mac, 16));
	buf_add(to, span_of(out, text.len));
	EVP_CIPHER_CTX_free(c);
	buf_free(&text);
	free(out);
}

/* A million rounds over what came out last, what went in first, a salt and a counter. */
static void stretch(const uint8_t first[32], const uint8_t salt[16], uint8_t out[32])
{
	uint8_t state[88] = { 0 };

	memcpy(state + 32, first, 32);
	memcpy(state + 64, salt, 16);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		for (int b = 0; b < 4; b++)
			state[80 + b] = (uint8_t)(i >> 8 * b);
		sha256_of(span_of(state, sizeof state), state);
	}
	memcpy(out, state, 32);
}

static void password_key(const char *password, const uint8_t salt[16], uint8_t out[32])
{
	struct buf wide = buf_new(1024);
	uint8_t first[32];

	for (; *password; password++)
		buf_add_u16le(&wide, (uint8_t)*password);
	sha256_of(buf_span(&wide), first);
	sha256_of(span_of(first, 32), first);
	stretch(first, salt, out);
	buf_free(&wide);
}

static void recovery_key(const char *digits, const uint8_t salt[16], uint8_t out[32])
{
	uint8_t key[16], first[32];

	for (int i = 0; i < 8; i++) {
		unsigned long group = strtoul(digits + i * 7, NULL, 10);

		if (group % 11 || group / 11 > 0xffff)
			fail("no recovery password: each group is a multiple of 11");
		key[2 * i] = (uint8_t)(group / 11);
		key[2 * i + 1] = (uint8_t)(group / 11 >> 8);
	}
	sha256_of(span_of(key, sizeof key), first);
	stretch(first, salt, out);
}

/* ---- metadata ---- */

static void add_entry(struct buf *to, uint16_t type, uint16_t value_type, const struct buf *value)
{
	buf_add_u16le(to, (uint16_t)(value->len + 8));
	buf_add_u16le(to, type);
	buf_add_u16le(to, value_type);
	buf_add_u16le(to, 1);
	buf_add(to, buf_span(value));
}

static void add_ccm_entry(struct maker *m, struct buf *to, uint16_t type, const uint8_t *with, uint32_t method,
			  struct span key)
{
	struct buf value = buf_new(512);

	add_ccm(m, &value, with, method, key);
	add_entry(to, type, VALUE_CCM, &value);
	buf_free(&value);
}

/* The master key, protected by `key`; with its salt, or (a clear key) with the key itself. */
static void add_vmk(struct maker *m, struct buf *to, uint16_t by, const uint8_t *key, const uint8_t *salt)
{
	struct buf vmk = buf_new(1024), part = buf_new(512);

	for (uint8_t i = 0; i < 16; i++)
		buf_add_u8(&vmk, (uint8_t)(by >> 8) ^ i);
	buf_add_u64le(&vmk, FILETIME);
	buf_add_u16le(&vmk, 0);
	buf_add_u16le(&vmk, by);
	if (by == BY_STARTUP_KEY) {
		/* Nothing but what it seals. */
	} else if (salt) {
		buf_add_u32le(&part, by == BY_PASSWORD ? 0x1001 : 0x1000);
		buf_add(&part, span_of(salt, 16));
		add_ccm_entry(m, &part, ENTRY_PROPERTY, key, 0x2000, span_of(key, 32));
		add_entry(&vmk, ENTRY_PROPERTY, VALUE_STRETCH, &part);
	} else {
		buf_add_u32le(&part, 0x2002);
		buf_add(&part, span_of(key, 32));
		add_entry(&vmk, ENTRY_PROPERTY, VALUE_KEY, &part);
	}
	add_ccm_entry(m, &vmk, ENTRY_PROPERTY, key, 0x2003, span_of(m->vmk, 32));
	add_entry(to, ENTRY_VMK, VALUE_VMK, &vmk);
	buf_free(&vmk);
	buf_free(&part);
}

/* OUT.BEK: a head as that of the metadata, and the external key. */
static void write_startup_key(const char *path, const uint8_t *key)
{
	struct buf file = buf_new(512), external = buf_new(256), part = buf_new(64);
	FILE *out = fopen(path, "wb");

	buf_add_u32le(&part, 0x2002);
	buf_add(&part, span_of(key, 32));
	for (uint8_t i = 0; i < 16; i++)
		buf_add_u8(&external, (uint8_t)(BY_STARTUP_KEY >> 8) ^ i);
	buf_add_u64le(&external, FILETIME);
	add_entry(&external, ENTRY_PROPERTY, VALUE_KEY, &part);
	buf_add_u32le(&file, (uint32_t)(48 + 8 + external.len));
	buf_add_u32le(&file, 1);
	buf_add_u32le(&file, 48);
	buf_add_u32le(&file, (uint32_t)(48 + 8 + external.len));
	buf_add(&file, span_sub(buf_span(&external), 0, 16));
	buf_add_u32le(&file, 1);
	buf_add_u32le(&file, 0);
	buf_add_u64le(&file, FILETIME);
	add_entry(&file, ENTRY_STARTUP, VALUE_EXTERNAL, &external);
	if (!out || fwrite(file.at, 1, file.len, out) != file.len || fclose(out))
		fail("cannot write the startup key");
	buf_free(&file);
	buf_free(&external);
	buf_free(&part);
}

static void add_protector(struct maker *m, struct buf *to, const char *word)
{
	static const uint8_t salts[2][16] = { "salt of password", "salt of recovery" };
	uint8_t key[32];

	if (!strncmp(word, "password:", 9)) {
		password_key(word + 9, salts[0], key);
		add_vmk(m, to, BY_PASSWORD, key, salts[0]);
	} else if (!strncmp(word, "recovery:", 9) && strlen(word) == 9 + 55) {
		recovery_key(word + 9, salts[1], key);
		add_vmk(m, to, BY_RECOVERY, key, salts[1]);
	} else if (!strncmp(word, "startup:", 8)) {
		memset(key, '\n', sizeof key);
		write_startup_key(word + 8, key);
		add_vmk(m, to, BY_STARTUP_KEY, key, NULL);
	} else if (!strcmp(word, "clear")) {
		memset(key, 0x5a, sizeof key);
		add_vmk(m, to, BY_CLEAR_KEY, key, NULL);
	} else {
		fail("no such protector");
	}
}

static void add_place(struct buf *to, const struct maker *m)
{
	struct buf value = buf_new(16);

	buf_add_u64le(&value, m->header);
	buf_add_u64le(&value, HEADER);
	add_entry(to, ENTRY_HEADER, VALUE_PLACE, &value);
	buf_free(&value);
}

/* What people see of the volume; libbde wants one. */
static void add_description(struct buf *to)
{
	struct buf value = buf_new(64);

	for (const char *c = "TEST C: 22.11.2026"; *c; c++)
		buf_add_u16le(&value, (uint8_t)*c);
	buf_add_u16le(&value, 0);
	add_entry(to, ENTRY_DESCRIPTION, VALUE_TEXT, &value);
	buf_free(&value);
}

static void put_metadata(struct maker *m, const struct buf *entries, struct buf *to)
{
	buf_text(to, "-FVE-FS-");
	buf_add_u16le(to, (uint16_t)((64 + 48 + entries->len + 15) / 16));
	buf_add_u16le(to, 2);
	buf_add_u16le(to, 4);
	buf_add_u16le(to, 4);
	buf_add_u64le(to, m->encrypted);
	buf_add_u32le(to, 0);
	buf_add_u32le(to, HEADER / SECTOR);
	for (int i = 0; i < 3; i++)
		buf_add_u64le(to, m->metadata[i]);
	buf_add_u64le(to, m->header);
	buf_add_u32le(to, (uint32_t)(48 + entries->len));
	buf_add_u32le(to, 1);
	buf_add_u32le(to, 48);
	buf_add_u32le(to, (uint32_t)(48 + entries->len));
	buf_text(to, "volume of a test");
	buf_add_u32le(to, m->nonce + 1);
	buf_add_u32le(to, m->method->number);
	buf_add_u64le(to, FILETIME);
	buf_add(to, buf_span(entries));
}

/* ---- the volume ---- */

static uint64_t next_free(const struct maker *m, uint64_t from)
{
	static const uint8_t zeros[REGION];

	for (uint64_t at = (from + REGION - 1) / REGION * REGION; at + REGION <= m->size; at += REGION)
		if (!memcmp(m->plain + at, zeros, REGION))
			return at;
	fail("the plain volume has no room for the metadata");
	return 0;
}

static void encipher_block(const uint8_t *key, size_t key_len, uint8_t block[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len;

	if (!c || EVP_EncryptInit_ex(c, key_len == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(), NULL, key, NULL) != 1)
		fail("cipher");
	EVP_CIPHER_CTX_set_padding(c, 0);
	EVP_EncryptUpdate(c, block, &len, block, 16);
	EVP_CIPHER_CTX_free(c);
}

static uint32_t turned(uint32_t n, unsigned by)
{
	return by ? n << by | n >> (32 - by) : n;
}

/* Ferguson's "AES-CBC + Elephant diffuser": the sector's key, then A and B backwards, as encryption does. */
static void diffuse(const struct maker *m, uint64_t at, uint8_t *sector)
{
	static const unsigned of_a[] = { 9, 0, 13, 0 }, of_b[] = { 0, 10, 0, 25 };
	uint32_t d[SECTOR / 4];
	uint8_t key[32] = { 0 };
	const size_t n = SECTOR / 4;

	for (int i = 0; i < 8; i++)
		key[i] = key[16 + i] = (uint8_t)(at >> 8 * i);
	key[31] = 0x80;
	encipher_block(m->fvek + 32, m->method->key_len, key);
	encipher_block(m->fvek + 32, m->method->key_len, key + 16);
	for (size_t i = 0; i < SECTOR; i++)
		sector[i] ^= key[i % 32];
	memcpy(d, sector, SECTOR);
	for (int cycle = 0; cycle < 5; cycle++)
		for (size_t i = n; i-- > 0;)
			d[i] -= d[(i + n - 2) % n] ^ turned(d[(i + n - 5) % n], of_a[i % 4]);
	for (int cycle = 0; cycle < 3; cycle++)
		for (size_t i = n; i-- > 0;)
			d[i] -= d[(i + 2) % n] ^ turned(d[(i + 5) % n], of_b[i % 4]);
	memcpy(sector, d, SECTOR);
}

static void cipher_sector(const struct maker *m, uint64_t at, const uint8_t *from, uint8_t *to)
{
	const struct method *k = m->method;
	const EVP_CIPHER *cipher = k->is_xts ? k->key_len == 32 ? EVP_aes_128_xts() : EVP_aes_256_xts()
					     : k->key_len == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t iv[16] = { 0 }, mixed[SECTOR];
	uint64_t n = k->is_xts ? at / SECTOR : at;
	int len;

	memcpy(mixed, from, SECTOR);
	if (at >= m->encrypted) {
		memcpy(to, mixed, SECTOR);
		EVP_CIPHER_CTX_free(c);
		return;
	}
	if (k->is_diffused)
		diffuse(m, at, mixed);
	for (int i = 0; i < 8; i++)
		iv[i] = (uint8_t)(n >> 8 * i);
	if (!c)
		fail("no memory");
	EVP_CIPHER_CTX_set_padding(c, 0);
	if (!k->is_xts)
		encipher_block(m->fvek, k->key_len, iv);
	if (EVP_EncryptInit_ex(c, cipher, NULL, m->fvek, iv) != 1)
		fail("cipher");
	EVP_CIPHER_CTX_set_padding(c, 0);
	if (EVP_EncryptUpdate(c, to, &len, mixed, SECTOR) != 1 || len != SECTOR)
		fail("sector");
	EVP_CIPHER_CTX_free(c);
}

static void put_u64(uint8_t *to, uint64_t n)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(n >> 8 * i);
}

static void put_volume_header(const struct maker *m, uint8_t *to)
{
	static const uint8_t identifier[16] = { 0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a,
						0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01 };

	memset(to, 0, HEADER);
	memcpy(to, m->is_to_go ? "\xeb\x58\x90MSWIN4.1" : "\xeb\x58\x90-FVE-FS-", 11);
	to[12] = SECTOR >> 8;
	to[13] = 8;
	to[21] = 0xf8;
	to[24] = 0x3f;
	to[26] = 0xff;
	memcpy(to + 36, "\xe0\x1f", 2);
	to[48] = 1;
	to[50] = 6;
	to[64] = 0x80;
	to[66] = 0x29;
	memcpy(to + 71, "NO NAME    FAT32   ", 19);
	memcpy(to + (m->is_to_go ? 424 : 160), identifier, 16);
	for (int i = 0; i < 3; i++)
		put_u64(to + (m->is_to_go ? 440 : 176) + 8 * i, m->metadata[i]);
	to[510] = 0x55;
	to[511] = 0xaa;
}

static void make(struct maker *m, int count, char **protectors, uint8_t *out)
{
	struct buf entries = buf_new(8192), block = buf_new(REGION);

	m->metadata[0] = next_free(m, m->size > 8 << 20 ? 1 << 20 : REGION);
	m->metadata[1] = next_free(m, m->metadata[0] + REGION);
	m->metadata[2] = next_free(m, m->metadata[1] + REGION);
	m->header = next_free(m, m->metadata[2] + REGION);
	m->encrypted = m->size;
	for (int i = 0; i < count; i++)
		if (!strcmp(protectors[i], "part"))
			m->encrypted = m->size / 2 / SECTOR * SECTOR;
		else if (!strcmp(protectors[i], "togo"))
			m->is_to_go = true;
		else
			add_protector(m, &entries, protectors[i]);
	add_ccm_entry(m, &entries, ENTRY_FVEK, m->vmk, m->method->number, span_of(m->fvek, m->method->stored_len));
	add_place(&entries, m);
	add_description(&entries);
	put_metadata(m, &entries, &block);
	for (uint64_t at = HEADER; at < m->size; at += SECTOR)
		cipher_sector(m, at, m->plain + at, out + at);
	for (uint64_t at = 0; at < HEADER; at += SECTOR)
		cipher_sector(m, m->header + at, m->plain + at, out + m->header + at);
	put_volume_header(m, out);
	for (int i = 0; i < 3; i++) {
		memset(out + m->metadata[i], 0, REGION);
		memcpy(out + m->metadata[i], block.at, block.len);
	}
	buf_free(&entries);
	buf_free(&block);
}

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long len = -1;

	if (in && !fseek(in, 0, SEEK_END))
		len = ftell(in);
	if (len <= 0 || fseek(in, 0, SEEK_SET) || !(bytes = malloc((size_t)len)) ||
	    fread(bytes, 1, (size_t)len, in) != (size_t)len)
		fail("cannot read the plain volume");
	fclose(in);
	*size = (size_t)len / SECTOR * SECTOR;
	return bytes;
}

int main(int argc, char **argv)
{
	struct maker m = { 0 };
	uint8_t *out;
	FILE *to;

	for (size_t i = 0; argc > 4 && i < sizeof methods / sizeof *methods; i++)
		if (!strcmp(argv[3], methods[i].name))
			m.method = &methods[i];
	if (!m.method)
		fail("usage: bitlocker_writer PLAIN OUT METHOD PROTECTOR...");
	for (uint8_t i = 0; i < 64; i++) {
		m.fvek[i] = (uint8_t)(i * 7 + 1);
		m.vmk[i % 32] = (uint8_t)(i * 3 + 5);
	}
	m.plain = read_file(argv[1], &m.size);
	out = calloc(1, m.size);
	if (!out)
		fail("no memory");
	make(&m, argc - 4, argv + 4, out);
	to = fopen(argv[2], "wb");
	if (!to || fwrite(out, 1, m.size, to) != m.size || fclose(to))
		fail("cannot write");
	free(out);
	free(m.plain);
	return 0;
}
