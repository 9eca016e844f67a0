#include "codec/digest.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

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

void digests_of(struct span s, struct digests *out)
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

void digest_prepare(void)
{
	uint8_t out[DIGEST_MAX];

	for (unsigned kind = DIGEST_MD5; kind <= DIGEST_SHA256; kind++)
		digest_of((enum digest_kind)kind, SPAN("warm"), out);
}
