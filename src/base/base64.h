/* base64: bytes out of their text (RFC 4648, 4), with or without padding. */
#ifndef KANSHIKI_BASE_BASE64_H
#define KANSHIKI_BASE_BASE64_H

#include "base/span.h"

/* How many bytes the text gives, up to the first letter that is none of it; at most `room` are written. */
size_t base64_decode(uint8_t *to, size_t room, struct span text);

#endif
