/*
 * network_flow: the flows of a capture, in bounded memory.
 *
 * A flow is what two ends said with one protocol: `from` began it, as far as the
 * capture shows (a SYN; else the first packet, where the ports do not say the
 * other way round). Bytes are those of the transport's payload, each once; those of the wire,
 * all of them, are kept beside them. A flow ends when a new connection takes its ports, when
 * it was silent for too long, when it had to make room, or with the capture; then
 * it is told. Every packet is in exactly one told flow.
 */
#ifndef KANSHIKI_ARTEFACT_NETWORK_FLOW_H
#define KANSHIKI_ARTEFACT_NETWORK_FLOW_H

#include "artefact/network.h"
#include "formats/netflow/netflow.h"
#include "formats/pcap/packet.h"
#include "formats/tls/tls.h"

#ifdef KANSHIKI_FUZZING
#define FLOWS_MOST 64			/* a table that is soon made, and soon full */
#else
#define FLOWS_MOST 32768		/* at once */
#endif
#define FLOW_HEADS_MOST 2048		/* beginnings of TLS kept at once */
#define FLOW_QUICS_MOST 512		/* beginnings of QUIC */
#define FLOW_MESSAGES_MOST 64		/* connections of IPFIX with a message at hand */
#define FLOW_HTTP2S_MOST 256		/* connections of HTTP/2 looked into at once */
#define FLOW_SMBS_MOST 256		/* of SMB */
#define FLOW_SMTPS_MOST 1024		/* of mail */
#define FLOW_PARTS_MOST 20000		/* files that flows carry, told one by one besides these */
#define FLOW_SILENCE_UDP (60 * TIME_SECOND)
#define FLOW_SILENCE_TCP (3600 * TIME_SECOND)

enum { FLOW_OUT, FLOW_IN };		/* from who began it; to it */

/* The beginning of one direction, put together. */
struct flow_head {
	struct flow_head *next;		/* while free */
	uint32_t len;
	uint8_t bytes[TLS_HEAD_MAX];
};

/* What only some flows have; taken from a pool. */
struct flow_text {
	struct flow_text *next;		/* while free */
	struct flow_head *heads[2];
	struct quic *quic;
	struct flow_http2 *http2;
	struct flow_smb *smb;
	struct flow_smtp *smtp;
	struct flow_message *message;
	uint32_t message_next;		/* the sequence behind what came */
	struct flow_held *held[2];	/* segments that came too early */
	struct flow_holes *holes[2];	/* what was not there yet */
	uint32_t ftp;			/* what goes through it, or is agreed on, with FTP; index + 1 */
	uint32_t missing;		/* bytes of the stream that never came, before those at hand */
	uint32_t skip[2];		/* of a message too long to be kept: bytes still to come */
	char name[256];			/* SNI, Host, or what DNS said of the address */
	char uri[384], agent[160], software[96], user[64];
	char subject[128], issuer[128], ja3[33], ja4[37], alpn[16];
	char method[12];
	uint16_t status, version;
	uint32_t requests, uploads;
	uint64_t upload_bytes;
	const char *name_from;		/* of an address: "dns"; NULL: its own */
	bool is_partial_http2;		/* met in its middle, or behind a gap */
	uint32_t fields_unknown;	/* of HTTP/2, that refer to what was not seen */
	bool is_untold;			/* mails of it are not told */
	const char *unread;		/* why of SMB not all is known; or NULL */
	bool is_tunnel;			/* a proxy passes on what follows: CONNECT, SOCKS */
	bool has_hidden_name;		/* of TLS: the name may stand for another one (ECH) */
	/* The upload at hand. */
	bool is_uploading;
	timestamp upload_time;
	uint64_t upload_length, upload_seen;
};

/* Of one direction of TCP: which bytes were counted, but for its holes. */
struct flow_counted {
	uint32_t from, to;
	bool is_begun;
	bool is_from_known;		/* nothing was sent before `from` that is not counted */
};

struct flow {
	uint32_t chain;			/* next of the bucket; index + 1 */
	uint32_t older, newer;		/* by last use; index + 1 */
	struct packet_end from, to;
	uint8_t protocol;
	uint8_t flags[2];		/* of TCP, all that were seen */
	uint8_t seen[2];		/* packets with payload, up to 255 */
	bool done[2];			/* nothing more to learn from that direction */
	bool is_begun[2];		/* of TCP: the next is known */
	uint32_t expected[2];		/* the sequence of the next byte */
	const char *application;	/* "tls", "dns"; NULL: not recognised */
	struct flow_counted counted[2];
	uint64_t bucket;
	timestamp first, last;
	uint32_t begun_at;		/* sequence of the first SYN */
	uint64_t bytes[2], wire[2], packets[2];
	uint64_t repeated[2];		/* bytes that were there before */
	uint64_t offset;		/* of its first packet in the capture */
	uint32_t fragments;
	struct flow_text *text;
};

struct address_name;
struct flow_ftp;
struct flow_packet;
struct fragments;
struct flow_held;
struct flow_holes;
struct flow_http2;
struct flow_message;
struct flow_smb;
struct flow_smtp;
struct quic;

