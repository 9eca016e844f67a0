/*
 * syslog_traces: what programs of Linux write to syslog and the journal about
 * sessions, accounts, other users' rights and sticks, as traces: sshd, sudo, su, those
 * that change accounts, and the kernel. The log itself stays events; these are for joining.
 */
#ifndef KANSHIKI_EXAMINE_SYSLOG_TRACES_H
#define KANSHIKI_EXAMINE_SYSLOG_TRACES_H

#include "base/trace.h"

/* Whether it is one of them. */
bool syslog_traces_knows(struct span program);
/*
 * What `program` says with `message`: kind, what, user, peer, command and so on;
 * time and host are the caller's. False: nothing that is told. Spans are borrowed.
 */
bool syslog_traces_read(struct span program, struct span message, struct trace *out);

#endif
