/*
 * network_log: transfers and names out of logs that formats/log reads.
 *
 * Records with fields (Zeek, Suricata EVE, IIS, access logs) are mapped by the
 * table in network_log_map.c; lines whose text holds the fields (squid, packet
 * filters, FTP servers, postfix, VPC flow logs) by network_line.c.
 */
#ifndef KANSHIKI_ARTEFACT_NETWORK_LOG_H
#define KANSHIKI_ARTEFACT_NETWORK_LOG_H

#include "artefact/network.h"

struct network_log {
	const struct artefact *a;
	struct network_sink sink;
	struct network_names names;
	bool is_known;			/* some record was a network record */
	struct map mails;		/* postfix: queue id -> struct mail */
	size_t mail_count;
};

/* A line without fields of its own. False: nothing that we know. */
bool network_line_read(struct network_log *log, struct span line, timestamp time,
		       struct span host, struct span program, uint64_t offset);
/* "host" of "scheme://host:port/path", "host:443", "[2001:db8::1]:443". */
struct span network_url_host(struct span url);
/* network_squid.c: the whole log, where squid.conf beside it says its form. False: none does. */
bool network_squid_own(struct network_log *log);
/* Whether the content may hold such lines: asked before a long log is read for nothing. */
bool network_lines_likely(struct span bytes);

#endif
