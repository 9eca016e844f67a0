/*
 * traffic: the transfers of a case, and the names asked for, as analysers of the
 * network want them.
 *
 * Read once for all analysers. Rows come in the order of the case. Ends are split into address and port; who is
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
	struct span what, source, protocol, detail, host, path;	/* borrowed until the next row */
	struct span local, peer;	/* addresses, or names where a log has them */
	uint16_t local_port, peer_port;	/* 0: none */
	struct span name;		/* of the peer, or empty */
	timestamp time, last;
	uint64_t out, in, count;	/* unknown numbers are 0 */
	bool is_sum;			/* of many flows of one hour: its times are not those of one */
	struct span starts, sizes;	/* of a sum: seconds of the hour when flows began, bytes out of each */
	bool is_local_inside, is_peer_inside;
};

/* A name that was asked for, or many below one domain, summed. */
struct traffic_name {
	uint64_t item;
	struct span client, server, name, type, host;	/* borrowed until the next */
	bool is_sum;			/* the name is the domain; the next two tell how many */
	uint64_t names, below_bytes;
	uint64_t count, out, in;
	timestamp first, last;
};

/* Who is told of each; false is failure with its `err`. */
struct traffic_readers {
	bool (*transfer)(void *context, const struct traffic_row *row, struct err *err);
	bool (*name)(void *context, const struct traffic_name *name, struct err *err);
	void *context;
};

/* Learns the names of addresses, then tells all names asked for, then all transfers. */
bool traffic_read(struct analysis *a, const struct traffic_readers *readers, struct err *err);

/* What a flow of a capture carries, which is told besides: a file, a mail, who logged on. */
bool traffic_is_part(const struct traffic_row *row);
bool traffic_is_inside(struct span address);
/* No machine: multicast, broadcast, unspecified. */
bool traffic_is_nobody(struct span address);
/* 22 to 6 o'clock UTC, or Saturday and Sunday. */
bool traffic_is_off_hours(timestamp t);

/* The element of that key, made (zeroed, `size` bytes, key kept in the arena) where it is new. */
void *traffic_slot(struct map *m, struct span key, size_t size, bool *is_new, struct err *err);

/* A key of up to three parts, in a->key until the next. */
struct span traffic_key(struct analysis *a, struct span one, struct span two, struct span three);

/* With three digits behind the point. */
void traffic_decimal(struct json_write *w, const char *key, double n);

#endif
