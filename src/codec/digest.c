#include "codec/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct digest {
	EVP_MD_CTX *context;
	const EVP_MD *method;
};

static const EVP_MD *method_of(enum digest_kind kind)
{
	return kind == DIGEST_MD5 ? EVP_md5() : kind == DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
}

struct digest *digest_new(enum digest_kind kind)
{
	struct digest *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->method = method_of(kind);
	d->context = EVP_MD_CTX_new();
	if (!d->context || !EVP_DigestInit_ex(d->context, d->method, NULL)) {
		digest_free(d);
		return NULL;
	}
	return d;
}

void digest_add(struct digest *d, struct span s)
{
	EVP_DigestUpdate(d->context, s.at, s.len);
}

size_t digest_done(struct digest *d, uint8_t out[DIGEST_MAX])
{
	unsigned len = 0;

	EVP_DigestFinal_ex(d->context, out, &len);
	EVP_DigestInit_ex(d->context, d->method, NULL);
	return len;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->context);
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
