/*
 * netflow: flow records of NetFlow 5, NetFlow 9 (RFC 3954) and IPFIX (RFC 7011).
 *
 * One datagram at a time; templates of versions 9 and 10 are remembered by
 * exporter, domain and number, a bounded count of them. Sets whose template comes
 * later wait for it, so datagrams must stay where they are until netflow_end. Of
 * option records only the sampling is taken. Fields with a length of their own in
 * each record (IPFIX) and those of enterprises, but for the way back of biflows (RFC
 * 5103), are stepped over.
 */
#ifndef KANSHIKI_FORMATS_NETFLOW_H
#define KANSHIKI_FORMATS_NETFLOW_H

#include "base/arena.h"
#include "base/timestamp.h"

#define NETFLOW_TEMPLATES 256
#define NETFLOW_FIELDS 256
#define NETFLOW_WAITING 1024		/* sets that wait for their template */
#define NETFLOW_KEPT ((size_t)8 << 20)	/* bytes of such that are copied, in all */

struct netflow_record {
	uint8_t from[16], to[16];	/* IPv4 as ::ffff:a.b.c.d */
	uint16_t from_port, to_port;
	uint8_t protocol, flags;
	uint64_t bytes, packets;
	uint64_t bytes_back, packets_back;	/* of a biflow (RFC 5103; of version 9 OUT_BYTES beside IN_BYTES), else 0 */
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
	bool is_options;
	struct netflow_field fields[NETFLOW_FIELDS];
};

/* What a set needs of the message that it came in. */
struct netflow_header {
	uint16_t version;
	uint32_t up;			/* milliseconds since the exporter started */
	int64_t now;			/* seconds since 1970 */
	uint32_t nanoseconds, domain;
	uint64_t exporter;
};

struct netflow_waiting {
	struct netflow_header header;
	uint16_t number;
	bool is_kept;
	struct span body;
};

struct netflow {
	struct netflow_template templates[NETFLOW_TEMPLATES];
	size_t count, next;		/* the oldest gives way */
	struct netflow_waiting waiting[NETFLOW_WAITING];
	size_t waiting_count;
	uint32_t searches;		/* of those that wait */
	size_t kept_bytes;
	uint64_t unread;		/* sets whose template never came */
	uint64_t sampling;		/* one packet of so many was counted, at most; 0: all */
};

typedef bool netflow_fn(void *context, const struct netflow_record *record);

/* False where the bytes are none of the three. `exporter` tells senders apart. */
bool netflow_read(struct netflow *n, struct span datagram, uint64_t exporter, netflow_fn *each,
		  void *context);
/* Messages one after another, as in IPFIX files (RFC 5655); how many bytes were such. */
size_t netflow_read_file(struct netflow *n, struct span file, netflow_fn *each, void *context);
/*
 * Of messages that do not stay where they are: what waits of them is copied, or counted as
 * unread where that would be too much. After each such message.
 */
void netflow_keep(struct netflow *n, struct arena *arena);
/* The length of the message of IPFIX that begins here, by its first four bytes; 0: none does. */
size_t netflow_message_length(struct span begin);
/* Sets that still wait are counted as unread. */
void netflow_end(struct netflow *n);

#endif
