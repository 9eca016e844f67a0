#include "codec/der.h"

#include <openssl/asn1.h>

bool der_is(struct span from, int wanted)
{
	struct span rest = from;

	return der_take(&rest, wanted).at;
}

struct span der_take(struct span *from, int wanted)
{
	const unsigned char *at = from->at;
	long len = 0;
	int tag = 0, class = 0, form;
	struct span content;

	if (from->len == 0 || from->len > INT32_MAX)
		return (struct span){ 0 };
	form = ASN1_get_object(&at, &len, &tag, &class, (long)from->len);
	if ((form & 0x80) || tag != wanted || len < 0)
		return (struct span){ 0 };
	content = span_sub(*from, (size_t)(at - from->at), (size_t)len);
	*from = span_from(*from, (size_t)(at - from->at) + content.len);
	return content;
}
