/*
 * ntlm: who logs on where, as NTLM says it in the clear ([MS-NLMP] 2.2.1).
 *
 * Of a client's last message the user, its domain and the name of its machine; of the
 * server's challenge what the server calls itself. Nothing of it is proven: the message
 * that the server answers with says whether the logon succeeded.
 */
#ifndef KANSHIKI_FORMATS_NTLM_H
#define KANSHIKI_FORMATS_NTLM_H

#include "base/span.h"

struct ntlm {
	bool is_challenge;		/* of the server; else of the client */
	char user[128], domain[128], machine[128];	/* UTF-8; of a challenge without user */
};

/*
 * The first message of NTLM within `bytes` (as SPNEGO wraps it). False: there is none, or it
 * says nothing of this.
 */
bool ntlm_read(struct span bytes, struct ntlm *out);

#endif
