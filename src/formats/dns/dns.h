/*
 * dns: the first question of a DNS message, and what was answered.
 *
 * Names are made lower case, since resolvers change the case at will; bytes that
 * are no printable ASCII, dots and backslashes within a label are written \DDD.
 * Compression is followed backwards only, so it ends. Spec: RFC 1035, 3596.
 */
#ifndef KANSHIKI_FORMATS_DNS_H
#define KANSHIKI_FORMATS_DNS_H

#include "base/buf.h"

#define DNS_NAME_MAX 1024	/* of a name of 255 bytes, all escaped */
#define DNS_ADDRESSES 8

struct dns_message {
	bool is_answer;
	uint8_t code;			/* of the answer: 3 is "no such name" */
	uint16_t type;			/* of the question */
	char name_room[DNS_NAME_MAX];
	struct span name;		/* borrowed from name_room; "." for the root */
	uint32_t labels_length;		/* of the name, in bytes as sent */
	uint8_t addresses[DNS_ADDRESSES][16];	/* A and AAAA, IPv4 as ::ffff:a.b.c.d */
	uint32_t address_count;
	uint32_t answer_bytes;		/* data of all answers: what could carry something */
};

/* False where it is no DNS message, or has no question. Damaged answers are left out. */
bool dns_read(struct span bytes, struct dns_message *out);

/*
 * Of an answer each address (A and AAAA) of any section, with whose it is; the first 64 records.
 * Nothing where it is no answer, or damaged before.
 */
void dns_each_address(struct span bytes, void (*each)(void *context, struct span name, const uint8_t address[16]),
		      void *context);

/* "A", "TXT", …; "TYPE65280" for others. `room` holds the latter. */
const char *dns_type_name(uint16_t type, char room[12]);

#endif
