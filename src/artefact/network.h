/*
 * network: what the decoders of network evidence share.
 *
 * All transfers of an item go through a `network_sink`. The first
 * NETWORK_FLOWS_TOLD are told one by one; those after are summed by who, to whom,
 * port, name and hour, so that a capture of any size costs bounded memory and no
 * byte is lost: the sum of what went in is the sum of what is told. Of each sum it is
 * kept when its first flows began and what they sent, for those who look for rhythm. Names that
 * were asked for go through a `network_names`, bounded in the same spirit.
 */
#ifndef KANSHIKI_ARTEFACT_NETWORK_H
#define KANSHIKI_ARTEFACT_NETWORK_H

#include "artefact/artefact.h"
#include "base/map.h"

#define NETWORK_FLOWS_TOLD 200000
#define NETWORK_SUMS_MOST 100000
#define NETWORK_NAMES_TOLD 100000	/* names of one item told one by one */
#define NETWORK_NAMES_OF_DOMAIN 1000	/* of a client below one registered domain */
#define NETWORK_DOMAINS_MOST 50000

struct network_sink {
	const struct artefact *a;
	const char *source;		/* "capture", "zeek conn.log" */
	uint64_t told, summed;
	struct map sums;		/* key text -> struct network_sum */
	struct network_sum *first, **last;
	size_t sum_count;
	struct buf key;
	bool enough;			/* the examiner wants no more */
};

struct network_sink network_sink_new(const struct artefact *a, const char *source);
/* `trace` is of kind TRANSFER; its source is filled in where it is empty. */
void network_sink_add(struct network_sink *s, struct trace *trace);
/* Tells the sums. */
void network_sink_end(struct network_sink *s);

/* One question, or the answer to one. */
struct network_name {
	timestamp time;
	struct span client, server;	/* addresses without port */
	struct span name;		/* lower case */
	struct span type;		/* "TXT" */
	uint64_t bytes_out, bytes_in;	/* of the messages */
	struct span answers;		/* "1.2.3.4, 5.6.7.8", or empty */
	bool is_answer, is_missing;	/* no such name */
	struct span host, source;
};

struct network_names {
	const struct artefact *a;
	struct map names, domains;
	struct name_sum *first, **last;
	struct domain_sum *first_domain, **last_domain;
	struct domain_sum *others;	/* where there are too many domains */
	size_t name_count, domain_count;
	struct buf key;
	const char *source;
};

struct network_names network_names_new(const struct artefact *a, const char *source);
void network_names_add(struct network_names *n, const struct network_name *name);
void network_names_end(struct network_names *n, struct network_sink *s);

/* Decoders of the family, by file. */
artefact_fn network_capture_decode, network_log_decode, network_nfdump_decode,
	network_ipfix_decode, network_journal_decode;

#endif
