/*
 * spoken_code: commands that hold the code which they run.
 *
 * "/usr/bin/rsync -a /srv /mnt" starts a file, and the ledger says who vouches for it.
 * "sh -c '…'", "… | bash" and "python3 -c …" start a program that everybody vouches for,
 * and hand it code that stands nowhere else: nobody vouches for that.
 */
#ifndef KANSHIKI_ASSESS_SPOKEN_CODE_H
#define KANSHIKI_ASSESS_SPOKEN_CODE_H

#include "base/span.h"

/* Whether an interpreter is given code by an option, through a pipe or on its input. */
bool spoken_code(struct span command);

#endif
