/* tls_hello: the messages ClientHello and ServerHello; see tls.h. */
#ifndef KANSHIKI_FORMATS_TLS_HELLO_H
#define KANSHIKI_FORMATS_TLS_HELLO_H

#include "formats/tls/tls.h"

void tls_client_hello(struct span body, struct tls *out);
void tls_server_hello(struct span body, struct tls *out);

#endif
