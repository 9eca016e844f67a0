#include "codec/cipher.h"

#include "test.h"

#include <stdio.h>

static void expect_hex(const uint8_t *bytes, size_t len, const char *want)
{
	char text[129];

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(text, want);
}

/* RFC 4231, cases 2 and 6. */
TEST(cipher_hmac_is_that_of_the_specification)
{
	uint8_t out[SHA256_SIZE], key[131];

	assert_true(cipher_hmac(SPAN("Jefe"), SPAN("what do ya want for nothing?"), out));
	expect_hex(out, sizeof out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	assert_true(cipher_hmac(span_of(key, sizeof key),
				SPAN("Test Using Larger Than Block-Size Key - Hash Key First"), out));
	expect_hex(out, sizeof out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 9001, appendix A.1 and A.2. */
TEST(cipher_derives_the_keys_of_quic)
{
	static const uint8_t salt[] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
					0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
	static const uint8_t sample[] = { 0xd1, 0xb1, 0xc9, 0x8d, 0xd7, 0x68, 0x9f, 0xb8,
					  0xec, 0x11, 0xd2, 0x42, 0xb1, 0x23, 0xdc, 0x9b };
	uint8_t initial[SHA256_SIZE], client[SHA256_SIZE], key[16], hp[16], iv[12], mask[16];

	assert_true(cipher_hmac(span_of(salt, sizeof salt), SPAN("\x83\x94\xc8\xf0\x3e\x51\x57\x08"), initial));
	assert_true(cipher_expand_label(initial, "client in", client, sizeof client));
	expect_hex(client, sizeof client, "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea");
	assert_true(cipher_expand_label(client, "quic key", key, sizeof key));
	expect_hex(key, sizeof key, "1f369613dd76d5467730efcbe3b1a22d");
	assert_true(cipher_expand_label(client, "quic iv", iv, sizeof iv));
	expect_hex(iv, sizeof iv, "fa044b2f42a3fd3b46fb255c");
	assert_true(cipher_expand_label(client, "quic hp", hp, sizeof hp));
	expect_hex(hp, sizeof hp, "9f50449e04a0e810283a1e9933adedd2");
	assert_true(cipher_block(hp, sample, mask));
	expect_hex(mask, 5, "437b9aec36");
}

/* GCM specification, case 2; and what is not what was sealed. */
TEST(cipher_opens_what_was_sealed_and_nothing_else)
{
	static const uint8_t key[16] = { 0 }, nonce[12] = { 0 };
	uint8_t sealed[] = { 0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92, 0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2,
			     0xfe, 0x78, 0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd, 0xf5, 0x3a, 0x67, 0xb2,
			     0x12, 0x57, 0xbd, 0xdf };
	struct buf to = buf_new(64);

	assert_true(cipher_open_gcm(key, nonce, (struct span){ 0 }, span_of(sealed, sizeof sealed), &to));
	assert_int_equal(to.len, 16);
	expect_hex(to.at, 16, "00000000000000000000000000000000");
	buf_clear(&to);
	sealed[3] ^= 1;
	assert_false(cipher_open_gcm(key, nonce, (struct span){ 0 }, span_of(sealed, sizeof sealed), &to));
	assert_int_equal(to.len, 0);
	assert_false(cipher_open_gcm(key, nonce, (struct span){ 0 }, span_of(sealed, 15), &to));
	buf_free(&to);
}
