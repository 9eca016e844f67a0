/* network: Zeek logs of an office, with what a scenario adds to it. Addresses are of RFC 5737. */
#ifndef KANSHIKI_EXAMPLES_NETWORK_H
#define KANSHIKI_EXAMPLES_NETWORK_H

#include "base/buf.h"

/* One machine of the office, which the stories' events name too. */
#define NETWORK_VICTIM "10.20.1.57"

enum { NETWORK_UPLOAD = 1, NETWORK_BEACON = 2, NETWORK_TUNNEL = 4 };

/*
 * conn.log and dns.log; the caller frees both. Seed 0 is the plain form; others vary the
 * noise and, within what the act's label allows, sizes, intervals, jitter and length.
 */
void network_of_office(struct buf *conn, struct buf *dns, unsigned acts, uint32_t seed,
		       int64_t moved_seconds);

#endif
