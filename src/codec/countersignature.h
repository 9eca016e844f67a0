/* countersignature: time stamps on a signature, in the two forms that there are. */
#ifndef KANSHIKI_CODEC_COUNTERSIGNATURE_H
#define KANSHIKI_CODEC_COUNTERSIGNATURE_H

#include "codec/authenticode.h"

/*
 * `der` is the attribute's value, `signed_bytes` the encrypted digest that is
 * countersigned. PKCS #9: a SignerInfo whose certificates are the signature's.
 */
void countersignature_pkcs9(struct span der, struct span signed_bytes, STACK_OF(X509) *certificates,
			    struct arena *arena, struct countersignature *out);
/* RFC 3161: a token of its own, whose certificates are added to `certificates`. */
void countersignature_rfc3161(struct span der, struct span signed_bytes,
			      struct certificates *certificates, struct arena *arena,
			      struct countersignature *out);

#endif
