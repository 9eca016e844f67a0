/*
 * netflow: flow records of NetFlow 5, NetFlow 9 (RFC 3954) and IPFIX (RFC 7011).
 *
 * One datagram at a time; templates of versions 9 and 10 are remembered by
 * exporter, domain and number, a bounded count of them. Records whose template
 * was not seen, and option records, are counted and left out. Fields with a
 * length of their own in each record (IPFIX) are stepped over.
 */
#ifndef KANSHIKI_FORMATS_NETFLOW_H
#define KANSHIKI_FORMATS_NETFLOW_H

#include "base/arena.h"
#include "base/timestamp.h"

#define NETFLOW_TEMPLATES 256
#define NETFLOW_FIELDS 64

struct netflow_record {
	uint8_t from[16], to[16];	/* IPv4 as ::ffff:a.b.c.d */
	uint16_t from_port, to_port;
	uint8_t protocol, flags;
	uint64_t bytes, packets;
	uint64_t bytes_back, packets_back;	/* of a biflow (RFC 5103), else 0 */
	timestamp first, last;
};

struct netflow_field {
	uint32_t type;			/* an enterprise's own: its number in the upper half */
	uint16_t len;			/* 65535: told in each record */
};

struct netflow_template {
	uint64_t exporter;
	uint32_t domain;
	uint16_t number, version, count;
	struct netflow_field fields[NETFLOW_FIELDS];
};

struct netflow {
	struct netflow_template templates[NETFLOW_TEMPLATES];
	size_t count, next;		/* the oldest gives way */
	uint64_t unread;		/* sets without a template */
};

typedef bool netflow_fn(void *context, const struct netflow_record *record);

/* False where the bytes are none of the three. `exporter` tells senders apart. */
bool netflow_read(struct netflow *n, struct span datagram, uint64_t exporter, netflow_fn *each,
		  void *context);

#endif
