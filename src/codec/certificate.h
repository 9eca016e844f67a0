/*
 * certificate: what there is to know of an X.509 certificate, as text, and the
 * chain of issuers above one. Over OpenSSL; nobody is trusted or distrusted here.
 *
 * Text is in the arena; its form is that of YARA: names on one line
 * ("/C=US/O=…/CN=…"), serial numbers as "0a:1b:…", times in Unix seconds.
 */
#ifndef KANSHIKI_CODEC_CERTIFICATE_H
#define KANSHIKI_CODEC_CERTIFICATE_H

#include <openssl/x509.h>

#include "base/arena.h"

/* What YARA tells where a time cannot be read: the day before 1900. */
#define CERTIFICATE_NO_TIME INT64_C(-2209075200)

/* More certificates than this in one signature are not looked at. */
#define CERTIFICATES_MAX 64

struct certificate {
	struct span thumbprint;		/* SHA-1 of the whole, hex */
	struct span issuer;
	struct span subject;
	struct span algorithm;		/* of the signature, by OpenSSL's long name */
	struct span algorithm_oid;
	struct span serial;		/* .at NULL: longer than the standard allows */
	int64_t version;		/* from 1 */
	int64_t not_before, not_after;
	bool signs_code;		/* its purposes, where it tells any, have that of signing code */
	bool is_issued;			/* in a chain: the next one is an authority and did sign it */
};

struct certificates {
	struct certificate *list;
	size_t count;
};

/* Who a certificate is of and from, as YARA-X writes it: "C=US, O=…, CN=…". */
struct certificate_names {
	struct span issuer, subject;
};

/* Of all certificates in a PKCS #7 blob, up to CERTIFICATES_MAX; answers their number. */
size_t certificate_names_of(struct span pkcs7, struct arena *arena, struct certificate_names **out);

/* Appends all of a stack, up to CERTIFICATES_MAX in the list. */
void certificates_add(struct certificates *to, STACK_OF(X509) *stack, struct arena *arena);
/*
 * The certificate and its issuers, as far as `others` has them. The chain follows
 * names, which anybody can write: only `is_issued` says that a link holds.
 */
void certificates_chain(struct certificates *to, X509 *leaf, STACK_OF(X509) *others,
			struct arena *arena);

/* Unix seconds; CERTIFICATE_NO_TIME where it is none. */
int64_t certificate_time(const ASN1_TIME *time);
/* OpenSSL's long name of an object; "undefined" where it has none. */
struct span certificate_object_name(const ASN1_OBJECT *object);
struct span certificate_hex(struct arena *arena, struct span bytes);

#endif
