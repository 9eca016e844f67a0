/*
 * digester: the SHA-256 of a large item by a second thread of the examiner, while the
 * first one decodes it.
 *
 * The thread has no heap of its own and calls nothing but the digest. It locks itself
 * in as the first one does (os/sandbox.h), which therefore enters after digester_new().
 */
#ifndef KANSHIKI_EXAMINE_DIGESTER_H
#define KANSHIKI_EXAMINE_DIGESTER_H

#include "codec/digest.h"
#include "os/sandbox.h"

/* Bytes to be digested piece by piece; of a mapped file holes are not read. */
struct digest_work {
	struct span bytes;		/* whole */
	size_t at;			/* done */
	int file;			/* mapped, or -1: plain memory */
	bool gives_back;		/* pages that were read need not stay in memory */
};

/* The next few MiB into `d`; false: there was nothing left. */
bool digest_work_step(struct digest_work *w, struct digest *d);

struct digester;

/* Waits until the thread is locked in; `box` NULL: it is not to be. NULL: it could not be. */
struct digester *digester_new(const struct sandbox_options *box);
/* Begins; the bytes stay until digester_done() or digester_stop(). One at a time. */
void digester_start(struct digester *d, const struct digest_work *work);
/* Until it is done, but not for longer. */
void digester_wait(struct digester *d, unsigned ms);
/* True: here it is, and the thread is idle. */
bool digester_done(struct digester *d, uint8_t out[SHA256_SIZE]);
/* Gives up what it is at; the bytes may go after this. */
void digester_stop(struct digester *d);

#endif