struct network_flows {
	struct network_sink *sink;
	struct network_names *names;
	struct arena *arena;
	struct flow *flows;
	uint32_t count;			/* of slots ever used */
	uint32_t free;			/* list through `chain` */
	uint32_t oldest, newest;
	uint32_t *buckets;
	uint64_t seed[2];
	struct flow_text *free_texts;
	struct flow_head *free_heads;
	struct flow_held *free_held;
	struct flow_holes *free_holes;
	struct quic *free_quics;
	struct flow_http2 *free_http2s;
	struct flow_smb *free_smbs;
	struct flow_smtp *free_smtps;
	struct flow_message *free_messages;
	uint32_t heads_made, held_made, holes_made, quics_made, http2s_made, smbs_made, smtps_made, messages_made;
	uint32_t parts_told;
	uint64_t parts_untold;		/* of which only their flows tell */
	uint64_t smbs_untold, smtps_untold;	/* connections into which nobody looked: too many at once */
	struct flow_ftp *ftp;		/* NULL until one is awaited */
	uint32_t ftp_next;
	struct fragments *fragments;
	struct flow_packet *recent;
	struct address_name *addresses;
	uint64_t evicted;
	uint64_t messages_lost;		/* of IPFIX over SCTP: some of their pieces are missing */
	struct netflow *netflow;	/* NULL until a datagram looks like one */
	timestamp time;
};

/*
 * Both multiplied under a secret and folded, so that nobody can make two packets look like
 * one, or all flows alike.
 */
static inline uint64_t flow_mix(uint64_t a, uint64_t b, const uint64_t seed[2])
{
	__extension__ unsigned __int128 n = (unsigned __int128)(a ^ seed[0]) * (b ^ seed[1]);

	return (uint64_t)n ^ (uint64_t)(n >> 64);
}

/* False: no memory. */
bool network_flows_new(struct network_flows *f, struct network_sink *sink,
		       struct network_names *names);
/* One packet; `wire` is its length there, `offset` that of its record. */
void network_flows_add(struct network_flows *f, struct packet *p, timestamp time, uint32_t wire,
		       uint64_t offset);
/* Tells what is left, the least recently used first. */
void network_flows_end(struct network_flows *f);
/* One packet whose ports are known, as far as they will ever be. */
void flow_add_packet(struct network_flows *f, const struct packet *p, timestamp time, uint32_t wire,
		     uint64_t offset);

/* Looks into a packet whose bytes were counted, if its flow is still followed. */
void flow_look_into(struct network_flows *f, const struct packet *p, timestamp time);

/* ---- network_fragment.c: ports for fragments after the first, whichever comes first; the packet as a whole ---- */

bool fragments_new(struct network_flows *f);
/* Of a fragment. False: it waits for its first, and is added then, or at the end. */
bool fragments_match(struct network_flows *f, struct packet *p, timestamp time, uint32_t wire,
		     uint64_t offset);
/* Of one that was added: once all are there, the packet is looked into. */
void fragments_join(struct network_flows *f, const struct packet *p, timestamp time);
void fragments_end(struct network_flows *f);

/* ---- network_application.c ---- */

/* Looks into the payload of a packet of `flow`. */
void flow_application(struct network_flows *f, struct flow *flow, int direction,
		      const struct packet *p, timestamp time);
/* network_netflow.c: records of a datagram to a collector become transfers of their own. */
void flow_netflow(struct network_flows *f, struct flow *flow, const struct packet *p);
/* The same of messages of IPFIX in a stream, whose bytes need not stay. */
void flow_take_ipfix(struct network_flows *f, struct flow *flow, const struct packet *p);
/* Of SCTP to a collector. */
void flow_take_sctp(struct network_flows *f, struct flow *flow, const struct packet *p);
void flow_give_message(struct network_flows *f, struct flow_text *t);
/* What could not be read of NetFlow, and what stands for more than it is; how much was lost. */
uint64_t netflow_shortfall(const struct artefact *a, const struct netflow *n);
/* Takes one from the pool; NULL: no memory. */
struct flow_text *flow_text_of(struct network_flows *f, struct flow *flow);

/* The same of a segment that is next in its direction, without what was there before. */
void flow_take_tcp(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		   timestamp time);
/* Printable, cut to the room at the end of a character. */
void flow_keep(char *to, size_t room, struct span text);

/* ---- network_stream.c: segments in their order; each byte once ---- */

/* Of a SYN. */
void stream_begin(struct network_flows *f, struct flow *flow, int direction, const struct packet *p);
/* Segments that come too early wait, a few of each direction, until the gap is filled or more come. */
void stream_add(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		timestamp time);
void stream_end(struct network_flows *f, struct flow *flow);

/* ---- network_once.c: of TCP each byte is counted once, however often and in whatever pieces it is sent ---- */

/* Of a SYN: the first byte has this sequence. */
void flow_count_from(struct network_flows *f, struct flow *flow, int direction, uint32_t sequence);
/* How many bytes of the segment were not there before. */
uint32_t flow_count_once(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
			 timestamp time);
