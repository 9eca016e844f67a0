/*
 * quic: the hello with which a client of QUIC begins, out of its first datagrams.
 *
 * Initial packets are sealed with keys that follow from the connection id in them, so that
 * whoever sees them can open them: versions 1 and 2 and the drafts from 23 on. The hello may
 * come in pieces, in any order, over several packets and datagrams. A packet that does not
 * open is passed over. Specs: RFC 9000, 9001, 9369.
 */
#ifndef KANSHIKI_FORMATS_QUIC_H
#define KANSHIKI_FORMATS_QUIC_H

#include "codec/cipher.h"
#include "formats/tls/tls.h"

#define QUIC_ID_MOST 20

struct quic_keys {
	uint8_t key[CIPHER_KEY], iv[CIPHER_NONCE], hp[CIPHER_KEY];
};

struct quic {
	struct quic *next;		/* for whoever keeps many; not used here */
	uint32_t version;
	uint8_t id[QUIC_ID_MOST];
	size_t id_len;
	bool has_keys;
	struct quic_keys keys;
	uint8_t bytes[TLS_HEAD_MAX];	/* of the stream of messages, as far as there */
	uint8_t there[TLS_HEAD_MAX / 8];
	size_t len;			/* without a hole, from the start */
};

/* Whether it begins with a packet of a version that can be opened. */
bool quic_is_likely(struct span datagram);
/*
 * Takes what a client sent, `q` zeroed before the first. TLS_WHOLE: `out` is told; TLS_MORE:
 * something is missing.
 */
enum tls_state quic_take(struct quic *q, struct span datagram, struct tls *out);

#endif
