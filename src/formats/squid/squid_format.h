/*
 * squid_format: lines of squid's access logs in a form of one's own, as a line
 * "logformat NAME FORMAT" of squid.conf describes it (squid's documentation, directive
 * logformat; versions 3 to 6).
 *
 * A format is a row of codes with text between; two codes with nothing between cannot
 * be told apart, and such a format is refused. Spaces stand for any number of spaces,
 * since codes may be padded. All texts are borrowed from the configuration or the line.
 */
#ifndef KANSHIKI_FORMATS_SQUID_FORMAT_H
#define KANSHIKI_FORMATS_SQUID_FORMAT_H

#include "base/span.h"

/* Where squid.conf lies, seen from the folder of its logs; and what these are called, whatever follows. */
#define SQUID_CONF_PLACES "squid.conf", "../squid.conf", "../etc/squid.conf", "../../etc/squid.conf", \
	"../../../etc/squid/squid.conf", "../../../etc/squid3/squid.conf", "../../../etc/squid.conf"
#define SQUID_LOG_NAME "access.log"

#define SQUID_PIECES_MOST 64

/* What the code in a format is about; SQUID_OTHER: nothing that is asked for. */
enum squid_field { SQUID_OTHER, SQUID_CLIENT, SQUID_CLIENT_PORT, SQUID_SERVER, SQUID_SERVER_PORT, SQUID_SECONDS,
		   SQUID_FRACTION, SQUID_LOCAL_TIME, SQUID_METHOD, SQUID_URL, SQUID_HOST, SQUID_USER, SQUID_SENT,
		   SQUID_RECEIVED, SQUID_STATUS, SQUID_AGENT, SQUID_FIELDS };

struct squid_piece {
	struct span before;		/* text in front of it */
	enum squid_field field;
};

struct squid_format {
	struct squid_piece pieces[SQUID_PIECES_MOST];
	size_t count;
	struct span after;		/* text behind the last */
};

/* False: it cannot be told what is what. */
bool squid_format_parse(struct span text, struct squid_format *out);
/* The values of a line, "-" as nothing. False: it has another form. */
bool squid_format_read(const struct squid_format *f, struct span line, struct span out[SQUID_FIELDS]);

/*
 * The format of the log of that name (or that name before its rotation's number): the one that
 * an access_log of the configuration names, or, where none names the log, the first that
 * `line` fits. False: none.
 */
bool squid_format_find(struct span configuration, struct span log_name, struct span line,
		       struct squid_format *out);

#endif
