/* cidr: addresses and networks, IPv4 as ::ffff:a.b.c.d. */
#ifndef KANSHIKI_RULES_SIGMA_CIDR_H
#define KANSHIKI_RULES_SIGMA_CIDR_H

#include "base/span.h"

/* "10.0.0.0/8", "fe80::/10", or an address alone; *bits counts from the IPv6 start. */
bool sigma_cidr_parse(struct span text, uint8_t net[16], uint8_t *bits);
bool sigma_address_parse(struct span text, uint8_t address[16]);
bool sigma_cidr_holds(const uint8_t net[16], uint8_t bits, const uint8_t address[16]);

#endif
