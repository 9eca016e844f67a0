/*
 * capture: the packets of a pcap or pcapng file, in the order of the file.
 *
 * pcap in both byte orders, with micro- or nanoseconds and Kuznetzov's longer
 * record headers; pcapng with any number of sections and interfaces (their time
 * resolution and offset kept), enhanced, simple and obsolete packet blocks; names of
 * addresses as the capturing machine knew them. Other blocks are stepped over, and
 * those that hold evidence are counted. Spec: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng;
 * docs/formats/pcap.md.
 */
#ifndef KANSHIKI_FORMATS_CAPTURE_H
#define KANSHIKI_FORMATS_CAPTURE_H

#include "base/err.h"
#include "base/timestamp.h"

#define CAPTURE_INTERFACES 256
/* A record that says it is longer is damage: nothing sends such. */
#define CAPTURE_PACKET_MAX ((uint32_t)1 << 22)

struct capture_interface {
	uint16_t link;			/* LINKTYPE_… */
	uint32_t snap;			/* 0: unlimited */
	uint64_t unit;			/* ticks of a second; 0: too fine to be told */
	int64_t offset;			/* seconds to add */
	bool is_unread;			/* its block ends too early: it has its number, and nothing else is known */
};

/* Of pcap: the header of a packet, and where it stands. */
struct capture_record {
	uint32_t seconds, fraction, kept, length;
	size_t start, body, end;	/* in the file; `body`: of the packet's bytes */
};

struct capture {
	struct cursor at;
	bool is_pcapng, is_big, is_nano, is_long;
	struct capture_interface interfaces[CAPTURE_INTERFACES];
	uint32_t interface_count;
	uint64_t unknown;		/* packets of an interface that nobody described */
	const char *damage;		/* the first, or NULL */
	uint64_t damaged_at;
	uint64_t skipped;		/* bytes that were stepped over */
	int64_t seconds;		/* of the last packet; pcap only */
	struct capture_record ahead;	/* the next, where it was looked at already; pcap only */
	size_t asked;			/* memory was asked for up to here */
	bool is_odd;			/* pcapng: lengths at the ends of blocks are not to be trusted */
	uint64_t secrets, journals, customs;	/* blocks of pcapng that are not read */
	uint64_t others;
	uint32_t other;			/* the type of the last of these */
	/* What the file calls an address; NULL: nobody asks. To be set after capture_open. */
	void (*name)(void *context, const uint8_t address[16], struct span name);
	void *context;
};

struct capture_packet {
	timestamp time;			/* TIME_NONE: a simple packet block has none */
	struct span bytes;		/* what was kept of it */
	uint32_t length;		/* on the wire */
	uint16_t link;
	uint64_t offset;		/* of its record in the file */
};

/* ERR_UNSUPPORTED where it is neither. */
bool capture_open(struct capture *c, struct span bytes, struct err *err);
/*
 * False at the end, or at damage that leaves no way on. Other damage is stepped over, to the
 * next record that another one follows, or the next block that has its length at both ends.
 */
bool capture_next(struct capture *c, struct capture_packet *out);

#endif
