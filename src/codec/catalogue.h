/*
 * catalogue: Windows' security catalogues (.cat): a signed list of digests of
 * files. A PKCS #7 whose content is a certificate trust list; a member is known by
 * the digest in its SpcIndirectDataContent, else by its name in the list.
 *
 * For a program the digest is that of Authenticode (checksum and signatures left
 * out), for any other file that of its bytes; the catalogue does not say which.
 * At most AUTHENTICODE_MAX_BLOB bytes. As for authenticode, "verified" says that
 * the cryptography holds, not that anybody trusts the signer.
 */
#ifndef KANSHIKI_CODEC_CATALOGUE_H
#define KANSHIKI_CODEC_CATALOGUE_H

#include "base/err.h"
#include "codec/authenticode.h"

struct catalogue {
	struct signature signature;	/* digest and digest_algorithm stay empty */
	int64_t made;			/* Unix seconds, 0: not told; CERTIFICATE_NO_TIME: not readable */
	struct span members;		/* those not yet read; in the arena */
	struct arena *arena;
};

struct catalogue_member {
	struct span digest;		/* 20 bytes: SHA-1, 32: SHA-256 */
	struct span name;		/* of the file, UTF-8 in the arena; often empty */
};

/* ERR_UNSUPPORTED: signed data of another kind, or none. */
bool catalogue_open(struct span file, struct arena *arena, struct catalogue *out, struct err *err);
/* The next member that has a digest of a kind that we take. */
bool catalogue_next(struct catalogue *c, struct catalogue_member *out);

#endif
