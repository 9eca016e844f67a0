#include "codec/digest.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

#include "codec/digest_blocks.h"

/* Small enough to stay in the cache from one digest to the next. */
#define PIECE ((size_t)32 << 10)

struct digest {
	EVP_MD_CTX *context;
	const EVP_MD *method;
	crypto_generichash_state *blake;	/* instead of both */
};

/* Fetched once and kept: the plain EVP_sha256() is looked up again for each digest. */
static const EVP_MD *method_of(enum digest_kind kind)
{
	static const char *const names[] = { [DIGEST_MD5] = "MD5", [DIGEST_SHA1] = "SHA1",
					     [DIGEST_SHA256] = "SHA256" };
	static EVP_MD *fetched[sizeof names / sizeof *names];

	if (!fetched[kind])
		fetched[kind] = EVP_MD_fetch(NULL, names[kind], NULL);
	if (!fetched[kind])
		abort();
	return fetched[kind];
}

static bool start_blake(struct digest *d)
{
	/* That it is fast hangs on sodium_init. */
	if (!d->blake && sodium_init() >= 0)
		d->blake = aligned_alloc(_Alignof(crypto_generichash_state), sizeof *d->blake);
	return d->blake && !crypto_generichash_init(d->blake, NULL, 0, DIGEST_MAX);
}

struct digest *digest_new(enum digest_kind kind)
{
	struct digest *d = calloc(1, sizeof *d);
	bool started;

	if (!d)
		return NULL;
	if (kind == DIGEST_BLAKE2B) {
		started = start_blake(d);
	} else {
		d->method = method_of(kind);
		d->context = EVP_MD_CTX_new();
		started = d->context && EVP_DigestInit_ex(d->context, d->method, NULL);
	}
	if (started)
		return d;
	digest_free(d);
	return NULL;
}

void digest_add(struct digest *d, struct span s)
{
	if (d->blake)
		crypto_generichash_update(d->blake, s.at, s.len);
	else
		EVP_DigestUpdate(d->context, s.at, s.len);
}

size_t digest_done(struct digest *d, uint8_t out[DIGEST_MAX])
{
	unsigned len = DIGEST_MAX;

	if (d->blake) {
		crypto_generichash_final(d->blake, out, DIGEST_MAX);
		start_blake(d);
	} else {
		EVP_DigestFinal_ex(d->context, out, &len);
		EVP_DigestInit_ex(d->context, d->method, NULL);
	}
	return len;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	if (d->context)
		EVP_MD_CTX_free(d->context);
	free(d->blake);
	free(d);
}

size_t digest_of(enum digest_kind kind, struct span s, uint8_t out[DIGEST_MAX])
{
	unsigned len = 0;

	if (!EVP_Digest(s.at, s.len, out, &len, method_of(kind), NULL))
		abort();
	return len;
}

void sha256_of(struct span s, uint8_t out[SHA256_SIZE])
{
	digest_of(DIGEST_SHA256, s, out);
}

/* ---- three at once ---- */

static void digests_in_turns(struct span s, struct digests *out)
{
	uint8_t *const to[] = { [DIGEST_MD5] = out->md5, [DIGEST_SHA1] = out->sha1, [DIGEST_SHA256] = out->sha256 };
	struct digest *turns[3];

	for (unsigned kind = DIGEST_MD5; kind <= DIGEST_SHA256; kind++)
		if (!(turns[kind] = digest_new((enum digest_kind)kind)))
			abort();
	for (; s.len; s = span_from(s, PIECE))
		for (unsigned i = 0; i < 3; i++)
			digest_add(turns[i], span_sub(s, 0, PIECE));
	for (unsigned i = 0; i < 3; i++) {
		uint8_t all[DIGEST_MAX];

		memcpy(to[i], all, digest_done(turns[i], all));
		digest_free(turns[i]);
	}
}

/* A one bit, zeros, and the length in bits, its bytes in the one order or the other; how many blocks. */
static size_t pad(uint8_t to[2 * DIGEST_BLOCK], struct span rest, uint64_t len, bool is_big_endian)
{
	size_t all = rest.len + 9 > DIGEST_BLOCK ? 2 * DIGEST_BLOCK : DIGEST_BLOCK;

	memset(to, 0, all);
	memcpy(to, rest.at, rest.len);
	to[rest.len] = 0x80;
	for (unsigned i = 0; i < 8; i++)
		to[is_big_endian ? all - 1 - i : all - 8 + i] = (uint8_t)(len * 8 >> 8 * i);
	return all / DIGEST_BLOCK;
}

static void store(uint8_t *to, const uint32_t *words, size_t count, bool is_big_endian)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < 4; k++)
			to[4 * i + k] = (uint8_t)(words[i] >> (is_big_endian ? 24 - 8 * k : 8 * k));
}

void digests_of(struct span s, struct digests *out)
{
	struct digest_states little, big;
	uint8_t last[2 * DIGEST_BLOCK] = { 0 };
	size_t blocks = s.len / DIGEST_BLOCK;
	struct span rest = span_from(s, blocks * DIGEST_BLOCK);

	if (!digest_blocks_can()) {
		digests_in_turns(s, out);
		return;
	}
	digest_blocks_begin(&little);
	digest_blocks_add(&little, s.at, blocks);
	big = little;
	digest_blocks_add(&little, last, pad(last, rest, s.len, false));
	digest_blocks_add(&big, last, pad(last, rest, s.len, true));
	store(out->md5, little.md5, 4, false);
	store(out->sha1, big.sha1, 5, true);
	store(out->sha256, big.sha256, 8, true);
}

void digest_prepare(void)
{
	uint8_t out[DIGEST_MAX];

	for (unsigned kind = DIGEST_MD5; kind <= DIGEST_SHA256; kind++)
		digest_of((enum digest_kind)kind, SPAN("warm"), out);
}
