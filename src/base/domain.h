/*
 * domain: which part of a name somebody registered.
 *
 * "a.b.example.co.uk" belongs to whoever has "example.co.uk". The suffixes below
 * which anybody may register are those of most use, built in (domain.c says how
 * they were chosen): any single label, two-label suffixes of countries, and hosts
 * that give names below their own to strangers ("github.io").
 */
#ifndef KANSHIKI_BASE_DOMAIN_H
#define KANSHIKI_BASE_DOMAIN_H

#include "base/span.h"

/* Borrowed from `name`, whose last dot is left off; the name itself where it has no more labels. */
struct span domain_registered(struct span name);
/* What stands before it, without the dot; empty where there is nothing. */
struct span domain_below(struct span name);
/* Takes the next byte of a name in which some are written \DDD. */
uint8_t domain_take_byte(struct span *name);
/* Bytes of a name as they were sent: each \DDD is one. */
size_t domain_bytes(struct span name);
/*
 * Bytes that a question tells the owner of the domain, of what stands below it: those of the
 * name, but four of an address backwards ("2.0.0.127.zen"), as lists of bad mailers are asked
 * (RFC 5782).
 */
size_t domain_information(struct span below);
/* Below a host that gives names to anybody ("x.github.io"). */
bool domain_is_given(struct span name);
/* Whether the name is `domain`, or below it; ASCII case folded. */
bool domain_is_of(struct span name, struct span domain);
/* An IPv4 or IPv6 address, perhaps with a port, and no name. */
bool domain_is_address(struct span text);

#endif
