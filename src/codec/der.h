/* der: the elements of DER, one after the other: what signatures and catalogues are made of. */
#ifndef KANSHIKI_CODEC_DER_H
#define KANSHIKI_CODEC_DER_H

#include "base/span.h"

/* Content of the next element, which must have that tag (OpenSSL's V_ASN1_…); .at NULL: it is not there. */
struct span der_take(struct span *from, int wanted);
/* Whether one of that tag is next. */
bool der_is(struct span from, int wanted);

#endif
