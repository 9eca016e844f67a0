/*
 * channel: messages with descriptors between related processes (SOCK_SEQPACKET).
 * A message arrives whole or not at all.
 */
#ifndef KANSHIKI_OS_CHANNEL_H
#define KANSHIKI_OS_CHANNEL_H

#include "base/err.h"
#include "base/span.h"

#define CHANNEL_MESSAGE_MAX ((size_t)64 << 10)
#define CHANNEL_FDS_MAX 32

bool channel_pair(int ends[2], struct err *err);
/* Sends bytes and `count` descriptors; the caller keeps and closes its copies. */
bool channel_send(int fd, struct span message, const int *fds, size_t count, struct err *err);
/*
 * Waits for a message. *got is 0 when the other side is gone. Descriptors are
 * close-on-exec and the caller's to close; unused places of fds[] are -1.
 */
bool channel_receive(int fd, void *to, size_t room, size_t *got, int fds[CHANNEL_FDS_MAX],
		     struct err *err);
/* All bytes to a pipe or socket, however many writes it takes. */
bool channel_write_all(int fd, struct span bytes, struct err *err);

#endif
