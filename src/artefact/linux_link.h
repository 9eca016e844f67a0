/*
 * linux_link: symbolic links that switch something on by being there: in the folders
 * "*.wants" and "*.requires" of systemd, and in those of run levels.
 *
 * Nothing follows a link: its target is text, and becomes the path that it would lead to.
 */
#ifndef KANSHIKI_ARTEFACT_LINUX_LINK_H
#define KANSHIKI_ARTEFACT_LINUX_LINK_H

#include "base/buf.h"
#include "base/trace.h"

/* Of "symbolic link to /x" and "link to /x", as items have it: "/x". Empty: another reason. */
struct span linux_link_of_reason(struct span reason);
/*
 * Appends where `target` leads from a link at `path`, without "." and "..": absolute where
 * either is. `path` is that on the machine, or ends like it.
 */
bool linux_link_resolve(struct span path, struct span target, struct buf *to);
/*
 * Fills `out` (AUTOSTART "unit link" or "rc link") where a link at the end of `path` switches
 * something on; spans borrow of these and of `room`, which is cleared. False: it does not.
 */
bool linux_link_trace(struct span path, struct span target, struct buf *room, struct trace *out);

#endif
