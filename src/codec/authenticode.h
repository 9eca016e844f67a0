/*
 * authenticode: the signatures in the PKCS #7 blob of a signed PE, with their
 * countersignatures. Specification: Microsoft's "Windows Authenticode Portable
 * Executable Signature Format", RFC 2315, RFC 3161.
 *
 * "verified" says that the cryptography holds (the signer signed this digest),
 * not that anybody trusts the signer: no root certificates are asked.
 * Bounded: AUTHENTICODE_MAX_BLOB bytes, 16 signatures in all, 16
 * countersignatures each, CERTIFICATES_MAX certificates each.
 *
 * OpenSSL loads its algorithms on first use, which opens files: call
 * authenticode_prepare before the sandbox is locked.
 */
#ifndef KANSHIKI_CODEC_AUTHENTICODE_H
#define KANSHIKI_CODEC_AUTHENTICODE_H

#include "codec/certificate.h"

#define AUTHENTICODE_MAX_BLOB ((size_t)16 << 20)
#define AUTHENTICODE_MAX_SIGNATURES 16

struct countersignature {
	bool verified;
	int64_t time;			/* Unix seconds, 0: not told */
	struct span digest_algorithm;	/* .at NULL: not known; so with all spans */
	struct span digest;		/* bytes */
	struct certificates chain;
};

struct signature {
	bool verified;			/* without the file's digest: see file_digest */
	struct span digest_algorithm;
	struct span digest;		/* bytes; what the file's digest should be */
	struct certificates certificates;
	bool has_signer;
	bool is_told;			/* its signer is there, or its content is of another kind */
	struct certificates chain;	/* the signer and its issuers */
	struct span signer_digest_algorithm;
	struct span signer_digest;
	struct span program_name;
	struct countersignature *countersignatures;
	size_t countersignature_count;
};

struct signatures {
	struct signature *list;
	size_t count;
};

void authenticode_prepare(void);

/* What is no signed data is no signature. Everything lives in `arena`. */
void authenticode_parse(struct span blob, struct arena *arena, struct signatures *out);

/*
 * Signed data whose content is a sequence of the kind `oid`: the content, copied to
 * the arena, with its first signature. False: it is none.
 */
bool authenticode_signed_list(struct span blob, const char *oid, struct arena *arena,
			      struct signature *out, struct span *content);

/* Digest by OpenSSL's long name over `count` pieces; empty where there is no such digest. */
struct span authenticode_digest(struct span algorithm, const struct span *pieces, size_t count,
				struct arena *arena);

#endif