void flow_give_holes(struct network_flows *f, struct flow_text *t, int direction);

/* ---- network_repeat.c: packets that were recorded at two places, or sent again ---- */

bool repeats_new(struct network_flows *f);
/* Whether its payload was counted before: the same bytes of a stream, or the same datagram a moment ago. */
bool repeats_has(struct network_flows *f, const struct flow *flow, int direction, const struct packet *p,
		 timestamp time);

/* A file within a flow, or who asked for it, while there are not too many. */
void flow_tell_part(struct network_flows *f, struct trace *trace);

/* ---- network_dns.c, network_http.c ---- */

void flow_take_dns(struct network_flows *f, struct flow *flow, const struct packet *p, struct span bytes,
		   timestamp time);
/* Messages have their length in front and may span segments. */
void flow_take_dns_tcp(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		       timestamp time);
/* False: nothing of HTTP is recognised. */
bool flow_take_http(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		    timestamp time);
/* Tells the upload at hand, if there is one. */
void flow_end_upload(struct network_flows *f, struct flow *flow);

/* A body that was sent. */
struct flow_upload {
	struct span name, path;
	int sender;			/* FLOW_OUT: who began the flow */
	timestamp time;
	uint64_t bytes;
};

/* Counts it, and tells it while there are not too many. */
void flow_tell_upload(struct network_flows *f, struct flow *flow, const struct flow_upload *upload);
/* What of a request the flow is told with: the first, or the last that sends. */
void flow_keep_request(struct flow_text *t, struct span method, struct span uri, struct span host);
/* "example.org:8080" without its port. */
struct span flow_without_port(struct span host);

/* ---- network_ftp.c: which connections FTP announces, and the files that go through them ---- */

void flow_take_ftp(struct network_flows *f, struct flow *flow, int direction, struct span bytes);
/* Of a new flow: whether it is one of these. */
void flow_expect_ftp(struct network_flows *f, struct flow *flow);
/* Tells the file that was stored. */
void flow_end_ftp(struct network_flows *f, struct flow *flow);

/* ---- network_socks.c ---- */

/* Whether a client asks a proxy of SOCKS for somebody; what follows is looked into as if it began there. */
bool flow_take_socks(struct network_flows *f, struct flow *flow, int direction, struct span bytes);

/* ---- network_http2.c: HTTP/2 in the clear, from its beginning on or met in its middle ---- */

/*
 * Whether it begins with this segment: the client's preface, or the settings of the server;
 * of a connection whose beginning was not seen, whole frames.
 */
bool flow_begin_http2(struct network_flows *f, struct flow *flow, int direction, const struct packet *p);
/* The next bytes of a direction, once it has begun. */
void flow_take_http2(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		     timestamp time);
/* Tells the uploads at hand. */
void flow_end_http2(struct network_flows *f, struct flow *flow);

/* ---- network_smtp.c: who sends mail to whom, how much, and which files it carries ---- */

void flow_take_smtp(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		    timestamp time);
/* Tells the mail at hand. */
void flow_end_smtp(struct network_flows *f, struct flow *flow);

/* ---- network_smb.c: who logs on, which files of shares are read, written, renamed and deleted ---- */

/* Whether it begins with this segment, or goes on there. */
bool flow_begin_smb(struct network_flows *f, struct flow *flow, const struct packet *p);
void flow_take_smb(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		   timestamp time);
/* Tells the files that are still open. */
void flow_end_smb(struct network_flows *f, struct flow *flow);

/* ---- network_tls.c ---- */

void flow_take_tls(struct network_flows *f, struct flow *flow, int direction, const struct packet *p);
/* Of a datagram of a client. */
void flow_take_quic(struct network_flows *f, struct flow *flow, const struct packet *p);
void flow_give_quic(struct network_flows *f, struct flow_text *t);
void flow_keep_tls(struct flow_text *t, const struct tls *tls);
/* The beginning of a direction that is put together; from the pool. NULL: there is none left. */
struct flow_head *flow_head_of(struct network_flows *f, struct flow_text *t, int direction);
void flow_give_head(struct network_flows *f, struct flow_text *t, int direction);
/* How many bytes there was room for. */
size_t flow_join(struct flow_head *head, struct span bytes);
struct span flow_head_span(const struct flow_head *head);

/* ---- network_hint.c: what machines call themselves, as they tell everybody ---- */

/* Of a datagram. */
void flow_take_hint(struct network_flows *f, const struct packet *p);

/* ---- network_address.c: what DNS answers said of addresses, the latest, else the capture itself, else a hint ---- */

bool addresses_new(struct network_flows *f);
/* `from`: "dns", "capture", or a hint: "dhcp", …; kept as it is. None replaces one that is named before it. */
void addresses_learn(struct network_flows *f, const uint8_t address[16], struct span name, const char *from);
/* Empty: not known. */
struct span addresses_name(const struct network_flows *f, const uint8_t address[16], const char **from);

#endif
