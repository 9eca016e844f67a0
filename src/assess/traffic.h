/*
 * traffic: the transfers of a case as analysers of the network want them.
 *
 * Rows come in the order of the case. Ends are split into address and port; who is
 * inside is told by the address: private, link-local and shared ranges are (RFC
 * 1918, 3927, 6598, 4193). A name is the row's own, else what another record of the
 * case says of the address: a TLS handshake, an HTTP host, a DNS answer.
 */
#ifndef KANSHIKI_ASSESS_TRAFFIC_H
#define KANSHIKI_ASSESS_TRAFFIC_H

#include "assess/analyser.h"
#include "base/map.h"
#include "codec/json_write.h"

struct traffic_row {
	uint64_t item;
	struct span what, source, protocol, detail, host;	/* borrowed until the next row */
	struct span local, peer;	/* addresses, or names where a log has them */
	uint16_t local_port, peer_port;	/* 0: none */
	struct span name;		/* of the peer, or empty */
	timestamp time, last;
	uint64_t out, in, count;	/* unknown numbers are 0 */
	bool is_sum;			/* of many flows of one hour: its times are not those of one */
	struct span starts, sizes;	/* of a sum: seconds of the hour when flows began, bytes out of each */
	bool is_local_inside, is_peer_inside;
};

struct traffic {
	struct analysis *a;
	struct map names;		/* address -> struct span */
};

/* Learns names. */
bool traffic_open(struct traffic *t, struct analysis *a, struct err *err);
/* All transfers; false from `each` is failure with its `err`. */
typedef bool traffic_fn(void *context, const struct traffic_row *row, struct err *err);
bool traffic_each(struct traffic *t, traffic_fn *each, void *context, struct err *err);

bool traffic_is_inside(struct span address);
/* No machine: multicast, broadcast, unspecified. */
bool traffic_is_nobody(struct span address);
/* 22 to 6 o'clock UTC, or Saturday and Sunday. */
bool traffic_is_off_hours(timestamp t);

/* The element of that key, made (zeroed, `size` bytes, key kept in the arena) where it is new. */
void *traffic_slot(struct map *m, struct span key, size_t size, bool *is_new, struct err *err);

/* With three digits behind the point. */
void traffic_decimal(struct json_write *w, const char *key, double n);

#endif
