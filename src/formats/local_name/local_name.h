/*
 * local_name: what machines of a network call themselves, and at which address, as they
 * say it to everybody: when they ask for an address (DHCP, RFC 2131, 2132, 4702), when
 * they claim a name (NetBIOS, RFC 1002), and in answers by multicast (mDNS, LLMNR: RFC
 * 6762, 4795). Anybody may say anything there: a hint of who it is, and no proof.
 */
#ifndef KANSHIKI_FORMATS_LOCAL_NAME_H
#define KANSHIKI_FORMATS_LOCAL_NAME_H

#include "base/span.h"

#define LOCAL_NAME_MAX 100		/* bytes with the NUL; longer ones are none of a machine */

enum local_name_form { LOCAL_NAME_DHCP, LOCAL_NAME_NETBIOS, LOCAL_NAME_NETBIOS_DATAGRAM, LOCAL_NAME_MULTICAST };

/* `address`: IPv4 as ::ffff:a.b.c.d; `name`: printable ASCII and UTF-8 as it was sent, at most LOCAL_NAME_MAX - 1 bytes. */
typedef void local_name_fn(void *context, const uint8_t address[16], struct span name);

/* Calls for each address whose name the datagram tells; for none where it is not of that form. */
void local_name_read(enum local_name_form form, struct span bytes, local_name_fn *each, void *context);

#endif
