/*
 * network_log_map: how the fields of the kinds of network records are named.
 *
 * A record is of the first kind of the list all of whose needs are there, and whose
 * `field` has the `value`. A name may be several, of which the first that is there is
 * meant: "a|b". To read another log with fields of its own, add a row.
 */
#ifndef KANSHIKI_ARTEFACT_NETWORK_LOG_MAP_H
#define KANSHIKI_ARTEFACT_NETWORK_LOG_MAP_H

#include "artefact/network_log.h"

enum role { ROLE_LOCAL, ROLE_LOCAL_PORT, ROLE_PEER, ROLE_PEER_PORT, ROLE_OUT, ROLE_IN, ROLE_LENGTH,
	    ROLE_FIRST, ROLE_LAST, ROLE_NAME, ROLE_PATH, ROLE_METHOD, ROLE_PROTOCOL, ROLE_SERVICE,
	    ROLE_USER, ROLE_HOST, ROLE_ANSWERS, ROLE_CODE, ROLE_AGENT, ROLE_SOFTWARE, ROLE_STATUS,
	    ROLE_PACKETS_OUT, ROLE_PACKETS_IN, ROLE_JA3, ROLE_JA4, ROLE_SUBJECT, ROLE_ISSUER,
	    ROLE_DIGEST, ROLE_REQUEST, ROLE_VHOST, ROLE_COUNT };

/*
 * A request is "GET /path HTTP/1.1", where method and path do not stand alone. A command's
 * method says the way: ROLE_IN is the size of what it moves.
 */
enum network_use { USE_TRANSFER, USE_NAME, USE_FILE, USE_COMMAND };

struct network_mapping {
	const char *source;
	enum network_use use;
	const char *what;
	const char *protocol;		/* where the record names none; or NULL */
	const char *needs[3];
	const char *field, *value;	/* or NULL */
	const char *fields[ROLE_COUNT];
};

extern const struct network_mapping network_mappings[];
extern const size_t network_mapping_count;

#endif
