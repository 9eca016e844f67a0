/* timestamp: the exchange with a time-stamping authority (RFC 3161) about a seal. */
#ifndef KANSHIKI_CLI_TIMESTAMP_H
#define KANSHIKI_CLI_TIMESTAMP_H

#include "case/case.h"

/* Writes the request for the last seal to a new file, to be carried to an authority. */
bool timestamp_write_request(struct case_file *c, const char *file, struct err *err);
/* Takes the authority's response from a file, checks it (ca NULL: without its issuer), keeps it. */
bool timestamp_read_response(struct case_file *c, const char *file, const char *ca,
			     struct err *err);
/* Both by HTTP(S), in a helper process that knows nothing but the request. */
bool timestamp_from_url(struct case_file *c, const char *url, const char *ca, struct err *err);

#endif
