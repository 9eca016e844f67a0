/*
 * tls: what a TLS connection shows before it is encrypted.
 *
 * From the bytes of one direction, from their start: of a client the server's name
 * (SNI), the offered versions, ALPN and the fingerprints JA3 and JA4; of a server
 * the chosen version and, up to TLS 1.2, subject and issuer of its certificate.
 * Specs: RFC 8446, 5246, 6066; JA3 (Salesforce), JA4 (FoxIO, TLS client part only).
 */
#ifndef KANSHIKI_FORMATS_TLS_H
#define KANSHIKI_FORMATS_TLS_H

#include "base/buf.h"

/* As much of a direction is worth keeping to find the messages whole. */
#define TLS_HEAD_MAX ((size_t)8 << 10)

enum tls_state { TLS_NONE, TLS_MORE, TLS_WHOLE };

struct tls {
	bool is_client, is_server;
	bool is_quic;			/* JA4 begins with a "q" */
	bool has_hidden_name;		/* of a client: encrypted hello (ECH), or what looks like one */
	uint16_t version;		/* highest offered, or the chosen one: 0x0304 is TLS 1.3 */
	char name[256];			/* SNI */
	char alpn[16];			/* the first */
	char ja3[33], ja4[37];
	char subject[128], issuer[128];	/* common name, else organisation */
};

/*
 * TLS_NONE: no TLS; TLS_MORE: well begun, but messages go on after `bytes` (what
 * was seen is told); TLS_WHOLE: no more is to come.
 */
enum tls_state tls_read(struct span bytes, struct tls *out);
/* The same of messages without records around them, as QUIC carries them. */
enum tls_state tls_read_messages(struct span bytes, struct tls *out);

/* "TLS 1.2"; "" for an unknown number. */
const char *tls_version_name(uint16_t version);

#endif
