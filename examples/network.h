/* network: Zeek logs of an office, with what a scenario adds to it. Addresses are of RFC 5737. */
#ifndef KANSHIKI_EXAMPLES_NETWORK_H
#define KANSHIKI_EXAMPLES_NETWORK_H

#include "base/buf.h"

/* One machine of the office, which the stories' events name too. */
#define NETWORK_VICTIM "10.20.1.57"

enum { NETWORK_UPLOAD = 1, NETWORK_BEACON = 2, NETWORK_TUNNEL = 4 };

/* Connections of a table, `times` of them `every` so many seconds; a `when` of NULL ends it. */
struct network_flow {
	const char *when, *from, *to, *name;	/* name: asked for before, or NULL */
	unsigned port;
	double duration;
	unsigned long out, in;
	unsigned times, every;
	unsigned vary;			/* percent by which bytes and times differ */
};

/*
 * conn.log and dns.log, with `flows` of a table (NULL: none); the caller frees both. Seed 0 is the plain form; others vary the
 * noise and, within what the act's label allows, sizes, intervals, jitter and length.
 */
void network_of_office(struct buf *conn, struct buf *dns, unsigned acts,
		       const struct network_flow *flows, uint32_t seed, int64_t moved_seconds);

#endif
