/*
 * rfc3161: time stamps (RFC 3161) over a SHA-256, by OpenSSL.
 *
 * An authority signs "this digest was shown to me at that time". The request is
 * a file or an HTTP body for the authority, the response comes back from it,
 * the token in it is what is kept.
 */
#ifndef KANSHIKI_CODEC_RFC3161_H
#define KANSHIKI_CODEC_RFC3161_H

#include "base/timestamp.h"
#include "base/err.h"
#include "codec/digest.h"

#define RFC3161_MAX ((size_t)256 << 10)	/* bytes of a response or token */

struct rfc3161 {
	timestamp time;
	char authority[256];		/* name of the signer, or "" */
};

/* Appends the DER request; asks for the authority's certificate. */
bool rfc3161_request(struct buf *to, const uint8_t sha256[SHA256_SIZE], struct err *err);
/* Appends the DER token of a granted response; ERR_DENIED: refused, with the reason. */
bool rfc3161_token(struct span response, struct buf *to, struct err *err);
/*
 * The token is well formed, speaks of this digest and is signed. With `ca_file`
 * (PEM) the signer must also be a time-stamping authority that it vouches for;
 * without, who signed is anybody's guess.
 */
bool rfc3161_check(struct span token, const uint8_t sha256[SHA256_SIZE], const char *ca_file,
		   struct rfc3161 *out, struct err *err);

#endif
