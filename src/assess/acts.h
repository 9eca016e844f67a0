/*
 * acts: traces as deeds of one host in time, for analysers that join them.
 *
 * Each act has the host that it belongs to: what the trace says, else the machine
 * of its item, else, for network records, the machine that has the local address
 * (by its settings, or by its own log of connections), else that address.
 * The list is in the order of host and time and bounded: what is beyond ACTS_MOST, or
 * beyond the memory that the list may take, is left out, from the end of the case's rows,
 * and told with analysis_short().
 */
#ifndef KANSHIKI_ASSESS_ACTS_H
#define KANSHIKI_ASSESS_ACTS_H

#include "assess/analyser.h"
#include "base/trace.h"

#define ACTS_MOST ((size_t)500000)

struct act {
	uint64_t trace, item;
	enum trace_kind kind;
	struct span what, host, user, program, path, name, command, local, peer, source, technique;
	timestamp time, last;
	uint64_t bytes_out, bytes_in, count;	/* UINT64_MAX: unknown */
	bool is_network_host;		/* host is only an address */
};

struct acts {
	struct act *list;
	size_t count;
	struct span only_host;		/* of all named machines, where there is exactly one */
};

/* Traces for which `where` holds ("kind = 'file' AND what = 'deleted'"); in the analysis' arena. */
bool acts_load(struct analysis *a, const char *where, struct acts *out, struct err *err);
/* Two acts of one host, or of an unnamed address and the only machine there is. */
bool acts_same_host(const struct acts *acts, const struct act *x, const struct act *y);
/* Last part of a path, both separators. */
struct span act_file_name(struct span path);
/* "192.0.2.1:443" without its port, "[2001:db8::1]:443" without brackets too. */
struct span act_address(struct span endpoint);
/*
 * A command that sends files elsewhere; of a tool: one that is there for that and that few
 * people type (rclone copy, bitsadmin /upload, a copy to \\\\tsclient), not scp or rsync.
 */
bool act_is_sending(const struct act *act);
bool act_is_sending_tool(const struct act *act);
/* Addresses that are reachable from anywhere: not private, loopback, link-local or multicast. */
bool act_is_public(struct span address);

#endif
